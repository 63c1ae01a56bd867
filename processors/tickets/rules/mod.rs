//! What holds for an event beside its plan: resale, limits for households, verified buyers, proofs. A hold brings what the
//! rules want, and is refused where it does not.

pub mod proof;
pub mod routes;

use crate::runtime::ids;
use crate::tickets::hall::Hall;
use crate::tickets::hall::build::check_unique;
use crate::tickets::hall::legs::Legs;
use crate::tickets::tables::{HOUSEHOLDS, RULES, VERIFIED};
use crate::tickets::transition::{Cx, check_is_server, hall};
use millrace_topics::tickets::{Event, EventPlan, Outcome, Quota, Rejection, Rule, Term, Verifying};
use millrace_topics::time::Time;
use millrace_topics::token::TokenHash;

/// The most that a ticket may be sold on for, in percent of what it cost first.
pub const CAP_LIMIT: u32 = 1000;

/// The most buyers who are verified at once.
pub const BUYERS_LIMIT: usize = 1000;

/// The rules of an event, by kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// For how many percent of its first price a ticket may be sold on, if it may.
    pub resale: Option<u32>,
    /// The most places of a household, if that is limited.
    pub household: Option<u32>,
    /// True if only verified buyers hold anything.
    pub verified: bool,
    /// True if only buyers with a proof hold anything.
    pub proof: bool,
    /// Where it stops, if seats are sold leg by leg.
    pub stops: Vec<String>,
    /// How many places on both sides of a party stay empty.
    pub distance: u8,
    /// What is drawn on.
    pub quotas: Vec<Quota>,
    /// True if what becomes of its places is listed.
    pub changes: bool,
}

impl Rules {
    /// The rules by kind.
    ///
    /// # Errors
    /// What is wrong with them, as a sentence.
    pub fn of(rules: &[Rule]) -> Result<Self, String> {
        let mut all = Self::default();
        for rule in rules {
            let is_second = match rule {
                Rule::Resale { cap_percent } => all.resale.replace(*cap_percent).is_some(),
                Rule::Household { limit } => all.household.replace(*limit).is_some(),
                Rule::Verified => std::mem::replace(&mut all.verified, true),
                Rule::Proof => std::mem::replace(&mut all.proof, true),
                Rule::Changes => std::mem::replace(&mut all.changes, true),
                Rule::Legs { stops } => {
                    check_stops(stops)?;
                    !std::mem::replace(&mut all.stops, stops.clone()).is_empty()
                }
                Rule::Distance { places } => {
                    if !(1..=DISTANCE_LIMIT).contains(places) {
                        return Err(format!("1 to {DISTANCE_LIMIT} places stay empty"));
                    }
                    std::mem::replace(&mut all.distance, *places) != 0
                }
                Rule::Quotas { quotas } => {
                    check_quotas(quotas)?;
                    !std::mem::replace(&mut all.quotas, quotas.clone()).is_empty()
                }
            };
            if is_second {
                return Err("an event has one rule of a kind".to_owned());
            }
        }
        if all.resale.is_some_and(|cap| !(1..=CAP_LIMIT).contains(&cap)) {
            return Err(format!("tickets are sold on for 1 to {CAP_LIMIT} percent of what they cost"));
        }
        if all.household == Some(0) {
            return Err("a household may have one place at least".to_owned());
        }
        if all.distance != 0 && !all.stops.is_empty() {
            return Err("seats that are sold leg by leg have no distance".to_owned());
        }
        if !all.quotas.is_empty() && !all.stops.is_empty() {
            return Err("seats that are sold leg by leg have no quotas".to_owned());
        }
        if all.resale.is_some() && !all.stops.is_empty() {
            return Err("seats that are sold leg by leg are not sold on".to_owned());
        }
        Ok(all)
    }

    /// True if a hold has to bring something.
    #[must_use]
    pub fn want_terms(&self) -> bool {
        self.household.is_some() || self.proof || !self.stops.is_empty()
    }
}

