//! What operators are given beside the program: alarms, pictures and their page speak of figures that there are.

use crate::support::Server;
use std::collections::BTreeSet;
use std::path::Path;

fn read(path: &str) -> String {
    let root = std::env::var("CARGO_MANIFEST_DIR").expect("cargo runs the tests");
    std::fs::read_to_string(Path::new(&root).join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The names of figures in a text, without what histograms add to theirs.
fn figures(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let own = words.filter(|word| word.starts_with("millrace_"));
    own.map(|word| word.strip_suffix("_bucket").unwrap_or(word).to_owned()).collect()
}

#[test]
fn alarms_and_pictures_name_figures_that_there_are() {
    let defined = read("src/metrics.rs");
    for file in ["deploy/alerts.yml", "deploy/dashboard.json"] {
        let named = figures(&read(file));
        assert!(named.len() > 8, "{file}: {named:?}");
        for name in named {
            assert!(defined.contains(&format!("\"{name}\"")), "{file} names {name}, which is no figure");
        }
    }
    serde_json::from_str::<serde_json::Value>(&read("deploy/dashboard.json")).expect("Grafana reads JSON");

    // Those without labels are shown by every server from its start.
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    let shown = server.get("/metrics").body.as_str().unwrap().to_owned();
    for name in ["millrace_shards_unheld", "millrace_partitions_stopped", "millrace_disk_room", "millrace_nodes"] {
        assert!(shown.contains(&format!("\n{name} ")), "{name} is not shown");
    }
}

#[test]
fn every_alarm_is_explained() {
    let (alerts, page) = (read("deploy/alerts.yml"), read("docs/operations.md"));
    let named: Vec<_> = alerts.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(named.len() > 8, "{named:?}");
    for name in named {
        assert!(page.lines().any(|line| line.starts_with('|') && line.contains(name)), "{name} has no row");
    }
}
