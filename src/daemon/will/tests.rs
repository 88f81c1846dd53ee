//! What the worker draws is what the supervisor reads.

use std::net::IpAddr;
use std::sync::atomic::AtomicU64;

use crate::config::model::{Instance, Peer, Transport};
use crate::types::{
    Address, Centis, Envelope, Family, Hop, IfIndex, LinkName, Prefix, Route, RouteKind, Rule,
    RuleAction, Scope, Slot, Vrid,
};
use crate::vrrp::Transmit;

use super::draw::Drawer;
use super::read::{Will, read};

fn link(name: &str) -> LinkName {
    LinkName::new(name).unwrap()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn instance(addresses: &[&str], transport: Transport) -> Instance {
    Instance {
        transport,
        addresses: addresses.iter().map(|text| Address::new(ip(text), link("eth0"))).collect(),
        excluded: vec![Address::new(ip("fd00::1"), link("longest_name_15"))],
        ..Instance::new("VI_1", link("eth0"), Vrid::new(51).unwrap())
    }
}

fn multicast(addresses: &[&str]) -> Instance {
    let group = ip("224.0.0.18");
    instance(addresses, Transport::Multicast { group })
}

fn unicast(peers: &[&str]) -> Instance {
    let peer = |text: &&str| Peer { address: ip(text), min_ttl: 0, max_ttl: 255 };
    let transport = Transport::Unicast {
        peers: peers.iter().map(peer).collect(),
        ttl: 255,
        check_source: false,
    };
    instance(&["10.0.0.1"], transport)
}

fn memory(words: usize) -> Vec<AtomicU64> {
    (0..words).map(|_| AtomicU64::new(0)).collect()
}

fn slot(index: usize) -> Slot {
    Slot::new(index).unwrap()
}

fn advert<'a>(slot_index: usize, destination: &str, payload: &'a [u8]) -> Transmit<'a> {
    Transmit {
        slot: slot(slot_index),
        link: IfIndex::new(7).unwrap(),
        source: ip("10.0.0.9"),
        destination: ip(destination),
        ttl: 255,
        envelope: Envelope::Vrrp,
        payload,
    }
}

/// A drawn will with one Active multicast instance in slot 0.
fn active(memory: &[AtomicU64]) -> Drawer<&[AtomicU64]> {
    let mut drawer = Drawer::new(memory);
    drawer.assign(slot(0), Some(&multicast(&["10.0.0.1", "10.0.0.2"])));
    assert!(drawer.draw());
    drawer.record(&advert(0, "224.0.0.18", &[0x31, 51, 100, 2, 0, 100, 1, 2]));
    drawer.is_active(slot(0));
    drawer.may_hold(slot(0));
    drawer
}

#[test]
fn an_untouched_memory_is_an_empty_will() {
    assert_eq!(read(&memory(64)), Will::default());
    assert_eq!(read(&[]), Will::default());
}

#[test]
fn an_active_instance_leaves_its_last_advert_and_all_its_addresses() {
    let memory = memory(1024);
    let mut drawer = active(&memory);
    drawer.record(&advert(0, "224.0.0.18", &[9; 16]));
    let will = read(&memory);
    assert_eq!(will.adverts.len(), 1);
    assert_eq!(will.adverts[0].message, [9; 16]);
    assert_eq!(will.adverts[0].taught, Centis::new(10).ok());
    assert_eq!(will.adverts[0].source, ip("10.0.0.9"));
    let held: Vec<String> = will.addresses.iter().map(ToString::to_string).collect();
    assert_eq!(
        held,
        ["10.0.0.1/32 dev eth0", "10.0.0.2/32 dev eth0", "fd00::1/128 dev longest_name_15"]
    );
}

