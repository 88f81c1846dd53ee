//! A node under test: a router on eth0 whose effects are recorded.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use vipd::config::model::{Instance, Peer, Transport};
use vipd::types::{
    Address, Cause, Centis, Differs, Envelope, Family, GroupTransition, IfIndex, Instant,
    LinkAddress, LinkName, LinkReport, MacAddr, Packet, Priority, Reject, Reprioritised, Scope,
    Slot, Standing, Transition, Vrid,
};
use vipd::vrrp::{Desire, Input, Outbox, Reannounce, Router, Transmit};
use vipd::wire::{Coverage, Format, Frame};

pub(crate) const GROUP: IpAddr = IpAddr::V4(Ipv4Addr::new(224, 0, 0, 18));

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

pub(crate) fn link(name: &str) -> LinkName {
    LinkName::new(name).unwrap()
}

pub(crate) fn index(number: u32) -> IfIndex {
    IfIndex::new(number).unwrap()
}

pub(crate) fn instance(name: &str, vrid: u8) -> Instance {
    Instance {
        addresses: vec![Address::new(ip("10.0.0.100"), link("eth0"))],
        ..Instance::new(name, link("eth0"), Vrid::new(vrid).unwrap())
    }
}

pub(crate) fn unicast(name: &str, vrid: u8, peers: &[&str]) -> Instance {
    let peer = |peer: &&str| Peer { address: ip(peer), min_ttl: 0, max_ttl: 255 };
    let peers = peers.iter().map(peer).collect();
    let transport = Transport::Unicast { peers, ttl: 255, check_source: true };
    Instance { transport, ..instance(name, vrid) }
}

pub(crate) fn report(number: u32, name: &str, up: bool, addresses: &[&str]) -> LinkReport {
    let stands = |text: &&str| LinkAddress {
        ip: ip(text),
        prefix: 24,
        scope: Scope::GLOBAL,
        tentative: false,
    };
    LinkReport {
        index: index(number),
        name: link(name),
        up,
        mac: Some(MacAddr([2, 0, 0, 0, 0, 1])),
        addresses: addresses.iter().map(stands).collect(),
    }
}

/// What came out of the router, as text where that reads better.
#[derive(Default)]
pub(crate) struct Recorder {
    pub(crate) sent: Vec<(IpAddr, u8, Vec<u8>)>,
    /// What each of these travels in.
    pub(crate) envelopes: Vec<Envelope>,
    pub(crate) desires: Vec<(Slot, Desire)>,
    pub(crate) assigned: Vec<(Slot, Option<String>)>,
    pub(crate) announced: Vec<Slot>,
    pub(crate) told: Vec<Transition>,
    pub(crate) changes: Vec<Reprioritised>,
    pub(crate) groups: Vec<Standing>,
    pub(crate) remarks: Vec<Differs>,
}

impl Outbox for Recorder {
    fn transmit(&mut self, packet: Transmit<'_>) {
        self.envelopes.push(packet.envelope);
        self.sent.push((packet.destination, packet.ttl, packet.payload.to_vec()));
    }

    fn assign(&mut self, slot: Slot, instance: Option<&Instance>) {
        self.assigned.push((slot, instance.map(|instance| instance.name.clone())));
    }

    fn desire(&mut self, slot: Slot, desire: Desire) {
        self.desires.push((slot, desire));
    }

    fn remark(&mut self, differs: Differs) {
        self.remarks.push(differs);
    }

    fn announce(&mut self, slot: Slot, _why: Reannounce) {
        self.announced.push(slot);
    }

    fn tell(&mut self, transition: Transition) {
        self.told.push(transition);
    }

    fn tell_group(&mut self, transition: GroupTransition) {
        self.groups.push(transition.to);
    }

    fn reprioritise(&mut self, change: Reprioritised) {
        self.changes.push(change);
    }
}

impl Recorder {
    /// Priority, interval in centiseconds and destination of each advert since the last call.
    pub(crate) fn adverts(&mut self) -> Vec<(u8, u16, IpAddr)> {
        let sent = std::mem::take(&mut self.sent);
        let read = |(to, _, octets): &(IpAddr, u8, Vec<u8>)| {
            (octets[2], u16::from_be_bytes([octets[4], octets[5]]), *to)
        };
        sent.iter().map(read).collect()
    }

