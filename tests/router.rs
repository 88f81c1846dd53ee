//! The node's decisions: links, faults, dispatch, refusals, succession, without a network.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "the test's own helpers"
)]

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use vipd::config::model::{
    Authentication, ChecksumForm, FastRelease, Instance, Peer, Preempt, TrackedInterface, Transport,
};
use vipd::types::{
    Address, Announce, Cause, Centis, Family, Fault, IfIndex, Instant, LinkAddress, LinkName,
    LinkReport, MacAddr, Packet, Priority, Reject, Scope, Slot, Standing, Transition, Version,
    Vrid, Weight,
};
use vipd::vrrp::{Desire, Input, Outbox, Reannounce, Router, Transmit};
use vipd::wire::{Coverage, Format, Frame};

const GROUP: IpAddr = IpAddr::V4(Ipv4Addr::new(224, 0, 0, 18));

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn link(name: &str) -> LinkName {
    LinkName::new(name).unwrap()
}

fn index(number: u32) -> IfIndex {
    IfIndex::new(number).unwrap()
}

fn instance(name: &str, vrid: u8) -> Instance {
    Instance {
        name: name.to_owned(),
        interface: link("eth0"),
        vrid: Vrid::new(vrid).unwrap(),
        family: Family::V4,
        version: Version::V3,
        priority: Priority::DEFAULT,
        interval: Centis::SECOND,
        preempt: Preempt::Yes,
        down_adverts: 3,
        source: None,
        transport: Transport::Multicast { group: GROUP },
        authentication: Authentication::None,
        checksum: ChecksumForm::PseudoHeader,
        addresses: vec![Address::new(ip("10.0.0.100"), link("eth0"))],
        excluded: Vec::new(),
        announce: Announce::default(),
        track_primary: true,
        tracked_interfaces: Vec::new(),
        fast_release: FastRelease::Auto,
        answer_lower: true,
        answer_higher: false,
        skip_address_check: false,
    }
}

fn unicast(name: &str, vrid: u8, peers: &[&str]) -> Instance {
    let peer = |peer: &&str| Peer {
        address: ip(peer),
        min_ttl: 0,
        max_ttl: 255,
    };
    let peers = peers.iter().map(peer).collect();
    let transport = Transport::Unicast {
        peers,
        ttl: 255,
        check_source: true,
    };
    Instance {
        transport,
        ..instance(name, vrid)
    }
}

