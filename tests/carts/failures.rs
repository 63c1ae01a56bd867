//! Known failures of other shops, done here over HTTP: each test is named after one, and shows that it does not happen.

use super::{Buyer, pay, put, serve, stock_is};
use crate::walk::contains;
use serde_json::{Value, json};

/// How many do the same thing at the same time.
const AT_ONCE: usize = 8;

/// What these do at the same time, each for itself.
fn together<T: Send>(what: impl Fn(usize) -> T + Sync) -> Vec<T> {
    std::thread::scope(|scope| {
        let what = &what;
        let running: Vec<_> = (0..AT_ONCE).map(|number| scope.spawn(move || what(number))).collect();
        running.into_iter().map(|one| one.join().expect("it is answered")).collect()
    })
}

/// medusa#2612, #3556: adding to a cart from several tabs ended in lock conflicts and serialization failures.
#[test]
fn concurrent_adds_all_count() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(&folder.path().join("data"));
    let pin = json!({"on_hand":1000,"price":{"amount":5,"currency":"EUR"}});
    assert_eq!(put(&server, "/v1/carts/skus/pin", &pin).status, 201);
    let buyer = Buyer::open(&server);
    for answers in together(|_| (0..10).map(|_| buyer.add("pin", 1).status).collect::<Vec<_>>()) {
        assert_eq!(answers, [200; 10]);
    }
    let cart = buyer.get("").body;
    let expected = json!({"lines":[{"sku":"pin","quantity":10 * AT_ONCE}],"total":{"amount":50 * AT_ONCE}});
    assert!(contains(&cart, &expected), "{cart}");
}

/// medusa#2341, #2761, #16825: the browser and the webhook completed a cart at the same time, and there were two orders, or
/// none, or one without its taxes.
#[test]
fn concurrent_completes_and_webhooks_make_one_order() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(&folder.path().join("data"));
    let buyer = Buyer::open(&server);
    assert_eq!(buyer.add("tee", 2).status, 200);
    let quotes = format!("/v1/carts/{}/quotes", buyer.id);
    assert_eq!(server.post(&quotes, &json!({"kind":"tax","amount":380})).status, 200);
    assert_eq!(buyer.post("/checkout", &Value::Null).status, 200);
    let answers = together(|number| match number % 2 {
        0 => buyer.post("/complete", &Value::Null),
        _ => pay(&server, &buyer.id, "p", "captured", 4378),
    });
    assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
    let order = buyer.post("/complete", &Value::Null).body["order"].clone();
    assert!(contains(&order, &json!({"tax":{"amount":380},"total":{"amount":4378},"payment":"p"})), "{order}");
    for answer in answers.iter().filter(|answer| answer.body["type"] == "order") {
        assert_eq!(answer.body["order"], order);
    }
    stock_is(&server, "tee", &json!({"on_hand":100,"available":98,"reserved":0,"committed":2}));
}

/// medusa#16502: a bundle and a line of one of its parts each found the last one free. saleor#543, vendure#3508,
/// django-shop#888: so did two checkouts at the same time.
#[test]
fn concurrent_checkouts_of_bundles_and_their_parts_never_oversell() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(&folder.path().join("data"));
    let rare = json!({"on_hand":7,"price":{"amount":500,"currency":"EUR"}});
    assert_eq!(put(&server, "/v1/carts/skus/rare", &rare).status, 201);
    let set = json!({"price":{"amount":900,"currency":"EUR"},"parts":[{"sku":"tee","quantity":1},{"sku":"rare","quantity":2}]});
    assert_eq!(put(&server, "/v1/carts/skus/set", &set).status, 201);
    let buyers: Vec<Buyer<'_>> = (0..AT_ONCE).map(|_| Buyer::open(&server)).collect();
    for buyer in &buyers {
        assert_eq!((buyer.add("set", 1).status, buyer.add("rare", 1).status), (200, 200));
    }
    // Each wants three of seven.
    let answers = together(|number| buyers[number].post("/checkout", &Value::Null));
    let reserved = answers.iter().filter(|answer| answer.status == 200).count();
    let refused = answers.iter().filter(|answer| answer.code() == "insufficient_stock").count();
    assert_eq!((reserved, refused), (2, AT_ONCE - 2), "{answers:?}");
    stock_is(&server, "rare", &json!({"on_hand":7,"available":1,"reserved":6,"committed":0}));
    stock_is(&server, "tee", &json!({"available":98,"reserved":2}));
}

/// vendure#4930, django-oscar#4594: checkouts that locked the same items in different orders waited for each other.
#[test]
fn checkouts_of_the_same_items_crosswise_do_not_wait_for_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(&folder.path().join("data"));
    let one = json!({"on_hand":2,"price":{"amount":500,"currency":"EUR"}});
    for sku in ["left", "right"] {
        assert_eq!(put(&server, &format!("/v1/carts/skus/{sku}"), &one).status, 201);
    }
    let buyers: Vec<Buyer<'_>> = (0..AT_ONCE).map(|_| Buyer::open(&server)).collect();
    for (number, buyer) in buyers.iter().enumerate() {
        let mut skus = ["left", "right"];
        skus.rotate_left(number % 2);
        assert!(skus.iter().all(|sku| buyer.add(sku, 1).status == 200));
    }
    // In line each waits for what the others have: who has everything pays, and the rest is told.
    let answers = together(|number| {
        let buyer = &buyers[number];
        let checked_out = buyer.ask("POST", "/checkout", &[("prefer", "wait=30")], &json!({"queue":true}));
        if checked_out.status == 200 {
            assert_eq!(pay(&server, &buyer.id, "p", "captured", 1000).body["state"], "captured");
        }
        checked_out
    });
    let bought = answers.iter().filter(|answer| answer.status == 200).count();
    let told = answers.iter().filter(|answer| answer.code() == "insufficient_stock").count();
    assert_eq!((bought, told), (2, AT_ONCE - 2), "{answers:?}");
    for sku in ["left", "right"] {
        stock_is(&server, sku, &json!({"on_hand":2,"available":0,"reserved":0,"committed":2}));
    }
}

