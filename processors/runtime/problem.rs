//! Problems: what an HTTP client is told when it gets no result, as RFC 9457 describes it.

use millrace_topics::contract::Refusal;
use serde_json::{Map, Value, json};

/// A problem: a status, a stable code, a sentence for people, and what belongs to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// The stable snake_case code that programs may rely on.
    pub code: String,
    /// The sentence for people.
    pub detail: String,
    /// After so many seconds it is worth trying again.
    pub retry_after: Option<u64>,
    /// Further members of the answer.
    pub members: Map<String, Value>,
    /// Further headers of the answer.
    pub headers: Vec<(&'static str, String)>,
}

impl Problem {
    /// A problem of this status and code.
    #[must_use]
    pub fn new(status: u16, code: &str, detail: impl Into<String>) -> Self {
        let (code, detail) = (code.to_owned(), detail.into());
        Self { status, code, detail, retry_after: None, members: Map::new(), headers: Vec::new() }
    }

    /// 400: the request cannot be understood.
    #[must_use]
    pub fn bad_request(code: &str, detail: impl Into<String>) -> Self {
        Self::new(400, code, detail)
    }

    /// 503: surely not appended, or not to be read now; worth trying again.
    #[must_use]
    pub fn unavailable(code: &str, detail: impl Into<String>, retry_after: u64) -> Self {
        Self { retry_after: Some(retry_after), ..Self::new(503, code, detail) }
    }

    /// 202: there is no answer yet, but it is being made; worth asking the same again.
    #[must_use]
    pub fn pending(code: &str, detail: impl Into<String>, retry_after: u64) -> Self {
        Self { retry_after: Some(retry_after), ..Self::new(202, code, detail) }
    }

    /// 504: it may be in the log; to be tried again only with the same key.
    #[must_use]
    pub fn outcome_unknown(detail: impl Into<String>) -> Self {
        Self::new(504, "outcome_unknown", detail)
    }

    /// 422: the idempotency key stands for another request.
    #[must_use]
    pub fn key_reused() -> Self {
        let detail = "this Idempotency-Key was used before with another request";
        Self::new(422, "idempotency_key_reused", detail)
    }

    /// 422: the command at this position was dead-lettered.
    #[must_use]
    pub fn dead_letter(position: &str) -> Self {
        Self::new(422, "dead_letter", format!("{position} was dead-lettered: `millrace dead show {position}` says why"))
    }

    /// The problem that a refusal is.
    #[must_use]
    pub fn refusal(refusal: &impl Refusal) -> Self {
        let status = refusal.kind().status();
        let problem = Self::new(status, refusal.code(), refusal.to_string());
        refusal.members().into_iter().fold(problem, |problem, (name, value)| problem.with(name, value))
    }

    /// The same with a further member.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }

    /// The same with a further header.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The body of the answer where it is no problem: it is only not there yet.
    #[must_use]
    pub fn not_yet(&self) -> Value {
        let mut body = self.members.clone();
        body.insert("pending".to_owned(), true.into());
        body.insert("detail".to_owned(), self.detail.clone().into());
        body.into()
    }

    /// The body of the answer.
    #[must_use]
    pub fn body(&self) -> Value {
        let mut body = json!({
            "type": "about:blank",
            "title": title(self.status),
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
        });
        let fields = body.as_object_mut().expect("it was made as an object");
        fields.extend(self.members.clone());
        body
    }
}

fn title(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        422 => "Unprocessable Content",
        425 => "Too Early",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        507 => "Insufficient Storage",
        _ => "Error",
    }
}
