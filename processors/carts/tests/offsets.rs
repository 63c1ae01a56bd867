//! What holds at every offset, whatever buyers, shelves, codes and clocks do in whatever order: all that is in the house is
//! available, reserved or committed, no code is used more often than it may be, and a total is the sum of its parts. And in
//! the end money that was taken has its order or is to be given back.

use super::{TOKEN, line_of, of, pay};
use crate::carts::SYSTEM;
use crate::carts::promo::tables::{HELD, USES};
use crate::carts::stock::tables::{COUNTS, CUSTOMERS, HOLDS, LINE, NUMBERS};
use crate::carts::tables::{CARTS, Cart, PAYMENTS, Stage};
use crate::runtime::check::race_watched;
use millrace_state::key::Key;
use millrace_state::store::Store;
use millrace_state::table::Table;
use millrace_topics::carts::{Line, PaymentState, routing_key};
use millrace_topics::codec::Body;
use proptest::prelude::*;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Debug;

/// What everything costs, so that a payment often is of the right amount.
const PRICE: u64 = 10;

const SKUS: [&str; 2] = ["tee", "cap"];
const BUYERS: [&str; 3] = ["a", "b", "user:u1"];

/// A bundle of two tees and a cap.
const PARTS: &str = r#","parts":[{"sku":"tee","quantity":2},{"sku":"cap","quantity":1}]"#;

