//! Adverts arrive as they were sent, where they were sent to, and nowhere else.

use std::net::{IpAddr, Ipv4Addr};

use vipd::sys::{Arrivals, Departure};
use vipd::types::{Family, Packet, Version};
use vipd::wire::{Coverage, Datagram, Header};

use super::cable::{Cable, advert, drain, group_v4, group_v6, ip, never, wait};

/// Sends one advert from the near end to the far end and has it checked there.
fn deliver(cable: &Cable, source: IpAddr, destination: IpAddr, ttl: u8) {
    let receiver = cable.far.receiver(destination);
    let mut transmitter = cable.near.transmitter();
    let message = advert(51, source, destination);
    let departure = Departure { ttl, ..cable.near.departure(destination, &message) };
    transmitter.push(departure, never);
    transmitter.flush(never);

    assert!(wait(&receiver), "nothing arrived");
    let mut arrivals = Arrivals::new();
    assert_eq!(arrivals.receive(&receiver).unwrap(), 1);
    let packet = arrivals.packets().next().unwrap();
    let datagram = Datagram::read(packet).unwrap();
    assert_eq!(datagram.source, source);
    assert_eq!(datagram.destination, destination);
    assert_eq!(datagram.ttl, ttl);
    assert_eq!(datagram.payload, message);
    let header = Header::read(datagram.payload).unwrap();
    let advert = header.advertisement(Version::V3, Family::of(source)).unwrap();
    let verified = advert.verify(datagram.source, datagram.destination);
    assert_eq!(verified, Ok(Coverage::PseudoHeader));
    assert_eq!(arrivals.receive(&receiver).unwrap(), 0, "it arrived twice");
}

#[test]
fn an_advert_to_the_ipv4_group_arrives_as_it_was_sent() {
    let cable = Cable::lay();
    deliver(&cable, cable.near.v4, group_v4(), 255);
}

#[test]
fn an_advert_to_the_ipv6_group_arrives_as_it_was_sent() {
    let cable = Cable::lay();
    deliver(&cable, cable.near.v6, group_v6(), 255);
}

#[test]
fn an_advert_to_a_group_of_ones_own_needs_no_route() {
    let cable = Cable::lay();
    deliver(&cable, cable.near.v4, "239.1.2.3".parse().unwrap(), 17);
}

#[test]
fn a_unicast_advert_arrives_with_its_ttl() {
    let cable = Cable::lay();
    deliver(&cable, cable.near.v4, cable.far.v4, 64);
    deliver(&cable, cable.near.v6, cable.far.v6, 64);
}

#[test]
fn an_ipv4_packet_leaves_as_keepalived_sends_it() {
    let cable = Cable::lay();
    let receiver = cable.far.receiver(group_v4());
    let mut transmitter = cable.near.transmitter();
    let (source, destination) = (cable.near.v4, group_v4());
    let message = advert(51, source, destination);
    let departure = cable.near.departure(destination, &message);
    transmitter.push(departure, never);
    transmitter.push(departure, never);
    transmitter.flush(never);
    let mut headers = Vec::new();
    drain(&receiver, |packet| match packet {
        Packet::V4(octets) => headers.push(octets[..10].to_vec()),
        Packet::V6 { .. } => panic!("IPv6 on an IPv4 socket"),
    });
    // Precedence 6, the whole length, identification from 1 on, no flags, TTL 255, VRRP.
    assert_eq!(headers[0], [0x45, 0xc0, 0, 32, 0, 1, 0, 0, 255, 112]);
    assert_eq!(headers[1], [0x45, 0xc0, 0, 32, 0, 2, 0, 0, 255, 112]);
}

#[test]
fn a_receiver_hears_its_own_group_and_address_only() {
    let cable = Cable::lay();
    let far = [
        group_v4(),
        cable.far.v4,
        "224.0.0.99".parse().unwrap(),
        group_v6(),
        cable.far.v6,
        "ff02::99".parse().unwrap(),
    ];
    let receivers = far.map(|address| cable.far.receiver(address));
    let mut transmitter = cable.near.transmitter();
    for (destination, vrid) in far.into_iter().zip(1..) {
        let source = match destination {
            IpAddr::V4(_) => cable.near.v4,
            IpAddr::V6(_) => cable.near.v6,
        };
        let message = advert(vrid, source, destination);
        let departure = cable.near.departure(destination, &message);
        transmitter.push(departure, never);
    }
    transmitter.flush(never);
    for (receiver, vrid) in receivers.iter().zip(1..) {
        let mut heard = Vec::new();
        drain(receiver, |packet| {
            let datagram = Datagram::read(packet).unwrap();
            heard.push(Header::read(datagram.payload).unwrap().vrid().unwrap().get());
        });
        assert_eq!(heard, [vrid]);
    }
}

#[test]
fn our_own_adverts_do_not_come_back() {
    let cable = Cable::lay();
    let own = [cable.near.receiver(group_v4()), cable.near.receiver(group_v6())];
    let mut transmitter = cable.near.transmitter();
    for (source, destination) in [(cable.near.v4, group_v4()), (cable.near.v6, group_v6())] {
        let message = advert(51, source, destination);
        let departure = cable.near.departure(destination, &message);
        transmitter.push(departure, never);
    }
    transmitter.flush(never);
    for receiver in &own {
        drain(receiver, |packet| panic!("it came back: {packet:?}"));
    }
}

#[test]
fn a_listener_may_come_before_its_address() {
    let cable = Cable::lay();
    let address = Ipv4Addr::new(10, 9, 0, 77);
    let receiver = cable.far.receiver(IpAddr::V4(address));
    cable.far.network.enter().unwrap();
    ip(&format!("addr add {address}/24 dev far0"));
    let mut transmitter = cable.near.transmitter();
    let message = advert(1, cable.near.v4, IpAddr::V4(address));
    let departure = cable.near.departure(IpAddr::V4(address), &message);
    transmitter.push(departure, never);
    transmitter.flush(never);
    assert!(wait(&receiver));
}
