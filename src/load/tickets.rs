//! Guests who hold the best seats of a hall, and mostly pay for them.

use super::scenario::{Dice, Look, Request, Scenario, text};
use reqwest::Method;
use serde_json::{Value, json};

const EVENT: &str = "/v1/tickets/events/demo-gig";

/// The guests.
pub struct Guests {
    dice: Dice,
}

impl Guests {
    /// Guests who have no seats yet; as many come as there are holds.
    #[must_use]
    pub fn new(_: usize, dice: Dice) -> Self {
        Self { dice }
    }
}

/// A hall of 60 rows.
fn hall() -> Value {
    let section = |id: &str, category: &str| {
        let rows: Vec<Value> = (1..=20).map(|row| json!({ "id": row.to_string(), "seats": 50 })).collect();
        json!({ "id": id, "category": category, "rows": rows })
    };
    let price = |amount: u32| json!({ "amount": amount, "currency": "EUR" });
    json!({ "id": "demo-gig", "hold_seconds": 300,
        "categories": [{ "id": "floor", "price": price(7500) }, { "id": "stand", "price": price(4500) }],
        "sections": [section("A", "floor"), section("B", "stand"), section("C", "stand")] })
}

impl Scenario for Guests {
    fn system(&self) -> &'static str {
        "tickets"
    }

    fn prepare(&mut self) -> Vec<Request> {
        vec![Request::post("a hall", "/v1/tickets/events", hall())]
    }

    fn next(&mut self) -> Request {
        let (buyer, number) = (self.dice.fresh("guest"), self.dice.between(1, 7));
        let category = *self.dice.one_of(&["floor", "stand"]);
        let (leaves, pays) = (self.dice.percent(15), self.dice.percent(95));
        let asks = json!({ "buyer": buyer, "best": { "number": number, "category": category } });
        Request::post("a hold", format!("{EVENT}/holds"), asks).or_refused().then(move |held| {
            let hold = text(held, "hold").to_owned();
            match leaves {
                true => vec![Request::new("a release", Method::POST, format!("{EVENT}/holds/{hold}:release"))],
                false => vec![order(&buyer, &hold, pays)],
            }
        })
    }

    fn read(&mut self) -> Request {
        Request::get("what is free", format!("{EVENT}/availability"))
    }

    fn looks(&self) -> Vec<Look> {
        let lines = |now: &Value| {
            let all = now["categories"].as_array().into_iter().flatten();
            all.map(|one| {
                format!("{}: {} free, {} held, {} sold", text(one, "id"), one["free"], one["held"], one["sold"])
            })
            .collect()
        };
        vec![Look { title: "demo-gig".to_owned(), path: format!("{EVENT}/availability"), lines }]
    }
}

fn order(buyer: &str, hold: &str, pays: bool) -> Request {
    let asks = json!({ "event": "demo-gig", "hold": hold, "buyer": buyer });
    Request::post("an order of seats", "/v1/tickets/orders", asks).then(move |order| {
        let id = text(order, "order").to_owned();
        if !pays {
            return vec![Request::new("a cancelled order", Method::POST, format!("/v1/tickets/orders/{id}:cancel"))];
        }
        let said = json!({ "type": "captured", "payment": format!("pay-{id}"), "amount": order["total"]["amount"] });
        vec![Request::post("a payment of seats", format!("/v1/tickets/orders/{id}/payments"), said)]
    })
}
