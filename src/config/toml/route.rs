//! Routes, both ways.

use std::fmt::Display;

use super::address::scope;
use super::table::Table;
use super::value::{self, Mistake, Read, Value};
use crate::config::declared::{Route, Setting};
use crate::config::source::{Span, Spanned};
use crate::types::{
    self, Hop, Lock, PathMetric, PathProperty, Place, Preference, Prefix, RouteKind, Scope,
};

/// A route that is no table.
pub(super) fn plain<T>(value: Value<'_>, _: Span) -> Read<T> {
    Err(Mistake::kind("a table", value))
}

/// A route: `{ to = "10.0.0.0/8", via = "192.0.2.1", interface = "eth0" }`.
pub(super) fn detailed(table: &mut Table<'_, '_>) -> Option<Route> {
    let span = table.span();
    let to = table.required("to", "\"10.0.0.0/8\"", destination);
    let kinds = RouteKind::ALL.map(|(kind, word, _)| (word, kind));
    let kind = table.setting("kind", value::choice(&kinds));
    let source_prefix = table.setting("from", prefix);
    let flat = hop(table);
    let hops = table.list("hops", plain, |hop_of| Some(shared_hop(hop_of)));
    let several = hops.is_some();
    if let (Some(flat), Some(_)) = (&flat, &hops) {
        let mistake = Mistake::value("stands beside `hops`").help("put it among them");
        table.tell("via", flat.span, mistake);
    }
    let mut hops = hops.map_or_else(Vec::new, |list| list.value);
    hops.extend(flat.filter(|_| !several));
    let (path, congestion) = table.section("path", path).unwrap_or_default();
    let preferences =
        [("low", Preference::Low), ("medium", Preference::Medium), ("high", Preference::High)];
    let places = [("first", Place::First), ("last", Place::Last), ("alone", Place::Alone)];
    let route = Route {
        kind,
        source: source_prefix,
        table: table.setting("table", table_number),
        protocol: table.setting("protocol", protocol),
        scope: table.setting("scope", scope),
        tos: table.setting("tos", value::integer(0, 255)),
        metric: table.setting("metric", value::integer(0, i64::from(u32::MAX))),
        preferred_source: table.setting("source", value::ip),
        hops,
        path,
        congestion,
        preference: table.setting("preference", value::choice(&preferences)),
        expires_secs: table.setting("expires_secs", value::integer(0, i64::from(u32::MAX))),
        ttl_propagate: table.setting("ttl_propagate", value::boolean),
        realms: table.setting("realms", realms),
        place: table.setting("place", value::choice(&places)),
        tracked: table.setting("tracked", value::boolean),
        ..Route::new(Spanned::new(None, span), span)
    };
    Some(Route { destination: to?, ..route })
}

/// `"default"` or a network.
fn destination(value: Value<'_>) -> Read<Option<Prefix>> {
    if value.as_str() == Some("default") {
        return Ok(None);
    }
    prefix(value).map(Some)
}

/// A network, or one host.
pub(super) fn prefix(value: Value<'_>) -> Read<Prefix> {
    let (ip, length) = value::ip_and_prefix(value)?;
    let host = Prefix::host(ip);
    let network = Prefix::new(ip, length.unwrap_or_else(|| host.length())).unwrap_or(host);
    if network != network.masked() {
        let told = format!("is {network}, which has bits behind its length");
        return Err(Mistake::value(told).help(format!("write {}", network.masked())));
    }
    Ok(network)
}

/// The one way: `via`, `interface`, `onlink` beside the destination.
fn hop(table: &mut Table<'_, '_>) -> Option<Spanned<Hop>> {
    let via = table.setting("via", value::ip);
    let link = table.setting("interface", value::link);
    let onlink = table.setting("onlink", value::boolean);
    let places = [link.map(|it| it.span), via.map(|it| it.span), onlink.map(|it| it.span)];
    let span = places.into_iter().flatten().next()?;
    let hop = Hop {
        via: via.map(|it| it.value),
        link: link.map(|it| it.value),
        onlink: onlink.is_some_and(|it| it.value),
        ..Hop::NONE
    };
    Some(Spanned::new(hop, span))
}

