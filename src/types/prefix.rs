//! A network: an address and how many of its bits count.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Family;

/// A network, or a single host where all bits count.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Prefix {
    ip: IpAddr,
    length: u8,
}

impl Prefix {
    /// Builds a network; `None` where `length` is more than the family's bits.
    #[must_use]
    pub const fn new(ip: IpAddr, length: u8) -> Option<Self> {
        if length <= Family::of(ip).bits() { Some(Self { ip, length }) } else { None }
    }

    /// Everything: 0.0.0.0/0 or ::/0.
    #[must_use]
    pub const fn all(family: Family) -> Self {
        let ip = match family {
            Family::V4 => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            Family::V6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        };
        Self { ip, length: 0 }
    }

    /// One host.
    #[must_use]
    pub const fn host(ip: IpAddr) -> Self {
        Self { ip, length: Family::of(ip).bits() }
    }

    /// The address.
    #[must_use]
    pub const fn ip(self) -> IpAddr {
        self.ip
    }

    /// How many bits count, from the first one on.
    #[must_use]
    pub const fn length(self) -> u8 {
        self.length
    }

    /// The family of the address.
    #[must_use]
    pub const fn family(self) -> Family {
        Family::of(self.ip)
    }

    /// The same network with all bits cleared that do not count.
    #[must_use]
    pub fn masked(self) -> Self {
        let ip = match self.ip {
            IpAddr::V4(ip) => {
                let mask = u32::MAX.checked_shl(u32::from(32 - self.length)).unwrap_or(0);
                Ipv4Addr::from(u32::from(ip) & mask).into()
            }
            IpAddr::V6(ip) => {
                let mask = u128::MAX.checked_shl(u32::from(128 - self.length)).unwrap_or(0);
                Ipv6Addr::from(u128::from(ip) & mask).into()
            }
        };
        Self { ip, ..self }
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.ip, self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_that_do_not_count_are_cleared() {
        for (written, masked) in [
            ("10.1.2.3/24", "10.1.2.0/24"),
            ("10.1.2.3/0", "0.0.0.0/0"),
            ("10.1.2.3/32", "10.1.2.3/32"),
            ("fd00::1:2/112", "fd00::1:0/112"),
            ("fd00::1/0", "::/0"),
        ] {
            let (ip, length) = written.split_once('/').unwrap();
            let prefix = Prefix::new(ip.parse().unwrap(), length.parse().unwrap()).unwrap();
            assert_eq!(prefix.masked().to_string(), masked);
        }
        assert_eq!(Prefix::new("10.0.0.1".parse().unwrap(), 33), None);
    }
}
