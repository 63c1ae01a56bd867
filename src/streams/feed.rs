//! What all subscribers of one stream share: the present answer, and the last changes that led to it, each encoded
//! once. A subscriber has a number, that of the answer which it holds; nothing is queued for it.

use bytes::Bytes;
use millrace_processors::runtime::problem::Problem;
use millrace_processors::runtime::streams::Show;
use millrace_topics::position::Positions;
use std::collections::VecDeque;

/// What is kept of a stream's changes.
#[derive(Clone, Copy, Debug)]
pub struct Kept {
    /// The most changes.
    pub changes: usize,
    /// The most bytes of them together; the newest is kept in any case.
    pub bytes: usize,
}

/// The present answer of a feed and the way to it.
pub struct Feed {
    show: Show,
    query: Vec<u8>,
    answers: Vec<Vec<u8>>,
    /// The number of the present answer.
    number: u64,
    /// Where the present answer was seen first, and last.
    since: Positions,
    seen: Positions,
    /// Where the oldest answer was seen first from which the kept changes lead on.
    floor: Positions,
    changes: VecDeque<Change>,
    bytes: usize,
    snapshot: Option<Bytes>,
    ended: Option<Bytes>,
}

/// A change from one answer to the next.
struct Change {
    /// Where the answer before was seen last.
    from: Positions,
    /// Where the answer after was seen first.
    to: Positions,
    event: Bytes,
}

/// What a subscriber holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// Nothing yet.
    Nothing,
    /// Something that cannot be gone on from.
    Stale,
    /// The answer of this number.
    Answer(u64),
    /// All there will ever be.
    End,
}

/// What a subscriber is to be sent next.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// These bytes.
    Send(Bytes),
    /// The same, and what it held was worth nothing.
    Reset(Bytes),
    /// Nothing for now.
    Wait,
    /// Nothing any more.
    Over,
}

impl Feed {
    /// A feed that begins with an answer.
    ///
    /// # Errors
    /// Where the answer is a refusal.
    pub fn new(show: Show, query: Vec<u8>, answers: Vec<Vec<u8>>, seen: Positions) -> Result<Self, Problem> {
        let whole = (show.whole)(&query, &answers)?;
        let snapshot = Some(event(&seen, "snapshot", &whole));
        Ok(Self {
            show,
            query,
            answers,
            number: 0,
            since: seen.clone(),
            floor: seen.clone(),
            seen,
            changes: VecDeque::new(),
            bytes: 0,
            snapshot,
            ended: None,
        })
    }

    /// Takes a newer answer; true if there is something to tell. One that has not seen what this feed has is dropped.
    pub fn take(&mut self, answers: Vec<Vec<u8>>, seen: Positions, kept: Kept) -> bool {
        if self.ended.is_some() || !covers(&seen, &self.seen) {
            return false;
        }
        let before = std::mem::replace(&mut self.seen, seen);
        if answers == self.answers {
            return false;
        }
        let change = (self.show.change)(&self.query, &self.answers, &answers);
        self.answers = answers;
        match change {
            Ok(None) => return false,
            Ok(Some(data)) => {
                let event = event(&self.seen, self.show.event, &data);
                self.keep(Change { from: before, to: self.seen.clone(), event }, kept);
            }
            Err(problem) => {
                let data = serde_json::to_vec(&problem.body()).expect("a problem is plain data");
                self.ended = Some(event(&self.seen, "end", &data));
            }
        }
        self.since = self.seen.clone();
        self.snapshot = None;
        self.number += 1;
        true
    }

    fn keep(&mut self, change: Change, kept: Kept) {
        self.bytes += change.event.len();
        self.changes.push_back(change);
        while self.changes.len() > 1 && (self.changes.len() > kept.changes || self.bytes > kept.bytes) {
            let Some(gone) = self.changes.pop_front() else { break };
            self.bytes -= gone.event.len();
            self.floor = gone.to;
        }
    }

    /// What the feed has seen.
    #[must_use]
    pub fn seen(&self) -> &Positions {
        &self.seen
    }

