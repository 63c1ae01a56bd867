//! The paths of notifications.

use crate::feeds::Feeding;
use crate::feeds::bodies::{ItemBody, MarkerBody, NoticeBody, NoticesBody, WhichNotices};
use crate::feeds::home::reader::{Item, Reader, Wanted};
use crate::feeds::routes::{PAGE_LIMIT, page_limit};
use crate::runtime::door::{Asked, Done, Door, Read, Undone};
use crate::runtime::problem::Problem;
use crate::runtime::routes::{Body, Params, ProblemBody, Reading, answer, respond};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use millrace_topics::contract::Contract as _;
use millrace_topics::feeds::{Answer, Command, Feeds, Marking, Notice, Notices, Outcome, PostRef, Query};
use millrace_topics::partition::partition_of;
use millrace_topics::position::{Position, Positions};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// How many notifications a page has unless another number is asked for.
const NOTICES: u32 = 40;

/// All of them.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(notifications)).routes(routes!(mark))
}

/// Notifications with their posts, as far as those may be seen.
pub(in crate::feeds) struct Seen {
    /// The notifications, and where they go on.
    pub(in crate::feeds) notices: Notices,
    /// Each that is to be shown, with its post.
    pub(in crate::feeds) shown: Vec<(Notice, Option<Item>)>,
}

/// Reads a page of the notifications of who asks.
pub(in crate::feeds) async fn read(
    door: &Door,
    asked: &Asked,
    below: Option<u64>,
    limit: usize,
) -> Result<Read<Seen>, Problem> {
    let mut reader = Reader::new(door, asked);
    let limit = u32::try_from(limit).expect("a page is short");
    let query = Query::Notices { user: reader.viewer.clone(), below, limit };
    let Answer::Notices(mut notices) = reader.ask(&query).await? else { unreachable!("notifications were asked for") };
    reader.read_words().await?;
    if !reader.words.is_empty() && notices.unseen > 0 {
        notices.unseen = unmuted(&mut reader, notices.marker, notices.unseen).await?;
    }
    let shown = shown(&mut reader, &notices.items).await?;
    Ok(Read { answer: Seen { notices, shown }, positions: reader.positions })
}

/// Those of these notifications that are to be shown, with their posts.
async fn shown(reader: &mut Reader<'_>, notices: &[Notice]) -> Result<Vec<(Notice, Option<Item>)>, Problem> {
    let wanted = |post: &PostRef| Wanted { id: post.id, repost_of: None };
    let posts: Vec<Wanted> = notices.iter().filter_map(|notice| notice.post.as_ref().map(wanted)).collect();
    let mut items = reader.items(&posts, true).await?.into_iter();
    let mut shown = Vec::new();
    for notice in notices {
        let item = notice.post.as_ref().map(|_| items.next().flatten());
        match item {
            // What cannot be seen any more is no news.
            Some(None) => {}
            Some(Some(item)) if reader.is_muted(&item) => {}
            item => shown.push((notice.clone(), item.flatten())),
        }
    }
    Ok(shown)
}

/// How many of the notifications behind the marker say nothing that who asks has muted.
async fn unmuted(reader: &mut Reader<'_>, marker: Option<u64>, unseen: u32) -> Result<u32, Problem> {
    let query = Query::Notices { user: reader.viewer.clone(), below: None, limit: unseen };
    let Answer::Notices(newest) = reader.ask(&query).await? else { unreachable!("notifications were asked for") };
    let is_new = |notice: &Notice| marker.is_none_or(|marker| notice.offset > marker);
    let newest: Vec<Notice> = newest.items.into_iter().filter(is_new).collect();
    Ok(u32::try_from(shown(reader, &newest).await?.len()).expect("it is small"))
}

fn place(door: &Door, user: &str) -> (String, u32) {
    (Feeds::MACHINE.to_owned(), partition_of(user.as_bytes(), door.partitions()))
}

fn position(door: &Door, user: &str, offset: u64) -> String {
    let (machine, partition) = place(door, user);
    Position { machine, partition, offset }.to_string()
}

