//! A router that hears, advertises, takes over and yields allocates nothing.

#![expect(clippy::unwrap_used, reason = "the test's own helpers")]

mod allocator;

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use vipd::config::model::{Authentication, Instance, TrackedInterface};
use vipd::types::{
    Address, Centis, Envelope, Family, IfIndex, Instant, LinkAddress, LinkName, LinkReport,
    MacAddr, Packet, Priority, Reject, Scope, Slot, Standing, Transition, Version, Vrid, Weight,
};
use vipd::vrrp::{Desire, Input, Outbox, Reannounce, Router, Transmit};
use vipd::wire::{Authenticator, Coverage, Format, Frame};

use allocator::requests;

/// Counts what it is given and keeps none of it.
#[derive(Default)]
struct Tally {
    sent: u64,
    desired: u64,
    announced: u64,
}

impl Outbox for Tally {
    fn transmit(&mut self, _: Transmit<'_>) {
        self.sent += 1;
    }

    fn assign(&mut self, _: Slot, _: Option<&Instance>) {}

    fn desire(&mut self, _: Slot, _: Desire) {
        self.desired += 1;
    }

    fn announce(&mut self, _: Slot, _: Reannounce) {
        self.announced += 1;
    }

    fn tell(&mut self, _: Transition) {}
}

const INSTANCES: u8 = 100;
const GROUP: IpAddr = IpAddr::V4(Ipv4Addr::new(224, 0, 0, 18));
const KEY: [u8; 8] = *b"secret\0\0";
const PEER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 9);

fn eth0() -> LinkName {
    LinkName::new("eth0").unwrap()
}

fn link() -> IfIndex {
    IfIndex::new(2).unwrap()
}

fn virtual_address(vrid: u8) -> IpAddr {
    IpAddr::from([10, 1, 0, vrid])
}

fn instance(vrid: u8) -> Instance {
    Instance {
        addresses: vec![Address::new(virtual_address(vrid), eth0())],
        tracked_interfaces: vec![TrackedInterface {
            link: LinkName::new("eth1").unwrap(),
            weight: Weight::new(-20).unwrap(),
            reverse: false,
        }],
        ..Instance::new(&format!("VI_{vrid}"), eth0(), Vrid::new(vrid).unwrap())
    }
}

/// An advert of the peer, with its IP header.
fn advert(vrid: u8, priority: u8) -> Vec<u8> {
    let format = Format::V3(Family::V4);
    let mut frame = Frame::new(format, Vrid::new(vrid).unwrap(), [virtual_address(vrid)]).unwrap();
    let coverage = Coverage::PseudoHeader;
    let priority = Priority::new(priority);
    let message = frame.seal(priority, Centis::SECOND, PEER.into(), GROUP, coverage);
    let total = u16::try_from(20 + message.len()).unwrap().to_be_bytes();
    let [high, low] = total;
    let mut packet = vec![0x45, 0xc0, high, low, 0, 0, 0, 0, 255, 112, 0, 0];
    packet.extend(PEER.octets());
    packet.extend([224, 0, 0, 18]);
    packet.extend(message);
    packet
}

/// The same instance in version 2, signed.
fn signed_instance(vrid: u8) -> Instance {
    let authentication = Authentication::Ah(KEY);
    Instance { version: Version::V2, authentication, ..instance(vrid) }
}

/// A signed advert of the peer, with its IP header.
fn signed_advert(vrid: u8, priority: u8, sequence: u32) -> Vec<u8> {
    let vrid_number = Vrid::new(vrid).unwrap();
    let mut frame = Frame::new(Format::V2Signed, vrid_number, [virtual_address(vrid)]).unwrap();
    let (priority, form) = (Priority::new(priority), Coverage::MessageOnly);
    let message = frame.seal(priority, Centis::SECOND, PEER.into(), GROUP, form);
    let mut authenticator = Authenticator::new(KEY, sequence);
    let (envelope, signed) = authenticator.sign(message, PEER.into(), GROUP, 255).unwrap();
    let Envelope::Ah(id) = envelope else { unreachable!("it was signed") };
    let [high, low] = u16::try_from(20 + signed.len()).unwrap().to_be_bytes();
    let [id_high, id_low] = id.get().to_be_bytes();
    let mut packet = vec![0x45, 0xc0, high, low, id_high, id_low, 0, 0, 255, 51, 0, 0];
    packet.extend(PEER.octets());
    packet.extend([224, 0, 0, 18]);
    packet.extend(signed);
    packet
}

/// A node of a hundred virtual routers, with the time in the test's hands.
struct Node {
    router: Router,
    out: Tally,
    now: Instant,
}

