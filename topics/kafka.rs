//! Temporary.
use crate::log::*;
use crate::time::Time;
use std::sync::Arc;
pub struct KafkaLog;
pub struct KafkaFollower;
impl KafkaFollower {
    pub(crate) fn poll(&mut self, _: usize) -> Result<Chunk, LogError> {
        unimplemented!()
    }
}
impl KafkaLog {
    pub(crate) fn create(&self, _: &str, _: u32) -> Result<TopicInfo, LogError> {
        unimplemented!()
    }
    pub(crate) fn topics(&self) -> Result<Vec<TopicInfo>, LogError> {
        unimplemented!()
    }
    pub(crate) fn append(&self, _: &str, _: u32, _: Vec<NewRecord>, _: Done) {
        unimplemented!()
    }
    pub(crate) fn read(&self, _: &str, _: u32, _: u64, _: usize) -> Result<Chunk, LogError> {
        unimplemented!()
    }
    pub(crate) fn follow(self: &Arc<Self>, _: &str, _: u32, _: u64, _: Wake) -> Result<KafkaFollower, LogError> {
        unimplemented!()
    }
    pub(crate) fn start(&self, _: &str, _: u32) -> Result<u64, LogError> {
        unimplemented!()
    }
    pub(crate) fn end(&self, _: &str, _: u32) -> Result<u64, LogError> {
        unimplemented!()
    }
    pub(crate) fn offset_at(&self, _: &str, _: u32, _: Time) -> Result<Option<u64>, LogError> {
        unimplemented!()
    }
    pub(crate) fn trim(&self, _: &str, _: u32, _: u64) -> Result<(), LogError> {
        unimplemented!()
    }
}
