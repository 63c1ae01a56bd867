//! Whoever reads: asks the partitions that posts lie in, each once for all that it has, and leaves out what is not for him.

use super::sources::Remembered;
use crate::feeds::{Feeding, words};
use crate::runtime::door::{Asked, Door, Read};
use crate::runtime::keys::key_of;
use crate::runtime::problem::Problem;
use futures_util::future::join_all;
use millrace_topics::feeds::{Answer, MutedWord, PostId, PostRef, PostView, Query};
use millrace_topics::position::Positions;
use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

/// The most names or posts that one question carries.
pub const AT_ONCE: usize = 500;

/// A post with what it shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The post, or a repost.
    pub post: Box<PostView>,
    /// The post that a repost shows.
    pub repost: Option<Box<PostView>>,
    /// The post that it quotes, or the reposted one, if that may be seen.
    pub quote: Option<Box<PostView>>,
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
    keys: Arc<Keys>,
}

/// A routing key of each partition.
#[derive(Default)]
struct Keys(OnceLock<Vec<String>>);

impl<'a> Reader<'a> {
    /// A reader for who asks.
    #[must_use]
    pub fn new(door: &'a Door, asked: &'a Asked) -> Self {
        let viewer = asked.caller.id.clone();
        Self { door, asked, viewer, positions: Positions::default(), words: Vec::new(), keys: door.beside() }
    }

    /// How many partitions there are.
    #[must_use]
    pub fn partitions(&self) -> u32 {
        self.door.partitions()
    }

    /// Whom readers follow, as far as this node remembers.
    #[must_use]
    pub fn remembered(&self) -> Arc<Remembered> {
        self.door.beside()
    }

    /// A routing key of a partition.
    #[must_use]
    pub fn key(&self, partition: u32) -> String {
        let all = self.partitions();
        let keys = self.keys.0.get_or_init(|| (0..all).map(|partition| key_of(partition, all)).collect());
        keys[partition as usize].clone()
    }

    /// A routing key of the partition of a post.
    #[must_use]
    pub fn key_of(&self, post: PostId) -> String {
        self.key(post.partition(self.partitions()))
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

    /// These posts, each where it may be seen.
    ///
    /// # Errors
    /// As [`Door::ask`].
    pub async fn posts(&mut self, ids: &[PostId]) -> Result<Vec<Option<Box<PostView>>>, Problem> {
        let partitions = self.partitions();
        let mut parts: Vec<Part> = Vec::new();
        for (place, id) in ids.iter().enumerate() {
            let partition = id.partition(partitions);
            let open = |part: &&mut Part| part.partition == partition && part.posts.len() < AT_ONCE;
            match parts.iter_mut().find(open) {
                Some(part) => part.add(place, *id),
                None => parts.push(Part { partition, places: vec![place], posts: vec![*id] }),
            }
        }
        let query = |part: &mut Part| {
            let (key, viewer) = (self.key(part.partition), self.viewer.clone());
            Query::Posts { key, posts: std::mem::take(&mut part.posts), viewer }
        };
        let queries: Vec<Query> = parts.iter_mut().map(query).collect();
        let mut found = vec![None; ids.len()];
        for (part, answer) in parts.into_iter().zip(self.ask_all(&queries).await?) {
            let Answer::Posts(posts) = answer else { unreachable!("posts were asked for") };
            part.places.into_iter().zip(posts).for_each(|(place, post)| found[place] = post);
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
        let ids: Vec<PostId> =
            wanted.iter().map(|wanted| wanted.id).chain(originals.map(|original| original.id)).collect();
        let mut posts = self.posts(&ids).await?;
        let mut reposts = posts.split_off(wanted.len()).into_iter();
        let mut items: Vec<Option<Item>> = Vec::with_capacity(wanted.len());
        for (wanted, post) in wanted.iter().zip(posts) {
            let repost = wanted.repost_of.as_ref().map(|_| reposts.next().expect("each was asked for"));
            items.push(match (post, repost) {
                (Some(post), None) => Some(Item { post, repost: None, quote: None }),
                (Some(post), Some(Some(repost))) => Some(Item { post, repost: Some(repost), quote: None }),
                _ => None,
            });
        }
        self.quote(&mut items).await?;
        let others = items.iter().flatten().flat_map(|item| [item.repost.as_ref(), item.quote.as_ref()]).flatten();
        let own = items.iter().flatten().map(|item| &item.post).filter(|_| strangers);
        let hidden = self.hidden(others.chain(own).map(|post| post.author.clone()).collect()).await?;
        if hidden.is_empty() {
            return Ok(items);
        }
        for place in &mut items {
            if let Some(item) = place {
                item.quote.take_if(|quote| hidden.contains(&quote.author));
                let reposted = item.repost.as_ref().is_some_and(|original| hidden.contains(&original.author));
                if reposted || strangers && hidden.contains(&item.post.author) {
                    *place = None;
                }
            }
        }
        Ok(items)
    }

    /// Reads what items quote.
    async fn quote(&mut self, items: &mut [Option<Item>]) -> Result<(), Problem> {
        let mut quoting: Vec<(PostId, &mut Item)> = Vec::new();
        for item in items.iter_mut().flatten() {
            let quoted = item.repost.as_ref().unwrap_or(&item.post).quote_of.as_ref().map(|quoted| quoted.id);
            quoting.extend(quoted.map(|id| (id, item)));
        }
        let ids: Vec<PostId> = quoting.iter().map(|(id, _)| *id).collect();
        for ((_, item), quote) in quoting.into_iter().zip(self.posts(&ids).await?) {
            item.quote = quote;
        }
        Ok(())
    }
}

/// Posts of one partition, and their places among all that are asked for.
struct Part {
    partition: u32,
    places: Vec<usize>,
    posts: Vec<PostId>,
}

impl Part {
    fn add(&mut self, place: usize, id: PostId) {
        self.places.push(place);
        self.posts.push(id);
    }
}
