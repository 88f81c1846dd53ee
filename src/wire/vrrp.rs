//! VRRP messages as they are received: borrowed, checked one step at a time.
//!
//! The receiver decides the order of its checks: [`Header`] needs no more than eight octets,
//! [`Header::advertisement`] holds the message to its exact length, and everything after that
//! cannot fail for want of octets.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::types::{Centis, Family, Priority, Reject, Version, Vrid};

use super::checksum::{Coverage, Sum};

/// The first eight octets of a VRRP message, and what follows them.
///
/// RFC 9568 §5.1, version 3:
///
/// ```text
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-------+-------+---------------+---------------+---------------+
/// |version| type  |     VRID      |   priority    | address count |
/// +-------+-------+---------------+---------------+---------------+
/// | (rsvd)|  interval in cs       |           checksum            |
/// +-------+-----------------------+-------------------------------+
/// |                 addresses, 4 or 16 octets each                |
/// +---------------------------------------------------------------+
/// ```
///
/// RFC 3768 §5.1, version 2, differs from the second word on:
///
/// ```text
/// +---------------+---------------+-------------------------------+
/// |   auth type   | interval in s |           checksum            |
/// +---------------+---------------+-------------------------------+
/// |                   addresses, 4 octets each                    |
/// +---------------------------------------------------------------+
/// |                authentication data, 8 octets                  |
/// +---------------------------------------------------------------+
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Header<'a> {
    fixed: &'a [u8; HEADER],
    rest: &'a [u8],
    message: &'a [u8],
}

impl<'a> Header<'a> {
    /// Reads the header of `message`.
    ///
    /// # Errors
    /// [`Reject::Length`] below eight octets.
    pub fn read(message: &'a [u8]) -> Result<Self, Reject> {
        let (fixed, rest) = message.split_first_chunk::<HEADER>().ok_or(Reject::Length)?;
        Ok(Self { fixed, rest, message })
    }

    /// Its version.
    ///
    /// # Errors
    /// [`Reject::Version`] unless it is 2 or 3.
    pub const fn version(&self) -> Result<Version, Reject> {
        let [version_type, ..] = *self.fixed;
        match version_type >> 4 {
            2 => Ok(Version::V2),
            3 => Ok(Version::V3),
            _ => Err(Reject::Version),
        }
    }

    /// Its type, 1 being the only one there is (RFC 9568 §5.2.2).
    ///
    /// # Errors
    /// [`Reject::Type`] for another.
    pub const fn check_type(&self) -> Result<(), Reject> {
        let [version_type, ..] = *self.fixed;
        match version_type & 0x0f {
            ADVERTISEMENT => Ok(()),
            _ => Err(Reject::Type),
        }
    }

    /// Its virtual router; `None` for VRID 0, which nobody has.
    #[must_use]
    pub fn vrid(&self) -> Option<Vrid> {
        let [_, vrid, ..] = *self.fixed;
        Vrid::new(vrid).ok()
    }

    /// Its sender's priority.
    #[must_use]
    pub const fn priority(&self) -> Priority {
        let [_, _, priority, ..] = *self.fixed;
        Priority::new(priority)
    }

    /// How many addresses it says that it lists.
    #[must_use]
    pub const fn count(&self) -> u8 {
        let [_, _, _, count, ..] = *self.fixed;
        count
    }

    /// The message read as one of `version` over `family`: exactly as long as its count says.
    ///
    /// # Errors
    /// [`Reject::Length`] where it is shorter or longer, [`Reject::Version`] for version 2 over
    /// IPv6, which does not exist.
    pub fn advertisement(
        &self,
        version: Version,
        family: Family,
    ) -> Result<Advertisement<'a>, Reject> {
        let [.., auth_type, _, _, _] = *self.fixed;
        let (addresses, authenticated) = match (version, family) {
            (Version::V3, _) => (self.rest, None),
            (Version::V2, Family::V4) => {
                let (addresses, data) =
                    self.rest.split_last_chunk::<AUTH_DATA>().ok_or(Reject::Length)?;
                let kind = auth_type;
                (addresses, Some(Authenticated { kind, data }))
            }
            (Version::V2, Family::V6) => return Err(Reject::Version),
        };
        if addresses.len() != usize::from(self.count()) * family.octets() {
            return Err(Reject::Length);
        }
        Ok(Advertisement {
            header: *self,
            addresses: Addresses { addresses, family },
            authenticated,
        })
    }
}

