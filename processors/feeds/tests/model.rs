//! Whatever happens in whatever order: the latest home of every account is what a slow oracle says that looks through all posts,
//! counts are the sizes of sets, nobody sees whom he must not, and a house that opens over the same rows answers the same.

use super::house::{House, by, now};
use crate::feeds::bodies::NewPost;
use crate::feeds::edges::routes::{change, check_follow, decide};
use crate::feeds::home::{APART, Cursor, Page, Wish, author, latest};
use crate::feeds::posts::routes::{find, submit_delete, submit_post, submit_reaction, submit_repost, submit_unrepost};
use crate::feeds::{Feeding, tags};
use crate::runtime::door::{Door, Undone};
use crate::runtime::problem::Problem;
use millrace_topics::feeds::{Answer, Command, Edge, Erasing, PostId, Profile, Query, Reaction, Visibility};
use proptest::prelude::*;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

const USERS: [&str; 6] = ["ada", "bob", "cyd", "dan", "eve", "fay"];

const VISIBILITIES: [Visibility; 4] =
    [Visibility::Public, Visibility::Unlisted, Visibility::Followers, Visibility::Mentioned];

#[derive(Clone, Debug)]
struct Post {
    id: PostId,
    author: usize,
    visibility: Visibility,
    mentions: BTreeSet<usize>,
    reply_to: Option<usize>,
    quote_of: Option<usize>,
    repost_of: Option<usize>,
    is_tagged: bool,
    likes: BTreeSet<usize>,
    deleted: bool,
}

/// Something that an oracle could forget: then it must be found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    Replies,
    Mutes,
    Blocks,
    Private,
    Deletes,
    Repeats,
    Likes,
    Erased,
}

/// What holds, as sets.
struct Model {
    flaw: Option<Flaw>,
    house: Arc<House>,
    door: Door,
    posts: Vec<Post>,
    follows: BTreeSet<(usize, usize)>,
    requests: BTreeSet<(usize, usize)>,
    blocks: BTreeSet<(usize, usize)>,
    mutes: BTreeSet<(usize, usize)>,
    private: BTreeSet<usize>,
    erased: BTreeSet<usize>,
}

#[derive(Clone, Debug)]
enum Act {
    Post { by: usize, visibility: usize, mention: Option<usize>, is_tagged: bool },
    Reply { by: usize, to: prop::sample::Index },
    Quote { by: usize, of: prop::sample::Index },
    Repost { by: usize, of: prop::sample::Index },
    Unrepost { by: usize, of: prop::sample::Index },
    Delete { post: prop::sample::Index },
    Like { by: usize, post: prop::sample::Index, has: bool },
    Follow { by: usize, whom: usize, has: bool },
    Decide { by: usize, whom: usize, accept: bool },
    Block { by: usize, whom: usize, has: bool },
    Mute { by: usize, whom: usize, has: bool },
    Private { by: usize, is_private: bool },
    Erase { who: usize },
    Reopen,
}

fn act() -> impl Strategy<Value = Act> {
    let user = || 0..USERS.len();
    let post = any::<prop::sample::Index>;
    let has = || prop::bool::weighted(0.7);
    prop_oneof![
        6 => (user(), 0usize..8, prop::option::of(user()), any::<bool>()).prop_map(|(by, visibility, mention, is_tagged)|
            Act::Post { by, visibility: visibility.saturating_sub(4), mention, is_tagged }),
        4 => (user(), post()).prop_map(|(by, to)| Act::Reply { by, to }),
        2 => (user(), post()).prop_map(|(by, of)| Act::Quote { by, of }),
        4 => (user(), post()).prop_map(|(by, of)| Act::Repost { by, of }),
        1 => (user(), post()).prop_map(|(by, of)| Act::Unrepost { by, of }),
        2 => post().prop_map(|post| Act::Delete { post }),
        3 => (user(), post(), has()).prop_map(|(by, post, has)| Act::Like { by, post, has }),
        8 => (user(), user(), has()).prop_map(|(by, whom, has)| Act::Follow { by, whom, has }),
        2 => (user(), user(), has()).prop_map(|(by, whom, accept)| Act::Decide { by, whom, accept }),
        1 => (user(), user(), any::<bool>()).prop_map(|(by, whom, has)| Act::Block { by, whom, has }),
        1 => (user(), user(), any::<bool>()).prop_map(|(by, whom, has)| Act::Mute { by, whom, has }),
        1 => (user(), any::<bool>()).prop_map(|(by, is_private)| Act::Private { by, is_private }),
        1 => (0..USERS.len() * 4).prop_map(|who| Act::Erase { who }),
        1 => Just(Act::Reopen),
    ]
}

