//! What is added, deleted, put back and acknowledged.

use std::time::Duration;

use vipd::kernel::Refusal;
use vipd::kernel::memory::Memory;
use vipd::types::{Address, LinkName};

use crate::bench::{Bench, MAC, eth0, index, ip, plan, secs, slot};

#[test]
fn a_removal_is_acknowledged_when_the_addresses_are_gone() {
    let mut bench = Bench::new();
    bench.agent.plan(slot(0), plan(&["10.0.0.1", "fd00::1"]));
    bench.agent.desire(slot(0), true, 1);
    bench.settle();
    bench.agent.desire(slot(0), false, 2);
    bench.settle();
    assert_eq!(bench.log.applied, [(slot(0), 1), (slot(0), 2)]);
    assert!(bench.host().is_empty());
}

#[test]
fn an_address_that_is_already_gone_does_not_delay_the_acknowledgement() {
    let mut bench = Bench::new();
    bench.agent.plan(slot(0), plan(&["10.0.0.1"]));
    bench.agent.desire(slot(0), true, 1);
    bench.settle();
    bench.host().steal(ip("10.0.0.1"));
    bench.agent.desire(slot(0), false, 2);
    bench.settle();
    assert_eq!(bench.log.applied.last(), Some(&(slot(0), 2)));
}

#[test]
fn what_an_earlier_run_left_behind_is_removed_with_the_first_plan() {
    let mut host = Memory::new();
    host.add_link(index(2), eth0(), Some(MAC));
    host.put(index(2), Address::new(ip("10.0.0.1"), eth0()));
    host.put(index(2), Address::new(ip("10.0.0.99"), eth0()));
    let mut bench = Bench::over(host);
    bench.agent.plan(slot(0), plan(&["10.0.0.1"]));
    bench.settle();
    assert!(bench.host().find(ip("10.0.0.1")).is_none());
    assert!(bench.host().find(ip("10.0.0.99")).is_some());
    assert!(bench.log.applied.is_empty());
}

#[test]
fn an_address_that_another_slot_holds_stays() {
    let mut bench = Bench::new();
    bench.agent.plan(slot(0), plan(&["10.0.0.1", "10.0.0.2"]));
    bench.agent.plan(slot(1), plan(&["10.0.0.2", "10.0.0.3"]));
    bench.agent.desire(slot(0), true, 1);
    bench.agent.desire(slot(1), true, 1);
    bench.settle();
    bench.agent.desire(slot(0), false, 2);
    bench.settle();
    assert_eq!(bench.log.applied.last(), Some(&(slot(0), 2)));
    assert!(bench.host().find(ip("10.0.0.1")).is_none());
    assert!(bench.host().find(ip("10.0.0.2")).is_some());
}

#[test]
fn an_address_that_is_refused_is_told_of_once_and_does_not_hold_up_the_others() {
    let mut bench = Bench::new();
    let hint = Some("Invalid scope value".into());
    bench.host().refuse(ip("10.0.0.2"), Some(Refusal::Invalid { hint }));
    bench.agent.plan(slot(0), plan(&["10.0.0.1", "10.0.0.2", "10.0.0.3"]));
    bench.agent.desire(slot(0), true, 1);
    bench.pass(secs(120));
    assert_eq!(bench.log.applied, [(slot(0), 1)]);
    assert_eq!(
        bench.log.notices,
        ["address 10.0.0.2/32 dev eth0 cannot be added: \
          the kernel finds it invalid: Invalid scope value"]
    );
    assert!(!bench.announced().contains(&"10.0.0.2".to_owned()));

    bench.host().refuse(ip("10.0.0.2"), None);
    bench.pass(secs(30));
    assert_eq!(bench.log.notices[1..], ["address 10.0.0.2/32 dev eth0 is there now"]);
    assert_eq!(bench.announced(), ["10.0.0.2", "10.0.0.2"]);
}