/// How something is put into a cart: some of it is held at once.
const ADDS: [&str; 2] = [r#""add_line""#, r#""add_held","seconds":300"#];

/// When an item is reserved by its own will.
const RESERVES: [&str; 2] = [r#"{"at":"checkout"}"#, r#"{"at":"order"}"#];

/// The most uses of the code, and the most that all of them take off.
const LIMITS: (u32, u64) = (2, 15);

fn rows<K: Key + Debug, V: Body>(store: &Store, table: Table<K, V>) -> Vec<(K, V)> {
    store.range(&table.all()).map(|(key, value)| (table.key_of(&key), table.value_of(&value))).collect()
}

/// What carts and items were when they were last looked at.
#[derive(Default)]
struct Seen {
    carts: BTreeMap<String, Cart>,
    /// By cart and the provider's id.
    payments: BTreeMap<(String, String), PaymentState>,
    committed: BTreeMap<String, u32>,
}

impl Seen {
    fn look(&mut self, machine: &str, store: &Store) {
        match machine {
            "carts" => self.look_at_carts(store),
            "carts.stock" => self.look_at_stock(store),
            _ => look_at_promo(store),
        }
    }

    fn look_at_carts(&mut self, store: &Store) {
        let carts = rows(store, CARTS);
        carts.iter().for_each(|(id, cart)| adds_up(id, cart));
        self.carts.extend(carts);
        self.payments.extend(rows(store, PAYMENTS).into_iter().map(|(key, row)| (key, row.state)));
    }

    fn look_at_stock(&mut self, store: &Store) {
        let (holds, line) = (rows(store, HOLDS), rows(store, LINE));
        for (sku, counts) in rows(store, COUNTS) {
            let held: u32 =
                holds.iter().filter(|((item, _), _)| *item == sku).map(|(_, (_, quantity))| *quantity).sum();
            assert_eq!(held, counts.reserved, "what carts hold of {sku} is what is reserved");
            let sum = u64::from(counts.available()) + u64::from(counts.reserved) + u64::from(counts.committed);
            assert_eq!(sum, u64::from(counts.on_hand), "{sku}");
            let waiting = line.iter().filter(|((item, _), _)| *item == sku).count();
            assert_eq!(waiting, counts.waiting as usize, "{sku}");
            self.committed.insert(sku, counts.committed);
        }
        assert_eq!(line.len(), rows(store, NUMBERS).len(), "who stands in line has a number");
        for ((sku, customer), has) in rows(store, CUSTOMERS) {
            let is_own = |cart: &str| routing_key(cart) == customer;
            let held = holds.iter().filter(|((item, cart), _)| *item == sku && is_own(cart));
            assert!(
                has >= held.map(|(_, (_, quantity))| *quantity).sum(),
                "{customer} holds no more of {sku} than counted"
            );
        }
    }

    /// How many of an item orders have, bundles included.
    fn ordered(&self, sku: &str) -> u32 {
        let orders = self.carts.values().filter(|cart| matches!(cart.stage, Stage::Ordered(..)));
        let of_line = |line: &Line| {
            let own = u32::from(line.sku == sku && line.parts.is_empty());
            let parts: u32 = line.parts.iter().filter(|part| part.sku == sku).map(|part| part.quantity).sum();
            line.quantity * (own + parts)
        };
        orders.flat_map(|cart| &cart.lines).map(of_line).sum()
    }

    /// Money that was taken, or is set aside, is an order's: there is no checkout any more that could want it.
    fn money_is_somebodys(&self) {
        for ((id, payment), state) in &self.payments {
            let pays = matches!(&self.carts[id].stage, Stage::Ordered(Some(own), _) if own == payment);
            let is_kept = matches!(state, PaymentState::Captured | PaymentState::Authorized);
            assert!(pays || !is_kept, "{payment} of {id} is {state:?} for nothing: {:?}", self.carts[id]);
        }
    }
}

/// What is to be paid is the sum of its parts, to the cent.
fn adds_up(id: &str, cart: &Cart) {
    let shown = cart.show(id, Vec::new());
    let totals = shown.totals;
    let lines: u64 = shown.lines.iter().map(|line| line.total.amount).sum();
    let discount: u64 = shown.lines.iter().map(|line| line.discount).sum();
    let codes: u64 = shown.promotions.iter().map(|code| code.amount).sum();
    assert_eq!((lines, discount, codes), (totals.subtotal.amount, totals.discount.amount, totals.discount.amount));
    let quoted: u64 = shown.quotes.iter().filter(|quote| !quote.stale).map(|quote| quote.amount).sum();
    assert_eq!(quoted, totals.tax.amount + totals.shipping.amount, "{id}");
    assert_eq!(totals.total.amount, lines - discount + quoted, "{id}");
    if let Stage::Trial(trial) = &cart.stage {
        assert_eq!(trial.total, totals.total.amount, "what is checked out stands still: {id}");
    }
}

fn look_at_promo(store: &Store) {
    let held = rows(store, HELD);
    for (code, uses) in rows(store, USES) {
        let of_code = held.iter().filter(|((held, _), _)| *held == code);
        assert_eq!(of_code.count(), uses.reserved as usize, "{code}");
        assert!(uses.reserved + uses.used <= LIMITS.0 && uses.spent <= LIMITS.1, "{code}: {uses:?}");
    }
}

fn define(sku: &str, on_hand: u32, at: &str) -> String {
    format!(
        r#"@carts.stock {{"type":"define_sku","sku":"{sku}","on_hand":{on_hand},"price":{{"amount":{PRICE},"currency":"EUR"}},"reserve":{at}}}"#
    )
}

fn set(cart: &str, sku: &str, quantity: u32) -> String {
    format!(r#"{{"type":"set_hinted","cart":"{cart}","line":"{}","quantity":{quantity},"seconds":400}}"#, line_of(sku))
}

fn claim(cart: &str) -> String {
    format!(r#"{{"type":"claim","cart":"{cart}","customer":"u1","mode":"sum"}}"#)
}

/// What is there before anybody comes.
fn shelf() -> Vec<String> {
    let set =
        format!(r#"@carts.stock {{"type":"define","sku":"set","price":{{"amount":{PRICE},"currency":"EUR"}}{PARTS}}}"#);
    let (uses, budget) = LIMITS;
    let code = format!(
        r#"@carts.promo {{"type":"define","code":"half","discount":{{"kind":"percent","basis_points":5000}},"max_uses":{uses},"budget":{budget}}}"#
    );
    let mut lines = vec![define("tee", 4, RESERVES[0]), define("cap", 2, RESERVES[1]), set, code];
    lines.extend(BUYERS.iter().map(|buyer| open(buyer)));
    lines
}

fn open(buyer: &str) -> String {
    match buyer.strip_prefix("user:") {
        Some(user) => format!(r#"{{"type":"open_for","cart":"{buyer}","user":"{user}","currency":"EUR"}}"#),
        None => format!(r#"{{"type":"open","cart":"{buyer}","token":"{TOKEN}","currency":"EUR"}}"#),
    }
}

fn quote(cart: &str, amount: u64) -> String {
    format!(r#"{{"type":"quote","cart":"{cart}","kind":"tax","amount":{amount}}}"#)
}

/// Something that somebody does.
fn step() -> impl Strategy<Value = String> {
    let buyer = || prop::sample::select(BUYERS.to_vec());
    let sku = || prop::sample::select(SKUS.to_vec());
    let add = |cart: &str, sku: &str, quantity: u32, kind: &str| {
        let parts = if sku == "set" { PARTS } else { "" };
        format!(
            r#"{{"type":{kind},"cart":"{cart}","quantity":{quantity},"offer":{{"sku":"{sku}","price":{{"amount":{PRICE},"currency":"EUR"}}{parts}}}}}"#
        )
    };
    let half = |cart: &str| {
        format!(
            r#"{{"type":"apply_code","cart":"{cart}","terms":{{"code":"half","version":1,"discount":{{"kind":"percent","basis_points":5000}}}}}}"#
        )
    };
    let adjust = |sku: &str, delta: i32, shipped: u32| {
        format!(r#"@carts.stock {{"type":"adjust","sku":"{sku}","delta":{delta},"shipped":{shipped}}}"#)
    };
    let asks =
        prop::sample::select(vec!["checkout", "checkout", "checkout_in_line", "cancel", "complete", "undo", "extend"]);
    let kinds = prop::sample::select(vec!["authorized", "captured", "captured", "failed", "refunded"]);
    prop_oneof![
        6 => (buyer(), prop::sample::select(vec!["tee", "cap", "set"]), 1u32..3, prop::sample::select(ADDS.to_vec()))
            .prop_map(move |(cart, sku, n, kind)| add(cart, sku, n, kind)),
        2 => (buyer(), sku(), 0u32..4).prop_map(|(cart, sku, n)| set(cart, sku, n)),
        1 => prop::sample::select(vec!["a", "b"]).prop_map(claim),
        8 => (buyer(), asks).prop_map(|(cart, ask)| of(ask, cart)),
        8 => (buyer(), 0u32..3, kinds, 1u64..8).prop_map(|(cart, number, kind, halves)| {
            pay(cart, &format!("p{number}"), kind, halves * PRICE / 2)
        }),
        1 => buyer().prop_map(half),
        1 => buyer().prop_map(open),
        1 => (buyer(), 0u64..3).prop_map(|(cart, halves)| quote(cart, halves * PRICE / 2)),
        2 => (sku(), -2i32..3, 0u32..3).prop_map(move |(sku, delta, shipped)| adjust(sku, delta, shipped)),
        1 => (sku(), 0u32..6, prop::sample::select(RESERVES.to_vec())).prop_map(|(sku, on_hand, at)| define(sku, on_hand, at)),
        1 => (1u32..20).prop_map(|minutes| format!("+{minutes}m")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn stock_and_codes_add_up_at_every_offset(steps in prop::collection::vec(step(), 10..60)) {
        let mut script = shelf().join("\n") + "\n";
        script.extend(steps.iter().map(|step| format!("| {step}\n")));
        // At last every checkout's time is over.
        script += "+2d\n";
        let shipped = steps.iter().any(|step| step.contains("adjust"));
        let seen = RefCell::new(Seen::default());
        let watch = |machine: &str, _: u32, store: &Store| seen.borrow_mut().look(machine, store);
        race_watched(SYSTEM.machines, &script, 2, &watch, &|shown| {
            assert!(shown.stopped.is_empty() && shown.dead.is_empty(), "{shown:?}");
            let left = |table: &str| shown.rows.iter().filter(|row| row.starts_with(table)).count();
            let over = ["carts.stock holds", "carts.stock line", "carts.promo held"].map(left);
            assert_eq!(over, [0, 0, 0], "nothing is left over: {:?}", shown.rows);
            let seen = seen.take();
            assert!(seen.carts.values().all(|cart| cart.holds.is_empty()), "no cart holds anything: {:?}", shown.rows);
            seen.money_is_somebodys();
            for sku in SKUS.iter().filter(|_| !shipped) {
                assert_eq!(seen.committed[*sku], seen.ordered(sku), "what is sold of {sku} is what orders have");
            }
        });
    }
}
