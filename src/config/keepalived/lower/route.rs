//! Entries of `virtual_routes` and `static_routes`.

use super::super::lex::Word;
use super::super::parse::Statement;
use super::Lower;
use super::entry::{Entry, LeftOut, Taken};
use super::names::Kind;
use crate::config::declared::Route;
use crate::config::source::Spanned;
use crate::types::{
    Family, Hop, LinkName, Lock, PathMetric, PathProperty, Place, Preference, Prefix, RouteKind,
    Scope,
};

/// A route under way: its one way stands in words of its own.
struct Draft {
    route: Route,
    destination: Option<Spanned<Option<Prefix>>>,
    /// `via`, `dev` and `onlink` outside of every `nexthop`.
    way: Option<Spanned<Hop>>,
}

impl Lower<'_> {
    /// The routes of a block, without those that keepalived drops.
    pub(super) fn routes(&mut self, statement: &Statement) -> Vec<Route> {
        let entries = statement.entries().iter().filter_map(|words| Entry::new(words));
        entries.filter_map(|entry| self.route(entry).ok()).collect()
    }

    fn route(&mut self, mut entry: Entry<'_>) -> Taken<Route> {
        let span = entry.span;
        let route = Route::new(Spanned::new(None, span), span);
        let mut draft = Draft { route, destination: None, way: None };
        while let Some(word) = entry.next() {
            self.route_word(&mut draft, word, &mut entry)?;
        }
        let Draft { mut route, destination, way } = draft;
        let Some(destination) = destination else {
            self.warn("bad-value", "the route leads to no destination", span, "left out");
            return Err(LeftOut);
        };
        route.destination = destination;
        if let (Some(way), Some(_)) = (way, route.hops.first()) {
            let message = "the route has a way of its own and others behind `nexthop`";
            self.warn("bad-value", message, way.span, "the whole line is left out");
            return Err(LeftOut);
        }
        let trackable = way.is_some_and(|way| way.value.link.is_some());
        route.hops.extend(way);
        self.settle_tracking(&mut route, trackable);
        Ok(route)
    }

    /// keepalived tracks a route by its interface, and tells it by its protocol.
    fn settle_tracking(&mut self, route: &mut Route, trackable: bool) {
        if route.tracked.is_some() {
            return;
        }
        if let Some(protocol) =
            route.protocol.filter(|it| it.value != crate::types::Route::PROTOCOL)
        {
            let message = "a tracked route has the protocol keepalived";
            self.warn("tracked-protocol", message, protocol.span, "ignored");
            route.protocol = None;
        }
        if !trackable {
            let message = "a route that names no interface is not tracked";
            self.warn("untracked-route", message, route.span, "");
            route.tracked = Some(Spanned::new(false, route.span));
        }
    }

    fn route_word(&mut self, draft: &mut Draft, word: &Word, entry: &mut Entry<'_>) -> Taken<()> {
        let place = word.span;
        let route = &mut draft.route;
        match word.value.as_str() {
            "inet" => route.family = Some(Spanned::new(Family::V4, place)),
            "inet6" => route.family = Some(Spanned::new(Family::V6, place)),
            "to" => {
                let word = self.behind(word, entry)?;
                draft.destination = Some(self.network(word)?);
            }
            "default6" => {
                self.bad(word, "default6 is an old word", "write `inet6 default`");
                route.family = Some(Spanned::new(Family::V6, place));
                draft.destination = Some(Spanned::new(None, place));
            }
            "from" => {
                let word = self.behind(word, entry)?;
                let prefix = self.network(word)?;
                route.source = prefix.value.map(|prefix| Spanned::new(prefix, word.span));
            }
            "src" => route.preferred_source = Some(self.ip_behind(word, entry)?),
            "via" | "gw" | "dev" | "oif" | "onlink" | "or" => {
                return self.way(draft, word, entry);
            }
            "nexthop" => return self.nexthop(route, word, entry),
            "table" => route.table = Some(self.named(Kind::Table, u32::MAX, word, entry)?),
            "metric" | "priority" | "preference" => {
                route.metric = Some(self.digits(u32::MAX, word, entry)?);
            }
            "scope" => route.scope = Some(self.octet(Kind::Scope, word, entry)?.map(Scope)),
            "protocol" => route.protocol = Some(self.octet(Kind::Protocol, word, entry)?),
            "tos" | "dsfield" => route.tos = Some(self.octet(Kind::Service, word, entry)?),
            "realms" => route.realms = Some(self.realms(word, entry)?),
            "expires" => route.expires_secs = Some(self.digits(u32::MAX, word, entry)?),
            "pref" => route.preference = Some(self.preference(word, entry)?),
            "ttl-propagate" => route.ttl_propagate = Some(self.ttl_propagate(word, entry)?),
            "congctl" => route.congestion = Some(self.congestion(word, entry)?),
            "add" => route.place = Some(Spanned::new(Place::Alone, place)),
            "append" => route.place = Some(Spanned::new(Place::Last, place)),
            "prepend" => route.place = Some(Spanned::new(Place::First, place)),
            "no_track" => route.tracked = Some(Spanned::new(false, place)),
            "track_group" if self.within_fixtures => {
                let name = self.behind(word, entry)?;
                route.group = Some(Spanned::new(name.value.clone(), name.span));
            }
            "encap" | "vrf" | "as" => {
                let message = format!("{}: not set by this version; such routes", word.value);
                self.bad(word, message, "the whole line is left out");
                return Err(LeftOut);
            }
            other => {
                if let Some(metric) = self.path_metric(word, entry)? {
                    route.path.push(metric);
                } else if let Some(kind) = RouteKind::named(other) {
                    route.kind = Some(Spanned::new(kind, place));
                } else {
                    draft.destination = Some(self.network(word)?);
                }
            }
        }
        Ok(())
    }

    /// A word of the route's one way.
    fn way(&mut self, draft: &mut Draft, word: &Word, entry: &mut Entry<'_>) -> Taken<()> {
        if word.value == "or" {
            self.bad(word, "`or` is an old word", "write `nexthop via …` for each way");
            let second = self.ip_behind(word, entry)?;
            let first = draft.way.take().unwrap_or_else(|| Spanned::new(Hop::NONE, word.span));
            let link = first.value.link;
            let hop = |it: Hop| Spanned::new(Hop { link, ..it }, word.span);
            let second = hop(Hop { via: Some(second.value), ..Hop::NONE });
            draft.route.hops.extend([hop(first.value), second]);
            return Ok(());
        }
        let mut way = draft.way.unwrap_or_else(|| Spanned::new(Hop::NONE, word.span));
        way.span = way.span.to(word.span);
        self.hop_word(&mut way, word, entry)?;
        draft.way = Some(way);
        Ok(())
    }

    /// One of several ways.
    fn nexthop(&mut self, route: &mut Route, word: &Word, entry: &mut Entry<'_>) -> Taken<()> {
        let mut hop = Spanned::new(Hop::NONE, word.span);
        while let Some("via" | "gw" | "dev" | "oif" | "onlink" | "weight" | "realms") = entry.peek()
        {
            let Some(word) = entry.next() else { break };
            match word.value.as_str() {
                "weight" => {
                    let weight = self.digits(256, word, entry)?;
                    if weight.value == 0 {
                        return Err(self.leave_out(word, "a weight is 1 to 256".to_owned()));
                    }
                    hop.value.weight = u16::try_from(weight.value).unwrap_or(u16::MAX);
                }
                "realms" => hop.value.realms = Some(self.realms(word, entry)?.value),
                _ => self.hop_word(&mut hop, word, entry)?,
            }
        }
        route.hops.push(hop);
        Ok(())
    }

    /// `via`, `dev`, `onlink`. The place of a way that names an interface is that of the name.
    fn hop_word(
        &mut self,
        hop: &mut Spanned<Hop>,
        word: &Word,
        entry: &mut Entry<'_>,
    ) -> Taken<()> {
        match word.value.as_str() {
            "via" | "gw" => {
                if word.value == "gw" {
                    self.bad(word, "`gw` is an old word", "write `via`");
                }
                let mut next = self.behind(word, entry)?;
                if matches!(next.value.as_str(), "inet" | "inet6") {
                    next = self.behind(next, entry)?;
                }
                hop.value.via = Some(self.ip(next)?.value);
            }
            "onlink" => hop.value.onlink = true,
            _ => {
                let name = self.behind(word, entry)?;
                let Some(link) = LinkName::new(&name.value) else {
                    let message = format!("{} cannot be an interface's name", name.value);
                    return Err(self.leave_out(name, message));
                };
                hop.value.link = Some(link);
                hop.span = name.span;
            }
        }
        Ok(())
    }

    /// `[lock] N` behind a property of the path; `None` where `word` is none.
    fn path_metric(&mut self, word: &Word, entry: &mut Entry<'_>) -> Taken<Option<PathMetric>> {
        let Some(property) = Property::named(&word.value) else {
            return Ok(None);
        };
        let mut next = self.behind(word, entry)?;
        let mut lock = Lock::Free;
        if next.value == "lock" {
            lock = Lock::Locked;
            next = self.behind(next, entry)?;
        }
        match property.read(&next.value) {
            Some(value) => Ok(Some(PathMetric { what: property.what, value, lock })),
            None => {
                let message = format!("{} is no {}", next.value, word.value);
                Err(self.leave_out(next, message))
            }
        }
    }

    fn preference(&mut self, word: &Word, entry: &mut Entry<'_>) -> Taken<Spanned<Preference>> {
        let word = self.behind(word, entry)?;
        let preference = match word.value.as_str() {
            "low" => Preference::Low,
            "medium" => Preference::Medium,
            "high" => Preference::High,
            other => {
                let message = format!("{other} is neither low, medium nor high");
                return Err(self.leave_out(word, message));
            }
        };
        Ok(Spanned::new(preference, word.span))
    }

    fn ttl_propagate(&mut self, word: &Word, entry: &mut Entry<'_>) -> Taken<Spanned<bool>> {
        let word = self.behind(word, entry)?;
        let answer = matches!(word.value.as_str(), "enabled");
        if !answer && word.value != "disabled" {
            self.bad(word, format!("{} is neither enabled nor disabled", word.value), "ignored");
        }
        Ok(Spanned::new(answer, word.span))
    }

    fn congestion(
        &mut self,
        word: &Word,
        entry: &mut Entry<'_>,
    ) -> Taken<Spanned<(Box<str>, Lock)>> {
        let mut next = self.behind(word, entry)?;
        let mut lock = Lock::Free;
        if next.value == "lock" {
            lock = Lock::Locked;
            next = self.behind(next, entry)?;
        }
        Ok(Spanned::new((next.value.as_str().into(), lock), next.span))
    }
}

