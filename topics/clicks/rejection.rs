//! Why a command or a query about clicks is refused.

use crate::codec::{Decode, Encode};
use crate::contract::{Refusal, RefusalKind};

/// Why a command or a query is refused. Variants are only appended: kept outcomes hold them.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, thiserror::Error)]
pub enum Rejection {
    /// The id of something new.
    #[error("an id must match [a-z0-9][a-z0-9._-]{{0,63}}")]
    BadId,
    /// The id is a word of the paths.
    #[error("`{0}` is a reserved word: choose another id")]
    ReservedId(String),
    /// The id of a click.
    #[error("the id of a click has 1 to 128 bytes and is no word of the paths")]
    BadClickId,
    /// Something else about what is defined.
    #[error("{0}")]
    BadDefinition(String),
    /// Only for servers and operators.
    #[error("this needs the role `server` or `operator`")]
    RoleRequired,
    /// No such ad.
    #[error("there is no ad of this id")]
    UnknownAd,
    /// No such campaign.
    #[error("there is no campaign of this id")]
    UnknownCampaign,
    /// No such click.
    #[error("there is no click of this id, or it is not kept any more")]
    UnknownClick,
    /// No such rule set.
    #[error("there is no rule set {0}")]
    UnknownRuleSet(u32),
    /// The id is taken.
    #[error("there is an ad of this id with another campaign, placement or number of shards")]
    AdExists,
    /// A campaign has room for no more ads.
    #[error("a campaign has at most {0} ads, counted with their shards")]
    TooManyAds(u32),
    /// The case was used for something else.
    #[error("the case `{0}` was opened with another filter or reason")]
    CaseExists(String),
    /// The hour cannot be billed yet.
    #[error("an invoice ends with an hour that is over by ten minutes at least")]
    OpenHour,
    /// The hour was billed.
    #[error("an invoice has this hour already, or the one before it is not closed yet")]
    ClosedHour,
    /// No such invoice.
    #[error("there is no invoice of this id")]
    UnknownInvoice,
    /// The clicks of the hour are not kept any more.
    #[error("the clicks of this hour are not kept any more; what they add up to is in the reports")]
    ClicksGone,
    /// An ad's hour has too many rows to be followed.
    #[error("the ad's hour has too many countries, devices and shards to be followed: follow its campaign")]
    TooManyRows,
    /// No such order.
    #[error("there is no order of this id in the campaign")]
    UnknownOrder,
}

impl Refusal for Rejection {
    fn code(&self) -> &'static str {
        match self {
            Self::BadId => "bad_id",
            Self::ReservedId(_) => "reserved_id",
            Self::BadClickId => "bad_click_id",
            Self::BadDefinition(_) => "bad_definition",
            Self::RoleRequired => "role_required",
            Self::UnknownAd => "unknown_ad",
            Self::UnknownCampaign => "unknown_campaign",
            Self::UnknownClick => "unknown_click",
            Self::UnknownRuleSet(_) => "unknown_rule_set",
            Self::AdExists => "ad_exists",
            Self::TooManyAds(_) => "too_many_ads",
            Self::CaseExists(_) => "case_exists",
            Self::OpenHour => "open_hour",
            Self::ClosedHour => "closed_hour",
            Self::UnknownInvoice => "unknown_invoice",
            Self::ClicksGone => "clicks_gone",
            Self::TooManyRows => "too_many_rows",
            Self::UnknownOrder => "unknown_order",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::RoleRequired => RefusalKind::Forbidden,
            Self::UnknownAd
            | Self::UnknownCampaign
            | Self::UnknownClick
            | Self::UnknownInvoice
            | Self::UnknownOrder => RefusalKind::NotFound,
            Self::ClicksGone => RefusalKind::Gone,
            Self::AdExists | Self::CaseExists(_) | Self::ClosedHour => RefusalKind::Conflict,
            Self::BadId
            | Self::ReservedId(_)
            | Self::BadClickId
            | Self::BadDefinition(_)
            | Self::UnknownRuleSet(_)
            | Self::OpenHour
            | Self::TooManyRows
            | Self::TooManyAds(_) => RefusalKind::Unprocessable,
        }
    }
}
