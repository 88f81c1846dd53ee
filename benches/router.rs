//! What the core thread does for each packet and each timer.

#![expect(
    clippy::expect_used,
    reason = "a benchmark may stop, and its groups are named by a macro"
)]

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use vipd::config::model::{Instance, Preempt};
use vipd::types::{
    Address, Cause, Centis, Family, IfIndex, Instant, LinkAddress, LinkName, LinkReport, MacAddr,
    Packet, Priority, Scope, Slot, Standing, Transition, Version, Vrid,
};
use vipd::vrrp::machine::{Advert, Event, Machine, Settings};
use vipd::vrrp::{Desire, Input, Outbox, Reannounce, Router, Transmit};
use vipd::wire::{Coverage, Datagram, Format, Frame, Header};

const GROUP: IpAddr = IpAddr::V4(Ipv4Addr::new(224, 0, 0, 18));
const PEER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 9);

/// Takes everything and keeps nothing.
struct Silence;

impl Outbox for Silence {
    fn transmit(&mut self, packet: Transmit<'_>) {
        black_box(packet.payload);
    }

    fn assign(&mut self, _: Slot, _: Option<&Instance>) {}

    fn desire(&mut self, _: Slot, desire: Desire) {
        black_box(desire);
    }

    fn announce(&mut self, slot: Slot, _: Reannounce) {
        black_box(slot);
    }

    fn tell(&mut self, transition: Transition) {
        black_box(transition);
    }
}

/// An instance's number is spread over VRIDs and links: 255 of them on each.
#[derive(Clone, Copy)]
struct Place {
    vrid: u8,
    link: u32,
}

fn place(number: u32) -> Place {
    Place { vrid: u8::try_from(number % 255 + 1).expect("1 to 255"), link: number / 255 + 2 }
}

fn link_name(link: u32) -> LinkName {
    LinkName::new(&format!("eth{link}")).expect("a short name")
}

fn link_index(link: u32) -> IfIndex {
    IfIndex::new(link).expect("2 and above")
}

fn vrid(place: Place) -> Vrid {
    Vrid::new(place.vrid).expect("not 0")
}

fn virtual_address(place: Place) -> IpAddr {
    let [.., high, low] = place.link.to_be_bytes();
    IpAddr::from([10, high, low, place.vrid])
}

fn instance(number: u32) -> Instance {
    let place = place(number);
    let name = link_name(place.link);
    Instance {
        addresses: vec![Address::new(virtual_address(place), name)],
        ..Instance::new(&format!("VI_{number}"), name, vrid(place))
    }
}

fn frame(place: Place) -> Frame {
    let format = Format::V3(Family::V4);
    Frame::new(format, vrid(place), [virtual_address(place)]).expect("one address")
}

/// An advert of a router of priority 200, with its IP header.
fn advert(place: Place) -> Vec<u8> {
    let mut frame = frame(place);
    let coverage = Coverage::PseudoHeader;
    let priority = Priority::new(200);
    let message = frame.seal(priority, Centis::SECOND, PEER.into(), GROUP, coverage);
    let total = u16::try_from(20 + message.len()).expect("some octets");
    let [high, low] = total.to_be_bytes();
    let mut packet = vec![0x45, 0xc0, high, low, 0, 0, 0, 0, 255, 112, 0, 0];
    packet.extend(PEER.octets());
    packet.extend([224, 0, 0, 18]);
    packet.extend(message);
    packet
}

/// A router of so many instances in Backup.
fn backups(count: u32, now: Instant) -> Router {
    let mut router = Router::new(None);
    for link in 2..=place(count.saturating_sub(1)).link {
        let source = LinkAddress {
            ip: IpAddr::from([10, 0, 0, 5]),
            prefix: 24,
            scope: Scope::GLOBAL,
            tentative: false,
        };
        let report = LinkReport {
            index: link_index(link),
            name: link_name(link),
            up: true,
            mac: Some(MacAddr([2, 0, 0, 0, 0, 1])),
            addresses: vec![source],
        };
        router.handle(Input::Link(&report), now, &mut Silence);
    }
    for number in 0..count {
        let added = router.add(instance(number), now, &mut Silence);
        added.expect("an advert holds one address");
    }
    router
}

