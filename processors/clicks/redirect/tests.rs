//! Redirects where the log takes nothing, and tokens, over a backend that says what the test wants.

use super::{UNRECORDED, Visit, go, with_id};
use crate::clicks::token::{self, Shown};
use crate::runtime::door::{Answering, Ask, Asked, Backend, Door, Submission, Submitted, Subscription};
use crate::runtime::problem::Problem;
use crate::runtime::streams::Events;
use millrace_topics::clicks::{Ad, AdsAnswer, CampaignsAnswer, Click, Command, Hashed, Rejection, RuleSet, Rules};
use millrace_topics::codec;
use millrace_topics::log::LogRecord;
use millrace_topics::position::{Position, Positions};
use millrace_topics::record::Stamp;
use millrace_topics::time::Time;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// 2024-01-01T00:00:00Z.
const NOW: u64 = 1_704_067_200_000;

/// Knows one ad, and answers every submission with the same problem, or takes it.
#[derive(Default)]
struct Fake {
    refuses: Option<Problem>,
    taken: Mutex<Vec<Click>>,
    counted: Mutex<Vec<&'static str>>,
    stamps: AtomicU64,
}

impl Backend for Fake {
    fn stamps(&self, _: u32) -> Stamp {
        Stamp { micros: NOW * 1000 + self.stamps.fetch_add(1, Ordering::Relaxed), node: 0 }
    }

    fn submit(&self, submission: Submission) -> Answering<'_, Submitted> {
        Box::pin(async move {
            assert_eq!(submission.wait, Duration::ZERO, "a redirect waits for no outcome");
            match codec::decode(&submission.command).expect("a command") {
                Command::Click(click) if self.refuses.is_none() => self.taken.lock().push(*click),
                _ => {}
            }
            self.refuses.clone().map_or(Ok(Submitted::Accepted(Positions::default())), Err)
        })
    }

    fn ask(&self, ask: Ask) -> Answering<'_, (Vec<Vec<u8>>, Positions)> {
        let ad = Ad {
            id: "b".to_owned(),
            campaign: "spring".to_owned(),
            placement: "home".to_owned(),
            target: "https://shop.example/x?a=1#top".to_owned(),
            shards: 1,
            price_micros: 1,
            ruleset: 1,
            created_at: Time(NOW),
        };
        let (name, datacenters) = (String::new(), vec!["198.51.100.0/24".to_owned()]);
        let set = RuleSet { ruleset: 1, name, rules: Rules::default(), datacenters, published_at: Time(0) };
        let answer = match ask.machine {
            "clicks.ads" => codec::encode(&Ok::<_, Rejection>(AdsAnswer::Ad(Box::new(ad)))),
            _ => codec::encode(&Ok::<_, Rejection>(CampaignsAnswer::RuleSet(Box::new(set)))),
        };
        Box::pin(async move { Ok((vec![answer], Positions::default())) })
    }

    fn subscribe(&self, _: Subscription) -> Answering<'_, Events> {
        unreachable!("a redirect follows nothing")
    }

    fn partitions(&self) -> u32 {
        8
    }

    fn record(&self, _: &Position) -> Answering<'_, Option<LogRecord>> {
        unreachable!("a redirect reads no log")
    }

    fn secret(&self) -> &[u8] {
        b"secret"
    }

    fn count(&self, what: &'static str) {
        self.counted.lock().push(what);
    }
}

fn visit() -> Visit {
    Visit {
        ad: "b".to_owned(),
        user_agent: "Mozilla/5.0 (X11; Linux x86_64)".to_owned(),
        address: "203.0.113.7".parse().ok(),
        ..Visit::default()
    }
}

/// Follows the ad's link; where that leads, and the backend.
fn follow(fake: Fake, visit: impl FnOnce(&Door) -> Visit) -> (String, Arc<Fake>) {
    let fake = Arc::new(fake);
    let door = Door::new(fake.clone(), Duration::from_secs(1));
    let visit = visit(&door);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    (runtime.block_on(go(&door, visit)).unwrap(), fake)
}

