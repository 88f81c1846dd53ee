//! Sync groups on simulated nodes, a thousand seeds: whatever happens to links, nodes and
//! configurations, no node keeps a half of a group.
//!
//! `VIPD_SIM_SEED=42` runs that seed alone and prints what happens in it; `VIPD_SIM_SEEDS=100000`
//! runs so many.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "the test's own helpers"
)]

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use vipd::config::model::{Group, Hooks, Instance, Preempt};
use vipd::types::{
    Address, Centis, IfIndex, Instant, LinkAddress, LinkName, LinkReport, MacAddr, Packet,
    Priority, Scope, Slot, Standing, Transition, Version, Vrid,
};
use vipd::vrrp::{Desire, Input, Outbox, Reannounce, Router, Transmit};

/// A bug that is planted in node 0, to prove that it would be found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Mutant {
    /// Its members do not know that they belong together.
    Ungrouped,
    /// The last member is not taken into the group.
    LeftBehind,
    /// A reload forgets the group.
    ForgottenOnReload,
}

#[test]
fn no_node_keeps_half_of_a_group_and_one_has_all_of_it_in_the_end() {
    let number = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let only = number("VIPD_SIM_SEED");
    let all = 0..number("VIPD_SIM_SEEDS").unwrap_or(1000);
    let seeds = only.map_or(all, |seed| seed..seed + 1);
    for seed in seeds {
        if let Err(breach) = World::new(seed, None, only.is_some()).run() {
            panic!("VIPD_SIM_SEED={seed}: {breach}");
        }
    }
}

#[test]
fn every_planted_bug_is_found() {
    for mutant in [Mutant::Ungrouped, Mutant::LeftBehind, Mutant::ForgottenOnReload] {
        let found = (0..500).find(|seed| World::new(*seed, Some(mutant), false).run().is_err());
        println!("{mutant:?} is found by seed {found:?}");
        assert!(found.is_some(), "{mutant:?}");
    }
}

/// What is on its way.
#[derive(Clone, Debug)]
enum Event {
    Packet { to: usize, link: usize, source: IpAddr, octets: Vec<u8> },
    Applied { node: usize, life: u32, slot: Slot, generation: u32 },
    Strike,
}

struct World {
    rng: Rng,
    mutant: Option<Mutant>,
    traced: bool,
    now: Instant,
    sequence: u64,
    events: BTreeMap<(Instant, u64), Event>,
    nodes: Vec<Node>,
    /// How many members the group has.
    members: usize,
    /// Which links carry nothing between two nodes.
    cuts: Vec<(usize, usize, usize)>,
    struck_at: Instant,
}

struct Node {
    /// `None` while it is down.
    router: Option<Router>,
    /// How often it was started.
    life: u32,
    instances: Vec<Instance>,
    links: Vec<bool>,
    half_since: Option<Instant>,
}

/// What a router wants.
#[derive(Default)]
struct Effects {
    sent: Vec<(IfIndex, IpAddr, Vec<u8>)>,
    desired: Vec<(Slot, Desire)>,
    told: Vec<Transition>,
}

impl Outbox for Effects {
    fn transmit(&mut self, packet: Transmit<'_>) {
        self.sent.push((packet.link, packet.source, packet.payload.to_vec()));
    }

    fn assign(&mut self, _slot: Slot, _instance: Option<&Instance>) {}

    fn desire(&mut self, slot: Slot, desire: Desire) {
        self.desired.push((slot, desire));
    }

    fn announce(&mut self, _slot: Slot, _why: Reannounce) {}

    fn tell(&mut self, transition: Transition) {
        self.told.push(transition);
    }
}

