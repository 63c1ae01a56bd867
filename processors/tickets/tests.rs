//! Tickets through the harness: every rule as a script, with crashes, repeats and other numbers of partitions behind it.

mod best;
mod buyers;
mod distance;
mod door;
mod legs;
mod line;
mod lists;
mod model;
mod money;
mod office;
mod packages;
mod queue;
mod quotas;
mod resale;
mod rules;
mod seats;
mod waitlist;

use crate::runtime::check;
use crate::tickets::SYSTEM;
use expect_test::Expect;
use serde_json::{Value, json};

#[expect(clippy::needless_pass_by_value, reason = "`expect![…]` is a value")]
fn check(script: &[String], expected: Expect) {
    let shown = check::run(SYSTEM.machines, &script.join("\n"));
    expected.assert_eq(&shown.lines().filter_map(brief).map(|line| format!("{line}\n")).collect::<String>());
}

/// A line of what a run shows, as short as it can be.
fn brief(line: &str) -> Option<String> {
    if let Some(reply) = line.strip_prefix("  → ") {
        let text = reply.strip_suffix(" (replayed)").unwrap_or(reply);
        return Some(format!("  → {}", serde_json::from_str(text).map_or(text.to_owned(), |value| brief_of(&value))));
    }
    if let Some(said) = line.strip_prefix("  said tickets ") {
        let (kind, data) = said.split_once(' ').expect("an event has data");
        let data: Value = serde_json::from_str(data).expect("it is JSON");
        if data["became"].is_string() || data["listed_at"].is_string() {
            return Some(format!("  said {kind} {}", brief_of(&data)));
        }
        let of = ["order", "hold", "waiter"]
            .iter()
            .find_map(|name| data.get(name))
            .map_or(String::new(), |of| format!(" {of}"));
        let amount = data.get("amount").map_or(String::new(), |amount| format!(" {amount}"));
        return Some(format!("  said {kind}{of}{amount}"));
    }
    if let Some(said) = line.strip_prefix("  said tickets.packages ") {
        let (kind, data) = said.split_once(' ').expect("an event has data");
        let data: Value = serde_json::from_str(data).expect("it is JSON");
        let amount = data.get("amount").map_or(String::new(), |amount| format!(" {amount}"));
        return Some(format!("  said {kind} {}{amount}", data.get("number").unwrap_or(&data["package"])));
    }
    let is_row = ["tickets ", "tickets.packages "].iter().any(|machine| line.starts_with(machine));
    let is_shown = [
        "tickets payments",
        "tickets timers",
        "tickets parts",
        "tickets changes",
        "tickets tokens",
        "tickets.packages payments",
    ];
    (!is_row || is_shown.iter().any(|table| line.starts_with(table))).then(|| shorter(line))
}

