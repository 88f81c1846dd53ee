//! What the IP header of a received packet says.

use std::net::{IpAddr, Ipv4Addr};

use crate::types::{Packet, Protocol, Reject};

use super::ah::AuthHeader;

/// A VRRP message with what matters of its IP header.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Datagram<'a> {
    /// Who sent it.
    pub source: IpAddr,
    /// To whom: a group or an address of ours.
    pub destination: IpAddr,
    /// Its TTL or hop limit on arrival.
    pub ttl: u8,
    /// What authenticates it, if it came behind such a header.
    pub header: Option<AuthHeader<'a>>,
    /// The VRRP message, without what an Ethernet card padded it with.
    pub payload: &'a [u8],
}

impl<'a> Datagram<'a> {
    /// Reads what a raw socket delivered.
    ///
    /// # Errors
    /// [`Reject::IpHeader`] where the header is no IPv4 header or longer than the packet,
    /// [`Reject::Fragment`], [`Reject::Protocol`] where it is neither VRRP nor an Authentication
    /// Header, and [`Reject::AhHeader`] where that is none of VRRP.
    pub fn read(packet: Packet<'a>) -> Result<Self, Reject> {
        match packet {
            Packet::V4(octets) => Self::read_v4(octets),
            Packet::V6 { source, destination, hop_limit, payload } => Ok(Self {
                source: IpAddr::V6(source),
                destination: IpAddr::V6(destination),
                ttl: hop_limit,
                header: None,
                payload,
            }),
        }
    }

    /// Reads an IPv4 packet (RFC 791 §3.1):
    ///
    /// ```text
    ///  0                   1                   2                   3
    ///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
    /// +-------+-------+---------------+-------------------------------+
    /// |   4   |  IHL  |      TOS      |         total length          |
    /// +-------+-------+---------------+-----+-------------------------+
    /// |        identification         |0|D|M|     fragment offset     |
    /// +---------------+---------------+-----+-------------------------+
    /// |      TTL      |   protocol    |        header checksum        |
    /// +---------------+---------------+-------------------------------+
    /// |                         source address                        |
    /// +---------------------------------------------------------------+
    /// |                       destination address                     |
    /// +---------------------------------------------------------------+
    /// |         options, as many words as IHL says beyond five        |
    /// +---------------------------------------------------------------+
    /// ```
    ///
    /// The header's checksum is the kernel's business: raw sockets see no packet with a wrong one.
    fn read_v4(octets: &'a [u8]) -> Result<Self, Reject> {
        let Some((header, _)) = octets.split_first_chunk::<V4_HEADER>() else {
            return Err(Reject::IpHeader);
        };
        let &[
            version_ihl,
            _tos,
            length_high,
            length_low,
            _id_high,
            _id_low,
            flags,
            offset_low,
            ttl,
            protocol,
            _sum_high,
            _sum_low,
            s0,
            s1,
            s2,
            s3,
            d0,
            d1,
            d2,
            d3,
        ] = header;
        if version_ihl >> 4 != 4 {
            return Err(Reject::IpHeader);
        }
        let header_length = usize::from(version_ihl & 0x0f) * 4;
        let total_length = usize::from(u16::from_be_bytes([length_high, length_low]));
        if header_length < V4_HEADER {
            return Err(Reject::IpHeader);
        }
        let packet = octets.get(..total_length).ok_or(Reject::IpHeader)?;
        let (ip, payload) = packet.split_at_checked(header_length).ok_or(Reject::IpHeader)?;
        if u16::from_be_bytes([flags, offset_low]) & MORE_OR_OFFSET != 0 {
            return Err(Reject::Fragment);
        }
        let (header, payload) = match protocol {
            VRRP => (None, payload),
            AH => {
                let (header, message) = AuthHeader::read(ip, payload)?;
                (Some(header), message)
            }
            _ => return Err(Reject::Protocol),
        };
        Ok(Self {
            source: IpAddr::V4(Ipv4Addr::new(s0, s1, s2, s3)),
            destination: IpAddr::V4(Ipv4Addr::new(d0, d1, d2, d3)),
            ttl,
            header,
            payload,
        })
    }
}

