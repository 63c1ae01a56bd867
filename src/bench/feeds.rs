//! How fast posts become a view, and how fast homes are read of it: nothing is delivered ahead, so a post costs the same whoever
//! follows its author. Out of a filled log, with everything on that runs in production, and verified afterwards.

use crate::bench::drive::{Filler, Opened, Random, phase, read_all, state_bytes, verify_all};
use crate::bench::figures::Thousands;
use crate::cli::FeedsLoad;
use crate::settings::Settings;
use millrace_processors::feeds::Feeding;
use millrace_processors::feeds::home::{Wish, latest};
use millrace_processors::feeds::inboxes::set_pushes;
use millrace_processors::runtime::door::{Asked, Door, Undone};
use millrace_topics::feeds::{
    Answer, Command, Edge, Feeds, Following, NewPost, Outcome, Profile, Query, Said, Visibility,
};
use millrace_topics::record::{Caller, Role};
use parking_lot::Mutex;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// How many items a page has.
const PAGE: usize = 40;

/// Runs it.
///
/// # Errors
/// A sentence for the operator.
pub fn run(load: &FeedsLoad, settings: &Settings) -> Result<(), String> {
    let count = |number: u64| Thousands(number.into());
    println!(
        "feeds: {} accounts, {} of which follow {} others each, {} posts, pages of {PAGE}",
        count(load.accounts),
        count(load.readers),
        load.follows,
        count(load.posts)
    );
    let mut makers = Makers { load: load.clone(), chance: Random(load.seed) };
    phase("accounts follow", "follows", settings, |out| makers.follow(out))?;
    phase("one account gets followers", "follows", settings, |out| makers.famous(out))?;
    phase("posts, log to view", "posts", settings, |out| makers.posts(load.posts, out))?;
    println!("{} bytes of state for each post", state_bytes(settings, "feeds")? / load.posts.max(1));
    crossover(load, settings, &mut makers)?;
    let spent: Mutex<[Vec<Duration>; 2]> = Mutex::default();
    read_all("posts are written and read at once", "posts", settings, SEEN * 2, |number, door| {
        let spent = &spent;
        async move {
            // The first account, and one whom few follow, by turns.
            let famous = number % 2 == 0;
            let author = if famous { 0 } else { load.accounts - 1 };
            let took = seen_at_once(&door, author, load.accounts).await?;
            spent.lock()[usize::from(!famous)].push(took);
            Ok(())
        }
    })?;
    let [famous, few] = spent.into_inner().map(quantiles);
    println!("from the command to a reader's page: {famous} for the first account, {few} for others");
    verify_all(settings)
}

/// Reads homes and writes posts with every home pulled, and again with inboxes, and says from when on each costs less.
fn crossover(load: &FeedsLoad, settings: &Settings, makers: &mut Makers) -> Result<(), String> {
    let home = |number: u64, door: Door| {
        let id = account(number % load.readers);
        let asked = Asked { caller: Caller { id, role: Role::User }, ..Asked::default() };
        async move {
            let wish = Wish { limit: PAGE, ..Wish::default() };
            let read = latest(&door, &asked, &wish).await.map_err(|problem| problem.detail)?;
            match read.answer.items.len() {
                PAGE => Ok(()),
                found => Err(format!("a page of {found} items where there are more")),
            }
        }
    };
    let posts = load.posts / 4;
    let mut each = Vec::new();
    for (kind, pushes) in [("pulled", 0), ("pushed", u32::MAX)] {
        let opened = Opened::new(settings)?;
        set_pushes(pushes);
        opened.read(&format!("homes are read for the first time, {kind}"), "pages", load.readers, home)?;
        let page = opened.read(&format!("homes are read, {kind}"), "pages", load.reads, home)?;
        let post = opened.write(&format!("posts beside readers, {kind}"), "posts", |out| makers.posts(posts, out))?;
        opened.close();
        each.push((page, post));
    }
    set_pushes(settings.feeds_pushes);
    let [(pulled_page, pulled_post), (pushed_page, pushed_post)] = each[..] else { unreachable!("both were measured") };
    #[expect(clippy::cast_precision_loss, reason = "a benchmark counts less than 2^52")]
    let inboxes = (load.readers * load.follows) as f64 / load.accounts as f64;
    let (saved, push) = (pulled_page - pushed_page, (pushed_post - pulled_post) / inboxes);
    println!(
        "an inbox saves {saved:.1} us of a page, and a post costs {push:.3} us more for each of {inboxes:.0} inboxes: as much as \
         {:.0} posts between two reads",
        saved / push
    );
    Ok(())
}

