//! Feeds over HTTP, as a newcomer meets them: accounts, posts, follows, the home page by page, reactions, threads, privacy,
//! notifications with a marker, and what is refused; all of it also after kill -9.

mod graph;
mod mastodon;
mod quiet;

use crate::streams::Client;
use crate::support::{Answer, Server, text};
use crate::walk::contains;
use serde_json::{Value, json};

/// What one account asks.
struct As<'a>(&'a Server, &'a str);

impl As<'_> {
    fn ask(&self, method: &str, path: &str, body: &Value) -> Answer {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        self.0.send(method, path, &[("millrace-subject", self.1)], body).expect("the server answers")
    }

    fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &Value::Null)
    }

    fn put(&self, path: &str) -> Answer {
        self.ask("PUT", path, &Value::Null)
    }

    fn delete(&self, path: &str) -> Answer {
        self.ask("DELETE", path, &Value::Null)
    }

    fn post(&self, body: &Value) -> Answer {
        self.ask("POST", "/v1/feeds/posts", body)
    }

    /// Writes a post: its id.
    fn says(&self, text: &str) -> String {
        let posted = self.post(&json!({"text":text}));
        assert_eq!(posted.status, 201, "{posted:?}");
        id(&posted.body)
    }

    fn follows(&self, whom: &str) -> Answer {
        let followed = self.put(&format!("/v1/feeds/users/{}/follows/{whom}", self.1));
        assert_eq!(followed.status, 200, "{followed:?}");
        followed
    }

    /// The ids of the home, page by page.
    fn home(&self, limit: u32) -> Vec<String> {
        self.pages(&format!("/v1/feeds?mode=latest&limit={limit}"))
    }

    fn pages(&self, path: &str) -> Vec<String> {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.get(&format!("{path}{cursor}"));
            assert_eq!(page.status, 200, "{page:?}");
            found.extend(page.body["items"].as_array().expect("a list").iter().map(id));
            match page.body["cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return found,
            }
        }
    }
}

fn id(body: &Value) -> String {
    body["id"].as_str().unwrap_or_else(|| panic!("no id in {body}")).to_owned()
}

fn start(data: &std::path::Path) -> Server {
    let server = Server::start(data, &[]);
    for user in ["ada", "bob", "eve"] {
        let made = server.send("PUT", &format!("/v1/feeds/users/{user}"), &[], json!({"name":user}).to_string().into());
        assert_eq!(made.expect("the server answers").status, 200);
    }
    server
}

