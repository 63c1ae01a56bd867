//! Reading the embedded log: from memory at the tail, from RocksDB below it.

use super::store::Entries;
use super::{Partition, RECORD_OVERHEAD, Shared, bytes_of};
use crate::log::{Chunk, LogError, LogRecord};
use crate::time::Time;
use std::collections::VecDeque;

impl Shared {
    pub(super) fn read(
        &self,
        partition: &Partition,
        from: u64,
        max: usize,
        decoded: &mut VecDeque<LogRecord>,
    ) -> Result<Chunk, LogError> {
        let (end, recent) = {
            let state = partition.state.lock();
            partition.check_range(&state, from)?;
            (state.end, state.recent(from, max))
        };
        let mut taken = Taken::new(from, max, self.options.max_read_bytes);
        match recent {
            Some(batches) => {
                decoded.clear();
                batches.iter().for_each(|batch| taken.copy(batch));
            }
            None => self.read_stored(partition, end, decoded, &mut taken)?,
        }
        Ok(Chunk { at_end: taken.next == end, next: taken.next, records: taken.records })
    }

    fn read_stored(
        &self,
        partition: &Partition,
        end: u64,
        decoded: &mut VecDeque<LogRecord>,
        taken: &mut Taken,
    ) -> Result<(), LogError> {
        if decoded.front().is_none_or(|record| record.offset != taken.next) {
            decoded.clear();
        }
        taken.drain(decoded);
        if taken.is_full() || taken.next >= end {
            return Ok(());
        }
        let mut entries = self.entries(partition);
        entries.seek(taken.next);
        while !taken.is_full() && taken.next < end {
            match self.next_batch(partition, &mut entries, taken.next) {
                Ok(batch) => *decoded = batch.into(),
                // What stands before the damage is good; the next read starts at it.
                Err(_) if !taken.records.is_empty() => return Ok(()),
                Err(error) => {
                    partition.check_range(&partition.state.lock(), taken.next)?;
                    return Err(error);
                }
            }
            taken.drain(decoded);
        }
        Ok(())
    }

    fn next_batch(
        &self,
        partition: &Partition,
        entries: &mut Entries<'_>,
        offset: u64,
    ) -> Result<Vec<LogRecord>, LogError> {
        let entry = entries.next_holding(offset)?;
        self.batch(partition, &entry)
    }

    pub(super) fn offset_at(&self, partition: &Partition, time: Time) -> Result<Option<u64>, LogError> {
        loop {
            let (start, end) = {
                let state = partition.state.lock();
                (state.start, state.end)
            };
            let found = self.search(partition, start, end, time);
            // What is missing may have been trimmed meanwhile.
            if found.is_ok() || partition.state.lock().start == start {
                return found;
            }
        }
    }

    fn search(&self, partition: &Partition, start: u64, end: u64, time: Time) -> Result<Option<u64>, LogError> {
        let mut entries = self.entries(partition);
        let (mut low, mut high) = (start, end);
        while low < high {
            let middle = low + (high - low) / 2;
            entries.seek(middle);
            let entry = entries.next_holding(middle)?;
            if entry.row.highest < time {
                low = entry.end();
            } else {
                high = entry.base;
            }
        }
        // The batch at `low` is the first one that reaches `time`. What reached it may be trimmed, so look on.
        let mut offset = low;
        entries.seek(offset);
        while offset < end {
            let batch = self.next_batch(partition, &mut entries, offset)?;
            if let Some(found) = batch.iter().find(|record| record.offset >= start && record.time >= time) {
                return Ok(Some(found.offset));
            }
            offset = batch.last().map_or(end, |record| record.offset + 1);
        }
        Ok(None)
    }
}

/// The records that a read has collected.
struct Taken {
    records: Vec<LogRecord>,
    next: u64,
    max: usize,
    room: usize,
}

impl Taken {
    fn new(next: u64, max: usize, room: usize) -> Self {
        Self { records: Vec::new(), next, max, room }
    }

    fn is_full(&self) -> bool {
        self.records.len() >= self.max || self.room == 0
    }

    fn push(&mut self, record: LogRecord) {
        self.room = self.room.saturating_sub(bytes_of(&record.key, &record.value, &record.headers) + RECORD_OVERHEAD);
        self.next = record.offset + 1;
        self.records.push(record);
    }

    /// Copies what is wanted of a batch in memory.
    fn copy(&mut self, batch: &[LogRecord]) {
        let before = batch.partition_point(|record| record.offset < self.next);
        for record in &batch[before..] {
            if self.is_full() {
                return;
            }
            self.push(record.clone());
        }
    }

    /// Takes what is wanted of a decoded batch, and leaves the rest.
    fn drain(&mut self, batch: &mut VecDeque<LogRecord>) {
        while !self.is_full() {
            let Some(record) = batch.pop_front() else { return };
            if record.offset >= self.next {
                self.push(record);
            }
        }
    }
}
