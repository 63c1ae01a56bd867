//! The HTTP paths of clicks: a request becomes a command or a query, and nothing else happens here.

use crate::clicks::ads::{self, Ads};
use crate::clicks::bodies::{
    ClicksBody, ImpressionResults, Metric, NewAd, NewCampaign, NewCase, NewClicks, NewFilter, NewImpressions,
    NewInvoice, NewRuleSet, ReconciledBody, ReportBody, ReportRow, Results, RuleSetsBody, Verdict, WhichClicks,
    WhichHour, WhichReport, WhichRuleSets,
};
use crate::clicks::campaigns::{self, Campaigns};
use crate::clicks::forget;
use crate::clicks::intake::{self, BATCH_LIMIT, parse_address};
use crate::clicks::report::{self, Report};
use crate::clicks::targets::{Ranges, rule_set};
use crate::clicks::{Taking, conversions, erasure, visitor, watch, what_if};
use crate::runtime::door::{Asked, Done, Door, Read, Undone};
use crate::runtime::keys::key_of;
use crate::runtime::problem::Problem;
use crate::runtime::routes::{
    Body, Params, ProblemBody, Reading, ReadingNow, Segments, all_done, answer, created, limit, respond, respond_many,
};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use millrace_topics::clicks::{
    Ad, AdDefinition, AdsAnswer, AdsCommand, AdsOutcome, AdsQuery, Campaign, CampaignsAnswer, CampaignsCommand,
    CampaignsOutcome, CampaignsQuery, ClickView, Closing, Command, DayHashes, DaysVoiding, Filter, Grain, GroupKey,
    Invoice, Keeping, Listing, Match, Registration, RuleSet, Voided, Voiding, shard_key,
};
use millrace_topics::position::Positions;
use millrace_topics::time::Time;
use std::net::IpAddr;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes and their description.
#[must_use]
pub fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new()
        .merge(watch::routes::routes())
        .merge(conversions::routes::routes())
        .merge(erasure::routes::routes())
        .routes(routes!(define_campaign, campaign))
        .routes(routes!(define_ad, ad))
        .routes(routes!(publish, rule_sets))
        .routes(routes!(rule_set_of))
        .merge(what_if::routes::routes())
        .routes(routes!(take))
        .routes(routes!(show))
        .routes(routes!(invalidate))
        .routes(routes!(case))
        .routes(routes!(close_invoice))
        .routes(routes!(invoice))
        .routes(routes!(reports))
        .routes(routes!(reconcile))
        .routes(routes!(keep, kept))
        .routes(routes!(clicks))
        .routes(routes!(click))
}

/// How many clicks or rule sets a list gives unless it is asked for another number.
const LISTED: u32 = 100;

/// Creates a campaign, or gives it other terms from now on.
#[utoipa::path(put, path = "/v1/clicks/campaigns/{campaign}", tag = "clicks", request_body = NewCampaign,
    params(("campaign" = String, Path, description = "The campaign: `[a-z0-9][a-z0-9._-]{0,63}`")), responses(
    (status = 201, description = "Created", body = Campaign),
    (status = 200, description = "It was there, and is so now", body = Campaign),
    ProblemBody,
))]
async fn define_campaign(
    State(door): State<Door>,
    Segments(id): Segments<String>,
    Body(asked, new): Body<NewCampaign>,
) -> Result<Response, Undone> {
    let set = rule_set(&door, &asked, new.ruleset.unwrap_or(1)).await?;
    let command = CampaignsCommand::Plan(Box::new(new.plan(id, set.rules)));
    campaigns::transition::check(&command).map_err(|refusal| Problem::refusal(&refusal))?;
    let done = door.submit::<Campaigns>(&asked, &command).await?;
    let status =
        if matches!(done.outcome, CampaignsOutcome::Created(_)) { StatusCode::CREATED } else { StatusCode::OK };
    Ok(respond(status, done, |outcome| outcome))
}

/// Shows a campaign.
#[utoipa::path(get, path = "/v1/clicks/campaigns/{campaign}", tag = "clicks",
    params(("campaign" = String, Path, description = "The campaign")), responses(
    (status = 200, description = "The campaign", body = Campaign),
    ProblemBody,
))]
async fn campaign(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments(id): Segments<String>,
) -> Result<Response, Problem> {
    let read = door.ask::<Campaigns>(&asked, &CampaignsQuery::Campaign { id }).await?;
    Ok(answer(read, |found| match found {
        CampaignsAnswer::Campaign(campaign) => campaign,
        _ => unreachable!("a campaign was asked for"),
    }))
}

