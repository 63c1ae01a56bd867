//! The paths of posts, reposts and reactions.

use crate::feeds::Feeding;
use crate::feeds::bodies::{
    ContextBody, GoneBody, ItemBody, NewPoll, NewPost, PageBody, PostBody, PostChange, UsersBody,
};
use crate::feeds::bodies::{WhichNames, WhichPage};
use crate::feeds::edges::routes::{names, standing};
use crate::feeds::home::reader::{Item, Reader, Wanted};
use crate::feeds::home::{Cursor, Page, threads};
use crate::feeds::routes::{PAGE, PAGE_LIMIT, page_limit, post_id, submit_and_see};
use crate::feeds::text;
use crate::runtime::door::{Asked, Done, Door, Read, Undone};
use crate::runtime::problem::Problem;
use crate::runtime::routes::{Body, Params, ProblemBody, Reading, Segments, Writing, answer, created, respond};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use millrace_topics::feeds::{
    Answer, Command, Editing, Link, OnPost, Outcome, PollPost, PostId, PostRef, PostView, Query, Reacting, Reaction,
    Rejection, Reposting, ScheduledView, Scheduling, Visibility,
};
use millrace_topics::position::Positions;
use millrace_topics::record::Role;
use millrace_topics::time::Time;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// All of them.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new()
        .routes(routes!(write))
        .routes(routes!(shown, edit, delete))
        .routes(routes!(context))
        .routes(routes!(reposts, repost, unrepost))
        .routes(routes!(quotes))
        .routes(routes!(reactors, react, unreact))
}

/// A post, for who asks.
///
/// # Errors
/// 404 `unknown_post`, 410 `post_deleted`, or what went wrong on the way.
pub(in crate::feeds) async fn find(door: &Door, asked: &Asked, id: PostId) -> Result<Read<PostView>, Problem> {
    let mut reader = Reader::new(door, asked);
    let query = Query::Post { key: reader.key_of(id), post: id, viewer: reader.viewer.clone() };
    let Answer::Post(post) = reader.ask(&query).await? else { unreachable!("a post was asked for") };
    Ok(Read { answer: *post, positions: reader.positions })
}

/// The post that somebody wants to answer, quote, repost or react to.
pub(in crate::feeds) async fn target(door: &Door, asked: &Asked, id: &str) -> Result<PostView, Problem> {
    let post = find(door, &now(asked), post_id(id)?).await?.answer;
    if post.repost_of.is_some() { Err(Problem::refusal(&Rejection::Reposted)) } else { Ok(post) }
}

/// The same as asked for, of the present.
pub(in crate::feeds) fn now(asked: &Asked) -> Asked {
    Asked { min_position: Positions::default(), ..asked.clone() }
}

fn reference(post: &PostView) -> PostRef {
    PostRef { id: post.id, author: post.author.clone() }
}

fn check_is_for_all(post: &PostView) -> Result<(), Problem> {
    let is_for_all = matches!(post.visibility, Visibility::Public | Visibility::Unlisted);
    if is_for_all { Ok(()) } else { Err(Problem::refusal(&Rejection::NotForAll)) }
}

/// What asks whether a post's author has heard that another one is about it.
fn heard(reader: &mut Reader<'_>, how: Link, target: &PostRef, by: PostId) -> Query {
    let (key, viewer) = (reader.key_of(target.id), reader.viewer.clone());
    Query::Linked { key, post: target.id, how, viewer, after: Some(PostId(by.0 - 1)), limit: 1 }
}

fn is_linked(answer: &Answer, by: PostId) -> bool {
    matches!(answer, Answer::Linked(found, _) if found.iter().any(|found| found.id == by))
}