    /// True once there is nothing left to follow.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        self.ended.is_some()
    }

    /// What a client holds that has folded everything up to these positions.
    #[must_use]
    pub fn holds(&self, last_seen: &Positions) -> Holds {
        if self.ended.is_some() {
            return Holds::Stale;
        }
        let first = self.number - self.changes.len() as u64;
        let begins = std::iter::once(&self.floor).chain(self.changes.iter().map(|change| &change.to));
        let ends = self.changes.iter().map(|change| &change.from).chain([&self.seen]);
        let spans = (first..).zip(begins.zip(ends));
        let found = spans.filter(|(_, (begin, end))| covers(last_seen, begin) && covers(end, last_seen)).last();
        found.map_or(Holds::Stale, |(number, _)| Holds::Answer(number))
    }

    /// What comes next for a subscriber, and what it holds then.
    pub fn next(&mut self, holds: Holds) -> (Next, Holds) {
        if let Some(ended) = self.ended.as_ref().filter(|_| holds != Holds::End) {
            return (Next::Send(ended.clone()), Holds::End);
        }
        let number = match holds {
            Holds::End => return (Next::Over, holds),
            Holds::Nothing => return (Next::Send(self.snapshot()), Holds::Answer(self.number)),
            Holds::Stale => return self.reset(),
            Holds::Answer(number) => number,
        };
        if number == self.number {
            return (Next::Wait, holds);
        }
        let behind = usize::try_from(self.number - number).unwrap_or(usize::MAX);
        match self.changes.len().checked_sub(behind) {
            Some(index) => (Next::Send(self.changes[index].event.clone()), Holds::Answer(number + 1)),
            None => self.reset(),
        }
    }

    fn reset(&mut self) -> (Next, Holds) {
        let mut bytes = b"event: reset\ndata: {}\n\n".to_vec();
        bytes.extend_from_slice(&self.snapshot());
        (Next::Reset(bytes.into()), Holds::Answer(self.number))
    }

    fn snapshot(&mut self) -> Bytes {
        if let Some(snapshot) = &self.snapshot {
            return snapshot.clone();
        }
        let whole = (self.show.whole)(&self.query, &self.answers).expect("an answer that could be compared is shown");
        let snapshot = event(&self.since, "snapshot", &whole);
        self.snapshot = Some(snapshot.clone());
        snapshot
    }

    /// What keeps a connection alive on which nothing else is said: the client learns that nothing has changed up to
    /// here.
    #[must_use]
    pub fn heartbeat(&self) -> Bytes {
        format!(": \nid: {}\n\n", self.seen).into()
    }
}

/// An event as it stands on the wire.
fn event(id: &Positions, name: &str, data: &[u8]) -> Bytes {
    let mut bytes = format!("id: {id}\nevent: {name}\ndata: ").into_bytes();
    bytes.extend_from_slice(data);
    bytes.extend_from_slice(b"\n\n");
    bytes.into()
}

