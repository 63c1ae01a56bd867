//! Whatever happens in whatever order: a seat has one owner, counts are what holds and orders say, nobody has more than
//! the limit, what was given back is there again, and a partition that opens over the same rows answers the same.

use crate::runtime::alone::Alone;
use crate::tickets::Ticketing;
use crate::tickets::finding::{self, Way};
use crate::tickets::hall::Deadline;
use crate::tickets::hall::quotas::Draw;
use crate::tickets::tables::{
    Fate, HOLDS, HOUSEHOLDS, HoldRow, KINDS, Kind, LISTINGS, ListingRow, MARKS, ORDERS, OrderRow, Spot, Stage, WAITERS,
    WaiterRow, Wanting,
};
use crate::tickets::waitlist::suits;
use millrace_topics::tickets::{
    Answer, Area, Assigning, Availability, Best, Buying, Command, Exchanging, Holding, HoldingBy, HoldingWith,
    ItemState, OnHold, OnOrder, OnTicket, OnTickets, OnWaiter, Paying, PaymentKind, Query, Rejection, Relisting, Term,
    Transferring,
};
use millrace_topics::token::TokenHash;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const LIMIT: u32 = 7;

/// The most places of a household; b0 and b1 are one, all others are for themselves.
const HOUSE: u32 = 9;

const TOKEN: TokenHash = TokenHash([7; 16]);

/// The second says whether households have a limit: then the event has no waitlist.
struct Model(Alone<Ticketing>, bool);

/// Which quotas a place draws on, and how many each lets be held or sold.
const QUOTAS: [(&str, Option<u32>, fn(Draw) -> bool); 6] = [
    ("house", Some(13), |draw| draw.category < 2),
    ("pit", Some(8), |draw| draw.category == 1),
    ("early", Some(4), |draw| draw.category == 0 && draw.tier == 1),
    ("ring", Some(4), |draw| draw.category == 2),
    ("box", Some(3), |draw| draw.channels != 0),
    ("all", None, |_| true),
];

/// Two rows of seats of two categories, one seat of which is kept from sale, and ten places without.
fn plan(has_households: bool) -> Command {
    let quotas = serde_json::json!([
        {"id":"house","size":13,"of":[{"category":"floor"},{"category":"standing"}]},
        {"id":"pit","size":8,"of":[{"category":"standing"}]},
        {"id":"early","size":4,"of":[{"category":"floor","tier":1}]},
        {"id":"ring","size":4,"of":[{"category":"ring"}]},
        {"id":"box","size":3,"of":[{"channel":"box"}]},
        {"id":"all","of":[{}]},
    ]);
    let mut rules = vec![
        serde_json::json!({"rule":"resale","cap_percent":120}),
        serde_json::json!({"rule":"quotas","quotas":quotas}),
    ];
    rules.extend(has_households.then(|| serde_json::json!({"rule":"household","limit":HOUSE})));
    let plan = serde_json::json!({
        "type":"publish_by","rules":rules,"event":"gig","currency":"EUR","hold_seconds":60,"order_seconds":60,"extensions":1,
        "min_per_order":1,"max_per_order":6,"max_per_buyer":LIMIT,
        "categories":[{"id":"floor","price":10,"tiers":[{"price":8}]},{"id":"standing","price":5,"capacity":10},
            {"id":"ring","price":10}],
        "sections":[{"id":"A","category":"floor","rows":[{"id":"1","seats":7,"blocked":["4"]},
            {"id":"2","seats":6,"category":"ring"}]}],
    });
    serde_json::from_value(plan).unwrap()
}

impl Model {
    fn new(has_households: bool) -> Self {
        let mut model = Self(Alone::default(), has_households);
        model.0.tell(&plan(has_households)).unwrap();
        model
    }

    fn availability(&self) -> Availability {
        match self.0.ask(&Query::Availability { event: "gig".to_owned() }) {
            Ok(Answer::Availability(availability)) => availability,
            other => panic!("{other:?}"),
        }
    }

    fn holds(&self) -> Vec<(u32, HoldRow)> {
        self.0.rows(HOLDS).into_iter().map(|((_, number), row)| (number, row)).collect()
    }