/// Writes a post, and waits until the author of what it answers or quotes knows it.
pub(in crate::feeds) async fn submit_post(
    door: &Door,
    asked: &Asked,
    mut new: NewPost,
) -> Result<Done<PostView>, Undone> {
    let poll = new.poll.take();
    let poll = poll.map(|poll| read_poll(poll, new.publish_at)).transpose()?;
    let new = read_post(door, asked, new).await?;
    let about = match (&new.reply_to, &new.quote_of) {
        (Some(target), _) => Some((Link::Reply, target.clone())),
        (None, Some(target)) => Some((Link::Quote, target.clone())),
        (None, None) => None,
    };
    let mut reader = Reader::new(door, asked);
    let written = |outcome: &Outcome| match outcome {
        Outcome::Post(post) => post.id,
        _ => unreachable!("a post was written"),
    };
    let seen =
        |outcome: &Outcome| about.as_ref().map(|(how, target)| heard(&mut reader, *how, target, written(outcome)));
    let is_seen = |answer: &Answer, outcome: &Outcome| is_linked(answer, written(outcome));
    let command = match poll {
        Some(poll) => Command::PostPoll(Box::new(PollPost { new, poll })),
        None => Command::Post(Box::new(new)),
    };
    let done = submit_and_see(door, asked, &command, seen, is_seen).await?;
    Ok(Done { outcome: written_in(done.outcome), positions: done.positions, replayed: done.replayed })
}

/// Reads what a post is to ask.
fn read_poll(poll: NewPoll, publish_at: Option<Time>) -> Result<millrace_topics::feeds::NewPoll, Problem> {
    if publish_at.is_some() {
        let later = Rejection::BadPoll("a post that asks something is written at once".to_owned());
        return Err(Problem::refusal(&later));
    }
    let NewPoll { options, multiple, ends_at } = poll;
    options.iter().try_for_each(|option| text::read_option(option)).map_err(|refusal| Problem::refusal(&refusal))?;
    Ok(millrace_topics::feeds::NewPoll { options, multiple: multiple.unwrap_or_default(), ends_at })
}

/// Reads a post that is to be, with what it is about, as whoever asks may see that.
async fn read_post(door: &Door, asked: &Asked, new: NewPost) -> Result<millrace_topics::feeds::NewPost, Problem> {
    let said = text::read(new.text).map_err(|refusal| Problem::refusal(&refusal))?;
    let reply_to = match new.reply_to {
        Some(id) => Some(reference(&target(door, asked, &id).await?)),
        None => None,
    };
    let quote_of = match new.quote_of {
        Some(id) => {
            let post = target(door, asked, &id).await?;
            check_is_for_all(&post)?;
            Some(reference(&post))
        }
        None => None,
    };
    let (author, visibility) = (asked.caller.id.clone(), new.visibility.unwrap_or_default());
    Ok(millrace_topics::feeds::NewPost { author, said, reply_to, quote_of, visibility })
}

fn written_in(outcome: Outcome) -> PostView {
    match outcome {
        Outcome::Post(post) => *post,
        _ => unreachable!("a post was written"),
    }
}

/// Writes a post as whoever asks, at once or later.
#[utoipa::path(post, path = "/v1/feeds/posts", tag = "feeds", request_body = NewPost, responses(
    (status = 201, description = "The post", body = PostBody),
    (status = 200, description = "It will be written", body = ScheduledView),
    ProblemBody,
))]
async fn write(State(door): State<Door>, Body(asked, new): Body<NewPost>) -> Result<Response, Undone> {
    if let Some(publish_at) = new.publish_at.filter(|_| new.poll.is_none()) {
        let scheduling = Scheduling { new: read_post(&door, &asked, new).await?, publish_at };
        let done = door.submit::<Feeding>(&asked, &Command::Schedule(Box::new(scheduling))).await?;
        return Ok(respond(StatusCode::OK, done, |outcome| match outcome {
            Outcome::Scheduled(view) => view,
            _ => unreachable!("a post was scheduled"),
        }));
    }
    let done = submit_post(&door, &asked, new).await?;
    let place = format!("/v1/feeds/posts/{}", done.outcome.id);
    Ok(created(&place, StatusCode::CREATED, done, PostBody::of))
}

/// A post with what it shows.
pub(in crate::feeds) async fn item(door: &Door, asked: &Asked, id: PostId) -> Result<Read<Item>, Problem> {
    let Read { answer: post, positions } = find(door, asked, id).await?;
    let mut reader = Reader::new(door, asked);
    reader.positions = positions;
    let wanted = Wanted { id, repost_of: post.repost_of.clone() };
    let shown = reader.items(&[wanted], false).await?.into_iter().flatten().next();
    let item = shown.ok_or_else(|| Problem::refusal(&Rejection::UnknownPost))?;
    Ok(Read { answer: item, positions: reader.positions })
}

