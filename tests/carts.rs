//! Carts over HTTP, as a newcomer meets them: from the shelf to the order, what is refused, and a flash sale, also with
//! kill -9 in the middle of it.

mod bad_input;
mod failures;
mod holds;
mod medusa;
mod sale;
mod shop;
mod terms;

use crate::support::{Answer, Server, eventually, text};
use crate::walk::contains;
use serde_json::{Value, json};

fn put(server: &Server, path: &str, body: &Value) -> Answer {
    server.send("PUT", path, &[], body.to_string().into_bytes()).expect("the server answers")
}

/// A cart with its token, as a browser holds it.
struct Buyer<'a> {
    server: &'a Server,
    id: String,
    token: String,
}

impl<'a> Buyer<'a> {
    fn open(server: &'a Server) -> Self {
        let answer = server.post("/v1/carts", &json!({"currency":"EUR"}));
        let expected = json!({"version":1,"state":"active","lines":[],"total":{"amount":0,"currency":"EUR"}});
        assert!(answer.status == 201 && contains(&answer.body, &expected), "{answer:?}");
        let field = |name: &str| answer.body[name].as_str().expect("a text").to_owned();
        Self { server, id: field("id"), token: field("token") }
    }

    fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let bearer = format!("Bearer {}", self.token);
        let headers = [&[("authorization", bearer.as_str())], headers].concat();
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let path = format!("/v1/carts/{}{path}", self.id);
        self.server.send(method, &path, &headers, body).expect("the server answers")
    }

    fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask("POST", path, &[], body)
    }

    fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], &Value::Null)
    }

    fn add(&self, sku: &str, quantity: u32) -> Answer {
        self.post("/line-items", &json!({"sku":sku,"quantity":quantity}))
    }
}

fn pay(server: &Server, cart: &str, payment: &str, kind: &str, amount: u64) -> Answer {
    let body = json!({"cart":cart,"type":kind,"amount":amount});
    server.post(&format!("/v1/carts/payments/{payment}/events"), &body)
}

/// What there is of an item, once it is this.
fn stock_is(server: &Server, sku: &str, expected: &Value) {
    eventually("the stock is counted", || {
        let answer = server.get(&format!("/v1/carts/skus/{sku}/availability"));
        (answer.status == 200 && contains(&answer.body, expected)).then_some(())
    });
}

/// A server with the shelf of the examples.
fn serve(folder: &std::path::Path) -> Server {
    let server = Server::start(folder, &[]);
    let tee = json!({"on_hand":100,"price":{"amount":1999,"currency":"EUR"},"title":"Tee","max_per_line":10});
    assert_eq!(put(&server, "/v1/carts/skus/tee", &tee).status, 201);
    assert_eq!(put(&server, "/v1/carts/skus/tee", &tee).status, 200);
    server
}

