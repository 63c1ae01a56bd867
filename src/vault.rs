//! The keys of addresses, outside of what is replayed: on the embedded log in files, on Kafka in a topic of their own.
//! A day's are destroyed when its time has come. No backup has them, so what is destroyed here is destroyed.

mod files;
mod topic;

use crate::clock::Clock;
use crate::keys::random;
use files::Files;
use millrace_processors::runtime::vault::DayKeys;
use millrace_topics::log::Log;
use parking_lot::{Mutex, RwLock};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use topic::Topic;

pub use topic::TOPIC;

/// The folder's name in the data folder.
pub const FOLDER: &str = "addresses";

/// How often it is looked for days whose time has come, and for what other nodes have changed.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// How often it is looked whether it is known what time it is.
const CLOCK_POLL: Duration = Duration::from_millis(50);

/// One day, in milliseconds.
const DAY: u64 = 86_400_000;

/// Keys by their days.
type Days = BTreeMap<u64, Arc<DayKeys>>;

/// Where the keys lie.
enum Place {
    Files(Files),
    Topic(Topic),
}

/// The keys of addresses.
pub struct Vault {
    place: Place,
    /// As clicks are stamped: a node whose own clock is ahead must not end days for all.
    clock: Arc<Clock>,
    /// A day's keys are there for so many days behind it.
    kept: u64,
    days: RwLock<Days>,
    /// Held while they change.
    writing: Mutex<()>,
}

impl Vault {
    /// The keys in a folder of this machine. Those whose time has come are destroyed.
    ///
    /// # Errors
    /// Where a file cannot be read, written or destroyed: one that cannot be read is never replaced.
    pub fn in_folder(folder: PathBuf, kept: u64, clock: Arc<Clock>) -> io::Result<Self> {
        let (files, days) = Files::open(folder)?;
        Self::new(Place::Files(files), days, kept, clock)
    }

    /// The keys in [`TOPIC`] of a log, which has it already, for all nodes. Those whose time has come are destroyed.
    ///
    /// # Errors
    /// Where the topic cannot be read or written.
    pub fn in_topic(log: Log, kept: u64, clock: Arc<Clock>) -> io::Result<Self> {
        Self::new(Place::Topic(Topic::new(log)), Days::new(), kept, clock)
    }

    fn new(place: Place, days: Days, kept: u64, clock: Arc<Clock>) -> io::Result<Self> {
        let vault = Self { place, clock, kept, days: RwLock::new(days), writing: Mutex::new(()) };
        match vault.today() {
            Some(today) => vault.keep(today)?,
            None => vault.change(&|_| false)?,
        }
        Ok(vault)
    }

    /// The day, once it is known what time it is.
    fn today(&self) -> Option<u64> {
        self.clock.is_known().then(|| self.clock.now().0 / DAY)
    }

    /// The keys of a day. Yesterday's, today's and tomorrow's are there before they are needed.
    ///
    /// # Errors
    /// Where there are none.
    pub fn of_day(&self, day: u64) -> io::Result<Arc<DayKeys>> {
        self.days.read().get(&day).cloned().ok_or_else(|| io::Error::other(format!("day {day} has none")))
    }

    /// The keys of every day that has some.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<DayKeys>> {
        self.days.read().values().cloned().collect()
    }

    /// Destroys what opens the addresses of a subject, and answers of how many days. Other nodes know it when they look
    /// the next time.
    ///
    /// # Errors
    /// Where it cannot be written. Days that were done are done.
    pub fn erase(&self, subject: u32) -> io::Result<u32> {
        let erased = Cell::new(0);
        self.change(&|days| {
            erased.set(0);
            for keys in days.values_mut() {
                let mut punctured = DayKeys::clone(keys);
                if punctured.erase(subject) {
                    *keys = Arc::new(punctured);
                    erased.set(erased.get() + 1);
                }
            }
            erased.get() > 0
        })?;
        Ok(erased.get())
    }

    /// Destroys the keys of the days whose time has come, draws those that are next, so that no request waits for
    /// it, and sees what other nodes have changed.
    ///
    /// # Errors
    /// Where they cannot be read, written or destroyed.
    pub fn keep(&self, today: u64) -> io::Result<()> {
        let mut drawn = Vec::new();
        // A click may come a day late.
        for day in today - self.kept.min(1)..=today + 1 {
            drawn.push(Arc::new(DayKeys::new(day, random()?, random()?)));
        }
        self.change(&|days| {
            let before = days.len();
            days.retain(|day, _| day + self.kept >= today);
            let has_dropped = days.len() < before;
            let missing: Vec<_> = drawn.iter().filter(|keys| !days.contains_key(&keys.day())).cloned().collect();
            let is_missing = !missing.is_empty();
            days.extend(missing.into_iter().map(|keys| (keys.day(), keys)));
            has_dropped || is_missing
        })
    }

    fn change(&self, edit: &dyn Fn(&mut Days) -> bool) -> io::Result<()> {
        let _writing = self.writing.lock();
        let before = self.days.read().clone();
        let after = match &self.place {
            Place::Topic(topic) => topic.change(edit)?,
            Place::Files(files) => {
                let mut after = before.clone();
                if edit(&mut after) {
                    files.replace(&before, &after)?;
                }
                after
            }
        };
        for day in before.keys().filter(|day| !after.contains_key(day)) {
            tracing::info!(day, "the keys of the day's addresses are destroyed");
        }
        *self.days.write() = after;
        Ok(())
    }
}

