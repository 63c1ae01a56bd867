//! What a benchmark reads from the clock and from the system: time, CPU time of the process, bytes, memory.

use std::fmt;
use std::time::{Duration, Instant};

/// A moment of the process.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    at: Instant,
    cpu: Duration,
    written: u64,
}

/// What happened between two moments.
#[derive(Clone, Copy, Debug)]
pub struct Spent {
    /// Time on the wall.
    pub wall: Duration,
    /// CPU time of all threads, in user code and in the kernel.
    pub cpu: Duration,
    /// Bytes that the process had the system write to disk.
    pub written: u64,
}

impl Mark {
    /// Now.
    #[must_use]
    pub fn now() -> Self {
        Self { at: Instant::now(), cpu: cpu(), written: written() }
    }

    /// What happened since.
    #[must_use]
    pub fn spent(&self) -> Spent {
        let now = Self::now();
        Spent { wall: now.at - self.at, cpu: now.cpu - self.cpu, written: now.written - self.written }
    }
}

impl Spent {
    /// CPU time of each of so many things, in microseconds.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a benchmark counts less than 2^52")]
    pub fn each(&self, count: u64) -> f64 {
        self.cpu.as_micros() as f64 / count.max(1) as f64
    }

    /// So many things, each second of the wall and of CPU time.
    #[must_use]
    pub fn rate(&self, count: u64) -> String {
        let per = |time: Duration| u128::from(count) * 1_000_000 / time.as_micros().max(1);
        format!("{} /s, {} /s per core", Thousands(per(self.wall)), Thousands(per(self.cpu)))
    }
}

/// A number with its digits in groups of three.
pub struct Thousands(pub u128);

impl fmt::Display for Thousands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        let mut groups: Vec<&str> = Vec::new();
        let mut rest = digits.as_str();
        while rest.len() > 3 {
            let (head, tail) = rest.split_at(rest.len() - 3);
            groups.push(tail);
            rest = head;
        }
        groups.push(rest);
        groups.reverse();
        write!(f, "{}", groups.join(" "))
    }
}

/// CPU time of this process so far.
fn cpu() -> Duration {
    // Fields 14 and 15 of proc_pid_stat(5), in ticks of 1/100 s; the name before them may hold spaces.
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |field: usize| fields.get(field).and_then(|text| text.parse::<u64>().ok()).unwrap_or_default();
    Duration::from_millis((ticks(11) + ticks(12)) * 10)
}

fn written() -> u64 {
    field("/proc/self/io", "write_bytes:")
}

/// Bytes of memory that this process holds.
#[must_use]
pub fn resident() -> u64 {
    field("/proc/self/status", "VmRSS:") * 1024
}

fn field(file: &str, name: &str) -> u64 {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or_default()
}
