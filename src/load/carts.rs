//! Buyers who fill carts; most of them check out and pay.

use super::scenario::{Dice, Look, Request, Scenario, text};
use parking_lot::Mutex;
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::Arc;

/// What there is, and what it costs in cents.
const SKUS: [(&str, u32); 6] = [
    ("demo-cap", 1499),
    ("demo-mug", 899),
    ("demo-pin", 299),
    ("demo-poster", 1250),
    ("demo-scarf", 2100),
    ("demo-tee", 1999),
];

/// The buyers.
pub struct Buyers {
    dice: Dice,
    people: usize,
    /// The last carts that were opened, one for each buyer.
    carts: Arc<Mutex<Vec<String>>>,
}

impl Buyers {
    /// So many buyers who have bought nothing yet.
    #[must_use]
    pub fn new(people: usize, dice: Dice) -> Self {
        Self { dice, people, carts: Arc::default() }
    }
}

impl Scenario for Buyers {
    fn system(&self) -> &'static str {
        "carts"
    }

    fn prepare(&mut self) -> Vec<Request> {
        let sku = |(id, cents): &(&str, u32)| {
            let price = json!({ "amount": cents, "currency": "EUR" });
            let body = json!({ "on_hand": 1_000_000, "price": price, "title": &id["demo-".len()..] });
            Request::put("a SKU", format!("/v1/carts/skus/{id}"), body)
        };
        SKUS.iter().map(sku).collect()
    }

    fn next(&mut self) -> Request {
        let lines: Vec<Value> = (0..self.dice.between(1, 4))
            .map(|_| json!({ "sku": self.dice.one_of(&SKUS).0, "quantity": self.dice.between(1, 4) }))
            .collect();
        let buys = self.dice.percent(70);
        let (carts, place) = (self.carts.clone(), self.dice.place(self.people));
        Request::post("a cart", "/v1/carts", json!({ "currency": "EUR" })).then(move |cart| {
            let id = text(cart, "id").to_owned();
            let mut carts = carts.lock();
            match carts.get_mut(place) {
                Some(last) => last.clone_from(&id),
                None => carts.push(id.clone()),
            }
            fill(id, lines, buys)
        })
    }

    fn read(&mut self) -> Request {
        let carts = self.carts.lock();
        match carts.is_empty() {
            true => Request::get("what there is of a SKU", "/v1/carts/skus/demo-tee/availability"),
            false => Request::get("a look at a cart", format!("/v1/carts/{}", self.dice.one_of(&carts))),
        }
    }

    fn looks(&self) -> Vec<Look> {
        let lines = |sku: &Value| {
            vec![format!("{} left, {} reserved, {} sold", sku["available"], sku["reserved"], sku["committed"])]
        };
        vec![Look { title: "demo-tee".to_owned(), path: "/v1/carts/skus/demo-tee/availability".to_owned(), lines }]
    }
}

/// One line after the other, and then to the checkout.
fn fill(id: String, mut lines: Vec<Value>, buys: bool) -> Vec<Request> {
    let Some(line) = lines.pop() else { return if buys { vec![check_out(id)] } else { Vec::new() } };
    let add = Request::post("a line", format!("/v1/carts/{id}/line-items"), line);
    vec![add.then(move |_| fill(id, lines, buys))]
}

fn check_out(id: String) -> Request {
    Request::new("a checkout", Method::POST, format!("/v1/carts/{id}/checkout")).then(move |cart| {
        // A cart that is not held yet is looked after by its deadline.
        let Some(amount) = cart["total"]["amount"].as_i64() else { return Vec::new() };
        let said = json!({ "cart": id, "type": "authorized", "amount": amount });
        let pay = Request::post("a payment", format!("/v1/carts/payments/pay-{id}/events"), said);
        let complete = Request::new("an order", Method::POST, format!("/v1/carts/{id}/complete"));
        vec![pay.then(move |_| vec![complete])]
    })
}
