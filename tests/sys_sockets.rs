//! Packets across a cable: two network namespaces of this test's own, joined by a veth pair.
//!
//! Needs root, or at least CAP_NET_ADMIN, CAP_NET_RAW and CAP_SYS_ADMIN.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails loudly"
)]

use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, SocketAddrV4, SocketAddrV6};
use std::os::fd::{AsFd, AsRawFd};
use std::process::Command;
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::netdevice::name_to_index;
use socket2::{Domain, Protocol, Socket, Type};

use vipd::sys::namespace::Network;
use vipd::sys::{Arrivals, Departure, FrameSender, Poller, Receiver, Transmitter};
use vipd::types::{
    Centis, Family, IfIndex, MacAddr, Packet, Priority, Reject, Slot, Version, Vrid,
};
use vipd::wire::{self, Coverage, Datagram, Format, Frame, Header, RouterFlag};

/// Two networks and the cable between them. Both vanish with this value.
struct Cable {
    near: End,
    far: End,
}

/// One end: its network, interface and addresses.
struct End {
    network: Network,
    link: IfIndex,
    v4: IpAddr,
    v6: IpAddr,
}

impl Cable {
    fn lay() -> Self {
        let far = Network::create().expect("this test makes network namespaces: run it as root");
        let near = Network::create().expect("this test makes network namespaces: run it as root");
        let far_path = format!(
            "/proc/{}/fd/{}",
            std::process::id(),
            far.as_fd().as_raw_fd()
        );
        ip("link add near0 type veth peer name far0");
        ip(&format!("link set far0 netns {far_path}"));
        let near = End::set_up(near, "near0", 1);
        let far = End::set_up(far, "far0", 2);
        Self { near, far }
    }
}

impl End {
    fn set_up(network: Network, name: &str, number: u8) -> Self {
        network.enter().unwrap();
        ip(&format!("link set {name} address 02:00:00:00:00:0{number}"));
        ip(&format!("link set {name} addrgenmode none up"));
        ip(&format!("addr add 10.9.0.{number}/24 dev {name}"));
        ip(&format!("addr add fe80::{number}/64 dev {name} nodad"));
        Self {
            network,
            link: index(name),
            v4: format!("10.9.0.{number}").parse().unwrap(),
            v6: format!("fe80::{number}").parse().unwrap(),
        }
    }

    /// This end's address of the family of `other`.
    fn address_towards(&self, other: IpAddr) -> IpAddr {
        match other {
            IpAddr::V4(_) => self.v4,
            IpAddr::V6(_) => self.v6,
        }
    }

    /// `message` on its way from this end, with TTL 255.
    fn departure<'a>(&self, destination: IpAddr, message: &'a [u8]) -> Departure<'a> {
        Departure {
            slot: slot(0),
            link: self.link,
            source: self.address_towards(destination),
            destination,
            ttl: 255,
            message,
        }
    }

    /// Listens at this end.
    fn receiver(&self, address: IpAddr) -> Receiver {
        self.network.enter().unwrap();
        Receiver::open(self.link, address).unwrap()
    }

    /// Sends from this end.
    fn transmitter(&self) -> Transmitter {
        self.network.enter().unwrap();
        Transmitter::open().unwrap()
    }
}

/// Runs ip(8) in the calling thread's network.
fn ip(arguments: &str) {
    let output = Command::new("ip").args(arguments.split(' ')).output();
    let output = output.expect("ip(8) is installed");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "ip {arguments}: {complaint}");
}

/// The index of an interface in the calling thread's network.
fn index(name: &str) -> IfIndex {
    let any = Socket::new(Domain::UNIX, Type::DGRAM, None).unwrap();
    IfIndex::new(name_to_index(&any, name).unwrap()).unwrap()
}

fn slot(number: usize) -> Slot {
    Slot::new(number).unwrap()
}