/// One of several ways.
fn shared_hop(table: &mut Table<'_, '_>) -> Spanned<Hop> {
    let place = table.span();
    let way = hop(table).unwrap_or_else(|| Spanned::new(Hop::NONE, place));
    let weight = table.setting("weight", value::integer(1, 256));
    let realms = table.setting("realms", realms);
    way.map(|way| Hop {
        weight: weight.map_or(1, |it| it.value),
        realms: realms.map(|it| it.value),
        ..way
    })
}

/// One of three names, or a number.
pub(super) fn table_number(value: Value<'_>) -> Read<u32> {
    if value.is_integer() {
        return value::integer(0, i64::from(u32::MAX))(value);
    }
    value::choice(&[("default", 253), ("main", 254), ("local", 255)])(value)
}

/// A name that everybody knows, or a number.
pub(super) fn protocol(value: Value<'_>) -> Read<u8> {
    if value.is_integer() {
        return value::integer(0, 255)(value);
    }
    let words = [("keepalived", types::Route::PROTOCOL), ("static", 4), ("boot", 3), ("kernel", 2)];
    value::choice(&words)(value)
}

/// `"FROM/TO"` or `"TO"`.
pub(super) fn realms(value: Value<'_>) -> Read<u32> {
    let text = value::text(value)?;
    let (from, to) = text.split_once('/').unwrap_or(("0", text));
    let broken = || Mistake::value(format!("is \"{text}\"")).help("two numbers: \"3/4\"");
    match (from.parse::<u16>(), to.parse::<u16>()) {
        (Ok(from), Ok(to)) => Ok(u32::from(from) << 16 | u32::from(to)),
        (Err(_), _) | (_, Err(_)) => Err(broken()),
    }
}

/// What is known of the path: each property in the kernel's unit.
fn path(table: &mut Table<'_, '_>) -> (Vec<PathMetric>, Setting<(Box<str>, Lock)>) {
    let mut metrics = Vec::new();
    for (word, what) in PROPERTIES {
        let number = table.setting(word, value::integer(0, i64::from(u32::MAX)));
        let lock = Lock::Free;
        metrics.extend(number.map(|it| PathMetric { what, value: it.value, lock }));
    }
    let algorithm = table.setting("algorithm", value::word);
    let locked = table.list("locked", |value, _| value::word(value), |_| None);
    let locked = locked.map_or_else(Vec::new, |list| list.value);
    let mut lock = Lock::Free;
    for word in locked {
        let named = PROPERTIES.iter().find(|(name, _)| *name == word).map(|(_, what)| *what);
        match metrics.iter_mut().find(|it| Some(it.what) == named) {
            Some(metric) => metric.lock = Lock::Locked,
            None if word == "algorithm" && algorithm.is_some() => lock = Lock::Locked,
            None => {
                let mistake = Mistake::value(format!("names {word}, of which nothing is said"));
                table.tell("locked", table.span(), mistake);
            }
        }
    }
    (metrics, algorithm.map(|it| it.map(|name| (name.into(), lock))))
}

