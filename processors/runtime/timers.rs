//! Timers: rows in the order in which they are due, with a remembered place to start looking.

use crate::runtime::tables::TIMERS;
use millrace_state::store::Store;
use millrace_state::table::Range;
use millrace_topics::codec;
use millrace_topics::time::Time;

/// How many timers fire in one go before queries get their turn.
pub const TIMERS_PER_COMMIT: usize = 1000;

/// The timers of one partition. The rows are the truth; this remembers that there are none below `low`, because
/// seeking past the deleted rows of fired timers costs more the more of them there are.
#[derive(Clone, Debug, Default)]
pub struct TimerQueue {
    low: Vec<u8>,
    /// The first timer, if it is known.
    first: Option<Option<(Time, Vec<u8>)>>,
}

impl TimerQueue {
    /// Adds a timer.
    pub fn set(&mut self, store: &mut Store, due: Time, id: Vec<u8>) {
        let raw = TIMERS.raw_key(&(due, id.clone()));
        self.low = std::mem::take(&mut self.low).min(raw.clone());
        let is_first = match &self.first {
            Some(None) => true,
            Some(Some(first)) => (due, &id) < (first.0, &first.1),
            None => false,
        };
        if is_first {
            self.first = Some(Some((due, id)));
        }
        store.set(raw, Some(codec::encode(&())));
    }

    /// Removes a timer, if it is there.
    pub fn cancel(&mut self, store: &mut Store, due: Time, id: Vec<u8>) {
        let raw = TIMERS.raw_key(&(due, id.clone()));
        if self.first == Some(Some((due, id))) {
            self.first = None;
            self.low.clone_from(&raw);
        }
        store.set(raw, None);
    }

    /// The first timer.
    pub fn first(&mut self, store: &Store) -> Option<(Time, Vec<u8>)> {
        self.find(store).clone()
    }

    /// The time of the first timer.
    pub fn due(&mut self, store: &Store) -> Option<Time> {
        self.find(store).as_ref().map(|(due, _)| *due)
    }

    fn find(&mut self, store: &Store) -> &Option<(Time, Vec<u8>)> {
        let low = &mut self.low;
        self.first.get_or_insert_with(|| {
            let all: Range = TIMERS.all().starting(low);
            let found = store.range(&all).next().map(|(raw, _)| raw);
            *low = found.clone().unwrap_or_else(|| all.to.clone());
            found.map(|raw| TIMERS.key_of(&raw))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn the_first_is_found_whatever_is_set_and_cancelled() {
        let mut store = Store::memory(Arc::default());
        let mut queue = TimerQueue::default();
        let id = |byte: u8| vec![byte];
        assert_eq!(queue.first(&store), None);
        queue.set(&mut store, Time(20), id(1));
        assert_eq!(queue.due(&store), Some(Time(20)));
        queue.set(&mut store, Time(10), id(2));
        queue.set(&mut store, Time(10), id(1));
        assert_eq!(queue.first(&store), Some((Time(10), id(1))));
        queue.cancel(&mut store, Time(10), id(1));
        assert_eq!(queue.first(&store), Some((Time(10), id(2))));
        queue.cancel(&mut store, Time(10), id(2));
        queue.cancel(&mut store, Time(20), id(1));
        assert_eq!(queue.first(&store), None);
        queue.set(&mut store, Time(5), id(9));
        assert_eq!(queue.first(&store), Some((Time(5), id(9))));
    }
}
