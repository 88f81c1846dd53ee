//! Whatever may happen to a node, in any order: the router keeps its promises.
//!
//! The octets are read as a list of steps: packets, interfaces that come and go, time that passes,
//! acknowledgements that are right or wrong, reloads, a stop. After each step the promises are
//! looked at; in the end the node is stopped, which it must be able to.
#![no_main]

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;

use vipd::config::model::{
    Authentication, ChecksumForm, FastRelease, Instance, Key, Peer, Preempt, TrackedInterface,
    Transport,
};
use vipd::types::{
    Address, Centis, Counters, Envelope, Family, Fault, IfIndex, Instant, LinkAddress, LinkName,
    LinkReport, MacAddr, Packet, Priority, Reject, Scope, Slot, Standing, Transition, Version,
    Vrid, Weight,
};
use vipd::vrrp::{Desire, Input, Outbox, Reannounce, Router, Transmit};
use vipd::wire::{AUTH_HEADER, Authenticator, Coverage, Format, Frame, Header};

fuzz_target!(|octets: &[u8]| {
    let mut octets = Octets(octets);
    let mut node = Node::new(octets.next());
    while !octets.is_empty() {
        node.step(&mut octets);
        node.check();
    }
    node.stop();
});

/// What is left of the input. Behind its end there are zeros.
struct Octets<'a>(&'a [u8]);

impl<'a> Octets<'a> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn next(&mut self) -> u8 {
        match self.0.split_first() {
            Some((first, rest)) => {
                self.0 = rest;
                *first
            }
            None => 0,
        }
    }

    fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken
    }

    fn bit(&mut self) -> bool {
        self.next() & 1 == 1
    }

    fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[usize::from(self.next()) % choices.len()]
    }
}

/// A router, and what it said.
struct Node {
    router: Router,
    out: Said,
    now: Instant,
    keys: Vec<Key>,
    /// The number of the last signed advert.
    sequence: u32,
}

/// What came out of the router.
#[derive(Default)]
struct Said {
    desires: HashMap<Slot, Desire>,
    assigned: HashMap<Slot, Instance>,
    standings: HashMap<Slot, Standing>,
    count: usize,
}

/// What nobody may change by a packet that is refused.
type Picture = (Option<Instant>, Vec<(Slot, Standing, Option<Fault>, Priority, Option<IpAddr>)>);

impl Node {
    fn new(hold: u8) -> Self {
        let now = Instant::from_nanos(1_000_000_000_000);
        let hold_until = (hold > 200).then(|| now + Duration::from_secs(3));
        let mut node =
            Self { router: Router::new(hold_until), out: Said::default(), now, keys: Vec::new(), sequence: 0 };
        let mut usual = Octets(&[0, 0, 1, 0b0011_1111, 0]);
        node.report(&mut usual);
        node
    }

    fn step(&mut self, octets: &mut Octets<'_>) {
        match octets.next() % 16 {
            0 => self.junk(octets),
            1..=4 => self.advert(octets),
            5 => self.report(octets),
            6 => self.input(Input::LinkGone(index(octets.next()))),
            7 => self.timeout(),
            8 | 9 => self.pass_to_next(octets),
            10 => self.now += Duration::from_millis(u64::from(octets.next()) * 50),
            11 => self.acknowledge(),
            12 => self.acknowledge_wrongly(octets),
            13 | 14 => self.configure(octets),
            _ => self.leave(octets),
        }
    }

    fn input(&mut self, input: Input<'_>) {
        self.router.handle(input, self.now, &mut self.out);
    }

    /// Octets that hardly are a packet.
    fn junk(&mut self, octets: &mut Octets<'_>) {
        let (link, v6, length) = (index(octets.next()), octets.bit(), octets.next());
        let raw = octets.take(usize::from(length));
        self.receive(
            link,
            if v6 { v6_packet(ip("fe80::9"), ip("ff02::12"), 255, raw) } else { Packet::V4(raw) },
        );
    }

