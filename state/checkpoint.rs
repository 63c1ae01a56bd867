//! Checkpoints: a partition's flushed state as hard links in a folder of its own, made in milliseconds.

use crate::store::{Store, StoreError};
use std::path::{Path, PathBuf};

/// Makes a checkpoint of what has landed in `store`; the folder appears whole or not at all. Returns false if
/// nothing has landed yet.
///
/// # Errors
/// [`StoreError`] where the links cannot be made.
pub fn create(store: &Store, folder: &Path) -> Result<bool, StoreError> {
    let fail = |reason: String| StoreError { path: folder.to_owned(), reason };
    let Some(db) = store.db() else { return Ok(false) };
    let parent = folder.parent().ok_or_else(|| fail("a checkpoint needs a folder above it".to_owned()))?;
    std::fs::create_dir_all(parent).map_err(|error| fail(error.to_string()))?;
    let checkpoint = rocksdb::checkpoint::Checkpoint::new(&db).map_err(|error| fail(error.to_string()))?;
    // RocksDB writes aside and renames, so a crash in between leaves only a `.tmp` that the next one replaces.
    checkpoint.create_checkpoint(folder).map_err(|error| fail(error.to_string()))?;
    Ok(true)
}

/// The checkpoints below `parent`, whose names are the offsets that they hold, from the oldest on.
#[must_use]
pub fn list(parent: &Path) -> Vec<(u64, PathBuf)> {
    let entries = std::fs::read_dir(parent).into_iter().flatten().flatten();
    let offset = |entry: &std::fs::DirEntry| entry.file_name().to_str()?.parse::<u64>().ok();
    let mut found: Vec<_> = entries.filter_map(|entry| Some((offset(&entry)?, entry.path()))).collect();
    found.sort_unstable();
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::Env;

    #[test]
    fn a_checkpoint_stays_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let (env, kept) = (Env::new(8 << 20), folder.path().join("kept/17"));
        let mut store = Store::open(&env, &folder.path().join("live")).unwrap();
        assert!(!create(&store, &kept).unwrap(), "there is nothing to keep yet");
        store.set(vec![1], Some(vec![1]));
        store.flush().unwrap();
        assert!(create(&store, &kept).unwrap());
        store.set(vec![1], Some(vec![2]));
        store.flush().unwrap();
        assert_eq!(list(&folder.path().join("kept")), [(17, kept.clone())]);
        assert_eq!(Store::open(&env, &kept).unwrap().get(&[1]), Some(vec![1]));
    }
}
