//! The way of a click that comes by itself: to where the ad leads, after its record is durable and after nothing else.
//!
//! What only looks (HEAD, what a browser fetches ahead, the preview of a link in a chat) goes the same way and leaves no
//! record. Where the log takes no record, because it is down or the disk is full, the click still goes there, without an
//! id: it is never counted and never billed, but noted in `clicks_unrecorded`.

pub mod routes;

#[cfg(test)]
mod tests;

use crate::clicks::intake::cut;
use crate::clicks::targets::{Target, Targets};
use crate::clicks::visitor::Addresses;
use crate::clicks::{Taking, token, visitor};
use crate::runtime::door::{Asked, Door, Undone};
use crate::runtime::ids;
use crate::runtime::problem::Problem;
use millrace_topics::clicks::{Click, Command, Country, Hashed, Identity, Marks, SealedBatch};
use millrace_topics::time::Time;
use std::net::IpAddr;
use std::time::Duration;

/// How long a visitor waits for the record of a click at most.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// The name of what counts clicks that left no record.
pub const UNRECORDED: &str = "clicks_unrecorded";

/// User-Agents that fetch a link to show what is behind it.
const PREVIEWS: [&str; 14] = [
    "facebookexternalhit",
    "Facebot",
    "Twitterbot",
    "Slackbot",
    "Slack-ImgProxy",
    "Discordbot",
    "TelegramBot",
    "WhatsApp/",
    "LinkedInBot",
    "SkypeUriPreview",
    "MicrosoftPreview",
    "Mastodon/",
    "Iframely",
    "redditbot",
];

/// Someone who follows an ad's link.
#[derive(Clone, Debug, Default)]
pub struct Visit {
    /// The ad.
    pub ad: String,
    /// The impression's token, if the link has one.
    pub token: Option<String>,
    /// The User-Agent; empty if there is none.
    pub user_agent: String,
    /// Whom the first-party cookie names, if there is one.
    pub cookie: Option<String>,
    /// The address, as far as it is known.
    pub address: Option<IpAddr>,
    /// True if it says of itself that nobody clicked: HEAD, or fetched ahead.
    pub looks: bool,
}

impl Visit {
    fn is_click(&self) -> bool {
        !self.looks && !PREVIEWS.iter().any(|name| self.user_agent.contains(name))
    }
}

/// Where someone is sent who follows an ad's link.
///
/// # Errors
/// 404 `unknown_ad`, or what went wrong on the way to an ad that this node does not know.
pub async fn go(door: &Door, visit: Visit) -> Result<String, Problem> {
    let target = door.beside::<Targets>().of(door, &visit.ad).await?;
    if !visit.is_click() {
        return Ok(target.ad.target.clone());
    }
    let stamp = door.stamps(1);
    let salt = visitor::hash(door, "click", &[stamp.to_string().as_bytes()]);
    let click_id = format!("{stamp}-{:08x}", salt.number() >> 32);
    let command = command(door, &target, visit, click_id.clone(), Time(stamp.micros / 1000));
    if let Ok(command) = command
        && is_recorded(door, &command).await
    {
        return Ok(with_id(&target.ad.target, &click_id));
    }
    door.count(UNRECORDED);
    Ok(target.ad.target.clone())
}

/// Appends a click; false if it is surely not in the log. One of which nobody knows has its id: it may be counted.
async fn is_recorded(door: &Door, command: &Command) -> bool {
    let asked = Asked { wait: Some(Duration::ZERO), ..Asked::default() };
    let append = tokio::time::timeout(PATIENCE, door.submit::<Taking>(&asked, command)).await;
    match append {
        Ok(Ok(_) | Err(Undone::Accepted(_))) | Err(_) => true,
        Ok(Err(Undone::Problem(problem))) => problem.code == "outcome_unknown",
    }
}

fn command(door: &Door, target: &Target, visit: Visit, click_id: String, now: Time) -> Result<Command, Problem> {
    let user_agent = cut(visit.user_agent);
    let address = visit.address.map(visitor::plain);
    let nowhere = || visitor::hash(door, "nowhere", &[click_id.as_bytes()]);
    let addresses = Addresses::at(door, now)?;
    let prefix = address.map_or_else(nowhere, |address| addresses.of_prefix(address));
    let cookie = visit.cookie.as_deref().filter(|cookie| ids::is_subject(cookie));
    let (visitor, identity) = visitor::visitor(door, None, cookie, prefix, &user_agent, now);
    let sealed = address.and_then(|address| addresses.seal(address, visitor, &click_id));
    let shown = visit.token.as_deref().map(|text| token::open(door, &visit.ad, text, now));
    let is_theirs = |named: Hashed| {
        // A derived visitor is another one the next day.
        let before = || -> Option<Hashed> {
            let then = Time(now.0.saturating_sub(token::DAY));
            let prefix = Addresses::at(door, then).ok()?.of_prefix(address?);
            Some(visitor::visitor(door, None, None, prefix, &user_agent, then).0)
        };
        named == visitor || (identity == Identity::Derived && before() == Some(named))
    };
    let impression = shown.flatten().filter(|shown| is_theirs(shown.visitor)).map(|shown| shown.impression);
    let in_datacenter = address.is_some_and(|address| target.datacenters.have(address));
    let click = Click {
        ad: visit.ad,
        shards: target.ad.shards,
        time: None,
        prefix,
        address: address.map_or(prefix, |address| addresses.of_address(address)),
        visitor,
        identity,
        country: Country::default(),
        device: visitor::device(&user_agent),
        marks: Marks { own_id: true, bad_token: shown.is_some() && impression.is_none(), ..Marks::default() },
        impression,
        datacenter_of: if in_datacenter { vec![target.ad.ruleset] } else { Vec::new() },
        click_id,
        user_agent,
    };
    Ok(match sealed {
        Some(_) => Command::Sealed(SealedBatch { clicks: vec![click], sealed: vec![sealed] }),
        None => Command::Click(Box::new(click)),
    })
}

/// The target with the click's id as its last parameter.
#[must_use]
pub fn with_id(target: &str, click_id: &str) -> String {
    let (address, fragment) = target.split_once('#').map_or((target, None), |(address, part)| (address, Some(part)));
    let joint = match address.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some((_, parameters)) if parameters.ends_with('&') => "",
        Some(_) => "&",
    };
    let fragment = fragment.map(|fragment| format!("#{fragment}")).unwrap_or_default();
    format!("{address}{joint}click_id={click_id}{fragment}")
}
