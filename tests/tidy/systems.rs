//! The arrows between systems: each names what all share, and itself. Another one's contract is no arrow where
//! records go to it, but a contract leans on no other.

use super::source::{code, heads, line_of, positions, without_tests};
use super::{File, Found};

/// What is nobody's own in `topics/`: the rest there are contracts of systems.
const SHARED: [&str; 16] = [
    "codec",
    "conformance",
    "contract",
    "copy",
    "embedded",
    "fixtures",
    "kafka",
    "lib",
    "log",
    "memory",
    "money",
    "partition",
    "position",
    "record",
    "time",
    "token",
];

/// The heads of paths that are neither shared nor the file's own.
fn foreign(code: &str, root: &str, own: &str, shared: &[&str]) -> Vec<Found> {
    let heads = heads(code, root).into_iter();
    let heads = heads.filter(|(_, head)| head != own && head != "self" && !shared.contains(&head.as_str()));
    heads.map(|(line, head)| (line, format!("`{root}::{head}`"))).collect()
}

/// What a file of a system names of another one.
pub fn other_systems(file: &File<'_>) -> Vec<Found> {
    let code = code(file.text);
    if let Some(path) = file.path.strip_prefix("topics/") {
        let own = path.split(['/', '.']).next().unwrap_or_default();
        return if SHARED.contains(&own) { Vec::new() } else { foreign(&code, "crate", own, &SHARED) };
    }
    let Some((own, inside)) = file.path.strip_prefix("processors/").and_then(|path| path.split_once('/')) else {
        return Vec::new();
    };
    let mut found = foreign(&code, "crate", own, &["runtime"]);
    // Two steps up reach the other systems from most files, one step from mod.rs: named from `crate`, they are seen.
    let outside_tests = without_tests(&code);
    let up = if inside == "mod.rs" { "super" } else { "super::super" };
    let ups = positions(&outside_tests, up).into_iter().filter(|at| outside_tests[at + up.len()..].starts_with("::"));
    found.extend(ups.map(|at| (line_of(&code, at), format!("`{up}`"))));
    found
}
