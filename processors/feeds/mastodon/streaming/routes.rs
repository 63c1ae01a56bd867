//! Mastodon's paths of the stream of a home: the own stream in its words, as server-sent events and over a WebSocket.

use crate::feeds::home::reader::{Reader, Wanted};
use crate::feeds::mastodon::given::{Asking, WhichStream};
use crate::feeds::mastodon::routes::{Failure, Guest, Queried, Who, bad_token};
use crate::feeds::mastodon::shown::{ErrorBody, Frame};
use crate::feeds::stream::routes::follow_home;
use crate::runtime::door::Door;
use crate::runtime::problem::Problem;
use crate::runtime::streams::Events;
use axum::body::{Body, Bytes};
use axum::extract::FromRequestParts;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use millrace_topics::feeds::PostId;
use parking_lot::Mutex;
use serde_json::Value;
use std::convert::Infallible;
use std::sync::Arc;
use tokio_stream::StreamExt as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The longest message that a client may send over a WebSocket, in bytes.
const MESSAGE_BYTES: usize = 4096;

/// How often a stream is asked for while the account begins to follow others.
const TRIES: u32 = 5;

/// The stream that there is.
const USER: &str = "user";

/// All of them.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(stream_user)).routes(routes!(stream_socket))
}

/// Follows the home of the account of the token as Mastodon's server-sent events: `update` with a status, `status.update` with
/// one that was edited, and `delete` with an id.
#[utoipa::path(get, path = "/api/v1/streaming/user", operation_id = "mastodon.stream_user", tag = "mastodon", security(()),
    responses(
    (status = 200, description = "Events", body = String, content_type = "text/event-stream"),
    (status = "default", description = "An error", body = ErrorBody),
))]
async fn stream_user(Who(who): Who) -> Result<Response, Failure> {
    let events = follow_home(&who.door, &who.asked).await?;
    let teller = Arc::new(Teller { who, newest: Mutex::default() });
    let told = events.body.then(move |bytes| {
        let teller = teller.clone();
        async move { Ok::<_, Infallible>(as_events(&teller.tell(&bytes).await)) }
    });
    let kind = [("content-type", "text/event-stream"), ("cache-control", "no-store"), ("x-accel-buffering", "no")];
    Ok((kind, Body::from_stream(told)).into_response())
}

fn as_events(told: &[Told]) -> String {
    if told.is_empty() {
        return ":thump\n\n".to_owned();
    }
    told.iter().map(|Told { event, payload }| format!("event: {event}\ndata: {payload}\n\n")).collect()
}

/// Something that a client is told.
struct Told {
    event: &'static str,
    payload: String,
}

/// Who tells an account of its home, and the newest post that was told or there before.
struct Teller {
    who: Guest,
    newest: Mutex<Option<PostId>>,
}

impl Teller {
    /// Events of the own stream in the words of Mastodon's.
    async fn tell(&self, bytes: &[u8]) -> Vec<Told> {
        let text = String::from_utf8_lossy(bytes);
        let mut told = Vec::new();
        for event in text.split("\n\n") {
            let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            if let Some(said) = field("data").and_then(|data| serde_json::from_str::<Value>(data).ok()) {
                told.extend(self.tell_one(&said, field("event") == Some("change")).await);
            }
        }
        told
    }

    async fn tell_one(&self, said: &Value, is_change: bool) -> Vec<Told> {
        let id = |value: &Value| value.as_str().and_then(PostId::read);
        let gone = said["gone"].as_array().into_iter().flatten().filter_map(id);
        let mut told: Vec<Told> = gone.map(|id| Told { event: "delete", payload: id.to_string() }).collect();
        let mut items: Vec<&Value> = said["items"].as_array().into_iter().flatten().collect();
        let newest = *self.newest.lock();
        *self.newest.lock() = newest.max(items.iter().filter_map(|item| id(&item["id"])).max());
        if !is_change {
            // All that is there: what came before is read from the timeline, and the rest was missed.
            items.retain(|item| newest.is_some_and(|newest| id(&item["id"]).is_some_and(|id| id > newest)));
        }
        told.extend(self.statuses(&items).await);
        told
    }

    async fn statuses(&self, items: &[&Value]) -> Vec<Told> {
        let wanted = items.iter().filter_map(|item| {
            let repost_of = serde_json::from_value(item["repost_of"].clone()).ok().flatten();
            Some(Wanted { id: item["id"].as_str().and_then(PostId::read)?, repost_of })
        });
        let wanted: Vec<Wanted> = wanted.collect();
        if wanted.is_empty() {
            return Vec::new();
        }
        let mut reader = Reader::new(&self.who.door, &self.who.asked);
        // The words are those of this moment: what a repost shows is told by nobody else.
        let known = reader.read_words().await.is_ok();
        let shown = reader.items(&wanted, true).await.unwrap_or_default().into_iter().flatten();
        let shown = shown.filter(|item| known && !reader.is_muted(item)).collect();
        // The oldest first, as they came.
        let statuses = self.who.statuses(shown).await.into_iter().rev();
        let tell = statuses.map(|status| {
            let edited = items.iter().any(|item| item["id"] == status.id.as_str() && !item["edited_at"].is_null());
            let event = if edited { "status.update" } else { "update" };
            Told { event, payload: serde_json::to_string(&status).expect("a status is plain data") }
        });
        tell.collect()
    }
}

