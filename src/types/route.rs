//! A route as the kernel is to hold it.

use std::fmt;
use std::net::IpAddr;

use super::{Family, LinkName, Prefix, Scope};

/// One route with everything the kernel is told about it.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Route {
    /// What becomes of the packets.
    pub kind: RouteKind,
    /// Where they are going. Its family is the route's.
    pub destination: Prefix,
    /// `from`: where they come from, IPv6 only.
    pub source: Option<Prefix>,
    /// The routing table.
    pub table: u32,
    /// Who made the route, as `ip route` shows it.
    pub protocol: u8,
    /// How far it is valid, IPv4 only.
    pub scope: Scope,
    /// `tos`: only packets of this type of service, IPv4 only.
    pub tos: u8,
    /// `metric`: the least wins. The kernel takes 0 for IPv4 and 1024 for IPv6 where absent.
    pub metric: Option<u32>,
    /// `src`: the address that new connections come from.
    pub preferred_source: Option<IpAddr>,
    /// The ways, one of which each connection takes; none for a kind that needs none.
    pub hops: Vec<Hop>,
    /// What is known of the path, each property once.
    pub path: Vec<PathMetric>,
    /// `congctl`: the algorithm, and whether programs may not choose another one.
    pub congestion: Option<(Box<str>, Lock)>,
    /// `pref`: the preference of RFC 4191, IPv6 only.
    pub preference: Option<Preference>,
    /// `expires`: seconds after which the kernel drops it, IPv6 only.
    pub expires_secs: Option<u32>,
    /// `ttl-propagate`: whether MPLS hands the TTL on.
    pub ttl_propagate: Option<bool>,
    /// `realms`: from « 16 | to, IPv4 only.
    pub realms: Option<u32>,
    /// Where it goes among routes that differ from it in the hops alone.
    pub place: Place,
    /// Its interfaces' state is a fault of the instance.
    pub tracked: bool,
}

impl Route {
    /// The routing table where none is named.
    pub const MAIN: u32 = 254;
    /// What keepalived marks its routes and rules with, and `ip route` shows as `keepalived`.
    pub const PROTOCOL: u8 = 18;

    /// A route to `destination` in the main table, without a way yet.
    #[must_use]
    pub const fn new(destination: Prefix) -> Self {
        Self {
            kind: RouteKind::Unicast,
            destination,
            source: None,
            table: Self::MAIN,
            protocol: Self::PROTOCOL,
            scope: Scope::GLOBAL,
            tos: 0,
            metric: None,
            preferred_source: None,
            hops: Vec::new(),
            path: Vec::new(),
            congestion: None,
            preference: None,
            expires_secs: None,
            ttl_propagate: None,
            realms: None,
            place: Place::First,
            tracked: true,
        }
    }

    /// Its family.
    #[must_use]
    pub const fn family(&self) -> Family {
        self.destination.family()
    }

    /// Every interface that it names.
    pub fn links(&self) -> impl Iterator<Item = LinkName> {
        self.hops.iter().filter_map(|hop| hop.link)
    }
}

impl fmt::Display for Route {
    /// As `ip route` writes it, as far as it tells routes apart.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind != RouteKind::Unicast {
            write!(f, "{} ", self.kind)?;
        }
        match self.destination.length() {
            0 => f.write_str("default")?,
            _ => write!(f, "{}", self.destination)?,
        }
        if let Some(source) = self.source {
            write!(f, " from {source}")?;
        }
        match self.hops.as_slice() {
            [only] => write!(f, "{only}")?,
            several => several.iter().try_for_each(|hop| write!(f, " nexthop{hop}"))?,
        }
        if self.table != Self::MAIN {
            write!(f, " table {}", self.table)?;
        }
        if let Some(metric) = self.metric {
            write!(f, " metric {metric}")?;
        }
        Ok(())
    }
}

/// What becomes of packets that a route is for: `rtm_type`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum RouteKind {
    /// They go to a neighbour.
    Unicast,
    /// They are for this host.
    Local,
    /// They go to everybody on the link.
    Broadcast,
    /// They are for this host, sent as a broadcast of the link.
    Anycast,
    /// They are for a group.
    Multicast,
    /// They vanish.
    Blackhole,
    /// They are answered with "unreachable".
    Unreachable,
    /// They are answered with "prohibited".
    Prohibit,
    /// They are looked up in the next table.
    Throw,
    /// Their addresses are translated. No kernel does that any more.
    Nat,
}

