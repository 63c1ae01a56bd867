//! The buyers of an on-sale storm, as a process of their own runs them: some pay, some payments fail first, some buyers
//! vanish with what they hold and some with what they ordered, and some are bots, which take all that they can get, try
//! what is not theirs, and never pay.

use crate::support::{Answer, DEADLINE, send};
use serde_json::{Value, json};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How many buyers of a process ask at the same time.
const AT_ONCE: usize = 8;

/// The variable that makes a process of the test one that buys.
pub const VARIABLE: &str = "STORM";

/// How one buyer fared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// With these seats.
    Bought(Vec<String>),
    /// Without a word.
    Vanished,
    /// Told that it is sold out, at this position.
    SoldOut(String),
}

impl Fate {
    fn json(&self) -> Value {
        match self {
            Self::Bought(seats) => json!({ "bought": seats }),
            Self::Vanished => json!("vanished"),
            Self::SoldOut(position) => json!({ "sold_out": position }),
        }
    }

    fn read(value: &Value) -> Self {
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        match (value["bought"].as_array(), value["sold_out"].is_string()) {
            (Some(seats), _) => Self::Bought(seats.iter().map(text).collect()),
            (None, true) => Self::SoldOut(text(&value["sold_out"])),
            (None, false) => Self::Vanished,
        }
    }
}

/// What a process of buyers says at its end.
pub struct Report {
    /// How each of them fared.
    pub fates: Vec<Fate>,
    /// How long each hold took that was given, in microseconds.
    pub holds: Vec<u64>,
}

impl Report {
    /// Reads what a process has written.
    pub fn read(text: &str) -> Self {
        let value: Value = serde_json::from_str(text).expect("it is JSON");
        let list = |name: &str| value[name].as_array().expect("a list").clone();
        let number = |value: &Value| value.as_u64().expect("a number");
        Self {
            fates: list("fates").iter().map(Fate::read).collect(),
            holds: list("holds").iter().map(number).collect(),
        }
    }
}

/// Some of the buyers of a sale: those whose number has this remainder.
struct Sale {
    url: String,
    buyers: usize,
    processes: usize,
    next: AtomicUsize,
    fates: Mutex<Vec<Fate>>,
    holds: Mutex<Vec<Duration>>,
}

/// What a process of buyers is told: `process` of `processes`, and the file for its report.
pub fn order_of(url: &str, buyers: usize, process: usize, processes: usize, report: &str) -> String {
    json!({"url":url,"buyers":buyers,"process":process,"processes":processes,"report":report}).to_string()
}

/// Buys, if this process was started to; false if it is the one that starts them.
pub fn buy_if_told() -> bool {
    let Ok(order) = std::env::var(VARIABLE) else { return false };
    let order: Value = serde_json::from_str(&order).expect("it is JSON");
    let number = |name: &str| usize::try_from(order[name].as_u64().expect("a number")).expect("it fits");
    let text = |name: &str| order[name].as_str().expect("a text").to_owned();
    let sale = Sale {
        url: text("url"),
        buyers: number("buyers"),
        processes: number("processes"),
        next: AtomicUsize::new(number("process")),
        fates: Mutex::default(),
        holds: Mutex::default(),
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(|| sale.work())).collect();
        workers.into_iter().for_each(|worker| worker.join().expect("a buyer is served"));
    });
    let fates: Vec<Value> = sale.fates.into_inner().expect("nobody has failed").iter().map(Fate::json).collect();
    let holds = sale.holds.into_inner().expect("nobody has failed");
    let micros: Vec<u64> = holds.iter().map(|took| u64::try_from(took.as_micros()).expect("it fits")).collect();
    std::fs::write(text("report"), json!({"fates":fates,"holds":micros}).to_string()).expect("it can be written");
    true
}

/// The same number for the same buyer, whatever happens (SplitMix64).
fn chance(buyer: usize, of: u64) -> u64 {
    let mut z = (buyer as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ of;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)) % of
}

