//! A sale whose buyers and whose payment provider are processes of their own. The provider says late, twice, too late or
//! never what became of a payment; some buyers stand in line for what others do not pay. `BUYERS` says how many come.

use super::sale::{buyers, free_address};
use super::{put, stock_is};
use crate::support::{Server, eventually, text};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How many processes the buyers are spread over.
const PROCESSES: usize = 4;

/// For how many seconds a checkout holds what it has.
const SECONDS: &str = "2";

/// For so many buyers there is one unit.
const A_UNIT_FOR: usize = 20;

/// But there are no more than these.
const MOST_UNITS: usize = 100;

/// A script beside this file, as a process that ends with the test.
struct Script {
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Script {
    fn start(name: &str, args: &[&str]) -> Self {
        let root = std::env::var("CARGO_MANIFEST_DIR").expect("cargo runs the tests");
        let mut node = Command::new("node");
        node.arg(format!("{root}/tests/carts/{name}")).args(args).stdin(Stdio::piped());
        let mut child = node.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("node is there");
        let out = BufReader::new(child.stdout.take().expect("it is piped"));
        Self { child, out }
    }

    /// The next line that it prints.
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).expect("it can be read");
        line.trim().to_owned()
    }

    /// The next line as JSON; or what it has said before it ended.
    fn json(&mut self) -> Value {
        let line = self.line();
        serde_json::from_str(&line).unwrap_or_else(|_| {
            let mut said = String::new();
            self.child.stderr.as_mut().expect("it is piped").read_to_string(&mut said).expect("it can be read");
            panic!("{line} {said}")
        })
    }

    /// The payments whose money a provider took, each with its cart.
    fn taken(&mut self) -> Vec<(String, String)> {
        self.child.stdin.as_mut().expect("it is piped").write_all(b"\n").expect("it reads");
        serde_json::from_value(self.json()).expect("a list of payments")
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn millis() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
    u64::try_from(since.as_millis()).expect("it fits")
}

/// Runs a sale; `kills` says how often the server is killed meanwhile.
fn sell(buyers: usize, kills: usize) {
    let folder = tempfile::tempdir().unwrap();
    let (data, address) = (folder.path().join("data"), free_address());
    let start = || Server::start(&data, &["--listen", &address]);
    let mut server = start();
    let units = (buyers / A_UNIT_FOR).clamp(1, MOST_UNITS);
    let tee = json!({"on_hand":units,"price":{"amount":1999,"currency":"EUR"}});
    assert_eq!(put(&server, "/v1/carts/skus/tee", &tee).status, 201);
    let mut provider = Script::start("provider.mjs", &[&server.url, SECONDS]);
    let paid_at = provider.line().strip_prefix("ready ").expect("it says where").to_owned();
    let began = millis();
    let share = |number: usize| (buyers * number / PROCESSES).to_string();
    let of_one = |number: usize| {
        Script::start("buyers.mjs", &[&server.url, &paid_at, SECONDS, &share(number), &share(number + 1)])
    };
    let running: Vec<Script> = (0..PROCESSES).map(of_one).collect();
    for _ in 0..kills {
        // In the middle of it: some have paid, some stand in line.
        eventually("something is sold", || {
            let stock = server.get("/v1/carts/skus/tee/availability").body;
            (stock["committed"].as_u64() > Some(0)).then_some(())
        });
        server.kill();
        server = start();
    }
    let fates: Vec<Value> = running.into_iter().map(|mut script| script.json()).collect();
    let sum = |name: &str| fates.iter().filter_map(|fate| fate[name].as_u64()).sum::<u64>();
    let sold_out = fates.iter().filter_map(|fate| fate["last_order"].as_u64()).max().unwrap_or_default();
    let ends = ["ordered", "gave_up", "sold_out"].map(sum);
    assert_eq!(ends, [units, 0, buyers - units].map(|count| count as u64), "none is oversold, none is left over");
    stock_is(&server, "tee", &json!({"on_hand":units,"available":0,"reserved":0,"committed":units}));
    let (paid, refunds) = settled(&server, &mut provider);
    assert_eq!(paid, units, "one payment for each order");
    past_offsets_add_up(&server, units);
    let verified = server.cli(&["verify", "carts"]);
    assert!(verified.status.success(), "{}", text(&verified.stderr));
    let took = Duration::from_millis(sold_out - began);
    let mut each: Vec<u64> =
        fates.iter().filter_map(|fate| fate["took"].as_array()).flatten().filter_map(Value::as_u64).collect();
    each.sort_unstable();
    let at = |percent: usize| Duration::from_millis(each[(each.len() - 1) * percent / 100]);
    println!(
        "{buyers} buyers in {PROCESSES} processes, {units} units, {kills} kills: sold out after {took:?}; {} were told so, \
         {refunds} payments came too late and are to be given back; a buyer p50 {:?}, p99 {:?}",
        sum("sold_out"),
        at(50),
        at(99)
    );
}

/// Of the payments whose money was taken: how many pay an order, and how many are to be given back. There are no others.
fn settled(server: &Server, provider: &mut Script) -> (usize, usize) {
    eventually("the provider has said everything", || {
        let state = |(payment, cart): (String, String)| {
            let answer = server.get(&format!("/v1/carts/payments/{payment}?cart={cart}"));
            (answer.body["state"].as_str().unwrap_or_default().to_owned(), answer.body["order"].is_string())
        };
        let states: Vec<_> = provider.taken().into_iter().map(state).collect();
        let count =
            |name: &str, has_order: bool| states.iter().filter(|state| **state == (name.to_owned(), has_order)).count();
        let (paid, refunds) = (count("captured", true), count("refund_due", false));
        (paid + refunds == states.len()).then_some((paid, refunds))
    })
}

/// The most past states of the stock that are looked at.
const LOOKED_AT: usize = 60;

/// In each state that the stock's log has led to, all that is in the house is available, reserved or committed.
fn past_offsets_add_up(server: &Server, units: usize) {
    let now = server.get("/v1/carts/skus/tee");
    let position = now.header("millrace-position").expect("a position");
    let (partition, last) = position.rsplit_once('@').expect("it names an offset");
    let last: usize = last.parse().expect("a number");
    for offset in (0..=last).step_by((last / LOOKED_AT).max(1)) {
        let then = eventually("the past is there", || {
            let answer = server.get(&format!("/v1/carts/skus/tee/availability?at={partition}@{offset}"));
            (answer.status != 202).then_some(answer)
        });
        // The first records are no commands, or make the item.
        if then.status == 404 {
            continue;
        }
        let count = |name: &str| then.body[name].as_u64().unwrap_or_else(|| panic!("{offset}: {then:?}"));
        assert_eq!(count("on_hand"), units as u64, "{offset}");
        assert_eq!(count("available") + count("reserved") + count("committed"), count("on_hand"), "{offset}");
    }
}

#[test]
fn a_provider_that_is_late_or_silent_costs_nobody_money_and_leaves_nothing_over() {
    sell(buyers(), 0);
}

#[test]
fn the_same_though_the_server_is_killed() {
    sell(buyers(), 1);
}
