//! The paths of what a ranked feed is made of: weights, and what was seen.

use crate::feeds::Feeding;
use crate::feeds::bodies::{ConfigBody, NewConfig, NewImpressions, SeenBody};
use crate::runtime::door::{Door, Undone};
use crate::runtime::problem::Problem;
use crate::runtime::routes::{Body, ProblemBody, Reading, answer, respond};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use millrace_topics::feeds::{Answer, Command, Configuring, Impressions, Outcome, PostId, Query};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// All of them.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(config, configure)).routes(routes!(see))
}

/// Notes which posts whoever asks has seen: they are not ranked for it again.
#[utoipa::path(post, path = "/v1/feeds/impressions:batch", tag = "feeds", request_body = NewImpressions, responses(
    (status = 200, description = "It is noted", body = SeenBody),
    ProblemBody,
))]
async fn see(State(door): State<Door>, Body(asked, new): Body<NewImpressions>) -> Result<Response, Undone> {
    let read = |id: &String| PostId::read(id);
    let posts: Option<Vec<PostId>> = new.posts.iter().map(read).collect();
    let posts = posts.ok_or_else(|| Problem::bad_request("bad_body", "`posts` are ids of posts"))?;
    let seen = posts.len();
    let command = Command::See(Impressions { user: asked.caller.id.clone(), posts });
    let done = door.submit::<Feeding>(&asked, &command).await?;
    Ok(respond(StatusCode::OK, done, |_| SeenBody { seen }))
}

/// Sets what attention counts in the ranked feed of whoever asks.
#[utoipa::path(put, path = "/v1/feeds/config", tag = "feeds", request_body = NewConfig, responses(
    (status = 200, description = "What it counts", body = ConfigBody),
    ProblemBody,
))]
async fn configure(State(door): State<Door>, Body(asked, new): Body<NewConfig>) -> Result<Response, Undone> {
    let command = Command::Configure(Configuring { user: asked.caller.id.clone(), weights: new.weights });
    let done = door.submit::<Feeding>(&asked, &command).await?;
    Ok(respond(StatusCode::OK, done, |outcome| match outcome {
        Outcome::Weights(weights, weights_version) => ConfigBody { weights, weights_version },
        _ => unreachable!("weights were set"),
    }))
}

/// Shows what attention counts in the ranked feed of whoever asks.
#[utoipa::path(get, path = "/v1/feeds/config", tag = "feeds", responses(
    (status = 200, description = "What it counts", body = ConfigBody),
    ProblemBody,
))]
async fn config(State(door): State<Door>, Reading(asked): Reading) -> Result<Response, Problem> {
    let query = Query::Taste { user: asked.caller.id.clone(), authors: Vec::new(), posts: Vec::new() };
    let read = door.ask::<Feeding>(&asked, &query).await?;
    Ok(answer(read, |found| match found {
        Answer::Taste(taste) => ConfigBody { weights: taste.weights, weights_version: taste.version },
        _ => unreachable!("a taste was asked for"),
    }))
}
