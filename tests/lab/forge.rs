//! Packets that no honest router sends: a raw socket that writes the IP header itself.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};

use socket2::{Domain, Protocol, Socket, Type};

use super::topology::Node;

/// Where VRRP's adverts go.
pub const GROUP: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 18);

/// A sender of whole IPv4 packets from a node.
#[derive(Debug)]
pub struct Forge(Socket);

impl Forge {
    /// Opens it in the node's namespace.
    pub fn open(node: &Node) -> Self {
        let own = node.ipv4();
        Self(node.namespace.enter(|| {
            let raw = Some(Protocol::from(255));
            let socket = Socket::new(Domain::IPV4, Type::RAW, raw).expect("root may forge");
            socket.set_header_included_v4(true).expect("raw sockets can");
            socket.set_multicast_if_v4(&own).expect("the node has its address");
            socket
        }))
    }

    /// Sends a packet of IP protocol 112 with this payload; what the kernel refuses is not sent.
    pub fn send(&self, source: Ipv4Addr, destination: Ipv4Addr, ttl: u8, payload: &[u8]) -> bool {
        let length = u16::try_from(20 + payload.len()).expect("one packet");
        let mut packet = vec![0x45, 0xc0, 0, 0, 0, 0, 0, 0, ttl, 112, 0, 0];
        packet[2..4].copy_from_slice(&length.to_be_bytes());
        packet.extend(source.octets());
        packet.extend(destination.octets());
        packet.extend(payload);
        self.repeat(&packet)
    }

    /// Sends a whole packet as it was recorded.
    pub fn repeat(&self, packet: &[u8]) -> bool {
        let destination = [packet[16], packet[17], packet[18], packet[19]];
        let to = SocketAddr::V4(SocketAddrV4::new(destination.into(), 0));
        self.0.send_to(packet, &to.into()).is_ok()
    }
}

/// A right VRRPv3 message over IPv4, its checksum over the pseudo-header included.
pub fn message(
    (source, destination): (Ipv4Addr, Ipv4Addr),
    vrid: u8,
    priority: u8,
    interval: u16,
    addresses: &[IpAddr],
) -> Vec<u8> {
    let [high, low] = interval.to_be_bytes();
    let count = u8::try_from(addresses.len()).expect("255 at most");
    let mut octets = vec![0x31, vrid, priority, count, high, low, 0, 0];
    for address in addresses {
        if let IpAddr::V4(address) = address {
            octets.extend(address.octets());
        }
    }
    let length = u8::try_from(octets.len()).expect("a short message");
    let mut covered = [source.octets(), destination.octets(), [0, 112, 0, length]].concat();
    covered.extend(&octets);
    let sum: u32 = covered
        .chunks(2)
        .map(|pair| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0)))
        .sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    let folded = (folded & 0xffff) + (folded >> 16);
    octets[6..8].copy_from_slice(&(!(folded as u16)).to_be_bytes());
    octets
}
