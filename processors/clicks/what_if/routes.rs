//! The HTTP path of what is done with a rule set: it is tried over the log, and adopted.

use crate::clicks::bodies::{Adopted, NewAdoption, RuleSetDone, RuleSetPending, WhatIfBody, WhichRange};
use crate::clicks::campaigns::Campaigns;
use crate::clicks::targets::rule_set;
use crate::clicks::what_if;
use crate::runtime::door::{Asked, Door, Undone};
use crate::runtime::problem::Problem;
use crate::runtime::routes::{
    Body, Params, ProblemBody, ReadingNow, Segments, action, all_done, answer, respond_many, unknown_action,
};
use axum::extract::{FromRequest as _, FromRequestParts as _, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use millrace_topics::clicks::{Adoption, CampaignsCommand, CampaignsOutcome, Rejection};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The most campaigns of one adoption, unless it is by all.
const CAMPAIGNS_LIMIT: usize = 1000;

/// The route and its description.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(act)).routes(routes!(result))
}

/// Tries a rule set, or adopts it.
///
/// `…/{ruleset}:replay?from=…&to=…` replays a part of the log under the rule set, beside the live one, and says what that
/// would have changed; nothing is changed by it. `…/{ruleset}:adopt` lets campaigns judge by it from then on: each click
/// is judged by the rule set that its ad has when it comes.
#[utoipa::path(post, path = "/v1/clicks/rulesets/{ruleset}", tag = "clicks", request_body = Option<NewAdoption>,
    params(("ruleset" = String, Path, description = "Its number, and `:replay` or `:adopt`"),
        ("from" = Option<String>, Query, format = DateTime, description = "`:replay`: behind the end of this millisecond"),
        ("to" = Option<String>, Query, format = DateTime, description = "`:replay`: up to the end of this one")),
    responses(
    (status = 200, description = "What would have been otherwise, or from when on it holds", body = RuleSetDone),
    (status = 202, description = "How far it is, and at `Location` what will come of it", body = RuleSetPending),
    ProblemBody,
))]
async fn act(
    State(door): State<Door>,
    Segments(segment): Segments<String>,
    request: Request,
) -> Result<Response, Undone> {
    let (number, verb) = action(&segment)?;
    let bad = || Problem::bad_request("bad_request", format!("`{number}` is no number of a rule set"));
    match verb {
        "replay" => Ok(replay(&door, number.parse().map_err(|_| bad())?, request).await?),
        "adopt" => adopt(&door, number.parse().map_err(|_| bad())?, request).await,
        _ => Err(unknown_action(verb).into()),
    }
}

async fn replay(door: &Door, number: u32, request: Request) -> Result<Response, Problem> {
    let (mut parts, _) = request.into_parts();
    let ReadingNow(asked) = ReadingNow::from_request_parts(&mut parts, &()).await?;
    let Params(range) = Params::<WhichRange>::from_request_parts(&mut parts, &()).await?;
    tried(door, asked, number, range).await
}

/// Shows what `…/{ruleset}:replay` found, or, while the log is still being replayed, how far that is.
#[utoipa::path(get, path = "/v1/clicks/rulesets/{ruleset}/replay", tag = "clicks",
    params(("ruleset" = u32, Path, description = "Its number"), WhichRange), responses(
    (status = 200, description = "What would have been otherwise", body = WhatIfBody),
    ProblemBody,
))]
async fn result(
    State(door): State<Door>,
    ReadingNow(asked): ReadingNow,
    Segments(number): Segments<u32>,
    Params(range): Params<WhichRange>,
) -> Result<Response, Problem> {
    tried(&door, asked, number, range).await
}

async fn tried(door: &Door, asked: Asked, number: u32, range: WhichRange) -> Result<Response, Problem> {
    // Where it stands how far it is, and in the end what was found.
    let target = format!("/v1/clicks/rulesets/{number}/replay?from={}&to={}", range.from, range.to);
    let asked = Asked { target, ..asked };
    let read = what_if::compare(door, &asked, number, range.from, range.to).await?;
    Ok(answer(read, |found| WhatIfBody::new(number, &range, found)))
}

async fn adopt(door: &Door, ruleset: u32, request: Request) -> Result<Response, Undone> {
    let Body(asked, new) = Body::<NewAdoption>::from_request(request, &()).await?;
    let (campaigns, all) = (new.campaigns.unwrap_or_default(), new.all.unwrap_or_default());
    if all != campaigns.is_empty() || campaigns.len() > CAMPAIGNS_LIMIT {
        let detail = format!("a rule set is adopted by `all`, or by 1 to {CAMPAIGNS_LIMIT} `campaigns`");
        return Err(Problem::refusal(&Rejection::BadDefinition(detail)).into());
    }
    let rules = rule_set(door, &asked, ruleset).await?.rules;
    let by = |campaign| CampaignsCommand::Adopt(Box::new(Adoption { campaign, ruleset, rules, from: new.from }));
    let parts = if all {
        door.submit_everywhere::<Campaigns>(&asked, &by(None)).await
    } else {
        let commands: Vec<CampaignsCommand> = campaigns.into_iter().map(|id| by(Some(id))).collect();
        door.submit_all::<Campaigns>(&asked, &commands).await
    };
    let parts = all_done(parts)?;
    Ok(respond_many(StatusCode::OK, parts, |parts| {
        let times = parts.iter().flatten().map(|done| match done.outcome {
            CampaignsOutcome::Adopted { from, .. } => from,
            _ => unreachable!("a rule set was adopted"),
        });
        Adopted { ruleset, adopted_from: times.max().expect("somebody was asked") }
    }))
}
