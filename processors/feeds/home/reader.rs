//! Whoever reads: asks the partitions that posts lie in, each once for all that it has, and leaves out what is not for him.

use crate::feeds::{Feeding, words};
use crate::runtime::door::{Asked, Door, Read};
use crate::runtime::keys::key_of;
use crate::runtime::problem::Problem;
use futures_util::future::join_all;
use millrace_topics::feeds::{Answer, MutedWord, PostId, PostRef, PostView, Query};
use millrace_topics::position::Positions;
use std::collections::{BTreeMap, BTreeSet};

/// The most names or posts that one question carries.
pub const AT_ONCE: usize = 500;

/// A post with what it shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The post, or a repost.
    pub post: PostView,
    /// The post that a repost shows.
    pub repost: Option<PostView>,
    /// The post that it quotes, or the reposted one, if that may be seen.
    pub quote: Option<PostView>,
}

/// What a list knows of a post that is to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The post.
    pub id: PostId,
    /// What it shows, if it is a repost.
    pub repost_of: Option<PostRef>,
}

/// Who reads, and where it was read.
pub struct Reader<'a> {
    door: &'a Door,
    asked: &'a Asked,
    /// Who looks.
    pub viewer: String,
    /// The position of every partition that was asked.
    pub positions: Positions,
    /// The words that who looks has muted, once they were read.
    pub words: Vec<MutedWord>,
    keys: BTreeMap<u32, String>,
}

impl<'a> Reader<'a> {
    /// A reader for who asks.
    #[must_use]
    pub fn new(door: &'a Door, asked: &'a Asked) -> Self {
        let viewer = asked.caller.id.clone();
        Self { door, asked, viewer, positions: Positions::default(), words: Vec::new(), keys: BTreeMap::new() }
    }

    /// How many partitions there are.
    #[must_use]
    pub fn partitions(&self) -> u32 {
        self.door.partitions()
    }

    /// A routing key of a partition.
    pub fn key(&mut self, partition: u32) -> String {
        let partitions = self.door.partitions();
        self.keys.entry(partition).or_insert_with(|| key_of(partition, partitions)).clone()
    }

    /// A routing key of the partition of a post.
    pub fn key_of(&mut self, post: PostId) -> String {
        self.key(post.partition(self.door.partitions()))
    }

    /// Asks one partition.
    ///
    /// # Errors
    /// As [`Door::ask`].
    pub async fn ask(&mut self, query: &Query) -> Result<Answer, Problem> {
        let Read { answer, positions } = self.door.ask::<Feeding>(self.asked, query).await?;
        self.positions.merge(&positions);
        Ok(answer)
    }

    /// Reads the words that who looks has muted.
    ///
    /// # Errors
    /// As [`Door::ask`].
    pub async fn read_words(&mut self) -> Result<(), Problem> {
        let query = Query::Words { user: self.viewer.clone() };
        let Answer::Words(words) = self.ask(&query).await? else { unreachable!("words were asked for") };
        self.words = words;
        Ok(())
    }

    /// True if an item says a word that who looks has muted, as far as they were read.
    #[must_use]
    pub fn is_muted(&self, item: &Item) -> bool {
        words::hide(&self.words, item, &self.viewer)
    }

    /// Asks several side by side.
    ///
    /// # Errors
    /// The first problem.
    pub async fn ask_all(&mut self, queries: &[Query]) -> Result<Vec<Answer>, Problem> {
        let asking = queries.iter().map(|query| self.door.ask::<Feeding>(self.asked, query));
        let mut answers = Vec::with_capacity(queries.len());
        for read in join_all(asking).await {
            let Read { answer, positions } = read?;
            self.positions.merge(&positions);
            answers.push(answer);
        }
        Ok(answers)
    }

    /// Those of these posts that may be seen.
    ///
    /// # Errors
    /// As [`Door::ask`].
    pub async fn posts(
        &mut self,
        ids: impl IntoIterator<Item = PostId>,
    ) -> Result<BTreeMap<PostId, PostView>, Problem> {
        let partitions = self.partitions();
        let mut by_partition: BTreeMap<u32, BTreeSet<PostId>> = BTreeMap::new();
        for id in ids {
            by_partition.entry(id.partition(partitions)).or_default().insert(id);
        }
        let mut queries = Vec::new();
        for (partition, ids) in by_partition {
            let (key, ids) = (self.key(partition), ids.into_iter().collect::<Vec<_>>());
            for posts in ids.chunks(AT_ONCE) {
                let (key, viewer) = (key.clone(), self.viewer.clone());
                queries.push(Query::Posts { key, posts: posts.to_vec(), viewer });
            }
        }
        let mut found = BTreeMap::new();
        for answer in self.ask_all(&queries).await? {
            let Answer::Posts(posts) = answer else { unreachable!("posts were asked for") };
            found.extend(posts.into_iter().flatten().map(|post| (post.id, post)));
        }
        Ok(found)
    }

    /// Which of these accounts who looks does not want to see, or may not.
    ///
    /// # Errors
    /// As [`Door::ask`].
    pub async fn hidden(&mut self, names: BTreeSet<String>) -> Result<BTreeSet<String>, Problem> {
        let names: Vec<String> = names.into_iter().filter(|name| *name != self.viewer).collect();
        let user = self.viewer.clone();
        let ask = |others: &[String]| Query::Hidden { user: user.clone(), others: others.to_vec() };
        let queries: Vec<Query> = names.chunks(AT_ONCE).map(ask).collect();
        let mut found = BTreeSet::new();
        for answer in self.ask_all(&queries).await? {
            let Answer::Hidden(names) = answer else { unreachable!("hidden accounts were asked for") };
            found.extend(names);
        }
        Ok(found)
    }

    /// These posts with what they show, where there is something to see. `strangers`: also the authors themselves may be
    /// hidden from who looks.
    ///
    /// # Errors
    /// As [`Door::ask`].
    pub async fn items(&mut self, wanted: &[Wanted], strangers: bool) -> Result<Vec<Option<Item>>, Problem> {
        let originals = wanted.iter().filter_map(|wanted| wanted.repost_of.as_ref());
        let ids = wanted.iter().map(|wanted| wanted.id).chain(originals.map(|original| original.id));
        let posts = self.posts(ids).await?;
        let quoted = posts.values().filter_map(|post| post.quote_of.as_ref()).map(|quoted| quoted.id);
        let quoted: Vec<PostId> = quoted.filter(|id| !posts.contains_key(id)).collect();
        let quotes = self.posts(quoted).await?;
        let mut names: BTreeSet<String> = quotes.values().map(|post| post.author.clone()).collect();
        for wanted in wanted {
            names.extend(wanted.repost_of.as_ref().map(|original| original.author.clone()));
        }
        if strangers || posts.values().any(|post| post.quote_of.is_some()) {
            names.extend(posts.values().map(|post| post.author.clone()));
        }
        let hidden = self.hidden(names).await?;
        let find = |id: &PostId| {
            posts.get(id).or_else(|| quotes.get(id)).filter(|post| !hidden.contains(&post.author)).cloned()
        };
        let item = |wanted: &Wanted| {
            let post = posts.get(&wanted.id).filter(|post| !strangers || !hidden.contains(&post.author))?.clone();
            let repost = match &wanted.repost_of {
                Some(original) => Some(find(&original.id)?),
                None => None,
            };
            let quote_of = repost.as_ref().unwrap_or(&post).quote_of.as_ref();
            let quote = quote_of.and_then(|quoted| find(&quoted.id));
            Some(Item { post, repost, quote })
        };
        Ok(wanted.iter().map(item).collect())
    }
}