    /// An advert for one of our instances, from a peer or from ourselves, perhaps with a flaw.
    fn advert(&mut self, octets: &mut Octets<'_>) {
        let link = index(octets.next());
        let chosen = usize::from(octets.next());
        let configs: Vec<(Instance, Option<IpAddr>)> =
            self.router.views().map(|view| (view.config.clone(), view.source)).collect();
        let Some((config, ours)) = configs.get(chosen % configs.len().max(1)) else {
            return;
        };
        let v6 = config.family == Family::V6;
        let other = octets.pick(&[0_u8, 1, 2, 3]);
        let source = match (other, ours) {
            (0, Some(ours)) => *ours,
            _ if v6 => ip(["fe80::1", "fe80::1", "fe80::9", "fe80::ff"][usize::from(other)]),
            _ => ip(["10.0.0.1", "10.0.0.1", "10.0.0.9", "10.0.0.200"][usize::from(other)]),
        };
        let destination = match &config.transport {
            Transport::Multicast { group } => *group,
            Transport::Unicast { .. } => ours.unwrap_or(source),
        };
        let priority = Priority::new(octets.next());
        let interval =
            octets.pick(&[config.interval, Centis::SHORTEST, Centis::TENTH, Centis::MAX_V3]);
        let coverage = octets.pick(&[
            Coverage::PseudoHeader,
            Coverage::GroupPseudoHeader,
            Coverage::MessageOnly,
        ]);
        let listed = config.addresses.iter().map(|address| address.ip);
        let mut frame = Frame::new(format(config), config.vrid, listed).expect("it was added");
        let mut message = frame.seal(priority, interval, source, destination, coverage).to_vec();
        let mut envelope = Envelope::Vrrp;
        if let Authentication::Ah(key) = config.authentication {
            // Sometimes the last one again.
            self.sequence = self.sequence.saturating_add(u32::from(octets.next()));
            let mut known = Authenticator::new(key, self.sequence);
            let signed = known.sign(&message, source, destination, 255).expect("over IPv4");
            (envelope, message) = (signed.0, signed.1.to_vec());
        }
        let (flaw, place) = (octets.next(), usize::from(octets.next()));
        if flaw > 128 {
            let place = place % message.len();
            message[place] ^= flaw;
        }
        let ttl = if flaw == 127 { 1 } else { 255 };
        match (source, destination) {
            (IpAddr::V4(_), IpAddr::V4(_)) => {
                let whole = v4_packet([source, destination], ttl, envelope, &message);
                self.receive(link, Packet::V4(&whole));
            }
            _ => self.receive(link, v6_packet(source, destination, ttl, &message)),
        }
    }

    /// Every packet is counted once; one that is refused changes nothing else.
    fn receive(&mut self, link: IfIndex, packet: Packet<'_>) {
        let (before, accepted, refused) = (self.picture(), self.accepted(), self.refused());
        let said = self.out.count;
        self.input(Input::Received { link, packet });
        let accepted = self.accepted() - accepted;
        let refused = self.refused() - refused;
        assert_eq!(accepted + refused, 1, "a packet is counted once");
        if refused == 1 {
            assert_eq!(self.picture(), before, "a refused packet changes nothing");
            assert_eq!(self.out.count, said, "and is answered by nothing");
        }
    }

    fn report(&mut self, octets: &mut Octets<'_>) {
        let index = index(octets.next());
        let name = link(octets.next());
        let up = octets.bit();
        let (which, tentative) = (octets.next(), octets.next());
        let all = ["10.0.0.5", "10.0.0.6", "fe80::5", "fd00::5", "10.0.0.100", "fe80::100"];
        let stands = all.iter().enumerate().filter(|(bit, _)| which >> bit & 1 == 1);
        let addresses = stands.map(|(bit, text)| LinkAddress {
            ip: ip(text),
            prefix: 24,
            scope: Scope::GLOBAL,
            tentative: tentative >> bit & 1 == 1,
        });
        let report = LinkReport {
            index,
            name,
            up,
            mac: Some(MacAddr([2, 0, 0, 0, 0, 1])),
            addresses: addresses.collect(),
        };
        self.input(Input::Link(&report));
    }

