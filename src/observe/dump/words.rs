//! Addresses, routes, rules and programs in keepalived's words.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};

use crate::config::model::Instance;
use crate::sys::{Identity, accounts, programs};
use crate::types::{
    Account, Address, Broadcast, Family, Hop, LinkName, Lock, PathMetric, PathProperty, Place,
    Preference, Prefix, Program, Route, RouteKind, Rule, RuleAction, Scope,
};

/// An address, and whether it stands.
pub(super) fn address(address: &Address, instance: Option<&Instance>, stands: bool) -> String {
    let mut text = address.ip.to_string();
    if address.prefix != Family::of(address.ip).bits() && address.peer.is_none() {
        text += &format!("/{}", address.prefix);
    }
    if let Some(broadcast) = broadcast(address) {
        text += &format!(" brd {broadcast}");
    }
    text += &format!(" dev {} scope {}", carrier(address.link, instance), scope(address.scope));
    if let Some(label) = &address.label {
        text += &format!(" label {label}");
    }
    if let Some((peer, prefix)) = address.peer {
        text += &format!(" peer {peer}/{prefix}");
    }
    let v6 = address.family() == Family::V6;
    let words = [
        (address.home, " home"),
        (v6 && address.dad, " -nodad"),
        (address.manage_temporary, " mngtmpaddr"),
        (address.no_prefix_route, " noprefixroute"),
        (address.auto_join, " autojoin"),
        (!address.tracked, " no_track"),
    ];
    text.extend(words.iter().filter(|(is, _)| *is).map(|(_, word)| *word));
    match address.preferred_secs {
        Some(0) => text += " deprecated",
        Some(secs) if v6 => text += &format!(" preferred_lft {secs}"),
        None if v6 => text += " preferred_lft forever",
        Some(_) | None => {}
    }
    if stands {
        text += " set";
        if address.guarded || instance.is_some_and(Instance::is_guarded) {
            text += " nftable_set";
        }
    }
    text
}

/// The interface that carries an address: a virtual one with the one under it.
fn carrier(link: LinkName, instance: Option<&Instance>) -> String {
    let vmac = instance.into_iter().flat_map(Instance::vmacs).find(|vmac| vmac.name == link);
    vmac.map_or_else(|| link.to_string(), |vmac| format!("{link}@{}", vmac.base))
}

fn broadcast(address: &Address) -> Option<Ipv4Addr> {
    let IpAddr::V4(ip) = address.ip else { return None };
    let host_bits = u32::MAX.checked_shr(address.prefix.into()).unwrap_or(0);
    match address.broadcast {
        Broadcast::None => None,
        Broadcast::AllOnes => Some((ip.to_bits() | host_bits).into()),
        Broadcast::AllZeros => Some((ip.to_bits() & !host_bits).into()),
        Broadcast::Is(ip) => Some(ip),
    }
}

fn scope(scope: Scope) -> String {
    match scope.0 {
        0 => "global".to_owned(),
        200 => "site".to_owned(),
        253 => "link".to_owned(),
        254 => "host".to_owned(),
        number => number.to_string(),
    }
}

/// A route.
pub(super) fn route(route: &Route) -> String {
    let mut text = match (route.place, route.hops.is_empty()) {
        (Place::Alone, _) | (_, true) => "add",
        (Place::First, false) => "prepend",
        (Place::Last, false) => "append",
    }
    .to_owned();
    if route.kind != RouteKind::Unicast {
        text += &format!(" {}", route.kind);
    }
    text += &format!(" {}", route.destination);
    put(&mut text, "from", route.source);
    put(&mut text, "src", route.preferred_source);
    put(&mut text, "tos", Some(route.tos).filter(|it| *it != 0));
    if let [only] = route.hops.as_slice() {
        text += &way(only);
    }
    put(&mut text, "table", Some(route.table).filter(|it| *it != Route::MAIN));
    // One that could be tracked and is not has no mark unless it is written.
    let is_trackable = matches!(route.hops.as_slice(), [Hop { link: Some(_), .. }]);
    let marked = route.tracked || !is_trackable || route.protocol != Route::PROTOCOL;
    put(&mut text, "proto", Some(route.protocol).filter(|_| marked));
    put(&mut text, "scope", Some(route.scope.0).filter(|it| *it != Scope::GLOBAL.0));
    put(&mut text, "metric", route.metric);
    if let Some(realms) = route.realms {
        text += &format!(" realms {}/{}", realms >> 16, realms & 0xffff);
    }
    put(&mut text, "expires", route.expires_secs.map(|secs| format!("{secs}sec")));
    if let Some((algorithm, lock)) = &route.congestion {
        text += &format!(" congctl {}{algorithm}", locked(*lock));
    }
    for property in &route.path {
        text += &path(property);
    }
    if let Some(propagates) = route.ttl_propagate {
        text += if propagates { " ttl-propagate enabled" } else { " ttl-propagate disabled" };
    }
    put(&mut text, "pref", route.preference.map(preference));
    if let [Hop { onlink: true, .. }] = route.hops.as_slice() {
        text += " onlink";
    }
    if route.hops.len() > 1 {
        for hop in &route.hops {
            text += &format!(" nexthop{} weight {}", way(hop), hop.weight);
            text += if hop.onlink { " onlink" } else { "" };
            put(&mut text, "realm", hop.realms);
        }
    }
    if !route.tracked {
        text += " no_track";
    }
    text
}

