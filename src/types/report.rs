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
