//! VRRP messages there and back: captures, round trips, and what noise does.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::collection::vec;
use proptest::prelude::*;

use crate::types::{Centis, Family, Priority, Reject, Version, Vrid};

use super::{Coverage, Datagram, Format, Frame, FrameError, Header, Packet};

/// keepalived 2.2.7, version 2, VRID 51, priority 150, two addresses, password "s3cret".
#[rustfmt::skip]
const V2_PASSWORD: [u8; 44] = [
    0x45, 0xc0, 0x00, 0x2c, 0x00, 0x01, 0x00, 0x00, 0xff, 0x70, 0xd0, 0x40,
    0x0a, 0x4d, 0x00, 0x01, 0xe0, 0x00, 0x00, 0x12,
    0x21, 0x33, 0x96, 0x02, 0x01, 0x01, 0xf6, 0x4b, 0x0a, 0x4d, 0x00, 0x64, 0x0a, 0x4d, 0x00, 0x65,
    0x73, 0x33, 0x63, 0x72, 0x65, 0x74, 0x00, 0x00,
];

/// keepalived 2.2.7, version 3 over IPv4, VRID 52, priority 100, every 30 centiseconds.
#[rustfmt::skip]
const V3_IPV4: [u8; 32] = [
    0x45, 0xc0, 0x00, 0x20, 0x00, 0x01, 0x00, 0x00, 0xff, 0x70, 0xd0, 0x4c,
    0x0a, 0x4d, 0x00, 0x01, 0xe0, 0x00, 0x00, 0x12,
    0x31, 0x34, 0x64, 0x01, 0x00, 0x1e, 0x75, 0x14, 0x0a, 0x4d, 0x00, 0x6e,
];

/// keepalived 2.2.7, version 3 over IPv6 from fe80::ff:fe00:1, VRID 53, priority 200, every 25
/// centiseconds.
#[rustfmt::skip]
const V3_IPV6: [u8; 40] = [
    0x31, 0x35, 0xc8, 0x02, 0x00, 0x19, 0xdc, 0x9f,
    0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x00, 0x53,
    0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x00, 0x53,
];

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn vrid(value: u8) -> Vrid {
    Vrid::new(value).unwrap()
}

fn centis(value: u16) -> Centis {
    Centis::new(value).unwrap()
}

#[test]
fn a_version_2_capture_is_read_in_full() {
    let datagram = Datagram::read(Packet::V4(&V2_PASSWORD)).unwrap();
    let header = Header::read(datagram.payload).unwrap();
    assert_eq!(header.version(), Ok(Version::V2));
    assert_eq!(header.check_type(), Ok(()));
    assert_eq!(header.vrid(), Some(vrid(51)));
    assert_eq!(header.priority(), Priority::new(150));
    let advert = header.advertisement(Version::V2, Family::V4).unwrap();
    assert_eq!(advert.interval(), Ok(Centis::SECOND));
    let listed: Vec<IpAddr> = advert.addresses().collect();
    assert_eq!(listed, [ip("10.77.0.100"), ip("10.77.0.101")]);
    let authenticated = advert.authenticated().unwrap();
    assert_eq!((authenticated.kind, authenticated.data), (1, b"s3cret\0\0"));
    let verified = advert.verify(datagram.source, datagram.destination);
    assert_eq!(verified, Ok(Coverage::MessageOnly));
}

#[test]
fn a_version_3_capture_over_ipv4_is_read_in_full() {
    let datagram = Datagram::read(Packet::V4(&V3_IPV4)).unwrap();
    let header = Header::read(datagram.payload).unwrap();
    assert_eq!(header.version(), Ok(Version::V3));
    assert_eq!(header.vrid(), Some(vrid(52)));
    let advert = header.advertisement(Version::V3, Family::V4).unwrap();
    assert_eq!(advert.interval(), Ok(centis(30)));
    assert_eq!(advert.authenticated(), None);
    assert!(advert.addresses().eq([ip("10.77.0.110")]));
    let verified = advert.verify(datagram.source, datagram.destination);
    assert_eq!(verified, Ok(Coverage::PseudoHeader));
}

#[test]
fn a_version_3_capture_over_ipv6_is_read_in_full() {
    let header = Header::read(&V3_IPV6).unwrap();
    assert_eq!(header.priority(), Priority::new(200));
    let advert = header.advertisement(Version::V3, Family::V6).unwrap();
    assert_eq!(advert.interval(), Ok(centis(25)));
    assert!(advert.addresses().eq([ip("fe80::53"), ip("2001:db8::53")]));
    let verified = advert.verify(ip("fe80::ff:fe00:1"), ip("ff02::12"));
    assert_eq!(verified, Ok(Coverage::PseudoHeader));
}