/// The most places that stay empty on both sides of a party.
pub const DISTANCE_LIMIT: u8 = 10;

/// The most stops of an event.
pub const STOPS_LIMIT: usize = 64;

fn check_stops(stops: &[String]) -> Result<(), String> {
    if !(2..=STOPS_LIMIT).contains(&stops.len()) {
        return Err(format!("an event with stops has 2 to {STOPS_LIMIT}"));
    }
    check_unique("stop", stops.iter())
}

/// The most quotas of an event.
pub const QUOTAS_LIMIT: usize = 100;

/// The most kinds of places that draw on a quota.
pub const DRAWINGS_LIMIT: usize = 100;

fn check_quotas(quotas: &[Quota]) -> Result<(), String> {
    if !(1..=QUOTAS_LIMIT).contains(&quotas.len()) {
        return Err(format!("an event with quotas has 1 to {QUOTAS_LIMIT}"));
    }
    check_unique("quota", quotas.iter().map(|quota| &quota.id))?;
    for quota in quotas {
        if !(1..=DRAWINGS_LIMIT).contains(&quota.of.len()) {
            return Err(format!("1 to {DRAWINGS_LIMIT} kinds of places draw on a quota"));
        }
        if quota.of.iter().any(|drawing| drawing.tier.is_some() && drawing.category.is_none()) {
            return Err("a tier is one of a category".to_owned());
        }
        if quota.of.iter().filter_map(|drawing| drawing.channel.as_ref()).any(|channel| !ids::is_id(channel)) {
            return Err("a channel has no such id".to_owned());
        }
    }
    Ok(())
}

/// Refuses quotas of what the plan does not have.
fn check_drawings(plan: &EventPlan, quotas: &[Quota]) -> Result<(), Rejection> {
    for drawing in quotas.iter().flat_map(|quota| &quota.of) {
        let Some(id) = &drawing.category else { continue };
        let category = plan.categories.iter().find(|category| category.id == *id);
        let category = category.ok_or_else(|| Rejection::UnknownCategory(id.clone()))?;
        if drawing.tier.is_some_and(|tier| usize::from(tier) > category.tiers.len()) {
            return Err(Rejection::BadRules(format!("category `{id}` has no such tier")));
        }
    }
    Ok(())
}

/// Refuses rules that do not fit the plan, or another way than that which is sold.
///
/// # Errors
/// The refusal.
pub fn check_fit(plan: &EventPlan, rules: &Rules, before: Option<&Rules>) -> Result<(), Rejection> {
    if !rules.stops.is_empty() && plan.categories.iter().any(|category| category.capacity.is_some()) {
        return Err(Rejection::BadRules("an event with stops has seats alone".to_owned()));
    }
    check_drawings(plan, &rules.quotas)?;
    if before.is_some_and(|before| before.stops != rules.stops) {
        return Err(Rejection::BadRules("the stops of an event stay as they are".to_owned()));
    }
    Ok(())
}

/// What a hold brings, by kind.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// Tickets that are sold on: their order, and their number there.
    pub tickets: Vec<(u32, u32)>,
    /// The household that it is for.
    pub household: Option<TokenHash>,
    /// Until when the buyer's proof is good.
    pub proof: Option<Time>,
    /// From which stop to which it is.
    pub legs: Option<(String, String)>,
}

impl Terms {
    /// What a hold brings; of two of a kind the later.
    #[must_use]
    pub fn of(terms: &[Term]) -> Self {
        let mut all = Self::default();
        for term in terms {
            match term {
                Term::Resale { order, ticket } => all.tickets.push((*order, *ticket)),
                Term::Household { household } => all.household = Some(*household),
                Term::Proof { until } => all.proof = Some(*until),
                Term::Legs { from, to } => all.legs = Some((from.clone(), to.clone())),
            }
        }
        all
    }
}

