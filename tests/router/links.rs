//! Interfaces, faults, and where adverts come from.

use std::time::Duration;

use vipd::config::model::{Instance, TrackedInterface, Transport};
use vipd::types::{Address, Cause, Family, Fault, Rule, RuleAction, Standing, Weight};
use vipd::vrrp::Input;

use crate::node::{DOWN, GROUP, Node, index, instance, ip, link, report, unicast};

#[test]
fn an_interface_that_is_missing_down_or_bare_is_a_fault_with_a_name_and_recovers() {
    let mut node = Node::new(Vec::new());
    node.router.handle(Input::LinkGone(index(2)), node.now, &mut node.out);
    node.router.add(instance("api", 51), node.now, &mut node.out).unwrap();
    node.link(&report(2, "eth0", false, &[]));
    node.link(&report(2, "eth0", true, &[]));
    node.link(&report(2, "eth0", true, &[]));
    node.link(&report(2, "eth0", true, &["10.0.0.5"]));
    let eth0 = link("eth0");
    let expected = [
        (Standing::Initialize, Cause::Fault(Fault::LinkMissing(eth0))),
        (Standing::Initialize, Cause::Fault(Fault::LinkDown(eth0))),
        (Standing::Initialize, Cause::Fault(Fault::NoSource(eth0))),
        (Standing::Backup, Cause::Recovered),
    ];
    assert_eq!(node.out.causes(), expected);
}

#[test]
fn a_virtual_address_is_no_source_of_adverts() {
    let mut node = Node::new(vec![instance("api", 51)]);
    node.link(&report(2, "eth0", true, &["10.0.0.100"]));
    let fault = Cause::Fault(Fault::NoSource(link("eth0")));
    assert_eq!(node.out.causes().pop(), Some((Standing::Initialize, fault)));
}

#[test]
fn a_tentative_address_is_waited_for() {
    let mut bare = report(2, "eth0", true, &["fe80::5"]);
    bare.addresses[0].tentative = true;
    let mut node = Node::new(Vec::new());
    node.link(&bare);
    let group = Transport::Multicast { group: ip("ff02::12") };
    let addresses = vec![Address::new(ip("fe80::100"), link("eth0"))];
    let v6 = Instance { family: Family::V6, transport: group, addresses, ..instance("v6", 51) };
    node.router.add(v6, node.now, &mut node.out).unwrap();
    bare.addresses[0].tentative = false;
    node.link(&bare);
    let fault = Cause::Fault(Fault::Tentative(link("eth0")));
    let expected = [(Standing::Initialize, fault), (Standing::Backup, Cause::Recovered)];
    assert_eq!(node.out.causes(), expected);
}

#[test]
fn a_unicast_source_has_to_stand_on_some_interface_of_the_host() {
    let source = Some(ip("10.0.0.7"));
    let mut node = Node::new(vec![Instance { source, ..unicast("api", 51, &["10.0.0.9"]) }]);
    node.link(&report(3, "dummy0", false, &["10.0.0.7"]));
    node.pass(DOWN);
    node.link(&report(3, "dummy0", false, &[]));
    node.acknowledge();
    node.pass(DOWN);
    node.link(&report(4, "dummy1", true, &["10.0.0.7"]));
    node.router.handle(Input::LinkGone(index(4)), node.now, &mut node.out);
    let fault = Cause::Fault(Fault::SourceMissing(ip("10.0.0.7")));
    let expected = [
        (Standing::Initialize, fault),
        (Standing::Backup, Cause::Recovered),
        (Standing::Active, Cause::Silence { silence: None }),
        (Standing::Leaving, fault),
        (Standing::Initialize, Cause::Left),
        (Standing::Backup, Cause::Recovered),
        (Standing::Initialize, fault),
    ];
    assert_eq!(node.out.causes(), expected);
}

#[test]
fn a_multicast_source_is_taken_as_configured() {
    let source = Some(ip("10.0.0.7"));
    let node = Node::new(vec![Instance { source, ..instance("api", 51) }]);
    assert_eq!(node.standing(0), Standing::Backup);
}

