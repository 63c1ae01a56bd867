//! Scripts for leagues: who is put into which bucket, and who goes up or down when an epoch has ended.

use super::epochs::replies;
use crate::leaderboards::SYSTEM;
use crate::runtime::check;
use expect_test::{Expect, expect};
use serde_json::Value;

/// A league of three tiers in which one of three goes up and one goes down.
const ARENA: &str = r#"{"type":"define_league","id":"b","operator":"set","league":{"bucket_size":3,"tiers":["bronze","silver","gold"],"promote":1,"relegate":1}}"#;

/// What a run shows of a league: where each submission puts its owner, who goes up or down, what is refused, and the
/// rows at the end.
fn league(script: &str) -> String {
    let shown = check::run(SYSTEM.machines, script);
    shown.lines().filter_map(line).map(|line| format!("{line}\n")).collect()
}

fn line(line: &str) -> Option<String> {
    if let Some(data) = line.strip_prefix("  said leaderboards TierChanged ") {
        let said: Value = serde_json::from_str(data).unwrap();
        let [owner, from, to, epoch, rank] =
            ["owner", "from", "to", "epoch", "rank"].map(|name| said[name].to_string());
        return Some(format!("  {owner} {from} to {to} for rank {rank} of epoch {epoch}"));
    }
    let Some(reply) = line.strip_prefix("  → ") else {
        let row = ["leaderboards tiers", "leaderboards buckets", "leaderboards epochs"];
        return row.iter().any(|table| line.starts_with(table)).then(|| line.to_owned());
    };
    let Ok(reply) = serde_json::from_str::<Value>(reply) else { return Some(reply.to_owned()) };
    if let Some(hash) = reply.get("hash") {
        return Some(format!("epoch {} ends with {} members, {hash}", reply["epoch"], reply["members"]));
    }
    let league = reply.get("league").filter(|league| league.get("tier").is_some())?;
    let [owner, prev, rank] = ["owner", "prev_rank", "rank"].map(|name| reply[name].to_string());
    let windows =
        reply.get("windows").map_or_else(String::new, |windows| format!(", daily {}", windows["daily"]["rank"]));
    Some(format!("{owner} {prev} → {rank} in {} {}{windows}", league["tier"], league["bucket"]))
}

fn check_league(script: &str, expected: &Expect) {
    expected.assert_eq(&league(&format!("{ARENA}\n{script}")));
}

fn submit(owner: &str, score: i64) -> String {
    format!("{{\"type\":\"submit_score\",\"board\":\"b\",\"owner\":\"{owner}\",\"score\":{score}}}\n")
}

fn scores(scores: &[(&str, i64)]) -> String {
    scores.iter().map(|(owner, score)| submit(owner, *score)).collect()
}

const CLOSE: &str = "+1h {\"type\":\"close_epoch\",\"board\":\"b\"}\n";