/// A version 3 advert of VRID `vrid` for one address, from `source` to `destination`.
fn advert(vrid: u8, source: IpAddr, destination: IpAddr) -> Vec<u8> {
    let format = Format::V3(Family::of(source));
    let mut frame = Frame::new(format, Vrid::new(vrid).unwrap(), [source]).unwrap();
    let (priority, interval) = (Priority::DEFAULT, Centis::SECOND);
    let form = Coverage::PseudoHeader;
    let sealed = frame.seal(priority, interval, source, destination, form);
    sealed.to_vec()
}

/// Waits until `receiver` has something, two seconds at most.
fn wait(receiver: &Receiver) -> bool {
    let mut poller = Poller::new().unwrap();
    poller.add(receiver, 0).unwrap();
    let ready = poller.wait(Some(Duration::from_secs(2))).unwrap();
    ready.len() > 0
}

/// Every packet until `receiver` has had none for as long as a packet could take.
fn drain(receiver: &Receiver, mut each: impl FnMut(Packet<'_>)) {
    let mut arrivals = Arrivals::new();
    let mut poller = Poller::new().unwrap();
    poller.add(receiver, 0).unwrap();
    let patience = Some(Duration::from_millis(200));
    while poller.wait(patience).unwrap().len() > 0 {
        arrivals.receive(receiver).unwrap();
        arrivals.packets().for_each(&mut each);
    }
}

fn never(slot: Slot, errno: Errno) {
    panic!("slot {slot} was refused: {errno}");
}

/// Sends one advert from the near end to the far end and has it checked there.
fn deliver(cable: &Cable, source: IpAddr, destination: IpAddr, ttl: u8) {
    let receiver = cable.far.receiver(destination);
    let mut transmitter = cable.near.transmitter();
    let message = advert(51, source, destination);
    let departure = Departure {
        ttl,
        ..cable.near.departure(destination, &message)
    };
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
    let advert = header
        .advertisement(Version::V3, Family::of(source))
        .unwrap();
    let verified = advert.verify(datagram.source, datagram.destination);
    assert_eq!(verified, Ok(Coverage::PseudoHeader));
    assert_eq!(arrivals.receive(&receiver).unwrap(), 0, "it arrived twice");
}

fn group_v4() -> IpAddr {
    "224.0.0.18".parse().unwrap()
}

fn group_v6() -> IpAddr {
    "ff02::12".parse().unwrap()
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
fn three_batches_arrive_in_order_64_at_a_time() {
    let cable = Cable::lay();
    for (source, group) in [(cable.near.v4, group_v4()), (cable.near.v6, group_v6())] {
        let receiver = cable.far.receiver(group);
        let mut transmitter = cable.near.transmitter();
        for vrid in 1..=192 {
            let message = advert(vrid, source, group);
            let departure = Departure {
                slot: slot(vrid.into()),
                ..cable.near.departure(group, &message)
            };
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
                vrids.push(
                    Header::read(datagram.payload)
                        .unwrap()
                        .vrid()
                        .unwrap()
                        .get(),
                );
            }
        }
        assert!(vrids.into_iter().eq(1..=192));
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
    let listeners = [
        cable.far.receiver(cable.far.v4),
        cable.far.receiver(cable.far.v6),
    ];
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
            heard.push(
                Header::read(datagram.payload)
                    .unwrap()
                    .vrid()
                    .unwrap()
                    .get(),
            );
        });
        assert_eq!(heard, [vrid]);
    }
}

