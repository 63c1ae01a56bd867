//! Other rules for a sandbox: whatever the campaigns' terms say, clicks are judged by one rule set. What a campaign says
//! instead of its own rule set it says instead of this one too.

use crate::clicks::ads::Ads;
use crate::clicks::ads::tables::AdRow;
use crate::clicks::targets::Ranges;
use crate::clicks::token::DAY;
use crate::clicks::visitor;
use crate::runtime::vault::DayKeys;
use millrace_topics::clicks::{Evidence, Rules, Sealed, Terms, click_number};
use millrace_topics::codec::{self, Decode, Encode};
use std::net::IpAddr;
use std::sync::Arc;

type Cx<'a> = crate::runtime::cx::Cx<'a, Ads>;

/// By which rules clicks are judged.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Supposition {
    /// The number of the rule set.
    pub ruleset: u32,
    /// What it says.
    pub rules: Rules,
    /// The rule sets that have the same data centers.
    pub alike: Vec<u32>,
    /// What every rule set says: what differs from it a campaign has said.
    pub known: Vec<(u32, Rules)>,
    /// The address ranges of its data centers.
    pub datacenters: Vec<String>,
    /// What opens the addresses of clicks.
    pub keys: Vec<DayKeys>,
}

/// What a sandbox holds beside its rules.
pub struct Supposed {
    /// By which rules clicks are judged.
    pub supposition: Supposition,
    datacenters: Ranges,
}

impl Supposition {
    /// The terms under these rules.
    #[must_use]
    pub fn terms(&self, terms: &Terms) -> Terms {
        let of_set = self.known.iter().find(|(number, _)| *number == terms.ruleset).map(|(_, rules)| *rules);
        let (said, of_set) = (terms.rules, of_set.unwrap_or(terms.rules));
        let own = |said: u32, of_set: u32, supposed: u32| if said == of_set { supposed } else { said };
        let rules = Rules {
            dedupe_seconds: own(said.dedupe_seconds, of_set.dedupe_seconds, self.rules.dedupe_seconds),
            double_click_ms: own(said.double_click_ms, of_set.double_click_ms, self.rules.double_click_ms),
            lateness_seconds: own(said.lateness_seconds, of_set.lateness_seconds, self.rules.lateness_seconds),
            ..self.rules
        };
        Terms { ruleset: self.ruleset, rules, ..*terms }
    }
}

impl Supposed {
    /// The address of a click. Its day is that of its time, but one at midnight may have come a moment before.
    fn open(&self, click: &Evidence, sealed: Sealed) -> Option<IpAddr> {
        let day = click.time.0 / DAY;
        let near = |keys: &&DayKeys| keys.day() == day || keys.day() + 1 == day;
        let keys = self.supposition.keys.iter().filter(near);
        visitor::open(keys, sealed, click.visitor, click_number(&click.click_id), click.address)
    }
}

/// From now on every click is judged by these rules.
pub fn begin(cx: &mut Cx<'_>, what: &[u8]) {
    let supposition: Supposition = codec::decode(what).expect("a route has encoded it");
    for (number, row) in &mut cx.engine.ads {
        cx.engine.rulesets.insert(*number, row.terms.ruleset);
        let terms = supposition.terms(&row.terms);
        *row = Arc::new(AdRow { terms, ..AdRow::clone(row) });
    }
    let datacenters = Ranges::parse(&supposition.datacenters).unwrap_or_default();
    cx.engine.supposed = Some(Arc::new(Supposed { supposition, datacenters }));
}

/// The ad as clicks are judged under it.
#[must_use]
pub fn judged_by(cx: &mut Cx<'_>, number: u64, row: AdRow) -> Arc<AdRow> {
    let Some(supposed) = &cx.engine.supposed else { return Arc::new(row) };
    let terms = supposed.supposition.terms(&row.terms);
    cx.engine.rulesets.insert(number, row.terms.ruleset);
    Arc::new(AdRow { terms, ..row })
}

/// True if a click came from a data center of the rule set that judges it. Counts those of which nobody knows: their
/// addresses were held against another rule set's, and what opened them is destroyed.
pub fn is_in_datacenter(cx: &mut Cx<'_>, ad: &AdRow, click: &Evidence, sealed: Option<Sealed>) -> bool {
    let Some(supposed) = &cx.engine.supposed else {
        return click.datacenter_of.contains(&ad.terms.ruleset);
    };
    let real = cx.engine.rulesets.get(&click.ad).copied().unwrap_or(ad.terms.ruleset);
    if supposed.supposition.alike.contains(&real) {
        return click.datacenter_of.contains(&real);
    }
    // A click without an address stands under the same hash twice.
    if click.address == click.prefix || supposed.supposition.datacenters.is_empty() {
        return false;
    }
    let opened = sealed.and_then(|sealed| supposed.open(click, sealed));
    if let Some(address) = opened {
        return supposed.datacenters.have(address);
    }
    cx.engine.unopened += 1;
    false
}
