//! What the kernel refuses is told, and costs nothing else.

use std::io::Read;
use std::net::Ipv4Addr;
use std::time::Duration;

use rustix::io::Errno;
use socket2::{Domain, Protocol, Socket, Type};

use vipd::sys::namespace::Network;
use vipd::sys::{Departure, FrameSender, Receiver};
use vipd::types::{self, IfIndex, MacAddr};
use vipd::wire::{self, RouterFlag};

use super::cable::{Cable, advert, drain, group_v4, group_v6, index, ip, never, slot};

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
    let links = [cable.near.link, down, cable.near.link, gone, cable.near.link];
    for (link, number) in links.into_iter().zip(0..) {
        let departure =
            Departure { slot: slot(number), link, ..cable.near.departure(group_v4(), &message) };
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
    let departure =
        Departure { slot: slot(3), source: cable.near.v4, ..cable.near.departure(group_v6(), &[]) };
    let mut refused = Vec::new();
    transmitter.push(departure, |slot, errno| refused.push((slot, errno)));
    assert_eq!(refused, [(slot(3), Errno::AFNOSUPPORT)]);
}

#[test]
fn thirty_interfaces_are_not_too_many_groups() {
    let _network = Network::create().expect("this test makes network namespaces: run it as root");
    let receivers: Vec<Receiver> = (0..30)
        .map(|number| {
            ip(&format!("link add a{number} up type veth peer name b{number}"));
            Receiver::open(index(&format!("a{number}")), group_v4(), types::Protocol::Vrrp).unwrap()
        })
        .collect();
    assert_eq!(receivers.len(), 30);
}

#[test]
fn a_missing_interface_is_an_error_that_says_what_was_tried() {
    let _network = Network::create().expect("this test makes network namespaces: run it as root");
    let error =
        Receiver::open(IfIndex::new(9999).unwrap(), group_v4(), types::Protocol::Vrrp).unwrap_err();
    assert_eq!(error.errno, Errno::NODEV);
    assert_eq!(error.to_string(), "join the multicast group: No such device (os error 19)");
}

#[test]
fn frames_arrive_octet_for_octet_and_the_refused_one_is_named() {
    let cable = Cable::lay();
    cable.far.network.enter().unwrap();
    let every_protocol = Protocol::from(0x0300); // ETH_P_ALL in network order
    let mut listener = Socket::new(Domain::PACKET, Type::RAW, Some(every_protocol)).unwrap();
    listener.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
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
