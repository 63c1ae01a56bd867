//! Whatever happens in a waiting room: nobody overtakes, no more are in than may be, no more come in than the rate allows,
//! a session ends once, and a draw is what anybody computes.

use crate::runtime::alone::Alone;
use crate::tickets::queue::Queue;
use crate::tickets::queue::draw::{rank, seed_hash};
use crate::tickets::queue::tables::{PLACES, ROOMS};
use millrace_topics::tickets::{
    Joining, QueueCommand, QueueOutcome, QueuePlace, Revealing, RoomMode, RoomStage, RoomTerms,
};
use millrace_topics::time::Time;
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;

const SEED: &str = "5eed";
const PER_MINUTE: u32 = 120;
const ACTIVE: u32 = 4;
const SESSION: u64 = 20;

/// When the room opens.
const OPENS: Time = Time(61_000);

fn terms(mode: RoomMode) -> RoomTerms {
    RoomTerms {
        event: "gig".to_owned(),
        mode,
        opens_at: Some(OPENS),
        admit_per_minute: PER_MINUTE,
        max_active: ACTIVE,
        session_seconds: u32::try_from(SESSION).unwrap(),
        seed_hash: seed_hash(SEED),
        revision: 1,
    }
}

/// A room, and what must be true of it.
struct Model {
    alone: Alone<Queue>,
    mode: RoomMode,
    /// Everybody who has come, by number, and whether they have left the line.
    came: Vec<(String, bool)>,
    /// Who was let in, in this order, and when.
    admitted: Vec<(u32, Time)>,
    /// Who is in, until when.
    inside: BTreeMap<u32, Time>,
}

impl Model {
    fn new(mode: RoomMode) -> Self {
        let mut alone = Alone::default();
        alone.tell(&QueueCommand::Set(terms(mode))).unwrap();
        Self { alone, mode, came: Vec::new(), admitted: Vec::new(), inside: BTreeMap::new() }
    }

    fn hear(&mut self) {
        for said in &self.alone.said {
            let data: Value = serde_json::from_str(&said.data).unwrap();
            let numbers = data["buyers"].as_array().into_iter().flatten();
            let numbers: Vec<u32> = numbers.map(|buyer| u32::try_from(buyer[1].as_u64().unwrap()).unwrap()).collect();
            match said.kind {
                "Admitted" => {
                    for number in numbers {
                        self.admitted.push((number, said.time));
                        self.inside.insert(number, said.time.plus(SESSION * 1000));
                    }
                }
                "SessionsEnded" => {
                    for number in numbers {
                        let until = self.inside.remove(&number).expect("who was in is in no more once");
                        assert!(until <= said.time, "a session lasts as long as was said");
                    }
                }
                "QueueLeft" => {
                    let number = u32::try_from(data["number"].as_u64().unwrap()).unwrap();
                    if self.inside.remove(&number).is_none() {
                        self.came[number as usize - 1].1 = true;
                    }
                }
                _ => {}
            }
            assert!(self.inside.len() <= ACTIVE as usize, "{:?}", self.inside);
        }
        assert!(self.inside.values().all(|until| *until > self.alone.now), "nobody stays longer");
    }

    fn join(&mut self, buyer: u8) {
        let joining = Joining { event: "gig".to_owned(), buyer: format!("b{buyer}") };
        let QueueOutcome::Placed(view) = self.alone.tell(&QueueCommand::Join(joining)).unwrap() else { panic!() };
        if view.place.number as usize > self.came.len() {
            self.came.push((view.place.buyer, false));
        }
        self.hear();
    }

    fn place(&self, buyer: u8) -> Option<QueuePlace> {
        let (event, buyer) = ("gig".to_owned(), format!("b{buyer}"));
        let rows = self.alone.rows(PLACES);
        let (_, row) = rows.into_iter().find(|((_, other), _)| *other == buyer)?;
        Some(QueuePlace { event, buyer, number: row.number })
    }