/// How a property of the path is written.
#[derive(Clone, Copy)]
struct Property {
    what: PathProperty,
    unit: Unit,
}

/// What the number of a property counts.
#[derive(Clone, Copy)]
enum Unit {
    /// Anything up to this.
    Count(u32),
    /// Time, in so many parts of a millisecond; bare numbers are such parts already.
    Parts(u32),
    /// `ecn`
    Features,
}

impl Property {
    fn named(word: &str) -> Option<Self> {
        let (what, unit) = match word {
            "mtu" => (PathProperty::Mtu, Unit::Count(u32::MAX)),
            "window" => (PathProperty::Window, Unit::Count(u32::MAX)),
            "rtt" => (PathProperty::Rtt, Unit::Parts(8)),
            "rttvar" => (PathProperty::RttVar, Unit::Parts(4)),
            "ssthresh" => (PathProperty::SlowStart, Unit::Count(u32::MAX)),
            "cwnd" => (PathProperty::Cwnd, Unit::Count(u32::MAX)),
            "advmss" => (PathProperty::AdvertisedMss, Unit::Count(u32::MAX)),
            "reordering" => (PathProperty::Reordering, Unit::Count(u32::MAX)),
            "hoplimit" => (PathProperty::HopLimit, Unit::Count(255)),
            "initcwnd" => (PathProperty::InitialCwnd, Unit::Count(u32::MAX)),
            "features" => (PathProperty::Features, Unit::Features),
            "rto_min" => (PathProperty::RtoMin, Unit::Parts(1)),
            "initrwnd" => (PathProperty::InitialWindow, Unit::Count(u32::MAX)),
            "quickack" => (PathProperty::QuickAck, Unit::Count(1)),
            "fastopen_no_cookie" => (PathProperty::FastOpenNoCookie, Unit::Count(1)),
            _ => return None,
        };
        Some(Self { what, unit })
    }

    fn read(self, word: &str) -> Option<u32> {
        match self.unit {
            Unit::Count(most) => word.parse().ok().filter(|number| *number <= most),
            Unit::Features => (word == "ecn").then_some(1),
            Unit::Parts(parts) => match (word.strip_suffix("ms"), word.strip_suffix('s')) {
                (Some(millis), _) => millis.parse::<u32>().ok()?.checked_mul(parts),
                (None, Some(secs)) => secs.parse::<u32>().ok()?.checked_mul(1000 * parts),
                (None, None) => word.parse().ok(),
            },
        }
    }
}
