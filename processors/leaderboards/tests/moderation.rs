//! Scripts for what is set right: voided submissions, owners who are hidden, shown and erased, and those who join.

use super::epochs::{replies, shown};
use crate::leaderboards::fold::{At, Entry, Standing, step};
use crate::leaderboards::tables::BoardRow;
use expect_test::expect;
use millrace_topics::leaderboards::{Definition, Operator};
use millrace_topics::record::Stamp;
use millrace_topics::time::Time;
use proptest::prelude::*;

/// The stamp of line n is n-1. Two lines go out of what is kept, and cannot be voided any more.
#[test]
fn a_voided_submission_never_was() {
    expect![[r#"
        {"type":"define","id":"best","windows":["all","daily"],"keep_submissions":3}
          → {"authoritative":false,"bounds":{"max":null,"min":null},"columns":[],"created_at":"2024-01-01T00:00:00Z","epoch":0,"id":"best","keep_epochs":10,"keep_submissions":3,"members":0,"open":[{"closed_at":null,"closes_at":null,"epoch":0,"hash":null,"members":0,"opened_at":"2024-01-01T00:00:00Z","window":"all"},{"closed_at":null,"closes_at":"2024-01-02T00:00:00Z","epoch":0,"hash":null,"members":0,"opened_at":"2024-01-01T00:00:00Z","window":"daily"}],"operator":"best","prizes":[],"reset_cron":null,"shards":1,"sort":"desc","tie":"unique","top":10,"tournament":null,"tz":"UTC","windows":["all","daily"]}
        {"type":"submit_score","board":"best","owner":"ada","score":5,"metadata":{"run":1}}
          → {"attempts":1,"board":"best","epoch":0,"improved":true,"new_best":{"all":true,"daily":true},"owner":"ada","prev_rank":null,"prev_score":null,"rank":1,"score":5,"windows":{"daily":{"epoch":0,"prev_rank":null,"prev_score":null,"rank":1,"score":5}}}
        {"type":"submit_score","board":"best","owner":"bob","score":7}
          → {"attempts":1,"board":"best","epoch":0,"improved":true,"new_best":{"all":true,"daily":true},"owner":"bob","prev_rank":null,"prev_score":null,"rank":1,"score":7,"windows":{"daily":{"epoch":0,"prev_rank":null,"prev_score":null,"rank":1,"score":7}}}
        {"type":"submit_score","board":"best","owner":"ada","score":9,"metadata":{"run":2}}
          → {"attempts":2,"board":"best","epoch":0,"improved":true,"new_best":{"all":true,"daily":true},"owner":"ada","prev_rank":2,"prev_score":5,"rank":1,"score":9,"windows":{"daily":{"epoch":0,"prev_rank":2,"prev_score":5,"rank":1,"score":9}}}
        {"type":"submit_score","board":"best","owner":"ada","score":8}
          → {"attempts":3,"board":"best","epoch":0,"improved":false,"new_best":{"all":false,"daily":false},"owner":"ada","prev_rank":1,"prev_score":9,"rank":1,"score":9,"windows":{"daily":{"epoch":0,"prev_rank":1,"prev_score":9,"rank":1,"score":9}}}
        user:ada {"type":"void_submission","board":"best","owner":"ada","stamp":"4-1"}
          → 403 role_required: this needs the role `server` or `operator`
        {"type":"void_submission","board":"best","owner":"ada","stamp":"4-1"}
          → {"board":"best","not_kept":[],"owner":"ada","windows":[{"epoch":0,"prev_rank":1,"prev_score":9,"rank":1,"score":8,"window":"all"},{"epoch":0,"prev_rank":1,"prev_score":9,"rank":1,"score":8,"window":"daily"}]}
          said leaderboards SubmissionVoided {"board":"best","not_kept":[],"owner":"ada","windows":[{"epoch":0,"prev_rank":1,"prev_score":9,"rank":1,"score":8,"window":"all"},{"epoch":0,"prev_rank":1,"prev_score":9,"rank":1,"score":8,"window":"daily"}]}
        {"type":"void_submission","board":"best","owner":"ada","stamp":"4-1"}
          → {"board":"best","not_kept":[],"owner":"ada","windows":[]}
        {"type":"void_submission","board":"best","owner":"bob","stamp":"4-1"}
          → 409 not_kept: no open epoch keeps this submission of the owner: it has ended, or too many came after it
        {"type":"void_submission","board":"best","owner":"eve","stamp":"4-1"}
          → 409 not_kept: no open epoch keeps this submission of the owner: it has ended, or too many came after it
        {"type":"void_submission","board":"none","owner":"ada","stamp":"4-1"}
          → 404 unknown_board: there is no board of this id
        {"type":"void_submission","board":"best","owner":"bob","stamp":"3-1"}
          → {"board":"best","not_kept":[],"owner":"bob","windows":[{"epoch":0,"prev_rank":2,"prev_score":7,"rank":null,"score":null,"window":"all"},{"epoch":0,"prev_rank":2,"prev_score":7,"rank":null,"score":null,"window":"daily"}]}
          said leaderboards SubmissionVoided {"board":"best","not_kept":[],"owner":"bob","windows":[{"epoch":0,"prev_rank":2,"prev_score":7,"rank":null,"score":null,"window":"all"},{"epoch":0,"prev_rank":2,"prev_score":7,"rank":null,"score":null,"window":"daily"}]}
        {"type":"submit_score","board":"best","owner":"bob","score":1}
          → {"attempts":1,"board":"best","epoch":0,"improved":true,"new_best":{"all":true,"daily":true},"owner":"bob","prev_rank":null,"prev_score":null,"rank":2,"score":1,"windows":{"daily":{"epoch":0,"prev_rank":null,"prev_score":null,"rank":2,"score":1}}}
        {"type":"submit_score","board":"best","owner":"ada","score":1}
          → {"attempts":3,"board":"best","epoch":0,"improved":false,"new_best":{"all":false,"daily":false},"owner":"ada","prev_rank":1,"prev_score":8,"rank":1,"score":8,"windows":{"daily":{"epoch":0,"prev_rank":1,"prev_score":8,"rank":1,"score":8}}}
        {"type":"void_submission","board":"best","owner":"ada","stamp":"2-1"}
          → 409 not_kept: no open epoch keeps this submission of the owner: it has ended, or too many came after it
        +24h     {"type":"void_submission","board":"best","owner":"ada","stamp":"5-1"}
          → {"board":"best","not_kept":["daily"],"owner":"ada","windows":[{"epoch":0,"prev_rank":1,"prev_score":8,"rank":1,"score":5,"window":"all"}]}
          said leaderboards EpochClosed {"board":"best","closed_at":"2024-01-02T00:00:00Z","epoch":0,"hash":"39cf05fcf4f870c5ff1cc8094c26d36e","members":2,"opened_at":"2024-01-01T00:00:00Z","prizes":[],"top":[{"owner":"ada","rank":1,"score":8},{"owner":"bob","rank":2,"score":1}],"window":"daily"}
          said leaderboards SubmissionVoided {"board":"best","not_kept":["daily"],"owner":"ada","windows":[{"epoch":0,"prev_rank":1,"prev_score":8,"rank":1,"score":5,"window":"all"}]}
        leaderboards members ("ada", "best", 0) → MemberRow { standing: Some(Standing { score: 5, subscores: [], reached: Stamp { micros: 2, node: 1 }, attempts: 2, metadata: Some(Metadata("{\"run\":1}")), updated: Time(1704067200000) }), hidden: false, seat: None, base: Some(Standing { score: 5, subscores: [], reached: Stamp { micros: 2, node: 1 }, attempts: 1, metadata: Some(Metadata("{\"run\":1}")), updated: Time(1704067200000) }), kept: [Entry { at: at/0@3, stamp: Stamp { micros: 4, node: 1 }, time: Time(1704067200000), operator: Best, score: 9, subscores: [], metadata: Some(Metadata("{\"run\":2}")), rank: Some(1), voided: true }, Entry { at: at/0@4, stamp: Stamp { micros: 5, node: 1 }, time: Time(1704067200000), operator: Best, score: 8, subscores: [], metadata: None, rank: Some(1), voided: true }, Entry { at: at/0@13, stamp: Stamp { micros: 14, node: 1 }, time: Time(1704067200000), operator: Best, score: 1, subscores: [], metadata: None, rank: Some(1), voided: false }] }
        leaderboards members ("ada", "best", 1) → MemberRow { standing: Some(Standing { score: 8, subscores: [], reached: Stamp { micros: 5, node: 1 }, attempts: 3, metadata: Some(Metadata("{\"run\":1}")), updated: Time(1704067200000) }), hidden: false, seat: None, base: Some(Standing { score: 5, subscores: [], reached: Stamp { micros: 2, node: 1 }, attempts: 1, metadata: Some(Metadata("{\"run\":1}")), updated: Time(1704067200000) }), kept: [Entry { at: at/0@3, stamp: Stamp { micros: 4, node: 1 }, time: Time(1704067200000), operator: Best, score: 9, subscores: [], metadata: Some(Metadata("{\"run\":2}")), rank: Some(1), voided: true }, Entry { at: at/0@4, stamp: Stamp { micros: 5, node: 1 }, time: Time(1704067200000), operator: Best, score: 8, subscores: [], metadata: None, rank: Some(1), voided: false }, Entry { at: at/0@13, stamp: Stamp { micros: 14, node: 1 }, time: Time(1704067200000), operator: Best, score: 1, subscores: [], metadata: None, rank: Some(1), voided: false }] }
        leaderboards members ("bob", "best", 0) → MemberRow { standing: Some(Standing { score: 1, subscores: [], reached: Stamp { micros: 13, node: 1 }, attempts: 1, metadata: None, updated: Time(1704067200000) }), hidden: false, seat: None, base: None, kept: [Entry { at: at/0@2, stamp: Stamp { micros: 3, node: 1 }, time: Time(1704067200000), operator: Best, score: 7, subscores: [], metadata: None, rank: Some(1), voided: true }, Entry { at: at/0@12, stamp: Stamp { micros: 13, node: 1 }, time: Time(1704067200000), operator: Best, score: 1, subscores: [], metadata: None, rank: Some(2), voided: false }] }
        leaderboards members ("bob", "best", 1) → MemberRow { standing: Some(Standing { score: 1, subscores: [], reached: Stamp { micros: 13, node: 1 }, attempts: 1, metadata: None, updated: Time(1704067200000) }), hidden: false, seat: None, base: None, kept: [Entry { at: at/0@2, stamp: Stamp { micros: 3, node: 1 }, time: Time(1704067200000), operator: Best, score: 7, subscores: [], metadata: None, rank: Some(1), voided: true }, Entry { at: at/0@12, stamp: Stamp { micros: 13, node: 1 }, time: Time(1704067200000), operator: Best, score: 1, subscores: [], metadata: None, rank: Some(2), voided: false }] }
    "#]].assert_eq(&shown(
        r#"
                 {"type":"define","id":"best","windows":["all","daily"],"keep_submissions":3}
                 {"type":"submit_score","board":"best","owner":"ada","score":5,"metadata":{"run":1}}
                 {"type":"submit_score","board":"best","owner":"bob","score":7}
                 {"type":"submit_score","board":"best","owner":"ada","score":9,"metadata":{"run":2}}
                 {"type":"submit_score","board":"best","owner":"ada","score":8}
        user:ada {"type":"void_submission","board":"best","owner":"ada","stamp":"4-1"}
                 {"type":"void_submission","board":"best","owner":"ada","stamp":"4-1"}
                 {"type":"void_submission","board":"best","owner":"ada","stamp":"4-1"}
                 {"type":"void_submission","board":"best","owner":"bob","stamp":"4-1"}
                 {"type":"void_submission","board":"best","owner":"eve","stamp":"4-1"}
                 {"type":"void_submission","board":"none","owner":"ada","stamp":"4-1"}
                 {"type":"void_submission","board":"best","owner":"bob","stamp":"3-1"}
                 {"type":"submit_score","board":"best","owner":"bob","score":1}
                 {"type":"submit_score","board":"best","owner":"ada","score":1}
                 {"type":"void_submission","board":"best","owner":"ada","stamp":"2-1"}
        # Tomorrow yesterday's day has ended.
        +24h     {"type":"void_submission","board":"best","owner":"ada","stamp":"5-1"}
        "#,
        &["members", "order"],
    ));
}

