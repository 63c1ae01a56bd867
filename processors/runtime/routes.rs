//! What the routes of all systems share: reading a request strictly, and writing outcomes, answers and problems.

use crate::runtime::door::{AsOf, Asked, Done, Door, Read, Undone};
use crate::runtime::peer::Freshness;
use crate::runtime::problem::Problem;
use crate::runtime::streams::Events;
use axum::Json;
use axum::body::{Body as AxumBody, Bytes, HttpBody as _};
use axum::extract::{FromRequest, FromRequestParts, OriginalUri, Path, Request};
use axum::handler::Handler;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use millrace_topics::position::Positions;
use millrace_topics::record::{Caller, Idempotency};
use millrace_topics::time::parse_rfc3339;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio_stream::StreamExt as _;
use utoipa::openapi::{self, ContentBuilder, Ref, RefOr, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};
use utoipa_axum::router::OpenApiRouter;

/// The longest `Idempotency-Key`, in bytes.
pub const IDEMPOTENCY_KEY_LIMIT: usize = 255;

/// The longest that `Prefer: wait=n` may ask for, in seconds.
pub const WAIT_LIMIT_SECONDS: u64 = 60;

/// Routes for an existing client, at the paths and in the dialect that it has built in.
///
/// The gate does not ask who sends a request to them, because that is said in the dialect too: every route finds it out
/// by itself.
pub struct Facade {
    /// Whose client it is.
    pub name: &'static str,
    /// Whom the gate lets in.
    pub gate: Gate,
    /// The routes and their description.
    pub routes: fn() -> OpenApiRouter<Door>,
    /// What the gate refuses, in the dialect.
    pub problem: fn(Problem) -> Response,
}

/// Whom the gate lets in to a façade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Whoever asks where there is a [`ServerKey`], which it puts beside the request: sessions are only given to who knows it.
    ServerKey,
    /// Everybody, as to the routes of a system that are for everybody.
    Everybody,
    /// Who sends an API key as the user of `Authorization: Basic`, whatever the password.
    BasicKey,
}

/// JSON of a client of others: whatever the content type says, unknown fields are ignored, and no body is an empty one.
///
/// # Errors
/// What is wrong, for people.
pub async fn facade_json<T: DeserializeOwned>(request: Request, door: &Door) -> Result<T, String> {
    let bytes = Bytes::from_request(request, door).await.map_err(|rejection| rejection.body_text())?;
    let said: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
    serde_json::from_slice(said).map_err(|error| error.to_string())
}

/// Parameters in the query string of a client of others: unknown ones are ignored.
///
/// # Errors
/// What is wrong, for people.
pub fn facade_query<T: DeserializeOwned>(parts: &Parts) -> Result<T, String> {
    serde_html_form::from_str(parts.uri.query().unwrap_or_default()).map_err(|error| error.to_string())
}

/// An error in a façade's dialect.
pub fn facade_error(status: u16, body: impl Serialize, retry_after: Option<u64>) -> Response {
    let status = StatusCode::from_u16(status).expect("the dialect has statuses");
    match retry_after {
        Some(seconds) => (status, [(header::RETRY_AFTER, seconds)], Json(body)).into_response(),
        None => (status, Json(body)).into_response(),
    }
}

/// The routes that a façade covers, with an answer to what it does not: other methods, and what else is at these paths.
pub fn facade_routes<T: 'static>(
    covered: OpenApiRouter<Door>,
    beyond: &[&str],
    uncovered: impl Handler<T, Door>,
) -> OpenApiRouter<Door> {
    let (router, described) = covered.split_for_parts();
    let router = beyond.iter().fold(router, |router, path| router.route(path, any(uncovered.clone())));
    let mut routes = OpenApiRouter::from(router.method_not_allowed_fallback(uncovered));
    *routes.get_openapi_mut() = described;
    routes
}

/// What a façade whose dialect has no word for it says of a command that has no outcome yet.
#[must_use]
pub fn facade_undone(undone: Undone) -> Problem {
    match undone {
        Undone::Problem(problem) => *problem,
        Undone::Accepted(at) => {
            Problem::outcome_unknown(format!("it is durable and not applied yet: ask /v1/outcomes/{at}"))
        }
    }
}

