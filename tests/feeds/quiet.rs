//! Polls, muted words and erasing over HTTP, also after kill -9.

use super::{As, id, start};
use crate::streams::Client;
use crate::support::{Server, eventually, text};
use millrace_topics::time::Time;
use serde_json::{Value, json};

#[test]
fn a_poll_is_voted_in_once_and_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = start(&data);
    let (ada, bob, eve) = (As(&server, "ada"), As(&server, "bob"), As(&server, "eve"));
    bob.follows("ada");
    let ends_at = |millis: u64| Time::now().plus(millis).to_string();
    let ask = |poll: &Value| ada.post(&json!({"text":"which?","poll":poll}));
    for bad in [
        json!({"options":["a"],"ends_at":ends_at(60_000)}),
        json!({"options":["a","a"],"ends_at":ends_at(60_000)}),
        json!({"options":["a","b"],"ends_at":"2020-01-01T00:00:00Z"}),
    ] {
        assert_eq!(ask(&bad).code(), "bad_poll", "{bad}");
    }
    let long = json!({"options":["a","x".repeat(51)],"ends_at":ends_at(60_000)});
    assert_eq!(ask(&long).code(), "text_too_long");
    let both = json!({"text":"x","publish_at":ends_at(60_000),"poll":{"options":["a","b"],"ends_at":ends_at(90_000)}});
    assert_eq!(ada.post(&both).code(), "bad_poll");

    let open = ask(&json!({"options":["yes","no"],"ends_at":ends_at(3_600_000)}));
    assert_eq!(open.status, 201, "{open:?}");
    let (post, path) = (id(&open.body), format!("/v1/feeds/posts/{}/vote", id(&open.body)));
    let vote = |who: &As<'_>, path: &str, choices: &[u32]| who.ask("PUT", path, &json!({"choices":choices}));
    let voted = vote(&bob, &path, &[1]);
    let votes = |body: &Value| -> Vec<Value> {
        body["poll"]["options"].as_array().expect("options").iter().map(|one| one["votes"].clone()).collect()
    };
    assert_eq!(
        (voted.status, votes(&voted.body), &voted.body["poll"]["own"]),
        (200, vec![json!(0), json!(1)], &json!([1]))
    );
    assert_eq!(vote(&bob, &path, &[1]).body["poll"]["voters"], 1);
    for (who, choices, code) in [
        (&bob, &[0][..], "already_voted"),
        (&eve, &[2], "bad_choice"),
        (&eve, &[0, 1], "bad_choice"),
        (&ada, &[0], "own_poll"),
    ] {
        assert_eq!(vote(who, &path, choices).code(), code);
    }
    let plain = ada.says("plain");
    assert_eq!(vote(&eve, &format!("/v1/feeds/posts/{plain}/vote"), &[0]).code(), "unknown_poll");
    let short = ask(&json!({"options":["yes","no"],"ends_at":ends_at(3000)}));
    let over = format!("/v1/feeds/posts/{}/vote", id(&short.body));
    let end: Time = serde_json::from_value(short.body["poll"]["ends_at"].clone()).expect("a time");
    assert_eq!(vote(&bob, &over, &[0]).status, 200);
    eventually("the poll ends", || (Time::now() > end).then_some(()));
    assert_eq!(vote(&eve, &over, &[0]).code(), "poll_ended");
    assert_eq!(vote(&bob, &over, &[0]).status, 200, "who has voted is told so");
    server.kill();

    let server = Server::start(&data, &[]);
    let (ada, bob, eve) = (As(&server, "ada"), As(&server, "bob"), As(&server, "eve"));
    assert_eq!(vote(&eve, &path, &[1]).body["poll"]["voters"], 2);
    let home = bob.get("/v1/feeds?limit=10");
    let shown =
        home.body["items"].as_array().expect("a list").iter().find(|item| id(item) == post).expect("it is there");
    assert_eq!((votes(shown), &shown["poll"]["own"]), (vec![json!(0), json!(2)], &json!([1])));
    ada.delete(&format!("/v1/feeds/posts/{post}"));
    assert_eq!(vote(&eve, &path, &[1]).code(), "post_deleted");
}

