//! Clicks on their way in: what someone recorded becomes what the log holds, sorted by partition.

use crate::clicks::bodies::{ImpressionResult, ItemResult, NewClick, NewImpression, Status};
use crate::clicks::targets::Targets;
use crate::clicks::token::Shown;
use crate::clicks::transition::believed;
use crate::clicks::visitor::Addresses;
use crate::clicks::{token, transition, visitor};
use crate::runtime::door::{Asked, Done, Door, Undone};
use crate::runtime::ids;
use crate::runtime::problem::Problem;
use millrace_topics::clicks::{
    AdsCommand, AdsOutcome, Batch, Click, Command, Country, Impression, Marks, Outcome, Sealed, SealedBatch, Showing,
    USER_AGENT_LIMIT, shard_key,
};
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
    let mut parts: BTreeMap<u32, (Together, Vec<usize>)> = BTreeMap::new();
    for (place, new) in clicks.into_iter().enumerate() {
        let click_id = new.click_id.clone();
        results.push(match read(door, &targets, new).await {
            Ok((click, sealed)) => {
                let partition = partition_of(&click.prefix.0, door.partitions());
                let (together, places) = parts.entry(partition).or_default();
                together.clicks.push(click);
                together.sealed.push(sealed);
                places.push(place);
                None
            }
            Err(problem) => Some(ItemResult::refused(click_id, &problem)),
        });
    }
    let (commands, places) = parts.into_values().map(|(together, places)| (together.command(), places)).unzip();
    Sorted { commands, places, results, ids }
}

/// Clicks of one record, each with its address where it is kept.
#[derive(Default)]
struct Together {
    clicks: Vec<Click>,
    sealed: Vec<Option<Sealed>>,
}

impl Together {
    fn command(self) -> Command {
        let Self { clicks, sealed } = self;
        if sealed.iter().all(Option::is_none) {
            return Command::Clicks(Batch { clicks });
        }
        Command::Sealed(SealedBatch { clicks, sealed })
    }
}

async fn read(door: &Door, targets: &Targets, new: NewClick) -> Result<(Click, Option<Sealed>), Problem> {
    let target = targets.of(door, &new.ad).await?;
    let (user, cookie) = (new.user.as_deref(), new.visitor.as_deref());
    let Someone { address, country } = someone(user, cookie, new.ip.as_deref(), new.country.as_deref())?;
    let user_agent = cut(new.user_agent.unwrap_or_default());
    // Clicks without an address must not be taken for those of one.
    let nowhere = || visitor::hash(door, "nowhere", &[new.click_id.as_bytes()]);
    let time = believed(new.time, door.now());
    let addresses = Addresses::at(door, time)?;
    let prefix = address.map_or_else(nowhere, |address| addresses.of_prefix(address));
    let (visitor, identity) = visitor::visitor(door, user, cookie, prefix, &user_agent, time);
    let in_datacenter = address.is_some_and(|address| target.datacenters.have(address));
    let sealed = address.and_then(|address| addresses.seal(address, visitor, &new.click_id));
    let shown = new.token.as_deref().map(|text| token::open(door, &new.ad, text, time));
    let impression = shown.flatten().filter(|shown| shown.visitor == visitor).map(|shown| shown.impression);
    let click = Click {
        ad: new.ad,
        shards: target.ad.shards,
        time: new.time,
        prefix,
        address: address.map_or(prefix, |address| addresses.of_address(address)),
        visitor,
        identity,
        country,
        device: new.device.unwrap_or_else(|| visitor::device(&user_agent)),
        marks: Marks {
            test: new.test.unwrap_or_default(),
            prefetch: new.prefetch.unwrap_or_default(),
            bad_token: shown.is_some() && impression.is_none(),
            own_id: false,
        },
        impression,
        datacenter_of: if in_datacenter { vec![target.ad.ruleset] } else { Vec::new() },
        click_id: new.click_id,
        user_agent,
    };
    transition::check(&click).map_err(|refusal| Problem::refusal(&refusal))?;
    Ok((click, sealed))
}

fn unreadable(detail: String) -> Problem {
    Problem::new(422, "bad_click", detail)
}

