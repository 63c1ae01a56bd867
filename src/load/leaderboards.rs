//! Matches of named players, whose skill drifts, on four boards.

use super::scenario::{Dice, Look, Request, Scenario, name, text};
use serde_json::{Value, json};

/// How many play a match.
const MATCH: usize = 4;

/// The players.
pub struct Players {
    skill: Vec<i64>,
    dice: Dice,
    waiting: Vec<Request>,
}

/// The boards: the same request again changes nothing.
fn boards() -> [Value; 4] {
    [
        json!({ "id": "demo-arcade", "operator": "best", "windows": ["all", "daily", "weekly"],
            "prizes": [{ "to_rank": 1, "prize": "gold" }, { "to_rank": 3, "prize": "silver" }] }),
        json!({ "id": "demo-ladder", "operator": "set" }),
        json!({ "id": "demo-sprint", "sort": "asc", "operator": "best" }),
        json!({ "id": "demo-wins", "operator": "incr" }),
    ]
}

fn entries(page: &Value) -> Vec<String> {
    let entries = page["entries"].as_array().into_iter().flatten();
    let line = |entry: &Value| format!("{:>4} {:<20} {:>9}", entry["rank"], text(entry, "owner"), entry["score"]);
    entries.map(line).collect()
}

impl Scenario for Players {
    fn system(&self) -> &'static str {
        "leaderboards"
    }

    fn prepare(&mut self) -> Vec<Request> {
        boards().into_iter().map(|board| Request::post("a board", "/v1/leaderboards", board)).collect()
    }

    fn next(&mut self) -> Request {
        if self.waiting.is_empty() {
            self.play();
        }
        self.waiting.pop().expect("a match is several requests")
    }

    fn read(&mut self) -> Request {
        let player = name(self.dice.place(self.skill.len()));
        // Who has not played yet has no rank.
        Request::get("a rank", format!("/v1/leaderboards/demo-ladder/owners/{player}")).or_refused()
    }

    fn looks(&self) -> Vec<Look> {
        let look = |board: Value| {
            let path = format!("/v1/leaderboards/{}/entries?limit=3", text(&board, "id"));
            Look { title: text(&board, "id").to_owned(), path, lines: entries }
        };
        boards().into_iter().map(look).collect()
    }
}

impl Players {
    /// So many players who have not played yet; a match needs four.
    #[must_use]
    pub fn new(people: usize, mut dice: Dice) -> Self {
        let skill = (0..people.max(MATCH)).map(|_| dice.between(800, 1600)).collect();
        Self { skill, dice, waiting: Vec::new() }
    }

    /// One match: what each player reached, the ladder for all of them at once, and somebody looks.
    fn play(&mut self) {
        let mut seats: Vec<usize> = Vec::new();
        while seats.len() < MATCH {
            let seat = self.dice.place(self.skill.len());
            if !seats.contains(&seat) {
                seats.push(seat);
            }
        }
        let reached: Vec<i64> = seats.iter().map(|seat| self.skill[*seat] + self.dice.between(-150, 151)).collect();
        let best = reached.iter().max().copied().unwrap_or_default();
        let number = self.dice.fresh("match");
        for (seat, points) in seats.iter().zip(&reached) {
            let won = i64::from(*points == best);
            self.skill[*seat] = (self.skill[*seat] + self.dice.between(-12, 13) + won).clamp(100, 3000);
            let millis = 90_000 - points * 20 + self.dice.between(0, 500);
            let scores = json!({ "scores": [
                { "board": "demo-arcade", "score": points * 10, "metadata": { "match": number } },
                { "board": "demo-sprint", "score": millis },
                { "board": "demo-wins", "score": won },
            ] });
            let path = format!("/v1/leaderboards/owners/{}/scores", name(*seat));
            self.waiting.push(Request::put("three boards at once", path, scores));
        }
        let ladder: Vec<_> =
            seats.iter().map(|seat| json!({ "owner": name(*seat), "score": self.skill[*seat] })).collect();
        let path = "/v1/leaderboards/demo-ladder/scores:batch";
        self.waiting.push(Request::post("a batch of players", path, json!({ "scores": ladder })));
        let path = "/v1/leaderboards/demo-arcade/entries?window=daily&limit=10";
        self.waiting.push(Request::get("the ten best today", path));
        // The first that is waiting is taken last: players look when their scores are in.
        self.waiting.rotate_right(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_match_is_scores_a_batch_and_a_look() {
        let mut players = Players::new(200, Dice::new().unwrap());
        let kinds: Vec<_> = (0..6).map(|_| players.next().kind).collect();
        let scores = "three boards at once";
        assert_eq!(kinds, ["a batch of players", scores, scores, scores, scores, "the ten best today"]);
    }
}
