//! Whatever reaches a router, in whatever order: it does not panic, it does a bounded amount of
//! work, and it wants addresses exactly while it is Active.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "the test's own helpers")]

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use vipd::config::model::{Authentication, Instance, Peer, Preempt, TrackedInterface, Transport};
use vipd::types::{
    Address, Centis, Family, IfIndex, Instant, LinkAddress, LinkName, LinkReport, MacAddr, Packet,
    Priority, Scope, Slot, Standing, Transition, Version, Vrid, Weight,
};
use vipd::vrrp::{Desire, Input, Outbox, Reannounce, Router, Transmit};
use vipd::wire::{Coverage, Format, Frame, Header};

/// Something that happens to the router.
#[derive(Clone, Debug)]
enum Step {
    /// Any octets arrive, as an IPv4 packet or behind an IPv6 header.
    Octets(Family, Vec<u8>),
    /// A valid advert for an instance arrives, from 10.0.0.x.
    Advert {
        instance: usize,
        priority: u8,
        centis: u16,
        sender: u8,
    },
    /// An interface is reported: which, up or down, with or without addresses.
    Link(u8, bool, bool),
    LinkGone(u8),
    /// The last desire of a slot, or one so many before, is acknowledged.
    Applied(u8, u32),
    /// The router wakes so many milliseconds after its deadline, or too early.
    Wake(i16),
    /// Time passes in which the router is not woken.
    Sleep(u16),
    /// An instance is configured with this priority and interval.
    Configure(usize, u8, u16),
    Remove(usize),
    Stop,
}

fn step() -> impl Strategy<Value = Step> {
    let family = prop_oneof![Just(Family::V4), Just(Family::V6)];
    let octets = (family, vec(any::<u8>(), 0..80));
    let centis = prop_oneof![Just(100_u16), Just(1), Just(10), 1..4096_u16];
    let priority = prop_oneof![Just(0_u8), Just(100), Just(255), any::<u8>()];
    let advert = (0..INSTANCES, priority, centis.clone(), 1..=9_u8);
    prop_oneof![
        1 => octets.prop_map(|(family, octets)| Step::Octets(family, octets)),
        6 => advert.prop_map(|(instance, priority, centis, sender)| Step::Advert {
            instance,
            priority,
            centis,
            sender,
        }),
        2 => (2..4_u8, any::<bool>(), any::<bool>())
            .prop_map(|(link, up, addressed)| Step::Link(link, up, addressed)),
        1 => (2..4_u8).prop_map(Step::LinkGone),
        4 => (0..6_u8, 0..3_u32).prop_map(|(slot, back)| Step::Applied(slot, back)),
        8 => prop_oneof![Just(0_i16), 0..3_i16, any::<i16>()].prop_map(Step::Wake),
        1 => any::<u16>().prop_map(Step::Sleep),
        3 => (0..INSTANCES, 1..=255_u8, centis)
            .prop_map(|(instance, priority, centis)| Step::Configure(instance, priority, centis)),
        1 => (0..INSTANCES).prop_map(Step::Remove),
        1 => Just(Step::Stop),
    ]
}

/// The instances: both versions, both families, unicast, and two of one VRID on one link.
const INSTANCES: usize = 4;

fn instance(number: usize, priority: u8, centis: u16) -> Instance {
    let family = if number == 2 { Family::V6 } else { Family::V4 };
    let version = if number == 1 { Version::V2 } else { Version::V3 };
    let interval = match version {
        Version::V2 => Centis::SECOND,
        Version::V3 => Centis::new(centis).unwrap(),
    };
    let ip = match family {
        Family::V4 => IpAddr::from([10, 1, 0, u8::try_from(number).unwrap() + 1]),
        Family::V6 => "fe80::100".parse().unwrap(),
    };
    let peer =
        |sender| Peer { address: IpAddr::from([10, 0, 0, sender]), min_ttl: 0, max_ttl: 255 };
    Instance {
        family,
        version,
        priority: Priority::new(priority),
        interval,
        preempt: [Preempt::Yes, Preempt::No, Preempt::After(Duration::from_secs(2))][number % 3],
        transport: if number == 3 {
            Transport::Unicast { peers: vec![peer(1), peer(2)], ttl: 255, check_source: true }
        } else {
            Transport::Multicast { group: group(family) }
        },
        authentication: match version {
            Version::V2 => Authentication::Pass(*b"password"),
            Version::V3 => Authentication::None,
        },
        addresses: vec![Address::new(ip, link_name(2))],
        tracked_interfaces: vec![TrackedInterface {
            link: link_name(3),
            weight: Weight::new([-50, 0, 50, -50][number]).unwrap(),
            reverse: false,
        }],
        ..Instance::new(&format!("VI_{number}"), link_name(2), vrid(number))
    }
}