/// Shows a post.
#[utoipa::path(get, path = "/v1/feeds/posts/{post}", tag = "feeds",
    params(("post" = String, Path, description = "The post")), responses(
    (status = 200, description = "The post", body = ItemBody),
    ProblemBody,
))]
async fn shown(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments(id): Segments<String>,
) -> Result<Response, Problem> {
    Ok(answer(item(&door, &asked, post_id(&id)?).await?, ItemBody::of))
}

/// Whose post it is: users mean their own.
async fn own(door: &Door, asked: &Asked, id: PostId) -> Result<OnPost, Problem> {
    let author = match asked.caller.role {
        Role::User => asked.caller.id.clone(),
        Role::Server | Role::Operator => find(door, &now(asked), id).await?.answer.author,
    };
    Ok(OnPost { author, post: id })
}

/// Changes what a post says. What it answers or quotes stays.
#[utoipa::path(patch, path = "/v1/feeds/posts/{post}", tag = "feeds", request_body = PostChange,
    params(("post" = String, Path, description = "The post")), responses(
    (status = 200, description = "The post", body = PostBody),
    ProblemBody,
))]
async fn edit(
    State(door): State<Door>,
    Segments(id): Segments<String>,
    Body(asked, change): Body<PostChange>,
) -> Result<Response, Undone> {
    let done = submit_edit(&door, &asked, post_id(&id)?, change.text).await?;
    Ok(respond(StatusCode::OK, done, PostBody::of))
}

/// Changes what a post says.
pub(in crate::feeds) async fn submit_edit(
    door: &Door,
    asked: &Asked,
    id: PostId,
    said: String,
) -> Result<Done<PostView>, Undone> {
    let said = text::read(said).map_err(|refusal| Problem::refusal(&refusal))?;
    let on = own(door, asked, id).await?;
    let done = door.submit::<Feeding>(asked, &Command::Edit(Box::new(Editing { on, said }))).await?;
    Ok(Done { outcome: written_in(done.outcome), positions: done.positions, replayed: done.replayed })
}

/// Takes a post or a repost back: it is in no answer at or after the position of this one.
#[utoipa::path(delete, path = "/v1/feeds/posts/{post}", tag = "feeds",
    params(("post" = String, Path, description = "The post")), responses(
    (status = 200, description = "It is gone", body = GoneBody),
    ProblemBody,
))]
async fn delete(
    State(door): State<Door>,
    Writing(asked): Writing,
    Segments(id): Segments<String>,
) -> Result<Response, Undone> {
    let done = submit_delete(&door, &asked, post_id(&id)?).await?;
    Ok(respond(StatusCode::OK, done, |_| GoneBody { id, deleted: true }))
}

/// Takes a post back.
pub(in crate::feeds) async fn submit_delete(door: &Door, asked: &Asked, id: PostId) -> Result<Done<Outcome>, Undone> {
    let on = own(door, asked, id).await?;
    door.submit::<Feeding>(asked, &Command::Delete(on)).await
}

/// Shows what a post answers, and what answers it.
#[utoipa::path(get, path = "/v1/feeds/posts/{post}/context", tag = "feeds",
    params(("post" = String, Path, description = "The post")), responses(
    (status = 200, description = "What is around it", body = ContextBody),
    ProblemBody,
))]
async fn context(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments(id): Segments<String>,
) -> Result<Response, Problem> {
    let id = post_id(&id)?;
    Ok(answer(threads::context(&door, &asked, id).await?, ContextBody::of))
}

/// Shows the post of another to who follows whoever asks, and waits until its author knows it.
pub(in crate::feeds) async fn submit_repost(door: &Door, asked: &Asked, id: &str) -> Result<Done<PostId>, Undone> {
    let post = target(door, asked, id).await?;
    check_is_for_all(&post)?;
    let of = reference(&post);
    let command = Command::Repost(Reposting { author: asked.caller.id.clone(), of: of.clone() });
    let reposted = |outcome: &Outcome| match outcome {
        Outcome::Reposted(id, _) => *id,
        _ => unreachable!("a post was reposted"),
    };
    let mut reader = Reader::new(door, asked);
    let seen = |outcome: &Outcome| Some(heard(&mut reader, Link::Repost, &of, reposted(outcome)));
    let is_seen = |answer: &Answer, outcome: &Outcome| is_linked(answer, reposted(outcome));
    let done = submit_and_see(door, asked, &command, seen, is_seen).await?;
    Ok(Done { outcome: reposted(&done.outcome), positions: done.positions, replayed: done.replayed })
}