    fn orders(&self) -> Vec<(u32, OrderRow)> {
        self.0.rows(ORDERS).into_iter().map(|((_, number), row)| (number, row)).collect()
    }

    /// The seats that are not everybody's.
    fn marked(&self) -> Vec<Spot> {
        let mut rows: BTreeMap<u16, Vec<u8>> = [(0, vec![0, 0, 0, 255, 0, 0, 0])].into();
        rows.extend(self.0.rows(MARKS).into_iter().map(|((_, row), marks)| (row, marks)));
        let of = |(row, marks): (u16, Vec<u8>)| {
            let marked = (0..).zip(marks).filter(|(_, mark)| *mark != 0);
            marked.map(move |(place, _)| Spot { row, place }).collect::<Vec<_>>()
        };
        rows.into_iter().flat_map(of).collect()
    }

    fn waiters(&self) -> Vec<(u32, WaiterRow)> {
        let rows = self.0.rows(WAITERS).into_iter().map(|((_, number), row)| (number, row));
        rows.filter(|(_, row)| row.state == Wanting::Waits).collect()
    }

    /// Holds counts, owners and limits against what the rows say.
    fn check(&self) {
        // (held, sold) of each category, and of each quota.
        let mut counts = [[0; 2]; 3];
        let mut drawn = [[0; 2]; QUOTAS.len()];
        let mut draw = |draw: Draw, what: usize, many: u32| {
            counts[usize::from(draw.category)][what] += many;
            let of = QUOTAS.iter().zip(&mut drawn).filter(|((_, _, is_of), _)| is_of(draw));
            of.for_each(|(_, drawn)| drawn[what] += many);
        };
        let mut owned: Vec<Spot> = Vec::new();
        let mut buyers: BTreeMap<String, u32> = BTreeMap::new();
        let mut houses: BTreeMap<TokenHash, u32> = BTreeMap::new();
        let house_of: BTreeMap<u32, TokenHash> =
            self.0.rows(HOUSEHOLDS).into_iter().map(|((_, hold), household)| (hold, household)).collect();
        let kinds: BTreeMap<u32, Kind> = self.0.rows(KINDS).into_iter().map(|((_, hold), kind)| (hold, kind)).collect();
        let is_resale = |hold: &u32| matches!(kinds.get(hold), Some(Kind::Resale(_)));
        let mut offered = BTreeSet::new();
        for (number, row) in self.holds().into_iter().filter(|(_, row)| row.fate == Fate::Open) {
            assert!(row.expires > self.0.now, "what is out of time has ended");
            for line in &row.lines {
                draw(line.draw(), 0, if is_resale(&number) { 0 } else { line.quantity });
                *buyers.entry(row.buyer.clone()).or_default() += line.quantity;
                if let Some(house) = house_of.get(&number) {
                    *houses.entry(*house).or_default() += line.quantity;
                }
            }
            if !is_resale(&number) {
                owned.extend(row.seats.iter().map(|taken| taken.spot));
            }
        }
        let mut sales = [[0; 2]; 3];
        for (order, row) in self.orders() {
            let sold = match row.stage {
                Stage::Pending => 0,
                Stage::Paid(_) => 1,
                Stage::Expired(_) | Stage::Cancelled(_) => continue,
            };
            for (number, item) in (1..).zip(&row.items).filter(|(_, item)| item.state.is_kept()) {
                *buyers.entry(row.buyer.clone()).or_default() += 1;
                if let Some(house) = house_of.get(&row.hold) {
                    *houses.entry(*house).or_default() += 1;
                }
                if item.state == ItemState::Listed {
                    offered.insert((order, number));
                }
                if sold == 1 || !is_resale(&row.hold) {
                    owned.extend(item.spot);
                    draw(item.draw(), sold, 1);
                }
                sales[usize::from(item.category)][0] += sold as u64;
                sales[usize::from(item.category)][1] += sold as u64 * item.price;
            }
        }
        let listed = self.0.rows(LISTINGS);
        let known: BTreeSet<(u32, u32)> = listed.iter().map(|((_, order, ticket), _)| (*order, *ticket)).collect();
        assert_eq!(known, offered, "what is offered is somebody's");
        self.check_holders(&listed, &kinds);
        let all = owned.len();
        owned.sort_unstable();
        owned.dedup();
        assert_eq!(owned.len(), all, "a seat has one owner");
        assert!(buyers.values().all(|has| *has <= LIMIT), "{buyers:?}");
        assert!(houses.values().all(|has| *has <= HOUSE), "{houses:?}");
        let mut kept = [0; 3];
        let marked = self.marked().into_iter().filter(|spot| owned.binary_search(spot).is_err());
        marked.for_each(|spot| kept[usize::from(spot.row) * 2] += 1);
        let shown = self.availability();
        for ((quota, [held, sold]), (id, size, _)) in shown.quotas.iter().zip(drawn).zip(QUOTAS) {
            assert_eq!((quota.id.as_str(), quota.held, quota.sold), (id, held, sold), "{:?}", shown.quotas);
            assert_eq!(quota.left, size.map(|size| size.checked_sub(held + sold).expect("no quota is below zero")));
        }
        for ((category, [held, sold]), blocked) in shown.categories.iter().zip(counts).zip(kept) {
            assert_eq!((category.held, category.sold, category.blocked), (held, sold, blocked), "{}", category.id);
            assert_eq!(category.free.map(|free| free + held + sold + blocked), category.capacity);
        }
        let hall = self.0.partition.engine().get("gig").unwrap();
        assert!(buyers.iter().all(|(buyer, has)| hall.has(buyer) == *has), "{buyers:?}");
        assert!(houses.iter().all(|(house, has)| hall.household_has(*house) == *has), "{houses:?}");
        for (shown, [sold, revenue]) in hall.sales().iter().zip(sales) {
            assert_eq!((u64::from(shown.sold), shown.revenue), (sold, revenue), "a place is counted once: {shown:?}");
        }
        // What has come back is offered before the next record.
        let is_offering = hall.deadlines.iter().any(|(_, deadline)| *deadline == Deadline::Offer);
        for (number, row) in self.waiters().into_iter().filter(|_| !is_offering) {
            assert!(suits(hall, &row.wish, self.0.now).is_err(), "what suits waiter {number} is there");
        }
    }