#[test]
fn what_keepalived_sends_is_sealed_octet_for_octet() {
    let (source, group) = (ip("10.77.0.1"), ip("224.0.0.18"));
    let password = Some(*b"s3cret\0\0");
    let addresses = [ip("10.77.0.100"), ip("10.77.0.101")];
    let mut v2 = Frame::new(Format::V2 { password }, vrid(51), addresses).unwrap();
    let form = Coverage::PseudoHeader;
    let sealed = v2.seal(Priority::new(150), Centis::SECOND, source, group, form);
    assert_eq!(sealed, &V2_PASSWORD[20..]);

    let v3 = Format::V3(Family::V4);
    let mut v3 = Frame::new(v3, vrid(52), [ip("10.77.0.110")]).unwrap();
    let sealed = v3.seal(Priority::new(100), centis(30), source, group, form);
    assert_eq!(sealed, &V3_IPV4[20..]);

    let addresses = [ip("fe80::53"), ip("2001:db8::53")];
    let mut v6 = Frame::new(Format::V3(Family::V6), vrid(53), addresses).unwrap();
    let (source, group) = (ip("fe80::ff:fe00:1"), ip("ff02::12"));
    let sealed = v6.seal(Priority::new(200), centis(25), source, group, form);
    assert_eq!(sealed, V3_IPV6);
}

#[test]
fn a_message_that_is_not_exactly_as_long_as_it_says_is_refused() {
    let payload = &V2_PASSWORD[20..];
    for length in 0..payload.len() {
        let read = Header::read(&payload[..length])
            .and_then(|header| header.advertisement(Version::V2, Family::V4));
        assert_eq!(read.err(), Some(Reject::Length), "{length} octets");
    }
    let longer = [payload, &[0]].concat();
    let read = Header::read(&longer).unwrap();
    let read = read.advertisement(Version::V2, Family::V4);
    assert_eq!(read.err(), Some(Reject::Length));
}

#[test]
fn version_2_over_ipv6_does_not_exist() {
    let header = Header::read(&V2_PASSWORD[20..]).unwrap();
    let read = header.advertisement(Version::V2, Family::V6);
    assert_eq!(read.err(), Some(Reject::Version));
}

#[test]
fn reserved_bits_are_ignored_and_an_interval_of_0_is_refused() {
    let mut message = V3_IPV6;
    message[4] = 0xf0;
    let advert = |message: &[u8; 40]| {
        let header = Header::read(message).unwrap();
        let advert = header.advertisement(Version::V3, Family::V6);
        advert.unwrap().interval()
    };
    assert_eq!(advert(&message), Ok(centis(25)));
    message[5] = 0;
    assert_eq!(advert(&message), Err(Reject::ZeroInterval));
}

#[test]
fn a_frame_holds_255_addresses_of_its_family() {
    let format = Format::V2 { password: None };
    let four = ip("10.0.0.1");
    assert!(Frame::new(format, vrid(1), vec![four; 255]).is_ok());
    let count = 256;
    let error = Frame::new(format, vrid(1), vec![four; count]);
    assert_eq!(error, Err(FrameError::TooMany { count }));
    let (address, family) = (ip("::1"), Family::V4);
    let error = Frame::new(format, vrid(1), [four, address]);
    assert_eq!(error, Err(FrameError::Family { family, address }));
}

#[test]
fn a_frame_without_addresses_has_none() {
    let frame = Frame::new(Format::V2 { password: None }, vrid(1), []).unwrap();
    assert_eq!(frame.address_octets(), [0_u8; 0]);
}

/// Everything that a sealed message is made of.
#[derive(Clone, Debug)]
struct Sample {
    format: Format,
    vrid: Vrid,
    addresses: Vec<IpAddr>,
    priority: Priority,
    interval: Centis,
    source: IpAddr,
    destination: IpAddr,
    coverage: Coverage,
}

impl Sample {
    fn seal(&self) -> Vec<u8> {
        let addresses = self.addresses.iter().copied();
        let mut frame = Frame::new(self.format, self.vrid, addresses).unwrap();
        let (priority, interval) = (self.priority, self.interval);
        let sealed = frame.seal(priority, interval, self.source, self.destination, self.coverage);
        sealed.to_vec()
    }

    /// The form that [`Frame::seal`] used.
    fn sealed_with(&self) -> Coverage {
        match self.format {
            Format::V2 { .. } | Format::V2Signed => Coverage::MessageOnly,
            Format::V3(Family::V4) => self.coverage,
            Format::V3(Family::V6) => Coverage::PseudoHeader,
        }
    }

    /// What the receiver finds out about `message`.
    fn verify(&self, message: &[u8]) -> Result<Coverage, Reject> {
        let header = Header::read(message)?;
        let version = header.version()?;
        header.check_type()?;
        header.advertisement(version, self.format.family())?.verify(self.source, self.destination)
    }
}

fn address(family: Family) -> BoxedStrategy<IpAddr> {
    match family {
        Family::V4 => any::<Ipv4Addr>().prop_map(IpAddr::V4).boxed(),
        Family::V6 => any::<Ipv6Addr>().prop_map(IpAddr::V6).boxed(),
    }
}

