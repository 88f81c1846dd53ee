//! Authentication Headers there and back: captures, round trips, and what is refused.

use std::net::{IpAddr, Ipv4Addr};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::types::{Centis, Envelope, Family, Packet, Priority, Reject, Version, Vrid};
use crate::wire::{Coverage, Datagram, Format, Frame, Header};

use super::{AUTH_HEADER, Authenticator};

/// keepalived 2.2.7, VRID 51, priority 90, two addresses, password "secret12": its first advert.
#[rustfmt::skip]
const MULTICAST: [u8; 68] = [
    0x45, 0xc0, 0x00, 0x44, 0x00, 0x01, 0x00, 0x00, 0xff, 0x33, 0xd0, 0x64,
    0x0a, 0x4d, 0x00, 0x02, 0xe0, 0x00, 0x00, 0x12,
    0x70, 0x04, 0x00, 0x00, 0x0a, 0x4d, 0x00, 0x02, 0x00, 0x00, 0x00, 0x01,
    0x82, 0x53, 0x37, 0x9d, 0x89, 0xdc, 0xc4, 0xee, 0xab, 0x96, 0x82, 0xc9,
    0x21, 0x33, 0x5a, 0x02, 0x02, 0x01, 0x6d, 0x66, 0x0a, 0x4d, 0x00, 0x64, 0x0a, 0x4d, 0x00, 0x65,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
];

/// The router that answered it, of priority 100: it goes on from what it heard.
#[rustfmt::skip]
const ANSWER: [u8; 68] = [
    0x45, 0xc0, 0x00, 0x44, 0x00, 0x01, 0x00, 0x00, 0xff, 0x33, 0xd0, 0x65,
    0x0a, 0x4d, 0x00, 0x01, 0xe0, 0x00, 0x00, 0x12,
    0x70, 0x04, 0x00, 0x00, 0x0a, 0x4d, 0x00, 0x01, 0x00, 0x00, 0x00, 0x02,
    0x6b, 0xaa, 0x82, 0x64, 0x6f, 0x9b, 0x84, 0x81, 0xb4, 0x55, 0x80, 0x77,
    0x21, 0x33, 0x64, 0x02, 0x02, 0x01, 0x63, 0x66, 0x0a, 0x4d, 0x00, 0x64, 0x0a, 0x4d, 0x00, 0x65,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
];

/// Its priority 0, seven adverts later.
#[rustfmt::skip]
const RELEASE: [u8; 68] = [
    0x45, 0xc0, 0x00, 0x44, 0x00, 0x08, 0x00, 0x00, 0xff, 0x33, 0xd0, 0x5e,
    0x0a, 0x4d, 0x00, 0x01, 0xe0, 0x00, 0x00, 0x12,
    0x70, 0x04, 0x00, 0x00, 0x0a, 0x4d, 0x00, 0x01, 0x00, 0x00, 0x00, 0x09,
    0xe4, 0x51, 0xf1, 0x25, 0x72, 0xd2, 0x5c, 0xdf, 0x8e, 0xe7, 0xcb, 0x59,
    0x21, 0x33, 0x00, 0x02, 0x02, 0x01, 0xc7, 0x66, 0x0a, 0x4d, 0x00, 0x64, 0x0a, 0x4d, 0x00, 0x65,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
];

/// keepalived 2.2.7 with the password "k8s" and two unicast peers: its second advert to the one
/// and to the other.
#[rustfmt::skip]
const UNICAST: [[u8; 68]; 2] = [
    [
        0x45, 0xc0, 0x00, 0x44, 0x00, 0x02, 0x00, 0x00, 0xff, 0x33, 0xa6, 0x28,
        0x0a, 0x4d, 0x00, 0x01, 0x0a, 0x4d, 0x00, 0x02,
        0x70, 0x04, 0x00, 0x00, 0x0a, 0x4d, 0x00, 0x01, 0x00, 0x00, 0x00, 0x02,
        0xc9, 0xb1, 0xd2, 0xef, 0x35, 0x71, 0x5e, 0x9b, 0x53, 0xf1, 0x87, 0x98,
        0x21, 0x33, 0x64, 0x02, 0x02, 0x01, 0x63, 0x66,
        0x0a, 0x4d, 0x00, 0x64, 0x0a, 0x4d, 0x00, 0x65,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    ],
    [
        0x45, 0xc0, 0x00, 0x44, 0x00, 0x02, 0x00, 0x00, 0xff, 0x33, 0xa6, 0x27,
        0x0a, 0x4d, 0x00, 0x01, 0x0a, 0x4d, 0x00, 0x03,
        0x70, 0x04, 0x00, 0x00, 0x0a, 0x4d, 0x00, 0x01, 0x00, 0x00, 0x00, 0x02,
        0x21, 0x52, 0xa1, 0x00, 0x7e, 0xff, 0xbf, 0xce, 0x1e, 0xb1, 0x09, 0x7b,
        0x21, 0x33, 0x64, 0x02, 0x02, 0x01, 0x63, 0x66,
        0x0a, 0x4d, 0x00, 0x64, 0x0a, 0x4d, 0x00, 0x65,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    ],
];