    pub(crate) fn causes(&mut self) -> Vec<(Standing, Cause)> {
        std::mem::take(&mut self.told).into_iter().map(|told| (told.to, told.cause)).collect()
    }
}

/// A router on eth0 (10.0.0.5), with the time in the test's hands.
pub(crate) struct Node {
    pub(crate) router: Router,
    pub(crate) out: Recorder,
    pub(crate) now: Instant,
}

impl Node {
    pub(crate) fn new(instances: Vec<Instance>) -> Self {
        let mut node = Self {
            router: Router::new(None),
            out: Recorder::default(),
            now: Instant::from_nanos(1_000_000_000),
        };
        node.link(&report(2, "eth0", true, &["10.0.0.5"]));
        for instance in instances {
            node.router.add(instance, node.now, &mut node.out).expect("a frame");
        }
        node
    }

    pub(crate) fn link(&mut self, report: &LinkReport) {
        self.router.handle(Input::Link(report), self.now, &mut self.out);
    }

    /// Lets the time pass, with every timer on the way.
    pub(crate) fn pass(&mut self, span: Duration) {
        let end = self.now + span;
        while let Some(at) = self.router.next_timeout().filter(|at| *at <= end) {
            self.now = at.max(self.now);
            self.router.handle(Input::Timeout, self.now, &mut self.out);
        }
        self.now = end;
    }

    pub(crate) fn hear(&mut self, source: &str, destination: IpAddr, payload: &[u8]) {
        let packet = v4(source, destination, payload);
        let packet = Packet::V4(&packet);
        self.router.handle(Input::Received { link: index(2), packet }, self.now, &mut self.out);
    }

    /// The kernel acknowledges everything that is desired.
    pub(crate) fn acknowledge(&mut self) {
        for (slot, desire) in std::mem::take(&mut self.out.desires) {
            let generation = desire.generation;
            let input = Input::Applied { slot, generation };
            self.router.handle(input, self.now, &mut self.out);
        }
    }

    pub(crate) fn standing(&self, slot: usize) -> Standing {
        self.router.view(Slot::new(slot).unwrap()).expect("an instance").standing
    }

    pub(crate) fn rejected(&self, reason: Reject) -> u64 {
        let own: u64 = self.router.views().map(|view| view.counters.rejected(reason)).sum();
        own + self.router.strays().rejected(reason)
    }
}

pub(crate) fn v4(source: &str, destination: IpAddr, payload: &[u8]) -> Vec<u8> {
    let total = u16::try_from(20 + payload.len()).unwrap().to_be_bytes();
    let mut packet = vec![0x45, 0xc0, total[0], total[1], 0, 0, 0, 0, 255, 112, 0, 0];
    for address in [ip(source), destination] {
        match address {
            IpAddr::V4(address) => packet.extend(address.octets()),
            IpAddr::V6(_) => panic!("an IPv4 packet has IPv4 addresses"),
        }
    }
    packet.extend(payload);
    packet
}

pub(crate) fn message(vrid: u8, priority: u8, source: &str, destination: IpAddr) -> Vec<u8> {
    let vrid = Vrid::new(vrid).unwrap();
    let mut frame = Frame::new(Format::V3(Family::V4), vrid, [ip("10.0.0.100")]).unwrap();
    let priority = Priority::new(priority);
    frame.seal(priority, Centis::SECOND, ip(source), destination, Coverage::PseudoHeader).to_vec()
}

pub(crate) const DOWN: Duration = Duration::from_secs(4);

/// A message of version 2 that lists one address.
pub(crate) fn message_v2(vrid: u8, priority: u8, address: &str) -> Vec<u8> {
    let vrid = Vrid::new(vrid).unwrap();
    let mut frame = Frame::new(Format::V2 { password: None }, vrid, [ip(address)]).unwrap();
    let priority = Priority::new(priority);
    let sealed = frame.seal(priority, Centis::SECOND, GROUP, GROUP, Coverage::MessageOnly);
    sealed.to_vec()
}
