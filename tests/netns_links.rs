//! An interface that flaps: with a delay nobody hears of it, without one it is a fault at once.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test waits in real time and fails loudly"
)]

mod lab;

use std::time::Duration;

use lab::clock::{SOON, pause};
use lab::{Daemon, Lab, Node, Program, Protocol, Router, eventually};

const ADDRESS: Protocol = Protocol::V3;
/// Centiseconds; a delay of 1.9 s is borne.
const INTERVAL: u16 = 100;

fn conf(lab: &Lab, words: &str) -> String {
    let mut router = Router::new(ADDRESS, 200, INTERVAL);
    router.before = "interface_up_down_delays {\n    eth0 1.5 1\n}\n".to_owned();
    router.instance = words.to_owned();
    router.conf(lab, "a")
}

fn wait(node: &Node, holds: bool) -> Duration {
    eventually(SOON, if holds { "the address" } else { "no address" }, || {
        let is = node.holds(ADDRESS.address());
        (is == holds).then_some(()).ok_or_else(|| format!("held: {is}"))
    })
    .1
}

fn faults(daemon: &Daemon) -> usize {
    daemon.log().lines().filter(|line| line.contains("FAULT STATE")).count()
}

fn flap(words: &str) {
    let lab = Lab::new(&["a"]);
    let node = lab.node("a");
    let mut daemon = Daemon::start(&lab, node, Program::Vipd, &conf(&lab, words));
    wait(node, true);

    for _ in 0..3 {
        lab.cut("a");
        pause(Duration::from_millis(600));
        lab.mend("a");
        pause(Duration::from_millis(100));
    }
    assert!(node.holds(ADDRESS.address()));
    assert_eq!(faults(&daemon), 0, "{}", daemon.log());

    lab.cut("a");
    let down = wait(node, false);
    assert!(down >= Duration::from_millis(1400), "it was given up after {down:?}");
    assert_eq!(faults(&daemon), 1, "{}", daemon.log());
    lab.mend("a");
    let up = wait(node, true);
    assert!(up >= Duration::from_secs(4), "after {up:?}: one second, then three adverts");
    assert!(daemon.stop().success());
}

#[test]
fn a_short_loss_of_the_carrier_is_no_fault_and_a_long_one_is() {
    flap("");
}

#[test]
fn a_virtual_interface_has_the_delays_of_the_one_under_it() {
    flap("    use_vmac");
}

#[test]
fn a_reload_takes_the_delay_away() {
    let lab = Lab::new(&["a"]);
    let node = lab.node("a");
    let with = conf(&lab, "");
    let daemon = Daemon::start(&lab, node, Program::Vipd, &with);
    wait(node, true);
    let without = with.replace("eth0 1.5 1", "");
    daemon.reload(&without);
    eventually(SOON, "the reload", || {
        daemon.log().contains("Reload complete").then_some(()).ok_or_else(|| daemon.log())
    });
    lab.cut("a");
    let down = wait(node, false);
    assert!(down < Duration::from_secs(1), "it was given up after {down:?}");
}
