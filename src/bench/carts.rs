//! How fast carts' commands become views: lines that are added and changed, and reservations of one SKU that everybody
//! wants, with their answers. Out of a filled log, verified afterwards.

use crate::bench::drive::{Filler, Random, phase, state_bytes, verify_all};
use crate::bench::figures::Thousands;
use crate::cli::CartsLoad;
use crate::settings::Settings;
use millrace_topics::carts::{
    AddLine, Carts, CartsStock, Checkout, Command, Offer, On, Opening, Reserve, SetLine, StockCommand,
};
use millrace_topics::money::{Currency, Money};
use millrace_topics::token::TokenHash;

/// How many SKUs the lines are of.
const SKUS: u64 = 1000;

/// How many carts are the hot ones.
const HOT: u64 = 16;

/// The SKU whose reservations are asked for directly.
const ASKED: &str = "asked";

/// The SKU that the carts of the sale check out.
const SALE: &str = "sale";

const EUR: Currency = Currency(*b"EUR");

/// Runs it.
///
/// # Errors
/// A sentence for the operator.
pub fn run(load: &CartsLoad, settings: &Settings) -> Result<(), String> {
    let (carts, sale) = (Thousands(load.carts.into()), Thousands(load.reservations.into()));
    println!("carts: {carts} of them, {SKUS} SKUs, {sale} reservations of one SKU");
    let mut makers = Makers { load: load.clone(), chance: Random(load.seed) };
    phase("carts are opened", "commands", settings, |out| makers.open(out))?;
    phase("every cart gets its first line", "commands", settings, |out| makers.first(out))?;
    let bytes = state_bytes(settings, "carts")?;
    println!("{} bytes of state for each cart with one line, its history included", bytes / load.carts);
    phase("lines of carts at random", "commands", settings, |out| makers.more(load.carts, out))?;
    phase("lines of a few hot carts", "commands", settings, |out| makers.more(HOT.min(load.carts), out))?;
    phase("reservations of one SKU, asked of the stock", "reservations", settings, |out| makers.reserve(out))?;
    phase("carts of a sale are opened and filled", "commands", settings, |out| makers.fill(out))?;
    phase("checkouts of one SKU", "checkouts", settings, |out| makers.check_out(out))?;
    verify_all(settings)
}

struct Makers {
    load: CartsLoad,
    chance: Random,
}

impl Makers {
    fn open(&self, out: &mut Filler) {
        (0..self.load.carts).for_each(|cart| open(cart_id(cart), out));
    }

    fn first(&self, out: &mut Filler) {
        (0..self.load.carts).for_each(|cart| add(cart_id(cart), &sku_id(cart % SKUS), out));
    }

    /// Nine of ten put something into a cart, in a line of its own or into one that is there; the tenth changes one.
    fn more(&mut self, carts: u64, out: &mut Filler) {
        for _ in 0..self.load.commands {
            let cart = self.chance.next() % carts;
            match self.chance.next() % 10 {
                0 => set(cart_id(cart), &sku_id(cart % SKUS), out),
                other => add(cart_id(cart), &sku_id((cart + other / 4) % SKUS), out),
            }
        }
    }

    /// The carts have asked for nothing, so they pass the answers over.
    fn reserve(&self, out: &mut Filler) {
        define(ASKED, out);
        for number in 0..self.load.reservations {
            let (sku, cart) = (ASKED.to_owned(), cart_id(number % self.load.carts));
            let attempt = u32::try_from(number / self.load.carts).expect("there are few rounds");
            let reserve = Reserve { sku, cart, attempt, quantity: 1, price: Some(price()) };
            out.add::<CartsStock>(&StockCommand::Reserve(reserve), 1);
        }
    }

    fn fill(&self, out: &mut Filler) {
        define(SALE, out);
        for cart in 0..self.load.reservations {
            open(buyer_id(cart), out);
            add(buyer_id(cart), SALE, out);
        }
    }

    fn check_out(&self, out: &mut Filler) {
        for cart in 0..self.load.reservations {
            out.add::<Carts>(&Command::Checkout(Checkout { on: on(buyer_id(cart)), seconds: Some(86_400) }), 1);
        }
    }
}

fn define(sku: &str, out: &mut Filler) {
    let define = serde_json::json!({"type":"define","sku":sku,"on_hand":1_000_000_000,"price":price()});
    out.prepare::<CartsStock>(&serde_json::from_value(define).expect("it is one"));
}

fn open(cart: String, out: &mut Filler) {
    let opening = Opening { cart, token: Some(TOKEN), currency: EUR, metadata: None };
    out.add::<Carts>(&Command::Open(opening), 1);
}

fn add(cart: String, sku: &str, out: &mut Filler) {
    let offer = Offer {
        sku: sku.to_owned(),
        title: "A shirt of the summer".to_owned(),
        price: price(),
        max_per_line: None,
        available: Some(1000),
        parts: Vec::new(),
    };
    let add = AddLine { on: on(cart), offer, quantity: 1, options: Vec::new() };
    out.add::<Carts>(&Command::AddLine(Box::new(add)), 1);
}

fn set(cart: String, sku: &str, out: &mut Filler) {
    let line = format!("{:016x}", millrace_processors::carts::lines::line_id(sku, &[]));
    out.add::<Carts>(&Command::SetLine(SetLine { on: on(cart), line, quantity: 1, base: None }), 1);
}

/// All carts have the same token: what it is changes nothing.
const TOKEN: TokenHash = TokenHash([7; 16]);

fn on(cart: String) -> On {
    On { cart, token: Some(TOKEN), ..On::default() }
}

fn price() -> Money {
    Money { amount: 1999, currency: EUR }
}

/// As long as those that the gateway draws.
fn cart_id(number: u64) -> String {
    format!("{:011x}{:011x}", Random(number).next() & 0xfff_ffff_ffff, number)
}

fn buyer_id(number: u64) -> String {
    format!("buyer-of-sale-{number:08}")
}

fn sku_id(number: u64) -> String {
    format!("sku-{number}")
}