/// The code of a refusal; empty if it was done.
fn code<T>(result: Result<T, Undone>) -> String {
    match result {
        Ok(_) => String::new(),
        Err(Undone::Problem(problem)) => problem.code,
        Err(Undone::Accepted(at)) => panic!("accepted at {at}"),
    }
}

impl Model {
    fn new(flaw: Option<Flaw>) -> Self {
        let (house, door) = House::build();
        let model = Self {
            flaw,
            house,
            door,
            posts: Vec::new(),
            follows: BTreeSet::new(),
            requests: BTreeSet::new(),
            blocks: BTreeSet::new(),
            mutes: BTreeSet::new(),
            private: BTreeSet::new(),
            erased: BTreeSet::new(),
        };
        (0..USERS.len()).for_each(|user| model.set_private(user, false));
        model
    }

    fn set_private(&self, user: usize, private: bool) {
        let name = USERS[user].to_owned();
        let profile = Profile { user: name.clone(), name, about: String::new(), private };
        now(self.door.submit::<Feeding>(&by(USERS[user]), &Command::SetUser(profile))).unwrap();
    }

    fn meet(&self, one: usize, other: usize) -> bool {
        !self.blocks.contains(&(one, other)) && !self.blocks.contains(&(other, one))
    }

    fn could_see(&self, viewer: usize, post: &Post) -> bool {
        let follows = self.follows.contains(&(viewer, post.author));
        let by_rule = match post.visibility {
            Visibility::Mentioned => false,
            Visibility::Followers => follows,
            Visibility::Public | Visibility::Unlisted => {
                follows || !self.private.contains(&post.author) || self.flaw == Some(Flaw::Private)
            }
        };
        viewer == post.author || self.meet(viewer, post.author) && (by_rule || post.mentions.contains(&viewer))
    }

    fn sees(&self, viewer: usize, post: &Post) -> bool {
        !post.deleted && self.could_see(viewer, post)
    }

