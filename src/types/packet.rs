//! What raw sockets hand over, and how VRRP messages travel through them.

use std::net::Ipv6Addr;
use std::num::NonZeroU16;

/// A packet as a raw socket hands it over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Packet<'a> {
    /// IPv4: the whole packet from its IP header on.
    V4(&'a [u8]),
    /// IPv6: the kernel keeps the header to itself and tells what stood in it.
    V6 {
        /// Its source address.
        source: Ipv6Addr,
        /// Its destination address.
        destination: Ipv6Addr,
        /// Its hop limit.
        hop_limit: u8,
        /// What followed the IPv6 header.
        payload: &'a [u8],
    },
}

/// What VRRP messages travel in.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Protocol {
    /// IP alone: protocol 112.
    Vrrp,
    /// IP and an Authentication Header: protocol 51.
    Ah,
}

impl Protocol {
    /// Its number in an IP header.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Vrrp => 112,
            Self::Ah => 51,
        }
    }
}

/// What a VRRP message travels in, and what is fixed of its IP header by then.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Envelope {
    /// IP alone. Whoever sends it chooses the identification.
    Vrrp,
    /// IP and an Authentication Header, which is signed together with this identification.
    Ah(NonZeroU16),
}

impl Envelope {
    /// The protocol in the IP header.
    #[must_use]
    pub const fn protocol(self) -> Protocol {
        match self {
            Self::Vrrp => Protocol::Vrrp,
            Self::Ah(_) => Protocol::Ah,
        }
    }
}
