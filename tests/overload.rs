//! Overload: sixteen times as many clients as the server has places for. What it serves stays what it can serve, memory
//! stays flat, and whoever waits as it is told is served.
//!
//! `OVERLOAD_SECONDS` says how long (3); from [`LONG`] on the share of the peak is held to what is promised, below it
//! a busy machine has its say.

use crate::support::{Client, Server, number_of, run_all};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How many requests the server takes at a time. So few that places run out before the processors do: else requests wait
/// in the clients and in the kernel, where nobody can refuse them.
const PLACES: u64 = 8;

/// How many boards are written to.
const BOARDS: u64 = 8;

/// Seconds from which on the figures say something of the server and not of the moment.
const LONG: u64 = 30;

#[derive(Default)]
struct Counts {
    served: AtomicU64,
    refused: AtomicU64,
    /// Requests that were sent again after the time that the server had named, and those of them that were served.
    again: AtomicU64,
    again_served: AtomicU64,
    longest: AtomicU64,
}

impl Counts {
    fn share(&self) -> f64 {
        let load = |count: &AtomicU64| f64::from(u32::try_from(count.load(Ordering::Acquire)).unwrap());
        load(&self.again_served) / load(&self.again).max(1.0)
    }
}

/// One client: sends, and waits where it is told to.
async fn client(http: Client, number: u64, end: Instant, counts: Arc<Counts>) {
    let mut told = false;
    for sent in number.. {
        if Instant::now() >= end {
            return;
        }
        // The same work whoever asks and however often: owners and scores are spread alike.
        let (owner, score) = ((number * 7919 + sent * 31) % 1000, (number * 104_729 + sent * 7919) % 1_000_003);
        let body = json!({ "owner": format!("o{owner}"), "score": score });
        let path = format!("/v1/leaderboards/board-{}/scores", sent % BOARDS);
        let answer = http.post(&path, &body).await.expect("an answer, whatever the load");
        let served = answer.status == 200;
        counts.again.fetch_add(u64::from(told), Ordering::AcqRel);
        counts.again_served.fetch_add(u64::from(told && served), Ordering::AcqRel);
        told = !served;
        if served {
            counts.served.fetch_add(1, Ordering::AcqRel);
            continue;
        }
        assert!(matches!(answer.status, 429 | 503), "{answer:?}");
        counts.refused.fetch_add(1, Ordering::AcqRel);
        let wait: u64 = answer.header("retry-after").expect("a time").parse().expect("in seconds");
        counts.longest.fetch_max(wait, Ordering::AcqRel);
        let until = Instant::now() + Duration::from_secs(wait);
        tokio::time::sleep_until(until.min(end).into()).await;
    }
}

/// So many clients for a while; what is served in a second.
fn load(server: &Server, clients: u64, time: Duration) -> (f64, Arc<Counts>) {
    let counts = Arc::new(Counts::default());
    let (began, http) = (Instant::now(), Client::new(server));
    run_all((0..clients).map(|number| client(http.clone(), number, began + time, counts.clone())));
    let served = f64::from(u32::try_from(counts.served.load(Ordering::Acquire)).unwrap());
    (served / began.elapsed().as_secs_f64(), counts)
}

#[test]
fn ten_times_the_load_is_refused_early_and_what_is_served_stays() {
    let seconds = number_of("OVERLOAD_SECONDS").unwrap_or(3);
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data"), &["--in-flight", &PLACES.to_string(), "--memory", "256M"]);
    for board in 0..BOARDS {
        let definition = json!({ "id": format!("board-{board}"), "operator": "set" });
        assert_eq!(server.post("/v1/leaderboards", &definition).status, 201);
    }
    let time = Duration::from_secs(seconds);
    load(&server, PLACES, time.min(Duration::from_secs(5)));
    let (peak, _) = load(&server, PLACES, time.min(Duration::from_secs(15)));
    let before = server.memory();
    // More than ten times: of that many the queue before the places holds nearly all, and few are refused.
    let (goodput, counts) = load(&server, 16 * PLACES, time);
    let after = server.memory();
    let refused = counts.refused.load(Ordering::Acquire);
    println!(
        "overload for {seconds} s: peak {peak:.0}/s, under sixteen times the clients {goodput:.0}/s ({:.0} %), {refused} refused, \
         of those who waited as told {:.0} % were served at once, longest wait told {} s, memory {} to {} MiB",
        100.0 * goodput / peak,
        100.0 * counts.share(),
        counts.longest.load(Ordering::Acquire),
        before >> 20,
        after >> 20,
    );
    assert!(refused > 0, "it was no overload");
    assert!(after.saturating_sub(before) < 128 << 20, "memory grew from {before} to {after}");
    let (least_goodput, least_share) = if seconds >= LONG { (0.9, 0.7) } else { (0.5, 0.3) };
    assert!(goodput >= least_goodput * peak, "{goodput:.0}/s of {peak:.0}/s");
    assert!(counts.share() >= least_share, "Retry-After is not true: {:.2}", counts.share());
    assert!(server.cli(&["verify"]).status.success());
}
