//! Keys of addresses on one machine: a file a day, outside of the log and of every backup.

use super::Days;
use millrace_processors::runtime::vault::DayKeys;
use millrace_topics::codec;
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The format that this build writes, and the newest that it reads.
const FORMAT: u32 = 1;

/// What stands in a file: its format, and the keys.
type Stored = (u32, DayKeys);

/// The folder with the files.
pub(super) struct Files {
    folder: PathBuf,
}

impl Files {
    /// Opens the folder, and reads what is there.
    pub(super) fn open(folder: PathBuf) -> io::Result<(Self, Days)> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        let mut days = BTreeMap::new();
        for entry in fs::read_dir(&folder)? {
            let file = entry?.path();
            match file.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse().ok()) {
                Some(day) => drop(days.insert(day, Arc::new(read(&file, day)?))),
                None => drop_rest(&file)?,
            }
        }
        Ok((Self { folder }, days))
    }

    /// Replaces what differs, day by day: where one fails, those before are done.
    pub(super) fn replace(&self, before: &Days, after: &Days) -> io::Result<()> {
        for day in before.keys().filter(|day| !after.contains_key(day)) {
            self.destroy(*day)?;
        }
        let changed = after.iter().filter(|(day, keys)| before.get(day) != Some(keys));
        changed.map(|(_, keys)| keys).try_for_each(|keys| self.write(keys))
    }

    pub(super) fn file(&self, day: u64) -> PathBuf {
        self.folder.join(day.to_string())
    }

    /// Where something lies that is about to be destroyed. A start finds it there.
    fn over(&self) -> PathBuf {
        self.folder.join("over")
    }

    fn destroy(&self, day: u64) -> io::Result<()> {
        fs::rename(self.file(day), self.over())?;
        destroy(&self.over())?;
        File::open(&self.folder)?.sync_all()
    }

    /// Writes a day's file so that it is there whole or not at all; what it said before is overwritten.
    fn write(&self, keys: &DayKeys) -> io::Result<()> {
        let (file, aside) = (self.file(keys.day()), self.folder.join("aside"));
        let mut out = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&aside)?;
        out.write_all(&codec::encode(&(FORMAT, keys.clone())))?;
        out.sync_all()?;
        let had = match fs::hard_link(&file, self.over()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            linked => linked.map(|()| true)?,
        };
        fs::rename(&aside, &file)?;
        File::open(&self.folder)?.sync_all()?;
        if had { destroy(&self.over()) } else { Ok(()) }
    }
}

fn read(file: &Path, day: u64) -> io::Result<DayKeys> {
    let bad = |why: String| io::Error::other(format!("{}: {why}", file.display()));
    let stored: Stored = codec::decode(&fs::read(file)?).map_err(|error| bad(error.to_string()))?;
    match stored {
        (format, _) if format != FORMAT => Err(bad(format!("format {format}, this build reads {FORMAT}"))),
        (_, keys) if keys.day() != day => Err(bad(format!("it has the keys of day {}", keys.day()))),
        (_, keys) => Ok(keys),
    }
}

/// Destroys what a crash has left of a change. Where a day's file is the same one, it had not been replaced yet.
fn drop_rest(file: &Path) -> io::Result<()> {
    if fs::metadata(file)?.nlink() > 1 { fs::remove_file(file) } else { destroy(file) }
}

/// Overwrites and removes a file. What the disk itself keeps of it is beyond a program's reach.
fn destroy(file: &Path) -> io::Result<()> {
    let mut out = OpenOptions::new().write(true).open(file)?;
    let length = usize::try_from(out.metadata()?.len()).unwrap_or_default();
    out.write_all(&vec![0; length])?;
    out.sync_all()?;
    fs::remove_file(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    fn opened(folder: &Path) -> (Files, Days) {
        Files::open(folder.to_owned()).unwrap()
    }

    fn days(days: impl IntoIterator<Item = u64>) -> Days {
        days.into_iter().map(|day| (day, Arc::new(DayKeys::new(day, [1; 32], [2; 16])))).collect()
    }

    #[test]
    fn what_was_replaced_is_blank_and_what_is_over_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (files, none) = opened(folder.path());
        let two = days([7, 8]);
        files.replace(&none, &two).unwrap();
        assert_eq!(opened(folder.path()).1, two);
        let mut old = File::open(files.file(7)).unwrap();
        let mut punctured = DayKeys::clone(&two[&7]);
        assert!(punctured.erase(5));
        let after = Days::from([(7, Arc::new(punctured))]);
        files.replace(&two, &after).unwrap();
        let mut left = Vec::new();
        old.read_to_end(&mut left).unwrap();
        assert!(left.len() > 48 && left.iter().all(|byte| *byte == 0), "{left:?}");
        assert_eq!(opened(folder.path()).1, after);
        files.replace(&after, &none).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_a_crash_has_left_of_a_change_is_destroyed_and_no_key_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let ((files, none), one) = (opened(folder.path()), days([7]));
        files.replace(&none, &one).unwrap();
        // Before the new file took the old one's name, and behind that.
        fs::hard_link(files.file(7), files.over()).unwrap();
        assert_eq!(opened(folder.path()).1, one);
        assert!(!files.over().exists());
        fs::write(files.over(), "old keys").unwrap();
        let mut old = File::open(files.over()).unwrap();
        assert_eq!(opened(folder.path()).1, one);
        let mut left = Vec::new();
        old.read_to_end(&mut left).unwrap();
        assert_eq!((files.over().exists(), left), (false, vec![0; 8]));
    }

    #[test]
    fn a_file_that_cannot_be_read_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (files, none) = opened(folder.path());
        files.replace(&none, &days([7])).unwrap();
        fs::rename(files.file(7), files.file(8)).unwrap();
        assert!(Files::open(folder.path().to_owned()).is_err());
    }
}
