//! The stream of a hall: whose seats are, row by row. What a client folds is exactly what the query answers.

pub mod routes;

#[cfg(test)]
mod tests;

use crate::runtime::streams::Shown;
use crate::tickets::Ticketing;
use millrace_topics::tickets::{Answer, Rejection, RowView};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The seats of a hall, or of a section.
pub struct SeatMap;

/// The event `snapshot` of seats: all rows. The event `change`: those that are as they were not; each takes the place of the
/// row of the same section and id, and one that is new comes behind those that are there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
#[schema(as = tickets::SeatMap)]
pub struct Rows {
    /// The rows.
    pub rows: Vec<RowView>,
    /// The section and the id of rows that are there no more: only in a change.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<(String, String)>,
}

impl Shown for SeatMap {
    type Machine = Ticketing;
    type Whole = Rows;
    type Change = Rows;
    const EVENT: &'static str = "change";

    fn whole(answer: Result<Answer, Rejection>) -> Result<Rows, Rejection> {
        match answer? {
            Answer::Seats(rows) => Ok(Rows { rows, gone: Vec::new() }),
            _ => unreachable!("seats were asked for"),
        }
    }

    fn change(before: Rows, after: Rows) -> Option<Rows> {
        let key = |row: &RowView| (row.section.clone(), row.row.clone());
        let mut old: BTreeMap<_, RowView> = before.rows.into_iter().map(|row| (key(&row), row)).collect();
        let changed = |row: &RowView| old.remove(&key(row)).as_ref() != Some(row);
        let rows: Vec<RowView> = after.rows.into_iter().filter(changed).collect();
        let gone: Vec<_> = old.into_keys().collect();
        (!rows.is_empty() || !gone.is_empty()).then_some(Rows { rows, gone })
    }
}