#[test]
fn routes_and_rules_are_left_as_their_deletion_needs_them() {
    let prefix = |host: &str, length| Prefix::new(ip(host), length).unwrap();
    let hop = Hop { via: Some(ip("fe80::1")), link: Some(link("longest_name_15")), ..Hop::NONE };
    let mut first = Route::new(Prefix::all(Family::V6));
    first.hops = vec![hop];
    first.table = u32::MAX;
    first.metric = Some(0);
    let mut second = Route::new(prefix("10.0.0.0", 8));
    second.kind = RouteKind::Blackhole;
    (second.tos, second.protocol, second.scope) = (0x10, 4, Scope::LINK);
    let mut shared = Route::new(prefix("10.1.0.0", 16));
    shared.hops = vec![Hop { via: Some(ip("10.0.0.9")), weight: 7, ..Hop::NONE }; 2];
    let mut rule = Rule::new(Family::V6, u32::MAX, RuleAction::Goto(7));
    (rule.from, rule.to) = (Some(prefix("fd00::", 64)), Some(prefix("fd01::", 1)));
    (rule.input, rule.output) = (Some(link("eth0")), Some(link("longest_name_15")));
    (rule.negated, rule.mark, rule.tos, rule.protocol) = (true, Some((1, u32::MAX)), 4, 0);
    let plain = Rule::new(Family::V4, 0, RuleAction::Table(254));
    let mut instance = multicast(&["10.0.0.1"]);
    instance.routes = vec![first.clone(), second.clone(), shared];
    instance.rules = vec![rule.clone(), plain.clone()];
    let memory = memory(2048);
    let mut drawer = Drawer::new(&memory[..]);
    drawer.assign(slot(0), Some(&multicast(&["10.0.0.2"])));
    drawer.assign(slot(1), Some(&instance));
    assert!(drawer.draw());
    assert_eq!(read(&memory), Will::default());

    drawer.may_hold(slot(1));

    let will = read(&memory);
    let all_ways = Route::new(prefix("10.1.0.0", 16));
    assert_eq!(will.routes, [first, second, all_ways]);
    assert_eq!(will.rules, [rule, plain]);
    assert_eq!(will.addresses.len(), 2);
    drawer.holds_nothing(slot(1));
    assert_eq!(read(&memory), Will::default());
}

#[test]
fn a_backup_leaves_nothing() {
    let memory = memory(1024);
    let mut drawer = active(&memory);
    drawer.has_left(slot(0));
    drawer.holds_nothing(slot(0));
    assert_eq!(read(&memory), Will::default());
}

#[test]
fn each_unicast_peer_has_its_own_advert() {
    let memory = memory(1024);
    let mut drawer = Drawer::new(&memory[..]);
    drawer.assign(slot(0), Some(&unicast(&["10.0.0.2", "10.0.0.3"])));
    assert!(drawer.draw());
    drawer.is_active(slot(0));
    for round in 1..3 {
        drawer.record(&advert(0, "10.0.0.3", &[3 * round; 12]));
        drawer.record(&advert(0, "10.0.0.2", &[2 * round; 12]));
        drawer.record(&advert(0, "10.0.0.4", &[4 * round; 12]));
    }
    let adverts = read(&memory).adverts;
    let sent: Vec<_> =
        adverts.iter().map(|advert| (advert.destination, advert.message[0])).collect();
    assert_eq!(sent, [(ip("10.0.0.3"), 6), (ip("10.0.0.2"), 4)]);
}

#[test]
fn a_new_table_keeps_what_the_old_one_said() {
    let memory = memory(1024);
    let mut drawer = active(&memory);
    let before = read(&memory);
    for _ in 0..5 {
        drawer.assign(slot(1), Some(&unicast(&["10.0.0.2"])));
        assert!(drawer.draw());
        assert_eq!(read(&memory), before);
    }
}

#[test]
fn a_replaced_instance_stays_active_and_leaves_its_new_addresses() {
    let memory = memory(1024);
    let mut drawer = active(&memory);
    drawer.assign(slot(0), Some(&multicast(&["10.0.0.3"])));
    assert!(drawer.draw());
    let will = read(&memory);
    assert_eq!(will.adverts.len(), 1);
    assert_eq!(will.addresses[0].ip, ip("10.0.0.3"));
}

#[test]
fn a_freed_slot_leaves_nothing_and_its_successor_starts_afresh() {
    let memory = memory(1024);
    let mut drawer = active(&memory);
    drawer.assign(slot(0), None);
    assert!(drawer.draw());
    assert_eq!(read(&memory), Will::default());
    drawer.assign(slot(0), Some(&multicast(&["10.0.0.9"])));
    assert!(drawer.draw());
    assert_eq!(read(&memory), Will::default());
}

#[test]
fn more_peers_than_before_do_not_inherit_what_lies_behind() {
    let memory = memory(1024);
    let mut drawer = Drawer::new(&memory[..]);
    drawer.assign(slot(0), Some(&unicast(&["10.0.0.2"])));
    assert!(drawer.draw());
    drawer.record(&advert(0, "10.0.0.2", &[2; 12]));
    drawer.is_active(slot(0));
    drawer.may_hold(slot(0));
    drawer.assign(slot(0), Some(&unicast(&["10.0.0.2", "10.0.0.3"])));
    assert!(drawer.draw());
    let adverts = read(&memory).adverts;
    assert_eq!(adverts.len(), 1);
    assert_eq!(adverts[0].destination, ip("10.0.0.2"));
}

