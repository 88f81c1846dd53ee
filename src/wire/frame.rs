//! The frames that tell neighbours where an address is now.

use std::net::{Ipv4Addr, Ipv6Addr};

use pnet::packet::arp::{ArpHardwareTypes, ArpOperations, MutableArpPacket};
use pnet::packet::ethernet::{EtherTypes, MutableEthernetPacket};
use pnet::packet::icmpv6::ndp::{
    MutableNdpOptionPacket, MutableNeighborAdvertPacket, NdpOptionTypes, NeighborAdvertFlags,
};
use pnet::packet::icmpv6::{Icmpv6Packet, Icmpv6Types, checksum};
use pnet::packet::ip::IpNextHeaderProtocols;
use pnet::packet::ipv6::MutableIpv6Packet;
use pnet::util;

use crate::types::MacAddr;

/// Octets of a gratuitous ARP with its Ethernet header.
pub const ARP_FRAME: usize = ETHERNET + ARP;

/// Octets of an unsolicited Neighbor Advertisement with its Ethernet header.
pub const NA_FRAME: usize = ETHERNET + IPV6 + ADVERTISEMENT + LINK_OPTION;

/// Whether a Neighbor Advertisement says that its sender forwards packets (RFC 4861 §4.4, R).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RouterFlag {
    /// It does not.
    Host,
    /// It does.
    Router,
}

/// A gratuitous ARP: the broadcast request of `address` for itself (RFC 5227 §3).
///
/// ```text
///       0         6        12      14                                        42
/// +---------+---------+------+------+------+---+---+----+--------+-----+--------+-----+
/// |ff:…:ff  | station |0x0806|  1   |0x0800| 6 | 4 | 1  | sender | ip  |ff:…:ff | ip  |
/// +---------+---------+------+------+------+---+---+----+--------+-----+--------+-----+
/// ```
///
/// `station` is the Ethernet source, `sender` the hardware address that neighbours are to learn.
/// The target's hardware address is all ones, as keepalived sends it.
#[must_use]
#[expect(clippy::expect_used, reason = "the array's length is that of the packets in it")]
pub fn gratuitous_arp(station: MacAddr, sender: MacAddr, address: Ipv4Addr) -> [u8; ARP_FRAME] {
    let mut frame = [0; ARP_FRAME];
    let (ethernet, arp) = frame.split_at_mut(ETHERNET);

    let mut ethernet = MutableEthernetPacket::new(ethernet).expect("it has 14 octets");
    ethernet.set_destination(mac(MacAddr::BROADCAST));
    ethernet.set_source(mac(station));
    ethernet.set_ethertype(EtherTypes::Arp);

    let mut arp = MutableArpPacket::new(arp).expect("it has 28 octets");
    arp.set_hardware_type(ArpHardwareTypes::Ethernet);
    arp.set_protocol_type(EtherTypes::Ipv4);
    arp.set_hw_addr_len(6);
    arp.set_proto_addr_len(4);
    arp.set_operation(ArpOperations::Request);
    arp.set_sender_hw_addr(mac(sender));
    arp.set_sender_proto_addr(address);
    arp.set_target_hw_addr(mac(MacAddr::BROADCAST));
    arp.set_target_proto_addr(address);

    frame
}

/// An unsolicited Neighbor Advertisement of `address` to all nodes (RFC 4861 §7.2.6): the
/// override flag set, the solicited flag not, hop limit 255, from the address itself.
///
/// ```text
///     0        14       54        58        62         78                    86
/// +--------+--------+---------+---------+----------+-----------------------+
/// |Ethernet|  IPv6  |136|0|sum|RSO|  0  |  target  | 2 | 1 | link address  |
/// +--------+--------+---------+---------+----------+-----------------------+
/// ```
///
/// `station` is the Ethernet source, `sender` the hardware address that neighbours are to learn.
#[must_use]
#[expect(clippy::expect_used, reason = "the array's length is that of the packets in it")]
pub fn unsolicited_na(
    station: MacAddr,
    sender: MacAddr,
    address: Ipv6Addr,
    router: RouterFlag,
) -> [u8; NA_FRAME] {
    let mut frame = [0; NA_FRAME];
    let (ethernet, rest) = frame.split_at_mut(ETHERNET);
    let (ipv6, message) = rest.split_at_mut(IPV6);

    let mut ethernet = MutableEthernetPacket::new(ethernet).expect("it has 14 octets");
    ethernet.set_destination(mac(ALL_NODES_MAC));
    ethernet.set_source(mac(station));
    ethernet.set_ethertype(EtherTypes::Ipv6);

    let mut ipv6 = MutableIpv6Packet::new(ipv6).expect("it has 40 octets");
    ipv6.set_version(6);
    ipv6.set_payload_length(NA_LENGTH);
    ipv6.set_next_header(IpNextHeaderProtocols::Icmpv6);
    ipv6.set_hop_limit(u8::MAX);
    ipv6.set_source(address);
    ipv6.set_destination(ALL_NODES);

    let (_, option) = message.split_at_mut(ADVERTISEMENT);
    let mut option = MutableNdpOptionPacket::new(option).expect("it has 8 octets");
    option.set_option_type(NdpOptionTypes::TargetLLAddr);
    option.set_length(1);
    option.set_data(&sender.0);

    let mut advertisement = MutableNeighborAdvertPacket::new(message).expect("it has 32 octets");
    advertisement.set_icmpv6_type(Icmpv6Types::NeighborAdvert);
    advertisement.set_flags(match router {
        RouterFlag::Host => NeighborAdvertFlags::Override,
        RouterFlag::Router => NeighborAdvertFlags::Override | NeighborAdvertFlags::Router,
    });
    advertisement.set_target_addr(address);
    let whole = Icmpv6Packet::new(message).expect("it has 32 octets");
    let sum = checksum(&whole, &address, &ALL_NODES);
    let mut advertisement = MutableNeighborAdvertPacket::new(message).expect("it has 32 octets");
    advertisement.set_checksum(sum);

    frame
}

