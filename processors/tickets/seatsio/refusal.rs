//! What is refused, as seats.io says it.

use crate::runtime::problem::Problem;
use serde::Serialize;
use utoipa::ToSchema;

/// An error as seats.io writes it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = seatsio::Errors)]
pub(super) struct ErrorBody {
    status: u16,
    errors: Vec<Fault>,
    messages: Vec<String>,
    warnings: Vec<String>,
    /// There is none.
    request_id: Option<String>,
}

/// What is wrong.
#[derive(Serialize, ToSchema)]
#[schema(as = seatsio::Error)]
struct Fault {
    /// What programs may look at.
    code: String,
    /// The same for people.
    message: String,
}

impl ErrorBody {
    /// The status and the body that a problem becomes.
    pub(super) fn of(problem: &Problem) -> (u16, Self) {
        let (status, code) = match problem.code.as_str() {
            "unknown_event" => (404, "EVENT_NOT_FOUND"),
            "unknown_seats" => (400, "OBJECT_NOT_FOUND"),
            "unknown_category" => (400, "CATEGORY_NOT_FOUND"),
            "unknown_section" => (400, "SECTION_NOT_FOUND"),
            "unknown_hold_token" => (404, "HOLD_TOKEN_NOT_FOUND"),
            "hold_expired" => (400, "HOLD_TOKEN_EXPIRED"),
            "event_exists" => (400, "DUPLICATE_EVENT_KEY"),
            "wrong_status" | "seat_taken" => (400, "ILLEGAL_STATUS_CHANGE"),
            "sold_out" | "all_held" | "too_few_left" | "not_adjacent" => (400, "BEST_AVAILABLE_OBJECTS_NOT_FOUND"),
            "not_covered" => (501, "NOT_COVERED"),
            code => (problem.status, code),
        };
        let named = problem.members.get("seats").map_or(String::new(), |seats| format!(": {seats}"));
        let message = format!("{}{named}", problem.detail);
        let code =
            if code.bytes().any(|byte| byte.is_ascii_lowercase()) { code.to_uppercase() } else { code.to_owned() };
        let (messages, errors) = (vec![message.clone()], vec![Fault { code, message }]);
        (status, Self { status, errors, messages, warnings: Vec::new(), request_id: None })
    }
}