/// That a façade does not cover a call, and which ones it does.
#[must_use]
pub fn not_covered(covered: &[&str]) -> Problem {
    Problem::new(501, "not_covered", format!("this call is not covered; these are: {}", covered.join(", ")))
}

/// What the client of a façade must know to be given a session: beside each request that the gate lets through.
#[derive(Clone)]
pub struct ServerKey(pub Arc<str>);

/// A problem as every operation describes it.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// `about:blank`: the code says more than a link would.
    pub r#type: String,
    /// The status in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// The stable code that programs may rely on.
    pub code: String,
    /// What is wrong, for people.
    pub detail: String,
}

impl IntoResponses for ProblemBody {
    fn responses() -> BTreeMap<String, RefOr<openapi::Response>> {
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
        let problem = ResponseBuilder::new().description("A problem").content("application/problem+json", content);
        BTreeMap::from([("default".to_owned(), problem.build().into())])
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        // What is only not there yet is no problem.
        let (kind, body) = match status {
            StatusCode::ACCEPTED => ("application/json", self.not_yet()),
            _ => ("application/problem+json", self.body()),
        };
        let body = serde_json::to_vec(&body).expect("a problem is plain data");
        let mut response = (status, [(header::CONTENT_TYPE, kind)], body).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        for (name, value) in self.headers {
            set(headers, name, &value);
        }
        response
    }
}

impl IntoResponse for Undone {
    fn into_response(self) -> Response {
        match self {
            Self::Problem(problem) => problem.into_response(),
            Self::Accepted(positions) => {
                let place = format!("/v1/outcomes/{positions}");
                let body = serde_json::json!({ "position": positions.to_string(), "outcome": place });
                let mut response = (StatusCode::ACCEPTED, axum::Json(body)).into_response();
                set(response.headers_mut(), "location", &place);
                set(response.headers_mut(), "millrace-position", &positions.to_string());
                response
            }
        }
    }
}

/// The same response with an ETag: a version in quotes.
#[must_use]
pub fn with_etag(mut response: Response, version: u32) -> Response {
    set(response.headers_mut(), "etag", &format!("\"{version}\""));
    response
}

/// The version that `If-Match` names; none for `*`, which any version is.
///
/// # Errors
/// 400 `bad_header`.
pub fn if_match(parts: &Parts) -> Result<Option<u32>, Problem> {
    let Some(value) = text(parts, "if-match")?.filter(|value| *value != "*") else { return Ok(None) };
    let version = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).and_then(|text| text.parse().ok());
    let bad = || Problem::bad_request("bad_header", format!("If-Match is a version in quotes or `*`, not {value}"));
    version.map(Some).ok_or_else(bad)
}

/// Sets a header; what cannot stand in one, or says nothing, is left out.
fn set(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if value.is_empty() {
        return;
    }
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// An outcome as an answer: the body is what `show` makes of it.
pub fn respond<T, B: Serialize>(status: StatusCode, done: Done<T>, show: impl FnOnce(T) -> B) -> Response {
    let mut response = (status, axum::Json(show(done.outcome))).into_response();
    set(response.headers_mut(), "millrace-position", &done.positions.to_string());
    if done.replayed {
        set(response.headers_mut(), "idempotent-replayed", "true");
    }
    response
}

/// The outcomes of a request of several parts as one answer, with the positions of all that are known.
pub fn respond_many<T, B: Serialize>(
    status: StatusCode,
    parts: Vec<Result<Done<T>, Undone>>,
    show: impl FnOnce(Vec<Result<Done<T>, Undone>>) -> B,
) -> Response {
    let mut positions = Positions::default();
    let mut replayed = !parts.is_empty();
    for part in &parts {
        match part {
            Ok(done) => positions.merge(&done.positions),
            Err(Undone::Accepted(at)) => positions.merge(at),
            Err(Undone::Problem(_)) => {}
        }
        replayed &= matches!(part, Ok(Done { replayed: true, .. }));
    }
    respond(status, Done { outcome: parts, positions, replayed }, show)
}

/// What became of the parts of a request that is done only if all are.
///
/// # Errors
/// The first part that is not.
pub fn all_done<T>(mut parts: Vec<Result<Done<T>, Undone>>) -> Result<Vec<Result<Done<T>, Undone>>, Undone> {
    match parts.iter().position(Result::is_err) {
        Some(undone) => Err(parts.swap_remove(undone).err().expect("it was just found")),
        None => Ok(parts),
    }
}

/// The same for something that was created at `location`.
pub fn created<T, B: Serialize>(
    location: &str,
    status: StatusCode,
    done: Done<T>,
    show: impl FnOnce(T) -> B,
) -> Response {
    let mut response = respond(status, done, show);
    set(response.headers_mut(), "location", location);
    response
}

/// An answer to a query: the body is what `show` makes of it.
pub fn answer<T, B: Serialize>(read: Read<T>, show: impl FnOnce(T) -> B) -> Response {
    let mut response = axum::Json(show(read.answer)).into_response();
    set(response.headers_mut(), "millrace-position", &read.positions.to_string());
    response
}

/// What a read says beside its path: of the present, or with `?at=` or `?as_of=` of a past state.
pub struct Reading(pub Asked);

impl<S: Send + Sync> FromRequestParts<S> for Reading {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let as_of = as_of(parts)?;
        Ok(Self(Asked { as_of, ..asked(parts)? }))
    }
}

