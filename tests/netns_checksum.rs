//! The checksum of unicast VRRPv3 that keepalived up to 1.3.6 sends: today's keepalived speaks it
//! when it is told to, or when a peer does.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test waits in real time and fails loudly"
)]

mod lab;

use std::time::Duration;

use lab::{Daemon, Lab, Program, Protocol, Router, Watch, eventually, now};

const BOTH: [&str; 2] = ["a", "b"];
const SOON: Duration = Duration::from_secs(15);

/// The better one, a, is vipd; both have these lines besides.
fn start<'a>(lab: &'a Lab, vipd: &str, keepalived: &str) -> (Watch<'a>, Daemon, Daemon) {
    let router = |priority, line: &str| {
        let mut router = Router::new(Protocol::V3Unicast, priority, 20);
        router.instance = format!("    {line}\n");
        router
    };
    let (ours, theirs) = (router(200, vipd), router(100, keepalived));
    let watch = Watch::start(lab, ours.protocol.address(), SOON);
    let a = Daemon::start(lab, lab.node("a"), Program::Vipd, &ours.conf(lab, "a"));
    let b = Daemon::start(lab, lab.node("b"), Program::Keepalived, &theirs.conf(lab, "b"));
    (watch, a, b)
}

#[test]
fn vipd_learns_the_old_form_from_a_keepalived_that_knows_no_other() {
    let lab = Lab::new(&BOTH);
    let event = now();
    let (watch, mut a, b) = start(&lab, "", "old_unicast_checksum");
    eventually(SOON, "vipd says what it does", || {
        let log = a.log();
        let said = log.contains("sums its adverts up as keepalived before 1.3.7");
        said.then_some(()).ok_or(log)
    });
    watch.settled("a", &BOTH, event);
    let event = now();
    assert!(a.stop().success());
    watch.settled("b", &["b"], event);
    drop(b);
}

#[test]
fn keepalived_learns_the_old_form_from_a_vipd_that_is_told_to_send_it() {
    let lab = Lab::new(&BOTH);
    let event = now();
    let (watch, _a, b) = start(&lab, "old_unicast_checksum", "");
    watch.settled("a", &BOTH, event);
    let log = b.log();
    assert!(log.contains("Setting unicast VRRPv3 checksum to old version"), "{log}");
}

#[test]
fn a_vipd_that_is_never_to_take_the_old_form_holds_the_address_beside_one_that_does() {
    let lab = Lab::new(&BOTH);
    let (watch, a, _b) = start(&lab, "old_unicast_checksum never", "old_unicast_checksum");
    eventually(SOON, "both hold the address, which they do not hear of each other", || {
        let holders = lab.holders(watch.address);
        (holders == BOTH).then_some(()).ok_or_else(|| format!("{holders:?} do"))
    });
    eventually(SOON, "vipd says why", || {
        let log = a.log();
        log.contains("reason=\"checksum\"").then_some(()).ok_or(log)
    });
}
