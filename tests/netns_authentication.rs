//! Authentication Headers between vipd and the real keepalived: who does not know the password is
//! not heard, and who repeats what was said neither.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test waits in real time and fails loudly"
)]

mod lab;

use std::fs;
use std::process::Command;
use std::time::Duration;

use lab::packet::{Filter, PacketSocket};
use lab::{Daemon, Forge, Lab, Program, Protocol, Router, Watch, eventually, now, pause};

const BOTH: [&str; 2] = ["a", "b"];
const SOON: Duration = Duration::from_secs(15);

#[test]
fn another_password_makes_two_holders_and_both_sides_say_why() {
    let lab = Lab::new(&BOTH);
    let mut ours = Router::new(Protocol::V2Ah, 200, 100);
    ours.password = "another".to_owned();
    let theirs = Router::new(Protocol::V2Ah, 100, 100);
    let vipd = Daemon::start(&lab, lab.node("a"), Program::Vipd, &ours.conf(&lab, "a"));
    let keepalived =
        Daemon::start(&lab, lab.node("b"), Program::Keepalived, &theirs.conf(&lab, "b"));
    let address = ours.protocol.address();
    eventually(SOON, "both, who do not know each other, hold the address", || {
        let holders = lab.holders(address);
        (holders == BOTH).then_some(()).ok_or_else(|| format!("{holders:?} do"))
    });
    eventually(SOON, "vipd says why", || said(&vipd, "reason=\"ah_digest\""));
    eventually(SOON, "keepalived says why", || said(&keepalived, "invalid IPSEC HMAC-MD5 value"));
    eventually(SOON, "vipd counts it as keepalived does", || failures(&vipd));

    // With the password of the other one, and nothing else, they agree.
    let watch = Watch::start(&lab, address, SOON);
    let event = now();
    ours.password.clone_from(&theirs.password);
    vipd.reload(&ours.conf(&lab, "a"));
    watch.settled("a", &BOTH, event);
}

fn said(daemon: &Daemon, words: &str) -> Result<(), String> {
    let log = daemon.log();
    if log.contains(words) { Ok(()) } else { Err(log) }
}

/// Asks for the statistics until there is a failed authentication in them.
fn failures(daemon: &Daemon) -> Result<(), String> {
    let pid = daemon.worker().as_raw_nonzero().to_string();
    assert!(Command::new("kill").args(["-s", "USR2", &pid]).status().unwrap().success());
    pause(Duration::from_millis(300));
    let text = fs::read_to_string("/tmp/keepalived.stats").map_err(|error| error.to_string())?;
    let count = text.lines().find_map(|line| line.trim().strip_prefix("Failure: "));
    count.filter(|count| *count != "0").map(drop).ok_or(text)
}

#[test]
fn an_advert_of_keepalived_that_somebody_repeats_moves_nothing() {
    let lab = Lab::new(&BOTH);
    let protocol = Protocol::V2Ah;
    let watch = Watch::start(&lab, protocol.address(), SOON);
    let start = |node: &str, program, priority| {
        let conf = Router::new(protocol, priority, 100).conf(&lab, node);
        Daemon::start(&lab, lab.node(node), program, &conf)
    };
    let b = start("b", Program::Vipd, 100);
    let event = now();
    let mut a = start("a", Program::Keepalived, 200);
    let wire = lab.node("b").namespace.enter(|| PacketSocket::open(Filter::Control)).unwrap();
    watch.settled("a", &BOTH, event);
    let (recorded, _) = eventually(SOON, "an advert of the holder", || {
        let frame = wire.receive(SOON).map_err(|error| error.to_string())?;
        let packet = frame.map(|frame| frame.octets[14..].to_vec()).unwrap_or_default();
        let is_advert = packet.get(9) == Some(&51) && packet.get(46) == Some(&200);
        is_advert.then_some(packet).ok_or_else(|| "another frame".to_owned())
    });

    let event = now();
    assert!(a.stop().success());
    watch.settled("b", &["b"], event);
    let (forge, mut repeated) = (Forge::open(lab.client()), 0);
    for _ in 0..30 {
        repeated += usize::from(forge.repeat(&recorded));
        pause(Duration::from_millis(100));
    }
    assert_eq!(repeated, 30);
    assert!(said(&b, "reason=\"ah_replay\"").is_ok(), "{}", b.log());
    assert_eq!(lab.holders(protocol.address()), ["b"]);
    let quiet = b.log().matches("Entering").count();

    // The one that it was recorded from is heard as before.
    let event = now();
    let _a = start("a", Program::Keepalived, 200);
    watch.settled("a", &BOTH, event);
    assert_eq!(b.log().matches("Entering").count(), quiet + 1, "{}", b.log());
}
