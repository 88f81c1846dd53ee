//! Failovers between vipd and keepalived, with virtual interfaces on both sides or on one.

use std::time::Duration;

use super::lab::clock::{Stamp, ms, pause};
use super::lab::{Daemon, Lab, Program, Protocol, Router, Watch, eventually, now};

use Program::{Keepalived, Vipd};

const BOTH: [&str; 2] = ["a", "b"];
/// The address stays with the higher priority, which is a's.
const PRIORITIES: [u8; 2] = [200, 100];

/// What an instance says of its virtual interface.
type Words = &'static str;
const VMAC: Words = "    use_vmac";
const FROM_BASE: Words = "    use_vmac\n    vmac_xmit_base";
const NAMED: Words = "    use_vmac chosen51\n    no_accept";
const NONE: Words = "";

#[test]
fn vipd_hands_over_to_keepalived() {
    fail_over(Protocol::V3, (Vipd, VMAC), (Keepalived, VMAC));
}

#[test]
fn keepalived_hands_over_to_vipd() {
    fail_over(Protocol::V3, (Keepalived, VMAC), (Vipd, VMAC));
}

#[test]
fn vipd_hands_over_to_keepalived_in_v2() {
    fail_over(Protocol::V2, (Vipd, VMAC), (Keepalived, VMAC));
}

#[test]
fn vipd_hands_over_to_keepalived_in_ipv6() {
    fail_over(Protocol::V6, (Vipd, VMAC), (Keepalived, VMAC));
}

#[test]
fn keepalived_hands_over_to_vipd_in_ipv6() {
    fail_over(Protocol::V6, (Keepalived, VMAC), (Vipd, VMAC));
}

#[test]
fn vipd_hands_over_to_keepalived_with_adverts_from_the_base() {
    fail_over(Protocol::V3, (Vipd, FROM_BASE), (Keepalived, FROM_BASE));
}

#[test]
fn keepalived_hands_over_to_vipd_with_adverts_from_the_base() {
    fail_over(Protocol::V3, (Keepalived, FROM_BASE), (Vipd, FROM_BASE));
}

#[test]
fn vipd_hands_over_to_keepalived_unicast() {
    fail_over(Protocol::V3Unicast, (Vipd, FROM_BASE), (Keepalived, FROM_BASE));
}

#[test]
fn a_virtual_interface_hands_over_to_a_plain_router_and_back() {
    fail_over(Protocol::V3, (Vipd, VMAC), (Keepalived, NONE));
}

#[test]
fn a_plain_router_hands_over_to_a_virtual_interface_and_back() {
    fail_over(Protocol::V3, (Keepalived, VMAC), (Vipd, NONE));
}

#[test]
fn two_vipd_hand_over_to_each_other_with_adverts_from_either() {
    fail_over(Protocol::V6, (Vipd, FROM_BASE), (Vipd, VMAC));
}

/// Who does not accept packets holds the address all the same; a client cannot ask.
#[test]
fn an_address_that_does_not_answer_is_claimed_with_the_virtual_mac() {
    let lab = Lab::new(&["a"]);
    let capture = super::lab::Capture::start(&lab);
    let mut router = Router::new(Protocol::V3, 200, 20);
    router.instance = NAMED.to_owned();
    let event = now();
    let _a = Daemon::start(&lab, lab.node("a"), Vipd, &router.conf(&lab, "a"));
    let claims = || capture.claims(Protocol::V3.address(), event);
    eventually(Duration::from_secs(10), "a claim", || {
        claims().first().map(|_| ()).ok_or_else(|| "none".to_owned())
    });
    for (_, _, claim) in claims() {
        assert_eq!(claim.mac, [0, 0, 0x5e, 0, 1, 51]);
    }
}

/// Neighbours find the address, and no packet gets to it; of either program.
#[test]
fn an_address_that_accepts_nothing_is_resolved_and_does_not_answer() {
    let protocol = Protocol::V6;
    for program in [Vipd, Keepalived] {
        let lab = Lab::new(&["a"]);
        let watch = Watch::start(&lab, protocol.address(), Duration::from_secs(20));
        let mut router = Router::new(protocol, 200, 20);
        router.instance = NAMED.to_owned();
        let _a = Daemon::start(&lab, lab.node("a"), program, &router.conf(&lab, "a"));
        eventually(Duration::from_secs(10), "the client knows the address", || {
            let known = lab.client().neighbour(protocol.address());
            let right = known.as_ref().is_some_and(|(mac, _)| *mac == [0, 0, 0x5e, 0, 2, 51]);
            right.then_some(()).ok_or_else(|| format!("{known:?}"))
        });
        pause(Duration::from_millis(300));
        assert_eq!(watch.prober.answers().len(), 0, "{}", program.name());
    }
}

/// Kill, restart, stop, restart, cut, mend.
fn fail_over(protocol: Protocol, first: (Program, Words), second: (Program, Words)) {
    let lab = Lab::new(&BOTH);
    let mut watch = Watch::start(&lab, protocol.address(), Duration::from_secs(20));
    let interval = if protocol.version() == 2 { 100 } else { 20 };
    let sides = [first, second];
    for (node, (_, words)) in BOTH.iter().zip(sides) {
        if words != NONE {
            watch.expect_virtual_mac(node);
        }
    }
    let start = |which: usize| {
        let ((program, words), node) = (sides[which], BOTH[which]);
        let mut router = Router::new(protocol, PRIORITIES[which], interval);
        router.instance = words.to_owned();
        Daemon::start(&lab, lab.node(node), program, &router.conf(&lab, node))
    };
    let expect = |what: &str, holder: &str, alive: &[&str], event: Stamp| {
        let found = watch.settled(holder, alive, event);
        println!("{protocol:?} {what}: {found}");
        let bound = Router::new(protocol, PRIORITIES[1], interval).down_interval();
        let limit = (bound * 3).max(Duration::from_secs(1));
        assert!(found.claimed <= limit, "{what}: {}", ms(found.claimed));
    };

    let event = now();
    let (mut a, mut b) = (start(0), start(1));
    expect("started", "a", &BOTH, event);

    let event = now();
    if first.1 == FROM_BASE {
        // What is left answers with the virtual MAC, and no advert of the other tells the switch
        // better: with this setting a node that dies has to die with its machine.
        lab.cut("a");
    }
    a.kill();
    expect("killed", "b", &["b"], event);

    let event = now();
    lab.mend("a");
    let mut a = start(0);
    expect("preempted", "a", &BOTH, event);

    let event = now();
    a.terminate();
    expect("stopped", "b", &BOTH, event);
    assert!(a.wait().success());

    let event = now();
    let mut a = start(0);
    expect("preempted again", "a", &BOTH, event);

    let event = now();
    lab.cut("a");
    expect("cut", "b", &BOTH, event);

    let event = now();
    lab.mend("a");
    expect("mended", "a", &BOTH, event);

    assert!(a.stop().success());
    assert!(b.stop().success());
}
