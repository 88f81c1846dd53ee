//! How each fault befalls its node.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::rc::Rc;
use std::time::Duration;

use crate::config::model::{Instance, Transport};
use crate::kernel::Refusal;
use crate::kernel::memory::Memory;
use crate::types::{Centis, Family, IfIndex, Priority, Standing, Version, Vrid};

use super::effect::Stimulus;
use super::fault::{Clock, Fault, Flood, Testament};
use super::host::{self, Reach, TRACKED_LINK, VRRP_LINK};
use super::node::Life;
use super::packet::Message;
use super::roster::NodeId;
use super::world::{Breach, Event, World};

impl World {
    /// Lets `fault` happen. What cannot happen any more, as the node is dead, does not.
    pub(super) fn strike(&mut self, fault: Fault) -> Result<(), Breach> {
        self.calm.strike(self.now);
        if let Fault::Configure(node, _) = &fault {
            self.trace.line(self.now, node, "reloads");
        } else {
            self.trace.line(self.now, "--", format_args!("{fault:?}"));
        }
        match fault {
            Fault::Crash(node, testament) => self.crash(node, testament),
            Fault::PowerOff(node) => {
                self.mislead(node);
                self.bury(node, false);
            }
            Fault::Start(node) => return self.start(node),
            Fault::Stop(node) => return self.tell(node, Stimulus::Stop),
            Fault::Stall(node, lasts) => self.halt(node, lasts, None),
            Fault::Freeze(node, lasts, clock) => self.halt(node, lasts, Some(clock)),
            Fault::Configure(node, instance) => {
                self.nodes[node].configure(&instance);
                return self.tell(node, Stimulus::Configure(instance));
            }
            Fault::Remove(node, place) => {
                if let Some(old) = self.instance(node, place) {
                    self.nodes[node].settings.retain(|it| it.vrid != old.vrid);
                    return self.tell(node, Stimulus::Remove(old.key()));
                }
            }
            Fault::Track(node, up) => self.set_link(node, TRACKED_LINK, up),
            Fault::Service(node, works) => self.nodes[node].service.works = works,
            Fault::Carrier(node, up) => {
                self.network.plug(node, up);
                self.network_changed();
                self.set_link(node, VRRP_LINK, up);
            }
            Fault::Plug(node, plugged) => {
                self.network.plug(node, plugged);
                self.network_changed();
            }
            Fault::Deafen(from, to) => {
                self.network.cut(from, to);
                self.network_changed();
            }
            Fault::Split(nodes, parity) => {
                self.network.split(nodes, |host| host % 2 == parity);
                self.network_changed();
            }
            Fault::Heal => {
                self.network.heal();
                self.network_changed();
            }
            Fault::Weather(weather) => {
                self.network.set_weather(weather);
                self.network_changed();
            }
            Fault::Slow(node, by) => self.nodes[node].slow = by,
            Fault::Refuse(node, place, refused) => self.refuse(node, place, refused),
            Fault::Steal(node, place) => {
                if let Some(instance) = self.instance(node, place) {
                    let memory = self.nodes[node].agent.kernel_mut();
                    for address in instance.held() {
                        memory.steal(address.ip);
                    }
                    self.notice_events(node);
                }
            }
            Fault::Noise(node, place, count) => self.noise(node, place, count),
            Fault::Flood(node, place, flood) => self.flood(node, place, flood),
            Fault::Ask(host, place) => self.ask(host, place),
        }
        Ok(())
    }

    /// The process on a node is no more.
    pub(super) fn bury(&mut self, node: NodeId, powered: bool) {
        self.trace.line(self.now, node, "is no more");
        self.nodes[node].end(powered);
        self.judge.died(node);
        self.calm.disturb(self.now);
    }

    /// The supervisor sends what it has to and removes the addresses: hand over first.
    pub(super) fn execute(&mut self, node: NodeId, will: &[Rc<Message>]) {
        for message in will {
            self.send(node, message);
        }
        for instance in self.nodes[node].settings.clone() {
            let memory = self.nodes[node].agent.kernel_mut();
            for address in instance.held() {
                memory.steal(address.ip);
            }
        }
        self.notice_events(node);
        self.calm.disturb(self.now);
    }

