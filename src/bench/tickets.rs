//! How fast holds of the best seats become views: in many halls, in halls of 60,000 seats that sell out one after the other,
//! and in one of these in which holds come and go. Out of a filled log, with everything on that runs in production, and
//! verified afterwards.

use crate::bench::drive::{Filler, Random, phase, state_bytes, verify_all};
use crate::bench::figures::Thousands;
use crate::cli::TicketsLoad;
use crate::settings::Settings;
use millrace_topics::money::Currency;
use millrace_topics::tickets::{Best, Category, Command, EventPlan, Holding, OnHold, Point, Row, Section, Tickets};
use millrace_topics::token::TokenHash;
use std::collections::VecDeque;

/// How many seats a row has.
const ROW: u32 = 50;

/// How many rows each of the many halls has.
const ROWS: u64 = 60;

/// How many rows a section has at most.
const SECTION: u64 = 50;

/// How many rows the one large hall has.
const LARGE_ROWS: u64 = 1200;

/// So many of 100 seats of a large hall are held before the next goes on sale: what is left over is in scattered seats.
const SOLD: u64 = 99;

/// So many of 100 seats of the large hall are held while holds come and go.
const FULL: u64 = 90;

/// A group is of one to so many.
const GROUP: u64 = 6;

/// Runs it.
///
/// # Errors
/// A sentence for the operator.
pub fn run(load: &TicketsLoad, settings: &Settings) -> Result<(), String> {
    let (halls, holds) = (Thousands(load.halls.into()), Thousands(load.holds.into()));
    println!("tickets: {halls} halls of {} seats, {holds} holds of the best for groups of 1 to {GROUP}", ROWS * 50);
    let mut makers = Makers { load: load.clone(), chance: Random(load.seed), seats: 0 };
    phase("halls are published", "events", settings, |out| makers.publish(out))?;
    phase("holds of the best in all halls", "holds", settings, |out| makers.hold(out))?;
    let bytes = state_bytes(settings, "tickets")?;
    println!("{} bytes of state for each hold", bytes / load.holds.max(1));
    phase("holds in halls of 60,000 seats, one after the other", "holds", settings, |out| makers.fill(out))?;
    let bytes = state_bytes(settings, "tickets")?;
    println!(
        "{} bytes of state for each of {} seats that are held",
        bytes / makers.seats.max(1),
        Thousands(makers.seats.into())
    );
    phase("holds and releases in one hall of 60,000 seats", "commands", settings, |out| makers.come_and_go(out))?;
    verify_all(settings)
}

struct Makers {
    load: TicketsLoad,
    chance: Random,
    /// How many seats are held by now, of those that nobody gives back.
    seats: u64,
}

impl Makers {
    fn publish(&self, out: &mut Filler) {
        (0..self.load.halls).for_each(|hall| add(Command::Publish(Box::new(plan(hall_id(hall), ROWS))), out));
        out.prepare::<Tickets>(&Command::Publish(Box::new(plan("large".to_owned(), LARGE_ROWS))));
    }

    fn hold(&mut self, out: &mut Filler) {
        for number in 0..self.load.holds {
            let (hall, group) = (number % self.load.halls, self.group());
            self.seats += u64::from(group);
            add(best(hall_id(hall), number, group), out);
        }
    }

    /// Holds until a hall is as good as full, then goes on in a fresh one.
    fn fill(&mut self, out: &mut Filler) {
        let (most, mut halls, mut held) = (seats_of(SOLD), 0, 0);
        for number in 0..self.load.holds {
            let group = self.group();
            if halls == 0 || held + group > most {
                (halls, held) = (halls + 1, 0);
                out.prepare::<Tickets>(&Command::Publish(Box::new(plan(format!("large-{halls}"), LARGE_ROWS))));
            }
            add(best(format!("large-{halls}"), number, group), out);
            held += group;
            self.seats += u64::from(group);
        }
    }

    /// Holds until the hall is nearly full, then the oldest goes for each that comes: all are accepted, so their numbers
    /// are known.
    fn come_and_go(&mut self, out: &mut Filler) {
        let (most, mut held, mut open, mut last) = (seats_of(FULL), 0, VecDeque::new(), 0);
        for number in 0..self.load.holds {
            let group = self.group();
            while held + group > most {
                let (hold, size) = open.pop_front().expect("somebody holds them");
                held -= size;
                add(Command::Release(OnHold { event: "large".to_owned(), hold, token: TOKEN }), out);
            }
            add(best("large".to_owned(), number, group), out);
            last += 1;
            open.push_back((last, group));
            held += group;
        }
    }

    fn group(&mut self) -> u32 {
        u32::try_from(1 + self.chance.next() % GROUP).expect("it is small")
    }
}

/// So many of 100 seats of a large hall.
fn seats_of(percent: u64) -> u32 {
    u32::try_from(LARGE_ROWS * u64::from(ROW) * percent / 100).expect("it is small")
}

const TOKEN: TokenHash = TokenHash([7; 16]);

fn add(command: Command, out: &mut Filler) {
    out.add::<Tickets>(&command, 1);
}

fn best(event: String, buyer: u64, number: u32) -> Command {
    let best = Some(Best { number, ..Best::default() });
    let buyer = format!("buyer-{buyer:08}");
    let (seats, areas) = (Vec::new(), Vec::new());
    Command::Hold(Box::new(Holding { event, buyer, token: TOKEN, into: None, seats, best, areas }))
}

fn hall_id(number: u64) -> String {
    format!("hall-{number}")
}

fn plan(event: String, rows: u64) -> EventPlan {
    let row = |number: u64| Row { id: number.to_string(), seats: ROW, first: 1, ..Row::default() };
    let section = |number: u64| Section {
        id: format!("S{number}"),
        category: "floor".to_owned(),
        at: Point {
            x: i32::try_from(number % 6 * 60).expect("it is small"),
            y: i32::try_from(number / 6 * 60).expect("it is small"),
        },
        rows: (1..=(rows - number * SECTION).min(SECTION)).map(row).collect(),
    };
    EventPlan {
        event,
        title: String::new(),
        currency: Currency(*b"EUR"),
        opens_at: None,
        closes_at: None,
        hold_seconds: 86_400,
        order_seconds: 900,
        extensions: 1,
        min_per_order: 1,
        max_per_order: 10,
        max_per_buyer: Some(8),
        focal: Some(Point { x: 180, y: 0 }),
        categories: vec![Category { id: "floor".to_owned(), price: 5000, fee: 0, tiers: Vec::new(), capacity: None }],
        sections: (0..rows.div_ceil(SECTION)).map(section).collect(),
    }
}
