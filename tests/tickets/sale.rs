//! An on-sale storm: many buyers in groups of one to six for too few seats, out of several processes. Whoever is told to wait
//! waits; whoever is told that it is sold out goes home. `BUYERS` says how many come.

use super::buyers::{self, Fate, Report};
use crate::support::{Server, eventually, number_of, send};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::process::{Child, Command};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// From how many processes they come.
const PROCESSES: usize = 4;

/// How many seats a row has.
const ROW: usize = 50;

/// How long a hold and an unpaid order last, in seconds: long enough to pay, short enough to wait for.
const SECONDS: u64 = 3;

/// For five buyers there are three seats.
fn rows(buyers: usize) -> usize {
    (buyers * 3 / 5).div_ceil(ROW)
}

/// Whoever looks on while a sale runs.
#[derive(Default)]
struct Watch {
    url: String,
    sampled: Mutex<Vec<String>>,
    is_over: AtomicBool,
}

impl Watch {
    /// What there is now, if the server is there, and where in the log.
    fn look(&self) -> Option<(Value, String)> {
        let path = "/v1/tickets/events/gig/availability";
        let answer = send(&format!("{}{path}", self.url), "GET", &[], Vec::new()).ok()?;
        let position = answer.header("millrace-position")?.to_owned();
        (answer.status == 200).then_some((answer.body, position))
    }

    /// Looks again and again whether everything adds up.
    fn watch(&self) {
        while !self.is_over.load(Ordering::Relaxed) {
            if let Some((shown, position)) = self.look() {
                adds_up(&shown);
                self.sampled.lock().expect("nobody has failed").push(position);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Holds what there is against the capacity, and says how many are sold.
fn adds_up(availability: &Value) -> u64 {
    let of = |name: &str| availability["categories"][0][name].as_u64().expect("a number");
    assert_eq!(of("free") + of("held") + of("sold") + of("blocked"), of("capacity"), "{availability}");
    of("sold")
}

/// A port that nobody listens on.
fn free_address() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    listener.local_addr().expect("it is bound").to_string()
}

/// This test once more, as one of the processes that buy.
fn start_buyers(test: &str, order: String) -> Child {
    let program = std::env::current_exe().expect("it runs");
    let mut command = Command::new(program);
    command.args(["--exact", test]).env(buyers::VARIABLE, order).spawn().expect("it starts")
}

/// Runs a sale; `kills` says how often the server is killed meanwhile.
fn sell(test: &str, buyers: usize, kills: usize) {
    if buyers::buy_if_told() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (data, address) = (folder.path().join("data"), free_address());
    let start = || Server::start(&data, &["--listen", &address]);
    let mut server = Some(start());
    let rows: Vec<Value> = (1..=rows(buyers)).map(|row| json!({"id":row.to_string(),"seats":ROW})).collect();
    let seats = rows.len() * ROW;
    let plan = json!({"id":"gig","hold_seconds":SECONDS,"order_seconds":SECONDS,"max_per_buyer":6,
        "categories":[{"id":"floor","price":{"amount":5000,"currency":"EUR"}}],
        "sections":[{"id":"A","category":"floor","rows":rows}]});
    let published = server.as_ref().expect("it was started").post("/v1/tickets/events", &plan);
    assert_eq!(published.status, 201, "{published:?}");
    let report = |process: usize| folder.path().join(format!("report-{process}")).display().to_string();
    let watch = Watch { url: format!("http://{address}"), ..Watch::default() };
    let began = Instant::now();
    std::thread::scope(|scope| {
        let watcher = scope.spawn(|| watch.watch());
        let order = |process: usize| buyers::order_of(&watch.url, buyers, process, PROCESSES, &report(process));
        let processes: Vec<Child> = (0..PROCESSES).map(|process| start_buyers(test, order(process))).collect();
        for kill in 1..=kills {
            // In the middle of it: seats are being held, ordered and paid.
            let after = u64::try_from(seats / 2 * kill / (kills + 1)).expect("it fits");
            eventually("so many seats are sold", || watch.look().filter(|(shown, _)| adds_up(shown) >= after));
            server.take().expect("it was started").kill();
            server = Some(start());
        }
        for mut process in processes {
            assert!(process.wait().expect("it is waited for").success(), "buyers are served");
        }
        watch.is_over.store(true, Ordering::Relaxed);
        watcher.join().expect("it adds up");
    });
    let (took, server) = (began.elapsed(), server.expect("it was started"));
    let reports = (0..PROCESSES).map(|process| std::fs::read_to_string(report(process)).expect("it was written"));
    let reports: Vec<Report> = reports.map(|text| Report::read(&text)).collect();
    let fates: Vec<&Fate> = reports.iter().flat_map(|report| &report.fates).collect();
    check(&server, &fates, buyers, seats);
    let sampled = watch.sampled.into_inner().expect("nobody has failed");
    for position in sampled.iter().step_by((sampled.len() / 3).max(1)) {
        adds_up(&then(&server, position));
    }
    let verified = server.cli(&["verify", "tickets"]);
    assert!(verified.status.success(), "{}", crate::support::text(&verified.stderr));
    let mut holds: Vec<u64> = reports.iter().flat_map(|report| report.holds.iter().copied()).collect();
    holds.sort_unstable();
    let at = |percent: usize| Duration::from_micros(holds[(holds.len() - 1) * percent / 100]);
    println!(
        "{buyers} buyers of {PROCESSES} processes, {seats} seats, {kills} kills: sold out in {took:?}, {} holds, p50 {:?}, \
         p99 {:?}; {} samples",
        holds.len(),
        at(50),
        at(99),
        sampled.len()
    );
}

/// Nobody has a seat that somebody else has, none is left over, and `sold_out` was true when it was said first.
fn check(server: &Server, fates: &[&Fate], buyers: usize, seats: usize) {
    let bought = fates.iter().filter_map(|fate| if let Fate::Bought(seats) = fate { Some(seats) } else { None });
    let bought: Vec<&String> = bought.flatten().collect();
    let sold: BTreeSet<&String> = bought.iter().copied().collect();
    assert_eq!(
        (fates.len(), bought.len(), sold.len()),
        (buyers, seats, seats),
        "none is sold twice, none is left over"
    );
    let shown = server.get("/v1/tickets/events/gig/availability").body;
    assert_eq!(adds_up(&shown), seats as u64, "{shown}");
    let offset = |position: &String| position.rsplit_once('@').and_then(|(_, at)| at.parse::<u64>().ok()).expect("one");
    let refused = fates.iter().filter_map(|fate| if let Fate::SoldOut(at) = fate { Some(at) } else { None });
    let first = refused.min_by_key(|position| offset(position)).expect("more come than there are seats");
    assert_eq!(adds_up(&then(server, first)), seats as u64, "sold out at {first}");
}

/// What there was at a position.
fn then(server: &Server, position: &str) -> Value {
    eventually("the past state is there", || {
        let answer = server.get(&format!("/v1/tickets/events/gig/availability?at={position}"));
        (answer.status == 200).then_some(answer.body)
    })
}

fn buyers() -> usize {
    number_of("BUYERS").map_or(400, |buyers| usize::try_from(buyers).expect("it fits"))
}

#[test]
fn an_on_sale_storm_sells_every_seat_once() {
    sell("tickets::sale::an_on_sale_storm_sells_every_seat_once", buyers(), 0);
}

#[test]
fn an_on_sale_storm_sells_every_seat_once_though_the_server_is_killed() {
    sell("tickets::sale::an_on_sale_storm_sells_every_seat_once_though_the_server_is_killed", buyers(), 2);
}
