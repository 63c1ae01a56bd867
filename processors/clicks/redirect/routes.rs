//! The path of an ad's link.

use crate::clicks::redirect::{Visit, go};
use crate::runtime::door::Door;
use crate::runtime::problem::Problem;
use crate::runtime::routes::{ClientAddress, ProblemBody, Segments};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes and their description. Everybody may follow a link.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(follow, look))
}

/// The first-party cookie that names a visitor. Millrace reads it and never sets it.
const COOKIE: &str = "millrace_visitor";

/// Headers by which browsers say that they fetch something ahead.
const AHEAD: [&str; 4] = ["sec-purpose", "purpose", "x-purpose", "x-moz"];

/// Sends a visitor to where an ad leads, with the id of the click as the parameter `click_id`. It waits until the click
/// is durable and for nothing else. While the log takes no record the visitor is sent there all the same, without an id:
/// such a click is never counted and never billed. What is fetched ahead or for a preview is no click. Further
/// parameters of the link mean nothing.
#[utoipa::path(get, path = "/c/{ad}", tag = "clicks", params(
    ("ad" = String, Path, description = "The ad"),
    ("imp" = Option<String>, Query, description = "The token of the impression that was clicked on")), responses(
    (status = 302, description = "To where the ad leads", headers(("Location" = String, description = "Where that is"))),
    ProblemBody,
))]
async fn follow(
    State(door): State<Door>,
    Segments(ad): Segments<String>,
    ClientAddress(address): ClientAddress,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let looks = AHEAD.iter().any(|name| {
        let said = text(&headers, name).unwrap_or_default().to_ascii_lowercase();
        ["prefetch", "prerender", "preview"].iter().any(|word| said.contains(word))
    });
    let user_agent = text(&headers, header::USER_AGENT.as_str()).unwrap_or_default().to_owned();
    let token = uri.query().and_then(|query| parameter(query, "imp"));
    redirect(&door, Visit { ad, token, user_agent, cookie: cookie(&headers), address, looks }).await
}

/// Says where an ad leads. Nobody clicked.
#[utoipa::path(head, path = "/c/{ad}", tag = "clicks", params(("ad" = String, Path, description = "The ad")),
    responses(
    (status = 302, description = "To where the ad leads", headers(("Location" = String, description = "Where that is"))),
    ProblemBody,
))]
async fn look(State(door): State<Door>, Segments(ad): Segments<String>) -> Result<Response, Problem> {
    redirect(&door, Visit { ad, looks: true, ..Visit::default() }).await
}

async fn redirect(door: &Door, visit: Visit) -> Result<Response, Problem> {
    let location = go(door, visit).await?;
    let headers = [(header::LOCATION, location), (header::CACHE_CONTROL, "no-store".to_owned())];
    Ok((StatusCode::FOUND, headers).into_response())
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn cookie(headers: &HeaderMap) -> Option<String> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| value.to_owned())
}

/// A parameter of a link, which may have any others.
fn parameter(query: &str, name: &str) -> Option<String> {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(found, _)| *found == name).map(|(_, value)| value.to_owned())
}
