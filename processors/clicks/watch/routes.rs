//! The HTTP paths of what people watch.

use crate::clicks::ads::Ads;
use crate::clicks::campaigns::Campaigns;
use crate::clicks::report;
use crate::clicks::watch::Live;
use crate::clicks::watch::bodies::{
    AlertsBody, InvalidBody, InvalidRow, LiveBody, WhichAlerts, WhichInvalid, WhichLive,
};
use crate::runtime::door::{Asked, Door, Read};
use crate::runtime::problem::Problem;
use crate::runtime::routes::{Following, Params, ProblemBody, Reading, answer, follow, limit};
use axum::extract::State;
use axum::response::Response;
use millrace_topics::clicks::{
    AdsAnswer, AdsQuery, AlertPlace, AlertsAsk, CampaignsQuery, Dimension, Grain, GroupKey, Reason, ReportAsk, Version,
};
use millrace_topics::position::Positions;
use millrace_topics::time::Time;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes and their description.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(live)).routes(routes!(invalid)).routes(routes!(alerts))
}

/// Follows the present hour of a campaign or an ad, as server-sent events.
///
/// First `snapshot`, then `change` as clicks are judged: each has the whole. The id of an event is the position at which
/// it holds; who comes back with it as `Last-Event-ID` gets what it has missed, or `reset` and a `snapshot` where that is
/// not kept any more.
#[utoipa::path(get, path = "/v1/clicks/live", tag = "clicks",
    params(WhichLive, ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that was seen")),
    responses(
    (status = 200, description = "Events", body = LiveBody, content_type = "text/event-stream"),
    ProblemBody,
))]
async fn live(
    State(door): State<Door>,
    Following(asked): Following,
    Params(which): Params<WhichLive>,
) -> Result<Response, Problem> {
    // What is not there is said now; behind it there is nothing to refuse.
    let now = Asked { last_seen: None, ..asked.clone() };
    match (&which.campaign, &which.ad) {
        (Some(id), None) => drop(door.ask::<Campaigns>(&now, &CampaignsQuery::Campaign { id: id.clone() }).await?),
        (None, Some(id)) => drop(door.ask::<Ads>(&now, &AdsQuery::Ad { id: id.clone() }).await?),
        _ => return Err(Problem::bad_request("bad_parameter", "`campaign` or `ad` says what is followed")),
    }
    let query = AdsQuery::Live { campaign: which.campaign, ad: which.ad };
    Ok(follow(door.subscribe::<Live>(&asked, &query).await?))
}

/// Adds up clicks that do not count, by why they do not.
#[utoipa::path(get, path = "/v1/clicks/invalid", tag = "clicks", params(WhichInvalid), responses(
    (status = 200, description = "The sums, or a page of them", body = InvalidBody),
    ProblemBody,
))]
async fn invalid(
    State(door): State<Door>,
    Reading(mut asked): Reading,
    Params(which): Params<WhichInvalid>,
) -> Result<Response, Problem> {
    let limit = limit(which.limit, 1000)? as usize;
    let (by_reason, by) = groups(which.group_by.as_deref().unwrap_or("reason"))?;
    let ask = ReportAsk {
        key: String::new(),
        from: hour("from", which.from)? * 60,
        to: hour("to", which.to)? * 60,
        grain: Grain::Day,
        by,
        ad: which.ad,
        campaign: which.campaign,
        uniques: false,
        version: Version::Known,
        after: None,
    };
    let scope = format!("invalid {by_reason} {ask:?}");
    let after = which.cursor.map(|text| door.open_cursor::<((GroupKey, u8), Positions)>(&scope, &text)).transpose()?;
    if let Some((_, seen)) = &after {
        asked.min_position.merge(seen);
    }
    let Read { answer: found, positions } = report::read_invalid(&door, &asked, &ask).await?;
    let places = found.groups.iter().flat_map(|(key, (primary, any))| {
        let reasons = Reason::ALL.into_iter().filter(move |_| by_reason);
        let each = reasons.map(|reason| (Some(reason), primary[reason as usize], any[reason as usize]));
        let all = (!by_reason).then(|| (None, primary.iter().sum(), 0));
        let rows = each.chain(all).filter(|(_, primary, any)| (*primary, *any) != (0, 0));
        rows.map(move |(reason, primary, any)| ((key, reason.map_or(0, |reason| reason as u8)), reason, primary, any))
    });
    let is_behind =
        |place: &(&GroupKey, u8)| after.as_ref().is_none_or(|((key, reason), _)| (place.0, place.1) > (key, *reason));
    let mut left = places.filter(|(place, ..)| is_behind(place)).peekable();
    let (mut rows, mut last) = (Vec::new(), None);
    for ((key, reason_number), reason, primary, any) in left.by_ref().take(limit) {
        rows.push(InvalidRow::new(key.clone(), reason, primary, any));
        last = Some((key.clone(), reason_number));
    }
    let more = left.peek().is_some();
    let cursor = last.filter(|_| more).map(|last| door.seal_cursor(&scope, &(last, positions.clone())));
    Ok(answer(Read { answer: InvalidBody { complete_until: found.complete_until, rows, cursor }, positions }, |body| {
        body
    }))
}

