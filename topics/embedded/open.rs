//! Opening the embedded log: what must be true of a folder before anything is served from it.

use super::store::{
    BATCHES, CHECKED_KEY, CheckedRow, Entry, FORMAT, FORMAT_KEY, StartRow, TOPIC_PREFIX, TRIMMED_KEY, TopicRow,
    TrimmedRow, decode_row, newer, open_database, unreadable,
};
use super::{Admin, EmbeddedOptions, Partition, Shared, Topic, batch};
use crate::codec;
use crate::log::LogError;
use parking_lot::{Condvar, Mutex, MutexGuard, RwLock};
use rocksdb::WriteBatch;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

impl Shared {
    pub(super) fn open(path: &Path, options: EmbeddedOptions) -> Result<(Self, u64), LogError> {
        let db = open_database(path, &options)?;
        let shared = Self {
            db,
            options,
            topics: RwLock::default(),
            queue: Mutex::default(),
            arrived: Condvar::new(),
            admin: Mutex::new(Admin { next_topic: 0, trimmed: TrimmedRow::default(), noted: None }),
        };
        shared.check_format(path)?;
        shared.load_topics()?;
        let next_sequence = shared.check_partitions()?;
        Ok((shared, next_sequence))
    }

    fn check_format(&self, path: &Path) -> Result<(), LogError> {
        if let Some(found) = self.row::<u32>(FORMAT_KEY)? {
            return if found <= FORMAT { Ok(()) } else { Err(newer(path, &format!("format {found}"))) };
        }
        // A folder without a format is one that was never finished, unless something is in it.
        if self.last_batch()?.is_some() || !self.rows(TOPIC_PREFIX)?.is_empty() {
            return Err(LogError::Corrupt(format!("{} holds records but no format", path.display())));
        }
        let mut write = WriteBatch::default();
        write.put(FORMAT_KEY, codec::encode(&FORMAT));
        self.write(write)
    }

    fn load_topics(&self) -> Result<(), LogError> {
        let mut admin = self.admin.lock();
        admin.trimmed = self.row(TRIMMED_KEY)?.unwrap_or_default();
        for (key, value) in self.rows(TOPIC_PREFIX)? {
            let name = String::from_utf8_lossy(&key[TOPIC_PREFIX.len()..]).into_owned();
            let row = decode_row::<TopicRow>(&key, &value)?;
            admin.next_topic = admin.next_topic.max(row.number + 1);
            self.topics.write().insert(name.clone(), Arc::new(Topic::new(&name, &row)));
        }
        Ok(())
    }

    /// Checks that nothing is missing, and returns the number of the next batch.
    fn check_partitions(&self) -> Result<u64, LogError> {
        let mut admin = self.admin.lock();
        let checked: Option<CheckedRow> = self.row(CHECKED_KEY)?;
        let ends = checked.iter().flat_map(|row| &row.ends);
        let ends: BTreeMap<_, _> = ends.map(|(topic, partition, end)| ((*topic, *partition), *end)).collect();
        let mut counted = 0;
        let mut next = self.last_batch()?.map_or(0, |sequence| sequence.saturating_add(1));
        for partition in self.all_partitions() {
            if let Some(row) = self.row::<StartRow>(&partition.start_key())? {
                let mut state = partition.state.lock();
                (state.start, state.end, state.highest) = (row.start, row.start, row.highest);
            }
            self.drop_entries(&partition, &mut admin)?;
            let from = ends.get(&partition.key()).copied().unwrap_or_default();
            let (batches, above) = self.check_partition(&partition, from)?;
            counted += batches;
            next = next.max(above);
        }
        // What was trimmed since a row `checked` is not known, so a trim deletes that row.
        let known = checked.map_or(admin.trimmed.batches, |row| row.next_sequence);
        next = next.max(admin.trimmed.above).max(known);
        if known + counted != next {
            return Err(LogError::Corrupt(self.name_gap(next)?));
        }
        // By now RocksDB has written all that it recovered into files.
        let mut write = WriteBatch::default();
        write.put(CHECKED_KEY, codec::encode(&self.standing(next)));
        self.write(write)?;
        Ok(next)
    }

