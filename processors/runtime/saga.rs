//! A saga: several partitions of other machines must agree, all of them or none, before a deadline.
//!
//! Its state lies in the row of whoever began it, and that partition alone decides. A **step** asks every part at once,
//! under the number of the attempt. Each part answers yes or no, and holds what it said yes to until it is told what
//! became of it: it has no clock of its own. The first no, the deadline (a timer) or a change of mind ends the attempt:
//! every part that may hold something is told to let go (**compensation**). When all have said yes, the attempt is
//! agreed, and whoever began it may end it well, which tells every part to keep what it holds.
//!
//! What makes this short is the link: what a partition sends to another arrives once and in order. So to let go may be
//! said before the answer is there, since it comes behind the question; and an answer of an attempt that is over has
//! another number, and is passed over.

use millrace_topics::codec::{Decode, Encode};
use millrace_topics::time::Time;

/// One attempt, as it lies in the row of whoever began it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Saga<P> {
    /// Which attempt it is: rises with each, so that answers to earlier ones are known.
    pub attempt: u32,
    /// When it ends by itself: there is a timer for it.
    pub deadline: Time,
    /// Everybody who was asked.
    pub parts: Vec<P>,
    /// Those who have not answered yet.
    pub waiting: Vec<P>,
}

/// What an answer changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// Nothing: it belongs to another attempt, or was heard before.
    Stale,
    /// Others have not answered yet.
    Waiting,
    /// All have agreed.
    Agreed,
}

impl<P: Clone + PartialEq> Saga<P> {
    /// An attempt that asks all of these: the caller sends the questions and sets the timer.
    #[must_use]
    pub fn begin(attempt: u32, deadline: Time, parts: Vec<P>) -> Self {
        Self { attempt, deadline, waiting: parts.clone(), parts }
    }

    /// Asks one more: where parts are asked one after the other.
    pub fn ask(&mut self, part: P) {
        self.parts.push(part.clone());
        self.waiting.push(part);
    }

    /// Asks one that has said yes another question: how that ends is waited for too.
    ///
    /// # Panics
    /// If it is no part, or has not answered yet.
    pub fn ask_again(&mut self, part: P) {
        assert!(self.parts.contains(&part) && !self.waiting.contains(&part), "who is asked again has said yes");
        self.waiting.push(part);
    }

    /// True if an answer of `part` to `attempt` is still waited for.
    #[must_use]
    pub fn waits_for(&self, attempt: u32, part: &P) -> bool {
        self.attempt == attempt && self.waiting.contains(part)
    }

    /// A part has said yes.
    pub fn agree(&mut self, attempt: u32, part: &P) -> Answered {
        if !self.waits_for(attempt, part) {
            return Answered::Stale;
        }
        self.waiting.retain(|waiting| waiting != part);
        if self.waiting.is_empty() { Answered::Agreed } else { Answered::Waiting }
    }

    /// True once all have said yes.
    #[must_use]
    pub fn is_agreed(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Everybody who may hold something, apart from one who has said no: they are told to let go.
    pub fn held_without<'a>(&'a self, refuser: Option<&'a P>) -> impl Iterator<Item = &'a P> {
        self.parts.iter().filter(move |part| Some(*part) != refuser)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_agreed_when_every_part_has_said_yes_to_this_attempt() {
        let mut saga = Saga::begin(2, Time(9), vec!["a", "b"]);
        for (attempt, part, answered) in [
            (1, "a", Answered::Stale),
            (2, "c", Answered::Stale),
            (2, "a", Answered::Waiting),
            (2, "a", Answered::Stale),
            (2, "b", Answered::Agreed),
            (2, "b", Answered::Stale),
        ] {
            assert!(!saga.is_agreed() || answered == Answered::Stale);
            assert_eq!(saga.agree(attempt, &part), answered, "{attempt} {part}");
        }
        assert!(saga.is_agreed());
        assert_eq!(saga.held_without(Some(&"a")).collect::<Vec<_>>(), [&"b"]);
        assert_eq!(saga.held_without(None).count(), 2);
    }

    #[test]
    fn who_has_said_yes_is_asked_again_and_is_one_part_all_the_same() {
        let mut saga = Saga::begin(1, Time(9), vec!["a", "b"]);
        assert_eq!([saga.agree(1, &"a"), saga.agree(1, &"b")], [Answered::Waiting, Answered::Agreed]);
        saga.ask_again("a");
        assert!(!saga.is_agreed() && saga.waits_for(1, &"a") && !saga.waits_for(1, &"b"));
        assert_eq!(saga.agree(1, &"a"), Answered::Agreed);
        assert_eq!(saga.held_without(None).collect::<Vec<_>>(), [&"a", &"b"]);
    }
}