/// Reads impressions: those of one shard of an ad are one record, and each has its token at once.
pub(super) async fn sort_impressions(door: &Door, asked: &Asked, new: Vec<NewImpression>) -> Impressions {
    let targets = door.beside::<Targets>();
    let mut sorted = Impressions { commands: Vec::new(), places: Vec::new(), results: Vec::with_capacity(new.len()) };
    let mut parts: BTreeMap<String, (Vec<Impression>, Vec<usize>)> = BTreeMap::new();
    for (place, new) in new.into_iter().enumerate() {
        match read_impression(door, asked, &targets, new, place).await {
            Ok((key, impression, token)) => {
                let (impressions, places) = parts.entry(key).or_default();
                impressions.push(impression);
                places.push(place);
                sorted.results.push(ImpressionResult { status: Status::Accepted, token: Some(token), problem: None });
            }
            Err(problem) => sorted.results.push(ImpressionResult::refused(&problem)),
        }
    }
    for (key, (impressions, places)) in parts {
        sorted.commands.push(AdsCommand::Show(Showing { key, impressions }));
        sorted.places.push(places);
    }
    sorted
}

/// Impressions, sorted.
pub(super) struct Impressions {
    /// One record for each shard of an ad.
    pub(super) commands: Vec<AdsCommand>,
    places: Vec<Vec<usize>>,
    results: Vec<ImpressionResult>,
}

impl Impressions {
    /// What became of each impression, from what became of the records.
    pub(super) fn results(self, parts: Vec<Result<Done<AdsOutcome>, Undone>>) -> Vec<ImpressionResult> {
        let mut results = self.results;
        for (places, part) in self.places.into_iter().zip(parts) {
            for place in places {
                match &part {
                    Ok(_) => {}
                    Err(Undone::Accepted(_)) => results[place].status = Status::Queued,
                    Err(Undone::Problem(problem)) => results[place] = ImpressionResult::refused(problem),
                }
            }
        }
        results
    }
}

async fn read_impression(
    door: &Door,
    asked: &Asked,
    targets: &Targets,
    new: NewImpression,
    place: usize,
) -> Result<(String, Impression, String), Problem> {
    let target = targets.of(door, &new.ad).await?;
    let (user, cookie) = (new.user.as_deref(), new.visitor.as_deref());
    let Someone { address, country } = someone(user, cookie, new.ip.as_deref(), new.country.as_deref())?;
    let user_agent = cut(new.user_agent.unwrap_or_default());
    let (now, purpose) = (door.now(), format!("impression {place}"));
    let nowhere = || visitor::hash(door, "nowhere", &[purpose.as_bytes()]);
    let addresses = Addresses::at(door, now)?;
    let prefix = address.map_or_else(nowhere, |address| addresses.of_prefix(address));
    let (visitor, _) = visitor::visitor(door, user, cookie, prefix, &user_agent, now);
    let shards = target.ad.shards;
    let shard = u16::try_from(visitor.number() % u64::from(shards)).expect("it is below a u16");
    let shown = Shown { impression: token::draw(door, asked, &purpose, now), visitor };
    let device = new.device.unwrap_or_else(|| visitor::device(&user_agent));
    let impression = Impression { time: new.time, country, device };
    Ok((shard_key(&new.ad, shards, shard), impression, token::seal(door, &new.ad, shown, now)))
}

/// What is said of someone, read.
struct Someone {
    address: Option<IpAddr>,
    country: Country,
}

fn someone(
    user: Option<&str>,
    visitor: Option<&str>,
    ip: Option<&str>,
    country: Option<&str>,
) -> Result<Someone, Problem> {
    for (name, text) in [("user", user), ("visitor", visitor)] {
        if text.is_some_and(|text| !ids::is_subject(text)) {
            return Err(unreadable(format!("`{name}` has 1 to 256 bytes")));
        }
    }
    let bad_country = || unreadable("`country` has two letters".to_owned());
    let country = country.map(|text| Country::parse(text).ok_or_else(bad_country)).transpose()?;
    Ok(Someone { address: ip.map(parse_address).transpose()?, country: country.unwrap_or_default() })
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