#[test]
fn the_way_of_a_cart_from_the_shelf_to_the_order() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = serve(&data);
    let buyer = Buyer::open(&server);
    let added = buyer.add("tee", 2);
    assert_eq!(
        (added.status, added.header("etag"), &added.body["total"]["amount"]),
        (200, Some("\"2\""), &json!(3998))
    );
    let at = added.header("millrace-position").expect("a position").to_owned();
    let checked_out = buyer.post("/checkout", &Value::Null);
    assert_eq!((checked_out.status, &checked_out.body["state"]), (200, &json!("checking_out")), "{checked_out:?}");
    assert!(checked_out.body["expires_at"].is_string());
    let stock = server.get("/v1/carts/skus/tee/availability").body;
    assert_eq!(stock, json!({"on_hand":100,"available":98,"reserved":2,"committed":0}));
    assert_eq!(buyer.add("tee", 1).code(), "checking_out");
    let payment = pay(&server, &buyer.id, "p1", "authorized", 3998);
    assert_eq!((payment.status, &payment.body["state"]), (200, &json!("authorized")));

    let completed = buyer.post("/complete", &Value::Null);
    assert_eq!((completed.status, &completed.body["type"]), (200, &json!("order")), "{completed:?}");
    let order = &completed.body["order"];
    let expected = json!({"cart":buyer.id,"payment":"p1","total":{"amount":3998,"currency":"EUR"},
        "lines":[{"sku":"tee","quantity":2,"total":{"amount":3998}}]});
    assert!(contains(order, &expected), "{order}");
    assert_eq!(buyer.post("/complete", &Value::Null).body, completed.body);
    let order_path = format!("/v1/carts/orders/{}", order["id"].as_str().expect("an id"));
    assert_eq!(&server.get(&order_path).body, order);
    stock_is(&server, "tee", &json!({"on_hand":100,"available":98,"reserved":0,"committed":2}));

    let gone = buyer.add("tee", 1);
    assert_eq!((gone.status, gone.code(), &gone.body["successor"]), (410, "cart_ordered", &order["id"]));
    let history = buyer.get("/history?limit=2");
    let newest: Vec<&str> =
        history.body["entries"].as_array().expect("a list").iter().filter_map(|entry| entry["type"].as_str()).collect();
    assert_eq!(newest, ["order_placed", "payment_authorized"]);
    let cursor = history.body["cursor"].as_str().expect("it goes on");
    let rest = buyer.get(&format!("/history?limit=1000&cursor={cursor}"));
    let oldest = rest.body["entries"].as_array().expect("a list").last().cloned();
    assert!(contains(&oldest.expect("one"), &json!({"type":"cart_opened","version":1})), "{rest:?}");
    let then = buyer.get(&format!("?at={at}"));
    assert!(contains(&then.body, &json!({"state":"active","version":2,"total":{"amount":3998}})), "{then:?}");
    let (id, token) = (buyer.id.clone(), buyer.token.clone());
    server.kill();

    let server = Server::start(&data, &[]);
    let buyer = Buyer { server: &server, id, token };
    assert_eq!(buyer.post("/complete", &Value::Null).body, completed.body);
    let verified = server.cli(&["verify", "carts"]);
    assert!(verified.status.success(), "{}", text(&verified.stderr));
}