#[test]
fn an_address_that_is_always_refused_is_no_news_at_every_take_over() {
    let mut bench = Bench::new();
    bench.host().refuse(ip("10.0.0.1"), Some(Refusal::NotPermitted));
    bench.agent.plan(slot(0), plan(&["10.0.0.1"]));
    for generation in 1..=10 {
        bench.agent.desire(slot(0), generation % 2 == 1, generation);
        bench.pass(secs(30));
    }
    assert_eq!(bench.log.notices.len(), 1, "{:?}", bench.log.notices);

    bench.pass(secs(600));
    bench.agent.desire(slot(0), true, 11);
    bench.pass(secs(30));
    assert_eq!(bench.log.notices.len(), 2, "{:?}", bench.log.notices);
    bench.agent.desire(slot(0), false, 12);
    bench.pass(secs(30));
    bench.host().refuse(ip("10.0.0.1"), Some(Refusal::Ipv6Disabled));
    bench.agent.desire(slot(0), true, 13);
    bench.pass(secs(30));
    assert_eq!(bench.log.notices.len(), 3, "another reason is news");
}

#[test]
fn refusals_are_tried_again_after_1_2_4_8_16_and_then_every_30_seconds() {
    let mut bench = Bench::new();
    bench.host().refuse(ip("10.0.0.1"), Some(Refusal::NotPermitted));
    bench.agent.plan(slot(0), plan(&["10.0.0.1"]));
    bench.agent.desire(slot(0), true, 1);
    let mut tries = Vec::new();
    for second in 0..100 {
        let before = bench.agent.counters().refused;
        bench.pass(Duration::ZERO);
        if bench.agent.counters().refused > before {
            tries.push(second);
        }
        bench.now += secs(1);
    }
    assert_eq!(tries, [0, 1, 3, 7, 15, 31, 61, 91]);
}

#[test]
fn an_address_on_a_missing_interface_appears_with_it() {
    let mut bench = Bench::over(Memory::new());
    bench.agent.plan(slot(0), plan(&["10.0.0.1"]));
    bench.agent.desire(slot(0), true, 1);
    bench.pass(secs(100));
    assert_eq!(bench.log.applied, [(slot(0), 1)]);
    assert_eq!(
        bench.log.notices,
        ["address 10.0.0.1/32 dev eth0 cannot be added: the interface does not exist"]
    );

    bench.host().add_link(index(5), eth0(), Some(MAC));
    bench.report(index(5));
    bench.settle();
    assert!(bench.host().find(ip("10.0.0.1")).is_some());
    assert_eq!(bench.announced().len(), 2);
}

#[test]
fn an_address_deleted_by_others_is_put_back_at_once_and_announced() {
    let mut bench = Bench::new();
    bench.agent.plan(slot(0), plan(&["10.0.0.1", "10.0.0.2"]));
    bench.agent.desire(slot(0), true, 1);
    bench.pass(secs(10));
    bench.announced();
    bench.host().steal(ip("10.0.0.2"));
    bench.settle();
    assert!(bench.host().find(ip("10.0.0.2")).is_some());
    assert_eq!(
        bench.log.notices,
        ["address 10.0.0.2/32 dev eth0 was deleted by someone, put back"]
    );
    assert_eq!(bench.announced(), ["10.0.0.2", "10.0.0.2"]);
}

#[test]
fn an_old_event_of_our_own_deletion_is_no_foreign_deletion() {
    let mut bench = Bench::new();
    bench.agent.plan(slot(0), plan(&["10.0.0.1"]));
    for generation in 0..40 {
        bench.agent.desire(slot(0), generation % 2 == 0, generation);
        bench.agent.run(bench.now, &mut bench.log);
    }
    bench.agent.desire(slot(0), true, 40);
    bench.pass(secs(10));
    assert!(bench.log.notices.is_empty());
    assert_eq!(bench.agent.counters().restored, 0);
    assert!(bench.host().find(ip("10.0.0.1")).is_some());
}

#[test]
fn the_sweep_finds_what_no_event_told() {
    let mut bench = Bench::new();
    bench.agent.plan(slot(0), plan(&["10.0.0.1"]));
    bench.agent.plan(slot(1), plan(&["10.0.0.2"]));
    bench.agent.desire(slot(0), true, 1);
    bench.settle();
    bench.host().steal(ip("10.0.0.1"));
    bench.host().put(index(2), Address::new(ip("10.0.0.2"), eth0()));
    bench.host().put(index(2), Address::new(ip("10.0.0.77"), eth0()));
    bench.host().take_events();
    bench.pass(secs(31));
    assert!(bench.host().find(ip("10.0.0.1")).is_some());
    assert!(bench.host().find(ip("10.0.0.2")).is_none());
    assert!(bench.host().find(ip("10.0.0.77")).is_some());
}

