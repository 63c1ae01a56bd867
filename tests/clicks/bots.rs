//! The rule for crawlers, over real User-Agents: those of browsers by how often they are met, and those of crawlers; the
//! package `isbot` is a second judge.

use super::{at, batch, put};
use crate::support::{Server, eventually, fetch, text};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::process::Command;

/// The least share of crawlers that are found, and the most of browsers that are taken for one.
const RECALL: f64 = 0.98;
const REFUSED: f64 = 0.001;

/// The least share on which both judges agree.
const AGREEMENT: f64 = 0.99;

#[derive(Deserialize)]
struct Agents {
    browsers: Vec<Agent>,
    crawlers: Vec<Agent>,
}

#[derive(Deserialize)]
struct Agent {
    text: String,
    /// How often it is met.
    weight: f64,
    isbot: bool,
}

fn agents() -> Agents {
    let packages = [("user-agents", "2.1.198"), ("crawler-user-agents", "1.60.0"), ("isbot", "5.2.3")];
    let root = std::env::var("CARGO_MANIFEST_DIR").unwrap();
    let mut node = Command::new("node");
    node.arg(format!("{root}/tests/clicks/agents.mjs"));
    node.args(packages.map(|(name, version)| fetch("npm", name, version)));
    let said = node.output().expect("node is there");
    assert!(said.status.success(), "{}", text(&said.stderr));
    serde_json::from_slice(&said.stdout).unwrap()
}

#[test]
fn crawlers_are_found_and_browsers_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    // No other rule may speak first.
    let plain = json!({"name":"crawlers alone","address_per_minute":0,"address_per_hour":0,"prefix_per_minute":0,
        "prefix_per_hour":0,"visitor_per_minute":0,"visitor_per_hour":0,"cadence":0,"dedupe_seconds":0,"double_click_ms":0});
    assert_eq!(server.post("/v1/clicks/rulesets", &plain).status, 201);
    let campaign = json!({"currency":"EUR","price_micros":1,"ruleset":2});
    assert_eq!(put(&server, "/v1/clicks/campaigns/agents", &campaign).status, 201);
    let agents = agents();
    let browsers = refused(&server, "browsers", &agents.browsers);
    let crawlers = refused(&server, "crawlers", &agents.crawlers);

    let weight = |agents: &[Agent], of: &BTreeSet<usize>| -> f64 {
        let (mut some, mut all) = (0.0, 0.0);
        for (index, agent) in agents.iter().enumerate() {
            all += agent.weight;
            some += if of.contains(&index) { agent.weight } else { 0.0 };
        }
        some / all
    };
    let (recall, wrong) = (weight(&agents.crawlers, &crawlers), weight(&agents.browsers, &browsers));
    let precision = share(crawlers.len(), crawlers.len() + browsers.len());
    let alike = |agents: &[Agent], of: &BTreeSet<usize>| {
        agents.iter().enumerate().filter(|(index, agent)| agent.isbot == of.contains(index)).count()
    };
    let agreed = alike(&agents.browsers, &browsers) + alike(&agents.crawlers, &crawlers);
    let agreement = share(agreed, agents.browsers.len() + agents.crawlers.len());
    println!(
        "{} of {} crawlers found (recall {recall:.4}), {} of {} browsers refused ({:.3} % of those met), precision \
         {precision:.4}; isbot agrees on {:.2} %",
        crawlers.len(),
        agents.crawlers.len(),
        browsers.len(),
        agents.browsers.len(),
        wrong * 100.0,
        agreement * 100.0
    );
    assert!(recall >= RECALL && wrong <= REFUSED && agreement >= AGREEMENT);
}

fn share(some: usize, all: usize) -> f64 {
    f64::from(u32::try_from(some).unwrap()) / f64::from(u32::try_from(all).unwrap())
}

/// Clicks once with each of them, and answers which were taken for crawlers.
fn refused(server: &Server, ad: &str, agents: &[Agent]) -> BTreeSet<usize> {
    let body = json!({"campaign":"agents","placement":"home","target":"https://shop.example/"});
    assert_eq!(put(server, &format!("/v1/clicks/ads/{ad}"), &body).status, 201);
    let click = |(index, agent): (usize, &Agent)| {
        json!({"click_id":format!("{ad}-{index}"),"ad":ad,"visitor":format!("v{index}"),"ip":"203.0.113.8",
            "user_agent":agent.text,"time":at(5)})
    };
    let clicks: Vec<Value> = agents.iter().enumerate().map(click).collect();
    let statuses = batch(server, &clicks);
    assert!(statuses.iter().all(|(_, status)| status == "accepted"), "{statuses:?}");
    let list = |more: &str| server.pages(&format!("/v1/clicks?ad={ad}&hour={}&limit=1000{more}", at(5)), "clicks");
    eventually("every click is judged", || (list("").len() == agents.len()).then_some(()));
    let index = |click: &Value| click["click_id"].as_str().unwrap().rsplit('-').next().unwrap().parse().unwrap();
    list("&reason=bot").iter().map(index).collect()
}
