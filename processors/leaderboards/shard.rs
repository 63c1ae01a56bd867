//! Boards that are spread over several partitions: how their shards are called, which owner belongs to which, and what
//! the epochs of all shards are together.
//!
//! A shard is a ranking of its own under a routing key of its own, `board#3`. The partition of the board's own id is
//! its *home*: it has the definition, and says how an epoch of all shards has ended.

use millrace_topics::leaderboards::{Definition, EpochClosed, Ranked, ShardClosed, Window, Won};
use millrace_topics::partition::partition_of;

/// What stands between a board's id and the number of a shard: no id that an operator chooses has it.
const MARK: char = '#';

/// The id of a shard.
#[must_use]
pub fn id(board: &str, shard: u32) -> String {
    format!("{board}{MARK}{shard}")
}

/// True for the id of a shard.
#[must_use]
pub fn is_shard(board: &str) -> bool {
    board.contains(MARK)
}

/// The board that a shard belongs to; a board itself.
#[must_use]
pub fn home_of(board: &str) -> &str {
    board.split_once(MARK).map_or(board, |(home, _)| home)
}

/// The number of a shard.
#[must_use]
pub fn index_of(board: &str) -> Option<u32> {
    board.split_once(MARK).and_then(|(_, shard)| shard.parse().ok())
}

/// The shard that an owner belongs to.
#[must_use]
pub fn of_owner(owner: &str, shards: u32) -> u32 {
    partition_of(owner.as_bytes(), shards)
}

/// The id of the shard that counts a score, as it begins a key of the order, among the distinct ones of its board.
#[must_use]
pub fn of_scores(board: &str, scores: &[u8], shards: u32) -> String {
    id(board, partition_of(scores, shards))
}

/// How many of the best the event of a closed epoch may need.
#[must_use]
pub fn named(definition: &Definition, window: Window) -> usize {
    let last_prize = steps(definition, window).last().map_or(0, |prize| prize.to_rank);
    usize::try_from(definition.top.max(last_prize)).expect("a list is short")
}

fn steps(definition: &Definition, window: Window) -> &[millrace_topics::leaderboards::Prize] {
    if window == Window::All { &definition.prizes } else { &[] }
}

/// How an epoch of a board has ended, from how it has on each of its parts.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn closed(definition: &Definition, board: &str, parts: Vec<ShardClosed>) -> EpochClosed {
    let (window, epoch) = (parts[0].window, parts[0].epoch);
    let opened_at = parts.iter().map(|part| part.opened).min().expect("there is a part");
    let closed_at = parts.iter().map(|part| part.at).max().expect("there is a part");
    let members = parts.iter().map(|part| part.members).sum();
    let hash = parts.iter().fold(0u128, |sum, part| sum.wrapping_add(part.sum));
    let mut best: Vec<(Vec<u8>, Ranked)> = parts.into_iter().flat_map(|part| part.best).collect();
    best.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    best.truncate(named(definition, window));
    let best: Vec<Ranked> = (1..).zip(best).map(|(rank, (_, ranked))| Ranked { rank, ..ranked }).collect();
    let won = best.iter().filter_map(|ranked| {
        let step = steps(definition, window).iter().find(|step| ranked.rank <= step.to_rank.into())?;
        Some(Won { rank: ranked.rank, owner: ranked.owner.clone(), prize: step.prize.clone() })
    });
    let prizes = won.collect();
    let top = best.into_iter().take(definition.top as usize).collect();
    let (board, hash) = (board.to_owned(), format!("{hash:032x}"));
    EpochClosed { board, window, epoch, opened_at, closed_at, members, hash, top, prizes }
}
