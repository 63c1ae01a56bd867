//! Leagues: who plays in which bucket, and who goes up or down a tier when an epoch has ended.
//!
//! An epoch ends without touching a member. A timer then settles its buckets one after the other, and whoever submits
//! before its bucket's turn is settled at that moment. Both read the same: the order as it was when the epoch ended,
//! which nothing moves any more.

use super::{PAUSE_MS, find};
use crate::leaderboards::ladder::Ladder;
use crate::leaderboards::tables::{BUCKETS, BoardRow, BucketsRow, EPOCHS, Seat, TIERS, TierRow};
use crate::leaderboards::{Boards, order};
use millrace_topics::leaderboards::{
    BUCKET_SIZE_LIMIT, Event, League, LeagueDefinition, Rejection, TIER_NAME_LIMIT, TIERS_LIMIT, Tie, TierChanged,
    Timer, Window,
};
use millrace_topics::time::Time;

type Cx<'a> = crate::runtime::cx::Cx<'a, Boards>;

/// How many members are looked at in one go after an epoch has ended.
pub const SETTLE_MEMBERS: u64 = 1000;

/// A bucket is settled in one go.
const _: () = assert!(BUCKET_SIZE_LIMIT as u64 <= SETTLE_MEMBERS);

/// What is wrong with a league whatever the state is.
pub(super) fn check(new: &LeagueDefinition) -> Result<(), Rejection> {
    fault(new).map_or(Ok(()), |fault| Err(Rejection::BadDefinition(fault)))
}

fn fault(LeagueDefinition { definition, league }: &LeagueDefinition) -> Option<String> {
    let League { bucket_size, tiers, promote, relegate } = league;
    let no = |what: &str| Some(format!("a league {what}"));
    if !(2..=BUCKET_SIZE_LIMIT).contains(bucket_size) {
        return no(&format!("has a `bucket_size` of 2 to {BUCKET_SIZE_LIMIT}, not {bucket_size}"));
    }
    if !(1..=TIERS_LIMIT).contains(&tiers.len()) {
        return no(&format!("has 1 to {TIERS_LIMIT} `tiers`, not {}", tiers.len()));
    }
    if !tiers.iter().all(|tier| (1..=TIER_NAME_LIMIT).contains(&tier.len())) {
        return no(&format!("has `tiers` with names of 1 to {TIER_NAME_LIMIT} bytes"));
    }
    if (1..tiers.len()).any(|at| tiers[..at].contains(&tiers[at])) {
        return no("has `tiers` with different names");
    }
    if u64::from(*promote) + u64::from(*relegate) > u64::from(*bucket_size) {
        return no("does not `promote` and `relegate` more members than `bucket_size`");
    }
    if definition.shards > 1 {
        return no("has one shard: `shards` is 1");
    }
    if definition.tie == Tie::Dense {
        return no("does not count distinct scores: `tie` is not `dense`");
    }
    if definition.top > 0 {
        return no("has an order for each bucket, and the event of a closed epoch names nobody: `top` is 0");
    }
    if !definition.prizes.is_empty() {
        return no("has an order for each bucket, and no `prizes`");
    }
    None
}

/// The seat of an owner that plays for the first time in the open epoch: in the open bucket of its tier.
pub(super) fn take_seat(cx: &mut Cx<'_>, row: &BoardRow, league: &League, ladder: &Ladder, owner: &str) -> Seat {
    let (board, epoch) = (&ladder.board, ladder.run >> 2);
    let tier = settled_tier(cx, row, league, board, owner);
    let key = (board.clone(), epoch);
    let mut buckets = cx.get(BUCKETS, &key).unwrap_or_default();
    let seat = buckets.take(tier, league.bucket_size);
    cx.put(BUCKETS, &key, &buckets);
    cx.put(TIERS, &(owner.to_owned(), board.clone()), &TierRow { tier, epoch });
    seat
}

/// Gives back the seat of an owner that never was in an open epoch.
pub(super) fn give_back(cx: &mut Cx<'_>, board: &str, epoch: u32, seat: Option<Seat>) {
    let Some(seat) = seat else { return };
    let key = (board.to_owned(), epoch);
    let mut buckets = cx.get(BUCKETS, &key).expect("an epoch with a seat has buckets");
    buckets.give_back(seat);
    cx.put(BUCKETS, &key, &buckets);
}

/// True if an owner is in a tier, whether it plays in the open epoch or not.
pub(super) fn has_tier(cx: &Cx<'_>, row: &BoardRow, board: &str, owner: &str) -> bool {
    row.league.is_some() && cx.get(TIERS, &(owner.to_owned(), board.to_owned())).is_some()
}

/// Makes an owner one that never was in a tier.
pub(super) fn forget(cx: &mut Cx<'_>, board: &str, owner: &str) {
    cx.delete(TIERS, &(owner.to_owned(), board.to_owned()));
}

/// The same on so many boards of the partition. True if there may be more.
pub(super) fn forget_everywhere(cx: &mut Cx<'_>, owner: &str, limit: usize) -> bool {
    let rows = TIERS.under(&(owner.to_owned(),));
    let boards: Vec<String> = cx.scan(TIERS, &rows).map(|((_, board), _)| board).take(limit).collect();
    boards.iter().for_each(|board| forget(cx, board, owner));
    boards.len() == limit
}

