//! How long clicks are kept: said by an operator, and what is gone is 410.

use super::{at, put, serve};
use serde_json::json;

#[test]
fn clicks_of_hours_that_are_not_kept_are_gone_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(&folder.path().join("data"));
    assert_eq!(server.get("/v1/clicks/keeping").body, json!({"click_days":90}));
    let days = |days: u32| put(&server, "/v1/clicks/keeping", &json!({ "click_days": days }));
    for few in [2, 3651] {
        assert_eq!((days(few).status, days(few).code()), (422, "bad_definition"));
    }
    let answer = days(3);
    assert_eq!((answer.status, &answer.body), (200, &json!({"click_days":3})), "{answer:?}");
    assert_eq!(server.get("/v1/clicks/keeping").body, json!({"click_days":3}));
    let (old, kept) = (super::last_hour().0 - 80 * super::HOUR, at(0));
    let old = millrace_topics::time::Time(old).to_string();
    for (path, status) in [
        (format!("/v1/clicks?ad=banner1&hour={old}"), 410),
        (format!("/v1/clicks/reconcile?ad=banner1&hour={old}"), 410),
        (format!("/v1/clicks?ad=banner1&hour={kept}"), 200),
        (format!("/v1/clicks/reconcile?ad=banner1&hour={kept}"), 200),
    ] {
        let answer = server.get(&path);
        assert_eq!((answer.status, answer.code()), (status, if status == 410 { "clicks_gone" } else { "" }), "{path}");
    }
}
