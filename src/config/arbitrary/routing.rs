//! Arbitrary valid routes and rules.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::{ip, link};
use crate::types::{
    Family, Hop, Lock, PathMetric, PathProperty, Place, Preference, Prefix, Route, RouteKind, Rule,
    RuleAction, Scope,
};

/// Routes, each once.
pub(super) fn routes() -> impl Strategy<Value = Vec<Route>> {
    vec(family().prop_flat_map(route), 0..=2).prop_map(|mut routes| {
        routes.dedup();
        routes
    })
}

/// Rules, each once.
pub(super) fn rules() -> impl Strategy<Value = Vec<Rule>> {
    vec(family().prop_flat_map(rule), 0..=2).prop_map(|mut rules| {
        rules.dedup();
        rules
    })
}

fn family() -> impl Strategy<Value = Family> {
    select(Family::ALL.to_vec())
}

fn prefix(family: Family) -> impl Strategy<Value = Prefix> {
    (any::<u128>(), 0..=family.bits()).prop_map(move |(bits, length)| {
        let ip = match family {
            Family::V4 => IpAddr::V4(Ipv4Addr::from(u32::try_from(bits >> 96).unwrap())),
            Family::V6 => IpAddr::V6(Ipv6Addr::from(bits)),
        };
        Prefix::new(ip, length).unwrap().masked()
    })
}

fn hop(family: Family) -> impl Strategy<Value = Hop> {
    let way = (option::of(ip(family)), link(), any::<bool>());
    (way, 1..=256u16, option::of(any::<u32>())).prop_map(|((via, link, onlink), weight, realms)| {
        Hop { via, link: Some(link), weight, onlink, realms }
    })
}

fn lock() -> impl Strategy<Value = Lock> {
    select(vec![Lock::Free, Lock::Locked])
}

fn path() -> impl Strategy<Value = Vec<PathMetric>> {
    let mtu = (any::<u32>(), lock());
    let quick = (0..=1u32, lock());
    (option::of(mtu), option::of(quick)).prop_map(|(mtu, quick)| {
        let metric = |what| move |(value, lock)| PathMetric { what, value, lock };
        let mtu = mtu.map(metric(PathProperty::Mtu));
        mtu.into_iter().chain(quick.map(metric(PathProperty::QuickAck))).collect()
    })
}

fn route(family: Family) -> impl Strategy<Value = Route> {
    let kinds = vec![RouteKind::Unicast, RouteKind::Blackhole, RouteKind::Prohibit];
    let place = select(vec![Place::First, Place::Last, Place::Alone]);
    let what = (prefix(family), select(kinds), vec(hop(family), 1..=3), place);
    let whose = (any::<u32>(), any::<u8>(), option::of(any::<u32>()), option::of(ip(family)));
    let how = (path(), option::of(("[a-z]{1,5}", lock())), option::of(any::<bool>()));
    let preference = select(vec![Preference::Low, Preference::Medium, Preference::High]);
    let six = (option::of(prefix(family)), option::of(preference), option::of(any::<u32>()));
    let four = (any::<u8>(), any::<u8>(), option::of(any::<u32>()));
    (what, whose, how, six, four, any::<bool>()).prop_map(
        move |(what, whose, how, six, four, tracked)| {
            let (destination, kind, hops, place) = what;
            let (table, protocol, metric, preferred_source) = whose;
            let (path, congestion, ttl_propagate) = how;
            let hops = if kind == RouteKind::Unicast { hops } else { Vec::new() };
            let congestion = congestion.map(|(name, lock)| (name.into_boxed_str(), lock));
            let both = Route {
                kind,
                table,
                protocol,
                metric,
                preferred_source,
                hops,
                path,
                congestion,
                ttl_propagate,
                place,
                tracked,
                ..Route::new(destination)
            };
            match family {
                Family::V4 => {
                    let (scope, tos, realms) = four;
                    Route { scope: Scope(scope), tos, realms, ..both }
                }
                Family::V6 => {
                    let (source, preference, expires_secs) = six;
                    Route { source, preference, expires_secs, ..both }
                }
            }
        },
    )
}

fn action() -> impl Strategy<Value = RuleAction> {
    prop_oneof![
        any::<u32>().prop_map(RuleAction::Table),
        Just(RuleAction::Goto(u32::MAX)),
        select(vec![
            RuleAction::Nop,
            RuleAction::Blackhole,
            RuleAction::Unreachable,
            RuleAction::Prohibit,
            RuleAction::Vrf,
        ]),
    ]
}

fn rule(family: Family) -> impl Strategy<Value = Rule> {
    let long = || option::of(prefix(family).prop_filter("not all", |it| it.length() > 0));
    let place = (0..u32::MAX, action(), long(), long(), option::of(link()), option::of(link()));
    let ports = || option::of((0..=9u16, 9..=u16::MAX));
    let who = (option::of((0..=9u32, 9..=u32::MAX)), option::of(any::<u8>()), ports(), ports());
    let packet = (option::of(any::<(u32, u32)>()), any::<u8>(), option::of(0..=9u64));
    let more = (option::of(any::<u32>()), option::of(0..=128u32), option::of(any::<u32>()));
    (place, who, packet, more, any::<u8>(), any::<[bool; 2]>()).prop_map(
        move |(place, who, packet, more, protocol, [negated, tracked])| {
            let (priority, action, from, to, input, output) = place;
            let (users, carries, source_ports, destination_ports) = who;
            let (mark, tos, tunnel) = packet;
            let (realms, suppress_length, suppress_group) = more;
            Rule {
                negated,
                from,
                to,
                input,
                output,
                mark,
                tos,
                tunnel,
                users,
                carries,
                source_ports,
                destination_ports,
                realms,
                suppress_length,
                suppress_group,
                protocol,
                tracked,
                ..Rule::new(family, priority, action)
            }
        },
    )
}
