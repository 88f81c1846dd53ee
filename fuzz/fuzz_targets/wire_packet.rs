//! Any octets that a raw socket might deliver: reading them never panics, and what is read as an
//! advertisement is one.
#![no_main]

use std::net::{IpAddr, Ipv6Addr};

use libfuzzer_sys::fuzz_target;

use vipd::types::{Envelope, Family, Packet, Reject, Version};
use vipd::wire::{Authenticator, Datagram, Format, Frame, Header};

fuzz_target!(|octets: &[u8]| {
    read(Packet::V4(octets));
    read(Packet::V6 {
        source: Ipv6Addr::LOCALHOST,
        destination: Ipv6Addr::LOCALHOST,
        hop_limit: 255,
        payload: octets,
    });
});

/// Takes a packet through every step of a receiver, as it is and with its checksum put right,
/// which no mutation would do by chance.
fn read(packet: Packet<'_>) {
    let Ok(datagram) = Datagram::read(packet) else {
        return;
    };
    examine(datagram);
    sign(datagram);
    let repaired = with_checksum(datagram);
    let payload = &repaired;
    examine(Datagram {
        payload,
        ..datagram
    });
}

/// Nobody who lacks the password signs by chance; what is signed anew is known.
fn sign(datagram: Datagram<'_>) {
    let Some(header) = datagram.header else {
        return;
    };
    let known = Authenticator::new(*b"secret\0\0", header.sequence().saturating_sub(1));
    assert!(known.verify(&header, datagram.source).is_err());
    let mut sender = known.clone();
    sender.advance();
    let Datagram { source, destination, ttl, payload, .. } = datagram;
    let (Envelope::Ah(id), signed) =
        sender.sign(payload, source, destination, ttl).expect("it came over IPv4")
    else {
        panic!("it was signed");
    };
    let total = u16::try_from(20 + signed.len()).expect("it was a packet");
    let mut packet = vec![0x45, 0xc0, 0, 0, 0, 0, 0, 0, ttl, 51, 0, 0];
    packet[2..4].copy_from_slice(&total.to_be_bytes());
    packet[4..6].copy_from_slice(&id.get().to_be_bytes());
    for address in [source, destination] {
        if let IpAddr::V4(address) = address {
            packet.extend(address.octets());
        }
    }
    packet.extend(signed);
    let again = Datagram::read(Packet::V4(&packet)).expect("it was sealed");
    let header = again.header.expect("it was signed");
    assert_eq!(known.verify(&header, again.source), Ok(()));
    assert_eq!(known.follow(&header), Ok(sender.last()));
    assert_eq!(sender.follow(&header), Err(Reject::AhReplay));
    assert_eq!(again.payload, payload);
}

/// Reads the message as far as it goes. An intact advertisement must be what we would have sent
/// ourselves, but for reserved bits and for authentication that is not ours to send.
fn examine(datagram: Datagram<'_>) {
    let family = Family::of(datagram.source);
    let Ok(header) = Header::read(datagram.payload) else {
        return;
    };
    let Ok(version) = header.version() else {
        return;
    };
    let Ok(advert) = header.advertisement(version, family) else {
        return;
    };
    assert_eq!(advert.addresses().count(), usize::from(header.count()));
    let (Ok(()), Ok(coverage), Ok(interval), Some(vrid)) = (
        header.check_type(),
        advert.verify(datagram.source, datagram.destination),
        advert.interval(),
        header.vrid(),
    ) else {
        return;
    };
    let format = match (version, advert.authenticated()) {
        (Version::V2, Some(found)) if found.kind == 1 => Format::V2 {
            password: Some(*found.data),
        },
        (Version::V2, Some(found)) if (found.kind, *found.data) == (2, [0; 8]) => {
            Format::V2Signed
        }
        (Version::V3, None) => Format::V3(family),
        _ => return,
    };
    let (source, destination) = (datagram.source, datagram.destination);
    let mut frame = Frame::new(format, vrid, advert.addresses()).expect("it was read");
    let sealed = frame.seal(header.priority(), interval, source, destination, coverage);
    let mut expected = datagram.payload.to_vec();
    if version == Version::V3 {
        expected[4] &= 0x0f;
    }
    assert_eq!(sealed[..6], expected[..6]);
    assert_eq!(sealed[8..], expected[8..]);
    let header = Header::read(sealed).expect("it was sealed");
    let again = header
        .advertisement(version, family)
        .expect("it was sealed");
    assert_eq!(again.verify(source, destination), Ok(coverage));
}

/// The message with the checksum that makes it intact: over IPv4 without, over IPv6 with the
/// pseudo-header.
fn with_checksum(datagram: Datagram<'_>) -> Vec<u8> {
    let mut message = datagram.payload.to_vec();
    let Some(field) = message.get_mut(6..8) else {
        return message;
    };
    field.fill(0);
    let mut summed = message.clone();
    if let (IpAddr::V6(source), IpAddr::V6(destination)) = (datagram.source, datagram.destination) {
        summed.resize(message.len().next_multiple_of(2), 0);
        summed.extend(source.octets());
        summed.extend(destination.octets());
        summed.extend([0, 112]);
        summed.extend(u16::try_from(message.len()).unwrap_or(0).to_be_bytes());
    }
    let sum = summed.chunks(2).fold(0_u64, |sum, word| {
        let low = word.get(1).copied().unwrap_or(0);
        sum + u64::from(u16::from_be_bytes([word[0], low]))
    });
    let folded = u16::try_from((sum.max(1) - 1) % 0xffff + 1).expect("it is 0xffff at most");
    message[6..8].copy_from_slice(&(!folded).to_be_bytes());
    message
}
