//! What the kernel says of a network interface.

use std::net::IpAddr;

use super::{IfIndex, LinkName, MacAddr, Scope};

/// A network interface as it stands. Each change brings a whole new report.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LinkReport {
    /// Its index.
    pub index: IfIndex,
    /// Its name.
    pub name: LinkName,
    /// It is set up and has carrier (`IFF_UP` and `IFF_RUNNING`), so are those it stands on.
    pub up: bool,
    /// Its hardware address; `None` where there is none of six octets or no ARP (`IFF_NOARP`).
    pub mac: Option<MacAddr>,
    /// Its addresses of both families, in the kernel's order.
    pub addresses: Vec<LinkAddress>,
}

/// All that the kernel says of a network interface, for those who show it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LinkFacts {
    /// Its index.
    pub index: IfIndex,
    /// Its name.
    pub name: LinkName,
    /// `IFF_*`
    pub flags: u32,
    /// `ARPHRD_*`: what kind of hardware it is.
    pub kind: u16,
    /// The largest packet, octets.
    pub mtu: u32,
    /// Its hardware address, if it is one of six octets.
    pub mac: Option<MacAddr>,
    /// That of everybody on its link, if it is one of six octets.
    pub broadcast: Option<MacAddr>,
    /// The interface under it.
    pub base: Option<IfIndex>,
    /// It is a private macvlan.
    pub private: bool,
    /// Its addresses of both families, in the kernel's order.
    pub addresses: Vec<LinkAddress>,
    /// Its setting of this name, of IPv4.
    pub arp_ignore: u32,
    /// Its setting of this name, of IPv4.
    pub arp_filter: u32,
    /// Its setting of this name, of IPv4.
    pub promote_secondaries: u32,
    /// Its setting `forwarding`, of IPv6.
    pub forwards_v6: bool,
}

impl LinkFacts {
    /// `IFF_UP`: it is set up.
    pub const UP: u32 = 0x1;
    /// `IFF_BROADCAST`: it has a broadcast address.
    pub const BROADCAST: u32 = 0x2;
    /// `IFF_LOOPBACK`: it leads to this host.
    pub const LOOPBACK: u32 = 0x8;
    /// `IFF_POINTOPOINT`: it leads to one neighbour.
    pub const POINT_TO_POINT: u32 = 0x10;
    /// `IFF_RUNNING`: it has carrier.
    pub const RUNNING: u32 = 0x40;
    /// `IFF_NOARP`: nobody asks for hardware addresses there.
    pub const NO_ARP: u32 = 0x80;
    /// `IFF_MULTICAST`: it carries multicast.
    pub const MULTICAST: u32 = 0x1000;

    /// Whether it has this flag.
    #[must_use]
    pub const fn is(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }
}

/// An address that stands on an interface.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct LinkAddress {
    /// The address.
    pub ip: IpAddr,
    /// Length of the prefix, 0..=32 or 0..=128.
    pub prefix: u8,
    /// How far it is valid.
    pub scope: Scope,
    /// IPv6: duplicate address detection has not finished, or found a duplicate.
    pub tentative: bool,
}
