//! Many packets, and great ones.

use std::net::{IpAddr, SocketAddrV4, SocketAddrV6};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

use vipd::sys::{Arrivals, Departure, Waker, clock, wait_for};
use vipd::types::{Centis, Family, Priority, Reject, Version, Vrid};
use vipd::wire::{Coverage, Datagram, Format, Frame, Header};

use super::cable::{Cable, advert, drain, group_v4, group_v6, never, slot, wait};

#[test]
fn three_batches_arrive_in_order_64_at_a_time() {
    let cable = Cable::lay();
    for (source, group) in [(cable.near.v4, group_v4()), (cable.near.v6, group_v6())] {
        let receiver = cable.far.receiver(group);
        let mut transmitter = cable.near.transmitter();
        for vrid in 1..=192 {
            let message = advert(vrid, source, group);
            let departure =
                Departure { slot: slot(vrid.into()), ..cable.near.departure(group, &message) };
            transmitter.push(departure, never);
        }
        transmitter.flush(never);
        let mut arrivals = Arrivals::new();
        let mut vrids = Vec::new();
        for _ in 0..3 {
            assert!(wait(&receiver));
            assert_eq!(arrivals.receive(&receiver).unwrap(), 64);
            for packet in arrivals.packets() {
                let datagram = Datagram::read(packet).unwrap();
                vrids.push(Header::read(datagram.payload).unwrap().vrid().unwrap().get());
            }
        }
        assert!(vrids.into_iter().eq(1..=192));
    }
}

#[test]
fn a_packet_that_was_left_lying_tells_since_when() {
    let cable = Cable::lay();
    for (source, group) in [(cable.near.v4, group_v4()), (cable.near.v6, group_v6())] {
        let receiver = cable.far.receiver(group);
        let mut transmitter = cable.near.transmitter();
        let quiet = Waker::new().unwrap();
        let lain = [Duration::from_millis(30), Duration::from_millis(10)];
        let begin = clock::now();
        for gap in [lain[0] - lain[1], lain[1]] {
            let message = advert(1, source, group);
            transmitter.push(cable.near.departure(group, &message), never);
            transmitter.flush(never);
            wait_for(&quiet, gap).unwrap();
        }
        let mut arrivals = Arrivals::new();
        assert_eq!(arrivals.receive(&receiver).unwrap(), 2);
        let spent = clock::now().since(begin);
        let waited: Vec<_> = arrivals.waited().collect();
        assert!(waited[0] >= lain[0] && waited[0] <= spent, "{waited:?} of {spent:?}");
        assert!(waited[1] >= lain[1] && waited[1] < waited[0], "{waited:?}");
    }
}

#[test]
fn the_greatest_adverts_cross_whole() {
    let cable = Cable::lay();
    for (source, group) in [(cable.near.v4, group_v4()), (cable.near.v6, group_v6())] {
        let receiver = cable.far.receiver(group);
        let mut transmitter = cable.near.transmitter();
        let format = Format::V3(Family::of(source));
        let mut frame = Frame::new(format, Vrid::new(9).unwrap(), vec![source; 255]).unwrap();
        let form = Coverage::PseudoHeader;
        let message = frame.seal(Priority::DEFAULT, Centis::SECOND, source, group, form);
        let departure = cable.near.departure(group, message);
        for _ in 0..64 {
            transmitter.push(departure, never);
        }
        transmitter.flush(never);
        let mut whole = 0;
        drain(&receiver, |packet| {
            assert_eq!(Datagram::read(packet).unwrap().payload, message);
            whole += 1;
        });
        assert_eq!(whole, 64);
    }
}

#[test]
fn a_packet_of_60_kb_is_refused_and_the_next_one_read() {
    let cable = Cable::lay();
    let listeners = [cable.far.receiver(cable.far.v4), cable.far.receiver(cable.far.v6)];
    cable.near.network.enter().unwrap();
    let huge = vec![0x31; 60_000];
    let sources = [cable.near.v4, cable.near.v6];
    let targets = [cable.far.v4, cable.far.v6];
    for ((receiver, source), target) in listeners.iter().zip(sources).zip(targets) {
        let (domain, name) = match target {
            IpAddr::V4(target) => (Domain::IPV4, SocketAddrV4::new(target, 0).into()),
            IpAddr::V6(target) => {
                let scope = cable.near.link.get();
                (Domain::IPV6, SocketAddrV6::new(target, 0, 0, scope).into())
            }
        };
        let socket = Socket::new(domain, Type::RAW, Some(Protocol::from(112))).unwrap();
        socket.send_to(&huge, &name).unwrap();
        let small = advert(51, source, target);
        socket.send_to(&small, &name).unwrap();
        let mut read = Vec::new();
        drain(receiver, |packet| {
            read.push(Datagram::read(packet).and_then(|datagram| {
                let header = Header::read(datagram.payload)?;
                let advert = header.advertisement(Version::V3, Family::of(target))?;
                advert.verify(datagram.source, datagram.destination)
            }));
        });
        let refusal = match target {
            IpAddr::V4(_) => Reject::IpHeader,
            IpAddr::V6(_) => Reject::Length,
        };
        assert_eq!(read, [Err(refusal), Ok(Coverage::PseudoHeader)]);
    }
}
