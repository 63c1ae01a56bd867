//! The HTTP paths of packages.

use crate::runtime::door::{Asked, Done, Door, Read, Undone};
use crate::runtime::problem::Problem;
use crate::runtime::routes::{
    Body, ProblemBody, Reading, Segments, Writing, action, answer, created, respond, unknown_action,
};
use crate::runtime::tokens::hash;
use crate::tickets::Ticketing;
use crate::tickets::bodies::packages::{
    NewPackageHold, NewPackageOrder, NewPackagePayment, PackageBody, PackageHoldBody, PaidPackageBody,
};
use crate::tickets::hall::season::layout;
use crate::tickets::packages::Packages;
use crate::tickets::routes::{secret, show};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use millrace_topics::tickets::{
    Answer, OnPackageHold, OnPackageOrder, OrderState, PackageAnswer, PackageBuying, PackageCommand, PackageHoldView,
    PackageHolding, PackageOutcome, PackagePaying, PackageQuery, PackageState, PackageTerms, Query, Rejection,
};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// All of them.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new()
        .routes(routes!(define_package))
        .routes(routes!(package))
        .routes(routes!(hold_package))
        .routes(routes!(package_hold, change_package_hold))
        .routes(routes!(order_package))
        .routes(routes!(package_order, change_package_order))
        .routes(routes!(pay_for_package))
}

/// Puts a package of several events on sale. A buyer gets places in all of them, under one token and for one payment, or in
/// none.
#[utoipa::path(post, path = "/v1/tickets/packages", tag = "tickets", request_body = PackageBody, responses(
    (status = 201, description = "On sale", body = PackageBody),
    (status = 200, description = "It was, with the same terms", body = PackageBody),
    ProblemBody,
))]
async fn define_package(State(door): State<Door>, Body(asked, new): Body<PackageBody>) -> Result<Response, Undone> {
    let both = || Problem::refusal(&Rejection::BadPackage("an event has a discount or a price".to_owned()));
    let terms = new.terms().ok_or_else(both)?;
    check_events(&door, &asked, &terms).await?;
    let place = format!("/v1/tickets/packages/{}", terms.package);
    let done = door.submit::<Packages>(&asked, &PackageCommand::Define(Box::new(terms))).await?;
    let is_new = matches!(done.outcome, PackageOutcome::Defined(_));
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok(created(&place, status, done, |outcome| match outcome {
        PackageOutcome::Defined(terms) | PackageOutcome::WasDefined(terms) => PackageBody::of(*terms),
        _ => unreachable!("a package was defined"),
    }))
}

/// Refuses a package whose events are not there or not alike as they are now. What they are when somebody holds it, they
/// say themselves.
async fn check_events(door: &Door, asked: &Asked, terms: &PackageTerms) -> Result<(), Problem> {
    let mut first = None;
    for part in &terms.events {
        let query = Query::Event { event: part.event.clone() };
        let refused = |why| Rejection::InPackage { event: part.event.clone(), why: Box::new(why) };
        let found = door.ask::<Ticketing>(asked, &query).await;
        let found = found.map_err(|problem| match problem.status {
            404 => Problem::refusal(&refused(Rejection::UnknownEvent)),
            _ => problem,
        })?;
        let (Answer::Event(event) | Answer::EventBy(event, _)) = found.answer else {
            unreachable!("an event was asked for")
        };
        let like = (event.plan.currency, if terms.season { layout(&event.plan) } else { 0 });
        let (currency, seats) = *first.get_or_insert(like);
        if currency != like.0 {
            let fault = "the events of a package have one currency".to_owned();
            return Err(Problem::refusal(&refused(Rejection::BadPackage(fault))));
        }
        if seats != like.1 {
            return Err(Problem::refusal(&refused(Rejection::OtherPlan)));
        }
    }
    Ok(())
}

/// Shows a package.
#[utoipa::path(get, path = "/v1/tickets/packages/{package}", tag = "tickets",
    params(("package" = String, Path, description = "The package")), responses(
    (status = 200, description = "The package", body = PackageBody),
    ProblemBody,
))]
async fn package(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments(package): Segments<String>,
) -> Result<Response, Problem> {
    let read = door.ask::<Packages>(&asked, &PackageQuery::Package { package }).await?;
    Ok(answer(read, |found| match found {
        PackageAnswer::Package(terms) => PackageBody::of(*terms),
        PackageAnswer::Hold(_) => unreachable!("a package was asked for"),
    }))
}

