//! The gateway: the routes of all systems behind limits, callers and problems; [`connections`] come to it.
//!
//! The way in, from outside: count and time the request; catch a panic; refuse a head that is too large or not
//! UTF-8; (what follows holds for all but health and the API's description) find the caller, which a façade does by
//! itself; take a place among the
//! requests under way; read the body whole, within its limit and time; then the route. On the way out whatever a
//! library answered in plain text becomes a problem.

pub mod connections;

use crate::auth::Auth;
use crate::cors::{self, Origin};
use crate::docs;
use crate::health::{self, Readiness};
use crate::metrics::{Counted, Metrics};
use crate::openapi;
use crate::peer::{Peer, client_address};
use crate::pressure::Pressure;
use crate::settings::Settings;
use crate::traces;
use axum::BoxError;
use axum::Router;
use axum::body::{Body, Bytes, HttpBody, to_bytes};
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{Method, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use millrace_processors::runtime::addresses::AddressRange;
use millrace_processors::runtime::door::Door;
use millrace_processors::runtime::problem::Problem;
use millrace_processors::runtime::routes::{self as facade, ClientAddress, Facade, ServerKey};
use millrace_processors::runtime::system::System;
use millrace_topics::record::{Caller, Role};
use percent_encoding::percent_decode_str;
use std::any::Any;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// How much of a body that is over the limit is read and thrown away, in bytes, and for how long.
const DRAIN_LIMIT: usize = 4 << 20;
const DRAIN_TIME: Duration = Duration::from_secs(2);

/// How much of a plain-text error becomes the detail of a problem, in bytes.
const DETAIL_LIMIT: usize = 4096;

/// How many requests may wait for each place; only their heads are in memory.
const WAITS: u64 = 8;

/// How long a request may wait for a place, and so how late it is refused.
const PLACE_WAIT: Duration = Duration::from_millis(250);

/// What every request passes.
pub struct Gate {
    auth: Auth,
    metrics: Arc<Metrics>,
    readiness: Arc<Readiness>,
    header_limit: usize,
    header_count: usize,
    body_limit: usize,
    body_timeout: Duration,
    pressure: Pressure,
    trusted_proxies: Vec<AddressRange>,
    origins: Vec<Origin>,
    /// Places for requests under way.
    places: Arc<Semaphore>,
    /// Places for requests that wait for one of those.
    waits: Arc<Semaphore>,
    /// KiB that the bodies of requests under way may have together.
    bodies: Arc<Semaphore>,
}

impl Gate {
    /// A gate with the limits of these settings. The bodies of all requests under way may have an eighth of the
    /// memory.
    #[must_use]
    pub fn new(settings: &Settings, auth: Auth, metrics: Arc<Metrics>, readiness: Arc<Readiness>) -> Self {
        let bodies = (settings.memory() / 8).max(settings.body_limit) / 1024 + 1;
        let semaphore = |places: u64| Arc::new(Semaphore::new(bytes(places).min(Semaphore::MAX_PERMITS)));
        Self {
            auth,
            metrics,
            readiness,
            header_limit: bytes(settings.header_limit),
            header_count: settings.header_count as usize,
            body_limit: bytes(settings.body_limit),
            body_timeout: settings.body_timeout,
            pressure: Pressure::new(),
            trusted_proxies: settings.trusted_proxies.clone(),
            origins: settings.cors_origins.clone(),
            places: semaphore(settings.in_flight.into()),
            waits: semaphore(u64::from(settings.in_flight) * WAITS),
            bodies: semaphore(bodies),
        }
    }

    /// Lets a request in: with its caller, a place, and its body in memory.
    async fn enter(&self, mut request: Request) -> Result<(Request, Held), Problem> {
        let caller = self.auth.identify(request.headers())?;
        request.extensions_mut().insert(caller);
        self.take_in(request).await
    }

    /// The same for a façade: who asks is said in its dialect, so it gets what its clients must know instead.
    async fn enter_facade(&self, mut request: Request) -> Result<(Request, Held), Problem> {
        let key = self.auth.server_key(request.headers())?;
        request.extensions_mut().insert(ServerKey(key));
        self.take_in(request).await
    }

    /// The same for a façade whose clients send an API key in their own way.
    async fn enter_with_basic_key(&self, mut request: Request) -> Result<(Request, Held), Problem> {
        let caller = self.auth.identify_basic(request.headers())?;
        request.extensions_mut().insert(caller);
        self.take_in(request).await
    }

    /// The same for what is for everybody: nobody need say who asks, but who does is known, and where from.
    async fn enter_public(&self, mut request: Request) -> Result<(Request, Held), Problem> {
        let peer = request.extensions().get::<Peer>().copied();
        let address = peer.map(|peer| client_address(request.headers(), peer, &self.trusted_proxies));
        let visitor = self.auth.visitor(request.headers());
        request.extensions_mut().insert(visitor);
        request.extensions_mut().insert(Caller::default());
        request.extensions_mut().insert(ClientAddress(address));
        self.take_in(request).await
    }

    async fn take_in(&self, request: Request) -> Result<(Request, Held), Problem> {
        let place = self.place().await?;
        let (parts, body) = request.into_parts();
        if body.is_end_stream() {
            return Ok((Request::from_parts(parts, body), Held { _place: place, _body: None }));
        }
        let (body, held) = self.read(body).await?;
        Ok((Request::from_parts(parts, body), Held { _place: place, _body: Some(held) }))
    }

    /// A place among the requests under way. Some may wait a moment for one: else those who come back together would
    /// be refused together, and places would stand empty until they come again.
    async fn place(&self) -> Result<OwnedSemaphorePermit, Problem> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(place);
        }
        let _waits = self.waits.try_acquire().map_err(|_| self.overloaded("requests"))?;
        match tokio::time::timeout(PLACE_WAIT, Arc::clone(&self.places).acquire_owned()).await {
            Ok(Ok(place)) => Ok(place),
            _ => Err(self.overloaded("requests")),
        }
    }

    async fn read(&self, body: Body) -> Result<(Body, OwnedSemaphorePermit), Problem> {
        let size = body.size_hint();
        if size.lower() > self.body_limit as u64 {
            drain(body).await;
            return Err(self.too_large());
        }
        let expected = size.upper().unwrap_or(u64::MAX).min(self.body_limit as u64) / 1024 + 1;
        let kib = u32::try_from(expected).unwrap_or(u32::MAX);
        let held = Arc::clone(&self.bodies).try_acquire_many_owned(kib).map_err(|_| self.overloaded("bodies"))?;
        let read = tokio::time::timeout(self.body_timeout, collect(body, self.body_limit)).await;
        let read = read.map_err(|_| {
            Problem::new(408, "body_timeout", format!("the body did not arrive within {:?}", self.body_timeout))
        })?;
        let bytes = read.map_err(|error| {
            let too_large = error.is::<LengthLimitError>();
            if too_large { self.too_large() } else { Problem::bad_request("unreadable_body", "the body broke off") }
        })?;
        Ok((Body::from(bytes), held))
    }

    fn overloaded(&self, what: &str) -> Problem {
        Problem::unavailable("overloaded", format!("too many {what} are under way"), self.pressure.refused())
    }

    fn too_large(&self) -> Problem {
        Problem::new(413, "body_too_large", format!("a body has at most {} bytes", self.body_limit))
    }

    /// What can be refused by the head of a request alone.
    fn check_head(&self, request: &Request) -> Result<(), Problem> {
        check_uri(request.uri(), self.header_limit)?;
        let headers = request.headers();
        if headers.len() > self.header_count {
            let detail = format!("a request has at most {} headers", self.header_count);
            return Err(Problem::new(431, "headers_too_large", detail));
        }
        let size: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
        if size > self.header_limit {
            let detail = format!("the headers have at most {} bytes together", self.header_limit);
            return Err(Problem::new(431, "headers_too_large", detail));
        }
        Ok(())
    }
}