fn vrid(number: usize) -> Vrid {
    Vrid::new([7, 8, 7, 7][number]).unwrap()
}

fn group(family: Family) -> IpAddr {
    match family {
        Family::V4 => IpAddr::from([224, 0, 0, 18]),
        Family::V6 => "ff02::12".parse().unwrap(),
    }
}

fn link_name(number: u8) -> LinkName {
    LinkName::new(&format!("eth{number}")).unwrap()
}

fn index(number: u8) -> IfIndex {
    IfIndex::new(number.into()).unwrap()
}

fn report(number: u8, up: bool, addressed: bool) -> LinkReport {
    let stands = |ip: &str| LinkAddress {
        ip: ip.parse().unwrap(),
        prefix: 24,
        scope: Scope::GLOBAL,
        tentative: false,
    };
    let addresses = [stands("10.0.0.5"), stands("fe80::5")];
    LinkReport {
        index: index(number),
        name: link_name(number),
        up,
        mac: Some(MacAddr([2, 0, 0, 0, 0, number])),
        addresses: addresses.into_iter().filter(|_| addressed).collect(),
    }
}

/// What came out, held to what may come out.
#[derive(Default)]
struct Auditor {
    desires: BTreeMap<Slot, Desire>,
    standings: BTreeMap<Slot, Standing>,
    effects: usize,
}

impl Outbox for Auditor {
    fn transmit(&mut self, packet: Transmit<'_>) {
        self.effects += 1;
        let header = Header::read(packet.payload).unwrap();
        let family = Family::of(packet.source);
        let version = header.version().unwrap();
        let advert = header.advertisement(version, family).unwrap();
        advert.verify(packet.source, packet.destination).unwrap();
        advert.interval().unwrap();
        assert!(self.standings.contains_key(&packet.slot), "of no instance");
    }

    fn assign(&mut self, slot: Slot, instance: Option<&Instance>) {
        match instance {
            Some(_) => {
                self.standings.entry(slot).or_insert(Standing::Initialize);
            }
            None => {
                let last = self.standings.remove(&slot);
                assert_eq!(last, Some(Standing::Initialize), "freed in another state");
                let desired = self.desires.remove(&slot);
                assert!(!desired.is_some_and(|it| it.present), "freed with addresses");
            }
        }
    }

    fn desire(&mut self, slot: Slot, desire: Desire) {
        self.effects += 1;
        let before = self.desires.insert(slot, desire);
        let present = before.is_some_and(|it| it.present);
        assert_ne!(present, desire.present, "desired twice");
    }

    fn announce(&mut self, slot: Slot, _: Reannounce) {
        self.effects += 1;
        assert_eq!(self.standings.get(&slot), Some(&Standing::Active));
    }

    fn tell(&mut self, told: Transition) {
        self.effects += 1;
        let before = self.standings.insert(told.slot, told.to);
        assert_eq!(before, Some(told.from), "a transition is missing");
    }
}

/// A router with the time and its company in the test's hands.
struct Bench {
    router: Router,
    out: Auditor,
    now: Instant,
}

impl Bench {
    fn new() -> Self {
        let mut bench = Self {
            router: Router::new(None),
            out: Auditor::default(),
            now: Instant::from_nanos(1_000_000_000),
        };
        bench.play(&Step::Link(2, true, true));
        bench.play(&Step::Link(3, true, false));
        for number in 0..INSTANCES {
            bench.play(&Step::Configure(number, 100, 100));
        }
        bench
    }

