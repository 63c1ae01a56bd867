//! The best seats beside a slow and obviously right oracle, which lists every choice and takes the first.

use crate::tickets::hall::best::{Found, Wish};
use crate::tickets::hall::{Hall, Place};
use crate::tickets::tables::Spot;
use millrace_topics::money::Currency;
use millrace_topics::tickets::{Category, EventPlan, Point, Row, Section};
use millrace_topics::time::Time;
use proptest::prelude::*;

/// A place of a row; none is an aisle.
#[derive(Clone, Copy, Default)]
struct Seat {
    taken: bool,
    accessible: bool,
    companion: bool,
    restricted: bool,
}

/// A row as the oracle sees it.
struct OfRow {
    number: u16,
    section: u16,
    category: u16,
    distance: i64,
    column: i64,
    middle: i64,
    seats: Vec<Option<Seat>>,
}

impl OfRow {
    fn suits(&self, wish: &Wish, place: i64) -> bool {
        let seat = usize::try_from(place).ok().and_then(|place| self.seats.get(place).copied().flatten());
        seat.is_some_and(|seat| {
            !seat.taken
                && (wish.accessible > 0 || !seat.accessible && !seat.companion)
                && (wish.restricted || !seat.restricted)
        })
    }

    /// Where so many that suit are beside one another, the nearest to the middle first.
    fn starts(&self, wish: &Wish, length: i64) -> Vec<(i64, i64)> {
        let last = i64::try_from(self.seats.len()).unwrap();
        let starts = (0..last).filter(|start| (*start..start + length).all(|place| self.suits(wish, place)));
        let mut found: Vec<(i64, i64)> =
            starts.map(|start| ((2 * start + length - 1 - self.middle).abs(), start)).collect();
        found.sort_unstable();
        found
    }

    fn leaves_orphan(&self, wish: &Wish, start: i64, length: i64) -> bool {
        let is = |place: i64| self.suits(wish, place);
        let end = start + length;
        is(start - 1) && !is(start - 2) || is(end) && !is(end + 1)
    }

    fn accessible(&self, start: i64, length: i64) -> usize {
        let these = self.seats.iter().skip(usize::try_from(start).unwrap()).take(usize::try_from(length).unwrap());
        these.flatten().filter(|seat| seat.accessible).count()
    }

    fn spots(&self, start: i64, length: i64) -> Vec<Spot> {
        (start..start + length).map(|place| Spot { row: self.number, place: u16::try_from(place).unwrap() }).collect()
    }
}

/// The answer of the oracle: the step and the seats.
fn oracle(rows: &[OfRow], wish: &Wish) -> Option<(u8, Vec<Spot>)> {
    let wanted = |row: &&OfRow| {
        wish.category.is_none_or(|category| category == row.category)
            && wish.section.is_none_or(|section| section == row.section)
    };
    let mut rows: Vec<&OfRow> = rows.iter().filter(wanted).collect();
    rows.sort_by_key(|row| (row.distance, row.number));
    let length = i64::from(wish.number);
    for step in [1, 2] {
        for row in &rows {
            let fits = |(_, start): &(i64, i64)| {
                (step == 2 || !row.leaves_orphan(wish, *start, length))
                    && row.accessible(*start, length) >= usize::from(wish.accessible)
            };
            if let Some((_, start)) = row.starts(wish, length).into_iter().find(fits) {
                return Some((step, row.spots(start, length)));
            }
        }
    }
    if wish.accessible > 0 {
        return None;
    }
    if !wish.together {
        let found = halves(&rows, wish).map(|spots| (3, spots)).or_else(|| pairs(&rows, wish).map(|spots| (4, spots)));
        if found.is_some() {
            return found;
        }
    }
    let spots: Vec<Spot> = rows.iter().flat_map(|row| singles(row, wish)).take(wish.number.into()).collect();
    (wish.scattered && spots.len() == usize::from(wish.number)).then_some((5, spots))
}

fn halves(rows: &[&OfRow], wish: &Wish) -> Option<Vec<Spot>> {
    let (small, large) = (i64::from(wish.number / 2), i64::from(wish.number.div_ceil(2)));
    let mut choices = Vec::new();
    for (a, one) in rows.iter().enumerate().filter(|_| small > 0) {
        for (b, other) in rows.iter().enumerate() {
            let behind = one.section == other.section && one.number.abs_diff(other.number) == 1;
            for (off, start) in one.starts(wish, large).into_iter().filter(|_| behind) {
                for (other_off, other_start) in other.starts(wish, small) {
                    let columns =
                        |row: &OfRow, start: i64, length: i64| start + row.column..start + row.column + length;
                    let mine = columns(one, start, large);
                    if columns(other, other_start, small).any(|column| mine.contains(&column)) {
                        choices.push(((a, b, off, start, other_off, other_start), (one, other)));
                    }
                }
            }
        }
    }
    let ((_, _, _, start, _, other_start), (one, other)) = choices.into_iter().min_by_key(|(key, _)| *key)?;
    Some([one.spots(start, large), other.spots(other_start, small)].concat())
}

