//! The paths of verified buyers and their proofs.

use super::proof;
use crate::runtime::door::{Door, Undone};
use crate::runtime::problem::Problem;
use crate::runtime::routes::{Body, ProblemBody, Segments, respond};
use crate::tickets::Ticketing;
use crate::tickets::bodies::{NewProof, NewVerified, ProofBody, VerifiedBody};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use millrace_topics::record::Role;
use millrace_topics::tickets::{Command, Outcome, Rejection, Verifying};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// All of them.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(verify)).routes(routes!(prove))
}

/// How long a proof is good unless another time is asked for, in seconds.
const SECONDS: u32 = 900;

/// The longest that a proof is good, in seconds: 30 days.
const SECONDS_LIMIT: u32 = 2_592_000;

/// Says which buyers are verified, or are not any more. An event with `verified_buyers` is for those alone; whoever holds
/// something keeps it.
#[utoipa::path(post, path = "/v1/tickets/events/{event}/verified", tag = "tickets", request_body = NewVerified,
    params(("event" = String, Path, description = "The event")), responses(
    (status = 200, description = "How many that has changed", body = VerifiedBody),
    ProblemBody,
))]
async fn verify(
    State(door): State<Door>,
    Segments(event): Segments<String>,
    Body(asked, new): Body<NewVerified>,
) -> Result<Response, Undone> {
    let verifying = Verifying { event, buyers: new.buyers, verified: new.verified.unwrap_or(true) };
    let done = door.submit::<Ticketing>(&asked, &Command::Verify(Box::new(verifying))).await?;
    Ok(respond(StatusCode::OK, done, |outcome| match outcome {
        Outcome::Verified(changed) => VerifiedBody { changed },
        _ => unreachable!("buyers were verified"),
    }))
}

/// Makes a proof for a buyer of an event, for whoever has looked at the buyer: an event with `proof_required` is held by
/// nobody without one. It is signed, says itself until when it is good, and stands in no log.
#[utoipa::path(post, path = "/v1/tickets/events/{event}/proofs", tag = "tickets", request_body = NewProof,
    params(("event" = String, Path, description = "The event")), responses(
    (status = 200, description = "The proof", body = ProofBody),
    ProblemBody,
))]
async fn prove(
    State(door): State<Door>,
    Segments(event): Segments<String>,
    Body(asked, new): Body<NewProof>,
) -> Result<Response, Problem> {
    if asked.caller.role == Role::User {
        return Err(Problem::refusal(&Rejection::RoleRequired));
    }
    let seconds = new.seconds.unwrap_or(SECONDS);
    if !(1..=SECONDS_LIMIT).contains(&seconds) {
        let fault = format!("a proof is good for 1 to {SECONDS_LIMIT} seconds");
        return Err(Problem::refusal(&Rejection::BadRequest(fault)));
    }
    let expires_at = door.now().plus(u64::from(seconds) * 1000);
    let proof = proof::make(&door, &event, &new.buyer, expires_at);
    Ok(axum::Json(ProofBody { proof, expires_at }).into_response())
}
