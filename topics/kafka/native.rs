//! The calls of librdkafka that the safe crate does not wrap. All unsafe code of the log on Kafka is here.

use super::admin::Topic;
use super::client::Context;
use rdkafka::client::Client;
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::BorrowedMessage;
use rdkafka_sys as sys;
use std::ffi::{CStr, CString, c_char};
use std::ptr::{self, NonNull};
use std::time::Duration;

const NO_ERROR: sys::rd_kafka_resp_err_t = sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR;

/// Something of librdkafka's that is destroyed when dropped.
struct Owned<T> {
    it: NonNull<T>,
    destroy: unsafe extern "C" fn(*mut T),
}

impl<T> Owned<T> {
    /// None if the call that made it returned null.
    fn new(it: *mut T, destroy: unsafe extern "C" fn(*mut T)) -> Option<Self> {
        Some(Self { it: NonNull::new(it)?, destroy })
    }

    fn ptr(&self) -> *mut T {
        self.it.as_ptr()
    }
}

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        // SAFETY: it came from the constructor that belongs to `destroy`, is not null, and nothing else destroys it.
        unsafe { (self.destroy)(self.it.as_ptr()) }
    }
}

/// The slice of `count` elements at `first`; empty for null.
///
/// # Safety
/// `first` is null or points to `count` elements that live as long as `'a`.
unsafe fn slice<'a, T>(first: *const T, count: usize) -> &'a [T] {
    if first.is_null() {
        return &[];
    }
    // SAFETY: not null, and the caller answers for the rest.
    unsafe { std::slice::from_raw_parts(first, count) }
}

