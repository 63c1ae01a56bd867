//! The paths of posts that are to come.

use crate::feeds::Feeding;
use crate::feeds::bodies::{GoneBody, ScheduledBody};
use crate::feeds::routes::{check_looks_for, post_id};
use crate::runtime::door::{Door, Undone};
use crate::runtime::problem::Problem;
use crate::runtime::routes::{ProblemBody, Reading, Segments, Writing, answer, respond};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use millrace_topics::feeds::{Answer, Command, OnPost, Query};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// All of them.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(scheduled)).routes(routes!(unschedule))
}

/// Lists the posts that whoever asks will write, the next first.
#[utoipa::path(get, path = "/v1/feeds/scheduled", tag = "feeds", responses(
    (status = 200, description = "Posts", body = ScheduledBody),
    ProblemBody,
))]
async fn scheduled(State(door): State<Door>, Reading(asked): Reading) -> Result<Response, Problem> {
    let user = asked.caller.id.clone();
    check_looks_for(&asked, &user)?;
    let read = door.ask::<Feeding>(&asked, &Query::Scheduled { user }).await?;
    Ok(answer(read, |found| match found {
        Answer::Scheduled(posts) => ScheduledBody { posts },
        _ => unreachable!("posts to come were asked for"),
    }))
}

/// Does not write a post that was to come.
#[utoipa::path(delete, path = "/v1/feeds/scheduled/{post}", tag = "feeds",
    params(("post" = String, Path, description = "The post")), responses(
    (status = 200, description = "It will not come", body = GoneBody),
    ProblemBody,
))]
async fn unschedule(
    State(door): State<Door>,
    Writing(asked): Writing,
    Segments(id): Segments<String>,
) -> Result<Response, Undone> {
    let on = OnPost { author: asked.caller.id.clone(), post: post_id(&id)? };
    let done = door.submit::<Feeding>(&asked, &Command::Unschedule(on)).await?;
    Ok(respond(StatusCode::OK, done, |_| GoneBody { id, deleted: true }))
}
