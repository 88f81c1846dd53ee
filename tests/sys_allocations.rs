//! An advert's way out and back in allocates nothing.
//!
//! Needs root, for a network namespace with a loopback interface of its own.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails loudly")]

mod allocator;

use std::net::IpAddr;
use std::process::Command;

use vipd::sys::namespace::Network;
use vipd::sys::{Arrivals, Departure, Poller, Receiver, Transmitter, Waker, clock};
use vipd::types::{Centis, Envelope, Family, IfIndex, Priority, Protocol, Slot, Version, Vrid};
use vipd::wire::{Coverage, Datagram, Format, Frame, Header};

use allocator::requests;

#[test]
fn an_advert_goes_out_and_comes_in_without_an_allocation() {
    let _network = Network::create().expect("this test makes a network namespace: run it as root");
    let up = Command::new("ip").args(["link", "set", "lo", "up"]).status();
    assert!(up.expect("ip(8) is installed").success());
    let link = IfIndex::new(1).unwrap();
    let here = IpAddr::from([127, 0, 0, 1]);
    let receiver = Receiver::open(link, here, Protocol::Vrrp).unwrap();
    let waker = Waker::new().unwrap();
    let mut poller = Poller::new().unwrap();
    poller.add(&receiver, 0).unwrap();
    let mut transmitter = Transmitter::open().unwrap();
    let mut arrivals = Arrivals::new();
    let (slot, vrid) = (Slot::new(0).unwrap(), Vrid::new(51).unwrap());
    let mut frame = Frame::new(Format::V3(Family::V4), vrid, [here; 20]).unwrap();

    let before = requests();
    assert!(before > 0, "what was opened so far was counted");
    let mut verified = 0;
    for priority in 1..=200 {
        let priority = Priority::new(priority);
        let form = Coverage::PseudoHeader;
        let message = frame.seal(priority, Centis::SECOND, here, here, form);
        let departure = Departure {
            slot,
            link,
            source: here,
            destination: here,
            ttl: 255,
            envelope: Envelope::Vrrp,
            message,
        };
        transmitter.push(departure, |_, errno| panic!("refused: {errno}"));
        if !priority.get().is_multiple_of(50) {
            continue;
        }
        transmitter.flush(|_, errno| panic!("refused: {errno}"));
        waker.wake();
        waker.drain();
        while poller.wait_until(Some(clock::now())).unwrap().len() > 0 {
            arrivals.receive(&receiver).unwrap();
            for packet in arrivals.packets() {
                let datagram = Datagram::read(packet).unwrap();
                let header = Header::read(datagram.payload).unwrap();
                let advert = header.advertisement(Version::V3, Family::V4).unwrap();
                advert.verify(datagram.source, datagram.destination).unwrap();
                verified += 1;
            }
        }
    }
    let requests = requests() - before;
    assert_eq!((verified, requests), (200, 0));
}
