//! What accounts put aside for themselves, what is seen and familiar, and what is to be published later.

use super::{after, check, delete, id, of, post, react, repost, user};
use crate::feeds::Feeding;
use crate::feeds::schedule::stamp_at;
use crate::feeds::tables::POSTS;
use crate::runtime::alone::Alone;
use crate::runtime::check::BEGIN;
use expect_test::expect;
use millrace_topics::feeds::PostId;
use millrace_topics::record::Stamp;
use serde_json::json;

#[test]
fn what_is_put_aside_is_ones_own() {
    let list = |user: &str, members: &[&str]| {
        json!({"type":"set_list","user":user,"list":"friends","name":"Friends","members":members}).to_string()
    };
    let aside = |kind: &str, user: &str| json!({"type":kind,"user":user,"post":of(3, "ada")}).to_string();
    let pin =
        |kind: &str, line: u64, author: &str| json!({"type":kind,"author":author,"post":id(line, author)}).to_string();
    check(
        &[
            user("ada"),
            user("bob"),
            post("ada", "hello", &json!({})),
            list("bob", &["eve", "ada", "ada"]),
            json!({"type":"set_list","user":"bob","list":"No","name":"x"}).to_string(),
            list("nobody", &[]),
            aside("bookmark", "bob"),
            aside("bookmark", "bob"),
            aside("bookmark", "ada"),
            aside("unbookmark", "ada"),
            pin("pin", 3, "ada"),
            pin("pin", 3, "ada"),
            pin("pin", 3, "bob"),
            repost("ada", &of(3, "ada")),
            pin("pin", 14, "ada"),
            post("ada", "more", &json!({})),
            pin("pin", 16, "ada"),
            pin("unpin", 16, "ada"),
            delete(3, "ada"),
            json!({"type":"drop_list","user":"bob","list":"none"}).to_string(),
        ],
        expect![[r#"
            {"name":"ada","type":"set_user","user":"ada"}
              → account ada false
              said UserChanged
            {"name":"bob","type":"set_user","user":"bob"}
              → account bob false
              said UserChanged
            {"author":"ada","text":"hello","type":"post"}
              → post ada~3 of ada: "hello" [] []
              said Posted
            {"list":"friends","members":["eve","ada","ada"],"name":"Friends","type":"set_list","user":"bob"}
              → {"id":"friends","members":["ada","eve"],"name":"Friends"}
            {"list":"No","name":"x","type":"set_list","user":"bob"}
              → 422 bad_list: the id of a list must match [a-z0-9][a-z0-9._-]{0,63}
            {"list":"friends","members":[],"name":"Friends","type":"set_list","user":"nobody"}
              → 404 unknown_user: there is no account of this id
            {"post":{"author":"ada","id":"ada~3"},"type":"bookmark","user":"bob"}
              → null
            {"post":{"author":"ada","id":"ada~3"},"type":"bookmark","user":"bob"}
              → null
            {"post":{"author":"ada","id":"ada~3"},"type":"bookmark","user":"ada"}
              → null
            {"post":{"author":"ada","id":"ada~3"},"type":"unbookmark","user":"ada"}
              → null
            {"author":"ada","post":"ada~3","type":"pin"}
              → null
            {"author":"ada","post":"ada~3","type":"pin"}
              → null
            {"author":"bob","post":"bob~3","type":"pin"}
              → 404 unknown_post: there is no post of this id
            {"author":"ada","of":{"author":"ada","id":"ada~3"},"type":"repost"}
              → ["ada~14",false]
              said Reposted
            {"author":"ada","post":"ada~14","type":"pin"}
              → 422 is_a_repost: this is a repost: what it shows is meant by its own id
            {"author":"ada","text":"more","type":"post"}
              → post ada~16 of ada: "more" [] []
              said Posted
            {"author":"ada","post":"ada~16","type":"pin"}
              → null
            {"author":"ada","post":"ada~16","type":"unpin"}
              → null
            {"author":"ada","post":"ada~3","type":"delete"}
              → "ada~3"
              said PostDeleted
            {"list":"none","type":"drop_list","user":"bob"}
              → null
            tallies "ada" → Tally { posts: 2, followers: 0, following: 0, notices: 0 }
            counts ada~3 → Counts { likes: 0, shares: 0, reposts: 1, replies: 0, quotes: 0 }
            lists ("bob", "friends") → ListRow { name: "Friends", members: ["ada", "eve"] }
            bookmarks ("bob", Desc(ada~3)) → "ada"
        "#]],
    );
}

#[test]
fn what_is_familiar_and_seen_is_forgotten_again() {
    let see = |line: u64, author: &str| {
        json!({"type":"see","user":"bob","posts":[id(line, author), id(line, author)]}).to_string()
    };
    // A post of the time at which the script begins: ids of the script's own lines are older than anything.
    let now = PostId::first_at(BEGIN).to_string();
    let weights = json!({"likes":1,"reposts":2,"replies":3,"quotes":4,"shares":5});
    let configure =
        |weights: &serde_json::Value| json!({"type":"configure","user":"bob","weights":weights}).to_string();
    check(
        &[
            user("ada"),
            user("bob"),
            post("ada", "hello", &json!({})),
            react("react", (3, "ada"), "bob", "like"),
            post("bob", "hi", &json!({"reply_to":of(3, "ada")})),
            repost("bob", &of(3, "ada")),
            post("bob", "to myself", &json!({"reply_to":of(5, "bob")})),
            react("unreact", (3, "ada"), "bob", "like"),
            delete(6, "bob"),
            see(3, "ada"),
            json!({"type":"see","user":"bob","posts":[now]}).to_string(),
            format!("+47h {}", json!({"type":"see","user":"bob","posts":[]})),
            configure(&weights),
            configure(&weights),
            configure(&serde_json::Value::Null),
            json!({"type":"see","user":"nobody","posts":[]}).to_string(),
        ],
        expect![[r#"
            {"name":"ada","type":"set_user","user":"ada"}
              → account ada false
              said UserChanged
            {"name":"bob","type":"set_user","user":"bob"}
              → account bob false
              said UserChanged
            {"author":"ada","text":"hello","type":"post"}
              → post ada~3 of ada: "hello" [] []
              said Posted
            {"author":"ada","kind":"like","post":"ada~3","type":"react","user":"bob"}
              → likes 1 shares 0
              said Reacted
            {"author":"bob","reply_to":{"author":"ada","id":"ada~3"},"text":"hi","type":"post"}
              → post bob~5 of bob: "hi" [] []
              said Posted
            {"author":"bob","of":{"author":"ada","id":"ada~3"},"type":"repost"}
              → ["bob~6",false]
              said Reposted
            {"author":"bob","reply_to":{"author":"bob","id":"bob~5"},"text":"to myself","type":"post"}
              → post bob~7 of bob: "to myself" [] []
              said Posted
            {"author":"ada","kind":"like","post":"ada~3","type":"unreact","user":"bob"}
              → likes 0 shares 0
              said Unreacted
            {"author":"bob","post":"bob~6","type":"delete"}
              → "bob~6"
              said PostDeleted
            {"posts":["ada~3","ada~3"],"type":"see","user":"bob"}
              → null
            {"posts":["15717245761401414617766297600000000"],"type":"see","user":"bob"}
              → null
            +47h {"posts":[],"type":"see","user":"bob"}
              → null
            {"type":"configure","user":"bob","weights":{"likes":1,"quotes":4,"replies":3,"reposts":2,"shares":5}}
              → [{"likes":1,"quotes":4,"replies":3,"reposts":2,"shares":5},2]
            {"type":"configure","user":"bob","weights":{"likes":1,"quotes":4,"replies":3,"reposts":2,"shares":5}}
              → [{"likes":1,"quotes":4,"replies":3,"reposts":2,"shares":5},2]
            {"type":"configure","user":"bob","weights":null}
              → [{"likes":500,"quotes":5000,"replies":5000,"reposts":1000,"shares":2000},3]
            {"posts":[],"type":"see","user":"nobody"}
              → 404 unknown_user: there is no account of this id
            tallies "ada" → Tally { posts: 1, followers: 0, following: 0, notices: 3 }
            tallies "bob" → Tally { posts: 2, followers: 0, following: 0, notices: 0 }
            counts ada~3 → Counts { likes: 0, shares: 0, reposts: 0, replies: 1, quotes: 0 }
            counts bob~5 → Counts { likes: 0, shares: 0, reposts: 0, replies: 1, quotes: 0 }
            notices ("ada", Desc(2)) → NoticeRow { kind: Reply, from: "bob", post: Some(PostRef { id: bob~5, author: "bob" }), at: Time(1704067200000), place: feeds/0@7 }
            affinities ("bob", "ada") → 1
            seen ("bob", 15717245761401414617766297600000000) → ()
            weights "bob" → WeightsRow { weights: Weights { likes: 500, reposts: 1000, replies: 5000, quotes: 5000, shares: 2000 }, version: 3 }
        "#]],
    );
    let later = [user("bob"), json!({"type":"see","user":"bob","posts":[now]}).to_string(), {
        format!("+49h {}", json!({"type":"see","user":"bob","posts":[]}))
    }];
    check(
        &later,
        expect![[r#"
        {"name":"bob","type":"set_user","user":"bob"}
          → account bob false
          said UserChanged
        {"posts":["15717245761401414617766297600000000"],"type":"see","user":"bob"}
          → null
        +49h {"posts":[],"type":"see","user":"bob"}
          → null
    "#]],
    );
}

#[test]
fn what_is_to_come_comes_when_its_time_has_come() {
    let later = |text: &str, seconds: u64, more: &serde_json::Value| {
        let mut new =
            json!({"type":"schedule","author":"ada","text":text,"publish_at":BEGIN.plus(seconds * 1000).to_string()});
        new.as_object_mut().expect("it was made as one").extend(more.as_object().cloned().unwrap_or_default());
        new.to_string()
    };
    // The id is that of the moment, so that the post stands where it comes.
    let scheduled = |seconds: u64, line: u64| {
        PostId::new(stamp_at(Stamp { micros: line, node: 1 }, BEGIN.plus(seconds * 1000)), "ada").to_string()
    };
    let drop = |post: &str| json!({"type":"unschedule","author":"ada","post":post}).to_string();
    check(
        &[
            user("ada"),
            user("bob"),
            later("soon", 60, &json!({"tags":["mill"],"mentions":["bob"]})),
            later("never", 90, &json!({})),
            later("too late", 0, &json!({})),
            later("too far", 400 * 86_400, &json!({})),
            later(" ", 60, &json!({})),
            drop(&scheduled(90, 4)),
            drop(&scheduled(90, 4)),
            after("59s", &post("ada", "before", &json!({}))),
            after("2s", &post("ada", "behind", &json!({}))),
            react("react", (11, "ada"), "bob", "like"),
            json!({"type":"react","author":"ada","post":scheduled(60, 3),"user":"bob","kind":"like"}).to_string(),
        ],
        expect![[r#"
            {"name":"ada","type":"set_user","user":"ada"}
              → account ada false
              said UserChanged
            {"name":"bob","type":"set_user","user":"bob"}
              → account bob false
              said UserChanged
            {"author":"ada","mentions":["bob"],"publish_at":"2024-01-01T00:01:00Z","tags":["mill"],"text":"soon","type":"schedule"}
              → post 15717246314803771609333023080473741 of ada: "soon" null null
            {"author":"ada","publish_at":"2024-01-01T00:01:30Z","text":"never","type":"schedule"}
              → post 15717246591504941413432210240595085 of ada: "never" null null
            {"author":"ada","publish_at":"2024-01-01T00:00:00Z","text":"too late","type":"schedule"}
              → 422 bad_moment: a post can be written within a year, and not before now
            {"author":"ada","publish_at":"2025-02-04T00:00:00Z","text":"too far","type":"schedule"}
              → 422 bad_moment: a post can be written within a year, and not before now
            {"author":"ada","publish_at":"2024-01-01T00:01:00Z","text":" ","type":"schedule"}
              → 422 empty_text: a post says something
            {"author":"ada","post":"15717246591504941413432210240595085","type":"unschedule"}
              → "15717246591504941413432210240595085"
            {"author":"ada","post":"15717246591504941413432210240595085","type":"unschedule"}
              → 404 unknown_scheduled: no such post is to come
            +59s {"author":"ada","text":"before","type":"post"}
              → post ada~10 of ada: "before" [] []
              said Posted
            +2s {"author":"ada","text":"behind","type":"post"}
              → post ada~11 of ada: "behind" [] []
              said Posted
              said Posted
            {"author":"ada","kind":"like","post":"ada~11","type":"react","user":"bob"}
              → likes 1 shares 0
              said Reacted
            {"author":"ada","kind":"like","post":"15717246314803771609333023080473741","type":"react","user":"bob"}
              → likes 1 shares 0
              said Reacted
            tallies "ada" → Tally { posts: 3, followers: 0, following: 0, notices: 2 }
            tallies "bob" → Tally { posts: 0, followers: 0, following: 0, notices: 1 }
            counts ada~11 → Counts { likes: 1, shares: 0, reposts: 0, replies: 0, quotes: 0 }
            counts 15717246314803771609333023080473741 → Counts { likes: 1, shares: 0, reposts: 0, replies: 0, quotes: 0 }
            notices ("ada", Desc(2)) → NoticeRow { kind: Like, from: "bob", post: Some(PostRef { id: 15717246314803771609333023080473741, author: "ada" }), at: Time(1704067261000), place: feeds/0@16 }
            notices ("ada", Desc(1)) → NoticeRow { kind: Like, from: "bob", post: Some(PostRef { id: ada~11, author: "ada" }), at: Time(1704067261000), place: feeds/0@14 }
            notices ("bob", Desc(1)) → NoticeRow { kind: Mention, from: "ada", post: Some(PostRef { id: 15717246314803771609333023080473741, author: "ada" }), at: Time(1704067261000), place: feeds/0@11 }
            mentions ("bob", 15717246314803771609333023080473741) → 1
            affinities ("bob", "ada") → 2
            feeds.tags tagged ("mill", Desc(15717246314803771609333023080473741)) → "ada"
            feeds.tags newest_hour 0 → 473352
        "#]],
    );
}

/// Ids of posts to come must not meet: neither those of two commands of the same moment of a millisecond, nor one that a
/// command of that later moment will have.
#[test]
fn posts_of_one_moment_to_come_are_two() {
    let mut alone = Alone::<Feeding>::default();
    let ada = json!({"type":"set_user","user":"ada","name":"","about":"","private":false});
    alone.tell(&serde_json::from_value(ada).unwrap()).unwrap();
    let later = json!({"type":"schedule","author":"ada","text":"soon","publish_at":alone.now.plus(5000).to_string()});
    let later = serde_json::from_value(later).unwrap();
    for micros in [1_000_007, 1_001_007, 1_002_007] {
        alone.tell_at(Stamp { micros, node: 1 }, &later).unwrap();
    }
    let micros = alone.now.plus(5000).0 * 1000 + 7;
    let now = serde_json::from_value(json!({"type":"post","author":"ada","text":"now"})).unwrap();
    alone.tell_at(Stamp { micros, node: 1 }, &now).unwrap();
    alone.wait(5000);
    assert_eq!(alone.rows(POSTS).len(), 4, "nobody's words are written over");
}
