//! Bad input, item by item: what is refused, with which status and code, and that the cart stays as it was.

use super::{Buyer, pay, put, serve, stock_is};
use crate::support::{Answer, Server};
use serde_json::{Value, json};

/// A cart that has become an order.
fn ordered(server: &Server) -> Buyer<'_> {
    let buyer = Buyer::open(server);
    assert_eq!(buyer.add("tee", 1).status, 200);
    assert_eq!(buyer.post("/checkout", &Value::Null).status, 200);
    assert_eq!(pay(server, &buyer.id, "p", "captured", 1999).status, 200);
    buyer
}

/// A cart whose lines are a customer's, and the customer's cart.
fn merged(server: &Server) -> (Buyer<'_>, String) {
    let buyer = Buyer::open(server);
    assert_eq!(buyer.add("tee", 1).status, 200);
    let claimed = buyer.post("/customer", &json!({"customer":"u1","mode":"sum"}));
    assert_eq!(claimed.status, 200, "{claimed:?}");
    (buyer, claimed.body["id"].as_str().expect("an id").to_owned())
}

/// The same as JSON that no number of a program holds.
fn raw(buyer: &Buyer<'_>, body: &str) -> Answer {
    let bearer = format!("Bearer {}", buyer.token);
    let path = format!("/v1/carts/{}/line-items", buyer.id);
    buyer.server.send("POST", &path, &[("authorization", &bearer)], body.as_bytes().to_vec()).expect("it is answered")
}

#[test]
fn each_kind_of_bad_input_is_refused_by_its_name_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(&folder.path().join("data"));
    let shelf = [
        ("fan", json!({"on_hand":5,"price":{"amount":300,"currency":"JPY"}})),
        ("gem", json!({"on_hand":9,"price":{"amount":600_000_000_000_000u64,"currency":"EUR"}})),
    ];
    for (sku, terms) in &shelf {
        assert_eq!(put(&server, &format!("/v1/carts/skus/{sku}"), terms).status, 201);
    }
    let codes = [
        ("past", json!({"discount":{"kind":"percent","basis_points":1},"ends_at":"2020-01-01T00:00:00Z"})),
        ("used", json!({"discount":{"kind":"percent","basis_points":1},"max_uses":0})),
    ];
    for (code, promotion) in &codes {
        assert_eq!(put(&server, &format!("/v1/carts/promotions/{code}"), promotion).status, 201);
    }
    let (bought, (gone, successor)) = (ordered(&server), merged(&server));
    let order = format!("o_{}", bought.id);
    let (buyer, other) = (Buyer::open(&server), Buyer::open(&server));
    assert_eq!(buyer.add("gem", 1).status, 200);
    let stranger = Buyer { server: &server, id: buyer.id.clone(), token: other.token.clone() };
    let guess = Buyer { server: &server, id: buyer.id.clone(), token: "guess".to_owned() };
    let none = Buyer { server: &server, id: "none".to_owned(), token: buyer.token.clone() };
    let line = |body: Value| buyer.post("/line-items", &body);
    let code = |code: &str| buyer.post("/promotions", &json!({"code":code}));
    let matching = |version: &str, body: Value| buyer.ask("POST", "/line-items", &[("if-match", version)], &body);
    let tee = || json!({"sku":"tee","quantity":1});
    let before = buyer.get("").body;
    for (name, answer, status, expected, member) in [
        ("negative", line(json!({"sku":"tee","quantity":-1})), 400, "bad_body", Value::Null),
        ("zero", line(json!({"sku":"tee","quantity":0})), 422, "bad_quantity", Value::Null),
        ("huge", line(json!({"sku":"tee","quantity":4_000_000_000u32})), 422, "bad_quantity", Value::Null),
        ("beyond any number", raw(&buyer, r#"{"sku":"tee","quantity":1e400}"#), 400, "bad_json", Value::Null),
        ("fractional", line(json!({"sku":"tee","quantity":1.5})), 400, "bad_body", Value::Null),
        ("unknown SKU", line(json!({"sku":"none","quantity":1})), 422, "unknown_sku", json!({"sku":"none"})),
        ("wrong token", stranger.add("tee", 1), 404, "unknown_cart", Value::Null),
        ("guessed token", guess.add("tee", 1), 404, "unknown_cart", Value::Null),
        ("no such cart", none.add("tee", 1), 404, "unknown_cart", Value::Null),
        ("ordered cart", bought.add("tee", 1), 410, "cart_ordered", json!({"successor":order})),
        (
            "ordered cart is checked out",
            bought.post("/checkout", &Value::Null),
            410,
            "cart_ordered",
            json!({"successor":order}),
        ),
        ("merged cart", gone.add("tee", 1), 410, "cart_merged", json!({"successor":successor})),
        ("merged cart is seen", gone.get(""), 410, "cart_merged", json!({"successor":successor})),
        ("stale If-Match", matching("\"1\"", tee()), 412, "stale_version", json!({"version":2})),
        (
            "stale version in the body",
            line(json!({"sku":"tee","quantity":1,"version":1})),
            409,
            "version_conflict",
            json!({"version":2}),
        ),
        (
            "another currency",
            line(json!({"sku":"fan","quantity":1})),
            422,
            "currency_mismatch",
            json!({"cart":"EUR","price":"JPY"}),
        ),
        ("expired code", code("past"), 422, "promo_expired", json!({"promotion":"past"})),
        ("exhausted code", code("used"), 422, "promo_exhausted", json!({"promotion":"used"})),
        ("unknown code", code("none"), 422, "unknown_code", json!({"promotion":"none"})),
        ("overflow of the total", buyer.add("gem", 1), 422, "total_too_large", Value::Null),
        ("metadata too large", buyer.post("", &json!({"metadata":"x".repeat(5000)})), 422, "bad_request", Value::Null),
    ] {
        assert_eq!((answer.status, answer.code()), (status, expected), "{name}: {answer:?}");
        for (key, value) in member.as_object().into_iter().flatten() {
            assert_eq!(&answer.body[key], value, "{name}: {answer:?}");
        }
    }
    assert_eq!(buyer.get("").body, before, "nothing of that has changed the cart");
    stock_is(&server, "tee", &json!({"available":99,"reserved":0,"committed":1}));
    stock_is(&server, "gem", &json!({"available":9,"reserved":0}));
}

#[test]
fn a_key_of_another_cart_is_another_key() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(&folder.path().join("data"));
    let (one, two) = (Buyer::open(&server), Buyer::open(&server));
    let keyed = |buyer: &Buyer<'_>, quantity: u32| {
        buyer.ask("POST", "/line-items", &[("idempotency-key", "k")], &json!({"sku":"tee","quantity":quantity}))
    };
    // The same key from another cart is no repeat, with the same body or another one.
    assert_eq!(keyed(&one, 1).body["lines"][0]["quantity"], 1);
    let of_another = keyed(&two, 2);
    assert_eq!((of_another.status, of_another.header("idempotent-replayed")), (200, None));
    assert_eq!(of_another.body["lines"][0]["quantity"], 2);
    assert_eq!(keyed(&one, 1).header("idempotent-replayed"), Some("true"));
    // With another body in the same cart it is a mistake.
    let reused = keyed(&one, 3);
    assert_eq!((reused.status, one.get("").body["lines"][0]["quantity"].clone()), (422, json!(1)), "{reused:?}");
}
