//! Traces for whoever has a collector: a span for each request, its append and its apply, sent over OTLP/HTTP.
//!
//! Off unless `--otlp` names a collector; then each of the functions here costs one look at a variable. What joins the
//! spans is the trace parent in the record, so an apply finds its request on every node, and what a transition sends
//! to another partition is applied there under the same request. A collector that is slow or gone costs spans only:
//! they wait in a bounded queue and are dropped beyond it.

use crate::settings::Settings;
use axum::extract::Request;
use axum::http::{HeaderValue, header::HeaderName};
use millrace_topics::log::LogRecord;
use millrace_topics::record::Record;
use opentelemetry::trace::{
    Span as _, SpanBuilder, SpanContext, SpanId, SpanKind, Status, TraceContextExt as _, TraceFlags, TraceId,
    TraceState, Tracer as _, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracer, SdkTracerProvider, Span as SdkSpan,
};
use std::sync::OnceLock;
use std::time::Duration;

/// The header of W3C Trace Context.
const TRACE_PARENT: HeaderName = HeaderName::from_static("traceparent");

/// How many spans may wait for the collector; further ones are dropped.
const QUEUE: usize = 8192;

/// How many spans go into one message.
const BATCH: usize = 512;

/// How long spans are collected before they are sent.
const DELAY: Duration = Duration::from_secs(1);

/// How long the collector may take for one message, and the last spans at the end of the program.
const PATIENCE: Duration = Duration::from_secs(3);

/// What stands in a `traceparent`, as records carry it: version, trace id, span id and flags.
type Parent = [u8; 26];

/// The one tracer of this process.
static TRACES: OnceLock<Traces> = OnceLock::new();

struct Traces {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

/// Begins to send spans, if the settings name a collector. Not to be called from a task.
///
/// # Errors
/// A sentence that names the setting.
pub fn start(settings: &Settings) -> Result<(), String> {
    let Some(collector) = settings.collector() else { return Ok(()) };
    let fail = |why: String| format!("--otlp {collector}: {why}");
    let endpoint = format!("{}/v1/traces", collector.trim_end_matches('/'));
    let exporter = SpanExporter::builder().with_http().with_endpoint(endpoint).with_timeout(PATIENCE).build();
    let exporter = exporter.map_err(|error| fail(error.to_string()))?;
    let config = BatchConfigBuilder::default().with_max_queue_size(QUEUE).with_max_export_batch_size(BATCH);
    let config = config.with_scheduled_delay(DELAY).build();
    let ratio = f64::from(settings.otlp_percent) / 100.0;
    let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(ratio)));
    let node = KeyValue::new("service.instance.id", settings.advertise.clone().unwrap_or_default());
    let resource = Resource::builder().with_service_name("millrace").with_attribute(node).build();
    let processor = BatchSpanProcessor::builder(exporter).with_batch_config(config).build();
    let provider = SdkTracerProvider::builder().with_sampler(sampler).with_resource(resource);
    let provider = provider.with_span_processor(processor).build();
    let tracer = provider.tracer("millrace");
    TRACES.set(Traces { provider, tracer }).map_err(|_| fail("spans are sent already".to_owned()))
}

/// Sends what waits and ends. Blocks for a while where the collector does not answer.
pub fn stop() {
    if let Some(traces) = TRACES.get()
        && let Err(error) = traces.provider.shutdown_with_timeout(PATIENCE)
    {
        tracing::warn!("the last spans are lost: {error}");
    }
}

/// A span that ends when it is dropped.
pub struct Span(SdkSpan);

impl Span {
    fn begin(name: String, kind: SpanKind, parent: &Context, attributes: Vec<KeyValue>) -> Option<Self> {
        let traces = TRACES.get()?;
        let builder = SpanBuilder::from_name(name).with_kind(kind).with_attributes(attributes);
        Some(Self(traces.tracer.build_with_context(builder, parent)))
    }

    /// Notes how a request was answered.
    pub fn answered(&mut self, status: u16) {
        self.0.set_attribute(KeyValue::new("http.response.status_code", i64::from(status)));
        if status >= 500 {
            self.0.set_status(Status::error(""));
        }
    }

