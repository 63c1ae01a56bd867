//! Verify: rebuilds a partition aside from the log and proves that the view is equal to it, digests and rows.

use crate::node::Node;
use crate::rebuild::{Progress, Rebuild};
use crate::slot::Slot;
use millrace_processors::runtime::history;
use millrace_processors::runtime::runner::{Place, Processor};
use millrace_processors::runtime::system::MachineDef;
use millrace_processors::runtime::tables;
use millrace_state::checkpoint;
use millrace_state::compare::{Difference, first_difference};
use millrace_state::store::{Damaged, Store};
use serde::{Deserialize, Serialize};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

/// How long a verify waits until the view can be written and looked at.
const SNAPSHOT_WAIT: Duration = Duration::from_secs(30);

/// What was found about one partition: one line of `millrace verify`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The machine.
    pub machine: String,
    /// The partition.
    pub partition: u32,
    /// Where the rebuild started: 0, or the offset of a checkpoint where the log was trimmed.
    pub from: u64,
    /// Up to before which offset records were applied again.
    pub to: u64,
    /// The digest after the last one, in hex.
    pub digest: String,
    /// What differs, in a sentence; `None` if nothing does.
    pub difference: Option<String>,
}

impl Found {
    /// The line that people see.
    #[must_use]
    pub fn line(&self) -> String {
        let Self { machine, partition, from, to, digest, .. } = self;
        let records = to - from;
        let checkpoint = if *from > 0 { format!(" from the checkpoint at {from} on") } else { String::new() };
        match &self.difference {
            None => format!("ok      {machine}/{partition}  {records} records{checkpoint}  digest {digest}"),
            Some(difference) => format!("DIFFERS {machine}/{partition}  {records} records{checkpoint}: {difference}"),
        }
    }
}

/// Verifies a partition that this node serves, without stopping it.
#[must_use]
pub fn verify_slot(node: &Node, slot: &Slot) -> Found {
    let scratch = node.settings.data.join("verify").join(slot.def.name).join(slot.partition.to_string());
    let result = snapshot(slot, &scratch).and_then(|taken| {
        let place = node.place(slot.def, slot.partition).map_err(|error| error.to_string())?;
        if !taken {
            return Ok((0, 0, 0, None));
        }
        compare(node, slot.def, &scratch.join("view"), &scratch.join("rebuilt"), place)
    });
    // What is left behind is removed by the next verify.
    drop(std::fs::remove_dir_all(&scratch));
    found(slot.def, slot.partition, result)
}

/// Where the rebuild started and ended, its digest, and what differs.
type Compared = (u64, u64, u128, Option<String>);

fn found(def: &MachineDef, partition: u32, result: Result<Compared, String>) -> Found {
    let (from, to, digest, difference) = result.unwrap_or_else(|error| (0, 0, 0, Some(error)));
    Found { machine: def.name.to_owned(), partition, from, to, digest: format!("{digest:032x}"), difference }
}

/// Writes the view and links its files aside; false if the partition has never had a record.
fn snapshot(slot: &Slot, scratch: &Path) -> Result<bool, String> {
    drop(std::fs::remove_dir_all(scratch));
    let link = |part: &dyn Processor| checkpoint::create(&part.core().store, &scratch.join("view"));
    slot.look_flushed(SNAPSHOT_WAIT, link)?.map_err(|error| error.to_string())
}

/// Rebuilds up to where the view stands and compares.
fn compare(
    node: &Node,
    def: &'static MachineDef,
    view: &Path,
    scratch: &Path,
    place: Place,
) -> Result<Compared, String> {
    drop(std::fs::remove_dir_all(scratch));
    let view = Store::open(&node.around.env, view).map_err(|error| error.to_string())?;
    let view = (def.open)(view, place.clone()).map_err(|error| error.to_string())?;
    let end = view.core().meta.next;
    let mut rebuild = Rebuild::open(node, def, scratch, place.clone())?;
    let from = rebuild.part.core().meta.next;
    let complete = rebuild.run(&node.log, end, &mut |_: Progress| true)?;
    if !complete {
        let next = rebuild.part.core().meta.next;
        return Err(format!("the view holds records up to before {end}, the log only up to before {next}"));
    }
    rebuild.flush()?;
    let digest = rebuild.part.core().meta.digest;
    let difference = catch_unwind(AssertUnwindSafe(|| difference(view.as_ref(), rebuild.part.as_ref())));
    let difference = difference.map_err(|payload| match payload.downcast_ref::<Damaged>() {
        Some(damaged) => damaged.to_string(),
        None => "the comparison failed".to_owned(),
    })?;
    let Some((offset, row)) = difference else { return Ok((from, end, digest, None)) };
    let offset = match (offset, &row) {
        (Some(offset), _) => Some(offset),
        (None, Some(row)) => last_writer(node, def, scratch, place, end, &row.key)?,
        (None, None) => None,
    };
    Ok((from, end, digest, Some(sentence(def, offset, row.as_ref()))))
}

fn difference(view: &dyn Processor, rebuilt: &dyn Processor) -> Option<(Option<u64>, Option<Difference>)> {
    let (left, right) = (&view.core().store, &rebuilt.core().store);
    let offset = history::first_difference(left, right);
    // The rows of the machine say more than the runtime's own, which differ with them.
    let own = first_difference(left, right, &|key| key[0] < tables::FIRST_OF_MACHINE);
    let row = own.or_else(|| first_difference(left, right, &|_| false));
    (offset.is_some() || row.is_some()).then_some((offset, row))
}

/// The last record that wrote a row, found by a second rebuild: where the digests are equal but a row is not, it was
/// changed behind the log's back, and this is the record that the row should say.
fn last_writer(
    node: &Node,
    def: &'static MachineDef,
    scratch: &Path,
    place: Place,
    end: u64,
    key: &[u8],
) -> Result<Option<u64>, String> {
    let scratch = scratch.with_extension("again");
    drop(std::fs::remove_dir_all(&scratch));
    let mut rebuild = Rebuild::open(node, def, &scratch, place)?;
    rebuild.watch(key);
    rebuild.run(&node.log, end, &mut |_| true)?;
    drop(std::fs::remove_dir_all(&scratch));
    Ok(rebuild.changed_at())
}

fn sentence(def: &MachineDef, offset: Option<u64>, row: Option<&Difference>) -> String {
    let offset = offset.map_or_else(|| "no offset differs".to_owned(), |offset| format!("first at offset {offset}"));
    let Some(row) = row else { return format!("{offset}; every row is equal") };
    let machine_tables = (def.tables)();
    let own_tables = tables::all();
    let table = machine_tables.iter().chain(&own_tables).find(|table| table.id == row.key[0]);
    let Some(table) = table else { return format!("{offset}; an unknown row {:02x?}", row.key) };
    let show =
        |value: &Option<Vec<u8>>| value.as_ref().map_or_else(|| "no row".to_owned(), |raw| table.show_value(raw));
    format!(
        "{offset}; table {}, key {}: the view has {}, the log gives {}",
        table.name,
        table.show_key(&row.key),
        show(&row.left),
        show(&row.right)
    )
}
