//! What the façade makes of its clients' JSON, and its tokens; the client itself is in `tests/nakama.rs`.

use super::bodies::{NewRecord, Record, apart, long, named};
use super::routes::{COVERED, dialect, routes, subscores};
use super::session::{Claims, read, token};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use millrace_topics::leaderboards::{Entry, Metadata, Operator};
use millrace_topics::time::Time;

#[test]
fn what_clients_write_is_read() {
    let record = |json: &str| serde_json::from_str::<NewRecord>(json).ok();
    let numbers = |json: &str| record(json).map(|new| (new.score.0, new.subscore.0));
    for (json, expected) in [
        (r"{}", Some((0, 0))),
        (r#"{"score":7,"subscore":"-3"}"#, Some((7, -3))),
        (r#"{"score":"9223372036854775807","subscore":null}"#, Some((i64::MAX, 0))),
        (r#"{"score":-9223372036854775808,"unknown":{"a":1}}"#, Some((i64::MIN, 0))),
        (r#"{"score":"9223372036854775808"}"#, None),
        (r#"{"score":1.5}"#, None),
        (r#"{"score":1e300}"#, None),
        (r#"{"score":"seven"}"#, None),
        (r#"{"score":true}"#, None),
    ] {
        assert_eq!(numbers(json), expected, "{json}");
    }
    for (json, expected) in [
        (r"{}", Some(None)),
        (r#"{"operator":null}"#, Some(None)),
        (r#"{"operator":0}"#, Some(None)),
        (r#"{"operator":"NO_OVERRIDE"}"#, Some(None)),
        (r#"{"operator":1}"#, Some(Some(Operator::Best))),
        (r#"{"operator":"SET"}"#, Some(Some(Operator::Set))),
        (r#"{"operator":"INCREMENT"}"#, Some(Some(Operator::Incr))),
        (r#"{"operator":4}"#, Some(Some(Operator::Decr))),
        (r#"{"operator":5}"#, None),
        (r#"{"operator":"best"}"#, None),
    ] {
        assert_eq!(record(json).map(|new| new.operator), expected, "{json}");
    }
}

#[test]
fn a_subscore_fills_the_first_column() {
    assert_eq!(subscores(0, 0), [] as [i64; 0]);
    assert_eq!(subscores(5, 0), [5]);
    assert_eq!(subscores(5, 1), [5]);
    assert_eq!(subscores(0, 2), [0, 0]);
    assert_eq!(subscores(-5, 3), [-5, 0, 0]);
}

#[test]
fn the_name_goes_into_the_metadata_and_out_of_it() {
    let both = |given: &str| named(given, "Ada").map(|metadata| apart(Some(&metadata)));
    let ada = || Some("Ada".to_owned());
    assert_eq!(both(r#"{"b":1,"a":[2]}"#), Some((ada(), r#"{"a":[2],"b":1}"#.to_owned())));
    // Nobody says another name by its metadata than by its session.
    assert_eq!(both(r#"{"$username":"eve"}"#), Some((ada(), "{}".to_owned())));
    for given in ["", "[]", "7", "{", r#"{"a":1} {}"#] {
        assert_eq!(named(given, "Ada"), None, "{given}");
    }
    // What the own API wrote.
    assert_eq!(apart(None), (None, "{}".to_owned()));
    let other = Metadata(r#"{"$username":7,"car":"red"}"#.to_owned());
    assert_eq!(apart(Some(&other)), (None, r#"{"car":"red"}"#.to_owned()));
}

#[test]
fn a_record_is_written_as_nakama_writes_it() {
    let entry = Entry {
        rank: 3,
        owner: "o".to_owned(),
        score: 9_007_199_254_740_993,
        subscores: vec![4, 5],
        attempts: 2,
        metadata: Some(Metadata(r#"{"$username":"Ada"}"#.to_owned())),
        updated_at: Time(1000),
    };
    let shown = serde_json::to_string(&Record::of("b", entry)).unwrap();
    let expected = r#"{"leaderboard_id":"b","owner_id":"o","username":"Ada","score":"9007199254740993","subscore":"4","num_score":2,"metadata":"{}","update_time":"1970-01-01T00:00:01Z","rank":"3"}"#;
    assert_eq!(shown, expected);
    assert_eq!((long(0), long(-1)), (None, Some("-1".to_owned())));
}

#[test]
fn statuses_are_pairs_of_grpc() {
    for (status, expected) in [
        (400, (400, 3)),
        (401, (401, 16)),
        (403, (403, 7)),
        (404, (404, 5)),
        (409, (409, 10)),
        (410, (404, 5)),
        (413, (400, 3)),
        (422, (400, 3)),
        (429, (429, 8)),
        (500, (500, 13)),
        (501, (501, 12)),
        (503, (503, 14)),
        (504, (504, 4)),
        (507, (503, 14)),
    ] {
        assert_eq!(dialect(status), expected, "{status}");
    }
}

fn claims(name: &str) -> Claims {
    Claims { exp: 100, uid: "u".to_owned(), usn: name.to_owned() }
}

#[test]
fn a_token_is_read_until_it_ends_and_only_with_its_key() {
    let good = token(b"key", &claims("Ada"));
    assert_eq!(read(b"key", &good, 99), Some(claims("Ada")));
    assert_eq!(read(b"key", &good, 100), None);
    assert_eq!(read(b"other", &good, 99), None);
    let parts: Vec<&str> = good.split('.').collect();
    let [head, said, signature] = parts[..] else { panic!("{good}") };
    let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
    let eve = URL_SAFE_NO_PAD.encode(serde_json::to_string(&claims("Eve")).unwrap());
    for bad in [
        String::new(),
        "a.b.c".to_owned(),
        format!("{head}.{eve}.{signature}"),
        format!("{none}.{said}."),
        format!("{none}.{said}.{signature}"),
        format!("{head}.{said}"),
        format!("{good}.x"),
    ] {
        assert_eq!(read(b"key", &bad, 99), None, "{bad}");
    }
}

#[test]
fn a_token_survives_a_client_that_drops_letters_of_base64() {
    for name in ["Ada", "a??>>>~~~\u{7f}", "éàü", "名前", "🏆🏆🏆", "\"\\"] {
        let token = token(b"key", &claims(name));
        let said = token.split('.').nth(1).unwrap();
        assert!(!said.contains(['-', '_']), "{name}: {said}");
        assert_eq!(read(b"key", &token, 99), Some(claims(name)));
    }
}

#[test]
fn the_list_of_what_is_covered_is_what_is_there() {
    let described = serde_json::to_value(routes().to_openapi()).unwrap();
    let paths = described["paths"].as_object().unwrap().iter();
    let mut there: Vec<String> = paths
        .flat_map(|(path, item)| {
            let methods = ["delete", "get", "post", "put"].iter().filter(|method| item.get(**method).is_some());
            methods.map(|method| format!("{} {path}", method.to_uppercase())).collect::<Vec<_>>()
        })
        .collect();
    let mut covered = COVERED.to_vec();
    there.sort();
    covered.sort_unstable();
    assert_eq!(there, covered);
}