impl World {
    fn new(seed: u64, mutant: Option<Mutant>, traced: bool) -> Self {
        let mut rng = Rng(seed);
        let (count, members) = (2 + rng.below(2), 2 + rng.below(2));
        let preempt = [Preempt::Yes, Preempt::Yes, Preempt::No][rng.below(3)];
        let versions: Vec<Version> =
            (0..members).map(|_| [Version::V3, Version::V3, Version::V2][rng.below(3)]).collect();
        // Nodes whose members are not of one mind who is to have the group.
        let is_crossed = rng.below(4) == 0;
        let crossed: Vec<u8> = (0..9).map(|_| octet(1 + rng.below(254))).collect();
        let nodes = (0..count).map(|node| {
            let crossed = &crossed;
            let instance = |member: usize| {
                let link = link_name(member);
                let vrid = Vrid::new(u8::try_from(member + 1).unwrap()).unwrap();
                let ip = IpAddr::V4(Ipv4Addr::new(10, octet(member), 1, 1));
                Instance {
                    version: versions[member],
                    interval: match versions[member] {
                        Version::V2 => Centis::SECOND,
                        Version::V3 => Centis::new(if member == 0 { 10 } else { 100 }).unwrap(),
                    },
                    priority: Priority::new(match is_crossed {
                        true => crossed[3 * node + member],
                        false => 200 - 40 * octet(node),
                    }),
                    preempt,
                    addresses: vec![Address::new(ip, link)],
                    ..Instance::new(&format!("VI_{member}"), link, vrid)
                }
            };
            Node {
                router: None,
                life: 0,
                instances: (0..members).map(instance).collect(),
                links: vec![true; members],
                half_since: None,
            }
        });
        let nodes = nodes.collect();
        let now = Instant::from_nanos(1_000_000_000);
        let mut world = Self {
            rng,
            mutant,
            traced,
            now,
            sequence: 0,
            events: BTreeMap::new(),
            nodes,
            members,
            cuts: Vec::new(),
            struck_at: now,
        };
        for strike in 1..=STRIKES {
            let at = Duration::from_millis(3000 * strike + world.random(6000));
            world.post(at, Event::Strike);
        }
        (0..count).for_each(|node| world.start(node));
        world
    }

    /// Lets everything happen that is to happen, then waits for calm.
    fn run(mut self) -> Result<(), String> {
        let end = self.now + Duration::from_millis(3000 * STRIKES + 9000);
        self.until(end)?;
        self.trace("calm from now on");
        self.cuts.clear();
        for node in 0..self.nodes.len() {
            if self.nodes[node].router.as_ref().is_none_or(Router::is_stopped) {
                self.start(node);
            }
            for member in 0..self.members {
                self.set_link(node, member, true);
            }
            self.regroup(node, self.members);
        }
        self.struck_at = self.now;
        self.until(self.now + CALM)?;
        let holds = |node: &Node| self.standings(node).iter().all(|it| *it == Standing::Active);
        let holders = self.nodes.iter().filter(|node| holds(node)).count();
        if holders == 1 {
            Ok(())
        } else {
            Err(format!("{holders} nodes have the group in the end"))
        }
    }

    fn until(&mut self, end: Instant) -> Result<(), String> {
        loop {
            let timers =
                self.nodes.iter().enumerate().filter_map(|(index, node)| {
                    Some((node.router.as_ref()?.next_timeout()?, index))
                });
            let timer = timers.min();
            let event = self.events.first_key_value().map(|(key, _)| key.0);
            let next = [timer.map(|it| it.0), event].into_iter().flatten().min();
            let Some(at) = next.filter(|at| *at <= end) else {
                self.now = end;
                return Ok(());
            };
            self.now = self.now.max(at);
            match (timer, event) {
                (Some((due, node)), other) if other.is_none_or(|other| due < other) => {
                    self.handle(node, &Input::Timeout);
                }
                _ => {
                    let (_, event) = self.events.pop_first().unwrap();
                    self.happen(event);
                }
            }
            self.check()?;
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Packet { to, link, source, octets } => {
                let packet = v4(source, &octets);
                let input = Input::Received { link: index(link), packet: Packet::V4(&packet) };
                if self.nodes[to].links[link] {
                    self.handle(to, &input);
                }
            }
            Event::Applied { node, life, slot, generation } => {
                if self.nodes[node].life == life {
                    self.handle(node, &Input::Applied { slot, generation });
                }
            }
            Event::Strike => self.strike(),
        }
    }