/// A VRRP message of exactly the length that its header says.
#[derive(Clone, Debug)]
pub struct Advertisement<'a> {
    header: Header<'a>,
    addresses: Addresses<'a>,
    authenticated: Option<Authenticated<'a>>,
}

impl<'a> Advertisement<'a> {
    /// Its header.
    #[must_use]
    pub const fn header(&self) -> &Header<'a> {
        &self.header
    }

    /// The interval at which its sender advertises. Version 3's reserved bits are ignored
    /// (RFC 9568 §5.2.6).
    ///
    /// # Errors
    /// [`Reject::ZeroInterval`] for 0.
    pub fn interval(&self) -> Result<Centis, Reject> {
        let [.., high, low, _, _] = *self.header.fixed;
        let interval = match self.authenticated {
            Some(_) => Centis::from_secs(low),
            None => Centis::new(u16::from_be_bytes([high & 0x0f, low])),
        };
        interval.map_err(|_out_of_range| Reject::ZeroInterval)
    }

    /// Version 2's authentication; `None` in version 3.
    #[must_use]
    pub const fn authenticated(&self) -> Option<Authenticated<'a>> {
        self.authenticated
    }

    /// The addresses it lists, in its order.
    #[must_use]
    pub fn addresses(&self) -> Addresses<'a> {
        self.addresses.clone()
    }

    /// What its checksum covers, tried in the order of [`Coverage`] as far as version and family
    /// allow. A form that the receiver does not want is for the receiver to refuse.
    ///
    /// # Errors
    /// [`Reject::Checksum`] where it is wrong in every form.
    pub fn verify(&self, source: IpAddr, destination: IpAddr) -> Result<Coverage, Reject> {
        let message = self.header.message;
        let intact = |initial: Sum| initial.and(message).is_intact();
        let pseudo = |destination| Sum::pseudo_header(source, destination, message.len());
        let forms: &[Coverage] = match (self.authenticated, self.addresses.family) {
            (Some(_), _) => &[Coverage::MessageOnly],
            (None, Family::V6) => &[Coverage::PseudoHeader],
            (None, Family::V4) => {
                &[Coverage::PseudoHeader, Coverage::GroupPseudoHeader, Coverage::MessageOnly]
            }
        };
        forms
            .iter()
            .copied()
            .find(|form| match form {
                Coverage::PseudoHeader => intact(pseudo(destination)),
                Coverage::GroupPseudoHeader => intact(pseudo(IpAddr::V4(V4_GROUP))),
                Coverage::MessageOnly => intact(Sum::default()),
            })
            .ok_or(Reject::Checksum)
    }
}

/// Version 2's authentication as received (RFC 3768 §5.3.6, RFC 2338 §5.3.6).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Authenticated<'a> {
    /// Its type: 0 none, 1 a password, 2 a header outside VRRP.
    pub kind: u8,
    /// Its data: the password, padded with zeros.
    pub data: &'a [u8; AUTH_DATA],
}

/// The addresses that a message lists.
#[derive(Clone, Debug)]
pub struct Addresses<'a> {
    addresses: &'a [u8],
    family: Family,
}

impl<'a> Addresses<'a> {
    /// The addresses that are left, as they stand in the message.
    #[must_use]
    pub const fn octets(&self) -> &'a [u8] {
        self.addresses
    }
}

impl Iterator for Addresses<'_> {
    type Item = IpAddr;

    fn next(&mut self) -> Option<IpAddr> {
        match self.family {
            Family::V4 => {
                let (octets, rest) = self.addresses.split_first_chunk::<4>()?;
                self.addresses = rest;
                Some(IpAddr::V4(Ipv4Addr::from(*octets)))
            }
            Family::V6 => {
                let (octets, rest) = self.addresses.split_first_chunk::<16>()?;
                self.addresses = rest;
                Some(IpAddr::V6(Ipv6Addr::from(*octets)))
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.addresses.len() / self.family.octets();
        (left, Some(left))
    }
}

impl ExactSizeIterator for Addresses<'_> {}

/// The group of VRRP over IPv4 (RFC 9568 §5.1.1.2).
pub(super) const V4_GROUP: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 18);

/// The one type of VRRP message.
pub(super) const ADVERTISEMENT: u8 = 1;

/// Octets before the addresses.
pub(super) const HEADER: usize = 8;

/// Octets of version 2's authentication data.
pub(super) const AUTH_DATA: usize = 8;