    fn play(&mut self, step: &Step) {
        self.out.effects = 0;
        match step {
            Step::Octets(family, octets) => self.hear(*family, "fe80::1", octets),
            Step::Advert { instance, priority, centis, sender } => {
                self.hear_advert(*instance, *priority, *centis, *sender)
            }
            Step::Link(link, up, addressed) => {
                self.handle(Input::Link(&report(*link, *up, *addressed)));
            }
            Step::LinkGone(link) => self.handle(Input::LinkGone(index(*link))),
            Step::Applied(slot, back) => {
                let slot = Slot::new(usize::from(*slot)).unwrap();
                let last = self.out.desires.get(&slot).map_or(0, |it| it.generation);
                let generation = last.wrapping_sub(*back);
                self.handle(Input::Applied { slot, generation });
            }
            Step::Wake(late) => self.wake(*late),
            Step::Sleep(millis) => self.now += Duration::from_millis((*millis).into()),
            Step::Configure(number, priority, centis) => {
                let config = instance(*number, *priority, *centis);
                let (now, out) = (self.now, &mut self.out);
                self.router.replace(config, now, out).unwrap();
            }
            Step::Remove(number) => {
                let key = instance(*number, 100, 100).key();
                self.router.remove(key, self.now, &mut self.out);
            }
            Step::Stop => self.handle(Input::Stop),
        }
        self.check();
    }

    fn handle(&mut self, input: Input<'_>) {
        self.router.handle(input, self.now, &mut self.out);
    }

    /// Wakes the router until it has nothing more to do at once.
    fn wake(&mut self, late: i16) {
        let deadline = self.router.next_timeout().unwrap_or(self.now);
        let by = Duration::from_millis(late.unsigned_abs().into());
        let at = if late < 0 { deadline - by } else { deadline + by };
        self.now = at.max(self.now);
        for turn in 0.. {
            assert!(turn < 20, "asks to be woken without end");
            self.handle(Input::Timeout);
            if self.router.next_timeout().is_none_or(|next| next > self.now) {
                break;
            }
        }
    }

    fn hear(&mut self, family: Family, source: &str, octets: &[u8]) {
        let source: Ipv6Addr = source.parse().unwrap();
        let packet = match family {
            Family::V4 => Packet::V4(octets),
            Family::V6 => Packet::V6 {
                source,
                destination: Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x12),
                hop_limit: 255,
                payload: octets,
            },
        };
        let link = index(2);
        self.handle(Input::Received { link, packet });
    }

    fn hear_advert(&mut self, number: usize, priority: u8, centis: u16, sender: u8) {
        let config = instance(number, 100, centis);
        let format = match config.version {
            Version::V2 => Format::V2 { password: Some(*b"password") },
            Version::V3 => Format::V3(config.family),
        };
        let listed = config.addresses.iter().map(|address| address.ip);
        let mut frame = Frame::new(format, config.vrid, listed).unwrap();
        let source = match config.family {
            Family::V4 => IpAddr::from([10, 0, 0, sender]),
            Family::V6 => IpAddr::from(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, sender.into())),
        };
        let to = match config.transport {
            Transport::Multicast { group } => group,
            Transport::Unicast { .. } => IpAddr::from([10, 0, 0, 5]),
        };
        let coverage = Coverage::PseudoHeader;
        let message = frame.seal(Priority::new(priority), config.interval, source, to, coverage);
        match (source, to) {
            (IpAddr::V4(source), IpAddr::V4(to)) => {
                let total = u16::try_from(20 + message.len()).unwrap().to_be_bytes();
                let start = [0x45, 0, total[0], total[1], 0, 0, 0, 0, 255, 112, 0, 0];
                let addresses = [source.octets(), to.octets()].concat();
                let packet = [&start[..], &addresses, message].concat();
                self.hear(Family::V4, "::", &packet);
            }
            _ => {
                let message = message.to_vec();
                self.hear(Family::V6, &source.to_string(), &message);
            }
        }
    }

    fn check(&self) {
        assert!(self.out.effects <= 60, "{} effects", self.out.effects);
        let mut views = 0;
        for view in self.router.views() {
            views += 1;
            let told = self.out.standings.get(&view.slot);
            assert_eq!(told, Some(&view.standing), "in another state than it told");
            let desire = self.out.desires.get(&view.slot);
            let desired = desire.is_some_and(|it| it.present);
            assert_eq!(desired, view.standing == Standing::Active);
        }
        assert_eq!(views, self.out.standings.len(), "an instance nobody knows of");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn whatever_happens_addresses_are_wanted_exactly_while_active(steps in vec(step(), 0..120)) {
        let mut bench = Bench::new();
        for step in &steps {
            bench.play(step);
        }
        bench.play(&Step::Stop);
        for _ in 0..40 {
            for slot in 0..6 {
                bench.play(&Step::Applied(slot, 0));
            }
            bench.play(&Step::Wake(0));
        }
        prop_assert!(bench.router.is_stopped(), "it does not come to an end");
    }
}