/// Creates an ad, or gives it another target.
#[utoipa::path(put, path = "/v1/clicks/ads/{ad}", tag = "clicks", request_body = NewAd,
    params(("ad" = String, Path, description = "The ad: `[a-z0-9][a-z0-9._-]{0,63}`")), responses(
    (status = 201, description = "Created", body = Ad),
    (status = 200, description = "It was there, and is so now", body = Ad),
    ProblemBody,
))]
async fn define_ad(
    State(door): State<Door>,
    Segments(ad): Segments<String>,
    Body(asked, new): Body<NewAd>,
) -> Result<Response, Undone> {
    let shards = new.shards.unwrap_or(1);
    let plain = AdDefinition {
        key: ad.clone(),
        ad: ad.clone(),
        campaign: new.campaign.clone(),
        placement: new.placement,
        target: new.target,
        shards,
        terms: millrace_topics::clicks::Terms::default(),
    };
    let refused = |refusal| Problem::refusal(&refusal);
    ads::transition::check(&AdsCommand::Define(Box::new(plain.clone()))).map_err(refused)?;
    let terms = register(&door, &asked, Registration { campaign: new.campaign, ad: ad.clone(), shards }).await?;
    // The shards first: whoever finds the ad can click on it.
    let keys = campaigns::transition::keys_of(&ad, shards).into_iter().rev();
    let commands: Vec<AdsCommand> =
        keys.map(|key| AdsCommand::Define(Box::new(AdDefinition { key, terms, ..plain.clone() }))).collect();
    let parts = all_done(door.submit_all::<Ads>(&asked, &commands).await)?;
    let is_new = matches!(parts.last(), Some(Ok(Done { outcome: AdsOutcome::Created(_), .. })));
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok(respond_many(status, parts, |mut parts| parts.pop().and_then(Result::ok).map(|done| done.outcome)))
}

/// Tells the campaign of an ad, and finds out what the ad must know of it.
async fn register(
    door: &Door,
    asked: &Asked,
    registration: Registration,
) -> Result<millrace_topics::clicks::Terms, Undone> {
    // Part of a request under one key; the campaign keeps what the ads' parts do not touch.
    let done = door.submit::<Campaigns>(asked, &CampaignsCommand::Register(registration)).await?;
    match done.outcome {
        CampaignsOutcome::Registered(registered) => Ok(registered.terms),
        _ => unreachable!("an ad was registered"),
    }
}

/// Shows an ad.
#[utoipa::path(get, path = "/v1/clicks/ads/{ad}", tag = "clicks",
    params(("ad" = String, Path, description = "The ad")), responses(
    (status = 200, description = "The ad", body = Ad),
    ProblemBody,
))]
async fn ad(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments(id): Segments<String>,
) -> Result<Response, Problem> {
    let read = door.ask::<Ads>(&asked, &AdsQuery::Ad { id }).await?;
    Ok(answer(read, |found| match found {
        AdsAnswer::Ad(ad) => ad,
        _ => unreachable!("an ad was asked for"),
    }))
}

/// Publishes a rule set under the next number. Campaigns name it; it never changes.
#[utoipa::path(post, path = "/v1/clicks/rulesets", tag = "clicks", request_body = NewRuleSet, responses(
    (status = 201, description = "Published", body = RuleSet),
    ProblemBody,
))]
async fn publish(State(door): State<Door>, Body(asked, new): Body<NewRuleSet>) -> Result<Response, Undone> {
    let rules = new.rules();
    if let Err(bad) = Ranges::parse(&rules.datacenters) {
        return Err(Problem::new(422, "bad_address", bad).into());
    }
    let command = CampaignsCommand::Publish(Box::new(rules));
    campaigns::transition::check(&command).map_err(|refusal| Problem::refusal(&refusal))?;
    let done = door.submit::<Campaigns>(&asked, &command).await?;
    let number = match &done.outcome {
        CampaignsOutcome::Published(set) => set.ruleset,
        _ => unreachable!("a rule set was published"),
    };
    Ok(created(&format!("/v1/clicks/rulesets/{number}"), StatusCode::CREATED, done, |outcome| outcome))
}

