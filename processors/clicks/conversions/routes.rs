//! The HTTP paths of conversions.

use crate::clicks::bodies::Status;
use crate::clicks::campaigns::Campaigns;
use crate::clicks::conversions::bodies::{ConversionResult, ConversionResults, NewConversions};
use crate::clicks::conversions::{Found, Known, find};
use crate::runtime::door::{Done, Door, Undone};
use crate::runtime::problem::Problem;
use crate::runtime::routes::{Body, ProblemBody, Reading, Segments, answer, respond_many};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use millrace_topics::clicks::{CampaignsAnswer, CampaignsCommand, CampaignsOutcome, CampaignsQuery, Order};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The most conversions of one request.
const BATCH_LIMIT: usize = 1000;

/// The routes and their description.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(convert)).routes(routes!(order))
}

/// Takes what clicks led to. Each order of a campaign counts once, for the click that it names, or for its visitor's first
/// or last one where the campaign says so; it counts in the hour of the click.
#[utoipa::path(post, path = "/v1/clicks/conversions", tag = "clicks", request_body = NewConversions, responses(
    (status = 202, description = "What became of each", body = ConversionResults),
    ProblemBody,
))]
async fn convert(State(door): State<Door>, Body(asked, new): Body<NewConversions>) -> Result<Response, Undone> {
    match new.conversions.len() {
        0 => return Err(Problem::bad_request("bad_request", "`conversions` has at least one").into()),
        1..=BATCH_LIMIT => {}
        found => {
            let detail = format!("a batch has at most {BATCH_LIMIT} conversions, not {found}");
            return Err(Problem::new(413, "batch_too_large", detail).into());
        }
    }
    let (mut known, mut commands, mut results) = (Known::new(), Vec::new(), Vec::new());
    for new in new.conversions {
        let order_id = new.order_id.clone();
        results.push(match find(&door, &asked, &mut known, new).await {
            Ok(Found { conversion, click }) => {
                let (campaign, click_id) = (Some(conversion.campaign.clone()), Some(conversion.click_id.clone()));
                commands.push(CampaignsCommand::Convert(Box::new(conversion)));
                let verdict = Some(click.verdict);
                ConversionResult { order_id, status: Status::Accepted, campaign, click_id, verdict, problem: None }
            }
            Err(problem) => ConversionResult::refused(order_id, &problem),
        });
    }
    let parts = door.submit_all::<Campaigns>(&asked, &commands).await;
    Ok(respond_many(StatusCode::ACCEPTED, parts, |parts| {
        let taken = results.iter_mut().filter(|result| result.problem.is_none());
        taken.zip(parts).for_each(|(result, part)| settle(result, part));
        ConversionResults { results }
    }))
}

fn settle(result: &mut ConversionResult, part: Result<Done<CampaignsOutcome>, Undone>) {
    match part {
        Ok(Done { outcome: CampaignsOutcome::KnownOrder(order), .. }) => {
            result.status = Status::Duplicate;
            result.click_id = Some(order.click_id);
        }
        Ok(_) => {}
        Err(Undone::Accepted(_)) => result.status = Status::Queued,
        Err(Undone::Problem(problem)) => {
            *result = ConversionResult::refused(std::mem::take(&mut result.order_id), &problem);
        }
    }
}

/// Shows an order, and whether it counts.
#[utoipa::path(get, path = "/v1/clicks/conversions/{campaign}/{order}", tag = "clicks",
    params(("campaign" = String, Path, description = "The campaign"), ("order" = String, Path, description = "The order")),
    responses(
    (status = 200, description = "The order", body = Order),
    ProblemBody,
))]
async fn order(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments((campaign, order_id)): Segments<(String, String)>,
) -> Result<Response, Problem> {
    let read = door.ask::<Campaigns>(&asked, &CampaignsQuery::Order { campaign, order_id }).await?;
    Ok(answer(read, |found| match found {
        CampaignsAnswer::Order(order) => order,
        _ => unreachable!("an order was asked for"),
    }))
}
