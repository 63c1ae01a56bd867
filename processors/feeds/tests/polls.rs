//! Polls: who may vote for what and until when, and that counts are the sizes of the sets of those who voted.

use super::{after, check, delete, edge, edit, id, post, private, user};
use crate::feeds::Feeding;
use crate::feeds::tables::{POLLS, VOTES};
use crate::runtime::alone::Alone;
use expect_test::expect;
use millrace_topics::feeds::{Answer, Command, Outcome, PostId, Query};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn ask(author: &str, options: &[&str], more: &Value) -> String {
    let mut poll = json!({"options":options,"ends_at":"2024-01-01T01:00:00Z"});
    poll.as_object_mut().expect("it was made as one").extend(more.as_object().cloned().unwrap_or_default());
    json!({"type":"post_poll","author":author,"text":"which?","poll":poll}).to_string()
}

fn vote(line: u64, user: &str, choices: &[u32]) -> String {
    json!({"type":"vote","author":"ada","post":id(line, "ada"),"user":user,"choices":choices}).to_string()
}

#[test]
fn an_account_votes_once_and_in_time() {
    let mut alone = Alone::<Feeding>::default();
    let tell = |alone: &mut Alone<Feeding>, line: &str| alone.tell(&serde_json::from_str(line).unwrap());
    for name in ["ada", "bob", "eve"] {
        tell(&mut alone, &user(name)).unwrap();
    }
    tell(&mut alone, &private("cyd")).unwrap();
    let open = json!({"ends_at":alone.now.plus(60_000).to_string()});
    let several = json!({"ends_at":alone.now.plus(60_000).to_string(),"multiple":true});
    let asked = |alone: &mut Alone<Feeding>, line: String| match tell(alone, &line).unwrap() {
        Outcome::Post(post) => post.id,
        other => panic!("{other:?}"),
    };
    let (one, many) =
        (asked(&mut alone, ask("ada", &["a", "b"], &open)), asked(&mut alone, ask("ada", &["a", "b", "c"], &several)));
    let hidden = asked(&mut alone, ask("cyd", &["a", "b"], &open));
    let plain = asked(&mut alone, post("ada", "plain", &json!({})));
    tell(&mut alone, &edge("block", "ada", "eve")).unwrap();
    let vote = |alone: &mut Alone<Feeding>, post: PostId, user: &str, choices: &[u32]| {
        let author = if post == hidden { "cyd" } else { "ada" };
        let line = json!({"type":"vote","author":author,"post":post,"user":user,"choices":choices}).to_string();
        match tell(alone, &line) {
            Ok(Outcome::Voted(poll)) => Ok((poll.options.iter().map(|one| one.votes).collect(), poll.voters, poll.own)),
            Ok(other) => panic!("{other:?}"),
            Err(refusal) => Err(millrace_topics::contract::Refusal::code(&refusal)),
        }
    };
    let ok = |votes: &[u64], voters: u64, own: &[u32]| Ok((votes.to_vec(), voters, own.to_vec()));
    for (post, user, choices, expected) in [
        (one, "bob", &[][..], Err("bad_choice")),
        (one, "bob", &[2], Err("bad_choice")),
        (one, "bob", &[0, 1], Err("bad_choice")),
        (one, "ada", &[0], Err("own_poll")),
        (one, "eve", &[0], Err("unknown_post")),
        (hidden, "bob", &[0], Err("unknown_post")),
        (plain, "bob", &[0], Err("unknown_poll")),
        (one, "bob", &[1], ok(&[0, 1], 1, &[1])),
        (one, "bob", &[1, 1], ok(&[0, 1], 1, &[1])),
        (one, "bob", &[0], Err("already_voted")),
        (many, "bob", &[2, 0], ok(&[1, 0, 1], 1, &[0, 2])),
        (many, "bob", &[1], Err("already_voted")),
        (many, "cyd", &[0], ok(&[2, 0, 1], 2, &[0])),
    ] {
        assert_eq!(vote(&mut alone, post, user, choices), expected, "{user} {choices:?}");
    }
    alone.wait(59_999);
    assert_eq!(vote(&mut alone, one, "cyd", &[0]), ok(&[1, 1], 2, &[0]));
    alone.wait(1);
    assert_eq!(vote(&mut alone, many, "dan", &[0]), Err("poll_ended"));
    assert_eq!(vote(&mut alone, one, "bob", &[1]), ok(&[1, 1], 2, &[1]), "who has voted is told so, also later");
}

