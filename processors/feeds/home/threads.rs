//! Around a post: what it answers, up to the first, and what answers it.

use super::reader::{Item, Reader, Wanted};
use crate::runtime::door::{Asked, Door, Read};
use crate::runtime::problem::Problem;
use millrace_topics::feeds::{Answer, Link, PostId, PostRef, Query};
use std::collections::BTreeMap;

/// The most posts above a post that are shown.
pub const ABOVE_LIMIT: usize = 40;

/// The most posts below a post that are shown.
pub const BELOW_LIMIT: usize = 200;

/// What is around a post.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// What it answers, the first one first.
    pub above: Vec<Item>,
    /// What answers it, each behind what it answers.
    pub below: Vec<Item>,
}

/// Reads what is around a post. Where a post cannot be seen, nothing is shown beyond it.
///
/// # Errors
/// 404 `unknown_post`, 410 `post_deleted`, or what went wrong on the way.
pub async fn context(door: &Door, asked: &Asked, id: PostId) -> Result<Read<Context>, Problem> {
    let mut reader = Reader::new(door, asked);
    let query = Query::Post { key: reader.key_of(id), post: id, viewer: reader.viewer.clone() };
    let Answer::Post(post) = reader.ask(&query).await? else { unreachable!("a post was asked for") };
    let above = above(&mut reader, post.reply_to).await?;
    let below = below(&mut reader, id).await?;
    Ok(Read { answer: Context { above, below }, positions: reader.positions })
}

async fn above(reader: &mut Reader<'_>, mut next: Option<PostRef>) -> Result<Vec<Item>, Problem> {
    let mut found = Vec::new();
    while let Some(answered) = next.take().filter(|_| found.len() < ABOVE_LIMIT) {
        let shown = reader.items(&[Wanted { id: answered.id, repost_of: None }], true).await?;
        let Some(item) = shown.into_iter().flatten().next() else { break };
        next = item.post.reply_to.clone();
        found.push(item);
    }
    found.reverse();
    Ok(found)
}

/// Reads answers level by level, and puts each behind what it answers.
async fn below(reader: &mut Reader<'_>, id: PostId) -> Result<Vec<Item>, Problem> {
    let mut answers: BTreeMap<PostId, Vec<Item>> = BTreeMap::new();
    let (mut level, mut left) = (vec![id], BELOW_LIMIT);
    while !level.is_empty() && left > 0 {
        let mut wanted = Vec::new();
        for post in level {
            let limit = u32::try_from(left - wanted.len().min(left)).expect("it is small");
            if limit == 0 {
                break;
            }
            wanted.extend(answers_to(reader, post, limit).await?);
        }
        let items: Vec<Item> = reader.items(&wanted, true).await?.into_iter().flatten().collect();
        left -= items.len().min(left);
        level = items.iter().map(|item| item.post.id).collect();
        for item in items {
            let answered = item.post.reply_to.as_ref().map(|answered| answered.id).expect("it answers something");
            answers.entry(answered).or_default().push(item);
        }
    }
    let mut found = Vec::new();
    spread(id, &mut answers, &mut found);
    Ok(found)
}

async fn answers_to(reader: &mut Reader<'_>, post: PostId, limit: u32) -> Result<Vec<Wanted>, Problem> {
    let (key, viewer) = (reader.key_of(post), reader.viewer.clone());
    let query = Query::Linked { key, post, how: Link::Reply, viewer, after: None, limit };
    let Answer::Linked(found, _) = reader.ask(&query).await? else { unreachable!("answers were asked for") };
    Ok(found.into_iter().map(|post| Wanted { id: post.id, repost_of: None }).collect())
}

fn spread(id: PostId, answers: &mut BTreeMap<PostId, Vec<Item>>, found: &mut Vec<Item>) {
    for item in answers.remove(&id).unwrap_or_default() {
        let id = item.post.id;
        found.push(item);
        spread(id, answers, found);
    }
}
