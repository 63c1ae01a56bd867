//! The rules of the ladder, and that what is taken back leaves nothing behind.

use super::{check, decide, delete, edge, edit, of, post, private, react, repost, user};
use expect_test::expect;
use serde_json::json;

#[test]
fn what_posts_count_for_is_taken_back_with_them() {
    check(
        &[
            user("ada"),
            user("bob"),
            post("ada", "hello", &json!({"tags":["mill","mill"],"mentions":["bob","ada","nobody"]})),
            post("bob", "hi", &json!({"reply_to":of(3, "ada"),"mentions":["ada"]})),
            post("bob", "see", &json!({"quote_of":of(3, "ada")})),
            repost("bob", &of(3, "ada")),
            repost("bob", &of(3, "ada")),
            post("bob", "about nothing", &json!({"reply_to":of(50, "ada"),"quote_of":of(51, "eve")})),
            format!("key=k {}", post("bob", "once", &json!({}))),
            delete(6, "bob"),
            delete(5, "bob"),
            delete(4, "bob"),
            delete(8, "bob"),
            delete(4, "bob"),
            delete(3, "ada"),
            edit(3, "ada", "late", &json!({})),
        ],
        expect![[r#"
            {"name":"ada","type":"set_user","user":"ada"}
              → account ada false
              said UserChanged
            {"name":"bob","type":"set_user","user":"bob"}
              → account bob false
              said UserChanged
            {"author":"ada","mentions":["bob","ada","nobody"],"tags":["mill","mill"],"text":"hello","type":"post"}
              → post ada~3 of ada: "hello" ["mill"] ["bob","ada","nobody"]
              said Posted
            {"author":"bob","mentions":["ada"],"reply_to":{"author":"ada","id":"ada~3"},"text":"hi","type":"post"}
              → post bob~4 of bob: "hi" [] ["ada"]
              said Posted
            {"author":"bob","quote_of":{"author":"ada","id":"ada~3"},"text":"see","type":"post"}
              → post bob~5 of bob: "see" [] []
              said Posted
            {"author":"bob","of":{"author":"ada","id":"ada~3"},"type":"repost"}
              → ["bob~6",false]
              said Reposted
            {"author":"bob","of":{"author":"ada","id":"ada~3"},"type":"repost"}
              → ["bob~6",true]
            {"author":"bob","quote_of":{"author":"eve","id":"eve~51"},"reply_to":{"author":"ada","id":"ada~50"},"text":"about nothing","type":"post"}
              → post bob~8 of bob: "about nothing" [] []
              said Posted
            key=k {"author":"bob","text":"once","type":"post"}
              → post bob~9 of bob: "once" [] []
              said Posted
            {"author":"bob","post":"bob~6","type":"delete"}
              → "bob~6"
              said PostDeleted
            {"author":"bob","post":"bob~5","type":"delete"}
              → "bob~5"
              said PostDeleted
            {"author":"bob","post":"bob~4","type":"delete"}
              → "bob~4"
              said PostDeleted
            {"author":"bob","post":"bob~8","type":"delete"}
              → "bob~8"
              said PostDeleted
            {"author":"bob","post":"bob~4","type":"delete"}
              → 410 post_deleted: the post was taken back
            {"author":"ada","post":"ada~3","type":"delete"}
              → "ada~3"
              said PostDeleted
            {"author":"ada","post":"ada~3","text":"late","type":"edit"}
              → 410 post_deleted: the post was taken back
            tallies "ada" → Tally { posts: 0, followers: 0, following: 0, notices: 3 }
            tallies "bob" → Tally { posts: 1, followers: 0, following: 0, notices: 1 }
        "#]],
    );
}

#[test]
fn who_is_followed_decides() {
    check(
        &[
            user("ada"),
            user("bob"),
            edge("follow", "bob", "ada"),
            edge("follow", "bob", "ada"),
            private("ada"),
            user("eve"),
            edge("follow", "eve", "ada"),
            decide("ada", "eve", true),
            decide("ada", "eve", true),
            edge("unfollow", "bob", "ada"),
            edge("follow", "bob", "ada"),
            decide("ada", "bob", false),
            decide("ada", "bob", false),
            decide("ada", "eve", false),
            edge("follow", "bob", "nobody"),
            edge("follow", "bob", "bob"),
            edge("unfollow", "bob", "ada"),
        ],
        expect![[r#"
            {"name":"ada","type":"set_user","user":"ada"}
              → account ada false
              said UserChanged
            {"name":"bob","type":"set_user","user":"bob"}
              → account bob false
              said UserChanged
            {"target":"ada","type":"follow","user":"bob"}
              → "following"
              said Followed
            {"target":"ada","type":"follow","user":"bob"}
              → "following"
            {"name":"ada","private":true,"type":"set_user","user":"ada"}
              → account ada true
              said UserChanged
            {"name":"eve","type":"set_user","user":"eve"}
              → account eve false
              said UserChanged
            {"target":"ada","type":"follow","user":"eve"}
              → "requested"
              said FollowRequested
            {"accept":true,"follower":"eve","type":"decide","user":"ada"}
              → "following"
              said FollowAccepted
            {"accept":true,"follower":"eve","type":"decide","user":"ada"}
              → "following"
            {"target":"ada","type":"unfollow","user":"bob"}
              → "no"
              said Unfollowed
            {"target":"ada","type":"follow","user":"bob"}
              → "requested"
              said FollowRequested
            {"accept":false,"follower":"bob","type":"decide","user":"ada"}
              → "no"
              said Unfollowed
            {"accept":false,"follower":"bob","type":"decide","user":"ada"}
              → 404 not_asked: this account has not asked to follow
            {"accept":false,"follower":"eve","type":"decide","user":"ada"}
              → 404 not_asked: this account has not asked to follow
            {"target":"nobody","type":"follow","user":"bob"}
              → 404 unknown_user: there is no account of this id
            {"target":"bob","type":"follow","user":"bob"}
              → 409 yourself: nobody follows, blocks or mutes himself
            {"target":"ada","type":"unfollow","user":"bob"}
              → "no"
            tallies "ada" → Tally { posts: 0, followers: 1, following: 0, notices: 4 }
            tallies "bob" → Tally { posts: 0, followers: 0, following: 0, notices: 0 }
            tallies "eve" → Tally { posts: 0, followers: 0, following: 1, notices: 1 }
            followers ("ada", "eve") → FollowerRow { state: Following, since: Time(1704067200000), notice: 3 }
            follows ("eve", "ada") → FollowRow { state: Following, muted: false, notice: 1 }
            notices ("ada", Desc(3)) → NoticeRow { kind: Follow, from: "eve", post: None, at: Time(1704067200000), place: feeds/0@10 }
            notices ("eve", Desc(1)) → NoticeRow { kind: FollowAccepted, from: "ada", post: None, at: Time(1704067200000), place: feeds/0@11 }
        "#]],
    );
}

#[test]
fn follow_then_unfollow_is_never_followed() {
    check(
        &[
            user("ada"),
            user("bob"),
            edge("follow", "bob", "ada"),
            edge("unfollow", "bob", "ada"),
            edge("mute", "bob", "ada"),
            edge("follow", "bob", "ada"),
            edge("unmute", "bob", "ada"),
            edge("unfollow", "bob", "ada"),
        ],
        expect![[r#"
            {"name":"ada","type":"set_user","user":"ada"}
              → account ada false
              said UserChanged
            {"name":"bob","type":"set_user","user":"bob"}
              → account bob false
              said UserChanged
            {"target":"ada","type":"follow","user":"bob"}
              → "following"
              said Followed
            {"target":"ada","type":"unfollow","user":"bob"}
              → "no"
              said Unfollowed
            {"target":"ada","type":"mute","user":"bob"}
              → null
              said Muted
            {"target":"ada","type":"follow","user":"bob"}
              → "following"
              said Followed
            {"target":"ada","type":"unmute","user":"bob"}
              → null
              said Unmuted
            {"target":"ada","type":"unfollow","user":"bob"}
              → "no"
              said Unfollowed
            tallies "ada" → Tally { posts: 0, followers: 0, following: 0, notices: 2 }
            tallies "bob" → Tally { posts: 0, followers: 0, following: 0, notices: 0 }
        "#]],
    );
}

#[test]
fn a_block_ends_both_follows_and_every_news() {
    check(
        &[
            user("ada"),
            user("bob"),
            edge("follow", "bob", "ada"),
            edge("follow", "ada", "bob"),
            post("ada", "hello", &json!({})),
            edge("block", "ada", "bob"),
            edge("block", "ada", "bob"),
            edge("follow", "bob", "ada"),
            edge("follow", "ada", "bob"),
            react("react", (5, "ada"), "bob", "like"),
            post("bob", "about ada", &json!({"mentions":["ada"]})),
            edge("unblock", "ada", "bob"),
            edge("follow", "bob", "ada"),
            edge("block", "ada", "ada"),
        ],
        expect![[r#"
            {"name":"ada","type":"set_user","user":"ada"}
              → account ada false
              said UserChanged
            {"name":"bob","type":"set_user","user":"bob"}
              → account bob false
              said UserChanged
            {"target":"ada","type":"follow","user":"bob"}
              → "following"
              said Followed
            {"target":"bob","type":"follow","user":"ada"}
              → "following"
              said Followed
            {"author":"ada","text":"hello","type":"post"}
              → post ada~5 of ada: "hello" [] []
              said Posted
            {"target":"bob","type":"block","user":"ada"}
              → null
              said Unfollowed
              said Blocked
              said Unfollowed
            {"target":"bob","type":"block","user":"ada"}
              → null
            {"target":"ada","type":"follow","user":"bob"}
              → 404 unknown_user: there is no account of this id
            {"target":"bob","type":"follow","user":"ada"}
              → 404 unknown_user: there is no account of this id
            {"author":"ada","kind":"like","post":"ada~5","type":"react","user":"bob"}
              → 404 unknown_post: there is no post of this id
            {"author":"bob","mentions":["ada"],"text":"about ada","type":"post"}
              → post bob~11 of bob: "about ada" [] ["ada"]
              said Posted
            {"target":"bob","type":"unblock","user":"ada"}
              → null
              said Unblocked
            {"target":"ada","type":"follow","user":"bob"}
              → "following"
              said Followed
            {"target":"ada","type":"block","user":"ada"}
              → 409 yourself: nobody follows, blocks or mutes himself
            tallies "ada" → Tally { posts: 1, followers: 1, following: 0, notices: 2 }
            tallies "bob" → Tally { posts: 1, followers: 0, following: 1, notices: 1 }
            followers ("ada", "bob") → FollowerRow { state: Following, since: Time(1704067200000), notice: 2 }
            follows ("bob", "ada") → FollowRow { state: Following, muted: false, notice: 0 }
            notices ("ada", Desc(2)) → NoticeRow { kind: Follow, from: "bob", post: None, at: Time(1704067200000), place: feeds/0@20 }
            mentions ("ada", bob~11) → 0
        "#]],
    );
}

#[test]
fn a_reaction_counts_once_and_leaves_nothing_behind() {
    check(
        &[
            user("ada"),
            user("bob"),
            post("ada", "hello", &json!({})),
            react("react", (3, "ada"), "bob", "like"),
            react("react", (3, "ada"), "bob", "like"),
            react("react", (3, "ada"), "bob", "share"),
            react("react", (3, "ada"), "ada", "like"),
            react("unreact", (3, "ada"), "bob", "like"),
            react("unreact", (3, "ada"), "bob", "like"),
            post("ada", "for followers", &json!({"visibility":"followers"})),
            react("react", (10, "ada"), "bob", "like"),
            react("react", (11, "ada"), "bob", "like"),
            repost("bob", &of(3, "ada")),
            react("react", (13, "bob"), "ada", "like"),
            delete(3, "ada"),
            react("unreact", (3, "ada"), "ada", "like"),
            react("react", (3, "ada"), "bob", "like"),
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
            {"author":"ada","kind":"like","post":"ada~3","type":"react","user":"bob"}
              → likes 1 shares 0
            {"author":"ada","kind":"share","post":"ada~3","type":"react","user":"bob"}
              → likes 1 shares 1
              said Reacted
            {"author":"ada","kind":"like","post":"ada~3","type":"react","user":"ada"}
              → likes 2 shares 1
              said Reacted
            {"author":"ada","kind":"like","post":"ada~3","type":"unreact","user":"bob"}
              → likes 1 shares 1
              said Unreacted
            {"author":"ada","kind":"like","post":"ada~3","type":"unreact","user":"bob"}
              → likes 1 shares 1
            {"author":"ada","text":"for followers","type":"post","visibility":"followers"}
              → post ada~10 of ada: "for followers" [] []
              said Posted
            {"author":"ada","kind":"like","post":"ada~10","type":"react","user":"bob"}
              → 404 unknown_post: there is no post of this id
            {"author":"ada","kind":"like","post":"ada~11","type":"react","user":"bob"}
              → 404 unknown_post: there is no post of this id
            {"author":"bob","of":{"author":"ada","id":"ada~3"},"type":"repost"}
              → ["bob~13",false]
              said Reposted
            {"author":"bob","kind":"like","post":"bob~13","type":"react","user":"ada"}
              → 422 is_a_repost: this is a repost: what it shows is meant by its own id
            {"author":"ada","post":"ada~3","type":"delete"}
              → "ada~3"
              said PostDeleted
            {"author":"ada","kind":"like","post":"ada~3","type":"unreact","user":"ada"}
              → likes 0 shares 1
              said Unreacted
            {"author":"ada","kind":"like","post":"ada~3","type":"react","user":"bob"}
              → 410 post_deleted: the post was taken back
            tallies "ada" → Tally { posts: 1, followers: 0, following: 0, notices: 2 }
            tallies "bob" → Tally { posts: 1, followers: 0, following: 0, notices: 0 }
            counts ada~3 → Counts { likes: 0, shares: 1, reposts: 1, replies: 0, quotes: 0 }
            notices ("ada", Desc(2)) → NoticeRow { kind: Repost, from: "bob", post: Some(PostRef { id: ada~3, author: "ada" }), at: Time(1704067200000), place: feeds/0@18 }
            affinities ("bob", "ada") → 2
        "#]],
    );
}

#[test]
fn an_edit_tells_whom_it_concerns() {
    check(
        &[
            user("ada"),
            user("bob"),
            user("eve"),
            post("ada", "hi bob", &json!({"mentions":["bob"],"tags":["a","b"]})),
            edit(4, "ada", "hi eve", &json!({"mentions":["eve"],"tags":["b","c"]})),
            format!("user:bob {}", edit(4, "ada", "not mine", &json!({}))),
            edit(4, "ada", " ", &json!({})),
            repost("ada", &of(4, "ada")),
            edit(8, "ada", "a repost", &json!({})),
            format!("user:ada {}", json!({"type":"mark","user":"ada","offset":7})),
            format!("user:ada {}", json!({"type":"mark","user":"ada","offset":3})),
            format!("user:bob {}", json!({"type":"mark","user":"ada","offset":9})),
            format!("user:bob {}", user("ada")),
            format!("user:bob {}", post("ada", "as another", &json!({}))),
            post("nobody", "not there", &json!({})),
        ],
        expect![[r#"
            {"name":"ada","type":"set_user","user":"ada"}
              → account ada false
              said UserChanged
            {"name":"bob","type":"set_user","user":"bob"}
              → account bob false
              said UserChanged
            {"name":"eve","type":"set_user","user":"eve"}
              → account eve false
              said UserChanged
            {"author":"ada","mentions":["bob"],"tags":["a","b"],"text":"hi bob","type":"post"}
              → post ada~4 of ada: "hi bob" ["a","b"] ["bob"]
              said Posted
            {"author":"ada","mentions":["eve"],"post":"ada~4","tags":["b","c"],"text":"hi eve","type":"edit"}
              → post ada~4 of ada: "hi eve" ["b","c"] ["eve"]
              said PostEdited
            user:bob {"author":"ada","post":"ada~4","text":"not mine","type":"edit"}
              → 403 not_yourself: a user may act and look for nobody else
            {"author":"ada","post":"ada~4","text":" ","type":"edit"}
              → 422 empty_text: a post says something
            {"author":"ada","of":{"author":"ada","id":"ada~4"},"type":"repost"}
              → ["ada~8",false]
              said Reposted
            {"author":"ada","post":"ada~8","text":"a repost","type":"edit"}
              → 422 is_a_repost: this is a repost: what it shows is meant by its own id
            user:ada {"offset":7,"type":"mark","user":"ada"}
              → 7
            user:ada {"offset":3,"type":"mark","user":"ada"}
              → 7
            user:bob {"offset":9,"type":"mark","user":"ada"}
              → 403 not_yourself: a user may act and look for nobody else
            user:bob {"name":"ada","type":"set_user","user":"ada"}
              → 403 not_yourself: a user may act and look for nobody else
            user:bob {"author":"ada","text":"as another","type":"post"}
              → 403 not_yourself: a user may act and look for nobody else
            {"author":"nobody","text":"not there","type":"post"}
              → 404 unknown_user: there is no account of this id
            tallies "ada" → Tally { posts: 2, followers: 0, following: 0, notices: 0 }
            tallies "bob" → Tally { posts: 0, followers: 0, following: 0, notices: 1 }
            tallies "eve" → Tally { posts: 0, followers: 0, following: 0, notices: 1 }
            counts ada~4 → Counts { likes: 0, shares: 0, reposts: 1, replies: 0, quotes: 0 }
            notices ("eve", Desc(1)) → NoticeRow { kind: Mention, from: "ada", post: Some(PostRef { id: ada~4, author: "ada" }), at: Time(1704067200000), place: feeds/0@9 }
            mentions ("eve", ada~4) → 1
            feeds.tags tagged ("b", Desc(ada~4)) → "ada"
            feeds.tags tagged ("c", Desc(ada~4)) → "ada"
        "#]],
    );
}