/// Which hold a token is for: its number stands before its secret.
fn on(package: String, token: &str) -> Result<OnPackageHold, Problem> {
    let unknown = || Problem::refusal(&Rejection::UnknownHold);
    let (number, secret) = token.split_once('.').ok_or_else(unknown)?;
    let hold = number.parse().map_err(|_| unknown())?;
    Ok(OnPackageHold { package, hold, token: hash(secret) })
}

fn on_order(package: String, order: &str) -> Result<OnPackageOrder, Problem> {
    let number: u32 = order.parse().map_err(|_| Problem::refusal(&Rejection::UnknownOrder))?;
    if number.to_string() != order {
        return Err(Problem::refusal(&Rejection::UnknownOrder));
    }
    Ok(OnPackageOrder { package, order: number })
}

/// Holds places in every event of a package, or in none. The events are asked one after the other; the answer is there when
/// all have answered, else 202.
#[utoipa::path(post, path = "/v1/tickets/packages/{package}/holds", tag = "tickets", request_body = NewPackageHold,
    params(("package" = String, Path, description = "The package")), responses(
    (status = 201, description = "They are held", body = PackageHoldBody),
    ProblemBody,
))]
async fn hold_package(
    State(door): State<Door>,
    Segments(package): Segments<String>,
    Body(asked, new): Body<NewPackageHold>,
) -> Result<Response, Undone> {
    let secret = secret(&door, &asked);
    let buyer = new.buyer.clone();
    let holding = PackageHolding { package: package.clone(), buyer, token: hash(&secret), wishes: new.wishes() };
    let done = door.submit::<Packages>(&asked, &PackageCommand::Hold(Box::new(holding))).await?;
    let begun = view_in(&done.outcome);
    let token = format!("{}.{secret}", begun.number);
    let query = PackageQuery::Hold(OnPackageHold { package, hold: begun.number, token: hash(&secret) });
    let (view, done) = decided(&door, &asked, &query, done).await?;
    if view.state == PackageState::Refused {
        return Err(why(view).into());
    }
    let place = format!("/v1/tickets/packages/{}/holds/{token}", view.package);
    let done = Done { outcome: view, positions: done.positions, replayed: done.replayed };
    Ok(created(&place, StatusCode::CREATED, done, |view| PackageHoldBody::of(view, Some(token), Vec::new())))
}

fn view_in(outcome: &PackageOutcome) -> &PackageHoldView {
    match outcome {
        PackageOutcome::Begun(view) | PackageOutcome::Changed(view) | PackageOutcome::Paid(view, _) => view,
        _ => unreachable!("a hold or an order was changed"),
    }
}

fn why(view: PackageHoldView) -> Problem {
    Problem::refusal(&view.refused.map_or(Rejection::NotAnswered, |(_, why)| *why))
}

/// True where nothing is under way any more.
fn is_decided(view: &PackageHoldView) -> bool {
    match view.state {
        PackageState::Asking | PackageState::Retaking | PackageState::Returning => false,
        PackageState::Paid => view.parts.iter().all(|part| part.order.is_some()),
        _ => true,
    }
}

/// A hold or an order when it is decided what becomes of it; 202 where that takes too long.
async fn decided(
    door: &Door,
    asked: &Asked,
    query: &PackageQuery,
    done: Done<PackageOutcome>,
) -> Result<(PackageHoldView, Done<PackageOutcome>), Undone> {
    let asked = Asked { min_position: done.positions.clone(), ..asked.clone() };
    let is_final = |answer: &PackageAnswer| matches!(answer, PackageAnswer::Hold(view) if is_decided(view));
    match door.ask_until::<Packages>(&asked, query, is_final).await? {
        Some(Read { answer: PackageAnswer::Hold(view), positions }) => Ok((*view, Done { positions, ..done })),
        _ => Err(Undone::Accepted(done.positions)),
    }
}

