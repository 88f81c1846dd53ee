//! VRRP messages as they are sent: built once, patched and sealed for each departure.

use std::net::IpAddr;

use crate::types::{Centis, Family, Priority, Version, Vrid};

use super::checksum::{Coverage, Sum};
use super::vrrp::{ADVERTISEMENT, AUTH_DATA, HEADER, V4_GROUP};

/// What a message looks like.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// Version 2: IPv4, with a password or eight zeros at the end.
    V2 {
        /// The password, padded with zeros.
        password: Option<[u8; AUTH_DATA]>,
    },
    /// Version 2 behind an Authentication Header: nothing in the message itself.
    V2Signed,
    /// Version 3 over this family.
    V3(Family),
}

impl Format {
    /// Its version.
    #[must_use]
    pub const fn version(self) -> Version {
        match self {
            Self::V2 { .. } | Self::V2Signed => Version::V2,
            Self::V3(_) => Version::V3,
        }
    }

    /// The family of its addresses.
    #[must_use]
    pub const fn family(self) -> Family {
        match self {
            Self::V2 { .. } | Self::V2Signed => Family::V4,
            Self::V3(family) => family,
        }
    }
}

/// A VRRP message of one virtual router, in which only the priority, the interval and the
/// checksum (`*`) ever change. See [`Header`](super::Header) for the whole layout.
///
/// ```text
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-------+-------+---------------+---------------+---------------+
/// |version| type  |     VRID      |  * priority   | address count |
/// +-------+-------+---------------+---------------+---------------+
/// |    * version 3: interval      |                               |
/// | v2: auth type |  * interval   |          * checksum           |
/// +---------------+---------------+-------------------------------+
/// |           addresses, then version 2's auth data               |
/// +---------------------------------------------------------------+
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Frame {
    format: Format,
    message: Vec<u8>,
}

impl Frame {
    /// Builds the message that advertises `addresses` for `vrid`, not yet sealed.
    ///
    /// # Errors
    /// [`FrameError`] where the message cannot hold the addresses; nothing was built.
    pub fn new(
        format: Format,
        vrid: Vrid,
        addresses: impl IntoIterator<Item = IpAddr>,
    ) -> Result<Self, FrameError> {
        let family = format.family();
        let auth_type = match format {
            Format::V2 { password } => u8::from(password.is_some()),
            Format::V2Signed => 2,
            Format::V3(_) => 0,
        };
        let version_type = (format.version().get() << 4) | ADVERTISEMENT;
        let mut message = vec![version_type, vrid.get(), 0, 0, auth_type, 0, 0, 0];
        let mut count = 0_usize;
        for address in addresses {
            match (family, address) {
                (Family::V4, IpAddr::V4(address)) => message.extend(address.octets()),
                (Family::V6, IpAddr::V6(address)) => message.extend(address.octets()),
                (Family::V4, IpAddr::V6(_)) | (Family::V6, IpAddr::V4(_)) => {
                    return Err(FrameError::Family { family, address });
                }
            }
            count += 1;
        }
        let listed = u8::try_from(count).map_err(|_too_many| FrameError::TooMany { count })?;
        match format {
            Format::V2 { password } => message.extend(password.unwrap_or_default()),
            Format::V2Signed => message.extend([0; AUTH_DATA]),
            Format::V3(_) => {}
        }
        if let Some(field) = message.get_mut(COUNT) {
            *field = listed;
        }
        message.shrink_to_fit();
        Ok(Self { format, message })
    }

    /// What it looks like.
    #[must_use]
    pub const fn format(&self) -> Format {
        self.format
    }

    /// The addresses as they stand in the message.
    #[must_use]
    pub fn address_octets(&self) -> &[u8] {
        let end = match self.format {
            Format::V2 { .. } | Format::V2Signed => self.message.len() - AUTH_DATA,
            Format::V3(_) => self.message.len(),
        };
        self.message.get(HEADER..end).unwrap_or_default()
    }

    /// The message as `source` sends it to `destination`. Does not allocate.
    ///
    /// `coverage` is honoured in version 3 over IPv4; everything else has one form only.
    /// Version 2 carries the whole seconds of `interval`, version 3 at most
    /// [`Centis::MAX_V3`] of it.
    pub fn seal(
        &mut self,
        priority: Priority,
        interval: Centis,
        source: IpAddr,
        destination: IpAddr,
        coverage: Coverage,
    ) -> &[u8] {
        let length = self.message.len();
        self.patch(priority, interval);
        let initial = match (self.format, coverage) {
            (Format::V2 { .. } | Format::V2Signed, _)
            | (Format::V3(Family::V4), Coverage::MessageOnly) => Sum::default(),
            (Format::V3(Family::V4), Coverage::GroupPseudoHeader) => {
                Sum::pseudo_header(source, IpAddr::V4(V4_GROUP), length)
            }
            (Format::V3(_), _) => Sum::pseudo_header(source, destination, length),
        };
        let checksum = initial.and(&self.message).checksum();
        self.put(CHECKSUM, checksum.to_be_bytes());
        &self.message
    }

    /// Puts in what changes, and zero for the checksum.
    fn patch(&mut self, priority: Priority, interval: Centis) {
        self.put(PRIORITY, [priority.get()]);
        match self.format {
            Format::V2 { .. } | Format::V2Signed => self.put(V2_INTERVAL, [interval.secs()]),
            Format::V3(_) => {
                let centis = interval.min(Centis::MAX_V3).get();
                self.put(V3_INTERVAL, centis.to_be_bytes());
            }
        }
        self.put(CHECKSUM, [0, 0]);
    }

    /// Writes `octets` at `offset`, one of the header's.
    fn put<const N: usize>(&mut self, offset: usize, octets: [u8; N]) {
        if let Some(field) = self.message.get_mut(offset..offset + N) {
            field.copy_from_slice(&octets);
        }
    }
}

/// A message cannot hold its addresses.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum FrameError {
    /// The count is one octet.
    #[error("{count} addresses do not fit into an advertisement, 255 do")]
    TooMany {
        /// How many there are.
        count: usize,
    },
    /// A message lists addresses of its own family only (RFC 9568 §5.2.9).
    #[error("{address} cannot stand in an advertisement over {family}")]
    Family {
        /// The message's family.
        family: Family,
        /// The address of the other one.
        address: IpAddr,
    },
}

/// Offset of the priority.
const PRIORITY: usize = 2;

/// Offset of the number of addresses.
const COUNT: usize = 3;

/// Offset of version 3's interval, two octets.
const V3_INTERVAL: usize = 4;

/// Offset of version 2's interval, one octet.
const V2_INTERVAL: usize = 5;

/// Offset of the checksum, two octets.
const CHECKSUM: usize = 6;