/// medusa#15360: codes that were applied while lines changed took off twice.
#[test]
fn a_code_that_is_applied_while_lines_change_takes_off_once() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(&folder.path().join("data"));
    let tenth = json!({"discount":{"kind":"percent","basis_points":1000}});
    assert_eq!(put(&server, "/v1/carts/promotions/tenth", &tenth).status, 201);
    let buyer = Buyer::open(&server);
    let answers = together(|number| match number % 2 {
        0 => buyer.post("/promotions", &json!({"code":"tenth"})),
        _ => buyer.add("tee", 1),
    });
    assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
    let cart = buyer.get("").body;
    // Four for 79.96: a tenth is 7.996.
    let expected = json!({"promotions":[{"code":"tenth","amount":800}],"lines":[{"quantity":4,"discount":800}],
        "discount":{"amount":800},"total":{"amount":7196}});
    assert!(contains(&cart, &expected), "{cart}");
}

/// Dynamo: what one device had removed came back when the cart of another one was merged with it.
#[test]
fn a_removed_line_does_not_come_back_from_another_device() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(&folder.path().join("data"));
    let buyer = Buyer::open(&server);
    let line = buyer.add("tee", 2).body["lines"][0]["id"].as_str().expect("an id").to_owned();
    let path = format!("/line-items/{line}");
    assert_eq!(buyer.ask("DELETE", &path, &[], &Value::Null).body["lines"], json!([]));
    // A device that was offline says what it wanted with the line that it had seen.
    for wish in [json!({"quantity":3,"base":2}), json!({"quantity":3}), json!({"quantity":1,"base":2})] {
        let late = buyer.post(&path, &wish);
        assert_eq!((late.status, late.code()), (404, "unknown_line"), "{late:?}");
    }
    assert_eq!(buyer.get("").body["lines"], json!([]));
    // Only whoever adds it again, or takes the removal back, has it again.
    assert!(contains(&buyer.post("/undo", &Value::Null).body, &json!({"lines":[{"sku":"tee","quantity":2}]})));
}

/// medusa#1887: a checkout that had failed under a key failed under it for ever, until there was a new cart.
#[test]
fn a_key_that_was_refused_does_not_stop_the_cart() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(&folder.path().join("data"));
    let last = json!({"on_hand":1,"price":{"amount":700,"currency":"EUR"}});
    assert_eq!(put(&server, "/v1/carts/skus/last", &last).status, 201);
    let (buyer, rival) = (Buyer::open(&server), Buyer::open(&server));
    assert_eq!((buyer.add("last", 1).status, rival.add("last", 1).status), (200, 200));
    assert_eq!(rival.post("/checkout", &Value::Null).status, 200);
    let keyed = |key: &str| buyer.ask("POST", "/checkout", &[("idempotency-key", key)], &Value::Null);
    let refused = keyed("one");
    assert_eq!((refused.status, refused.code()), (422, "insufficient_stock"), "{refused:?}");
    assert_eq!(rival.post("/cancel", &Value::Null).status, 200);
    stock_is(&server, "last", &json!({"available":1}));
    // The key stands for the attempt that was refused; the same cart is bought under another one.
    assert_eq!(keyed("one").code(), "insufficient_stock");
    assert_eq!(keyed("two").status, 200);
    assert_eq!(pay(&server, &buyer.id, "p", "captured", 700).status, 200);
    assert_eq!(buyer.post("/complete", &Value::Null).body["type"], "order");
}

/// A stranger learns nothing from a guess: a wrong token and a cart that never was have the same answer, to the byte. How
/// long it takes says nothing either: of tokens there are only hashes, and these are compared whole (`TokenHash::is`).
#[test]
fn a_wrong_token_and_no_cart_have_the_same_answer() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(&folder.path().join("data"));
    let (buyer, other) = (Buyer::open(&server), Buyer::open(&server));
    let guess = Buyer { server: &server, id: buyer.id.clone(), token: other.token.clone() };
    let none = Buyer { server: &server, id: "no-cart-of-this-id".to_owned(), token: other.token.clone() };
    let line = json!({"sku":"tee","quantity":1});
    for (method, path, body) in [
        ("GET", "", &Value::Null),
        ("GET", "/history", &Value::Null),
        ("POST", "/line-items", &line),
        ("POST", "/checkout", &Value::Null),
        ("POST", "/complete", &Value::Null),
        ("POST", "/undo", &Value::Null),
        ("POST", "/restore", &Value::Null),
    ] {
        let (wrong, missing) = (guess.ask(method, path, &[], body), none.ask(method, path, &[], body));
        assert_eq!((wrong.status, wrong.code()), (404, "unknown_cart"), "{method} {path}");
        assert_eq!((&wrong.body, wrong.status), (&missing.body, missing.status), "{method} {path}");
    }
}
