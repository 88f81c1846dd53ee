//! What the log tells, and in whose words.

use super::lab::{Daemon, Lab, Program, Protocol, Router, eventually};
use super::support::SOON;

/// Waits until the daemon has logged a line with all these words, and returns it.
fn wait_line(daemon: &Daemon, words: &[&str]) -> String {
    let find = || {
        let log = daemon.log();
        let mut lines = log.lines();
        let line = lines.find(|line| words.iter().all(|word| line.contains(word)));
        line.map(str::to_owned).ok_or_else(|| format!("no line with {words:?} in\n{log}"))
    };
    eventually(SOON, "a line", find).0
}

#[test]
fn a_peer_with_another_password_is_named_and_told_once() {
    let lab = Lab::new(&["a", "b"]);
    let ours = Router::new(Protocol::V2Password, 100, 100).conf(&lab, "a");
    let theirs = ours.replace("1111", "2222");
    let a = Daemon::start(&lab, lab.node("a"), Program::Vipd, &ours);
    let _b = Daemon::start(&lab, lab.node("b"), Program::Keepalived, &theirs);
    let peer = lab.node("b").ipv4().to_string();
    let line = wait_line(&a, &["WARN", "(VI_1)", &peer, "password", "auth_pass"]);
    assert!(line.contains("reason=\"auth_failed\""), "{line}");
    // keepalived tells each packet; the next ones come after a second each.
    super::lab::pause(3 * super::support::SECOND);
    assert_eq!(a.log().matches("auth_failed").count(), 1);
}
