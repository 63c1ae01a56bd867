//! Mastodon's paths: a request becomes the commands and queries of the own paths. Apps, tokens and what the others share.

use super::given::{Grant, NewApp};
use super::ids::user_of;
use super::shown::{Account, App, ErrorBody, Instance, Scene, Status, Token};
use super::token::{self, TOKEN_SECONDS};
use super::{accounts, filters, statuses, streaming, timelines};
use crate::feeds::Feeding;
use crate::feeds::home::reader::Item;
use crate::runtime::door::{Asked, Done, Door, Read, Undone};
use crate::runtime::problem::Problem;
use crate::runtime::routes::{
    Facade, Gate, ReadingNow, Visitor, facade_error, facade_query, facade_routes, facade_undone, not_covered,
};
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, RequestPartsExt as _};
use futures_util::future::join_all;
use millrace_topics::feeds::{Answer, PostId, PostView, Query};
use millrace_topics::record::{Caller, Idempotency, Role};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The façade. Each of its routes finds out by a token who asks.
pub const FACADE: Facade =
    Facade { name: "mastodon", gate: Gate::Everybody, routes, problem: |problem| Failure(problem).into_response() };

/// The calls that are covered, as a client that makes another one is told.
pub const COVERED: [&str; 49] = [
    "POST /api/v1/apps",
    "POST /oauth/token",
    "GET /api/v1/instance",
    "GET /api/v2/instance",
    "GET /api/v1/accounts/verify_credentials",
    "PATCH /api/v1/accounts/update_credentials",
    "GET /api/v1/accounts/lookup",
    "GET /api/v1/accounts/search",
    "GET /api/v1/accounts/relationships",
    "GET /api/v1/accounts/{id}",
    "GET /api/v1/accounts/{id}/statuses",
    "GET /api/v1/accounts/{id}/followers",
    "GET /api/v1/accounts/{id}/following",
    "POST /api/v1/accounts/{id}/follow|unfollow|block|unblock|mute|unmute",
    "GET /api/v1/follow_requests",
    "POST /api/v1/follow_requests/{id}/authorize|reject",
    "GET /api/v1/blocks",
    "GET /api/v1/mutes",
    "GET /api/v1/favourites",
    "GET /api/v1/bookmarks",
    "POST /api/v1/statuses",
    "GET /api/v1/statuses/{id}",
    "PUT /api/v1/statuses/{id}",
    "DELETE /api/v1/statuses/{id}",
    "GET /api/v1/statuses/{id}/context",
    "GET /api/v1/statuses/{id}/favourited_by",
    "GET /api/v1/statuses/{id}/reblogged_by",
    "POST /api/v1/statuses/{id}/favourite|unfavourite|reblog|unreblog|bookmark|unbookmark|pin|unpin",
    "GET /api/v1/polls/{id}",
    "POST /api/v1/polls/{id}/votes",
    "GET /api/v1/timelines/home",
    "GET /api/v1/timelines/tag/{tag}",
    "GET /api/v1/timelines/list/{id}",
    "GET /api/v1/notifications",
    "GET /api/v1/filters",
    "POST /api/v1/filters",
    "GET /api/v1/filters/{id}",
    "PUT /api/v1/filters/{id}",
    "DELETE /api/v1/filters/{id}",
    "GET /api/v1/lists",
    "POST /api/v1/lists",
    "GET /api/v1/lists/{id}",
    "PUT /api/v1/lists/{id}",
    "DELETE /api/v1/lists/{id}",
    "GET /api/v1/lists/{id}/accounts",
    "POST /api/v1/lists/{id}/accounts",
    "DELETE /api/v1/lists/{id}/accounts",
    "GET /api/v1/streaming",
    "GET /api/v1/streaming/user",
];

/// The version of Mastodon whose calls these are.
const VERSION: &str = "4.2.0 (compatible; Millrace)";