#[test]
fn what_a_buyer_may_not_do_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(&folder.path().join("data"));
    let yen = json!({"on_hand":5,"price":{"amount":300,"currency":"JPY"}});
    assert_eq!(put(&server, "/v1/carts/skus/fan", &yen).status, 201);
    let rare = json!({"on_hand":1,"price":{"amount":500,"currency":"EUR"}});
    assert_eq!(put(&server, "/v1/carts/skus/rare", &rare).status, 201);
    let set = json!({"price":{"amount":900,"currency":"EUR"},"parts":[{"sku":"tee","quantity":1},{"sku":"rare","quantity":1}]});
    assert_eq!(put(&server, "/v1/carts/skus/set", &set).status, 201);
    assert_eq!(server.get("/v1/carts/skus/set/availability").body["available"], 1);
    let buyer = Buyer::open(&server);
    let other = Buyer::open(&server);
    let stranger = Buyer { server: &server, id: buyer.id.clone(), token: other.token.clone() };
    let line = |body: Value| buyer.post("/line-items", &body);
    let opened = |body: Value| server.post("/v1/carts", &body);
    let matching =
        |version: &str| buyer.ask("POST", "/line-items", &[("if-match", version)], &json!({"sku":"tee","quantity":1}));
    assert_eq!(buyer.add("tee", 1).status, 200);
    for (answer, status, code) in [
        (line(json!({"sku":"tee","quantity":-1})), 400, "bad_body"),
        (line(json!({"sku":"tee","quantity":1.5})), 400, "bad_body"),
        (line(json!({"sku":"tee","quantity":1,"colour":1})), 400, "bad_body"),
        (line(json!({"sku":"tee","quantity":0})), 422, "bad_quantity"),
        (line(json!({"sku":"tee","quantity":4_000_000_000u32})), 422, "bad_quantity"),
        (line(json!({"sku":"none","quantity":1})), 422, "unknown_sku"),
        (line(json!({"sku":"fan","quantity":1})), 422, "currency_mismatch"),
        (line(json!({"sku":"tee","quantity":1,"version":1})), 409, "version_conflict"),
        (matching("\"1\""), 412, "stale_version"),
        (matching("1"), 400, "bad_header"),
        (stranger.add("tee", 1), 404, "unknown_cart"),
        (stranger.get(""), 404, "unknown_cart"),
        (stranger.get("/history"), 404, "unknown_cart"),
        (stranger.post("/complete", &Value::Null), 404, "unknown_cart"),
        (server.get("/v1/carts/none"), 404, "unknown_cart"),
        (server.get("/v1/carts/orders/none"), 404, "unknown_order"),
        (server.get(&format!("/v1/carts/orders/o_{}", buyer.id)), 404, "unknown_order"),
        (server.get("/v1/carts/skus/none"), 404, "unknown_sku"),
        (opened(json!({"currency":"euro"})), 400, "bad_body"),
        (opened(json!({"currency":"EUR","metadata":"x".repeat(5000)})), 422, "bad_request"),
        (buyer.post("/extend", &json!({"seconds":5})), 409, "not_checking_out"),
        (other.post("/checkout", &Value::Null), 422, "empty_cart"),
        (pay(&server, "none", "p", "captured", 1), 404, "unknown_cart"),
        (put(&server, "/v1/carts/skus/TEE", &rare), 422, "bad_id"),
    ] {
        assert_eq!((answer.status, answer.code()), (status, code), "{answer:?}");
    }
    let stale = matching("\"9\"");
    assert_eq!(stale.body["version"], 2, "the present version is said: {stale:?}");
    let reduced = buyer.add("tee", 20);
    let expected =
        json!({"lines":[{"quantity":10}],"warnings":[{"code":"reduced_to_max_per_line","asked":21,"quantity":10}]});
    assert!(contains(&reduced.body, &expected), "{reduced:?}");

    // The last one goes to whoever is checked out first, whatever it was a part of.
    assert_eq!(buyer.add("set", 1).status, 200);
    assert_eq!(other.add("rare", 1).status, 200);
    assert_eq!(buyer.post("/checkout", &json!({"seconds":600})).status, 200);
    let refused = other.post("/checkout", &Value::Null);
    let expected = json!({"code":"insufficient_stock","sku":"rare","asked":1,"available":0});
    assert!(refused.status == 422 && contains(&refused.body, &expected), "{refused:?}");
    assert_eq!(buyer.post("/cancel", &Value::Null).body["state"], "active");
    stock_is(&server, "rare", &json!({"available":1,"reserved":0}));
    assert_eq!(other.post("/checkout", &Value::Null).status, 200);
}

#[test]
fn a_key_stands_for_one_request_of_whoever_shows_the_same_token() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(&folder.path().join("data"));
    let open = |key: &str| server.post_keyed("/v1/carts", key, &json!({"currency":"EUR"}));
    let first = open("k1");
    let again = open("k1");
    assert_eq!((first.status, &first.body), (201, &again.body), "the token is given again too");
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_ne!(open("k2").body["token"], first.body["token"]);
    let (one, two) = (Buyer::open(&server), Buyer::open(&server));
    let add = |buyer: &Buyer<'_>| {
        buyer.ask("POST", "/line-items", &[("idempotency-key", "same")], &json!({"sku":"tee","quantity":1}))
    };
    for buyer in [&one, &two] {
        let (first, again) = (add(buyer), add(buyer));
        assert_eq!((first.status, &first.body), (200, &again.body));
        assert_eq!(first.body["lines"][0]["quantity"], 1);
    }
    let stranger = Buyer { server: &server, id: one.id.clone(), token: two.token.clone() };
    assert_eq!(add(&stranger).code(), "unknown_cart", "a kept answer is not for strangers");
}

