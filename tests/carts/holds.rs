//! When stock is reserved, over HTTP: at once, or only for the order; and what a quantity that is set is cut to.

use super::{Buyer, pay, put, serve, stock_is};
use crate::support::{Answer, Server, eventually};
use crate::walk::contains;
use serde_json::{Value, json};

fn define(server: &Server, sku: &str, on_hand: u32, reserve: &Value) -> Answer {
    let body = json!({"on_hand":on_hand,"price":{"amount":500,"currency":"EUR"},"reserve":reserve});
    put(server, &format!("/v1/carts/skus/{sku}"), &body)
}

#[test]
fn what_is_put_into_a_cart_is_held_at_once_and_for_a_while() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(&folder.path().join("data"));
    for (reserve, status) in [
        (json!({"at":"order","seconds":5}), 422),
        (json!({"at":"add","seconds":0}), 422),
        (json!({"at":"never"}), 400),
        (json!({"at":"add","seconds":2}), 201),
    ] {
        let answer = define(&server, "hot", 3, &reserve);
        assert_eq!(answer.status, status, "{reserve} {answer:?}");
    }
    assert_eq!(define(&server, "pin", 3, &json!({"at":"add"})).body["reserve"], json!({"at":"add","seconds":900}));

    let (one, two) = (Buyer::open(&server), Buyer::open(&server));
    let added = one.add("hot", 2);
    let held = json!({"lines":[{"quantity":2}],"holds":[{"sku":"hot","quantity":2}],"warnings":[]});
    assert!(added.status == 200 && contains(&added.body, &held), "{added:?}");
    stock_is(&server, "hot", &json!({"on_hand":3,"available":1,"reserved":2,"committed":0}));
    let cut = two.add("hot", 2);
    let expected = json!({"holds":[{"quantity":1}],"warnings":[{"code":"reduced_to_stock","asked":2,"quantity":1}]});
    assert!(cut.status == 200 && contains(&cut.body, &expected), "{cut:?}");
    let none = two.add("hot", 1);
    assert!(none.status == 422 && contains(&none.body, &json!({"code":"insufficient_stock"})), "{none:?}");
    // A few seconds later both carts have their lines, and the shelf has everything.
    stock_is(&server, "hot", &json!({"available":3,"reserved":0}));
    eventually("the hold is over", || contains(&one.get("").body, &json!({"holds":[],"lines":[{}]})).then_some(()));
    let history = one.get("/history");
    assert_eq!(history.body["entries"][0]["type"], "hold_expired", "{history:?}");

    // What is held for long outlives kill -9, has more time for the asking, and is bought.
    let (id, token) = (one.id.clone(), one.token.clone());
    assert_eq!(one.add("pin", 1).body["holds"][0]["quantity"], 1);
    server.kill();
    let server = Server::start(&folder.path().join("data"), &[]);
    let one = Buyer { server: &server, id, token };
    let extended = one.post("/extend", &Value::Null);
    assert!(extended.status == 200 && contains(&extended.body, &json!({"state":"active","holds":[{"sku":"pin"}]})));
    stock_is(&server, "pin", &json!({"available":2,"reserved":1}));
    assert_eq!(one.post("/checkout", &Value::Null).status, 200);
    assert_eq!(pay(&server, &one.id, "p", "captured", 1500).body["state"], "captured");
    stock_is(&server, "pin", &json!({"available":2,"reserved":0,"committed":1}));
    assert_eq!(one.post("/complete", &Value::Null).body["type"], "order");
}

#[test]
fn what_is_reserved_for_orders_alone_goes_to_whoever_pays_first() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(&folder.path().join("data"));
    assert_eq!(define(&server, "last", 1, &json!({"at":"order"})).status, 201);
    let (one, two) = (Buyer::open(&server), Buyer::open(&server));
    for buyer in [&one, &two] {
        assert_eq!(buyer.add("last", 1).status, 200);
        assert_eq!(buyer.post("/checkout", &Value::Null).body["state"], "checking_out");
        assert_eq!(pay(&server, &buyer.id, "p", "authorized", 500).body["state"], "authorized");
    }
    stock_is(&server, "last", &json!({"available":1,"reserved":0}));
    let bought = two.post("/complete", &Value::Null);
    assert!(bought.status == 200 && bought.body["type"] == "order", "{bought:?}");
    assert_eq!(two.post("/complete", &Value::Null).body, bought.body);
    let missed = one.post("/complete", &Value::Null);
    assert!(missed.status == 422 && contains(&missed.body, &json!({"code":"insufficient_stock"})), "{missed:?}");
    let payment = server.get(&format!("/v1/carts/payments/p?cart={}", one.id));
    assert_eq!(payment.body["state"], "void_due", "{payment:?}");
}

#[test]
fn a_quantity_that_is_set_is_cut_to_what_there_is() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(&folder.path().join("data"));
    assert_eq!(define(&server, "few", 3, &json!({"at":"checkout"})).status, 201);
    let buyer = Buyer::open(&server);
    let line = buyer.add("few", 1).body["lines"][0]["id"].as_str().expect("an id").to_owned();
    let set = buyer.post(&format!("/line-items/{line}"), &json!({"quantity":5}));
    let expected = json!({"lines":[{"quantity":3}],"warnings":[{"code":"reduced_to_stock","asked":5,"quantity":3}]});
    assert!(set.status == 200 && contains(&set.body, &expected), "{set:?}");
}
