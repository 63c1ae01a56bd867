//! The HTTP paths of tickets: a request becomes a command or a query, and nothing else happens here.

use crate::runtime::door::{Asked, Done, Door, Read, Undone};
use crate::runtime::problem::Problem;
use crate::runtime::routes::{
    Body, Params, ProblemBody, Reading, Segments, Writing, action, answer, created, limit, respond, unknown_action,
};
use crate::runtime::tokens::hash;
use crate::tickets::bodies::{
    EventBody, HistoryBody, HoldBody, ImportedEvent, NewEvent, NewHold, NewOrder, NewPaymentEvent, OrderBody, PaidBody,
    SeatsBody, TicketBody, WhichHistory, WhichSeats, WhichWay,
};
use crate::tickets::{
    Ticketing, changes, channels, codes, lists, packages, queue, resale, rules, scans, stream, waitlist,
};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use millrace_topics::codec;
use millrace_topics::tickets::{
    Answer, Availability, Buying, Command, EventPlan, HoldView, Holding, HoldingBy, HoldingWith, ItemState, ItemView,
    OnHold, OnOrder, OrderView, Outcome, Paying, Query, Rejection, Rule, Ruled, Sales, SeatHistory, Term,
    read_order_id, read_ticket_id,
};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// All of them.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new()
        .routes(routes!(publish))
        .routes(routes!(import))
        .routes(routes!(event, change_plan))
        .routes(routes!(availability))
        .routes(routes!(seats))
        .routes(routes!(seat_history))
        .routes(routes!(sales))
        .routes(routes!(hold))
        .routes(routes!(held, change_hold))
        .routes(routes!(order))
        .routes(routes!(ordered, change_order))
        .routes(routes!(pay))
        .merge(changes::routes::routes())
        .merge(channels::routes::routes())
        .merge(codes::routes::routes())
        .merge(lists::routes::routes())
        .merge(packages::routes::routes())
        .merge(queue::routes::routes())
        .merge(resale::routes::routes())
        .merge(rules::routes::routes())
        .merge(waitlist::routes::routes())
        .merge(scans::routes::routes())
        .merge(stream::routes::routes())
}

/// Those for everybody, who need no API key.
#[must_use]
pub fn public() -> OpenApiRouter<Door> {
    queue::routes::public().merge(scans::routes::public())
}

/// How many owners of a seat are given unless another number is asked for.
const LISTED: u32 = 100;

/// Puts an event on sale.
#[utoipa::path(post, path = "/v1/tickets/events", tag = "tickets", request_body = NewEvent, responses(
    (status = 201, description = "On sale", body = EventBody),
    (status = 200, description = "It was, with the same plan", body = EventBody),
    ProblemBody,
))]
async fn publish(State(door): State<Door>, Body(asked, new): Body<NewEvent>) -> Result<Response, Undone> {
    let rules = new.rules();
    put_on_sale(&door, &asked, read_plan(new)?, rules).await
}

/// Puts an event on sale whose hall was drawn with pretix. Zones become sections; where a row changes its category it goes on
/// as a row of its own (`1`, `1.2`). What is farther from its neighbour than usual has an aisle beside it.
#[utoipa::path(post, path = "/v1/tickets/events:import", tag = "tickets", request_body = ImportedEvent, responses(
    (status = 201, description = "On sale", body = EventBody),
    (status = 200, description = "It was, with the same plan", body = EventBody),
    ProblemBody,
))]
async fn import(State(door): State<Door>, Body(asked, new): Body<ImportedEvent>) -> Result<Response, Undone> {
    let plan = new.plan().map_err(|fault| Problem::refusal(&Rejection::BadPlan(fault)))?;
    put_on_sale(&door, &asked, plan, Vec::new()).await
}

async fn put_on_sale(door: &Door, asked: &Asked, plan: EventPlan, rules: Vec<Rule>) -> Result<Response, Undone> {
    let place = format!("/v1/tickets/events/{}", plan.event);
    let command = if rules.is_empty() {
        Command::Publish(Box::new(plan))
    } else {
        Command::PublishBy(Box::new(Ruled { plan, rules }))
    };
    let done = door.submit::<Ticketing>(asked, &command).await?;
    let is_new = matches!(done.outcome, Outcome::Published(_) | Outcome::PublishedBy(..));
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok(created(&place, status, done, published))
}