    /// A ticket that is offered has at most one who would buy it, and that one is still there.
    fn check_holders(&self, listed: &[((String, u32, u32), ListingRow)], kinds: &BTreeMap<u32, Kind>) {
        for ((_, order, ticket), row) in listed {
            let Some(hold) = row.hold else { continue };
            let Some(Kind::Resale(wares)) = kinds.get(&hold) else { panic!("{hold} is of no ticket") };
            assert!(wares.iter().any(|ware| (ware.order, ware.ticket) == (*order, *ticket)));
            let of = self.holds().into_iter().find(|(number, _)| *number == hold).unwrap().1;
            let is_pending = |order: u32| {
                let row = self.orders().into_iter().find(|(number, _)| *number == order).unwrap().1;
                row.stage == Stage::Pending
            };
            assert!(matches!(of.fate, Fate::Open) || matches!(of.fate, Fate::Ordered(order, _) if is_pending(order)));
        }
    }

    /// Lets the rows land, and opens another partition over them.
    fn reopen(&mut self) {
        let before = self.availability();
        self.0.reopen();
        assert_eq!(self.availability(), before, "what is made again of the rows is what was there");
        self.check();
    }
}

/// What chance does next.
#[derive(Clone, Debug)]
enum Act {
    Best(u8, u32, bool),
    Seat(u8, u32, u32),
    Area(u8, u32),
    Into(u8, prop::sample::Index),
    Extend(prop::sample::Index),
    Release(prop::sample::Index),
    Order(prop::sample::Index),
    Pay(prop::sample::Index, u8, u64),
    Cancel(prop::sample::Index),
    Refund(prop::sample::Index, u32),
    Exchange(prop::sample::Index, u32, prop::sample::Index),
    Assign(u32, u32, u8),
    Join(u8, u32),
    Leave(prop::sample::Index),
    Transfer(prop::sample::Index, u32, u8),
    Relist(prop::sample::Index, u32, u64),
    Unlist(prop::sample::Index),
    BuyOffered(u8, prop::sample::Index),
    Wait(u64),
    Reopen,
}

