//! Packets on the simulated wire: real octets, and what they say for whoever judges.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::config::model::{Authentication, Instance};
use crate::types::{Centis, Envelope, Family, Packet, Priority, Version, Vrid};
use crate::vrrp::Transmit;
use crate::wire::{AUTH_HEADER, Coverage, Format, Frame, Header};

use super::host::{self, Reach};
use super::roster::NodeId;

/// One packet, as it stands on the wire.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    ttl: u8,
    /// IPv4: with its header.
    octets: Vec<u8>,
    pub(super) told: Told,
}

/// What a packet says to whoever takes it for what it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Told {
    /// A valid advertisement.
    Advert { vrid: Vrid, priority: Priority, interval: Centis },
    /// Nothing: whoever receives it has to refuse it.
    Noise,
}

impl Message {
    /// What a router sends.
    pub(super) fn of(transmit: &Transmit<'_>) -> Self {
        let family = Family::of(transmit.source);
        let message = match transmit.envelope {
            Envelope::Vrrp => transmit.payload,
            Envelope::Ah(_) => transmit.payload.get(AUTH_HEADER..).unwrap_or_default(),
        };
        Self::build(
            (transmit.source, transmit.destination),
            transmit.ttl,
            transmit.envelope,
            transmit.payload,
            told(message, family),
        )
    }

    /// An advert of the virtual router `config` as somebody at `source` would send it; `None`
    /// where no message can hold its addresses, or it would have to be signed.
    pub(super) fn forge(
        config: &Instance,
        priority: Priority,
        interval: Centis,
        source: IpAddr,
        destination: IpAddr,
    ) -> Option<Self> {
        let format = match (config.version, config.authentication) {
            (Version::V2, Authentication::None) => Format::V2 { password: None },
            (Version::V2, Authentication::Pass(password)) => {
                Format::V2 { password: Some(password) }
            }
            (Version::V2, Authentication::Ah(_)) => return None,
            (Version::V3, _) => Format::V3(config.family),
        };
        let listed = config.addresses.iter().map(|address| address.ip);
        let mut frame = Frame::new(format, config.vrid, listed).ok()?;
        let coverage = Coverage::PseudoHeader;
        let payload = frame.seal(priority, interval, source, destination, coverage);
        let told = Told::Advert { vrid: config.vrid, priority, interval };
        let ends = (source, destination);
        Some(Self::build(ends, 255, Envelope::Vrrp, payload, told))
    }

    /// This packet with one octet of its VRRP message inverted, so that its checksum is wrong.
    pub(super) fn damaged(mut self, place: usize) -> Self {
        let header = self.header();
        let message = self.octets.len().saturating_sub(header);
        if let Some(octet) = self.octets.get_mut(header + place % message.max(1)) {
            *octet = !*octet;
        }
        self.told = Told::Noise;
        self
    }

    /// This packet as a router has forwarded it.
    pub(super) fn forwarded(mut self) -> Self {
        self.ttl = 254;
        if let (IpAddr::V4(_), Some(ttl)) = (self.source, self.octets.get_mut(V4_TTL)) {
            *ttl = 254;
        }
        self.told = Told::Noise;
        self
    }

    /// This packet without its last octets, as a hostile sender may make it.
    pub(super) fn cut(mut self, length: usize) -> Self {
        let least = self.header();
        self.octets.truncate(least + length);
        if matches!(self.source, IpAddr::V4(_)) {
            write_length(&mut self.octets);
        }
        self.told = Told::Noise;
        self
    }

    /// This packet, to be refused for a reason that does not lie in its octets.
    pub(super) const fn refused(mut self) -> Self {
        self.told = Told::Noise;
        self
    }

    /// Whether it is sent to this node alone.
    pub(super) fn is_for(&self, node: NodeId) -> bool {
        let family = Family::of(self.destination);
        [Reach::Link, Reach::Everywhere]
            .into_iter()
            .any(|reach| host::source(node, family, reach) == self.destination)
    }

    /// The packet as a raw socket hands it over.
    pub(super) fn packet(&self) -> Packet<'_> {
        match (self.source, self.destination) {
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                Packet::V6 { source, destination, hop_limit: self.ttl, payload: &self.octets }
            }
            _ => Packet::V4(&self.octets),
        }
    }

    fn build(
        (source, destination): (IpAddr, IpAddr),
        ttl: u8,
        envelope: Envelope,
        payload: &[u8],
        told: Told,
    ) -> Self {
        let mut octets = Vec::with_capacity(V4_HEADER + payload.len());
        if let (IpAddr::V4(source), IpAddr::V4(destination)) = (source, destination) {
            octets.extend(v4_header(source, destination, ttl, envelope));
        }
        octets.extend_from_slice(payload);
        if matches!(source, IpAddr::V4(_)) {
            write_length(&mut octets);
        }
        Self { source, destination, ttl, octets, told }
    }

    const fn header(&self) -> usize {
        match self.source {
            IpAddr::V4(_) => V4_HEADER,
            IpAddr::V6(_) => 0,
        }
    }
}

/// What a message says that one of our routers made.
fn told(payload: &[u8], family: Family) -> Told {
    let read = || {
        let header = Header::read(payload).ok()?;
        let advert = header.advertisement(header.version().ok()?, family).ok()?;
        Some(Told::Advert {
            vrid: header.vrid()?,
            priority: header.priority(),
            interval: advert.interval().ok()?,
        })
    };
    read().unwrap_or(Told::Noise)
}

/// An IPv4 header of a VRRP packet; its length is still to be written.
fn v4_header(
    source: Ipv4Addr,
    destination: Ipv4Addr,
    ttl: u8,
    envelope: Envelope,
) -> [u8; V4_HEADER] {
    let id = match envelope {
        Envelope::Vrrp => 0,
        Envelope::Ah(id) => id.get(),
    };
    let [high, low] = id.to_be_bytes();
    let protocol = envelope.protocol().number();
    let [a, b, c, d] = source.octets();
    let [e, f, g, h] = destination.octets();
    [0x45, 0xc0, 0, 0, high, low, 0, 0, ttl, protocol, 0, 0, a, b, c, d, e, f, g, h]
}

fn write_length(octets: &mut [u8]) {
    let length = u16::try_from(octets.len()).unwrap_or(u16::MAX);
    if let Some(field) = octets.get_mut(V4_LENGTH..V4_LENGTH + 2) {
        field.copy_from_slice(&length.to_be_bytes());
    }
}

/// The group that adverts of a family go to.
pub(super) const fn group(family: Family) -> IpAddr {
    match family {
        Family::V4 => IpAddr::V4(Ipv4Addr::new(224, 0, 0, 18)),
        Family::V6 => IpAddr::V6(Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x12)),
    }
}

/// Octets of an IPv4 header without options.
const V4_HEADER: usize = 20;
/// Where its total length stands.
const V4_LENGTH: usize = 2;
/// Where its TTL stands.
const V4_TTL: usize = 8;
