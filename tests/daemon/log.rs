//! What the log tells, and in whose words.

use super::lab::{Daemon, Lab, Program, Protocol, Router, eventually};
use super::support::{SOON, conf, start_active};

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

#[test]
fn a_link_that_goes_down_is_one_fault_and_no_warning() {
    let lab = Lab::new(&["a"]);
    let mut daemon = start_active(&lab, "a");
    lab.node("a").namespace.ip(&["link", "set", "eth0", "down"]);
    wait_line(&daemon, &["(VI_1) Entering FAULT STATE (interface eth0 down)"]);
    wait_line(&daemon, &["(VI_1) The addresses are gone"]);
    assert!(daemon.stop().success());
    let log = daemon.log();
    assert_eq!(log.matches("FAULT").count(), 1, "{log}");
    assert!(!log.contains("WARN"), "{log}");
}

#[test]
fn an_instance_that_a_reload_removes_is_named() {
    let lab = Lab::new(&["a"]);
    let text = conf(&lab, "a", 100);
    let second =
        text.replace("VI_1", "VI_2").replace("virtual_router_id 51", "virtual_router_id 52");
    let (_, second) = second.split_once("vrrp_instance").unwrap();
    let slow = |second: &str| {
        let second = second.replace("advert_int 0.10", "advert_int 10");
        format!("{text}\nvrrp_instance{}", second.replace("10.9.0.100", "10.9.0.101"))
    };
    let mut daemon = Daemon::start(&lab, lab.node("a"), Program::Vipd, &slow(second));
    wait_line(&daemon, &["(VI_2) Entering BACKUP STATE"]);
    daemon.reload(&text);
    wait_line(&daemon, &["(VI_2) Removed from the configuration", "cause=\"removed\""]);
    assert!(!daemon.log().contains("(?)"));
    assert!(daemon.stop().success());
}