/// Lists rule sets, the newest first.
#[utoipa::path(get, path = "/v1/clicks/rulesets", tag = "clicks", params(WhichRuleSets), responses(
    (status = 200, description = "The rule sets", body = RuleSetsBody),
    ProblemBody,
))]
async fn rule_sets(
    State(door): State<Door>,
    Reading(asked): Reading,
    Params(which): Params<WhichRuleSets>,
) -> Result<Response, Problem> {
    let query = CampaignsQuery::RuleSets { limit: limit(which.limit, LISTED)?, below: which.below };
    let read = door.ask::<Campaigns>(&asked, &query).await?;
    Ok(answer(read, |found| match found {
        CampaignsAnswer::RuleSets(rulesets) => RuleSetsBody { rulesets },
        _ => unreachable!("rule sets were asked for"),
    }))
}

/// Shows a rule set.
#[utoipa::path(get, path = "/v1/clicks/rulesets/{ruleset}", tag = "clicks",
    params(("ruleset" = u32, Path, description = "Its number")), responses(
    (status = 200, description = "The rule set", body = RuleSet),
    ProblemBody,
))]
async fn rule_set_of(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments(number): Segments<u32>,
) -> Result<Response, Problem> {
    let read = door.ask::<Campaigns>(&asked, &CampaignsQuery::RuleSet { number }).await?;
    Ok(answer(read, |found| match found {
        CampaignsAnswer::RuleSet(set) => set,
        _ => unreachable!("a rule set was asked for"),
    }))
}

/// Takes clicks that someone else has recorded. Each is taken or refused for itself; one whose id was taken before is
/// the same click.
#[utoipa::path(post, path = "/v1/clicks:batch", tag = "clicks", request_body = NewClicks, responses(
    (status = 202, description = "What became of each", body = Results),
    ProblemBody,
))]
async fn take(State(door): State<Door>, Body(asked, new): Body<NewClicks>) -> Result<Response, Undone> {
    check_size("clicks", new.clicks.len())?;
    let sorted = intake::sort(&door, new.clicks).await;
    let parts = door.submit_all::<Taking>(&asked, &sorted.commands).await;
    Ok(respond_many(StatusCode::ACCEPTED, parts, |parts| Results { results: sorted.results(parts) }))
}

/// Counts ads that were shown, and gives each impression a token that its click can show.
#[utoipa::path(post, path = "/v1/clicks/impressions:batch", tag = "clicks", request_body = NewImpressions, responses(
    (status = 202, description = "What became of each", body = ImpressionResults),
    ProblemBody,
))]
async fn show(State(door): State<Door>, Body(asked, new): Body<NewImpressions>) -> Result<Response, Undone> {
    check_size("impressions", new.impressions.len())?;
    let sorted = intake::sort_impressions(&door, &asked, new.impressions).await;
    let parts = door.submit_all::<Ads>(&asked, &sorted.commands).await;
    Ok(respond_many(StatusCode::ACCEPTED, parts, |parts| ImpressionResults { results: sorted.results(parts) }))
}

fn check_size(what: &str, found: usize) -> Result<(), Problem> {
    if found == 0 {
        return Err(bad(format!("`{what}` has at least one")));
    }
    if found > BATCH_LIMIT {
        let detail = format!("a batch has at most {BATCH_LIMIT} {what}, not {found}");
        return Err(Problem::new(413, "batch_too_large", detail));
    }
    Ok(())
}

/// Makes clicks that counted not count any more. The same case again changes nothing.
#[utoipa::path(post, path = "/v1/clicks:invalidate", tag = "clicks", request_body = NewCase, responses(
    (status = 200, description = "What the case did, or has done so far", body = Voided),
    ProblemBody,
))]
async fn invalidate(State(door): State<Door>, Body(asked, new): Body<NewCase>) -> Result<Response, Undone> {
    let (filter, days) = filter(&door, new.filter)?;
    if filter == Filter::default() && days.is_none() && new.confirm != Some(true) {
        let detail = "the filter means every click: `confirm` must be true";
        return Err(Problem::new(422, "confirm_required", detail).into());
    }
    let case_id = new.case_id.clone();
    let voiding = Voiding { case_id: new.case_id, reason: new.reason, filter };
    let command = match days {
        Some(days) => AdsCommand::VoidByDays(Box::new(DaysVoiding { voiding, days })),
        None => AdsCommand::Void(voiding),
    };
    ads::transition::check(&command).map_err(|refusal| Problem::refusal(&refusal))?;
    let parts = all_done(door.submit_everywhere::<Ads>(&asked, &command).await)?;
    let mut positions = Positions::default();
    parts.iter().flatten().for_each(|part| positions.merge(&part.positions));
    let replayed = parts.iter().flatten().all(|part| part.replayed);
    let reading = Asked { min_position: positions, ..asked };
    let read = case_of(&door, &reading, case_id).await?;
    Ok(respond(StatusCode::OK, Done { outcome: read.answer, positions: read.positions, replayed }, |done| done))
}

