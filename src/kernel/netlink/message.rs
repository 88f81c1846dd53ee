//! Addresses as the kernel's messages have them, both ways.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::Ipv4Net;
use netlink_packet_route::AddressFamily;
use netlink_packet_route::address::{
    AddressAttribute, AddressFlags, AddressHeaderFlags, AddressMessage, AddressProtocol, CacheInfo,
};

use crate::kernel::host::{Stands, Verb};
use crate::types::{Address, Broadcast, Family, IfIndex, LinkAddress, Scope};

/// The body of a request that adds or deletes `address` on `link`.
pub(super) fn request(verb: Verb, link: IfIndex, address: &Address) -> AddressMessage {
    let (other_end, prefix) = address.peer.unwrap_or((address.ip, address.prefix));
    let mut message = AddressMessage::default();
    message.header.family = match address.family() {
        Family::V4 => AddressFamily::Inet,
        Family::V6 => AddressFamily::Inet6,
    };
    message.header.prefix_len = prefix;
    message.header.index = link.get();
    let attributes = &mut message.attributes;
    attributes.push(AddressAttribute::Local(address.ip));
    attributes.push(AddressAttribute::Address(other_end));
    if verb == Verb::Delete {
        return message;
    }
    message.header.scope = address.scope.0.into();
    if let IpAddr::V4(ip) = address.ip {
        if let Some(broadcast) = broadcast(address.broadcast, ip, address.prefix) {
            attributes.push(AddressAttribute::Broadcast(broadcast));
        }
        if let Some(label) = &address.label {
            attributes.push(AddressAttribute::Label(label.as_str().to_owned()));
        }
    } else if let Some(preferred) = address.preferred_secs {
        let mut lifetime = CacheInfo::default();
        lifetime.ifa_preferred = preferred;
        lifetime.ifa_valid = FOR_EVER;
        attributes.push(AddressAttribute::CacheInfo(lifetime));
    }
    let flags = flags(address);
    if !flags.is_empty() {
        let low = flags.bits().to_le_bytes()[0];
        message.header.flags = AddressHeaderFlags::from_bits_retain(low);
        attributes.push(AddressAttribute::Flags(flags));
    }
    attributes.push(AddressAttribute::Protocol(AddressProtocol::Other(RTPROT_KEEPALIVED)));
    message
}

/// What an address of the kernel is called and how it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Found {
    pub(super) stands: Stands,
    pub(super) address: LinkAddress,
    /// IPv4: another address of its subnet came before it.
    pub(super) secondary: bool,
}

/// Reads an address of the kernel; `None` where it is of another family or names no interface.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the library knows dozens of attributes, of which a few matter"
)]
pub(super) fn found(message: &AddressMessage) -> Option<Found> {
    let link = IfIndex::new(message.header.index)?;
    let (mut local, mut other, mut flags) = (None, None, None);
    for attribute in &message.attributes {
        match attribute {
            AddressAttribute::Local(ip) => local = Some(*ip),
            AddressAttribute::Address(ip) => other = Some(*ip),
            AddressAttribute::Flags(bits) => flags = Some(*bits),
            _ => {}
        }
    }
    let ip = local.or(other)?;
    let prefix = message.header.prefix_len;
    let low = u32::from(message.header.flags.bits());
    let flags = flags.unwrap_or_else(|| AddressFlags::from_bits_retain(low));
    let v6 = Family::of(ip) == Family::V6;
    let doubtful = AddressFlags::Tentative | AddressFlags::Dadfailed;
    Some(Found {
        stands: Stands { link, ip, prefix, peer: other.filter(|&other| other != ip) },
        address: LinkAddress {
            ip,
            prefix,
            scope: Scope(message.header.scope.into()),
            tentative: v6 && flags.intersects(doubtful),
        },
        secondary: !v6 && flags.contains(AddressFlags::Secondary),
    })
}

fn flags(address: &Address) -> AddressFlags {
    let v6 = address.family() == Family::V6;
    let mut flags = AddressFlags::empty();
    flags.set(AddressFlags::Nodad, v6 && !address.dad);
    flags.set(AddressFlags::Homeaddress, v6 && address.home);
    flags.set(AddressFlags::Managetempaddr, v6 && address.manage_temporary);
    flags.set(AddressFlags::Noprefixroute, address.no_prefix_route);
    flags.set(AddressFlags::Mcautojoin, address.auto_join);
    flags
}

fn broadcast(broadcast: Broadcast, ip: Ipv4Addr, prefix: u8) -> Option<Ipv4Addr> {
    let net = || Ipv4Net::new(ip, prefix).ok().filter(|_| prefix < 31);
    match broadcast {
        Broadcast::None => None,
        Broadcast::AllOnes => net().map(|net| net.broadcast()),
        Broadcast::AllZeros => net().map(|net| net.network()),
        Broadcast::Is(address) => Some(address),
    }
}

/// Seconds that never pass.
const FOR_EVER: u32 = u32::MAX;
/// What keepalived marks its addresses with, and `ip address` shows as `proto keepalived`.
const RTPROT_KEEPALIVED: u8 = 18;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::LinkName;

    fn address(ip: &str) -> Address {
        Address::new(ip.parse().unwrap(), LinkName::new("eth0").unwrap())
    }

    fn index() -> IfIndex {
        IfIndex::new(3).unwrap()
    }

    #[test]
    fn what_is_asked_for_is_what_is_read_back() {
        for ip in ["10.0.0.1", "fd00::1"] {
            let mut address = address(ip);
            address.prefix -= 8;
            let found = found(&request(Verb::Add, index(), &address)).unwrap();
            let Stands { link, ip, prefix, .. } = found.stands;
            assert_eq!((link, ip, prefix), (index(), address.ip, address.prefix));
            assert_eq!(found.stands.peer, None);
        }
    }

    #[test]
    fn a_peer_brings_its_own_prefix() {
        let mut address = address("10.0.0.1");
        address.peer = Some(("10.9.0.1".parse().unwrap(), 24));
        let found = found(&request(Verb::Add, index(), &address)).unwrap();
        assert_eq!(found.stands.prefix, 24);
        assert_eq!(found.stands.peer, "10.9.0.1".parse().ok());
    }

    #[test]
    fn broadcasts_are_made_of_address_and_prefix_where_there_is_room_for_one() {
        let ip = Ipv4Addr::new(10, 1, 2, 3);
        let of = |kind, prefix| broadcast(kind, ip, prefix).map(|it| it.to_string());
        assert_eq!(of(Broadcast::AllOnes, 24).as_deref(), Some("10.1.2.255"));
        assert_eq!(of(Broadcast::AllZeros, 16).as_deref(), Some("10.1.0.0"));
        assert_eq!(of(Broadcast::AllOnes, 32), None);
        assert_eq!(of(Broadcast::AllOnes, 31), None);
        assert_eq!(of(Broadcast::None, 24), None);
    }

    #[test]
    fn a_deletion_names_the_address_alone() {
        let message = request(Verb::Delete, index(), &address("fd00::1"));
        assert_eq!(message.attributes.len(), 2);
    }
}
