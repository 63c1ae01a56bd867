//! Replay: rebuilds a view from the log beside the live one, which serves meanwhile, and swaps them in one step.

use crate::node::Node;
use crate::rebuild::{Progress, Rebuild};
use crate::slot::{Live, Slot};
use millrace_processors::runtime::runner::StopReason;
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// How long the swap waits for a moment in which everything that was said is published.
const SWAP_WAIT: Duration = Duration::from_secs(30);

/// A line of `millrace replay`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The machine.
    pub machine: String,
    /// The partition.
    pub partition: u32,
    /// Records applied so far.
    pub applied: u64,
    /// How many there are.
    pub end: u64,
    /// True when the rebuilt view has taken over.
    pub swapped: bool,
    /// Why it did not.
    pub failed: Option<String>,
}

/// Rebuilds the view of one slot and swaps it in. `say` hears of the progress.
pub fn replay_slot(node: &Node, slot: &Slot, say: &mut dyn FnMut(Line)) {
    let line = |applied, end, swapped, failed| Line {
        machine: slot.def.name.to_owned(),
        partition: slot.partition,
        applied,
        end,
        swapped,
        failed,
    };
    let mut last = Progress { next: 0, end: 0 };
    let result = rebuild_and_swap(node, slot, &mut |progress| {
        last = progress;
        say(line(progress.next, progress.end, false, None));
    });
    say(line(last.next.max(last.end), last.end, result.is_ok(), result.err()));
}

/// Goes on with rebuilds that a kill has interrupted.
pub fn resume_all(node: &Node) {
    for slot in node.slots.all().iter().filter(|slot| slot.folder.unfinished().is_some()) {
        tracing::info!("the replay of {}/{} goes on", slot.def.name, slot.partition);
        replay_slot(node, slot, &mut |line| {
            if let Some(reason) = line.failed {
                tracing::error!("the replay of {}/{} failed: {reason}", line.machine, line.partition);
            }
        });
    }
}

fn rebuild_and_swap(node: &Node, slot: &Slot, say: &mut dyn FnMut(Progress)) -> Result<(), String> {
    if slot.look(|live| live.part.as_ref().is_ok_and(|part| part.core().meta.next == 0)) {
        return Ok(());
    }
    let place = node.place(slot.def, slot.partition).map_err(|error| error.to_string())?;
    let folder = slot.folder.begin_rebuild().map_err(|error| error.to_string())?;
    let mut rebuild = Rebuild::open(node, slot.def, &folder, place)?;
    let until = Instant::now() + SWAP_WAIT;
    loop {
        let end = node.log.end(slot.def.name, slot.partition).map_err(|error| error.to_string())?;
        rebuild.run(&node.log, end, &mut |progress| {
            say(progress);
            true
        })?;
        match slot.look(|live| swap(node, slot, live, rebuild))? {
            Swap::Done => break,
            Swap::Reopen => {
                slot.reopen(node.place(slot.def, slot.partition).map_err(|error| error.to_string())?);
                break;
            }
            Swap::NotYet(again) => rebuild = *again,
        }
        if Instant::now() > until {
            return Err("what the live view said could not be published, so it was not replaced".to_owned());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    if let Err(error) = slot.folder.clean() {
        tracing::warn!("the old state of {}/{} cannot be removed: {error}", slot.def.name, slot.partition);
    }
    slot.wake();
    Ok(())
}

/// What became of a swap.
enum Swap {
    Done,
    /// The live view had stopped: the reader must begin anew too.
    Reopen,
    /// This was not the moment for it.
    NotYet(Box<Rebuild>),
}

fn swap(node: &Node, slot: &Slot, live: &mut Live, mut rebuild: Rebuild) -> Result<Swap, String> {
    let broken = matches!(live.stopped(), Some(StopReason::Damaged(_) | StopReason::Foreign(_)));
    if !broken {
        if !slot.is_published() {
            return Ok(Swap::NotYet(Box::new(rebuild)));
        }
        if let Some(reason) = live.stopped() {
            return Err(format!("the partition has stopped: {reason}"));
        }
        let meta = live.part.as_ref().map(|part| part.core().meta).map_err(ToString::to_string)?;
        rebuild.run(&node.log, meta.next, &mut |_| true)?;
        let core = rebuild.part.core();
        if meta.timers_left || core.meta.next != meta.next {
            return Ok(Swap::NotYet(Box::new(rebuild)));
        }
        if core.meta.digest != meta.digest {
            slot.folder.drop_rebuild().map_err(|error| error.to_string())?;
            return Err(format!(
                "the rebuilt view has digest {:032x} before offset {}, the live one {:032x}: it was not replaced; \
                 `millrace verify` names what differs",
                core.meta.digest, meta.next, meta.digest
            ));
        }
    }
    rebuild.flush()?;
    slot.folder.finish_rebuild().map_err(|error| error.to_string())?;
    if broken {
        return Ok(Swap::Reopen);
    }
    live.swap(rebuild.part);
    Ok(Swap::Done)
}
