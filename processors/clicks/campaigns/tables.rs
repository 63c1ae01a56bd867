//! The tables of campaigns and rule sets.

use millrace_state::table::{Table, TableDef};
use millrace_topics::clicks::{Bill, Campaign, Invoice, Order, OrderStatus, RuleSet};
use millrace_topics::codec::{Decode, Encode};
use millrace_topics::time::Time;

/// Id → the campaign.
pub const CAMPAIGNS: Table<String, Campaign> = Table::primary(16, "campaigns");

/// (campaign, ad) → over how many shards it is spread.
pub const MEMBERS: Table<(String, String), u16> = Table::primary(17, "members");

/// Number → the rule set; 1 has no row.
pub const RULE_SETS: Table<u32, RuleSet> = Table::primary(18, "rule_sets");

/// What a campaign has lent to its ads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Purse {
    /// What was lent and not given back, in millionths of the currency.
    pub lent: i64,
    /// How many ads have been asked to give back and have not yet.
    pub recalls: u32,
    /// Routing keys of ads that wait until they have.
    pub waiting: Vec<String>,
}

/// What a campaign has lent to one ad.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Lease {
    /// What was lent and not given back, in millionths of the currency.
    pub lent: i64,
}

/// An invoice, closed or being closed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct InvoiceRow {
    /// From 1.
    pub number: u32,
    /// The end of the one before.
    pub from: Time,
    /// The end of its last hour.
    pub until: Time,
    /// How many ads have not said yet what their clicks cost.
    pub waiting: u32,
    /// What those cost that have.
    pub bill: Bill,
    /// When it was closed.
    pub closed_at: Option<Time>,
}

impl InvoiceRow {
    /// The invoice as people see it.
    #[must_use]
    pub fn show(&self, campaign: &str, currency: &str) -> Invoice {
        let Bill { clicks, micros, credit_clicks, credit_micros } = self.bill;
        Invoice {
            id: format!("{campaign}-{}", self.number),
            campaign: campaign.to_owned(),
            number: self.number,
            status: if self.closed_at.is_some() { "closed" } else { "closing" }.to_owned(),
            from: (self.number > 1).then_some(self.from),
            until: self.until,
            currency: currency.to_owned(),
            clicks,
            amount_micros: micros,
            credit_clicks,
            credit_micros,
            total_micros: micros + credit_micros,
            closed_at: self.closed_at,
        }
    }
}

/// Campaign → what it has lent.
pub const PURSES: Table<String, Purse> = Table::primary(19, "purses");

/// (campaign, routing key of an ad's shard) → what was lent to it.
pub const LEASES: Table<(String, String), Lease> = Table::primary(20, "leases");

/// (campaign, number) → the invoice.
pub const INVOICES: Table<(String, u32), InvoiceRow> = Table::primary(21, "invoices");

/// An order.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct OrderRow {
    /// The click that was named.
    pub named: String,
    /// The click that it belongs to.
    pub click_id: String,
    /// What it is worth, in millionths of the currency.
    pub value_micros: u64,
    /// When it happened.
    pub time: Time,
    /// What became of it.
    pub status: OrderStatus,
}

impl OrderRow {
    /// The order as people see it; `place` is its key.
    #[must_use]
    pub fn show(&self, place: &(String, String)) -> Order {
        Order {
            campaign: place.0.clone(),
            order_id: place.1.clone(),
            named: self.named.clone(),
            click_id: self.click_id.clone(),
            value_micros: self.value_micros,
            time: self.time,
            status: self.status,
        }
    }
}

/// (campaign, order) → the order.
pub const ORDERS: Table<(String, String), OrderRow> = Table::primary(22, "orders");

/// All of them, by number.
#[must_use]
pub fn all() -> Vec<TableDef> {
    vec![CAMPAIGNS.def(), MEMBERS.def(), RULE_SETS.def(), PURSES.def(), LEASES.def(), INVOICES.def(), ORDERS.def()]
}
