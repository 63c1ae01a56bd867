//! Finding places: those that are asked for, if all of them can be held, and what they cost; or why not.

use crate::tickets::hall::Hall;
use crate::tickets::hall::best::{Found, Left, Wish};
use crate::tickets::hall::legs::Legs;
use crate::tickets::tables::{Priced, Spot};
use millrace_topics::tickets::{Area, Best, Holding, Rejection};
use millrace_topics::time::Time;

/// What a hold is to take.
pub struct Places {
    /// Seats.
    pub spots: Vec<Spot>,
    /// Categories without seats, by number, and how many of each.
    pub areas: Vec<(u16, u32)>,
    /// What they cost, those with seats in the order of `spots`, which come first.
    pub lines: Vec<Priced>,
    /// The step on which the best were found; 0 if none were asked for.
    pub step: u8,
    /// How good they are.
    pub quality: u32,
}

/// When places are looked for, and by what right.
#[derive(Clone, Copy)]
pub struct Way<'a> {
    /// When.
    pub now: Time,
    /// Channels out of which seats may be taken, a bit each.
    pub channels: u64,
    /// Those that quotas know it by.
    pub named: u64,
    /// On which legs, if the event has some.
    pub legs: Option<&'a Legs>,
}

impl Way<'_> {
    /// What everybody may have.
    #[must_use]
    pub fn plain(now: Time) -> Self {
        Self { now, channels: 0, named: 0, legs: None }
    }
}

/// The places that are asked for, if all of them can be held.
///
/// # Errors
/// Why not.
pub fn find(hall: &Hall, holding: &Holding, way: &Way<'_>) -> Result<Places, Rejection> {
    let areas = find_areas(hall, &holding.areas)?;
    let (spots, step, quality) = match &holding.best {
        Some(best) => find_best(hall, best, way)?,
        None => (find_named(hall, &holding.seats, way)?, 0, 0),
    };
    let lines = price(hall, &spots, &areas, way)?;
    Ok(Places { spots, areas, lines, step, quality })
}

fn find_best(hall: &Hall, best: &Best, way: &Way<'_>) -> Result<(Vec<Spot>, u8, u32), Rejection> {
    let legs = way.legs.map(|legs| (legs.start, legs.end));
    let wish = Wish { channels: way.channels, legs, ..wish(hall, best)? };
    let room = hall.has_quotas().then(|| hall.room(way.now, way.named));
    let Some(Found { step, quality, spots }) = hall.best(&wish, room.as_ref()) else {
        let rooms = room.map(|room| (room, hall.room_at_most(way.now, way.named)));
        return Err(nothing(hall, &hall.left(&wish, rooms)));
    };
    Ok((spots, step, quality))
}

fn find_named(hall: &Hall, seats: &[String], way: &Way<'_>) -> Result<Vec<Spot>, Rejection> {
    let found: Vec<(&String, Option<Spot>)> = seats.iter().map(|name| (name, hall.find(name))).collect();
    let unknown: Vec<String> = names(&found, |spot| spot.is_none());
    if !unknown.is_empty() {
        return Err(Rejection::UnknownSeats(unknown));
    }
    let taken = names(&found, |spot| spot.is_some_and(|spot| !hall.may_take(spot, way.channels, way.legs)));
    if !taken.is_empty() {
        return Err(Rejection::SeatTaken(taken));
    }
    let near = names(&found, |spot| spot.is_some_and(|spot| !hall.is_apart(spot)));
    if way.legs.is_none() && !near.is_empty() {
        return Err(Rejection::TooNear(near));
    }
    let mut spots: Vec<Spot> = found.into_iter().filter_map(|(_, spot)| spot).collect();
    spots.sort_unstable();
    if spots.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(Rejection::BadRequest("a seat is asked for twice".to_owned()));
    }
    Ok(spots)
}

fn names(found: &[(&String, Option<Spot>)], which: impl Fn(Option<Spot>) -> bool) -> Vec<String> {
    found.iter().filter(|(_, spot)| which(*spot)).map(|(name, _)| (*name).clone()).collect()
}