    /// Something goes wrong, or is mended.
    fn strike(&mut self) {
        self.struck_at = self.now;
        let (node, member) = (self.rng.below(self.nodes.len()), self.rng.below(self.members));
        let is_up = self.nodes[node].router.is_some();
        let what = self.rng.below(9);
        self.trace(&format!("strike {what} at node {node}, member {member}"));
        match what {
            0 | 1 => self.set_link(node, member, !self.nodes[node].links[member]),
            2 => {
                let other = (node + 1) % self.nodes.len();
                self.cuts.push((member, node, other));
            }
            3 => self.cuts.clear(),
            4 if is_up => self.nodes[node].router = None,
            5 if is_up => self.handle(node, &Input::Stop),
            6 if is_up => {
                let priority = Priority::new(1 + octet(self.rng.below(254)));
                for member in 0..self.members {
                    let instance = &mut self.nodes[node].instances[member];
                    instance.priority = priority;
                    let new = instance.clone();
                    self.drive(node, |router, now, out| router.replace(new, now, out).unwrap());
                }
            }
            7 if is_up => {
                let members = 1 + self.rng.below(self.members);
                self.regroup(node, members);
            }
            _ => self.start(node),
        }
    }

    /// Starts a node anew.
    fn start(&mut self, node: usize) {
        self.nodes[node].router = Some(Router::new(None));
        self.nodes[node].life += 1;
        for member in 0..self.members {
            let up = self.nodes[node].links[member];
            self.set_link(node, member, up);
        }
        if self.mutant != Some(Mutant::Ungrouped) || node != 0 {
            self.tell_groups(node, self.members);
        }
        for instance in self.nodes[node].instances.clone() {
            self.drive(node, |router, now, out| {
                router.add(instance, now, out).unwrap();
            });
        }
    }

    /// The first `count` members are the group now, by a reload.
    fn regroup(&mut self, node: usize, count: usize) {
        match self.mutant.filter(|_| node == 0) {
            Some(Mutant::Ungrouped) => {}
            Some(Mutant::ForgottenOnReload) => {
                self.drive(node, |router, now, out| router.regroup(Vec::new(), now, out));
            }
            Some(Mutant::LeftBehind) | None => self.tell_groups(node, count),
        }
    }

    fn tell_groups(&mut self, node: usize, count: usize) {
        let left_behind = self.mutant == Some(Mutant::LeftBehind) && node == 0;
        let count = if left_behind { count.min(self.members - 1) } else { count };
        let members = self.nodes[node].instances.iter().take(count).map(Instance::key).collect();
        let group = Group {
            name: "G".to_owned(),
            members,
            tracked_interfaces: Vec::new(),
            hooks: Hooks::default(),
        };
        self.drive(node, |router, now, out| router.regroup(vec![group], now, out));
    }

    fn set_link(&mut self, node: usize, member: usize, up: bool) {
        self.nodes[node].links[member] = up;
        let address = LinkAddress {
            ip: source(node, member),
            prefix: 24,
            scope: Scope::GLOBAL,
            tentative: false,
        };
        let report = LinkReport {
            index: index(member),
            name: link_name(member),
            up,
            mac: Some(MacAddr([2, 0, 0, 0, octet(member), octet(node)])),
            addresses: vec![address],
        };
        self.handle(node, &Input::Link(&report));
    }

    fn handle(&mut self, node: usize, input: &Input<'_>) {
        self.drive(node, |router, now, out| router.handle(input.clone(), now, out));
    }

