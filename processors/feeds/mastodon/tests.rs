//! What this dialect makes of ids, texts and tokens.

use super::ids::{account_id, user_of};
use super::shown::html;
use super::token::{TOKEN_SECONDS, read, token};
use crate::feeds::tests::house::House;
use millrace_topics::time::Time;

#[test]
fn ids_of_accounts_are_digits_and_lead_back() {
    for user in ["ada", "b", "é/ ", "a.b-c_d", "00"] {
        let id = account_id(user);
        assert!(id.bytes().all(|byte| byte.is_ascii_digit()), "{id}");
        assert_eq!(user_of(&id).as_deref(), Some(user));
    }
    for id in ["", "1", "2097", "109", "1999", "1255", "1+97", "é"] {
        assert!(user_of(id).is_none_or(|user| account_id(&user) == id), "{id}");
    }
    assert_eq!((user_of("2097"), user_of("109"), user_of("1999"), user_of("1255")), (None, None, None, None));
}

#[test]
fn texts_are_shown_and_mean_nothing() {
    for (text, shown) in [
        ("", ""),
        ("a <b> & \"c\"", "<p>a &lt;b&gt; &amp; &quot;c&quot;</p>"),
        ("a\nb\n\nc", "<p>a<br />b</p><p>c</p>"),
    ] {
        assert_eq!(html(text), shown);
    }
}

#[test]
fn a_token_is_for_one_account_and_ends() {
    let (_, door) = House::build();
    let now = Time(1_790_000_000_000);
    let token = token(&door, "ada.x", now);
    assert_eq!(read(&door, &token, now).as_deref(), Some("ada.x"));
    assert_eq!(read(&door, &token, now.plus(TOKEN_SECONDS * 1000)), None);
    let mut forged = token.clone();
    forged.replace_range(..1, "9");
    for bad in [forged.as_str(), "", "x", "1.2.3", &token[..token.len() - 1]] {
        assert_eq!(read(&door, bad, now), None, "{bad}");
    }
}