#[test]
fn a_voided_sum_goes_back_into_the_queue_of_equals() {
    expect![[r#"
        {"type":"define","id":"sum","operator":"incr"}
          → {"authoritative":false,"bounds":{"max":null,"min":null},"columns":[],"created_at":"2024-01-01T00:00:00Z","epoch":0,"id":"sum","keep_epochs":10,"keep_submissions":8,"members":0,"open":[{"closed_at":null,"closes_at":null,"epoch":0,"hash":null,"members":0,"opened_at":"2024-01-01T00:00:00Z","window":"all"}],"operator":"incr","prizes":[],"reset_cron":null,"shards":1,"sort":"desc","tie":"unique","top":10,"tournament":null,"tz":"UTC","windows":["all"]}
        {"type":"submit_score","board":"sum","owner":"ada","score":5}
          → {"attempts":1,"board":"sum","epoch":0,"improved":true,"new_best":{"all":true},"owner":"ada","prev_rank":null,"prev_score":null,"rank":1,"score":5}
        {"type":"submit_score","board":"sum","owner":"bob","score":5}
          → {"attempts":1,"board":"sum","epoch":0,"improved":true,"new_best":{"all":true},"owner":"bob","prev_rank":null,"prev_score":null,"rank":2,"score":5}
        {"type":"submit_score","board":"sum","owner":"ada","score":3}
          → {"attempts":2,"board":"sum","epoch":0,"improved":true,"new_best":{"all":true},"owner":"ada","prev_rank":1,"prev_score":5,"rank":1,"score":8}
        {"type":"submit_score","board":"sum","owner":"ada","score":-3}
          → {"attempts":3,"board":"sum","epoch":0,"improved":false,"new_best":{"all":false},"owner":"ada","prev_rank":1,"prev_score":8,"rank":2,"score":5}
        {"type":"void_submission","board":"sum","owner":"ada","stamp":"4-1"}
          → {"board":"sum","not_kept":[],"owner":"ada","windows":[{"epoch":0,"prev_rank":2,"prev_score":5,"rank":2,"score":2,"window":"all"}]}
          said leaderboards SubmissionVoided {"board":"sum","not_kept":[],"owner":"ada","windows":[{"epoch":0,"prev_rank":2,"prev_score":5,"rank":2,"score":2,"window":"all"}]}
        {"type":"submit_score","board":"sum","owner":"eve","score":9223372036854775807,"operator":"set"}
          → {"attempts":1,"board":"sum","epoch":0,"improved":true,"new_best":{"all":true},"owner":"eve","prev_rank":null,"prev_score":null,"rank":1,"score":9223372036854775807}
        {"type":"submit_score","board":"sum","owner":"eve","score":-9}
          → {"attempts":2,"board":"sum","epoch":0,"improved":false,"new_best":{"all":false},"owner":"eve","prev_rank":1,"prev_score":9223372036854775807,"rank":1,"score":9223372036854775798}
        {"type":"submit_score","board":"sum","owner":"eve","score":9}
          → {"attempts":3,"board":"sum","epoch":0,"improved":true,"new_best":{"all":true},"owner":"eve","prev_rank":1,"prev_score":9223372036854775798,"rank":1,"score":9223372036854775807}
        {"type":"void_submission","board":"sum","owner":"eve","stamp":"8-1"}
          → 422 score_overflow: the score would overflow 64 bits
    "#]].assert_eq(&shown(
        r#"
        {"type":"define","id":"sum","operator":"incr"}
        {"type":"submit_score","board":"sum","owner":"ada","score":5}
        {"type":"submit_score","board":"sum","owner":"bob","score":5}
        {"type":"submit_score","board":"sum","owner":"ada","score":3}
        {"type":"submit_score","board":"sum","owner":"ada","score":-3}
        {"type":"void_submission","board":"sum","owner":"ada","stamp":"4-1"}
        {"type":"submit_score","board":"sum","owner":"eve","score":9223372036854775807,"operator":"set"}
        {"type":"submit_score","board":"sum","owner":"eve","score":-9}
        {"type":"submit_score","board":"sum","owner":"eve","score":9}
        {"type":"void_submission","board":"sum","owner":"eve","stamp":"8-1"}
        "#,
        &["order"],
    ));
}

