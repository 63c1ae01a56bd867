//! The runtime's own tables in every partition's store: numbers 1 to 15. A machine's tables start at 16.

use millrace_state::table::{Table, TableDef};
use millrace_topics::codec::{Decode, Encode};
use millrace_topics::time::Time;

/// The first number that a machine may give to a table.
pub const FIRST_OF_MACHINE: u8 = 16;

/// The format of the state; a store with an older one is rebuilt, a newer one is refused.
pub const STATE_FORMAT: u32 = 10;

/// What a state was made from: the one row of [`ORIGIN`].
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Origin {
    /// [`STATE_FORMAT`] of the build that wrote it.
    pub format: u32,
    /// The id of the topic that the state was made from.
    pub topic_id: String,
    /// How many partitions the topic has.
    pub partitions: u32,
}

/// Where a partition stands: the one row of [`META`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Meta {
    /// The offset to apply next; everything below is in the state.
    pub next: u64,
    /// The last applied record's offset and the hash of it, to know the log again. `None` before the first one.
    pub last: Option<(u64, u64)>,
    /// How many events were said at `next` so far: the timers before a record may fire in several goes.
    pub said: u32,
    /// Some timers that are due before the record at `next` have fired and some have not: no place to compare a state
    /// with its rebuild.
    pub timers_left: bool,
    /// The partition's clock.
    pub clock: Time,
    /// The digest chain's head.
    pub digest: u128,
    /// The version of the machine's rules that is in force.
    pub rules: u32,
    /// How many keyed outcomes are kept.
    pub keyed: u64,
    /// What happened here since the first record.
    pub counters: Counters,
}

/// What happened in a partition since its first record. All of it follows from the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Counters {
    /// Commands that a transition accepted.
    pub accepted: u64,
    /// Commands that a transition refused.
    pub refused: u64,
    /// Commands answered from a kept outcome.
    pub repeated: u64,
    /// Records between machines that had been received before.
    pub dropped: u64,
    /// Records between machines that came before one that is still missing.
    pub gaps: u64,
    /// Records that were forwarded to the partition of their key.
    pub misrouted: u64,
    /// Records that were dead-lettered.
    pub dead: u64,
    /// Timers that fired.
    pub timers: u64,
}

/// The link to one receiving partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Link {
    /// The number of the last record that was sent.
    pub sent: u64,
    /// Up to this number the receiver's log has them, and their rows are gone.
    pub gone: u64,
}

/// The outcome kept for an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Keyed {
    /// What the client asked for.
    pub body_hash: [u8; 16],
    /// The record that it took effect at.
    pub offset: u64,
    /// The encoded outcome.
    pub outcome: Vec<u8>,
}

/// 32 bits of the digest after each record of a block of 1,024 offsets, and the whole one after the last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct DigestBlock {
    /// The head of the chain after the last record so far.
    pub digest: u128,
    /// (offset in the block, low 32 bits of the head after it). Empty once the block is old.
    pub records: Vec<(u16, u32)>,
}

/// The outcomes of a block of 1,024 offsets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct OutcomeBlock {
    /// (offset in the block, encoded outcome), in order; offsets without an outcome are left out.
    pub outcomes: Vec<(u16, Vec<u8>)>,
}

/// Where the partition stands.
pub const META: Table<(), Meta> = Table::derived(1, "meta");
/// (due, encoded timer).
pub const TIMERS: Table<(Time, Vec<u8>), ()> = Table::derived(2, "timers");
/// (receiving machine, its partition, n) → the record's value.
pub const OUTBOX: Table<(String, u32, u64), (Vec<u8>, Vec<u8>)> = Table::derived(3, "outbox");
/// (receiving machine, its partition).
pub const LINKS: Table<(String, u32), Link> = Table::derived(4, "links");
/// (sending machine, its partition) → the last n that was applied.
pub const RECEIVED: Table<(String, u32), u64> = Table::derived(5, "received");
/// Scope of an idempotency key → its outcome.
pub const KEYED: Table<u128, Keyed> = Table::derived(6, "keyed");
/// Offset of a keyed command → its time and scope: the order of eviction.
pub const KEYED_AGE: Table<u64, (Time, u128)> = Table::derived(7, "keyed_age");
/// Offset / 1,024 → digests.
pub const DIGESTS: Table<u64, DigestBlock> = Table::derived(8, "digests").cold();
/// Offset / 1,024 → outcomes.
pub const OUTCOMES: Table<u64, OutcomeBlock> = Table::derived(9, "outcomes").cold();
/// What the state was made from.
pub const ORIGIN: Table<(), Origin> = Table::derived(10, "origin");

/// The runtime's tables, by number.
#[must_use]
pub fn all() -> Vec<TableDef> {
    vec![
        META.def(),
        TIMERS.def(),
        OUTBOX.def(),
        LINKS.def(),
        RECEIVED.def(),
        KEYED.def(),
        KEYED_AGE.def(),
        DIGESTS.def(),
        OUTCOMES.def(),
        ORIGIN.def(),
    ]
}