impl Node {
    fn new(instance: fn(u8) -> Instance) -> Self {
        let mut node = Self {
            router: Router::new(None),
            out: Tally::default(),
            now: Instant::from_nanos(1_000_000_000),
        };
        let source = LinkAddress {
            ip: IpAddr::from([10, 0, 0, 5]),
            prefix: 24,
            scope: Scope::GLOBAL,
            tentative: false,
        };
        let report = LinkReport {
            index: link(),
            name: eth0(),
            up: true,
            mac: Some(MacAddr([2, 0, 0, 0, 0, 1])),
            addresses: vec![source],
        };
        let Self { router, out, now } = &mut node;
        router.handle(Input::Link(&report), *now, out);
        for vrid in 1..=INSTANCES {
            router.add(instance(vrid), *now, out).unwrap();
        }
        node
    }

    /// Lets the time pass, with every timer on the way.
    fn pass(&mut self, span: Duration) {
        let end = self.now + span;
        while let Some(at) = self.router.next_timeout().filter(|at| *at <= end) {
            self.now = at.max(self.now);
            self.router.handle(Input::Timeout, self.now, &mut self.out);
        }
        self.now = end;
    }

    fn hear(&mut self, packets: &[Vec<u8>]) {
        for octets in packets {
            let packet = Packet::V4(octets);
            let input = Input::Received { link: link(), packet };
            self.router.handle(input, self.now, &mut self.out);
        }
    }

    fn are_all(&self, standing: Standing) -> bool {
        self.router.views().all(|view| view.standing == standing)
    }
}

#[test]
fn hearing_advertising_taking_over_and_yielding_allocate_nothing() {
    let all = |priority| -> Vec<_> {
        let vrids = 1..=INSTANCES;
        vrids.map(|vrid| advert(vrid, priority)).collect()
    };
    let (lower, higher, release) = (all(50), all(200), all(0));
    let mut spoilt = all(200);
    spoilt.iter_mut().flat_map(|it| it.last_mut()).for_each(|it| *it ^= 1);
    let mut node = Node::new(instance);

    let before = requests();
    for _ in 0..3 {
        for _ in 0..5 {
            node.hear(&higher);
            node.hear(&spoilt);
            node.pass(Duration::from_secs(1));
        }
        assert!(node.are_all(Standing::Backup));
        node.hear(&release);
        node.pass(Duration::from_secs(1));
        assert!(node.are_all(Standing::Active));
        node.pass(Duration::from_secs(5));
        node.hear(&lower);
        node.hear(&spoilt);
        node.pass(Duration::from_secs(1));
        assert!(node.are_all(Standing::Active));
        node.hear(&higher);
        assert!(node.are_all(Standing::Backup));
        node.pass(Duration::from_secs(4));
        assert!(node.are_all(Standing::Active));
        node.hear(&higher);
    }
    node.hear(&release);
    node.pass(Duration::from_secs(1));
    node.router.handle(Input::Stop, node.now, &mut node.out);
    node.pass(Duration::from_secs(1));
    let requests = requests() - before;

    assert!(node.are_all(Standing::Initialize));
    let hundred = u64::from(INSTANCES);
    assert!(node.out.sent > 30 * hundred, "{} adverts", node.out.sent);
    assert_eq!(node.out.desired, 14 * hundred, "seven times taken and dropped");
    assert_eq!(node.out.announced, 3 * hundred);
    assert_eq!(requests, 0);
}

#[test]
fn signing_and_judging_what_is_signed_allocate_nothing() {
    let mut next = 0;
    // Numbers far enough apart for what the node says itself in between.
    let mut all = |priority| -> Vec<_> {
        next += 1000;
        (1..=INSTANCES).map(|vrid| signed_advert(vrid, priority, next)).collect()
    };
    let (higher, release, lower, last) = (all(200), all(0), all(50), all(200));
    let mut spoilt = all(200);
    spoilt.iter_mut().for_each(|it| it[35] ^= 1);
    let mut node = Node::new(signed_instance);

    let before = requests();
    node.hear(&spoilt);
    node.hear(&higher);
    node.hear(&higher);
    assert!(node.are_all(Standing::Backup));
    node.hear(&release);
    node.pass(Duration::from_secs(1));
    assert!(node.are_all(Standing::Active));
    node.pass(Duration::from_secs(5));
    node.hear(&lower);
    node.hear(&spoilt);
    assert!(node.are_all(Standing::Active));
    node.hear(&last);
    assert!(node.are_all(Standing::Backup));
    node.pass(Duration::from_secs(4));
    assert!(node.are_all(Standing::Active));
    let requests = requests() - before;

    let refused = |reason| node.router.views().map(|view| view.counters.rejected(reason)).sum();
    let hundred = u64::from(INSTANCES);
    assert_eq!((refused(Reject::AhDigest), refused(Reject::AhReplay)), (2 * hundred, hundred));
    assert!(node.out.sent > 7 * hundred, "{} adverts", node.out.sent);
    assert_eq!(requests, 0);
}

#[test]
fn an_allocation_would_be_counted() {
    let before = requests();
    drop(std::hint::black_box(Box::new(1)));
    assert_eq!(requests() - before, 1);
}