fn report(number: u32, name: &str, up: bool, addresses: &[&str]) -> LinkReport {
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
struct Recorder {
    sent: Vec<(IpAddr, u8, Vec<u8>)>,
    desires: Vec<(Slot, Desire)>,
    assigned: Vec<(Slot, Option<String>)>,
    announced: Vec<Slot>,
    told: Vec<Transition>,
}

impl Outbox for Recorder {
    fn transmit(&mut self, packet: Transmit<'_>) {
        self.sent
            .push((packet.destination, packet.ttl, packet.payload.to_vec()));
    }

    fn assign(&mut self, slot: Slot, instance: Option<&Instance>) {
        self.assigned
            .push((slot, instance.map(|instance| instance.name.clone())));
    }

    fn desire(&mut self, slot: Slot, desire: Desire) {
        self.desires.push((slot, desire));
    }

    fn announce(&mut self, slot: Slot, _why: Reannounce) {
        self.announced.push(slot);
    }

    fn tell(&mut self, transition: Transition) {
        self.told.push(transition);
    }
}

impl Recorder {
    /// Priority, interval in centiseconds and destination of each advert since the last call.
    fn adverts(&mut self) -> Vec<(u8, u16, IpAddr)> {
        let sent = std::mem::take(&mut self.sent);
        let read = |(to, _, octets): &(IpAddr, u8, Vec<u8>)| {
            (octets[2], u16::from_be_bytes([octets[4], octets[5]]), *to)
        };
        sent.iter().map(read).collect()
    }

    fn causes(&mut self) -> Vec<(Standing, Cause)> {
        std::mem::take(&mut self.told)
            .into_iter()
            .map(|told| (told.to, told.cause))
            .collect()
    }
}

/// A router on eth0 (10.0.0.5), with the time in the test's hands.
struct Node {
    router: Router,
    out: Recorder,
    now: Instant,
}

impl Node {
    fn new(instances: Vec<Instance>) -> Self {
        let mut node = Self {
            router: Router::new(None),
            out: Recorder::default(),
            now: Instant::from_nanos(1_000_000_000),
        };
        node.link(&report(2, "eth0", true, &["10.0.0.5"]));
        for instance in instances {
            node.router
                .add(instance, node.now, &mut node.out)
                .expect("a frame");
        }
        node
    }

    fn link(&mut self, report: &LinkReport) {
        self.router
            .handle(Input::Link(report), self.now, &mut self.out);
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

    fn hear(&mut self, source: &str, destination: IpAddr, payload: &[u8]) {
        let packet = v4(source, destination, payload);
        let packet = Packet::V4(&packet);
        self.router.handle(
            Input::Received {
                link: index(2),
                packet,
            },
            self.now,
            &mut self.out,
        );
    }

    /// The kernel acknowledges everything that is desired.
    fn acknowledge(&mut self) {
        for (slot, desire) in std::mem::take(&mut self.out.desires) {
            let generation = desire.generation;
            let input = Input::Applied { slot, generation };
            self.router.handle(input, self.now, &mut self.out);
        }
    }

    fn standing(&self, slot: usize) -> Standing {
        self.router
            .view(Slot::new(slot).unwrap())
            .expect("an instance")
            .standing
    }

    fn rejected(&self, reason: Reject) -> u64 {
        let own: u64 = self
            .router
            .views()
            .map(|view| view.counters.rejected(reason))
            .sum();
        own + self.router.strays().rejected(reason)
    }
}

fn v4(source: &str, destination: IpAddr, payload: &[u8]) -> Vec<u8> {
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

fn message(vrid: u8, priority: u8, source: &str, destination: IpAddr) -> Vec<u8> {
    let vrid = Vrid::new(vrid).unwrap();
    let mut frame = Frame::new(Format::V3(Family::V4), vrid, [ip("10.0.0.100")]).unwrap();
    let priority = Priority::new(priority);
    frame
        .seal(
            priority,
            Centis::SECOND,
            ip(source),
            destination,
            Coverage::PseudoHeader,
        )
        .to_vec()
}

const DOWN: Duration = Duration::from_secs(4);

#[test]
fn an_instance_becomes_active_after_the_down_interval_and_advertises() {
    let mut node = Node::new(vec![instance("api", 51)]);
    node.pass(DOWN);
    assert_eq!(node.standing(0), Standing::Active);
    assert_eq!(node.out.adverts(), [(100, 100, GROUP)]);
    assert!(node.out.desires.iter().all(|(_, desire)| desire.present));
}

#[test]
fn an_interface_that_is_missing_down_or_bare_is_a_fault_with_a_name_and_recovers() {
    let mut node = Node::new(Vec::new());
    node.router
        .handle(Input::LinkGone(index(2)), node.now, &mut node.out);
    node.router
        .add(instance("api", 51), node.now, &mut node.out)
        .unwrap();
    node.link(&report(2, "eth0", false, &[]));
    node.link(&report(2, "eth0", true, &[]));
    node.link(&report(2, "eth0", true, &[]));
    node.link(&report(2, "eth0", true, &["10.0.0.5"]));
    let eth0 = link("eth0");
    let expected = [
        (Standing::Initialize, Cause::Fault(Fault::LinkMissing(eth0))),
        (Standing::Initialize, Cause::Fault(Fault::LinkDown(eth0))),
        (Standing::Initialize, Cause::Fault(Fault::NoSource(eth0))),
        (Standing::Backup, Cause::Recovered),
    ];
    assert_eq!(node.out.causes(), expected);
}

#[test]
fn a_virtual_address_is_no_source_of_adverts() {
    let mut node = Node::new(vec![instance("api", 51)]);
    node.link(&report(2, "eth0", true, &["10.0.0.100"]));
    let fault = Cause::Fault(Fault::NoSource(link("eth0")));
    assert_eq!(node.out.causes().pop(), Some((Standing::Initialize, fault)));
}

#[test]
fn a_tentative_address_is_waited_for() {
    let mut bare = report(2, "eth0", true, &["fe80::5"]);
    bare.addresses[0].tentative = true;
    let mut node = Node::new(Vec::new());
    node.link(&bare);
    let group = Transport::Multicast {
        group: ip("ff02::12"),
    };
    let addresses = vec![Address::new(ip("fe80::100"), link("eth0"))];
    let v6 = Instance {
        family: Family::V6,
        transport: group,
        addresses,
        ..instance("v6", 51)
    };
    node.router.add(v6, node.now, &mut node.out).unwrap();
    bare.addresses[0].tentative = false;
    node.link(&bare);
    let fault = Cause::Fault(Fault::Tentative(link("eth0")));
    let expected = [
        (Standing::Initialize, fault),
        (Standing::Backup, Cause::Recovered),
    ];
    assert_eq!(node.out.causes(), expected);
}

#[test]
fn a_link_that_goes_down_while_active_takes_the_addresses_away() {
    let mut node = Node::new(vec![instance("api", 51)]);
    node.pass(DOWN);
    node.acknowledge();
    node.link(&report(2, "eth0", false, &["10.0.0.5"]));
    assert_eq!(node.standing(0), Standing::Leaving);
    node.acknowledge();
    node.pass(Duration::from_millis(1));
    assert_eq!(node.standing(0), Standing::Initialize);
    node.link(&report(2, "eth0", true, &["10.0.0.5"]));
    assert_eq!(node.standing(0), Standing::Backup);
}

#[test]
fn a_link_that_returns_during_leaving_starts_the_instance_again() {
    let mut node = Node::new(vec![instance("api", 51)]);
    node.pass(DOWN);
    node.acknowledge();
    node.link(&report(2, "eth0", false, &["10.0.0.5"]));
    node.link(&report(2, "eth0", true, &["10.0.0.5"]));
    assert_eq!(node.standing(0), Standing::Leaving);
    node.acknowledge();
    node.pass(Duration::from_millis(1));
    assert_eq!(node.standing(0), Standing::Backup);
}

#[test]
fn a_tracked_interface_is_a_fault_or_changes_the_priority() {
    let weight = Weight::new(-30).unwrap();
    let tracked = |weight| TrackedInterface {
        link: link("eth1"),
        weight,
        reverse: false,
    };
    let weighted = Instance {
        tracked_interfaces: vec![tracked(weight)],
        ..instance("a", 1)
    };
    let required = Instance {
        tracked_interfaces: vec![tracked(Weight::FAULT)],
        ..instance("b", 2)
    };
    let mut node = Node::new(vec![weighted, required]);
    let priority = |node: &Node| node.router.views().next().unwrap().priority.get();
    assert_eq!(
        (priority(&node), node.standing(1)),
        (70, Standing::Initialize)
    );
    node.link(&report(3, "eth1", true, &[]));
    assert_eq!((priority(&node), node.standing(1)), (100, Standing::Backup));
    node.link(&report(3, "eth1", false, &[]));
    assert_eq!(
        (priority(&node), node.standing(1)),
        (70, Standing::Initialize)
    );
}

#[test]
fn each_refused_packet_has_one_reason_and_changes_nothing() {
    let good = message(51, 200, "10.0.0.9", GROUP);
    let change = |at: usize, to: u8| {
        let mut bad = good.clone();
        bad[at] = to;
        bad
    };
    let cases = [
        (Reject::Length, good[..7].to_vec()),
        (Reject::Length, good[..11].to_vec()),
        (Reject::UnknownVrid, change(1, 52)),
        (Reject::Version, change(0, 0x21)),
        (Reject::Type, change(0, 0x32)),
        (Reject::Checksum, change(6, good[6] ^ 1)),
    ];
    for (reason, packet) in cases {
        let mut node = Node::new(vec![instance("api", 51)]);
        let due = node.router.next_timeout();
        node.now += Duration::from_secs(1);
        node.hear("10.0.0.9", GROUP, &packet);
        assert_eq!(node.rejected(reason), 1, "{reason}");
        assert_eq!(node.router.next_timeout(), due, "{reason}");
    }
}

#[test]
fn a_unicast_advert_is_not_for_a_multicast_instance_nor_the_reverse() {
    let ours = ip("10.0.0.5");
    let mut node = Node::new(vec![instance("api", 51)]);
    node.hear("10.0.0.9", ours, &message(51, 200, "10.0.0.9", ours));
    assert_eq!(node.rejected(Reject::Destination), 1);
    let mut node = Node::new(vec![unicast("api", 51, &["10.0.0.9"])]);
    node.hear("10.0.0.9", GROUP, &message(51, 200, "10.0.0.9", GROUP));
    assert_eq!(node.rejected(Reject::Destination), 1);
    node.hear("10.0.0.8", ours, &message(51, 200, "10.0.0.8", ours));
    assert_eq!(node.rejected(Reject::Source), 1);
}

#[test]
fn instances_that_share_a_vrid_are_told_apart_by_their_peers() {
    let ours = ip("10.0.0.5");
    let mut node = Node::new(vec![
        instance("multicast", 51),
        unicast("unicast", 51, &["10.0.0.9"]),
    ]);
    node.hear("10.0.0.9", ours, &message(51, 200, "10.0.0.9", ours));
    node.hear("10.0.0.9", GROUP, &message(51, 200, "10.0.0.9", GROUP));
    let received: Vec<_> = node
        .router
        .views()
        .map(|view| view.counters.adverts_received)
        .collect();
    assert_eq!(received, [1, 1]);
}

#[test]
fn our_own_packet_that_comes_back_changes_nothing() {
    let mut node = Node::new(vec![instance("api", 51)]);
    node.pass(DOWN);
    let due = node.router.next_timeout();
    node.hear("10.0.0.5", GROUP, &message(51, 100, "10.0.0.5", GROUP));
    assert_eq!(node.rejected(Reject::Own), 1);
    assert_eq!(node.router.next_timeout(), due);
}

#[test]
fn another_address_list_is_counted_and_the_advert_accepted() {
    let mut other = instance("api", 51);
    other
        .addresses
        .push(Address::new(ip("10.0.0.101"), link("eth0")));
    let mut node = Node::new(vec![other]);
    node.hear("10.0.0.9", GROUP, &message(51, 200, "10.0.0.9", GROUP));
    let counters = *node.router.views().next().unwrap().counters;
    assert_eq!(
        (counters.address_list_differs, counters.adverts_received),
        (1, 1)
    );
}

#[test]
fn stopping_leaves_in_order_and_ends_when_the_kernel_has_acknowledged() {
    let slow = Instance {
        fast_release: FastRelease::Off,
        ..instance("api", 51)
    };
    let mut node = Node::new(vec![slow, instance("other", 52)]);
    node.pass(Duration::from_secs(1));
    node.hear("10.0.0.9", GROUP, &message(52, 200, "10.0.0.9", GROUP));
    node.pass(Duration::from_millis(2700));
    assert_eq!(
        (node.standing(0), node.standing(1)),
        (Standing::Active, Standing::Backup)
    );
    node.acknowledge();
    node.out.sent.clear();
    node.router.handle(Input::Stop, node.now, &mut node.out);
    assert_eq!(node.out.adverts(), []);
    assert!(!node.router.is_stopped());
    node.acknowledge();
    assert_eq!(node.out.adverts(), [(0, 100, GROUP), (0, 100, GROUP)]);
    assert!(node.router.is_stopped());
}

#[test]
fn a_removed_instance_leaves_and_its_slot_is_used_again() {
    let first = instance("first", 51);
    let key = first.key();
    let mut node = Node::new(vec![first]);
    node.pass(DOWN);
    node.acknowledge();
    node.router.remove(key, node.now, &mut node.out);
    node.acknowledge();
    node.pass(Duration::from_millis(40));
    assert!(node.router.view(Slot::new(0).unwrap()).is_none());
    assert_eq!(node.router.next_timeout(), None);
    node.router
        .add(instance("second", 51), node.now, &mut node.out)
        .unwrap();
    let slot = Slot::new(0).unwrap();
    let names = [Some("first".to_owned()), None, Some("second".to_owned())];
    assert_eq!(node.out.assigned, names.map(|name| (slot, name)));
}

#[test]
fn a_replaced_instance_stays_active_and_says_so_at_once() {
    let mut node = Node::new(vec![instance("api", 51)]);
    node.pass(DOWN);
    node.acknowledge();
    node.out.sent.clear();
    let priority = Priority::new(90);
    let changed = Instance {
        priority,
        name: "renamed".to_owned(),
        ..instance("api", 51)
    };
    node.router
        .replace(changed, node.now, &mut node.out)
        .unwrap();
    assert_eq!(node.standing(0), Standing::Active);
    assert!(node.out.desires.is_empty());
    node.pass(Duration::from_secs(1));
    assert!(node.out.adverts().contains(&(90, 100, GROUP)));
}

#[test]
fn the_only_unicast_peer_is_taught_10_ms_and_a_group_100_ms() {
    for (config, short) in [
        (unicast("a", 51, &["10.0.0.9"]), 1),
        (instance("a", 51), 10),
    ] {
        let mut node = Node::new(vec![config]);
        node.pass(DOWN);
        node.acknowledge();
        node.out.sent.clear();
        node.router.handle(Input::Stop, node.now, &mut node.out);
        let taught = node.out.adverts().first().map(|(_, interval, _)| *interval);
        assert_eq!(taught, Some(short));
    }
}

#[test]
fn of_several_known_peers_the_likely_successor_alone_is_taught_10_ms() {
    let ours = ip("10.0.0.5");
    let mut node = Node::new(vec![unicast("api", 51, &["10.0.0.8", "10.0.0.9"])]);
    node.hear("10.0.0.8", ours, &message(51, 120, "10.0.0.8", ours));
    node.hear("10.0.0.9", ours, &message(51, 130, "10.0.0.9", ours));
    node.pass(DOWN);
    node.acknowledge();
    node.out.sent.clear();
    node.router.handle(Input::Stop, node.now, &mut node.out);
    assert_eq!(node.out.adverts(), [(100, 1, ip("10.0.0.9"))]);
    node.acknowledge();
    node.pass(Duration::from_millis(1));
    let said = node.out.adverts();
    let released: Vec<_> = said
        .iter()
        .filter(|said| said.0 == 0)
        .map(|said| said.2)
        .collect();
    assert_eq!(released.len(), 4);
    assert!(released.contains(&ip("10.0.0.8")) && released.contains(&ip("10.0.0.9")));
}

#[test]
fn nothing_is_claimed_before_the_startup_delay_has_passed() {
    let mut node = Node::new(Vec::new());
    node.router = Router::new(Some(node.now + Duration::from_secs(60)));
    node.link(&report(2, "eth0", true, &["10.0.0.5"]));
    let owner = Instance {
        priority: Priority::OWNER,
        ..instance("api", 51)
    };
    node.router.add(owner, node.now, &mut node.out).unwrap();
    node.pass(Duration::from_secs(59));
    assert_eq!(node.standing(0), Standing::Initialize);
    node.hear("10.0.0.9", GROUP, &message(51, 200, "10.0.0.9", GROUP));
    assert_eq!(node.rejected(Reject::NotRunning), 1);
    node.pass(Duration::from_secs(1));
    assert_eq!(node.standing(0), Standing::Active);
}

#[test]
fn what_is_listened_to_follows_links_and_addresses() {
    let mut node = Node::new(vec![instance("a", 51), unicast("b", 52, &["10.0.0.9"])]);
    let listening = |node: &Node| {
        node.router
            .listening()
            .map(|listen| (listen.link, listen.address))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        listening(&node),
        [(index(2), GROUP), (index(2), ip("10.0.0.5"))]
    );
    node.link(&report(2, "eth0", true, &["10.0.0.6"]));
    assert_eq!(
        listening(&node),
        [(index(2), GROUP), (index(2), ip("10.0.0.6"))]
    );
    node.router
        .handle(Input::LinkGone(index(2)), node.now, &mut node.out);
    assert_eq!(listening(&node), []);
}