    /// Whether it is due or not. No timer stays due for more than a few turns.
    fn timeout(&mut self) {
        for _ in 0..TURNS {
            self.input(Input::Timeout);
            if self.router.next_timeout().is_none_or(|at| at > self.now) {
                return;
            }
        }
        panic!("a timer stays due: {:?} at {}", self.router.next_timeout(), self.now);
    }

    fn pass_to_next(&mut self, octets: &mut Octets<'_>) {
        let late = match octets.next() {
            0..=127 => Duration::ZERO,
            span @ 128..=191 => Duration::from_micros(u64::from(span)),
            span => Duration::from_millis(u64::from(span) * 20),
        };
        if let Some(at) = self.router.next_timeout() {
            self.now = at.max(self.now) + late;
            self.timeout();
        }
    }

    fn acknowledge(&mut self) {
        for (slot, Desire { generation, .. }) in self.out.desires.clone() {
            self.input(Input::Applied { slot, generation });
        }
    }

    fn acknowledge_wrongly(&mut self, octets: &mut Octets<'_>) {
        let slot = Slot::new(usize::from(octets.next()) % 40).expect("a small number");
        let generation = u32::from(octets.next());
        self.input(Input::Applied { slot, generation });
    }

    /// Adds or replaces an instance. What is refused changes nothing.
    fn configure(&mut self, octets: &mut Octets<'_>) {
        let config = instance(octets);
        let key = config.key();
        let before = self.picture();
        let result = if octets.bit() {
            self.router.replace(config, self.now, &mut self.out)
        } else {
            self.router.add(config, self.now, &mut self.out).map(|_slot| ())
        };
        match result {
            Ok(()) if !self.keys.contains(&key) => self.keys.push(key),
            Ok(()) => {}
            Err(_) => assert_eq!(self.picture(), before, "what is refused changes nothing"),
        }
    }

    /// Removes an instance; hardly ever, stops the node.
    fn leave(&mut self, octets: &mut Octets<'_>) {
        let which = usize::from(octets.next());
        if which == 255 {
            return self.input(Input::Stop);
        }
        if let Some(key) = self.keys.get(which % self.keys.len().max(1)).copied() {
            self.router.remove(key, self.now, &mut self.out);
        }
    }

    fn check(&self) {
        for view in self.router.views() {
            let desired = self.out.desires.get(&view.slot).is_some_and(|desire| desire.present);
            let active = view.standing == Standing::Active;
            assert_eq!(desired, active, "addresses are desired while Active and only then");
            let told = self.out.standings.get(&view.slot).copied();
            assert_eq!(told.unwrap_or(Standing::Initialize), view.standing, "changes are told");
            assert_eq!(self.out.assigned.get(&view.slot), Some(view.config));
        }
        for (slot, desire) in &self.out.desires {
            assert!(!desire.present || self.router.view(*slot).is_some(), "nobody's addresses");
        }
    }

    /// Everything leaves, whatever has happened before.
    fn stop(&mut self) {
        self.input(Input::Stop);
        for _ in 0..TURNS {
            self.check();
            self.acknowledge();
            self.now += Duration::from_millis(31);
            self.timeout();
        }
        self.acknowledge();
        assert!(self.router.is_stopped());
    }

    fn picture(&self) -> Picture {
        let views = self.router.views();
        let rows =
            views.map(|view| (view.slot, view.standing, view.fault, view.priority, view.source));
        (self.router.next_timeout(), rows.collect())
    }

    fn accepted(&self) -> u64 {
        self.router.views().map(|view| view.counters.adverts_received).sum()
    }

