//! Routes and rules: in which order, when they come back, what is left of them.

use std::sync::Arc;

use vipd::kernel::{Plan, Target, Trace};
use vipd::types::{Address, Family, Hop, LinkName, Prefix, Route, Rule, RuleAction, Slot};

use crate::bench::{Bench, MAC, eth0, index, ip, secs, slot};

fn route(destination: &str) -> Route {
    let (host, length) = destination.split_once('/').unwrap();
    let mut route = Route::new(Prefix::new(ip(host), length.parse().unwrap()).unwrap());
    route.hops = vec![Hop { link: Some(eth0()), ..Hop::NONE }];
    route
}

fn rule(priority: u32) -> Rule {
    Rule::new(Family::V4, priority, RuleAction::Table(100))
}

/// An address, two routes of which the second has it for a source, and a rule.
fn plan() -> Plan {
    let mut from_it = route("10.2.0.0/16");
    from_it.preferred_source = Some(ip("10.0.0.1"));
    Plan {
        name: "VI_1".into(),
        addresses: vec![Address::new(ip("10.0.0.1"), eth0())],
        routes: vec![route("10.1.0.0/16"), from_it],
        rules: vec![rule(1000)],
        ..Plan::default()
    }
}

fn active() -> Bench {
    let mut bench = Bench::new();
    bench.agent.plan(slot(0), Some(plan()));
    bench.agent.desire(slot(0), true, 1);
    bench.pass(secs(100));
    bench
}

/// What stands besides addresses, in the order of addition.
fn standing(bench: &mut Bench) -> Vec<String> {
    bench.host().routes().iter().map(|it| it.object().to_string()).collect()
}

const ALL: [&str; 3] = [
    "route 10.1.0.0/16 dev eth0",
    "route 10.2.0.0/16 dev eth0",
    "rule from all priority 1000 lookup 100",
];

#[test]
fn routes_come_after_the_addresses_and_rules_after_the_routes() {
    let mut bench = Bench::new();
    bench.agent.plan(slot(0), Some(plan()));
    bench.agent.desire(slot(0), true, 1);
    bench.settle();
    assert_eq!(standing(&mut bench), ALL);
    assert_eq!(bench.log.notices, Vec::<String>::new());
    assert_eq!(bench.log.applied, [(slot(0), 1)]);
}

#[test]
fn leaving_removes_rules_and_routes_with_the_addresses() {
    let mut bench = active();
    bench.agent.desire(slot(0), false, 2);
    bench.settle();
    assert_eq!(standing(&mut bench), Vec::<String>::new());
    assert!(bench.host().is_empty());
    assert_eq!(bench.log.applied, [(slot(0), 1), (slot(0), 2)]);
}

#[test]
fn what_an_earlier_run_left_behind_is_removed_at_the_start() {
    let mut bench = Bench::new();
    for wanted in plan().rules {
        bench.host().put_route(Target::Rule(Arc::new(wanted)));
    }
    let links = [Some(index(2))];
    bench.host().put_route(Target::Route(Arc::new(route("10.1.0.0/16")), links.into()));
    bench.host().put_route(Target::Route(Arc::new(route("10.9.0.0/16")), links.into()));
    bench.agent.plan(slot(0), Some(plan()));
    bench.settle();
    assert_eq!(standing(&mut bench), ["route 10.9.0.0/16 dev eth0"], "the foreign one stays");
}

#[test]
fn what_somebody_deletes_is_put_back_at_once() {
    let mut bench = active();
    for trace in traces() {
        assert!(bench.host().steal_route(&trace));
    }
    bench.settle();
    let mut after = standing(&mut bench);
    after.sort();
    assert_eq!(after, ALL);
    assert_eq!(bench.log.notices.len(), 3, "{:?}", bench.log.notices);
    assert_eq!(bench.agent.counters().restored, 3);
}

fn traces() -> [Trace; 3] {
    let [first, second] = [plan().routes.remove(0), plan().routes.remove(1)];
    let rule = Trace::Rule { family: Family::V4, priority: 1000 };
    [Trace::of_route(&first), Trace::of_route(&second), rule]
}