/// The routes and their description.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    let covered = OpenApiRouter::new()
        .routes(routes!(app))
        .routes(routes!(grant))
        .routes(routes!(instance))
        .routes(routes!(instance_v2))
        .merge(accounts::routes::routes())
        .merge(statuses::routes::routes())
        .merge(timelines::routes::routes())
        .merge(filters::routes::routes())
        .merge(streaming::routes::routes())
        // The client for Python asks so.
        .route("/api/v1/instance/", get(instance))
        .route("/api/v2/instance/", get(instance_v2));
    let beyond = ["/api/{*rest}", "/oauth/{*rest}", "/.well-known/oauth-authorization-server"];
    facade_routes(covered, &beyond, uncovered)
}

async fn uncovered() -> Failure {
    Failure(not_covered(&COVERED))
}

/// A problem in Mastodon's dialect.
pub(super) struct Failure(pub(super) Problem);

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<Undone> for Failure {
    fn from(undone: Undone) -> Self {
        Self(facade_undone(undone))
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let Problem { status, detail, retry_after, .. } = self.0;
        let (status, error) = match status {
            404 | 410 => (404, "Record not found".to_owned()),
            409 => (422, detail),
            400..=499 | 501 | 503 | 504 | 507 => (status, detail),
            _ => (500, detail),
        };
        facade_error(status, ErrorBody { error }, retry_after)
    }
}

/// What a client sends: JSON, or a form whose names may end with `[]`. What is not understood is left out.
pub(super) struct Given<T>(pub(super) T);

impl<T: DeserializeOwned + Default> FromRequest<Door> for Given<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, door: &Door) -> Result<Self, Failure> {
        let invalid = |detail: String| Failure(Problem::new(422, "invalid", format!("Validation failed: {detail}")));
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let is_form = kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        let bytes = Bytes::from_request(request, door).await.map_err(|error| invalid(error.body_text()))?;
        if bytes.is_empty() {
            return Ok(Self(T::default()));
        }
        if !is_form {
            return serde_json::from_slice(&bytes).map(Self).map_err(|error| invalid(error.to_string()));
        }
        let text = std::str::from_utf8(&bytes).map_err(|error| invalid(error.to_string()))?;
        serde_html_form::from_str(&plain_names(text)).map(Self).map_err(|error| invalid(error.to_string()))
    }
}

/// `id[]=1` says the same as `id=1`.
fn plain_names(text: &str) -> String {
    text.replace("%5B%5D=", "=").replace("%5b%5d=", "=").replace("[]=", "=")
}

/// Parameters of the query string; unknown ones are ignored.
pub(super) struct Queried<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<Door> for Queried<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &Door) -> Result<Self, Failure> {
        let plain = plain_names(parts.uri.query().unwrap_or_default());
        let mut copy = parts.clone();
        copy.uri = format!("/?{plain}").parse().unwrap_or_default();
        let invalid = |error| Failure(Problem::new(422, "invalid", format!("Validation failed: {error}")));
        facade_query(&copy).map(Self).map_err(invalid)
    }
}

/// Whoever asks, with or without a token.
pub(super) struct Guest {
    pub(super) door: Door,
    /// What is asked, as the account that asks.
    pub(super) asked: Asked,
    /// Where the server is, as the client knows it.
    pub(super) base: String,
    /// The client's `Idempotency-Key`.
    key: Option<String>,
}

impl FromRequestParts<Door> for Guest {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, door: &Door) -> Result<Self, Failure> {
        let text = |name: header::HeaderName| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let base = format!("http://{}", text(header::HOST).unwrap_or("localhost"));
        let key = text(header::HeaderName::from_static("idempotency-key")).map(str::to_owned);
        let bearer = text(header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer ")).map(str::trim);
        let user = bearer.and_then(|bearer| token::read(door, bearer, door.now()));
        let has_other = bearer.is_some() && user.is_none();
        // The own paths read the header too, and would not know the token.
        if user.is_some() {
            parts.headers.remove(header::AUTHORIZATION);
        }
        let visitor: Visitor = parts.extract().await?;
        let caller = match (user, visitor) {
            (Some(id), _) => Caller { id, role: Role::User },
            (None, Visitor { caller, by_key: true }) => Caller { role: Role::User, ..caller },
            (None, _) if has_other => return Err(Failure(bad_token())),
            (None, _) => Caller::default(),
        };
        let ReadingNow(asked) = parts.extract().await?;
        Ok(Self { door: door.clone(), asked: Asked { caller, wait: None, ..asked }, base, key })
    }
}

