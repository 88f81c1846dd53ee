//! An advert becomes the release of the same router.

use crate::types::{Centis, Envelope, Priority};
use crate::wire::{AUTH_HEADER, Authenticator};

use super::read::LastAdvert;

/// `advert` with the priority that says "I leave"; `None` if it is no VRRP message.
///
/// Everything else stays as it was, the checksum is right again: the same bytes that the Active
/// Router itself would have sent.
pub(super) fn released(advert: &[u8]) -> Option<Vec<u8>> {
    with_priority(advert, Priority::RELEASE)
}

/// The same behind an Authentication Header, which is made anew with `key`: `later` numbers after
/// that of `advert`. `None` where `advert` has none.
pub(super) fn signed_release(
    advert: &LastAdvert,
    key: [u8; 8],
    later: u32,
) -> Option<(Envelope, Vec<u8>)> {
    let (header, message) = advert.message.split_at_checked(AUTH_HEADER)?;
    let last = u32::from_be_bytes(*header.get(SEQUENCE..)?.first_chunk()?);
    let released = released(message)?;
    let mut authenticator = Authenticator::new(key, last.saturating_add(later));
    let (source, destination) = (advert.source, advert.destination);
    let (envelope, signed) = authenticator.sign(&released, source, destination, advert.ttl)?;
    Some((envelope, signed.to_vec()))
}

/// `advert` with another interval, for the receivers to learn; `None` if it is no VRRPv3 message
/// or says this interval already.
pub(super) fn shortened(advert: &[u8], interval: Centis) -> Option<Vec<u8>> {
    let version = advert.first()? >> 4;
    let old = word(advert, INTERVAL)?;
    let reserved = old & 0xf000;
    let interval = interval.min(Centis::MAX_V3).get();
    if version != 3 || old & 0x0fff == interval {
        return None;
    }
    amended(advert, INTERVAL, reserved | interval)
}

fn with_priority(advert: &[u8], priority: Priority) -> Option<Vec<u8>> {
    let [_, count] = word(advert, PRIORITY)?.to_be_bytes();
    let new = u16::from_be_bytes([priority.get(), count]);
    amended(advert, PRIORITY, new)
}

/// `message` with another word at `offset`, the checksum updated by the difference
/// (RFC 1624 §3). So it stays right whatever pseudo-header it covers.
fn amended(message: &[u8], offset: usize, new: u16) -> Option<Vec<u8>> {
    let old = word(message, offset)?;
    let sum = u32::from(!word(message, CHECKSUM)?) + u32::from(!old) + u32::from(new);
    let folded = (sum & 0xffff) + (sum >> 16);
    let folded = (folded & 0xffff) + (folded >> 16);
    let checksum = !u16::try_from(folded).ok()?;
    let mut message = message.to_vec();
    for (offset, value) in [(offset, new), (CHECKSUM, checksum)] {
        message.get_mut(offset..offset + 2)?.copy_from_slice(&value.to_be_bytes());
    }
    Some(message)
}

fn word(message: &[u8], offset: usize) -> Option<u16> {
    let octets = message.get(offset..offset + 2)?;
    Some(u16::from_be_bytes(octets.try_into().ok()?))
}

/// Offset of the sequence number in an Authentication Header.
const SEQUENCE: usize = 8;
/// Offset of the priority and, behind it, the number of addresses (RFC 9568 §5.1).
const PRIORITY: usize = 2;
/// Offset of version 3's interval, four reserved bits before it.
const INTERVAL: usize = 4;
/// Offset of the checksum.
const CHECKSUM: usize = 6;

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use crate::types::{Family, IfIndex, Vrid};
    use crate::wire::{Coverage, Format, Frame};

    use super::*;

    /// A message as the router seals it.
    fn sealed(format: Format, coverage: Coverage, priority: u8, interval: u16) -> Vec<u8> {
        let (address, source, group): (IpAddr, IpAddr, IpAddr) = match format.family() {
            Family::V4 => ([10, 9, 0, 100].into(), [10, 9, 0, 5].into(), [224, 0, 0, 18].into()),
            Family::V6 => (
                "fe80::100".parse().unwrap(),
                "fe80::5".parse().unwrap(),
                "ff02::12".parse().unwrap(),
            ),
        };
        let mut frame = Frame::new(format, Vrid::new(51).unwrap(), [address]).unwrap();
        let priority = Priority::new(priority);
        let interval = Centis::new(interval).unwrap();
        frame.seal(priority, interval, source, group, coverage).to_vec()
    }

    const FORMS: [(Format, Coverage); 6] = [
        (Format::V2Signed, Coverage::MessageOnly),
        (Format::V2 { password: None }, Coverage::MessageOnly),
        (Format::V2 { password: Some(*b"secret\0\0") }, Coverage::MessageOnly),
        (Format::V3(Family::V4), Coverage::PseudoHeader),
        (Format::V3(Family::V4), Coverage::MessageOnly),
        (Format::V3(Family::V6), Coverage::PseudoHeader),
    ];

    #[test]
    fn a_release_is_the_router_s_own() {
        for (format, coverage) in FORMS {
            for priority in 1..=255 {
                assert_eq!(
                    released(&sealed(format, coverage, priority, 100)).unwrap(),
                    sealed(format, coverage, 0, 100),
                    "{format:?} {coverage:?} {priority}"
                );
            }
        }
    }

    #[test]
    fn a_signed_release_is_the_router_s_own_a_few_numbers_later() {
        let (source, group): (IpAddr, IpAddr) = ([10, 9, 0, 5].into(), [224, 0, 0, 18].into());
        let key = *b"secret\0\0";
        let mut router = Authenticator::new(key, 41);
        let mut sign = |priority| {
            let message = sealed(Format::V2Signed, Coverage::MessageOnly, priority, 100);
            router.advance();
            let (envelope, signed) = router.sign(&message, source, group, 255).unwrap();
            (envelope, signed.to_vec())
        };
        let (_, message) = sign(100);
        let advert = LastAdvert {
            link: IfIndex::new(2).unwrap(),
            source,
            destination: group,
            ttl: 255,
            taught: None,
            key: Some(key),
            message,
        };
        for later in 1..=3 {
            assert_eq!(signed_release(&advert, key, later), Some(sign(0)), "{later}");
        }
        for length in 0..AUTH_HEADER + 8 {
            let message = advert.message[..length].to_vec();
            let cut = LastAdvert { message, ..advert.clone() };
            assert_eq!(signed_release(&cut, key, 1), None, "{length} octets");
        }
    }

    #[test]
    fn a_shortened_advert_is_the_router_s_own() {
        for (format, coverage) in FORMS {
            let advert = sealed(format, coverage, 100, 4095);
            let short = shortened(&advert, Centis::SHORTEST);
            match format {
                Format::V2 { .. } | Format::V2Signed => {
                    assert_eq!(short, None, "version 2 has nothing to learn")
                }
                Format::V3(_) => {
                    assert_eq!(short.unwrap(), sealed(format, coverage, 100, 1));
                }
            }
        }
    }

    #[test]
    fn what_is_short_already_is_not_sent_again() {
        let advert = sealed(Format::V3(Family::V4), Coverage::PseudoHeader, 100, 1);
        assert_eq!(shortened(&advert, Centis::SHORTEST), None);
    }

    #[test]
    fn what_is_no_message_gives_none() {
        for length in 0..8 {
            assert_eq!(released(&vec![0x31; length]), None);
            assert_eq!(shortened(&vec![0x31; length], Centis::SHORTEST), None);
        }
    }
}
