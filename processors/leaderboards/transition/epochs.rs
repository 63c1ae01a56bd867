//! Epochs: how they open, end and go.

use super::{PAUSE_MS, check_may_rule, find, league, remove};
use crate::leaderboards::ladder::Ladder;
use crate::leaderboards::tables::{BoardRow, Closed, DEFINITIONS, EPOCHS, EpochRow};
use crate::leaderboards::{Boards, calendar, shard};
use millrace_topics::leaderboards::{
    Closing, Definition, Epoch, EpochClosed, Event, Outcome, Ranked, Rejection, ShardClosed, Timer, Window,
};
use millrace_topics::time::Time;

type Cx<'a> = crate::runtime::cx::Cx<'a, Boards>;

/// How many rows of an old epoch go at once.
const DROP_ROWS: usize = 1000;

/// Opens an epoch, and sees to its end.
pub(super) fn open(cx: &mut Cx<'_>, definition: &Definition, window: Window, epoch: u32, at: Time) {
    let closes = calendar::end(definition, window, at);
    let row = EpochRow { opened: at, closes, closed: None };
    cx.put(EPOCHS, &(definition.id.clone(), window as u8, epoch), &row);
    // The home of a spread board waits for its shards.
    let waits = definition.shards > 1 && !shard::is_shard(&definition.id);
    if let Some(due) = closes.filter(|_| !waits) {
        cx.set_timer(due, &Timer::Close { board: definition.id.clone(), window });
    }
}

/// The end that the calendar says.
pub(super) fn close_on_time(cx: &mut Cx<'_>, board: &String, window: Window) {
    let row = find(cx, board).expect("a board whose timer is set is there");
    let key = (board.clone(), window as u8, row.epoch(window));
    let closes = cx.get(EPOCHS, &key).expect("the open epoch of a window is there").closes;
    let at = closes.expect("only an epoch that ends has a timer");
    if row.shards > 1 {
        super::shards::close_one(cx, board, (*row).clone(), window, at);
        return;
    }
    close(cx, board, (*row).clone(), window, at);
}

/// The end that someone asks for.
pub(super) fn close_by_hand(cx: &mut Cx<'_>, closing: &Closing) -> Result<Outcome, Rejection> {
    check_may_rule(cx)?;
    let row = find(cx, &closing.board)?;
    if !row.windows.has(closing.window) {
        return Err(Rejection::UnknownWindow(closing.window));
    }
    // The line: nothing below can be refused.
    let now = cx.now();
    if row.shards > 1 {
        return Ok(Outcome::Closing(super::shards::send_closings(cx, closing, row.shards, now)));
    }
    Ok(Outcome::Closed(Box::new(close(cx, &closing.board, (*row).clone(), closing.window, now))))
}

/// Ends the open epoch of a window and begins the next: no row of a member is touched.
fn close(cx: &mut Cx<'_>, board: &String, mut row: BoardRow, window: Window, at: Time) -> EpochClosed {
    let (definition, _) = cx.get(DEFINITIONS, board).expect("a board that is there is defined");
    let closed = freeze(cx, &definition, &row, window, at);
    if row.league_in(window).is_some() {
        league::begin(cx, board, closed.epoch, at);
    }
    go_on(cx, &definition, &mut row, window, at);
    cx.say(&Event::EpochClosed(Box::new(closed.clone())));
    closed
}

/// Begins the next epoch of a window.
pub(super) fn go_on(cx: &mut Cx<'_>, definition: &Definition, row: &mut BoardRow, window: Window, at: Time) {
    let board = &definition.id;
    let epoch = row.epoch(window);
    row.open[window.index()] = epoch + 1;
    super::put_board(cx, board, row);
    open(cx, definition, window, epoch + 1, at);
    if let Some(old) = epoch.checked_sub(definition.keep_epochs) {
        let key = (board.clone(), window as u8, old);
        cx.delete(EPOCHS, &key);
        cx.set_timer(at, &Timer::Drop { board: board.clone(), window, epoch: old });
    }
}

