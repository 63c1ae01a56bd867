//! The tables of tags.

use millrace_state::key::Desc;
use millrace_state::table::{Table, TableDef};

/// (tag, post, the newest first) → its author.
pub const TAGGED: Table<(String, Desc<u128>), String> = Table::primary(16, "tagged");

/// 0 → the newest hour of any post that had a tag: trends are of the day that ends with it.
pub const NEWEST_HOUR: Table<u8, u64> = Table::primary(17, "newest_hour");

/// All of them, by number.
#[must_use]
pub fn all() -> Vec<TableDef> {
    vec![TAGGED.def(), NEWEST_HOUR.def()]
}
