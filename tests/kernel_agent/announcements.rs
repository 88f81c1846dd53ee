//! What is announced, when and how often.

use std::collections::HashSet;
use std::time::Duration;

use vipd::kernel::PacePlan;
use vipd::types::{Announce, LinkName, MacAddr};

use crate::bench::{Bench, eth0, index, ip, plan, secs, slot};

#[test]
fn addresses_are_added_acknowledged_and_then_announced_round_by_round() {
    let mut bench = Bench::new();
    bench.agent.plan(slot(0), plan(&["10.0.0.1", "10.0.0.2", "fd00::1"]));
    bench.agent.desire(slot(0), true, 7);
    bench.settle();

    assert_eq!(bench.log.applied, [(slot(0), 7)]);
    assert_eq!(bench.host().len(), 3);
    let announced = bench.announced();
    let v4: Vec<_> = announced.iter().filter(|it| !it.contains(':')).collect();
    assert_eq!(v4, ["10.0.0.1", "10.0.0.2", "10.0.0.1", "10.0.0.2"]);
    assert_eq!(announced.len(), 6);
    assert!(bench.log.notices.is_empty());
}

#[test]
fn the_second_burst_follows_after_the_delay_and_no_third() {
    let mut bench = Bench::new();
    bench.agent.plan(slot(0), plan(&["10.0.0.1"]));
    bench.agent.desire(slot(0), true, 1);
    bench.pass(Duration::from_millis(4999));
    assert_eq!(bench.announced().len(), 2);
    bench.pass(Duration::from_millis(1));
    assert_eq!(bench.announced().len(), 2);
    bench.pass(secs(100));
    assert_eq!(bench.announced().len(), 0);
}

#[test]
fn nothing_is_announced_once_the_slot_is_to_be_absent() {
    let mut bench = Bench::new();
    bench.agent.plan(slot(0), plan(&["10.0.0.1"]));
    bench.agent.desire(slot(0), true, 1);
    bench.agent.desire(slot(0), false, 2);
    bench.pass(secs(20));
    assert_eq!(bench.log.applied, [(slot(0), 2)]);
    assert!(bench.host().is_empty());
    assert!(bench.announced().is_empty());
}

#[test]
fn links_that_are_down_or_without_arp_are_not_announced_on_until_they_come_up() {
    let mut bench = Bench::new();
    bench.host().set_up(index(2), false);
    bench.report(index(2));
    bench.agent.plan(slot(0), plan(&["10.0.0.1"]));
    bench.agent.desire(slot(0), true, 1);
    bench.settle();
    assert_eq!(bench.host().len(), 1);
    assert!(bench.announced().is_empty());
    bench.host().set_up(index(2), true);
    bench.report(index(2));
    bench.settle();
    assert_eq!(bench.announced().len(), 2);
}

#[test]
fn a_contested_slot_announces_now_and_after_50_and_550_ms_and_the_configured_delay() {
    let mut bench = Bench::new();
    bench.agent.plan(slot(0), plan(&["10.0.0.1"]));
    bench.agent.desire(slot(0), true, 1);
    bench.pass(secs(10));
    bench.announced();
    let begin = bench.now;
    bench.agent.contested(slot(0));
    bench.pass(secs(10));
    let sent = bench.host().take_announcements();
    let millis: Vec<_> = sent.iter().map(|(at, _)| at.since(begin).as_millis()).collect();
    assert_eq!(millis, [0, 0, 0, 0, 50, 550, 5000, 5000, 5000, 5000, 5000]);
}

#[test]
fn a_contest_before_the_kernel_has_answered_is_remembered() {
    let mut bench = Bench::new();
    bench.agent.plan(slot(0), plan(&["10.0.0.1"]));
    bench.pass(secs(10));
    let begin = bench.now;
    bench.agent.desire(slot(0), true, 1);
    bench.agent.contested(slot(0));
    bench.pass(secs(1));
    let sent = bench.host().take_announcements();
    let late = sent.iter().map(|(at, _)| at.since(begin).as_millis()).filter(|millis| *millis > 0);
    assert_eq!(late.collect::<Vec<_>>(), [50, 550]);
}

