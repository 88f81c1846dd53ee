//! What becomes of a virtual interface when somebody else changes it, its address, or the
//! interface under it.

use std::time::Duration;

use super::image::Image;
use super::lab::clock::SOON;
use super::lab::{Daemon, Lab, Node, Program, Protocol, Router, Watch, eventually, now};

const ALONE: [&str; 1] = ["a"];

fn conf(lab: &Lab, protocol: Protocol) -> String {
    let mut router = Router::new(protocol, 200, 10);
    router.instance = "    use_vmac".to_owned();
    router.conf(lab, "a")
}

/// Does something to the host of a router that holds its address on a virtual interface; then
/// everything must be as before, for the client too, and go at the end.
fn survives(protocol: Protocol, harm: impl FnOnce(&Lab, &Node)) {
    let lab = Lab::new(&ALONE);
    let node = lab.node("a");
    let before = Image::of(node);
    let mut watch = Watch::start(&lab, protocol.address(), Duration::from_secs(20));
    watch.expect_virtual_mac("a");
    let event = now();
    let mut daemon = Daemon::start(&lab, node, Program::Vipd, &conf(&lab, protocol));
    watch.settled("a", &ALONE, event);
    let there = Image::of(node);

    let event = now();
    harm(&lab, node);
    watch.settled("a", &ALONE, event);
    there.wait_for(node, "everything as before the harm");

    assert!(daemon.stop().success());
    before.wait_for(node, "what was there");
}

#[test]
fn a_deleted_interface_is_made_again() {
    survives(Protocol::V3, |_, node| drop(node.namespace.ip(&["link", "del", "vrrp.51"])));
}

#[test]
fn a_deleted_interface_of_ipv6_is_made_again() {
    survives(Protocol::V6, |_, node| drop(node.namespace.ip(&["link", "del", "vrrp.51"])));
}

#[test]
fn a_deleted_address_is_set_again() {
    survives(Protocol::V3, |_, node| {
        node.namespace.ip(&["addr", "del", "10.9.0.100/24", "dev", "vrrp.51"]);
    });
}

#[test]
fn it_comes_back_with_another_card_of_the_same_name() {
    survives(Protocol::V3, |lab, node| {
        lab.replug("a");
        // As the lab sets it up, which a card does not know of.
        node.namespace.sysctl("ipv6/conf/eth0/addr_gen_mode", "1");
        node.namespace.ip(&["addr", "del", "fe80::ff:fe00:1/64", "dev", "eth0"]);
    });
}

#[test]
fn it_comes_back_after_the_interface_under_it_was_down() {
    for protocol in [Protocol::V3, Protocol::V6] {
        survives(protocol, |_, node| {
            node.namespace.ip(&["link", "set", "eth0", "down"]);
            eventually(SOON, "nothing is held", || {
                let holds = node.holds(protocol.address());
                (!holds).then_some(()).ok_or_else(|| "it is".to_owned())
            });
            node.namespace.ip(&["link", "set", "eth0", "up"]);
            // The kernel has dropped those of IPv6.
            for address in ["fd09::1/64", "fe80::1/64"] {
                node.namespace.ip(&["addr", "replace", address, "dev", "eth0", "nodad"]);
            }
        });
    }
}

#[test]
fn it_comes_back_when_somebody_sets_it_down_and_up() {
    survives(Protocol::V3, |_, node| {
        node.namespace.ip(&["link", "set", "vrrp.51", "down"]);
        node.namespace.ip(&["link", "set", "vrrp.51", "up"]);
    });
}
