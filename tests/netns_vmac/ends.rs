//! What is left of virtual interfaces when a daemon ends, one way or another.

use std::time::Duration;

use rustix::process::{Signal, kill_process, test_kill_process};

use super::image::Image;
use super::lab::clock::{SOON, pause};
use super::lab::{Daemon, Lab, Node, Program, Protocol, Router, eventually};

use Program::{Keepalived, Vipd};

/// A router with a virtual interface that keeps packets from its address, and one of IPv6.
fn conf(lab: &Lab) -> String {
    let mut router = Router::new(Protocol::V3, 200, 10);
    router.instance = "    use_vmac\n    no_accept\n    promote_secondaries".to_owned();
    let mut text = router.conf(lab, "a");
    let six = Router { instance: "    use_vmac".to_owned(), ..Router::new(Protocol::V6, 200, 10) };
    let six = six.conf(lab, "a").replace("VI_1", "VI_6");
    text += six.split_once("}\n").expect("global_defs come first").1;
    text
}

fn plain(lab: &Lab) -> String {
    Router::new(Protocol::V3, 200, 10).conf(lab, "a")
}

fn wait_holding(node: &Node) {
    for protocol in [Protocol::V3, Protocol::V6] {
        eventually(SOON, "the address", || {
            node.holds(protocol.address()).then_some(()).ok_or_else(|| "not there".to_owned())
        });
    }
}

/// The kernel's number of an interface.
fn number(node: &Node, link: &str) -> String {
    let text = node.namespace.ip(&["-o", "link", "show", "dev", link]);
    text.split(':').next().expect("a number").to_owned()
}

fn kill_worker(daemon: &Daemon) {
    let worker = daemon.worker();
    kill_process(worker, Signal::KILL).unwrap();
    eventually(SOON, "the worker's end", || {
        test_kill_process(worker).is_err().then_some(()).ok_or_else(|| "it runs".to_owned())
    });
}

#[test]
fn a_stop_leaves_exactly_what_was_there() {
    let lab = Lab::new(&["a"]);
    let node = lab.node("a");
    node.namespace.sysctl("ipv4/conf/eth0/arp_ignore", "2");
    let before = Image::of(node);
    let mut daemon = Daemon::start(&lab, node, Vipd, &conf(&lab));
    wait_holding(node);
    assert!(!before.difference(&Image::of(node)).is_empty());
    assert!(daemon.stop().success());
    before.wait_for(node, "what was there");
}

#[test]
fn a_worker_that_is_killed_without_another_one_leaves_nothing() {
    let lab = Lab::new(&["a"]);
    let node = lab.node("a");
    let before = Image::of(node);
    let mut daemon = Daemon::start_without_respawn(&lab, node, Vipd, &conf(&lab));
    wait_holding(node);
    kill_process(daemon.worker(), Signal::KILL).unwrap();
    assert!(daemon.wait().success());
    before.wait_for(node, "what was there");
}

#[test]
fn the_next_worker_takes_the_interfaces_over_as_they_are() {
    let lab = Lab::new(&["a"]);
    let node = lab.node("a");
    let before = Image::of(node);
    let mut daemon = Daemon::start(&lab, node, Vipd, &conf(&lab));
    wait_holding(node);
    let (there, index) = (Image::of(node), number(node, "vrrp.51"));
    kill_worker(&daemon);
    eventually(SOON, "all as before the death", || {
        let difference = there.difference(&Image::of(node));
        if difference.is_empty() { Ok(()) } else { Err(difference.join("\n")) }
    });
    assert_eq!(number(node, "vrrp.51"), index, "it was made anew");
    assert!(daemon.stop().success());
    before.wait_for(node, "what was there before both workers");
}