#[test]
fn a_flood_of_lower_adverts_does_not_become_a_flood_of_announcements() {
    let mut bench = Bench::new();
    bench.agent.plan(slot(0), plan(&["10.0.0.1"]));
    bench.agent.desire(slot(0), true, 1);
    bench.pass(secs(10));
    bench.announced();
    for _ in 0..10_000 {
        bench.agent.contested(slot(0));
        bench.pass(Duration::from_micros(100));
    }
    let during = bench.announced().len();
    assert!((20..=130).contains(&during), "{during} in one second");
    bench.pass(Duration::from_millis(600));
    assert!(!bench.announced().is_empty(), "none after the last contest");
}

#[test]
fn the_pace_of_an_interface_is_kept_and_the_refresh_comes_round() {
    let mut bench = Bench::new();
    let mut paced = plan(&["10.0.0.1", "10.0.0.2", "10.0.0.3"]).unwrap();
    paced.announce = Announce {
        repeat: 2,
        delay: Duration::ZERO,
        refresh: secs(60),
        arp_interval: Duration::from_millis(10),
        ..Announce::default()
    };
    bench.agent.plan(slot(0), Some(paced));
    bench.agent.desire(slot(0), true, 1);
    bench.pass(secs(61));
    let sent = bench.host().take_announcements();
    let millis: Vec<_> = sent.iter().map(|(at, _)| at.as_nanos() / 1_000_000).collect();
    assert_eq!(millis, [0, 10, 20, 30, 40, 50, 60_000, 60_010, 60_020]);
    let tail = sent[3].1.ip;
    assert_eq!(tail, ip("10.0.0.1"));
}

#[test]
fn every_address_is_announced_once_before_any_is_announced_twice() {
    let mut bench = Bench::new();
    for number in 0..1000 {
        let address = format!("10.0.{}.{}", number / 250, number % 250 + 1);
        bench.agent.plan(slot(number), plan(&[&address]));
        bench.agent.desire(slot(number), true, 1);
    }
    bench.settle();
    assert_eq!(bench.log.applied.len(), 1000);
    let announced = bench.announced();
    assert_eq!(announced.len(), 2000);
    let first: HashSet<_> = announced[..1000].iter().collect();
    assert_eq!(first.len(), 1000);
}

#[test]
fn interfaces_of_one_group_announce_in_turn_at_the_group_s_pace() {
    let mut bench = Bench::new();
    let eth1 = LinkName::new("eth1").unwrap();
    bench.host().add_link(index(3), eth1, Some(MacAddr([2, 0, 0, 0, 0, 3])));
    bench.report(index(3));
    let pace = Duration::from_secs(1);
    let links = vec![eth0(), eth1];
    bench.agent.pace(vec![PacePlan { links, arp_interval: pace, na_interval: Duration::ZERO }]);
    for (number, link, address) in [(0, eth0(), "10.0.0.1"), (1, eth1, "10.0.0.2")] {
        let mut own = plan(&[address]).unwrap();
        own.addresses[0].link = link;
        own.announce = Announce { repeat: 2, delay: Duration::ZERO, ..own.announce };
        bench.agent.plan(slot(number), Some(own));
        bench.agent.desire(slot(number), true, 1);
    }
    bench.settle();
    let mut each = vec![bench.announced()];
    for _ in 0..4 {
        bench.pass(pace);
        each.push(bench.announced());
    }
    assert!(each[..4].iter().all(|second| second.len() == 1), "{each:?}");
    assert!(each[4].is_empty());
    let all: HashSet<_> = each[..2].iter().flatten().collect();
    assert_eq!(all.len(), 2, "the first round of both comes before the second of any: {each:?}");

    // Without the group both go on by themselves.
    bench.agent.pace(Vec::new());
    bench.agent.contested(slot(0));
    bench.agent.contested(slot(1));
    bench.settle();
    assert!(bench.announced().len() >= 2);
}