/// What a request holds until it is answered.
struct Held {
    _place: OwnedSemaphorePermit,
    _body: Option<OwnedSemaphorePermit>,
}

/// The bytes of a body, copied together: a part of it that is kept as it came keeps the whole buffer that it was read
/// into, so a body that drips in byte by byte would hold thousands of times its length.
async fn collect(body: Body, limit: usize) -> Result<Vec<u8>, BoxError> {
    let mut body = Limited::new(body, limit);
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        // What is no data are trailers, which mean nothing here.
        if let Ok(data) = frame?.into_data() {
            bytes.extend_from_slice(&data);
        }
    }
    Ok(bytes)
}

/// Reads on for a while what is refused: a client that is still writing when the connection closes loses the answer.
async fn drain(mut body: Body) {
    let mut left = DRAIN_LIMIT;
    let reading = async {
        while let Some(Ok(frame)) = body.frame().await {
            left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
            if left == 0 {
                return;
            }
        }
    };
    // A client that is slower than this is not waited for.
    let _ = tokio::time::timeout(DRAIN_TIME, reading).await;
}

fn bytes(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn check_uri(uri: &Uri, limit: usize) -> Result<(), Problem> {
    let (path, query) = (uri.path(), uri.query().unwrap_or_default());
    if path.len() + query.len() > limit {
        return Err(Problem::new(414, "uri_too_long", format!("path and query have at most {limit} bytes together")));
    }
    if percent_decode_str(path).decode_utf8().is_err() {
        return Err(Problem::bad_request("bad_path", "the path is not UTF-8"));
    }
    // The parser of parameters would silently put U+FFFD in the place of such bytes.
    if percent_decode_str(query).decode_utf8().is_err() {
        return Err(Problem::bad_request("bad_parameter", "the query is not UTF-8"));
    }
    Ok(())
}

/// All routes: those of `systems`, the program's `own`, health, figures, and the API's description for programs and for people.
///
/// # Panics
/// If two routes have the same method and path: the registry is wrong, and no request decides which one is meant.
pub fn router(door: Door, gate: Gate, systems: &[System], own: OpenApiRouter<Door>) -> Router {
    let gate = Arc::new(gate);
    let figures = OpenApiRouter::new().routes(routes!(figures)).with_state(Arc::clone(&gate.metrics));
    let guarded = OpenApiRouter::with_openapi(openapi::base()).merge(own).merge(figures);
    let guarded = systems.iter().fold(guarded, |all, system| all.merge((system.routes)()));
    let facades = systems.iter().flat_map(|system| system.facades).fold(OpenApiRouter::new(), |all, facade| {
        all.merge((facade.routes)().layer(from_fn_with_state((Arc::clone(&gate), facade), admit_to_facade)))
    });
    let (facades, facades_described) = facades.split_for_parts();
    let public = systems.iter().filter_map(|system| system.public);
    let public = public.fold(OpenApiRouter::new(), |all, routes| all.merge(routes()));
    let (public, public_described) = public.split_for_parts();
    let (health, health_described) = OpenApiRouter::new()
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .with_state::<()>(Arc::clone(&gate.readiness))
        .split_for_parts();
    let (guarded, mut described) = guarded.split_for_parts();
    described.merge(health_described);
    described.merge(facades_described);
    described.merge(public_described);
    let document = openapi::document(&described);
    let page = docs::routes(&document);
    let document = Bytes::from(document.to_string());
    let described = async move || ([(header::CONTENT_TYPE, "application/json")], document);
    let cors = cors::layer(&gate.origins);
    let all = guarded
        .layer(from_fn_with_state(Arc::clone(&gate), admit))
        .merge(public.layer(from_fn_with_state(Arc::clone(&gate), admit_everybody)))
        .merge(facades)
        .with_state(door)
        // The gate reads the body itself, so the limit of the extractors would only be a second number.
        .layer(DefaultBodyLimit::disable())
        .merge(health)
        .route("/openapi.json", get(described))
        .merge(page)
        .fallback(unknown_path)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(gate, surround));
    match cors {
        Some(cors) => all.layer(cors),
        None => all,
    }
}