    /// Checks what one partition has from `from` on, sets its end, and returns how many batches were looked at, and
    /// one more than the highest of their numbers.
    fn check_partition(&self, partition: &Partition, from: u64) -> Result<(u64, u64), LogError> {
        let mut state = partition.state.lock();
        let mut last: Option<Entry> = None;
        let (mut batches, mut above) = (0, 0);
        let mut entries = self.entries(partition);
        entries.seek(from.saturating_sub(1));
        if from > state.start {
            let entry = entries.next_holding(from - 1)?;
            state.end = entry.end();
            last = Some(entry);
        }
        while let Some(entry) = entries.next()? {
            let follows = if last.is_none() { entry.base <= state.start } else { entry.base == state.end };
            if !follows {
                let place = partition.place(state.end);
                return Err(LogError::Corrupt(format!("{place} is missing, {} is there", partition.place(entry.base))));
            }
            state.end = entry.end();
            batches += 1;
            above = above.max(entry.row.sequence.saturating_add(1));
            last = Some(entry);
        }
        if let Some(last) = last {
            state.highest = state.highest.max(last.row.highest);
            self.batch(partition, &last)?;
        }
        Ok((batches, above))
    }

    /// Where the log stands, for `checked`.
    pub(super) fn standing(&self, next_sequence: u64) -> CheckedRow {
        let end = |partition: Arc<Partition>| (partition.topic_number, partition.number, partition.state.lock().end);
        CheckedRow { next_sequence, ends: self.all_partitions().into_iter().map(end).collect() }
    }

    /// Adds to a commit where the log stood at the note before this one, and notes where it stands now. Nothing
    /// must be trimmed until that is written, so it is left for later if something is being trimmed.
    pub(super) fn note(&self, next_sequence: u64, write: &mut WriteBatch) -> Option<MutexGuard<'_, Admin>> {
        let mut admin = self.admin.try_lock()?;
        if let Some(before) = admin.noted.replace(self.standing(next_sequence)) {
            write.put(CHECKED_KEY, codec::encode(&before));
        }
        Some(admin)
    }

    /// Says which batch is missing from the numbering, as exactly as what is left allows.
    fn name_gap(&self, next: u64) -> Result<String, LogError> {
        let mut all = Vec::new();
        for partition in self.all_partitions() {
            let mut entries = self.entries(&partition);
            entries.seek(0);
            while let Some(entry) = entries.next()? {
                all.push((entry.row.sequence, partition.clone(), entry.end()));
            }
        }
        all.sort_by_key(|(sequence, ..)| *sequence);
        // The newest gap: older ones may be what was trimmed.
        let ends = all.iter().skip(1).map(|(sequence, ..)| *sequence).chain([next]);
        let gaps = all.iter().zip(ends).filter(|((sequence, ..), end)| sequence + 1 < *end);
        let Some(((sequence, partition, end), _)) = gaps.last() else {
            return Ok(format!("the log's first batches are missing, below number {next}"));
        };
        let missing = sequence + 1;
        if let Some(place) = self.place_of(missing)? {
            return Ok(format!("{place} is missing from the index (batch {missing})"));
        }
        let neighbour = partition.place(end - 1);
        Ok(format!("batch {missing} is missing, which was written right behind {neighbour}"))
    }

    /// Where the batch of this number says that it belongs.
    fn place_of(&self, sequence: u64) -> Result<Option<String>, LogError> {
        let value = self.db.get_cf(self.family(BATCHES), sequence.to_be_bytes()).map_err(unreadable)?;
        let Some(place) = value.and_then(|stored| batch::place(&stored).ok()) else { return Ok(None) };
        let topics = self.topics.read();
        let topic = topics.iter().find(|(_, topic)| topic.id == place.topic);
        Ok(topic.map(|(name, _)| format!("{name}/{}@{}", place.partition, place.base)))
    }

    fn last_batch(&self) -> Result<Option<u64>, LogError> {
        let mut iterator = self.db.raw_iterator_cf(self.family(BATCHES));
        iterator.seek_to_last();
        iterator.status().map_err(unreadable)?;
        let Some(key) = iterator.key() else { return Ok(None) };
        let key = key.try_into().map_err(|_| LogError::Corrupt("the last batch has no number".to_owned()))?;
        Ok(Some(u64::from_be_bytes(key)))
    }

    pub(super) fn all_partitions(&self) -> Vec<Arc<Partition>> {
        self.topics.read().values().flat_map(|topic| topic.partitions.iter().cloned()).collect()
    }
}
