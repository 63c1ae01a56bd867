//! Idempotency: the kept outcomes of keyed commands, decided inside the partition and evicted by state alone.

use crate::runtime::tables::{KEYED, KEYED_AGE, Keyed};
use millrace_state::store::Store;
use millrace_topics::codec;
use millrace_topics::record::{Caller, Idempotency};
use millrace_topics::time::Time;
use sha2::{Digest, Sha256};

/// How long and how many outcomes are kept. Both decide outcomes, so they are fixed for the life of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyLimits {
    /// For how long of log time an outcome is kept, in milliseconds.
    pub window_ms: u64,
    /// How many are kept in a partition.
    pub max_keys: u64,
}

impl Default for KeyLimits {
    fn default() -> Self {
        Self { window_ms: 24 * 60 * 60 * 1000, max_keys: 1_000_000 }
    }
}

/// What a key means for a command.
#[derive(Debug, PartialEq, Eq)]
pub enum Seen {
    /// Nothing: it is new.
    New,
    /// The command was applied before.
    Before(Keyed),
    /// The key stands for another request.
    Other,
}

/// The name under which an outcome is kept: 128 bits of SHA-256, because a client chooses what goes in and must not
/// be able to name another caller's.
#[must_use]
pub fn scope(caller: &Caller, routing_key: &[u8], key: &str) -> u128 {
    let mut hash = Sha256::new();
    for part in [caller.id.as_bytes(), routing_key, key.as_bytes()] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let bytes: [u8; 32] = hash.finalize().into();
    u128::from_be_bytes(bytes[..16].try_into().expect("16 of 32 bytes"))
}

/// Looks a key up.
#[must_use]
pub fn look_up(store: &Store, scope: u128, asked: &Idempotency) -> Seen {
    let Some(raw) = store.get(&KEYED.raw_key(&scope)) else { return Seen::New };
    let keyed = KEYED.value_of(&raw);
    if keyed.body_hash == asked.body_hash { Seen::Before(keyed) } else { Seen::Other }
}

/// The order in which kept outcomes go.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeyQueue {
    /// No outcome is kept for an offset below: seeking past the deleted rows would cost more with each.
    low: u64,
}

impl KeyQueue {
    /// Keeps an outcome and evicts what is too old or too many, at most two a call: the count then falls back to its
    /// limit, and no record pays for many. Returns the new count.
    pub fn keep(
        &mut self,
        store: &mut Store,
        scope: u128,
        keyed: &Keyed,
        now: Time,
        count: u64,
        limits: KeyLimits,
    ) -> u64 {
        store.set(KEYED_AGE.raw_key(&keyed.offset), Some(codec::encode(&(now, scope))));
        store.set(KEYED.raw_key(&scope), Some(codec::encode(keyed)));
        let mut count = count + 1;
        for _ in 0..2 {
            let from = KEYED_AGE.all().starting(&KEYED_AGE.raw_key(&self.low));
            let Some((age_key, raw)) = store.range(&from).next() else { break };
            let (kept_at, oldest) = KEYED_AGE.value_of(&raw);
            self.low = KEYED_AGE.key_of(&age_key);
            if now.since(kept_at) <= limits.window_ms && count <= limits.max_keys {
                break;
            }
            store.set(age_key, None);
            store.set(KEYED.raw_key(&oldest), None);
            count -= 1;
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    const LIMITS: KeyLimits = KeyLimits { window_ms: 100, max_keys: 3 };

    fn keyed(offset: u64) -> Keyed {
        Keyed { body_hash: [0; 16], offset, outcome: vec![] }
    }

    fn kept(store: &Store) -> Vec<u128> {
        store.range(&KEYED.all()).map(|(key, _)| KEYED.key_of(&key)).collect()
    }

    #[test]
    fn what_is_too_many_or_too_old_goes_and_the_oldest_first() {
        let mut store = Store::memory(Arc::default());
        let (mut queue, mut count) = (KeyQueue::default(), 0);
        for (offset, time, expected) in [
            (0, 0, &[0_u64][..]),
            (1, 10, &[0, 1]),
            (2, 20, &[0, 1, 2]),
            (3, 30, &[1, 2, 3]),
            (4, 120, &[2, 3, 4]),
            (5, 300, &[4, 5]),
        ] {
            count = queue.keep(&mut store, u128::from(offset), &keyed(offset), Time(time), count, LIMITS);
            assert_eq!(kept(&store), expected.iter().map(|key| u128::from(*key)).collect::<Vec<_>>());
            assert_eq!(count, expected.len() as u64);
        }
    }

    #[test]
    fn a_scope_tells_its_parts_apart() {
        let caller = |id: &str| Caller { id: id.to_owned(), ..Caller::default() };
        assert_ne!(scope(&caller("a"), b"bc", "d"), scope(&caller("ab"), b"c", "d"));
        assert_ne!(scope(&caller("a"), b"b", "cd"), scope(&caller("a"), b"bc", "d"));
    }
}