pub(super) fn bad_token() -> Problem {
    Problem::new(401, "bad_token", "The access token is invalid")
}

/// The account that a token is for, and what it asks.
pub(super) struct Who(pub(super) Guest);

impl FromRequestParts<Door> for Who {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, door: &Door) -> Result<Self, Failure> {
        let guest = Guest::from_request_parts(parts, door).await?;
        if guest.asked.caller.id.is_empty() { Err(Failure(bad_token())) } else { Ok(Self(guest)) }
    }
}

impl Guest {
    /// The account that asks.
    pub(super) fn user(&self) -> &str {
        &self.asked.caller.id
    }

    /// What is asked, which under the same `Idempotency-Key` is asked once.
    pub(super) fn keyed(&self, said: &impl Serialize) -> Asked {
        let canonical = serde_json::to_string(said).expect("what was given is plain data");
        let idempotency = self.key.clone().filter(|key| !key.is_empty()).map(|key| {
            let said = format!("{}\n{canonical}", self.asked.route);
            Idempotency { key, body_hash: xxhash_rust::xxh3::xxh3_128(said.as_bytes()).to_be_bytes() }
        });
        Asked { idempotency, ..self.asked.clone() }
    }

    /// An account that the one who asks may see.
    pub(super) async fn account(&self, user: &str) -> Result<Account, Problem> {
        self.account_for(user, self.user()).await
    }

    /// An account as this one sees it.
    pub(super) async fn account_for(&self, user: &str, viewer: &str) -> Result<Account, Problem> {
        let query = Query::User { user: user.to_owned(), viewer: viewer.to_owned() };
        let Read { answer, .. } = self.door.ask::<Feeding>(&self.asked, &query).await?;
        let Answer::User(view) = answer else { unreachable!("an account was asked for") };
        Ok(Account::of(view, &self.base))
    }

    /// Those of these accounts that the one who asks may see, in their order.
    pub(super) async fn accounts(&self, users: &[String]) -> Vec<Account> {
        let asking = users.iter().map(|user| self.account(user));
        join_all(asking).await.into_iter().filter_map(Result::ok).collect()
    }

    /// What stands around these items and accounts.
    pub(super) async fn scene(&self, items: &[Item], more: impl IntoIterator<Item = String>) -> Scene {
        let mut users: BTreeSet<String> = more.into_iter().collect();
        for item in items {
            users.insert(item.post.author.clone());
            users.extend(item.repost.as_ref().map(|post| post.author.clone()));
        }
        let users: Vec<String> = users.into_iter().collect();
        let accounts = self.accounts(&users).await;
        let accounts: BTreeMap<_, _> =
            accounts.into_iter().map(|account| (account.username.clone(), account)).collect();
        Scene { base: self.base.clone(), now: self.door.now(), accounts }
    }

    /// These items as statuses.
    pub(super) async fn statuses(&self, items: Vec<Item>) -> Vec<Status> {
        let scene = self.scene(&items, []).await;
        items.into_iter().filter_map(|item| scene.status(item)).collect()
    }

    /// A post as a status.
    pub(super) async fn status(&self, post: PostView) -> Result<Status, Failure> {
        let item = Item { post: Box::new(post), repost: None, quote: None };
        self.statuses(vec![item]).await.into_iter().next().ok_or_else(not_found)
    }

    /// What a command led to as a status.
    pub(super) async fn changed(&self, done: Done<PostView>) -> Result<Json<Status>, Failure> {
        self.status(done.outcome).await.map(Json)
    }
}

/// True for the yes of a form or of JSON.
pub(super) fn is_yes(value: &serde_json::Value) -> bool {
    matches!(value, serde_json::Value::Bool(true)) || ["1", "true", "True"].iter().any(|yes| value == *yes)
}

/// 404.
pub(super) fn not_found() -> Failure {
    Failure(Problem::new(404, "not_found", "Record not found"))
}

