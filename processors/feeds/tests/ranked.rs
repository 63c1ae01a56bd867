//! The ranked home: what is shown and why, pages of one session that neither repeat nor skip while everything moves, and the
//! empty feed that others show where every candidate is filtered out.

use super::house::{House, by, now};
use crate::feeds::Feeding;
use crate::feeds::bodies::NewPost;
use crate::feeds::edges::routes::change;
use crate::feeds::home::ranked::{Cursor, Page, Sessions, explain, ranked};
use crate::feeds::home::suggest::suggest;
use crate::feeds::home::{Wish, latest, of_list};
use crate::feeds::posts::routes::{submit_delete, submit_post, submit_reaction, submit_repost};
use crate::runtime::door::Door;
use millrace_topics::feeds::{Command, Edge, Impressions, ListOf, Listing, PostId, Profile, Reaction, Visibility};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A house with these accounts; the first follows the others but the last.
fn house(users: &[&str]) -> (Arc<House>, Door) {
    let (house, door) = House::build();
    for user in users {
        let (user, name) = ((*user).to_owned(), String::new());
        let profile = Profile { user: user.clone(), name, about: String::new(), private: false };
        now(door.submit::<Feeding>(&by(&user), &Command::SetUser(profile))).unwrap();
    }
    for target in &users[1..users.len() - 1] {
        follow(&door, users[0], target);
    }
    (house, door)
}

fn follow(door: &Door, user: &str, target: &str) {
    let edge = Edge { user: user.to_owned(), target: (*target).to_owned() };
    now(change(door, &by(user), Command::Follow(edge.clone()), edge)).unwrap();
}

fn say(door: &Door, user: &str, reply_to: Option<PostId>) -> PostId {
    let new = NewPost {
        text: "hello".to_owned(),
        reply_to: reply_to.map(|id| id.to_string()),
        quote_of: None,
        visibility: None,
        poll: None,
        publish_at: None,
    };
    now(submit_post(door, &by(user), new)).unwrap().outcome.id
}

fn like(door: &Door, user: &str, post: PostId) {
    now(submit_reaction(door, &by(user), (&post.to_string(), Reaction::Like), true)).unwrap();
}

fn page(door: &Door, user: &str, from: Option<Cursor>, limit: usize) -> Page {
    now(ranked(door, &by(user), from, limit)).unwrap().answer
}

fn ids(page: &Page) -> Vec<PostId> {
    page.items.iter().map(|(item, _)| item.post.id).collect()
}

#[test]
fn attention_and_familiarity_rank_and_each_factor_is_explained() {
    let (house, door) = house(&["ada", "bob", "cyd", "dan"]);
    let old = say(&door, "cyd", None);
    house.wait(8 * 3_600_000);
    let (one, two) = (say(&door, "bob", None), say(&door, "bob", None));
    let strange = say(&door, "dan", None);
    for post in [old, one, two, strange] {
        like(&door, "cyd", post);
        like(&door, "dan", post);
        like(&door, "bob", post);
    }
    let repost = now(submit_repost(&door, &by("cyd"), &strange.to_string())).unwrap().outcome;
    // bob is the only one whom ada has answered; his second post counts half.
    say(&door, "ada", Some(one));
    let all = page(&door, "ada", None, 10);
    let scores: Vec<(PostId, i64)> = all.items.iter().map(|(item, score)| (item.post.id, *score)).collect();
    // one: (0.5·2 + 5·1) · 1.25; strange: (0.5·2 + 1·1) · 0.75; two: 0.5·2 · 1.25 · 0.5; old: 0.5·2 · 0.5
    assert_eq!(scores, [(one, 7500), (repost, 1500), (two, 625), (old, 500)]);
    let explained = now(explain(&door, &by("ada"), strange)).unwrap().answer;
    let weights: Vec<(&str, u64, i64)> =
        explained.factors.iter().skip(5).map(|factor| (factor.name, factor.value, factor.weight)).collect();
    assert_eq!((explained.score, explained.place, explained.version), (Some(1500), Some(2), 1));
    assert_eq!(
        weights,
        [("affinity", 0, 1000), ("age_hours", 0, 1000), ("out_of_network", 1, 750), ("diversity", 1, 1000)]
    );
    for (item, score) in &all.items {
        assert_eq!(now(explain(&door, &by("ada"), item.post.id)).unwrap().answer.score, Some(*score));
    }
    // What was seen and what is too old is left out, and that is explained too.
    let seen = Impressions { user: "ada".to_owned(), posts: vec![one] };
    now(door.submit::<Feeding>(&by("ada"), &Command::See(seen))).unwrap();
    house.wait(40 * 3_600_000);
    say(&door, "bob", None);
    let left_out = |post| now(explain(&door, &by("ada"), post)).unwrap().answer.left_out;
    assert_eq!((left_out(one), left_out(two)), (Some("seen"), None));
    assert!(matches!(left_out(old), Some("too_old" | "not_among_the_candidates")));
    assert!(!ids(&page(&door, "ada", None, 10)).contains(&one));
}