/// True if who has seen `one` has seen all of `other`.
#[must_use]
pub fn covers(one: &Positions, other: &Positions) -> bool {
    other.iter().all(|position| one.of(&position.machine, position.partition) >= Some(position.offset))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shows the one answer as it stands; an empty one is refused.
    const SHOW: Show = Show {
        event: "change",
        whole: |_, answers| match answers[0].is_empty() {
            true => Err(Problem::new(404, "gone", "it is gone")),
            false => Ok(answers[0].clone()),
        },
        change: |_, before, after| match after[0].is_empty() {
            true => Err(Problem::new(404, "gone", "it is gone")),
            // What differs only in case shows the same.
            false => Ok((!before[0].eq_ignore_ascii_case(&after[0])).then(|| after[0].clone())),
        },
    };

    const KEPT: Kept = Kept { changes: 2, bytes: 1000 };

    fn at(offset: u64) -> Positions {
        format!("m/0@{offset}").parse().unwrap()
    }

    fn feed(answer: &str, offset: u64) -> Feed {
        Feed::new(SHOW, Vec::new(), vec![answer.into()], at(offset)).unwrap_or_else(|problem| panic!("{problem:?}"))
    }

    fn sent(feed: &mut Feed, holds: Holds) -> (String, Holds) {
        let (next, holds) = feed.next(holds);
        let text = |bytes: Bytes| String::from_utf8(bytes.to_vec()).unwrap();
        let said = match next {
            Next::Send(bytes) => text(bytes),
            Next::Reset(bytes) => format!("RESET {}", text(bytes)),
            Next::Wait => "WAIT".to_owned(),
            Next::Over => "OVER".to_owned(),
        };
        (said.replace('\n', "|"), holds)
    }

    #[test]
    fn a_subscriber_gets_each_change_once_and_a_slow_one_a_snapshot() {
        let mut feed = feed("a", 3);
        let (said, quick) = sent(&mut feed, Holds::Nothing);
        assert_eq!(said, "id: m/0@3|event: snapshot|data: a||");
        let slow = quick;
        assert_eq!(sent(&mut feed, quick).0, "WAIT");
        assert!(!feed.take(vec!["a".into()], at(5), KEPT) && !feed.take(vec!["A".into()], at(6), KEPT));
        assert!(!feed.take(vec!["z".into()], at(4), KEPT), "what is older than what is known is dropped");
        assert_eq!(sent(&mut feed, quick).0, "WAIT");
        assert!(feed.take(vec!["b".into()], at(9), KEPT) && feed.take(vec!["c".into()], at(10), KEPT));
        let (said, quick) = sent(&mut feed, quick);
        assert_eq!(said, "id: m/0@9|event: change|data: b||");
        assert!(feed.take(vec!["d".into()], at(12), KEPT));
        assert_eq!(sent(&mut feed, slow).0, "RESET event: reset|data: {}||id: m/0@12|event: snapshot|data: d||");
        let (said, quick) = sent(&mut feed, quick);
        assert_eq!(said, "id: m/0@10|event: change|data: c||");
        let (said, quick) = sent(&mut feed, quick);
        assert_eq!((said.as_str(), sent(&mut feed, quick).0.as_str()), ("id: m/0@12|event: change|data: d||", "WAIT"));
        assert!(feed.take(vec![Vec::new()], at(13), KEPT));
        let (said, quick) = sent(&mut feed, quick);
        assert!(said.starts_with("id: m/0@13|event: end|data: {") && said.contains("gone"), "{said}");
        assert_eq!(sent(&mut feed, quick).0, "OVER");
    }

    #[test]
    fn a_client_goes_on_from_where_it_was_if_that_is_known_for_sure() {
        let mut feed = feed("a", 3);
        for (answer, offset) in [("a", 5), ("b", 9), ("b", 11), ("c", 14), ("d", 20), ("d", 25)] {
            feed.take(vec![answer.into()], at(offset), KEPT);
        }
        for (offset, holds) in [
            // The change to `b` is not kept any more, but who holds `b` can go on.
            (5, Holds::Stale),
            (8, Holds::Stale),
            (9, Holds::Answer(1)),
            (11, Holds::Answer(1)),
            // Somewhere between 11 and 14 it changed.
            (12, Holds::Stale),
            (14, Holds::Answer(2)),
            (20, Holds::Answer(3)),
            (25, Holds::Answer(3)),
            (26, Holds::Stale),
        ] {
            assert_eq!(feed.holds(&at(offset)), holds, "{offset}");
        }
        assert_eq!(feed.holds(&"other/0@20".parse().unwrap()), Holds::Stale);
        assert_eq!(feed.heartbeat(), Bytes::from(": \nid: m/0@25\n\n"));
    }

    #[test]
    fn kept_bytes_are_bounded_and_the_newest_change_is_kept() {
        let mut feed = feed("a", 0);
        let kept = Kept { changes: 100, bytes: 100 };
        for offset in 1..50 {
            assert!(feed.take(vec![offset.to_string().into()], at(offset), kept));
            assert!(feed.bytes <= 100);
        }
        assert!(feed.take(vec![vec![b'x'; 500]], at(50), kept));
        assert_eq!((feed.changes.len(), feed.holds(&at(49))), (1, Holds::Answer(48 + 1)));
    }
}