    fn refused(&self) -> u64 {
        let all = |counters: &Counters| -> u64 {
            Reject::ALL.iter().map(|reason| counters.rejected(*reason)).sum()
        };
        all(self.router.strays()) + self.router.views().map(|view| all(view.counters)).sum::<u64>()
    }
}

impl Outbox for Said {
    /// What is sent is what a peer would take.
    fn transmit(&mut self, packet: Transmit<'_>) {
        self.count += 1;
        let config = self.assigned.get(&packet.slot).expect("an instance sends");
        let signed = if packet.envelope == Envelope::Vrrp { 0 } else { AUTH_HEADER };
        let header = Header::read(&packet.payload[signed..]).expect("a header");
        let advert = header.advertisement(config.version, config.family).expect("a whole one");
        assert_eq!(header.vrid(), Some(config.vrid));
        advert.verify(packet.source, packet.destination).expect("an intact one");
        advert.interval().expect("an interval");
    }

    fn assign(&mut self, slot: Slot, instance: Option<&Instance>) {
        self.count += 1;
        match instance {
            Some(instance) => self.assigned.insert(slot, instance.clone()),
            None => self.assigned.remove(&slot),
        };
    }

    fn desire(&mut self, slot: Slot, desire: Desire) {
        self.count += 1;
        let old = self.desires.insert(slot, desire);
        let old = old.map_or(0, |old| old.generation);
        assert!(desire.generation > old, "each desire of a slot has a generation of its own");
    }

    fn announce(&mut self, slot: Slot, why: Reannounce) {
        self.count += 1;
        let Reannounce::Contested = why;
        assert!(self.desires.get(&slot).is_some_and(|desire| desire.present), "a loser is silent");
    }

    fn tell(&mut self, transition: Transition) {
        self.count += 1;
        let old = self.standings.insert(transition.slot, transition.to);
        assert_eq!(old.unwrap_or(Standing::Initialize), transition.from, "nothing is left out");
    }
}