#[test]
fn with_api_keys_buyers_need_none_and_servers_need_theirs() {
    let folder = tempfile::tempdir().unwrap();
    // The SHA-256 of `secret`.
    let key = "shop:server:2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";
    let server = Server::start(&folder.path().join("data"), &["--auth-keys", key]);
    let ask = |method: &str, path: &str, headers: &[(&str, &str)], body: &Value| {
        server.send(method, path, headers, body.to_string().into_bytes()).expect("the server answers")
    };
    let secret = ("authorization", "Bearer secret");
    let tee = json!({"on_hand":9,"price":{"amount":1999,"currency":"EUR"}});
    assert_eq!(ask("PUT", "/v1/carts/skus/tee", &[], &tee).status, 401);
    assert_eq!(ask("PUT", "/v1/carts/skus/tee", &[secret], &tee).status, 201);
    let new = json!({"currency":"EUR"});
    let short = ask("POST", "/v1/carts", &[("idempotency-key", "guessable")], &new);
    assert_eq!((short.status, short.code()), (400, "bad_idempotency_key"));
    let opened = ask("POST", "/v1/carts", &[], &new);
    assert_eq!(opened.status, 201, "{opened:?}");
    let path = format!("/v1/carts/{}", opened.body["id"].as_str().unwrap());
    let token = opened.body["token"].as_str().unwrap().to_owned();
    let line = json!({"sku":"tee","quantity":1});
    let bearer = format!("Bearer {token}");
    for (headers, status) in [
        (vec![], 404),
        (vec![("authorization", "Bearer wrong")], 404),
        (vec![("authorization", bearer.as_str())], 200),
        (vec![secret], 200),
        (vec![secret, ("millrace-cart-token", token.as_str())], 200),
        (vec![secret, ("millrace-cart-token", "wrong")], 404),
        (vec![secret, ("millrace-subject", "eve")], 404),
        (vec![("millrace-subject", "eve")], 401),
    ] {
        let answer = ask("POST", &format!("{path}/line-items"), &headers, &line);
        assert_eq!(answer.status, status, "{headers:?} {answer:?}");
    }
    let quote = json!({"kind":"shipping","amount":490,"label":"Post"});
    assert_eq!(ask("POST", &format!("{path}/quotes"), &[("authorization", bearer.as_str())], &quote).status, 403);
    let quoted = ask("POST", &format!("{path}/quotes"), &[secret], &quote);
    assert!(
        contains(&quoted.body, &json!({"shipping":{"amount":490},"total":{"amount":1999 * 3 + 490}})),
        "{quoted:?}"
    );
}

#[test]
fn a_cart_is_claimed_at_login_as_the_preview_said() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(&folder.path().join("data"));
    let cap = json!({"on_hand":3,"price":{"amount":500,"currency":"EUR"}});
    assert_eq!(put(&server, "/v1/carts/skus/cap", &cap).status, 201);
    let opened = server.post("/v1/carts", &json!({"currency":"EUR","customer":"u1"}));
    assert_eq!((opened.status, &opened.body["customer"], &opened.body["token"]), (201, &json!("u1"), &Value::Null));
    assert_eq!(server.post("/v1/carts", &json!({"currency":"EUR","customer":"u1"})).status, 200);
    let line = |sku: &str, quantity: u32| json!({"sku":sku,"quantity":quantity});
    let as_user = |method: &str, path: &str, body: &Value| {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        server.send(method, path, &[("millrace-subject", "u1")], body).expect("the server answers")
    };
    assert_eq!(as_user("POST", "/v1/carts/user:u1/line-items", &line("tee", 1)).status, 200);
    assert_eq!(as_user("POST", "/v1/carts/me/line-items", &line("cap", 2)).status, 200);
    let buyer = Buyer::open(&server);
    assert_eq!(buyer.add("tee", 2).status, 200);
    assert_eq!(buyer.add("cap", 2).status, 200);
    assert_eq!(as_user("GET", &format!("/v1/carts/{}", buyer.id), &Value::Null).code(), "unknown_cart");

    let claim = json!({"customer":"u1","mode":"sum"});
    let expected = json!({"customer":"u1","lines":[{"sku":"tee","quantity":3},{"sku":"cap","quantity":3}],
        "warnings":[{"code":"reduced_to_stock","sku":"cap","asked":4,"quantity":3}]});
    let preview = buyer.post("/customer?preview=true", &claim);
    assert!(preview.status == 200 && contains(&preview.body, &expected), "{preview:?}");
    assert_eq!(buyer.get("").body["state"], "active", "a preview changes nothing");
    // What a claim would refuse, its preview refuses.
    assert_eq!(buyer.post("/checkout", &Value::Null).status, 200);
    for path in ["/customer?preview=true", "/customer"] {
        let refused = buyer.post(path, &claim);
        assert_eq!((refused.status, refused.code()), (409, "checking_out"), "{refused:?}");
    }
    assert_eq!(buyer.post("/cancel", &Value::Null).status, 200);
    let claimed = buyer.post("/customer", &claim);
    assert!(claimed.status == 200 && contains(&claimed.body, &expected), "{claimed:?}");
    for answer in [buyer.get(""), buyer.add("tee", 1), buyer.post("/customer", &claim)] {
        let expected = json!({"code":"cart_merged","successor":claimed.body["id"]});
        assert!(answer.status == 410 && contains(&answer.body, &expected), "{answer:?}");
    }
    let own = as_user("GET", "/v1/carts/me", &Value::Null);
    assert!(contains(&own.body, &json!({"id":claimed.body["id"],"total":{"amount":3 * 1999 + 3 * 500}})), "{own:?}");
    let undone = as_user("POST", "/v1/carts/me/undo", &Value::Null);
    assert!(contains(&undone.body, &json!({"lines":[{"quantity":1},{"quantity":2}]})), "{undone:?}");
    let tee = undone.body["lines"][0]["id"].as_str().expect("an id").to_owned();
    let saved = as_user("POST", &format!("/v1/carts/me/line-items/{tee}/save"), &Value::Null);
    let expected = json!({"lines":[{"sku":"cap"}],"saved":[{"sku":"tee","quantity":1}],"total":{"amount":1000}});
    assert!(contains(&saved.body, &expected), "{saved:?}");
    let restored = as_user("POST", &format!("/v1/carts/me/saved/{tee}/restore"), &Value::Null);
    assert!(contains(&restored.body, &json!({"saved":[],"total":{"amount":2999}})), "{restored:?}");
    assert_eq!(as_user("DELETE", &format!("/v1/carts/me/saved/{tee}"), &Value::Null).code(), "unknown_line");
}

