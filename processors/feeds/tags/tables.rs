//! The tables of tags.

use millrace_state::key::Desc;
use millrace_state::table::{Table, TableDef};

/// (tag, post, the newest first) → its author.
pub const TAGGED: Table<(String, Desc<u128>), String> = Table::primary(16, "tagged");

/// All of them, by number.
#[must_use]
pub fn all() -> Vec<TableDef> {
    vec![TAGGED.def()]
}
