//! `docker-compose.yml`, as far as a machine without Docker can try it: what it names exists, and the commands of its
//! nodes, with this machine's addresses in them, become a cluster.

use super::read;
use crate::broker::{self, free_port};
use crate::kafka::nodes::{settle, works};
use crate::support::{Server, eventually, fetch, millrace, text};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

/// The file as YAML means it, with its anchors merged.
fn compose() -> Value {
    let mut python = Command::new("python3");
    python.args(["-c", "import json, sys, yaml; json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)"]);
    let file = Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("docker-compose.yml");
    let python = python.arg(file).env("PYTHONPATH", fetch("pip", "pyyaml", "6.0.2")).stdin(Stdio::null()).output();
    let python = python.expect("python3 is missing; on Debian: sudo apt-get install python3");
    assert!(python.status.success(), "{}", text(&python.stderr));
    serde_json::from_slice(&python.stdout).unwrap()
}

/// The services that are nodes of Millrace, by name.
fn nodes(compose: &Value) -> Vec<(String, Value)> {
    let services = compose["services"].as_object().unwrap().iter();
    let nodes = services.filter(|(_, service)| service["command"][0] == "serve");
    nodes.map(|(name, service)| (name.clone(), service.clone())).collect()
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().map(|text| text.as_str().unwrap()).collect()
}

/// The value of a flag in a command.
fn flag<'c>(command: &[&'c str], name: &str) -> &'c str {
    let at = command.iter().position(|word| *word == name).unwrap_or_else(|| panic!("{command:?} has no {name}"));
    command[at + 1]
}

/// Runs what makes the keys, twice: they stay what they are.
fn make_keys(compose: &Value, folder: &Path) {
    let service = &compose["services"]["keys"];
    assert_eq!(texts(&service["entrypoint"]), ["bash", "-ec"]);
    let script = texts(&service["command"])[0].replace("$$", "$").replace("/keys/", &format!("{}/", folder.display()));
    let run = || {
        let made = Command::new("bash").args(["-ec", &script]).output().unwrap();
        assert!(made.status.success(), "{}", text(&made.stderr));
        std::fs::read_to_string(folder.join("keys")).unwrap()
    };
    assert_eq!(run(), run());
}

#[test]
fn everything_that_it_names_exists() {
    let compose = compose();
    let volumes: BTreeSet<_> = compose["volumes"].as_object().unwrap().keys().map(String::as_str).collect();
    let (mut mounted, mut ports) = (BTreeSet::new(), BTreeSet::new());
    for (name, service) in compose["services"].as_object().unwrap() {
        for mount in texts(&service["volumes"]) {
            mounted.insert(mount.split(':').next().unwrap());
        }
        for (other, wanted) in service["depends_on"].as_object().into_iter().flatten() {
            let known = &compose["services"][other];
            assert!(known.is_object(), "{name} waits for {other}, which there is not");
            let ends = known["restart"] == "no";
            let condition = if ends { "service_completed_successfully" } else { "service_healthy" };
            assert_eq!(wanted["condition"], condition, "{name} waits for {other}");
            assert!(ends || known["healthcheck"].is_object() || known["image"] == "millrace", "{other} has no check");
        }
        for port in texts(&service["ports"]) {
            let host = port.strip_prefix("127.0.0.1:").expect("ports are open on this machine alone");
            assert!(ports.insert(host.split(':').next().unwrap()), "{port} is taken twice");
        }
    }
    assert_eq!(mounted, volumes, "volumes that are mounted, and those that are defined");
    assert!(read("Dockerfile").contains("HEALTHCHECK "), "nodes have no check of their own");

    let help = text(&millrace(Path::new("/nowhere"), &["serve", "--help"]).output().unwrap().stdout);
    let nodes = nodes(&compose);
    assert_eq!(nodes.len(), 3);
    let all: Vec<_> = nodes.iter().map(|(_, service)| texts(&service["command"])).collect();
    for ((name, service), command) in nodes.iter().zip(&all) {
        for word in command.iter().filter(|word| word.starts_with("--")) {
            assert!(help.contains(&format!("{word} ")) || help.contains(&format!("{word}[")), "{word} is no flag");
        }
        let port = flag(command, "--listen").rsplit_once(':').unwrap().1;
        assert_eq!(flag(command, "--advertise"), format!("{name}:{port}"), "others reach a node by its service's name");
        assert!(texts(&service["ports"])[0].ends_with(&format!(":{port}")));
        let mounts = texts(&service["volumes"]);
        assert!(mounts.contains(&format!("{name}:/data").as_str()), "each has data of its own: {mounts:?}");
        assert!(mounts.contains(&"keys:/keys"), "all have the same keys: {mounts:?}");
    }
    for name in ["--kafka", "--keys", "--standbys"] {
        assert!(all.iter().all(|command| flag(command, name) == flag(&all[0], name)), "{name} differs");
    }
    let broker = compose["services"]["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"].as_str().unwrap();
    assert!(broker.ends_with(&format!("://{}", flag(&all[0], "--kafka"))), "{broker}");
}

#[test]
fn its_commands_become_a_cluster() {
    let (compose, folder) = (compose(), tempfile::tempdir().unwrap());
    let cluster = broker::shared().cluster("compose");
    let keys = folder.path().join("keys").to_str().unwrap().to_owned();
    make_keys(&compose, folder.path());
    let addresses: Vec<_> = nodes(&compose).iter().map(|(name, _)| (name.clone(), free_port())).collect();
    let here =
        |word: &str, own: u16| match (word, addresses.iter().find(|(name, _)| word.starts_with(&format!("{name}:")))) {
            ("kafka:9092", _) => cluster.broker.address.clone(),
            ("/keys/keys", _) => keys.clone(),
            ("0.0.0.0:8080", _) => format!("127.0.0.1:{own}"),
            (_, Some((_, port))) => format!("127.0.0.1:{port}"),
            (word, None) => word.to_owned(),
        };
    let mut running = Vec::new();
    for ((name, service), (_, port)) in nodes(&compose).iter().zip(&addresses) {
        let data = folder.path().join(name);
        std::fs::create_dir(&data).unwrap();
        let words = texts(&service["command"]);
        let cut = words.iter().position(|word| *word == "--data").unwrap();
        let words: Vec<_> = [&words[..cut], &words[cut + 2..]].concat().iter().map(|word| here(word, *port)).collect();
        let words: Vec<_> = words.iter().map(String::as_str).chain(["--topic-prefix", "compose."]).collect();
        running.push(Server::launch(millrace(&data, &words), &data).unwrap_or_else(|said| panic!("{name}: {said}")));
    }
    let [one, two, three] = &running[..] else { panic!("there are three") };
    settle(&[one, two, three]);
    let made = eventually("a board", || {
        Some(two.post("/v1/leaderboards", &json!({ "id": "daily" }))).filter(|made| made.status != 503)
    });
    assert_eq!(made.status, 201, "{made:?}");
    works(&[one, two, three], "daily", "ada", 5);
    works(&[three, two, one], "daily", "bob", 6);
    let lost = running.remove(1);
    lost.kill();
    works(&[&running[0], &running[1]], "daily", "eve", 7);
}
