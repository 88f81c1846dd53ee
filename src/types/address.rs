//! A virtual address as the kernel is to hold it.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use super::{Family, LinkName};

/// One address with everything the kernel is told about it.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Address {
    /// The address.
    pub ip: IpAddr,
    /// Length of the prefix, 0..=32 or 0..=128.
    pub prefix: u8,
    /// The interface that carries it.
    pub link: LinkName,
    /// How far it is valid. IPv6: always [`Scope::GLOBAL`], the kernel decides by the address.
    pub scope: Scope,
    /// Its broadcast address, IPv4 only.
    pub broadcast: Broadcast,
    /// Its label, IPv4 only, 15 octets at most.
    pub label: Option<LinkName>,
    /// The other end of a point-to-point address.
    pub peer: Option<(IpAddr, u8)>,
    /// Seconds for which it may be the source of new connections; `None` is for ever.
    /// IPv6 only; 0 makes it deprecated at once.
    pub preferred_secs: Option<u32>,
    /// Duplicate address detection is done (IPv6). Off is right for a virtual address.
    pub dad: bool,
    /// `home`: a mobile node's home address (IPv6).
    pub home: bool,
    /// `mngtmpaddr`: temporary addresses are derived from it (IPv6).
    pub manage_temporary: bool,
    /// No route to the prefix comes with it.
    pub no_prefix_route: bool,
    /// `autojoin`: the group of a multicast address is joined.
    pub auto_join: bool,
    /// Its interface's state is a fault of the instance, its deletion by others is noticed.
    pub tracked: bool,
    /// Packets to it are kept away: it is held for others to reach something through it.
    pub guarded: bool,
}

impl Address {
    /// A plain address: whole-length prefix, no extras.
    ///
    /// IPv6 addresses with a /128 prefix are deprecated from the start, so that they are never
    /// chosen as a source by accident.
    #[must_use]
    pub fn new(ip: IpAddr, link: LinkName) -> Self {
        let family = Family::of(ip);
        Self {
            ip,
            prefix: family.bits(),
            link,
            scope: Scope::GLOBAL,
            broadcast: Broadcast::None,
            label: None,
            peer: None,
            preferred_secs: (family == Family::V6).then_some(0),
            dad: false,
            home: false,
            manage_temporary: false,
            no_prefix_route: false,
            auto_join: false,
            tracked: true,
            guarded: false,
        }
    }

    /// Its family.
    #[must_use]
    pub const fn family(&self) -> Family {
        Family::of(self.ip)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} dev {}", self.ip, self.prefix, self.link)
    }
}

/// `rtm_scope` of an address: 0 everywhere, 253 this link, 254 this host.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Scope(pub u8);

impl Scope {
    /// Valid everywhere.
    pub const GLOBAL: Self = Self(0);
    /// Valid within this host.
    pub const HOST: Self = Self(254);
    /// Valid on this link.
    pub const LINK: Self = Self(253);
    /// Valid within this site (IPv6's word, a number to IPv4).
    pub const SITE: Self = Self(200);
}

/// The broadcast address that goes with an IPv4 address.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Broadcast {
    /// None.
    None,
    /// Host bits all set (`brd +`).
    AllOnes,
    /// Host bits all clear (`brd -`).
    AllZeros,
    /// This one.
    Is(Ipv4Addr),
}