fn singles(row: &OfRow, wish: &Wish) -> Vec<Spot> {
    row.starts(wish, 1).into_iter().flat_map(|(_, start)| row.spots(start, 1)).collect()
}

fn pairs(rows: &[&OfRow], wish: &Wish) -> Option<Vec<Spot>> {
    if wish.number < 3 {
        return None;
    }
    let mut sections: Vec<u16> = rows.iter().map(|row| row.section).collect();
    let mut seen = Vec::new();
    sections.retain(|section| {
        !seen.contains(section) && {
            seen.push(*section);
            true
        }
    });
    sections.into_iter().find_map(|section| {
        let rows: Vec<&&OfRow> = rows.iter().filter(|row| row.section == section).collect();
        let mut found: Vec<Spot> = Vec::new();
        let all = rows.iter().flat_map(|row| aligned(row, wish));
        all.take(usize::from(wish.number / 2)).for_each(|pair| found.extend(pair));
        if found.len() < usize::from(wish.number / 2 * 2) {
            return None;
        }
        if wish.number % 2 == 1 {
            let single = rows.iter().flat_map(|row| singles(row, wish)).find(|spot| !found.contains(spot))?;
            found.push(single);
        }
        Some(found)
    })
}

/// The pairs of a row, each run cut into twos from its left end, the nearest to the middle first.
fn aligned(row: &OfRow, wish: &Wish) -> Vec<Vec<Spot>> {
    let mut found = Vec::new();
    let mut place = 0;
    while place < i64::try_from(row.seats.len()).unwrap() {
        if row.suits(wish, place) && row.suits(wish, place + 1) {
            found.push(((2 * place + 1 - row.middle).abs(), place));
            place += 1;
        }
        place += 1;
    }
    found.sort_unstable();
    found.into_iter().map(|(_, place)| row.spots(place, 2)).collect()
}

/// A row that chance has made: seats with what each is, an aisle behind it or not.
type Chance = Vec<(u8, bool)>;

#[derive(Clone, Debug)]
struct World {
    focal: Option<Point>,
    /// Section by section: where it is, and its rows with category and offset.
    sections: Vec<(Point, Vec<(bool, i32, Chance)>)>,
}

fn world() -> impl Strategy<Value = World> {
    let point = || (-4i32..5, -4i32..5).prop_map(|(x, y)| Point { x, y });
    let seat = (prop_oneof![6 => Just(0u8), 1 => 1u8..8], prop::bool::weighted(0.1));
    let row = (prop::bool::weighted(0.3), -2i32..3, prop::collection::vec(seat, 1..12));
    let section = (point(), prop::collection::vec(row, 1..5));
    (prop::option::of(point()), prop::collection::vec(section, 1..4))
        .prop_map(|(focal, sections)| World { focal, sections })
}

fn wish() -> impl Strategy<Value = Wish> {
    let flag = || prop::bool::weighted(0.3);
    let of = |most: u16| prop_oneof![3 => Just(None), 1 => (0..most).prop_map(Some)];
    let accessible = prop_oneof![4 => Just(0u16), 1 => 1u16..3];
    (1u16..8, of(2), of(3), accessible, flag(), flag(), flag()).prop_map(
        |(number, category, section, accessible, restricted, together, scattered)| Wish {
            number,
            category,
            section,
            accessible,
            restricted,
            channels: 0,
            together,
            scattered,
            legs: None,
        },
    )
}

impl World {
    fn plan(&self) -> EventPlan {
        let category = |id: &str| Category { id: id.to_owned(), price: 1, fee: 0, tiers: Vec::new(), capacity: None };
        let sections = self.sections.iter().enumerate().map(|(index, (at, rows))| Section {
            id: format!("S{index}"),
            category: "a".to_owned(),
            at: *at,
            rows: rows.iter().enumerate().map(|(index, row)| World::row(index, row)).collect(),
        });
        EventPlan {
            event: "gig".to_owned(),
            title: String::new(),
            currency: Currency(*b"EUR"),
            opens_at: None,
            closes_at: None,
            hold_seconds: 1,
            order_seconds: 1,
            extensions: 0,
            min_per_order: 1,
            max_per_order: 10,
            max_per_buyer: None,
            focal: self.focal,
            categories: vec![category("a"), category("b")],
            sections: sections.collect(),
        }
    }

    fn row(index: usize, (other, x, seats): &(bool, i32, Chance)) -> Row {
        let named = |which: &dyn Fn(&(u8, bool)) -> bool| {
            (1..).zip(seats).filter(|(_, seat)| which(seat)).map(|(number, _)| number.to_string()).collect()
        };
        let number: u32 = u32::try_from(seats.len()).unwrap();
        Row {
            id: index.to_string(),
            seats: number,
            first: 1,
            category: other.then(|| "b".to_owned()),
            x: *x,
            aisles: named(&|(_, aisle)| *aisle),
            accessible: named(&|(kind, _)| kind & 1 > 0),
            companion: named(&|(kind, _)| kind & 2 > 0),
            restricted_view: named(&|(kind, _)| kind & 4 > 0),
            ..Row::default()
        }
    }

