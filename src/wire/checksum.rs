//! The Internet checksum (RFC 1071), and what a VRRP message's covers.

use std::net::IpAddr;

use crate::types::Protocol;

/// What the checksum of a VRRP message covers.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Coverage {
    /// A pseudo-header and the message: VRRPv3 over IPv6, and over IPv4 as most routers send it.
    PseudoHeader,
    /// The same over IPv4, but with 224.0.0.18 as the destination although the message is unicast:
    /// keepalived up to 1.3.6.
    GroupPseudoHeader,
    /// The message alone: VRRPv2, and VRRPv3 over IPv4 as RFC 9568 §5.2.8 has it.
    MessageOnly,
}

/// A ones' complement sum in the making.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sum(u64);

impl Sum {
    /// The sum of the pseudo-header of RFC 8200 §8.1 for a VRRP message of `length` octets.
    /// IPv4's has other field widths and the same sum.
    pub(super) fn pseudo_header(source: IpAddr, destination: IpAddr, length: usize) -> Self {
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        Self(length + u64::from(Protocol::Vrrp.number()))
            .and_address(source)
            .and_address(destination)
    }

    /// The sum with `octets` in it, padded with a zero to whole words.
    pub(super) fn and(self, octets: &[u8]) -> Self {
        let (words, odd) = octets.as_chunks::<2>();
        let whole: u64 = words.iter().map(|word| u64::from(u16::from_be_bytes(*word))).sum();
        let rest: u64 = odd.iter().map(|octet| u64::from(*octet) << 8).sum();
        Self(self.0 + whole + rest)
    }

    /// What goes into the checksum field, if that was zero while summing.
    pub(super) fn checksum(self) -> u16 {
        !self.folded()
    }

    /// Whether a sum over everything, the checksum field included, is that of an intact message.
    pub(super) fn is_intact(self) -> bool {
        self.folded() == u16::MAX
    }

    fn and_address(self, address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => self.and(&address.octets()),
            IpAddr::V6(address) => self.and(&address.octets()),
        }
    }

    /// The sum as 16 bits, carries added back in.
    fn folded(self) -> u16 {
        let Self(mut sum) = self;
        loop {
            match u16::try_from(sum) {
                Ok(folded) => return folded,
                Err(_) => sum = (sum & 0xffff) + (sum >> 16),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_1071_sums_up() {
        let sum = Sum::default().and(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]);
        assert_eq!(sum.checksum(), !0xddf2);
    }

    #[test]
    fn an_odd_octet_counts_as_the_high_half_of_a_word() {
        assert_eq!(Sum::default().and(&[0x12]).checksum(), !0x1200);
    }

    #[test]
    fn all_zeros_are_not_intact() {
        assert!(!Sum::default().and(&[0; 8]).is_intact());
    }
}
