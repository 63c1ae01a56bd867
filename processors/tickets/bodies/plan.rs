//! Plans as JSON, as they are to be and as they are.

use super::pretix::{self, PretixPlan};
use super::rules::ResaleBody;
use crate::tickets::rules::Rules;
use millrace_topics::money::{Currency, Money};
use millrace_topics::tickets::{Category, EventPlan, Point, Published, Quota, Row, Rule, Section, Tier, UNLIMITED};
use millrace_topics::time::Time;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// How long a hold lasts, and an order waits for its payment, unless an event says otherwise.
const SECONDS: u32 = 900;

/// How often a hold may be extended unless an event says otherwise.
const EXTENSIONS: u8 = 1;

/// The most places of a hold unless an event says otherwise.
const MOST: u32 = 10;

/// An event as it is to be.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = tickets::NewEvent)]
pub(in crate::tickets) struct NewEvent {
    /// Its id: `[a-z0-9][a-z0-9._-]{0,63}`.
    id: String,
    /// What people call it: at most 256 bytes.
    title: Option<String>,
    /// Nothing can be held before.
    #[schema(value_type = Option<String>, format = DateTime)]
    opens_at: Option<Time>,
    /// Nothing can be held from then on.
    #[schema(value_type = Option<String>, format = DateTime)]
    closes_at: Option<Time>,
    /// How long a hold lasts, in seconds: 900 unless said.
    hold_seconds: Option<u32>,
    /// How long an order waits for its payment, in seconds: 900 unless said.
    order_seconds: Option<u32>,
    /// How often a hold may be extended: once unless said.
    extensions: Option<u8>,
    /// The fewest places of an order: 1 unless said.
    min_per_order: Option<u32>,
    /// The most places of a hold, and so of an order: 10 unless said, 60 at most.
    max_per_order: Option<u32>,
    /// The most places of one buyer, with those of open holds.
    max_per_buyer: Option<u32>,
    /// Where everybody looks. Unless said, rows are as near as their number says, and the middle of each is its best.
    focal: Option<Point>,
    /// What can be bought; all in one currency.
    categories: Vec<CategoryBody>,
    /// Where the seats are.
    sections: Option<Vec<SectionBody>>,
    /// Whether tickets may be sold on: not unless said.
    resale: Option<ResaleBody>,
    /// The most places of one household, with those of open holds: holds say for which they are.
    max_per_household: Option<u32>,
    /// True if only verified buyers hold anything.
    verified_buyers: Option<bool>,
    /// True if only buyers with a proof hold anything.
    proof_required: Option<bool>,
    /// Where it stops, in order, if seats are sold leg by leg: 2 to 64 names. Prices are then for a leg.
    stops: Option<Vec<String>>,
    /// How many places on both sides of a party stay empty in its row: none unless said, 10 at most.
    distance: Option<u8>,
    /// What places draw on, whatever else there is of them: at most 100 quotas of at most 100 kinds of places.
    quotas: Option<Vec<Quota>>,
    /// True if what becomes of its places is listed: that costs a row for each change.
    keep_changes: Option<bool>,
}

/// A category: seats of one price, or a number of places without seats.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = tickets::Category)]
pub(in crate::tickets) struct CategoryBody {
    /// Its id.
    id: String,
    /// What a place costs where no tier counts.
    price: Money,
    /// What is added to each place, in minor units: 0 unless said.
    fee: Option<u64>,
    /// Other prices for the first or the early; the first that counts holds.
    tiers: Option<Vec<TierBody>>,
    /// How many places without seats there are. Left out: its places are seats of the plan.
    capacity: Option<u32>,
    /// True if it has as many places without seats as anybody wants: only quotas limit them.
    unlimited: Option<bool>,
}

/// A price that counts for a while.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = tickets::Tier)]
pub(in crate::tickets) struct TierBody {
    /// What a place costs, in minor units.
    price: u64,
    /// It counts until then.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Time>,
    /// It counts for the first so many places that are held or sold.
    first: Option<u32>,
}

/// A section of the hall.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = tickets::Section)]
pub(in crate::tickets) struct SectionBody {
    /// Its id, the first part of the name of a seat.
    id: String,
    /// The category of its rows, unless they say another.
    category: String,
    /// Where it begins: at 0, 0 unless said.
    at: Option<Point>,
    /// Its rows: one after the other are neighbours.
    rows: Vec<RowBody>,
}

