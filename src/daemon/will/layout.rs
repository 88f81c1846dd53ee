//! Where what stands in the shared memory. Words of 64 bits, each written whole.
//!
//! ```text
//! word 0            where the drawn table begins; 0: there is none
//! table             number of adverts · of addresses · of routes · of rules · adverts … · addresses …
//!                   · routes … · rules …
//! advert   0        slot | room for the message, in words « 32
//!          1        1: the router is Active
//!          2        the interval that is taught before leaving, centiseconds; 0: none
//!          3        interface | TTL « 32 | identification « 40, 0: none signed
//!          4, 5     source           as IPv6, IPv4 mapped into it
//!          6, 7     destination      likewise
//!          8        the key that its Authentication Header is made with, as octets; 0: none
//!          9        length of the message in octets; 0: never sent
//!          10 …     the message, behind its Authentication Header if it has one
//! address  0        slot | prefix « 32 | prefix of the peer « 40 | it has a peer « 48
//!          1        1: it may be on the interface
//!          2, 3     the address
//!          4, 5     the peer's address
//!          6, 7     name of the interface, padded with zeros
//! route    0        slot | length « 32 | length of the source « 40 | kind « 48 | TOS « 56
//!          1        1: it may be in its table
//!          2, 3     the destination
//!          4, 5     the neighbour
//!          6, 7     name of the interface, padded with zeros
//!          8        table | metric « 32
//!          9        protocol | scope « 8 | it has a metric « 16 | it has a neighbour « 17
//!          10, 11   the source
//! rule     0        slot | length of from « 32 | of to « 40 | not « 48 | it has a mark « 49 | IPv6 « 50
//!          1        1: it may be there
//!          2 … 5    from, to
//!          6 … 9    names of the input and output interface, padded with zeros
//!          10       mark | mask « 32
//!          11       priority | argument of the action « 32
//!          12       action | protocol « 8 | TOS « 16
//! ```
//!
//! A new table is drawn beside the old one and takes effect when word 0 names it, so a worker
//! that dies while drawing leaves the old one.

use std::array;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::types::LinkName;

/// Words of a table before its first advert.
pub(super) const TABLE_HEAD: usize = 4;

/// Offsets within an advert.
pub(super) mod advert {
    pub(in super::super) const SLOT_AND_ROOM: usize = 0;
    pub(in super::super) const ACTIVE: usize = 1;
    pub(in super::super) const TAUGHT: usize = 2;
    pub(in super::super) const LINK_AND_TTL: usize = 3;
    pub(in super::super) const SOURCE: usize = 4;
    pub(in super::super) const DESTINATION: usize = 6;
    pub(in super::super) const KEY: usize = 8;
    pub(in super::super) const LENGTH: usize = 9;
    pub(in super::super) const MESSAGE: usize = 10;
}

/// Offsets within an address.
pub(super) mod address {
    pub(in super::super) const SLOT_AND_PREFIXES: usize = 0;
    pub(in super::super) const IP: usize = 2;
    pub(in super::super) const PEER: usize = 4;
    pub(in super::super) const LINK: usize = 6;
    /// Words of one address.
    pub(in super::super) const WORDS: usize = 8;
}

/// Offsets within a route.
pub(super) mod route {
    pub(in super::super) const SLOT_AND_LENGTHS: usize = 0;
    pub(in super::super) const DESTINATION: usize = 2;
    pub(in super::super) const VIA: usize = 4;
    pub(in super::super) const LINK: usize = 6;
    pub(in super::super) const TABLE_AND_METRIC: usize = 8;
    pub(in super::super) const PROTOCOL_AND_SCOPE: usize = 9;
    pub(in super::super) const SOURCE: usize = 10;
    /// Words of one route.
    pub(in super::super) const WORDS: usize = 12;
}

/// Offsets within a rule.
pub(super) mod rule {
    pub(in super::super) const SLOT_AND_LENGTHS: usize = 0;
    pub(in super::super) const FROM: usize = 2;
    pub(in super::super) const TO: usize = 4;
    pub(in super::super) const INPUT: usize = 6;
    pub(in super::super) const OUTPUT: usize = 8;
    pub(in super::super) const MARK: usize = 10;
    pub(in super::super) const PRIORITY: usize = 11;
    pub(in super::super) const ACTION: usize = 12;
    /// Words of one rule.
    pub(in super::super) const WORDS: usize = 13;
}

/// Where addresses, routes and rules alike say whether they may be there.
pub(super) const HELD: usize = 1;

/// The shared words. What lies outside of them reads as 0 and is not written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words<'a>(pub(super) &'a [AtomicU64]);

impl Words<'_> {
    pub(super) fn len(self) -> usize {
        self.0.len()
    }

    pub(super) fn read(self, at: usize) -> u64 {
        self.0.get(at).map_or(0, |word| word.load(Ordering::Acquire))
    }

    pub(super) fn write(self, at: usize, value: u64) {
        if let Some(word) = self.0.get(at) {
            word.store(value, Ordering::Release);
        }
    }

    pub(super) fn read_ip(self, at: usize) -> IpAddr {
        let halves = [self.read(at), self.read(at + 1)].map(u64::to_be_bytes);
        let octets: [u8; 16] = array::from_fn(|place| {
            let half = halves.get(place / 8);
            half.and_then(|half| half.get(place % 8)).copied().unwrap_or(0)
        });
        Ipv6Addr::from(octets).to_canonical()
    }

    pub(super) fn write_ip(self, at: usize, ip: IpAddr) {
        let [high, low] = ip_words(ip);
        self.write(at, high);
        self.write(at + 1, low);
    }

    /// `octets` from word `at` on, the last word padded with zeros.
    pub(super) fn write_octets(self, at: usize, octets: &[u8]) {
        for (place, octets) in (at..).zip(octets.chunks(8)) {
            let mut word = [0; 8];
            for (to, from) in word.iter_mut().zip(octets) {
                *to = *from;
            }
            self.write(place, u64::from_be_bytes(word));
        }
    }

    /// The name of an interface.
    pub(super) fn read_name(self, at: usize) -> Option<LinkName> {
        let name = self.read_octets(at, NAME);
        let name = name.split(|octet| *octet == 0).next()?;
        LinkName::new(std::str::from_utf8(name).ok()?)
    }

    pub(super) fn read_octets(self, at: usize, length: usize) -> Vec<u8> {
        let mut octets: Vec<u8> = (at..at + length.div_ceil(8))
            .flat_map(|place| self.read(place).to_be_bytes())
            .collect();
        octets.truncate(length);
        octets
    }
}

/// Octets of an interface's name, its end included.
const NAME: usize = 16;

/// An address as two words.
pub(super) fn ip_words(ip: IpAddr) -> [u64; 2] {
    let ip = match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped(),
        IpAddr::V6(ip) => ip,
    };
    let whole = u128::from(ip);
    #[expect(clippy::as_conversions, reason = "the two halves of the number")]
    [(whole >> 64) as u64, whole as u64]
}

/// An index as it stands in a word.
pub(super) fn word(index: usize) -> u64 {
    u64::try_from(index).unwrap_or(u64::MAX)
}

/// A word as an index: far outside the words if it is none.
pub(super) fn index(word: u64) -> usize {
    usize::try_from(word).unwrap_or(usize::MAX / 2)
}