/// The text at `text`, with what is not UTF-8 replaced; empty for null.
///
/// # Safety
/// `text` is null or points to a string that ends with NUL.
unsafe fn text(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: not null, and the caller answers for the rest.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

/// True if librdkafka is sure that the message of a delivery report was not written to the log.
pub(super) fn never_written(message: &BorrowedMessage<'_>) -> bool {
    // SAFETY: the message lives while it is borrowed, and it is a producer's, which is what this reads.
    let status = unsafe { sys::rd_kafka_message_status(message.ptr()) };
    status == sys::rd_kafka_msg_status_t::RD_KAFKA_MSG_STATUS_NOT_PERSISTED
}

/// A message's headers in order. The safe crate panics where a foreign producer's name is not UTF-8; here what is not
/// is replaced.
pub(super) fn headers(message: &BorrowedMessage<'_>) -> KafkaResult<Vec<(String, Vec<u8>)>> {
    let mut all = ptr::null_mut();
    // SAFETY: the message lives while it is borrowed; what is written to `all` belongs to the message.
    match unsafe { sys::rd_kafka_message_headers(message.ptr(), &raw mut all) } {
        NO_ERROR => {}
        sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR__NOENT => return Ok(Vec::new()),
        error => return Err(KafkaError::MessageConsumption(error.into())),
    }
    // SAFETY: `all` was set by the call above and lives as long as the message.
    let count = unsafe { sys::rd_kafka_header_cnt(all) };
    let mut found = Vec::with_capacity(count);
    for index in 0..count {
        let (mut name, mut value, mut size) = (ptr::null(), ptr::null(), 0);
        // SAFETY: `all` lives as long as the message, and so does what is written to the three variables.
        let error = unsafe { sys::rd_kafka_header_get_all(all, index, &raw mut name, &raw mut value, &raw mut size) };
        if error != NO_ERROR {
            return Err(KafkaError::MessageConsumption(error.into()));
        }
        // SAFETY: librdkafka ends names with NUL and says how long the value is.
        found.push(unsafe { (text(name), slice(value.cast::<u8>(), size).to_vec()) });
    }
    Ok(found)
}

/// The end of a partition as the last fetch of this client saw it; none before the first.
pub(super) fn fetched_end(client: &Client<Context>, name: &str, partition: i32) -> Option<u64> {
    let name = CString::new(name).ok()?;
    let (mut start, mut end) = (-1, -1);
    // SAFETY: the client lives while it is borrowed; the name and both numbers outlive the call.
    let error = unsafe {
        sys::rd_kafka_get_watermark_offsets(client.native_ptr(), name.as_ptr(), partition, &raw mut start, &raw mut end)
    };
    if error != NO_ERROR {
        return None;
    }
    u64::try_from(end).ok()
}

/// Those of the topics that exist, with the ids that Kafka gave them.
pub(super) fn describe(client: &Client<Context>, names: &[&str], timeout: Duration) -> KafkaResult<Vec<Topic>> {
    let names = names.iter().map(|name| CString::new(*name)).collect::<Result<Vec<_>, _>>()?;
    let mut pointers: Vec<_> = names.iter().map(|name| name.as_ptr()).collect();
    // SAFETY: the strings behind the pointers live in `names`; librdkafka copies them.
    let topics = unsafe { sys::rd_kafka_TopicCollection_of_topic_names(pointers.as_mut_ptr(), pointers.len()) };
    let topics = Owned::new(topics, sys::rd_kafka_TopicCollection_destroy).ok_or_else(no_memory)?;
    let operation = sys::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBETOPICS;
    let answer = ask(client, operation, timeout, |options, queue| {
        // SAFETY: client, topics, options and queue live through this call, which copies what it keeps.
        unsafe { sys::rd_kafka_DescribeTopics(client.native_ptr(), topics.ptr(), options, queue) }
    })?;
    let mut count = 0;
    // SAFETY: the event is an answer to DescribeTopics, so the cast is to its own type; the array lives in the event.
    let described = unsafe {
        let result = sys::rd_kafka_event_DescribeTopics_result(answer.ptr());
        slice(sys::rd_kafka_DescribeTopics_result_topics(result, &raw mut count).cast_const(), count)
    };
    // SAFETY: each element points to a description that lives in the event.
    described.iter().filter_map(|topic| unsafe { description(*topic) }).collect()
}

/// None for a topic that does not exist.
///
/// # Safety
/// `topic` points to a description whose event lives.
unsafe fn description(topic: *const sys::rd_kafka_TopicDescription_t) -> Option<KafkaResult<Topic>> {
    let mut partitions = 0;
    // SAFETY: the caller's; what is read here belongs to the description.
    let (error, name, id) = unsafe {
        let error = sys::rd_kafka_error_code(sys::rd_kafka_TopicDescription_error(topic));
        sys::rd_kafka_TopicDescription_partitions(topic, &raw mut partitions);
        let id = sys::rd_kafka_TopicDescription_topic_id(topic);
        let id = if id.is_null() { String::new() } else { text(sys::rd_kafka_Uuid_base64str(id)) };
        (error, text(sys::rd_kafka_TopicDescription_name(topic)), id)
    };
    match RDKafkaErrorCode::from(error) {
        RDKafkaErrorCode::NoError => {
            Some(Ok(Topic { name, partitions: u32::try_from(partitions).unwrap_or(u32::MAX), id }))
        }
        RDKafkaErrorCode::UnknownTopicOrPartition => None,
        code => Some(Err(KafkaError::AdminOp(code))),
    }
}

/// Sets some of a topic's settings, or resets them to the cluster's (`None`), and leaves the others.
pub(super) fn alter(
    client: &Client<Context>,
    name: &str,
    settings: &[(&str, Option<&str>)],
    timeout: Duration,
) -> KafkaResult<()> {
    let name = CString::new(name)?;
    let kind = sys::rd_kafka_ResourceType_t::RD_KAFKA_RESOURCE_TOPIC;
    // SAFETY: the name outlives the call, which copies it.
    let topic = unsafe { sys::rd_kafka_ConfigResource_new(kind, name.as_ptr()) };
    let topic = Owned::new(topic, sys::rd_kafka_ConfigResource_destroy).ok_or_else(no_memory)?;
    for (setting, value) in settings {
        let setting = CString::new(*setting)?;
        let text = CString::new(value.unwrap_or_default())?;
        let (change, text) = match value {
            Some(_) => (sys::rd_kafka_AlterConfigOpType_t::RD_KAFKA_ALTER_CONFIG_OP_TYPE_SET, text.as_ptr()),
            None => (sys::rd_kafka_AlterConfigOpType_t::RD_KAFKA_ALTER_CONFIG_OP_TYPE_DELETE, ptr::null()),
        };
        // SAFETY: the resource lives; both strings outlive the call, which copies them.
        let refused =
            unsafe { sys::rd_kafka_ConfigResource_add_incremental_config(topic.ptr(), setting.as_ptr(), change, text) };
        if Owned::new(refused, sys::rd_kafka_error_destroy).is_some() {
            return Err(KafkaError::AdminOp(RDKafkaErrorCode::InvalidArgument));
        }
    }
    let operation = sys::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_INCREMENTALALTERCONFIGS;
    let answer = ask(client, operation, timeout, |options, queue| {
        // SAFETY: client, resource, options and queue live through this call, which copies what it keeps.
        unsafe {
            sys::rd_kafka_IncrementalAlterConfigs(client.native_ptr(), [topic.ptr()].as_mut_ptr(), 1, options, queue);
        }
    })?;
    let mut count = 0;
    // SAFETY: the event is an answer to IncrementalAlterConfigs; the array and its elements live in the event.
    let errors: Vec<_> = unsafe {
        let result = sys::rd_kafka_event_IncrementalAlterConfigs_result(answer.ptr());
        let altered = sys::rd_kafka_IncrementalAlterConfigs_result_resources(result, &raw mut count);
        slice(altered.cast_const(), count).iter().map(|one| sys::rd_kafka_ConfigResource_error(*one)).collect()
    };
    match errors.into_iter().find(|error| *error != NO_ERROR) {
        Some(error) => Err(KafkaError::AdminOp(error.into())),
        None => Ok(()),
    }
}

/// Sends one request of the admin interface and waits for its answer.
fn ask(
    client: &Client<Context>,
    operation: sys::rd_kafka_admin_op_t,
    timeout: Duration,
    send: impl FnOnce(*const sys::rd_kafka_AdminOptions_t, *mut sys::rd_kafka_queue_t),
) -> KafkaResult<Owned<sys::rd_kafka_event_t>> {
    let millis = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
    // SAFETY: the client lives while it is borrowed.
    let (options, queue) = unsafe {
        (sys::rd_kafka_AdminOptions_new(client.native_ptr(), operation), sys::rd_kafka_queue_new(client.native_ptr()))
    };
    let options = Owned::new(options, sys::rd_kafka_AdminOptions_destroy).ok_or_else(no_memory)?;
    let queue = Owned::new(queue, sys::rd_kafka_queue_destroy).ok_or_else(no_memory)?;
    // SAFETY: the options live; without a buffer no reason is written, the code says enough.
    let refused = unsafe { sys::rd_kafka_AdminOptions_set_request_timeout(options.ptr(), millis, ptr::null_mut(), 0) };
    if refused != NO_ERROR {
        return Err(KafkaError::AdminOp(refused.into()));
    }
    send(options.ptr(), queue.ptr());
    // librdkafka answers at the request's timeout at the latest, with an error; a second more and it has not.
    let patience = millis.saturating_add(1000);
    // SAFETY: the queue lives. What is returned is ours to destroy.
    let answer = unsafe { sys::rd_kafka_queue_poll(queue.ptr(), patience) };
    let answer = Owned::new(answer, sys::rd_kafka_event_destroy)
        .ok_or(KafkaError::AdminOp(RDKafkaErrorCode::OperationTimedOut))?;
    // SAFETY: the event lives.
    let error = unsafe { sys::rd_kafka_event_error(answer.ptr()) };
    if error != NO_ERROR {
        return Err(KafkaError::AdminOp(error.into()));
    }
    Ok(answer)
}

fn no_memory() -> KafkaError {
    KafkaError::AdminOpCreation("librdkafka has no memory".to_owned())
}

/// Makes an idempotent producer fail as it does when it has lost its sequence.
#[cfg(test)]
pub(super) fn fail(client: &Client<super::append::Deliveries>) {
    let error = sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER;
    // SAFETY: the client lives while it is borrowed, the text for ever.
    let failed = unsafe { sys::rd_kafka_test_fatal_error(client.native_ptr(), error, c"a test".as_ptr()) };
    assert_eq!(failed, NO_ERROR);
}
