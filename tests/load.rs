//! `millrace load`: it fills a running server, shows what it did, and says clearly where there is none.

use crate::support::{Server, cli, millrace, signal, text};
use std::process::Stdio;
use std::time::Duration;

#[test]
fn the_demo_fills_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    let output = server.cli(&["load", "demo", "--seconds", "3", "--rate", "200"]);
    let (said, errors) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{said}\n{errors}");
    for part in [
        "carts, clicks, feeds, leaderboards, tickets on http://127.0.0.1:",
        "three boards at once",
        "a batch of players",
        "a batch of clicks",
        "a home",
        "an order",
        "a payment of seats",
        "all, ",
        "/docs",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let least = |path: &str, pointer: &str| {
        let body = server.get(path).body;
        let found = body.pointer(pointer).and_then(serde_json::Value::as_u64).unwrap_or_default();
        assert!(found > 0, "{path} {pointer}: {body}");
    };
    least("/v1/tickets/events/demo-gig/availability", "/categories/0/sold");
    least("/v1/feeds/trends", "/tags/0/posts");
    least("/v1/clicks/ads/demo-mail", "/price_micros");
    least("/v1/carts/skus/demo-mug/availability", "/committed");
    for (board, windows) in [("demo-arcade", 3), ("demo-ladder", 1), ("demo-sprint", 1), ("demo-wins", 1)] {
        let shown = server.get(&format!("/v1/leaderboards/{board}")).body;
        assert_eq!(shown["windows"].as_array().map(Vec::len), Some(windows), "{shown}");
        let page = server.get(&format!("/v1/leaderboards/{board}/entries")).body;
        assert!(page["entries"].as_array().is_some_and(|entries| entries.len() >= 4), "{page}");
        assert!(said.contains(page["entries"][0]["owner"].as_str().unwrap()), "{said}");
    }
    let daily = server.get("/v1/leaderboards/demo-arcade/entries?window=daily").body;
    assert!(daily["entries"].as_array().is_some_and(|entries| entries.len() >= 4), "{daily}");
}

#[test]
fn an_open_loop_asks_at_its_rate_and_measures_from_when_a_request_was_due() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    let ask = &|more: &[&str]| {
        let output = server.cli(&[&["load", "open", "--people", "50"], more].concat());
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let all = |said: &str| -> Vec<String> {
        let line = said.lines().find(|line| line.starts_with("all, ")).unwrap_or_else(|| panic!("{said}"));
        line.split_whitespace().map(str::to_owned).collect()
    };
    // For a second the server stands still: requests go on to be due.
    let (code, said, errors) = std::thread::scope(|scope| {
        let options = ["--rate", "100", "--seconds", "3", "--reads", "100", "--systems", "tickets"];
        let asked = scope.spawn(move || ask(&options));
        let begun = || (server.get("/v1/tickets/events/demo-gig").status == 200).then_some(());
        crate::support::eventually("it has begun", begun);
        signal(server.pid(), "STOP");
        std::thread::sleep(Duration::from_secs(1));
        signal(server.pid(), "CONT");
        asked.join().unwrap()
    });
    assert_eq!(code, Some(0), "{said}\n{errors}");
    let shown = all(&said);
    assert_eq!(shown[2], "300", "{said}");
    let p99: f64 = shown[6].parse().unwrap();
    assert!(p99 > 800.0, "a third of them waited: {said}");

    let (code, said, errors) = ask(&["--rate", "300", "--seconds", "2", "--reads", "50"]);
    assert_eq!(code, Some(0), "{said}\n{errors}");
    for kind in ["a home", "a look at a cart", "a rank", "a report", "what is free", "three boards at once", "p99.9"] {
        assert!(said.contains(kind), "{kind}: {said}");
    }
    assert_eq!(all(&said)[2], "600", "{said}");
}

#[test]
fn the_demo_ends_when_it_is_asked_to() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    let mut command = millrace(server.data(), &["load", "demo", "--seconds", "600", "--rate", "20"]);
    let running = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let pid = running.id();
    crate::support::eventually("the demo has begun", || {
        let page = server.get("/v1/leaderboards/demo-ladder/entries");
        (page.status == 200 && page.body["entries"].as_array().is_some_and(|entries| !entries.is_empty())).then_some(())
    });
    signal(pid, "INT");
    let until = std::time::Instant::now() + Duration::from_secs(30);
    let output = running.wait_with_output().unwrap();
    assert!(std::time::Instant::now() < until, "it went on");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("demo-wins"), "the table is shown: {}", text(&output.stdout));
}

#[test]
fn the_demo_fills_what_it_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    let output = server.cli(&["load", "demo", "--seconds", "1", "--systems", "tickets,ledgers"]);
    let systems = "--systems ledgers: there is something for carts, clicks, feeds, leaderboards, tickets";
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains(systems), "{}", text(&output.stderr));
    let output = server.cli(&["load", "demo", "--seconds", "1", "--systems", "tickets"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(server.get("/v1/leaderboards/demo-arcade").status, 404);
    assert_eq!(server.get("/v1/tickets/events/demo-gig").status, 200);
}

#[test]
fn without_a_server_the_demo_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let output = cli(&folder.path().join("data"), &["load", "demo", "--seconds", "1"]);
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(said.contains("no server is running on the data folder") && said.contains("millrace serve"), "{said}");
}