#[test]
fn the_way_from_a_post_to_a_home_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = start(&data);
    let (ada, bob, eve) = (As(&server, "ada"), As(&server, "bob"), As(&server, "eve"));
    let followed = server.send("PUT", "/v1/feeds/users/bob/follows/ada", &[], Vec::new()).expect("it answers");
    assert!(contains(&followed.body, &json!({"user":"bob","target":"ada","following":"following"})), "{followed:?}");
    let posted = ada.post(&json!({"text":"hello #mill"}));
    assert!(contains(&posted.body, &json!({"author":"ada","text":"hello #mill","tags":["mill"]})), "{posted:?}");
    let hello = id(&posted.body);
    let home = bob.get("/v1/feeds?mode=latest&limit=20");
    assert_eq!((home.body["items"].as_array().map(Vec::len), &home.body["cursor"]), (Some(1), &Value::Null));
    assert!(contains(&home.body["items"][0], &json!({"id":hello,"author":"ada","text":"hello #mill"})), "{home:?}");
    assert_eq!(posted.header("location"), Some(format!("/v1/feeds/posts/{hello}").as_str()));

    // A page never has what another had, and all have everything.
    let posts: Vec<String> = (0..7).map(|number| ada.says(&format!("post {number}"))).collect();
    let all: Vec<String> = posts.iter().rev().chain([&hello]).cloned().collect();
    assert_eq!(bob.home(3), all);
    assert_eq!(bob.pages("/v1/feeds/users/ada/posts?limit=5"), all);

    let like = format!("/v1/feeds/posts/{hello}/reactions/like");
    assert_eq!(bob.put(&like).body["counts"]["likes"], 1);
    assert_eq!(bob.put(&like).body["counts"]["likes"], 1);
    assert_eq!(bob.get(&like).body["users"], json!(["bob"]));
    let reply = bob.post(&json!({"text":"hi @ada","reply_to":hello}));
    let quote = eve.post(&json!({"text":"see this","quote_of":hello}));
    let repost = bob.ask("POST", &format!("/v1/feeds/posts/{hello}/reposts"), &Value::Null);
    assert!(repost.status == 201 && contains(&repost.body["repost"], &json!({"text":"hello #mill"})), "{repost:?}");
    eve.follows("bob");
    let counts = json!({"likes":1,"replies":1,"reposts":1,"quotes":1,"shares":0});
    let shown = bob.get(&format!("/v1/feeds/posts/{hello}"));
    assert_eq!((&shown.body["counts"], &shown.body["own"]["reactions"]), (&counts, &json!(["like"])), "{shown:?}");
    // A reply to somebody whom one does not follow is not shown.
    assert_eq!(eve.home(10), [id(&repost.body)]);
    eve.follows("ada");
    assert_eq!(eve.home(20).len(), 9, "of a post and its repost one is shown: {:?}", eve.home(20));
    assert!(eve.home(20).contains(&id(&reply.body)));
    let context = eve.get(&format!("/v1/feeds/posts/{}/context", id(&reply.body)));
    assert_eq!(id(&context.body["above"][0]), hello);
    assert_eq!(id(&eve.get(&format!("/v1/feeds/posts/{hello}/context")).body["below"][0]), id(&reply.body));
    let shown = eve.get(&format!("/v1/feeds/posts/{}", id(&quote.body)));
    assert_eq!(id(&shown.body["quote"]), hello);
    assert_eq!(eve.pages("/v1/feeds/tags/Mill?limit=5"), std::slice::from_ref(&hello));

    let notices = ada.get("/v1/feeds/notifications?grouped=true");
    let kinds: Vec<&Value> = notices.body["items"].as_array().expect("a list").iter().map(|one| &one["kind"]).collect();
    assert_eq!(kinds, ["follow", "repost", "quote", "reply", "like", "follow"], "{notices:?}");
    assert_eq!(notices.body["unseen"], 6);
    let position = notices.body["items"][2]["position"].clone();
    let marked = ada.ask("PUT", "/v1/feeds/notifications/marker", &json!({"position":position}));
    assert_eq!((marked.status, &marked.body["position"]), (200, &position));
    assert_eq!(ada.get("/v1/feeds/notifications").body["unseen"], 2);

    let edited = ada.ask("PATCH", &format!("/v1/feeds/posts/{hello}"), &json!({"text":"hello #wheel"}));
    assert!(edited.status == 200 && edited.body["edited_at"].is_string(), "{edited:?}");
    assert_eq!(eve.pages("/v1/feeds/tags/mill?limit=5"), Vec::<String>::new());
    let then = edited.header("millrace-position").expect("a position").to_owned();
    server.kill();

    let server = Server::start(&data, &[]);
    let (ada, bob, eve) = (As(&server, "ada"), As(&server, "bob"), As(&server, "eve"));
    assert_eq!(bob.home(4).len(), all.len());
    let gone = ada.delete(&format!("/v1/feeds/posts/{hello}"));
    assert_eq!(gone.body, json!({"id":hello,"deleted":true}));
    for (who, answer) in [
        (&bob, bob.get(&format!("/v1/feeds/posts/{hello}"))),
        (&eve, eve.ask("POST", "/v1/feeds/posts", &json!({"text":"late","reply_to":hello}))),
        (&ada, ada.delete(&format!("/v1/feeds/posts/{hello}"))),
        (&bob, bob.put(&like)),
    ] {
        assert_eq!((answer.status, answer.code()), (410, "post_deleted"), "{}: {answer:?}", who.1);
    }
    assert!(!bob.home(4).contains(&hello) && !eve.home(4).contains(&id(&repost.body)), "nor what showed it again");
    assert_eq!(eve.get(&format!("/v1/feeds/posts/{}", id(&quote.body))).body["quote"], Value::Null);
    let past = bob.get(&format!("/v1/feeds/posts/{hello}?at={then}"));
    assert_eq!((past.status, &past.body["text"]), (200, &json!("hello #wheel")), "the past is as it was: {past:?}");
    let verified = server.cli(&["verify", "feeds"]);
    assert!(verified.status.success(), "{}", text(&verified.stderr));
}