#[test]
fn codes_take_off_what_they_say_to_the_cent_and_no_more_often_than_they_may() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(&folder.path().join("data"));
    let spring = json!({"discount":{"kind":"percent","basis_points":1500},"max_uses":1,"stackable":true});
    let post = json!({"discount":{"kind":"fixed","amount":100,"currency":"EUR"},"priority":1,"stackable":true});
    for (code, promotion, status) in [("spring", &spring, 201), ("spring", &spring, 200), ("post", &post, 201)] {
        assert_eq!(put(&server, &format!("/v1/carts/promotions/{code}"), promotion).status, status);
    }
    let percent = json!({"discount":{"kind":"percent","basis_points":10_001}});
    assert_eq!(put(&server, "/v1/carts/promotions/x", &percent).code(), "bad_request");
    let past = json!({"discount":{"kind":"percent","basis_points":1},"ends_at":"2020-01-01T00:00:00Z"});
    assert_eq!(put(&server, "/v1/carts/promotions/past", &past).status, 201);
    let (buyer, other) = (Buyer::open(&server), Buyer::open(&server));
    for one in [&buyer, &other] {
        assert_eq!(one.add("tee", 3).status, 200);
        assert_eq!(one.post("/promotions", &json!({"code":"SPRING"})).status, 200);
    }
    assert_eq!(buyer.post("/promotions", &json!({"code":"none"})).code(), "unknown_code");
    assert_eq!(buyer.post("/promotions", &json!({"code":"past"})).code(), "promo_expired");
    let both = buyer.post("/promotions", &json!({"code":"post"}));
    // 15 % of 59.97 is 8.9955: half a cent is rounded up.
    let expected = json!({"promotions":[{"code":"spring","amount":900},{"code":"post","amount":100}],
        "subtotal":{"amount":5997},"discount":{"amount":1000},"total":{"amount":4997},"lines":[{"discount":1000}]});
    assert!(both.status == 200 && contains(&both.body, &expected), "{both:?}");
    assert_eq!(buyer.ask("DELETE", "/promotions/post", &[], &Value::Null).body["total"]["amount"], 5097);
    assert_eq!(buyer.post("/checkout", &Value::Null).status, 200);
    let refused = other.post("/checkout", &Value::Null);
    let expected = json!({"code":"promo_exhausted","promotion":"spring"});
    assert!(refused.status == 422 && contains(&refused.body, &expected), "{refused:?}");
    assert_eq!(pay(&server, &buyer.id, "p", "captured", 5097).body["state"], "captured");
    let order = buyer.post("/complete", &Value::Null).body["order"].clone();
    let preview = buyer.post("/customer?preview=true", &json!({"customer":"u1","mode":"sum"}));
    assert_eq!((preview.status, preview.code()), (410, "cart_ordered"), "{preview:?}");
    assert!(
        contains(&order, &json!({"total":{"amount":5097},"promotions":[{"code":"spring","amount":900}]})),
        "{order}"
    );
    eventually("the use is the order's", || {
        let shown = server.get("/v1/carts/promotions/spring").body;
        contains(&shown, &json!({"used":1,"reserved":0,"spent":900})).then_some(())
    });
    stock_is(&server, "tee", &json!({"available":97,"reserved":0,"committed":3}));
}

