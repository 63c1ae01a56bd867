//! What a SKU is sold for over HTTP: prices in several currencies, limits for carts and customers, and quotes for exactly what
//! a cart has.

use super::{Buyer, pay, put, serve};
use crate::support::{Answer, Server, eventually};
use crate::walk::contains;
use serde_json::{Value, json};

fn opened<'a>(server: &'a Server, currency: &str) -> Buyer<'a> {
    let answer = server.post("/v1/carts", &json!({"currency":currency}));
    let field = |name: &str| answer.body[name].as_str().expect("a text").to_owned();
    Buyer { server, id: field("id"), token: field("token") }
}

fn refused(answer: &Answer, status: u16, expected: &Value) {
    assert!(answer.status == status && contains(&answer.body, expected), "{expected} is not in {answer:?}");
}

#[test]
fn a_cart_takes_the_price_of_its_own_currency() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(&folder.path().join("data"));
    let terms = |yen: u32| {
        json!({"on_hand":9,"price":{"amount":1999,"currency":"EUR"},
            "prices":[{"amount":yen,"currency":"JPY"},{"amount":6123,"currency":"KWD"}]})
    };
    let created = put(&server, "/v1/carts/skus/cap", &terms(3000));
    assert_eq!((created.status, &created.body["prices"]), (201, &terms(3000)["prices"]), "{created:?}");
    assert_eq!(put(&server, "/v1/carts/skus/cap", &terms(3000)).status, 200);
    let twice = json!({"price":{"amount":1,"currency":"EUR"},"prices":[{"amount":2,"currency":"EUR"}]});
    refused(&put(&server, "/v1/carts/skus/cap", &twice), 422, &json!({"code":"bad_request"}));

    let (euro, yen, dinar, pound) =
        (opened(&server, "EUR"), opened(&server, "JPY"), opened(&server, "KWD"), opened(&server, "GBP"));
    for (buyer, amount, decimals) in [(&euro, 1999, 2), (&yen, 3000, 0), (&dinar, 6123, 3)] {
        let expected = json!({"decimals":decimals,"total":{"amount":2 * amount},"lines":[{"price":{"amount":amount}}]});
        let added = buyer.add("cap", 2);
        assert!(added.status == 200 && contains(&added.body, &expected), "{added:?}");
    }
    refused(&pound.add("cap", 1), 422, &json!({"code":"currency_mismatch","cart":"GBP","price":"EUR"}));
    // Cheaper in yen: carts in yen have it at once, others are as they were.
    assert_eq!(put(&server, "/v1/carts/skus/cap", &terms(2500)).status, 200);
    eventually("the price drops", || (yen.get("").body["total"]["amount"] == 5000).then_some(()));
    assert_eq!(euro.get("").body["total"]["amount"], 3998);
    for (buyer, amount) in [(&euro, 3998), (&yen, 5000)] {
        assert_eq!(buyer.post("/checkout", &Value::Null).status, 200);
        assert_eq!(pay(&server, &buyer.id, "p", "captured", amount).body["state"], "captured");
    }
    let order = yen.post("/complete", &Value::Null).body["order"].clone();
    assert!(contains(&order, &json!({"total":{"amount":5000,"currency":"JPY"}})), "{order}");
    // Bought again in yen, at the price of now.
    let again = opened(&server, "JPY");
    let reordered = again.post("/reorder", &json!({"order":order["id"],"token":yen.token}));
    assert_eq!(reordered.body["total"]["amount"], 5000, "{reordered:?}");
}

#[test]
fn a_quote_is_for_what_the_cart_has() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(&folder.path().join("data"));
    let buyer = Buyer::open(&server);
    let line = buyer.add("tee", 2).body["lines"][0]["id"].as_str().expect("an id").to_owned();
    let quotes = format!("/v1/carts/{}/quotes", buyer.id);
    let tax = |amount: u32| server.post(&quotes, &json!({"kind":"tax","amount":amount,"label":"VAT"}));
    assert_eq!(tax(760).body["total"]["amount"], 4758);
    // A price that falls, and a line that changes: the quote is shown, counts nothing, and stops the checkout.
    let cheaper = json!({"price":{"amount":1500,"currency":"EUR"},"title":"Tee","max_per_line":10});
    assert_eq!(put(&server, "/v1/carts/skus/tee", &cheaper).status, 200);
    let stale = json!({"quotes":[{"kind":"tax","amount":760,"stale":true}],"tax":{"amount":0},"total":{"amount":3000}});
    eventually("the price drops", || contains(&buyer.get("").body, &stale).then_some(()));
    refused(&buyer.post("/checkout", &Value::Null), 409, &json!({"code":"quote_stale","quote":"tax"}));
    assert_eq!(tax(570).body["total"]["amount"], 3570);
    let fewer = buyer.post(&format!("/line-items/{line}"), &json!({"quantity":1}));
    assert!(contains(&fewer.body, &json!({"quotes":[{"stale":true}],"total":{"amount":1500}})), "{fewer:?}");
    refused(&buyer.post("/checkout", &Value::Null), 409, &json!({"code":"quote_stale"}));
    let undone = buyer.post("/undo", &Value::Null);
    assert!(contains(&undone.body, &json!({"quotes":[{"stale":false}],"total":{"amount":3570}})), "{undone:?}");
    assert_eq!(buyer.post("/checkout", &Value::Null).status, 200);
    assert_eq!(pay(&server, &buyer.id, "p", "captured", 3570).body["state"], "captured");
    let order = buyer.post("/complete", &Value::Null).body["order"].clone();
    assert!(contains(&order, &json!({"tax":{"amount":570},"quotes":[{"stale":false}]})), "{order}");
}

#[test]
fn so_many_at_least_and_for_a_customer_so_many_at_most() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(&folder.path().join("data"));
    let pair = json!({"on_hand":20,"price":{"amount":100,"currency":"EUR"},"min_per_cart":2});
    let few = json!({"on_hand":20,"price":{"amount":100,"currency":"EUR"},"max_per_customer":2});
    for (sku, terms) in [("pair", &pair), ("few", &few)] {
        assert_eq!(put(&server, &format!("/v1/carts/skus/{sku}"), terms).status, 201);
    }
    let buyer = Buyer::open(&server);
    let check_out = || buyer.post("/checkout", &Value::Null);
    assert_eq!(buyer.add("pair", 1).status, 200);
    refused(&check_out(), 422, &json!({"code":"below_min_per_cart","sku":"pair","asked":1,"least":2}));
    assert_eq!(buyer.add("pair", 1).status, 200);
    assert_eq!(check_out().status, 200);
    assert_eq!(buyer.post("/cancel", &Value::Null).status, 200);
    assert_eq!(buyer.add("few", 1).status, 200);
    refused(&check_out(), 422, &json!({"code":"sku_needs_customer","sku":"few"}));

    assert_eq!(server.post("/v1/carts", &json!({"currency":"EUR","customer":"u1"})).status, 201);
    let own = |path: &str, body: &Value| server.post(&format!("/v1/carts/user:u1/{path}"), body);
    assert_eq!(own("line-items", &json!({"sku":"few","quantity":2})).status, 200);
    assert_eq!(own("checkout", &json!({})).status, 200);
    assert_eq!(pay(&server, "user:u1", "p", "captured", 200).body["state"], "captured");
    assert_eq!(server.post("/v1/carts", &json!({"currency":"EUR","customer":"u1"})).status, 201);
    assert_eq!(own("line-items", &json!({"sku":"few","quantity":1})).status, 200);
    refused(&own("checkout", &json!({})), 422, &json!({"code":"over_max_per_customer","sku":"few","asked":1,"left":0}));
}