fn format() -> impl Strategy<Value = Format> {
    prop_oneof![
        any::<Option<[u8; 8]>>().prop_map(|password| Format::V2 { password }),
        Just(Format::V2Signed),
        Just(Format::V3(Family::V4)),
        Just(Format::V3(Family::V6)),
    ]
}

fn sample() -> impl Strategy<Value = Sample> {
    format().prop_flat_map(|format| {
        let interval = match format {
            Format::V2 { .. } | Format::V2Signed => {
                (1_u16..=255).prop_map(|secs| centis(secs * 100)).boxed()
            }
            Format::V3(_) => (1_u16..=4095).prop_map(centis).boxed(),
        };
        let coverage = prop_oneof![
            Just(Coverage::PseudoHeader),
            Just(Coverage::GroupPseudoHeader),
            Just(Coverage::MessageOnly),
        ];
        let family = format.family();
        (
            (1..=u8::MAX).prop_map(vrid),
            vec(address(family), 0..=255),
            any::<u8>().prop_map(Priority::new),
            interval,
            (address(family), address(family)),
            coverage,
        )
            .prop_map(
                move |(vrid, addresses, priority, interval, (source, destination), coverage)| {
                    Sample {
                        format,
                        vrid,
                        addresses,
                        priority,
                        interval,
                        source,
                        destination,
                        coverage,
                    }
                },
            )
    })
}

proptest! {
    #[test]
    fn what_was_sealed_is_what_is_read(sample in sample()) {
        let message = sample.seal();
        let header = Header::read(&message).unwrap();
        prop_assert_eq!(header.version(), Ok(sample.format.version()));
        prop_assert_eq!(header.check_type(), Ok(()));
        prop_assert_eq!(header.vrid(), Some(sample.vrid));
        prop_assert_eq!(header.priority(), sample.priority);
        prop_assert_eq!(usize::from(header.count()), sample.addresses.len());
        let advert = header.advertisement(sample.format.version(), sample.format.family()).unwrap();
        prop_assert_eq!(advert.interval(), Ok(sample.interval));
        prop_assert_eq!(advert.addresses().len(), sample.addresses.len());
        prop_assert!(advert.addresses().eq(sample.addresses.iter().copied()));
        let expected = match sample.format {
            Format::V2 { password } => Some((u8::from(password.is_some()), password.unwrap_or_default())),
            Format::V2Signed => Some((2, [0; 8])),
            Format::V3(_) => None,
        };
        let authenticated = advert.authenticated().map(|found| (found.kind, *found.data));
        prop_assert_eq!(authenticated, expected);
        let found = advert.verify(sample.source, sample.destination).unwrap();
        // One pseudo-header in 65535 sums up to nothing: then the forms are one.
        let same = Sample { coverage: found, ..sample.clone() }.seal() == message;
        prop_assert!(found == sample.sealed_with() || same, "{found:?}");
    }

    #[test]
    fn a_frame_that_was_sealed_before_leaves_nothing_behind(first in sample(), second in sample()) {
        let addresses = second.addresses.iter().copied();
        let mut frame = Frame::new(second.format, second.vrid, addresses).unwrap();
        frame.seal(first.priority, first.interval, first.source, first.destination, first.coverage);
        let (priority, interval) = (second.priority, second.interval);
        let again = frame.seal(priority, interval, second.source, second.destination, second.coverage);
        prop_assert_eq!(again, second.seal());
    }

    #[test]
    fn every_flipped_bit_of_a_sealed_message_is_noticed(sample in sample(), bits in vec(any::<prop::sample::Index>(), 64)) {
        let message = sample.seal();
        for bit in bits.into_iter().map(|bit| bit.index(message.len() * 8)) {
            let mut flipped = message.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            prop_assert_ne!(sample.verify(&flipped), Ok(sample.sealed_with()), "bit {}", bit);
        }
    }

    #[test]
    fn arbitrary_octets_are_refused_or_read_but_never_a_panic(
        mut octets in vec(any::<u8>(), 8..1100),
        source in any::<Ipv6Addr>(),
        format in format(),
        claims_its_length in any::<bool>(),
    ) {
        let (version, family) = (format.version(), format.family());
        if claims_its_length {
            octets[3] = u8::try_from((octets.len() - 8) / family.octets()).unwrap_or(0);
        }
        if let Ok(datagram) = Datagram::read(Packet::V4(&octets)) {
            prop_assert!(datagram.payload.len() < octets.len());
        }
        let header = Header::read(&octets).unwrap();
        if let Ok(advert) = header.advertisement(version, family) {
            prop_assert_eq!(advert.addresses().count(), usize::from(header.count()));
            let verified = advert.verify(IpAddr::V6(source), IpAddr::V6(source));
            prop_assert!(matches!(verified, Ok(_) | Err(Reject::Checksum)));
            let interval = advert.interval();
            prop_assert!(matches!(interval, Ok(_) | Err(Reject::ZeroInterval)));
        }
    }
}
