//! Erasing: everything that an account was, wrote and did goes, wherever it counted, whatever falls between the steps.

use super::{after, check, decide, edge, id, of, post, private, react, repost, user};
use expect_test::expect;
use serde_json::json;

fn erase(user: &str) -> String {
    json!({"type":"erase","user":user}).to_string()
}

/// More rows than a step takes, of every table; at the end nothing tells of ada but her id and those of her posts.
#[test]
fn everything_of_an_account_goes() {
    let poll = json!({"options":["a","b"],"ends_at":"2024-01-02T00:00:00Z"});
    let poll = json!({"type":"post_poll","author":"bob","text":"which?","poll":poll}).to_string();
    let vote = json!({"type":"vote","author":"bob","post":id(5, "bob"),"user":"ada","choices":[1]}).to_string();
    let soon = json!({"type":"schedule","author":"ada","text":"soon","publish_at":"2024-01-01T02:00:00Z"}).to_string();
    let aside = |kind: &str| json!({"type":kind,"user":"ada","post":of(4, "bob")}).to_string();
    check(
        &[
            user("ada"),
            private("bob"),
            user("eve"),
            post("bob", "hello", &json!({})),
            poll,
            edge("follow", "ada", "bob"),
            decide("bob", "ada", true),
            edge("follow", "bob", "ada"),
            edge("follow", "eve", "ada"),
            post("ada", "hi", &json!({"reply_to":of(4, "bob"),"mentions":["eve"],"tags":["mill"]})),
            post("ada", "psst", &json!({"visibility":"mentioned","mentions":["eve"]})),
            post("ada", "see", &json!({"quote_of":of(4, "bob")})),
            repost("ada", &of(4, "bob")),
            react("react", (4, "bob"), "ada", "like"),
            react("react", (4, "bob"), "ada", "share"),
            react("react", (10, "ada"), "bob", "like"),
            vote,
            edge("mute", "ada", "eve"),
            edge("block", "ada", "dan"),
            soon,
            aside("bookmark"),
            json!({"type":"pin","author":"ada","post":id(10, "ada")}).to_string(),
            json!({"type":"mute_word","user":"ada","word":"mill","until":"2024-01-01T03:00:00Z"}).to_string(),
            json!({"type":"set_list","user":"ada","list":"friends","name":"Friends","members":["bob"]}).to_string(),
            json!({"type":"see","user":"ada","posts":[id(4, "bob")]}).to_string(),
            json!({"type":"mark","user":"ada","offset":1}).to_string(),
            json!({"type":"erase","user":"nobody"}).to_string(),
            format!("user:eve {}", erase("ada")),
            format!("user:ada {}", erase("ada")),
            post("ada", "late", &json!({})),
            react("react", (10, "ada"), "eve", "like"),
            edge("follow", "eve", "ada"),
            edge("follow", "ada", "eve"),
            user("ada"),
            erase("ada"),
            after("1s", &user("eve")),
            after("3h", &user("eve")),
        ],
        expect![[r#"
            {"name":"ada","type":"set_user","user":"ada"}
              → account ada false
              said UserChanged
            {"name":"bob","private":true,"type":"set_user","user":"bob"}
              → account bob true
              said UserChanged
            {"name":"eve","type":"set_user","user":"eve"}
              → account eve false
              said UserChanged
            {"author":"bob","text":"hello","type":"post"}
              → post bob~4 of bob: "hello" [] []
              said Posted
            {"author":"bob","poll":{"ends_at":"2024-01-02T00:00:00Z","options":["a","b"]},"text":"which?","type":"post_poll"}
              → post bob~5 of bob: "which?" [] []
              said Posted
            {"target":"bob","type":"follow","user":"ada"}
              → "requested"
              said FollowRequested
            {"accept":true,"follower":"ada","type":"decide","user":"bob"}
              → "following"
              said FollowAccepted
            {"target":"ada","type":"follow","user":"bob"}
              → "following"
              said Followed
            {"target":"ada","type":"follow","user":"eve"}
              → "following"
              said Followed
            {"author":"ada","mentions":["eve"],"reply_to":{"author":"bob","id":"bob~4"},"tags":["mill"],"text":"hi","type":"post"}
              → post ada~10 of ada: "hi" ["mill"] ["eve"]
              said Posted
            {"author":"ada","mentions":["eve"],"text":"psst","type":"post","visibility":"mentioned"}
              → post ada~11 of ada: "psst" [] ["eve"]
              said Posted
            {"author":"ada","quote_of":{"author":"bob","id":"bob~4"},"text":"see","type":"post"}
              → post ada~12 of ada: "see" [] []
              said Posted
            {"author":"ada","of":{"author":"bob","id":"bob~4"},"type":"repost"}
              → ["ada~13",false]
              said Reposted
            {"author":"bob","kind":"like","post":"bob~4","type":"react","user":"ada"}
              → likes 1 shares 0
              said Reacted
            {"author":"bob","kind":"share","post":"bob~4","type":"react","user":"ada"}
              → likes 1 shares 1
              said Reacted
            {"author":"ada","kind":"like","post":"ada~10","type":"react","user":"bob"}
              → likes 1 shares 0
              said Reacted
            {"author":"bob","choices":[1],"post":"bob~5","type":"vote","user":"ada"}
              → {"ends_at":"2024-01-02T00:00:00Z","multiple":false,"options":[{"title":"a","votes":0},{"title":"b","votes":1}],"own":[1],"voters":1}
              said Voted
            {"target":"eve","type":"mute","user":"ada"}
              → null
              said Muted
            {"target":"dan","type":"block","user":"ada"}
              → null
              said Blocked
            {"author":"ada","publish_at":"2024-01-01T02:00:00Z","text":"soon","type":"schedule"}
              → post 15717312169680273623760881104741517 of ada: "soon" null null
            {"post":{"author":"bob","id":"bob~4"},"type":"bookmark","user":"ada"}
              → null
            {"author":"ada","post":"ada~10","type":"pin"}
              → null
            {"type":"mute_word","until":"2024-01-01T03:00:00Z","user":"ada","word":"mill"}
              → {"until":"2024-01-01T03:00:00Z","whole":false,"word":"mill"}
            {"list":"friends","members":["bob"],"name":"Friends","type":"set_list","user":"ada"}
              → {"id":"friends","members":["bob"],"name":"Friends"}
            {"posts":["bob~4"],"type":"see","user":"ada"}
              → null
            {"offset":1,"type":"mark","user":"ada"}
              → 1
            {"type":"erase","user":"nobody"}
              → 404 unknown_user: there is no account of this id
            user:eve {"type":"erase","user":"ada"}
              → 403 not_yourself: a user may act and look for nobody else
            user:ada {"type":"erase","user":"ada"}
              → null
              said UserErased
            {"author":"ada","text":"late","type":"post"}
              → 404 unknown_user: there is no account of this id
            {"author":"ada","kind":"like","post":"ada~10","type":"react","user":"eve"}
              → 410 post_deleted: the post was taken back
            {"target":"ada","type":"follow","user":"eve"}
              → 404 unknown_user: there is no account of this id
            {"target":"eve","type":"follow","user":"ada"}
              → "following"
              said Followed
              said Unfollowed
            {"name":"ada","type":"set_user","user":"ada"}
              → 410 user_erased: the account of this id was erased, and nobody gets its id
            {"type":"erase","user":"ada"}
              → null
            +1s {"name":"eve","type":"set_user","user":"eve"}
              → account eve false
              said PostDeleted
              said PostDeleted
              said PostDeleted
              said PostDeleted
              said Unfollowed
              said Unfollowed
              said Unreacted
              said Unreacted
              said Unfollowed
            +3h {"name":"eve","type":"set_user","user":"eve"}
              → account eve false
            tallies "bob" → Tally { posts: 2, followers: 0, following: 0, notices: 6 }
            tallies "eve" → Tally { posts: 0, followers: 0, following: 0, notices: 3 }
            counts ada~10 → Counts { likes: 1, shares: 0, reposts: 0, replies: 0, quotes: 0 }
            affinities ("bob", "ada") → 1
            polls bob~5 → PollRow { options: ["a", "b"], multiple: false, ends_at: Time(1704153600000), votes: [0, 0], voters: 0 }
            erased "ada" → ErasedRow { private: false, stage: 18, after: [] }
        "#]],
    );
}