#[test]
fn a_click_that_the_log_does_not_take_is_sent_on_without_an_id_and_noted() {
    for (problem, has_id) in [
        (Problem::unavailable("unavailable", "", 1), false),
        (Problem::new(507, "disk_full", ""), false),
        (Problem::unavailable("overloaded", "", 1), false),
        // It may be in the log, and then it counts.
        (Problem::outcome_unknown(""), true),
    ] {
        let code = problem.code.clone();
        let (location, fake) = follow(Fake { refuses: Some(problem), ..Fake::default() }, |_| visit());
        assert_eq!(location.contains("click_id="), has_id, "{code}: {location}");
        let expected: &[&str] = if has_id { &[] } else { &[UNRECORDED] };
        assert_eq!(*fake.counted.lock(), expected, "{code}");
    }
}

#[test]
fn what_only_looks_leaves_no_record() {
    let previews = ["facebookexternalhit/1.1", "Mozilla/5.0 (compatible; Discordbot/2.0)", "WhatsApp/2.23"];
    let previews = previews.map(|name| Visit { user_agent: name.to_owned(), ..visit() });
    for visit in previews.into_iter().chain([Visit { looks: true, ..visit() }]) {
        let (location, fake) = follow(Fake::default(), |_| visit.clone());
        assert_eq!(location, "https://shop.example/x?a=1#top", "{visit:?}");
        assert!(fake.taken.lock().is_empty() && fake.counted.lock().is_empty(), "{visit:?}");
    }
    let (location, fake) = follow(Fake::default(), |_| visit());
    let taken = fake.taken.lock().pop().unwrap();
    assert_eq!(location, format!("https://shop.example/x?a=1&click_id={}#top", taken.click_id));
    assert!(taken.marks.own_id && !taken.marks.bad_token);
    assert_eq!((taken.time, taken.datacenter_of), (None, Vec::new()));
}

/// Makes a token.
type Make<'a> = Box<dyn Fn(&Door) -> String + 'a>;

#[test]
fn a_token_is_good_for_its_ad_its_visitor_and_two_days() {
    let impression = Hashed([0; 8]);
    // The visitor of the visit above: the same on the way in.
    let (_, fake) = follow(Fake::default(), |_| Visit { cookie: Some("v1".to_owned()), ..visit() });
    let visitor = fake.taken.lock().pop().unwrap().visitor;
    let day = |days: u64| Time(NOW - days * token::DAY);
    let seal = |ad: &'static str, visitor: Hashed, days: u64| {
        move |door: &Door| {
            let impression = token::draw(door, &Asked::default(), "i", day(days));
            token::seal(door, ad, Shown { impression, visitor }, day(days))
        }
    };
    let forged = |door: &Door| seal("b", visitor, 0)(door).replace(|letter: char| letter.is_ascii_digit(), "A");
    let cases: [(&str, Make<'_>, bool); 7] = [
        ("of today", Box::new(seal("b", visitor, 0)), true),
        ("of yesterday", Box::new(seal("b", visitor, 1)), true),
        ("of the day before", Box::new(seal("b", visitor, 2)), false),
        ("of another ad", Box::new(seal("c", visitor, 0)), false),
        ("of another visitor", Box::new(seal("b", impression, 0)), false),
        ("forged", Box::new(forged), false),
        ("malformed", Box::new(|_| "x".to_owned()), false),
    ];
    for (name, make, is_good) in cases {
        let with_token = |door: &Door| Visit { token: Some(make(door)), cookie: Some("v1".to_owned()), ..visit() };
        let (_, fake) = follow(Fake::default(), with_token);
        let taken = fake.taken.lock().pop().unwrap();
        assert_eq!((taken.impression.is_some(), taken.marks.bad_token), (is_good, !is_good), "{name}");
    }
}

#[test]
fn the_id_is_the_last_parameter_of_the_target() {
    for (target, expected) in [
        ("https://a.example/", "https://a.example/?click_id=c"),
        ("https://a.example/?", "https://a.example/?click_id=c"),
        ("https://a.example/?a=1", "https://a.example/?a=1&click_id=c"),
        ("https://a.example/?a=1&", "https://a.example/?a=1&click_id=c"),
        ("https://a.example/#b?c", "https://a.example/?click_id=c#b?c"),
    ] {
        assert_eq!(with_id(target, "c"), expected);
    }
}
