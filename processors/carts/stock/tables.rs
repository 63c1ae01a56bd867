//! The tables of the machine `carts.stock`: what is sold, what there is of it, and who holds some.

use millrace_state::table::{Table, TableDef};
use millrace_topics::carts::{Availability, BundlePart, ReserveAt, ShippingOption, Sku};
use millrace_topics::codec::{Decode, Encode};
use millrace_topics::money::{Currency, Money};
use millrace_topics::time::Time;

/// A SKU as it is sold.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SkuRow {
    /// What people call it.
    pub title: String,
    /// What one costs.
    pub price: Money,
    /// What one costs in other currencies.
    pub prices: Vec<Money>,
    /// The most of it in one line of a cart.
    pub max_per_line: Option<u32>,
    /// The fewest of it in a cart that is checked out.
    pub min_per_cart: Option<u32>,
    /// The most of it that one customer reserves and buys.
    pub max_per_customer: Option<u32>,
    /// What a bundle consists of.
    pub parts: Vec<BundlePart>,
    /// When it is reserved.
    pub reserve: ReserveAt,
    /// When it was changed last.
    pub changed_at: Time,
}

/// What there is of an item. What can be reserved is the rest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Counts {
    /// How many are in the house.
    pub on_hand: u32,
    /// How many carts hold.
    pub reserved: u32,
    /// How many are sold and still in the house.
    pub committed: u32,
    /// How many carts stand in line.
    pub waiting: u32,
    /// The number of the last one that stood in line.
    pub last: u64,
}

/// A cart that stands in line.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Waiter {
    /// The cart.
    pub cart: String,
    /// Which of its checkouts it is.
    pub attempt: u32,
    /// How many it wants.
    pub quantity: u32,
    /// The price that it has.
    pub price: Option<Money>,
}

impl Counts {
    /// How many are promised to somebody.
    #[must_use]
    pub fn held(&self) -> u32 {
        self.reserved + self.committed
    }

    /// How many can be reserved.
    ///
    /// # Panics
    /// If more are promised than there are, which never is so.
    #[must_use]
    pub fn available(&self) -> u32 {
        self.on_hand.checked_sub(self.held()).expect("no more is promised than there is")
    }

    /// The counts as people see them.
    #[must_use]
    pub fn show(&self) -> Availability {
        let Self { on_hand, reserved, committed, waiting, last: _ } = *self;
        Availability { on_hand, available: self.available(), reserved, committed, waiting }
    }
}

/// Id → the SKU.
pub const SKUS: Table<String, SkuRow> = Table::primary(16, "skus");

/// Id → what there is of it.
pub const COUNTS: Table<String, Counts> = Table::primary(17, "counts");

/// (item, cart) → the attempt that holds some, and how many.
pub const HOLDS: Table<(String, String), (u32, u32)> = Table::primary(18, "holds");

/// (item, number in line) → who stands there.
pub const LINE: Table<(String, u64), Waiter> = Table::primary(19, "line");

/// (item, cart) → its number in line.
pub const NUMBERS: Table<(String, String), u64> = Table::primary(20, "numbers");

/// (item, routing key of a customer's carts) → how many of it the customer has reserved and bought.
pub const CUSTOMERS: Table<(String, String), u32> = Table::primary(22, "customers").cold();

/// A way of sending.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ShippingRow {
    /// What people call it.
    pub label: String,
    /// What it costs, in each currency at most once.
    pub prices: Vec<Money>,
    /// When it was changed last.
    pub changed_at: Time,
}

impl ShippingRow {
    /// The way of sending as people see it.
    #[must_use]
    pub fn show(&self, option: &str) -> ShippingOption {
        let (label, prices) = (self.label.clone(), self.prices.clone());
        ShippingOption { option: option.to_owned(), label, prices, changed_at: self.changed_at }
    }
}

/// Id → the way of sending.
pub const SHIPPING: Table<String, ShippingRow> = Table::primary(21, "shipping");

/// All of them, by number.
#[must_use]
pub fn all() -> Vec<TableDef> {
    vec![SKUS.def(), COUNTS.def(), HOLDS.def(), LINE.def(), NUMBERS.def(), SHIPPING.def(), CUSTOMERS.def()]
}

impl SkuRow {
    /// What one costs in a currency.
    #[must_use]
    pub fn price_in(&self, currency: Currency) -> Option<Money> {
        std::iter::once(&self.price).chain(&self.prices).find(|price| price.currency == currency).copied()
    }

    /// True if people see no difference.
    #[must_use]
    pub fn is_as(&self, other: &Self) -> bool {
        *self == Self { changed_at: self.changed_at, ..other.clone() }
    }

    /// The SKU as people see it.
    #[must_use]
    pub fn show(&self, sku: &str, counts: Counts) -> Sku {
        Sku {
            sku: sku.to_owned(),
            title: self.title.clone(),
            price: self.price,
            prices: self.prices.clone(),
            max_per_line: self.max_per_line,
            min_per_cart: self.min_per_cart,
            max_per_customer: self.max_per_customer,
            parts: self.parts.clone(),
            reserve: self.reserve,
            stock: self.parts.is_empty().then(|| counts.show()),
            changed_at: self.changed_at,
        }
    }
}
