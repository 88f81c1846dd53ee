//! The Authentication Header (RFC 2402) as VRRPv2 has it in RFC 2338 §5.3.6.3: HMAC-MD5-96 with the
//! password as the key.
//!
//! There are no security associations. The security parameters index is the sender's address, and
//! all routers of a virtual router count one sequence: whoever sends goes on from the highest
//! number that it sent or heard. So a replay is refused by everybody who heard the first one.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU16;

use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;

use crate::types::{Envelope, Protocol, Reject};

/// An Authentication Header as received, with what it protects.
///
/// ```text
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +---------------+---------------+-------------------------------+
/// | next header   | length: 4     |           reserved            |
/// +---------------+---------------+-------------------------------+
/// |                   security parameters index                   |
/// +---------------------------------------------------------------+
/// |                        sequence number                        |
/// +---------------------------------------------------------------+
/// |             authentication data: 96 bits of digest            |
/// |                                                               |
/// |                                                               |
/// +---------------------------------------------------------------+
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AuthHeader<'a> {
    ip: &'a [u8],
    fixed: &'a [u8; FIXED],
    data: &'a [u8; DATA],
    message: &'a [u8],
}

impl<'a> AuthHeader<'a> {
    /// Reads the header in front of `payload`, which came behind the IP header `ip`. Returns the
    /// message, too.
    ///
    /// # Errors
    /// [`Reject::AhHeader`] where it is cut short, of another length, or none of VRRP.
    pub(super) fn read(ip: &'a [u8], payload: &'a [u8]) -> Result<(Self, &'a [u8]), Reject> {
        let (fixed, rest) = payload.split_first_chunk::<FIXED>().ok_or(Reject::AhHeader)?;
        let (data, message) = rest.split_first_chunk::<DATA>().ok_or(Reject::AhHeader)?;
        let [next, length, ..] = *fixed;
        if (next, length) != (Protocol::Vrrp.number(), LENGTH) {
            return Err(Reject::AhHeader);
        }
        Ok((Self { ip, fixed, data, message }, message))
    }

    /// Its security parameters index, read as the address that it is.
    #[must_use]
    pub fn index(&self) -> Ipv4Addr {
        let [_, _, _, _, a, b, c, d, ..] = *self.fixed;
        Ipv4Addr::new(a, b, c, d)
    }

    /// Its sequence number.
    #[must_use]
    pub fn sequence(&self) -> u32 {
        let [.., a, b, c, d] = *self.fixed;
        u32::from_be_bytes([a, b, c, d])
    }
}

/// What one virtual router signs its adverts with and knows its peers' by.
///
/// Neither signing nor judging allocates, and the key is prepared once.
#[derive(Clone)]
pub struct Authenticator {
    keyed: Hmac<Md5>,
    /// The highest sequence number that was sent or accepted.
    last: u32,
    /// The header and the message that were signed last.
    signed: Vec<u8>,
}

impl Authenticator {
    /// Signs with `password`, padded with zeros, going on from the sequence number `last`.
    #[must_use]
    pub fn new(password: [u8; 8], last: u32) -> Self {
        // A key is padded with zeros to a block of the digest in any case (RFC 2104 §2).
        let mut block = [0; BLOCK];
        for (octet, own) in block.iter_mut().zip(password) {
            *octet = own;
        }
        let keyed = Hmac::new(&block.into());
        Self { keyed, last, signed: Vec::with_capacity(LONGEST) }
    }

    /// The highest sequence number that was sent or accepted.
    #[must_use]
    pub const fn last(&self) -> u32 {
        self.last
    }

    /// Goes on to the next sequence number. The last one of all stays, as it does in keepalived:
    /// nothing that is above it could be said.
    pub const fn advance(&mut self) {
        self.last = self.last.saturating_add(1);
    }

    /// Remembers the sequence number of an advert that was accepted.
    pub fn accept(&mut self, sequence: u32) {
        self.last = self.last.max(sequence);
    }

