//! How fast posts become a view, and how fast homes are read of it: nothing is delivered ahead, so a post costs the same whoever
//! follows its author. Out of a filled log, with everything on that runs in production, and verified afterwards.

use crate::bench::drive::{Filler, Random, phase, read_all, state_bytes, verify_all};
use crate::bench::figures::Thousands;
use crate::cli::FeedsLoad;
use crate::settings::Settings;
use millrace_processors::feeds::home::{Wish, latest};
use millrace_processors::runtime::door::Asked;
use millrace_topics::feeds::{Command, Edge, Feeds, NewPost, Profile, Said, Visibility};
use millrace_topics::record::{Caller, Role};
use std::collections::BTreeSet;

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
    phase("posts, log to view", "posts", settings, |out| makers.post(out))?;
    println!("{} bytes of state for each post", state_bytes(settings, "feeds")? / load.posts.max(1));
    read_all("homes are read", "pages", settings, load.reads, |number, door| {
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
    })?;
    verify_all(settings)
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

    fn post(&mut self, out: &mut Filler) {
        for number in 0..self.load.posts {
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
