//! vipd and the real keepalived on one link, each in either role, in every form of VRRP.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test waits in real time and fails loudly"
)]

mod lab;

use std::time::Duration;

use lab::clock::{Stamp, ms};
use lab::{Daemon, Lab, Program, Protocol, Router, Watch, eventually, now};

use Program::{Keepalived, Vipd};

/// Both routers of the lab.
const BOTH: [&str; 2] = ["a", "b"];
/// The address stays with the higher priority, which is a's.
const HIGH: u8 = 200;
const LOW: u8 = 100;
const EQUAL: u8 = 150;

#[test]
fn vipd_hands_over_to_keepalived_in_v2() {
    fail_over(Protocol::V2, Vipd, Keepalived);
}

#[test]
fn keepalived_hands_over_to_vipd_in_v2() {
    fail_over(Protocol::V2, Keepalived, Vipd);
}

#[test]
fn vipd_hands_over_to_keepalived_in_v2_with_a_password() {
    fail_over(Protocol::V2Password, Vipd, Keepalived);
}

#[test]
fn keepalived_hands_over_to_vipd_in_v2_with_a_password() {
    fail_over(Protocol::V2Password, Keepalived, Vipd);
}

#[test]
fn vipd_hands_over_to_keepalived_in_v2_with_an_authentication_header() {
    fail_over(Protocol::V2Ah, Vipd, Keepalived);
}

#[test]
fn keepalived_hands_over_to_vipd_in_v2_with_an_authentication_header() {
    fail_over(Protocol::V2Ah, Keepalived, Vipd);
}

#[test]
fn vipd_hands_over_to_keepalived_in_v2_unicast_with_an_authentication_header() {
    fail_over(Protocol::V2AhUnicast, Vipd, Keepalived);
}

#[test]
fn keepalived_hands_over_to_vipd_in_v2_unicast_with_an_authentication_header() {
    fail_over(Protocol::V2AhUnicast, Keepalived, Vipd);
}

#[test]
fn vipd_hands_over_to_keepalived_in_v2_unicast() {
    fail_over(Protocol::V2Unicast, Vipd, Keepalived);
}

#[test]
fn keepalived_hands_over_to_vipd_in_v2_unicast() {
    fail_over(Protocol::V2Unicast, Keepalived, Vipd);
}

#[test]
fn vipd_hands_over_to_keepalived_in_v3() {
    fail_over(Protocol::V3, Vipd, Keepalived);
}

#[test]
fn keepalived_hands_over_to_vipd_in_v3() {
    fail_over(Protocol::V3, Keepalived, Vipd);
}

#[test]
fn vipd_hands_over_to_keepalived_in_v3_unicast() {
    fail_over(Protocol::V3Unicast, Vipd, Keepalived);
}

#[test]
fn keepalived_hands_over_to_vipd_in_v3_unicast() {
    fail_over(Protocol::V3Unicast, Keepalived, Vipd);
}

#[test]
fn vipd_hands_over_to_keepalived_in_ipv6() {
    fail_over(Protocol::V6, Vipd, Keepalived);
}

#[test]
fn keepalived_hands_over_to_vipd_in_ipv6() {
    fail_over(Protocol::V6, Keepalived, Vipd);
}

#[test]
fn vipd_hands_over_to_keepalived_in_ipv6_unicast() {
    fail_over(Protocol::V6Unicast, Vipd, Keepalived);
}

#[test]
fn keepalived_hands_over_to_vipd_in_ipv6_unicast() {
    fail_over(Protocol::V6Unicast, Keepalived, Vipd);
}

#[test]
fn vipd_hands_over_to_vipd_in_v3() {
    fail_over(Protocol::V3, Vipd, Vipd);
}

/// Kill, restart, stop, restart, cut, mend, then two equals that did not see each other.
fn fail_over(protocol: Protocol, first: Program, second: Program) {
    let lab = Lab::new(&BOTH);
    let watch = Watch::start(&lab, protocol.address(), Duration::from_secs(20));
    let interval = if protocol.version() == 2 { 100 } else { 20 };
    let router = |priority| Router::new(protocol, priority, interval);
    let start = |node: &str, priority| {
        let program = if node == "a" { first } else { second };
        let conf = router(priority).conf(&lab, node);
        Daemon::start(&lab, lab.node(node), program, &conf)
    };
    let expect = |what: &str, holder: &str, alive: &[&str], event: Stamp, bound: Duration| {
        let found = watch.settled(holder, alive, event);
        let names = [first.name(), second.name()].join(" and ");
        println!("{protocol:?}, {names}, {what}: {found} (due after {})", ms(bound));
        let limit = (bound * 3).max(Duration::from_secs(1));
        assert!(found.claimed <= limit, "{what}: due after {bound:?}, took {:?}", found.claimed);
    };
    // What a needs to take over from a living b, and b from a dead or a leaving a.
    let (preempts, silence, release) =
        (router(HIGH).down_interval(), router(LOW).down_interval(), router(LOW).skew());

    let event = now();
    let (mut a, b) = (start("a", HIGH), start("b", LOW));
    expect("started", "a", &BOTH, event, preempts);

    let event = now();
    a.kill();
    expect("killed", "b", &["b"], event, silence);

    let event = now();
    let mut a = start("a", HIGH);
    expect("preempted", "a", &BOTH, event, preempts);

    let event = now();
    a.terminate();
    expect("stopped", "b", &BOTH, event, release);
    assert!(a.wait().success());

    let event = now();
    let a = start("a", HIGH);
    expect("preempted again", "a", &BOTH, event, preempts);

    let event = now();
    lab.cut("a");
    expect("cut", "b", &BOTH, event, silence);

    let event = now();
    lab.mend("a");
    expect("mended", "a", &BOTH, event, preempts);

    for mut daemon in [a, b] {
        assert!(daemon.stop().success());
    }
    lab.block("a");
    let _equals = BOTH.map(|node| start(node, EQUAL));
    eventually(watch.bound, "both, unseen by each other, hold the address", || {
        let holders = lab.holders(watch.address);
        (holders == BOTH).then_some(()).ok_or_else(|| format!("{holders:?} do"))
    });
    let event = now();
    lab.unblock("a");
    // The higher address wins, at the latest when it has answered the other's next advert.
    let interval = Duration::from_millis(u64::from(interval) * 10);
    expect("tied", "b", &BOTH, event, interval);
}
