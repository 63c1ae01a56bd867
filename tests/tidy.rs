//! Tidy: holds the design's arrows and the house's customs from the sources alone. [`RULES`] is the one table of rules.
//!
//! Each rule carries what it must find and what it must leave alone; a test tries both, so no rule can go blind.

mod source;
mod systems;
mod tree;

use source::{code, heads, line_of, positions, without_tests};
use std::path::Path;
use systems::other_systems;
use tree::{any_matches, is_script, is_test, walk};

/// A file of the tree: its path from the root, with `/`, and its text.
struct File<'a> {
    path: &'a str,
    text: &'a str,
}

/// The line, from 1, and what is wrong there.
type Found = (usize, String);

/// How a rule looks.
enum Look {
    /// These words may stand in code only in certain files. `tests`: test code may hold them anywhere.
    Words {
        words: &'static [&'static str],
        within: &'static [&'static str],
        only: &'static [&'static str],
        tests: bool,
    },
    /// A function of one file.
    File(fn(&File<'_>) -> Vec<Found>),
    /// A function of all files: (path, what is wrong).
    Tree(fn(&[File<'_>]) -> Vec<(String, String)>),
}

struct Rule {
    /// What holds, as a sentence: it is the message.
    says: &'static str,
    look: Look,
    /// Files that break the rule, each on its own (a `Tree` rule: together).
    bad: &'static [(&'static str, &'static str)],
    /// Files that look as if they did.
    good: &'static [(&'static str, &'static str)],
}

const RUST: &[&str] = &["**/*.rs"];

const RULES: &[Rule] = &[
    // The arrows.
    Rule {
        says: "systems meet only on the log: a system names the runtime and itself, the runtime no system, a contract no other",
        look: Look::File(other_systems),
        bad: &[
            ("processors/carts/transition.rs", "use crate::leaderboards::tables::BOARDS;"),
            ("processors/carts/stock/tables.rs", "use crate::{runtime::cx::Cx, tickets::{self}};"),
            ("processors/carts/tests.rs", "fn f() { super::super::tickets::f() }"),
            ("processors/carts/mod.rs", "use super::tickets;"),
            ("processors/runtime/check.rs", "use crate::carts;"),
            ("topics/tickets/plan.rs", "use crate::{carts::Currency, time::Time};"),
        ],
        good: &[
            (
                "processors/carts/mod.rs",
                "use crate::{carts::tables, runtime::{cx, tickets}}; mod tests { use crate::carts; }",
            ),
            (
                "processors/carts/routes.rs",
                "pub(crate) fn f() {} use super::tables; use millrace_topics::tickets::Command;",
            ),
            ("processors/lib.rs", "pub use crate::carts::SYSTEM;"),
            ("topics/tickets/plan.rs", "use crate::{money::Currency, tickets::command::Area};"),
        ],
    },
    Rule {
        says: "state knows of topics only the codec, positions and times",
        look: Look::File(state_to_topics),
        bad: &[
            ("state/store.rs", "use millrace_topics::record::Record;"),
            ("state/store.rs", "use millrace_topics::{codec::{self, Body}, log::Log};"),
        ],
        good: &[
            ("state/store.rs", "use millrace_topics::{codec::{self, Body}, time::Time}; // millrace_topics::log"),
            ("processors/runtime/runner.rs", "use millrace_topics::record::Record;"),
        ],
    },
    Rule {
        says: "behaviour is named only by the program, its tests and its bench",
        look: Look::Words {
            words: &["millrace_processors"],
            within: RUST,
            only: &["src/**", "tests/**", "bench/**"],
            tests: false,
        },
        bad: &[
            ("state/store.rs", "use millrace_processors::runtime;"),
            ("topics/carts.rs", "millrace_processors::ALL"),
        ],
        good: &[("src/workers.rs", "use millrace_processors::ALL;")],
    },
    Rule {
        says: "the manifests' dependencies follow the arrows",
        look: Look::File(manifest),
        bad: &[
            ("topics/Cargo.toml", "[dependencies]\nmillrace-state.workspace = true"),
            ("state/Cargo.toml", "[dev-dependencies]\nmillrace-processors = { path = \"../processors\" }"),
            ("state/Cargo.toml", "[dependencies.axum]\nworkspace = true"),
            ("processors/Cargo.toml", "[dependencies]\nrocksdb = \"0.25\""),
            ("processors/Cargo.toml", "[target.'cfg(unix)'.dependencies]\nrand = \"0.9\""),
            ("Cargo.toml", "[dependencies]\nrdkafka.workspace = true"),
            ("gadgets/Cargo.toml", "[package]\nname = \"gadgets\""),
        ],
        good: &[
            ("Cargo.toml", "[workspace.dependencies]\nrocksdb = \"0.25\"\n[dependencies]\nmillrace-state = \"0\""),
            ("processors/Cargo.toml", "[dependencies]\nmillrace-state.workspace = true\n# rocksdb = \"1\""),
        ],
    },
    // Who may name which crate.
    Rule {
        says: "only routes.rs, src/ and a bench's bare handler name axum",
        look: Look::Words {
            words: &["axum"],
            within: RUST,
            only: &["src/**", "processors/**/routes.rs", "bench/bare.rs"],
            tests: false,
        },
        bad: &[("processors/carts/queries.rs", "use axum::Json;"), ("tests/walk.rs", "use axum::Router;")],
        good: &[("processors/carts/routes.rs", "use axum::Json;"), ("topics/log.rs", "//! axum\nlet a = \"axum\";")],
    },
    Rule {
        says: "only routes.rs, the registry's entry and src/ name utoipa_axum",
        look: Look::Words {
            words: &["utoipa_axum"],
            within: RUST,
            only: &["src/**", "processors/**/routes.rs", "processors/runtime/system.rs"],
            tests: false,
        },
        bad: &[("processors/carts/mod.rs", "utoipa_axum::router::OpenApiRouter::new()")],
        good: &[("processors/carts/routes.rs", "use utoipa_axum::routes;")],
    },
    Rule {
        says: "only the log on Kafka names rdkafka",
        look: Look::Words {
            words: &["rdkafka", "rdkafka_sys"],
            within: RUST,
            only: &["topics/kafka.rs", "topics/kafka/**"],
            tests: false,
        },
        bad: &[("src/cluster.rs", "use rdkafka::ClientConfig;"), ("topics/log.rs", "rdkafka_sys::rd_kafka_new()")],
        good: &[("topics/kafka/append.rs", "use rdkafka::ClientContext;")],
    },
    Rule {
        says: "only state/ and the embedded log name rocksdb",
        look: Look::Words {
            words: &["rocksdb"],
            within: RUST,
            only: &["state/**", "topics/embedded.rs", "topics/embedded/**"],
            tests: false,
        },
        bad: &[("processors/runtime/view.rs", "use rocksdb::DB;"), ("topics/log.rs", "fn f(e: rocksdb::Error) {}")],
        good: &[("state/store.rs", "use rocksdb::DB;"), ("processors/runtime/view.rs", "let rocksdb_options = 1;")],
    },
    Rule {
        says: "only topics/codec.rs names bincode; others derive codec::{Encode, Decode}",
        look: Look::Words { words: &["bincode"], within: RUST, only: &["topics/codec.rs"], tests: false },
        bad: &[("topics/record.rs", "#[derive(bincode::Encode)]")],
        good: &[("topics/record.rs", "#[derive(codec::Encode, codec::Decode)] /* bincode */")],
    },
    // Who may do what.
    Rule {
        says: "only src/ opens listeners and spawns tasks",
        look: Look::Words {
            words: &[
                "TcpListener",
                "UnixListener",
                "UdpSocket",
                "tokio::spawn",
                "tokio::task",
                "task::spawn",
                "spawn_blocking",
                "spawn_local",
                "JoinSet",
            ],
            within: RUST,
            only: &["src/**", "bench/bare.rs"],
            tests: true,
        },
        bad: &[
            ("topics/log.rs", "fn f() { tokio::spawn(async {}); }"),
            ("processors/runtime/door.rs", "use tokio::net::TcpListener;"),
        ],
        good: &[
            ("topics/log.rs", "fn f() {}\n#[cfg(test)]\nmod tests { fn g() { tokio::spawn(async {}); } }"),
            ("topics/kafka/tests.rs", "use std::net::TcpListener;"),
            ("src/http.rs", "tokio::spawn(async {});"),
        ],
    },
    Rule {
        says: "unsafe code is only where librdkafka's C calls are wrapped",
        look: Look::Words { words: &["unsafe"], within: RUST, only: &["topics/kafka/native.rs"], tests: true },
        bad: &[("state/store.rs", "let x = unsafe { *p };")],
        good: &[("topics/kafka/native.rs", "unsafe { f() }"), ("state/store.rs", "#![forbid(unsafe_code)]")],
    },
    Rule {
        says: "no floats where state is decided",
        look: Look::Words {
            words: &["f32", "f64"],
            within: &["processors/**/transition.rs", "processors/**/tables.rs"],
            only: &[],
            tests: false,
        },
        bad: &[
            ("processors/carts/transition.rs", "let share = total as f64 / 3.0;"),
            ("processors/carts/stock/tables.rs", "struct Row { weight: f32 }"),
        ],
        good: &[("processors/carts/queries.rs", "fn mean(&self) -> f64"), ("processors/carts/tables.rs", "// no f64")],
    },
    Rule {
        says: "routes.rs turns HTTP into commands and queries; it touches no view and no table",
        look: Look::Words {
            words: &["View", "Cx", "Store", "millrace_state", "tables"],
            within: &["processors/**/routes.rs"],
            only: &["processors/runtime/**"],
            tests: true,
        },
        bad: &[
            ("processors/carts/routes.rs", "fn get(view: &View<'_, Carts>) {}"),
            ("processors/carts/stock/routes.rs", "use crate::carts::tables::CARTS;"),
        ],
        good: &[("processors/carts/queries.rs", "fn get(view: &View<'_, Carts>) {}")],
    },
    Rule {
        says: "queries.rs only reads",
        look: Look::Words { words: &["Cx"], within: &["processors/**/queries.rs"], only: &[], tests: true },
        bad: &[("processors/carts/queries.rs", "fn touch(cx: &mut Cx<'_, Carts>) {}")],
        good: &[("processors/carts/transition.rs", "fn apply(cx: &mut Cx<'_, Carts>) {}")],
    },
    Rule {
        says: "nothing unfinished and nothing skipped",
        look: Look::Words {
            words: &["todo!", "unimplemented!", "dbg!", "#[ignore", "#![ignore"],
            within: RUST,
            only: &[],
            tests: false,
        },
        bad: &[
            ("src/http.rs", "fn f() { todo!() }"),
            ("src/http.rs", "fn f() { unimplemented!(\"later\") }"),
            ("tests/walk.rs", "dbg!(x);"),
            ("tests/walk.rs", "#[test]\n#[ignore = \"slow\"]\nfn f() {}"),
        ],
        good: &[("src/http.rs", "// todo!\nfn todo() {} fn f() -> bool { todo() != dbg }")],
    },
    // The house.
    Rule {
        says: "every source, script, Makefile and setting starts with a line that says what it is for",
        look: Look::File(first_line),
        bad: &[
            ("src/main.rs", "fn main() {}"),
            ("src/lib.rs", "//! Millrace."),
            ("scripts/kafka", "#!/usr/bin/env bash\nset -eu"),
            ("Makefile", "all:\n"),
            ("deny.toml", "[graph]\n"),
            ("docker-compose.yml", ""),
        ],
        good: &[
            ("src/main.rs", "//! The program: its command line.\nfn main() {}"),
            ("scripts/kafka", "#!/usr/bin/env bash\n# Starts and stops a broker.\n"),
            ("scripts/load.mjs", "// Feeds the recorded traffic.\n"),
            ("Dockerfile", "# syntax=docker/dockerfile:1\n# The image for users of Docker.\n"),
            ("README.md", "Millrace\n"),
        ],
    },
    Rule {
        says: "no file is longer than 600 lines (LONG lists those with a reason)",
        look: Look::File(too_long),
        bad: &[("src/http.rs", LINES_601), ("topics/conformance.rs", "//! Short by now.")],
        good: &[("README.md", LINES_601)],
    },
    Rule {
        says: "no path of someone's machine",
        look: Look::File(machine_path),
        bad: &[
            ("scripts/test", concat!("cd /ro", "ot/x")),
            ("src/main.rs", concat!("let p = \"/ho", "me/ada/x\";")),
            ("README.md", concat!("`/wo", "rk/main`")),
            ("README.md", concat!("(/Us", "ers/ada)")),
        ],
        good: &[
            ("README.md", concat!("https://example.org/wo", "rk/x, $HO", "ME/.cache, a/ro", "ot, ./ho", "me/x")),
            ("src/main.rs", concat!("\"/v1/feeds/ho", "me/x\" \"/ro", "ots\"")),
        ],
    },
    Rule {
        says: "a system is six files, a contract in topics/ and a line in ALL, which is in alphabetical order",
        look: Look::Tree(six_files),
        bad: &[
            ("processors/lib.rs", "pub mod runtime; pub mod carts; pub const ALL: &[System] = &[carts::SYSTEM];"),
            ("processors/runtime/mod.rs", ""),
            ("processors/carts/mod.rs", ""),
            ("processors/carts/transition.rs", ""),
            ("processors/carts/tables.rs", ""),
            ("processors/carts/routes.rs", ""),
            ("processors/carts/tests.rs", ""),
            ("topics/carts.rs", ""),
        ],
        good: &[
            ("processors/lib.rs", "pub mod runtime; pub mod carts; pub const ALL: &[System] = &[carts::SYSTEM];"),
            ("processors/runtime/mod.rs", ""),
            ("processors/carts/mod.rs", ""),
            ("processors/carts/transition.rs", ""),
            ("processors/carts/tables.rs", ""),
            ("processors/carts/queries.rs", ""),
            ("processors/carts/routes.rs", ""),
            ("processors/carts/tests.rs", ""),
            ("processors/carts/stock/mod.rs", ""),
            ("topics/carts.rs", ""),
        ],
    },
];

/// Longer than 600 lines: (path, at most, why). One that became short must leave the list.
const LONG: &[(&str, usize, &str)] = &[
    ("topics/conformance.rs", 800, "one suite that runs on all three logs"),
    ("topics/embedded/tests.rs", 800, "one suite: kills, damage and full disks share their tools"),
    ("topics/kafka/tests.rs", 850, "one suite: everything in it shares one broker"),
];

/// 601 lines, for the rule on length.
const LINES_601: &str = match std::str::from_utf8(&[b'\n'; 601]) {
    Ok(lines) => lines,
    Err(_) => "",
};

/// Per manifest: which of our crates it may depend on, and which others it may not.
const MANIFESTS: &[(&str, &[&str], &[&str])] = &[
    (
        "Cargo.toml",
        &["millrace-topics", "millrace-state", "millrace-processors"],
        &["rocksdb", "rdkafka", "rdkafka-sys", "bincode"],
    ),
    ("bench/Cargo.toml", &[], &["rocksdb", "rdkafka", "bincode"]),
    ("topics/Cargo.toml", &[], &["axum", "utoipa-axum", "tower-http", "reqwest", "clap"]),
    (
        "state/Cargo.toml",
        &["millrace-topics"],
        &[
            "axum",
            "utoipa",
            "utoipa-axum",
            "tower-http",
            "reqwest",
            "clap",
            "tokio",
            "rdkafka",
            "rdkafka-sys",
            "bincode",
        ],
    ),
    (
        "processors/Cargo.toml",
        &["millrace-topics", "millrace-state"],
        // The last four: chance and clocks. What is random is drawn by the gateway and stands in the record.
        &["rocksdb", "rdkafka", "rdkafka-sys", "reqwest", "clap", "rand", "getrandom", "uuid", "chrono"],
    ),
];

#[test]
fn the_tree_is_tidy() {
    let mut tree = Vec::new();
    walk(Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap()), "", &mut tree);
    assert!(tree.iter().any(|(path, _)| path == "tests/tidy.rs"), "the tree was not found");
    let files: Vec<_> = tree.iter().map(|(path, text)| File { path, text }).collect();
    let broken: Vec<_> = RULES.iter().flat_map(|rule| rule.find(&files)).collect();
    assert!(broken.is_empty(), "{} untidy places:\n{}\n", broken.len(), broken.join("\n"));
}

#[test]
fn every_rule_finds_what_is_bad_and_leaves_what_is_good() {
    for rule in RULES {
        let files = |samples: &'static [(&str, &str)]| -> Vec<_> {
            samples.iter().map(|&(path, text)| File { path, text }).collect()
        };
        assert_eq!(rule.find(&files(rule.good)), Vec::<String>::new(), "found in the good example");
        assert!(!rule.good.is_empty() && !rule.bad.is_empty(), "{}: an example is missing", rule.says);
        if matches!(rule.look, Look::Tree(_)) {
            assert!(!rule.find(&files(rule.bad)).is_empty(), "{}: nothing found", rule.says);
            continue;
        }
        for file in files(rule.bad) {
            let found = rule.find(std::slice::from_ref(&file));
            assert!(!found.is_empty(), "{}: nothing found in {}: {}", rule.says, file.path, file.text);
        }
    }
}

#[test]
fn a_system_is_whole_and_listed() {
    let names = ["mod", "transition", "tables", "queries", "routes", "tests"];
    let find = |systems: &[&str], list: &str, left_out: &str| {
        let paths = systems.iter().flat_map(|system| {
            let files = names.iter().map(move |name| format!("processors/{system}/{name}.rs"));
            files.chain([format!("topics/{system}.rs")])
        });
        let paths: Vec<_> = paths.filter(|path| path != left_out).collect();
        let mut files: Vec<_> = paths.iter().map(|path| File { path, text: "" }).collect();
        files.push(File { path: "processors/lib.rs", text: list });
        six_files(&files).len()
    };
    assert_eq!(find(&["carts", "kv"], "[carts::SYSTEM, kv::SYSTEM]", ""), 0);
    assert_eq!(find(&["carts", "kv"], "[carts::SYSTEM, kv::SYSTEM]", "topics/kv.rs"), 1);
    assert_eq!(find(&["carts", "kv"], "[carts::SYSTEM, kv::SYSTEM]", "processors/kv/queries.rs"), 1);
    assert_eq!(find(&["carts", "kv"], "[carts::SYSTEM] // kv::SYSTEM", ""), 1);
    assert_eq!(find(&["carts", "kv"], "[kv::SYSTEM, carts::SYSTEM]", ""), 1);
}

impl Rule {
    /// The places that break this rule, as a person reads them.
    fn find(&self, files: &[File<'_>]) -> Vec<String> {
        let place = |path: &str, (line, what): Found| format!("{path}:{line}: {what} ({})", self.says);
        match &self.look {
            Look::Tree(look) => {
                look(files).into_iter().map(|(path, what)| format!("{path}: {what} ({})", self.says)).collect()
            }
            Look::File(look) => {
                files.iter().flat_map(|file| look(file).into_iter().map(|found| place(file.path, found))).collect()
            }
            Look::Words { words, within, only, tests } => files
                .iter()
                .filter(|file| any_matches(within, file.path) && !any_matches(only, file.path))
                .filter(|file| !(*tests && is_test(file.path)))
                .flat_map(|file| {
                    let code = if *tests { without_tests(&code(file.text)) } else { code(file.text) };
                    let found = words.iter().flat_map(|word| {
                        positions(&code, word)
                            .into_iter()
                            .map(|at| (line_of(&code, at), format!("`{word}`")))
                            .collect::<Vec<_>>()
                    });
                    found.map(|found| place(file.path, found)).collect::<Vec<_>>()
                })
                .collect(),
        }
    }
}

fn state_to_topics(file: &File<'_>) -> Vec<Found> {
    if !file.path.starts_with("state/") {
        return Vec::new();
    }
    let heads = heads(&code(file.text), "millrace_topics").into_iter();
    heads
        .filter(|(_, head)| !["codec", "position", "time"].contains(&head.as_str()))
        .map(|(line, head)| (line, format!("`millrace_topics::{head}`")))
        .collect()
}

fn manifest(file: &File<'_>) -> Vec<Found> {
    if !file.path.ends_with("Cargo.toml") {
        return Vec::new();
    }
    let Some((_, ours, banned)) = MANIFESTS.iter().find(|(path, ..)| *path == file.path) else {
        return vec![(1, "MANIFESTS does not say what it may depend on".to_owned())];
    };
    let parsed: toml::Table = match file.text.parse() {
        Ok(parsed) => parsed,
        Err(error) => return vec![(1, error.to_string())],
    };
    let targets = parsed.get("target").and_then(toml::Value::as_table);
    let places = std::iter::once(&parsed)
        .chain(targets.into_iter().flat_map(toml::Table::values).filter_map(toml::Value::as_table));
    let sections = places.flat_map(|place| {
        ["dependencies", "dev-dependencies", "build-dependencies"]
            .iter()
            .filter_map(|section| place.get(*section)?.as_table())
    });
    sections
        .flat_map(toml::Table::keys)
        .filter(|name| {
            if name.starts_with("millrace") { !ours.contains(&name.as_str()) } else { banned.contains(&name.as_str()) }
        })
        .map(|name| {
            let line = file.text.lines().position(|line| line.contains(name.as_str())).unwrap_or_default();
            (line + 1, format!("`{name}`"))
        })
        .collect()
}

fn first_line(file: &File<'_>) -> Vec<Found> {
    let name = file.path.rsplit('/').next().unwrap_or(file.path);
    let rust = name.ends_with(".rs");
    let is_script = is_script(file.path);
    let is_setting = [".toml", ".yml", ".yaml"].iter().any(|end| name.ends_with(end));
    if !(rust || is_script || is_setting || ["Makefile", "Dockerfile"].contains(&name)) {
        return Vec::new();
    }
    let mut lines = file.text.lines().skip_while(|line| line.starts_with("#!/") || line.starts_with("# syntax="));
    let line = lines.next().unwrap_or_default();
    let said = if rust { line.strip_prefix("//! ") } else { line.strip_prefix("# ").or(line.strip_prefix("// ")) };
    // One word is a name, not a purpose.
    if said.is_some_and(|said| said.split_whitespace().count() >= 3) {
        Vec::new()
    } else {
        vec![(1, format!("`{line}`"))]
    }
}

fn too_long(file: &File<'_>) -> Vec<Found> {
    if !(file.path.ends_with(".rs") || is_script(file.path) || file.path == "Makefile") {
        return Vec::new();
    }
    let lines = file.text.lines().count();
    match LONG.iter().find(|(path, ..)| *path == file.path) {
        Some((_, most, _)) if lines > *most => vec![(lines, format!("{lines} lines; LONG grants {most}"))],
        Some(_) if lines <= 600 => vec![(lines, format!("only {lines} lines by now: strike it from LONG"))],
        None if lines > 600 => vec![(lines, format!("{lines} lines"))],
        _ => Vec::new(),
    }
}

fn machine_path(file: &File<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        for path in [concat!("/ro", "ot"), concat!("/ho", "me/"), concat!("/wo", "rk/"), concat!("/Us", "ers/")] {
            for (at, _) in line.match_indices(path) {
                let before = line[..at].chars().next_back();
                let after = line[at + path.len()..].chars().next();
                let part = before.is_some_and(|c| c.is_alphanumeric() || "_.-~$})]*>".contains(c));
                let longer = !path.ends_with('/') && after.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '-');
                if !part && !longer {
                    found.push((number + 1, format!("`{path}`")));
                }
            }
        }
    }
    found
}

fn six_files(files: &[File<'_>]) -> Vec<(String, String)> {
    let has = |path: &str| files.iter().any(|file| file.path == path);
    let registry = code(files.iter().find(|file| file.path == "processors/lib.rs").map_or("", |file| file.text));
    let listed: Vec<_> = positions(&registry, "SYSTEM")
        .into_iter()
        .filter_map(|at| registry[..at].strip_suffix("::")?.rsplit(|c: char| !c.is_alphanumeric() && c != '_').next())
        .collect();
    let mut systems: Vec<_> =
        files.iter().filter_map(|file| Some(file.path.strip_prefix("processors/")?.split_once('/')?.0)).collect();
    systems.sort_unstable();
    systems.dedup();
    let mut found = Vec::new();
    if !listed.is_sorted() {
        found.push(("processors/lib.rs".to_owned(), format!("lists {listed:?}")));
    }
    for system in systems.into_iter().filter(|system| *system != "runtime") {
        let names = ["mod.rs", "transition.rs", "tables.rs", "queries.rs", "routes.rs", "tests.rs"];
        let files = names.iter().map(|name| format!("processors/{system}/{name}"));
        for path in files.chain([format!("topics/{system}.rs")]).filter(|path| !has(path)) {
            found.push((path, "is missing".to_owned()));
        }
        if !listed.contains(&system) {
            found.push(("processors/lib.rs".to_owned(), format!("does not list {system}::SYSTEM")));
        }
    }
    found
}