/// Keeps them, for as long as the program runs.
pub async fn keep(vault: Arc<Vault>) {
    let mut pause = if vault.today().is_some() { LOOK_EVERY } else { CLOCK_POLL };
    loop {
        tokio::time::sleep(pause).await;
        let Some(today) = vault.today() else { continue };
        pause = LOOK_EVERY;
        let vault = vault.clone();
        let done = tokio::task::spawn_blocking(move || vault.keep(today)).await;
        if let Err(error) = done.map_err(io::Error::other).flatten() {
            tracing::error!("keys of addresses cannot be drawn or destroyed: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use millrace_topics::memory::MemoryLog;
    use millrace_topics::time::Time;

    fn clock() -> Arc<Clock> {
        Arc::new(Clock::own())
    }

    /// Each place, as often as it is asked for.
    fn places() -> (tempfile::TempDir, Vec<Box<dyn Fn() -> Vault>>) {
        let folder = tempfile::tempdir().unwrap();
        let log = Log::Memory(Arc::new(MemoryLog::new()));
        log.create(TOPIC, 1).unwrap();
        let path = folder.path().to_owned();
        let in_folder = move || Vault::in_folder(path.join(FOLDER), 30, clock()).unwrap();
        let in_topic = move || Vault::in_topic(log.clone(), 30, clock()).unwrap();
        (folder, vec![Box::new(in_folder), Box::new(in_topic)])
    }

    #[test]
    fn keys_stay_until_their_time_has_come_and_do_not_come_back() {
        let (_folder, places) = places();
        for open in places {
            let (today, vault) = (Time::now().0 / DAY, open());
            let days = || vault.all().iter().map(|keys| keys.day()).collect::<Vec<_>>();
            let drawn = vault.of_day(today).unwrap();
            assert_eq!(days(), [today - 1, today, today + 1], "they are there before they are needed");
            assert_ne!(vault.of_day(today + 1).unwrap().hash(&[]), drawn.hash(&[]));
            assert!(vault.of_day(today - 2).is_err());
            assert_eq!(open().of_day(today).unwrap(), drawn, "they are the same after a start");
            vault.keep(today + 30).unwrap();
            assert_eq!(days(), [0, 1, 29, 30, 31].map(|later| today + later));
            vault.keep(today + 31).unwrap();
            assert_eq!(days(), [1, 29, 30, 31, 32].map(|later| today + later));
            assert!(vault.of_day(today).is_err());
            assert_ne!(open().of_day(today).unwrap(), drawn);
        }
    }

    #[test]
    fn who_is_erased_stays_so_and_others_do_not_notice() {
        let (_folder, places) = places();
        for open in places {
            let (today, vault) = (Time::now().0 / DAY, open());
            assert_eq!((vault.erase(5).unwrap(), vault.erase(5).unwrap()), (3, 0));
            for keys in [vault.of_day(today).unwrap(), open().of_day(today).unwrap()] {
                assert_eq!(keys.turn(5, &[], [0; 16]), None);
                assert!(keys.turn(6, &[], [0; 16]).is_some());
            }
        }
    }

    #[test]
    fn a_node_knows_what_another_one_has_erased_when_it_looks() {
        let log = Log::Memory(Arc::new(MemoryLog::new()));
        log.create(TOPIC, 1).unwrap();
        let open = || Vault::in_topic(log.clone(), 30, clock()).unwrap();
        let (today, one, other) = (Time::now().0 / DAY, open(), open());
        assert_eq!(one.of_day(today).unwrap(), other.of_day(today).unwrap(), "all nodes hash alike");
        one.erase(5).unwrap();
        other.keep(today).unwrap();
        assert_eq!(other.of_day(today).unwrap().turn(5, &[], [0; 16]), None);
    }

    #[test]
    fn nothing_ends_and_nothing_is_drawn_before_it_is_known_what_time_it_is() {
        let log = Log::Memory(Arc::new(MemoryLog::new()));
        log.create(TOPIC, 1).unwrap();
        let there = Vault::in_topic(log.clone(), 30, clock()).unwrap().all();
        let asked = Arc::new(Clock::of_the_log());
        let vault = Vault::in_topic(log, 0, asked.clone()).unwrap();
        assert_eq!((vault.today(), vault.all() == there), (None, true));
        asked.hear(Time(77 * DAY + 5));
        asked.trust();
        assert_eq!(vault.today(), Some(77));
    }
}