/// Changes the plan of an event, but for what somebody has or had: of such seats neither name nor place may change, nor the
/// category of one that somebody has now.
#[utoipa::path(put, path = "/v1/tickets/events/{event}", tag = "tickets", request_body = NewEvent,
    params(("event" = String, Path, description = "The event, as in the body")), responses(
    (status = 200, description = "The event", body = EventBody),
    ProblemBody,
))]
async fn change_plan(
    State(door): State<Door>,
    Segments(event): Segments<String>,
    Body(asked, new): Body<NewEvent>,
) -> Result<Response, Undone> {
    if new.id() != event {
        return Err(Problem::refusal(&Rejection::BadPlan("path and body name two events".to_owned())).into());
    }
    let rules = new.rules();
    let plan = read_plan(new)?;
    let command = if rules.is_empty() {
        Command::Change(Box::new(plan))
    } else {
        Command::ChangeBy(Box::new(Ruled { plan, rules }))
    };
    let done = door.submit::<Ticketing>(&asked, &command).await?;
    Ok(respond(StatusCode::OK, done, published))
}

fn read_plan(new: NewEvent) -> Result<EventPlan, Problem> {
    new.plan().map_err(|fault| Problem::refusal(&Rejection::BadPlan(fault)))
}

fn published(outcome: Outcome) -> EventBody {
    match outcome {
        Outcome::Published(published) | Outcome::WasPublished(published) => EventBody::of(*published, &[]),
        Outcome::PublishedBy(published, rules) | Outcome::WasPublishedBy(published, rules) => {
            EventBody::of(*published, &rules)
        }
        _ => unreachable!("an event was published"),
    }
}

/// Shows an event.
#[utoipa::path(get, path = "/v1/tickets/events/{event}", tag = "tickets",
    params(("event" = String, Path, description = "The event")), responses(
    (status = 200, description = "The event", body = EventBody),
    ProblemBody,
))]
async fn event(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments(event): Segments<String>,
) -> Result<Response, Problem> {
    let read = door.ask::<Ticketing>(&asked, &Query::Event { event }).await?;
    Ok(answer(read, |found| match found {
        Answer::Event(published) => EventBody::of(*published, &[]),
        Answer::EventBy(published, rules) => EventBody::of(*published, &rules),
        _ => unreachable!("an event was asked for"),
    }))
}

/// Two stops, or none.
fn way(from: Option<String>, to: Option<String>) -> Result<Option<(String, String)>, Problem> {
    match (from, to) {
        (Some(from), Some(to)) => Ok(Some((from, to))),
        (None, None) => Ok(None),
        _ => Err(Problem::refusal(&Rejection::BadRequest("`from` and `to` are said together".to_owned()))),
    }
}

/// Shows what there is of each category; from one stop to another, a seat that is free on all of the way.
#[utoipa::path(get, path = "/v1/tickets/events/{event}/availability", tag = "tickets",
    params(("event" = String, Path, description = "The event"), WhichWay), responses(
    (status = 200, description = "What there is", body = Availability),
    ProblemBody,
))]
async fn availability(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments(event): Segments<String>,
    Params(which): Params<WhichWay>,
) -> Result<Response, Problem> {
    let query = match way(which.from, which.to)? {
        None => Query::Availability { event },
        Some((from, to)) => Query::AvailabilityOn { event, from, to },
    };
    let read = door.ask::<Ticketing>(&asked, &query).await?;
    Ok(answer(read, |found| match found {
        Answer::Availability(availability) => availability,
        _ => unreachable!("availability was asked for"),
    }))
}

/// Shows the seats, a letter each.
#[utoipa::path(get, path = "/v1/tickets/events/{event}/seats", tag = "tickets",
    params(("event" = String, Path, description = "The event"), WhichSeats), responses(
    (status = 200, description = "The seats; `ETag` is theirs", body = SeatsBody),
    (status = 304, description = "They are what `If-None-Match` says"),
    ProblemBody,
))]
async fn seats(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments(event): Segments<String>,
    Params(which): Params<WhichSeats>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let section = which.section;
    let query = match way(which.from, which.to)? {
        None => Query::Seats { event, section },
        Some((from, to)) => Query::SeatsOn { event, section, from, to },
    };
    let read = door.ask::<Ticketing>(&asked, &query).await?;
    let tag = format!("\"{:016x}\"", xxhash_rust::xxh3::xxh3_64(&codec::encode(&read.answer)));
    let response = answer(read, |found| match found {
        Answer::Seats(rows) => SeatsBody { rows },
        _ => unreachable!("seats were asked for"),
    });
    Ok(unless_known(response, &headers, &tag))
}

