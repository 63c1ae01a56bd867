//! The path of votes.

use crate::feeds::Feeding;
use crate::feeds::bodies::{NewVote, PostBody};
use crate::feeds::edges::routes::standing;
use crate::feeds::posts::routes::{find, now, target};
use crate::runtime::door::{Asked, Done, Door, Undone};
use crate::runtime::problem::Problem;
use crate::runtime::routes::{Body, ProblemBody, Segments, respond};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use millrace_topics::feeds::{Command, PostView, Rejection, Voting};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// All of them.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(vote))
}

/// Votes in the poll of a post as who asks, and shows the post.
pub(in crate::feeds) async fn submit_vote(
    door: &Door,
    asked: &Asked,
    id: &str,
    choices: Vec<u32>,
) -> Result<Done<PostView>, Undone> {
    let post = target(door, asked, id).await?;
    if !standing(door, &now(asked), &asked.caller.id, &post.author).await?.answer.exists {
        return Err(Problem::refusal(&Rejection::UnknownUser).into());
    }
    let voting = Voting { author: post.author, post: post.id, user: asked.caller.id.clone(), choices };
    let done = door.submit::<Feeding>(asked, &Command::Vote(voting)).await?;
    Ok(done.showing(find(door, &now(asked), post.id).await?))
}

/// Votes in the poll of a post. The same once more is the same; nobody votes again for something else.
#[utoipa::path(put, path = "/v1/feeds/posts/{post}/vote", tag = "feeds", request_body = NewVote,
    params(("post" = String, Path, description = "The post")),
    responses((status = 200, description = "The post", body = PostBody), ProblemBody))]
async fn vote(
    State(door): State<Door>,
    Segments(id): Segments<String>,
    Body(asked, new): Body<NewVote>,
) -> Result<Response, Undone> {
    Ok(respond(StatusCode::OK, submit_vote(&door, &asked, &id, new.choices).await?, PostBody::of))
}
