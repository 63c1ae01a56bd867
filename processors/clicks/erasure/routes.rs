//! The HTTP path of erasing a visitor.

use crate::clicks::erasure::{Erased, Erasure, whom};
use crate::clicks::visitor::subject;
use crate::runtime::door::{Door, Read};
use crate::runtime::problem::Problem;
use crate::runtime::routes::{Body, ProblemBody, answer};
use axum::extract::State;
use axum::response::Response;
use millrace_topics::clicks::Rejection;
use millrace_topics::position::Positions;
use millrace_topics::record::Role;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The route and its description.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(erase))
}

/// Destroys what opens the addresses that a visitor's clicks came from, up to now. Nothing else changes: the clicks, what
/// they add up to, and the log. For the rest of the day no address of this visitor is kept.
#[utoipa::path(post, path = "/v1/clicks/visitors:erase", tag = "clicks", request_body = Erasure, responses(
    (status = 200, description = "Of how many days something was destroyed: none if it was before", body = Erased),
    ProblemBody,
))]
async fn erase(State(door): State<Door>, Body(asked, erasure): Body<Erasure>) -> Result<Response, Problem> {
    if asked.caller.role == Role::User {
        return Err(Problem::refusal(&Rejection::RoleRequired));
    }
    let whom = whom(&door, &erasure)?;
    let Some(days) = door.erase(subject(whom)).await? else {
        let detail = "on Kafka no address is kept, so there is nothing to erase";
        return Err(Problem::new(409, "nothing_kept", detail));
    };
    Ok(answer(Read { answer: Erased { days }, positions: Positions::default() }, |erased| erased))
}
