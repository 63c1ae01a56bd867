//! The keys of addresses, outside of the log: a file a day in `<data>/addresses`, destroyed when its time has come. No
//! backup has them, so what is destroyed here is destroyed.

use crate::keys::random;
use millrace_processors::runtime::vault::DayKeys;
use millrace_topics::codec;
use millrace_topics::time::Time;
use parking_lot::{Mutex, RwLock};
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The folder's name in the data folder.
pub const FOLDER: &str = "addresses";

/// The format that this build writes, and the newest that it reads.
const FORMAT: u32 = 1;

/// How often it is looked for days whose time has come.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// One day, in milliseconds.
const DAY: u64 = 86_400_000;

/// What stands in a file: its format, and the keys.
type Stored = (u32, DayKeys);

/// The keys of addresses.
pub struct Vault {
    folder: PathBuf,
    /// A day's keys are there for so many days behind it.
    kept: u64,
    days: RwLock<BTreeMap<u64, Arc<DayKeys>>>,
    /// Held while files change.
    writing: Mutex<()>,
}

impl Vault {
    /// Reads the keys that are there, and destroys those whose time has come.
    ///
    /// # Errors
    /// Where a file cannot be read or destroyed: it is never replaced.
    pub fn open(folder: PathBuf, kept: u64) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        let mut days = BTreeMap::new();
        for entry in fs::read_dir(&folder)? {
            let file = entry?.path();
            match file.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse().ok()) {
                Some(day) => drop(days.insert(day, Arc::new(read(&file, day)?))),
                // What a crash has left of a change.
                None => destroy(&file)?,
            }
        }
        let vault = Self { folder, kept, days: RwLock::new(days), writing: Mutex::new(()) };
        vault.forget(today())?;
        Ok(vault)
    }

    /// The keys of a day, drawn if it has none yet.
    ///
    /// # Errors
    /// Where they cannot be kept, or the day's keys would be destroyed at once.
    pub fn of_day(&self, day: u64) -> io::Result<Arc<DayKeys>> {
        if let Some(keys) = self.days.read().get(&day) {
            return Ok(keys.clone());
        }
        let _writing = self.writing.lock();
        if let Some(keys) = self.days.read().get(&day) {
            return Ok(keys.clone());
        }
        if self.is_over(day, today()) {
            return Err(io::Error::other(format!("those of day {day} have been destroyed")));
        }
        let keys = DayKeys::new(day, random()?, random()?);
        self.write(&keys)?;
        let keys = Arc::new(keys);
        self.days.write().insert(day, keys.clone());
        Ok(keys)
    }

    /// The keys of every day that has some.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<DayKeys>> {
        self.days.read().values().cloned().collect()
    }

    /// Destroys what opens the addresses of a subject, and answers of how many days.
    ///
    /// # Errors
    /// Where it cannot be written. Days that were done are done.
    pub fn erase(&self, subject: u32) -> io::Result<u32> {
        let _writing = self.writing.lock();
        let mut erased = 0;
        for keys in self.all() {
            let mut keys = DayKeys::clone(&keys);
            if keys.erase(subject) {
                self.write(&keys)?;
                self.days.write().insert(keys.day(), Arc::new(keys));
                erased += 1;
            }
        }
        Ok(erased)
    }

    /// Destroys the keys of the days whose time has come.
    ///
    /// # Errors
    /// Where a file cannot be destroyed.
    pub fn forget(&self, today: u64) -> io::Result<()> {
        let _writing = self.writing.lock();
        let over: Vec<u64> = self.days.read().keys().copied().filter(|day| self.is_over(*day, today)).collect();
        for day in over {
            // Under another name a file that is half blank is no day's any more.
            let aside = self.folder.join("over");
            fs::rename(self.file(day), &aside)?;
            self.days.write().remove(&day);
            destroy(&aside)?;
            File::open(&self.folder)?.sync_all()?;
            tracing::info!(day, "the keys of the day's addresses are destroyed");
        }
        Ok(())
    }

    fn is_over(&self, day: u64, today: u64) -> bool {
        day + self.kept < today
    }

    fn file(&self, day: u64) -> PathBuf {
        self.folder.join(day.to_string())
    }

    /// Writes a day's file so that it is there whole or not at all; what it said before is overwritten.
    fn write(&self, keys: &DayKeys) -> io::Result<()> {
        let (file, aside) = (self.file(keys.day()), self.folder.join("aside"));
        let mut out = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&aside)?;
        out.write_all(&codec::encode(&(FORMAT, keys.clone())))?;
        out.sync_all()?;
        let before = OpenOptions::new().write(true).open(&file);
        fs::rename(&aside, &file)?;
        File::open(&self.folder)?.sync_all()?;
        match before {
            Ok(before) => blank(&before),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// Destroys keys whose time has come, for as long as the program runs.
pub async fn keep(vault: Arc<Vault>) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let vault = vault.clone();
        let done = tokio::task::spawn_blocking(move || vault.forget(today())).await;
        if let Err(error) = done.map_err(io::Error::other).flatten() {
            tracing::error!("keys of addresses whose time has come cannot be destroyed: {error}");
        }
    }
}