/// A hardware address in pnet's words.
fn mac(MacAddr([a, b, c, d, e, f]): MacAddr) -> util::MacAddr {
    util::MacAddr::new(a, b, c, d, e, f)
}

/// All nodes on the link.
const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);

/// The Ethernet address of [`ALL_NODES`].
const ALL_NODES_MAC: MacAddr = MacAddr([0x33, 0x33, 0, 0, 0, 1]);

/// Octets of an Ethernet header.
const ETHERNET: usize = 14;

/// Octets of an ARP packet for IPv4 over Ethernet.
const ARP: usize = 28;

/// Octets of an IPv6 header.
const IPV6: usize = 40;

/// Octets of a Neighbor Advertisement without options.
const ADVERTISEMENT: usize = 24;

/// Octets of the option that carries a link-layer address.
const LINK_OPTION: usize = 8;

/// Octets behind the IPv6 header.
const NA_LENGTH: u16 = 32;

#[cfg(test)]
mod tests {
    use super::*;

    const STATION: MacAddr = MacAddr([2, 0, 0, 0, 0, 1]);

    #[test]
    fn a_gratuitous_arp_is_what_keepalived_sends() {
        #[rustfmt::skip]
        let captured = [
            0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0x00, 0x00, 0x00, 0x00, 0x01, 0x08, 0x06,
            0x00, 0x01, 0x08, 0x00, 0x06, 0x04, 0x00, 0x01,
            0x02, 0x00, 0x00, 0x00, 0x00, 0x01, 0x0a, 0x4d, 0x00, 0x6e,
            0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0a, 0x4d, 0x00, 0x6e,
        ];
        let built = gratuitous_arp(STATION, STATION, Ipv4Addr::new(10, 77, 0, 110));
        assert_eq!(built, captured);
    }

    /// What keepalived 2.2.7 sends for fe80::53.
    #[rustfmt::skip]
    const CAPTURED_NA: [u8; NA_FRAME] = [
        0x33, 0x33, 0x00, 0x00, 0x00, 0x01, 0x02, 0x00, 0x00, 0x00, 0x00, 0x01, 0x86, 0xdd,
        0x60, 0x00, 0x00, 0x00, 0x00, 0x20, 0x3a, 0xff,
        0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x00, 0x53,
        0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x00, 0x01,
        0x88, 0x00, 0x56, 0xf7, 0x20, 0x00, 0x00, 0x00,
        0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x00, 0x53,
        0x02, 0x01, 0x02, 0x00, 0x00, 0x00, 0x00, 0x01,
    ];

    fn advertise(router: RouterFlag) -> [u8; NA_FRAME] {
        let address = "fe80::53".parse().unwrap();
        unsolicited_na(STATION, STATION, address, router)
    }

    #[test]
    fn an_unsolicited_na_is_what_keepalived_sends() {
        assert_eq!(advertise(RouterFlag::Host), CAPTURED_NA);
    }

    #[test]
    fn a_router_says_so_in_its_na_and_the_checksum_follows() {
        let mut expected = CAPTURED_NA;
        expected[58] = 0xa0;
        // 0x8000 more in the sum, 0x8000 less in its complement, modulo 0xffff.
        expected[56..58].copy_from_slice(&[0xd6, 0xf6]);
        assert_eq!(advertise(RouterFlag::Router), expected);
    }

    #[test]
    fn station_and_sender_may_differ() {
        let virtual_mac = MacAddr([0, 0, 0x5e, 0, 1, 51]);
        let arp = gratuitous_arp(STATION, virtual_mac, Ipv4Addr::LOCALHOST);
        assert_eq!((&arp[6..12], &arp[22..28]), (&STATION.0[..], &virtual_mac.0[..]));
        let na = unsolicited_na(STATION, virtual_mac, Ipv6Addr::LOCALHOST, RouterFlag::Host);
        assert_eq!((&na[6..12], &na[80..86]), (&STATION.0[..], &virtual_mac.0[..]));
    }
}
