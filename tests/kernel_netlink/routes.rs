//! Routes and rules as ip(8) shows them, and how they come back.

use vipd::kernel::Plan;
use vipd::types::{
    Family, Hop, Lock, PathMetric, PathProperty, Preference, Prefix, Route, RouteKind, Rule,
    RuleAction, Scope,
};

use crate::host::{Host, address, ip, link, slot};

fn route(destination: &str, via: Option<&str>) -> Route {
    let (host, length) = destination.split_once('/').unwrap();
    let prefix = Prefix::new(host.parse().unwrap(), length.parse().unwrap()).unwrap();
    let hop = Hop { via: via.map(|it| it.parse().unwrap()), link: Some(link("va")), ..Hop::NONE };
    Route { hops: vec![hop], ..Route::new(prefix) }
}

fn held(host: &mut Host, routes: Vec<Route>, rules: Vec<Rule>) {
    let mut v4 = address("10.1.0.1", "va");
    v4.prefix = 24;
    let mut v6 = address("fd00::1", "va");
    (v6.prefix, v6.preferred_secs) = (64, None);
    let addresses = vec![v4, v6];
    let plan = Plan { name: "VI_1".into(), addresses, routes, rules, ..Plan::default() };
    host.agent.plan(slot(0), Some(plan));
    host.monitor_routes();
    // Its carrier comes a moment after it is set up.
    host.until("the link is up", |host| host.report("va").up);
    host.agent.desire(slot(0), true, 1);
    let done = (slot(0), 1);
    host.until("all is taken", |host| host.log.applied.contains(&done));
}

fn routes() -> String {
    let all = format!(
        "{}{}",
        ip("-4 route show table all proto keepalived"),
        ip("-6 route show table all proto keepalived")
    );
    all.lines().map(|it| format!("{}\n", it.trim())).collect()
}

#[test]
fn ip_route_shows_every_property() {
    let mut host = Host::new();
    let mut scoped = route("10.2.0.0/16", None);
    (scoped.scope, scoped.table, scoped.tos) = (Scope::LINK, 100, 8);
    scoped.preferred_source = "10.1.0.1".parse().ok();
    let mut tuned = route("10.3.0.0/16", Some("10.1.0.254"));
    tuned.metric = Some(7);
    tuned.realms = Some(3 << 16 | 4);
    let metric = |what, value, lock| PathMetric { what, value, lock };
    tuned.path = vec![
        metric(PathProperty::Mtu, 1400, Lock::Locked),
        metric(PathProperty::HopLimit, 9, Lock::Free),
    ];
    tuned.congestion = Some(("reno".into(), Lock::Free));
    let mut shared = route("10.4.0.0/16", Some("10.1.0.253"));
    shared.hops[0].weight = 3;
    let other = "10.1.0.252".parse().ok();
    shared.hops.push(Hop { via: other, link: Some(link("va")), ..Hop::NONE });
    let mut far = route("10.5.0.0/16", Some("192.0.2.1"));
    far.hops[0].onlink = true;
    let mut hole = route("10.6.0.0/16", None);
    hole.hops.clear();
    hole.kind = RouteKind::Blackhole;
    let mut v6 = route("fd01::/64", Some("fd00::9"));
    v6.preference = Some(Preference::High);
    held(&mut host, vec![scoped, tuned, shared, far, hole, v6], Vec::new());

    assert_eq!(host.log.notices, Vec::<String>::new());
    let shown = routes();
    for line in [
        "10.2.0.0/16 tos 0x08 dev va table 100 scope link src 10.1.0.1",
        "10.3.0.0/16 via 10.1.0.254 dev va metric 7 mtu lock 1400 hoplimit 9 congctl reno realms 3/4",
        "nexthop via 10.1.0.253 dev va weight 3",
        "nexthop via 10.1.0.252 dev va weight 1",
        "10.5.0.0/16 via 192.0.2.1 dev va onlink",
        "blackhole 10.6.0.0/16",
        "fd01::/64 via fd00::9 dev va metric 1024 pref high",
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        let has = |shown: &str| words.iter().all(|word| shown.split(' ').any(|it| it == *word));
        assert!(shown.lines().any(has), "{line} in\n{shown}");
    }
    host.drop(0);
    assert_eq!(routes(), "");
}