/// The route as an inline table.
pub(super) fn write(route: &types::Route) -> String {
    let mut entry = Inline::default();
    entry.text("to", route.destination);
    if route.kind != RouteKind::Unicast {
        entry.text("kind", route.kind);
    }
    if let Some(source) = route.source {
        entry.text("from", source);
    }
    match route.hops.as_slice() {
        [] => {}
        [only] if only.weight == 1 && only.realms.is_none() => write_hop(&mut entry, only),
        several => {
            let hops = several.iter().map(|hop| {
                let mut entry = Inline::default();
                write_hop(&mut entry, hop);
                if hop.weight != 1 {
                    entry.bare("weight", hop.weight);
                }
                if let Some(realms) = hop.realms {
                    entry.text("realms", in_halves(realms));
                }
                entry.finish()
            });
            entry.bare("hops", super::write::list(hops));
        }
    }
    if route.table != types::Route::MAIN {
        entry.bare("table", route.table);
    }
    if route.protocol != types::Route::PROTOCOL {
        entry.bare("protocol", route.protocol);
    }
    if route.scope != Scope::GLOBAL {
        entry.bare("scope", route.scope.0);
    }
    if route.tos != 0 {
        entry.bare("tos", route.tos);
    }
    if let Some(metric) = route.metric {
        entry.bare("metric", metric);
    }
    if let Some(ip) = route.preferred_source {
        entry.text("source", ip);
    }
    write_path(&mut entry, route);
    match route.preference {
        None => {}
        Some(Preference::Low) => entry.text("preference", "low"),
        Some(Preference::Medium) => entry.text("preference", "medium"),
        Some(Preference::High) => entry.text("preference", "high"),
    }
    if let Some(secs) = route.expires_secs {
        entry.bare("expires_secs", secs);
    }
    if let Some(on) = route.ttl_propagate {
        entry.bare("ttl_propagate", on);
    }
    if let Some(realms) = route.realms {
        entry.text("realms", in_halves(realms));
    }
    match route.place {
        Place::First => {}
        Place::Last => entry.text("place", "last"),
        Place::Alone => entry.text("place", "alone"),
    }
    if !route.tracked {
        entry.bare("tracked", false);
    }
    entry.finish()
}

fn write_hop(entry: &mut Inline, hop: &Hop) {
    if let Some(via) = hop.via {
        entry.text("via", via);
    }
    if let Some(link) = hop.link {
        entry.text("interface", link);
    }
    if hop.onlink {
        entry.bare("onlink", true);
    }
}

fn write_path(entry: &mut Inline, route: &types::Route) {
    let mut path = Inline::default();
    let mut locked = Vec::new();
    for metric in &route.path {
        let word = PROPERTIES.iter().find(|(_, what)| *what == metric.what);
        let word = word.map_or("", |(word, _)| word);
        path.bare(word, metric.value);
        if metric.lock == Lock::Locked {
            locked.push(super::write::quoted(word));
        }
    }
    if let Some((algorithm, lock)) = &route.congestion {
        path.text("algorithm", algorithm);
        if *lock == Lock::Locked {
            locked.push(super::write::quoted("algorithm"));
        }
    }
    if !locked.is_empty() {
        path.bare("locked", super::write::list(locked.into_iter()));
    }
    if !path.is_empty() {
        entry.bare("path", path.finish());
    }
}

/// An inline table under way.
#[derive(Default)]
pub(super) struct Inline(Vec<String>);

impl Inline {
    /// A number, a truth value, a list or a table.
    pub(super) fn bare(&mut self, key: &str, value: impl Display) {
        self.0.push(format!("{key} = {value}"));
    }

    /// A text.
    pub(super) fn text(&mut self, key: &str, value: impl Display) {
        self.bare(key, super::write::quoted(&value.to_string()));
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn finish(self) -> String {
        format!("{{ {} }}", self.0.join(", "))
    }
}

/// Realms as they are written.
pub(super) fn in_halves(realms: u32) -> String {
    format!("{}/{}", realms >> 16, realms & 0xffff)
}

/// The properties of a path, by their words.
const PROPERTIES: [(&str, PathProperty); 15] = [
    ("mtu", PathProperty::Mtu),
    ("window", PathProperty::Window),
    ("rtt", PathProperty::Rtt),
    ("rttvar", PathProperty::RttVar),
    ("ssthresh", PathProperty::SlowStart),
    ("cwnd", PathProperty::Cwnd),
    ("advmss", PathProperty::AdvertisedMss),
    ("reordering", PathProperty::Reordering),
    ("hoplimit", PathProperty::HopLimit),
    ("initcwnd", PathProperty::InitialCwnd),
    ("features", PathProperty::Features),
    ("rto_min", PathProperty::RtoMin),
    ("initrwnd", PathProperty::InitialWindow),
    ("quickack", PathProperty::QuickAck),
    ("fastopen_no_cookie", PathProperty::FastOpenNoCookie),
];
