//! What all stores of a process share: RocksDB's environment, block cache, write buffers and options.

use rocksdb::{BlockBasedOptions, Cache, DBCompressionType, Options, WriteBufferManager};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How much memory all stores together use for rows that are on disk too, and how much they may.
pub(crate) struct RowMemory {
    limit: usize,
    used: AtomicUsize,
}

impl RowMemory {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, used: AtomicUsize::new(0) }
    }

    /// True while less is used than may be.
    pub(crate) fn has_room(&self) -> bool {
        self.used.load(Ordering::Relaxed) < self.limit
    }

    /// What is used.
    #[cfg(test)]
    pub(crate) fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// A store uses `to` bytes now instead of `from`.
    pub(crate) fn change(&self, from: usize, to: usize) {
        self.used.fetch_add(to.wrapping_sub(from), Ordering::Relaxed);
    }
}

/// Shared by every store of a process.
#[derive(Clone)]
pub struct Env {
    shared: rocksdb::Env,
    cache: Cache,
    buffers: WriteBufferManager,
    rows: Arc<RowMemory>,
}

impl Env {
    /// Splits `memory` bytes: half for rows that are on disk too, a quarter each for the block cache and for write
    /// buffers. A row in memory is found in less time than in a block of the cache.
    ///
    /// # Panics
    /// If RocksDB cannot make its default environment, which it only fails to for want of memory.
    #[must_use]
    pub fn new(memory: usize) -> Self {
        let mut shared = rocksdb::Env::new().expect("RocksDB's default environment exists");
        shared.set_background_threads(2);
        shared.set_high_priority_background_threads(1);
        let cache = Cache::new_lru_cache(memory / 4);
        let buffers = WriteBufferManager::new_write_buffer_manager(memory / 4, false);
        Self { shared, cache, buffers, rows: Arc::new(RowMemory::new(memory / 2)) }
    }

    /// The memory for rows that are on disk too.
    pub(crate) fn rows(&self) -> Arc<RowMemory> {
        self.rows.clone()
    }

    pub(crate) fn options(&self) -> Options {
        let mut table = BlockBasedOptions::default();
        table.set_block_cache(&self.cache);
        table.set_block_size(16 << 10);
        table.set_bloom_filter(10.0, false);
        table.set_cache_index_and_filter_blocks(true);
        table.set_pin_l0_filter_and_index_blocks_in_cache(true);
        let mut options = Options::default();
        options.set_env(&self.shared);
        options.set_block_based_table_factory(&table);
        options.set_write_buffer_manager(&self.buffers);
        options.set_compression_type(DBCompressionType::Lz4);
        options.create_if_missing(true);
        // A flush is a file of some 100 MB over the whole range of keys, so each compaction rewrites most of the
        // rows that there are: the more files it takes at once, the fewer of them there are.
        options.set_level_zero_file_num_compaction_trigger(8);
        // 240 stores must open under 1,024 file descriptors; RocksDB takes 20 for less.
        options.set_max_open_files(20);
        options.set_max_file_opening_threads(1);
        options.set_keep_log_file_num(1);
        options.set_log_level(rocksdb::LogLevel::Warn);
        options.set_max_manifest_file_size(1 << 20);
        options
    }
}