const SECRET: [u8; 8] = *b"secret12";
const SHORT: [u8; 8] = *b"k8s\0\0\0\0\0";

/// Judges a packet by a router that has heard and said nothing yet.
fn judged(password: [u8; 8], packet: &[u8]) -> Result<u32, Reject> {
    let datagram = Datagram::read(Packet::V4(packet))?;
    let header = datagram.header.ok_or(Reject::AuthMismatch)?;
    let known = Authenticator::new(password, 0);
    known.verify(&header, datagram.source)?;
    known.follow(&header)
}

/// The IP header that the sender puts in front of what was signed.
fn with_ip(
    (envelope, signed): (Envelope, &[u8]),
    source: Ipv4Addr,
    destination: Ipv4Addr,
    ttl: u8,
) -> Vec<u8> {
    let Envelope::Ah(id) = envelope else { panic!("{envelope:?}") };
    let total = u16::try_from(20 + signed.len()).unwrap().to_be_bytes();
    let mut packet = vec![0x45, 0xc0];
    packet.extend(total);
    packet.extend(id.get().to_be_bytes());
    packet.extend([0, 0, ttl, 51, 0, 0]);
    packet.extend(source.octets());
    packet.extend(destination.octets());
    packet.extend(signed);
    packet
}

#[test]
fn captures_of_keepalived_are_read_in_full() {
    for (packet, password, sequence, priority) in [
        (&MULTICAST, SECRET, 1, 90),
        (&ANSWER, SECRET, 2, 100),
        (&RELEASE, SECRET, 9, 0),
        (&UNICAST[0], SHORT, 2, 100),
        (&UNICAST[1], SHORT, 2, 100),
    ] {
        assert_eq!(judged(password, packet), Ok(sequence));
        let datagram = Datagram::read(Packet::V4(packet)).unwrap();
        let header = Header::read(datagram.payload).unwrap();
        let advert = header.advertisement(Version::V2, Family::V4).unwrap();
        assert_eq!(header.priority(), Priority::new(priority));
        assert_eq!(
            advert.authenticated().map(|found| (found.kind, *found.data)),
            Some((2, [0; 8]))
        );
        let verified = advert.verify(datagram.source, datagram.destination);
        assert_eq!(verified, Ok(Coverage::MessageOnly));
    }
}

#[test]
fn what_keepalived_sends_is_signed_octet_for_octet() {
    let addresses = [[10, 77, 0, 100], [10, 77, 0, 101]].map(IpAddr::from);
    let mut frame = Frame::new(Format::V2Signed, Vrid::new(51).unwrap(), addresses).unwrap();
    for (packet, password, before) in
        [(&MULTICAST, SECRET, 0), (&UNICAST[0], SHORT, 1), (&UNICAST[1], SHORT, 1)]
    {
        let Datagram { source, destination, .. } = Datagram::read(Packet::V4(packet)).unwrap();
        let priority = Priority::new(packet[46]);
        let form = Coverage::MessageOnly;
        let message = frame.seal(priority, Centis::SECOND, source, destination, form);
        let mut authenticator = Authenticator::new(password, before);
        authenticator.advance();
        let (envelope, signed) = authenticator.sign(message, source, destination, 255).unwrap();
        let Envelope::Ah(id) = envelope else { panic!("{envelope:?}") };
        assert_eq!(id.get().to_be_bytes(), packet[4..6]);
        assert_eq!(signed, &packet[20..]);
    }
}

#[test]
fn every_flipped_bit_of_a_capture_is_refused_but_those_that_change_on_the_way() {
    // The type of service, "don't fragment" and the reserved flag, the IP checksum, at which the
    // kernel looks; and the TTL where routers may be on the way.
    let on_the_way = |place: usize, bit: usize| match place {
        1 | 10 | 11 => true,
        6 => bit >= 6,
        _ => false,
    };
    for (packet, password, routed) in [(&MULTICAST, SECRET, false), (&UNICAST[0], SHORT, true)] {
        for (place, bit) in (0..packet.len()).flat_map(|place| (0..8).map(move |bit| (place, bit)))
        {
            let mut flipped = *packet;
            flipped[place] ^= 1 << bit;
            let known = judged(password, &flipped).is_ok();
            let changes = on_the_way(place, bit) || (routed && place == 8);
            assert_eq!(known, changes, "octet {place}, bit {bit}");
        }
    }
}