/// A read of what has no past: `?at=` and `?as_of=` are refused.
pub struct ReadingNow(pub Asked);

impl<S: Send + Sync> FromRequestParts<S> for ReadingNow {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match as_of(parts)? {
            AsOf::Now => asked(parts).map(Self),
            _ => Err(Problem::bad_request("bad_parameter", "this is read as it is now, without `at` and `as_of`")),
        }
    }
}

/// A read that goes on: `Last-Event-ID` says where a client was that has been here before.
pub struct Following(pub Asked);

impl<S: Send + Sync> FromRequestParts<S> for Following {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let ReadingNow(mut asked) = ReadingNow::from_request_parts(parts, state).await?;
        let id = text(parts, "last-event-id")?.filter(|id| !id.is_empty());
        asked.last_seen = id.map(positions).transpose()?;
        Ok(Self(asked))
    }
}

/// Where a request comes from, as far as the gate knows it: only routes that are for everybody are told.
#[derive(Clone, Copy, Debug, Default)]
pub struct ClientAddress(pub Option<IpAddr>);

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(parts.extensions.get::<Self>().copied().unwrap_or_default())
    }
}

/// Who a request to a route for everybody is from, if that is known: whoever has no API key is the default caller.
#[derive(Clone, Debug, Default)]
pub struct Visitor {
    /// Who it is.
    pub caller: Caller,
    /// True if the `Authorization` header says so: then it says nothing else.
    pub by_key: bool,
}

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let known: Option<&Result<Self, Problem>> = parts.extensions.get();
        known.cloned().unwrap_or_else(|| Ok(Self::default()))
    }
}

/// Server-sent events as a response that goes on until either side ends it.
#[must_use]
pub fn follow(events: Events) -> Response {
    let body = AxumBody::from_stream(events.body.map(Ok::<_, std::convert::Infallible>));
    // The second is for a proxy that would hold events back, as nginx does.
    let kind = [("content-type", "text/event-stream"), ("cache-control", "no-store"), ("x-accel-buffering", "no")];
    let mut response = (kind, body).into_response();
    set(response.headers_mut(), "millrace-position", &events.positions.to_string());
    response
}

/// A write without a body.
pub struct Writing(pub Asked);

impl<S: Send + Sync> FromRequestParts<S> for Writing {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut asked = asked(parts)?;
        asked.idempotency = idempotency(parts, &asked.route, &Value::Null)?;
        Ok(Self(asked))
    }
}

/// A write with a JSON body, read strictly: an unknown field, a wrong type or a number out of range is refused with
/// its place.
pub struct Body<T>(pub Asked, pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let mut asked = asked(&mut parts)?;
        check_content_type(&parts.headers)?;
        let bytes = Bytes::from_request(Request::from_parts(parts.clone(), body), &()).await.map_err(|rejection| {
            match rejection.status() {
                StatusCode::PAYLOAD_TOO_LARGE => Problem::new(413, "body_too_large", "the body is over the limit"),
                _ => Problem::bad_request("unreadable_body", rejection.body_text()),
            }
        })?;
        let value = parse::<T>(&bytes)?;
        let canonical = without_nulls(serde_json::from_slice(&bytes).map_err(|error| bad_json(&error))?);
        asked.idempotency = idempotency(&parts, &asked.route, &canonical)?;
        Ok(Self(asked, value))
    }
}