/// The same response with an `ETag`, or its head alone for who has it.
fn unless_known(mut response: Response, asked: &HeaderMap, tag: &str) -> Response {
    let known = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let is_known = known.flat_map(|tags| tags.split(',')).any(|known| known.trim() == tag);
    response.headers_mut().insert(header::ETAG, HeaderValue::from_str(tag).expect("digits in quotes"));
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = axum::body::Body::empty();
        response.headers_mut().remove(header::CONTENT_TYPE);
        response.headers_mut().remove(header::CONTENT_LENGTH);
    }
    response
}

/// Shows who has had a seat, and how that ended.
#[utoipa::path(get, path = "/v1/tickets/events/{event}/seats/{seat}/history", tag = "tickets",
    params(("event" = String, Path, description = "The event"),
        ("seat" = String, Path, description = "The seat, by name"), WhichHistory), responses(
    (status = 200, description = "Who has had it", body = HistoryBody),
    ProblemBody,
))]
async fn seat_history(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments((event, seat)): Segments<(String, String)>,
    Params(which): Params<WhichHistory>,
) -> Result<Response, Problem> {
    let scope = format!("tickets/{event}/{seat}");
    let before = which.cursor.map(|cursor| door.open_cursor::<u32>(&scope, &cursor)).transpose()?;
    let (limit, reader) = (limit(which.limit, LISTED)?, asked.caller.clone());
    let read = door.ask::<Ticketing>(&asked, &Query::SeatHistory { event, seat, limit, before, reader }).await?;
    Ok(answer(read, |found| match found {
        Answer::SeatHistory(SeatHistory { owners, next }) => {
            HistoryBody { owners, cursor: next.map(|next| door.seal_cursor(&scope, &next)) }
        }
        _ => unreachable!("a history was asked for"),
    }))
}

/// Adds up what was sold, and what was given back.
#[utoipa::path(get, path = "/v1/tickets/events/{event}/sales", tag = "tickets",
    params(("event" = String, Path, description = "The event")), responses(
    (status = 200, description = "What was sold", body = Sales),
    ProblemBody,
))]
async fn sales(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments(event): Segments<String>,
) -> Result<Response, Problem> {
    let query = Query::Sales { event, reader: asked.caller.clone() };
    let read = door.ask::<Ticketing>(&asked, &query).await?;
    Ok(answer(read, |found| match found {
        Answer::Sales(sales) => sales,
        _ => unreachable!("sales were asked for"),
    }))
}

/// The secret of a hold that is to be made.
pub(super) fn secret(door: &Door, asked: &Asked) -> String {
    URL_SAFE_NO_PAD.encode(&door.draw(asked, "hold")[..16])
}

/// Which hold a token is for: its number stands before its secret.
pub(super) fn on(event: String, token: &str) -> Result<OnHold, Problem> {
    let unknown = || Problem::refusal(&Rejection::UnknownHold);
    let (number, secret) = token.split_once('.').ok_or_else(unknown)?;
    let hold = number.parse().map_err(|_| unknown())?;
    Ok(OnHold { event, hold, token: hash(secret) })
}

/// Holds places for a while: all that are asked for, or none. The clock starts now.
#[utoipa::path(post, path = "/v1/tickets/events/{event}/holds", tag = "tickets", request_body = NewHold,
    params(("event" = String, Path, description = "The event")), responses(
    (status = 201, description = "They are held", body = HoldBody),
    ProblemBody,
))]
async fn hold(
    State(door): State<Door>,
    Segments(event): Segments<String>,
    Body(asked, new): Body<NewHold>,
) -> Result<Response, Undone> {
    let known = new.hold.as_deref().map(|token| on(event.clone(), token)).transpose()?;
    let secret = match &new.hold {
        Some(token) => token.split_once('.').map(|(_, secret)| secret.to_owned()).unwrap_or_default(),
        None => secret(&door, &asked),
    };
    let holding = Holding {
        event: event.clone(),
        buyer: new.buyer,
        token: hash(&secret),
        into: known.map(|on| on.hold),
        seats: new.seats.unwrap_or_default(),
        best: new.best,
        areas: new.areas.unwrap_or_default(),
    };
    let mut terms = terms(&door, &holding, new.resale, new.household, new.proof)?;
    terms.extend(way(new.from, new.to)?.map(|(from, to)| Term::Legs { from, to }));
    let channels = new.channels.unwrap_or_default();
    let command = match new.code {
        code if !terms.is_empty() => {
            Command::HoldWith(Box::new(HoldingWith { by: HoldingBy { holding, code, channels }, terms }))
        }
        None if channels.is_empty() => Command::Hold(Box::new(holding)),
        code => Command::HoldBy(Box::new(HoldingBy { holding, code, channels })),
    };
    let done = door.submit::<Ticketing>(&asked, &command).await?;
    let Done { outcome, positions, replayed } = done;
    let view = hold_in(outcome);
    let token = format!("{}.{secret}", view.number);
    let place = format!("/v1/tickets/events/{event}/holds/{token}");
    let done = Done { outcome: view, positions, replayed };
    Ok(created(&place, StatusCode::CREATED, done, |view| HoldBody::of(view, token)))
}