/// How many posts of each kind are written and read at once.
const SEEN: u64 = 500;

fn quantiles(mut spent: Vec<Duration>) -> String {
    spent.sort_unstable();
    let at = |part: usize| spent[(spent.len() * part / 100).min(spent.len() - 1)].as_secs_f64() * 1e3;
    format!("p50 {:.2} ms and p99 {:.2} ms", at(50), at(99))
}

/// How long it takes from a post to the page of a reader who follows its author.
async fn seen_at_once(door: &Door, author: u64, accounts: u64) -> Result<Duration, String> {
    let by = |id: String| Asked { caller: Caller { id, role: Role::User }, ..Asked::default() };
    let undone = |undone: Undone| match undone {
        Undone::Problem(problem) => problem.detail,
        Undone::Accepted(at) => format!("not done at {at} yet"),
    };
    let (author, reader) = (account(author), account(accounts));
    let edge = Edge { user: reader.clone(), target: author.clone() };
    let profile = Profile { name: reader.clone(), user: reader.clone(), about: String::new(), private: false };
    door.submit::<Feeding>(&by(reader.clone()), &Command::SetUser(profile)).await.map_err(undone)?;
    door.submit::<Feeding>(&by(reader.clone()), &Command::Follow(edge.clone())).await.map_err(undone)?;
    let query = Query::Standing { user: reader.clone(), target: author.clone() };
    let follows =
        |answer: &Answer| matches!(answer, Answer::Standing(standing) if standing.following == Following::Following);
    let heard = door.ask_until::<Feeding>(&by(reader.clone()), &query, follows).await;
    heard.map_err(|problem| problem.detail)?.ok_or("the reader does not follow in time")?;
    let start = Instant::now();
    let said = Said { text: "now".to_owned(), tags: Vec::new(), mentions: Vec::new() };
    let visibility = Visibility::Public;
    let new = NewPost { author: author.clone(), said, reply_to: None, quote_of: None, visibility };
    let done = door.submit::<Feeding>(&by(author), &Command::Post(Box::new(new))).await.map_err(undone)?;
    let Outcome::Post(post) = done.outcome else { return Err("it was no post".to_owned()) };
    let wish = Wish { limit: PAGE, ..Wish::default() };
    let page = latest(door, &by(reader.clone()), &wish).await.map_err(|problem| problem.detail)?.answer;
    let spent = start.elapsed();
    if page.items.first().is_none_or(|item| item.post.id != post.id) {
        return Err(format!("the post {} is not the first of the page", post.id));
    }
    door.submit::<Feeding>(&by(reader), &Command::Unfollow(edge)).await.map_err(undone)?;
    Ok(spent)
}

struct Makers {
    load: FeedsLoad,
    chance: Random,
}

impl Makers {
    fn follow(&mut self, out: &mut Filler) {
        for number in 0..self.load.accounts {
            let user = account(number);
            let profile = Profile { name: user.clone(), user, about: String::new(), private: false };
            out.prepare::<Feeds>(&Command::SetUser(profile));
        }
        for reader in 0..self.load.readers {
            let mut chosen = BTreeSet::new();
            while (chosen.len() as u64) < self.load.follows.min(self.load.accounts - 1) {
                chosen.insert(self.account());
            }
            chosen.remove(&reader);
            for target in chosen {
                add(Command::Follow(Edge { user: account(reader), target: account(target) }), out);
            }
        }
    }

    /// Accounts that are not there follow as well as others, and need no account each.
    fn famous(&mut self, out: &mut Filler) {
        for number in 0..self.load.famous {
            add(Command::Follow(Edge { user: format!("fan-{number:08}"), target: account(0) }), out);
        }
    }

    fn posts(&mut self, count: u64, out: &mut Filler) {
        for number in 0..count {
            let author = account(if number % 1000 == 0 { 0 } else { self.account() });
            let text = format!("post {number:09}, which says as much as posts do: something, and then something else");
            let said = Said { text, tags: Vec::new(), mentions: Vec::new() };
            let new = NewPost { author, said, reply_to: None, quote_of: None, visibility: Visibility::Public };
            add(Command::Post(Box::new(new)), out);
        }
    }

    fn account(&mut self) -> u64 {
        self.chance.next() % self.load.accounts
    }
}

fn add(command: Command, out: &mut Filler) {
    out.add::<Feeds>(&command, 1);
}

fn account(number: u64) -> String {
    format!("user-{number:08}")
}
