//! Owners with many memberships: hidden, shown and erased in several goes, whatever happens in between.

use crate::leaderboards::Boards;
use crate::leaderboards::tables::{HIDDEN, MEMBERS, SWEEPS};
use crate::leaderboards::transition::SWEEP_ROWS;
use crate::runtime::alone::Alone;
use millrace_topics::leaderboards::{
    Answer, Closing, Command, Definition, Erasure, NewEntry, Outcome, Owner, Query, Ranking, Submission, Window,
};

/// Ada is on so many boards that two goes are full and a third is not; Bob is on each too.
const BOARDS: usize = 2 * SWEEP_ROWS + 50;

fn board(number: usize) -> String {
    format!("b{number:04}")
}

fn submit(alone: &mut Alone<Boards>, board: &str, owner: &str) {
    let entry = NewEntry { owner: owner.to_owned(), score: 1, subscores: Vec::new(), operator: None, metadata: None };
    let outcome = alone.tell(&Command::SubmitScore(Submission { board: board.to_owned(), entry })).unwrap();
    assert!(matches!(outcome, Outcome::Submitted(_)), "{outcome:?}");
}

fn many() -> Alone<Boards> {
    let mut alone = Alone::default();
    for number in 0..BOARDS {
        alone.tell(&Command::Define(Box::new(Definition::new(board(number))))).unwrap();
        submit(&mut alone, &board(number), "ada");
        submit(&mut alone, &board(number), "bob");
    }
    alone
}

/// On how many boards nobody but Bob is seen.
fn without_ada(alone: &Alone<Boards>) -> usize {
    let alone_there = |number: &usize| {
        let query = Query::Rank { of: Ranking::of(&board(*number)), rank: 2 };
        alone.ask(&query).is_err()
    };
    (0..BOARDS).filter(alone_there).count()
}

fn ada() -> Owner {
    Owner { owner: "ada".to_owned() }
}

#[test]
fn an_owner_of_many_boards_is_hidden_in_several_goes() {
    let mut alone = many();
    alone.tell(&Command::HideOwner(ada())).unwrap();
    assert_eq!(without_ada(&alone), SWEEP_ROWS);
    // Who comes between two goes is where it belongs, also after a restart.
    submit(&mut alone, &board(BOARDS - 1), "ada");
    submit(&mut alone, &board(0), "ada");
    alone.reopen();
    alone.wait(99);
    assert_eq!(without_ada(&alone), SWEEP_ROWS);
    alone.wait(1);
    assert_eq!(without_ada(&alone), 2 * SWEEP_ROWS);
    // Shown again meanwhile: that begins anew, and the goes of it are the only ones.
    alone.tell(&Command::ShowOwner(ada())).unwrap();
    assert_eq!(without_ada(&alone), 2 * SWEEP_ROWS);
    alone.wait(100);
    assert_eq!(without_ada(&alone), SWEEP_ROWS);
    alone.tell(&Command::HideOwner(ada())).unwrap();
    alone.wait(1000);
    alone.wait(1000);
    alone.wait(1000);
    assert_eq!(without_ada(&alone), BOARDS);
    assert_eq!((alone.rows(SWEEPS).len(), alone.rows(HIDDEN).len()), (0, 1));
}

/// What has ended keeps its place under the pseudonym; what goes on loses it. A hiding that is under way becomes the
/// erasure.
#[test]
fn an_owner_of_many_boards_is_erased_in_several_goes() {
    let mut alone = many();
    let closing = Closing { board: board(BOARDS - 1), window: Window::All };
    alone.tell(&Command::CloseEpoch(closing)).unwrap();
    alone.tell(&Command::HideOwner(ada())).unwrap();
    let erasure = Erasure { owner: "ada".to_owned(), pseudonym: Some("x1".to_owned()) };
    alone.tell(&Command::EraseOwner(erasure)).unwrap();
    for _ in 0..4 {
        alone.wait(100);
    }
    let owners: Vec<String> = alone.rows(MEMBERS).into_iter().map(|((owner, ..), _)| owner).collect();
    assert_eq!(owners.iter().filter(|owner| *owner == "ada").count(), 0);
    assert_eq!(owners.iter().filter(|owner| *owner == "x1").count(), 1);
    assert_eq!((without_ada(&alone), alone.rows(SWEEPS).len(), alone.rows(HIDDEN).len()), (BOARDS, 0, 0));
    let of = Ranking { epoch: Some(0), ..Ranking::of(&board(BOARDS - 1)) };
    let Ok(Answer::Entry(second)) = alone.ask(&Query::Owner { of, owner: "x1".to_owned() }) else { panic!() };
    assert_eq!(second.entry.rank, 1);
}