#[test]
fn a_hidden_owner_takes_no_rank_and_comes_back_to_its_place() {
    expect![[r#"
        {"type":"define","id":"b","windows":["all","daily"]}
          → {"authoritative":false,"bounds":{"max":null,"min":null},"columns":[],"created_at":"2024-01-01T00:00:00Z","epoch":0,"id":"b","keep_epochs":10,"keep_submissions":8,"members":0,"open":[{"closed_at":null,"closes_at":null,"epoch":0,"hash":null,"members":0,"opened_at":"2024-01-01T00:00:00Z","window":"all"},{"closed_at":null,"closes_at":"2024-01-02T00:00:00Z","epoch":0,"hash":null,"members":0,"opened_at":"2024-01-01T00:00:00Z","window":"daily"}],"operator":"best","prizes":[],"reset_cron":null,"shards":1,"sort":"desc","tie":"unique","top":10,"tournament":null,"tz":"UTC","windows":["all","daily"]}
        {"type":"define","id":"c","tie":"dense"}
          → {"authoritative":false,"bounds":{"max":null,"min":null},"columns":[],"created_at":"2024-01-01T00:00:00Z","epoch":0,"id":"c","keep_epochs":10,"keep_submissions":8,"members":0,"open":[{"closed_at":null,"closes_at":null,"epoch":0,"hash":null,"members":0,"opened_at":"2024-01-01T00:00:00Z","window":"all"}],"operator":"best","prizes":[],"reset_cron":null,"shards":1,"sort":"desc","tie":"dense","top":10,"tournament":null,"tz":"UTC","windows":["all"]}
        {"type":"submit_score","board":"b","owner":"ada","score":5}
          → {"attempts":1,"board":"b","epoch":0,"improved":true,"new_best":{"all":true,"daily":true},"owner":"ada","prev_rank":null,"prev_score":null,"rank":1,"score":5,"windows":{"daily":{"epoch":0,"prev_rank":null,"prev_score":null,"rank":1,"score":5}}}
        {"type":"submit_score","board":"b","owner":"bob","score":5}
          → {"attempts":1,"board":"b","epoch":0,"improved":true,"new_best":{"all":true,"daily":true},"owner":"bob","prev_rank":null,"prev_score":null,"rank":2,"score":5,"windows":{"daily":{"epoch":0,"prev_rank":null,"prev_score":null,"rank":2,"score":5}}}
        {"type":"submit_score","board":"c","owner":"ada","score":1}
          → {"attempts":1,"board":"c","epoch":0,"improved":true,"new_best":{"all":true},"owner":"ada","prev_rank":null,"prev_score":null,"rank":1,"score":1}
        user:ada {"type":"hide_owner","owner":"ada"}
          → 403 role_required: this needs the role `server` or `operator`
        key=h    {"type":"hide_owner","owner":"ada"}
          → {"hidden":true,"owner":"ada"}
          said leaderboards OwnerHidden {"board":"b","epoch":0,"hidden":true,"owner":"ada","window":"all"}
          said leaderboards OwnerHidden {"board":"b","epoch":0,"hidden":true,"owner":"ada","window":"daily"}
          said leaderboards OwnerHidden {"board":"c","epoch":0,"hidden":true,"owner":"ada","window":"all"}
        key=h    {"type":"hide_owner","owner":"ada"}
          → {"hidden":true,"owner":"ada"} (replayed)
        {"type":"hide_owner","owner":"ada"}
          → {"hidden":true,"owner":"ada"}
        {"type":"submit_score","board":"b","owner":"bob","score":4}
          → {"attempts":2,"board":"b","epoch":0,"improved":false,"new_best":{"all":false,"daily":false},"owner":"bob","prev_rank":1,"prev_score":5,"rank":1,"score":5,"windows":{"daily":{"epoch":0,"prev_rank":1,"prev_score":5,"rank":1,"score":5}}}
        {"type":"submit_score","board":"b","owner":"ada","score":6}
          → {"attempts":2,"board":"b","epoch":0,"improved":true,"new_best":{"all":true,"daily":true},"owner":"ada","prev_rank":null,"prev_score":5,"rank":null,"score":6,"windows":{"daily":{"epoch":0,"prev_rank":null,"prev_score":5,"rank":null,"score":6}}}
        {"type":"define","id":"d"}
          → {"authoritative":false,"bounds":{"max":null,"min":null},"columns":[],"created_at":"2024-01-01T00:00:00Z","epoch":0,"id":"d","keep_epochs":10,"keep_submissions":8,"members":0,"open":[{"closed_at":null,"closes_at":null,"epoch":0,"hash":null,"members":0,"opened_at":"2024-01-01T00:00:00Z","window":"all"}],"operator":"best","prizes":[],"reset_cron":null,"shards":1,"sort":"desc","tie":"unique","top":10,"tournament":null,"tz":"UTC","windows":["all"]}
        {"type":"submit_score","board":"d","owner":"ada","score":6}
          → {"attempts":1,"board":"d","epoch":0,"improved":true,"new_best":{"all":true},"owner":"ada","prev_rank":null,"prev_score":null,"rank":null,"score":6}
        +24h     {"type":"submit_score","board":"b","owner":"ada","score":2}
          → {"attempts":3,"board":"b","epoch":0,"improved":false,"new_best":{"all":false,"daily":true},"owner":"ada","prev_rank":null,"prev_score":6,"rank":null,"score":6,"windows":{"daily":{"epoch":1,"prev_rank":null,"prev_score":null,"rank":null,"score":2}}}
          said leaderboards EpochClosed {"board":"b","closed_at":"2024-01-02T00:00:00Z","epoch":0,"hash":"78c09e179143bf9753e2518f498aa482","members":1,"opened_at":"2024-01-01T00:00:00Z","prizes":[],"top":[{"owner":"bob","rank":1,"score":5}],"window":"daily"}
        {"type":"show_owner","owner":"ada"}
          → {"hidden":false,"owner":"ada"}
          said leaderboards OwnerShown {"board":"b","epoch":0,"hidden":false,"owner":"ada","window":"all"}
          said leaderboards OwnerShown {"board":"b","epoch":1,"hidden":false,"owner":"ada","window":"daily"}
          said leaderboards OwnerShown {"board":"c","epoch":0,"hidden":false,"owner":"ada","window":"all"}
          said leaderboards OwnerShown {"board":"d","epoch":0,"hidden":false,"owner":"ada","window":"all"}
        {"type":"show_owner","owner":"ada"}
          → {"hidden":false,"owner":"ada"}
        {"type":"submit_score","board":"b","owner":"bob","score":9}
          → {"attempts":3,"board":"b","epoch":0,"improved":true,"new_best":{"all":true,"daily":true},"owner":"bob","prev_rank":2,"prev_score":5,"rank":1,"score":9,"windows":{"daily":{"epoch":1,"prev_rank":null,"prev_score":null,"rank":1,"score":9}}}
        {"type":"hide_owner","owner":""}
          → 422 bad_owner: an owner has 1 to 256 bytes
    "#]].assert_eq(&shown(
        r#"
                 {"type":"define","id":"b","windows":["all","daily"]}
                 {"type":"define","id":"c","tie":"dense"}
                 {"type":"submit_score","board":"b","owner":"ada","score":5}
                 {"type":"submit_score","board":"b","owner":"bob","score":5}
                 {"type":"submit_score","board":"c","owner":"ada","score":1}
        user:ada {"type":"hide_owner","owner":"ada"}
        key=h    {"type":"hide_owner","owner":"ada"}
        key=h    {"type":"hide_owner","owner":"ada"}
                 {"type":"hide_owner","owner":"ada"}
                 {"type":"submit_score","board":"b","owner":"bob","score":4}
                 {"type":"submit_score","board":"b","owner":"ada","score":6}
                 {"type":"define","id":"d"}
                 {"type":"submit_score","board":"d","owner":"ada","score":6}
        # The day ends without ada, and stays so.
        +24h     {"type":"submit_score","board":"b","owner":"ada","score":2}
                 {"type":"show_owner","owner":"ada"}
                 {"type":"show_owner","owner":"ada"}
                 {"type":"submit_score","board":"b","owner":"bob","score":9}
                 {"type":"hide_owner","owner":""}
        "#,
        &["order", "hidden", "scores"],
    ));
}