    /// Notes where a record stands in the log.
    pub fn appended(&mut self, offset: u64) {
        self.0.set_attribute(KeyValue::new("messaging.kafka.offset", i64::try_from(offset).unwrap_or(i64::MAX)));
    }
}

/// Begins the span of a request, and puts its name in the place of the trace parent that the request came with: what
/// is done for the request refers to this span.
pub fn request(request: &mut Request, method: &str, route: &str) -> Option<Span> {
    TRACES.get()?;
    let parent = request.headers().get(&TRACE_PARENT).and_then(|text| parse(text.to_str().ok()?));
    let attributes = vec![
        KeyValue::new("http.request.method", method.to_owned()),
        KeyValue::new("http.route", route.to_owned()),
        KeyValue::new("url.path", request.uri().path().to_owned()),
    ];
    let span = Span::begin(format!("{method} {route}"), SpanKind::Server, &context(parent), attributes)?;
    let value = HeaderValue::try_from(show(span.0.span_context())).expect("hex digits are plain text");
    request.headers_mut().insert(TRACE_PARENT, value);
    Some(span)
}

/// Begins the span of an append.
pub fn append(topic: &str, partition: u32, parent: Option<Parent>) -> Option<Span> {
    TRACES.get()?;
    let parent = parent.and_then(|parent| read(&parent))?;
    Span::begin(format!("append {topic}"), SpanKind::Producer, &context(Some(parent)), place(topic, partition))
}

/// Begins the span of an apply, if the record says which request it belongs to.
pub fn apply(topic: &str, partition: u32, record: &LogRecord) -> Option<Span> {
    TRACES.get()?;
    let header = Record::read(record, partition).ok()?.header;
    let parent = header.trace_parent.and_then(|parent| read(&parent))?;
    let context = context(Some(parent));
    let mut span = Span::begin(format!("apply {topic}"), SpanKind::Consumer, &context, place(topic, partition))?;
    span.appended(record.offset);
    Some(span)
}

fn place(topic: &str, partition: u32) -> Vec<KeyValue> {
    vec![
        KeyValue::new("messaging.destination.name", topic.to_owned()),
        KeyValue::new("messaging.destination.partition.id", partition.to_string()),
    ]
}

fn context(parent: Option<SpanContext>) -> Context {
    parent.map_or_else(Context::new, |parent| Context::new().with_remote_span_context(parent))
}

/// A trace parent as it stands in the header: `00-<32 digits>-<16 digits>-<2 digits>`.
fn parse(text: &str) -> Option<SpanContext> {
    let mut parts = text.trim().split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    if version == "ff" || [version.len(), trace.len(), span.len(), flags.len()] != [2, 32, 16, 2] {
        return None;
    }
    let flags = u8::from_str_radix(flags, 16).ok()?;
    known(TraceId::from_hex(trace).ok()?, SpanId::from_hex(span).ok()?, flags)
}

fn read(parent: &Parent) -> Option<SpanContext> {
    let trace = parent[1..17].try_into().expect("it has 16 bytes");
    let span = parent[17..25].try_into().expect("it has 8 bytes");
    known(TraceId::from_bytes(trace), SpanId::from_bytes(span), parent[25])
}

fn known(trace: TraceId, span: SpanId, flags: u8) -> Option<SpanContext> {
    let context = SpanContext::new(trace, span, TraceFlags::new(flags), true, TraceState::NONE);
    context.is_valid().then_some(context)
}

fn show(context: &SpanContext) -> String {
    format!("00-{}-{}-{:02x}", context.trace_id(), context.span_id(), context.trace_flags().to_u8())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trace_parents_are_read_and_shown_again() {
        const GOOD: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let context = parse(GOOD).unwrap();
        assert!(context.is_sampled() && context.is_remote());
        assert_eq!(show(&context), GOOD);
        let mut bytes: Parent = [0; 26];
        bytes[1..17].copy_from_slice(&context.trace_id().to_bytes());
        bytes[17..25].copy_from_slice(&context.span_id().to_bytes());
        bytes[25] = 1;
        assert_eq!(read(&bytes), Some(context));
        for bad in [
            "",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c80319-cb7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319x-b7ad6b7169203331-01",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