#[test]
fn who_is_hidden_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(&folder.path().join("data"));
    let (ada, bob, eve) = (As(&server, "ada"), As(&server, "bob"), As(&server, "eve"));
    bob.follows("ada");
    let first = ada.says("first");
    bob.put(&format!("/v1/feeds/posts/{first}/reactions/like"));
    // A private account says who may follow it; who followed before still does.
    ada.ask("PUT", "/v1/feeds/users/ada", &json!({"name":"Ada","private":true}));
    assert_eq!(eve.follows("ada").body["following"], "requested");
    assert_eq!(eve.home(5), Vec::<String>::new());
    assert_eq!((bob.home(5), eve.get(&format!("/v1/feeds/posts/{first}")).status), (vec![first.clone()], 404));
    assert_eq!(ada.get("/v1/feeds/users/ada/requests").body["users"], json!(["eve"]));
    assert_eq!(eve.get("/v1/feeds/users/ada/requests").code(), "unknown_user");
    assert_eq!(ada.put("/v1/feeds/users/ada/requests/eve").body["followed_by"], "following");
    assert_eq!(eve.home(5), std::slice::from_ref(&first));
    assert_eq!(ada.delete("/v1/feeds/users/ada/requests/eve").code(), "not_asked");
    // A mute is one's own affair, a block everybody's.
    bob.put("/v1/feeds/users/bob/mutes/ada");
    assert_eq!(bob.home(5), Vec::<String>::new());
    assert_eq!(bob.delete("/v1/feeds/users/bob/mutes/ada").body["muting"], false);
    assert_eq!(bob.home(5), std::slice::from_ref(&first));
    let blocked = bob.put("/v1/feeds/users/bob/blocks/eve");
    assert!(contains(&blocked.body, &json!({"blocking":true,"following":"no"})), "{blocked:?}");
    assert_eq!(eve.get(&format!("/v1/feeds/posts/{first}/reactions/like")).body["users"], json!([]));
    for answer in [
        eve.get("/v1/feeds/users/bob"),
        eve.get("/v1/feeds/users/bob/posts"),
        eve.put("/v1/feeds/users/eve/follows/bob"),
        bob.put("/v1/feeds/users/bob/follows/eve"),
    ] {
        assert_eq!((answer.status, answer.code()), (404, "unknown_user"), "{answer:?}");
    }
    ada.put("/v1/feeds/users/ada/blocks/bob");
    assert_eq!(bob.home(5), Vec::<String>::new());
    assert_eq!(bob.get(&format!("/v1/feeds/posts/{first}")).code(), "unknown_post");
    assert_eq!(bob.put(&format!("/v1/feeds/posts/{first}/reactions/like")).code(), "unknown_post");
    let notices = ada.get("/v1/feeds/notifications");
    let from = notices.body["items"].as_array().expect("a list").iter().map(|one| &one["from"]);
    assert!(from.into_iter().all(|from| from == "eve"), "{notices:?}");
    ada.delete("/v1/feeds/users/ada/blocks/bob");
    assert_eq!(bob.get("/v1/feeds/users/ada").body["followers"], 1, "a block ends what was");
}