fn today() -> u64 {
    Time::now().0 / DAY
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

fn destroy(file: &Path) -> io::Result<()> {
    blank(&OpenOptions::new().write(true).open(file)?)?;
    fs::remove_file(file)
}

/// Overwrites a file. What the disk itself keeps of it is beyond a program's reach.
fn blank(file: &File) -> io::Result<()> {
    let length = usize::try_from(file.metadata()?.len()).unwrap_or_default();
    let mut out = file;
    out.write_all(&vec![0; length])?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stay_until_their_time_has_come_and_do_not_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let open = || Vault::open(folder.path().join(FOLDER), 30).unwrap();
        let (today, vault) = (today(), open());
        let drawn = vault.of_day(today).unwrap();
        assert_eq!(vault.of_day(today).unwrap(), drawn);
        assert_ne!(vault.of_day(today - 1).unwrap().hash(&[]), drawn.hash(&[]));
        drop(vault);
        let vault = open();
        assert_eq!(vault.of_day(today).unwrap(), drawn, "they are the same after a start");
        vault.forget(today + 29).unwrap();
        assert_eq!(vault.all().len(), 2);
        vault.forget(today + 30).unwrap();
        assert_eq!(vault.all().len(), 1);
        vault.forget(today + 31).unwrap();
        assert_eq!(vault.all().len(), 0);
        assert_eq!(fs::read_dir(&vault.folder).unwrap().count(), 0, "no file is left");
        assert!(vault.of_day(today - 31).is_err(), "a day that is over has no keys any more");
    }

    #[test]
    fn who_is_erased_stays_so_and_the_file_that_opened_it_is_blank() {
        let folder = tempfile::tempdir().unwrap();
        let open = || Vault::open(folder.path().join(FOLDER), 30).unwrap();
        let (today, vault) = (today(), open());
        vault.of_day(today).unwrap();
        vault.of_day(today - 1).unwrap();
        let (file, linked) = (vault.file(today), folder.path().join("linked"));
        fs::hard_link(&file, &linked).unwrap();
        assert_eq!(vault.erase(5).unwrap(), 2);
        assert_eq!(vault.erase(5).unwrap(), 0);
        assert!(fs::read(&linked).unwrap().iter().all(|byte| *byte == 0));
        drop(vault);
        let keys = open().of_day(today).unwrap();
        assert_eq!(keys.turn(5, &[], [0; 16]), None);
        assert!(keys.turn(6, &[], [0; 16]).is_some());
    }

    #[test]
    fn a_file_that_cannot_be_read_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::open(folder.path().to_owned(), 30).unwrap();
        vault.of_day(today()).unwrap();
        fs::rename(vault.file(today()), vault.file(today() - 1)).unwrap();
        assert!(Vault::open(folder.path().to_owned(), 30).is_err());
    }
}