#[test]
fn ip_rule_shows_every_property() {
    let mut host = Host::new();
    let prefix = |host: &str, length| Prefix::new(host.parse().unwrap(), length);
    let mut first = Rule::new(Family::V4, 1000, RuleAction::Table(100));
    (first.from, first.to) = (prefix("10.1.0.0", 24), prefix("10.2.0.0", 16));
    (first.input, first.mark) = (Some(link("va")), Some((0x18, 0xc)));
    first.negated = true;
    let mut second = Rule::new(Family::V4, 1001, RuleAction::Table(100));
    (second.carries, second.users) = (Some(17), Some((1000, 1999)));
    (second.source_ports, second.destination_ports) = (Some((1000, 2000)), Some((53, 53)));
    let mut third = Rule::new(Family::V4, 1002, RuleAction::Table(254));
    (third.suppress_length, third.realms) = (Some(0), Some(3 << 16 | 4));
    let fourth = Rule::new(Family::V4, 1003, RuleAction::Prohibit);
    let fifth = Rule::new(Family::V6, 1004, RuleAction::Goto(2000));
    held(&mut host, Vec::new(), vec![first, second, third, fourth, fifth]);

    assert_eq!(host.log.notices, Vec::<String>::new());
    let shown = format!("{}{}", ip("rule"), ip("-6 rule"));
    for line in [
        "1000:	not from 10.1.0.0/24 to 10.2.0.0/16 fwmark 0x18/0xc iif va lookup 100 proto keepalived",
        "1001:	from all uidrange 1000-1999 ipproto udp sport 1000-2000 dport 53 lookup 100",
        "1002:	from all lookup main suppress_prefixlength 0 realms 3/4",
        "1003:	from all prohibit",
        "1004:	from all goto 2000",
    ] {
        assert!(shown.lines().any(|it| it.starts_with(line)), "{line} in\n{shown}");
    }
    host.drop(0);
    assert!(!ip("rule").contains("100"), "{}", ip("rule"));
    assert!(!ip("-6 rule").contains("1004"), "{}", ip("-6 rule"));
}

#[test]
fn what_somebody_deletes_or_the_kernel_drops_comes_back() {
    let mut host = Host::new();
    let wanted = vec![
        route("10.2.0.0/16", Some("10.1.0.254")),
        route("fd01::/64", Some("fd00::9")),
        route("10.3.0.0/16", None),
    ];
    let rules = vec![Rule::new(Family::V4, 1000, RuleAction::Table(100))];
    ip("route add 203.0.113.0/24 dev vb");
    held(&mut host, wanted, rules);
    let all = |_: &mut Host| routes().lines().count() == 3 && ip("rule").contains("1000:");
    assert!(all(&mut host), "{}", routes());

    ip("route del 10.2.0.0/16");
    ip("-6 route del fd01::/64");
    ip("rule del priority 1000");
    host.until("all is put back", all);
    assert_eq!(host.log.notices.len(), 3, "{:?}", host.log.notices);

    // The kernel tells nobody of the IPv4 ones; the addresses of IPv6 go, too.
    ip("link set va down");
    host.until("they are gone", |_| !routes().contains("10.2.0.0/16"));
    ip("link set va up");
    host.until("they are back with the link", all);

    ip("link del va");
    host.until("all is gone with the link", |_| routes().is_empty());
    ip("link add va type veth peer name vb");
    ip("link set va up");
    ip("link set vb up");
    host.until("they are back with another link of the name", all);
    host.drop(0);
    assert_eq!(routes(), "");
}

#[test]
fn a_route_that_the_kernel_refuses_is_told_in_its_words_and_the_others_stand() {
    let mut host = Host::new();
    let wanted =
        vec![route("10.2.0.0/16", Some("192.0.2.1")), route("10.3.0.0/16", Some("10.1.0.254"))];
    held(&mut host, wanted, Vec::new());
    assert_eq!(routes().lines().count(), 1, "{}", routes());
    host.until("it is told", |host| !host.log.notices.is_empty());
    let [told] = host.log.notices.as_slice() else { panic!("{:?}", host.log.notices) };
    assert!(told.contains("10.2.0.0/16 via 192.0.2.1 dev va"), "{told}");
    assert!(told.contains("invalid gateway"), "{told}");

    ip("addr add 192.0.2.2/24 dev va");
    host.until("it is there as soon as it can be", |_| routes().lines().count() == 2);
}