#[test]
fn what_says_a_muted_word_is_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let quick = ["--stream-interval", "5ms", "--stream-heartbeat", "200ms"];
    let server = Server::start(&data, &quick);
    for user in ["ada", "bob"] {
        As(&server, user).ask("PUT", &format!("/v1/feeds/users/{user}"), &json!({}));
    }
    let (ada, bob) = (As(&server, "ada"), As(&server, "bob"));
    bob.follows("ada");
    let (plain, said) = (ada.says("hello @bob"), ada.says("the MILL, @bob"));
    assert_eq!(bob.home(5), [said.clone(), plain.clone()]);
    let mut follower = Client::follow_as(&server.url, "/v1/feeds/stream", Some("bob"), None).unwrap();
    assert_eq!(follower.event().data["items"].as_array().map(Vec::len), Some(2));
    let muted = bob.ask("PUT", "/v1/feeds/muted-words/Mill", &json!({}));
    assert_eq!((muted.status, &muted.body), (200, &json!({"word":"mill","whole":true,"until":null})), "{muted:?}");
    assert_eq!(follower.event().data["gone"], json!([said]), "what was shown goes");
    ada.says("a mill");
    let other = ada.says("a millrace");
    let told = follower.event();
    assert_eq!(
        told.data["items"].as_array().map(|items| items.iter().map(id).collect::<Vec<_>>()),
        Some(vec![other.clone()])
    );
    server.kill();

    let server = Server::start(&data, &[]);
    let (ada, bob) = (As(&server, "ada"), As(&server, "bob"));
    assert_eq!(bob.home(5), [other, plain.clone()]);
    let notices = bob.get("/v1/feeds/notifications");
    assert_eq!((notices.body["items"].as_array().map(Vec::len), &notices.body["unseen"]), (Some(1), &json!(1)));
    assert_eq!(bob.get(&format!("/v1/feeds/{said}:explain")).body["left_out"], "muted_word");
    assert_eq!(bob.get(&format!("/v1/feeds/posts/{said}")).status, 200, "who asks for it gets it");
    assert_eq!(ada.get("/v1/feeds/muted-words").body["words"], json!([]));
    let long = format!("/v1/feeds/muted-words/{}", "x".repeat(201));
    assert_eq!(bob.ask("PUT", &long, &json!({})).code(), "bad_word");
    assert_eq!(bob.delete("/v1/feeds/muted-words/MILL").body["words"], json!([]));
    assert!(bob.home(5).contains(&said));
}

#[test]
fn an_account_is_erased_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = start(&data);
    let (ada, bob, eve) = (As(&server, "ada"), As(&server, "bob"), As(&server, "eve"));
    for (who, whom) in [(&ada, "bob"), (&bob, "ada"), (&eve, "ada"), (&eve, "bob")] {
        who.follows(whom);
    }
    // More than a step takes.
    let posts: Vec<String> = (0..120).map(|number| ada.says(&format!("post {number} #mill"))).collect();
    let theirs = bob.says("bob's");
    let first = eve.home(50)[0].clone();
    assert_eq!(first, theirs);
    let page = eve.get("/v1/feeds?limit=50");
    ada.put(&format!("/v1/feeds/posts/{theirs}/reactions/like"));
    ada.post(&json!({"text":"hi","reply_to":theirs}));
    ada.ask("POST", &format!("/v1/feeds/posts/{theirs}/reposts"), &Value::Null);
    let counts = |who: &As<'_>| who.get(&format!("/v1/feeds/posts/{theirs}")).body["counts"].clone();
    assert_eq!(counts(&bob), json!({"likes":1,"replies":1,"reposts":1,"quotes":0,"shares":0}));
    assert_eq!(bob.get("/v1/feeds/users/bob").body["followers"], 2);

    assert_eq!(bob.delete("/v1/feeds/users/ada").code(), "not_yourself");
    let erased = ada.delete("/v1/feeds/users/ada");
    assert_eq!((erased.status, &erased.body), (200, &json!({"id":"ada","erased":true})), "{erased:?}");
    // At once it is there for nobody, though its rows take a while.
    assert_eq!(bob.get("/v1/feeds/users/ada").code(), "unknown_user");
    assert_eq!(bob.get(&format!("/v1/feeds/posts/{}", posts[0])).code(), "post_deleted");
    assert_eq!(eve.home(50), std::slice::from_ref(&theirs));
    assert_eq!(ada.post(&json!({"text":"late"})).code(), "unknown_user");
    assert_eq!(ada.ask("PUT", "/v1/feeds/users/ada", &json!({})).code(), "user_erased");
    server.kill();

    let server = Server::start(&data, &[]);
    let (bob, eve) = (As(&server, "bob"), As(&server, "eve"));
    eventually("what it counted for is taken back", || {
        let none = json!({"likes":0,"replies":0,"reposts":0,"quotes":0,"shares":0});
        let user = bob.get("/v1/feeds/users/bob").body;
        let others = (&user["followers"], &user["following"]) == (&json!(1), &json!(0));
        (counts(&bob) == none && others && bob.pages("/v1/feeds/tags/mill?limit=50").is_empty()).then_some(())
    });
    let kinds: Vec<Value> = bob.get("/v1/feeds/notifications").body["items"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|notice| notice["from"].clone())
        .collect();
    assert_eq!(kinds, [json!("eve")], "nobody is told of it any more");
    // A cursor that lies among what is gone holds.
    let cursor = page.body["cursor"].as_str().expect("there was more");
    let rest = eve.get(&format!("/v1/feeds?limit=50&cursor={cursor}"));
    assert_eq!((rest.status, &rest.body["items"]), (200, &json!([])), "{rest:?}");
    let verified = server.cli(&["verify", "feeds"]);
    assert!(verified.status.success(), "{}", text(&verified.stderr));
}
