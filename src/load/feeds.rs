//! People who write, follow, like and answer.

use super::scenario::{Dice, Look, Request, Scenario, name, text};
use reqwest::Method;
use serde_json::{Value, json};

/// How many each of them follows.
const FOLLOWS: usize = 5;

/// One of so many people writes.
const LISTENERS: usize = 5;

const TEXTS: [&str; 6] = [
    "the #mill turns again",
    "what a morning by the #river",
    "flour, water, time: #bread",
    "has anybody seen the #miller?",
    "new stones for the #mill",
    "the #river is high today",
];

/// The writers.
pub struct Writers {
    names: Vec<String>,
    dice: Dice,
}

impl Writers {
    /// So many people, of whom some write and have written nothing yet.
    #[must_use]
    pub fn new(people: usize, dice: Dice) -> Self {
        Self { names: (0..people.max(LISTENERS)).step_by(LISTENERS).map(name).collect(), dice }
    }

    fn somebody(&mut self) -> String {
        self.dice.one_of(&self.names).clone()
    }
}

impl Scenario for Writers {
    fn system(&self) -> &'static str {
        "feeds"
    }

    fn prepare(&mut self) -> Vec<Request> {
        let user =
            |name: &String| Request::put("an account", format!("/v1/feeds/users/{name}"), json!({ "name": name }));
        let follow = |(at, name): (usize, &String)| {
            let next = |step: usize| &self.names[(at + step * step) % self.names.len()];
            let path = |other: &String| format!("/v1/feeds/users/{name}/follows/{other}");
            let follows: Vec<_> =
                (1..=FOLLOWS).map(|step| Request::new("a follow", Method::PUT, path(next(step)))).collect();
            follows
        };
        self.names.iter().map(user).chain(self.names.iter().enumerate().flat_map(follow)).collect()
    }

    fn next(&mut self) -> Request {
        let (author, reader, other) = (self.somebody(), self.somebody(), self.somebody());
        if self.dice.percent(40) {
            return home(&reader);
        }
        let (said, answers) = (*self.dice.one_of(&TEXTS), self.dice.percent(30));
        let post = Request::post("a post", "/v1/feeds/posts", json!({ "text": said })).of(&author);
        post.then(move |post| {
            let id = text(post, "id").to_owned();
            let like = Request::new("a like", Method::PUT, format!("/v1/feeds/posts/{id}/reactions/like")).of(&reader);
            let reply = json!({ "text": format!("@{author} indeed"), "reply_to": id });
            let reply = answers.then(|| Request::post("an answer", "/v1/feeds/posts", reply).of(&other));
            [like].into_iter().chain(reply).collect()
        })
    }

    fn read(&mut self) -> Request {
        let reader = self.somebody();
        home(&reader)
    }

    fn looks(&self) -> Vec<Look> {
        let lines = |trends: &Value| {
            let tags = trends["tags"].as_array().into_iter().flatten();
            tags.map(|tag| format!("#{} in {} posts", text(tag, "tag"), tag["posts"])).collect()
        };
        vec![Look { title: "tags of today".to_owned(), path: "/v1/feeds/trends".to_owned(), lines }]
    }
}

fn home(reader: &str) -> Request {
    Request::get("a home", "/v1/feeds?mode=latest&limit=20").of(reader)
}