    fn drive(&mut self, node: usize, f: impl FnOnce(&mut Router, Instant, &mut Effects)) {
        let mut out = Effects::default();
        let Some(router) = &mut self.nodes[node].router else { return };
        f(router, self.now, &mut out);
        let life = self.nodes[node].life;
        for told in &out.told {
            self.trace(&format!("node {node}: {told:?}"));
        }
        for (slot, desire) in out.desired {
            let generation = desire.generation;
            self.post(Duration::from_millis(1), Event::Applied { node, life, slot, generation });
        }
        for (link, source, octets) in out.sent {
            let link = (0..self.members).find(|member| index(*member) == link).unwrap();
            if !self.nodes[node].links[link] {
                continue;
            }
            for to in (0..self.nodes.len()).filter(|to| *to != node) {
                let cut = |&(cut, a, b): &(usize, usize, usize)| {
                    cut == link && ((a, b) == (node, to) || (b, a) == (node, to))
                };
                if !self.cuts.iter().any(cut) {
                    let delay = Duration::from_micros(50 + self.random(400));
                    let octets = octets.clone();
                    self.post(delay, Event::Packet { to, link, source, octets });
                }
            }
        }
    }

    fn post(&mut self, delay: Duration, event: Event) {
        self.sequence += 1;
        self.events.insert((self.now + delay, self.sequence), event);
    }

    /// No node has had a half of its group for longer than its members may take to agree.
    fn check(&mut self) -> Result<(), String> {
        for index in 0..self.nodes.len() {
            let standings = self.grouped(&self.nodes[index]);
            let active = standings.iter().filter(|it| **it == Standing::Active).count();
            let half = active > 0 && active < standings.len();
            let node = &mut self.nodes[index];
            node.half_since = if half { node.half_since.or(Some(self.now)) } else { None };
            let since = node.half_since.map(|since| since.max(self.struck_at));
            if since.is_some_and(|since| self.now > since + AGREE) {
                return Err(format!("node {index} keeps a half of its group: {standings:?}"));
            }
        }
        Ok(())
    }

    /// The members that the configuration of `node` puts into the group, bugs or not.
    fn grouped(&self, node: &Node) -> Vec<Standing> {
        let Some(router) = &node.router else { return Vec::new() };
        if self.mutant.is_some() {
            return self.standings(node);
        }
        let groups: Vec<&Group> = router.groups().map(|(_, group, _)| group).collect();
        let is_member = |instance: &Instance| {
            groups.iter().any(|group| group.members.contains(&instance.key()))
        };
        let views = router.views().filter(|view| is_member(view.config));
        views.map(|view| view.standing).collect()
    }

    fn standings(&self, node: &Node) -> Vec<Standing> {
        let views = node.router.iter().flat_map(Router::views);
        let all: Vec<Standing> = views.map(|view| view.standing).collect();
        if all.is_empty() { vec![Standing::Initialize] } else { all }
    }

    fn random(&mut self, below: u64) -> u64 {
        self.rng.next() % below
    }

    fn trace(&self, what: &str) {
        if self.traced {
            println!("{:?} {what}", self.now);
        }
    }
}

fn source(node: usize, member: usize) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(10, octet(member), 0, octet(node) + 1))
}

fn octet(number: usize) -> u8 {
    u8::try_from(number).unwrap()
}

fn index(member: usize) -> IfIndex {
    IfIndex::new(u32::try_from(member).unwrap() + 2).unwrap()
}

fn link_name(member: usize) -> LinkName {
    LinkName::new(&format!("eth{member}")).unwrap()
}

/// The octets of a multicast advert.
fn v4(source: IpAddr, payload: &[u8]) -> Vec<u8> {
    let IpAddr::V4(source) = source else { panic!("an IPv4 address") };
    let total = u16::try_from(20 + payload.len()).unwrap().to_be_bytes();
    let mut packet = vec![0x45, 0xc0, total[0], total[1], 0, 0, 0, 0, 255, 112, 0, 0];
    packet.extend(source.octets());
    packet.extend([224, 0, 0, 18]);
    packet.extend(payload);
    packet
}

/// SplitMix64.
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound).unwrap()).unwrap()
    }
}

/// How many things happen to the nodes, one about every three seconds.
const STRIKES: u64 = 12;
/// How long the members may take to agree: two down intervals of the slowest.
const AGREE: Duration = Duration::from_secs(8);
/// How long it is calm in the end.
const CALM: Duration = Duration::from_secs(30);
