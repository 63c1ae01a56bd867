//! Scripts for definitions, columns, batches, windows and their epochs, and tournaments.

use crate::leaderboards::SYSTEM;
use crate::runtime::check;
use expect_test::expect;

/// The lines of a run that say what was answered and said, and the rows of these tables.
pub(super) fn shown(script: &str, tables: &[&str]) -> String {
    let shown = check::run(SYSTEM.machines, script);
    let keeps = |line: &&str| {
        let mut words = line.split(' ').skip_while(|word| word.is_empty());
        match (words.next(), words.next()) {
            (Some("leaderboards"), Some(table)) => tables.contains(&table),
            _ => !line.contains("said leaderboards ScoreSubmitted") && !line.contains("BoardDefined"),
        }
    };
    shown.lines().filter(keeps).map(|line| format!("{line}\n")).collect()
}

/// The replies of a run.
pub(super) fn replies(script: &str) -> String {
    let shown = check::run(SYSTEM.machines, script);
    shown.lines().filter_map(|line| line.strip_prefix("  → ")).map(|line| format!("{line}\n")).collect()
}

#[test]
fn definitions_have_their_limits() {
    let define = |rest: &str| format!("{{\"type\":\"define\",\"id\":\"b\",{rest}}}\n");
    let lines = [
        r#""windows":["daily"]"#,
        r#""windows":[]"#,
        r#""columns":["asc","asc","asc","asc","asc"]"#,
        r#""shards":0"#,
        r#""shards":65"#,
        r#""keep_epochs":10001"#,
        r#""keep_submissions":65"#,
        r#""top":101"#,
        r#""tz":"Europe/Berlin""#,
        r#""reset_cron":"0 0 * *""#,
        r#""reset_cron":"61 0 * * *""#,
        r#""prizes":[{"to_rank":2,"prize":"a"},{"to_rank":2,"prize":"b"}]"#,
        r#""prizes":[{"to_rank":0,"prize":"a"}]"#,
        r#""prizes":[{"to_rank":1001,"prize":"a"}]"#,
        r#""prizes":[{"to_rank":1,"prize":""}]"#,
        r#""tournament":{"starts_at":"2024-01-02T00:00:00Z","ends_at":"2024-01-02T00:00:00Z"}"#,
    ];
    let script: String = lines.iter().map(|line| define(line)).collect();
    expect![[r#"
        422 bad_definition: `windows` names `all`, and may name `daily` and `weekly`
        422 bad_definition: `windows` names `all`, and may name `daily` and `weekly`
        422 bad_definition: `columns` names at most 4 subscores, not 5
        422 bad_definition: `shards` is 1 to 64, not 0
        422 bad_definition: `shards` is 1 to 64, not 65
        422 bad_definition: `keep_epochs` is 0 to 10000, not 10001
        422 bad_definition: `keep_submissions` is 0 to 64, not 65
        422 bad_definition: `top` is 0 to 100, not 101
        422 bad_definition: there are no rules for the time zone `Europe/Berlin`
        422 bad_definition: a cron line has five fields, not 4
        422 bad_definition: `61` is no minute of a cron line: 0 to 59, `*`, a range `a-b`, or one with a step `a-b/n`
        422 bad_definition: `prizes` go down from the top: each `to_rank` is above the one before
        422 bad_definition: `prizes` go down from the top: each `to_rank` is above the one before
        422 bad_definition: `prizes` end at rank 1000 at the latest
        422 bad_definition: a prize has 1 to 256 bytes
        422 bad_definition: a tournament starts before it ends
    "#]]
    .assert_eq(&replies(&script));
}

#[test]
fn subscores_decide_between_equal_scores() {
    expect![[r#"
        {"type":"define","id":"b","columns":["asc","desc"]}
          → {"authoritative":false,"bounds":{"max":null,"min":null},"columns":["asc","desc"],"created_at":"2024-01-01T00:00:00Z","epoch":0,"id":"b","keep_epochs":10,"keep_submissions":8,"members":0,"open":[{"closed_at":null,"closes_at":null,"epoch":0,"hash":null,"members":0,"opened_at":"2024-01-01T00:00:00Z","window":"all"}],"operator":"best","prizes":[],"reset_cron":null,"shards":1,"sort":"desc","tie":"unique","top":10,"tournament":null,"tz":"UTC","windows":["all"]}
        {"type":"submit_score","board":"b","owner":"ada","score":5,"subscores":[3,1]}
          → {"attempts":1,"board":"b","epoch":0,"improved":true,"new_best":{"all":true},"owner":"ada","prev_rank":null,"prev_score":null,"rank":1,"score":5,"subscores":[3,1]}
        {"type":"submit_score","board":"b","owner":"bob","score":5,"subscores":[2,1]}
          → {"attempts":1,"board":"b","epoch":0,"improved":true,"new_best":{"all":true},"owner":"bob","prev_rank":null,"prev_score":null,"rank":1,"score":5,"subscores":[2,1]}
        {"type":"submit_score","board":"b","owner":"eve","score":5,"subscores":[2,9]}
          → {"attempts":1,"board":"b","epoch":0,"improved":true,"new_best":{"all":true},"owner":"eve","prev_rank":null,"prev_score":null,"rank":1,"score":5,"subscores":[2,9]}
        {"type":"submit_score","board":"b","owner":"ada","score":5,"subscores":[4,9]}
          → {"attempts":2,"board":"b","epoch":0,"improved":false,"new_best":{"all":false},"owner":"ada","prev_rank":3,"prev_score":5,"rank":3,"score":5,"subscores":[3,1]}
        {"type":"submit_score","board":"b","owner":"ada","score":5,"subscores":[2,9]}
          → {"attempts":3,"board":"b","epoch":0,"improved":true,"new_best":{"all":true},"owner":"ada","prev_rank":3,"prev_score":5,"rank":2,"score":5,"subscores":[2,9]}
        {"type":"submit_score","board":"b","owner":"ada","score":-1,"subscores":[2,-9],"operator":"incr"}
          → {"attempts":4,"board":"b","epoch":0,"improved":false,"new_best":{"all":false},"owner":"ada","prev_rank":2,"prev_score":5,"rank":3,"score":4,"subscores":[4,0]}
        {"type":"submit_score","board":"b","owner":"ada","score":1,"subscores":[0,9223372036854775807],"operator":"decr"}
          → {"attempts":5,"board":"b","epoch":0,"improved":false,"new_best":{"all":false},"owner":"ada","prev_rank":3,"prev_score":4,"rank":3,"score":3,"subscores":[4,-9223372036854775807]}
        {"type":"submit_score","board":"b","owner":"ada","score":1,"subscores":[0,-9223372036854775808],"operator":"decr"}
          → {"attempts":6,"board":"b","epoch":0,"improved":false,"new_best":{"all":false},"owner":"ada","prev_rank":3,"prev_score":3,"rank":3,"score":2,"subscores":[4,1]}
        {"type":"submit_score","board":"b","owner":"ada","score":1}
          → 422 bad_subscores: the board has 2 subscores, not 0
        {"type":"submit_score","board":"b","owner":"ada","score":1,"subscores":[1,2,3]}
          → 422 bad_subscores: the board has 2 subscores, not 3
    "#]].assert_eq(&shown(
        r#"
        {"type":"define","id":"b","columns":["asc","desc"]}
        {"type":"submit_score","board":"b","owner":"ada","score":5,"subscores":[3,1]}
        {"type":"submit_score","board":"b","owner":"bob","score":5,"subscores":[2,1]}
        {"type":"submit_score","board":"b","owner":"eve","score":5,"subscores":[2,9]}
        {"type":"submit_score","board":"b","owner":"ada","score":5,"subscores":[4,9]}
        {"type":"submit_score","board":"b","owner":"ada","score":5,"subscores":[2,9]}
        {"type":"submit_score","board":"b","owner":"ada","score":-1,"subscores":[2,-9],"operator":"incr"}
        {"type":"submit_score","board":"b","owner":"ada","score":1,"subscores":[0,9223372036854775807],"operator":"decr"}
        {"type":"submit_score","board":"b","owner":"ada","score":1,"subscores":[0,-9223372036854775808],"operator":"decr"}
        {"type":"submit_score","board":"b","owner":"ada","score":1}
        {"type":"submit_score","board":"b","owner":"ada","score":1,"subscores":[1,2,3]}
        "#,
        &["order"],
    ));
}

#[test]
fn entries_of_a_batch_count_each_for_itself() {
    expect![[r#"
        {"type":"define","id":"b","bounds":{"min":0}}
          → {"authoritative":false,"bounds":{"max":null,"min":0},"columns":[],"created_at":"2024-01-01T00:00:00Z","epoch":0,"id":"b","keep_epochs":10,"keep_submissions":8,"members":0,"open":[{"closed_at":null,"closes_at":null,"epoch":0,"hash":null,"members":0,"opened_at":"2024-01-01T00:00:00Z","window":"all"}],"operator":"best","prizes":[],"reset_cron":null,"shards":1,"sort":"desc","tie":"unique","top":10,"tournament":null,"tz":"UTC","windows":["all"]}
        key=k    {"type":"submit_scores","board":"b","entries":[{"owner":"zoe","score":5},{"owner":"ada","score":5},{"owner":"","score":5},{"owner":"bob","score":-1},{"owner":"zoe","score":7}]}
          → {"results":[{"result":{"attempts":1,"board":"b","epoch":0,"improved":true,"new_best":{"all":true},"owner":"zoe","prev_rank":null,"prev_score":null,"rank":1,"score":5},"status":200},{"result":{"attempts":1,"board":"b","epoch":0,"improved":true,"new_best":{"all":true},"owner":"ada","prev_rank":null,"prev_score":null,"rank":2,"score":5},"status":200},{"problem":{"code":"bad_owner","detail":"an owner has 1 to 256 bytes"},"status":422},{"problem":{"code":"out_of_bounds","detail":"the score would be -1, which is outside of the bounds of the board"},"status":422},{"result":{"attempts":2,"board":"b","epoch":0,"improved":true,"new_best":{"all":true},"owner":"zoe","prev_rank":1,"prev_score":5,"rank":1,"score":7},"status":200}]}
        key=k    {"type":"submit_scores","board":"b","entries":[{"owner":"zoe","score":5},{"owner":"ada","score":5},{"owner":"","score":5},{"owner":"bob","score":-1},{"owner":"zoe","score":7}]}
          → {"results":[{"result":{"attempts":1,"board":"b","epoch":0,"improved":true,"new_best":{"all":true},"owner":"zoe","prev_rank":null,"prev_score":null,"rank":1,"score":5},"status":200},{"result":{"attempts":1,"board":"b","epoch":0,"improved":true,"new_best":{"all":true},"owner":"ada","prev_rank":null,"prev_score":null,"rank":2,"score":5},"status":200},{"problem":{"code":"bad_owner","detail":"an owner has 1 to 256 bytes"},"status":422},{"problem":{"code":"out_of_bounds","detail":"the score would be -1, which is outside of the bounds of the board"},"status":422},{"result":{"attempts":2,"board":"b","epoch":0,"improved":true,"new_best":{"all":true},"owner":"zoe","prev_rank":1,"prev_score":5,"rank":1,"score":7},"status":200}]} (replayed)
        user:ada {"type":"submit_scores","board":"b","entries":[{"owner":"ada","score":6},{"owner":"bob","score":9}]}
          → {"results":[{"result":{"attempts":2,"board":"b","epoch":0,"improved":true,"new_best":{"all":true},"owner":"ada","prev_rank":2,"prev_score":5,"rank":2,"score":6},"status":200},{"problem":{"code":"not_yourself","detail":"a user may submit scores of its own only"},"status":403}]}
        {"type":"submit_scores","board":"b","entries":[]}
          → 422 bad_batch: a batch has 1 to 1000 entries, not 0
        {"type":"submit_scores","board":"none","entries":[{"owner":"ada","score":6}]}
          → 404 unknown_board: there is no board of this id
        leaderboards members ("ada", "b", 0) → MemberRow { standing: Some(Standing { score: 6, subscores: [], reached: Stamp { micros: 4, node: 1 }, attempts: 2, metadata: None, updated: Time(1704067200000) }), hidden: false, seat: None, base: None, kept: [Entry { at: at/0@1.1, stamp: Stamp { micros: 3, node: 1 }, time: Time(1704067200000), operator: Best, score: 5, subscores: [], metadata: None, rank: Some(2), voided: false }, Entry { at: at/0@3.0, stamp: Stamp { micros: 4, node: 1 }, time: Time(1704067200000), operator: Best, score: 6, subscores: [], metadata: None, rank: Some(2), voided: false }] }
        leaderboards members ("zoe", "b", 0) → MemberRow { standing: Some(Standing { score: 7, subscores: [], reached: Stamp { micros: 6, node: 1 }, attempts: 2, metadata: None, updated: Time(1704067200000) }), hidden: false, seat: None, base: None, kept: [Entry { at: at/0@1.0, stamp: Stamp { micros: 2, node: 1 }, time: Time(1704067200000), operator: Best, score: 5, subscores: [], metadata: None, rank: Some(1), voided: false }, Entry { at: at/0@1.4, stamp: Stamp { micros: 6, node: 1 }, time: Time(1704067200000), operator: Best, score: 7, subscores: [], metadata: None, rank: Some(1), voided: false }] }
    "#]].assert_eq(&shown(
        r#"
                 {"type":"define","id":"b","bounds":{"min":0}}
        key=k    {"type":"submit_scores","board":"b","entries":[{"owner":"zoe","score":5},{"owner":"ada","score":5},{"owner":"","score":5},{"owner":"bob","score":-1},{"owner":"zoe","score":7}]}
        key=k    {"type":"submit_scores","board":"b","entries":[{"owner":"zoe","score":5},{"owner":"ada","score":5},{"owner":"","score":5},{"owner":"bob","score":-1},{"owner":"zoe","score":7}]}
        user:ada {"type":"submit_scores","board":"b","entries":[{"owner":"ada","score":6},{"owner":"bob","score":9}]}
                 {"type":"submit_scores","board":"b","entries":[]}
                 {"type":"submit_scores","board":"none","entries":[{"owner":"ada","score":6}]}
        "#,
        &["members", "order"],
    ));
}

/// Each window has epochs of its own; an end that comes by itself comes once for each, however long nobody asked.
#[test]
fn epochs_end_once_at_their_boundaries() {
    expect![[r#"
        {"type":"define","id":"b","windows":["all","daily","weekly"],"reset_cron":"30 12 3 * *","top":1,"keep_epochs":2,"prizes":[{"to_rank":1,"prize":"gold"},{"to_rank":2,"prize":"silver"}]}
          → {"authoritative":false,"bounds":{"max":null,"min":null},"columns":[],"created_at":"2024-01-01T00:00:00Z","epoch":0,"id":"b","keep_epochs":2,"keep_submissions":8,"members":0,"open":[{"closed_at":null,"closes_at":"2024-01-03T12:30:00Z","epoch":0,"hash":null,"members":0,"opened_at":"2024-01-01T00:00:00Z","window":"all"},{"closed_at":null,"closes_at":"2024-01-02T00:00:00Z","epoch":0,"hash":null,"members":0,"opened_at":"2024-01-01T00:00:00Z","window":"daily"},{"closed_at":null,"closes_at":"2024-01-08T00:00:00Z","epoch":0,"hash":null,"members":0,"opened_at":"2024-01-01T00:00:00Z","window":"weekly"}],"operator":"best","prizes":[{"prize":"gold","to_rank":1},{"prize":"silver","to_rank":2}],"reset_cron":"30 12 3 * *","shards":1,"sort":"desc","tie":"unique","top":1,"tournament":null,"tz":"UTC","windows":["all","daily","weekly"]}
        +1h   {"type":"submit_score","board":"b","owner":"ada","score":5}
          → {"attempts":1,"board":"b","epoch":0,"improved":true,"new_best":{"all":true,"daily":true,"weekly":true},"owner":"ada","prev_rank":null,"prev_score":null,"rank":1,"score":5,"windows":{"daily":{"epoch":0,"prev_rank":null,"prev_score":null,"rank":1,"score":5},"weekly":{"epoch":0,"prev_rank":null,"prev_score":null,"rank":1,"score":5}}}
        {"type":"submit_score","board":"b","owner":"bob","score":7}
          → {"attempts":1,"board":"b","epoch":0,"improved":true,"new_best":{"all":true,"daily":true,"weekly":true},"owner":"bob","prev_rank":null,"prev_score":null,"rank":1,"score":7,"windows":{"daily":{"epoch":0,"prev_rank":null,"prev_score":null,"rank":1,"score":7},"weekly":{"epoch":0,"prev_rank":null,"prev_score":null,"rank":1,"score":7}}}
        +23h  {"type":"submit_score","board":"b","owner":"ada","score":4}
          → {"attempts":2,"board":"b","epoch":0,"improved":false,"new_best":{"all":false,"daily":true,"weekly":false},"owner":"ada","prev_rank":2,"prev_score":5,"rank":2,"score":5,"windows":{"daily":{"epoch":1,"prev_rank":null,"prev_score":null,"rank":1,"score":4},"weekly":{"epoch":0,"prev_rank":2,"prev_score":5,"rank":2,"score":5}}}
          said leaderboards EpochClosed {"board":"b","closed_at":"2024-01-02T00:00:00Z","epoch":0,"hash":"bd873896c5cac38a1d6f543371c9e324","members":2,"opened_at":"2024-01-01T00:00:00Z","prizes":[],"top":[{"owner":"bob","rank":1,"score":7}],"window":"daily"}
        +96h  {"type":"submit_score","board":"b","owner":"ada","score":1}
          → {"attempts":1,"board":"b","epoch":1,"improved":true,"new_best":{"all":true,"daily":true,"weekly":false},"owner":"ada","prev_rank":null,"prev_score":null,"rank":1,"score":1,"windows":{"daily":{"epoch":5,"prev_rank":null,"prev_score":null,"rank":1,"score":1},"weekly":{"epoch":0,"prev_rank":2,"prev_score":5,"rank":2,"score":5}}}
          said leaderboards EpochClosed {"board":"b","closed_at":"2024-01-03T00:00:00Z","epoch":1,"hash":"f6e59f0a8361fa73595a4bd85e547150","members":1,"opened_at":"2024-01-02T00:00:00Z","prizes":[],"top":[{"owner":"ada","rank":1,"score":4}],"window":"daily"}
          said leaderboards EpochClosed {"board":"b","closed_at":"2024-01-03T12:30:00Z","epoch":0,"hash":"bd873896c5cac38a1d6f543371c9e324","members":2,"opened_at":"2024-01-01T00:00:00Z","prizes":[{"owner":"bob","prize":"gold","rank":1},{"owner":"ada","prize":"silver","rank":2}],"top":[{"owner":"bob","rank":1,"score":7}],"window":"all"}
          said leaderboards EpochClosed {"board":"b","closed_at":"2024-01-04T00:00:00Z","epoch":2,"hash":"00000000000000000000000000000000","members":0,"opened_at":"2024-01-03T00:00:00Z","prizes":[],"top":[],"window":"daily"}
          said leaderboards EpochClosed {"board":"b","closed_at":"2024-01-05T00:00:00Z","epoch":3,"hash":"00000000000000000000000000000000","members":0,"opened_at":"2024-01-04T00:00:00Z","prizes":[],"top":[],"window":"daily"}
          said leaderboards EpochClosed {"board":"b","closed_at":"2024-01-06T00:00:00Z","epoch":4,"hash":"00000000000000000000000000000000","members":0,"opened_at":"2024-01-05T00:00:00Z","prizes":[],"top":[],"window":"daily"}
        +72h
          said leaderboards EpochClosed {"board":"b","closed_at":"2024-01-07T00:00:00Z","epoch":5,"hash":"4a5017c25f25ead60b7ecd251eee1994","members":1,"opened_at":"2024-01-06T00:00:00Z","prizes":[],"top":[{"owner":"ada","rank":1,"score":1}],"window":"daily"}
          said leaderboards EpochClosed {"board":"b","closed_at":"2024-01-08T00:00:00Z","epoch":6,"hash":"00000000000000000000000000000000","members":0,"opened_at":"2024-01-07T00:00:00Z","prizes":[],"top":[],"window":"daily"}
          said leaderboards EpochClosed {"board":"b","closed_at":"2024-01-08T00:00:00Z","epoch":0,"hash":"bd873896c5cac38a1d6f543371c9e324","members":2,"opened_at":"2024-01-01T00:00:00Z","prizes":[],"top":[{"owner":"bob","rank":1,"score":7}],"window":"weekly"}
          said leaderboards EpochClosed {"board":"b","closed_at":"2024-01-09T00:00:00Z","epoch":7,"hash":"00000000000000000000000000000000","members":0,"opened_at":"2024-01-08T00:00:00Z","prizes":[],"top":[],"window":"daily"}
        leaderboards timers (Time(1704844800000), [0, 1, 98, 1]) → ()
        leaderboards timers (Time(1705276800000), [0, 1, 98, 2]) → ()
        leaderboards timers (Time(1706963400000), [0, 1, 98, 0]) → ()
        leaderboards boards "b" → BoardRow { sort: Desc, columns: [], operator: Best, bounds: Bounds { min: None, max: None }, authoritative: false, windows: Windows(7), tie: Unique, shards: 1, keep: 8, tournament: None, league: None, open: [1, 8, 1] }
        leaderboards epochs ("b", 0, 0) → EpochRow { opened: Time(1704067200000), closes: Some(Time(1704285000000)), closed: Some(Closed { at: Time(1704285000000), members: 2, hash: 251926199039627156701468513389345628964 }) }
        leaderboards epochs ("b", 0, 1) → EpochRow { opened: Time(1704285000000), closes: Some(Time(1706963400000)), closed: None }
        leaderboards epochs ("b", 1, 6) → EpochRow { opened: Time(1704585600000), closes: Some(Time(1704672000000)), closed: Some(Closed { at: Time(1704672000000), members: 0, hash: 0 }) }
        leaderboards epochs ("b", 1, 7) → EpochRow { opened: Time(1704672000000), closes: Some(Time(1704758400000)), closed: Some(Closed { at: Time(1704758400000), members: 0, hash: 0 }) }
        leaderboards epochs ("b", 1, 8) → EpochRow { opened: Time(1704758400000), closes: Some(Time(1704844800000)), closed: None }
        leaderboards epochs ("b", 2, 0) → EpochRow { opened: Time(1704067200000), closes: Some(Time(1704672000000)), closed: Some(Closed { at: Time(1704672000000), members: 2, hash: 251926199039627156701468513389345628964 }) }
        leaderboards epochs ("b", 2, 1) → EpochRow { opened: Time(1704672000000), closes: Some(Time(1705276800000)), closed: None }
        leaderboards members ("ada", "b", 0) → MemberRow { standing: Some(Standing { score: 5, subscores: [], reached: Stamp { micros: 2, node: 1 }, attempts: 2, metadata: None, updated: Time(1704153600000) }), hidden: false, seat: None, base: None, kept: [Entry { at: at/0@1, stamp: Stamp { micros: 2, node: 1 }, time: Time(1704070800000), operator: Best, score: 5, subscores: [], metadata: None, rank: Some(1), voided: false }, Entry { at: at/0@3, stamp: Stamp { micros: 4, node: 1 }, time: Time(1704153600000), operator: Best, score: 4, subscores: [], metadata: None, rank: Some(2), voided: false }] }
        leaderboards members ("ada", "b", 2) → MemberRow { standing: Some(Standing { score: 5, subscores: [], reached: Stamp { micros: 2, node: 1 }, attempts: 3, metadata: None, updated: Time(1704499200000) }), hidden: false, seat: None, base: None, kept: [Entry { at: at/0@1, stamp: Stamp { micros: 2, node: 1 }, time: Time(1704070800000), operator: Best, score: 5, subscores: [], metadata: None, rank: Some(1), voided: false }, Entry { at: at/0@3, stamp: Stamp { micros: 4, node: 1 }, time: Time(1704153600000), operator: Best, score: 4, subscores: [], metadata: None, rank: Some(2), voided: false }, Entry { at: at/0@4, stamp: Stamp { micros: 5, node: 1 }, time: Time(1704499200000), operator: Best, score: 1, subscores: [], metadata: None, rank: Some(2), voided: false }] }
        leaderboards members ("ada", "b", 4) → MemberRow { standing: Some(Standing { score: 1, subscores: [], reached: Stamp { micros: 5, node: 1 }, attempts: 1, metadata: None, updated: Time(1704499200000) }), hidden: false, seat: None, base: None, kept: [Entry { at: at/0@4, stamp: Stamp { micros: 5, node: 1 }, time: Time(1704499200000), operator: Best, score: 1, subscores: [], metadata: None, rank: Some(1), voided: false }] }
        leaderboards members ("bob", "b", 0) → MemberRow { standing: Some(Standing { score: 7, subscores: [], reached: Stamp { micros: 3, node: 1 }, attempts: 1, metadata: None, updated: Time(1704070800000) }), hidden: false, seat: None, base: None, kept: [Entry { at: at/0@2, stamp: Stamp { micros: 3, node: 1 }, time: Time(1704070800000), operator: Best, score: 7, subscores: [], metadata: None, rank: Some(1), voided: false }] }
        leaderboards members ("bob", "b", 2) → MemberRow { standing: Some(Standing { score: 7, subscores: [], reached: Stamp { micros: 3, node: 1 }, attempts: 1, metadata: None, updated: Time(1704070800000) }), hidden: false, seat: None, base: None, kept: [Entry { at: at/0@2, stamp: Stamp { micros: 3, node: 1 }, time: Time(1704070800000), operator: Best, score: 7, subscores: [], metadata: None, rank: Some(1), voided: false }] }
    "#]].assert_eq(&shown(
        r#"
              {"type":"define","id":"b","windows":["all","daily","weekly"],"reset_cron":"30 12 3 * *","top":1,"keep_epochs":2,"prizes":[{"to_rank":1,"prize":"gold"},{"to_rank":2,"prize":"silver"}]}
        +1h   {"type":"submit_score","board":"b","owner":"ada","score":5}
              {"type":"submit_score","board":"b","owner":"bob","score":7}
        +23h  {"type":"submit_score","board":"b","owner":"ada","score":4}
        # Nobody asks for days: every day ends with its own event.
        +96h  {"type":"submit_score","board":"b","owner":"ada","score":1}
        +72h
        "#,
        &["boards", "epochs", "members", "order", "timers"],
    ));
}

#[test]
fn an_epoch_ends_by_hand() {
    expect![[r#"
        {"type":"define","id":"b","keep_epochs":1}
          → {"authoritative":false,"bounds":{"max":null,"min":null},"columns":[],"created_at":"2024-01-01T00:00:00Z","epoch":0,"id":"b","keep_epochs":1,"keep_submissions":8,"members":0,"open":[{"closed_at":null,"closes_at":null,"epoch":0,"hash":null,"members":0,"opened_at":"2024-01-01T00:00:00Z","window":"all"}],"operator":"best","prizes":[],"reset_cron":null,"shards":1,"sort":"desc","tie":"unique","top":10,"tournament":null,"tz":"UTC","windows":["all"]}
        {"type":"submit_score","board":"b","owner":"ada","score":5}
          → {"attempts":1,"board":"b","epoch":0,"improved":true,"new_best":{"all":true},"owner":"ada","prev_rank":null,"prev_score":null,"rank":1,"score":5}
        user:ada {"type":"close_epoch","board":"b"}
          → 403 role_required: this needs the role `server` or `operator`
        {"type":"close_epoch","board":"b","window":"daily"}
          → 404 unknown_window: the board has no window `daily`
        {"type":"close_epoch","board":"none"}
          → 404 unknown_board: there is no board of this id
        +1s      {"type":"close_epoch","board":"b"}
          → {"board":"b","closed_at":"2024-01-01T00:00:01Z","epoch":0,"hash":"0a60e6af3ff5596be2134086145e903a","members":1,"opened_at":"2024-01-01T00:00:00Z","prizes":[],"top":[{"owner":"ada","rank":1,"score":5}],"window":"all"}
          said leaderboards EpochClosed {"board":"b","closed_at":"2024-01-01T00:00:01Z","epoch":0,"hash":"0a60e6af3ff5596be2134086145e903a","members":1,"opened_at":"2024-01-01T00:00:00Z","prizes":[],"top":[{"owner":"ada","rank":1,"score":5}],"window":"all"}
        +1s      {"type":"submit_score","board":"b","owner":"ada","score":4}
          → {"attempts":1,"board":"b","epoch":1,"improved":true,"new_best":{"all":true},"owner":"ada","prev_rank":null,"prev_score":null,"rank":1,"score":4}
        {"type":"close_epoch","board":"b"}
          → {"board":"b","closed_at":"2024-01-01T00:00:02Z","epoch":1,"hash":"1092a4824a5cee856578129c1e4bad3a","members":1,"opened_at":"2024-01-01T00:00:01Z","prizes":[],"top":[{"owner":"ada","rank":1,"score":4}],"window":"all"}
          said leaderboards EpochClosed {"board":"b","closed_at":"2024-01-01T00:00:02Z","epoch":1,"hash":"1092a4824a5cee856578129c1e4bad3a","members":1,"opened_at":"2024-01-01T00:00:01Z","prizes":[],"top":[{"owner":"ada","rank":1,"score":4}],"window":"all"}
        +1s      {"type":"submit_score","board":"b","owner":"eve","score":4}
          → {"attempts":1,"board":"b","epoch":2,"improved":true,"new_best":{"all":true},"owner":"eve","prev_rank":null,"prev_score":null,"rank":1,"score":4}
        leaderboards epochs ("b", 0, 1) → EpochRow { opened: Time(1704067201000), closes: None, closed: Some(Closed { at: Time(1704067202000), members: 1, hash: 22029059911755102814675360143882562874 }) }
        leaderboards epochs ("b", 0, 2) → EpochRow { opened: Time(1704067202000), closes: None, closed: None }
        leaderboards members ("ada", "b", 4) → MemberRow { standing: Some(Standing { score: 4, subscores: [], reached: Stamp { micros: 7, node: 1 }, attempts: 1, metadata: None, updated: Time(1704067202000) }), hidden: false, seat: None, base: None, kept: [Entry { at: at/0@6, stamp: Stamp { micros: 7, node: 1 }, time: Time(1704067202000), operator: Best, score: 4, subscores: [], metadata: None, rank: Some(1), voided: false }] }
        leaderboards members ("eve", "b", 8) → MemberRow { standing: Some(Standing { score: 4, subscores: [], reached: Stamp { micros: 9, node: 1 }, attempts: 1, metadata: None, updated: Time(1704067203000) }), hidden: false, seat: None, base: None, kept: [Entry { at: at/0@9, stamp: Stamp { micros: 9, node: 1 }, time: Time(1704067203000), operator: Best, score: 4, subscores: [], metadata: None, rank: Some(1), voided: false }] }
    "#]].assert_eq(&shown(
        r#"
                 {"type":"define","id":"b","keep_epochs":1}
                 {"type":"submit_score","board":"b","owner":"ada","score":5}
        user:ada {"type":"close_epoch","board":"b"}
                 {"type":"close_epoch","board":"b","window":"daily"}
                 {"type":"close_epoch","board":"none"}
        +1s      {"type":"close_epoch","board":"b"}
        +1s      {"type":"submit_score","board":"b","owner":"ada","score":4}
                 {"type":"close_epoch","board":"b"}
        +1s      {"type":"submit_score","board":"b","owner":"eve","score":4}
        "#,
        &["epochs", "members", "order", "owned"],
    ));
}

#[test]
fn a_tournament_has_its_time_and_its_numbers() {
    expect![[r#"
        {"authoritative":false,"bounds":{"max":null,"min":null},"columns":[],"created_at":"2024-01-01T00:00:00Z","epoch":0,"id":"b","keep_epochs":10,"keep_submissions":8,"members":0,"open":[{"closed_at":null,"closes_at":null,"epoch":0,"hash":null,"members":0,"opened_at":"2024-01-01T00:00:00Z","window":"all"}],"operator":"set","prizes":[],"reset_cron":null,"shards":1,"sort":"desc","tie":"unique","top":10,"tournament":{"ends_at":"2024-01-01T02:00:00Z","join_required":false,"max_attempts":2,"max_size":2,"starts_at":"2024-01-01T01:00:00Z"},"tz":"UTC","windows":["all"]}
        409 not_started: the tournament has not started yet
        {"attempts":1,"board":"b","epoch":0,"improved":true,"new_best":{"all":true},"owner":"ada","prev_rank":null,"prev_score":null,"rank":1,"score":5}
        {"attempts":1,"board":"b","epoch":0,"improved":true,"new_best":{"all":true},"owner":"bob","prev_rank":null,"prev_score":null,"rank":2,"score":5}
        409 full: the tournament is full: it has 2 members
        {"attempts":2,"board":"b","epoch":0,"improved":true,"new_best":{"all":true},"owner":"ada","prev_rank":1,"prev_score":5,"rank":1,"score":6}
        409 attempts_used: all 2 attempts of this epoch are used
        {"board":"b","epoch":0,"owner":"bob","rank":2,"score":5}
        {"attempts":1,"board":"b","epoch":0,"improved":true,"new_best":{"all":true},"owner":"eve","prev_rank":null,"prev_score":null,"rank":2,"score":5}
        {"board":"b","closed_at":"2024-01-01T01:00:00Z","epoch":0,"hash":"c07b96b7f7dfe7ed0e09fb6e3e212d7b","members":2,"opened_at":"2024-01-01T00:00:00Z","prizes":[],"top":[{"owner":"ada","rank":1,"score":6},{"owner":"eve","rank":2,"score":5}],"window":"all"}
        {"attempts":1,"board":"b","epoch":1,"improved":true,"new_best":{"all":true},"owner":"bob","prev_rank":null,"prev_score":null,"rank":1,"score":5}
        409 ended: the tournament has ended
    "#]].assert_eq(&replies(
        r#"
             {"type":"define","id":"b","operator":"set","tournament":{"starts_at":"2024-01-01T01:00:00Z","ends_at":"2024-01-01T02:00:00Z","max_size":2,"max_attempts":2}}
             {"type":"submit_score","board":"b","owner":"ada","score":5}
        +1h  {"type":"submit_score","board":"b","owner":"ada","score":5}
             {"type":"submit_score","board":"b","owner":"bob","score":5}
             {"type":"submit_score","board":"b","owner":"eve","score":5}
             {"type":"submit_score","board":"b","owner":"ada","score":6}
             {"type":"submit_score","board":"b","owner":"ada","score":7}
             {"type":"delete_owner","board":"b","owner":"bob"}
             {"type":"submit_score","board":"b","owner":"eve","score":5}
             {"type":"close_epoch","board":"b"}
             {"type":"submit_score","board":"b","owner":"bob","score":5}
        +1h  {"type":"submit_score","board":"b","owner":"ada","score":5}
        "#,
    ));
}