fn way(hop: &Hop) -> String {
    let family = match hop.via.map(Family::of) {
        Some(Family::V6) => "6",
        Some(Family::V4) | None => "",
    };
    let mut text = hop.via.map_or_else(String::new, |via| format!(" via inet{family} {via}"));
    put(&mut text, "dev", hop.link);
    text
}

fn path(property: &PathMetric) -> String {
    let PathMetric { what, value, lock } = property;
    // Some are times, in parts of a millisecond.
    let (word, parts) = match what {
        PathProperty::Mtu => ("mtu", None),
        PathProperty::Window => ("window", None),
        PathProperty::Rtt => ("rtt", Some(8)),
        PathProperty::RttVar => ("rttvar", Some(4)),
        PathProperty::SlowStart => ("ssthresh", None),
        PathProperty::Cwnd => ("cwnd", None),
        PathProperty::AdvertisedMss => ("advmss", None),
        PathProperty::Reordering => ("reordering", None),
        PathProperty::HopLimit => ("hoplimit", None),
        PathProperty::InitialCwnd => ("initcwnd", None),
        PathProperty::Features => ("features", None),
        PathProperty::RtoMin => ("rto_min", Some(1)),
        PathProperty::InitialWindow => ("initrwnd", None),
        PathProperty::QuickAck => ("quickack", None),
        PathProperty::FastOpenNoCookie => ("fastopen_no_cookie", None),
    };
    let millis = parts.map(|parts| value / parts);
    let value = match millis {
        Some(millis) if millis >= 1000 && millis % 1000 == 0 => format!("{}s", millis / 1000),
        Some(millis) => format!("{millis}ms"),
        None => value.to_string(),
    };
    format!(" {word} {}{value}", locked(*lock))
}

const fn locked(lock: Lock) -> &'static str {
    match lock {
        Lock::Free => "",
        Lock::Locked => "lock ",
    }
}

const fn preference(preference: Preference) -> &'static str {
    match preference {
        Preference::Low => "low",
        Preference::Medium => "medium",
        Preference::High => "high",
    }
}

/// A rule.
pub(super) fn rule(rule: &Rule) -> String {
    let mut text = if rule.negated { "not from" } else { "from" }.to_owned();
    let from = rule.from.map_or_else(|| "all".to_owned(), |from: Prefix| from.to_string());
    text += &format!(" {from}");
    put(&mut text, "to", rule.to);
    text += &format!(" priority {} tos {:#x}", rule.priority, rule.tos);
    if let Some((mark, mask)) = rule.mark {
        text += &format!(" fwmark {mark:#x}");
        text += &Some(mask)
            .filter(|it| *it != u32::MAX)
            .map_or_else(String::new, |it| format!("/{it:#x}"));
    }
    put(&mut text, "iif", rule.input);
    put(&mut text, "oif", rule.output);
    put(&mut text, "suppress_prefixlen", rule.suppress_length);
    put(&mut text, "suppress_ifgroup", rule.suppress_group);
    put(&mut text, "tunnel-id", rule.tunnel);
    put(&mut text, "uidrange", rule.users.map(|(first, last)| format!("{first}-{last}")));
    if rule.action == RuleAction::Vrf {
        text += " l3mdev";
    }
    put(&mut text, "protocol", Some(rule.protocol));
    put(&mut text, "ipproto", rule.carries);
    put(&mut text, "sport", rule.source_ports.map(|(first, last)| format!("{first}-{last}")));
    put(&mut text, "dport", rule.destination_ports.map(|(first, last)| format!("{first}-{last}")));
    if let Some(realms) = rule.realms {
        text += &format!(" realms {}/{}", realms >> 16, realms & 0xffff);
    }
    match rule.action {
        RuleAction::Table(table) => put(&mut text, "lookup", Some(table)),
        RuleAction::Goto(target) => put(&mut text, "goto", Some(target)),
        RuleAction::Nop => text += " nop",
        RuleAction::Blackhole => text += " type blackhole",
        RuleAction::Unreachable => text += " type unreachable",
        RuleAction::Prohibit => text += " type prohibit",
        RuleAction::Vrf => {}
    }
    if !rule.tracked {
        text += " no_track";
    }
    text
}

/// A word and its value, where there is one.
fn put(text: &mut String, word: &str, value: Option<impl std::fmt::Display>) {
    if let Some(value) = value {
        // A String takes whatever is written into it.
        let _infallible = write!(text, " {word} {value}").is_err();
    }
}

/// A program with its words in single quotes, the path of what is really run. May wait for the
/// disk and for a directory of users.
pub(super) fn program(program: &Program, runner: Identity) -> String {
    let found = programs::locate(program.name(), runner).ok().and_then(|it| it.canonicalize().ok());
    let path = found.map_or_else(|| program.name().to_owned(), |it| it.display().to_string());
    let words = program.words.iter().skip(1).map(|word| format!(" '{word}'"));
    format!("'{path}'{}", words.collect::<String>())
}

/// As whom a program runs that says so, or says nothing while the node says it.
pub(super) fn runner(own: Option<&Account>, node: Option<&Account>) -> Identity {
    let usual = Account { user: USUAL_USER.to_owned(), group: None };
    let account = own.or(node).unwrap_or(&usual);
    accounts::find(account).unwrap_or_else(|_unknown| Identity::own())
}

/// As whom programs run of which nobody says anything.
const USUAL_USER: &str = "keepalived_script";