fn act() -> impl Strategy<Value = Act> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        4 => (0u8..4, 1u32..5, any::<bool>()).prop_map(|(buyer, number, any)| Act::Best(buyer, number, any)),
        2 => (0u8..4, 1u32..3, 1u32..8).prop_map(|(buyer, row, seat)| Act::Seat(buyer, row, seat)),
        2 => (0u8..4, 1u32..5).prop_map(|(buyer, many)| Act::Area(buyer, many)),
        1 => (0u8..4, index()).prop_map(|(buyer, hold)| Act::Into(buyer, hold)),
        1 => index().prop_map(Act::Extend),
        1 => index().prop_map(Act::Release),
        4 => index().prop_map(Act::Order),
        4 => (index(), 0u8..3, 0u64..8).prop_map(|(order, kind, id)| Act::Pay(order, kind, id)),
        1 => index().prop_map(Act::Cancel),
        1 => (index(), 1u32..4).prop_map(|(order, ticket)| Act::Refund(order, ticket)),
        1 => (index(), 1u32..4, index()).prop_map(|(order, ticket, hold)| Act::Exchange(order, ticket, hold)),
        1 => (1u32..3, 1u32..7, 0u8..3).prop_map(|(row, seat, whose)| Act::Assign(row, seat, whose)),
        3 => (0u8..6, 1u32..5).prop_map(|(buyer, number)| Act::Join(buyer, number)),
        1 => index().prop_map(Act::Leave),
        1 => (index(), 1u32..4, 0u8..4).prop_map(|(order, ticket, to)| Act::Transfer(order, ticket, to)),
        2 => (index(), 1u32..4, 4u64..14).prop_map(|(order, ticket, price)| Act::Relist(order, ticket, price)),
        1 => index().prop_map(Act::Unlist),
        3 => (0u8..4, index()).prop_map(|(buyer, offer)| Act::BuyOffered(buyer, offer)),
        2 => (0u64..70_000).prop_map(Act::Wait),
        1 => Just(Act::Reopen),
    ]
}

impl Model {
    fn holding(buyer: u8, into: Option<u32>) -> Holding {
        let (event, buyer) = ("gig".to_owned(), format!("b{buyer}"));
        Holding { event, buyer, token: TOKEN, into, seats: Vec::new(), best: None, areas: Vec::new() }
    }

    /// The command of a hold, for the household of its buyer.
    fn with(holding: Holding, mut terms: Vec<Term>) -> Command {
        let number = holding.buyer[1..].parse::<u8>().unwrap().max(1);
        terms.push(Term::Household { household: TokenHash([number; 16]) });
        let by = HoldingBy { holding, code: None, channels: Vec::new() };
        Command::HoldWith(Box::new(HoldingWith { by, terms }))
    }