    /// Signs `message` under the present sequence number, which may go to several peers. Returns
    /// what it has to travel in, and the message with its header; `None` over IPv6, where VRRPv2
    /// does not go.
    pub fn sign(
        &mut self,
        message: &[u8],
        source: IpAddr,
        destination: IpAddr,
        ttl: u8,
    ) -> Option<(Envelope, &[u8])> {
        let (IpAddr::V4(source), IpAddr::V4(destination)) = (source, destination) else {
            return None;
        };
        let [.., high, low] = self.last.to_be_bytes();
        let id = NonZeroU16::new(u16::from_be_bytes([high, low])).unwrap_or(NonZeroU16::MAX);
        let fixed = fixed(source, self.last);
        let mut ip = [0; IP];
        let length = u16::try_from(IP + FIXED + DATA + message.len()).unwrap_or(u16::MAX);
        for (place, octet) in ip.iter_mut().zip(
            [0x45, 0].into_iter().chain(length.to_be_bytes()).chain(id.get().to_be_bytes()).chain(
                [0, 0, ttl, Protocol::Ah.number(), 0, 0]
                    .into_iter()
                    .chain(source.octets())
                    .chain(destination.octets()),
            ),
        ) {
            *place = octet;
        }
        let digest = self.digest(&ip, &fixed, message).finalize().into_bytes();
        self.signed.clear();
        self.signed.extend_from_slice(&fixed);
        self.signed.extend(digest.iter().take(DATA));
        self.signed.extend_from_slice(message);
        Some((Envelope::Ah(id), &self.signed))
    }

    /// Whether `header` was made by somebody who has the password, and for this packet.
    ///
    /// # Errors
    /// [`Reject::AhIndex`] or [`Reject::AhDigest`].
    pub fn verify(&self, header: &AuthHeader<'_>, source: IpAddr) -> Result<(), Reject> {
        if source != IpAddr::V4(header.index()) {
            return Err(Reject::AhIndex);
        }
        self.digest(header.ip, header.fixed, header.message)
            .verify_truncated_left(header.data)
            .map_err(|_differs| Reject::AhDigest)
    }

    /// Whether `header` goes on from what was sent and accepted before.
    ///
    /// # Errors
    /// [`Reject::AhReplay`].
    pub const fn follow(&self, header: &AuthHeader<'_>) -> Result<u32, Reject> {
        let [.., a, b, c, d] = *header.fixed;
        let sequence = u32::from_be_bytes([a, b, c, d]);
        if sequence > self.last { Ok(sequence) } else { Err(Reject::AhReplay) }
    }

    /// The digest of a whole packet, in which what routers change on the way counts as zero (RFC
    /// 2402 §3.3.3.1.1) and so does the digest itself. Multicast adverts are not routed: there the
    /// TTL counts, as it does in keepalived.
    fn digest(&self, ip: &[u8], fixed: &[u8; FIXED], message: &[u8]) -> Hmac<Md5> {
        let mut unchanged = [0; LONGEST_IP];
        let length = ip.len().min(LONGEST_IP);
        let routed = ip.get(DESTINATION).is_some_and(|first| first >> 4 != 0xe);
        for (place, (own, octet)) in unchanged.iter_mut().zip(ip).enumerate() {
            *own = match place {
                TOS | FLAGS | OFFSET | CHECKSUM_HIGH | CHECKSUM_LOW => 0,
                TTL if routed => 0,
                _ => *octet,
            };
        }
        let mut digest = self.keyed.clone();
        digest.update(unchanged.get(..length).unwrap_or_default());
        digest.update(fixed);
        digest.update(&[0; DATA]);
        digest.update(message);
        digest
    }
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticator").field("last", &self.last).finish_non_exhaustive()
    }
}

/// A header up to its authentication data.
const fn fixed(index: Ipv4Addr, sequence: u32) -> [u8; FIXED] {
    let [i0, i1, i2, i3] = index.octets();
    let [s0, s1, s2, s3] = sequence.to_be_bytes();
    [Protocol::Vrrp.number(), LENGTH, 0, 0, i0, i1, i2, i3, s0, s1, s2, s3]
}

/// Octets of an Authentication Header of this kind.
pub const AUTH_HEADER: usize = FIXED + DATA;

/// Octets before the authentication data.
const FIXED: usize = 12;

/// Octets of authentication data: 96 bits.
const DATA: usize = 12;

/// Its length as it says itself: in words of 32 bits, less 2.
const LENGTH: u8 = 4;

/// Octets of a block of MD5.
const BLOCK: usize = 64;

/// Octets of what is signed at most: a header, and a message of version 2 with 255 addresses.
const LONGEST: usize = AUTH_HEADER + 8 + 4 * 255 + 8;

/// Octets of an IPv4 header without options, and with all that it has room for.
const IP: usize = 20;
const LONGEST_IP: usize = 60;

/// Offsets in an IPv4 header; [`Datagram`](super::Datagram) has it drawn.
const TOS: usize = 1;
const FLAGS: usize = 6;
const OFFSET: usize = 7;
const TTL: usize = 8;
const CHECKSUM_HIGH: usize = 10;
const CHECKSUM_LOW: usize = 11;
const DESTINATION: usize = 16;

#[cfg(test)]
mod tests;