#[test]
fn what_makes_no_sense_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(&folder.path().join("data"));
    let (ada, bob) = (As(&server, "ada"), As(&server, "bob"));
    let post = ada.says("one");
    ada.says("two");
    bob.follows("ada");
    let cursor = bob.get("/v1/feeds?limit=1").body["cursor"].as_str().expect("there is more").to_owned();
    let repost = id(&bob.ask("POST", &format!("/v1/feeds/posts/{post}/reposts"), &Value::Null).body);
    for (method, path, body, status, code) in [
        ("POST", "/v1/feeds/posts", json!({"text":""}), 422, "empty_text"),
        ("POST", "/v1/feeds/posts", json!({"text":" \u{200b}\u{202e}"}), 422, "empty_text"),
        ("POST", "/v1/feeds/posts", json!({"text":"x".repeat(501)}), 422, "text_too_long"),
        ("POST", "/v1/feeds/posts", json!({"text":"x","language":"en"}), 400, "bad_body"),
        ("POST", "/v1/feeds/posts", json!({"text":"x","visibility":"secret"}), 400, "bad_body"),
        ("POST", "/v1/feeds/posts", json!({"text":"x","reply_to":"12"}), 404, "unknown_post"),
        ("POST", "/v1/feeds/posts", json!({"text":"x","reply_to":repost}), 422, "is_a_repost"),
        ("PATCH", &format!("/v1/feeds/posts/{post}"), json!({"text":"x","quote_of":post}), 400, "bad_body"),
        ("PATCH", &format!("/v1/feeds/posts/{post}"), json!({"text":"not mine"}), 404, "unknown_post"),
        ("DELETE", &format!("/v1/feeds/posts/{post}"), Value::Null, 404, "unknown_post"),
        ("PUT", "/v1/feeds/users/bob/follows/bob", Value::Null, 409, "yourself"),
        ("PUT", "/v1/feeds/users/bob/follows/nobody", Value::Null, 404, "unknown_user"),
        ("PUT", "/v1/feeds/users/ada/follows/bob", Value::Null, 403, "not_yourself"),
        ("PUT", &format!("/v1/feeds/posts/{post}/reactions/hate"), Value::Null, 404, "unknown_reaction"),
        ("GET", "/v1/feeds?limit=201", Value::Null, 400, "bad_limit"),
        ("GET", "/v1/feeds?mode=best", Value::Null, 400, "bad_parameter"),
        ("GET", &format!("/v1/feeds?cursor={cursor}x"), Value::Null, 400, "bad_cursor"),
        ("PUT", "/v1/feeds/notifications/marker", json!({"position":"feeds"}), 400, "bad_position"),
        ("PUT", "/v1/feeds/notifications/marker", json!({"position":"carts/0@1"}), 400, "bad_position"),
    ] {
        let answer = bob.ask(method, path, &body);
        assert_eq!((answer.status, answer.code()), (status, code), "{method} {path} {body}: {answer:?}");
    }
    // The cursor of another reader is none of ada's.
    assert_eq!(ada.get(&format!("/v1/feeds?cursor={cursor}")).code(), "bad_cursor");
    assert_eq!(As(&server, "nobody").get("/v1/feeds").code(), "unknown_user");
    assert_eq!(As(&server, "nobody").post(&json!({"text":"x"})).code(), "unknown_user");
    // Letters are counted as people count them, and kept as they were sent.
    let family = "👨\u{200d}👩\u{200d}👧\u{200d}👦".repeat(500);
    assert_eq!(ada.post(&json!({"text":family})).body["text"], family);
    // A keyed post that is said again is the same one.
    let say = || {
        let headers = [("millrace-subject", "ada"), ("idempotency-key", "k1")];
        server.send("POST", "/v1/feeds/posts", &headers, json!({"text":"once"}).to_string().into_bytes())
    };
    let (first, again) = (say().expect("it answers"), say().expect("it answers"));
    assert_eq!((again.header("idempotent-replayed"), &again.body), (Some("true"), &first.body));
    // A thousand a minute: side by side, since one after the other may take a busy machine longer than that.
    let follow = || (0..70).any(|_| bob.put("/v1/feeds/users/bob/follows/ada").status == 429);
    let told = std::thread::scope(|scope| {
        let all: Vec<_> = (0..16).map(|_| scope.spawn(follow)).collect();
        all.into_iter().any(|one| one.join().expect("it asks to its end"))
    });
    assert!(told, "who follows too often is told to wait");
}