impl Sale {
    /// Asks until there is a final answer: under its key, so that it takes effect once whatever happens meanwhile.
    fn post(&self, path: &str, key: &str, body: &Value) -> Answer {
        let until = Instant::now() + DEADLINE;
        loop {
            let headers = [("idempotency-key", key)];
            match send(&format!("{}{path}", self.url), "POST", &headers, body.to_string().into_bytes()) {
                Ok(answer) if ![202, 429, 503, 504].contains(&answer.status) => return answer,
                other => assert!(Instant::now() < until, "{path}: {other:?}"),
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Holds seats for as many of a group as there can be.
    fn hold(&self, buyer: usize) -> Result<Answer, Fate> {
        let mut number = 1 + chance(buyer, 6);
        let until = Instant::now() + DEADLINE;
        for attempt in 0.. {
            let began = Instant::now();
            let body = json!({"buyer":format!("b{buyer}"),"best":{"number":number}});
            let held = self.post("/v1/tickets/events/gig/holds", &format!("hold-{buyer}-{attempt}"), &body);
            match held.code() {
                "" => {
                    assert_eq!(
                        (held.status, held.body["seats"].as_array().map(Vec::len)),
                        (201, Some(usize::try_from(number).expect("a few thousand")))
                    );
                    self.holds.lock().expect("nobody has failed").push(began.elapsed());
                    return Ok(held);
                }
                "sold_out" => return Err(Fate::SoldOut(held.header("millrace-position").expect("one").to_owned())),
                "too_few_left" | "not_adjacent" if number > 1 => number -= 1,
                "all_held" => std::thread::sleep(Duration::from_millis(50)),
                other => panic!("{other}: {held:?}"),
            }
            assert!(Instant::now() < until, "{held:?}");
        }
        unreachable!("it is tried until the deadline")
    }

    /// True for one of ten, but for the last quarter: else nobody might be left who wants what comes back.
    fn is_one_of(&self, buyer: usize, of: u64) -> bool {
        buyer < self.buyers * 3 / 4 && chance(buyer, of) == 0
    }

    /// A bot has what one buyer may have and no more, whatever it asks for, and nothing of what others have.
    fn grab(&self, buyer: usize) -> Fate {
        let first = match self.hold(buyer) {
            Ok(held) => held,
            Err(fate) => return fate,
        };
        let seats = first.body["seats"].as_array().expect("a list").clone();
        let again = |nth: usize, what: Value| {
            let mut body = what;
            body["buyer"] = json!(format!("b{buyer}"));
            self.post("/v1/tickets/events/gig/holds", &format!("grab-{buyer}-{nth}"), &body)
        };
        let more = again(0, json!({"best":{"number":6}}));
        assert_eq!((more.status, more.code()), (422, "limit_exceeded"), "{more:?}");
        let twice = again(1, json!({"seats":[seats[0]]}));
        // Its own hold may be over by now, and the seat somebody else's, or free.
        let is_right = ["seat_taken", "limit_exceeded", ""].contains(&twice.code());
        assert!(is_right, "a seat that is held: {twice:?}");
        let hold = first.body["hold"].as_str().expect("a token");
        let (number, _) = hold.split_once('.').expect("a number and a secret");
        let forged = json!({"event":"gig","hold":format!("{number}.guessed"),"buyer":format!("b{buyer}")});
        let stolen = self.post("/v1/tickets/orders", &format!("forge-{buyer}"), &forged);
        assert_eq!((stolen.status, stolen.code()), (404, "unknown_hold"), "{stolen:?}");
        Fate::Vanished
    }

    fn buy(&self, buyer: usize) -> Fate {
        if self.is_one_of(buyer, 20) {
            return self.grab(buyer);
        }
        let held = match self.hold(buyer) {
            Ok(held) => held,
            Err(fate) => return fate,
        };
        if self.is_one_of(buyer, 10) {
            return Fate::Vanished;
        }
        let step = |name: &str, path: &str, body: &Value| self.post(path, &format!("{name}-{buyer}"), body);
        let asked = json!({"event":"gig","hold":held.body["hold"],"buyer":held.body["buyer"]});
        let ordered = step("order", "/v1/tickets/orders", &asked);
        if ordered.code() == "hold_expired" {
            // The server was dead for longer than the hold lasts.
            return Fate::Vanished;
        }
        assert_eq!(ordered.status, 201, "{ordered:?}");
        if self.is_one_of(buyer, 11) {
            return Fate::Vanished;
        }
        let path = format!("/v1/tickets/orders/{}/payments", ordered.body["order"].as_str().expect("an id"));
        let amount = &ordered.body["total"]["amount"];
        let pay = |kind: &str, payment: &str| json!({"type":kind,"payment":payment,"amount":amount});
        if chance(buyer, 7) == 0 {
            let failed = step("fail", &path, &pay("failed", "first"));
            assert_eq!((failed.status, &failed.body["reported"]["state"]), (200, &json!("failed")), "{failed:?}");
        }
        // The provider says it twice, as providers do.
        let paid = step("pay", &path, &pay("captured", "second"));
        let again = step("pay-again", &path, &pay("captured", "second"));
        assert_eq!((paid.status, &paid.body["reported"]), (200, &again.body["reported"]), "{paid:?} {again:?}");
        match paid.body["state"].as_str() {
            Some("paid") => {
                let tickets = paid.body["tickets"].as_array().expect("a list").iter();
                Fate::Bought(tickets.map(|ticket| ticket["seat"].as_str().expect("a seat").to_owned()).collect())
            }
            _ => {
                assert_eq!(paid.body["reported"]["state"], "refund_due", "{paid:?}");
                Fate::Vanished
            }
        }
    }

    fn work(&self) {
        loop {
            let buyer = self.next.fetch_add(self.processes, Ordering::Relaxed);
            if buyer >= self.buyers {
                return;
            }
            let fate = self.buy(buyer);
            self.fates.lock().expect("nobody has failed").push(fate);
        }
    }
}