fn groups(text: &str) -> Result<(bool, Vec<Dimension>), Problem> {
    let (mut by_reason, mut by) = (false, Vec::new());
    for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        match name {
            "reason" => by_reason = true,
            "campaign" => by.push(Dimension::Campaign),
            "ad" => by.push(Dimension::Ad),
            "placement" => by.push(Dimension::Placement),
            _ => return Err(Problem::bad_request("bad_parameter", format!("`group_by` does not know `{name}`"))),
        }
    }
    Ok((by_reason, by))
}

/// The hour that begins at a time.
fn hour(name: &str, time: Time) -> Result<u32, Problem> {
    let hour = Grain::Hour.bucket(time);
    if Grain::Hour.begin(hour) == time {
        return Ok(hour);
    }
    Err(Problem::bad_request("bad_parameter", format!("`{name}` is a whole hour")))
}

/// Lists hours of ads that were worth an alert, the latest first: by the limits of their campaigns.
#[utoipa::path(get, path = "/v1/clicks/alerts", tag = "clicks", params(WhichAlerts), responses(
    (status = 200, description = "The alerts, or a page of them", body = AlertsBody),
    ProblemBody,
))]
async fn alerts(
    State(door): State<Door>,
    Reading(mut asked): Reading,
    Params(which): Params<WhichAlerts>,
) -> Result<Response, Problem> {
    let mut ask = AlertsAsk {
        from: which.from.map_or(0, |time| Grain::Hour.bucket(time)),
        to: which.to.map_or(u32::MAX, |time| Grain::Hour.bucket(Time(time.0.saturating_sub(1))) + 1),
        ad: which.ad,
        campaign: which.campaign,
        after: None,
        limit: limit(which.limit, 100)?,
    };
    let scope = format!("alerts {ask:?}");
    let after = which.cursor.map(|text| door.open_cursor::<(AlertPlace, Positions)>(&scope, &text)).transpose()?;
    if let Some((place, seen)) = after {
        ask.after = Some(place);
        asked.min_position.merge(&seen);
    }
    let Read { answer: found, positions } = door.ask::<Ads>(&asked, &AdsQuery::Alerts(ask)).await?;
    let AdsAnswer::Alerts(page) = found else { unreachable!("alerts were asked for") };
    let cursor = page.next.map(|next| door.seal_cursor(&scope, &(next, positions.clone())));
    let alerts = page.alerts.into_iter().map(|(_, alert)| alert).collect();
    Ok(answer(Read { answer: AlertsBody { alerts, cursor }, positions }, |body| body))
}
