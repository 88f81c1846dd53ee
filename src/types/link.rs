//! Network interfaces: their index, name and hardware address.

use std::fmt;
use std::num::NonZeroU32;

use arrayvec::ArrayString;

use super::{Family, Vrid};

/// The kernel's index of a network interface, unique in its namespace.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct IfIndex(NonZeroU32);

impl IfIndex {
    /// Builds an index; `None` for 0, which the kernel uses for "any interface".
    #[must_use]
    pub const fn new(index: u32) -> Option<Self> {
        match NonZeroU32::new(index) {
            Some(index) => Some(Self(index)),
            None => None,
        }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0.get()
    }
}

impl fmt::Display for IfIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The name of a network interface: 1 to 15 octets without blanks or slashes.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct LinkName(ArrayString<15>);

impl LinkName {
    /// Builds a name; `None` where the kernel would not take it.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        let allowed = |c: char| !c.is_whitespace() && c != '/' && c != '\0';
        if name.is_empty() || name == "." || name == ".." || !name.chars().all(allowed) {
            return None;
        }
        ArrayString::from(name).ok().map(Self)
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LinkName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A hardware address of six octets.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct MacAddr(pub [u8; 6]);

impl MacAddr {
    /// The address of every station on the link.
    pub const BROADCAST: Self = Self([0xff; 6]);

    /// The address of a virtual router (RFC 9568 §7.3).
    #[must_use]
    pub const fn of_virtual_router(family: Family, vrid: Vrid) -> Self {
        let kind = match family {
            Family::V4 => 1,
            Family::V6 => 2,
        };
        Self([0, 0, 0x5e, 0, kind, vrid.get()])
    }

    /// Reads six pairs of hexadecimal digits with colons between them.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = |pair: &str| pair.len() <= 2 && pair.bytes().all(|b| b.is_ascii_hexdigit());
        let mut pairs = text.split(':');
        let mut octets = [0; 6];
        for octet in &mut octets {
            let pair = pairs.next().filter(|pair| digits(pair))?;
            *octet = u8::from_str_radix(pair, 16).ok()?;
        }
        pairs.next().is_none().then_some(Self(octets))
    }

    /// Whether it stands for a group of stations.
    #[must_use]
    pub const fn is_multicast(self) -> bool {
        let Self([first, ..]) = self;
        first & 1 == 1
    }
}

impl fmt::Display for MacAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hardware_address_is_read_as_it_is_shown_and_nothing_else_is() {
        let mac = MacAddr([0, 0, 0x5e, 0, 1, 0x33]);
        assert_eq!(MacAddr::parse("00:00:5e:00:01:33"), Some(mac));
        assert_eq!(MacAddr::parse(&mac.to_string()), Some(mac));
        for text in ["", "00", "00:00:5e:00:01", "00:00:5e:00:01:33:1", "0:0:0:0:0:+1", "eth0"] {
            assert_eq!(MacAddr::parse(text), None, "{text}");
        }
    }
}
