//! The waiting room: who gets in, in which order, how many at a time and a minute, and what a draw is.

use super::{after, best, check, order, publish};
use crate::tickets::queue::draw::seed_hash;
use expect_test::expect;
use serde_json::{Value, json};

const SEED: &str = "5eed";

/// The line that puts a waiting room in front of the event.
fn room(mode: &str, more: &Value) -> String {
    let mut terms = json!({
        "type":"set_room","event":"gig","mode":mode,"admit_per_minute":60,"max_active":2,"session_seconds":300,
        "seed_hash":seed_hash(SEED),
    });
    terms.as_object_mut().expect("it is one").extend(more.as_object().expect("more fields").clone());
    terms.to_string()
}

fn queue(what: &Value) -> String {
    let mut command = json!({"event":"gig"});
    command.as_object_mut().expect("it is one").extend(what.as_object().expect("more fields").clone());
    format!("@tickets.queue {command}")
}

fn join(buyer: &str) -> String {
    queue(&json!({"type":"join","buyer":buyer}))
}

fn leave(buyer: &str, number: u32) -> String {
    queue(&json!({"type":"leave","buyer":buyer,"number":number}))
}

fn reveal(seed: &str) -> String {
    queue(&json!({"type":"reveal","seed":seed}))
}

#[test]
fn they_are_let_in_as_they_came_no_more_than_may_be_in_and_no_faster_than_the_rate() {
    check(
        &[
            publish(&[10], &json!({})),
            best("a", 1),
            room("fifo", &json!({})),
            best("a", 1),
            join("a"),
            best("a", 1),
            join("b"),
            join("c"),
            join("a"),
            after("1s", &best("b", 1)),
            after("1s", &best("c", 1)),
            order(2, "a"),
            after("1s", &best("c", 1)),
            best("a", 1),
            leave("b", 2),
            after("5m", &best("c", 1)),
            join("a"),
            leave("a", 1),
            leave("a", 4),
            room("passthrough", &json!({})),
            best("d", 1),
        ],
        expect![[r#"
            {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":10}]}],"type":"publish"}
              → event gig with 10 places
              said EventPublished
            {"best":{"number":1},"buyer":"a","type":"hold"}
              → hold 1 open [A-1-5] step 1 1000 adjacent 5000 until 2024-01-01T00:15:00Z
              said SeatsHeld 1
            {"admit_per_minute":60,"max_active":2,"mode":"fifo","seed_hash":"253e2c69fc07d2cf6f83c79b0bf81b9122c816573477986ca87c6ef907a52a53","session_seconds":300,"type":"set_room"}
              → room fifo revision 1
              said tickets.queue RoomChanged {"admit_per_minute":60,"max_active":2,"mode":"fifo","opens_at":null,"revision":1,"seed_hash":"253e2c69fc07d2cf6f83c79b0bf81b9122c816573477986ca87c6ef907a52a53","session_seconds":300}
              said tickets.queue QueueOpened {"drawn":0,"seed":null}
            {"best":{"number":1},"buyer":"a","type":"hold"}
              → 403 not_admitted: the event has a waiting room, which has not let this buyer in, or not any more
            @tickets.queue {"buyer":"a","type":"join"}
              → a has place 1 at 1 in until 2024-01-01T00:05:00Z
              said tickets.queue QueueJoined {"buyer":"a","number":1}
              said tickets.queue Admitted {"buyers":[["a",1]],"until":"2024-01-01T00:05:00Z"}
            {"best":{"number":1},"buyer":"a","type":"hold"}
              → hold 2 open [A-1-6] step 1 1000 adjacent 5000 until 2024-01-01T00:15:00Z
              said SeatsHeld 2
            @tickets.queue {"buyer":"b","type":"join"}
              → b has place 2 at 2
              said tickets.queue QueueJoined {"buyer":"b","number":2}
            @tickets.queue {"buyer":"c","type":"join"}
              → c has place 3 at 3
              said tickets.queue QueueJoined {"buyer":"c","number":3}
            @tickets.queue {"buyer":"a","type":"join"}
              → a has place 1 at 1 in until 2024-01-01T00:05:00Z
            +1s {"best":{"number":1},"buyer":"b","type":"hold"}
              → 403 not_admitted: the event has a waiting room, which has not let this buyer in, or not any more
              said tickets.queue Admitted {"buyers":[["b",2]],"until":"2024-01-01T00:05:01Z"}
            +1s {"best":{"number":1},"buyer":"c","type":"hold"}
              → 403 not_admitted: the event has a waiting room, which has not let this buyer in, or not any more
            {"buyer":"a","hold":2,"type":"order"}
              → order gig~1 pending [A-1-6 waiting] 5000
              said OrderPlaced "gig~1"
              said tickets.queue Admitted {"buyers":[["c",3]],"until":"2024-01-01T00:05:02Z"}
            +1s {"best":{"number":1},"buyer":"c","type":"hold"}
              → hold 3 open [A-1-4] step 1 1000 adjacent 5000 until 2024-01-01T00:15:03Z
              said SeatsHeld 3
            {"best":{"number":1},"buyer":"a","type":"hold"}
              → 403 not_admitted: the event has a waiting room, which has not let this buyer in, or not any more
            @tickets.queue {"buyer":"b","number":2,"type":"leave"}
              → null
              said tickets.queue QueueLeft {"buyer":"b","number":2}
            +5m {"best":{"number":1},"buyer":"c","type":"hold"}
              → 403 not_admitted: the event has a waiting room, which has not let this buyer in, or not any more
              said tickets.queue SessionsEnded {"buyers":[["c",3]],"event":"gig"}
            @tickets.queue {"buyer":"a","type":"join"}
              → a has place 4 at 4 in until 2024-01-01T00:10:03Z
              said tickets.queue QueueJoined {"buyer":"a","number":4}
              said tickets.queue Admitted {"buyers":[["a",4]],"until":"2024-01-01T00:10:03Z"}
            @tickets.queue {"buyer":"a","number":1,"type":"leave"}
              → 404 unknown_place: there is no such place in line, or not any more
            @tickets.queue {"buyer":"a","number":4,"type":"leave"}
              → null
              said tickets.queue QueueLeft {"buyer":"a","number":4}
            {"admit_per_minute":60,"max_active":2,"mode":"passthrough","seed_hash":"253e2c69fc07d2cf6f83c79b0bf81b9122c816573477986ca87c6ef907a52a53","session_seconds":300,"type":"set_room"}
              → room passthrough revision 2
              said tickets.queue RoomChanged {"admit_per_minute":60,"max_active":2,"mode":"passthrough","opens_at":null,"revision":2,"seed_hash":"253e2c69fc07d2cf6f83c79b0bf81b9122c816573477986ca87c6ef907a52a53","session_seconds":300}
            {"best":{"number":1},"buyer":"d","type":"hold"}
              → hold 4 open [A-1-7] step 1 1000 adjacent 5000 until 2024-01-01T00:20:03Z
              said SeatsHeld 4
            tickets timers (Time(1704067802000), [0, 3, 103, 105, 103]) → ()
            tickets.queue rooms "gig" → RoomRow { terms: RoomTerms { event: "gig", mode: Passthrough, opens_at: None, admit_per_minute: 60, max_active: 2, session_seconds: 300, seed_hash: "253e2c69fc07d2cf6f83c79b0bf81b9122c816573477986ca87c6ef907a52a53", revision: 2 }, stage: Open, opened: Some(Time(1704067200000)), seed: None, joined: 4, in_draw: 0, drawn: 0, waiting: 0, active: 0, passed: 4, head: ((true, 0), 4), allowance: 0, counted: Time(1704067503000), armed: None }
            tickets.queue entries ("gig", 1) → EntryRow { buyer: "a", left: false }
            tickets.queue entries ("gig", 2) → EntryRow { buyer: "b", left: false }
            tickets.queue entries ("gig", 3) → EntryRow { buyer: "c", left: false }
            tickets.queue entries ("gig", 4) → EntryRow { buyer: "a", left: false }
        "#]],
    );
}

#[test]
fn who_came_before_the_opening_is_let_in_by_draw_and_who_came_later_behind() {
    check(
        &[
            publish(&[10], &json!({})),
            room("random", &json!({"opens_at":"2024-01-01T01:00:00Z","max_active":10})),
            join("a"),
            join("b"),
            join("c"),
            join("d"),
            leave("b", 2),
            reveal(SEED),
            after("1h", &join("e")),
            join("a"),
            reveal("0000"),
            reveal(SEED),
            reveal(SEED),
            join("a"),
            after("1s", &join("c")),
            after("1s", &join("d")),
            after("1s", &join("e")),
            after("1s", &best("e", 1)),
            room("fifo", &json!({"opens_at":"2024-01-01T01:00:00Z"})),
            room("random", &json!({"opens_at":"2024-01-01T02:00:00Z"})),
        ],
        expect![[r#"
            {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":10}]}],"type":"publish"}
              → event gig with 10 places
              said EventPublished
            {"admit_per_minute":60,"max_active":10,"mode":"random","opens_at":"2024-01-01T01:00:00Z","seed_hash":"253e2c69fc07d2cf6f83c79b0bf81b9122c816573477986ca87c6ef907a52a53","session_seconds":300,"type":"set_room"}
              → room random revision 1
              said tickets.queue RoomChanged {"admit_per_minute":60,"max_active":10,"mode":"random","opens_at":"2024-01-01T01:00:00Z","revision":1,"seed_hash":"253e2c69fc07d2cf6f83c79b0bf81b9122c816573477986ca87c6ef907a52a53","session_seconds":300}
            @tickets.queue {"buyer":"a","type":"join"}
              → a has place 1 at null
              said tickets.queue QueueJoined {"buyer":"a","number":1}
            @tickets.queue {"buyer":"b","type":"join"}
              → b has place 2 at null
              said tickets.queue QueueJoined {"buyer":"b","number":2}
            @tickets.queue {"buyer":"c","type":"join"}
              → c has place 3 at null
              said tickets.queue QueueJoined {"buyer":"c","number":3}
            @tickets.queue {"buyer":"d","type":"join"}
              → d has place 4 at null
              said tickets.queue QueueJoined {"buyer":"d","number":4}
            @tickets.queue {"buyer":"b","number":2,"type":"leave"}
              → null
              said tickets.queue QueueLeft {"buyer":"b","number":2}
            @tickets.queue {"seed":"5eed","type":"reveal"}
              → null
            +1h @tickets.queue {"buyer":"e","type":"join"}
              → e has place 5 at 5
              said tickets.queue QueueJoined {"buyer":"e","number":5}
            @tickets.queue {"buyer":"a","type":"join"}
              → a has place 1 at null
            @tickets.queue {"seed":"0000","type":"reveal"}
              → 422 wrong_seed: this is not the seed whose hash was said
            @tickets.queue {"seed":"5eed","type":"reveal"}
              → null
              said tickets.queue QueueOpened {"drawn":4,"seed":"5eed"}
              said tickets.queue Admitted {"buyers":[["d",4]],"until":"2024-01-01T01:05:00Z"}
            @tickets.queue {"seed":"5eed","type":"reveal"}
              → null
            @tickets.queue {"buyer":"a","type":"join"}
              → a has place 1 at 3
            +1s @tickets.queue {"buyer":"c","type":"join"}
              → c has place 3 at 4
              said tickets.queue Admitted {"buyers":[["a",1]],"until":"2024-01-01T01:05:01Z"}
            +1s @tickets.queue {"buyer":"d","type":"join"}
              → d has place 4 at 1 in until 2024-01-01T01:05:00Z
              said tickets.queue Admitted {"buyers":[["c",3]],"until":"2024-01-01T01:05:02Z"}
            +1s @tickets.queue {"buyer":"e","type":"join"}
              → e has place 5 at 5 in until 2024-01-01T01:05:03Z
              said tickets.queue Admitted {"buyers":[["e",5]],"until":"2024-01-01T01:05:03Z"}
            +1s {"best":{"number":1},"buyer":"e","type":"hold"}
              → hold 1 open [A-1-5] step 1 1000 adjacent 5000 until 2024-01-01T01:15:04Z
              said SeatsHeld 1
            {"admit_per_minute":60,"max_active":2,"mode":"fifo","opens_at":"2024-01-01T01:00:00Z","seed_hash":"253e2c69fc07d2cf6f83c79b0bf81b9122c816573477986ca87c6ef907a52a53","session_seconds":300,"type":"set_room"}
              → 409 room_opened: a waiting room that has opened keeps its order and its opening time
            {"admit_per_minute":60,"max_active":2,"mode":"random","opens_at":"2024-01-01T02:00:00Z","seed_hash":"253e2c69fc07d2cf6f83c79b0bf81b9122c816573477986ca87c6ef907a52a53","session_seconds":300,"type":"set_room"}
              → 409 room_opened: a waiting room that has opened keeps its order and its opening time
            tickets timers (Time(1704071704000), [0, 3, 103, 105, 103]) → ()
            tickets.queue timers (Time(1704071100000), [0, 3, 103, 105, 103]) → ()
            tickets.queue rooms "gig" → RoomRow { terms: RoomTerms { event: "gig", mode: Random, opens_at: Some(Time(1704070800000)), admit_per_minute: 60, max_active: 10, session_seconds: 300, seed_hash: "253e2c69fc07d2cf6f83c79b0bf81b9122c816573477986ca87c6ef907a52a53", revision: 1 }, stage: Open, opened: Some(Time(1704070800000)), seed: Some("5eed"), joined: 5, in_draw: 4, drawn: 4, waiting: 0, active: 4, passed: 5, head: ((true, 0), 5), allowance: 0, counted: Time(1704070803000), armed: Some(Time(1704071100000)) }
            tickets.queue entries ("gig", 1) → EntryRow { buyer: "a", left: false }
            tickets.queue entries ("gig", 2) → EntryRow { buyer: "b", left: true }
            tickets.queue entries ("gig", 3) → EntryRow { buyer: "c", left: false }
            tickets.queue entries ("gig", 4) → EntryRow { buyer: "d", left: false }
            tickets.queue entries ("gig", 5) → EntryRow { buyer: "e", left: false }
            tickets.queue places ("gig", "a") → PlaceRow { number: 1, lot: (false, 4663598187288748202), until: Some(Time(1704071101000)) }
            tickets.queue places ("gig", "c") → PlaceRow { number: 3, lot: (false, 7404456354205838699), until: Some(Time(1704071102000)) }
            tickets.queue places ("gig", "d") → PlaceRow { number: 4, lot: (false, 3495029944475984833), until: Some(Time(1704071100000)) }
            tickets.queue places ("gig", "e") → PlaceRow { number: 5, lot: (true, 0), until: Some(Time(1704071103000)) }
        "#]],
    );
}

#[test]
fn what_cannot_be_a_waiting_room_or_a_place_is_refused() {
    check(
        &[
            room("fifo", &json!({})),
            join("a"),
            publish(&[4], &json!({})),
            room("fifo", &json!({"max_active":0})),
            room("fifo", &json!({"seed_hash":"abc"})),
            format!("user:a {}", room("fifo", &json!({}))),
            room("fifo", &json!({})),
            room("fifo", &json!({})),
            format!("user:a {}", queue(&json!({"type":"join","buyer":"b"}))),
            join(""),
            leave("a", 1),
        ],
        expect![[r#"
            {"admit_per_minute":60,"max_active":2,"mode":"fifo","seed_hash":"253e2c69fc07d2cf6f83c79b0bf81b9122c816573477986ca87c6ef907a52a53","session_seconds":300,"type":"set_room"}
              → 404 unknown_event: there is no event of this id
            @tickets.queue {"buyer":"a","type":"join"}
              → 404 unknown_room: the event has no waiting room
            {"categories":[{"id":"floor","price":5000}],"currency":"EUR","extensions":1,"hold_seconds":900,"max_per_order":10,"min_per_order":1,"order_seconds":600,"sections":[{"category":"floor","id":"A","rows":[{"id":"1","seats":4}]}],"type":"publish"}
              → event gig with 4 places
              said EventPublished
            {"admit_per_minute":60,"max_active":0,"mode":"fifo","seed_hash":"253e2c69fc07d2cf6f83c79b0bf81b9122c816573477986ca87c6ef907a52a53","session_seconds":300,"type":"set_room"}
              → 422 bad_room: each number of a waiting room is 1 to 10000000
            {"admit_per_minute":60,"max_active":2,"mode":"fifo","seed_hash":"abc","session_seconds":300,"type":"set_room"}
              → 422 bad_room: the hash of a seed has 64 hex digits
            user:a {"admit_per_minute":60,"max_active":2,"mode":"fifo","seed_hash":"253e2c69fc07d2cf6f83c79b0bf81b9122c816573477986ca87c6ef907a52a53","session_seconds":300,"type":"set_room"}
              → 403 role_required: this needs the role `server` or `operator`
            {"admit_per_minute":60,"max_active":2,"mode":"fifo","seed_hash":"253e2c69fc07d2cf6f83c79b0bf81b9122c816573477986ca87c6ef907a52a53","session_seconds":300,"type":"set_room"}
              → room fifo revision 1
              said tickets.queue RoomChanged {"admit_per_minute":60,"max_active":2,"mode":"fifo","opens_at":null,"revision":1,"seed_hash":"253e2c69fc07d2cf6f83c79b0bf81b9122c816573477986ca87c6ef907a52a53","session_seconds":300}
              said tickets.queue QueueOpened {"drawn":0,"seed":null}
            {"admit_per_minute":60,"max_active":2,"mode":"fifo","seed_hash":"253e2c69fc07d2cf6f83c79b0bf81b9122c816573477986ca87c6ef907a52a53","session_seconds":300,"type":"set_room"}
              → room fifo revision 1
            user:a @tickets.queue {"buyer":"b","type":"join"}
              → 403 not_yourself: a user may hold, order and look for nobody else
            @tickets.queue {"buyer":"","type":"join"}
              → 422 bad_request: a buyer has 1 to 256 bytes
            @tickets.queue {"buyer":"a","number":1,"type":"leave"}
              → 404 unknown_place: there is no such place in line, or not any more
            tickets.queue rooms "gig" → RoomRow { terms: RoomTerms { event: "gig", mode: Fifo, opens_at: None, admit_per_minute: 60, max_active: 2, session_seconds: 300, seed_hash: "253e2c69fc07d2cf6f83c79b0bf81b9122c816573477986ca87c6ef907a52a53", revision: 1 }, stage: Open, opened: Some(Time(1704067200000)), seed: None, joined: 0, in_draw: 0, drawn: 0, waiting: 0, active: 0, passed: 0, head: ((false, 0), 0), allowance: 60000, counted: Time(1704067200000), armed: None }
        "#]],
    );
}