#[test]
fn a_ranked_feed_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(&folder.path().join("data"));
    let (ada, bob, eve) = (As(&server, "ada"), As(&server, "bob"), As(&server, "eve"));
    bob.follows("ada");
    bob.follows("eve");
    let posts: Vec<String> = (0..5).map(|number| ada.says(&format!("post {number}"))).collect();
    let liked = eve.says("liked");
    ada.put(&format!("/v1/feeds/posts/{liked}/reactions/like"));
    eve.put(&format!("/v1/feeds/posts/{}/reactions/share", posts[1]));
    let first = bob.get("/v1/feeds?mode=ranked&limit=2");
    let top: Vec<String> = first.body["items"].as_array().expect("a list").iter().map(id).collect();
    assert_eq!(top, [posts[1].clone(), liked.clone()], "{first:?}");
    assert_eq!((&first.body["items"][0]["score"], &first.body["restarted"]), (&json!(2000), &json!(false)));
    let explained = bob.get(&format!("/v1/feeds/{liked}:explain"));
    assert!(contains(&explained.body, &json!({"score":500,"place":2,"weights_version":1})), "{explained:?}");
    let like = &explained.body["factors"][0];
    assert_eq!(like, &json!({"name":"likes","value":1,"weight":500,"points":500}));
    // Later everything is another way, and at the position it is still as it was.
    let position = explained.body["position"].as_str().expect("a position").to_owned();
    bob.put(&format!("/v1/feeds/posts/{liked}/reactions/like"));
    assert_eq!(bob.get(&format!("/v1/feeds/{liked}:explain")).body["factors"][0]["value"], 2);
    let then = bob.get(&format!("/v1/feeds/{liked}:explain?at={position}"));
    assert_eq!((&then.body["factors"], &then.body["score"]), (&explained.body["factors"], &json!(500)), "{then:?}");
    // The session goes on in its order, whatever was liked meanwhile.
    let cursor = first.body["cursor"].as_str().expect("there is more");
    let second = bob.get(&format!("/v1/feeds?mode=ranked&limit=10&cursor={cursor}"));
    let rest: Vec<String> = second.body["items"].as_array().expect("a list").iter().map(id).collect();
    let expected: Vec<String> = posts.iter().rev().filter(|post| **post != posts[1]).cloned().collect();
    assert_eq!((rest, &second.body["cursor"]), (expected, &Value::Null));
    assert_eq!(eve.get(&format!("/v1/feeds?mode=ranked&cursor={cursor}")).code(), "bad_cursor");
    assert_eq!(bob.get(&format!("/v1/feeds?mode=latest&cursor={cursor}")).code(), "bad_cursor");

    let weights = json!({"likes":9000,"reposts":1,"replies":1,"quotes":1,"shares":1});
    let config = bob.ask("PUT", "/v1/feeds/config", &json!({"weights":weights}));
    assert_eq!(config.body, json!({"weights":weights,"weights_version":2}), "{config:?}");
    assert_eq!(id(&bob.get("/v1/feeds?mode=ranked&limit=1").body["items"][0]), liked);
    let seen = bob.ask("POST", "/v1/feeds/impressions:batch", &json!({"posts":[liked, posts[0]]}));
    assert_eq!(seen.body, json!({"seen":2}));
    assert_eq!(bob.get(&format!("/v1/feeds/{liked}:explain")).body["left_out"], "seen");
    assert_eq!(bob.get("/v1/feeds?mode=ranked").body["items"].as_array().map(Vec::len), Some(4));
    assert_eq!(bob.ask("POST", "/v1/feeds/impressions:batch", &json!({"posts":["x"]})).code(), "bad_body");
    assert_eq!(bob.get("/v1/feeds/1:explain").code(), "unknown_post");
    assert_eq!(bob.get(&format!("/v1/feeds/{liked}:praise")).code(), "unknown_action");
    server.kill();

    // The session was lost with the node.
    let server = Server::start(&folder.path().join("data"), &[]);
    let again = As(&server, "bob").get(&format!("/v1/feeds?mode=ranked&limit=2&cursor={cursor}"));
    assert_eq!((again.status, &again.body["restarted"]), (200, &json!(true)), "{again:?}");
}