    fn act(&mut self, act: &Act) {
        let event = || "gig".to_owned();
        let on_hold = |model: &Self, index: &prop::sample::Index| {
            let known = model.holds();
            (!known.is_empty()).then(|| OnHold {
                event: event(),
                hold: known[index.index(known.len())].0,
                token: TOKEN,
            })
        };
        let on_order = |model: &Self, index: &prop::sample::Index| {
            let known = model.orders();
            (!known.is_empty()).then(|| (OnOrder { event: event(), order: known[index.index(known.len())].0 }, known))
        };
        let offered = |model: &Self, index: &prop::sample::Index| {
            let known = model.0.rows(LISTINGS);
            (!known.is_empty()).then(|| known[index.index(known.len())].0.clone())
        };
        let hold = |holding: Holding| Some(Self::with(holding, Vec::new()));
        let command = match act {
            Act::Best(buyer, number, allow_scattered) => {
                let best = Best { number: *number, allow_scattered: *allow_scattered, ..Best::default() };
                hold(Holding { best: Some(best), ..Self::holding(*buyer, None) })
            }
            Act::Seat(buyer, row, seat) => {
                hold(Holding { seats: vec![format!("A-{row}-{seat}")], ..Self::holding(*buyer, None) })
            }
            Act::Area(buyer, many) => {
                let areas = vec![Area { category: "standing".to_owned(), quantity: *many }];
                hold(Holding { areas, ..Self::holding(*buyer, None) })
            }
            Act::Into(buyer, index) => on_hold(self, index).and_then(|on| {
                let best = Some(Best { number: 1, ..Best::default() });
                hold(Holding { best, ..Self::holding(*buyer, Some(on.hold)) })
            }),
            Act::Extend(index) => on_hold(self, index).map(Command::Extend),
            Act::Release(index) => on_hold(self, index).map(Command::Release),
            Act::Order(index) => on_hold(self, index).map(|on| {
                let buyer = self.holds().into_iter().find(|(number, _)| *number == on.hold).unwrap().1.buyer;
                Command::Order(Buying { on, buyer })
            }),
            Act::Pay(index, kind, id) => on_order(self, index).map(|(on, known)| {
                let amount = known.iter().find(|(number, _)| *number == on.order).unwrap().1.total;
                let kind = [PaymentKind::Captured, PaymentKind::Failed, PaymentKind::Refunded][usize::from(*kind)];
                Command::Pay(Paying { on, payment: format!("p{id}"), kind, amount })
            }),
            Act::Cancel(index) => on_order(self, index).map(|(on, _)| Command::Cancel(on)),
            Act::Refund(index, ticket) => {
                on_order(self, index).map(|(on, _)| Command::Refund(OnTickets { on, tickets: vec![*ticket] }))
            }
            Act::Exchange(index, ticket, hold) => on_order(self, index).and_then(|(on, _)| {
                let OnHold { hold, token, .. } = on_hold(self, hold)?;
                let on = OnTickets { on, tickets: vec![*ticket] };
                Some(Command::Exchange(Exchanging { on, hold, token }))
            }),
            Act::Assign(row, seat, whose) => {
                let channel = (*whose == 1).then(|| "box".to_owned());
                let (event, seats) = (event(), vec![format!("A-{row}-{seat}")]);
                Some(Command::Assign(Box::new(Assigning { event, seats, channel, blocked: *whose == 2 })))
            }
            Act::Join(buyer, number) => {
                let best = Some(Best { number: *number, ..Best::default() });
                Some(Command::Wait(Box::new(Holding { best, ..Self::holding(*buyer, None) })))
            }
            Act::Leave(index) => {
                let waiters = self.waiters();
                (!waiters.is_empty()).then(|| {
                    let waiter = waiters[index.index(waiters.len())].0;
                    Command::LeaveWaitlist(OnWaiter { event: event(), waiter, token: TOKEN })
                })
            }
            Act::Transfer(index, ticket, to) => on_order(self, index).map(|(on, _)| {
                Command::Transfer(Transferring { ticket: OnTicket { on, ticket: *ticket }, to: format!("b{to}") })
            }),
            Act::Relist(index, ticket, price) => on_order(self, index)
                .map(|(on, _)| Command::Relist(Relisting { ticket: OnTicket { on, ticket: *ticket }, price: *price })),
            Act::Unlist(index) => offered(self, index)
                .map(|(event, order, ticket)| Command::Unlist(OnTicket { on: OnOrder { event, order }, ticket })),
            Act::BuyOffered(buyer, index) => offered(self, index).map(|(_, order, ticket)| {
                Self::with(Self::holding(*buyer, None), vec![Term::Resale { order, ticket }])
            }),
            Act::Wait(millis) => {
                self.0.now = self.0.now.plus(*millis);
                Some(plan(self.1))
            }
            Act::Reopen => {
                self.reopen();
                None
            }
        };
        if let Some(command) = command {
            self.undersold(&command);
        }
    }