#[test]
fn an_erased_owner_leaves_a_pseudonym_where_the_past_needs_one() {
    expect![[r#"
        {"type":"define","id":"b"}
          → {"authoritative":false,"bounds":{"max":null,"min":null},"columns":[],"created_at":"2024-01-01T00:00:00Z","epoch":0,"id":"b","keep_epochs":10,"keep_submissions":8,"members":0,"open":[{"closed_at":null,"closes_at":null,"epoch":0,"hash":null,"members":0,"opened_at":"2024-01-01T00:00:00Z","window":"all"}],"operator":"best","prizes":[],"reset_cron":null,"shards":1,"sort":"desc","tie":"unique","top":10,"tournament":null,"tz":"UTC","windows":["all"]}
        {"type":"submit_score","board":"b","owner":"ada","score":5,"metadata":{"name":"Ada"}}
          → {"attempts":1,"board":"b","epoch":0,"improved":true,"new_best":{"all":true},"owner":"ada","prev_rank":null,"prev_score":null,"rank":1,"score":5}
        {"type":"submit_score","board":"b","owner":"bob","score":4}
          → {"attempts":1,"board":"b","epoch":0,"improved":true,"new_best":{"all":true},"owner":"bob","prev_rank":null,"prev_score":null,"rank":2,"score":4}
        {"type":"close_epoch","board":"b"}
          → {"board":"b","closed_at":"2024-01-01T00:00:00Z","epoch":0,"hash":"350732a61da745933e41aa08def12300","members":2,"opened_at":"2024-01-01T00:00:00Z","prizes":[],"top":[{"owner":"ada","rank":1,"score":5},{"owner":"bob","rank":2,"score":4}],"window":"all"}
          said leaderboards EpochClosed {"board":"b","closed_at":"2024-01-01T00:00:00Z","epoch":0,"hash":"350732a61da745933e41aa08def12300","members":2,"opened_at":"2024-01-01T00:00:00Z","prizes":[],"top":[{"owner":"ada","rank":1,"score":5},{"owner":"bob","rank":2,"score":4}],"window":"all"}
        {"type":"submit_score","board":"b","owner":"ada","score":1}
          → {"attempts":1,"board":"b","epoch":1,"improved":true,"new_best":{"all":true},"owner":"ada","prev_rank":null,"prev_score":null,"rank":1,"score":1}
        {"type":"submit_score","board":"b","owner":"bob","score":0}
          → {"attempts":1,"board":"b","epoch":1,"improved":true,"new_best":{"all":true},"owner":"bob","prev_rank":null,"prev_score":null,"rank":2,"score":0}
        {"type":"hide_owner","owner":"ada"}
          → {"hidden":true,"owner":"ada"}
          said leaderboards OwnerHidden {"board":"b","epoch":1,"hidden":true,"owner":"ada","window":"all"}
        user:ada {"type":"erase_owner","owner":"ada"}
          → 403 role_required: this needs the role `server` or `operator`
        {"type":"erase_owner","owner":"ada","pseudonym":"erased-1"}
          → null
          said leaderboards OwnerErased {"board":"b","epoch":0,"pseudonym":"erased-1","window":"all"}
          said leaderboards OwnerErased {"board":"b","epoch":1,"pseudonym":"erased-1","window":"all"}
        {"type":"erase_owner","owner":"ada","pseudonym":"erased-1"}
          → null
        {"type":"erase_owner","owner":"eve","pseudonym":""}
          → 422 bad_owner: an owner has 1 to 256 bytes
        {"type":"submit_score","board":"b","owner":"ada","score":2}
          → {"attempts":1,"board":"b","epoch":1,"improved":true,"new_best":{"all":true},"owner":"ada","prev_rank":null,"prev_score":null,"rank":1,"score":2}
        {"type":"erase_owner","owner":"bob"}
          → null
          said leaderboards OwnerErased {"board":"b","epoch":0,"pseudonym":"erased-759448f5f545b96c009da5b2d254801a","window":"all"}
          said leaderboards OwnerErased {"board":"b","epoch":1,"pseudonym":"erased-759448f5f545b96c009da5b2d254801a","window":"all"}
        leaderboards epochs ("b", 0, 0) → EpochRow { opened: Time(1704067200000), closes: None, closed: Some(Closed { at: Time(1704067200000), members: 2, hash: 70486457136142729464842126124955804416 }) }
        leaderboards epochs ("b", 0, 1) → EpochRow { opened: Time(1704067200000), closes: None, closed: None }
        leaderboards members ("ada", "b", 4) → MemberRow { standing: Some(Standing { score: 2, subscores: [], reached: Stamp { micros: 12, node: 1 }, attempts: 1, metadata: None, updated: Time(1704067200000) }), hidden: false, seat: None, base: None, kept: [Entry { at: at/0@11, stamp: Stamp { micros: 12, node: 1 }, time: Time(1704067200000), operator: Best, score: 2, subscores: [], metadata: None, rank: Some(1), voided: false }] }
        leaderboards members ("erased-1", "b", 0) → MemberRow { standing: Some(Standing { score: 5, subscores: [], reached: Stamp { micros: 2, node: 1 }, attempts: 1, metadata: None, updated: Time(1704067200000) }), hidden: false, seat: None, base: None, kept: [] }
        leaderboards members ("erased-759448f5f545b96c009da5b2d254801a", "b", 0) → MemberRow { standing: Some(Standing { score: 4, subscores: [], reached: Stamp { micros: 3, node: 1 }, attempts: 1, metadata: None, updated: Time(1704067200000) }), hidden: false, seat: None, base: None, kept: [] }
    "#]].assert_eq(&shown(
        r#"
                 {"type":"define","id":"b"}
                 {"type":"submit_score","board":"b","owner":"ada","score":5,"metadata":{"name":"Ada"}}
                 {"type":"submit_score","board":"b","owner":"bob","score":4}
                 {"type":"close_epoch","board":"b"}
                 {"type":"submit_score","board":"b","owner":"ada","score":1}
                 {"type":"submit_score","board":"b","owner":"bob","score":0}
                 {"type":"hide_owner","owner":"ada"}
        user:ada {"type":"erase_owner","owner":"ada"}
                 {"type":"erase_owner","owner":"ada","pseudonym":"erased-1"}
                 {"type":"erase_owner","owner":"ada","pseudonym":"erased-1"}
                 {"type":"erase_owner","owner":"eve","pseudonym":""}
                 {"type":"submit_score","board":"b","owner":"ada","score":2}
                 {"type":"erase_owner","owner":"bob"}
        "#,
        &["members", "order", "owned", "hidden", "epochs"],
    ));
}

