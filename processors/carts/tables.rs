//! The tables of the machine `carts`: carts, what happened to them, and their payments.

use crate::carts::discounts::{Discounts, discounts};
use crate::runtime::saga::Saga;
use millrace_state::table::{Table, TableDef};
use millrace_topics::carts::{
    AppliedCode, CartView, Change, ItemHold, Line, LineView, Order, PaymentState, PromoTerms, Quote, QuoteKind,
    Rejection, State, Totals, Warning, order_of,
};
use millrace_topics::codec::{Decode, Encode};
use millrace_topics::money::{Currency, Money};
use millrace_topics::time::Time;
use millrace_topics::token::TokenHash;

/// Who must agree to a checkout.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub enum Part {
    /// A stock item.
    Item(String),
    /// The code of a promotion.
    Code(String),
}

/// A checkout that is under way.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Trial {
    /// All stock items and codes that it needs.
    pub saga: Saga<Part>,
    /// The stock items that will be asked in their turn, the next one first: only in line, where each is waited for.
    pub later: Vec<String>,
    /// The stock items that are reserved only for the order: asked once it is paid.
    pub unheld: Vec<String>,
    /// True once those were asked: it becomes an order as soon as they agree.
    pub ordering: bool,
    /// What is to be paid.
    pub total: u64,
    /// True once the buyer has said `complete`.
    pub ready: bool,
    /// How often it was given more time.
    pub extended: u8,
    /// The payment that pays it, and whether the money was taken.
    pub payment: Option<(String, bool)>,
}

/// A checkout whose time was over: a payment that comes late may try it again.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Lapsed {
    /// What was to be paid.
    pub total: u64,
    /// The lines that it was about, by the number of their last change.
    pub content: u32,
    /// True if the buyer had said `complete`.
    pub ready: bool,
}

/// What a cart holds of a stock item before it is checked out.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct HoldRow {
    /// The stock item.
    pub sku: String,
    /// How many its lines need.
    pub wanted: u32,
    /// How many it holds, as far as it has heard.
    pub held: u32,
    /// The first and the last of its attempts that wait for an answer.
    pub asked: Option<(u32, u32)>,
    /// The lines that were changed since, each with what it had: they go back as far as there are not enough.
    pub touched: Vec<(u64, u32)>,
    /// For how many seconds it is held at once.
    pub seconds: u32,
    /// Until when: there is a timer for it.
    pub ends_at: Time,
    /// How often it was given more time.
    pub extended: u8,
}

/// What the last hold that was granted only in part lacked.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Short {
    /// The first and the last of the attempts that it was the answer to.
    pub attempts: (u32, u32),
    /// Why there was nothing at all.
    pub refusal: Option<Rejection>,
    /// What was left out.
    pub warnings: Vec<Warning>,
}

/// How far a cart is.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Stage {
    /// Its lines can be changed.
    Active,
    /// Its lines are locked.
    Trial(Box<Trial>),
    /// It is an order since then, paid by this payment.
    Ordered(Option<String>, Time),
    /// Its lines are in another cart, apart from what was left out.
    Merged(String, Vec<Warning>),
    /// A user has claimed it, and its lines are on their way: which of its attempts that is.
    Merging(u32),
    /// It was left alone for so long that it is closed.
    Expired,
}

/// What tax or shipping costs, and what it was worked out for.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct QuoteRow {
    /// What for.
    pub kind: QuoteKind,
    /// How much, in minor units.
    pub amount: u64,
    /// What people call it.
    pub label: String,
    /// The lines that it is for: their [`Cart::basis`].
    pub basis: u64,
}

/// A cart.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Cart {
    /// The hash of its token.
    pub token: Option<TokenHash>,
    /// The hash of the token of its link, with which it can be seen.
    pub link: Option<TokenHash>,
    /// The user whose it is.
    pub owner: Option<String>,
    /// What it is counted in.
    pub currency: Currency,
    /// Rises with each change.
    pub version: u32,
    /// Rises with each change of what is to be paid.
    pub content: u32,
    /// How many entries its history has.
    pub entries: u32,
    /// The entry that would be taken back next.
    pub undo: Option<u32>,
    /// When it will be looked at whether somebody still uses it: there is a timer for it.
    pub idle: Option<Time>,
    /// True while nobody has touched it for long, and there is something in it.
    pub abandoned: bool,
    /// How many checkouts it has begun.
    pub attempts: u32,
    /// The last one that came to nothing, and why.
    pub refused: Option<(u32, Rejection)>,
    /// The last one whose time was over.
    pub lapsed: Option<Lapsed>,
    /// What it holds before it is checked out, by stock item.
    pub holds: Vec<HoldRow>,
    /// What the last of these lacked.
    pub short: Option<Short>,
    /// How far it is.
    pub stage: Stage,
    /// Its lines, in the order in which they were added.
    pub lines: Vec<Line>,
    /// Lines that are aside.
    pub saved: Vec<Line>,
    /// Its codes, with what they take off.
    pub codes: Vec<PromoTerms>,
    /// What tax and shipping cost.
    pub quotes: Vec<QuoteRow>,
    /// Something of the client's.
    pub metadata: Option<String>,
    /// When it was opened.
    pub created_at: Time,
    /// When it was changed last.
    pub changed_at: Time,
}