/// A row of seats.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = tickets::Row)]
pub(in crate::tickets) struct RowBody {
    /// Its id, the second part of the name of a seat.
    id: String,
    /// How many seats it has, from left to right; as many as `labels` unless said.
    seats: Option<u32>,
    /// The number of the first; the others count on. 1 unless said.
    first: Option<u32>,
    /// The names of all seats, where they are no such numbers.
    labels: Option<Vec<String>>,
    /// Its category, if it is not that of the section.
    category: Option<String>,
    /// How far to the right it begins within the section: 0 unless said.
    x: Option<i32>,
    /// How far from the beginning of the section it is: the first is 1, the second 2 unless said.
    y: Option<i32>,
    /// There is an aisle behind each of these seats.
    aisles: Option<Vec<String>>,
    /// Seats for wheelchairs.
    accessible: Option<Vec<String>>,
    /// Seats for who comes with somebody in a wheelchair.
    companion: Option<Vec<String>>,
    /// Seats from which not all can be seen.
    restricted_view: Option<Vec<String>>,
    /// Seats that cannot be bought.
    blocked: Option<Vec<String>>,
}

/// An event whose hall was drawn with another program.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = tickets::ImportedEvent)]
pub(in crate::tickets) struct ImportedEvent {
    /// Its id: `[a-z0-9][a-z0-9._-]{0,63}`.
    id: String,
    /// What a place of each category of the plan costs, by the category's name there.
    prices: BTreeMap<String, Money>,
    /// The seating plan, as pretix writes it.
    #[schema(value_type = Object)]
    pretix: PretixPlan,
    /// The most places of one buyer, with those of open holds.
    max_per_buyer: Option<u32>,
}

impl ImportedEvent {
    /// The event as it is to be.
    ///
    /// # Errors
    /// What of the plan cannot be.
    pub(in crate::tickets) fn plan(self) -> Result<EventPlan, String> {
        let ids = pretix::ids(self.prices.keys());
        let sections = self.pretix.sections(|name| ids.get(name).cloned())?;
        let is_used = |id: &String| {
            sections.iter().flat_map(|section| &section.rows).any(|row| row.category.as_ref() == Some(id))
        };
        let priced = self.prices.into_iter().map(|(name, price)| (ids[&name].clone(), price));
        let category =
            |(id, price)| CategoryBody { id, price, fee: None, tiers: None, capacity: None, unlimited: None };
        let new = NewEvent {
            id: self.id,
            title: Some(self.pretix.name),
            max_per_buyer: self.max_per_buyer,
            categories: priced.filter(|(id, _)| is_used(id)).map(category).collect(),
            ..NewEvent::default()
        };
        let plan = new.plan()?;
        Ok(EventPlan { sections, ..plan })
    }
}

impl NewEvent {
    /// Its id.
    pub(in crate::tickets) fn id(&self) -> &str {
        &self.id
    }

    /// What else holds.
    pub(in crate::tickets) fn rules(&self) -> Vec<Rule> {
        let all = [
            self.resale.map(|resale| Rule::Resale { cap_percent: resale.cap_percent }),
            self.max_per_household.map(|limit| Rule::Household { limit }),
            self.verified_buyers.filter(|is_so| *is_so).map(|_| Rule::Verified),
            self.proof_required.filter(|is_so| *is_so).map(|_| Rule::Proof),
            self.stops.clone().map(|stops| Rule::Legs { stops }),
            self.distance.map(|places| Rule::Distance { places }),
            self.quotas.clone().filter(|quotas| !quotas.is_empty()).map(|quotas| Rule::Quotas { quotas }),
            self.keep_changes.filter(|is_so| *is_so).map(|_| Rule::Changes),
        ];
        all.into_iter().flatten().collect()
    }

    /// The plan.
    ///
    /// # Errors
    /// What of its categories cannot be.
    pub(in crate::tickets) fn plan(self) -> Result<EventPlan, String> {
        let currency = self.categories.first().map(|category| category.price.currency).unwrap_or_default();
        if self.categories.iter().any(|category| category.price.currency != currency) {
            return Err("an event has one currency".to_owned());
        }
        let is_double = |category: &CategoryBody| category.unlimited == Some(true) && category.capacity.is_some();
        if self.categories.iter().any(|category| is_double(category) || category.capacity == Some(UNLIMITED)) {
            return Err("a category is `unlimited`, or it has a `capacity`".to_owned());
        }
        Ok(EventPlan {
            event: self.id,
            title: self.title.unwrap_or_default(),
            currency,
            opens_at: self.opens_at,
            closes_at: self.closes_at,
            hold_seconds: self.hold_seconds.unwrap_or(SECONDS),
            order_seconds: self.order_seconds.unwrap_or(SECONDS),
            extensions: self.extensions.unwrap_or(EXTENSIONS),
            min_per_order: self.min_per_order.unwrap_or(1),
            max_per_order: self.max_per_order.unwrap_or(MOST),
            max_per_buyer: self.max_per_buyer,
            focal: self.focal,
            categories: self.categories.into_iter().map(CategoryBody::category).collect(),
            sections: self.sections.unwrap_or_default().into_iter().map(SectionBody::section).collect(),
        })
    }
}

