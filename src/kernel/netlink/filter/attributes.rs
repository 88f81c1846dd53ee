//! Messages of the packet filter: a short header, then attributes within attributes.

use netlink_packet_core::Emitable;

/// A message's attributes.
///
/// ```text
/// |-- length, 2, own header included --|-- kind, 2 --|-- value --|-- padding to four octets --|
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Attributes(Vec<u8>);

impl Attributes {
    /// One more attribute. Its value is short: no attribute here comes near 64 KiB.
    pub(super) fn octets(mut self, kind: u16, value: &[u8]) -> Self {
        let length = u16::try_from(HEADER + value.len()).unwrap_or(u16::MAX);
        self.0.extend(length.to_ne_bytes());
        self.0.extend(kind.to_ne_bytes());
        self.0.extend(value);
        self.0.resize(self.0.len().next_multiple_of(4), 0);
        self
    }

    /// A text, which ends with a zero.
    pub(super) fn text(self, kind: u16, text: &str) -> Self {
        let mut octets = text.as_bytes().to_vec();
        octets.push(0);
        self.octets(kind, &octets)
    }

    /// A number, which the packet filter has in network order.
    pub(super) fn number(self, kind: u16, number: u32) -> Self {
        self.octets(kind, &number.to_be_bytes())
    }

    /// Attributes within one.
    pub(super) fn nested(self, kind: u16, inner: &Self) -> Self {
        self.octets(kind | NESTED, &inner.0)
    }
}

/// A message without its netlink header.
///
/// ```text
/// |-- family, 1 --|-- version: 0, 1 --|-- resource, 2, network order --|-- attributes --|
/// ```
#[derive(Clone, Debug)]
pub(super) struct Body {
    pub(super) family: u8,
    pub(super) resource: u16,
    pub(super) attributes: Attributes,
}

impl Emitable for Body {
    fn buffer_len(&self) -> usize {
        4 + self.attributes.0.len()
    }

    fn emit(&self, buffer: &mut [u8]) {
        let [high, low] = self.resource.to_be_bytes();
        let head = [self.family, 0, high, low];
        for (place, octet) in buffer.iter_mut().zip(head.iter().chain(&self.attributes.0)) {
            *place = *octet;
        }
    }
}

/// Octets of an attribute's header.
const HEADER: usize = 4;
/// `NLA_F_NESTED`.
const NESTED: u16 = 0x8000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_padded_and_their_lengths_are_not() {
        let inner = Attributes::default().text(2, "ab");
        let all = Attributes::default().number(1, 7).nested(4, &inner);
        let [low, high] = 8_u16.to_ne_bytes();
        assert_eq!(all.0[..2], [low, high]);
        assert_eq!(all.0[4..8], [0, 0, 0, 7]);
        assert_eq!(all.0[8..10], 12_u16.to_ne_bytes());
        assert_eq!(all.0[10..12], 0x8004_u16.to_ne_bytes());
        assert_eq!(all.0[12..14], 7_u16.to_ne_bytes());
        assert_eq!(all.0[16..], *b"ab\0\0");
    }
}