/// What a hold brings for the rules of its event. A proof that is none is as good as none.
fn terms(
    door: &Door,
    holding: &Holding,
    resale: Option<Vec<String>>,
    household: Option<String>,
    proof: Option<String>,
) -> Result<Vec<Term>, Problem> {
    let (event, buyer) = (holding.event.as_str(), holding.buyer.as_str());
    let named = resale.unwrap_or_default();
    let ticket = |id: &String| {
        let (of, order, ticket) = read_ticket_id(id)?;
        (of == event).then_some(Term::Resale { order, ticket })
    };
    let bad: Vec<String> = named.iter().filter(|id| ticket(id).is_none()).cloned().collect();
    if !bad.is_empty() {
        return Err(Problem::refusal(&Rejection::BadTickets(bad)));
    }
    let tickets = named.iter().filter_map(ticket);
    let household = household.map(|words| Term::Household { household: hash(&format!("{event} {words}")) });
    let proof = proof.and_then(|proof| rules::proof::until(door, event, buyer, &proof));
    Ok(tickets.chain(household).chain(proof.map(|until| Term::Proof { until })).collect())
}

fn hold_in(outcome: Outcome) -> HoldView {
    match outcome {
        Outcome::Held(view) | Outcome::Hold(view) => *view,
        _ => unreachable!("a hold was changed"),
    }
}

/// Shows a hold.
#[utoipa::path(get, path = "/v1/tickets/events/{event}/holds/{hold}", tag = "tickets",
    params(("event" = String, Path, description = "The event"), ("hold" = String, Path, description = "The hold")),
    responses(
    (status = 200, description = "The hold", body = HoldBody),
    ProblemBody,
))]
async fn held(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments((event, token)): Segments<(String, String)>,
) -> Result<Response, Problem> {
    let OnHold { event, hold, token: hashed } = on(event, &token)?;
    let read = door.ask::<Ticketing>(&asked, &Query::Hold { event, hold, token: hashed }).await?;
    Ok(answer(read, |found| match found {
        Answer::Hold(view) => HoldBody::of(*view, token),
        _ => unreachable!("a hold was asked for"),
    }))
}

/// `…:extend` gives a hold its time once more, `…:release` gives back what is held.
#[utoipa::path(post, path = "/v1/tickets/events/{event}/holds/{hold}", tag = "tickets",
    params(("event" = String, Path, description = "The event"),
        ("hold" = String, Path, description = "hold:extend or hold:release")), responses(
    (status = 200, description = "The hold", body = HoldBody),
    ProblemBody,
))]
async fn change_hold(
    State(door): State<Door>,
    Writing(asked): Writing,
    Segments((event, named)): Segments<(String, String)>,
) -> Result<Response, Undone> {
    let (token, verb) = action(&named)?;
    let on = on(event, token)?;
    let command = match verb {
        "extend" => Command::Extend(on),
        "release" => Command::Release(on),
        other => return Err(unknown_action(other).into()),
    };
    let done = door.submit::<Ticketing>(&asked, &command).await?;
    Ok(respond(StatusCode::OK, done, |outcome| HoldBody::of(hold_in(outcome), token.to_owned())))
}

/// Makes an order of a hold: it has the places until it is paid, or its time is over. What costs nothing is paid at once.
#[utoipa::path(post, path = "/v1/tickets/orders", tag = "tickets", request_body = NewOrder, responses(
    (status = 201, description = "The order", body = OrderBody),
    ProblemBody,
))]
async fn order(State(door): State<Door>, Body(asked, new): Body<NewOrder>) -> Result<Response, Undone> {
    let on = on(new.event, &new.hold)?;
    let done = door.submit::<Ticketing>(&asked, &Command::Order(Buying { on, buyer: new.buyer })).await?;
    let Done { outcome, positions, replayed } = done;
    let view = order_in(outcome);
    let place = format!("/v1/tickets/orders/{}", view.order);
    let done = Done { outcome: view, positions, replayed };
    Ok(created(&place, StatusCode::CREATED, done, |view| show(&door, view)))
}