    /// Why somebody cannot do something to a post; empty if he can.
    fn refused(&self, viewer: usize, post: usize) -> &'static str {
        let post = &self.posts[post];
        match (self.could_see(viewer, post), post.deleted) {
            // Whom a post mentioned is forgotten with its text.
            (true, true)
                if viewer != post.author
                    && !self.could_see(viewer, &Post { mentions: BTreeSet::new(), ..post.clone() }) =>
            {
                "unknown_post"
            }
            (true, true) => "post_deleted",
            (false, _) => "unknown_post",
            (true, false) if post.repost_of.is_some() => "is_a_repost",
            (true, false) => "",
        }
    }

    fn is_for_all(&self, post: usize) -> bool {
        matches!(self.posts[post].visibility, Visibility::Public | Visibility::Unlisted)
    }

    fn write(&mut self, post: Post, reply_to: Option<usize>, quote_of: Option<usize>, expected: &str) {
        let id = |index: Option<usize>| index.map(|index| self.posts[index].id.to_string());
        let mentions = post.mentions.iter().map(|user| format!(" @{}", USERS[*user])).collect::<String>();
        let tag = if post.is_tagged { " #mill" } else { "" };
        let new = NewPost {
            text: format!("hello{mentions}{tag}"),
            reply_to: id(reply_to),
            quote_of: id(quote_of),
            visibility: Some(post.visibility),
            poll: None,
            publish_at: None,
        };
        let result = now(submit_post(&self.door, &by(USERS[post.author]), new));
        let written = result.as_ref().ok().map(|done| done.outcome.id);
        assert_eq!(code(result), expected, "{post:?}");
        self.posts.extend(written.map(|id| Post { id, reply_to, quote_of, ..post }));
    }

    fn draft(author: usize) -> Post {
        Post {
            id: PostId(0),
            author,
            visibility: Visibility::Public,
            mentions: BTreeSet::new(),
            reply_to: None,
            quote_of: None,
            repost_of: None,
            is_tagged: false,
            likes: BTreeSet::new(),
            deleted: false,
        }
    }

    fn own_repost(&self, user: usize, of: usize) -> Option<usize> {
        self.posts.iter().position(|post| post.author == user && post.repost_of == Some(of) && !post.deleted)
    }

    fn unfollow(&mut self, one: usize, other: usize) {
        self.follows.remove(&(one, other));
        self.requests.remove(&(one, other));
    }

    /// What it wrote and did is gone, and nobody stands around it.
    fn erase(&mut self, who: usize) {
        let erasing = Erasing { user: USERS[who].to_owned() };
        now(self.door.submit::<Feeding>(&by(USERS[who]), &Command::Erase(erasing))).unwrap();
        self.erased.insert(who);
        for _ in 0..40 {
            self.house.wait(1);
            self.house.tick();
        }
        if self.flaw != Some(Flaw::Erased) {
            for post in &mut self.posts {
                post.likes.remove(&who);
            }
        }
        self.posts.iter_mut().filter(|post| post.author == who).for_each(|post| post.deleted = true);
        for edges in [&mut self.follows, &mut self.requests, &mut self.blocks, &mut self.mutes] {
            edges.retain(|edge| edge.0 != who && edge.1 != who);
        }
    }

    /// True for what somebody who is erased does, or what is done to him.
    fn is_about_erased(&self, act: &Act) -> bool {
        let (by, whom) = match *act {
            Act::Post { by, mention, .. } => (by, mention.unwrap_or(by)),
            Act::Reply { by, .. } | Act::Quote { by, .. } | Act::Repost { by, .. } | Act::Unrepost { by, .. } => {
                (by, by)
            }
            Act::Like { by, .. } | Act::Private { by, .. } => (by, by),
            Act::Follow { by, whom, .. } | Act::Decide { by, whom, .. } => (by, whom),
            Act::Block { by, whom, .. } | Act::Mute { by, whom, .. } => (by, whom),
            Act::Erase { who } => (who % USERS.len(), who % USERS.len()),
            Act::Delete { .. } | Act::Reopen => return false,
        };
        self.erased.contains(&by) || self.erased.contains(&whom)
    }

    fn act(&mut self, act: Act) {
        if self.is_about_erased(&act) {
            return;
        }
        let pick = |model: &Self, index: &prop::sample::Index| {
            (!model.posts.is_empty()).then(|| index.index(model.posts.len()))
        };
        match act {
            Act::Post { by, visibility, mention, is_tagged } => {
                let mentions = mention.into_iter().collect();
                let post = Post { visibility: VISIBILITIES[visibility], mentions, is_tagged, ..Self::draft(by) };
                self.write(post, None, None, "");
            }
            Act::Reply { by, to } => {
                let Some(to) = pick(self, &to) else { return };
                let expected = self.refused(by, to);
                self.write(Self::draft(by), Some(to), None, expected);
            }
            Act::Quote { by, of } => {
                let Some(of) = pick(self, &of) else { return };
                let expected = match self.refused(by, of) {
                    "" if !self.is_for_all(of) => "not_for_all",
                    refused => refused,
                };
                self.write(Self::draft(by), None, Some(of), expected);
            }
            Act::Repost { by, of } => self.repost(by, pick(self, &of)),
            Act::Unrepost { by: user, of } => {
                let Some(of) = pick(self, &of).filter(|of| self.refused(user, *of).is_empty()) else { return };
                now(submit_unrepost(&self.door, &by(USERS[user]), self.posts[of].id)).unwrap();
                if let Some(repost) = self.own_repost(user, of) {
                    self.posts[repost].deleted = true;
                }
            }
            Act::Delete { post } => {
                let Some(index) = pick(self, &post).filter(|index| !self.posts[*index].deleted) else { return };
                let Post { id, author, .. } = self.posts[index];
                now(submit_delete(&self.door, &by(USERS[author]), id)).unwrap();
                self.posts[index].deleted = true;
            }
            Act::Like { by: user, post, has } => {
                let Some(index) = pick(self, &post) else { return };
                let id = self.posts[index].id.to_string();
                let result = now(submit_reaction(&self.door, &by(USERS[user]), (&id, Reaction::Like), has));
                let expected = self.refused(user, index);
                assert_eq!(code(result), expected);
                match (expected, has) {
                    ("", true) => drop(self.posts[index].likes.insert(user)),
                    ("", false) => drop(self.posts[index].likes.remove(&user)),
                    _ => {}
                }
            }
            Act::Follow { by, whom, has } => self.follow(by, whom, has),
            Act::Decide { by: user, whom, accept } => {
                let who = (USERS[user].to_owned(), USERS[whom].to_owned());
                let result = code(now(decide(&self.door, &by(USERS[user]), who, accept)));
                let edge = (whom, user);
                let expected = match (self.follows.contains(&edge), self.requests.remove(&edge)) {
                    (true, _) if accept => "",
                    (false, true) => "",
                    _ => "not_asked",
                };
                assert_eq!(result, expected);
                if expected.is_empty() && accept {
                    self.follows.insert(edge);
                }
            }
            Act::Block { by, whom, has } => {
                if self.edge(by, whom, |edge| if has { Command::Block(edge) } else { Command::Unblock(edge) }) && has {
                    self.blocks.insert((by, whom));
                    self.unfollow(by, whom);
                    self.unfollow(whom, by);
                } else {
                    self.blocks.remove(&(by, whom));
                }
            }
            Act::Mute { by, whom, has } => {
                if self.edge(by, whom, |edge| if has { Command::Mute(edge) } else { Command::Unmute(edge) }) && has {
                    self.mutes.insert((by, whom));
                } else {
                    self.mutes.remove(&(by, whom));
                }
            }
            Act::Private { by, is_private } => {
                self.set_private(by, is_private);
                if is_private {
                    self.private.insert(by);
                } else {
                    self.private.remove(&by);
                }
            }
            Act::Erase { who } if who < USERS.len() => self.erase(who),
            Act::Erase { .. } => {}
            Act::Reopen => self.house.reopen(),
        }
    }

    fn repost(&mut self, user: usize, of: Option<usize>) {
        let Some(of) = of else { return };
        let expected = match self.refused(user, of) {
            "" if !self.is_for_all(of) => "not_for_all",
            refused => refused,
        };
        let result = now(submit_repost(&self.door, &by(USERS[user]), &self.posts[of].id.to_string()));
        let id = result.as_ref().ok().map(|done| done.outcome);
        assert_eq!(code(result), expected);
        if let (Some(id), None) = (id, self.own_repost(user, of)) {
            self.posts.push(Post { id, repost_of: Some(of), ..Self::draft(user) });
        }
    }

    /// Says something of two accounts; false if they are one, which is refused.
    fn edge(&self, user: usize, whom: usize, command: impl FnOnce(Edge) -> Command) -> bool {
        let edge = Edge { user: USERS[user].to_owned(), target: USERS[whom].to_owned() };
        let result = code(now(change(&self.door, &by(USERS[user]), command(edge.clone()), edge)));
        // Who does not block himself can end that without harm.
        assert!(result.is_empty() || user == whom && result == "yourself", "{result}");
        result.is_empty() && user != whom
    }

    fn follow(&mut self, user: usize, whom: usize, has: bool) {
        let edge = Edge { user: USERS[user].to_owned(), target: USERS[whom].to_owned() };
        if !has {
            self.edge(user, whom, Command::Unfollow);
            self.unfollow(user, whom);
            return;
        }
        let asked = by(USERS[user]);
        let result = now(async {
            check_follow(&self.door, &asked, &edge).await?;
            change(&self.door, &asked, Command::Follow(edge.clone()), edge).await
        });
        let expected = match (user == whom, self.meet(user, whom)) {
            (true, _) => "yourself",
            (false, false) => "unknown_user",
            (false, true) => "",
        };
        assert_eq!(code(result), expected);
        if expected.is_empty() && !self.follows.contains(&(user, whom)) {
            match self.private.contains(&whom) {
                true => drop(self.requests.insert((user, whom))),
                false if self.requests.contains(&(user, whom)) => {}
                false => drop(self.follows.insert((user, whom))),
            }
        }
    }

    /// The home of an account as somebody slow finds it: among all posts there are, from the newest on.
    fn oracle(&self, viewer: usize, authors: &BTreeSet<usize>, is_home: bool) -> Vec<PostId> {
        let hidden = |author: usize| {
            let blocked = !self.meet(viewer, author) && self.flaw != Some(Flaw::Blocks);
            let muted = self.mutes.contains(&(viewer, author)) && self.flaw != Some(Flaw::Mutes);
            author != viewer && (blocked || muted)
        };
        let follows =
            |author: usize| self.follows.contains(&(viewer, author)) && !self.mutes.contains(&(viewer, author));
        let mut posts: Vec<&Post> = self.posts.iter().collect();
        posts.sort_by_key(|post| std::cmp::Reverse(post.id));
        let (mut shown, mut recent) = (Vec::new(), VecDeque::new());
        for post in posts {
            let listed = authors.contains(&post.author) && post.visibility != Visibility::Mentioned;
            let answered = post.reply_to.map(|index| self.posts[index].author);
            let fits = self.flaw == Some(Flaw::Replies)
                || answered.is_none_or(|author| author == viewer || author == post.author || follows(author));
            let original = post.repost_of.map(|index| &self.posts[index]);
            let sees = |original: &Post| match self.flaw {
                Some(Flaw::Deletes) => self.could_see(viewer, original),
                Some(Flaw::Blocks) => !original.deleted,
                _ => self.sees(viewer, original),
            };
            let is_there = original.is_none_or(|original| sees(original) && !hidden(original.author));
            let shows = original.map_or(post.id, |original| original.id);
            let is_repeat = recent.contains(&shows) && self.flaw != Some(Flaw::Repeats);
            // A list leaves out what only a mention lets somebody see.
            let unmentioned = Post { mentions: BTreeSet::new(), ..post.clone() };
            let may_see = self.sees(viewer, &unmentioned);
            if !listed || !may_see || is_home && !fits || !is_there || is_repeat {
                continue;
            }
            recent.push_front(shows);
            recent.truncate(APART);
            shown.push(post.id);
        }
        shown
    }

    /// Pages of different lengths, put together.
    fn pages(&self, mut read: impl FnMut(&Wish) -> Result<Page, Problem>) -> Vec<PostId> {
        let (mut found, mut from) = (Vec::new(), Cursor::default());
        for limit in (1..=3).cycle() {
            let page = read(&Wish { limit, from, ..Wish::default() }).unwrap();
            assert!(page.items.len() <= limit);
            found.extend(page.items.iter().map(|item| item.post.id));
            match page.next {
                Some(next) => {
                    assert!(page.items.len() == limit, "a page is full while something is left");
                    from = next;
                }
                None => break,
            }
        }
        found
    }

    fn check(&self) {
        for (viewer, reader) in USERS.iter().enumerate() {
            let asked = by(reader);
            if self.erased.contains(&viewer) {
                let refused = now(latest(&self.door, &asked, &Wish { limit: 1, ..Wish::default() })).unwrap_err();
                assert_eq!(refused.code, "unknown_user");
                continue;
            }
            let follows = (0..USERS.len())
                .filter(|whom| self.follows.contains(&(viewer, *whom)) && !self.mutes.contains(&(viewer, *whom)));
            let home = self.pages(|wish| now(latest(&self.door, &asked, wish)).map(|read| read.answer));
            assert_eq!(home, self.oracle(viewer, &follows.collect(), true), "the home of {reader}");
            assert!(home.windows(2).all(|pair| pair[0] > pair[1]), "strictly from the newest on");
            for (whom, name) in USERS.iter().enumerate() {
                let name = (*name).to_owned();
                if self.erased.contains(&whom) || viewer != whom && !self.meet(viewer, whom) {
                    let page = now(author(&self.door, &asked, name, &Wish { limit: 1, ..Wish::default() }));
                    assert_eq!(page.unwrap_err().code, "unknown_user");
                    continue;
                }
                let read = |wish: &Wish| now(author(&self.door, &asked, name.clone(), wish)).map(|read| read.answer);
                assert_eq!(self.pages(read), self.oracle(viewer, &[whom].into(), false), "{viewer} looks at {whom}");
            }
            self.check_tag(viewer);
            self.check_notices(viewer);
        }
        self.check_counts();
    }

    fn check_tag(&self, viewer: usize) {
        let page = now(tags::routes::page(&self.door, &by(USERS[viewer]), "mill", Cursor::default(), 200));
        let found: Vec<PostId> = page.unwrap().answer.items.iter().map(|item| item.post.id).collect();
        let is_shown = |post: &&Post| {
            post.is_tagged
                && post.visibility == Visibility::Public
                && self.sees(viewer, post)
                && (viewer == post.author || !self.mutes.contains(&(viewer, post.author)))
        };
        let mut expected: Vec<PostId> = self.posts.iter().filter(is_shown).map(|post| post.id).collect();
        expected.sort_unstable_by(|one, other| other.cmp(one));
        assert_eq!(found, expected, "the tag for {}", USERS[viewer]);
    }

    fn check_notices(&self, viewer: usize) {
        let query = Query::Notices { user: USERS[viewer].to_owned(), below: None, limit: 400 };
        let answer = now(self.door.ask::<Feeding>(&by(USERS[viewer]), &query)).unwrap().answer;
        let Answer::Notices(notices) = answer else { panic!("{answer:?}") };
        for notice in &notices.items {
            let from = USERS.iter().position(|name| *name == notice.from).unwrap();
            assert!(from != viewer && self.meet(viewer, from) && !self.mutes.contains(&(viewer, from)), "{notice:?}");
        }
        let likes = notices.items.iter().filter(|notice| notice.kind == millrace_topics::feeds::NoticeKind::Like);
        for like in likes {
            let post = self.posts.iter().find(|post| Some(post.id) == like.post.as_ref().map(|post| post.id)).unwrap();
            assert!(
                post.likes.iter().any(|user| USERS[*user] == like.from),
                "what was taken back is no news: {like:?}"
            );
        }
    }

    fn check_counts(&self) {
        for (index, post) in self.posts.iter().enumerate().filter(|(_, post)| !post.deleted) {
            let view = now(find(&self.door, &by(USERS[post.author]), post.id)).unwrap().answer;
            let about = |which: fn(&Post) -> Option<usize>| {
                self.posts.iter().filter(|other| !other.deleted && which(other) == Some(index)).count() as u64
            };
            let counts = [view.counts.likes, view.counts.replies, view.counts.reposts, view.counts.quotes];
            let expected = [
                post.likes.len() as u64 + u64::from(self.flaw == Some(Flaw::Likes) && !post.likes.is_empty()),
                about(|post| post.reply_to),
                about(|post| post.repost_of),
                about(|post| post.quote_of),
            ];
            assert_eq!(counts, expected, "{post:?}");
            assert_eq!(view.own.reactions.is_empty(), !post.likes.contains(&post.author));
        }
        for (user, name) in USERS.iter().enumerate().filter(|(user, _)| !self.erased.contains(user)) {
            let query = Query::User { user: (*name).to_owned(), viewer: (*name).to_owned() };
            let Answer::User(view) = now(self.door.ask::<Feeding>(&by(name), &query)).unwrap().answer else { panic!() };
            let count =
                |which: &dyn Fn(&(usize, usize)) -> bool| self.follows.iter().filter(|edge| which(edge)).count();
            let posts = self.posts.iter().filter(|post| post.author == user && !post.deleted).count();
            let expected = [posts, count(&|edge| edge.1 == user), count(&|edge| edge.0 == user)];
            assert_eq!([view.posts, view.followers, view.following], expected.map(|count| count as u64), "{name}");
        }
    }
}