/// The same as [`Body`] where the body may be left out.
pub struct MaybeBody<T>(pub Asked, pub T);

impl<S: Send + Sync, T: DeserializeOwned + Default> FromRequest<S> for MaybeBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if request.body().is_end_stream() {
            let mut parts = request.into_parts().0;
            let Writing(asked) = Writing::from_request_parts(&mut parts, state).await?;
            return Ok(Self(asked, T::default()));
        }
        Body::from_request(request, state).await.map(|Body(asked, value)| Self(asked, value))
    }
}

/// Parameters of the query string, read as strictly as a body. One that may be given several times is a list:
/// `owner_ids=ada&owner_ids=eve`. What every read knows is left out.
pub struct Params<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let pairs = parts.uri.query().unwrap_or_default().split('&');
        let of_all = |pair: &str| pair.split_once('=').is_some_and(|(name, _)| OF_EVERY_READ.contains(&name));
        let own: Vec<&str> = pairs.filter(|pair| !of_all(pair)).collect();
        let own = own.join("&");
        let value = serde_html_form::from_str(&own);
        value.map(Self).map_err(|error| Problem::bad_request("bad_parameter", format!("`{own}`: {error}")))
    }
}

/// The parameters that every read knows.
const OF_EVERY_READ: [&str; 3] = ["min_position", "at", "as_of"];

/// The most rows that any list gives at once.
pub const LIST_LIMIT: u32 = 1000;

/// How many rows of a list are asked for.
///
/// # Errors
/// 400 `bad_limit`.
pub fn limit(asked: Option<u32>, default: u32) -> Result<u32, Problem> {
    let limit = asked.unwrap_or(default);
    if (1..=LIST_LIMIT).contains(&limit) {
        return Ok(limit);
    }
    Err(Problem::bad_request("bad_limit", format!("`limit` is 1 to {LIST_LIMIT}, not {limit}")))
}

/// Segments of the path.
pub struct Segments<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Segments<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(value) = Path::<T>::from_request_parts(parts, state)
            .await
            .map_err(|rejection| Problem::bad_request("bad_path", rejection.body_text()))?;
        Ok(Self(value))
    }
}

/// The id and the verb of a segment `id:verb`: what stands before and behind its last colon.
///
/// # Errors
/// 404 `unknown_action`.
pub fn action(segment: &str) -> Result<(&str, &str), Problem> {
    segment.rsplit_once(':').ok_or_else(|| unknown_action("it has none"))
}

/// 404: what is there knows no such verb.
#[must_use]
pub fn unknown_action(verb: &str) -> Problem {
    Problem::new(404, "unknown_action", format!("a path `…/id:verb` needs a verb that is known: {verb}"))
}

fn check_content_type(headers: &HeaderMap) -> Result<(), Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if essence == "application/json" || essence.ends_with("+json") {
        return Ok(());
    }
    Err(Problem::new(415, "unsupported_media_type", format!("the body must be application/json, not `{kind}`")))
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|error| bad_json(&error))
}

fn bad_json(error: &serde_json::Error) -> Problem {
    let code = match error.classify() {
        serde_json::error::Category::Data => "bad_body",
        _ => "bad_json",
    };
    Problem::bad_request(code, error.to_string())
}

/// A value as it is meant: absent and null are the same, and the order of fields says nothing.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(kept.map(|(name, value)| (name, without_nulls(value))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(without_nulls).collect()),
        other => other,
    }
}

/// A header as text.
///
/// # Errors
/// 400 `bad_header`.
pub fn text<'a>(parts: &'a Parts, name: &str) -> Result<Option<&'a str>, Problem> {
    let Some(value) = parts.headers.get(name) else { return Ok(None) };
    let text = value.to_str().map_err(|_| Problem::bad_request("bad_header", format!("{name} is not plain text")))?;
    Ok(Some(text))
}