#[test]
fn a_link_shows_a_cart_and_a_stream_tells_of_its_changes() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(&folder.path().join("data"));
    let buyer = Buyer::open(&server);
    let shared = buyer.post("/share", &Value::Null);
    assert_eq!(shared.status, 200, "{shared:?}");
    let link = shared.body["token"].as_str().expect("a token").to_owned();
    let friend = Buyer { server: &server, id: buyer.id.clone(), token: link };
    let path = format!("/v1/carts/{}/stream", buyer.id);
    let mut follower = crate::streams::Client::follow(&server.url, &path, None).expect("it is followed");
    let first = follower.event();
    assert_eq!((first.name.as_str(), &first.data["version"]), ("snapshot", &json!(2)));
    assert_eq!(buyer.add("tee", 2).status, 200);
    let second = follower.event();
    let expected = json!({"version":3,"lines":[{"sku":"tee","quantity":2}]});
    assert!(second.name == "cart" && contains(&second.data, &expected), "{second:?}");
    assert_eq!(friend.get("").body["total"]["amount"], 3998);
    for answer in [friend.add("tee", 1), friend.get("/history"), friend.post("/checkout", &Value::Null)] {
        assert_eq!((answer.status, answer.code()), (404, "unknown_cart"), "{answer:?}");
    }
    assert_eq!(buyer.ask("DELETE", "/share", &[], &Value::Null).status, 200);
    assert_eq!(friend.get("").code(), "unknown_cart");
}

#[test]
fn what_is_sold_out_for_the_moment_is_waited_for_in_line() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(&folder.path().join("data"));
    let last = json!({"on_hand":1,"price":{"amount":700,"currency":"EUR"}});
    assert_eq!(put(&server, "/v1/carts/skus/last", &last).status, 201);
    let buyers = [Buyer::open(&server), Buyer::open(&server), Buyer::open(&server)];
    for buyer in &buyers {
        assert_eq!(buyer.add("last", 1).status, 200);
    }
    let [first, second, third] = &buyers;
    let in_line = |buyer: &Buyer<'_>| buyer.ask("POST", "/checkout", &[("prefer", "wait=1")], &json!({"queue":true}));
    assert_eq!(in_line(first).status, 200);
    for buyer in [second, third] {
        assert_eq!(in_line(buyer).status, 202, "whoever waits is told so");
    }
    stock_is(&server, "last", &json!({"available":0,"reserved":1,"waiting":2}));
    assert_eq!(first.post("/cancel", &Value::Null).status, 200);
    eventually("it is the second one's", || (second.get("").body["state"] == "checking_out").then_some(()));
    assert_eq!(third.get("").body["state"], "reserving");
    assert_eq!(pay(&server, &second.id, "p", "captured", 700).body["state"], "captured");
    eventually("the third one hears that all is sold", || (third.get("").body["state"] == "active").then_some(()));
    stock_is(&server, "last", &json!({"on_hand":1,"available":0,"reserved":0,"committed":1}));
}