/// Figures for Prometheus. Operators and servers only.
#[utoipa::path(get, path = "/metrics", tag = "health",
               responses((status = 200, description = "Prometheus's text format", body = String)))]
async fn figures(State(metrics): State<Arc<Metrics>>, caller: axum::Extension<Caller>) -> Result<Response, Problem> {
    if caller.role == Role::User {
        return Err(Problem::new(403, "operators_only", "figures are for operators and servers"));
    }
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], metrics.text()).into_response())
}

async fn unknown_path(uri: Uri) -> Problem {
    Problem::new(404, "unknown_path", format!("there is nothing at {}; /openapi.json lists all paths", uri.path()))
}

async fn admit(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Response {
    match gate.enter(request).await {
        Ok((request, _held)) => {
            let response = next.run(request).await;
            gate.pressure.served();
            response
        }
        Err(problem) => problem.into_response(),
    }
}

async fn admit_everybody(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Response {
    match gate.enter_public(request).await {
        Ok((request, _held)) => {
            let response = next.run(request).await;
            gate.pressure.served();
            response
        }
        Err(problem) => problem.into_response(),
    }
}

async fn admit_to_facade(
    State((gate, facade)): State<(Arc<Gate>, &'static Facade)>,
    request: Request,
    next: Next,
) -> Response {
    let entered = match facade.gate {
        facade::Gate::ServerKey => gate.enter_facade(request).await,
        facade::Gate::Everybody => gate.enter_public(request).await,
        facade::Gate::BasicKey => gate.enter_with_basic_key(request).await,
    };
    match entered {
        Ok((request, _held)) => {
            let response = next.run(request).await;
            gate.pressure.served();
            response
        }
        Err(problem) => (facade.problem)(problem),
    }
}

async fn surround(State(gate): State<Arc<Gate>>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let _counted = Counted::new(&gate.metrics.in_flight);
    let route = request.extensions().get::<MatchedPath>().cloned();
    let method = label(request.method());
    let path = route.as_ref().map_or("unmatched", MatchedPath::as_str);
    let span = traces::request(&mut request, method, path);
    let response = match gate.check_head(&request) {
        Ok(()) => as_problem(next.run(request).await).await,
        Err(problem) => problem.into_response(),
    };
    if let Some(mut span) = span {
        span.answered(response.status().as_u16());
    }
    gate.metrics.requests.with_label_values(&[method, path, response.status().as_str()]).inc();
    tracing::debug!(method, route = path, status = response.status().as_u16(), "answered");
    gate.metrics.request_seconds.with_label_values(&[path]).observe(started.elapsed().as_secs_f64());
    response
}

/// The method as a label: clients may invent methods, and labels must stay few.
fn label(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "HEAD" => "HEAD",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

fn panicked(payload: Box<dyn Any + Send>) -> Response {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("without a message");
    tracing::error!(panic = text, "a route failed");
    Problem::new(500, "internal", "the server failed on this request; its log says more").into_response()
}

/// Makes a problem of an error that has plain text or nothing to say; any other body is its route's own.
async fn as_problem(response: Response) -> Response {
    let status = response.status();
    let plain = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_none_or(|kind| kind.to_str().is_ok_and(|kind| kind.starts_with("text/plain")));
    if !plain || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let (parts, body) = response.into_parts();
    let text = to_bytes(body, DETAIL_LIMIT).await.unwrap_or_default();
    let detail = match std::str::from_utf8(&text).map(str::trim) {
        Ok(text) if !text.is_empty() => text.to_owned(),
        _ => status.canonical_reason().unwrap_or("refused").to_owned(),
    };
    let mut problem = Problem::new(status.as_u16(), code(status), detail).into_response();
    for (name, value) in &parts.headers {
        if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH {
            problem.headers_mut().append(name, value.clone());
        }
    }
    problem
}

fn code(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "unauthorized",
        403 => "forbidden",
        404 => "not_found",
        405 => "method_not_allowed",
        408 => "request_timeout",
        413 => "body_too_large",
        414 => "uri_too_long",
        415 => "unsupported_media_type",
        422 => "unprocessable",
        429 => "too_many_requests",
        431 => "headers_too_large",
        503 => "unavailable",
        500..=599 => "internal",
        _ => "bad_request",
    }
}

/// Ends when the process is asked to stop: SIGTERM or SIGINT. From the call on, not only once it is awaited, these
/// signals no longer end the process by themselves.
///
/// # Errors
/// If the signals cannot be listened to.
pub fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(test)]
mod tests;