#[test]
fn each_mistake_has_its_name() {
    let with = |place: usize, octet: u8| {
        let mut packet = MULTICAST;
        packet[place] = octet;
        judged(SECRET, &packet)
    };
    assert_eq!(with(20, 59), Err(Reject::AhHeader), "another next header");
    assert_eq!(with(21, 5), Err(Reject::AhHeader), "a longer header");
    assert_eq!(with(27, 3), Err(Reject::AhIndex));
    assert_eq!(with(31, 2), Err(Reject::AhDigest), "another number");
    assert_eq!(with(46, 0), Err(Reject::AhDigest), "another priority");
    assert_eq!(judged(SHORT, &MULTICAST), Err(Reject::AhDigest), "another password");
    let mut cut = MULTICAST[..43].to_vec();
    cut[3] = 43;
    assert_eq!(judged(SECRET, &cut), Err(Reject::AhHeader), "cut short");
}

#[test]
fn a_number_is_taken_once_and_never_one_below() {
    let read =
        |packet: &'static [u8; 68]| Datagram::read(Packet::V4(packet)).unwrap().header.unwrap();
    let mut known = Authenticator::new(SECRET, 1);
    assert_eq!(known.follow(&read(&MULTICAST)), Err(Reject::AhReplay));
    assert_eq!(known.follow(&read(&ANSWER)), Ok(2));
    known.accept(2);
    assert_eq!(known.follow(&read(&ANSWER)), Err(Reject::AhReplay));
    known.accept(1);
    assert_eq!(known.last(), 2, "it never goes back");
    known.advance();
    assert_eq!(known.last(), 3, "what is sent counts, too");
}

#[test]
fn the_last_number_is_the_end_of_counting() {
    let mut known = Authenticator::new(SECRET, u32::MAX - 1);
    known.advance();
    known.advance();
    assert_eq!(known.last(), u32::MAX);
    let datagram = Datagram::read(Packet::V4(&MULTICAST)).unwrap();
    assert_eq!(known.follow(&datagram.header.unwrap()), Err(Reject::AhReplay));
}

#[test]
fn an_identification_is_never_0_which_the_kernel_would_replace() {
    let (source, group) = ([10, 0, 0, 1].into(), [224, 0, 0, 18].into());
    for last in [0, 1 << 16, u32::MAX << 16] {
        let mut known = Authenticator::new(SECRET, last);
        let (envelope, _) = known.sign(&[0; 16], source, group, 255).unwrap();
        assert!(matches!(envelope, Envelope::Ah(id) if id.get() == u16::MAX), "{envelope:?}");
    }
}

proptest! {
    #[test]
    fn what_was_signed_is_known_by_the_same_password_alone(
        (password, other) in any::<[[u8; 8]; 2]>().prop_map(|[a, b]| (a, b)),
        last in 0..u32::MAX,
        (source, destination) in any::<([u8; 4], [u8; 4])>(),
        (sent, arrived) in any::<(u8, u8)>(),
        message in vec(any::<u8>(), 8..1036),
    ) {
        let (source, destination) = (Ipv4Addr::from(source), Ipv4Addr::from(destination));
        let mut sender = Authenticator::new(password, last);
        sender.advance();
        let sealed = sender.sign(&message, source.into(), destination.into(), sent).unwrap();
        prop_assert_eq!(sealed.1.len(), AUTH_HEADER + message.len());
        let ttl = if destination.is_multicast() { sent } else { arrived };
        let packet = with_ip(sealed, source, destination, ttl);
        let datagram = Datagram::read(Packet::V4(&packet)).unwrap();
        prop_assert_eq!(datagram.payload, &message[..]);
        prop_assert_eq!(judged(password, &packet), Ok(last + 1));
        if password != other {
            prop_assert_eq!(judged(other, &packet), Err(Reject::AhDigest));
        }
    }

    #[test]
    fn every_flipped_bit_of_what_was_signed_is_refused(
        password in any::<[u8; 8]>(),
        message in vec(any::<u8>(), 8..1036),
        bits in vec(any::<Index>(), 64),
    ) {
        let (source, group) = (Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(224, 0, 0, 18));
        let mut sender = Authenticator::new(password, 0);
        sender.advance();
        let sealed = sender.sign(&message, source.into(), group.into(), 255).unwrap();
        let packet = with_ip(sealed, source, group, 255);
        for bit in bits.into_iter().map(|bit| bit.index((packet.len() - 20) * 8)) {
            let mut flipped = packet.clone();
            flipped[20 + bit / 8] ^= 1 << (bit % 8);
            let refused = judged(password, &flipped);
            let named = matches!(refused, Err(Reject::AhHeader | Reject::AhIndex | Reject::AhDigest));
            prop_assert!(named, "bit {}: {:?}", bit, refused);
        }
    }
}