fn asked(parts: &mut Parts) -> Result<Asked, Problem> {
    let caller = parts.extensions.get::<Caller>().cloned().unwrap_or_default();
    let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0);
    let route = format!("{} {}", parts.method, uri.path());
    let target = uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    let min_position = match (text(parts, "millrace-min-position")?, parameter(parts, "min_position")?) {
        (Some(text), _) => positions(text)?,
        (None, Some(text)) => positions(&text)?,
        (None, None) => Positions::default(),
    };
    let trace_parent = text(parts, "traceparent")?.and_then(trace_parent);
    let fresh = Freshness::read(text(parts, "millrace-read")?, text(parts, "millrace-max-staleness")?)?;
    let wait = wait(parts)?;
    Ok(Asked { caller, route, target, min_position, fresh, wait, trace_parent, ..Asked::default() })
}

/// One of the parameters that every read knows.
fn parameter(parts: &Parts, name: &str) -> Result<Option<String>, Problem> {
    let bad = |why: String| Problem::bad_request("bad_parameter", why);
    let pairs = parts.uri.query().unwrap_or_default().split('&');
    let mut given = pairs.filter(|pair| pair.split_once('=').is_some_and(|(found, _)| found == name));
    let Some(pair) = given.next() else { return Ok(None) };
    if given.next().is_some() {
        return Err(bad(format!("`{name}` is given twice")));
    }
    let read: Result<Vec<(String, String)>, _> = serde_html_form::from_str(pair);
    let read = read.map_err(|error| bad(format!("`{pair}`: {error}")))?;
    Ok(read.into_iter().next().map(|(_, value)| value))
}

fn as_of(parts: &Parts) -> Result<AsOf, Problem> {
    match (parameter(parts, "at")?, parameter(parts, "as_of")?) {
        (None, None) => Ok(AsOf::Now),
        (Some(at), None) => Ok(AsOf::Position(positions(&at)?)),
        (None, Some(text)) => {
            let time = parse_rfc3339(&text);
            let bad =
                |why: String| Problem::bad_request("bad_time", format!("`as_of={text}`: {why}; a `+` is %2B here"));
            time.map(AsOf::Time).map_err(bad)
        }
        (Some(_), Some(_)) => {
            Err(Problem::bad_request("bad_parameter", "`at` and `as_of` name one moment each: give one of them"))
        }
    }
}

fn positions(text: &str) -> Result<Positions, Problem> {
    text.parse().map_err(|error| Problem::bad_request("bad_position", format!("{error}")))
}

fn trace_parent(text: &str) -> Option<[u8; 26]> {
    let digits: String = text.split('-').collect();
    if digits.len() != 52 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; 26];
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[2 * index..2 * index + 2], 16).ok()?;
    }
    Some(bytes)
}

fn wait(parts: &Parts) -> Result<Option<Duration>, Problem> {
    let Some(prefer) = text(parts, "prefer")? else { return Ok(None) };
    for preference in prefer.split(',').map(str::trim) {
        if preference == "respond-async" {
            return Ok(Some(Duration::ZERO));
        }
        // RFC 7240: a preference that is not understood is ignored.
        if let Some(seconds) = preference.strip_prefix("wait=").and_then(|text| text.parse::<u64>().ok()) {
            return Ok(Some(Duration::from_secs(seconds.min(WAIT_LIMIT_SECONDS))));
        }
    }
    Ok(None)
}

fn idempotency(parts: &Parts, route: &str, canonical: &Value) -> Result<Option<Idempotency>, Problem> {
    let Some(key) = text(parts, "idempotency-key")? else { return Ok(None) };
    if key.is_empty() || key.len() > IDEMPOTENCY_KEY_LIMIT {
        let detail = format!("an Idempotency-Key has 1 to {IDEMPOTENCY_KEY_LIMIT} bytes");
        return Err(Problem::bad_request("bad_idempotency_key", detail));
    }
    let said = format!("{route}\n{canonical}");
    let body_hash = xxhash_rust::xxh3::xxh3_128(said.as_bytes()).to_be_bytes();
    Ok(Some(Idempotency { key: key.to_owned(), body_hash }))
}