async fn case_of(door: &Door, asked: &Asked, case_id: String) -> Result<Read<Voided>, Problem> {
    let read = door.ask::<Ads>(asked, &AdsQuery::Case { case_id }).await?;
    match read.answer {
        AdsAnswer::Case(Some(done)) => Ok(Read { answer: done, positions: read.positions }),
        _ => Err(Problem::new(404, "unknown_case", "there is no case of this id")),
    }
}

/// What a filter means, and the address that it names as it stands in the clicks of each day.
fn filter(door: &Door, new: NewFilter) -> Result<(Filter, Option<Vec<DayHashes>>), Problem> {
    let address = new.ip.as_deref().map(parse_address).transpose()?;
    let prefix = new.ip_prefix.as_deref().map(prefix).transpose()?;
    let user = new.user.as_deref().map(|user| visitor::of_user(door, user));
    let cookie = new.visitor.as_deref().map(|cookie| visitor::of_cookie(door, cookie));
    if user.is_some() && cookie.is_some() {
        return Err(bad("a click has a `user` or a `visitor`, never both".to_owned()));
    }
    let by_address = address.is_some() || prefix.is_some();
    // Where days have no keys, all have the same hashes.
    let lasting = if by_address { visitor::lasting(door) } else { None };
    let filter = Filter {
        ad: new.ad,
        campaign: new.campaign,
        prefix: lasting.as_ref().zip(prefix).map(|(addresses, prefix)| addresses.of_prefix(prefix)),
        address: lasting.as_ref().zip(address).map(|(addresses, address)| addresses.of_address(address)),
        visitor: user.or(cookie),
        from: new.from,
        to: new.to,
        click_ids: new.click_ids.unwrap_or_default(),
    };
    let days = (by_address && lasting.is_none()).then(|| visitor::on_all_days(door, address, prefix));
    Ok((filter, days))
}

fn prefix(text: &str) -> Result<IpAddr, Problem> {
    let wrong = || {
        let detail = format!("`{text}` is no /24 of IPv4 and no /64 of IPv6: only these are kept, as hashes");
        Problem::new(422, "bad_address", detail)
    };
    let (address, length) = text.split_once('/').ok_or_else(wrong)?;
    let address = parse_address(address)?;
    let fits = length.parse() == Ok(visitor::prefix_length(address)) && visitor::prefix(address) == address;
    if fits { Ok(address) } else { Err(wrong()) }
}

/// Shows what a case has done.
#[utoipa::path(get, path = "/v1/clicks/cases/{case}", tag = "clicks",
    params(("case" = String, Path, description = "The case")), responses(
    (status = 200, description = "What it has done so far", body = Voided),
    ProblemBody,
))]
async fn case(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments(case_id): Segments<String>,
) -> Result<Response, Problem> {
    let read = case_of(&door, &asked, case_id).await?;
    Ok(answer(read, |done| done))
}

/// Bills a campaign's clicks up to the end of an hour, and closes its hours: what comes for them later is a credit of the
/// next invoice. The same again is the same invoice.
#[utoipa::path(post, path = "/v1/clicks/invoices:close", tag = "clicks", request_body = NewInvoice, responses(
    (status = 200, description = "The invoice; its ads may still be asked", body = Invoice),
    ProblemBody,
))]
async fn close_invoice(State(door): State<Door>, Body(asked, new): Body<NewInvoice>) -> Result<Response, Undone> {
    let command = CampaignsCommand::CloseInvoice(Closing { campaign: new.campaign, until: new.until });
    let done = door.submit::<Campaigns>(&asked, &command).await?;
    Ok(respond(StatusCode::OK, done, |outcome| outcome))
}

