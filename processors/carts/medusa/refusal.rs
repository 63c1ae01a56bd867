//! What is refused, as Medusa says it.

use serde::Serialize;
use utoipa::ToSchema;

/// An error as Medusa writes it.
#[derive(Serialize, ToSchema)]
#[schema(as = medusa::Error)]
pub(super) struct ErrorBody {
    /// What programs may look at, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) code: Option<String>,
    /// What kind of error it is.
    pub(super) r#type: &'static str,
    /// What is wrong, for people.
    pub(super) message: String,
}

impl ErrorBody {
    /// The status and the body that a problem becomes: Medusa has no other pairs.
    pub(super) fn of(status: u16, code: &str, message: String) -> (u16, Self) {
        let (status, kind, code) = match (status, code) {
            (_, "insufficient_stock") => (400, "not_allowed", Some("insufficient_inventory")),
            (401, _) => (401, "unauthorized", None),
            (403, _) => (403, "forbidden", None),
            (404, _) => (404, "not_found", None),
            (409 | 412, _) => (409, "conflict", Some("invalid_state_error")),
            (501, _) => (501, "not_allowed", Some("not_covered")),
            (429 | 503 | 504 | 507, code) => (status, "unexpected_state", Some(code)),
            (500.., _) => (500, "unknown_error", Some("unknown_error")),
            (_, code) => (400, "invalid_data", Some(code)),
        };
        (status, Self { code: code.map(str::to_owned), r#type: kind, message })
    }
}
