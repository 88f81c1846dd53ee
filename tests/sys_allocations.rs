//! An advert's way out and back in allocates nothing.
//!
//! Needs root, for a network namespace with a loopback interface of its own.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    unsafe_code,
    reason = "a test fails loudly, and an allocator that counts is unsafe like any"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::net::IpAddr;
use std::process::Command;
use std::time::Duration;

use vipd::sys::namespace::Network;
use vipd::sys::{Arrivals, Departure, Poller, Receiver, Transmitter, Waker, clock};
use vipd::types::{Centis, Family, IfIndex, Priority, Slot, Version, Vrid};
use vipd::wire::{Coverage, Datagram, Format, Frame, Header};

/// The system's allocator, counting the calling thread's requests.
struct Counting;

thread_local! {
    static REQUESTS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every request goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        REQUESTS.set(REQUESTS.get() + 1);
        // SAFETY: as this function's caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as this function's caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn an_advert_goes_out_and_comes_in_without_an_allocation() {
    let _network = Network::create().expect("this test makes a network namespace: run it as root");
    let up = Command::new("ip").args(["link", "set", "lo", "up"]).status();
    assert!(up.expect("ip(8) is installed").success());
    let link = IfIndex::new(1).unwrap();
    let here = IpAddr::from([127, 0, 0, 1]);
    let receiver = Receiver::open(link, here).unwrap();
    let waker = Waker::new().unwrap();
    let mut poller = Poller::new().unwrap();
    poller.add(&receiver, 0).unwrap();
    let mut transmitter = Transmitter::open().unwrap();
    let mut arrivals = Arrivals::new();
    let (slot, vrid) = (Slot::new(0).unwrap(), Vrid::new(51).unwrap());
    let mut frame = Frame::new(Format::V3(Family::V4), vrid, [here; 20]).unwrap();

    let before = REQUESTS.get();
    assert!(before > 0, "what was opened so far was counted");
    let mut verified = 0;
    for priority in 1..=200 {
        let priority = Priority::new(priority);
        let form = Coverage::PseudoHeader;
        let message = frame.seal(priority, Centis::SECOND, here, here, form);
        let departure =
            Departure { slot, link, source: here, destination: here, ttl: 255, message };
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
    let requests = REQUESTS.get() - before;
    assert_eq!((verified, requests), (200, 0));
}