#[test]
fn who_joins_may_submit() {
    expect![[r#"
        {"authoritative":false,"bounds":{"max":null,"min":null},"columns":[],"created_at":"2024-01-01T00:00:00Z","epoch":0,"id":"b","keep_epochs":10,"keep_submissions":8,"members":0,"open":[{"closed_at":null,"closes_at":null,"epoch":0,"hash":null,"members":0,"opened_at":"2024-01-01T00:00:00Z","window":"all"}],"operator":"best","prizes":[],"reset_cron":null,"shards":1,"sort":"desc","tie":"unique","top":10,"tournament":{"ends_at":"2024-01-02T00:00:00Z","join_required":true,"max_attempts":null,"max_size":1,"starts_at":null},"tz":"UTC","windows":["all"]}
        {"authoritative":false,"bounds":{"max":null,"min":null},"columns":[],"created_at":"2024-01-01T00:00:00Z","epoch":0,"id":"open","keep_epochs":10,"keep_submissions":8,"members":0,"open":[{"closed_at":null,"closes_at":null,"epoch":0,"hash":null,"members":0,"opened_at":"2024-01-01T00:00:00Z","window":"all"}],"operator":"best","prizes":[],"reset_cron":null,"shards":1,"sort":"desc","tie":"unique","top":10,"tournament":null,"tz":"UTC","windows":["all"]}
        409 not_joined: the owner has not joined this epoch of the tournament
        403 not_yourself: a user may submit scores of its own only
        {"board":"b","epoch":0,"owner":"ada"}
        {"board":"b","epoch":0,"owner":"ada"}
        409 full: the tournament is full: it has 1 members
        422 no_tournament: the board is no tournament: nobody needs to join it
        404 unknown_board: there is no board of this id
        {"attempts":1,"board":"b","epoch":0,"improved":true,"new_best":{"all":true},"owner":"ada","prev_rank":null,"prev_score":null,"rank":1,"score":5}
        {"board":"b","closed_at":"2024-01-01T00:00:00Z","epoch":0,"hash":"c07e172ffacc1b2903bd5587edf0e203","members":1,"opened_at":"2024-01-01T00:00:00Z","prizes":[],"top":[{"owner":"ada","rank":1,"score":5}],"window":"all"}
        409 not_joined: the owner has not joined this epoch of the tournament
        {"board":"b","epoch":1,"owner":"bob"}
        409 ended: the tournament has ended
    "#]].assert_eq(&replies(
        r#"
                 {"type":"define","id":"b","tournament":{"join_required":true,"max_size":1,"ends_at":"2024-01-02T00:00:00Z"}}
                 {"type":"define","id":"open"}
        user:ada {"type":"submit_score","board":"b","owner":"ada","score":5}
        user:ada {"type":"join","board":"b","owner":"bob"}
        user:ada {"type":"join","board":"b","owner":"ada"}
        user:ada {"type":"join","board":"b","owner":"ada"}
        user:bob {"type":"join","board":"b","owner":"bob"}
        user:ada {"type":"join","board":"open","owner":"ada"}
        user:ada {"type":"join","board":"none","owner":"ada"}
        user:ada {"type":"submit_score","board":"b","owner":"ada","score":5}
                 {"type":"close_epoch","board":"b"}
        user:ada {"type":"submit_score","board":"b","owner":"ada","score":5}
        user:bob {"type":"join","board":"b","owner":"bob"}
        +24h user:ada {"type":"join","board":"b","owner":"ada"}
        "#,
    ));
}