#[test]
fn routes_that_went_with_their_link_come_back_with_it() {
    let mut bench = active();
    bench.host().set_up(index(2), false);
    bench.report(index(2));
    bench.pass(secs(5));
    assert_eq!(standing(&mut bench), [ALL[2]], "the rule stays");

    bench.host().set_up(index(2), true);
    bench.report(index(2));
    bench.settle();
    assert_eq!(standing(&mut bench).len(), 3);

    bench.host().remove_link(index(2));
    bench.agent.link_gone(index(2));
    bench.settle();
    bench.host().add_link(index(3), eth0(), Some(MAC));
    bench.report(index(3));
    bench.settle();
    assert_eq!(standing(&mut bench).len(), 3);
}

#[test]
fn a_route_that_went_with_its_source_comes_back_with_it() {
    let mut bench = active();
    bench.host().steal(ip("10.0.0.1"));
    bench.settle();
    assert_eq!(standing(&mut bench).len(), 3, "{:?}", bench.log.notices);
}

#[test]
fn a_route_that_fails_is_told_with_its_holder_and_tried_again_when_something_changes() {
    let mut bench = Bench::new();
    let mut lacking = plan();
    lacking.routes[0].preferred_source = Some(ip("192.0.2.7"));
    bench.agent.plan(slot(0), Some(lacking));
    bench.agent.desire(slot(0), true, 1);
    bench.settle();
    assert_eq!(standing(&mut bench), ALL[1..], "the others stand");
    assert_eq!(bench.log.applied, [(slot(0), 1)], "and are acknowledged");
    let told = "route 10.1.0.0/16 dev eth0 cannot be added: the kernel finds it invalid";
    assert_eq!(bench.log.notices, [told]);

    bench.host().put(index(2), Address::new(ip("192.0.2.7"), eth0()));
    bench.settle();
    assert_eq!(standing(&mut bench).len(), 3);
    assert_eq!(bench.log.notices[1..], ["route 10.1.0.0/16 dev eth0 is there now"]);
}

#[test]
fn a_route_over_a_link_that_comes_later_is_set_when_it_does() {
    let mut bench = Bench::new();
    let mut away = plan();
    away.routes[0].hops[0].link = LinkName::new("eth1");
    bench.agent.plan(slot(0), Some(away));
    bench.agent.desire(slot(0), true, 1);
    bench.pass(secs(40));
    assert_eq!(standing(&mut bench).len(), 2);
    bench.host().add_link(index(9), LinkName::new("eth1").unwrap(), Some(MAC));
    bench.report(index(9));
    bench.settle();
    assert_eq!(standing(&mut bench).len(), 3);
}

#[test]
fn what_two_slots_hold_goes_with_the_last_of_them() {
    let mut bench = active();
    bench.agent.plan(slot(1), Some(Plan { routes: plan().routes, ..Plan::default() }));
    bench.agent.desire(slot(1), true, 1);
    bench.agent.desire(slot(0), false, 2);
    bench.settle();
    assert_eq!(standing(&mut bench), [ALL[0]], "the other one has no source any more");
    bench.agent.desire(slot(1), false, 2);
    bench.settle();
    assert_eq!(standing(&mut bench), Vec::<String>::new());
}

#[test]
fn what_the_node_holds_by_itself_stands_until_it_lets_go_and_is_not_announced() {
    let mut bench = Bench::new();
    bench.agent.hold(plan());
    bench.pass(secs(100));
    assert_eq!(standing(&mut bench), ALL);
    assert!(bench.host().find(ip("10.0.0.1")).is_some());
    assert_eq!(bench.announced(), Vec::<String>::new());
    assert_eq!(bench.log.applied, Vec::<(Slot, u32)>::new());

    // By difference: the route that stays is not touched.
    let mut less = plan();
    less.rules.clear();
    less.routes.remove(1);
    bench.host().take_losses();
    bench.agent.hold(less);
    bench.agent.run(bench.now, &mut bench.log);
    assert_eq!(bench.host().take_losses().len(), 2);
    assert_eq!(standing(&mut bench), [ALL[0]]);

    bench.agent.let_go();
    bench.settle();
    assert_eq!(standing(&mut bench), Vec::<String>::new());
    assert!(bench.host().is_empty());
}

#[test]
fn a_sweep_finds_what_no_event_told_and_leaves_alone_what_ends_by_itself() {
    let mut bench = active();
    for trace in traces() {
        bench.host().steal_route(&trace);
    }
    bench.host().take_losses();
    bench.pass(secs(31));
    assert_eq!(standing(&mut bench).len(), 3);
}