/// Who opens a WebSocket. A browser cannot send a header with it, so the token is a parameter or the protocol.
struct Listener {
    who: Guest,
    which: WhichStream,
    protocol: Option<String>,
}

impl FromRequestParts<Door> for Listener {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, door: &Door) -> Result<Self, Failure> {
        let Queried(which) = Queried::<WhichStream>::from_request_parts(parts, door).await?;
        let asked = parts.headers.get(SEC_WEBSOCKET_PROTOCOL).and_then(|value| value.to_str().ok());
        let protocol = asked.and_then(|all| all.split(',').next()).map(|first| first.trim().to_owned());
        if let Some(token) = which.access_token.as_ref().or(protocol.as_ref()) {
            let bearer = format!("Bearer {token}").parse().map_err(|_| Failure(bad_token()))?;
            parts.headers.insert(AUTHORIZATION, bearer);
        }
        let Who(who) = Who::from_request_parts(parts, door).await?;
        Ok(Self { who, which, protocol })
    }
}

/// Follows the home of the account of the token over a WebSocket: with `?stream=user`, or once the client says
/// `{"type":"subscribe","stream":"user"}`. Each event is a message with `stream`, `event` and `payload`, as Mastodon's are.
#[utoipa::path(get, path = "/api/v1/streaming", operation_id = "mastodon.stream_socket", tag = "mastodon", security(()),
    params(WhichStream), responses(
    (status = 101, description = "Events"), (status = "default", description = "An error", body = ErrorBody),
))]
async fn stream_socket(
    listener: Listener,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Failure> {
    let Listener { who, which, protocol } = listener;
    let upgrade = upgrade.map_err(|_| {
        Failure(Problem::bad_request("no_websocket", "a WebSocket is opened here; /api/v1/streaming/user has events"))
    })?;
    let upgrade = upgrade.max_message_size(MESSAGE_BYTES).protocols(protocol);
    Ok(upgrade.on_upgrade(move |socket| async move {
        let mut talk = Talk { socket, teller: Teller { who, newest: Mutex::default() }, events: None };
        // A client that is gone is told nothing more.
        let _ = talk.run(which.stream).await;
    }))
}

/// That the client is gone, or that there is nothing more to say.
struct Over;

impl From<axum::Error> for Over {
    fn from(_: axum::Error) -> Self {
        Self
    }
}

/// A WebSocket that is open.
struct Talk {
    socket: WebSocket,
    teller: Teller,
    /// What is followed, and true once it has begun.
    events: Option<(Events, bool)>,
}

impl Talk {
    async fn run(&mut self, stream: Option<String>) -> Result<(), Over> {
        if let Some(stream) = stream {
            self.subscribe(&stream).await?;
        }
        loop {
            let next = async {
                match &mut self.events {
                    Some((events, _)) => events.body.next().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                message = self.socket.recv() => self.hear(message.ok_or(Over)??).await?,
                bytes = next => self.pass_on(bytes).await?,
            }
        }
    }

    /// Does what a client says.
    async fn hear(&mut self, message: Message) -> Result<(), Over> {
        let text = match message {
            Message::Text(text) => text,
            Message::Close(_) => return Err(Over),
            _ => return Ok(()),
        };
        match serde_json::from_str::<Asking>(&text) {
            Ok(Asking { kind, stream }) if kind == "subscribe" => self.subscribe(&stream).await,
            Ok(Asking { kind, stream }) if kind == "unsubscribe" && stream == USER => {
                self.events = None;
                Ok(())
            }
            _ => self.refuse("say {\"type\":\"subscribe\",\"stream\":\"user\"}").await,
        }
    }

    async fn subscribe(&mut self, stream: &str) -> Result<(), Over> {
        if stream != USER {
            return self.refuse("the stream `user` is the only one").await;
        }
        for tries in 1.. {
            match follow_home(&self.teller.who.door, &self.teller.who.asked).await {
                Ok(events) => {
                    self.events = Some((events, false));
                    break;
                }
                // Whom it follows has changed again meanwhile.
                Err(problem) if problem.code == "follows_changed" && tries < TRIES => {}
                Err(problem) => return self.refuse(&problem.detail).await,
            }
        }
        Ok(())
    }

    async fn refuse(&mut self, why: &str) -> Result<(), Over> {
        let error = serde_json::json!({ "error": why }).to_string();
        Ok(self.socket.send(Message::Text(error.into())).await?)
    }

    /// Tells of an event of the own stream. It ends when the account follows others than before: then those are followed.
    async fn pass_on(&mut self, bytes: Option<Bytes>) -> Result<(), Over> {
        let Some(bytes) = bytes else {
            let has_begun = self.events.take().is_some_and(|(_, has_begun)| has_begun);
            // One that ends before it begins is one of a server that stops.
            return if has_begun { self.subscribe(USER).await } else { Err(Over) };
        };
        if let Some((_, has_begun)) = &mut self.events {
            *has_begun |= !bytes.starts_with(b":");
        }
        let told = self.teller.tell(&bytes).await;
        if told.is_empty() {
            return Ok(self.socket.send(Message::Ping(Bytes::new())).await?);
        }
        for Told { event, payload } in told {
            let frame = Frame { stream: [USER], event, payload };
            let frame = serde_json::to_string(&frame).expect("a frame is plain data");
            self.socket.send(Message::Text(frame.into())).await?;
        }
        Ok(())
    }
}