#[test]
fn lists_bookmarks_and_pins_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(&folder.path().join("data"));
    let (ada, bob, eve) = (As(&server, "ada"), As(&server, "bob"), As(&server, "eve"));
    let (one, two) = (ada.says("one"), eve.says("two"));
    let list = bob.ask("PUT", "/v1/feeds/lists/friends", &json!({"name":"Friends","members":["ada","eve"]}));
    assert_eq!(list.body, json!({"id":"friends","name":"Friends","members":["ada","eve"]}), "{list:?}");
    assert_eq!(bob.get("/v1/feeds/lists").body["lists"], json!([list.body]));
    assert_eq!(bob.pages("/v1/feeds/lists/friends/posts?limit=1"), [two.clone(), one.clone()]);
    assert_eq!(eve.get("/v1/feeds/lists/friends").code(), "unknown_list");
    ada.put("/v1/feeds/users/ada/blocks/bob");
    assert_eq!(bob.pages("/v1/feeds/lists/friends/posts?limit=1"), std::slice::from_ref(&two));
    ada.delete("/v1/feeds/users/ada/blocks/bob");
    assert_eq!(bob.delete("/v1/feeds/lists/friends").body["lists"], json!([]));

    for post in [&one, &two] {
        assert_eq!(bob.put(&format!("/v1/feeds/posts/{post}/bookmark")).status, 200);
        bob.put(&format!("/v1/feeds/posts/{post}/reactions/like"));
    }
    assert_eq!(bob.pages("/v1/feeds/bookmarks?limit=1"), [two.clone(), one.clone()]);
    bob.delete(&format!("/v1/feeds/posts/{two}/bookmark"));
    assert_eq!(bob.pages("/v1/feeds/bookmarks?limit=5"), std::slice::from_ref(&one));
    let liked = crate::support::eventually("what one likes is heard of", || {
        let found = bob.pages("/v1/feeds/likes?limit=1");
        (found.len() == 2).then_some(found)
    });
    assert_eq!(liked, [two.clone(), one.clone()]);

    assert_eq!(ada.put(&format!("/v1/feeds/posts/{one}/pin")).status, 200);
    assert_eq!(ada.put(&format!("/v1/feeds/posts/{two}/pin")).code(), "unknown_post");
    assert_eq!(bob.pages("/v1/feeds/users/ada/pins?"), std::slice::from_ref(&one));
    ada.delete(&format!("/v1/feeds/posts/{one}"));
    assert_eq!(bob.pages("/v1/feeds/users/ada/pins?"), Vec::<String>::new());
    assert_eq!(bob.pages("/v1/feeds/bookmarks?limit=5"), Vec::<String>::new(), "what is gone is gone everywhere");
}

