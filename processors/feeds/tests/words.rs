//! Muted words: in no home, list, ranked feed and notification, as long as they are muted.

use super::house::{BEGIN, House, by, now};
use super::{after, check, user};
use crate::feeds::Feeding;
use crate::feeds::bodies::{NewPost, NewWord};
use crate::feeds::edges::routes::change;
use crate::feeds::home::ranked::{explain, ranked};
use crate::feeds::home::{Page, Wish, latest};
use crate::feeds::notices;
use crate::feeds::posts::routes::{submit_delete, submit_post, submit_repost};
use crate::feeds::stream::routes::{gather, head};
use crate::feeds::words::routes::{submit_unmute, submit_word};
use crate::runtime::door::Door;
use expect_test::expect;
use millrace_topics::feeds::{Answer, Command, Edge, PostId, Profile};
use millrace_topics::time::Time;
use serde_json::json;
use std::sync::Arc;

fn say(door: &Door, user: &str, text: &str, quote_of: Option<PostId>) -> PostId {
    let quote_of = quote_of.map(|id| id.to_string());
    let new =
        NewPost { text: text.to_owned(), reply_to: None, quote_of, visibility: None, poll: None, publish_at: None };
    now(submit_post(door, &by(user), new)).unwrap().outcome.id
}

fn ids(page: &Page) -> Vec<PostId> {
    page.items.iter().map(|item| item.post.id).collect()
}

/// A house in which bob follows those.
fn followed(targets: &[&str]) -> (Arc<House>, Door) {
    let (house, door) = House::build();
    for name in ["ada", "bob", "eve"] {
        let name = name.to_owned();
        let profile = Profile { user: name.clone(), name, about: String::new(), private: false };
        now(door.submit::<Feeding>(&by(&profile.user.clone()), &Command::SetUser(profile))).unwrap();
    }
    for target in targets {
        let edge = Edge { user: "bob".to_owned(), target: (*target).to_owned() };
        now(change(&door, &by("bob"), Command::Follow(edge.clone()), edge)).unwrap();
    }
    (house, door)
}

#[test]
fn a_stream_shows_no_repost_of_what_says_a_muted_word_or_is_gone() {
    let (_house, door) = followed(&["ada"]);
    let said = say(&door, "eve", "a mill", None);
    let repost = now(submit_repost(&door, &by("ada"), &said.to_string())).unwrap().outcome;
    let plain = say(&door, "ada", "nothing of it", None);
    let shown = || {
        let query = now(head(&door, &by("bob"))).unwrap();
        let answer = now(gather(&door, &by("bob"), &query)).unwrap().answer.unwrap();
        let Answer::Head(part) = answer else { panic!("{answer:?}") };
        part.posts.iter().map(|post| post.id).collect::<Vec<PostId>>()
    };
    assert_eq!(shown(), [plain, repost]);
    now(submit_word(&door, &by("bob"), "mill", NewWord { whole: None, until: None })).unwrap();
    assert_eq!(shown(), [plain]);
    now(submit_unmute(&door, &by("bob"), "mill")).unwrap();
    assert_eq!(shown(), [plain, repost]);
    now(submit_delete(&door, &by("eve"), said)).unwrap();
    assert_eq!(shown(), [plain]);
}

#[test]
fn what_says_a_muted_word_is_nowhere() {
    let (house, door) = followed(&["ada", "eve"]);
    let own = say(&door, "bob", "my mill", None);
    let plain = say(&door, "ada", "nothing of it", None);
    let said = say(&door, "ada", "a #Mill @bob", None);
    let part = say(&door, "ada", "windmills @bob", None);
    let quote = say(&door, "eve", "see", Some(said));
    let repost = now(submit_repost(&door, &by("eve"), &said.to_string())).unwrap().outcome;
    let home = |own: bool| {
        let wish = Wish { limit: 20, own, ..Wish::default() };
        ids(&now(latest(&door, &by("bob"), &wish)).unwrap().answer)
    };
    let scored = || {
        let page = now(ranked(&door, &by("bob"), None, 20)).unwrap().answer;
        let mut found: Vec<PostId> = page.items.iter().map(|(item, _)| item.post.id).collect();
        found.sort_unstable();
        found
    };
    let notices = || {
        let seen = now(notices::routes::read(&door, &by("bob"), None, 20)).unwrap().answer;
        let posts = seen.shown.iter().filter_map(|(notice, _)| notice.post.as_ref());
        (posts.map(|post| post.id).collect::<Vec<PostId>>(), seen.notices.unseen)
    };
    let all = vec![repost, quote, part, plain];
    assert_eq!((home(false), notices()), (all.clone(), (vec![part, said], 2)));
    assert_eq!(scored(), [plain, part, quote, repost]);

    let whole = |until| NewWord { whole: None, until };
    now(submit_word(&door, &by("bob"), " MILL ", whole(None))).unwrap();
    for reopened in [false, true] {
        if reopened {
            house.reopen();
        }
        assert_eq!((home(false), notices()), (vec![part, plain], (vec![part], 1)));
        assert_eq!(home(true), [part, plain, own], "nobody hides his own words from himself");
        assert_eq!(scored(), [plain, part]);
        assert_eq!(now(explain(&door, &by("bob"), said)).unwrap().answer.left_out, Some("muted_word"));
    }
    now(submit_word(&door, &by("bob"), "mill", NewWord { whole: Some(false), until: Some(Time(BEGIN + 60_000)) }))
        .unwrap();
    assert_eq!((home(false), notices(), scored()), (vec![plain], (vec![], 0), vec![plain]));
    house.wait(60_001);
    house.tick();
    assert_eq!((home(false), notices()), (all.clone(), (vec![part, said], 2)), "the span is over");
    now(submit_word(&door, &by("bob"), "nothing of", whole(None))).unwrap();
    assert!(!home(false).contains(&plain));
    now(submit_unmute(&door, &by("bob"), "Nothing Of")).unwrap();
    assert_eq!(home(false), all);
}