/// Shows the post of another to who follows whoever asks. Once more is the same.
#[utoipa::path(post, path = "/v1/feeds/posts/{post}/reposts", tag = "feeds",
    params(("post" = String, Path, description = "The post")), responses(
    (status = 201, description = "The repost", body = ItemBody),
    ProblemBody,
))]
async fn repost(
    State(door): State<Door>,
    Writing(asked): Writing,
    Segments(id): Segments<String>,
) -> Result<Response, Undone> {
    let done = submit_repost(&door, &asked, &id).await?;
    let read = item(&door, &now(&asked), done.outcome).await?;
    let place = format!("/v1/feeds/posts/{}", done.outcome);
    Ok(created(&place, StatusCode::CREATED, done.showing(read), ItemBody::of))
}

/// Takes the own repost of a post back, if there is one, and waits until its author knows it.
pub(in crate::feeds) async fn submit_unrepost(
    door: &Door,
    asked: &Asked,
    id: PostId,
) -> Result<Done<PostView>, Undone> {
    let Read { answer: post, positions } = find(door, &now(asked), id).await?;
    let Some(repost) = post.own.repost else { return Ok(Done { outcome: post, positions, replayed: false }) };
    let reader = Reader::new(door, asked);
    let (key, viewer) = (reader.key_of(id), reader.viewer.clone());
    let command = Command::Delete(OnPost { author: viewer.clone(), post: repost });
    let seen = |_: &Outcome| Some(Query::Post { key, post: id, viewer });
    let is_seen = |answer: &Answer, _: &Outcome| matches!(answer, Answer::Post(post) if post.own.repost.is_none());
    let done = submit_and_see(door, asked, &command, seen, is_seen).await?;
    Ok(done.showing(find(door, &now(asked), id).await?))
}

/// Takes the own repost of a post back.
#[utoipa::path(delete, path = "/v1/feeds/posts/{post}/reposts", tag = "feeds",
    params(("post" = String, Path, description = "The post")), responses(
    (status = 200, description = "The post", body = PostBody),
    ProblemBody,
))]
async fn unrepost(
    State(door): State<Door>,
    Writing(asked): Writing,
    Segments(id): Segments<String>,
) -> Result<Response, Undone> {
    Ok(respond(StatusCode::OK, submit_unrepost(&door, &asked, post_id(&id)?).await?, PostBody::of))
}

/// A page of the posts that are about a post, in the order of their ids.
pub(in crate::feeds) async fn about(
    door: &Door,
    asked: &Asked,
    (id, how): (PostId, Link),
    which: WhichPage,
) -> Result<Read<PageBody>, Problem> {
    let scope = format!("feeds/{how:?}/{}/{id}", asked.caller.id);
    let from = which.cursor.map(|cursor| door.open_cursor::<Cursor>(&scope, &cursor)).transpose()?;
    let limit = page_limit(which.limit, PAGE, PAGE_LIMIT)?;
    let mut reader = Reader::new(door, asked);
    let (mut page, mut after) = (Page::default(), from.and_then(|from| from.below));
    loop {
        let (key, viewer) = (reader.key_of(id), reader.viewer.clone());
        let left = u32::try_from(limit - page.items.len()).expect("a page is short");
        let query = Query::Linked { key, post: id, how, viewer, after, limit: left };
        let Answer::Linked(found, goes_on) = reader.ask(&query).await? else { unreachable!("posts were asked for") };
        after = found.last().map(|post| post.id);
        let wanted: Vec<Wanted> = found.into_iter().map(|post| Wanted { id: post.id, repost_of: None }).collect();
        page.items.extend(reader.items(&wanted, true).await?.into_iter().flatten());
        if !goes_on || page.items.len() == limit {
            page.next = after.filter(|_| goes_on).map(|after| Cursor { below: Some(after), recent: Vec::new() });
            return Ok(Read { answer: PageBody::of(door, &scope, page), positions: reader.positions });
        }
    }
}