#[test]
fn a_stream_tells_of_what_comes_and_goes() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let quick = ["--stream-interval", "5ms", "--stream-heartbeat", "200ms"];
    let server = Server::start(&data, &quick);
    for user in ["ada", "bob", "eve"] {
        As(&server, user).ask("PUT", &format!("/v1/feeds/users/{user}"), &json!({}));
    }
    let (ada, bob) = (As(&server, "ada"), As(&server, "bob"));
    bob.follows("ada");
    let first = ada.says("first");
    let mut follower = Client::follow_as(&server.url, "/v1/feeds/stream", Some("bob"), None).unwrap();
    let snapshot = follower.event();
    assert_eq!((snapshot.name.as_str(), id(&snapshot.data["items"][0])), ("snapshot", first.clone()));
    let second = ada.says("second");
    let change = follower.event();
    assert!(change.name == "change" && id(&change.data["items"][0]) == second, "{change:?}");
    ada.delete(&format!("/v1/feeds/posts/{first}"));
    assert_eq!(follower.event().data["gone"], json!([first]));
    // Who comes back with the id of the last event is told what was missed.
    let third = ada.says("third");
    let mut again = Client::follow_as(&server.url, "/v1/feeds/stream", Some("bob"), Some(&follower)).unwrap();
    let missed = again.event();
    assert!(missed.data["items"].as_array().is_some_and(|items| id(&items[0]) == third), "{missed:?}");
    // Whom one follows anew is followed by who comes back.
    bob.follows("eve");
    while follower.event().name != "end" {}
    let posted = As(&server, "eve").says("from eve");
    let mut anew = Client::follow_as(&server.url, "/v1/feeds/stream", Some("bob"), None).unwrap();
    assert_eq!(id(&anew.event().data["items"][0]), posted);
}

#[test]
fn what_comes_later_what_many_say_and_whom_to_follow() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = start(&data);
    let (ada, bob, eve) = (As(&server, "ada"), As(&server, "bob"), As(&server, "eve"));
    bob.follows("ada");
    ada.follows("eve");
    assert_eq!(bob.get("/v1/feeds/suggestions").body["users"], json!([{"user":"eve","followed_by":1}]));
    assert_eq!(bob.get("/v1/feeds/users?q=a&limit=5").body["users"], json!(["ada"]));
    assert_eq!(bob.get("/v1/feeds/users?q=").body["users"], json!(["ada", "bob", "eve"]));
    eve.put("/v1/feeds/users/eve/blocks/bob");
    assert_eq!(bob.get("/v1/feeds/users?q=").body["users"], json!(["ada", "bob"]));
    assert_eq!(bob.get("/v1/feeds/suggestions").body["users"], json!([]));

    let now = millrace_topics::time::Time::now();
    let soon = ada.post(&json!({"text":"soon #mill","publish_at":now.plus(2000).to_string()}));
    let later = ada.post(&json!({"text":"later","publish_at":now.plus(3_600_000).to_string()}));
    assert_eq!((soon.status, later.status), (200, 200), "{soon:?} {later:?}");
    assert_eq!(ada.post(&json!({"text":"too late","publish_at":"2020-01-01T00:00:00Z"})).code(), "bad_moment");
    let texts = |answer: &Answer| -> Vec<Value> {
        answer.body["posts"].as_array().expect("a list").iter().map(|post| post["text"].clone()).collect()
    };
    assert_eq!(texts(&ada.get("/v1/feeds/scheduled")), [json!("soon #mill"), json!("later")]);
    let dropped = ada.delete(&format!("/v1/feeds/scheduled/{}", id(&later.body)));
    assert_eq!(dropped.status, 200, "{dropped:?}");
    // An idle partition wakes for it, also one that was killed meanwhile.
    server.kill();
    let server = Server::start(&data, &[]);
    let (ada, bob) = (As(&server, "ada"), As(&server, "bob"));
    let home = crate::support::eventually("the post that was to come", || {
        let home = bob.home(5);
        (!home.is_empty()).then_some(home)
    });
    assert_eq!(home, [id(&soon.body)], "it has the id that was said");
    assert_eq!(texts(&ada.get("/v1/feeds/scheduled")), Vec::<Value>::new());
    let trends = crate::support::eventually("its tag is counted", || {
        let trends = bob.get("/v1/feeds/trends?limit=3").body["tags"].clone();
        trends.as_array().is_some_and(|tags| !tags.is_empty()).then_some(trends)
    });
    assert_eq!(trends, json!([{"tag":"mill","posts":1}]));
    let verified = server.cli(&["verify", "feeds"]);
    assert!(verified.status.success(), "{}", text(&verified.stderr));
}