    /// Says a command; who is told that nothing is left could have had nothing.
    fn undersold(&mut self, command: &Command) {
        let before = self.availability();
        let mut command = command.clone();
        let hall = self.0.partition.engine().get("gig").unwrap();
        let named = hall.channel("box").map_or(0, |number| 1 << (number - 1));
        let mut way = Way::plain(self.0.now);
        if let Command::HoldWith(with) = &mut command
            && with.by.holding.buyer == "b3"
            && !with.terms.iter().any(|term| matches!(term, Term::Resale { .. }))
            && named != 0
        {
            with.by.channels = vec!["box".to_owned()];
            way = Way { channels: named, named, ..way };
        }
        let said = self.0.tell(&command);
        let Command::HoldWith(with) = &command else { return };
        let holding = &with.by.holding;
        let expired = before.next_expiry.is_some_and(|due| due <= self.0.now);
        match said {
            Err(Rejection::SoldOut) => self.is_gone(holding, &way, 0),
            Err(Rejection::TooFewLeft { .. }) => self.is_gone(holding, &way, 1),
            Err(Rejection::AllHeld { next_expiry, .. }) => {
                assert!(expired || before.next_expiry == Some(next_expiry));
                assert!(before.categories.iter().any(|category| category.held > 0));
                self.is_gone(holding, &way, 1);
            }
            Err(Rejection::NotAdjacent { .. }) => assert!(!holding.best.as_ref().unwrap().allow_scattered),
            _ => {}
        }
    }

    /// Nobody is told that there are too few while there are as many as were wanted, one by one; and of what is sold out
    /// (`least` is 0) there is not even one.
    fn is_gone(&self, holding: &Holding, way: &Way<'_>, least: u32) {
        let hall = self.0.partition.engine().get("gig").unwrap();
        let one_by_one = |wish: &Holding| finding::find(hall, wish, way).is_ok();
        if let [Area { quantity, category }] = holding.areas.as_slice() {
            let many = if least == 0 { 1 } else { *quantity };
            let areas = vec![Area { category: category.clone(), quantity: many }];
            assert!(!one_by_one(&Holding { areas, ..Self::holding(9, None) }), "{many} can stand");
            return;
        }
        if let [seat] = holding.seats.as_slice() {
            let category = hall.category_of(hall.find(seat).unwrap());
            assert!(!hall.room(way.now, way.named).has(category, 1), "{seat} has room");
            return;
        }
        let names = (1..8).map(|seat| format!("A-1-{seat}")).chain((1..7).map(|seat| format!("A-2-{seat}")));
        let can_sit = |name: &String| one_by_one(&Holding { seats: vec![name.clone()], ..Self::holding(9, None) });
        let free: Vec<String> = names.filter(can_sit).collect();
        if least == 0 {
            assert!(free.is_empty(), "sold out, but {free:?}");
            return;
        }
        let number = holding.best.as_ref().map_or(1, |best| best.number) as usize;
        let mut room = hall.room(way.now, way.named);
        let fit = free.iter().filter(|name| room.take(if name.starts_with("A-1") { 0 } else { 2 }, 1).is_some());
        assert!(fit.count() < number, "too few, but {free:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn a_seat_has_one_owner_and_counts_are_what_the_rows_say(
        acts in prop::collection::vec(act(), 1..80), has_households in any::<bool>(),
    ) {
        let mut model = Model::new(has_households);
        for act in &acts {
            model.act(act);
            model.check();
        }
        for (waiter, _) in model.waiters() {
            let on = OnWaiter { event: "gig".to_owned(), waiter, token: TOKEN };
            // What has come back last may be offered before this is heard.
            drop(model.0.tell(&Command::LeaveWaitlist(on)));
        }
        // Everybody gives back what can be given back: everything is free again.
        for (number, _) in model.holds() {
            drop(model.0.tell(&Command::Release(OnHold { event: "gig".to_owned(), hold: number, token: TOKEN })));
        }
        // Who would buy what somebody offers comes before who offers it.
        for (number, _) in model.orders().into_iter().rev() {
            drop(model.0.tell(&Command::Cancel(OnOrder { event: "gig".to_owned(), order: number })));
        }
        let (event, seats) = ("gig".to_owned(), vec!["A".to_owned()]);
        model.0.tell(&Command::Assign(Box::new(Assigning { event, seats, channel: None, blocked: false }))).unwrap();
        model.check();
        model.reopen();
        let shown = model.availability();
        prop_assert_eq!(shown.next_expiry, None);
        for category in &shown.categories {
            prop_assert_eq!((category.held, category.sold), (0, 0));
        }
        let everything = Holding {
            best: Some(Best { number: 6, ..Best::default() }),
            ..Model::holding(9, None)
        };
        prop_assert!(model.0.tell(&Model::with(everything, Vec::new())).is_ok());
    }
}
