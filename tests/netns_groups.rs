//! Sync groups with the real keepalived as the other node: all members change hands, or none.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test waits in real time and fails loudly"
)]

mod lab;

use std::time::Duration;

use lab::clock::ms;
use lab::{Daemon, Lab, Program, eventually, pause};

use Program::{Keepalived, Vipd};

/// Both routers of the lab.
const BOTH: [&str; 2] = ["a", "b"];
/// The addresses stay with the higher priority, which is a's.
const HIGH: u8 = 200;
const LOW: u8 = 100;

/// What the members of the group speak.
#[derive(Clone, Copy, Debug)]
enum Members {
    /// Version 3 over IPv4 on two links, an advert each 0.2 s.
    Two,
    /// The same without preemption.
    Nopreempt,
    /// Version 2, version 3 and IPv6, on two links.
    Mixed,
}

#[test]
fn vipd_hands_a_group_over_to_keepalived() {
    fail_over(Members::Two, Vipd, Keepalived);
}

#[test]
fn keepalived_hands_a_group_over_to_vipd() {
    fail_over(Members::Two, Keepalived, Vipd);
}

#[test]
fn vipd_hands_a_group_over_to_vipd() {
    fail_over(Members::Two, Vipd, Vipd);
}

#[test]
fn vipd_hands_a_group_of_both_versions_and_families_over_to_keepalived() {
    fail_over(Members::Mixed, Vipd, Keepalived);
}

#[test]
fn keepalived_hands_a_group_of_both_versions_and_families_over_to_vipd() {
    fail_over(Members::Mixed, Keepalived, Vipd);
}

#[test]
fn vipd_takes_a_group_back_from_keepalived_only_when_that_is_gone() {
    stay(Vipd, Keepalived);
}

#[test]
fn keepalived_takes_a_group_back_from_vipd_only_when_that_is_gone() {
    stay(Keepalived, Vipd);
}

/// Kill, restart, stop, restart, a cut of the second link alone, a tracked link alone.
fn fail_over(members: Members, first: Program, second: Program) {
    let lab = two_links();
    let start = |node: &str| {
        let (program, priority) = if node == "a" { (first, HIGH) } else { (second, LOW) };
        Daemon::start(&lab, lab.node(node), program, &conf(members, priority))
    };
    let expect = |what: &str, holder: &str| settle(&lab, members, what, holder);

    let (mut a, mut b) = (start("a"), start("b"));
    expect("started", "a");
    a.kill();
    lab.node("a").namespace.ip(&["addr", "flush", "dev", "eth0", "to", "10.9.0.100"]);
    lab.node("a").namespace.ip(&["addr", "flush", "dev", "eth1", "to", "10.9.1.100"]);
    if let Members::Mixed = members {
        lab.node("a").namespace.ip(&["-6", "addr", "flush", "dev", "eth0", "to", "fd09::100"]);
        lab.node("a").namespace.ip(&["-6", "addr", "flush", "dev", "eth0", "to", "fe80::100"]);
    }
    expect("killed", "b");

    let mut a = start("a");
    expect("preempted", "a");
    a.terminate();
    expect("stopped", "b");
    assert!(a.wait().success());

    let mut a = start("a");
    expect("preempted again", "a");
    lab.switch().ip(&["link", "set", "dev", "a1", "down"]);
    expect("the second link cut", "b");
    lab.switch().ip(&["link", "set", "dev", "a1", "up"]);
    expect("the second link mended", "a");

    lab.node("a").namespace.ip(&["link", "set", "dev", "t0", "down"]);
    expect("the tracked link down", "b");
    lab.node("a").namespace.ip(&["link", "set", "dev", "t0", "up"]);
    expect("the tracked link up", "a");

    for daemon in [&mut a, &mut b] {
        assert!(daemon.stop().success());
    }
}

/// Without preemption the group stays where it is, whoever comes back.
fn stay(first: Program, second: Program) {
    let lab = two_links();
    let start = |node: &str| {
        let (program, priority) = if node == "a" { (first, HIGH) } else { (second, LOW) };
        Daemon::start(&lab, lab.node(node), program, &conf(Members::Nopreempt, priority))
    };
    let expect = |what: &str, holder: &str| settle(&lab, Members::Nopreempt, what, holder);

    let mut b = start("b");
    expect("alone", "b");
    let mut a = start("a");
    pause(Duration::from_secs(2));
    expect("a came", "b");
    lab.switch().ip(&["link", "set", "dev", "b1", "down"]);
    expect("b's second link cut", "a");
    lab.switch().ip(&["link", "set", "dev", "b1", "up"]);
    pause(Duration::from_secs(2));
    expect("b is whole again", "a");
    assert!(a.stop().success());
    expect("a stopped", "b");
    assert!(b.stop().success());
}