/// Shows a hold of a package.
#[utoipa::path(get, path = "/v1/tickets/packages/{package}/holds/{hold}", tag = "tickets",
    params(("package" = String, Path, description = "The package"), ("hold" = String, Path, description = "The hold")),
    responses(
    (status = 200, description = "The hold", body = PackageHoldBody),
    ProblemBody,
))]
async fn package_hold(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments((package, token)): Segments<(String, String)>,
) -> Result<Response, Problem> {
    let read = door.ask::<Packages>(&asked, &PackageQuery::Hold(on(package, &token)?)).await?;
    Ok(answer(read, |found| match found {
        PackageAnswer::Hold(view) => PackageHoldBody::of(*view, Some(token), Vec::new()),
        PackageAnswer::Package(_) => unreachable!("a hold was asked for"),
    }))
}

/// `…:extend` gives a hold its time once more, `…:release` gives back what is held, in every event.
#[utoipa::path(post, path = "/v1/tickets/packages/{package}/holds/{hold}", tag = "tickets",
    params(("package" = String, Path, description = "The package"),
        ("hold" = String, Path, description = "hold:extend or hold:release")), responses(
    (status = 200, description = "The hold", body = PackageHoldBody),
    ProblemBody,
))]
async fn change_package_hold(
    State(door): State<Door>,
    Writing(asked): Writing,
    Segments((package, named)): Segments<(String, String)>,
) -> Result<Response, Undone> {
    let (token, verb) = action(&named)?;
    let on = on(package, token)?;
    let command = match verb {
        "extend" => PackageCommand::Extend(on),
        "release" => PackageCommand::Release(on),
        other => return Err(unknown_action(other).into()),
    };
    let done = door.submit::<Packages>(&asked, &command).await?;
    let token = token.to_owned();
    Ok(respond(StatusCode::OK, done, |outcome| PackageHoldBody::of(view_in(&outcome).clone(), Some(token), Vec::new())))
}

/// Makes an order of a hold: it has the places until it is paid, or its time is over.
#[utoipa::path(post, path = "/v1/tickets/packages/{package}/orders", tag = "tickets", request_body = NewPackageOrder,
    params(("package" = String, Path, description = "The package")), responses(
    (status = 201, description = "The order", body = PackageHoldBody),
    ProblemBody,
))]
async fn order_package(
    State(door): State<Door>,
    Segments(package): Segments<String>,
    Body(asked, new): Body<NewPackageOrder>,
) -> Result<Response, Undone> {
    let buying = PackageBuying { on: on(package, &new.hold)?, buyer: new.buyer };
    let done = door.submit::<Packages>(&asked, &PackageCommand::Order(buying)).await?;
    let replayed = done.replayed;
    let (body, positions) = settle(&door, &asked, done).await?;
    let place = body.place();
    Ok(created(&place, StatusCode::CREATED, Done { outcome: body, positions, replayed }, |body| body))
}

/// Shows an order of a package, with the tickets of each event once it is paid.
#[utoipa::path(get, path = "/v1/tickets/packages/{package}/orders/{order}", tag = "tickets",
    params(("package" = String, Path, description = "The package"), ("order" = String, Path, description = "The order")),
    responses(
    (status = 200, description = "The order", body = PackageHoldBody),
    ProblemBody,
))]
async fn package_order(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments((package, order)): Segments<(String, String)>,
) -> Result<Response, Problem> {
    let OnPackageOrder { package, order } = on_order(package, &order)?;
    let query = PackageQuery::Order { package, order, reader: asked.caller.clone() };
    let Read { answer: found, positions } = door.ask::<Packages>(&asked, &query).await?;
    let PackageAnswer::Hold(view) = found else { unreachable!("an order was asked for") };
    let body = with_tickets(&door, &asked, *view).await?;
    Ok(answer(Read { answer: body, positions }, |body| body))
}