    fn crash(&mut self, node: NodeId, testament: Testament) {
        let alive = !matches!(self.nodes[node].life, Life::Dead { .. });
        if !alive {
            return;
        }
        self.mislead(node);
        let will = self.last_will(node);
        self.bury(node, true);
        if testament == Testament::Executed {
            let (least, most) = (Duration::from_millis(1), Duration::from_millis(10));
            let after = self.rng.span(least, most);
            let epoch = self.nodes[node].epoch;
            self.after(after, Event::Execute(node, epoch, will));
        }
    }

    /// What releases every instance of which the node is Active.
    fn last_will(&self, node: NodeId) -> Vec<Rc<Message>> {
        let mut will = Vec::new();
        let views = self.nodes[node].brain.views();
        for view in views.filter(|view| view.standing == Standing::Active) {
            let (config, source) = (view.config, view.source);
            for to in receivers(config) {
                let release = source.and_then(|source| {
                    Message::forge(config, Priority::RELEASE, config.interval, source, to)
                });
                will.extend(release.map(Rc::new));
            }
        }
        will
    }

    fn start(&mut self, node: NodeId) -> Result<(), Breach> {
        if !matches!(self.nodes[node].life, Life::Dead { .. }) {
            return Ok(());
        }
        self.nodes[node].begin(node, self.mutant);
        self.judge.started(node, self.now, self.nodes[node].lag);
        for link in [VRRP_LINK, TRACKED_LINK] {
            if let Some(report) = Memory::report(self.nodes[node].agent.kernel(), link) {
                self.feed(node, &Stimulus::Link(report))?;
            }
        }
        for instance in self.nodes[node].settings.clone() {
            self.feed(node, &Stimulus::Configure(instance))?;
        }
        self.hands_soon(node);
        self.check_later(node);
        Ok(())
    }

    fn halt(&mut self, node: NodeId, lasts: Duration, machine: Option<Clock>) {
        let there = &mut self.nodes[node];
        if !there.is_running() {
            return;
        }
        there.life = Life::Still { since: self.now, machine };
        let epoch = there.epoch;
        self.judge.paused(node);
        self.after(lasts, Event::Resume(node, epoch));
    }

    fn set_link(&mut self, node: NodeId, link: IfIndex, up: bool) {
        self.nodes[node].agent.kernel_mut().set_up(link, up);
        if !matches!(self.nodes[node].life, Life::Dead { .. }) {
            self.report(node, link);
        }
    }

    fn refuse(&mut self, node: NodeId, place: usize, refused: bool) {
        let Some(instance) = self.instance(node, place) else {
            return;
        };
        let there = &mut self.nodes[node];
        (there.refusing, there.refused) = (refused, true);
        for address in instance.held() {
            let refusal = refused.then_some(Refusal::NotPermitted);
            there.agent.kernel_mut().refuse(address.ip, refusal);
        }
    }

    /// Packets that have to be refused reach a node.
    fn noise(&mut self, node: NodeId, place: usize, count: u32) {
        let Some(instance) = self.instance(node, place) else {
            return;
        };
        for number in 0..count {
            let after = Duration::from_micros(50) * (number + 1);
            if let Some(message) = self.refusable(node, &instance) {
                self.after(after, Event::Arrive(node, Rc::new(message)));
            }
        }
    }

