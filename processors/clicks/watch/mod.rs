//! What people watch: the present hour as it grows, clicks that do not count and why, and alerts.

pub mod bodies;
pub mod routes;

use crate::clicks::ads::Ads;
use crate::runtime::streams::Shown;
use bodies::LiveBody;
use millrace_topics::clicks::{AdsAnswer, Rejection};

/// The present hour of an ad or a campaign.
pub struct Live;

impl Shown for Live {
    type Machine = Ads;
    type Whole = LiveBody;
    type Change = LiveBody;
    const EVENT: &'static str = "change";

    fn whole(answer: Result<AdsAnswer, Rejection>) -> Result<LiveBody, Rejection> {
        match answer? {
            AdsAnswer::Live(live) => Ok(LiveBody::new(&live)),
            _ => unreachable!("the present hour was asked for"),
        }
    }

    fn change(before: LiveBody, after: LiveBody) -> Option<LiveBody> {
        (before != after).then_some(after)
    }
}