/// A line of a script without what all lines of its kind have.
fn shorter(line: &str) -> String {
    line.replace(&format!(r#","token":"{TOKEN}""#), "").replace(r#""event":"gig","#, "")
}

fn brief_of(value: &Value) -> String {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let list = |value: &Value| value.as_array().into_iter().flatten().map(text).collect::<Vec<_>>().join(" ");
    if value["parts"].is_array() {
        let parts = value["parts"].as_array().into_iter().flatten();
        let part = |part: &Value| {
            let order = part["order"].as_u64().map_or(String::new(), |order| format!(" order {order}"));
            format!(" {} [{}] {}{order}", text(&part["event"]), list(&part["seats"]), part["total"]["amount"])
        };
        let parts: String = parts.map(part).collect();
        let (number, state, until) = (&value["number"], text(&value["state"]), text(&value["expires_at"]));
        return format!("package {} {number} {state}{parts} until {until}", text(&value["package"]));
    }
    if value["answer_seconds"].is_u64() {
        return format!("package {} is defined", text(&value["package"]));
    }
    if value["result"].is_string() {
        let first =
            value["first"].as_object().map_or(String::new(), |first| format!(" first {}", text(&first["scanner"])));
        return format!("{} {} {}{first}", text(&value["ticket"]), text(&value["result"]), text(&value["seat"]));
    }
    if value["became"].is_string() {
        let price = value["price"].as_u64().map_or(String::new(), |price| format!(" for {price}"));
        return format!(
            "{} of {} became {} of {}{price}",
            text(&value["ticket"]),
            text(&value["from"]),
            text(&value["became"]),
            text(&value["to"])
        );
    }
    if value["listed_at"].is_string() {
        return format!(
            "{} is offered for {}, held {}",
            text(&value["ticket"]),
            value["price"]["amount"],
            value["held"]
        );
    }
    if value[0]["plan"].is_object() {
        return format!("{} and {}", brief_of(&value[0]), value[1]);
    }
    if value["plan"].is_object() {
        return format!("event {} with {} places", text(&value["plan"]["event"]), value["capacity"]);
    }
    if let Some(position) = value.get("position") {
        let until = value["until"].as_str().map_or(String::new(), |until| format!(" in until {until}"));
        return format!("{} has place {} at {position}{until}", text(&value["buyer"]), value["number"]);
    }
    if let Some(seats) = value["seats"].as_array().filter(|seats| seats.iter().any(Value::is_object)) {
        let brief = |seat: &Value| {
            let notes = [&seat["reference"], &seat["note"]].map(|note| note.as_str().unwrap_or("-"));
            format!("{} {} {} {}", text(&seat["seat"]), text(&seat["status"]), notes[0], notes[1])
        };
        let beside = if value["adjacent"] == true { " adjacent" } else { "" };
        return format!("{}{beside}", seats.iter().map(brief).collect::<Vec<_>>().join(", "));
    }
    if let Some(areas) = value["areas"].as_array().filter(|areas| areas.iter().any(|area| area["capacity"].is_u64())) {
        let brief = |area: &Value| {
            let [free, held, booked] = ["free", "held", "booked"].map(|name| &area[name]);
            format!("{}: {free} free, {held} held, {booked} booked", text(&area["category"]))
        };
        return areas.iter().map(brief).collect::<Vec<_>>().join(", ");
    }
    if value["waiter"].is_u64() {
        let (buyer, state, ahead) = (text(&value["buyer"]), text(&value["state"]), &value["ahead"]);
        return format!("waiter {} {buyer} {state} behind {ahead}", value["waiter"]);
    }
    if value["seed_hash"].is_string() {
        return format!("room {} revision {}", text(&value["mode"]), value["revision"]);
    }
    if value["number"].is_u64() {
        let areas = value["areas"].as_array().into_iter().flatten();
        let areas: String = areas.map(|area| format!(" {}×{}", area["quantity"], text(&area["category"]))).collect();
        let step = value["step"].as_u64().map_or(String::new(), |step| format!(" step {step} {}", value["quality"]));
        let beside = if value["adjacent"] == true { " adjacent" } else { "" };
        let (number, state, until) = (&value["number"], text(&value["state"]), text(&value["expires_at"]));
        let total = &value["total"]["amount"];
        return format!("hold {number} {state} [{}]{areas}{step}{beside} {total} until {until}", list(&value["seats"]));
    }
    if value.is_array() {
        return format!("{}; payment {} {}", brief_of(&value[0]), text(&value[1]["state"]), value[1]["refund"]);
    }
    if value["items"].is_array() {
        let items = value["items"].as_array().into_iter().flatten();
        let items: Vec<String> =
            items.map(|item| format!("{} {}", text(&item["seat"]), text(&item["state"]))).collect();
        let (order, state, total) = (text(&value["order"]), text(&value["state"]), &value["total"]["amount"]);
        return format!("order {order} {state} [{}] {total}", items.join(", "));
    }
    value.to_string()
}

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// The line that puts an event on sale: one section A with rows of so many seats, and what else is said.
fn publish(rows: &[u32], more: &Value) -> String {
    let row = |(index, seats): (usize, &u32)| json!({"id":(index + 1).to_string(),"seats":seats});
    let rows: Vec<Value> = rows.iter().enumerate().map(row).collect();
    let sections = if rows.is_empty() { json!([]) } else { json!([{"id":"A","category":"floor","rows":rows}]) };
    let mut plan = json!({
        "type":"publish","event":"gig","currency":"EUR","hold_seconds":900,"order_seconds":600,"extensions":1,
        "min_per_order":1,"max_per_order":10,"categories":[{"id":"floor","price":5000}],"sections":sections,
    });
    let fields = plan.as_object_mut().expect("it was made as one");
    fields.extend(more.as_object().expect("more fields").clone());
    plan.to_string()
}

/// The line with which a buyer holds something.
fn hold(buyer: &str, what: &Value) -> String {
    let mut holding = json!({"type":"hold","event":"gig","buyer":buyer,"token":TOKEN});
    let fields = holding.as_object_mut().expect("it was made as one");
    fields.extend(what.as_object().expect("more fields").clone());
    holding.to_string()
}

/// The line with which a buyer holds the best that there are.
fn best(buyer: &str, number: u32) -> String {
    hold(buyer, &json!({"best":{"number":number}}))
}

/// The line with which a buyer holds these seats.
fn seats(buyer: &str, seats: &[&str]) -> String {
    hold(buyer, &json!({"seats":seats}))
}

/// The line of a command for a hold.
fn on_hold(kind: &str, hold: u32) -> String {
    json!({"type":kind,"event":"gig","hold":hold,"token":TOKEN}).to_string()
}

/// The line that makes an order of a hold.
fn order(hold: u32, buyer: &str) -> String {
    json!({"type":"order","event":"gig","hold":hold,"token":TOKEN,"buyer":buyer}).to_string()
}

/// The line of what a payment provider says.
fn pay(order: u32, payment: &str, kind: &str, amount: u64) -> String {
    json!({"type":"pay","event":"gig","order":order,"payment":payment,"kind":kind,"amount":amount}).to_string()
}

/// The line that takes an order back.
fn cancel(order: u32) -> String {
    json!({"type":"cancel","event":"gig","order":order}).to_string()
}

/// The same line after so much time.
fn after(span: &str, line: &str) -> String {
    format!("+{span} {line}")
}