/// An instance out of a few, so that later ones often replace earlier ones.
fn instance(octets: &mut Octets<'_>) -> Instance {
    let interface = link(octets.next() & 1);
    let kind = octets.next();
    let family = if kind & 1 == 1 { Family::V6 } else { Family::V4 };
    let v2 = kind & 2 == 2 && family == Family::V4;
    let version = if v2 { Version::V2 } else { Version::V3 };
    let of = |v4: &str, v6: &str| ip(if family == Family::V6 { v6 } else { v4 });
    let peer = |address| Peer { address, min_ttl: 0, max_ttl: 255 };
    let near = peer(of("10.0.0.9", "fe80::9"));
    let far = peer(of("10.0.0.1", "fe80::1"));
    let (ttl, check_source) = (255, kind & 64 == 64);
    let transport = match kind >> 2 & 3 {
        0 | 1 => Transport::Multicast { group: of("224.0.0.18", "ff02::12") },
        2 => Transport::Unicast { peers: vec![near], ttl, check_source },
        _ => Transport::Unicast { peers: vec![near, far], ttl, check_source },
    };
    let source = (kind & 16 == 16).then(|| of("10.0.0.6", "fe80::5"));
    let password = kind & 128 == 128 && v2;
    let mut addresses = vec![Address::new(of("10.0.0.100", "fe80::100"), interface)];
    if kind & 32 == 32 {
        addresses.push(Address::new(of("10.0.0.101", "fd00::101"), link(2)));
    }
    let excluded = octets.pick(&["", "", "10.0.0.102", "10.0.0.5", "fd00::102"]);
    let excluded = excluded.parse().ok().map(|ip| Address::new(ip, interface));
    if octets.next() == 77 {
        addresses.push(Address::new(of("fd00::1", "10.0.0.1"), interface));
    }
    let weight = octets.pick(&[0_i16, -30, 50, 253]);
    let tracked = TrackedInterface {
        link: link(1),
        weight: Weight::new(weight).expect("a weight"),
        reverse: octets.bit(),
    };
    let vrid = octets.pick(&[1, 1, 2]);
    let short = octets.pick(&[FastRelease::Auto, FastRelease::Off, FastRelease::To(Centis::TENTH)]);
    let intervals = [Centis::SECOND, Centis::SHORTEST, Centis::TENTH, Centis::MAX_V3];
    let interval = octets.pick(&intervals);
    let patience = Preempt::After(Duration::from_secs(2));
    let policy = octets.next();
    let name = format!("VI_{}", octets.next());
    Instance {
        family,
        version,
        priority: octets.pick(&[
            Priority::DEFAULT,
            Priority::LOWEST,
            Priority::new(200),
            Priority::OWNER,
        ]),
        interval: if v2 { Centis::SECOND } else { interval },
        preempt: octets.pick(&[Preempt::Yes, Preempt::No, patience]),
        down_adverts: octets.pick(&[3, 1, 10]),
        source,
        transport,
        authentication: match policy & 64 == 64 {
            _ if !password => Authentication::None,
            false => Authentication::Pass(*b"secret\0\0"),
            true => Authentication::Ah(*b"secret\0\0"),
        },
        checksum: if policy & 1 == 1 {
            ChecksumForm::MessageOnly
        } else {
            ChecksumForm::PseudoHeader
        },
        addresses,
        excluded: excluded.into_iter().collect(),
        track_primary: policy & 2 == 0,
        tracked: Vec::new(),
        tracked_interfaces: if policy & 4 == 4 { vec![tracked] } else { Vec::new() },
        fast_release: short,
        answer_lower: policy & 8 == 0,
        answer_higher: policy & 16 == 16,
        skip_address_check: policy & 32 == 32,
        ..Instance::new(&name, interface, Vrid::new(vrid).expect("not 0"))
    }
}

fn format(config: &Instance) -> Format {
    match (config.version, config.authentication) {
        (Version::V3, _) => Format::V3(config.family),
        (Version::V2, Authentication::Pass(password)) => Format::V2 { password: Some(password) },
        (Version::V2, Authentication::None) => Format::V2 { password: None },
        (Version::V2, Authentication::Ah(_)) => Format::V2Signed,
    }
}

fn v4_packet(ends: [IpAddr; 2], ttl: u8, envelope: Envelope, message: &[u8]) -> Vec<u8> {
    let total = u16::try_from(20 + message.len()).expect("a short message");
    let mut packet = vec![0x45, 0xc0, 0, 0, 0, 0, 0, 0, ttl, 112, 0, 0];
    packet[2..4].copy_from_slice(&total.to_be_bytes());
    if let Envelope::Ah(id) = envelope {
        packet[4..6].copy_from_slice(&id.get().to_be_bytes());
        packet[9] = 51;
    }
    for address in ends {
        if let IpAddr::V4(address) = address {
            packet.extend(address.octets());
        }
    }
    packet.extend(message);
    packet
}

fn v6_packet(source: IpAddr, destination: IpAddr, hop_limit: u8, payload: &[u8]) -> Packet<'_> {
    let v6 = |address| match address {
        IpAddr::V6(address) => address,
        IpAddr::V4(address) => address.to_ipv6_mapped(),
    };
    Packet::V6 { source: v6(source), destination: v6(destination), hop_limit, payload }
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn index(number: u8) -> IfIndex {
    IfIndex::new(u32::from(number % 4) + 2).expect("not 0")
}

fn link(number: u8) -> LinkName {
    LinkName::new(["eth0", "eth1", "eth2"][usize::from(number) % 3]).expect("a name")
}

/// How often everything that is due gets its turn before it has to be done: for a quarter of a
/// second, as long as a router listens at most to what became of its release.
const TURNS: usize = 8;
