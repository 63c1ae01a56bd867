//! How fast the embedded log takes records, beside what one plain file takes with the same group commit and sync.

use crate::bench::figures::{Mark, Thousands};
use crate::cli::AppendLoad;
use crate::node;
use crate::settings::Settings;
use millrace_topics::log::{Log, NewRecord};
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

/// The bytes of a record's value.
const RECORD: usize = 100;

/// How many appends of one client alone are timed.
const ALONE: u32 = 3000;

/// Takes a record, and sends the client's number when it is durable.
type Append<'a> = &'a dyn Fn(u32, Sender<u32>);

/// Runs it.
///
/// # Errors
/// A sentence for the operator.
pub fn run(load: &AppendLoad, settings: &Settings) -> Result<(), String> {
    let sync = time_syncs(&settings.data.join("sync"))?;
    println!("one fdatasync of {RECORD} appended bytes: p50 {sync:?}");
    let plain = Plain::open(&settings.data.join("plain"))?;
    measure("plain file", load, sync, &|client, done| plain.append(client, done));
    drop(plain);
    let log = node::open_embedded(settings).map_err(|error| error.to_string())?;
    log.create("bench", settings.partitions).map_err(|error| error.to_string())?;
    let partitions = settings.partitions;
    measure("embedded log", load, sync, &|client, done| append(&log, client % partitions, client, done));
    if let Log::Embedded(log) = &log {
        log.close();
    }
    Ok(())
}

fn append(log: &Log, partition: u32, client: u32, done: Sender<u32>) {
    let record = NewRecord { value: value(client), ..NewRecord::default() };
    let told = move |result: Result<u64, _>| {
        // Who counts sees that one is missing.
        if result.is_ok() {
            let _ = done.send(client);
        }
    };
    log.append("bench", partition, vec![record], Box::new(told));
}

/// Bytes that do not repeat, so that a log that compresses writes as much as one that does not.
fn value(client: u32) -> Vec<u8> {
    let mut state = u64::from(client) ^ u64::from(std::process::id()) << 32 | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    std::iter::repeat_with(&mut next).flatten().take(RECORD).collect()
}

fn measure(name: &str, load: &AppendLoad, sync: Duration, append: Append<'_>) {
    let (alone, _) = drive(1, ALONE.into(), append);
    let share = alone.as_nanos() * 100 / u128::from(ALONE) / sync.as_nanos().max(1);
    println!("{name}, one client: {:?} an append, {share} % of one fdatasync", alone / ALONE);
    let start = Mark::now();
    let (_, stall) = drive(load.clients, load.records, append);
    let spent = start.spent();
    println!(
        "{name}, {} clients: {}, {}.{:02} bytes written a byte appended, longest stall {stall:?}",
        Thousands(load.clients.into()),
        spent.rate(load.records),
        spent.written / (load.records * RECORD as u64),
        spent.written * 100 / (load.records * RECORD as u64) % 100,
    );
}

/// So many clients, each of which appends again as soon as it is told: the time, and the longest between two tellings.
fn drive(clients: u32, records: u64, append: Append<'_>) -> (Duration, Duration) {
    let (sender, receiver): (Sender<u32>, Receiver<u32>) = channel();
    let start = Instant::now();
    let (mut last, mut stall) = (start, Duration::ZERO);
    (0..clients).for_each(|client| append(client, sender.clone()));
    let mut asked = u64::from(clients);
    for _ in 0..records.max(asked) {
        let Ok(client) = receiver.recv_timeout(Duration::from_secs(60)) else { break };
        let now = Instant::now();
        stall = stall.max(now - last);
        last = now;
        if asked < records {
            append(client, sender.clone());
            asked += 1;
        }
    }
    (start.elapsed(), stall)
}

fn time_syncs(path: &Path) -> Result<Duration, String> {
    let fail = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut file = File::create(path).map_err(fail)?;
    let mut times = Vec::new();
    for _ in 0..1000 {
        file.write_all(&value(1)).map_err(fail)?;
        let start = Instant::now();
        file.sync_data().map_err(fail)?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    Ok(times[times.len() / 2])
}

/// One file, one thread that writes what has come together and syncs it once.
struct Plain {
    queue: Arc<parking_lot::Mutex<Vec<(u32, Sender<u32>)>>>,
    bell: Sender<()>,
}

impl Plain {
    fn open(path: &Path) -> Result<Self, String> {
        let mut file = File::create(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let (bell, rung) = channel();
        let queue: Arc<parking_lot::Mutex<Vec<(u32, Sender<u32>)>>> = Arc::default();
        let taken = queue.clone();
        std::thread::spawn(move || {
            while rung.recv().is_ok() {
                let group = std::mem::take(&mut *taken.lock());
                let bytes: Vec<u8> = group.iter().flat_map(|(client, _)| value(*client)).collect();
                if bytes.is_empty() || file.write_all(&bytes).and_then(|()| file.sync_data()).is_err() {
                    continue;
                }
                // Who waited may have given up.
                group.into_iter().for_each(|(client, done)| _ = done.send(client));
            }
        });
        Ok(Self { queue, bell })
    }

    fn append(&self, client: u32, done: Sender<u32>) {
        self.queue.lock().push((client, done));
        // Its thread lives as long as the bell.
        let _ = self.bell.send(());
    }
}