#[test]
fn a_poll_comes_and_goes_with_its_post() {
    check(
        &[
            user("ada"),
            user("bob"),
            ask("ada", &["a"], &json!({})),
            ask("ada", &["a", "a"], &json!({})),
            ask("ada", &["a", " "], &json!({})),
            ask("ada", &["a", "b", "c", "d", "e"], &json!({})),
            ask("ada", &["a", "b"], &json!({"ends_at":"2023-01-01T00:00:00Z"})),
            ask("ada", &["a", "b"], &json!({"ends_at":"2024-03-01T00:00:00Z"})),
            ask("ada", &["a", "b"], &json!({"multiple":true})),
            ask("ada", &["yes", "no"], &json!({})),
            vote(9, "bob", &[1, 0]),
            vote(10, "bob", &[1]),
            edit(10, "ada", "well?", &json!({})),
            after("1h", &vote(10, "eve", &[0])),
            delete(9, "ada"),
        ],
        expect![[r#"
            {"name":"ada","type":"set_user","user":"ada"}
              → account ada false
              said UserChanged
            {"name":"bob","type":"set_user","user":"bob"}
              → account bob false
              said UserChanged
            {"author":"ada","poll":{"ends_at":"2024-01-01T01:00:00Z","options":["a"]},"text":"which?","type":"post_poll"}
              → 422 bad_poll: a poll has 2 to 4 options
            {"author":"ada","poll":{"ends_at":"2024-01-01T01:00:00Z","options":["a","a"]},"text":"which?","type":"post_poll"}
              → 422 bad_poll: no two options of a poll say the same
            {"author":"ada","poll":{"ends_at":"2024-01-01T01:00:00Z","options":["a"," "]},"text":"which?","type":"post_poll"}
              → 422 empty_text: a post says something
            {"author":"ada","poll":{"ends_at":"2024-01-01T01:00:00Z","options":["a","b","c","d","e"]},"text":"which?","type":"post_poll"}
              → 422 bad_poll: a poll has 2 to 4 options
            {"author":"ada","poll":{"ends_at":"2023-01-01T00:00:00Z","options":["a","b"]},"text":"which?","type":"post_poll"}
              → 422 bad_poll: a poll ends within 31 days, and not before now
            {"author":"ada","poll":{"ends_at":"2024-03-01T00:00:00Z","options":["a","b"]},"text":"which?","type":"post_poll"}
              → 422 bad_poll: a poll ends within 31 days, and not before now
            {"author":"ada","poll":{"ends_at":"2024-01-01T01:00:00Z","multiple":true,"options":["a","b"]},"text":"which?","type":"post_poll"}
              → post ada~9 of ada: "which?" [] []
              said Posted
            {"author":"ada","poll":{"ends_at":"2024-01-01T01:00:00Z","options":["yes","no"]},"text":"which?","type":"post_poll"}
              → post ada~10 of ada: "which?" [] []
              said Posted
            {"author":"ada","choices":[1,0],"post":"ada~9","type":"vote","user":"bob"}
              → {"ends_at":"2024-01-01T01:00:00Z","multiple":true,"options":[{"title":"a","votes":1},{"title":"b","votes":1}],"own":[0,1],"voters":1}
              said Voted
            {"author":"ada","choices":[1],"post":"ada~10","type":"vote","user":"bob"}
              → {"ends_at":"2024-01-01T01:00:00Z","multiple":false,"options":[{"title":"yes","votes":0},{"title":"no","votes":1}],"own":[1],"voters":1}
              said Voted
            {"author":"ada","post":"ada~10","text":"well?","type":"edit"}
              → post ada~10 of ada: "well?" [] []
              said PostEdited
            +1h {"author":"ada","choices":[0],"post":"ada~10","type":"vote","user":"eve"}
              → 422 poll_ended: the poll has ended
            {"author":"ada","post":"ada~9","type":"delete"}
              → "ada~9"
              said PostDeleted
            tallies "ada" → Tally { posts: 1, followers: 0, following: 0, notices: 2 }
            tallies "bob" → Tally { posts: 0, followers: 0, following: 0, notices: 2 }
            notices ("ada", Desc(2)) → NoticeRow { kind: PollEnded, from: "ada", post: Some(PostRef { id: ada~9, author: "ada" }), at: Time(1704070800000), place: feeds/0@16 }
            notices ("ada", Desc(1)) → NoticeRow { kind: PollEnded, from: "ada", post: Some(PostRef { id: ada~10, author: "ada" }), at: Time(1704070800000), place: feeds/0@16 }
            notices ("bob", Desc(2)) → NoticeRow { kind: PollEnded, from: "ada", post: Some(PostRef { id: ada~9, author: "ada" }), at: Time(1704070800000), place: feeds/0@18 }
            notices ("bob", Desc(1)) → NoticeRow { kind: PollEnded, from: "ada", post: Some(PostRef { id: ada~10, author: "ada" }), at: Time(1704070800000), place: feeds/0@17 }
            polls ada~10 → PollRow { options: ["yes", "no"], multiple: false, ends_at: Time(1704070800000), votes: [0, 1], voters: 1 }
            votes (ada~9, "bob") → [0, 1]
            votes (ada~10, "bob") → [1]
            own_votes ("bob", ada~9) → "ada"
            own_votes ("bob", ada~10) → "ada"
        "#]],
    );
}

#[test]
fn who_has_voted_is_told_of_the_end_once() {
    let voters = ["bob", "cyd", "dan", "eve", "fay", "gil", "hal"];
    let mut script: Vec<String> = [&["ada"][..], &voters].concat().iter().map(|name| user(name)).collect();
    script.push(ask("ada", &["yes", "no"], &json!({})));
    script.push(ask("ada", &["a", "b"], &json!({})));
    script.extend(voters[..6].iter().map(|voter| vote(9, voter, &[0])));
    script.extend(voters[..2].iter().map(|voter| vote(10, voter, &[0])));
    script.extend([edge("mute", "cyd", "ada"), edge("block", "ada", "dan"), delete(10, "ada")]);
    script.extend([after("1h", &user("ivy")), after("1s", &user("joe")), after("1h", &user("kim"))]);
    check(
        &script,
        expect![[r#"
        {"name":"ada","type":"set_user","user":"ada"}
          → account ada false
          said UserChanged
        {"name":"bob","type":"set_user","user":"bob"}
          → account bob false
          said UserChanged
        {"name":"cyd","type":"set_user","user":"cyd"}
          → account cyd false
          said UserChanged
        {"name":"dan","type":"set_user","user":"dan"}
          → account dan false
          said UserChanged
        {"name":"eve","type":"set_user","user":"eve"}
          → account eve false
          said UserChanged
        {"name":"fay","type":"set_user","user":"fay"}
          → account fay false
          said UserChanged
        {"name":"gil","type":"set_user","user":"gil"}
          → account gil false
          said UserChanged
        {"name":"hal","type":"set_user","user":"hal"}
          → account hal false
          said UserChanged
        {"author":"ada","poll":{"ends_at":"2024-01-01T01:00:00Z","options":["yes","no"]},"text":"which?","type":"post_poll"}
          → post ada~9 of ada: "which?" [] []
          said Posted
        {"author":"ada","poll":{"ends_at":"2024-01-01T01:00:00Z","options":["a","b"]},"text":"which?","type":"post_poll"}
          → post ada~10 of ada: "which?" [] []
          said Posted
        {"author":"ada","choices":[0],"post":"ada~9","type":"vote","user":"bob"}
          → {"ends_at":"2024-01-01T01:00:00Z","multiple":false,"options":[{"title":"yes","votes":1},{"title":"no","votes":0}],"own":[0],"voters":1}
          said Voted
        {"author":"ada","choices":[0],"post":"ada~9","type":"vote","user":"cyd"}
          → {"ends_at":"2024-01-01T01:00:00Z","multiple":false,"options":[{"title":"yes","votes":2},{"title":"no","votes":0}],"own":[0],"voters":2}
          said Voted
        {"author":"ada","choices":[0],"post":"ada~9","type":"vote","user":"dan"}
          → {"ends_at":"2024-01-01T01:00:00Z","multiple":false,"options":[{"title":"yes","votes":3},{"title":"no","votes":0}],"own":[0],"voters":3}
          said Voted
        {"author":"ada","choices":[0],"post":"ada~9","type":"vote","user":"eve"}
          → {"ends_at":"2024-01-01T01:00:00Z","multiple":false,"options":[{"title":"yes","votes":4},{"title":"no","votes":0}],"own":[0],"voters":4}
          said Voted
        {"author":"ada","choices":[0],"post":"ada~9","type":"vote","user":"fay"}
          → {"ends_at":"2024-01-01T01:00:00Z","multiple":false,"options":[{"title":"yes","votes":5},{"title":"no","votes":0}],"own":[0],"voters":5}
          said Voted
        {"author":"ada","choices":[0],"post":"ada~9","type":"vote","user":"gil"}
          → {"ends_at":"2024-01-01T01:00:00Z","multiple":false,"options":[{"title":"yes","votes":6},{"title":"no","votes":0}],"own":[0],"voters":6}
          said Voted
        {"author":"ada","choices":[0],"post":"ada~10","type":"vote","user":"bob"}
          → {"ends_at":"2024-01-01T01:00:00Z","multiple":false,"options":[{"title":"a","votes":1},{"title":"b","votes":0}],"own":[0],"voters":1}
          said Voted
        {"author":"ada","choices":[0],"post":"ada~10","type":"vote","user":"cyd"}
          → {"ends_at":"2024-01-01T01:00:00Z","multiple":false,"options":[{"title":"a","votes":2},{"title":"b","votes":0}],"own":[0],"voters":2}
          said Voted
        {"target":"ada","type":"mute","user":"cyd"}
          → null
          said Muted
        {"target":"dan","type":"block","user":"ada"}
          → null
          said Blocked
        {"author":"ada","post":"ada~10","type":"delete"}
          → "ada~10"
          said PostDeleted
        +1h {"name":"ivy","type":"set_user","user":"ivy"}
          → account ivy false
          said UserChanged
        +1s {"name":"joe","type":"set_user","user":"joe"}
          → account joe false
          said UserChanged
        +1h {"name":"kim","type":"set_user","user":"kim"}
          → account kim false
          said UserChanged
        tallies "ada" → Tally { posts: 1, followers: 0, following: 0, notices: 1 }
        tallies "bob" → Tally { posts: 0, followers: 0, following: 0, notices: 1 }
        tallies "eve" → Tally { posts: 0, followers: 0, following: 0, notices: 1 }
        tallies "fay" → Tally { posts: 0, followers: 0, following: 0, notices: 1 }
        tallies "gil" → Tally { posts: 0, followers: 0, following: 0, notices: 1 }
        notices ("ada", Desc(1)) → NoticeRow { kind: PollEnded, from: "ada", post: Some(PostRef { id: ada~9, author: "ada" }), at: Time(1704070800000), place: feeds/0@31 }
        notices ("bob", Desc(1)) → NoticeRow { kind: PollEnded, from: "ada", post: Some(PostRef { id: ada~9, author: "ada" }), at: Time(1704070800000), place: feeds/0@32 }
        notices ("eve", Desc(1)) → NoticeRow { kind: PollEnded, from: "ada", post: Some(PostRef { id: ada~9, author: "ada" }), at: Time(1704070801000), place: feeds/0@37 }
        notices ("fay", Desc(1)) → NoticeRow { kind: PollEnded, from: "ada", post: Some(PostRef { id: ada~9, author: "ada" }), at: Time(1704070801000), place: feeds/0@38 }
        notices ("gil", Desc(1)) → NoticeRow { kind: PollEnded, from: "ada", post: Some(PostRef { id: ada~9, author: "ada" }), at: Time(1704070801000), place: feeds/0@39 }
        polls ada~9 → PollRow { options: ["yes", "no"], multiple: false, ends_at: Time(1704070800000), votes: [6, 0], voters: 6 }
        votes (ada~9, "bob") → [0]
        votes (ada~9, "cyd") → [0]
        votes (ada~9, "dan") → [0]
        votes (ada~9, "eve") → [0]
        votes (ada~9, "fay") → [0]
        votes (ada~9, "gil") → [0]
        votes (ada~10, "bob") → [0]
        votes (ada~10, "cyd") → [0]
        own_votes ("bob", ada~9) → "ada"
        own_votes ("bob", ada~10) → "ada"
        own_votes ("cyd", ada~9) → "ada"
        own_votes ("cyd", ada~10) → "ada"
        own_votes ("dan", ada~9) → "ada"
        own_votes ("eve", ada~9) → "ada"
        own_votes ("fay", ada~9) → "ada"
        own_votes ("gil", ada~9) → "ada"
    "#]],
    );
}

proptest! {
    #[test]
    fn counts_are_the_sizes_of_sets(acts in prop::collection::vec((0usize..3, 0usize..8, 1u32..8, 0u8..20), 1..60)) {
        let mut alone = Alone::<Feeding>::default();
        let tell = |alone: &mut Alone<Feeding>, line: &str| {
            alone.tell(&serde_json::from_str::<Command>(line).unwrap())
        };
        let name = |voter: usize| format!("voter-{voter}");
        tell(&mut alone, &user("ada")).unwrap();
        (0..8).for_each(|voter| drop(tell(&mut alone, &user(&name(voter))).unwrap()));
        let ends = json!({"ends_at":alone.now.plus(60_000).to_string(),"multiple":true});
        let mut polls = Vec::new();
        for _ in 0..3 {
            let Outcome::Post(post) = tell(&mut alone, &ask("ada", &["a", "b", "c"], &ends)).unwrap() else { panic!() };
            polls.push((post.id, BTreeMap::<usize, u32>::new(), false));
        }
        for (poll, voter, bits, chance) in acts {
            let (id, votes, gone) = &mut polls[poll];
            if chance == 0 {
                let done = tell(&mut alone, &json!({"type":"delete","author":"ada","post":id}).to_string());
                prop_assert_eq!(done.is_ok(), !*gone);
                *gone = true;
                continue;
            }
            let choices: Vec<u32> = (0..3).filter(|bit| bits & 1 << bit != 0).collect();
            let line = json!({"type":"vote","author":"ada","post":id,"user":name(voter),"choices":choices});
            let before = votes.get(&voter).copied();
            let accepted = tell(&mut alone, &line.to_string()).is_ok();
            prop_assert_eq!(accepted, !*gone && before.is_none_or(|before| before == bits));
            if accepted {
                votes.insert(voter, bits);
            }
        }
        alone.reopen();
        for (id, votes, gone) in &polls {
            let query = Query::Posts { key: "ada".to_owned(), posts: vec![*id], viewer: name(0) };
            let Answer::Posts(shown) = alone.ask(&query).unwrap() else { panic!() };
            let poll = shown.into_iter().next().unwrap().and_then(|post| post.poll);
            prop_assert_eq!(poll.is_none(), *gone);
            let Some(poll) = poll else { continue };
            for (choice, option) in poll.options.iter().enumerate() {
                let expected = votes.values().filter(|bits| *bits & 1 << choice != 0).count() as u64;
                prop_assert_eq!(option.votes, expected);
            }
            prop_assert_eq!(poll.voters, votes.len() as u64);
            prop_assert_eq!(poll.own.is_empty(), !votes.contains_key(&0));
        }
        let open = polls.iter().filter(|(_, _, gone)| !gone).count();
        prop_assert_eq!(alone.rows(POLLS).len(), open);
        prop_assert_eq!(alone.rows(VOTES).len(), polls.iter().map(|(_, votes, _)| votes.len()).sum::<usize>());
    }
}
