//! The agent over a host in memory: what it adds, deletes, announces and says.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may"
)]
use std::net::IpAddr;
use std::time::Duration;

use vipd::kernel::memory::Memory;
use vipd::kernel::{Agent, Notice, Plan, Refusal, Sink};
use vipd::types::{Address, Announce, IfIndex, Instant, LinkName, MacAddr, Slot};

/// What the agent has said.
#[derive(Default)]
struct Log {
    applied: Vec<(Slot, u32)>,
    notices: Vec<String>,
}

impl Sink for Log {
    fn applied(&mut self, slot: Slot, generation: u32) {
        self.applied.push((slot, generation));
    }

    fn notice(&mut self, notice: Notice) {
        self.notices.push(notice.to_string());
    }
}

/// An agent with one interface, eth0, and a clock.
struct Bench {
    agent: Agent<Memory>,
    log: Log,
    now: Instant,
}

impl Bench {
    fn new() -> Self {
        let mut host = Memory::new();
        host.add_link(index(2), eth0(), Some(MAC));
        Self::over(host)
    }

    fn over(host: Memory) -> Self {
        let reports = host.reports();
        let mut agent = Agent::new(host);
        for report in &reports {
            agent.link(report);
        }
        let (log, now) = (Log::default(), Instant::default());
        Self { agent, log, now }
    }

    /// Runs until `span` has passed, with the monitor's events delivered each time.
    fn pass(&mut self, span: Duration) {
        let end = self.now + span;
        for _ in 0..100_000 {
            for event in self.agent.kernel_mut().take_events() {
                self.agent.address_event(event);
            }
            match self.agent.run(self.now, &mut self.log) {
                Some(next) if next <= end => self.now = next,
                _ => {
                    self.now = end;
                    return;
                }
            }
        }
        panic!("the agent never rests");
    }

    fn settle(&mut self) {
        self.pass(Duration::ZERO);
    }

    fn host(&mut self) -> &mut Memory {
        self.agent.kernel_mut()
    }

    /// The host's report of an interface reaches the agent.
    fn report(&mut self, link: IfIndex) {
        let report = self.host().report(link).unwrap();
        self.agent.link(&report);
    }

    /// The addresses announced since the last call, in order.
    fn announced(&mut self) -> Vec<String> {
        let sent = self.host().take_announcements();
        sent.iter().map(|(_, it)| it.ip.to_string()).collect()
    }
}

const MAC: MacAddr = MacAddr([2, 0, 0, 0, 0, 1]);

fn index(number: u32) -> IfIndex {
    IfIndex::new(number).unwrap()
}

fn eth0() -> LinkName {
    LinkName::new("eth0").unwrap()
}

fn slot(number: usize) -> Slot {
    Slot::new(number).unwrap()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn plan(addresses: &[&str]) -> Option<Plan> {
    let addresses = addresses.iter();
    Some(Plan {
        addresses: addresses.map(|it| Address::new(ip(it), eth0())).collect(),
        announce: Announce {
            repeat: 2,
            ..Announce::default()
        },
    })
}

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

#[test]
fn addresses_are_added_acknowledged_and_then_announced_round_by_round() {
    let mut bench = Bench::new();
    bench
        .agent
        .plan(slot(0), plan(&["10.0.0.1", "10.0.0.2", "fd00::1"]));
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
    bench
        .host()
        .refuse(ip("10.0.0.2"), Some(Refusal::Invalid { hint }));
    bench
        .agent
        .plan(slot(0), plan(&["10.0.0.1", "10.0.0.2", "10.0.0.3"]));
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
    assert_eq!(
        bench.log.notices[1..],
        ["address 10.0.0.2/32 dev eth0 is there now"]
    );
    assert_eq!(bench.announced(), ["10.0.0.2", "10.0.0.2"]);
}

#[test]
fn refusals_are_tried_again_after_1_2_4_8_16_and_then_every_30_seconds() {
    let mut bench = Bench::new();
    bench
        .host()
        .refuse(ip("10.0.0.1"), Some(Refusal::NotPermitted));
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

#[test]
fn the_sweep_finds_what_no_event_told() {
    let mut bench = Bench::new();
    bench.agent.plan(slot(0), plan(&["10.0.0.1"]));
    bench.agent.plan(slot(1), plan(&["10.0.0.2"]));
    bench.agent.desire(slot(0), true, 1);
    bench.settle();
    bench.host().steal(ip("10.0.0.1"));
    bench
        .host()
        .put(index(2), Address::new(ip("10.0.0.2"), eth0()));
    bench
        .host()
        .put(index(2), Address::new(ip("10.0.0.77"), eth0()));
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
    assert_eq!(
        bench.log.notices,
        ["the addresses of this host cannot be listed"]
    );
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
    assert_eq!(
        (after.added - before.added, after.deleted - before.deleted),
        (1, 1)
    );
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
fn a_contested_slot_announces_now_and_after_50_and_500_ms_and_the_configured_delay() {
    let mut bench = Bench::new();
    bench.agent.plan(slot(0), plan(&["10.0.0.1"]));
    bench.agent.desire(slot(0), true, 1);
    bench.pass(secs(10));
    bench.announced();
    let begin = bench.now;
    bench.agent.contested(slot(0));
    bench.pass(secs(10));
    let sent = bench.host().take_announcements();
    let millis: Vec<_> = sent
        .iter()
        .map(|(at, _)| at.since(begin).as_millis())
        .collect();
    assert_eq!(
        millis,
        [0, 0, 0, 0, 0, 50, 500, 5000, 5000, 5000, 5000, 5000]
    );
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
    let millis: Vec<_> = sent
        .iter()
        .map(|(at, _)| at.as_nanos() / 1_000_000)
        .collect();
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
    let first: std::collections::HashSet<_> = announced[..1000].iter().collect();
    assert_eq!(first.len(), 1000);
}