/// A submission of any operator.
fn entry() -> impl Strategy<Value = (Operator, i64)> {
    let operator = prop_oneof![Just(Operator::Best), Just(Operator::Set), Just(Operator::Incr), Just(Operator::Decr)];
    (operator, -4i64..5)
}

proptest! {
    /// The score after a fold is what the operators say, and it was reached by the submission that last changed it.
    #[test]
    fn a_fold_is_what_its_submissions_say(entries in proptest::collection::vec(entry(), 1..12)) {
        let row = BoardRow::new(&Definition::new("b".to_owned()), None);
        let mut standing: Option<Standing> = None;
        let (mut score, mut reached, mut best) = (0, 0, i64::MIN);
        for (number, (operator, value)) in (1u64..).zip(&entries) {
            let at = At { partition: 0, offset: number, item: None };
            let (stamp, time) = (Stamp { micros: number, node: 1 }, Time(number));
            let (operator, score_given) = (*operator, *value);
            let entry = Entry { at, stamp, time, operator, score: score_given, subscores: Vec::new(), metadata: None, rank: None, voided: false };
            let next = match operator {
                Operator::Best if number > 1 => score.max(score_given),
                Operator::Best | Operator::Set => score_given,
                Operator::Incr => score + score_given,
                Operator::Decr => score - score_given,
            };
            if next != score || number == 1 {
                reached = number;
            }
            score = next;
            if operator == Operator::Best {
                prop_assert!(score >= best);
                best = score;
            } else {
                best = i64::MIN;
            }
            let after = step(&row, standing.as_ref(), &entry).unwrap();
            prop_assert_eq!((after.score, after.reached.micros, after.attempts), (score, reached, number));
            standing = Some(after);
        }
    }
}