/// Octets to values and back.
fn wire(criterion: &mut Criterion) {
    let packet = advert(place(50));
    criterion.bench_function("parse and verify an advert", |bencher| {
        bencher.iter(|| {
            let datagram = Datagram::read(Packet::V4(black_box(&packet))).expect("an IPv4 packet");
            let header = Header::read(datagram.payload).expect("a header");
            let advert = header.advertisement(Version::V3, Family::V4);
            let advert = advert.expect("an advert");
            advert.verify(datagram.source, datagram.destination)
        });
    });
    let mut frame = frame(place(50));
    criterion.bench_function("seal an advert", |bencher| {
        bencher.iter(|| {
            let priority = black_box(Priority::DEFAULT);
            let coverage = Coverage::PseudoHeader;
            frame.seal(priority, Centis::SECOND, PEER.into(), GROUP, coverage).len()
        });
    });
}

/// One event of one virtual router.
fn machine(criterion: &mut Criterion) {
    let settings = Settings {
        version: Version::V3,
        interval: Centis::SECOND,
        preempt: Preempt::Yes,
        down_adverts: 3,
        answer_lower: true,
        answer_higher: false,
        release: None,
        several: false,
    };
    let begin = Instant::from_nanos(1);
    let started = || {
        let mut machine = Machine::new(settings, Priority::DEFAULT);
        let up = Event::Up { cause: Cause::Started, source: PEER.into() };
        machine.handle(up, begin);
        machine
    };
    let (mut backup, mut now) = (started(), begin);
    criterion.bench_function("a Backup hears an advert", |bencher| {
        let advert = Event::Advert(Advert {
            priority: Priority::new(200),
            interval: Centis::SECOND,
            source: PEER.into(),
        });
        bencher.iter(|| {
            now += Duration::from_millis(1);
            backup.handle(black_box(advert), now)
        });
    });
    let mut active = started();
    active.handle(Event::Timeout, active.deadline().expect("a Backup waits"));
    assert_eq!(active.standing(), Standing::Active);
    criterion.bench_function("an Active Router advertises", |bencher| {
        bencher.iter(|| {
            let due = active.deadline().expect("an Active Router advertises");
            active.handle(black_box(Event::Timeout), due)
        });
    });
}

/// A node of 1, 255 and 10 000 instances.
fn router(criterion: &mut Criterion) {
    let start = Instant::from_nanos(1);
    let mut group = criterion.benchmark_group("router");
    for count in [1, 255, 10_000] {
        group.throughput(Throughput::Elements(1));
        let mut router = backups(count, start);
        let packets: Vec<_> = (0..count).map(|number| advert(place(number))).collect();
        let mut arrivals = (0..count).zip(&packets).cycle();
        let mut now = start;
        group.bench_function(BenchmarkId::new("hears an advert", count), |bencher| {
            bencher.iter(|| {
                let (number, octets) = arrivals.next().expect("it goes round");
                now += Duration::from_nanos(100);
                let input = Input::Received {
                    link: link_index(place(number).link),
                    packet: Packet::V4(octets),
                };
                router.handle(input, now, &mut Silence);
            });
        });
        let heard = router.views().all(|view| view.standing == Standing::Backup);
        assert!(heard, "all are Backups still");

        let mut router = backups(count, start);
        let wake = |router: &mut Router| {
            let due = router.next_timeout().expect("there is always a timer");
            router.handle(Input::Timeout, due, &mut Silence);
        };
        while router.views().any(|view| view.standing == Standing::Backup) {
            wake(&mut router);
        }
        let mut now = router.next_timeout().expect("there is always a timer");
        group.throughput(Throughput::Elements(count.into()));
        group.bench_function(BenchmarkId::new("a turn in which all advertise", count), |bencher| {
            bencher.iter(|| {
                router.handle(Input::Timeout, now, &mut Silence);
                now = router.next_timeout().expect("there is always a timer");
            });
        });
    }
    group.finish();
}

criterion_group!(benches, wire, machine, router);
criterion_main!(benches);