/// Shows an invoice.
#[utoipa::path(get, path = "/v1/clicks/invoices/{invoice}", tag = "clicks",
    params(("invoice" = String, Path, description = "The campaign, `-`, and the number")), responses(
    (status = 200, description = "The invoice", body = Invoice),
    ProblemBody,
))]
async fn invoice(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments(id): Segments<String>,
) -> Result<Response, Problem> {
    let unknown = || Problem::refusal(&millrace_topics::clicks::Rejection::UnknownInvoice);
    let (campaign, number) = id.rsplit_once('-').ok_or_else(unknown)?;
    let number = number.parse().map_err(|_| unknown())?;
    let query = CampaignsQuery::Invoice { campaign: campaign.to_owned(), number };
    let read = door.ask::<Campaigns>(&asked, &query).await?;
    Ok(answer(read, |found| match found {
        CampaignsAnswer::Invoice(invoice) => invoice,
        _ => unreachable!("an invoice was asked for"),
    }))
}

/// Says how long clicks are kept: as long they can be looked up, listed, voided and compared with the log. What they add
/// up to stays.
#[utoipa::path(put, path = "/v1/clicks/keeping", tag = "clicks", request_body = Keeping, responses(
    (status = 200, description = "What holds from now on", body = Keeping),
    ProblemBody,
))]
async fn keep(State(door): State<Door>, Body(asked, keeping): Body<Keeping>) -> Result<Response, Undone> {
    forget::check(keeping).map_err(|refusal| Problem::refusal(&refusal))?;
    for part in door.submit_everywhere::<Taking>(&asked, &Command::Keep(keeping)).await {
        part?;
    }
    let parts = all_done(door.submit_everywhere::<Ads>(&asked, &AdsCommand::Keep(keeping)).await)?;
    Ok(respond_many(StatusCode::OK, parts, |_| keeping))
}

/// Says how long clicks are kept.
#[utoipa::path(get, path = "/v1/clicks/keeping", tag = "clicks", responses(
    (status = 200, description = "What holds", body = Keeping),
    ProblemBody,
))]
async fn kept(State(door): State<Door>, Reading(asked): Reading) -> Result<Response, Problem> {
    let key = key_of(0, door.partitions());
    let read = door.ask::<Ads>(&asked, &AdsQuery::Keeping { key }).await?;
    Ok(answer(read, |found| match found {
        AdsAnswer::Keeping(keeping) => keeping,
        _ => unreachable!("how long clicks are kept was asked for"),
    }))
}

/// Shows what clicks add up to, by time and by what else is told apart.
#[utoipa::path(get, path = "/v1/clicks/reports", tag = "clicks", params(WhichReport), responses(
    (status = 200, description = "The report, or a page of it", body = ReportBody),
    ProblemBody,
))]
async fn reports(
    State(door): State<Door>,
    Reading(mut asked): Reading,
    Params(which): Params<WhichReport>,
) -> Result<Response, Problem> {
    let (metrics, limit) = (which.metrics()?, limit(which.limit, 1000)? as usize);
    let grain = which.granularity.unwrap_or(Grain::Hour);
    let mut ask = millrace_topics::clicks::ReportAsk {
        key: String::new(),
        from: minute("from", which.from)?,
        to: minute("to", which.to)?,
        grain,
        by: which.dimensions()?,
        ad: which.ad,
        campaign: which.campaign,
        uniques: metrics.contains(&Metric::Uniques),
        version: which.version.unwrap_or_default(),
        after: None,
    };
    let scope = format!("reports {ask:?}");
    let after = which.cursor.map(|text| door.open_cursor::<(GroupKey, Positions)>(&scope, &text)).transpose()?;
    if let Some((after, seen)) = &after {
        asked.min_position.merge(seen);
        ask.from = ask.from.max(Grain::Minute.bucket(grain.begin(after.bucket)));
    }
    let place = after.as_ref().map(|(place, _)| place);
    let Read { answer: Report { groups, complete_until }, positions } =
        report::read_page(&door, &asked, &ask, place, limit).await?;
    let mut left = groups.into_iter().filter(|(key, _)| after.as_ref().is_none_or(|(after, _)| key > after)).peekable();
    let mut last = None;
    let mut rows = Vec::new();
    for (key, (counts, visitors)) in left.by_ref().take(limit) {
        rows.push(ReportRow::new(grain, &key, &counts, &visitors, &metrics));
        last = Some(key);
    }
    let more = left.peek().is_some();
    let cursor = last.filter(|_| more).map(|last| door.seal_cursor(&scope, &(last, positions.clone())));
    Ok(answer(Read { answer: ReportBody { complete_until, rows, cursor }, positions }, |body| body))
}

/// The minute that begins at a time.
fn minute(name: &str, time: Time) -> Result<u32, Problem> {
    let minute = Grain::Minute.bucket(time);
    if Grain::Minute.begin(minute) == time {
        return Ok(minute);
    }
    Err(bad(format!("`{name}` is a whole minute")))
}

