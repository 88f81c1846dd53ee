//! Routes, rules and what the node holds by itself, as they were written.

use std::net::IpAddr;

use super::{Address, Setting};
use crate::config::source::{Span, Spanned};
use crate::types::{
    Family, Hop, LinkName, Lock, PathMetric, Place, Preference, Prefix, RouteKind, RuleAction,
    Scope,
};

/// A route as it was written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Route {
    /// The whole entry.
    pub span: Span,
    /// Its family, where it was said by name.
    pub family: Setting<Family>,
    /// `unicast`, `blackhole` …
    pub kind: Setting<RouteKind>,
    /// Where the packets are going; `None` is `default`.
    pub destination: Spanned<Option<Prefix>>,
    /// `from`
    pub source: Setting<Prefix>,
    /// `table`
    pub table: Setting<u32>,
    /// `protocol`
    pub protocol: Setting<u8>,
    /// `scope`
    pub scope: Setting<Scope>,
    /// `tos`
    pub tos: Setting<u8>,
    /// `metric`
    pub metric: Setting<u32>,
    /// `src`
    pub preferred_source: Setting<IpAddr>,
    /// `via`, `dev`, `onlink`, or each `nexthop`
    pub hops: Vec<Spanned<Hop>>,
    /// `mtu`, `hoplimit` …
    pub path: Vec<PathMetric>,
    /// `congctl`
    pub congestion: Setting<(Box<str>, Lock)>,
    /// `pref`
    pub preference: Setting<Preference>,
    /// `expires`
    pub expires_secs: Setting<u32>,
    /// `ttl-propagate`
    pub ttl_propagate: Setting<bool>,
    /// `realms`
    pub realms: Setting<u32>,
    /// `append`, `prepend`, `add`
    pub place: Setting<Place>,
    /// `no_track`, negated
    pub tracked: Setting<bool>,
    /// `track_group`, for what the node holds by itself.
    pub group: Setting<String>,
}

impl Route {
    /// A route of which nothing else was written.
    #[must_use]
    pub const fn new(destination: Spanned<Option<Prefix>>, span: Span) -> Self {
        Self {
            span,
            family: None,
            kind: None,
            destination,
            source: None,
            table: None,
            protocol: None,
            scope: None,
            tos: None,
            metric: None,
            preferred_source: None,
            hops: Vec::new(),
            path: Vec::new(),
            congestion: None,
            preference: None,
            expires_secs: None,
            ttl_propagate: None,
            realms: None,
            place: None,
            tracked: None,
            group: None,
        }
    }

    /// The interfaces that it names, with their places.
    pub fn links(&self) -> impl Iterator<Item = Spanned<LinkName>> {
        self.hops.iter().filter_map(|hop| Some(Spanned::new(hop.value.link?, hop.span)))
    }
}

/// A rule as it was written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rule {
    /// The whole entry.
    pub span: Span,
    /// Its family, where it was said by name.
    pub family: Setting<Family>,
    /// `priority`
    pub priority: Setting<u32>,
    /// `table`, `goto`, `blackhole` …
    pub action: Setting<RuleAction>,
    /// `not`
    pub negated: Setting<bool>,
    /// `from`; `None` is all.
    pub from: Setting<Option<Prefix>>,
    /// `to`; `None` is all.
    pub to: Setting<Option<Prefix>>,
    /// `iif`
    pub input: Setting<LinkName>,
    /// `oif`
    pub output: Setting<LinkName>,
    /// `fwmark`
    pub mark: Setting<(u32, u32)>,
    /// `tos`
    pub tos: Setting<u8>,
    /// `tunnel-id`
    pub tunnel: Setting<u64>,
    /// `uidrange`
    pub users: Setting<(u32, u32)>,
    /// `ipproto`
    pub carries: Setting<u8>,
    /// `sport`
    pub source_ports: Setting<(u16, u16)>,
    /// `dport`
    pub destination_ports: Setting<(u16, u16)>,
    /// `realms`
    pub realms: Setting<u32>,
    /// `suppress_prefixlength`
    pub suppress_length: Setting<u32>,
    /// `suppress_ifgroup`
    pub suppress_group: Setting<u32>,
    /// `protocol`
    pub protocol: Setting<u8>,
    /// `no_track`, negated
    pub tracked: Setting<bool>,
    /// `track_group`, for what the node holds by itself.
    pub group: Setting<String>,
}

impl Rule {
    /// A rule of which nothing was written.
    #[must_use]
    pub const fn new(span: Span) -> Self {
        Self {
            span,
            family: None,
            priority: None,
            action: None,
            negated: None,
            from: None,
            to: None,
            input: None,
            output: None,
            mark: None,
            tos: None,
            tunnel: None,
            users: None,
            carries: None,
            source_ports: None,
            destination_ports: None,
            realms: None,
            suppress_length: None,
            suppress_group: None,
            protocol: None,
            tracked: None,
            group: None,
        }
    }

    /// The interfaces that it names, with their places.
    pub fn links(&self) -> impl Iterator<Item = Spanned<LinkName>> {
        self.input.into_iter().chain(self.output)
    }
}

/// `static_ipaddress`, `static_routes`, `static_rules`: what the node holds by itself.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Fixtures {
    /// Of an address that names no interface.
    pub interface: Setting<LinkName>,
    /// Addresses; with the `track_group` of each.
    pub addresses: Vec<(Address, Setting<String>)>,
    /// Routes.
    pub routes: Vec<Route>,
    /// Rules.
    pub rules: Vec<Rule>,
    /// `track_group`: which instances are at fault when an interface goes down that carries
    /// something of the group.
    pub groups: Vec<(Spanned<String>, Vec<Spanned<String>>)>,
}

impl Fixtures {
    /// The interfaces that are named, with their places.
    pub(super) fn links(&self) -> impl Iterator<Item = Spanned<LinkName>> {
        let addresses = self.addresses.iter().filter_map(|(address, _)| address.link);
        let routes = self.routes.iter().flat_map(Route::links);
        addresses.chain(routes).chain(self.rules.iter().flat_map(Rule::links))
    }
}