#[test]
fn words_are_muted_for_a_span() {
    let mute = |word: &str, until: &str| {
        json!({"type":"mute_word","user":"ada","word":word,"whole":true,"until":until}).to_string()
    };
    let unmute = |word: &str| json!({"type":"unmute_word","user":"ada","word":word}).to_string();
    let (hour, day) = ("2024-01-01T01:00:00Z", "2024-01-02T00:00:00Z");
    check(
        &[
            user("ada"),
            mute("one", hour),
            mute("two", hour),
            mute("two", day),
            mute("three", hour),
            json!({"type":"mute_word","user":"ada","word":"three"}).to_string(),
            mute("four", hour),
            unmute("four"),
            unmute("four"),
            mute("four", day),
            mute("past", "2023-01-01T00:00:00Z"),
            mute(" five", hour),
            mute("", hour),
            json!({"type":"mute_word","user":"nobody","word":"one"}).to_string(),
            after("2h", &user("ada")),
        ],
        expect![[r#"
            {"name":"ada","type":"set_user","user":"ada"}
              → account ada false
              said UserChanged
            {"type":"mute_word","until":"2024-01-01T01:00:00Z","user":"ada","whole":true,"word":"one"}
              → {"until":"2024-01-01T01:00:00Z","whole":true,"word":"one"}
            {"type":"mute_word","until":"2024-01-01T01:00:00Z","user":"ada","whole":true,"word":"two"}
              → {"until":"2024-01-01T01:00:00Z","whole":true,"word":"two"}
            {"type":"mute_word","until":"2024-01-02T00:00:00Z","user":"ada","whole":true,"word":"two"}
              → {"until":"2024-01-02T00:00:00Z","whole":true,"word":"two"}
            {"type":"mute_word","until":"2024-01-01T01:00:00Z","user":"ada","whole":true,"word":"three"}
              → {"until":"2024-01-01T01:00:00Z","whole":true,"word":"three"}
            {"type":"mute_word","user":"ada","word":"three"}
              → {"until":null,"whole":false,"word":"three"}
            {"type":"mute_word","until":"2024-01-01T01:00:00Z","user":"ada","whole":true,"word":"four"}
              → {"until":"2024-01-01T01:00:00Z","whole":true,"word":"four"}
            {"type":"unmute_word","user":"ada","word":"four"}
              → null
            {"type":"unmute_word","user":"ada","word":"four"}
              → null
            {"type":"mute_word","until":"2024-01-02T00:00:00Z","user":"ada","whole":true,"word":"four"}
              → {"until":"2024-01-02T00:00:00Z","whole":true,"word":"four"}
            {"type":"mute_word","until":"2023-01-01T00:00:00Z","user":"ada","whole":true,"word":"past"}
              → 422 bad_moment: a post can be written within a year, and not before now
            {"type":"mute_word","until":"2024-01-01T01:00:00Z","user":"ada","whole":true,"word":" five"}
              → 422 bad_word: a muted word has 1 to 200 bytes, in small letters and without blanks around it
            {"type":"mute_word","until":"2024-01-01T01:00:00Z","user":"ada","whole":true,"word":""}
              → 422 bad_word: a muted word has 1 to 200 bytes, in small letters and without blanks around it
            {"type":"mute_word","user":"nobody","word":"one"}
              → 404 unknown_user: there is no account of this id
            +2h {"name":"ada","type":"set_user","user":"ada"}
              → account ada false
            muted_words ("ada", "four") → WordRow { whole: true, until: Some(Time(1704153600000)) }
            muted_words ("ada", "three") → WordRow { whole: false, until: None }
            muted_words ("ada", "two") → WordRow { whole: true, until: Some(Time(1704153600000)) }
        "#]],
    );
}