/// The protocols of a packet that carries VRRP.
const VRRP: u8 = Protocol::Vrrp.number();
const AH: u8 = Protocol::Ah.number();

/// Octets of an IPv4 header without options.
const V4_HEADER: usize = 20;

/// The flag "more fragments" and the fragment offset.
const MORE_OR_OFFSET: u16 = 0x3fff;

#[cfg(test)]
mod tests {
    use super::*;

    /// 10.0.0.1 to 224.0.0.18, TTL 255, VRRP, with eight octets of payload.
    const PACKET: [u8; 28] = [
        0x45, 0xc0, 0, 28, 0, 1, 0, 0, 255, 112, 0, 0, 10, 0, 0, 1, 224, 0, 0, 18, 1, 2, 3, 4, 5,
        6, 7, 8,
    ];

    /// Reads [`PACKET`] with the octet at `offset` replaced.
    fn with(offset: usize, octet: u8) -> Result<u8, Reject> {
        let mut packet = PACKET;
        packet[offset] = octet;
        Datagram::read(Packet::V4(&packet)).map(|datagram| datagram.ttl)
    }

    #[test]
    fn a_plain_packet_is_read() {
        let datagram = Datagram::read(Packet::V4(&PACKET)).unwrap();
        assert_eq!(datagram.source, IpAddr::from([10, 0, 0, 1]));
        assert_eq!(datagram.destination, IpAddr::from([224, 0, 0, 18]));
        assert_eq!(datagram.ttl, 255);
        assert_eq!(datagram.payload, [1, 2, 3, 4, 5, 6, 7, 8]);
    }

    #[test]
    fn options_belong_to_the_header() {
        let mut packet = PACKET;
        packet[0] = 0x46;
        let datagram = Datagram::read(Packet::V4(&packet)).unwrap();
        assert_eq!(datagram.payload, [5, 6, 7, 8]);
    }

    #[test]
    fn padding_beyond_the_total_length_is_cut_off() {
        let padded = [&PACKET[..], &[0xaa; 18]].concat();
        let datagram = Datagram::read(Packet::V4(&padded)).unwrap();
        assert_eq!(datagram.payload.len(), 8);
    }

    #[test]
    fn every_prefix_of_a_packet_is_refused() {
        for length in 0..PACKET.len() {
            let read = Datagram::read(Packet::V4(&PACKET[..length]));
            assert_eq!(read, Err(Reject::IpHeader), "{length} octets");
        }
    }

    #[test]
    fn a_header_that_contradicts_itself_is_refused() {
        assert_eq!(with(0, 0x65), Err(Reject::IpHeader), "version 6");
        assert_eq!(with(0, 0x44), Err(Reject::IpHeader), "header of 16 octets");
        assert_eq!(with(0, 0x4f), Err(Reject::IpHeader), "header beyond the end");
        assert_eq!(with(3, 19), Err(Reject::IpHeader), "total below header");
    }

    #[test]
    fn fragments_are_refused_and_the_other_flags_are_not() {
        assert_eq!(with(6, 0x20), Err(Reject::Fragment), "more fragments");
        assert_eq!(with(7, 1), Err(Reject::Fragment), "offset 8");
        assert_eq!(with(6, 0x10), Err(Reject::Fragment), "offset 32768");
        assert_eq!(with(6, 0x40), Ok(255), "don't fragment");
        assert_eq!(with(6, 0x80), Ok(255), "reserved bit");
    }

    #[test]
    fn other_protocols_are_refused() {
        assert_eq!(with(9, 50), Err(Reject::Protocol));
        assert_eq!(with(9, 51), Err(Reject::AhHeader));
    }
}
