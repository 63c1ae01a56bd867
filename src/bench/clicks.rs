//! How fast clicks become a bill: redirects' records in a filled log, through all three machines, verified afterwards.

use crate::bench::drive::{Filler, Random, phase, verify_all};
use crate::bench::figures::Thousands;
use crate::cli::ClicksLoad;
use crate::settings::Settings;
use millrace_topics::clicks::{
    AdsCommand, Batch, CampaignsCommand, Click, Clicks, ClicksAds, ClicksCampaigns, Command, Country, Device, Hashed,
    Identity, Marks,
};
use millrace_topics::partition::partition_of;
use std::collections::BTreeMap;

/// How many campaigns the ads belong to.
const CAMPAIGNS: u64 = 200;

/// How many visitors share a /24.
const NETWORK: u64 = 50;

const BROWSER: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";

/// Runs it: first every visitor clicks once, then visitors at random.
///
/// # Errors
/// A sentence for the operator.
pub fn run(load: &ClicksLoad, settings: &Settings) -> Result<(), String> {
    println!(
        "clicks: {} visitors, {} ads of {CAMPAIGNS} campaigns, {} a record",
        Thousands(load.visitors.into()),
        load.ads,
        load.together
    );
    let mut makers = Makers { load: load.clone(), chance: Random(load.seed), made: 0, waiting: BTreeMap::new() };
    phase("campaigns and ads", "commands", settings, |out| makers.define(out))?;
    phase("every visitor for the first time", "clicks", settings, |out| makers.first(settings.partitions, out))?;
    phase("visitors at random", "clicks", settings, |out| makers.more(settings.partitions, out))?;
    verify_all(settings)
}

struct Makers {
    load: ClicksLoad,
    chance: Random,
    made: u64,
    /// Partition → clicks that wait for their record.
    waiting: BTreeMap<u32, Vec<Click>>,
}

impl Makers {
    fn define(&self, out: &mut Filler) {
        let terms = serde_json::json!({"version":1,"price_micros":250_000,"ruleset":1});
        for campaign in 0..CAMPAIGNS.min(self.load.ads) {
            let define = serde_json::json!({
                "type":"define","id":format!("campaign-{campaign}"),"currency":"EUR","price_micros":250_000,
            });
            let define: CampaignsCommand = serde_json::from_value(define).expect("it is one");
            out.add::<ClicksCampaigns>(&define, 1);
        }
        for ad in 0..self.load.ads {
            let (id, campaign) = (ad_id(ad), format!("campaign-{}", ad % CAMPAIGNS));
            let register = serde_json::json!({"type":"register","campaign":campaign,"ad":id,"shards":1});
            out.add::<ClicksCampaigns>(&serde_json::from_value(register).expect("it is one"), 1);
            let define = serde_json::json!({
                "type":"define","key":id,"ad":id,"campaign":campaign,"placement":"home",
                "target":"https://shop.example/","terms":terms,
            });
            let define: AdsCommand = serde_json::from_value(define).expect("it is one");
            out.add::<ClicksAds>(&define, 1);
        }
    }

    fn first(&mut self, partitions: u32, out: &mut Filler) {
        (0..self.load.visitors).for_each(|visitor| self.click(visitor, partitions, out));
        self.rest(out);
    }

    fn more(&mut self, partitions: u32, out: &mut Filler) {
        for _ in 0..self.load.clicks {
            let visitor = self.chance.next() % self.load.visitors;
            self.click(visitor, partitions, out);
        }
        self.rest(out);
    }

    /// A click as a redirect records it.
    fn click(&mut self, visitor: u64, partitions: u32, out: &mut Filler) {
        self.made += 1;
        let hashed = |kind: u64, number: u64| Hashed(Random(number << 8 | kind).next().to_be_bytes());
        let click = Click {
            click_id: format!("{}-{:08x}", 1_700_000_000_000_000 + self.made, self.chance.next() >> 32),
            ad: ad_id(self.chance.next() % self.load.ads),
            shards: 1,
            time: None,
            prefix: hashed(0, visitor / NETWORK),
            address: hashed(1, visitor),
            visitor: hashed(2, visitor),
            identity: Identity::Cookie,
            user_agent: BROWSER.to_owned(),
            country: Country::default(),
            device: Device::Desktop,
            marks: Marks { own_id: true, ..Marks::default() },
            impression: None,
            datacenter_of: Vec::new(),
        };
        if self.load.together == 1 {
            out.add::<Clicks>(&Command::Click(Box::new(click)), 1);
            return;
        }
        let waiting = self.waiting.entry(partition_of(&click.prefix.0, partitions)).or_default();
        waiting.push(click);
        if waiting.len() as u64 == self.load.together {
            let clicks = std::mem::take(waiting);
            add(clicks, out);
        }
    }

    fn rest(&mut self, out: &mut Filler) {
        std::mem::take(&mut self.waiting)
            .into_values()
            .filter(|clicks| !clicks.is_empty())
            .for_each(|clicks| add(clicks, out));
    }
}

fn add(clicks: Vec<Click>, out: &mut Filler) {
    let count = clicks.len() as u64;
    out.add::<Clicks>(&Command::Clicks(Batch { clicks }), count);
}

fn ad_id(number: u64) -> String {
    format!("ad-{number}")
}