#[test]
fn a_peer_that_takes_another_one_s_place_is_told() {
    let memory = memory(1024);
    let mut drawer = Drawer::new(&memory[..]);
    drawer.assign(slot(0), Some(&unicast(&["10.0.0.2", "10.0.0.3"])));
    assert!(drawer.draw());
    drawer.is_active(slot(0));
    drawer.record(&advert(0, "10.0.0.2", &[2; 12]));
    drawer.record(&advert(0, "10.0.0.3", &[3; 12]));
    drawer.assign(slot(0), Some(&unicast(&["10.0.0.3", "10.0.0.4"])));
    assert!(drawer.draw());
    drawer.record(&advert(0, "10.0.0.4", &[4; 12]));
    let told: Vec<_> = read(&memory).adverts.iter().map(|advert| advert.destination).collect();
    assert_eq!(told, [ip("10.0.0.3"), ip("10.0.0.4")]);
}

#[test]
fn an_instance_that_is_active_before_anything_is_drawn_leaves_its_addresses() {
    let memory = memory(1024);
    let mut drawer = Drawer::new(&memory[..]);
    drawer.assign(slot(0), Some(&multicast(&["10.0.0.1"])));
    drawer.may_hold(slot(0));
    drawer.is_active(slot(0));
    assert!(drawer.draw());
    assert_eq!(read(&memory).addresses.len(), 2);
    drawer.record(&advert(0, "224.0.0.18", &[0x31; 12]));
    assert_eq!(read(&memory).adverts.len(), 1);
}

#[test]
fn what_an_owner_says_before_anything_is_drawn_is_released_too() {
    let memory = memory(1024);
    let mut drawer = Drawer::new(&memory[..]);
    drawer.assign(slot(0), Some(&multicast(&["10.0.0.1"])));
    drawer.record(&advert(0, "224.0.0.18", &[0x30; 12]));
    drawer.record(&advert(0, "224.0.0.18", &[0x31; 16]));
    drawer.is_active(slot(0));
    drawer.may_hold(slot(0));
    assert!(drawer.draw());
    let adverts = read(&memory).adverts;
    assert_eq!(adverts.len(), 1);
    assert_eq!(adverts[0].message, [0x31; 16]);
    assert_eq!(adverts[0].source, ip("10.0.0.9"));
}

#[test]
fn a_new_peer_that_heard_one_advert_is_told() {
    let memory = memory(1024);
    let mut drawer = Drawer::new(&memory[..]);
    drawer.assign(slot(0), Some(&unicast(&["10.0.0.2"])));
    assert!(drawer.draw());
    drawer.is_active(slot(0));
    drawer.record(&advert(0, "10.0.0.2", &[2; 12]));
    drawer.assign(slot(0), Some(&unicast(&["10.0.0.2", "10.0.0.3"])));
    drawer.record(&advert(0, "10.0.0.2", &[4; 12]));
    drawer.record(&advert(0, "10.0.0.3", &[5; 12]));
    assert!(drawer.draw());
    let told = read(&memory).adverts;
    let told: Vec<_> = told.iter().map(|it| (it.destination, it.message[0])).collect();
    assert_eq!(told, [(ip("10.0.0.2"), 4), (ip("10.0.0.3"), 5)]);
}

#[test]
fn without_room_the_old_table_stays() {
    let memory = memory(128);
    let mut drawer = active(&memory);
    let before = read(&memory);
    drawer.assign(slot(1), Some(&unicast(&["10.0.0.2", "10.0.0.3", "10.0.0.4"])));
    assert!(!drawer.draw());
    drawer.record(&advert(1, "10.0.0.2", &[1; 8]));
    assert_eq!(read(&memory), before);
}

#[test]
fn a_message_that_is_longer_than_its_room_is_left_out() {
    let memory = memory(1024);
    let mut drawer = active(&memory);
    let before = read(&memory);
    drawer.record(&advert(0, "224.0.0.18", &[1; 200]));
    assert_eq!(read(&memory), before);
}

proptest::proptest! {
    #[test]
    fn no_memory_makes_the_reader_panic(words in proptest::collection::vec(proptest::num::u64::ANY, 0..64), small: bool) {
        let words: Vec<AtomicU64> = words
            .into_iter()
            .map(|word| AtomicU64::new(if small { word % 12 } else { word }))
            .collect();
        let _will = read(&words);
    }
}
