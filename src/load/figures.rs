//! How the requests of a load went, by kind: how many, and how long they took, in HDR histograms.

use super::Done;
use super::scenario::Request;
use crate::client::ClientError;
use hdrhistogram::Histogram;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// The longest time that is told from a longer one, in µs.
const LONGEST: u64 = 600_000_000;

/// Times are kept to three digits.
const DIGITS: u8 = 3;

/// How the requests of one kind went.
struct Row {
    errors: u64,
    /// In µs.
    times: Histogram<u64>,
}

impl Default for Row {
    fn default() -> Self {
        let times = Histogram::new_with_bounds(1, LONGEST, DIGITS).expect("the bounds are right");
        Self { errors: 0, times }
    }
}

impl Row {
    fn count(&mut self, took: Duration, is_error: bool) {
        self.errors += u64::from(is_error);
        self.times.saturating_record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    /// The time within which this part of the requests was answered.
    fn quantile(&self, part: f64) -> String {
        millis(self.times.value_at_quantile(part))
    }
}

fn millis(micros: u64) -> String {
    format!("{}.{:02} ms", micros / 1000, micros % 1000 / 10)
}

/// How all requests went.
pub(super) struct Figures {
    pub(super) began: Instant,
    pub(super) took: Duration,
    /// Requests that were due and were not made, because too many were under way.
    pub(super) unsent: u64,
    /// After so many failed requests in a row the server is taken for gone.
    give_up: u64,
    all: Row,
    kinds: BTreeMap<&'static str, Row>,
    failed_in_a_row: u64,
    first_error: Option<String>,
}

impl Figures {
    pub(super) fn new(give_up: u64) -> Self {
        Self {
            began: Instant::now(),
            took: Duration::ZERO,
            unsent: 0,
            give_up,
            all: Row::default(),
            kinds: BTreeMap::new(),
            failed_in_a_row: 0,
            first_error: None,
        }
    }

    /// Requests that went wrong or were not made.
    pub(super) fn errors(&self) -> u64 {
        self.all.errors + self.unsent
    }

    /// Counts an answer, and returns what follows from it.
    pub(super) fn count(&mut self, done: Done) -> Result<Vec<Request>, String> {
        let error = match &done.result {
            Ok(answer) => refused_part(answer),
            Err(ClientError::Refused { status, .. }) if done.may_be_refused && *status < 500 => None,
            Err(error) => Some(error.to_string()),
        };
        self.failed_in_a_row = if error.is_some() { self.failed_in_a_row + 1 } else { 0 };
        if let (true, Some(error)) = (self.failed_in_a_row >= self.give_up, &error) {
            return Err(format!("{} requests in a row failed, the last one because: {error}", self.give_up));
        }
        self.all.count(done.took, error.is_some());
        self.kinds.entry(done.kind).or_default().count(done.took, error.is_some());
        let follows = match (done.result, done.then) {
            (Ok(answer), Some(then)) if error.is_none() => then(&answer),
            _ => Vec::new(),
        };
        self.first_error = self.first_error.take().or(error);
        Ok(follows)
    }

    fn per_second(&self, over: Duration) -> u64 {
        let millis = u64::try_from(over.as_millis()).unwrap_or(u64::MAX).max(1);
        self.all.times.len() * 1000 / millis
    }

    pub(super) fn line(&self) -> String {
        let (all, rate) = (&self.all, self.per_second(self.began.elapsed()));
        let (p50, p99) = (all.quantile(0.5), all.quantile(0.99));
        format!("{} requests, {rate}/s, p50 {p50}, p99 {p99}, {} errors", all.times.len(), self.errors())
    }

    pub(super) fn print(&self) {
        let columns = ["done", "errors", "p50", "p99", "p99.9", "most"].map(|title| format!("{title:>11}"));
        println!("\n{:<24}{}", "requests", columns.concat());
        let total = format!("all, {}/s", self.per_second(self.took));
        for (kind, row) in self.kinds.iter().map(|(kind, row)| (*kind, row)).chain([(total.as_str(), &self.all)]) {
            let times = [0.5, 0.99, 0.999, 1.0].map(|part| row.quantile(part));
            let figures = [row.times.len().to_string(), row.errors.to_string()].into_iter().chain(times);
            println!("{kind:<24}{}", figures.map(|figure| format!("{figure:>11}")).collect::<String>());
        }
        if self.unsent > 0 {
            println!("{} more were due and not made: too many were under way", self.unsent);
        }
        if let Some(error) = &self.first_error {
            println!("the first error: {error}");
        }
    }
}

/// Why one of many scores of a request does not count.
fn refused_part(answer: &Value) -> Option<String> {
    let parts = answer["results"].as_array()?;
    let refused = parts.iter().find(|part| part["status"].as_u64().is_some_and(|status| status >= 400))?;
    Some(refused["problem"]["detail"].as_str().unwrap_or("a score was refused").to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::scenario::Then;
    use super::*;

    #[test]
    fn times_are_counted_by_their_size() {
        let mut row = Row::default();
        for millis in 1..=1000 {
            row.count(Duration::from_millis(millis), millis > 998);
        }
        assert_eq!((row.times.len(), row.errors), (1000, 2));
        let shown = [0.5, 0.99, 0.999, 1.0].map(|part| row.quantile(part));
        assert_eq!(shown, ["500.22 ms", "990.20 ms", "999.42 ms", "1000.44 ms"]);
        assert_eq!(Row::default().quantile(0.99), "0.00 ms");
        row.count(Duration::from_secs(3600), false);
        assert_eq!(row.times.len(), 1001, "what takes too long is counted as the longest");
    }

    #[test]
    fn what_follows_from_an_answer_comes_back_and_a_refusal_may_be_one() {
        let mut figures = Figures::new(2);
        let done = |result, may_be_refused| {
            let then: Then = Box::new(|answer| vec![Request::get("a look", format!("/{}", answer["id"]))]);
            Done { kind: "one", took: Duration::ZERO, may_be_refused, then: Some(then), result }
        };
        let refused = |status| ClientError::Refused { status, code: "sold_out".into(), detail: "all".into() };
        let follows = figures.count(done(Ok(serde_json::json!({ "id": 7 })), false)).unwrap();
        assert_eq!(follows.iter().map(|request| request.path.as_str()).collect::<Vec<_>>(), ["/7"]);
        for (status, may_be_refused, errors) in [(409, false, 1), (409, true, 1), (503, true, 2)] {
            assert!(figures.count(done(Err(refused(status)), may_be_refused)).unwrap().is_empty());
            assert_eq!(figures.errors(), errors, "{status}");
        }
        let gone = figures.count(done(Err(refused(503)), false)).err();
        assert_eq!(gone.as_deref(), Some("2 requests in a row failed, the last one because: all (503 sold_out)"));
        figures.unsent += 3;
        assert_eq!(figures.errors(), 5);
    }
}
