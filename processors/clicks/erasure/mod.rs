//! Erasing a visitor: what opens the addresses of his clicks is destroyed on every day that still has keys. The clicks
//! stay, and so does what they add up to; the hashes of their addresses end with the keys of their days.

pub mod routes;

use crate::clicks::visitor::{of_cookie, of_user};
use crate::runtime::door::Door;
use crate::runtime::problem::Problem;
use millrace_topics::clicks::Hashed;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A visitor who is to be erased, named in one of three ways.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = clicks::Erasure)]
struct Erasure {
    /// The visitor whom a cookie names so.
    visitor: Option<String>,
    /// This signed-in user.
    user: Option<String>,
    /// The visitor as his clicks show him: 16 hexadecimal digits.
    #[schema(value_type = Option<String>)]
    shown: Option<Hashed>,
}

/// What was erased.
#[derive(Serialize, ToSchema)]
#[schema(as = clicks::Erased)]
struct Erased {
    /// Of so many days something opened the visitor's addresses that does not exist any more.
    days: u32,
}

/// Who is meant.
fn whom(door: &Door, erasure: &Erasure) -> Result<Hashed, Problem> {
    match (erasure.visitor.as_deref(), erasure.user.as_deref(), erasure.shown) {
        (Some(cookie), None, None) => Ok(of_cookie(door, cookie)),
        (None, Some(user), None) => Ok(of_user(door, user)),
        (None, None, Some(shown)) => Ok(shown),
        _ => Err(Problem::bad_request("bad_request", "one of `visitor`, `user` and `shown` names who is erased")),
    }
}