/// Lists the reposts of a post.
#[utoipa::path(get, path = "/v1/feeds/posts/{post}/reposts", tag = "feeds",
    params(("post" = String, Path, description = "The post"), WhichPage), responses(
    (status = 200, description = "Reposts", body = PageBody),
    ProblemBody,
))]
async fn reposts(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments(id): Segments<String>,
    Params(which): Params<WhichPage>,
) -> Result<Response, Problem> {
    Ok(answer(about(&door, &asked, (post_id(&id)?, Link::Repost), which).await?, |body| body))
}

/// Lists the posts that quote a post.
#[utoipa::path(get, path = "/v1/feeds/posts/{post}/quotes", tag = "feeds",
    params(("post" = String, Path, description = "The post"), WhichPage), responses(
    (status = 200, description = "Posts", body = PageBody),
    ProblemBody,
))]
async fn quotes(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments(id): Segments<String>,
    Params(which): Params<WhichPage>,
) -> Result<Response, Problem> {
    Ok(answer(about(&door, &asked, (post_id(&id)?, Link::Quote), which).await?, |body| body))
}

fn reaction(kind: &str) -> Result<Reaction, Problem> {
    match kind {
        "like" => Ok(Reaction::Like),
        "share" => Ok(Reaction::Share),
        other => Err(Problem::new(404, "unknown_reaction", format!("there is `like` and `share`, but no `{other}`"))),
    }
}

/// Reacts to a post, or takes that back, and shows the post.
pub(in crate::feeds) async fn submit_reaction(
    door: &Door,
    asked: &Asked,
    (id, kind): (&str, Reaction),
    has: bool,
) -> Result<Done<PostView>, Undone> {
    let post = target(door, asked, id).await?;
    if !standing(door, &now(asked), &asked.caller.id, &post.author).await?.answer.exists {
        return Err(Problem::refusal(&Rejection::UnknownUser).into());
    }
    let reacting = Reacting { author: post.author, post: post.id, user: asked.caller.id.clone(), kind };
    let command = if has { Command::React(reacting) } else { Command::Unreact(reacting) };
    let done = door.submit::<Feeding>(asked, &command).await?;
    Ok(done.showing(find(door, &now(asked), post.id).await?))
}

/// Reacts to a post. Once more is the same.
#[utoipa::path(put, path = "/v1/feeds/posts/{post}/reactions/{kind}", tag = "feeds",
    params(("post" = String, Path, description = "The post"), ("kind" = String, Path, description = "like or share")),
    responses((status = 200, description = "The post", body = PostBody), ProblemBody))]
async fn react(
    State(door): State<Door>,
    Writing(asked): Writing,
    Segments((id, kind)): Segments<(String, String)>,
) -> Result<Response, Undone> {
    let done = submit_reaction(&door, &asked, (&id, reaction(&kind)?), true).await?;
    Ok(respond(StatusCode::OK, done, PostBody::of))
}

/// Takes a reaction to a post back.
#[utoipa::path(delete, path = "/v1/feeds/posts/{post}/reactions/{kind}", tag = "feeds",
    params(("post" = String, Path, description = "The post"), ("kind" = String, Path, description = "like or share")),
    responses((status = 200, description = "The post", body = PostBody), ProblemBody))]
async fn unreact(
    State(door): State<Door>,
    Writing(asked): Writing,
    Segments((id, kind)): Segments<(String, String)>,
) -> Result<Response, Undone> {
    let done = submit_reaction(&door, &asked, (&id, reaction(&kind)?), false).await?;
    Ok(respond(StatusCode::OK, done, PostBody::of))
}

/// Lists who has reacted to a post.
#[utoipa::path(get, path = "/v1/feeds/posts/{post}/reactions/{kind}", tag = "feeds",
    params(("post" = String, Path, description = "The post"), ("kind" = String, Path, description = "like or share"),
        WhichNames),
    responses((status = 200, description = "Accounts", body = UsersBody), ProblemBody))]
async fn reactors(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments((id, kind)): Segments<(String, String)>,
    Params(which): Params<WhichNames>,
) -> Result<Response, Problem> {
    let (post, kind) = (post_id(&id)?, reaction(&kind)?);
    let (viewer, key) = (asked.caller.id.clone(), Reader::new(&door, &asked).key_of(post));
    let scope = format!("feeds/{kind:?}/{viewer}/{post}");
    let query = |after, limit| Query::Reactors { key, post, kind, viewer, after, limit };
    Ok(answer(names(&door, &asked, &scope, which, query).await?, |body| body))
}