impl CategoryBody {
    fn category(self) -> Category {
        let tier = |TierBody { price, until, first }: TierBody| Tier { price, until, first };
        Category {
            id: self.id,
            price: self.price.amount,
            fee: self.fee.unwrap_or_default(),
            tiers: self.tiers.unwrap_or_default().into_iter().map(tier).collect(),
            capacity: self.unlimited.filter(|is_so| *is_so).map(|_| UNLIMITED).or(self.capacity),
        }
    }

    fn of(category: Category, currency: Currency) -> Self {
        let tier = |Tier { price, until, first }: Tier| TierBody { price, until, first };
        Self {
            id: category.id,
            price: Money { amount: category.price, currency },
            fee: Some(category.fee),
            tiers: Some(category.tiers.into_iter().map(tier).collect()),
            capacity: category.capacity.filter(|capacity| *capacity != UNLIMITED),
            unlimited: (category.capacity == Some(UNLIMITED)).then_some(true),
        }
    }
}

impl SectionBody {
    fn section(self) -> Section {
        let Self { id, category, at, rows } = self;
        Section { id, category, at: at.unwrap_or_default(), rows: rows.into_iter().map(RowBody::row).collect() }
    }

    fn of(section: Section) -> Self {
        let Section { id, category, at, rows } = section;
        Self { id, category, at: Some(at), rows: rows.into_iter().map(RowBody::of).collect() }
    }
}

impl RowBody {
    fn row(self) -> Row {
        let labels = self.labels.unwrap_or_default();
        Row {
            id: self.id,
            seats: self.seats.unwrap_or(u32::try_from(labels.len()).unwrap_or(u32::MAX)),
            first: self.first.unwrap_or(1),
            labels,
            category: self.category,
            x: self.x.unwrap_or_default(),
            y: self.y,
            aisles: self.aisles.unwrap_or_default(),
            accessible: self.accessible.unwrap_or_default(),
            companion: self.companion.unwrap_or_default(),
            restricted_view: self.restricted_view.unwrap_or_default(),
            blocked: self.blocked.unwrap_or_default(),
        }
    }

    fn of(row: Row) -> Self {
        let some = |names: Vec<String>| (!names.is_empty()).then_some(names);
        Self {
            id: row.id,
            seats: Some(row.seats),
            first: Some(row.first),
            labels: some(row.labels),
            category: row.category,
            x: Some(row.x),
            y: row.y,
            aisles: some(row.aisles),
            accessible: some(row.accessible),
            companion: some(row.companion),
            restricted_view: some(row.restricted_view),
            blocked: some(row.blocked),
        }
    }
}

/// An event that is on sale.
#[derive(Serialize, ToSchema)]
#[schema(as = tickets::Event)]
pub(in crate::tickets) struct EventBody {
    id: String,
    title: String,
    /// How many places it has, but for those of which there are as many as anybody wants.
    capacity: u32,
    #[schema(value_type = String)]
    currency: Currency,
    #[schema(value_type = Option<String>, format = DateTime)]
    opens_at: Option<Time>,
    #[schema(value_type = Option<String>, format = DateTime)]
    closes_at: Option<Time>,
    hold_seconds: u32,
    order_seconds: u32,
    extensions: u8,
    min_per_order: u32,
    max_per_order: u32,
    max_per_buyer: Option<u32>,
    focal: Option<Point>,
    categories: Vec<CategoryBody>,
    sections: Vec<SectionBody>,
    resale: Option<ResaleBody>,
    max_per_household: Option<u32>,
    verified_buyers: bool,
    proof_required: bool,
    stops: Option<Vec<String>>,
    distance: u8,
    quotas: Vec<Quota>,
    keep_changes: bool,
    #[schema(value_type = String, format = DateTime)]
    published_at: Time,
}

impl EventBody {
    pub(in crate::tickets) fn of(published: Published, rules: &[Rule]) -> Self {
        let rules = Rules::of(rules).expect("rules that cannot be were refused");
        let Published { plan, capacity, published_at } = published;
        let currency = plan.currency;
        Self {
            id: plan.event,
            title: plan.title,
            capacity,
            currency,
            opens_at: plan.opens_at,
            closes_at: plan.closes_at,
            hold_seconds: plan.hold_seconds,
            order_seconds: plan.order_seconds,
            extensions: plan.extensions,
            min_per_order: plan.min_per_order,
            max_per_order: plan.max_per_order,
            max_per_buyer: plan.max_per_buyer,
            focal: plan.focal,
            categories: plan.categories.into_iter().map(|category| CategoryBody::of(category, currency)).collect(),
            sections: plan.sections.into_iter().map(SectionBody::of).collect(),
            resale: rules.resale.map(|cap_percent| ResaleBody { cap_percent }),
            max_per_household: rules.household,
            verified_buyers: rules.verified,
            proof_required: rules.proof,
            distance: rules.distance,
            quotas: rules.quotas,
            keep_changes: rules.changes,
            stops: Some(rules.stops).filter(|stops| !stops.is_empty()),
            published_at,
        }
    }
}