#[test]
fn a_sweep_that_fails_is_told_and_harms_nothing() {
    let mut bench = Bench::new();
    bench.agent.plan(slot(0), plan(&["10.0.0.1"]));
    bench.agent.desire(slot(0), true, 1);
    bench.settle();
    bench.host().set_silent(true);
    bench.agent.resync();
    bench.settle();
    assert_eq!(bench.log.notices, ["the addresses of this host cannot be listed"]);
    assert_eq!(bench.host().len(), 1);
}

#[test]
fn a_new_plan_of_a_present_slot_touches_and_announces_only_the_difference() {
    let mut bench = Bench::new();
    bench.agent.plan(slot(0), plan(&["10.0.0.1", "10.0.0.2"]));
    bench.agent.desire(slot(0), true, 1);
    bench.pass(secs(10));
    bench.announced();
    let before = bench.agent.counters();
    bench.agent.plan(slot(0), plan(&["10.0.0.2", "10.0.0.3"]));
    bench.pass(secs(20));
    let after = bench.agent.counters();
    assert_eq!((after.added - before.added, after.deleted - before.deleted), (1, 1));
    assert_eq!(bench.announced(), ["10.0.0.3", "10.0.0.3"]);
    assert!(bench.host().find(ip("10.0.0.1")).is_none());
}

#[test]
fn an_address_whose_label_changes_is_replaced() {
    let mut bench = Bench::new();
    bench.agent.plan(slot(0), plan(&["10.0.0.1"]));
    bench.agent.desire(slot(0), true, 1);
    bench.settle();
    let mut changed = plan(&["10.0.0.1"]).unwrap();
    changed.addresses[0].label = LinkName::new("eth0:vip");
    bench.agent.plan(slot(0), Some(changed.clone()));
    bench.settle();
    let (_, stands) = bench.host().find(ip("10.0.0.1")).unwrap();
    assert_eq!(*stands, changed.addresses[0]);
}

#[test]
fn freeing_a_slot_removes_its_addresses() {
    let mut bench = Bench::new();
    bench.agent.plan(slot(0), plan(&["10.0.0.1"]));
    bench.agent.desire(slot(0), true, 1);
    bench.settle();
    bench.agent.plan(slot(0), None);
    bench.pass(secs(60));
    assert!(bench.host().is_empty());
}

#[test]
fn addresses_follow_the_name_of_their_interface() {
    let mut bench = Bench::new();
    bench.agent.plan(slot(0), plan(&["10.0.0.1"]));
    bench.agent.desire(slot(0), true, 1);
    bench.settle();
    let away = LinkName::new("old0").unwrap();
    bench.host().rename_link(index(2), away);
    bench.report(index(2));
    bench.settle();
    assert!(bench.host().is_empty());
    bench.host().add_link(index(3), eth0(), Some(MAC));
    bench.report(index(3));
    bench.settle();
    let (link, _) = bench.host().find(ip("10.0.0.1")).unwrap();
    assert_eq!(link, index(3));
}

#[test]
fn an_interface_that_is_made_anew_gets_its_addresses_back() {
    let mut bench = Bench::new();
    bench.agent.plan(slot(0), plan(&["10.0.0.1"]));
    bench.agent.desire(slot(0), true, 1);
    bench.settle();
    for number in 10..30 {
        let old = index(if number == 10 { 2 } else { number - 1 });
        bench.host().remove_link(old);
        bench.agent.link_gone(old);
        bench.pass(Duration::from_millis(50));
        bench.host().add_link(index(number), eth0(), Some(MAC));
        bench.report(index(number));
        bench.pass(Duration::from_millis(50));
        assert_eq!(bench.host().len(), 1);
    }
    assert_eq!(bench.agent.counters().restored, 0);
}

#[test]
fn a_fight_is_given_up_after_ten_rounds_and_goes_on_slowly() {
    let mut bench = Bench::new();
    bench.agent.plan(slot(0), plan(&["10.0.0.1"]));
    bench.agent.desire(slot(0), true, 1);
    bench.settle();
    for _ in 0..50 {
        bench.host().steal(ip("10.0.0.1"));
        bench.pass(Duration::from_millis(10));
    }
    assert_eq!(bench.agent.counters().restored, 10);
    assert_eq!(bench.log.notices.len(), 11);
    assert!(bench.log.notices[10].contains("over and over"));
    assert!(bench.host().is_empty());
    bench.pass(secs(30));
    assert!(bench.host().find(ip("10.0.0.1")).is_some());
}