#[test]
fn a_link_that_goes_down_while_active_takes_the_addresses_away() {
    let mut node = Node::new(vec![instance("api", 51)]);
    node.pass(DOWN);
    node.acknowledge();
    node.link(&report(2, "eth0", false, &["10.0.0.5"]));
    assert_eq!(node.standing(0), Standing::Leaving);
    node.acknowledge();
    node.pass(Duration::from_millis(5));
    assert_eq!(node.standing(0), Standing::Initialize);
    node.link(&report(2, "eth0", true, &["10.0.0.5"]));
    assert_eq!(node.standing(0), Standing::Backup);
}

#[test]
fn a_link_that_returns_during_leaving_starts_the_instance_again() {
    let mut node = Node::new(vec![instance("api", 51)]);
    node.pass(DOWN);
    node.acknowledge();
    node.link(&report(2, "eth0", false, &["10.0.0.5"]));
    node.link(&report(2, "eth0", true, &["10.0.0.5"]));
    assert_eq!(node.standing(0), Standing::Leaving);
    node.acknowledge();
    node.pass(Duration::from_millis(5));
    assert_eq!(node.standing(0), Standing::Backup);
}

#[test]
fn a_tracked_interface_is_a_fault_or_changes_the_priority() {
    let weight = Weight::new(-30).unwrap();
    let tracked = |weight| TrackedInterface { link: link("eth1"), weight, reverse: false };
    let weighted = Instance { tracked_interfaces: vec![tracked(weight)], ..instance("a", 1) };
    let required =
        Instance { tracked_interfaces: vec![tracked(Weight::FAULT)], ..instance("b", 2) };
    let mut node = Node::new(vec![weighted, required]);
    let priority = |node: &Node| node.router.views().next().unwrap().priority.get();
    assert_eq!((priority(&node), node.standing(1)), (70, Standing::Initialize));
    node.link(&report(3, "eth1", true, &[]));
    assert_eq!((priority(&node), node.standing(1)), (100, Standing::Backup));
    node.link(&report(3, "eth1", false, &[]));
    assert_eq!((priority(&node), node.standing(1)), (70, Standing::Initialize));
}

#[test]
fn an_untracked_interface_is_a_fault_all_the_same_if_a_rule_of_the_instance_names_it() {
    let alone = Instance { track_primary: false, ..instance("alone", 51) };
    let mut rule = Rule::new(Family::V4, 100, RuleAction::Table(100));
    rule.input = Some(link("eth0"));
    let ruled = Instance { track_primary: false, rules: vec![rule], ..instance("ruled", 52) };
    let mut node = Node::new(vec![alone, ruled]);
    node.out.told.clear();

    node.link(&report(2, "eth0", false, &["10.0.0.5"]));

    let fault = Cause::Fault(Fault::LinkDown(link("eth0")));
    assert_eq!(node.out.causes(), [(Standing::Initialize, fault)]);
}

#[test]
fn what_is_listened_to_follows_links_and_addresses() {
    let mut node = Node::new(vec![instance("a", 51), unicast("b", 52, &["10.0.0.9"])]);
    let listening = |node: &Node| {
        node.router.listening().map(|listen| (listen.link, listen.address)).collect::<Vec<_>>()
    };
    assert_eq!(listening(&node), [(index(2), GROUP), (index(2), ip("10.0.0.5"))]);
    node.link(&report(2, "eth0", true, &["10.0.0.6"]));
    assert_eq!(listening(&node), [(index(2), GROUP), (index(2), ip("10.0.0.6"))]);
    node.router.handle(Input::LinkGone(index(2)), node.now, &mut node.out);
    assert_eq!(listening(&node), []);
}

#[test]
fn an_instance_that_nobody_can_be_heard_by_does_not_claim_and_recovers() {
    let mut node = Node::new(vec![instance("api", 51)]);
    let listens: Vec<_> = node.router.listening().collect();
    node.router.handle(Input::Deaf(&listens), node.now, &mut node.out);
    node.pass(Duration::from_secs(60));
    assert_eq!(node.standing(0), Standing::Initialize);
    assert_eq!(node.router.listening().count(), 1, "it is tried again");
    node.router.handle(Input::Deaf(&[]), node.now, &mut node.out);
    let expected = [
        (Standing::Backup, Cause::Started),
        (Standing::Initialize, Cause::Fault(Fault::Deaf(link("eth0")))),
        (Standing::Backup, Cause::Recovered),
    ];
    assert_eq!(node.out.causes(), expected);
}
