//! The lab itself, proved with keepalived on both sides: what it reports can be believed.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test waits in real time and fails loudly"
)]

mod lab;

use std::fs;
use std::path::Path;
use std::time::Duration;

use lab::watch::wrong_neighbours;
use lab::{Daemon, Lab, Prober, Program, Protocol, Router, Watch, eventually, now};

const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

#[test]
fn keepalived_fails_over_to_keepalived_and_everybody_notices() {
    let lab = Lab::new(&["a", "b"]);
    let protocol = Protocol::V3;
    let watch = Watch::start(&lab, protocol.address(), 10 * SECOND);
    let conf = |node: &str, priority| Router::new(protocol, priority, 10).conf(&lab, node);

    let begin = now();
    let mut a = Daemon::start(&lab, lab.node("a"), Program::Keepalived, &conf("a", 200));
    let _b = Daemon::start(&lab, lab.node("b"), Program::Keepalived, &conf("b", 100));
    watch.settled("a", &["a", "b"], begin);

    let event = now();
    a.kill();
    println!("killed: {}", watch.settled("b", &["b"], event));

    let event = now();
    let mut a = Daemon::start(&lab, lab.node("a"), Program::Keepalived, &conf("a", 200));
    println!("preempted: {}", watch.settled("a", &["a", "b"], event));

    let event = now();
    lab.cut("a");
    println!("cut: {}", watch.settled("b", &["b"], event));
    lab.mend("a");
    watch.settled("a", &["a", "b"], now());

    let event = now();
    a.terminate();
    println!("stopped: {}", watch.settled("b", &["b"], event));
    assert!(a.wait().success());
}

#[test]
fn a_blocked_port_keeps_its_carrier_and_passes_nothing() {
    let lab = Lab::new(&["a"]);
    let target = lab.node("a").ipv4().into();
    let prober = Prober::start(&lab, target, MILLISECOND);
    let answered = |since| {
        let last = prober.last().filter(|last| last.at > since);
        last.ok_or_else(|| "no answer".to_owned())
    };
    let (first, _) = eventually(5 * SECOND, "an answer", || answered(now() - SECOND));
    assert_eq!(first.mac, lab.node("a").mac());

    lab.block("a");
    let blocked = now();
    std::thread::sleep(300 * MILLISECOND);
    let late = answered(blocked + 20 * MILLISECOND);
    assert!(late.is_err(), "{late:?}");
    let link = lab.node("a").namespace.ip(&["-o", "link", "show", "dev", "eth0"]);
    assert!(link.contains("LOWER_UP"), "{link}");

    lab.unblock("a");
    eventually(5 * SECOND, "an answer", || answered(blocked + 300 * MILLISECOND));
    let outage = prober.outage(blocked);
    assert!(outage >= 280 * MILLISECOND, "{outage:?}");
}

#[test]
fn a_wrong_neighbour_entry_is_seen() {
    let lab = Lab::new(&["a", "b"]);
    let address = Protocol::V3.address();
    let (a, b) = (lab.node("a"), lab.node("b"));
    a.namespace.ip(&["addr", "add", "10.9.0.100/24", "dev", "eth0"]);
    let client = &lab.client().namespace;
    client.ip(&["neigh", "replace", "10.9.0.100", "dev", "eth0", "lladdr", "02:00:00:00:00:02"]);

    assert_eq!(lab.holders(address), ["a"]);
    let wrong = wrong_neighbours(&lab, "a", &["a", "b"], address);
    assert!(wrong.is_some_and(|text| text.contains("client names 02:00:00:00:00:02")));
    assert_eq!(wrong_neighbours(&lab, "b", &["a", "b"], address), None);
    assert_ne!(a.mac(), b.mac());
}

#[test]
fn nothing_is_left_of_a_lab_that_was_dropped() {
    let lab = Lab::new(&["a"]);
    let (name, directory) = (lab.switch().name().to_owned(), lab.directory().clone());
    let conf = Router::new(Protocol::V3, 100, 100).conf(&lab, "a");
    let daemon = Daemon::start(&lab, lab.node("a"), Program::Keepalived, &conf);
    let pid = daemon.worker();
    assert!(Path::new("/run/netns").join(&name).exists());

    drop(lab);
    drop(daemon);

    assert!(!Path::new("/run/netns").join(&name).exists());
    assert!(!directory.exists());
    let command_line = format!("/proc/{}/cmdline", pid.as_raw_nonzero());
    eventually(5 * SECOND, "the worker's end", || match fs::read(&command_line) {
        Ok(text) if !text.is_empty() => Err("it runs".to_owned()),
        Ok(_) | Err(_) => Ok(()),
    });
}
