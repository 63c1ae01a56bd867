//! The tables of the machine `carts.promo`: promotions, their uses, and who holds one.

use millrace_state::table::{Table, TableDef};
use millrace_topics::carts::{PromoDefinition, PromoTerms, Promotion};
use millrace_topics::codec::{Decode, Encode};

/// How far a promotion is used. What is reserved counts as used until it is given back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Uses {
    /// By carts that are being checked out.
    pub reserved: u32,
    /// By orders.
    pub used: u32,
    /// What both take off together.
    pub spent: u64,
}

/// A use that a cart holds.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct HeldUse {
    /// Which of the cart's checkouts it is for.
    pub attempt: u32,
    /// The customer, if the cart has one.
    pub customer: Option<String>,
    /// What it takes off.
    pub amount: u64,
}

/// Code → the promotion, whose terms have their version.
pub const PROMOTIONS: Table<String, PromoDefinition> = Table::primary(16, "promotions");

/// Code → how far it is used.
pub const USES: Table<String, Uses> = Table::primary(17, "uses");

/// (code, customer) → how many uses of it the customer has, with those that are reserved.
pub const CUSTOMERS: Table<(String, String), u32> = Table::primary(18, "customers");

/// (code, cart) → the use that it holds.
pub const HELD: Table<(String, String), HeldUse> = Table::primary(19, "held");

/// All of them, by number.
#[must_use]
pub fn all() -> Vec<TableDef> {
    vec![PROMOTIONS.def(), USES.def(), CUSTOMERS.def(), HELD.def()]
}

/// A promotion as people see it.
#[must_use]
pub fn show(row: &PromoDefinition, uses: Uses) -> Promotion {
    let PromoDefinition { terms, max_uses, max_uses_per_customer, budget, starts_at, ends_at } = row.clone();
    let PromoTerms { code, version, discount, skus, priority, stackable } = terms;
    let Uses { reserved, used, spent } = uses;
    Promotion {
        code,
        version,
        discount,
        skus,
        priority,
        stackable,
        max_uses,
        max_uses_per_customer,
        budget,
        starts_at,
        ends_at,
        reserved,
        used,
        spent,
    }
}