    fn refusable(&mut self, node: NodeId, instance: &Instance) -> Option<Message> {
        let peer = self.nodes.ids().find(|other| *other != node)?;
        let (to_us, from) = ends(node, peer, instance);
        let priority = Priority::new(self.rng.octet(0, 255));
        let interval = self.rng.pick([instance.interval, Centis::SHORTEST]);
        let valid =
            |config: &Instance, to: IpAddr| Message::forge(config, priority, interval, from, to);
        let multicast = matches!(instance.transport, Transport::Multicast { .. });
        match self.rng.below(6) {
            0 => {
                let mut other = instance.clone();
                other.vrid = Vrid::new(200).ok()?;
                valid(&other, to_us).map(Message::refused)
            }
            1 if multicast => valid(instance, to_us).map(Message::forwarded),
            2 if multicast => {
                let ours = host::source(node, instance.family, Reach::Link);
                valid(instance, ours).map(Message::refused)
            }
            3 if instance.family == Family::V4 => {
                let mut other = instance.clone();
                other.version = match instance.version {
                    Version::V2 => Version::V3,
                    Version::V3 => Version::V2,
                };
                valid(&other, to_us).map(Message::refused)
            }
            4 => {
                let length = self.rng.index(8);
                valid(instance, to_us).map(|message| message.cut(length))
            }
            _ => {
                let octet = self.rng.index(64);
                valid(instance, to_us).map(|message| message.damaged(octet))
            }
        }
    }

    /// A stranger sends valid adverts faster than anybody should.
    fn flood(&mut self, node: NodeId, place: usize, flood: Flood) {
        let Some(instance) = self.instance(node, place) else {
            return;
        };
        if let Transport::Unicast { check_source: true, .. } = instance.transport {
            return;
        }
        let Some(peer) = self.nodes.ids().find(|other| *other != node) else {
            return;
        };
        let (to, _) = ends(node, peer, &instance);
        let from = match instance.family {
            Family::V4 => IpAddr::V4(Ipv4Addr::new(10, 0, 0, 250)),
            Family::V6 => IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 250)),
        };
        let priority = match flood {
            Flood::Lower => Priority::LOWEST,
            Flood::Release => Priority::RELEASE,
        };
        let forged = Message::forge(&instance, priority, instance.interval, from, to);
        let Some(message) = forged.map(Rc::new) else {
            return;
        };
        for number in 0..FLOOD {
            let after = FLOOD_GAP * (number + 1);
            self.after(after, Event::Arrive(node, Rc::clone(&message)));
        }
        self.calm.strike(self.now + FLOOD_GAP * (FLOOD + 1));
    }

    /// A host asks for the addresses of a virtual router.
    fn ask(&mut self, host: usize, place: usize) {
        let first = self.nodes.ids().next();
        let Some(instance) = first.and_then(|node| self.instance(node, place)) else {
            return;
        };
        for ip in instance.held().map(|address| address.ip) {
            for node in self.nodes.ids() {
                if self.network.host_hears(host, node) {
                    let after = self.rng.span(Duration::ZERO, self.fair.worst());
                    self.after(after, Event::Question(node, host, ip));
                }
            }
        }
    }

    /// What a node's configuration says of a virtual router.
    fn instance(&self, node: NodeId, place: usize) -> Option<Rc<Instance>> {
        let vrid = super::setting::vrid(place);
        let mut settings = self.nodes[node].settings.iter();
        settings.find(|it| it.vrid == vrid).map(Rc::clone)
    }
}

/// Where adverts of a peer are addressed to, and where they come from.
fn ends(node: NodeId, peer: NodeId, instance: &Instance) -> (IpAddr, IpAddr) {
    let family = instance.family;
    match &instance.transport {
        Transport::Multicast { group } => (*group, host::source(peer, family, Reach::Link)),
        Transport::Unicast { peers, .. } => {
            let link = host::source(peer, family, Reach::Link);
            let reach = if peers.iter().any(|it| it.address == link) {
                Reach::Link
            } else {
                Reach::Everywhere
            };
            let from = host::source(peer, family, reach);
            (host::source(node, family, reach), from)
        }
    }
}

/// To whom adverts of an instance are addressed.
fn receivers(instance: &Instance) -> Vec<IpAddr> {
    match &instance.transport {
        Transport::Multicast { group } => vec![*group],
        Transport::Unicast { peers, .. } => peers.iter().map(|peer| peer.address).collect(),
    }
}

/// Packets of a flood.
const FLOOD: u32 = 800;
/// The time between two of them.
const FLOOD_GAP: Duration = Duration::from_micros(100);
