//! The HTTP paths of promotions, and what the paths of carts find out there.

use crate::carts::bodies::NewPromotion;
use crate::carts::promo::{Promo, transition};
use crate::runtime::door::{Asked, Door, Undone};
use crate::runtime::problem::Problem;
use crate::runtime::routes::{Body, ProblemBody, Reading, Segments, answer, respond};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use millrace_topics::carts::{PromoAnswer, PromoCommand, PromoOutcome, PromoQuery, PromoTerms, Promotion, Rejection};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes that need an API key.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(define, promotion))
}

/// Creates a promotion, or gives it other terms from now on.
#[utoipa::path(put, path = "/v1/carts/promotions/{code}", tag = "carts", request_body = NewPromotion,
    params(("code" = String, Path, description = "The code: `[a-z0-9][a-z0-9._-]{0,63}`; buyers may write it in capitals")),
    responses(
    (status = 201, description = "Created", body = Promotion),
    (status = 200, description = "It was there, and is so now", body = Promotion),
    ProblemBody,
))]
async fn define(
    State(door): State<Door>,
    Segments(code): Segments<String>,
    Body(asked, new): Body<NewPromotion>,
) -> Result<Response, Undone> {
    let definition = new.definition(code);
    transition::check_terms(&definition.terms).map_err(|refusal| Problem::refusal(&refusal))?;
    let done = door.submit::<Promo>(&asked, &PromoCommand::Define(Box::new(definition))).await?;
    let status = if matches!(done.outcome, PromoOutcome::Created(_)) { StatusCode::CREATED } else { StatusCode::OK };
    Ok(respond(status, done, |outcome| outcome))
}

/// Shows a promotion, and how far it is used.
#[utoipa::path(get, path = "/v1/carts/promotions/{code}", tag = "carts",
    params(("code" = String, Path, description = "The code")), responses(
    (status = 200, description = "The promotion", body = Promotion),
    ProblemBody,
))]
async fn promotion(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments(code): Segments<String>,
) -> Result<Response, Problem> {
    let read = door.ask::<Promo>(&asked, &PromoQuery::Promotion { code }).await?;
    Ok(answer(read, |PromoAnswer::Promotion(promotion)| promotion))
}

/// What a code takes off now. One that does not count now, or was used often enough, is refused at once; the checkout
/// has the last word.
pub(in crate::carts) async fn terms(door: &Door, asked: &Asked, code: &str) -> Result<PromoTerms, Problem> {
    let code = code.to_ascii_lowercase();
    let read = door.ask::<Promo>(asked, &PromoQuery::Promotion { code: code.clone() }).await;
    let read = read.map_err(|problem| match problem.status {
        404 => Problem::refusal(&Rejection::UnknownCode(code.clone())),
        _ => problem,
    })?;
    let PromoAnswer::Promotion(found) = read.answer;
    let now = door.now();
    if found.starts_at.is_some_and(|starts| now < starts) || found.ends_at.is_some_and(|ends| now >= ends) {
        return Err(Problem::refusal(&Rejection::PromoExpired(code)));
    }
    if found.max_uses.is_some_and(|most| found.reserved + found.used >= most) {
        return Err(Problem::refusal(&Rejection::PromoExhausted(code)));
    }
    let Promotion { code, version, discount, skus, priority, stackable, .. } = *found;
    Ok(PromoTerms { code, version, discount, skus, priority, stackable })
}