/// The tier in which an owner plays next: that of its last epoch, after what that has brought it.
fn settled_tier(cx: &mut Cx<'_>, row: &BoardRow, league: &League, board: &str, owner: &str) -> u32 {
    let Some(known) = cx.get(TIERS, &(owner.to_owned(), board.to_owned())) else { return 0 };
    let Some(buckets) = cx.get(BUCKETS, &(board.to_owned(), known.epoch)) else { return known.tier };
    let mut ladder = Ladder::new(board, row, Window::All, known.epoch);
    // Who has no place in the order stays.
    let member = order::get(cx, &ladder, owner).filter(|member| !member.hidden);
    let Some((seat, standing)) = member.and_then(|member| member.seat.zip(member.standing)) else { return known.tier };
    if seat.bucket < buckets.settled {
        return known.tier;
    }
    ladder.within(Some(seat));
    let rank = order::rank(cx, &ladder, &ladder.key(&standing, owner));
    let span = order::span(cx, &ladder);
    move_owner(cx, league, &ladder, owner, known.tier, (rank, span.end - span.start))
}

/// The tier behind a rank among so many members of a bucket.
fn tier_behind(league: &League, tier: u32, (rank, members): (u64, u64)) -> u32 {
    let last = u32::try_from(league.tiers.len()).expect("there are few tiers") - 1;
    if rank <= league.promote.into() {
        return last.min(tier + 1);
    }
    if rank + u64::from(league.relegate) > members { tier.saturating_sub(1) } else { tier }
}

/// Says where an owner goes, if it goes anywhere, and answers with the tier in which it is then.
fn move_owner(
    cx: &mut Cx<'_>,
    league: &League,
    ladder: &Ladder,
    owner: &str,
    tier: u32,
    (rank, members): (u64, u64),
) -> u32 {
    let next = tier_behind(league, tier, (rank, members));
    if next != tier {
        let name = |tier: u32| league.tiers[tier as usize].clone();
        let (board, owner, epoch) = (ladder.board.clone(), owner.to_owned(), ladder.run >> 2);
        cx.say(&Event::TierChanged(TierChanged { board, owner, epoch, from: name(tier), to: name(next), rank }));
    }
    next
}

/// Sees to it that an epoch that has just ended is settled.
pub(super) fn begin(cx: &mut Cx<'_>, board: &str, epoch: u32, at: Time) {
    if cx.get(BUCKETS, &(board.to_owned(), epoch)).is_some() {
        cx.set_timer(at.plus(PAUSE_MS), &Timer::Settle { board: board.to_owned(), epoch });
    }
}

/// True if nobody goes up or down any more for how an epoch ended.
pub(super) fn is_settled(cx: &Cx<'_>, board: &str, epoch: u32) -> bool {
    let buckets = cx.get(BUCKETS, &(board.to_owned(), epoch));
    buckets.is_none_or(|buckets| buckets.settled == buckets.opened)
}

/// Forgets the buckets of an epoch whose members are gone.
pub(super) fn drop_buckets(cx: &mut Cx<'_>, board: String, epoch: u32) {
    cx.delete(BUCKETS, &(board, epoch));
}

/// Settles the next buckets of an epoch that has ended.
pub(super) fn settle(cx: &mut Cx<'_>, board: String, epoch: u32) {
    let row = find(cx, &board).expect("a board whose timer is set is there");
    let key = (board.clone(), epoch);
    let mut buckets = cx.get(BUCKETS, &key).expect("an epoch that is not settled has its buckets");
    let mut ladder = Ladder::new(&board, &row, Window::All, epoch);
    let mut room = SETTLE_MEMBERS;
    while buckets.settled < buckets.opened {
        ladder.bucket = Some(buckets.settled);
        let span = order::span(cx, &ladder);
        // An empty bucket costs a look too.
        let Some(rest) = room.checked_sub((span.end - span.start).max(1)) else { break };
        settle_bucket(cx, &row, &ladder);
        buckets.settled += 1;
        room = rest;
    }
    cx.put(BUCKETS, &key, &buckets);
    go_on(cx, board, epoch, &buckets);
}

fn go_on(cx: &mut Cx<'_>, board: String, epoch: u32, buckets: &BucketsRow) {
    if buckets.settled < buckets.opened {
        cx.set_timer(cx.now().plus(PAUSE_MS), &Timer::Settle { board, epoch });
        return;
    }
    let window = Window::All;
    if cx.get(EPOCHS, &(board.clone(), window as u8, epoch)).is_none() {
        cx.set_timer(cx.now(), &Timer::Drop { board, window, epoch });
    }
}

fn settle_bucket(cx: &mut Cx<'_>, row: &BoardRow, ladder: &Ladder) {
    let league = row.league.as_ref().expect("only a league has buckets");
    let (epoch, span) = (ladder.run >> 2, order::span(cx, ladder));
    let members = span.end - span.start;
    let count = usize::try_from(members).expect("a bucket is small");
    let keys = cx.engine.ranking(ladder).into_iter().flat_map(|ranking| ranking.from(span.start)).take(count);
    let owners: Vec<String> = keys.map(|key| ladder.place(&key).owner).collect();
    for (rank, owner) in (1..).zip(owners) {
        let key = (owner, ladder.board.clone());
        // Who is gone has no tier, and who plays again already was settled then.
        let Some(known) = cx.get(TIERS, &key).filter(|known| known.epoch == epoch) else { continue };
        let tier = move_owner(cx, league, ladder, &key.0, known.tier, (rank, members));
        if tier != known.tier {
            cx.put(TIERS, &key, &TierRow { tier, epoch });
        }
    }
}