/// Does all of it, and looks at times.
fn live(acts: Vec<Act>, flaw: Option<Flaw>) {
    let mut model = Model::new(flaw);
    for (index, act) in acts.into_iter().enumerate() {
        model.act(act);
        if index % 20 == 19 {
            model.check();
        }
    }
    model.check();
    model.house.reopen();
    model.check();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_latest_home_is_what_a_slow_oracle_says(acts in prop::collection::vec(act(), 1..120)) {
        live(acts, None);
    }
}

#[test]
fn an_oracle_that_forgets_a_rule_is_found_out() {
    use proptest::test_runner::{Config, TestRunner};
    let flaws = [
        Flaw::Replies,
        Flaw::Mutes,
        Flaw::Blocks,
        Flaw::Private,
        Flaw::Deletes,
        Flaw::Repeats,
        Flaw::Likes,
        Flaw::Erased,
    ];
    for flaw in flaws {
        let config = Config { cases: 200, max_shrink_iters: 0, failure_persistence: None, ..Config::default() };
        let found = TestRunner::new(config).run(&prop::collection::vec(act(), 1..120), |acts| {
            live(acts, Some(flaw));
            Ok(())
        });
        assert!(found.is_err(), "nobody has noticed that the oracle forgets {flaw:?}");
    }
}