#[test]
fn our_own_adverts_do_not_come_back() {
    let cable = Cable::lay();
    let own = [
        cable.near.receiver(group_v4()),
        cable.near.receiver(group_v6()),
    ];
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

#[test]
fn what_one_interface_refuses_does_not_hold_up_the_others() {
    let cable = Cable::lay();
    let receiver = cable.far.receiver(group_v4());
    cable.near.network.enter().unwrap();
    ip("link add down0 type veth peer name down1");
    let down = index("down0");
    let gone = IfIndex::new(9999).unwrap();
    let mut transmitter = cable.near.transmitter();
    let message = advert(51, cable.near.v4, group_v4());
    let mut refused = Vec::new();
    let links = [
        cable.near.link,
        down,
        cable.near.link,
        gone,
        cable.near.link,
    ];
    for (link, number) in links.into_iter().zip(0..) {
        let departure = Departure {
            slot: slot(number),
            link,
            ..cable.near.departure(group_v4(), &message)
        };
        transmitter.push(departure, never);
    }
    transmitter.flush(|slot, errno| refused.push((slot.index(), errno)));
    let mut arrived = 0;
    drain(&receiver, |_| arrived += 1);
    assert_eq!(arrived, 3);
    let slots: Vec<usize> = refused.iter().map(|(slot, _)| *slot).collect();
    assert_eq!(slots, [1, 3], "{refused:?}");
}

#[test]
fn addresses_of_two_families_make_no_packet() {
    let cable = Cable::lay();
    let mut transmitter = cable.near.transmitter();
    let departure = Departure {
        slot: slot(3),
        source: cable.near.v4,
        ..cable.near.departure(group_v6(), &[])
    };
    let mut refused = Vec::new();
    transmitter.push(departure, |slot, errno| refused.push((slot, errno)));
    assert_eq!(refused, [(slot(3), Errno::AFNOSUPPORT)]);
}

#[test]
fn thirty_interfaces_are_not_too_many_groups() {
    let _network = Network::create().expect("this test makes network namespaces: run it as root");
    let receivers: Vec<Receiver> = (0..30)
        .map(|number| {
            ip(&format!(
                "link add a{number} up type veth peer name b{number}"
            ));
            Receiver::open(index(&format!("a{number}")), group_v4()).unwrap()
        })
        .collect();
    assert_eq!(receivers.len(), 30);
}

#[test]
fn a_missing_interface_is_an_error_that_says_what_was_tried() {
    let _network = Network::create().expect("this test makes network namespaces: run it as root");
    let error = Receiver::open(IfIndex::new(9999).unwrap(), group_v4()).unwrap_err();
    assert_eq!(error.errno, Errno::NODEV);
    assert_eq!(
        error.to_string(),
        "join the multicast group: No such device (os error 19)"
    );
}

#[test]
fn frames_arrive_octet_for_octet_and_the_refused_one_is_named() {
    let cable = Cable::lay();
    cable.far.network.enter().unwrap();
    let every_protocol = Protocol::from(0x0300); // ETH_P_ALL in network order
    let mut listener = Socket::new(Domain::PACKET, Type::RAW, Some(every_protocol)).unwrap();
    listener
        .set_read_timeout(Some(Duration::from_secs(2)))
        .unwrap();
    cable.near.network.enter().unwrap();
    let mut sender = FrameSender::open().unwrap();
    let mac = MacAddr([2, 0, 0, 0, 0, 1]);
    let arp = wire::gratuitous_arp(mac, mac, Ipv4Addr::new(10, 9, 0, 100));
    let address = "2001:db8::53".parse().unwrap();
    let na = wire::unsolicited_na(mac, mac, address, RouterFlag::Host);
    let mut refused = Vec::new();
    let gone = IfIndex::new(9999).unwrap();
    sender.push("arp", cable.near.link, &arp, |_, _| {});
    sender.push("gone", gone, &arp, |_, _| {});
    sender.push("na", cable.near.link, &na, |_, _| {});
    sender.flush(|token, errno| refused.push((token, errno)));
    assert_eq!(refused, [("gone", Errno::NXIO)]);

    let mut frames = Vec::new();
    while frames.len() < 2 {
        let mut frame = vec![0; 2048];
        let length = listener.read(&mut frame).expect("both frames arrive");
        frame.truncate(length);
        if frame[12..14] == [0x08, 0x06] || frame.get(54) == Some(&136) {
            frames.push(frame);
        }
    }
    assert_eq!(frames, [arp.to_vec(), na.to_vec()]);
}