/// Compares an ad's hour in the log with what was counted. What is between them is shown; the difference is 0.
#[utoipa::path(get, path = "/v1/clicks/reconcile", tag = "clicks", params(WhichHour), responses(
    (status = 200, description = "What each of them says", body = ReconciledBody),
    ProblemBody,
))]
async fn reconcile(
    State(door): State<Door>,
    ReadingNow(asked): ReadingNow,
    Params(which): Params<WhichHour>,
) -> Result<Response, Problem> {
    let shards = shards(&door, &asked, &which.ad).await?;
    let hour = Grain::Hour.bucket(which.hour);
    let read = report::reconcile(&door, &asked, &which.ad, shards, hour).await?;
    Ok(answer(read, ReconciledBody::from))
}

async fn shards(door: &Door, asked: &Asked, ad: &str) -> Result<u16, Problem> {
    let read = door.ask::<Ads>(asked, &AdsQuery::Ad { id: ad.to_owned() }).await?;
    match read.answer {
        AdsAnswer::Ad(ad) => Ok(ad.shards),
        _ => unreachable!("an ad was asked for"),
    }
}

/// Lists an ad's clicks of one hour.
#[utoipa::path(get, path = "/v1/clicks", tag = "clicks", params(WhichClicks), responses(
    (status = 200, description = "The clicks in the order of their time", body = ClicksBody),
    ProblemBody,
))]
async fn clicks(
    State(door): State<Door>,
    Reading(mut asked): Reading,
    Params(which): Params<WhichClicks>,
) -> Result<Response, Problem> {
    let (hour, limit) = (Grain::Hour.bucket(which.hour), limit(which.limit, LISTED)?);
    let valid = which.verdict.map(|verdict| verdict == Verdict::Valid);
    let scope = format!("clicks {} {hour} {valid:?} {:?}", which.ad, which.reason);
    let after = which.cursor.map(|text| door.open_cursor::<((u32, u128), Positions)>(&scope, &text)).transpose()?;
    if let Some((_, seen)) = &after {
        asked.min_position.merge(seen);
    }
    let shards = shards(&door, &asked, &which.ad).await?;
    let (mut found, mut positions) = (Match::default(), Positions::default());
    for shard in 0..shards {
        let listing = Listing {
            key: shard_key(&which.ad, shards, shard),
            hour,
            valid,
            reason: which.reason,
            after: after.as_ref().map(|(place, _)| *place),
            limit,
        };
        let read = door.ask::<Ads>(&asked, &AdsQuery::Clicks(listing)).await?;
        positions.merge(&read.positions);
        let AdsAnswer::Clicks(more) = read.answer else { unreachable!("clicks were asked for") };
        found.clicks.extend(more.clicks);
        // Behind the first shard that stopped, another one may have what it has not shown.
        found.next = [found.next, more.next].into_iter().flatten().min();
    }
    found.clicks.sort_by_key(|(place, _)| *place);
    if let Some(next) = found.next {
        found.clicks.retain(|(place, _)| *place <= next);
    }
    if found.clicks.len() > limit as usize {
        found.clicks.truncate(limit as usize);
        found.next = found.clicks.last().map(|(place, _)| *place);
    }
    let cursor = found.next.map(|next| door.seal_cursor(&scope, &(next, positions.clone())));
    let clicks = found.clicks.into_iter().map(|(_, click)| click).collect();
    Ok(answer(Read { answer: ClicksBody { clicks, cursor }, positions }, |body| body))
}

/// Shows a click with its verdicts.
#[utoipa::path(get, path = "/v1/clicks/{click_id}", tag = "clicks",
    params(("click_id" = String, Path, description = "The click")), responses(
    (status = 200, description = "The click", body = ClickView),
    ProblemBody,
))]
async fn click(
    State(door): State<Door>,
    Reading(asked): Reading,
    Segments(click_id): Segments<String>,
) -> Result<Response, Problem> {
    let read = door.ask::<Ads>(&asked, &AdsQuery::Click { click_id }).await?;
    let AdsAnswer::Click(Some(click)) = read.answer else {
        return Err(Problem::refusal(&millrace_topics::clicks::Rejection::UnknownClick)
            .with_header("millrace-position", read.positions.to_string()));
    };
    Ok(answer(Read { answer: click, positions: read.positions }, |click| click))
}

fn bad(detail: String) -> Problem {
    Problem::bad_request("bad_request", detail)
}
