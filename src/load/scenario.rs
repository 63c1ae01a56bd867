//! What a scenario is made of: requests, dice, and names.

use reqwest::Method;
use serde_json::Value;

/// What fills one system, request after request.
pub trait Scenario {
    /// The system.
    fn system(&self) -> &'static str;
    /// What must be there first: the same requests again change nothing.
    fn prepare(&mut self) -> Vec<Request>;
    /// The next request.
    fn next(&mut self) -> Request;
    /// A plain read of what is there.
    fn read(&mut self) -> Request;
    /// What is worth a look at the end.
    fn looks(&self) -> Vec<Look>;
}

/// A request of a scenario; `kind` is the row of the table that it counts in.
pub struct Request {
    pub(super) kind: &'static str,
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) body: Option<Value>,
    /// As whom it asks, if not as the operator.
    pub(super) subject: Option<String>,
    /// True if a refusal by a rule is an answer as good as any: the hall is sold out.
    pub(super) may_be_refused: bool,
    pub(super) then: Option<Then>,
}

/// The requests that follow from an answer.
pub type Then = Box<dyn FnOnce(&Value) -> Vec<Request> + Send>;

impl Request {
    /// A request without a body.
    #[must_use]
    pub fn new(kind: &'static str, method: Method, path: impl Into<String>) -> Self {
        let (path, body, subject, then) = (path.into(), None, None, None);
        Self { kind, method, path, body, subject, may_be_refused: false, then }
    }

    /// A look.
    #[must_use]
    pub fn get(kind: &'static str, path: impl Into<String>) -> Self {
        Self::new(kind, Method::GET, path)
    }

    /// A request with a body.
    #[must_use]
    pub fn post(kind: &'static str, path: impl Into<String>, body: Value) -> Self {
        Self { body: Some(body), ..Self::new(kind, Method::POST, path) }
    }

    /// The same with `PUT`.
    #[must_use]
    pub fn put(kind: &'static str, path: impl Into<String>, body: Value) -> Self {
        Self { method: Method::PUT, ..Self::post(kind, path, body) }
    }

    /// As this user.
    #[must_use]
    pub fn of(self, user: &str) -> Self {
        Self { subject: Some(user.to_owned()), ..self }
    }

    /// It may be refused by a rule.
    #[must_use]
    pub fn or_refused(self) -> Self {
        Self { may_be_refused: true, ..self }
    }

    /// What follows from its answer.
    #[must_use]
    pub fn then(self, then: impl FnOnce(&Value) -> Vec<Request> + Send + 'static) -> Self {
        Self { then: Some(Box::new(then)), ..self }
    }
}

/// A query whose answer is shown at the end.
pub struct Look {
    /// What it shows.
    pub title: String,
    /// The query.
    pub path: String,
    /// The lines of an answer.
    pub lines: fn(&Value) -> Vec<String>,
}

/// Numbers that another run does not repeat.
#[derive(Clone, Debug)]
pub struct Dice {
    seed: u64,
    drawn: u64,
}

impl Dice {
    /// Dice with a random seed.
    ///
    /// # Errors
    /// A sentence, if the machine has no random numbers.
    pub fn new() -> Result<Self, String> {
        let seed = getrandom::u64().map_err(|error| format!("no random numbers: {error}"))?;
        Ok(Self { seed, drawn: 0 })
    }

    /// A number from `low` up to and without `high`.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        self.drawn += 1;
        let drawn = xxhash_rust::xxh3::xxh3_64_with_seed(&self.drawn.to_le_bytes(), self.seed);
        let span = u64::try_from(high - low).expect("low is below high");
        low + i64::try_from(drawn % span).expect("it is below a difference of two numbers")
    }

    /// One of these.
    pub fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.place(all.len())]
    }

    /// One of so many.
    pub fn place(&mut self, count: usize) -> usize {
        let count = i64::try_from(count).expect("there are not so many");
        usize::try_from(self.between(0, count)).expect("it is a place in a list")
    }

    /// True so many times of a hundred.
    pub fn percent(&mut self, part: i64) -> bool {
        self.between(0, 100) < part
    }

    /// A name that no other run has given.
    pub fn fresh(&mut self, what: &str) -> String {
        self.drawn += 1;
        format!("{what}-{:x}-{}", self.seed >> 32, self.drawn)
    }
}

const FIRST: [&str; 20] = [
    "amber", "brave", "calm", "clever", "dusty", "eager", "frosty", "gentle", "happy", "jolly", "keen", "lucky",
    "merry", "nimble", "proud", "quiet", "rusty", "swift", "tidy", "wild",
];
const SECOND: [&str; 10] = ["badger", "crane", "falcon", "fox", "heron", "lynx", "marten", "otter", "raven", "wolf"];

/// The name of a person. There are as many as there are numbers.
#[must_use]
pub fn name(number: usize) -> String {
    let (first, second) = (FIRST[number / SECOND.len() % FIRST.len()], SECOND[number % SECOND.len()]);
    match number / (FIRST.len() * SECOND.len()) {
        0 => format!("{first}-{second}"),
        again => format!("{first}-{second}-{again}"),
    }
}

/// A text of an answer; empty if it is not there.
#[must_use]
pub fn text<'a>(answer: &'a Value, field: &str) -> &'a str {
    answer[field].as_str().unwrap_or_default()
}