/// What lines were before a change.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Undo {
    /// One of them; none if it is new.
    Line(u64, Option<Line>),
    /// All of them, and those that were aside.
    All(Vec<Line>, Vec<Line>),
    /// How many one of them had.
    Quantity(u64, u32),
}

/// How a change of lines is taken back.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Undoing {
    /// What it was.
    pub what: Undo,
    /// The entry that would be taken back after this one.
    pub previous: Option<u32>,
}

/// What happened to a cart.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Past {
    /// The version after it.
    pub version: u32,
    /// When.
    pub time: Time,
    /// Who asked for it.
    pub by: String,
    /// The device, as it calls itself.
    pub device: Option<String>,
    /// What happened.
    pub change: Change,
    /// How it is taken back.
    pub undo: Option<Undoing>,
}

/// A payment of a cart.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PaymentRow {
    /// How far it is.
    pub state: PaymentState,
    /// How much.
    pub amount: u64,
    /// When it was changed last.
    pub changed_at: Time,
}

/// Id → the cart.
pub const CARTS: Table<String, Cart> = Table::primary(16, "carts");

/// (cart, number from 1) → what happened: written by every change, and read by few.
pub const HISTORY: Table<(String, u32), Past> = Table::primary(17, "history").cold();

/// (cart, the provider's id) → the payment.
pub const PAYMENTS: Table<(String, String), PaymentRow> = Table::primary(18, "payments");

/// Routing key of a user's carts → the number of the newest one.
pub const ACTIVE: Table<String, u32> = Table::primary(19, "active");

/// (SKU, cart) → nothing: the cart may have the SKU, in a line or aside.
pub const HOLDERS: Table<(String, String), ()> = Table::primary(20, "holders").cold();

/// Routing key of a customer's carts → what the customer says of themselves, as JSON, and when.
pub const PROFILES: Table<String, (String, Time)> = Table::primary(21, "profiles").cold();

/// All of them, by number.
#[must_use]
pub fn all() -> Vec<TableDef> {
    vec![CARTS.def(), HISTORY.def(), PAYMENTS.def(), ACTIVE.def(), HOLDERS.def(), PROFILES.def()]
}

/// What a line costs. Quantities and prices are bounded, so that no product of them overflows 128 bits.
#[must_use]
pub fn cost(line: &Line) -> u128 {
    u128::from(line.price) * u128::from(line.quantity)
}

fn show_line(line: &Line, currency: Currency, discount: u64) -> LineView {
    LineView {
        id: line_name(line.id),
        sku: line.sku.clone(),
        title: line.title.clone(),
        options: line.options.iter().cloned().collect(),
        quantity: line.quantity,
        price: Money { amount: line.price, currency },
        added_price: line.added_price,
        price_changed: line.price != line.added_price,
        total: Money { amount: minor(cost(line)), currency },
        discount,
    }
}

fn show_codes(discounts: Discounts) -> Vec<AppliedCode> {
    discounts.codes.into_iter().map(|taken| AppliedCode { code: taken.code, amount: taken.amount }).collect()
}

/// A line's id as people see it.
#[must_use]
pub fn line_name(id: u64) -> String {
    format!("{id:016x}")
}

/// The line that people mean; none if no line has such a name.
#[must_use]
pub fn line_named(name: &str) -> Option<u64> {
    let is_name = name.len() == 16 && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if is_name { u64::from_str_radix(name, 16).ok() } else { None }
}

impl HoldRow {
    fn show(&self) -> ItemHold {
        ItemHold { sku: self.sku.clone(), quantity: self.held, expires_at: self.ends_at }
    }
}

fn minor(amount: u128) -> u64 {
    u64::try_from(amount).expect("a cart whose total is over the limit is refused")
}

impl Cart {
    /// What everything adds up to before discounts, and before it is known to be within the limit.
    #[must_use]
    pub fn sum(&self) -> u128 {
        let lines: u128 = self.lines.iter().map(cost).sum();
        lines + self.standing().map(|quote| u128::from(quote.amount)).sum::<u128>()
    }

    /// What quotes are worked out for: how many of what at which price, and what codes take off. It is the same again
    /// when all of that is.
    fn basis(&self) -> u64 {
        let each = self.lines.iter().zip(self.discounts().lines);
        let mut said: Vec<[u64; 4]> =
            each.map(|(line, discount)| [line.id, line.quantity.into(), line.price, discount]).collect();
        said.sort_unstable();
        let bytes: Vec<u8> = said.iter().flatten().flat_map(|number| number.to_be_bytes()).collect();
        xxhash_rust::xxh3::xxh3_64(&bytes)
    }

