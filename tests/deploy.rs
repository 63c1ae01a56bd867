//! What operators are given beside the program: alarms, pictures and their page speak of figures that there are, and
//! Prometheus reads them.

mod compose;

use crate::broker::free_port;
use crate::support::{Server, eventually, fetch, text};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

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

/// A program of Debian's package of Prometheus.
fn program(name: &str) -> Command {
    Command::new(format!("{}/usr/bin/{name}", fetch("deb", "prometheus", "current")))
}

fn promtool(args: &[&str]) -> Output {
    let root = std::env::var("CARGO_MANIFEST_DIR").expect("cargo runs the tests");
    program("promtool").args(args).current_dir(Path::new(&root).join("deploy")).output().expect("promtool runs")
}

#[test]
fn alarms_are_raised_when_they_should_be() {
    for args in [["check", "rules", "alerts.yml"], ["test", "rules", "alerts.test.yml"]] {
        let checked = promtool(&args);
        assert!(checked.status.success(), "{}{}", text(&checked.stdout), text(&checked.stderr));
    }
    let (alerts, tests) = (read("deploy/alerts.yml"), read("deploy/alerts.test.yml"));
    for name in alerts.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")) {
        let raised = format!("alertname: {name}\n        exp_alerts:");
        assert!(tests.contains(&raised), "no test raises {name}");
        assert!(tests.contains(&format!("alertname: {name} }}")), "no test has {name} quiet");
    }
}

/// A Prometheus that asks one server every 200 ms.
struct Prometheus {
    child: Child,
    url: String,
}

impl Prometheus {
    fn start(server: &Server, folder: &Path) -> Self {
        let target = server.url.strip_prefix("http://").expect("plain HTTP");
        let root = std::env::var("CARGO_MANIFEST_DIR").expect("cargo runs the tests");
        let config = json!({
            "global": { "scrape_interval": "200ms", "evaluation_interval": "200ms" },
            "rule_files": [Path::new(&root).join("deploy/alerts.yml")],
            "scrape_configs": [{ "job_name": "millrace", "static_configs": [{ "targets": [target] }] }],
        });
        // JSON is YAML.
        let file = folder.join("prometheus.yml");
        std::fs::write(&file, config.to_string()).unwrap();
        let address = format!("127.0.0.1:{}", free_port());
        let mut prometheus = program("prometheus");
        prometheus.arg(format!("--config.file={}", file.display()));
        prometheus.arg(format!("--storage.tsdb.path={}", folder.join("prometheus").display()));
        prometheus.arg(format!("--web.listen-address={address}")).arg("--log.level=error");
        let child = prometheus.stdin(Stdio::null()).spawn().expect("Prometheus starts");
        Self { child, url: format!("http://{address}") }
    }

    /// How many series answer a question; `None` where it is not answered.
    fn count(&self, question: &str) -> Option<usize> {
        let answer = promtool(&["query", "instant", "--format=json", &self.url, question]);
        let series = answer.status.success().then(|| serde_json::from_slice::<Value>(&answer.stdout).ok())??;
        Some(series.as_array().map_or(0, Vec::len))
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn prometheus_answers_what_pictures_and_alarms_ask() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    let prometheus = Prometheus::start(&server, folder.path());
    assert_eq!(server.post("/v1/leaderboards", &json!({ "id": "weekly" })).status, 201);
    let dashboard: Value = serde_json::from_str(&read("deploy/dashboard.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().unwrap());
    let questions: Vec<_> = targets.map(|target| target["expr"].as_str().unwrap()).collect();
    assert!(questions.len() > 8, "{questions:?}");
    for question in questions {
        // No append has failed, and a node that is alone has no shards to share.
        let quiet = question.contains("append_failures") || question == "millrace_shards";
        eventually(&format!("an answer to {question}"), || {
            // Rates need a difference.
            assert_eq!(server.get("/v1/leaderboards/weekly").status, 200);
            let score = json!({ "owner": "ada", "score": 5 });
            assert_eq!(server.post("/v1/leaderboards/weekly/scores", &score).status, 200);
            prometheus.count(question).filter(|count| quiet || *count > 0)
        });
    }
    let alerts = read("deploy/alerts.yml");
    let alarms: Vec<_> = alerts.lines().filter_map(|line| line.trim().strip_prefix("expr: ")).collect();
    assert!(alarms.len() > 8, "{alarms:?}");
    for question in alarms {
        assert!(prometheus.count(question).is_some(), "{question} is not answered");
    }
}