fn order_in(outcome: Outcome) -> OrderView {
    match outcome {
        Outcome::Ordered(view) | Outcome::Order(view) | Outcome::Paid(view, _) => *view,
        _ => unreachable!("an order was changed"),
    }
}

/// An order with the codes of its tickets. They are made of the cluster's secret and stand nowhere else.
pub(super) fn show(door: &Door, view: OrderView) -> OrderBody {
    let ticket = |item: ItemView| TicketBody {
        code: (item.state == ItemState::Valid).then(|| scans::code::make(door, &item.ticket, item.issue)),
        id: item.ticket,
        state: item.state,
        seat: item.seat,
        category: item.category,
        price: item.price,
        fee: item.fee,
        holder: item.holder,
        redeemed_at: item.redeemed_at,
    };
    OrderBody {
        order: view.order,
        event: view.event,
        buyer: view.buyer,
        state: view.state,
        total: view.total,
        tickets: view.items.into_iter().map(ticket).collect(),
        placed_at: view.placed_at,
        expires_at: view.expires_at,
        paid_at: view.paid_at,
        payment: view.payment,
        journey: view.journey,
    }
}

pub(super) fn on_order(id: &str) -> Result<OnOrder, Problem> {
    let unknown = || Problem::refusal(&Rejection::UnknownOrder);
    read_order_id(id).map(|(event, order)| OnOrder { event: event.to_owned(), order }).ok_or_else(unknown)
}

/// Shows an order.
#[utoipa::path(get, path = "/v1/tickets/orders/{order}", tag = "tickets",
    params(("order" = String, Path, description = "The order")), responses(
    (status = 200, description = "The order", body = OrderBody),
    ProblemBody,
))]
async fn ordered(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments(id): Segments<String>,
) -> Result<Response, Problem> {
    let OnOrder { event, order } = on_order(&id)?;
    let query = Query::Order { event, order, reader: asked.caller.clone() };
    let Read { answer: found, positions } = door.ask::<Ticketing>(&asked, &query).await?;
    let Answer::Order(view) = found else { unreachable!("an order was asked for") };
    Ok(answer(Read { answer: *view, positions }, |view| show(&door, view)))
}

/// `…:cancel` takes an order back: its places are free again, its tickets good no more, and what was paid is to be given
/// back.
#[utoipa::path(post, path = "/v1/tickets/orders/{order}", tag = "tickets",
    params(("order" = String, Path, description = "order:cancel")), responses(
    (status = 200, description = "The order", body = OrderBody),
    ProblemBody,
))]
async fn change_order(
    State(door): State<Door>,
    Writing(asked): Writing,
    Segments(named): Segments<String>,
) -> Result<Response, Undone> {
    let (id, verb) = action(&named)?;
    if verb != "cancel" {
        return Err(unknown_action(verb).into());
    }
    change(&door, &asked, Command::Cancel(on_order(id)?)).await
}

pub(super) async fn change(door: &Door, asked: &Asked, command: Command) -> Result<Response, Undone> {
    let done = door.submit::<Ticketing>(asked, &command).await?;
    Ok(respond(StatusCode::OK, done, |outcome| show(door, order_in(outcome))))
}

/// Takes what a payment provider says of a payment, in whatever order and however often.
#[utoipa::path(post, path = "/v1/tickets/orders/{order}/payments", tag = "tickets", request_body = NewPaymentEvent,
    params(("order" = String, Path, description = "The order")), responses(
    (status = 200, description = "The order and the payment", body = PaidBody),
    ProblemBody,
))]
async fn pay(
    State(door): State<Door>,
    Segments(id): Segments<String>,
    Body(asked, new): Body<NewPaymentEvent>,
) -> Result<Response, Undone> {
    let paying = Paying { on: on_order(&id)?, payment: new.payment, kind: new.r#type, amount: new.amount };
    let done = door.submit::<Ticketing>(&asked, &Command::Pay(paying)).await?;
    Ok(respond(StatusCode::OK, done, |outcome| match outcome {
        Outcome::Paid(order, reported) => PaidBody { order: show(&door, *order), reported },
        _ => unreachable!("a payment was reported"),
    }))
}