    fn rows(&self) -> Vec<OfRow> {
        let mut rows = Vec::new();
        for (section, (at, of)) in (0..).zip(&self.sections) {
            for (index, (other, x, seats)) in (1i64..).zip(of) {
                let mut places = Vec::new();
                for (nth, (kind, aisle)) in seats.iter().enumerate() {
                    let seat = Seat {
                        taken: false,
                        accessible: kind & 1 > 0,
                        companion: kind & 2 > 0,
                        restricted: kind & 4 > 0,
                    };
                    places.push(Some(seat));
                    if *aisle && nth + 1 < seats.len() {
                        places.push(None);
                    }
                }
                let (column, y) = (i64::from(at.x + x), i64::from(at.y) + index);
                let last = i64::try_from(places.len()).unwrap() - 1;
                let columns = column..=column + last;
                let (distance, middle) = match self.focal {
                    None => (y * y, last),
                    Some(focal) => {
                        let away = y - i64::from(focal.y);
                        let aside = columns.map(|column| (column - i64::from(focal.x)).abs()).min().unwrap();
                        (away * away + aside * aside, 2 * (i64::from(focal.x) - column))
                    }
                };
                let (number, category) = (u16::try_from(rows.len()).unwrap(), u16::from(*other));
                rows.push(OfRow { number, section, category, distance, column, middle, seats: places });
            }
        }
        rows
    }
}

fn seat_of(rows: &mut [OfRow], spot: Spot) -> &mut Seat {
    rows[usize::from(spot.row)].seats[usize::from(spot.place)].as_mut().expect("no aisle is taken")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever is taken, and whatever was: the best seats are those of the oracle.
    #[test]
    fn the_best_are_those_of_the_oracle(
        world in world(),
        taken in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
        wishes in prop::collection::vec((wish(), prop::bool::weighted(0.2)), 1..25),
    ) {
        let mut hall = Hall::build(world.plan(), Time(0)).unwrap();
        let mut rows = world.rows();
        let all: Vec<Spot> = rows.iter().flat_map(|row| {
            let seats = (0..).zip(&row.seats).filter(|(_, seat)| seat.is_some());
            seats.map(|(place, _)| Spot { row: row.number, place }).collect::<Vec<_>>()
        }).collect();
        let mut held: Vec<Vec<Spot>> = Vec::new();
        for index in taken {
            let spot = all[index.index(all.len())];
            if !seat_of(&mut rows, spot).taken {
                seat_of(&mut rows, spot).taken = true;
                hall.turn([spot].into_iter(), Place::Free, Place::Held);
                held.push(vec![spot]);
            }
        }
        for (wish, gives_back) in wishes {
            if wish.section.is_some_and(|section| usize::from(section) >= world.sections.len()) {
                continue;
            }
            let found = hall.best(&wish, None);
            let expected = oracle(&rows, &wish).map(|(step, mut spots)| {
                spots.sort_unstable();
                (step, spots)
            });
            prop_assert_eq!(found.as_ref().map(|Found { step, spots, .. }| (*step, spots.clone())), expected, "{:?}", wish);
            if let Some(found) = found {
                hall.turn(found.spots.iter().copied(), Place::Free, Place::Held);
                found.spots.iter().for_each(|spot| seat_of(&mut rows, *spot).taken = true);
                held.push(found.spots);
            }
            if gives_back && let Some(spots) = held.pop() {
                hall.turn(spots.iter().copied(), Place::Held, Place::Free);
                spots.iter().for_each(|spot| seat_of(&mut rows, *spot).taken = false);
            }
        }
        for (category, id) in [(0, "a"), (1, "b")] {
            let of = |row: &&OfRow| row.category == category;
            let longest = (1..).take_while(|length| {
                rows.iter().filter(of).any(|row| !row.starts(&Wish::default(), *length).is_empty())
            }).count();
            prop_assert_eq!(hall.longest_run(category) as usize, longest, "{}", id);
        }
    }
}

#[test]
fn rows_of_more_than_a_word_and_groups_of_any_size() {
    let row = Row { id: "1".to_owned(), seats: 256, first: 1, ..Row::default() };
    let section = Section { id: "S0".to_owned(), category: "a".to_owned(), at: Point::default(), rows: vec![row] };
    let world = World { focal: None, sections: Vec::new() };
    let mut hall = Hall::build(EventPlan { sections: vec![section], ..world.plan() }, Time(0)).unwrap();
    let mut left = 256;
    for number in (1..=60).rev() {
        let Some(found) = hall.best(&Wish { number, together: true, ..Wish::default() }, None) else { continue };
        assert!(found.step <= 2 && hall.is_adjacent(&found.spots));
        hall.turn(found.spots.into_iter(), Place::Free, Place::Held);
        left -= u32::from(number);
    }
    assert_eq!(hall.counts(0).free(), left);
    assert!(hall.longest_run(0) <= left);
}