fn find_areas(hall: &Hall, areas: &[Area]) -> Result<Vec<(u16, u32)>, Rejection> {
    let mut found: Vec<(u16, u32)> = Vec::new();
    for area in areas {
        let number = hall.category(&area.category).filter(|number| hall.is_area(*number));
        let number = number.ok_or_else(|| Rejection::UnknownCategory(area.category.clone()))?;
        if found.iter().any(|(other, _)| *other == number) {
            return Err(Rejection::BadRequest("a category is asked for twice".to_owned()));
        }
        let counts = hall.counts(number);
        if counts.free() < area.quantity {
            let left = Left { free: counts.free(), held: counts.held, wanted: area.quantity };
            return Err(nothing(hall, &left));
        }
        found.push((number, area.quantity));
    }
    Ok(found)
}

fn wish(hall: &Hall, best: &Best) -> Result<Wish, Rejection> {
    let category = best.category.as_ref().map(|id| {
        hall.category(id).filter(|number| !hall.is_area(*number)).ok_or_else(|| Rejection::UnknownCategory(id.clone()))
    });
    let section = best.section.as_ref().map(|id| hall.section(id).ok_or_else(|| Rejection::UnknownSection(id.clone())));
    if best.accessible > best.number {
        return Err(Rejection::BadRequest("more seats for wheelchairs than seats are asked for".to_owned()));
    }
    let small = |number: u32| u16::try_from(number).map_err(|_| Rejection::BadNumber(hall.plan.max_per_order));
    Ok(Wish {
        number: small(best.number)?,
        category: category.transpose()?,
        section: section.transpose()?,
        accessible: small(best.accessible)?,
        restricted: best.restricted_view,
        channels: 0,
        together: best.together,
        scattered: best.allow_scattered,
        legs: None,
    })
}

/// Why there is nothing for somebody who wants so many.
fn nothing(hall: &Hall, left: &Left) -> Rejection {
    let Left { free, held, wanted } = *left;
    match hall.next_expiry() {
        _ if free >= wanted => Rejection::NotAdjacent { free },
        Some(next_expiry) if free + held >= wanted => Rejection::AllHeld { free, held, next_expiry },
        _ if free + held > 0 => Rejection::TooFewLeft { free, held },
        _ => Rejection::SoldOut,
    }
}

/// What places cost now. A tier that counts for the first so many, or whose quota ends, may count for some of them only.
/// On several legs they cost so much on each.
///
/// # Errors
/// That a quota of them has no room: what they are is free, and not to be had.
pub fn price(hall: &Hall, spots: &[Spot], areas: &[(u16, u32)], way: &Way<'_>) -> Result<Vec<Priced>, Rejection> {
    let times = way.legs.map_or(1, |legs| u64::from(legs.end - legs.start));
    let mut room = hall.room(way.now, way.named);
    let mut lines: Vec<Priced> = Vec::with_capacity(2);
    let seats = spots.iter().map(|spot| (hall.category_of(*spot), 1));
    for (category, many) in seats.chain(areas.iter().copied()) {
        let fee = hall.plan.categories[usize::from(category)].fee;
        let mut rest = many;
        while rest > 0 {
            let portion = room.take(category, rest).ok_or_else(|| no_room(hall, spots, areas, way))?;
            rest -= portion.many;
            let (tier, price) = (portion.tier, portion.price * times);
            match lines.last_mut().filter(|line| (line.category, line.tier, line.price) == (category, tier, price)) {
                Some(line) => line.quantity += portion.many,
                None => lines.push(Priced { category, quantity: portion.many, price, fee, tier, channels: way.named }),
            }
        }
    }
    Ok(lines)
}

/// Why the quotas have no room for places that are free: by the first category that is short.
fn no_room(hall: &Hall, spots: &[Spot], areas: &[(u16, u32)], way: &Way<'_>) -> Rejection {
    let mut wanted: Vec<(u16, u32)> = areas.to_vec();
    for spot in spots {
        let category = hall.category_of(*spot);
        match wanted.iter_mut().find(|(of, _)| *of == category) {
            Some((_, many)) => *many += 1,
            None => wanted.push((category, 1)),
        }
    }
    let (mut now, mut most) = (hall.room(way.now, way.named), hall.room_at_most(way.now, way.named));
    for (category, wanted) in wanted {
        let free = now.take_all(category, wanted);
        if free < wanted {
            let counts = hall.counts(category);
            let all = most.take_all(category, counts.free() + counts.held);
            return nothing(hall, &Left { free, held: all.saturating_sub(free), wanted });
        }
        most.take_all(category, wanted);
    }
    unreachable!("somebody asks only where it is short")
}