impl RouteKind {
    /// Every kind with its word and its number.
    pub const ALL: [(Self, &'static str, u8); 10] = [
        (Self::Unicast, "unicast", 1),
        (Self::Local, "local", 2),
        (Self::Broadcast, "broadcast", 3),
        (Self::Anycast, "anycast", 4),
        (Self::Multicast, "multicast", 5),
        (Self::Blackhole, "blackhole", 6),
        (Self::Unreachable, "unreachable", 7),
        (Self::Prohibit, "prohibit", 8),
        (Self::Throw, "throw", 9),
        (Self::Nat, "nat", 10),
    ];

    /// Its number in netlink messages.
    #[must_use]
    pub fn get(self) -> u8 {
        Self::ALL.iter().find(|(kind, ..)| *kind == self).map_or(0, |(.., number)| *number)
    }

    /// The kind of this word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, name, _)| *name == word).map(|(kind, ..)| *kind)
    }
}

impl fmt::Display for RouteKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = Self::ALL.iter().find(|(kind, ..)| kind == self);
        f.write_str(word.map_or("", |(_, word, _)| word))
    }
}

/// One way that packets may take.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Hop {
    /// The neighbour; absent where the destination is on the link itself.
    pub via: Option<IpAddr>,
    /// The interface; absent where the neighbour says it.
    pub link: Option<LinkName>,
    /// Its share among several, 1..=256.
    pub weight: u16,
    /// The neighbour is on the link, whatever the addresses there say.
    pub onlink: bool,
    /// `realms` of this way alone.
    pub realms: Option<u32>,
}

impl Hop {
    /// A way that nothing is known of.
    pub const NONE: Self = Self { via: None, link: None, weight: 1, onlink: false, realms: None };
}

impl fmt::Display for Hop {
    /// With a blank before each word.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(via) = self.via {
            write!(f, " via {via}")?;
        }
        if let Some(link) = self.link {
            write!(f, " dev {link}")?;
        }
        if self.weight > 1 {
            write!(f, " weight {}", self.weight)?;
        }
        if self.onlink { f.write_str(" onlink") } else { Ok(()) }
    }
}

/// A property of the path: a number that TCP begins with instead of measuring it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct PathMetric {
    /// Which.
    pub what: PathProperty,
    /// How much, in the property's unit.
    pub value: u32,
    /// Whether the kernel may find out better.
    pub lock: Lock,
}

/// Which property of a path: `RTAX_*`.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum PathProperty {
    /// `mtu`, octets.
    Mtu,
    /// `window`, octets.
    Window,
    /// `rtt`, eighths of a millisecond.
    Rtt,
    /// `rttvar`, quarters of a millisecond.
    RttVar,
    /// `ssthresh`, segments.
    SlowStart,
    /// `cwnd`, segments.
    Cwnd,
    /// `advmss`, octets.
    AdvertisedMss,
    /// `reordering`, segments.
    Reordering,
    /// `hoplimit`.
    HopLimit,
    /// `initcwnd`, segments.
    InitialCwnd,
    /// `features`: bits.
    Features,
    /// `rto_min`, milliseconds.
    RtoMin,
    /// `initrwnd`, segments.
    InitialWindow,
    /// `quickack`: 0 or 1.
    QuickAck,
    /// `fastopen_no_cookie`: 0 or 1.
    FastOpenNoCookie,
}

/// Whether the kernel must take a property of the path as it is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Lock {
    /// It may find out better.
    Free,
    /// It must.
    Locked,
}

/// The preference of a default router (RFC 4191 §2.1).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Preference {
    /// Below those of which nothing is said.
    Low,
    /// As those of which nothing is said.
    Medium,
    /// Above those of which nothing is said.
    High,
}

/// Where a route goes among those of the same destination, table, type of service and metric.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Place {
    /// Before them: it is used.
    First,
    /// Behind them: it is used once they are gone.
    Last,
    /// Not at all if there is one.
    Alone,
}
