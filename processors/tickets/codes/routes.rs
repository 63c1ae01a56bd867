//! The paths of presale codes.

use crate::runtime::door::{Door, Undone};
use crate::runtime::problem::Problem;
use crate::runtime::routes::{Body, ProblemBody, ReadingNow, Segments, answer, respond};
use crate::tickets::Ticketing;
use crate::tickets::bodies::NewCode;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use millrace_topics::record::Role;
use millrace_topics::tickets::{Answer, CodeTerms, CodeView, Command, Outcome, Pricing, Query, Rejection, Voucher};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// All of them.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(set, code))
}

/// Makes a presale code, or changes what it lets do: its uses stay.
#[utoipa::path(put, path = "/v1/tickets/events/{event}/codes/{code}", tag = "tickets", request_body = NewCode,
    params(("event" = String, Path, description = "The event"),
        ("code" = String, Path, description = "The code: 1 to 64 bytes without spaces")), responses(
    (status = 200, description = "The code", body = CodeView),
    ProblemBody,
))]
async fn set(
    State(door): State<Door>,
    Segments((event, code)): Segments<(String, String)>,
    Body(asked, new): Body<NewCode>,
) -> Result<Response, Undone> {
    let (max_uses, early) = (new.max_uses.unwrap_or(1), new.early.unwrap_or_default());
    let terms = CodeTerms { event, code, max_uses, channel: new.channel, early };
    let price = match (new.discount_percent, new.price) {
        (None, None) => Pricing::Regular,
        (Some(percent), None) => Pricing::Discount { percent },
        (None, Some(price)) => Pricing::Fixed { price },
        (Some(_), Some(_)) => {
            let fault = "a code has a `discount_percent` or a `price`".to_owned();
            return Err(Problem::refusal(&Rejection::BadRequest(fault)).into());
        }
    };
    let command = if price == Pricing::Regular && new.until.is_none() {
        Command::SetCode(terms)
    } else {
        Command::SetVoucher(Voucher { terms, price, until: new.until })
    };
    let done = door.submit::<Ticketing>(&asked, &command).await?;
    Ok(respond(StatusCode::OK, done, |outcome| match outcome {
        Outcome::CodeSet(code) => code,
        _ => unreachable!("a code was set"),
    }))
}

/// Shows a presale code.
#[utoipa::path(get, path = "/v1/tickets/events/{event}/codes/{code}", tag = "tickets",
    params(("event" = String, Path, description = "The event"), ("code" = String, Path, description = "The code")),
    responses(
    (status = 200, description = "The code", body = CodeView),
    ProblemBody,
))]
async fn code(
    State(door): State<Door>,
    ReadingNow(asked): ReadingNow,
    Segments((event, code)): Segments<(String, String)>,
) -> Result<Response, Problem> {
    if asked.caller.role == Role::User {
        return Err(Problem::refusal(&Rejection::RoleRequired));
    }
    let read = door.ask::<Ticketing>(&asked, &Query::Code { event, code }).await?;
    Ok(answer(read, |found| match found {
        Answer::Code(code) => code,
        _ => unreachable!("a code was asked for"),
    }))
}