/// Waits until `holder` has the addresses of all members and the other has none.
fn settle(lab: &Lab, members: Members, what: &str, holder: &str) {
    let held = |node: &str| -> Vec<&str> {
        let all = ["eth0", "eth1"]
            .map(|link| lab.node(node).namespace.ip(&["-o", "addr", "show", "dev", link]));
        let all = all.concat();
        let is_held = |address: &&str| all.contains(&format!(" {address}/"));
        addresses(members).iter().copied().filter(is_held).collect()
    };
    let ((), took) = eventually(Duration::from_secs(15), what, || {
        let [a, b] = BOTH.map(held);
        let (winner, loser) = if holder == "a" { (&a, &b) } else { (&b, &a) };
        let right = winner.as_slice() == addresses(members) && loser.is_empty();
        right.then_some(()).ok_or_else(|| format!("a has {a:?}, b has {b:?}"))
    });
    println!("{what}: {holder} has the group after {}", ms(took));
}

fn addresses(members: Members) -> &'static [&'static str] {
    match members {
        Members::Two | Members::Nopreempt => &["10.9.0.100", "10.9.1.100"],
        Members::Mixed => &["10.9.0.100", "10.9.1.100", "fd09::100"],
    }
}

/// Two routers, joined by a second link besides, each with an interface to be tracked.
fn two_links() -> Lab {
    let lab = Lab::new(&BOTH);
    let switch = lab.switch();
    switch.ip(&[
        "link",
        "add",
        "br1",
        "type",
        "bridge",
        "forward_delay",
        "0",
        "stp_state",
        "0",
        "mcast_snooping",
        "0",
    ]);
    switch.ip(&["link", "set", "br1", "up"]);
    for node in lab.routers() {
        let (port, space) = (format!("{}1", node.name), node.namespace.name());
        switch.ip(&["link", "add", &port, "type", "veth", "peer", "name", "eth1", "netns", space]);
        switch.ip(&["link", "set", "dev", &port, "master", "br1", "up"]);
        let address = format!("10.9.1.{}/24", node.number);
        node.namespace.ip(&["link", "set", "eth1", "up"]);
        node.namespace.ip(&["addr", "add", &address, "dev", "eth1"]);
        node.namespace.ip(&["link", "add", "t0", "type", "veth", "peer", "name", "t1"]);
        node.namespace.ip(&["link", "set", "t1", "up"]);
        node.namespace.ip(&["link", "set", "t0", "up"]);
    }
    lab
}

fn conf(members: Members, priority: u8) -> String {
    let nopreempt = if let Members::Nopreempt = members { "nopreempt" } else { "" };
    let (version, interval) = if let Members::Mixed = members { (2, "1") } else { (3, "0.2") };
    let instance = |name: &str, link: &str, vrid: u8, more: &str, addresses: &str| {
        format!(
            "vrrp_instance {name} {{\n state BACKUP\n interface {link}\n virtual_router_id {vrid}\n \
             priority {priority}\n {nopreempt}\n{more}\n virtual_ipaddress {{\n{addresses}\n }}\n}}\n"
        )
    };
    let tracked = "track_interface {\n t0\n }";
    let mut text = String::from("global_defs {\n vrrp_version 3\n}\n");
    let own = format!("version {version}\n advert_int {interval}");
    text += &instance("VI_1", "eth0", 51, &own, "10.9.0.100/24");
    text += &instance("VI_2", "eth1", 52, &format!("advert_int 0.2\n{tracked}"), "10.9.1.100/24");
    let third = if let Members::Mixed = members {
        text += &instance("VI_3", "eth0", 53, "advert_int 0.2", "fe80::100/64\nfd09::100/64");
        "VI_3"
    } else {
        ""
    };
    text + &format!("vrrp_sync_group G {{\n group {{\n VI_1\n VI_2\n {third}\n }}\n}}\n")
}