    /// Quotes that are for what the cart has now.
    fn standing(&self) -> impl Iterator<Item = &QuoteRow> {
        let basis = if self.quotes.is_empty() { 0 } else { self.basis() };
        self.quotes.iter().filter(move |quote| quote.basis == basis)
    }

    /// A quote that is for something else than what the cart has now.
    #[must_use]
    pub fn stale_quote(&self) -> Option<QuoteKind> {
        let standing: Vec<QuoteKind> = self.standing().map(|quote| quote.kind).collect();
        self.quotes.iter().map(|quote| quote.kind).find(|kind| !standing.contains(kind))
    }

    /// Takes a quote for what the cart has now, in the place of an older one of its kind.
    pub fn quote(&mut self, kind: QuoteKind, amount: u64, label: String) {
        self.quotes.retain(|quote| quote.kind != kind);
        self.quotes.push(QuoteRow { kind, amount, label, basis: self.basis() });
        self.quotes.sort_by_key(|quote| quote.kind);
    }

    fn show_quotes(&self) -> Vec<Quote> {
        let basis = if self.quotes.is_empty() { 0 } else { self.basis() };
        let show = |QuoteRow { kind, amount, label, basis: own }: &QuoteRow| Quote {
            kind: *kind,
            amount: *amount,
            label: label.clone(),
            stale: *own != basis,
        };
        self.quotes.iter().map(show).collect()
    }

    /// What is to be paid.
    #[must_use]
    pub fn total(&self) -> u64 {
        minor(self.sum()) - self.discounts().total()
    }

    /// What its codes take off.
    #[must_use]
    pub fn discounts(&self) -> Discounts {
        discounts(&self.lines, &self.codes)
    }

    fn show_lines(&self, discounts: &Discounts) -> Vec<LineView> {
        let each = self.lines.iter().zip(&discounts.lines);
        each.map(|(line, discount)| show_line(line, self.currency, *discount)).collect()
    }

    fn totals(&self, discount: u64) -> Totals {
        let money = |amount| Money { amount, currency: self.currency };
        let quoted =
            |kind: QuoteKind| self.standing().filter(|quote| quote.kind == kind).map(|quote| quote.amount).sum();
        Totals {
            subtotal: money(minor(self.lines.iter().map(cost).sum())),
            discount: money(discount),
            tax: money(quoted(QuoteKind::Tax)),
            shipping: money(quoted(QuoteKind::Shipping)),
            total: money(minor(self.sum()) - discount),
        }
    }

    /// How far it is, for people.
    #[must_use]
    pub fn state(&self) -> State {
        match &self.stage {
            Stage::Active => State::Active,
            Stage::Trial(trial) if !trial.saga.is_agreed() => State::Reserving,
            Stage::Trial(trial) if trial.ready => State::Paying,
            Stage::Trial(_) => State::CheckingOut,
            Stage::Ordered(..) => State::Ordered,
            Stage::Merged(..) => State::Merged,
            Stage::Merging(_) => State::Merging,
            Stage::Expired => State::Expired,
        }
    }

    /// The cart as people see it.
    #[must_use]
    pub fn show(&self, id: &str, warnings: Vec<Warning>) -> CartView {
        let discounts = self.discounts();
        CartView {
            id: id.to_owned(),
            state: self.state(),
            version: self.version,
            currency: self.currency,
            decimals: self.currency.decimals(),
            lines: self.show_lines(&discounts),
            saved: self.saved.iter().map(|line| show_line(line, self.currency, 0)).collect(),
            totals: self.totals(discounts.total()),
            promotions: show_codes(discounts),
            quotes: self.show_quotes(),
            expires_at: match &self.stage {
                Stage::Trial(trial) => Some(trial.saga.deadline),
                _ => None,
            },
            holds: self.holds.iter().map(HoldRow::show).collect(),
            warnings,
            order: matches!(self.stage, Stage::Ordered(..)).then(|| order_of(id)),
            abandoned: self.abandoned,
            customer: self.owner.clone(),
            successor: match &self.stage {
                Stage::Merged(successor, _) => Some(successor.clone()),
                _ => None,
            },
            metadata: self.metadata.clone(),
            created_at: self.created_at,
            changed_at: self.changed_at,
        }
    }

    /// The order that it has become, if it has.
    #[must_use]
    pub fn order(&self, id: &str) -> Option<Order> {
        let Stage::Ordered(payment, placed_at) = &self.stage else { return None };
        let discounts = self.discounts();
        Some(Order {
            id: order_of(id),
            cart: id.to_owned(),
            lines: self.show_lines(&discounts),
            totals: self.totals(discounts.total()),
            promotions: show_codes(discounts),
            quotes: self.show_quotes(),
            payment: payment.clone(),
            placed_at: *placed_at,
        })
    }
}