/// Lists what others did that whoever asks should know, the newest first.
#[utoipa::path(get, path = "/v1/feeds/notifications", tag = "feeds", params(WhichNotices), responses(
    (status = 200, description = "A page", body = NoticesBody),
    ProblemBody,
))]
async fn notifications(
    State(door): State<Door>,
    Reading(asked): Reading,
    Params(which): Params<WhichNotices>,
) -> Result<Response, Problem> {
    let user = asked.caller.id.clone();
    let scope = format!("feeds/notices/{user}");
    let below = which.cursor.map(|cursor| door.open_cursor::<u64>(&scope, &cursor)).transpose()?;
    let read = read(&door, &asked, below, page_limit(which.limit, NOTICES, PAGE_LIMIT)?).await?;
    let grouped = which.grouped.unwrap_or_default();
    Ok(answer(read, |seen| {
        let last = seen.notices.items.last().filter(|_| seen.notices.goes_on).map(|notice| notice.number);
        NoticesBody {
            unseen: seen.notices.unseen,
            marker: seen.notices.marker.map(|offset| position(&door, &user, offset)),
            cursor: last.map(|last| door.seal_cursor(&scope, &last)),
            items: bodies(&door, &user, seen.shown, grouped),
        }
    }))
}

fn bodies(door: &Door, user: &str, shown: Vec<(Notice, Option<Item>)>, grouped: bool) -> Vec<NoticeBody> {
    let mut bodies: Vec<(NoticeBody, Option<PostRef>)> = Vec::new();
    for (notice, item) in shown {
        let like = |(body, post): &&mut (NoticeBody, Option<PostRef>)| {
            grouped && post.is_some() && body.kind == notice.kind && *post == notice.post
        };
        if let Some((body, _)) = bodies.last_mut().filter(like) {
            if !body.names.contains(&notice.from) {
                body.names.push(notice.from);
            }
            continue;
        }
        let body = NoticeBody {
            id: notice.number.to_string(),
            kind: notice.kind,
            names: vec![notice.from.clone()],
            from: notice.from,
            post: item.map(ItemBody::of),
            created_at: notice.at,
            position: position(door, user, notice.offset),
        };
        bodies.push((body, notice.post));
    }
    bodies.into_iter().map(|(body, _)| body).collect()
}

/// Notes that everything up to a position is read. It never goes back.
#[utoipa::path(put, path = "/v1/feeds/notifications/marker", tag = "feeds", request_body = MarkerBody, responses(
    (status = 200, description = "The marker", body = MarkerBody),
    ProblemBody,
))]
async fn mark(State(door): State<Door>, Body(asked, marker): Body<MarkerBody>) -> Result<Response, Undone> {
    let Done { outcome, positions, replayed } = submit_mark(&door, &asked, &marker.position).await?;
    let position = position(&door, &asked.caller.id, outcome);
    Ok(respond(StatusCode::OK, Done { outcome: position, positions, replayed }, |position| MarkerBody { position }))
}

/// Notes how far whoever asks has read.
pub(in crate::feeds) async fn submit_mark(door: &Door, asked: &Asked, position: &str) -> Result<Done<u64>, Undone> {
    let user = asked.caller.id.clone();
    let (machine, partition) = place(door, &user);
    let bad = |why: String| Problem::bad_request("bad_position", why);
    let said: Positions = position.parse().map_err(|error| bad(format!("{error}")))?;
    let offset = said.of(&machine, partition);
    let offset = offset.ok_or_else(|| bad(format!("your notifications lie in {machine}/{partition}")))?;
    let now = Asked { min_position: Positions::default(), ..asked.clone() };
    let query = Query::Notices { user: user.clone(), below: None, limit: 1 };
    let end = door.ask::<Feeding>(&now, &query).await?.positions.of(&machine, partition);
    if end.is_none_or(|end| offset > end) {
        let detail = format!("{machine}/{partition} has not come to {offset} yet");
        return Err(Problem::bad_request("unknown_position", detail).into());
    }
    let done = door.submit::<Feeding>(asked, &Command::Mark(Marking { user, offset })).await?;
    let Outcome::Marked(offset) = done.outcome else { unreachable!("a marker was set") };
    Ok(Done { outcome: offset, positions: done.positions, replayed: done.replayed })
}
