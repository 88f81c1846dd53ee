//! What a raw socket hands over.

use std::net::Ipv6Addr;

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