#[test]
fn what_the_next_worker_does_not_want_it_removes() {
    let lab = Lab::new(&["a"]);
    let node = lab.node("a");
    let before = Image::of(node);
    let mut daemon = Daemon::start(&lab, node, Vipd, &conf(&lab));
    wait_holding(node);
    std::fs::write(daemon.conf(), plain(&lab)).unwrap();
    kill_worker(&daemon);
    let held = |line: &str| line.contains("10.9.0.100");
    eventually(SOON, "the address, and nothing else", || {
        if !node.holds(Protocol::V3.address()) {
            return Err("not there".to_owned());
        }
        let difference = before.difference(&Image::of(node).without(held));
        if difference.is_empty() { Ok(()) } else { Err(difference.join("\n")) }
    });
    assert!(daemon.stop().success());
    before.wait_for(node, "what was there");
}

#[test]
fn what_a_killed_daemon_left_is_taken_over_and_leaves_with_the_next_one() {
    for program in [Vipd, Keepalived] {
        let lab = Lab::new(&["a"]);
        let node = lab.node("a");
        let before = Image::of(node);
        let mut killed = Daemon::start(&lab, node, program, &conf(&lab));
        wait_holding(node);
        killed.kill();
        let index = number(node, "vrrp.51");
        let mut daemon = Daemon::start(&lab, node, Vipd, &conf(&lab));
        wait_holding(node);
        assert_eq!(number(node, "vrrp.51"), index, "it was made anew");
        // Time to remove and set the addresses again.
        pause(Duration::from_millis(500));
        wait_holding(node);
        assert!(daemon.stop().success());
        // What keepalived has changed of other interfaces nobody knows any more; of vipd's changes
        // the virtual interfaces tell, except of this one.
        let foreign = |line: &str| {
            program == Keepalived && line.contains("/conf/eth0/")
                || line.contains("/conf/eth0/promote_secondaries")
        };
        let left = before.clone().without(foreign).difference(&Image::of(node).without(foreign));
        assert_eq!(left, Vec::<String>::new(), "{}", program.name());
    }
}

#[test]
fn a_reload_brings_and_takes_a_virtual_interface() {
    let lab = Lab::new(&["a"]);
    let node = lab.node("a");
    let before = Image::of(node);
    let mut daemon = Daemon::start(&lab, node, Vipd, &plain(&lab));
    eventually(SOON, "the address", || {
        node.holds(Protocol::V3.address()).then_some(()).ok_or_else(|| "not there".to_owned())
    });
    let without = Image::of(node);
    daemon.reload(&conf(&lab));
    eventually(SOON, "the address on the virtual interface", || {
        let image = Image::of(node);
        let there = image.lines("addr vrrp.51 inet 10.9.0.100/24");
        (there.len() == 1).then_some(()).ok_or_else(|| image.lines("addr ").join("\n"))
    });
    daemon.reload(&plain(&lab));
    without.wait_for(node, "what was there before the first reload");
    assert!(daemon.stop().success());
    before.wait_for(node, "what was there");
}

#[test]
fn a_reload_changes_the_packet_filter() {
    let lab = Lab::new(&["a"]);
    let node = lab.node("a");
    let before = Image::of(node);
    let first = conf(&lab);
    let mut daemon = Daemon::start(&lab, node, Vipd, &first);
    wait_holding(node);
    let there = Image::of(node);
    let settings = "global_defs {\n    nftables other\n    nftables_priority 5\n    nftables_counters\n    \
                    disable_local_igmp";
    daemon.reload(&first.replacen("global_defs {", settings, 1));
    eventually(SOON, "another table", || {
        let image = Image::of(node);
        let right = image.lines("table ip keepalived").is_empty()
            && image.lines("table ip other/set vips: 10.9.0.100").len() == 1
            && image.lines("table ip other/map vmac_map: \"vrrp.51\" : \"eth0\"").len() == 1
            && image.lines("table ip6 other/map vmac_map: \"vrrp6.51\" : \"eth0\"").len() == 1
            && image.lines("filter + 5").len() == 4
            && !image.lines("ip daddr @vips counter packets").is_empty()
            && image.lines("igmp_link_local_mcast_reports = 0").len() == 1;
        right.then_some(()).ok_or_else(|| image.lines("filter ").join("\n"))
    });
    daemon.reload(&first);
    there.wait_for(node, "the first table");
    assert!(daemon.stop().success());
    before.wait_for(node, "what was there");
}
