//! Why a click does not count: the reasons in the order of their precedence, and sets of them.

use crate::codec::{Decode, Encode};
use serde::ser::SerializeSeq as _;
use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

/// How many reasons a row has room for; later ones are appended.
pub const REASONS: usize = 16;

/// Why a click does not count. The first of several is its primary reason: counts by primary reason add up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize, ToSchema)]
#[schema(as = clicks::Reason)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// A test of a link.
    Test,
    /// Its impression token is bad, missing where one is needed, or was used before.
    BadToken,
    /// Its id was used before, by another visitor of the ad.
    DuplicateId,
    /// Fetched ahead by a browser.
    Prefetch,
    /// Its User-Agent is a crawler's, or there is none.
    Bot,
    /// It came from a data center.
    Datacenter,
    /// Too many clicks of one address, prefix or visitor, or clicks at a fixed pace.
    Velocity,
    /// The second click of a double click.
    DoubleClick,
    /// The visitor's last click on the ad that counts is too near.
    Dedupe,
    /// The campaign has not begun, has ended, or is paused.
    Ended,
    /// The campaign's budget is spent.
    Budget,
    /// Its hour had been closed.
    Late,
    /// Found invalid afterwards, by a case.
    Voided,
}

impl Reason {
    /// Every reason, by precedence.
    pub const ALL: [Self; 13] = [
        Self::Test,
        Self::BadToken,
        Self::DuplicateId,
        Self::Prefetch,
        Self::Bot,
        Self::Datacenter,
        Self::Velocity,
        Self::DoubleClick,
        Self::Dedupe,
        Self::Ended,
        Self::Budget,
        Self::Late,
        Self::Voided,
    ];

    /// The name as it stands in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::BadToken => "bad_token",
            Self::DuplicateId => "duplicate_id",
            Self::Prefetch => "prefetch",
            Self::Bot => "bot",
            Self::Datacenter => "datacenter",
            Self::Velocity => "velocity",
            Self::DoubleClick => "double_click",
            Self::Dedupe => "dedupe",
            Self::Ended => "ended",
            Self::Budget => "budget",
            Self::Late => "late",
            Self::Voided => "voided",
        }
    }
}

/// A set of reasons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Reasons(pub u32);

impl Reasons {
    /// Adds a reason where `holds` is true.
    pub fn add(&mut self, reason: Reason, holds: bool) {
        self.0 |= u32::from(holds) << reason as u32;
    }

    /// True if the set has this reason.
    #[must_use]
    pub fn has(self, reason: Reason) -> bool {
        self.0 >> reason as u32 & 1 == 1
    }

    /// The first by precedence; none for a click that counts.
    #[must_use]
    pub fn primary(self) -> Option<Reason> {
        self.iter().next()
    }

    /// The reasons by precedence.
    pub fn iter(self) -> impl Iterator<Item = Reason> {
        Reason::ALL.into_iter().filter(move |reason| self.has(*reason))
    }
}

impl Serialize for Reasons {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for reason in self.iter() {
            list.serialize_element(&reason)?;
        }
        list.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_the_variants_is_the_precedence_and_names_are_those_of_json() {
        assert!(Reason::ALL.is_sorted());
        for (index, reason) in Reason::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, index);
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.name());
        }
        assert!(Reason::ALL.len() <= REASONS);
    }

    #[test]
    fn the_primary_reason_is_the_first_by_precedence_whatever_came_first() {
        let mut reasons = Reasons::default();
        assert_eq!(reasons.primary(), None);
        reasons.add(Reason::Late, true);
        reasons.add(Reason::Bot, true);
        reasons.add(Reason::Test, false);
        assert_eq!(reasons.primary(), Some(Reason::Bot));
        assert_eq!(serde_json::to_string(&reasons).unwrap(), r#"["bot","late"]"#);
    }
}