/// What an epoch was when it ended. Its winners are read from here, not from a board that goes on.
fn freeze(cx: &mut Cx<'_>, definition: &Definition, row: &BoardRow, window: Window, at: Time) -> EpochClosed {
    let state = freeze_state(cx, definition, row, window, at);
    shard::closed(definition, &definition.id, vec![state])
}

/// The same as a shard tells its board's home.
pub(super) fn freeze_state(
    cx: &mut Cx<'_>,
    definition: &Definition,
    row: &BoardRow,
    window: Window,
    at: Time,
) -> ShardClosed {
    let board = &definition.id;
    let epoch = row.epoch(window);
    let ladder = Ladder::new(board, row, window, epoch);
    let key = (board.clone(), window as u8, epoch);
    let was = cx.get(EPOCHS, &key).expect("the open epoch of a window is there");
    let (members, hash) = cx.engine.ranking(&ladder).map_or((0, 0), |ranking| (ranking.len(), ranking.sum()));
    let closed = Closed { at, members, hash };
    cx.put(EPOCHS, &key, &EpochRow { closed: Some(closed), ..was.clone() });
    state(cx, definition, &ladder, &was, closed)
}

/// How an epoch ended that is still kept.
pub(super) fn state(
    cx: &Cx<'_>,
    definition: &Definition,
    ladder: &Ladder,
    row: &EpochRow,
    closed: Closed,
) -> ShardClosed {
    let (board, window) = (&definition.id, Window::EACH[ladder.run as usize & 3]);
    let keys = cx.engine.ranking(ladder).into_iter().flat_map(|ranking| ranking.from(0));
    let best = keys.take(shard::named(definition, window)).map(|key| {
        let place = ladder.place(&key);
        (key, Ranked { rank: 0, owner: place.owner, score: place.score, subscores: place.subscores })
    });
    ShardClosed {
        board: shard::home_of(board).to_owned(),
        shard: shard::index_of(board).unwrap_or(0),
        window,
        epoch: ladder.run >> 2,
        opened: row.opened,
        at: closed.at,
        members: closed.members,
        sum: closed.hash,
        best: best.collect(),
    }
}

/// Drops rows of an epoch that is not kept any more.
pub(super) fn drop_rows(cx: &mut Cx<'_>, board: String, window: Window, epoch: u32) {
    let row = find(cx, &board).expect("a board whose timer is set is there");
    let ladder = Ladder::new(&board, &row, window, epoch);
    // Who is to go up or down is read from them. They go when that is done.
    if row.league_in(window).is_some() && !league::is_settled(cx, &board, epoch) {
        return;
    }
    let owners = cx.engine.ranking(&ladder).into_iter().flat_map(|ranking| ranking.owners(&ladder));
    let owners: Vec<String> = owners.take(DROP_ROWS).collect();
    owners.iter().for_each(|owner| remove(cx, &ladder, owner));
    if owners.len() == DROP_ROWS {
        let due = cx.now().plus(PAUSE_MS);
        cx.set_timer(due, &Timer::Drop { board, window, epoch });
        return;
    }
    cx.engine.forget(&ladder);
    if row.league_in(window).is_some() {
        league::drop_buckets(cx, board, epoch);
    }
}

impl EpochRow {
    /// The epoch as people see it; `members` are those it has if it is open.
    #[must_use]
    pub fn show(&self, window: Window, epoch: u32, members: u64) -> Epoch {
        let closed = self.closed.as_ref();
        Epoch {
            window,
            epoch,
            members: closed.map_or(members, |closed| closed.members),
            opened_at: self.opened,
            closes_at: self.closes,
            closed_at: closed.map(|closed| closed.at),
            hash: closed.map(|closed| format!("{:032x}", closed.hash)),
        }
    }
}
