//! How fast records become views: leaderboards from a filled log, with everything on that runs in production, and
//! verified afterwards.

use crate::bench::drive::{Filler, Random, phase, verify_all};
use crate::bench::figures::Thousands;
use crate::cli::ApplyLoad;
use crate::settings::Settings;
use millrace_topics::leaderboards::{Command, Leaderboards, NewEntry, Submission};

/// Runs it: first every member submits once, then members at random.
///
/// # Errors
/// A sentence for the operator.
pub fn run(load: &ApplyLoad, settings: &Settings) -> Result<(), String> {
    let (members, boards, kept) = (Thousands(load.members.into()), load.boards, load.submissions);
    println!("leaderboards: {members} members on {boards} boards, operator best, {kept} submissions of each kept");
    let mut makers = Makers::new(load);
    phase("every member for the first time", "submissions", settings, |out| makers.first(out))?;
    if load.records > 0 {
        phase("members at random", "submissions", settings, |out| makers.more(out))?;
        let improved = (makers.improved * 100).checked_div(load.records).unwrap_or_default();
        println!("{improved} of 100 submissions at random were improvements");
    }
    verify_all(settings)
}

/// Makes the submissions, and remembers every member's best.
struct Makers {
    load: ApplyLoad,
    best: Vec<i64>,
    chance: Random,
    improved: u64,
}

impl Makers {
    fn new(load: &ApplyLoad) -> Self {
        let members = usize::try_from(load.members).expect("members fit into memory");
        Self { load: load.clone(), best: vec![i64::MIN; members], chance: Random(load.seed), improved: 0 }
    }

    fn first(&mut self, out: &mut Filler) {
        for board in 0..self.load.boards {
            let (id, kept) = (board_id(board), self.load.submissions);
            let define = serde_json::json!({ "type": "define", "id": id, "keep_submissions": kept });
            let define = serde_json::from_value(define).expect("a definition needs no more than its id");
            out.prepare::<Leaderboards>(&define);
        }
        (0..self.load.members).for_each(|member| self.submit(member, out));
        self.improved = 0;
    }

    fn more(&mut self, out: &mut Filler) {
        for _ in 0..self.load.records {
            let member = self.chance.next() % self.load.members;
            self.submit(member, out);
        }
    }

    fn submit(&mut self, member: u64, out: &mut Filler) {
        let score = i64::try_from(self.chance.next() % 1_000_000_000).expect("it is small");
        let best = &mut self.best[usize::try_from(member).expect("a member fits")];
        self.improved += u64::from(score > *best);
        *best = score.max(*best);
        let (board, owner) = (board_id(member % self.load.boards), format!("player-{member:08}"));
        let entry = NewEntry { owner, score, subscores: Vec::new(), operator: None, metadata: None };
        out.add::<Leaderboards>(&Command::SubmitScore(Submission { board, entry }), 1);
    }
}

fn board_id(number: u64) -> String {
    format!("board-{number}")
}