/// Puts the rules of an event into force, and says so if they are others than before.
pub fn set(cx: &mut Cx<'_>, event: &String, rules: Vec<Rule>) {
    let known = cx.get(RULES, event).unwrap_or_default();
    if known == rules {
        return;
    }
    cx.engine.of(event).set_rules(Rules::of(&rules).expect("rules that cannot be were refused"));
    cx.put(RULES, event, &rules);
    cx.say(&Event::RulesChanged { event: event.clone(), rules });
}

/// Refuses whoever does not bring what the rules of the event want.
///
/// # Errors
/// The refusal.
pub fn check(cx: &Cx<'_>, hall: &Hall, buyer: &str, terms: &Terms) -> Result<(), Rejection> {
    let is_verified = || cx.get(VERIFIED, &(hall.plan.event.clone(), buyer.to_owned())).is_some();
    if hall.rules.verified && !is_verified() {
        return Err(Rejection::NotVerified);
    }
    if hall.rules.proof && terms.proof.is_none_or(|until| cx.now() >= until) {
        return Err(Rejection::ProofRequired);
    }
    if hall.rules.household.is_some() && terms.household.is_none() {
        return Err(Rejection::HouseholdRequired);
    }
    Ok(())
}

/// The legs that a hold is for: all of them unless it says which, and none where the event has none.
///
/// # Errors
/// That the event does not go so.
pub fn legs(hall: &Hall, terms: &Terms) -> Result<Option<Legs>, Rejection> {
    let named = terms.legs.as_ref().map(|(from, to)| (from.as_str(), to.as_str()));
    let unknown = || {
        let (from, to) = named.unwrap_or_default();
        Rejection::UnknownLegs(from.to_owned(), to.to_owned())
    };
    hall.legs(named).ok_or_else(unknown)
}

/// Refuses more than a household may have.
///
/// # Errors
/// The refusal.
pub fn check_household(hall: &Hall, household: Option<TokenHash>, asked: u32) -> Result<(), Rejection> {
    let Some((limit, household)) = hall.rules.household.zip(household) else { return Ok(()) };
    let has = hall.household_has(household);
    if u64::from(has) + u64::from(asked) > u64::from(limit) {
        return Err(Rejection::HouseholdLimit { limit, has });
    }
    Ok(())
}

/// Notes for which household the next hold is, where that is limited.
pub fn note_household(cx: &mut Cx<'_>, event: &str, household: Option<TokenHash>) {
    let hall = cx.engine.of(event);
    let Some(household) = household.filter(|_| hall.rules.household.is_some()) else { return };
    let hold = hall.holds + 1;
    hall.set_household(hold, household);
    cx.put(HOUSEHOLDS, &(event.to_owned(), hold), &household);
}

/// Says who is verified, or is not any more: what they hold already is theirs.
///
/// # Errors
/// The refusal, before anything was written.
pub fn verify(cx: &mut Cx<'_>, verifying: Verifying) -> Result<Outcome, Rejection> {
    let Verifying { event, buyers, verified } = verifying;
    check_is_server(cx.caller())?;
    hall(cx, &event)?;
    if buyers.is_empty() || buyers.len() > BUYERS_LIMIT || buyers.iter().any(|buyer| !ids::is_subject(buyer)) {
        let limit = ids::SUBJECT_LIMIT;
        return Err(Rejection::BadRequest(format!("1 to {BUYERS_LIMIT} buyers of 1 to {limit} bytes are named")));
    }
    // The line: nothing below can be refused.
    let mut changed = 0;
    for buyer in buyers {
        let key = (event.clone(), buyer);
        let is_known = cx.get(VERIFIED, &key).is_some();
        changed += u32::from(is_known != verified);
        match (is_known, verified) {
            (false, true) => cx.put(VERIFIED, &key, &cx.now()),
            (true, false) => cx.delete(VERIFIED, &key),
            _ => {}
        }
    }
    Ok(Outcome::Verified(changed))
}