/// The account of an id.
pub(super) fn user(id: &str) -> Result<String, Failure> {
    user_of(id).ok_or_else(not_found)
}

/// The post of an id.
pub(super) fn post(id: &str) -> Result<PostId, Failure> {
    PostId::read(id).ok_or_else(not_found)
}

/// Takes an app in. Nothing is kept of it: tokens say who asks.
#[utoipa::path(post, path = "/api/v1/apps", operation_id = "mastodon.create_app", tag = "mastodon", security(()),
    request_body = NewApp, responses(
    (status = 200, description = "The app", body = App), (status = "default", description = "An error", body = ErrorBody),
))]
async fn app(State(door): State<Door>, Given(new): Given<NewApp>) -> Json<App> {
    let name = new.client_name.unwrap_or_default();
    let secret = door.sign(&[b"mastodon app", name.as_bytes()]);
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    Json(App {
        id: "1".to_owned(),
        redirect_uri: new.redirect_uris.unwrap_or_else(|| "urn:ietf:wg:oauth:2.0:oob".to_owned()),
        client_id: hex(&secret[..16]),
        client_secret: hex(&secret[16..]),
        name,
    })
}

/// Gives a token for an account to who may act for everybody: where everybody is operator to anybody, else to a server or an
/// operator by its API key. There is no password to be known.
#[utoipa::path(post, path = "/oauth/token", operation_id = "mastodon.token", tag = "mastodon", security(()),
    request_body = Grant, responses(
    (status = 200, description = "The token", body = Token), (status = "default", description = "An error", body = ErrorBody),
))]
async fn grant(visitor: Visitor, State(door): State<Door>, Given(grant): Given<Grant>) -> Result<Json<Token>, Failure> {
    if grant.grant_type.as_deref() != Some("password") {
        let detail = "only grant_type=password is there: the account's name, and any password";
        return Err(Failure(Problem::new(400, "unsupported_grant_type", detail)));
    }
    if visitor.caller.role == Role::User {
        let detail = "log in with an API key as the access token, or let a server with an API key ask for a token";
        return Err(Failure(Problem::new(401, "invalid_grant", detail)));
    }
    let user = grant.username.unwrap_or_default();
    let asked = Asked { caller: Caller { id: user.clone(), role: Role::User }, ..Asked::default() };
    let query = Query::User { user: user.clone(), viewer: user.clone() };
    door.ask::<Feeding>(&asked, &query).await.map_err(|_| Problem::new(400, "invalid_grant", "no such account"))?;
    let now = door.now();
    Ok(Json(Token {
        access_token: token::token(&door, &user, now),
        token_type: "Bearer",
        scope: grant.scope.unwrap_or_else(|| "read write follow push".to_owned()),
        created_at: now.0 / 1000,
        expires_in: TOKEN_SECONDS,
    }))
}

fn this_instance(guest: &Guest) -> Json<Instance> {
    let domain = guest.base.trim_start_matches("http://").to_owned();
    let streaming = guest.base.replacen("http", "ws", 1);
    let text = serde_json::json!({ "max_characters": crate::feeds::text::LETTERS_LIMIT });
    Json(Instance {
        uri: domain.clone(),
        domain,
        title: "Millrace",
        description: "",
        version: VERSION,
        configuration: serde_json::json!({ "statuses": text, "urls": { "streaming": streaming } }),
        urls: [("streaming_api", streaming)].into(),
    })
}

/// What this server is.
#[utoipa::path(get, path = "/api/v1/instance", operation_id = "mastodon.instance", tag = "mastodon", security(()),
    responses(
    (status = 200, description = "The server", body = Instance), (status = "default", description = "An error", body = ErrorBody),
))]
async fn instance(guest: Guest) -> Json<Instance> {
    this_instance(&guest)
}

/// What this server is.
#[utoipa::path(get, path = "/api/v2/instance", operation_id = "mastodon.instance_v2", tag = "mastodon", security(()),
    responses(
    (status = 200, description = "The server", body = Instance), (status = "default", description = "An error", body = ErrorBody),
))]
async fn instance_v2(guest: Guest) -> Json<Instance> {
    this_instance(&guest)
}
