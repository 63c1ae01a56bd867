//! What the paths of conversions take and give as JSON.

use crate::clicks::bodies::{ItemProblem, ItemResult, Status};
use crate::runtime::problem::Problem;
use millrace_topics::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What clicks led to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = clicks::NewConversions)]
pub(in crate::clicks) struct NewConversions {
    /// At least one, at most 1,000; each counts or is refused for itself.
    pub(in crate::clicks) conversions: Vec<NewConversion>,
}

/// What a click led to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = clicks::NewConversion)]
pub(in crate::clicks) struct NewConversion {
    /// The click, as the target was told it: `click_id`.
    pub(in crate::clicks) click_id: String,
    /// Names the order in its campaign: the same again is the same order. 1 to 256 bytes.
    pub(in crate::clicks) order_id: String,
    /// What the order is worth, in millionths of the campaign's currency.
    pub(in crate::clicks) value_micros: u64,
    /// ISO 4217: must be the campaign's, where it is said.
    pub(in crate::clicks) currency: Option<String>,
    /// When it happened: now unless said.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(in crate::clicks) time: Option<Time>,
}

/// What became of conversions.
#[derive(Serialize, ToSchema)]
#[schema(as = clicks::ConversionResults)]
pub(in crate::clicks) struct ConversionResults {
    /// One for each conversion, in their order.
    pub(in crate::clicks) results: Vec<ConversionResult>,
}

/// What became of one conversion.
#[derive(Serialize, ToSchema)]
#[schema(as = clicks::ConversionResult)]
pub(in crate::clicks) struct ConversionResult {
    /// The order.
    pub(in crate::clicks) order_id: String,
    /// What became of it.
    pub(in crate::clicks) status: Status,
    /// The campaign.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::clicks) campaign: Option<String>,
    /// The click that it belongs to by the campaign's rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::clicks) click_id: Option<String>,
    /// The verdict on the click that was named; the conversion of one that does not count counts for nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::clicks) verdict: Option<String>,
    /// Why it was not taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::clicks) problem: Option<ItemProblem>,
}

impl ConversionResult {
    /// One that was not taken.
    pub(in crate::clicks) fn refused(order_id: String, problem: &Problem) -> Self {
        let ItemResult { status, problem, .. } = ItemResult::refused(String::new(), problem);
        Self { order_id, status, campaign: None, click_id: None, verdict: None, problem }
    }
}
