//! Leaderboards under test: scripts through the harness, foreign records, and boards against a sorted list.

mod dense;
mod epochs;
mod league;
mod league_model;
mod model;
mod moderation;
mod spread;
mod sweeps;

use crate::leaderboards::transition::METADATA_LIMIT;
use crate::leaderboards::{Boards, SYSTEM};
use crate::runtime::alone::Alone;
use crate::runtime::check;
use crate::runtime::reply::Output;
use crate::runtime::runner::{Processor, Step};
use expect_test::{Expect, expect};
use millrace_topics::log::LogRecord;
use millrace_topics::time::Time;

fn check(script: &str, expected: &Expect) {
    expected.assert_eq(&check::run(SYSTEM.machines, script));
}

#[test]
fn boards_are_defined_once() {
    check(
        r#"
                    {"type":"define","id":"weekly"}
        +5s         {"type":"define","id":"weekly","sort":"desc","operator":"best","bounds":null}
                    {"type":"define","id":"weekly","sort":"asc"}
                    {"type":"define","id":"weekly","authoritative":true}
        server:shop {"type":"define","id":"times.2024-w01_eu","sort":"asc","operator":"set","bounds":{"min":0,"max":86400},"authoritative":true}
        user:ada    {"type":"define","id":"mine"}
        user:ada    {"type":"define","id":"Mine"}
                    {"type":"define","id":"Weekly"}
                    {"type":"define","id":""}
                    {"type":"define","id":"owners"}
                    {"type":"define","id":"none","bounds":{"min":2,"max":1}}
                    {"type":"define","id":"one","bounds":{"min":2,"max":2}}
        "#,
        &expect![[r#"
            {"type":"define","id":"weekly"}
              → {"authoritative":false,"bounds":{"max":null,"min":null},"columns":[],"created_at":"2024-01-01T00:00:00Z","epoch":0,"id":"weekly","keep_epochs":10,"keep_submissions":8,"members":0,"open":[{"closed_at":null,"closes_at":null,"epoch":0,"hash":null,"members":0,"opened_at":"2024-01-01T00:00:00Z","window":"all"}],"operator":"best","prizes":[],"reset_cron":null,"shards":1,"sort":"desc","tie":"unique","top":10,"tournament":null,"tz":"UTC","windows":["all"]}
              said leaderboards BoardDefined {"authoritative":false,"bounds":{"max":null,"min":null},"columns":[],"id":"weekly","keep_epochs":10,"keep_submissions":8,"operator":"best","prizes":[],"reset_cron":null,"shards":1,"sort":"desc","tie":"unique","top":10,"tournament":null,"tz":"UTC","windows":["all"]}
            +5s         {"type":"define","id":"weekly","sort":"desc","operator":"best","bounds":null}
              → {"authoritative":false,"bounds":{"max":null,"min":null},"columns":[],"created_at":"2024-01-01T00:00:00Z","epoch":0,"id":"weekly","keep_epochs":10,"keep_submissions":8,"members":0,"open":[{"closed_at":null,"closes_at":null,"epoch":0,"hash":null,"members":0,"opened_at":"2024-01-01T00:00:00Z","window":"all"}],"operator":"best","prizes":[],"reset_cron":null,"shards":1,"sort":"desc","tie":"unique","top":10,"tournament":null,"tz":"UTC","windows":["all"]}
            {"type":"define","id":"weekly","sort":"asc"}
              → 409 board_exists: there is a board of this id with another definition
            {"type":"define","id":"weekly","authoritative":true}
              → 409 board_exists: there is a board of this id with another definition
            server:shop {"type":"define","id":"times.2024-w01_eu","sort":"asc","operator":"set","bounds":{"min":0,"max":86400},"authoritative":true}
              → {"authoritative":true,"bounds":{"max":86400,"min":0},"columns":[],"created_at":"2024-01-01T00:00:05Z","epoch":0,"id":"times.2024-w01_eu","keep_epochs":10,"keep_submissions":8,"members":0,"open":[{"closed_at":null,"closes_at":null,"epoch":0,"hash":null,"members":0,"opened_at":"2024-01-01T00:00:05Z","window":"all"}],"operator":"set","prizes":[],"reset_cron":null,"shards":1,"sort":"asc","tie":"unique","top":10,"tournament":null,"tz":"UTC","windows":["all"]}
              said leaderboards BoardDefined {"authoritative":true,"bounds":{"max":86400,"min":0},"columns":[],"id":"times.2024-w01_eu","keep_epochs":10,"keep_submissions":8,"operator":"set","prizes":[],"reset_cron":null,"shards":1,"sort":"asc","tie":"unique","top":10,"tournament":null,"tz":"UTC","windows":["all"]}
            user:ada    {"type":"define","id":"mine"}
              → 403 role_required: this needs the role `server` or `operator`
            user:ada    {"type":"define","id":"Mine"}
              → 422 bad_id: the id of a board must match [a-z0-9][a-z0-9._-]{0,63}
            {"type":"define","id":"Weekly"}
              → 422 bad_id: the id of a board must match [a-z0-9][a-z0-9._-]{0,63}
            {"type":"define","id":""}
              → 422 bad_id: the id of a board must match [a-z0-9][a-z0-9._-]{0,63}
            {"type":"define","id":"owners"}
              → 422 reserved_id: `owners` is a reserved word: choose another id
            {"type":"define","id":"none","bounds":{"min":2,"max":1}}
              → 422 bad_bounds: bounds.min 2 is above bounds.max 1: no score would do
            {"type":"define","id":"one","bounds":{"min":2,"max":2}}
              → {"authoritative":false,"bounds":{"max":2,"min":2},"columns":[],"created_at":"2024-01-01T00:00:05Z","epoch":0,"id":"one","keep_epochs":10,"keep_submissions":8,"members":0,"open":[{"closed_at":null,"closes_at":null,"epoch":0,"hash":null,"members":0,"opened_at":"2024-01-01T00:00:05Z","window":"all"}],"operator":"best","prizes":[],"reset_cron":null,"shards":1,"sort":"desc","tie":"unique","top":10,"tournament":null,"tz":"UTC","windows":["all"]}
              said leaderboards BoardDefined {"authoritative":false,"bounds":{"max":2,"min":2},"columns":[],"id":"one","keep_epochs":10,"keep_submissions":8,"operator":"best","prizes":[],"reset_cron":null,"shards":1,"sort":"desc","tie":"unique","top":10,"tournament":null,"tz":"UTC","windows":["all"]}
            leaderboards definitions "one" → (Definition { id: "one", sort: Desc, columns: [], operator: Best, bounds: Bounds { min: Some(2), max: Some(2) }, authoritative: false, windows: Windows(1), tie: Unique, shards: 1, tz: Zone { name: "UTC", rules: [] }, reset_cron: None, keep_epochs: 10, keep_submissions: 8, top: 10, prizes: [], tournament: None }, Time(1704067205000))
            leaderboards definitions "times.2024-w01_eu" → (Definition { id: "times.2024-w01_eu", sort: Asc, columns: [], operator: Set, bounds: Bounds { min: Some(0), max: Some(86400) }, authoritative: true, windows: Windows(1), tie: Unique, shards: 1, tz: Zone { name: "UTC", rules: [] }, reset_cron: None, keep_epochs: 10, keep_submissions: 8, top: 10, prizes: [], tournament: None }, Time(1704067205000))
            leaderboards definitions "weekly" → (Definition { id: "weekly", sort: Desc, columns: [], operator: Best, bounds: Bounds { min: None, max: None }, authoritative: false, windows: Windows(1), tie: Unique, shards: 1, tz: Zone { name: "UTC", rules: [] }, reset_cron: None, keep_epochs: 10, keep_submissions: 8, top: 10, prizes: [], tournament: None }, Time(1704067200000))
            leaderboards boards "one" → BoardRow { sort: Desc, columns: [], operator: Best, bounds: Bounds { min: Some(2), max: Some(2) }, authoritative: false, windows: Windows(1), tie: Unique, shards: 1, keep: 8, tournament: None, league: None, open: [0, 0, 0] }
            leaderboards boards "times.2024-w01_eu" → BoardRow { sort: Asc, columns: [], operator: Set, bounds: Bounds { min: Some(0), max: Some(86400) }, authoritative: true, windows: Windows(1), tie: Unique, shards: 1, keep: 8, tournament: None, league: None, open: [0, 0, 0] }
            leaderboards boards "weekly" → BoardRow { sort: Desc, columns: [], operator: Best, bounds: Bounds { min: None, max: None }, authoritative: false, windows: Windows(1), tie: Unique, shards: 1, keep: 8, tournament: None, league: None, open: [0, 0, 0] }
            leaderboards epochs ("one", 0, 0) → EpochRow { opened: Time(1704067205000), closes: None, closed: None }
            leaderboards epochs ("times.2024-w01_eu", 0, 0) → EpochRow { opened: Time(1704067205000), closes: None, closed: None }
            leaderboards epochs ("weekly", 0, 0) → EpochRow { opened: Time(1704067200000), closes: None, closed: None }
        "#]],
    );
}

#[test]
fn each_operator_does_what_it_says() {
    check(
        r#"
            {"type":"define","id":"best"}
        +1s {"type":"submit_score","board":"best","owner":"ada","score":10,"metadata":{"run":1}}
        +1s {"type":"submit_score","board":"best","owner":"ada","score":9,"metadata":{"run":2}}
        +1s {"type":"submit_score","board":"best","owner":"ada","score":10,"metadata":{"run":3}}
        +1s {"type":"submit_score","board":"best","owner":"ada","score":11}
        +1s {"type":"submit_score","board":"best","owner":"ada","score":3,"operator":"set"}
            {"type":"define","id":"laps","sort":"asc"}
            {"type":"submit_score","board":"laps","owner":"ada","score":10,"metadata":{"lap":1}}
            {"type":"submit_score","board":"laps","owner":"ada","score":11}
            {"type":"submit_score","board":"laps","owner":"ada","score":-9,"metadata":{"lap":3}}
            {"type":"define","id":"sum","operator":"incr"}
            {"type":"submit_score","board":"sum","owner":"ada","score":0}
            {"type":"submit_score","board":"sum","owner":"ada","score":5}
        +1s {"type":"submit_score","board":"sum","owner":"ada","score":0,"metadata":{"lost":true}}
            {"type":"submit_score","board":"sum","owner":"ada","score":-2}
            {"type":"submit_score","board":"sum","owner":"ada","score":4,"operator":"decr"}
            {"type":"submit_score","board":"sum","owner":"eve","score":4,"operator":"decr"}
        "#,
        &expect![[r#"
            {"type":"define","id":"best"}
              → {"authoritative":false,"bounds":{"max":null,"min":null},"columns":[],"created_at":"2024-01-01T00:00:00Z","epoch":0,"id":"best","keep_epochs":10,"keep_submissions":8,"members":0,"open":[{"closed_at":null,"closes_at":null,"epoch":0,"hash":null,"members":0,"opened_at":"2024-01-01T00:00:00Z","window":"all"}],"operator":"best","prizes":[],"reset_cron":null,"shards":1,"sort":"desc","tie":"unique","top":10,"tournament":null,"tz":"UTC","windows":["all"]}
              said leaderboards BoardDefined {"authoritative":false,"bounds":{"max":null,"min":null},"columns":[],"id":"best","keep_epochs":10,"keep_submissions":8,"operator":"best","prizes":[],"reset_cron":null,"shards":1,"sort":"desc","tie":"unique","top":10,"tournament":null,"tz":"UTC","windows":["all"]}
            +1s {"type":"submit_score","board":"best","owner":"ada","score":10,"metadata":{"run":1}}
              → {"attempts":1,"board":"best","epoch":0,"improved":true,"new_best":{"all":true},"owner":"ada","prev_rank":null,"prev_score":null,"rank":1,"score":10}
              said leaderboards ScoreSubmitted {"attempts":1,"board":"best","epoch":0,"improved":true,"new_best":{"all":true},"owner":"ada","prev_rank":null,"prev_score":null,"rank":1,"score":10}
            +1s {"type":"submit_score","board":"best","owner":"ada","score":9,"metadata":{"run":2}}
              → {"attempts":2,"board":"best","epoch":0,"improved":false,"new_best":{"all":false},"owner":"ada","prev_rank":1,"prev_score":10,"rank":1,"score":10}
              said leaderboards ScoreSubmitted {"attempts":2,"board":"best","epoch":0,"improved":false,"new_best":{"all":false},"owner":"ada","prev_rank":1,"prev_score":10,"rank":1,"score":10}
            +1s {"type":"submit_score","board":"best","owner":"ada","score":10,"metadata":{"run":3}}
              → {"attempts":3,"board":"best","epoch":0,"improved":false,"new_best":{"all":false},"owner":"ada","prev_rank":1,"prev_score":10,"rank":1,"score":10}
              said leaderboards ScoreSubmitted {"attempts":3,"board":"best","epoch":0,"improved":false,"new_best":{"all":false},"owner":"ada","prev_rank":1,"prev_score":10,"rank":1,"score":10}
            +1s {"type":"submit_score","board":"best","owner":"ada","score":11}
              → {"attempts":4,"board":"best","epoch":0,"improved":true,"new_best":{"all":true},"owner":"ada","prev_rank":1,"prev_score":10,"rank":1,"score":11}
              said leaderboards ScoreSubmitted {"attempts":4,"board":"best","epoch":0,"improved":true,"new_best":{"all":true},"owner":"ada","prev_rank":1,"prev_score":10,"rank":1,"score":11}
            +1s {"type":"submit_score","board":"best","owner":"ada","score":3,"operator":"set"}
              → {"attempts":5,"board":"best","epoch":0,"improved":false,"new_best":{"all":false},"owner":"ada","prev_rank":1,"prev_score":11,"rank":1,"score":3}
              said leaderboards ScoreSubmitted {"attempts":5,"board":"best","epoch":0,"improved":false,"new_best":{"all":false},"owner":"ada","prev_rank":1,"prev_score":11,"rank":1,"score":3}
            {"type":"define","id":"laps","sort":"asc"}
              → {"authoritative":false,"bounds":{"max":null,"min":null},"columns":[],"created_at":"2024-01-01T00:00:05Z","epoch":0,"id":"laps","keep_epochs":10,"keep_submissions":8,"members":0,"open":[{"closed_at":null,"closes_at":null,"epoch":0,"hash":null,"members":0,"opened_at":"2024-01-01T00:00:05Z","window":"all"}],"operator":"best","prizes":[],"reset_cron":null,"shards":1,"sort":"asc","tie":"unique","top":10,"tournament":null,"tz":"UTC","windows":["all"]}
              said leaderboards BoardDefined {"authoritative":false,"bounds":{"max":null,"min":null},"columns":[],"id":"laps","keep_epochs":10,"keep_submissions":8,"operator":"best","prizes":[],"reset_cron":null,"shards":1,"sort":"asc","tie":"unique","top":10,"tournament":null,"tz":"UTC","windows":["all"]}
            {"type":"submit_score","board":"laps","owner":"ada","score":10,"metadata":{"lap":1}}
              → {"attempts":1,"board":"laps","epoch":0,"improved":true,"new_best":{"all":true},"owner":"ada","prev_rank":null,"prev_score":null,"rank":1,"score":10}
              said leaderboards ScoreSubmitted {"attempts":1,"board":"laps","epoch":0,"improved":true,"new_best":{"all":true},"owner":"ada","prev_rank":null,"prev_score":null,"rank":1,"score":10}
            {"type":"submit_score","board":"laps","owner":"ada","score":11}
              → {"attempts":2,"board":"laps","epoch":0,"improved":false,"new_best":{"all":false},"owner":"ada","prev_rank":1,"prev_score":10,"rank":1,"score":10}
              said leaderboards ScoreSubmitted {"attempts":2,"board":"laps","epoch":0,"improved":false,"new_best":{"all":false},"owner":"ada","prev_rank":1,"prev_score":10,"rank":1,"score":10}
            {"type":"submit_score","board":"laps","owner":"ada","score":-9,"metadata":{"lap":3}}
              → {"attempts":3,"board":"laps","epoch":0,"improved":true,"new_best":{"all":true},"owner":"ada","prev_rank":1,"prev_score":10,"rank":1,"score":-9}
              said leaderboards ScoreSubmitted {"attempts":3,"board":"laps","epoch":0,"improved":true,"new_best":{"all":true},"owner":"ada","prev_rank":1,"prev_score":10,"rank":1,"score":-9}
            {"type":"define","id":"sum","operator":"incr"}
              → {"authoritative":false,"bounds":{"max":null,"min":null},"columns":[],"created_at":"2024-01-01T00:00:05Z","epoch":0,"id":"sum","keep_epochs":10,"keep_submissions":8,"members":0,"open":[{"closed_at":null,"closes_at":null,"epoch":0,"hash":null,"members":0,"opened_at":"2024-01-01T00:00:05Z","window":"all"}],"operator":"incr","prizes":[],"reset_cron":null,"shards":1,"sort":"desc","tie":"unique","top":10,"tournament":null,"tz":"UTC","windows":["all"]}
              said leaderboards BoardDefined {"authoritative":false,"bounds":{"max":null,"min":null},"columns":[],"id":"sum","keep_epochs":10,"keep_submissions":8,"operator":"incr","prizes":[],"reset_cron":null,"shards":1,"sort":"desc","tie":"unique","top":10,"tournament":null,"tz":"UTC","windows":["all"]}
            {"type":"submit_score","board":"sum","owner":"ada","score":0}
              → {"attempts":1,"board":"sum","epoch":0,"improved":true,"new_best":{"all":true},"owner":"ada","prev_rank":null,"prev_score":null,"rank":1,"score":0}
              said leaderboards ScoreSubmitted {"attempts":1,"board":"sum","epoch":0,"improved":true,"new_best":{"all":true},"owner":"ada","prev_rank":null,"prev_score":null,"rank":1,"score":0}
            {"type":"submit_score","board":"sum","owner":"ada","score":5}
              → {"attempts":2,"board":"sum","epoch":0,"improved":true,"new_best":{"all":true},"owner":"ada","prev_rank":1,"prev_score":0,"rank":1,"score":5}
              said leaderboards ScoreSubmitted {"attempts":2,"board":"sum","epoch":0,"improved":true,"new_best":{"all":true},"owner":"ada","prev_rank":1,"prev_score":0,"rank":1,"score":5}
            +1s {"type":"submit_score","board":"sum","owner":"ada","score":0,"metadata":{"lost":true}}
              → {"attempts":2,"board":"sum","epoch":0,"improved":false,"new_best":{"all":false},"owner":"ada","prev_rank":1,"prev_score":5,"rank":1,"score":5}
            {"type":"submit_score","board":"sum","owner":"ada","score":-2}
              → {"attempts":3,"board":"sum","epoch":0,"improved":false,"new_best":{"all":false},"owner":"ada","prev_rank":1,"prev_score":5,"rank":1,"score":3}
              said leaderboards ScoreSubmitted {"attempts":3,"board":"sum","epoch":0,"improved":false,"new_best":{"all":false},"owner":"ada","prev_rank":1,"prev_score":5,"rank":1,"score":3}
            {"type":"submit_score","board":"sum","owner":"ada","score":4,"operator":"decr"}
              → {"attempts":4,"board":"sum","epoch":0,"improved":false,"new_best":{"all":false},"owner":"ada","prev_rank":1,"prev_score":3,"rank":1,"score":-1}
              said leaderboards ScoreSubmitted {"attempts":4,"board":"sum","epoch":0,"improved":false,"new_best":{"all":false},"owner":"ada","prev_rank":1,"prev_score":3,"rank":1,"score":-1}
            {"type":"submit_score","board":"sum","owner":"eve","score":4,"operator":"decr"}
              → {"attempts":1,"board":"sum","epoch":0,"improved":true,"new_best":{"all":true},"owner":"eve","prev_rank":null,"prev_score":null,"rank":2,"score":-4}
              said leaderboards ScoreSubmitted {"attempts":1,"board":"sum","epoch":0,"improved":true,"new_best":{"all":true},"owner":"eve","prev_rank":null,"prev_score":null,"rank":2,"score":-4}
            leaderboards definitions "best" → (Definition { id: "best", sort: Desc, columns: [], operator: Best, bounds: Bounds { min: None, max: None }, authoritative: false, windows: Windows(1), tie: Unique, shards: 1, tz: Zone { name: "UTC", rules: [] }, reset_cron: None, keep_epochs: 10, keep_submissions: 8, top: 10, prizes: [], tournament: None }, Time(1704067200000))
            leaderboards definitions "laps" → (Definition { id: "laps", sort: Asc, columns: [], operator: Best, bounds: Bounds { min: None, max: None }, authoritative: false, windows: Windows(1), tie: Unique, shards: 1, tz: Zone { name: "UTC", rules: [] }, reset_cron: None, keep_epochs: 10, keep_submissions: 8, top: 10, prizes: [], tournament: None }, Time(1704067205000))
            leaderboards definitions "sum" → (Definition { id: "sum", sort: Desc, columns: [], operator: Incr, bounds: Bounds { min: None, max: None }, authoritative: false, windows: Windows(1), tie: Unique, shards: 1, tz: Zone { name: "UTC", rules: [] }, reset_cron: None, keep_epochs: 10, keep_submissions: 8, top: 10, prizes: [], tournament: None }, Time(1704067205000))
            leaderboards boards "best" → BoardRow { sort: Desc, columns: [], operator: Best, bounds: Bounds { min: None, max: None }, authoritative: false, windows: Windows(1), tie: Unique, shards: 1, keep: 8, tournament: None, league: None, open: [0, 0, 0] }
            leaderboards boards "laps" → BoardRow { sort: Asc, columns: [], operator: Best, bounds: Bounds { min: None, max: None }, authoritative: false, windows: Windows(1), tie: Unique, shards: 1, keep: 8, tournament: None, league: None, open: [0, 0, 0] }
            leaderboards boards "sum" → BoardRow { sort: Desc, columns: [], operator: Incr, bounds: Bounds { min: None, max: None }, authoritative: false, windows: Windows(1), tie: Unique, shards: 1, keep: 8, tournament: None, league: None, open: [0, 0, 0] }
            leaderboards epochs ("best", 0, 0) → EpochRow { opened: Time(1704067200000), closes: None, closed: None }
            leaderboards epochs ("laps", 0, 0) → EpochRow { opened: Time(1704067205000), closes: None, closed: None }
            leaderboards epochs ("sum", 0, 0) → EpochRow { opened: Time(1704067205000), closes: None, closed: None }
            leaderboards members ("ada", "best", 0) → MemberRow { standing: Some(Standing { score: 3, subscores: [], reached: Stamp { micros: 6, node: 1 }, attempts: 5, metadata: Some(Metadata("{\"run\":1}")), updated: Time(1704067205000) }), hidden: false, seat: None, base: None, kept: [Entry { at: at/0@1, stamp: Stamp { micros: 2, node: 1 }, time: Time(1704067201000), operator: Best, score: 10, subscores: [], metadata: Some(Metadata("{\"run\":1}")), rank: Some(1), voided: false }, Entry { at: at/0@2, stamp: Stamp { micros: 3, node: 1 }, time: Time(1704067202000), operator: Best, score: 9, subscores: [], metadata: Some(Metadata("{\"run\":2}")), rank: Some(1), voided: false }, Entry { at: at/0@3, stamp: Stamp { micros: 4, node: 1 }, time: Time(1704067203000), operator: Best, score: 10, subscores: [], metadata: Some(Metadata("{\"run\":3}")), rank: Some(1), voided: false }, Entry { at: at/0@4, stamp: Stamp { micros: 5, node: 1 }, time: Time(1704067204000), operator: Best, score: 11, subscores: [], metadata: None, rank: Some(1), voided: false }, Entry { at: at/0@5, stamp: Stamp { micros: 6, node: 1 }, time: Time(1704067205000), operator: Set, score: 3, subscores: [], metadata: None, rank: Some(1), voided: false }] }
            leaderboards members ("ada", "laps", 0) → MemberRow { standing: Some(Standing { score: -9, subscores: [], reached: Stamp { micros: 10, node: 1 }, attempts: 3, metadata: Some(Metadata("{\"lap\":3}")), updated: Time(1704067205000) }), hidden: false, seat: None, base: None, kept: [Entry { at: at/0@7, stamp: Stamp { micros: 8, node: 1 }, time: Time(1704067205000), operator: Best, score: 10, subscores: [], metadata: Some(Metadata("{\"lap\":1}")), rank: Some(1), voided: false }, Entry { at: at/0@8, stamp: Stamp { micros: 9, node: 1 }, time: Time(1704067205000), operator: Best, score: 11, subscores: [], metadata: None, rank: Some(1), voided: false }, Entry { at: at/0@9, stamp: Stamp { micros: 10, node: 1 }, time: Time(1704067205000), operator: Best, score: -9, subscores: [], metadata: Some(Metadata("{\"lap\":3}")), rank: Some(1), voided: false }] }
            leaderboards members ("ada", "sum", 0) → MemberRow { standing: Some(Standing { score: -1, subscores: [], reached: Stamp { micros: 16, node: 1 }, attempts: 4, metadata: None, updated: Time(1704067206000) }), hidden: false, seat: None, base: None, kept: [Entry { at: at/0@11, stamp: Stamp { micros: 12, node: 1 }, time: Time(1704067205000), operator: Incr, score: 0, subscores: [], metadata: None, rank: Some(1), voided: false }, Entry { at: at/0@12, stamp: Stamp { micros: 13, node: 1 }, time: Time(1704067205000), operator: Incr, score: 5, subscores: [], metadata: None, rank: Some(1), voided: false }, Entry { at: at/0@14, stamp: Stamp { micros: 15, node: 1 }, time: Time(1704067206000), operator: Incr, score: -2, subscores: [], metadata: None, rank: Some(1), voided: false }, Entry { at: at/0@15, stamp: Stamp { micros: 16, node: 1 }, time: Time(1704067206000), operator: Decr, score: 4, subscores: [], metadata: None, rank: Some(1), voided: false }] }
            leaderboards members ("eve", "sum", 0) → MemberRow { standing: Some(Standing { score: -4, subscores: [], reached: Stamp { micros: 17, node: 1 }, attempts: 1, metadata: None, updated: Time(1704067206000) }), hidden: false, seat: None, base: None, kept: [Entry { at: at/0@16, stamp: Stamp { micros: 17, node: 1 }, time: Time(1704067206000), operator: Decr, score: 4, subscores: [], metadata: None, rank: Some(2), voided: false }] }
        "#]],
    );
}

#[test]
fn of_equal_scores_the_first_to_reach_it_stands_higher() {
    check(
        r#"
            {"type":"define","id":"weekly","operator":"set"}
            {"type":"submit_score","board":"weekly","owner":"zoe","score":7}
            {"type":"submit_score","board":"weekly","owner":"ada","score":7}
            {"type":"submit_score","board":"weekly","owner":"zoe","score":7}
            {"type":"submit_score","board":"weekly","owner":"bob","score":7}
            # Who leaves and comes back stands behind those who stayed.
            {"type":"submit_score","board":"weekly","owner":"zoe","score":8}
            {"type":"submit_score","board":"weekly","owner":"zoe","score":7}
        "#,
        &expect![[r#"
            {"type":"define","id":"weekly","operator":"set"}
              → {"authoritative":false,"bounds":{"max":null,"min":null},"columns":[],"created_at":"2024-01-01T00:00:00Z","epoch":0,"id":"weekly","keep_epochs":10,"keep_submissions":8,"members":0,"open":[{"closed_at":null,"closes_at":null,"epoch":0,"hash":null,"members":0,"opened_at":"2024-01-01T00:00:00Z","window":"all"}],"operator":"set","prizes":[],"reset_cron":null,"shards":1,"sort":"desc","tie":"unique","top":10,"tournament":null,"tz":"UTC","windows":["all"]}
              said leaderboards BoardDefined {"authoritative":false,"bounds":{"max":null,"min":null},"columns":[],"id":"weekly","keep_epochs":10,"keep_submissions":8,"operator":"set","prizes":[],"reset_cron":null,"shards":1,"sort":"desc","tie":"unique","top":10,"tournament":null,"tz":"UTC","windows":["all"]}
            {"type":"submit_score","board":"weekly","owner":"zoe","score":7}
              → {"attempts":1,"board":"weekly","epoch":0,"improved":true,"new_best":{"all":true},"owner":"zoe","prev_rank":null,"prev_score":null,"rank":1,"score":7}
              said leaderboards ScoreSubmitted {"attempts":1,"board":"weekly","epoch":0,"improved":true,"new_best":{"all":true},"owner":"zoe","prev_rank":null,"prev_score":null,"rank":1,"score":7}
            {"type":"submit_score","board":"weekly","owner":"ada","score":7}
              → {"attempts":1,"board":"weekly","epoch":0,"improved":true,"new_best":{"all":true},"owner":"ada","prev_rank":null,"prev_score":null,"rank":2,"score":7}
              said leaderboards ScoreSubmitted {"attempts":1,"board":"weekly","epoch":0,"improved":true,"new_best":{"all":true},"owner":"ada","prev_rank":null,"prev_score":null,"rank":2,"score":7}
            {"type":"submit_score","board":"weekly","owner":"zoe","score":7}
              → {"attempts":2,"board":"weekly","epoch":0,"improved":false,"new_best":{"all":false},"owner":"zoe","prev_rank":1,"prev_score":7,"rank":1,"score":7}
              said leaderboards ScoreSubmitted {"attempts":2,"board":"weekly","epoch":0,"improved":false,"new_best":{"all":false},"owner":"zoe","prev_rank":1,"prev_score":7,"rank":1,"score":7}
            {"type":"submit_score","board":"weekly","owner":"bob","score":7}
              → {"attempts":1,"board":"weekly","epoch":0,"improved":true,"new_best":{"all":true},"owner":"bob","prev_rank":null,"prev_score":null,"rank":3,"score":7}
              said leaderboards ScoreSubmitted {"attempts":1,"board":"weekly","epoch":0,"improved":true,"new_best":{"all":true},"owner":"bob","prev_rank":null,"prev_score":null,"rank":3,"score":7}
            {"type":"submit_score","board":"weekly","owner":"zoe","score":8}
              → {"attempts":3,"board":"weekly","epoch":0,"improved":true,"new_best":{"all":true},"owner":"zoe","prev_rank":1,"prev_score":7,"rank":1,"score":8}
              said leaderboards ScoreSubmitted {"attempts":3,"board":"weekly","epoch":0,"improved":true,"new_best":{"all":true},"owner":"zoe","prev_rank":1,"prev_score":7,"rank":1,"score":8}
            {"type":"submit_score","board":"weekly","owner":"zoe","score":7}
              → {"attempts":4,"board":"weekly","epoch":0,"improved":false,"new_best":{"all":false},"owner":"zoe","prev_rank":1,"prev_score":8,"rank":3,"score":7}
              said leaderboards ScoreSubmitted {"attempts":4,"board":"weekly","epoch":0,"improved":false,"new_best":{"all":false},"owner":"zoe","prev_rank":1,"prev_score":8,"rank":3,"score":7}
            leaderboards definitions "weekly" → (Definition { id: "weekly", sort: Desc, columns: [], operator: Set, bounds: Bounds { min: None, max: None }, authoritative: false, windows: Windows(1), tie: Unique, shards: 1, tz: Zone { name: "UTC", rules: [] }, reset_cron: None, keep_epochs: 10, keep_submissions: 8, top: 10, prizes: [], tournament: None }, Time(1704067200000))
            leaderboards boards "weekly" → BoardRow { sort: Desc, columns: [], operator: Set, bounds: Bounds { min: None, max: None }, authoritative: false, windows: Windows(1), tie: Unique, shards: 1, keep: 8, tournament: None, league: None, open: [0, 0, 0] }
            leaderboards epochs ("weekly", 0, 0) → EpochRow { opened: Time(1704067200000), closes: None, closed: None }
            leaderboards members ("ada", "weekly", 0) → MemberRow { standing: Some(Standing { score: 7, subscores: [], reached: Stamp { micros: 3, node: 1 }, attempts: 1, metadata: None, updated: Time(1704067200000) }), hidden: false, seat: None, base: None, kept: [Entry { at: at/0@2, stamp: Stamp { micros: 3, node: 1 }, time: Time(1704067200000), operator: Set, score: 7, subscores: [], metadata: None, rank: Some(2), voided: false }] }
            leaderboards members ("bob", "weekly", 0) → MemberRow { standing: Some(Standing { score: 7, subscores: [], reached: Stamp { micros: 5, node: 1 }, attempts: 1, metadata: None, updated: Time(1704067200000) }), hidden: false, seat: None, base: None, kept: [Entry { at: at/0@4, stamp: Stamp { micros: 5, node: 1 }, time: Time(1704067200000), operator: Set, score: 7, subscores: [], metadata: None, rank: Some(3), voided: false }] }
            leaderboards members ("zoe", "weekly", 0) → MemberRow { standing: Some(Standing { score: 7, subscores: [], reached: Stamp { micros: 7, node: 1 }, attempts: 4, metadata: None, updated: Time(1704067200000) }), hidden: false, seat: None, base: None, kept: [Entry { at: at/0@1, stamp: Stamp { micros: 2, node: 1 }, time: Time(1704067200000), operator: Set, score: 7, subscores: [], metadata: None, rank: Some(1), voided: false }, Entry { at: at/0@3, stamp: Stamp { micros: 4, node: 1 }, time: Time(1704067200000), operator: Set, score: 7, subscores: [], metadata: None, rank: Some(1), voided: false }, Entry { at: at/0@5, stamp: Stamp { micros: 6, node: 1 }, time: Time(1704067200000), operator: Set, score: 8, subscores: [], metadata: None, rank: Some(1), voided: false }, Entry { at: at/0@6, stamp: Stamp { micros: 7, node: 1 }, time: Time(1704067200000), operator: Set, score: 7, subscores: [], metadata: None, rank: Some(3), voided: false }] }
        "#]],
    );
}

#[test]
fn users_act_for_themselves_and_servers_for_all() {
    check(
        r#"
                    {"type":"define","id":"open"}
                    {"type":"define","id":"closed","authoritative":true}
        user:ada    {"type":"submit_score","board":"open","owner":"ada","score":1}
        user:ada    {"type":"submit_score","board":"open","owner":"eve","score":1}
        user:ada    {"type":"submit_score","board":"closed","owner":"ada","score":1}
        user:ada    {"type":"submit_score","board":"none","owner":"ada","score":1}
        user:ada    {"type":"submit_score","board":"none","owner":"eve","score":1}
        server:game {"type":"submit_score","board":"closed","owner":"ada","score":1}
        user:ada    {"type":"delete_owner","board":"open","owner":"ada"}
        server:game {"type":"delete_owner","board":"open","owner":"ada"}
        "#,
        &expect![[r#"
            {"type":"define","id":"open"}
              → {"authoritative":false,"bounds":{"max":null,"min":null},"columns":[],"created_at":"2024-01-01T00:00:00Z","epoch":0,"id":"open","keep_epochs":10,"keep_submissions":8,"members":0,"open":[{"closed_at":null,"closes_at":null,"epoch":0,"hash":null,"members":0,"opened_at":"2024-01-01T00:00:00Z","window":"all"}],"operator":"best","prizes":[],"reset_cron":null,"shards":1,"sort":"desc","tie":"unique","top":10,"tournament":null,"tz":"UTC","windows":["all"]}
              said leaderboards BoardDefined {"authoritative":false,"bounds":{"max":null,"min":null},"columns":[],"id":"open","keep_epochs":10,"keep_submissions":8,"operator":"best","prizes":[],"reset_cron":null,"shards":1,"sort":"desc","tie":"unique","top":10,"tournament":null,"tz":"UTC","windows":["all"]}
            {"type":"define","id":"closed","authoritative":true}
              → {"authoritative":true,"bounds":{"max":null,"min":null},"columns":[],"created_at":"2024-01-01T00:00:00Z","epoch":0,"id":"closed","keep_epochs":10,"keep_submissions":8,"members":0,"open":[{"closed_at":null,"closes_at":null,"epoch":0,"hash":null,"members":0,"opened_at":"2024-01-01T00:00:00Z","window":"all"}],"operator":"best","prizes":[],"reset_cron":null,"shards":1,"sort":"desc","tie":"unique","top":10,"tournament":null,"tz":"UTC","windows":["all"]}
              said leaderboards BoardDefined {"authoritative":true,"bounds":{"max":null,"min":null},"columns":[],"id":"closed","keep_epochs":10,"keep_submissions":8,"operator":"best","prizes":[],"reset_cron":null,"shards":1,"sort":"desc","tie":"unique","top":10,"tournament":null,"tz":"UTC","windows":["all"]}
            user:ada    {"type":"submit_score","board":"open","owner":"ada","score":1}
              → {"attempts":1,"board":"open","epoch":0,"improved":true,"new_best":{"all":true},"owner":"ada","prev_rank":null,"prev_score":null,"rank":1,"score":1}
              said leaderboards ScoreSubmitted {"attempts":1,"board":"open","epoch":0,"improved":true,"new_best":{"all":true},"owner":"ada","prev_rank":null,"prev_score":null,"rank":1,"score":1}
            user:ada    {"type":"submit_score","board":"open","owner":"eve","score":1}
              → 403 not_yourself: a user may submit scores of its own only
            user:ada    {"type":"submit_score","board":"closed","owner":"ada","score":1}
              → 403 authoritative: the board is authoritative: it takes scores from servers and operators only
            user:ada    {"type":"submit_score","board":"none","owner":"ada","score":1}
              → 404 unknown_board: there is no board of this id
            user:ada    {"type":"submit_score","board":"none","owner":"eve","score":1}
              → 403 not_yourself: a user may submit scores of its own only
            server:game {"type":"submit_score","board":"closed","owner":"ada","score":1}
              → {"attempts":1,"board":"closed","epoch":0,"improved":true,"new_best":{"all":true},"owner":"ada","prev_rank":null,"prev_score":null,"rank":1,"score":1}
              said leaderboards ScoreSubmitted {"attempts":1,"board":"closed","epoch":0,"improved":true,"new_best":{"all":true},"owner":"ada","prev_rank":null,"prev_score":null,"rank":1,"score":1}
            user:ada    {"type":"delete_owner","board":"open","owner":"ada"}
              → 403 role_required: this needs the role `server` or `operator`
            server:game {"type":"delete_owner","board":"open","owner":"ada"}
              → {"board":"open","epoch":0,"owner":"ada","rank":1,"score":1}
              said leaderboards OwnerDeleted {"board":"open","epoch":0,"owner":"ada","rank":1,"score":1}
            leaderboards definitions "closed" → (Definition { id: "closed", sort: Desc, columns: [], operator: Best, bounds: Bounds { min: None, max: None }, authoritative: true, windows: Windows(1), tie: Unique, shards: 1, tz: Zone { name: "UTC", rules: [] }, reset_cron: None, keep_epochs: 10, keep_submissions: 8, top: 10, prizes: [], tournament: None }, Time(1704067200000))
            leaderboards definitions "open" → (Definition { id: "open", sort: Desc, columns: [], operator: Best, bounds: Bounds { min: None, max: None }, authoritative: false, windows: Windows(1), tie: Unique, shards: 1, tz: Zone { name: "UTC", rules: [] }, reset_cron: None, keep_epochs: 10, keep_submissions: 8, top: 10, prizes: [], tournament: None }, Time(1704067200000))
            leaderboards boards "closed" → BoardRow { sort: Desc, columns: [], operator: Best, bounds: Bounds { min: None, max: None }, authoritative: true, windows: Windows(1), tie: Unique, shards: 1, keep: 8, tournament: None, league: None, open: [0, 0, 0] }
            leaderboards boards "open" → BoardRow { sort: Desc, columns: [], operator: Best, bounds: Bounds { min: None, max: None }, authoritative: false, windows: Windows(1), tie: Unique, shards: 1, keep: 8, tournament: None, league: None, open: [0, 0, 0] }
            leaderboards epochs ("closed", 0, 0) → EpochRow { opened: Time(1704067200000), closes: None, closed: None }
            leaderboards epochs ("open", 0, 0) → EpochRow { opened: Time(1704067200000), closes: None, closed: None }
            leaderboards members ("ada", "closed", 0) → MemberRow { standing: Some(Standing { score: 1, subscores: [], reached: Stamp { micros: 8, node: 1 }, attempts: 1, metadata: None, updated: Time(1704067200000) }), hidden: false, seat: None, base: None, kept: [Entry { at: at/0@7, stamp: Stamp { micros: 8, node: 1 }, time: Time(1704067200000), operator: Best, score: 1, subscores: [], metadata: None, rank: Some(1), voided: false }] }
        "#]],
    );
}

#[test]
fn a_score_stays_inside_its_bounds_and_64_bits() {
    check(
        r#"
            {"type":"define","id":"small","bounds":{"min":-1,"max":9}}
            {"type":"submit_score","board":"small","owner":"ada","score":9}
            {"type":"submit_score","board":"small","owner":"ada","score":10}
            {"type":"submit_score","board":"small","owner":"ada","score":-2}
            {"type":"submit_score","board":"small","owner":"ada","score":1,"operator":"incr"}
            {"type":"submit_score","board":"small","owner":"ada","score":10,"operator":"decr"}
            {"type":"submit_score","board":"small","owner":"eve","score":-1,"operator":"set"}
            {"type":"define","id":"large","operator":"incr"}
            {"type":"submit_score","board":"large","owner":"max","score":9223372036854775807}
            {"type":"submit_score","board":"large","owner":"max","score":1}
            {"type":"submit_score","board":"large","owner":"min","score":-9223372036854775808}
            {"type":"submit_score","board":"large","owner":"min","score":1,"operator":"decr"}
            {"type":"submit_score","board":"large","owner":"new","score":-9223372036854775808,"operator":"decr"}
        "#,
        &expect![[r#"
            {"type":"define","id":"small","bounds":{"min":-1,"max":9}}
              → {"authoritative":false,"bounds":{"max":9,"min":-1},"columns":[],"created_at":"2024-01-01T00:00:00Z","epoch":0,"id":"small","keep_epochs":10,"keep_submissions":8,"members":0,"open":[{"closed_at":null,"closes_at":null,"epoch":0,"hash":null,"members":0,"opened_at":"2024-01-01T00:00:00Z","window":"all"}],"operator":"best","prizes":[],"reset_cron":null,"shards":1,"sort":"desc","tie":"unique","top":10,"tournament":null,"tz":"UTC","windows":["all"]}
              said leaderboards BoardDefined {"authoritative":false,"bounds":{"max":9,"min":-1},"columns":[],"id":"small","keep_epochs":10,"keep_submissions":8,"operator":"best","prizes":[],"reset_cron":null,"shards":1,"sort":"desc","tie":"unique","top":10,"tournament":null,"tz":"UTC","windows":["all"]}
            {"type":"submit_score","board":"small","owner":"ada","score":9}
              → {"attempts":1,"board":"small","epoch":0,"improved":true,"new_best":{"all":true},"owner":"ada","prev_rank":null,"prev_score":null,"rank":1,"score":9}
              said leaderboards ScoreSubmitted {"attempts":1,"board":"small","epoch":0,"improved":true,"new_best":{"all":true},"owner":"ada","prev_rank":null,"prev_score":null,"rank":1,"score":9}
            {"type":"submit_score","board":"small","owner":"ada","score":10}
              → 422 out_of_bounds: the score would be 10, which is outside of the bounds of the board
            {"type":"submit_score","board":"small","owner":"ada","score":-2}
              → 422 out_of_bounds: the score would be -2, which is outside of the bounds of the board
            {"type":"submit_score","board":"small","owner":"ada","score":1,"operator":"incr"}
              → 422 out_of_bounds: the score would be 10, which is outside of the bounds of the board
            {"type":"submit_score","board":"small","owner":"ada","score":10,"operator":"decr"}
              → {"attempts":2,"board":"small","epoch":0,"improved":false,"new_best":{"all":false},"owner":"ada","prev_rank":1,"prev_score":9,"rank":1,"score":-1}
              said leaderboards ScoreSubmitted {"attempts":2,"board":"small","epoch":0,"improved":false,"new_best":{"all":false},"owner":"ada","prev_rank":1,"prev_score":9,"rank":1,"score":-1}
            {"type":"submit_score","board":"small","owner":"eve","score":-1,"operator":"set"}
              → {"attempts":1,"board":"small","epoch":0,"improved":true,"new_best":{"all":true},"owner":"eve","prev_rank":null,"prev_score":null,"rank":2,"score":-1}
              said leaderboards ScoreSubmitted {"attempts":1,"board":"small","epoch":0,"improved":true,"new_best":{"all":true},"owner":"eve","prev_rank":null,"prev_score":null,"rank":2,"score":-1}
            {"type":"define","id":"large","operator":"incr"}
              → {"authoritative":false,"bounds":{"max":null,"min":null},"columns":[],"created_at":"2024-01-01T00:00:00Z","epoch":0,"id":"large","keep_epochs":10,"keep_submissions":8,"members":0,"open":[{"closed_at":null,"closes_at":null,"epoch":0,"hash":null,"members":0,"opened_at":"2024-01-01T00:00:00Z","window":"all"}],"operator":"incr","prizes":[],"reset_cron":null,"shards":1,"sort":"desc","tie":"unique","top":10,"tournament":null,"tz":"UTC","windows":["all"]}
              said leaderboards BoardDefined {"authoritative":false,"bounds":{"max":null,"min":null},"columns":[],"id":"large","keep_epochs":10,"keep_submissions":8,"operator":"incr","prizes":[],"reset_cron":null,"shards":1,"sort":"desc","tie":"unique","top":10,"tournament":null,"tz":"UTC","windows":["all"]}
            {"type":"submit_score","board":"large","owner":"max","score":9223372036854775807}
              → {"attempts":1,"board":"large","epoch":0,"improved":true,"new_best":{"all":true},"owner":"max","prev_rank":null,"prev_score":null,"rank":1,"score":9223372036854775807}
              said leaderboards ScoreSubmitted {"attempts":1,"board":"large","epoch":0,"improved":true,"new_best":{"all":true},"owner":"max","prev_rank":null,"prev_score":null,"rank":1,"score":9223372036854775807}
            {"type":"submit_score","board":"large","owner":"max","score":1}
              → 422 score_overflow: the score would overflow 64 bits
            {"type":"submit_score","board":"large","owner":"min","score":-9223372036854775808}
              → {"attempts":1,"board":"large","epoch":0,"improved":true,"new_best":{"all":true},"owner":"min","prev_rank":null,"prev_score":null,"rank":2,"score":-9223372036854775808}
              said leaderboards ScoreSubmitted {"attempts":1,"board":"large","epoch":0,"improved":true,"new_best":{"all":true},"owner":"min","prev_rank":null,"prev_score":null,"rank":2,"score":-9223372036854775808}
            {"type":"submit_score","board":"large","owner":"min","score":1,"operator":"decr"}
              → 422 score_overflow: the score would overflow 64 bits
            {"type":"submit_score","board":"large","owner":"new","score":-9223372036854775808,"operator":"decr"}
              → 422 score_overflow: the score would overflow 64 bits
            leaderboards definitions "large" → (Definition { id: "large", sort: Desc, columns: [], operator: Incr, bounds: Bounds { min: None, max: None }, authoritative: false, windows: Windows(1), tie: Unique, shards: 1, tz: Zone { name: "UTC", rules: [] }, reset_cron: None, keep_epochs: 10, keep_submissions: 8, top: 10, prizes: [], tournament: None }, Time(1704067200000))
            leaderboards definitions "small" → (Definition { id: "small", sort: Desc, columns: [], operator: Best, bounds: Bounds { min: Some(-1), max: Some(9) }, authoritative: false, windows: Windows(1), tie: Unique, shards: 1, tz: Zone { name: "UTC", rules: [] }, reset_cron: None, keep_epochs: 10, keep_submissions: 8, top: 10, prizes: [], tournament: None }, Time(1704067200000))
            leaderboards boards "large" → BoardRow { sort: Desc, columns: [], operator: Incr, bounds: Bounds { min: None, max: None }, authoritative: false, windows: Windows(1), tie: Unique, shards: 1, keep: 8, tournament: None, league: None, open: [0, 0, 0] }
            leaderboards boards "small" → BoardRow { sort: Desc, columns: [], operator: Best, bounds: Bounds { min: Some(-1), max: Some(9) }, authoritative: false, windows: Windows(1), tie: Unique, shards: 1, keep: 8, tournament: None, league: None, open: [0, 0, 0] }
            leaderboards epochs ("large", 0, 0) → EpochRow { opened: Time(1704067200000), closes: None, closed: None }
            leaderboards epochs ("small", 0, 0) → EpochRow { opened: Time(1704067200000), closes: None, closed: None }
            leaderboards members ("ada", "small", 0) → MemberRow { standing: Some(Standing { score: -1, subscores: [], reached: Stamp { micros: 6, node: 1 }, attempts: 2, metadata: None, updated: Time(1704067200000) }), hidden: false, seat: None, base: None, kept: [Entry { at: at/0@1, stamp: Stamp { micros: 2, node: 1 }, time: Time(1704067200000), operator: Best, score: 9, subscores: [], metadata: None, rank: Some(1), voided: false }, Entry { at: at/0@5, stamp: Stamp { micros: 6, node: 1 }, time: Time(1704067200000), operator: Decr, score: 10, subscores: [], metadata: None, rank: Some(1), voided: false }] }
            leaderboards members ("eve", "small", 0) → MemberRow { standing: Some(Standing { score: -1, subscores: [], reached: Stamp { micros: 7, node: 1 }, attempts: 1, metadata: None, updated: Time(1704067200000) }), hidden: false, seat: None, base: None, kept: [Entry { at: at/0@6, stamp: Stamp { micros: 7, node: 1 }, time: Time(1704067200000), operator: Set, score: -1, subscores: [], metadata: None, rank: Some(2), voided: false }] }
            leaderboards members ("max", "large", 0) → MemberRow { standing: Some(Standing { score: 9223372036854775807, subscores: [], reached: Stamp { micros: 9, node: 1 }, attempts: 1, metadata: None, updated: Time(1704067200000) }), hidden: false, seat: None, base: None, kept: [Entry { at: at/0@8, stamp: Stamp { micros: 9, node: 1 }, time: Time(1704067200000), operator: Incr, score: 9223372036854775807, subscores: [], metadata: None, rank: Some(1), voided: false }] }
            leaderboards members ("min", "large", 0) → MemberRow { standing: Some(Standing { score: -9223372036854775808, subscores: [], reached: Stamp { micros: 11, node: 1 }, attempts: 1, metadata: None, updated: Time(1704067200000) }), hidden: false, seat: None, base: None, kept: [Entry { at: at/0@10, stamp: Stamp { micros: 11, node: 1 }, time: Time(1704067200000), operator: Incr, score: -9223372036854775808, subscores: [], metadata: None, rank: Some(2), voided: false }] }
        "#]],
    );
}

#[test]
fn who_is_deleted_leaves_nothing_behind() {
    check(
        r#"
            {"type":"define","id":"weekly"}
            {"type":"submit_score","board":"weekly","owner":"ada","score":3}
            {"type":"submit_score","board":"weekly","owner":"bob","score":2}
            {"type":"submit_score","board":"weekly","owner":"eve","score":1}
            {"type":"delete_owner","board":"weekly","owner":"ada"}
            {"type":"delete_owner","board":"weekly","owner":"ada"}
            {"type":"delete_owner","board":"none","owner":"ada"}
            {"type":"delete_owner","board":"weekly","owner":""}
            {"type":"submit_score","board":"weekly","owner":"ada","score":1}
        "#,
        &expect![[r#"
            {"type":"define","id":"weekly"}
              → {"authoritative":false,"bounds":{"max":null,"min":null},"columns":[],"created_at":"2024-01-01T00:00:00Z","epoch":0,"id":"weekly","keep_epochs":10,"keep_submissions":8,"members":0,"open":[{"closed_at":null,"closes_at":null,"epoch":0,"hash":null,"members":0,"opened_at":"2024-01-01T00:00:00Z","window":"all"}],"operator":"best","prizes":[],"reset_cron":null,"shards":1,"sort":"desc","tie":"unique","top":10,"tournament":null,"tz":"UTC","windows":["all"]}
              said leaderboards BoardDefined {"authoritative":false,"bounds":{"max":null,"min":null},"columns":[],"id":"weekly","keep_epochs":10,"keep_submissions":8,"operator":"best","prizes":[],"reset_cron":null,"shards":1,"sort":"desc","tie":"unique","top":10,"tournament":null,"tz":"UTC","windows":["all"]}
            {"type":"submit_score","board":"weekly","owner":"ada","score":3}
              → {"attempts":1,"board":"weekly","epoch":0,"improved":true,"new_best":{"all":true},"owner":"ada","prev_rank":null,"prev_score":null,"rank":1,"score":3}
              said leaderboards ScoreSubmitted {"attempts":1,"board":"weekly","epoch":0,"improved":true,"new_best":{"all":true},"owner":"ada","prev_rank":null,"prev_score":null,"rank":1,"score":3}
            {"type":"submit_score","board":"weekly","owner":"bob","score":2}
              → {"attempts":1,"board":"weekly","epoch":0,"improved":true,"new_best":{"all":true},"owner":"bob","prev_rank":null,"prev_score":null,"rank":2,"score":2}
              said leaderboards ScoreSubmitted {"attempts":1,"board":"weekly","epoch":0,"improved":true,"new_best":{"all":true},"owner":"bob","prev_rank":null,"prev_score":null,"rank":2,"score":2}
            {"type":"submit_score","board":"weekly","owner":"eve","score":1}
              → {"attempts":1,"board":"weekly","epoch":0,"improved":true,"new_best":{"all":true},"owner":"eve","prev_rank":null,"prev_score":null,"rank":3,"score":1}
              said leaderboards ScoreSubmitted {"attempts":1,"board":"weekly","epoch":0,"improved":true,"new_best":{"all":true},"owner":"eve","prev_rank":null,"prev_score":null,"rank":3,"score":1}
            {"type":"delete_owner","board":"weekly","owner":"ada"}
              → {"board":"weekly","epoch":0,"owner":"ada","rank":1,"score":3}
              said leaderboards OwnerDeleted {"board":"weekly","epoch":0,"owner":"ada","rank":1,"score":3}
            {"type":"delete_owner","board":"weekly","owner":"ada"}
              → 404 unknown_owner: this owner has no score on the board
            {"type":"delete_owner","board":"none","owner":"ada"}
              → 404 unknown_board: there is no board of this id
            {"type":"delete_owner","board":"weekly","owner":""}
              → 422 bad_owner: an owner has 1 to 256 bytes
            {"type":"submit_score","board":"weekly","owner":"ada","score":1}
              → {"attempts":1,"board":"weekly","epoch":0,"improved":true,"new_best":{"all":true},"owner":"ada","prev_rank":null,"prev_score":null,"rank":3,"score":1}
              said leaderboards ScoreSubmitted {"attempts":1,"board":"weekly","epoch":0,"improved":true,"new_best":{"all":true},"owner":"ada","prev_rank":null,"prev_score":null,"rank":3,"score":1}
            leaderboards definitions "weekly" → (Definition { id: "weekly", sort: Desc, columns: [], operator: Best, bounds: Bounds { min: None, max: None }, authoritative: false, windows: Windows(1), tie: Unique, shards: 1, tz: Zone { name: "UTC", rules: [] }, reset_cron: None, keep_epochs: 10, keep_submissions: 8, top: 10, prizes: [], tournament: None }, Time(1704067200000))
            leaderboards boards "weekly" → BoardRow { sort: Desc, columns: [], operator: Best, bounds: Bounds { min: None, max: None }, authoritative: false, windows: Windows(1), tie: Unique, shards: 1, keep: 8, tournament: None, league: None, open: [0, 0, 0] }
            leaderboards epochs ("weekly", 0, 0) → EpochRow { opened: Time(1704067200000), closes: None, closed: None }
            leaderboards members ("ada", "weekly", 0) → MemberRow { standing: Some(Standing { score: 1, subscores: [], reached: Stamp { micros: 9, node: 1 }, attempts: 1, metadata: None, updated: Time(1704067200000) }), hidden: false, seat: None, base: None, kept: [Entry { at: at/0@8, stamp: Stamp { micros: 9, node: 1 }, time: Time(1704067200000), operator: Best, score: 1, subscores: [], metadata: None, rank: Some(3), voided: false }] }
            leaderboards members ("bob", "weekly", 0) → MemberRow { standing: Some(Standing { score: 2, subscores: [], reached: Stamp { micros: 3, node: 1 }, attempts: 1, metadata: None, updated: Time(1704067200000) }), hidden: false, seat: None, base: None, kept: [Entry { at: at/0@2, stamp: Stamp { micros: 3, node: 1 }, time: Time(1704067200000), operator: Best, score: 2, subscores: [], metadata: None, rank: Some(2), voided: false }] }
            leaderboards members ("eve", "weekly", 0) → MemberRow { standing: Some(Standing { score: 1, subscores: [], reached: Stamp { micros: 4, node: 1 }, attempts: 1, metadata: None, updated: Time(1704067200000) }), hidden: false, seat: None, base: None, kept: [Entry { at: at/0@3, stamp: Stamp { micros: 4, node: 1 }, time: Time(1704067200000), operator: Best, score: 1, subscores: [], metadata: None, rank: Some(3), voided: false }] }
        "#]],
    );
}

#[test]
fn owners_and_metadata_have_their_sizes() {
    let board = |owner: &str, rest: &str| {
        format!(r#"{{"type":"submit_score","board":"weekly","owner":"{owner}","score":1{rest}}}"#)
    };
    // `{"a":""}` has 8 bytes.
    let metadata = |length: usize| format!(r#","metadata":{{"a":"{}"}}"#, "x".repeat(length - 8));
    let lines = [
        r#"{"type":"define","id":"weekly"}"#.to_owned(),
        board("", ""),
        board(&"x".repeat(257), ""),
        board(&"é".repeat(128), ""),
        board("a", &metadata(METADATA_LIMIT + 1)),
        board("a", &metadata(METADATA_LIMIT)),
    ];
    let shown = check::run(SYSTEM.machines, &lines.join("\n"));
    let short = |line: &str| line.chars().take(100).collect::<String>();
    let replies: Vec<_> = shown.lines().filter_map(|line| line.strip_prefix("  → ")).map(short).collect();
    expect![[r#"
        {"authoritative":false,"bounds":{"max":null,"min":null},"columns":[],"created_at":"2024-01-01T00:00:
        422 bad_owner: an owner has 1 to 256 bytes
        422 bad_owner: an owner has 1 to 256 bytes
        {"attempts":1,"board":"weekly","epoch":0,"improved":true,"new_best":{"all":true},"owner":"éééééééééé
        422 metadata_too_large: metadata has at most 4096 bytes as compact JSON, not 4097
        {"attempts":1,"board":"weekly","epoch":0,"improved":true,"new_best":{"all":true},"owner":"a","prev_r"#]]
    .assert_eq(&replies.join("\n"));
}

#[test]
fn a_key_makes_two_requests_one() {
    check(
        r#"
                     {"type":"define","id":"sum","operator":"incr"}
        key=a        {"type":"submit_score","board":"sum","owner":"ada","score":5}
        +1h key=a    {"type":"submit_score","board":"sum","owner":"ada","score":5}
        key=a        {"type":"submit_score","board":"sum","owner":"ada","score":6}
        key=b        {"type":"submit_score","board":"none","owner":"ada","score":5}
        key=b        {"type":"submit_score","board":"none","owner":"ada","score":5}
        "#,
        &expect![[r#"
            {"type":"define","id":"sum","operator":"incr"}
              → {"authoritative":false,"bounds":{"max":null,"min":null},"columns":[],"created_at":"2024-01-01T00:00:00Z","epoch":0,"id":"sum","keep_epochs":10,"keep_submissions":8,"members":0,"open":[{"closed_at":null,"closes_at":null,"epoch":0,"hash":null,"members":0,"opened_at":"2024-01-01T00:00:00Z","window":"all"}],"operator":"incr","prizes":[],"reset_cron":null,"shards":1,"sort":"desc","tie":"unique","top":10,"tournament":null,"tz":"UTC","windows":["all"]}
              said leaderboards BoardDefined {"authoritative":false,"bounds":{"max":null,"min":null},"columns":[],"id":"sum","keep_epochs":10,"keep_submissions":8,"operator":"incr","prizes":[],"reset_cron":null,"shards":1,"sort":"desc","tie":"unique","top":10,"tournament":null,"tz":"UTC","windows":["all"]}
            key=a        {"type":"submit_score","board":"sum","owner":"ada","score":5}
              → {"attempts":1,"board":"sum","epoch":0,"improved":true,"new_best":{"all":true},"owner":"ada","prev_rank":null,"prev_score":null,"rank":1,"score":5}
              said leaderboards ScoreSubmitted {"attempts":1,"board":"sum","epoch":0,"improved":true,"new_best":{"all":true},"owner":"ada","prev_rank":null,"prev_score":null,"rank":1,"score":5}
            +1h key=a    {"type":"submit_score","board":"sum","owner":"ada","score":5}
              → {"attempts":1,"board":"sum","epoch":0,"improved":true,"new_best":{"all":true},"owner":"ada","prev_rank":null,"prev_score":null,"rank":1,"score":5} (replayed)
            key=a        {"type":"submit_score","board":"sum","owner":"ada","score":6}
              → key reused
            key=b        {"type":"submit_score","board":"none","owner":"ada","score":5}
              → 404 unknown_board: there is no board of this id
            key=b        {"type":"submit_score","board":"none","owner":"ada","score":5}
              → 404 unknown_board: there is no board of this id (replayed)
            leaderboards definitions "sum" → (Definition { id: "sum", sort: Desc, columns: [], operator: Incr, bounds: Bounds { min: None, max: None }, authoritative: false, windows: Windows(1), tie: Unique, shards: 1, tz: Zone { name: "UTC", rules: [] }, reset_cron: None, keep_epochs: 10, keep_submissions: 8, top: 10, prizes: [], tournament: None }, Time(1704067200000))
            leaderboards boards "sum" → BoardRow { sort: Desc, columns: [], operator: Incr, bounds: Bounds { min: None, max: None }, authoritative: false, windows: Windows(1), tie: Unique, shards: 1, keep: 8, tournament: None, league: None, open: [0, 0, 0] }
            leaderboards epochs ("sum", 0, 0) → EpochRow { opened: Time(1704067200000), closes: None, closed: None }
            leaderboards members ("ada", "sum", 0) → MemberRow { standing: Some(Standing { score: 5, subscores: [], reached: Stamp { micros: 2, node: 1 }, attempts: 1, metadata: None, updated: Time(1704067200000) }), hidden: false, seat: None, base: None, kept: [Entry { at: at/0@1, stamp: Stamp { micros: 2, node: 1 }, time: Time(1704067200000), operator: Incr, score: 5, subscores: [], metadata: None, rank: Some(1), voided: false }] }
        "#]],
    );
}

/// A producer that knows nothing of Millrace puts JSON on the topic.
#[test]
fn foreign_records_are_applied_refused_or_dead() {
    let mut partition = Alone::<Boards>::default().partition;
    let mut out = Output::default();
    let lines: [&[u8]; 7] = [
        br#"{"type":"define","id":"weekly","colour":"blue","authoritative":true}"#,
        br#"{"type":"submit_score","board":"weekly","owner":"eve","score":7,"lives":3}"#,
        br#"{"type":"submit_score","board":"none","owner":"eve","score":7}"#,
        br#"{"type":"submit_score","board":"weekly","owner":"","score":7}"#,
        br#"{"type":"define","id":"Bad Id"}"#,
        br#"{"type":"submit_score","board":"weekly","owner":"eve","score":"7"}"#,
        b"\x00\xff",
    ];
    for (offset, value) in (0..).zip(lines) {
        let record =
            LogRecord { offset, time: Time(5), key: b"x".to_vec(), value: value.to_vec(), headers: Vec::new() };
        assert_eq!(partition.step(&record, &mut out), Step::Applied);
    }
    let said = out.said.iter().map(|said| format!("said {} {}", said.kind, said.data));
    let dead = out.dead.iter().map(|letter| format!("dead {}", letter.reason));
    expect![[r#"
        said BoardDefined {"id":"weekly","sort":"desc","columns":[],"operator":"best","bounds":{"min":null,"max":null},"authoritative":true,"windows":["all"],"tie":"unique","shards":1,"tz":"UTC","reset_cron":null,"keep_epochs":10,"keep_submissions":8,"top":10,"prizes":[],"tournament":null}
        said ScoreSubmitted {"board":"weekly","epoch":0,"owner":"eve","rank":1,"prev_rank":null,"score":7,"prev_score":null,"improved":true,"attempts":1,"new_best":{"all":true}}
        said CommandRefused {"code":"unknown_board","detail":"there is no board of this id"}
        said CommandRefused {"code":"bad_owner","detail":"an owner has 1 to 256 bytes"}
        said CommandRefused {"code":"bad_id","detail":"the id of a board must match [a-z0-9][a-z0-9._-]{0,63}"}
        dead not a command: invalid type: string "7", expected i64
        dead a record does not start with byte 0x00"#]].assert_eq(&said.chain(dead).collect::<Vec<_>>().join("\n"));
}
