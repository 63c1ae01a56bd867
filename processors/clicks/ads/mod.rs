//! The machine `clicks.ads`: it judges clicks under their ad, prices them, and counts them.
//!
//! An ad's rows name it by a number, the hash of its routing key, which is the same over any number of partitions.
//! [`judge`] is the one place that decides whether a click counts; [`rollup`] the one place that counts, in every grain
//! at once; [`void`] makes clicks invalid afterwards.

pub mod alerts;
pub mod bill;
pub mod convert;
pub mod forget;
pub mod hours;
pub mod judge;
pub mod queries;
pub mod report;
pub mod rollup;
pub mod spend;
pub mod suppose;
pub mod tables;
pub mod transition;
pub mod void;

use crate::clicks::ads::tables::{ADS, AdRow, POLICIES, PolicyRow};
use crate::runtime::cx::Cx;
use crate::runtime::derived::Derived;
use crate::runtime::system::{Engine, Machine, Partitions};
use crate::runtime::view::View;
use millrace_state::store::Store;
use millrace_state::table::TableDef;
use millrace_topics::clicks::{AdsAnswer, AdsCommand, AdsOutcome, AdsQuery, AdsTimer, ClicksAds, Rejection, ad_number};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The machine `clicks.ads`.
pub struct Ads;

/// The ads of a partition in memory, by number: no row of them is read for a click.
#[derive(Default)]
pub struct Known {
    /// By number.
    pub ads: BTreeMap<u64, Arc<AdRow>>,
    /// The latest hour in which a click of the ad counted; an ad that is not here may have one in any hour.
    pub latest: BTreeMap<u64, u32>,
    /// Other rules: only in a sandbox.
    pub supposed: Option<Arc<suppose::Supposed>>,
    /// The rule sets that the ads' campaigns name: only in a sandbox, where the ads say another one.
    pub rulesets: BTreeMap<u64, u32>,
    /// Clicks of which nobody knows whether they came from a data center: only in a sandbox.
    pub unopened: u64,
    /// What the campaigns of ads say beside their terms, where that is not what is usual.
    pub policies: BTreeMap<u64, PolicyRow>,
    /// The campaigns of the ads, by their number.
    pub campaigns: BTreeMap<u64, String>,
    /// Up to where rows have gone.
    pub fronts: forget::Fronts,
    /// What clicks add up to, as far as no row says it.
    pub gathered: rollup::Gathered,
}

impl Known {
    /// Remembers an ad as it is now.
    pub fn learn(&mut self, number: u64, ad: Arc<AdRow>) {
        self.campaigns.entry(ad_number(&ad.campaign)).or_insert_with(|| ad.campaign.clone());
        self.ads.insert(number, ad);
    }
}

impl Engine for Known {
    fn rebuild(store: &Store) -> Self {
        let rows = store.range(&ADS.all());
        let mut known = Self::default();
        rows.for_each(|(key, value)| known.learn(ADS.key_of(&key), Arc::new(ADS.value_of(&value))));
        let rows = store.range(&POLICIES.all());
        known.policies = rows.map(|(key, value)| (POLICIES.key_of(&key), POLICIES.value_of(&value))).collect();
        known
    }

    fn derive(&mut self, rows: &mut Derived<'_>) {
        self.gathered.write(&self.ads, rows);
    }
}

impl Machine for Ads {
    type Contract = ClicksAds;
    type Engine = Known;

    fn tables() -> Vec<TableDef> {
        tables::all()
    }

    fn apply(cx: &mut Cx<'_, Self>, command: AdsCommand) -> Result<AdsOutcome, Rejection> {
        transition::apply(cx, command)
    }

    fn suppose(cx: &mut Cx<'_, Self>, what: &[u8]) {
        suppose::begin(cx, what);
    }

    fn on_timer(cx: &mut Cx<'_, Self>, timer: AdsTimer) {
        transition::on_timer(cx, timer);
    }

    fn partitions(query: &AdsQuery) -> Partitions {
        queries::partitions(query)
    }

    fn answer(view: &View<'_, Self>, query: AdsQuery) -> Result<AdsAnswer, Rejection> {
        queries::answer(view, query)
    }

    fn merge(query: &AdsQuery, answers: Vec<AdsAnswer>) -> AdsAnswer {
        queries::merge(query, answers)
    }
}
