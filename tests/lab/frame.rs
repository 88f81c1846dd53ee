//! What the switch saw: VRRP adverts and announcements, read without the daemon's own code.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::clock::Stamp;
use super::topology::{Mac, show_mac};

/// One frame that entered the switch.
#[derive(Clone, Debug)]
pub struct Frame {
    /// When the switch received it.
    pub at: Stamp,
    /// The node whose port it came in by.
    pub from: String,
    /// What it is.
    pub kind: Kind,
}

/// What a frame carries.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A VRRP message.
    Advert(Advert),
    /// A gratuitous ARP or an unsolicited Neighbor Advertisement.
    Claim(Claim),
}

/// The fixed part of a VRRP message and how it travelled.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Advert {
    /// 2 or 3.
    pub version: u8,
    /// The virtual router.
    pub vrid: u8,
    /// 0 when the sender leaves.
    pub priority: u8,
    /// In centiseconds, of either version.
    pub interval: u16,
    /// Its sender.
    pub source: IpAddr,
    /// A group or a peer.
    pub destination: IpAddr,
}

/// Somebody says that an address is at a hardware address.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Claim {
    /// The address.
    pub address: IpAddr,
    /// Where it is said to be.
    pub mac: Mac,
}

impl Kind {
    /// Reads a frame from its Ethernet header on; `None` for everything else.
    pub fn parse(octets: &[u8]) -> Option<Self> {
        let source: Mac = octets.get(6..12)?.try_into().ok()?;
        let payload = octets.get(14..)?;
        match octets.get(12..14)? {
            [0x08, 0x06] => gratuitous_arp(payload).map(Self::Claim),
            [0x08, 0x00] => ipv4(payload).map(Self::Advert),
            [0x86, 0xdd] => ipv6(payload, source),
            _ => None,
        }
    }
}

fn gratuitous_arp(octets: &[u8]) -> Option<Claim> {
    let (sender, target) = (ip4(octets, 14)?, ip4(octets, 24)?);
    (sender == target)
        .then_some(Claim { address: sender.into(), mac: octets.get(8..14)?.try_into().ok()? })
}

fn ipv4(octets: &[u8]) -> Option<Advert> {
    let header = usize::from(octets.first()? & 0x0f) * 4;
    let (source, destination) = (ip4(octets, 12)?.into(), ip4(octets, 16)?.into());
    match octets.get(9)? {
        112 => advert(octets.get(header..)?, source, destination),
        // An Authentication Header tells its own length in words of 32 bits, less 2.
        51 => {
            let inner = header + (usize::from(*octets.get(header + 1)?) + 2) * 4;
            advert(octets.get(inner..)?, source, destination)
        }
        _ => None,
    }
}

fn ipv6(octets: &[u8], mac: Mac) -> Option<Kind> {
    let (source, destination) = (ip6(octets, 8)?.into(), ip6(octets, 24)?.into());
    let payload = octets.get(40..)?;
    match octets.get(6)? {
        112 => advert(payload, source, destination).map(Kind::Advert),
        // A Neighbor Advertisement that nobody solicited.
        58 if *payload.first()? == 136 && payload.get(4)? & 0x40 == 0 => {
            let option = payload.get(24..32);
            let mac = option
                .filter(|option| option.starts_with(&[2, 1]))
                .and_then(|option| option[2..].try_into().ok())
                .unwrap_or(mac);
            Some(Kind::Claim(Claim { address: ip6(payload, 8)?.into(), mac }))
        }
        _ => None,
    }
}

fn advert(octets: &[u8], source: IpAddr, destination: IpAddr) -> Option<Advert> {
    let version = octets.first()? >> 4;
    let wide = u16::from_be_bytes(octets.get(4..6)?.try_into().ok()?);
    Some(Advert {
        version,
        vrid: *octets.get(1)?,
        priority: *octets.get(2)?,
        interval: if version == 2 { (wide & 0xff) * 100 } else { wide & 0x0fff },
        source,
        destination,
    })
}

fn ip4(octets: &[u8], at: usize) -> Option<Ipv4Addr> {
    let octets: [u8; 4] = octets.get(at..at + 4)?.try_into().ok()?;
    Some(octets.into())
}

fn ip6(octets: &[u8], at: usize) -> Option<Ipv6Addr> {
    let octets: [u8; 16] = octets.get(at..at + 16)?.try_into().ok()?;
    Some(octets.into())
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.at.as_secs() % 1000;
        write!(f, "{seconds:03}.{:06} {:>6}: ", self.at.subsec_micros(), self.from)?;
        match &self.kind {
            Kind::Advert(advert) => write!(
                f,
                "v{} vrid {} priority {} interval {} cs, {} > {}",
                advert.version,
                advert.vrid,
                advert.priority,
                advert.interval,
                advert.source,
                advert.destination
            ),
            Kind::Claim(claim) => write!(f, "{} is at {}", claim.address, show_mac(claim.mac)),
        }
    }
}