#[test]
fn pages_of_a_session_neither_repeat_nor_skip_while_scores_move() {
    let (_, door) = house(&["ada", "bob", "cyd", "dan"]);
    let mut posts: Vec<PostId> = (0..30).map(|number| say(&door, ["bob", "cyd"][number % 2], None)).collect();
    let first = page(&door, "ada", None, 7);
    let (mut found, mut next) = (ids(&first), first.next);
    // Everything moves: new posts, likes for what comes last, one is deleted, and one author is blocked at the end.
    posts.iter().take(10).for_each(|post| like(&door, "dan", *post));
    say(&door, "bob", None);
    let gone = posts.iter().copied().find(|post| !found.contains(post)).unwrap();
    let author = if posts.iter().position(|post| *post == gone).unwrap() % 2 == 0 { "bob" } else { "cyd" };
    now(submit_delete(&door, &by(author), gone)).unwrap();
    posts.retain(|post| *post != gone);
    while let Some(cursor) = next.take() {
        let page = page(&door, "ada", Some(cursor), 7);
        assert!(!page.restarted);
        found.extend(ids(&page));
        next = page.next;
    }
    let all: BTreeSet<PostId> = found.iter().copied().collect();
    assert_eq!((found.len(), all), (posts.len(), posts.into_iter().collect()));
    // Who is blocked between two pages is in none of them; a session of somebody else is none.
    let first = page(&door, "ada", None, 5);
    let edge = Edge { user: "ada".to_owned(), target: "bob".to_owned() };
    now(change(&door, &by("ada"), Command::Block(edge.clone()), edge)).unwrap();
    let second = page(&door, "ada", first.next.clone(), 20);
    assert!(second.items.iter().all(|(item, _)| item.post.author == "cyd") && !second.items.is_empty());
    assert!(page(&door, "bob", first.next.clone(), 5).restarted);
    // A node that has lost the session says so.
    let lost = Cursor { session: [9; 8], taken: 5 };
    assert!(page(&door, "ada", Some(lost), 5).restarted);
}

#[test]
fn a_feed_is_not_empty_because_the_newest_hundred_are_filtered_out() {
    let (_, door) = house(&["ada", "bob", "cyd", "dan"]);
    let wanted: Vec<PostId> = (0..3).map(|_| say(&door, "bob", None)).collect();
    let strange = say(&door, "dan", None);
    for _ in 0..150 {
        say(&door, "cyd", Some(strange));
    }
    let read = now(latest(&door, &by("ada"), &Wish { limit: 2, ..Wish::default() })).unwrap().answer;
    let shown: Vec<PostId> = read.items.iter().map(|item| item.post.id).collect();
    assert_eq!(shown, [wanted[2], wanted[1]]);
    assert_eq!(ids(&page(&door, "ada", None, 10)).len(), 3);
}

#[test]
fn a_node_keeps_so_many_sessions_and_no_more() {
    let (_, door) = house(&["ada", "bob", "cyd", "dan"]);
    for _ in 0..3 {
        say(&door, "bob", None);
    }
    let first = page(&door, "ada", None, 1).next;
    assert!(!page(&door, "ada", first.clone(), 1).restarted);
    door.beside::<Sessions>().fill_for_tests();
    assert!(page(&door, "ada", first, 1).restarted);
}

#[test]
fn what_may_not_be_seen_costs_no_other_author_his_place() {
    let (_, door) = house(&["ada", "bob", "cyd", "dan"]);
    // Hundreds of posts of somebody whom ada does not follow are for his followers alone, and lie below the ring.
    let wanted = say(&door, "bob", None);
    for number in 0..1000 {
        let (text, visibility) = (format!("post {number}"), Some(Visibility::Followers));
        let new = NewPost { text, reply_to: None, quote_of: None, visibility, poll: None, publish_at: None };
        now(submit_post(&door, &by("dan"), new)).unwrap();
    }
    let list = ListOf { user: "ada".to_owned(), list: "both".to_owned() };
    let members = vec!["bob".to_owned(), "dan".to_owned()];
    let listing = Listing { of: list, name: "Both".to_owned(), members };
    now(door.submit::<Feeding>(&by("ada"), &Command::SetList(Box::new(listing)))).unwrap();
    let read = now(of_list(&door, &by("ada"), "both".to_owned(), &Wish { limit: 5, ..Wish::default() }));
    let shown: Vec<PostId> = read.unwrap().answer.items.iter().map(|item| item.post.id).collect();
    assert_eq!(shown, [wanted]);
}

#[test]
fn friends_of_friends_are_suggested_and_nobody_who_is_hidden() {
    let (_, door) = house(&["ada", "bob", "cyd", "dan", "eve", "fay", "gus"]);
    // ada follows all but gus, of whom she learns by bob and cyd.
    for (user, target) in [("bob", "gus"), ("cyd", "gus"), ("cyd", "ada"), ("bob", "cyd")] {
        follow(&door, user, target);
    }
    let found = now(suggest(&door, &by("ada"), 10)).unwrap().answer;
    assert_eq!(found, [("gus".to_owned(), 2)]);
    let edge = Edge { user: "ada".to_owned(), target: "gus".to_owned() };
    now(change(&door, &by("ada"), Command::Mute(edge.clone()), edge)).unwrap();
    assert!(now(suggest(&door, &by("ada"), 10)).unwrap().answer.is_empty());
}

#[test]
fn one_can_scroll_back_to_the_first_post() {
    let (house, door) = house(&["ada", "bob", "cyd", "dan"]);
    let mut posts: Vec<PostId> = (0..350).map(|number| say(&door, ["bob", "bob", "cyd"][number % 3], None)).collect();
    // Also where the rings have holes, and after a restart.
    for index in [349, 348, 340, 300, 120, 3] {
        let author = ["bob", "bob", "cyd"][index % 3];
        now(submit_delete(&door, &by(author), posts[index])).unwrap();
        posts.remove(index);
    }
    posts.reverse();
    for _ in 0..2 {
        let (mut found, mut wish) = (Vec::new(), Wish { limit: 9, ..Wish::default() });
        loop {
            let page = now(latest(&door, &by("ada"), &wish)).unwrap().answer;
            found.extend(page.items.iter().map(|item| item.post.id));
            match page.next {
                Some(next) => wish.from = next,
                None => break,
            }
        }
        assert_eq!(found, posts);
        house.reopen();
    }
}
