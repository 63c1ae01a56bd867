//! Nodes that speak TLS with each other: changed over one after the other, and who is not taken for one of them.

use super::fill;
use super::nodes::{Nodes, held, settle, works};
use crate::broker;
use crate::support::{Server, text};
use crate::tls::Authority;

#[test]
fn nodes_change_over_to_tls_one_after_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new(folder.path(), "ours");
    let ca = authority.file();
    let pair = Nodes::new(broker::shared().cluster("tls"), folder.path(), 2, &[]);
    let certificate = authority.sign("node", "IP:127.0.0.1");
    let plain = ["--tls-ca", ca.as_str()];
    let tls = [&plain[..], &certificate.flags()].concat();
    let start = |node: usize, flags: &[&str]| pair.try_start(node, flags).unwrap_or_else(|said| panic!("{said}"));

    let (zero, one) = (start(0, &plain), start(1, &plain));
    settle(&[&zero, &one]);
    fill(&zero, "daily", &[("ada", 5)]);
    fill(&zero, "weekly", &[("ada", 5)]);
    let through_both = |zero: &Server, one: &Server, score: i64| {
        for board in ["daily", "weekly"] {
            works(&[zero, one], board, "bob", score);
            works(&[one, zero], board, "eve", score);
        }
    };
    through_both(&zero, &one, 6);

    assert_eq!(one.stop(), Some(0));
    let one = start(1, &tls);
    assert!(one.url.starts_with("https://") && zero.url.starts_with("http://"));
    settle(&[&zero, &one]);
    through_both(&zero, &one, 7);

    assert_eq!(zero.stop(), Some(0));
    let zero = start(0, &tls);
    settle(&[&zero, &one]);
    through_both(&zero, &one, 8);
    let status = pair.cluster.cli(&zero, &["cluster", "status", "--keys", &pair.keys()]);
    assert!(status.status.success() && text(&status.stdout).contains(pair.address(1)), "{status:?}");
    assert!(!held(&zero).is_empty() && !held(&one).is_empty());

    // A certificate that the others would not take is found out at the start, not by them.
    assert_eq!(one.stop(), Some(0));
    let stranger = Authority::new(folder.path(), "stranger").sign("node", "IP:127.0.0.1");
    let elsewhere = authority.sign("elsewhere", "DNS:elsewhere.example");
    for (certificate, reason) in [(&stranger, "UnknownIssuer"), (&elsewhere, "not valid for name")] {
        let flags = [&plain[..], &certificate.flags()].concat();
        let Err(said) = pair.try_start(1, &flags) else { panic!("it started: {reason}") };
        assert!(said.contains("exit 2") && said.contains("cannot be reached there"), "{said}");
        assert!(said.to_lowercase().contains(&reason.to_lowercase()), "{reason}: {said}");
    }
}