    fn done(&mut self, place: QueuePlace) {
        let number = place.number;
        self.alone.tell(&QueueCommand::Done(place)).unwrap();
        self.inside.remove(&number);
        self.hear();
    }

    /// In which order they must be let in.
    fn order(&self) -> Vec<u32> {
        let room = &self.alone.rows(ROOMS)[0].1;
        let mut order: Vec<u32> = (1..).take(self.came.len()).collect();
        if self.mode == RoomMode::Random {
            let (drawn, _) = order.split_at_mut(room.in_draw as usize);
            drawn.sort_by_key(|number| (rank(SEED, "gig", &self.came[*number as usize - 1].0), *number));
        }
        order
    }

    fn check(&self) {
        let went: Vec<u32> = self.admitted.iter().map(|(number, _)| *number).collect();
        let order =
            self.order().into_iter().filter(|number| went.contains(number) || !self.came[*number as usize - 1].1);
        let order: Vec<u32> = order.take(went.len()).collect();
        assert_eq!(went, order, "nobody overtakes");
        assert!(self.admitted.iter().all(|(_, at)| *at >= OPENS), "nobody comes in before it opens");
        // Within any stretch of time the rate and what it does in a second.
        let most = |millis: u64| u64::from(PER_MINUTE) * (millis + 1000) / 60_000 + 1;
        for (index, (_, first)) in self.admitted.iter().enumerate() {
            for (later, (_, last)) in self.admitted[index..].iter().enumerate() {
                assert!(later as u64 <= most(last.since(*first)), "{later} in {} ms", last.since(*first));
            }
        }
        let room = &self.alone.rows(ROOMS)[0].1;
        assert_eq!(room.active as usize, self.inside.len());
        let left = self.came.iter().filter(|(_, left)| *left).count();
        assert_eq!(room.waiting as usize, self.came.len() - left - went.len());
    }
}

#[derive(Clone, Debug)]
enum Act {
    Join(u8),
    Leave(u8),
    Done(u8),
    Wait(u64),
    Reveal,
    Reopen,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => (0u8..30).prop_map(Act::Join),
        2 => (0u8..30).prop_map(Act::Leave),
        2 => (0u8..30).prop_map(Act::Done),
        3 => (0u64..20_000).prop_map(Act::Wait),
        2 => Just(Act::Reveal),
        1 => Just(Act::Reopen),
    ]
}

fn reveal(model: &mut Model) {
    let revealing = Revealing { event: "gig".to_owned(), seed: SEED.to_owned() };
    model.alone.tell(&QueueCommand::Reveal(revealing)).unwrap();
    model.hear();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn nobody_overtakes_and_no_more_are_in_than_may_be(
        mode in prop_oneof![Just(RoomMode::Fifo), Just(RoomMode::Random)],
        acts in prop::collection::vec(act(), 1..120),
    ) {
        let mut model = Model::new(mode);
        for act in acts {
            match act {
                Act::Join(buyer) => model.join(buyer),
                Act::Leave(buyer) => {
                    if let Some(place) = model.place(buyer) {
                        model.alone.tell(&QueueCommand::Leave(place)).unwrap();
                        model.hear();
                    }
                }
                Act::Done(buyer) => {
                    if let Some(place) = model.place(buyer) {
                        model.done(place);
                    }
                }
                Act::Wait(millis) => {
                    model.alone.wait(millis);
                    model.hear();
                }
                Act::Reveal => reveal(&mut model),
                Act::Reopen => model.alone.reopen(),
            }
            model.check();
        }
        // Everybody comes in in the end.
        for _ in 0..40 {
            model.alone.wait(SESSION * 1000);
            model.hear();
            reveal(&mut model);
        }
        model.check();
        let room = &model.alone.rows(ROOMS)[0].1;
        prop_assert!(room.stage == RoomStage::Open && room.waiting == 0 && model.came.len() == room.joined as usize);
    }
}
