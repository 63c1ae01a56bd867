//! Whom one might follow: whom those follow whom one follows.

use super::follows;
use super::reader::Reader;
use crate::feeds::Feeding;
use crate::runtime::door::{Asked, Door, Read};
use crate::runtime::problem::Problem;
use futures_util::future::join_all;
use millrace_topics::feeds::{Answer, Circle, Query};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How many of those whom one follows are asked.
pub const ASKED: usize = 50;

/// How many of those whom each follows are looked at.
pub const LOOKED_AT: u32 = 200;

/// Finds accounts that several follow whom who asks follows, those with most first, by name where they have as many.
///
/// # Errors
/// 404 `unknown_user`, or what went wrong on the way.
pub async fn suggest(door: &Door, asked: &Asked, limit: usize) -> Result<Read<Vec<(String, u64)>>, Problem> {
    let mut reader = Reader::new(door, asked);
    let own = follows(&mut reader).await?;
    let viewer = reader.viewer.clone();
    let query = |user: &Arc<str>| Query::Around {
        user: user.to_string(),
        which: Circle::Following,
        viewer: viewer.clone(),
        after: None,
        limit: LOOKED_AT,
    };
    let queries: Vec<Query> = own.names.iter().take(ASKED).map(query).collect();
    let asking = queries.iter().map(|query| door.ask::<Feeding>(asked, query));
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    // Whose follows are not to be seen says nothing.
    for Read { answer, positions } in join_all(asking).await.into_iter().flatten() {
        reader.positions.merge(&positions);
        let Answer::Names(names, _) = answer else { unreachable!("names were asked for") };
        for name in names.into_iter().filter(|name| *name != viewer && !own.contains(name)) {
            *counts.entry(name).or_default() += 1;
        }
    }
    let mut ranked: Vec<(String, u64)> = counts.into_iter().collect();
    ranked.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    ranked.truncate(limit * 2);
    let hidden: BTreeSet<String> = reader.hidden(ranked.iter().map(|(name, _)| name.clone()).collect()).await?;
    ranked.retain(|(name, _)| !hidden.contains(name));
    ranked.truncate(limit);
    Ok(Read { answer: ranked, positions: reader.positions })
}
