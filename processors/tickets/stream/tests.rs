//! What a client folds is what the query answers.

use super::{Rows, SeatMap};
use crate::runtime::streams::Shown as _;
use millrace_topics::tickets::RowView;
use proptest::prelude::*;

fn rows() -> impl Strategy<Value = Rows> {
    let row = (0u8..3, 0u8..3, "[fhs]{1,3}").prop_map(|(section, row, seats)| RowView {
        section: format!("S{section}"),
        row: row.to_string(),
        category: "floor".to_owned(),
        first: 1,
        labels: Vec::new(),
        seats,
    });
    prop::collection::vec(row, 0..6).prop_map(|mut rows| {
        rows.sort_by_key(|row| (row.section.clone(), row.row.clone()));
        rows.dedup_by_key(|row| (row.section.clone(), row.row.clone()));
        Rows { rows, gone: Vec::new() }
    })
}

/// As the description of the event says it.
fn fold(mut whole: Rows, change: Option<Rows>) -> Rows {
    let Some(Rows { rows, gone }) = change else { return whole };
    whole.rows.retain(|row| !gone.contains(&(row.section.clone(), row.row.clone())));
    for new in rows {
        match whole.rows.iter_mut().find(|row| (&row.section, &row.row) == (&new.section, &new.row)) {
            Some(row) => *row = new,
            None => whole.rows.push(new),
        }
    }
    whole
}

proptest! {
    #[test]
    fn what_is_folded_is_what_is_answered(before in rows(), after in rows()) {
        let change = SeatMap::change(before.clone(), after.clone());
        prop_assert_eq!(change.is_none(), before == after);
        let mut folded = fold(before, change);
        folded.rows.sort_by_key(|row| (row.section.clone(), row.row.clone()));
        prop_assert_eq!(folded, after);
    }
}