#[test]
fn leagues_have_their_limits() {
    let define = |rest: &str, league: &str| {
        format!("{{\"type\":\"define_league\",\"id\":\"b\"{rest},\"league\":{{{league}}}}}\n")
    };
    let (plain, names) = (r#""bucket_size":5,"tiers":["a"]"#, |count: usize| {
        let names: Vec<String> = (0..count).map(|n| format!("\"t{n}\"")).collect();
        format!(r#""bucket_size":5,"tiers":[{}]"#, names.join(","))
    });
    let script: String = [
        define("", r#""bucket_size":1,"tiers":["a"]"#),
        define("", r#""bucket_size":201,"tiers":["a"]"#),
        define("", &names(0)),
        define("", &names(33)),
        define("", r#""bucket_size":5,"tiers":["a",""]"#),
        define("", &format!(r#""bucket_size":5,"tiers":["{}"]"#, "a".repeat(65))),
        define("", r#""bucket_size":5,"tiers":["a","b","a"]"#),
        define("", &format!(r#"{plain},"promote":3,"relegate":3"#)),
        define("", &format!(r#"{plain},"promote":4294967295,"relegate":4294967295"#)),
        define(r#","shards":2"#, plain),
        define(r#","tie":"dense""#, plain),
        define(r#","top":1"#, plain),
        define(r#","prizes":[{"to_rank":1,"prize":"gold"}]"#, plain),
        define(r#","windows":["daily"]"#, plain),
    ]
    .concat();
    expect![[r#"
        422 bad_definition: a league has a `bucket_size` of 2 to 200, not 1
        422 bad_definition: a league has a `bucket_size` of 2 to 200, not 201
        422 bad_definition: a league has 1 to 32 `tiers`, not 0
        422 bad_definition: a league has 1 to 32 `tiers`, not 33
        422 bad_definition: a league has `tiers` with names of 1 to 64 bytes
        422 bad_definition: a league has `tiers` with names of 1 to 64 bytes
        422 bad_definition: a league has `tiers` with different names
        422 bad_definition: a league does not `promote` and `relegate` more members than `bucket_size`
        422 bad_definition: a league does not `promote` and `relegate` more members than `bucket_size`
        422 bad_definition: a league has one shard: `shards` is 1
        422 bad_definition: a league does not count distinct scores: `tie` is not `dense`
        422 bad_definition: a league has an order for each bucket, and the event of a closed epoch names nobody: `top` is 0
        422 bad_definition: a league has an order for each bucket, and no `prizes`
        422 bad_definition: `windows` names `all`, and may name `daily` and `weekly`
    "#]].assert_eq(&replies(&script));
    let largest = define("", &format!(r#"{},"promote":2,"relegate":3"#, names(32)));
    assert!(!replies(&largest).contains("422"));
}

#[test]
fn a_league_is_defined_once() {
    let script = r#"
             {"type":"define_league","id":"b","league":{"bucket_size":2,"tiers":["a"]}}
        +1s  {"type":"define_league","id":"b","top":0,"league":{"bucket_size":2,"tiers":["a"],"promote":0}}
             {"type":"define_league","id":"b","league":{"bucket_size":3,"tiers":["a"]}}
             {"type":"define","id":"b","top":0}
    user:ada {"type":"define_league","id":"c","league":{"bucket_size":2,"tiers":["a"]}}
             {"type":"define","id":"p","top":0}
             {"type":"define_league","id":"p","league":{"bucket_size":2,"tiers":["a"]}}
    "#;
    expect![[r#"
        {"authoritative":false,"bounds":{"max":null,"min":null},"columns":[],"created_at":"2024-01-01T00:00:00Z","epoch":0,"id":"b","keep_epochs":10,"keep_submissions":8,"league":{"bucket_size":2,"promote":0,"relegate":0,"tiers":["a"]},"members":0,"open":[{"closed_at":null,"closes_at":null,"epoch":0,"hash":null,"members":0,"opened_at":"2024-01-01T00:00:00Z","window":"all"}],"operator":"best","prizes":[],"reset_cron":null,"shards":1,"sort":"desc","tie":"unique","top":0,"tournament":null,"tz":"UTC","windows":["all"]}
        {"authoritative":false,"bounds":{"max":null,"min":null},"columns":[],"created_at":"2024-01-01T00:00:00Z","epoch":0,"id":"b","keep_epochs":10,"keep_submissions":8,"league":{"bucket_size":2,"promote":0,"relegate":0,"tiers":["a"]},"members":0,"open":[{"closed_at":null,"closes_at":null,"epoch":0,"hash":null,"members":0,"opened_at":"2024-01-01T00:00:00Z","window":"all"}],"operator":"best","prizes":[],"reset_cron":null,"shards":1,"sort":"desc","tie":"unique","top":0,"tournament":null,"tz":"UTC","windows":["all"]}
        409 board_exists: there is a board of this id with another definition
        409 board_exists: there is a board of this id with another definition
        403 role_required: this needs the role `server` or `operator`
        {"authoritative":false,"bounds":{"max":null,"min":null},"columns":[],"created_at":"2024-01-01T00:00:01Z","epoch":0,"id":"p","keep_epochs":10,"keep_submissions":8,"members":0,"open":[{"closed_at":null,"closes_at":null,"epoch":0,"hash":null,"members":0,"opened_at":"2024-01-01T00:00:01Z","window":"all"}],"operator":"best","prizes":[],"reset_cron":null,"shards":1,"sort":"desc","tie":"unique","top":0,"tournament":null,"tz":"UTC","windows":["all"]}
        409 board_exists: there is a board of this id with another definition
    "#]].assert_eq(&replies(script));
}

/// The fourth finds the bucket full. Who comes again stays. Another window ranks all. A batch does the same.
#[test]
fn a_full_bucket_closes_and_the_next_opens() {
    let script = r#"
    {"type":"define_league","id":"b","windows":["all","daily"],"league":{"bucket_size":3,"tiers":["bronze"]}}
    {"type":"submit_score","board":"b","owner":"ada","score":5}
    {"type":"submit_score","board":"b","owner":"bob","score":6}
    {"type":"submit_score","board":"b","owner":"eve","score":5}
    {"type":"submit_score","board":"b","owner":"kim","score":4}
    {"type":"submit_score","board":"b","owner":"eve","score":7}
    {"type":"submit_score","board":"b","owner":"zoe","score":9}
    {"type":"submit_score","board":"b","owner":"ada","score":1}
    "#;
    expect![[r#"
        "ada" null → 1 in "bronze" 0, daily 1
        "bob" null → 1 in "bronze" 0, daily 1
        "eve" null → 3 in "bronze" 0, daily 3
        "kim" null → 1 in "bronze" 1, daily 4
        "eve" 3 → 1 in "bronze" 0, daily 1
        "zoe" null → 1 in "bronze" 1, daily 1
        "ada" 3 → 3 in "bronze" 0, daily 4
        leaderboards epochs ("b", 0, 0) → EpochRow { opened: Time(1704067200000), closes: None, closed: None }
        leaderboards epochs ("b", 1, 0) → EpochRow { opened: Time(1704067200000), closes: Some(Time(1704153600000)), closed: None }
        leaderboards tiers ("ada", "b") → TierRow { tier: 0, epoch: 0 }
        leaderboards tiers ("bob", "b") → TierRow { tier: 0, epoch: 0 }
        leaderboards tiers ("eve", "b") → TierRow { tier: 0, epoch: 0 }
        leaderboards tiers ("kim", "b") → TierRow { tier: 0, epoch: 0 }
        leaderboards tiers ("zoe", "b") → TierRow { tier: 0, epoch: 0 }
        leaderboards buckets ("b", 0) → BucketsRow { opened: 2, settled: 0, latest: [Some(Latest { bucket: 1, members: 2 })] }
    "#]].assert_eq(&league(script));
    let script = format!(
        "{ARENA}\n{}",
        r#"{"type":"submit_scores","board":"b","entries":[{"owner":"a","score":1},{"owner":"b","score":2},{"owner":"c","score":3},{"owner":"d","score":4},{"owner":"","score":4},{"owner":"e","score":5},{"owner":"d","score":6}]}"#
    );
    let shown = check::run(SYSTEM.machines, &script);
    let said = shown.lines().filter_map(|line| line.strip_prefix("  said leaderboards ScoreSubmitted "));
    let said = said.map(|said| serde_json::from_str::<Value>(said).unwrap());
    let said: Vec<String> =
        said.map(|said| format!("{} {} {}", said["owner"], said["league"]["bucket"], said["rank"])).collect();
    assert_eq!(said, [r#""a" 0 1"#, r#""b" 0 1"#, r#""c" 0 1"#, r#""d" 1 1"#, r#""e" 1 1"#, r#""d" 1 1"#]);
}

/// The first goes up and the last goes down, as far as there are tiers; who does not play stays where it is.
#[test]
fn the_first_go_up_and_the_last_go_down() {
    let script = [
        &scores(&[("ada", 3), ("bob", 2), ("eve", 1)]),
        CLOSE,
        "+1s ",
        // Ada plays in silver with those who come from nowhere in bronze; bob does not play.
        &scores(&[("ada", 5), ("eve", 9), ("kim", 8), ("zoe", 7)]),
        CLOSE,
        // Ada was alone and goes up, zoe cannot go down.
        "+1s\n",
        &scores(&[("ada", 5), ("eve", 4), ("kim", 3), ("bob", 6), ("zoe", 1)]),
        CLOSE,
        // Ada is in the last tier.
        "+1s\n",
        &scores(&[("ada", 5), ("eve", 4), ("bob", 3)]),
        // Of two in gold the second goes down.
        CLOSE,
        "+1s\n",
    ]
    .map(str::to_owned)
    .concat();
    check_league(
        &script,
        &expect![[r#"
        "ada" null → 1 in "bronze" 0
        "bob" null → 2 in "bronze" 0
        "eve" null → 3 in "bronze" 0
        epoch 0 ends with 3 members, "126ba8324efe258cadecb1a08e2692e0"
        "ada" null → 1 in "silver" 0
          "ada" "bronze" to "silver" for rank 1 of epoch 0
        "eve" null → 1 in "bronze" 1
        "kim" null → 2 in "bronze" 1
        "zoe" null → 3 in "bronze" 1
        epoch 1 ends with 4 members, "b4133e5edfb322ce5ecf06cc39843e27"
          "ada" "silver" to "gold" for rank 1 of epoch 1
          "eve" "bronze" to "silver" for rank 1 of epoch 1
        "ada" null → 1 in "gold" 0
        "eve" null → 1 in "silver" 1
        "kim" null → 1 in "bronze" 2
        "bob" null → 1 in "bronze" 2
        "zoe" null → 3 in "bronze" 2
        epoch 2 ends with 5 members, "37a6d73fa707acce92931a918aa02daa"
          "eve" "silver" to "gold" for rank 1 of epoch 2
          "bob" "bronze" to "silver" for rank 1 of epoch 2
        "ada" null → 1 in "gold" 0
        "eve" null → 2 in "gold" 0
        "bob" null → 1 in "silver" 1
        leaderboards epochs ("b", 0, 0) → EpochRow { opened: Time(1704067200000), closes: None, closed: Some(Closed { at: Time(1704070800000), members: 3, hash: 24485091118660326709253047841007768288 }) }
        leaderboards epochs ("b", 0, 1) → EpochRow { opened: Time(1704070800000), closes: None, closed: Some(Closed { at: Time(1704074401000), members: 4, hash: 239360957907671440871233721137384144423 }) }
        leaderboards epochs ("b", 0, 2) → EpochRow { opened: Time(1704074401000), closes: None, closed: Some(Closed { at: Time(1704078002000), members: 5, hash: 73973826807819453082367944166282898858 }) }
        leaderboards epochs ("b", 0, 3) → EpochRow { opened: Time(1704078002000), closes: None, closed: None }
        leaderboards tiers ("ada", "b") → TierRow { tier: 2, epoch: 3 }
        leaderboards tiers ("bob", "b") → TierRow { tier: 1, epoch: 3 }
        leaderboards tiers ("eve", "b") → TierRow { tier: 2, epoch: 3 }
        leaderboards tiers ("kim", "b") → TierRow { tier: 0, epoch: 2 }
        leaderboards tiers ("zoe", "b") → TierRow { tier: 0, epoch: 2 }
        leaderboards buckets ("b", 0) → BucketsRow { opened: 1, settled: 1, latest: [Some(Latest { bucket: 0, members: 3 })] }
        leaderboards buckets ("b", 1) → BucketsRow { opened: 2, settled: 2, latest: [Some(Latest { bucket: 1, members: 3 }), Some(Latest { bucket: 0, members: 1 })] }
        leaderboards buckets ("b", 2) → BucketsRow { opened: 3, settled: 3, latest: [Some(Latest { bucket: 2, members: 3 }), Some(Latest { bucket: 1, members: 1 }), Some(Latest { bucket: 0, members: 1 })] }
        leaderboards buckets ("b", 3) → BucketsRow { opened: 2, settled: 0, latest: [None, Some(Latest { bucket: 1, members: 1 }), Some(Latest { bucket: 0, members: 2 })] }
    "#]],
    );
}

/// Who is among the first and among the last goes up, or stays in the last tier.
#[test]
fn in_a_small_bucket_the_first_come_first() {
    let script = r#"
    {"type":"define_league","id":"b","league":{"bucket_size":4,"tiers":["bronze","silver","gold"],"promote":2,"relegate":2}}
    {"type":"submit_score","board":"b","owner":"ada","score":5}
    {"type":"submit_score","board":"b","owner":"bob","score":4}
    {"type":"submit_score","board":"b","owner":"eve","score":3}
    +1h {"type":"close_epoch","board":"b"}
    +1s {"type":"submit_score","board":"b","owner":"ada","score":5}
    {"type":"submit_score","board":"b","owner":"bob","score":4}
    {"type":"submit_score","board":"b","owner":"eve","score":3}
    +1h {"type":"close_epoch","board":"b"}
    +1s {"type":"submit_score","board":"b","owner":"ada","score":5}
    {"type":"submit_score","board":"b","owner":"bob","score":4}
    {"type":"submit_score","board":"b","owner":"eve","score":3}
    +1h {"type":"close_epoch","board":"b"}
    +1s
    "#;
    expect![[r#"
        "ada" null → 1 in "bronze" 0
        "bob" null → 2 in "bronze" 0
        "eve" null → 3 in "bronze" 0
        epoch 0 ends with 3 members, "cf58b7c039cb5efd428c9dbe41758522"
        "ada" null → 1 in "silver" 0
          "ada" "bronze" to "silver" for rank 1 of epoch 0
          "bob" "bronze" to "silver" for rank 2 of epoch 0
        "bob" null → 2 in "silver" 0
        "eve" null → 1 in "bronze" 1
        epoch 1 ends with 3 members, "090966b5183cbf2f0cb27dbb80dd2515"
        "ada" null → 1 in "gold" 0
          "ada" "silver" to "gold" for rank 1 of epoch 1
          "bob" "silver" to "gold" for rank 2 of epoch 1
          "eve" "bronze" to "silver" for rank 1 of epoch 1
        "bob" null → 2 in "gold" 0
        "eve" null → 1 in "silver" 1
        epoch 2 ends with 3 members, "824e0a22c01a4714e86cdf4a0ccaac2c"
          "eve" "silver" to "gold" for rank 1 of epoch 2
        leaderboards epochs ("b", 0, 0) → EpochRow { opened: Time(1704067200000), closes: None, closed: Some(Closed { at: Time(1704070800000), members: 3, hash: 275610844161679827592308605641081324834 }) }
        leaderboards epochs ("b", 0, 1) → EpochRow { opened: Time(1704070800000), closes: None, closed: Some(Closed { at: Time(1704074401000), members: 3, hash: 12011865787369122481818675945618089237 }) }
        leaderboards epochs ("b", 0, 2) → EpochRow { opened: Time(1704074401000), closes: None, closed: Some(Closed { at: Time(1704078002000), members: 3, hash: 173204844184311231664923419599251876908 }) }
        leaderboards epochs ("b", 0, 3) → EpochRow { opened: Time(1704078002000), closes: None, closed: None }
        leaderboards tiers ("ada", "b") → TierRow { tier: 2, epoch: 2 }
        leaderboards tiers ("bob", "b") → TierRow { tier: 2, epoch: 2 }
        leaderboards tiers ("eve", "b") → TierRow { tier: 2, epoch: 2 }
        leaderboards buckets ("b", 0) → BucketsRow { opened: 1, settled: 1, latest: [Some(Latest { bucket: 0, members: 3 })] }
        leaderboards buckets ("b", 1) → BucketsRow { opened: 2, settled: 2, latest: [Some(Latest { bucket: 1, members: 1 }), Some(Latest { bucket: 0, members: 2 })] }
        leaderboards buckets ("b", 2) → BucketsRow { opened: 2, settled: 2, latest: [None, Some(Latest { bucket: 1, members: 1 }), Some(Latest { bucket: 0, members: 2 })] }
    "#]].assert_eq(&league(script));
}

/// At the same moment as the end, nobody is settled; who submits is, and is not once more.
#[test]
fn who_submits_before_its_bucket_is_settled_is_settled_then() {
    let script = [
        &scores(&[("ada", 3), ("bob", 2), ("eve", 1), ("kim", 1)]),
        CLOSE,
        &scores(&[("ada", 9), ("bob", 9)]),
        "+99ms ",
        &submit("kim", 1),
        // In an epoch later still.
        "{\"type\":\"close_epoch\",\"board\":\"b\"}\n",
        &submit("ada", 8),
        "+1s\n",
        &scores(&[("kim", 2), ("bob", 3), ("eve", 4)]),
    ]
    .map(str::to_owned)
    .concat();
    check_league(
        &script,
        &expect![[r#"
        "ada" null → 1 in "bronze" 0
        "bob" null → 2 in "bronze" 0
        "eve" null → 3 in "bronze" 0
        "kim" null → 1 in "bronze" 1
        epoch 0 ends with 4 members, "0488fac5260a421b32b8e1cf5e5ad7e7"
        "ada" null → 1 in "silver" 0
          "ada" "bronze" to "silver" for rank 1 of epoch 0
        "bob" null → 1 in "bronze" 1
        "kim" null → 2 in "silver" 0
          "kim" "bronze" to "silver" for rank 1 of epoch 0
        epoch 1 ends with 3 members, "45ba4252fad042cad55b7b37cf05514c"
        "ada" null → 1 in "gold" 0
          "ada" "silver" to "gold" for rank 1 of epoch 1
          "kim" "silver" to "bronze" for rank 2 of epoch 1
          "bob" "bronze" to "silver" for rank 1 of epoch 1
        "kim" null → 1 in "bronze" 1
        "bob" null → 1 in "silver" 2
        "eve" null → 1 in "bronze" 1
        leaderboards epochs ("b", 0, 0) → EpochRow { opened: Time(1704067200000), closes: None, closed: Some(Closed { at: Time(1704070800000), members: 4, hash: 6028150578022160086088006151274420199 }) }
        leaderboards epochs ("b", 0, 1) → EpochRow { opened: Time(1704070800000), closes: None, closed: Some(Closed { at: Time(1704070800099), members: 3, hash: 92683844138212864792813322233801167180 }) }
        leaderboards epochs ("b", 0, 2) → EpochRow { opened: Time(1704070800099), closes: None, closed: None }
        leaderboards tiers ("ada", "b") → TierRow { tier: 2, epoch: 2 }
        leaderboards tiers ("bob", "b") → TierRow { tier: 1, epoch: 2 }
        leaderboards tiers ("eve", "b") → TierRow { tier: 0, epoch: 2 }
        leaderboards tiers ("kim", "b") → TierRow { tier: 0, epoch: 2 }
        leaderboards buckets ("b", 0) → BucketsRow { opened: 2, settled: 2, latest: [Some(Latest { bucket: 1, members: 1 })] }
        leaderboards buckets ("b", 1) → BucketsRow { opened: 2, settled: 2, latest: [Some(Latest { bucket: 1, members: 1 }), Some(Latest { bucket: 0, members: 2 })] }
        leaderboards buckets ("b", 2) → BucketsRow { opened: 3, settled: 0, latest: [Some(Latest { bucket: 1, members: 2 }), Some(Latest { bucket: 2, members: 1 }), Some(Latest { bucket: 0, members: 1 })] }
    "#]],
    );
}

/// Who is hidden has no rank and stays, whatever it is when its bucket is settled; so does who has no score left.
#[test]
fn who_has_no_rank_stays() {
    let script = [
        &scores(&[("ada", 3), ("bob", 2), ("eve", 1)]),
        "{\"type\":\"hide_owner\",\"owner\":\"ada\"}\n",
        &submit("kim", 7),
        "{\"type\":\"void_submission\",\"board\":\"b\",\"owner\":\"kim\",\"stamp\":\"6-1\"}\n",
        &submit("zoe", 5),
        CLOSE,
        "{\"type\":\"show_owner\",\"owner\":\"ada\"}\n",
        &submit("ada", 1),
        "+1s ",
        &scores(&[("kim", 1), ("zoe", 1), ("bob", 2), ("eve", 3)]),
        // A voided score leaves the seat; the next one is in the same bucket.
        "{\"type\":\"void_submission\",\"board\":\"b\",\"owner\":\"zoe\",\"stamp\":\"d-1\"}\n",
        &submit("zoe", 5),
    ]
    .map(str::to_owned)
    .concat();
    check_league(
        &script,
        &expect![[r#"
        "ada" null → 1 in "bronze" 0
        "bob" null → 2 in "bronze" 0
        "eve" null → 3 in "bronze" 0
        "kim" null → 1 in "bronze" 1
        "zoe" null → 1 in "bronze" 1
        epoch 0 ends with 3 members, "b027b95dea7a8512f6b88da9bd744761"
        "ada" null → 1 in "bronze" 0
        "kim" null → 2 in "bronze" 0
          "bob" "bronze" to "silver" for rank 1 of epoch 0
          "zoe" "bronze" to "silver" for rank 1 of epoch 0
        "zoe" null → 1 in "silver" 1
        "bob" null → 1 in "silver" 1
        "eve" null → 1 in "bronze" 0
        409 not_kept: no open epoch keeps this submission of the owner: it has ended, or too many came after it
        "zoe" 2 → 1 in "silver" 1
        leaderboards epochs ("b", 0, 0) → EpochRow { opened: Time(1704067200000), closes: None, closed: Some(Closed { at: Time(1704070800000), members: 3, hash: 234150386522191450966944019526966331233 }) }
        leaderboards epochs ("b", 0, 1) → EpochRow { opened: Time(1704070800000), closes: None, closed: None }
        leaderboards tiers ("ada", "b") → TierRow { tier: 0, epoch: 1 }
        leaderboards tiers ("bob", "b") → TierRow { tier: 1, epoch: 1 }
        leaderboards tiers ("eve", "b") → TierRow { tier: 0, epoch: 1 }
        leaderboards tiers ("kim", "b") → TierRow { tier: 0, epoch: 1 }
        leaderboards tiers ("zoe", "b") → TierRow { tier: 1, epoch: 1 }
        leaderboards buckets ("b", 0) → BucketsRow { opened: 2, settled: 2, latest: [Some(Latest { bucket: 1, members: 2 })] }
        leaderboards buckets ("b", 1) → BucketsRow { opened: 2, settled: 0, latest: [Some(Latest { bucket: 0, members: 3 }), Some(Latest { bucket: 1, members: 2 })] }
    "#]],
    );
}

/// A deletion gives the seat and the tier back, whether the owner plays or not, and before it is settled too.
#[test]
fn who_is_deleted_never_was_there() {
    let delete = |owner: &str| format!("{{\"type\":\"delete_owner\",\"board\":\"b\",\"owner\":\"{owner}\"}}\n");
    let script = [
        scores(&[("ada", 3), ("bob", 2), ("eve", 1)]),
        delete("bob"),
        scores(&[("kim", 4), ("zoe", 5)]),
        // Only the last bucket of a tier is filled up.
        delete("eve"),
        submit("eve", 6),
        CLOSE.to_owned(),
        delete("kim"),
        delete("kim"),
        submit("kim", 1),
        "+1s ".to_owned(),
        delete("eve"),
        scores(&[("eve", 1), ("ada", 1)]),
    ]
    .concat();
    check_league(
        &script,
        &expect![[r#"
        "ada" null → 1 in "bronze" 0
        "bob" null → 2 in "bronze" 0
        "eve" null → 3 in "bronze" 0
        "kim" null → 1 in "bronze" 0
        "zoe" null → 1 in "bronze" 1
        "eve" null → 1 in "bronze" 1
        epoch 0 ends with 4 members, "e7f43a256a1691e5c7d42aab74abbecb"
        404 unknown_owner: this owner has no score on the board
        "kim" null → 1 in "bronze" 0
          "eve" "bronze" to "silver" for rank 1 of epoch 0
        "eve" null → 2 in "bronze" 0
        "ada" null → 3 in "bronze" 0
        leaderboards epochs ("b", 0, 0) → EpochRow { opened: Time(1704067200000), closes: None, closed: Some(Closed { at: Time(1704070800000), members: 4, hash: 308319766803829785797743640859999190731 }) }
        leaderboards epochs ("b", 0, 1) → EpochRow { opened: Time(1704070800000), closes: None, closed: None }
        leaderboards tiers ("ada", "b") → TierRow { tier: 0, epoch: 1 }
        leaderboards tiers ("eve", "b") → TierRow { tier: 0, epoch: 1 }
        leaderboards tiers ("kim", "b") → TierRow { tier: 0, epoch: 1 }
        leaderboards tiers ("zoe", "b") → TierRow { tier: 0, epoch: 0 }
        leaderboards buckets ("b", 0) → BucketsRow { opened: 2, settled: 2, latest: [Some(Latest { bucket: 1, members: 2 })] }
        leaderboards buckets ("b", 1) → BucketsRow { opened: 1, settled: 0, latest: [Some(Latest { bucket: 0, members: 3 })] }
    "#]],
    );
}

/// Who is erased leaves its place in what has ended to a pseudonym, so that nobody else goes up for it.
#[test]
fn who_is_erased_begins_again_and_moves_nobody() {
    let erase =
        |owner: &str| format!("{{\"type\":\"erase_owner\",\"owner\":\"{owner}\",\"pseudonym\":\"x-{owner}\"}}\n");
    let script = [
        scores(&[("ada", 3), ("bob", 2), ("eve", 1)]),
        erase("bob"),
        submit("kim", 2),
        CLOSE.to_owned(),
        erase("ada"),
        submit("ada", 1),
        "+1s ".to_owned(),
        scores(&[("kim", 1), ("eve", 1), ("bob", 1)]),
    ]
    .concat();
    check_league(
        &script,
        &expect![[r#"
        "ada" null → 1 in "bronze" 0
        "bob" null → 2 in "bronze" 0
        "eve" null → 3 in "bronze" 0
        "kim" null → 2 in "bronze" 0
        epoch 0 ends with 3 members, "87ed9c630dbde8cae20e200840ac19e0"
        "ada" null → 1 in "bronze" 0
        "kim" null → 2 in "bronze" 0
        "eve" null → 3 in "bronze" 0
        "bob" null → 1 in "bronze" 1
        leaderboards epochs ("b", 0, 0) → EpochRow { opened: Time(1704067200000), closes: None, closed: Some(Closed { at: Time(1704070800000), members: 3, hash: 180679525690175547001871209876446517728 }) }
        leaderboards epochs ("b", 0, 1) → EpochRow { opened: Time(1704070800000), closes: None, closed: None }
        leaderboards tiers ("ada", "b") → TierRow { tier: 0, epoch: 1 }
        leaderboards tiers ("bob", "b") → TierRow { tier: 0, epoch: 1 }
        leaderboards tiers ("eve", "b") → TierRow { tier: 0, epoch: 1 }
        leaderboards tiers ("kim", "b") → TierRow { tier: 0, epoch: 1 }
        leaderboards buckets ("b", 0) → BucketsRow { opened: 1, settled: 1, latest: [Some(Latest { bucket: 0, members: 3 })] }
        leaderboards buckets ("b", 1) → BucketsRow { opened: 2, settled: 0, latest: [Some(Latest { bucket: 1, members: 1 })] }
    "#]],
    );
}

/// An epoch that is not kept goes when its last bucket was settled, and its buckets with it.
#[test]
fn an_epoch_is_dropped_after_it_was_settled() {
    let script = r#"
    {"type":"define_league","id":"b","keep_epochs":0,"league":{"bucket_size":2,"tiers":["bronze","silver"],"promote":1,"relegate":1}}
    {"type":"submit_score","board":"b","owner":"ada","score":5}
    {"type":"submit_score","board":"b","owner":"bob","score":6}
    {"type":"close_epoch","board":"b"}
    {"type":"close_epoch","board":"b"}
    +50ms {"type":"submit_score","board":"b","owner":"ada","score":1}
    +50ms {"type":"submit_score","board":"b","owner":"bob","score":1}
    {"type":"close_epoch","board":"b"}
    +1s
    "#;
    let shown = league(script);
    let members = check::run(SYSTEM.machines, script).matches("leaderboards members").count();
    expect![[r#"
        "ada" null → 1 in "bronze" 0
        "bob" null → 1 in "bronze" 0
        epoch 0 ends with 2 members, "102772e92a853d9ff8080828e2544d90"
        epoch 1 ends with 0 members, "00000000000000000000000000000000"
        "ada" null → 1 in "bronze" 0
        "bob" null → 1 in "silver" 1
          "bob" "bronze" to "silver" for rank 1 of epoch 0
        epoch 2 ends with 2 members, "03d6895b999f24a7f4e9b8d8a5a3431a"
          "ada" "bronze" to "silver" for rank 1 of epoch 2
        leaderboards epochs ("b", 0, 3) → EpochRow { opened: Time(1704067200100), closes: None, closed: None }
        leaderboards tiers ("ada", "b") → TierRow { tier: 1, epoch: 2 }
        leaderboards tiers ("bob", "b") → TierRow { tier: 1, epoch: 2 }
        0 members
    "#]]
    .assert_eq(&format!("{shown}{members} members\n"));
}

/// A place in a bucket is taken by playing.
#[test]
fn who_joins_takes_no_seat_yet() {
    let script = r#"
    {"type":"define_league","id":"b","tournament":{"join_required":true,"max_attempts":1},"league":{"bucket_size":2,"tiers":["bronze"]}}
    {"type":"join","board":"b","owner":"ada"}
    {"type":"join","board":"b","owner":"bob"}
    {"type":"join","board":"b","owner":"eve"}
    {"type":"submit_score","board":"b","owner":"bob","score":1}
    {"type":"submit_score","board":"b","owner":"eve","score":2}
    {"type":"delete_owner","board":"b","owner":"ada"}
    {"type":"submit_score","board":"b","owner":"ada","score":3}
    {"type":"join","board":"b","owner":"ada"}
    {"type":"submit_score","board":"b","owner":"ada","score":3}
    {"type":"submit_score","board":"b","owner":"ada","score":3}
    "#;
    expect![[r#"
        "bob" null → 1 in "bronze" 0
        "eve" null → 1 in "bronze" 0
        409 not_joined: the owner has not joined this epoch of the tournament
        "ada" null → 1 in "bronze" 1
        409 attempts_used: all 1 attempts of this epoch are used
        leaderboards epochs ("b", 0, 0) → EpochRow { opened: Time(1704067200000), closes: None, closed: None }
        leaderboards tiers ("ada", "b") → TierRow { tier: 0, epoch: 0 }
        leaderboards tiers ("bob", "b") → TierRow { tier: 0, epoch: 0 }
        leaderboards tiers ("eve", "b") → TierRow { tier: 0, epoch: 0 }
        leaderboards buckets ("b", 0) → BucketsRow { opened: 2, settled: 0, latest: [Some(Latest { bucket: 1, members: 1 })] }
    "#]].assert_eq(&league(script));
}
