//! Clicks on their way in: what someone recorded becomes what the log holds, sorted by partition.

use crate::clicks::bodies::{ItemResult, NewClick, Status};
use crate::clicks::targets::Targets;
use crate::clicks::{transition, visitor};
use crate::runtime::door::{Done, Door, Undone};
use crate::runtime::ids;
use crate::runtime::problem::Problem;
use millrace_topics::clicks::{Batch, Click, Command, Country, Marks, Outcome, USER_AGENT_LIMIT};
use millrace_topics::partition::partition_of;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// The most clicks of one request.
pub(super) const BATCH_LIMIT: usize = 5000;

/// A batch, sorted.
pub(super) struct Sorted {
    /// One record for each partition that is concerned.
    pub(super) commands: Vec<Command>,
    /// For each record the places of its clicks in the batch.
    pub(super) places: Vec<Vec<usize>>,
    /// What became of each click; none of those that are in a record.
    pub(super) results: Vec<Option<ItemResult>>,
    /// The ids, by place.
    ids: Vec<String>,
}

/// Reads clicks and sorts them by the partition of their prefix.
pub(super) async fn sort(door: &Door, clicks: Vec<NewClick>) -> Sorted {
    let targets = door.beside::<Targets>();
    let ids = clicks.iter().map(|click| click.click_id.clone()).collect();
    let mut results = Vec::with_capacity(clicks.len());
    let mut parts: BTreeMap<u32, (Vec<Click>, Vec<usize>)> = BTreeMap::new();
    for (place, new) in clicks.into_iter().enumerate() {
        let click_id = new.click_id.clone();
        results.push(match read(door, &targets, new).await {
            Ok(click) => {
                let partition = partition_of(&click.prefix.0, door.partitions());
                let (clicks, places) = parts.entry(partition).or_default();
                clicks.push(click);
                places.push(place);
                None
            }
            Err(problem) => Some(ItemResult::refused(click_id, &problem)),
        });
    }
    let (commands, places) =
        parts.into_values().map(|(clicks, places)| (Command::Clicks(Batch { clicks }), places)).unzip();
    Sorted { commands, places, results, ids }
}

async fn read(door: &Door, targets: &Targets, new: NewClick) -> Result<Click, Problem> {
    let target = targets.of(door, &new.ad).await?;
    let address = new.ip.as_deref().map(parse_address).transpose()?;
    for (name, text) in [("user", &new.user), ("visitor", &new.visitor)] {
        if text.as_deref().is_some_and(|text| !ids::is_subject(text)) {
            return Err(unreadable(format!("`{name}` has 1 to 256 bytes")));
        }
    }
    let bad_country = || unreadable("`country` has two letters".to_owned());
    let country = new.country.as_deref().map(|text| Country::parse(text).ok_or_else(bad_country)).transpose()?;
    let user_agent = cut(new.user_agent.unwrap_or_default());
    // Clicks without an address must not be taken for those of one.
    let nowhere = || visitor::hash(door, "nowhere", &[new.click_id.as_bytes()]);
    let prefix = address.map_or_else(nowhere, |address| visitor::of_prefix(door, address));
    let time = new.time.unwrap_or_else(|| door.now());
    let (user, cookie) = (new.user.as_deref(), new.visitor.as_deref());
    let (visitor, identity) = visitor::visitor(door, user, cookie, prefix, &user_agent, time);
    let in_datacenter = address.is_some_and(|address| target.datacenters.have(address));
    let click = Click {
        ad: new.ad,
        shards: target.ad.shards,
        time: new.time,
        prefix,
        address: address.map_or(prefix, |address| visitor::of_address(door, address)),
        visitor,
        identity,
        country: country.unwrap_or_default(),
        device: new.device.unwrap_or_else(|| visitor::device(&user_agent)),
        marks: Marks {
            test: new.test.unwrap_or_default(),
            prefetch: new.prefetch.unwrap_or_default(),
            ..Marks::default()
        },
        impression: None,
        datacenter_of: if in_datacenter { vec![target.ad.ruleset] } else { Vec::new() },
        click_id: new.click_id,
        user_agent,
    };
    transition::check(&click).map_err(|refusal| Problem::refusal(&refusal))?;
    Ok(click)
}

fn unreadable(detail: String) -> Problem {
    Problem::new(422, "bad_click", detail)
}

/// Reads an address.
///
/// # Errors
/// 422 `bad_address`.
pub(super) fn parse_address(text: &str) -> Result<IpAddr, Problem> {
    let address = text.parse().map_err(|_| Problem::new(422, "bad_address", "an address is IPv4 or IPv6"))?;
    Ok(visitor::plain(address))
}

/// A User-Agent as long as it is kept.
pub(super) fn cut(mut user_agent: String) -> String {
    let end = (0..=USER_AGENT_LIMIT.min(user_agent.len())).rev().find(|end| user_agent.is_char_boundary(*end));
    user_agent.truncate(end.unwrap_or_default());
    user_agent
}

impl Sorted {
    /// What became of each click, from what became of the records.
    pub(super) fn results(self, parts: Vec<Result<Done<Outcome>, Undone>>) -> Vec<ItemResult> {
        let Self { places, mut results, ids, .. } = self;
        for (places, part) in places.into_iter().zip(parts) {
            for (nth, place) in places.into_iter().enumerate() {
                results[place] = Some(of_part(&part, nth, ids[place].clone()));
            }
        }
        results.into_iter().map(|result| result.expect("each click was refused or is in one record")).collect()
    }
}

/// What became of the nth click of a record.
fn of_part(part: &Result<Done<Outcome>, Undone>, nth: usize, click_id: String) -> ItemResult {
    match part {
        Ok(Done { outcome: Outcome::Taken { results }, .. }) if nth < results.len() => {
            ItemResult::taken(click_id, results[nth])
        }
        Ok(_) => ItemResult::refused(click_id, &Problem::new(500, "internal", "a click brought what no click brings")),
        Err(Undone::Problem(problem)) => ItemResult::refused(click_id, problem),
        Err(Undone::Accepted(_)) => ItemResult { click_id, status: Status::Queued, problem: None },
    }
}
