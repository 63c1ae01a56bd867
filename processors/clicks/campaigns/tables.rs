//! The tables of campaigns and rule sets.

use millrace_state::table::{Table, TableDef};
use millrace_topics::clicks::{Campaign, RuleSet};

/// Id → the campaign.
pub const CAMPAIGNS: Table<String, Campaign> = Table::primary(16, "campaigns");

/// (campaign, ad) → over how many shards it is spread.
pub const MEMBERS: Table<(String, String), u16> = Table::primary(17, "members");

/// Number → the rule set; 1 has no row.
pub const RULE_SETS: Table<u32, RuleSet> = Table::primary(18, "rule_sets");

/// All of them, by number.
#[must_use]
pub fn all() -> Vec<TableDef> {
    vec![CAMPAIGNS.def(), MEMBERS.def(), RULE_SETS.def()]
}
