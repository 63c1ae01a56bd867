//! Dense ranks of spread boards: the shard that a score belongs to counts it once, however many shards have it.

use super::check;
use expect_test::expect;

/// Ada and Bob are on different shards and share scores; what nobody has any more is counted no more.
#[test]
fn a_score_is_counted_where_it_belongs() {
    check(
        r#"
                        {"type":"define","id":"b","shards":2,"tie":"dense","operator":"set","top":2}
        +1s             {"type":"submit_score","board":"b","owner":"ada","score":7}
                        {"type":"submit_score","board":"b","owner":"bob","score":7}
                        {"type":"submit_score","board":"b","owner":"eve","score":9}
                        {"type":"submit_score","board":"b","owner":"ada","score":8}
                        {"type":"submit_score","board":"b","owner":"eve","score":8}
                        {"type":"delete_owner","board":"b","owner":"bob"}
        "#,
        &expect![[r#"
            {"type":"define","id":"b","shards":2,"tie":"dense","operator":"set","top":2}
              → {"authoritative":false,"bounds":{"max":null,"min":null},"columns":[],"created_at":"2024-01-01T00:00:00Z","epoch":0,"id":"b","keep_epochs":10,"keep_submissions":8,"members":0,"open":[{"closed_at":null,"closes_at":null,"epoch":0,"hash":null,"members":0,"opened_at":"2024-01-01T00:00:00Z","window":"all"}],"operator":"set","prizes":[],"reset_cron":null,"shards":2,"sort":"desc","tie":"dense","top":2,"tournament":null,"tz":"UTC","windows":["all"]}
              said leaderboards BoardDefined {"authoritative":false,"bounds":{"max":null,"min":null},"columns":[],"id":"b","keep_epochs":10,"keep_submissions":8,"operator":"set","prizes":[],"reset_cron":null,"shards":2,"sort":"desc","tie":"dense","top":2,"tournament":null,"tz":"UTC","windows":["all"]}
            +1s             {"type":"submit_score","board":"b","owner":"ada","score":7}
              → null
              said leaderboards ScoreSubmitted {"attempts":1,"board":"b","epoch":0,"improved":true,"new_best":{"all":true},"owner":"ada","prev_rank":null,"prev_score":null,"rank":null,"score":7}
            {"type":"submit_score","board":"b","owner":"bob","score":7}
              → null
              said leaderboards ScoreSubmitted {"attempts":1,"board":"b","epoch":0,"improved":true,"new_best":{"all":true},"owner":"bob","prev_rank":null,"prev_score":null,"rank":null,"score":7}
            {"type":"submit_score","board":"b","owner":"eve","score":9}
              → null
              said leaderboards ScoreSubmitted {"attempts":1,"board":"b","epoch":0,"improved":true,"new_best":{"all":true},"owner":"eve","prev_rank":null,"prev_score":null,"rank":null,"score":9}
            {"type":"submit_score","board":"b","owner":"ada","score":8}
              → null
              said leaderboards ScoreSubmitted {"attempts":2,"board":"b","epoch":0,"improved":true,"new_best":{"all":true},"owner":"ada","prev_rank":null,"prev_score":7,"rank":null,"score":8}
            {"type":"submit_score","board":"b","owner":"eve","score":8}
              → null
              said leaderboards ScoreSubmitted {"attempts":2,"board":"b","epoch":0,"improved":false,"new_best":{"all":false},"owner":"eve","prev_rank":null,"prev_score":9,"rank":null,"score":8}
            {"type":"delete_owner","board":"b","owner":"bob"}
              → null
              said leaderboards OwnerDeleted {"board":"b","epoch":0,"owner":"bob","rank":null,"score":7}
            leaderboards definitions "b" → (Definition { id: "b", sort: Desc, columns: [], operator: Set, bounds: Bounds { min: None, max: None }, authoritative: false, windows: Windows(1), tie: Dense, shards: 2, tz: Zone { name: "UTC", rules: [] }, reset_cron: None, keep_epochs: 10, keep_submissions: 8, top: 2, prizes: [], tournament: None }, Time(1704067200000))
            leaderboards definitions "b#0" → (Definition { id: "b#0", sort: Desc, columns: [], operator: Set, bounds: Bounds { min: None, max: None }, authoritative: false, windows: Windows(1), tie: Dense, shards: 2, tz: Zone { name: "UTC", rules: [] }, reset_cron: None, keep_epochs: 10, keep_submissions: 8, top: 2, prizes: [], tournament: None }, Time(1704067200000))
            leaderboards definitions "b#1" → (Definition { id: "b#1", sort: Desc, columns: [], operator: Set, bounds: Bounds { min: None, max: None }, authoritative: false, windows: Windows(1), tie: Dense, shards: 2, tz: Zone { name: "UTC", rules: [] }, reset_cron: None, keep_epochs: 10, keep_submissions: 8, top: 2, prizes: [], tournament: None }, Time(1704067200000))
            leaderboards boards "b" → BoardRow { sort: Desc, columns: [], operator: Set, bounds: Bounds { min: None, max: None }, authoritative: false, windows: Windows(1), tie: Dense, shards: 2, keep: 8, tournament: None, league: None, open: [0, 0, 0] }
            leaderboards boards "b#0" → BoardRow { sort: Desc, columns: [], operator: Set, bounds: Bounds { min: None, max: None }, authoritative: false, windows: Windows(1), tie: Dense, shards: 2, keep: 8, tournament: None, league: None, open: [0, 0, 0] }
            leaderboards boards "b#1" → BoardRow { sort: Desc, columns: [], operator: Set, bounds: Bounds { min: None, max: None }, authoritative: false, windows: Windows(1), tie: Dense, shards: 2, keep: 8, tournament: None, league: None, open: [0, 0, 0] }
            leaderboards epochs ("b", 0, 0) → EpochRow { opened: Time(1704067200000), closes: None, closed: None }
            leaderboards epochs ("b#0", 0, 0) → EpochRow { opened: Time(1704067200000), closes: None, closed: None }
            leaderboards epochs ("b#1", 0, 0) → EpochRow { opened: Time(1704067200000), closes: None, closed: None }
            leaderboards members ("ada", "b#1", 0) → MemberRow { standing: Some(Standing { score: 8, subscores: [], reached: Stamp { micros: 5, node: 1 }, attempts: 2, metadata: None, updated: Time(1704067201000) }), hidden: false, seat: None, base: None, kept: [Entry { at: at/0@5.0, stamp: Stamp { micros: 2, node: 1 }, time: Time(1704067201000), operator: Set, score: 7, subscores: [], metadata: None, rank: None, voided: false }, Entry { at: at/0@15.0, stamp: Stamp { micros: 5, node: 1 }, time: Time(1704067201000), operator: Set, score: 8, subscores: [], metadata: None, rank: None, voided: false }] }
            leaderboards members ("eve", "b#0", 0) → MemberRow { standing: Some(Standing { score: 8, subscores: [], reached: Stamp { micros: 6, node: 1 }, attempts: 2, metadata: None, updated: Time(1704067201000) }), hidden: false, seat: None, base: None, kept: [Entry { at: at/0@12.0, stamp: Stamp { micros: 4, node: 1 }, time: Time(1704067201000), operator: Set, score: 9, subscores: [], metadata: None, rank: None, voided: false }, Entry { at: at/0@19.0, stamp: Stamp { micros: 6, node: 1 }, time: Time(1704067201000), operator: Set, score: 8, subscores: [], metadata: None, rank: None, voided: false }] }
            leaderboards shared ("b#1", 0, [127, 255, 255, 255, 255, 255, 255, 247, 0]) → 2
        "#]],
    );
}