/// `…:cancel` takes an order back in every event, or in none: somebody may have come in with a ticket.
#[utoipa::path(post, path = "/v1/tickets/packages/{package}/orders/{order}", tag = "tickets",
    params(("package" = String, Path, description = "The package"),
        ("order" = String, Path, description = "order:cancel")), responses(
    (status = 200, description = "The order", body = PackageHoldBody),
    ProblemBody,
))]
async fn change_package_order(
    State(door): State<Door>,
    Writing(asked): Writing,
    Segments((package, named)): Segments<(String, String)>,
) -> Result<Response, Undone> {
    let (order, verb) = action(&named)?;
    if verb != "cancel" {
        return Err(unknown_action(verb).into());
    }
    let done = door.submit::<Packages>(&asked, &PackageCommand::Cancel(on_order(package, order)?)).await?;
    let (attempt, replayed) = (view_in(&done.outcome).attempt, done.replayed);
    let view = view_in(&done.outcome);
    let query = order_query(view, &asked);
    let (view, done) = decided(&door, &asked, &query, done).await?;
    if view.refused.as_ref().is_some_and(|(of, _)| *of == attempt) {
        return Err(why(view).into());
    }
    if !is_taken_back(&door, &asked, &view).await? {
        return Err(Undone::Accepted(done.positions));
    }
    let body = with_tickets(&door, &asked, view).await?;
    Ok(respond(StatusCode::OK, Done { outcome: body, positions: done.positions, replayed }, |body| body))
}

/// True once every event has taken back what it had sold; false where that takes too long.
async fn is_taken_back(door: &Door, asked: &Asked, view: &PackageHoldView) -> Result<bool, Problem> {
    let is_final = |answer: &Answer| matches!(answer, Answer::Order(found) if found.state == OrderState::Cancelled);
    for part in &view.parts {
        let Some(order) = part.order else { continue };
        let query = Query::Order { event: part.event.clone(), order, reader: asked.caller.clone() };
        if door.ask_until::<Ticketing>(asked, &query, is_final).await?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

fn order_query(view: &PackageHoldView, asked: &Asked) -> PackageQuery {
    PackageQuery::Order { package: view.package.clone(), order: view.number, reader: asked.caller.clone() }
}

/// Takes what a payment provider says of a payment, in whatever order and however often.
#[utoipa::path(post, path = "/v1/tickets/packages/{package}/orders/{order}/payments", tag = "tickets",
    request_body = NewPackagePayment,
    params(("package" = String, Path, description = "The package"), ("order" = String, Path, description = "The order")),
    responses(
    (status = 200, description = "The order and the payment", body = PaidPackageBody),
    ProblemBody,
))]
async fn pay_for_package(
    State(door): State<Door>,
    Segments((package, order)): Segments<(String, String)>,
    Body(asked, new): Body<NewPackagePayment>,
) -> Result<Response, Undone> {
    let on = on_order(package, &order)?;
    let paying = PackagePaying { on, payment: new.payment.clone(), kind: new.r#type, amount: new.amount };
    let done = door.submit::<Packages>(&asked, &PackageCommand::Pay(paying)).await?;
    let PackageOutcome::Paid(_, reported) = done.outcome.clone() else { unreachable!("a payment was reported") };
    let replayed = done.replayed;
    let (order, positions) = settle(&door, &asked, done).await?;
    let body = PaidPackageBody { order, reported };
    Ok(respond(StatusCode::OK, Done { outcome: body, positions, replayed }, |body| body))
}

/// The order when it is decided what becomes of it, with its tickets.
async fn settle(
    door: &Door,
    asked: &Asked,
    done: Done<PackageOutcome>,
) -> Result<(PackageHoldBody, millrace_topics::position::Positions), Undone> {
    let query = order_query(view_in(&done.outcome), asked);
    let (view, done) = decided(door, asked, &query, done).await?;
    Ok((with_tickets(door, asked, view).await?, done.positions))
}

/// An order with the tickets of each event.
async fn with_tickets(door: &Door, asked: &Asked, view: PackageHoldView) -> Result<PackageHoldBody, Problem> {
    let mut tickets = Vec::new();
    for part in &view.parts {
        let Some(order) = part.order else { continue };
        let query = Query::Order { event: part.event.clone(), order, reader: asked.caller.clone() };
        let Answer::Order(found) = door.ask::<Ticketing>(asked, &query).await?.answer else {
            unreachable!("an order was asked for")
        };
        tickets.push(show(door, *found).tickets);
    }
    Ok(PackageHoldBody::of(view, None, tickets))
}
