//! Tests of the settings: where a value comes from, and what is refused.

use super::memory::{memory_of_group, memory_of_machine};
use super::*;
use crate::cli::parse_from;
use millrace_topics::record::Role;

fn file(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

fn settings(args: &[&str]) -> Result<Settings, String> {
    let args = ["millrace", "serve"].iter().chain(args).copied();
    parse_from(args).map(|(_, settings)| settings).map_err(|error| error.to_string())
}

fn with_text(text: &str, args: &[&str]) -> Result<Settings, String> {
    let file = file(text);
    let mut all = vec!["--config", file.path().to_str().unwrap()];
    all.extend(args);
    settings(&all)
}

#[test]
fn times_are_read() {
    for (text, millis) in [("0s", 0), ("200ms", 200), ("5s", 5000), ("10m", 600_000), ("24h", 86_400_000)] {
        assert_eq!(parse_duration(text), Ok(Duration::from_millis(millis)), "{text}");
    }
    for text in ["", "5", "s", "5 parsecs", "-1s", "1.5h", "18446744073709551615d", "18446744073709551616ms"] {
        assert!(parse_duration(text).is_err(), "{text}");
    }
}

#[test]
fn sizes_are_read() {
    for (text, bytes) in [("0", 0), ("900_000", 900_000), ("1K", 1024), ("512M", 512 << 20), ("2GiB", 2 << 30)] {
        assert_eq!(parse_size(text), Ok(bytes), "{text}");
    }
    for text in ["", "M", "512MB", "512m", "-1", "1.5G", "99999999T", "18446744073709551616"] {
        assert!(parse_size(text).is_err(), "{text}");
    }
}

#[test]
fn defaults_are_those_of_the_design() {
    let settings = settings(&[]).unwrap();
    assert_eq!(settings.listen, "127.0.0.1:8080");
    assert_eq!(settings.data, Path::new("./data"));
    assert_eq!(settings.partitions, 8);
    assert_eq!(settings.body_limit, 900_000);
    assert_eq!(settings.wait, Duration::from_secs(10));
    assert_eq!(settings.idempotency_window, Duration::from_secs(86_400));
    assert_eq!(settings.keys_file(), Path::new("./data/keys"));
    assert!(settings.memory() > 0 && !settings.insecure);
}

#[test]
fn a_flag_goes_before_the_file_and_the_file_before_the_default() {
    let text = "wait = \"1s\"\npartitions = 4\n[idempotency]\nwindow = \"2h\"";
    let settings = with_text(text, &["--partitions", "16"]).unwrap();
    assert_eq!(settings.wait, Duration::from_secs(1));
    assert_eq!(settings.partitions, 16);
    assert_eq!(settings.idempotency_window, Duration::from_secs(7200));
    assert_eq!(settings.min_position_wait, Duration::from_secs(5));
}

/// Runs itself again with a variable set: a process's environment is no place for threads of tests to write to.
#[test]
fn the_environment_goes_before_the_file_and_behind_a_flag() {
    const NAMES: [&str; 2] = ["MILLRACE_PARTITIONS", "MILLRACE_KAFKA_SET"];
    if std::env::var_os(NAMES[0]).is_some() {
        let text = "partitions = 4\nkafka = \"k:1\"\n[kafka-set]\nc = \"3\"";
        let settings = with_text(text, &[]).unwrap();
        let pairs = [("a", "1,1"), ("b", "2")].map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!((settings.partitions, settings.kafka_set), (12, pairs.to_vec()));
        assert_eq!(with_text(text, &["--partitions", "16"]).unwrap().partitions, 16);
        return;
    }
    let name = "settings::tests::the_environment_goes_before_the_file_and_behind_a_flag";
    let mut again = std::process::Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", name]).env(NAMES[0], "12").env(NAMES[1], "a=1,1;b=2");
    let output = again.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
fn every_setting_has_one_name_in_three_spellings() {
    let command = augment(clap::Command::new("millrace"));
    for arg in command.get_arguments() {
        let id = arg.get_id().as_str();
        assert_eq!(arg.get_long().unwrap().replace('-', "_"), id);
        assert_eq!(arg.get_env().unwrap().to_str().unwrap(), format!("MILLRACE_{}", id.to_uppercase()));
        assert!(arg.get_help().is_some() && arg.get_help_heading().is_some(), "{id} has no help");
    }
}

#[test]
fn lists_come_from_the_file_too() {
    let hash = "ab".repeat(32);
    let text = format!(
        "kafka = \"k:9092\"\n[kafka-set]\n\"sasl.username\" = \"a,b\"\nretries = 3\n\
         [[auth.keys]]\nid = \"shop\"\nrole = \"server\"\nsha256 = \"{hash}\"\n\
         [[auth.keys]]\nid = \"ops\"\nrole = \"operator\"\nsha256 = \"{hash}\""
    );
    let settings = with_text(&text, &["--insecure"]).unwrap();
    let pairs = [("retries", "3"), ("sasl.username", "a,b")].map(|(a, b)| (a.to_owned(), b.to_owned()));
    assert_eq!(settings.kafka_set, pairs);
    let keys: Vec<_> = settings.auth_keys.iter().map(|key| (key.id.as_str(), key.role)).collect();
    assert_eq!(keys, [("shop", Role::Server), ("ops", Role::Operator)]);
    assert!(settings.insecure);
    assert!(!with_text("insecure = true", &["--insecure=false"]).unwrap().insecure);
}

#[test]
fn a_bad_file_is_refused_by_name() {
    for (text, error) in [
        ("idempotency-windov = \"1h\"", "`idempotency-windov` is not a setting"),
        ("[idempotency]\nwindov = \"1h\"", "`idempotency.windov` is not a setting"),
        ("idempotency-window = \"1h\"\nidempotency_window = \"1h\"", "is set twice"),
        ("wait = 1.5", "`wait` must be a text"),
        ("wait = \"soon\"", "invalid value 'soon' for '--wait <TIME>'"),
        ("partitions = 0", "invalid value '0' for '--partitions <N>'"),
        ("wait = ", "line 1"),
        ("config = \"x\"", "`config` cannot stand"),
        ("[[auth.keys]]\nid = \"a\"\nrole = \"user\"", "has no `sha256`"),
        ("[[auth.keys]]\nid = \"a\"\nsecret = \"user\"", "`auth.keys.secret` is not a setting"),
    ] {
        let said = with_text(text, &[]).unwrap_err();
        assert!(said.contains(error), "{text}: {said}");
    }
    assert!(settings(&["--config", "/nowhere.toml"]).unwrap_err().contains("/nowhere.toml cannot be read"));
}

#[test]
fn settings_that_do_not_fit_together_are_refused() {
    for (args, error) in [
        (&["--advertise", "a:1"][..], "needs --kafka"),
        (&["--advertise", "a:1", "--kafka", "k:1"], "needs --keys FILE"),
        (&["--tls-cert", "c"], "belong together"),
        (&["--tls-key", "k"], "belong together"),
        (
            &["--advertise", "a:1", "--kafka", "k:1", "--keys", "/k", "--tls-cert", "c", "--tls-key", "k"],
            "needs --tls-ca FILE",
        ),
        (&["--advertise", "a"], "it is HOST:PORT"),
        (&["--advertise", "a:0"], "it is HOST:PORT"),
        (&["--kafka-set", "a=b"], "--kafka-set without --kafka"),
        (&["--kafka-copies", "3"], "--kafka-copies without --kafka"),
        (&["--kafka-set", "ab"], "KEY=VALUE"),
        (&["--disk-refuse", "20"], "--disk-warn 15 is below --disk-refuse 20"),
        (&["--without-events", "ledgers"], "--without-events ledgers: the systems are carts, "),
        (&["--otlp", "https://x:4318"], "it is http://HOST:PORT"),
        (&["--memory", "1M"], "at least 64M"),
        (&["--kafka", ""], "--kafka <HOST:PORT>"),
    ] {
        let said = settings(args).unwrap_err();
        assert!(said.contains(error), "{args:?}: {said}");
    }
    let all = ["--advertise", "a:1", "--kafka", "k:1", "--keys", "/k"];
    assert_eq!(settings(&all).unwrap().advertise.as_deref(), Some("a:1"));
}

#[test]
fn the_machines_memory_is_read() {
    assert_eq!(memory_of_machine("MemFree: 1 kB\nMemTotal:  2048 kB\n"), Some(2 << 20));
    assert_eq!(memory_of_group("0::/no/such/group/below/the/root"), memory_of_group("0::/"));
}
