//! Turns of a node's two threads: what reaches them, and what they make of it.

use std::rc::Rc;
use std::time::Duration;

use crate::config::model::Preempt;
use crate::kernel::AddressEvent;
use crate::kernel::memory::Memory;
use crate::types::{IfIndex, Slot, Standing};

use super::effect::{Effect, Stimulus};
use super::fault::Clock;
use super::host::{HANDOVER, LATENESS, VRRP_LINK};
use super::judge::{LEAVING, Turn};
use super::neighbour::Entry;
use super::network::Fate;
use super::node::{Life, Node, Words};
use super::packet::Message;
use super::roster::NodeId;
use super::setting;
use super::world::{Breach, Event, World};

impl World {
    /// A packet reaches the node's interface.
    pub(super) fn arrive(&mut self, node: NodeId, message: Rc<Message>) -> Result<(), Breach> {
        let there = &mut self.nodes[node];
        let room = match there.life {
            Life::Running => {
                self.tally.packets += 1;
                return self.feed(node, &Stimulus::Received(message));
            }
            Life::Dead { .. } => return Ok(()),
            Life::Still { machine: None, .. } => SOCKET_QUEUE,
            Life::Still { machine: Some(_), .. } => CARD_QUEUE,
        };
        if there.packets.len() < room {
            there.packets.push_back(message);
        } else {
            self.calm.lost(self.now);
        }
        Ok(())
    }

    /// A word from elsewhere reaches the core thread.
    pub(super) fn tell(&mut self, node: NodeId, word: Stimulus) -> Result<(), Breach> {
        match self.nodes[node].life {
            Life::Running => self.feed(node, &word),
            Life::Still { .. } => {
                self.nodes[node].words.push_back(word);
                Ok(())
            }
            Life::Dead { .. } => Ok(()),
        }
    }

    /// A process goes on: first what other threads have said, then every packet that waits, then
    /// the timers, and only then what it is told to do.
    pub(super) fn resume(&mut self, node: NodeId) -> Result<(), Breach> {
        let Life::Still { since, machine } = self.nodes[node].life else {
            return Ok(());
        };
        let lasted = self.now.since(since);
        self.trace.line(self.now, node, format_args!("goes on after {lasted:?}"));
        let there = &mut self.nodes[node];
        there.life = Life::Running;
        (there.core.set, there.hands.set) = (None, None);
        if machine == Some(Clock::Stops) {
            there.lag += lasted;
        } else {
            there.brain.resumed(lasted);
        }
        self.judge.resumed(node, self.now, there.lag);
        self.calm.strike(self.now);
        if self.rng.percent(50) {
            self.work(node);
        } else {
            self.hands_soon(node);
        }
        let words = std::mem::take(&mut self.nodes[node].words);
        let (commands, news): (Vec<_>, Vec<_>) = words.into_iter().partition(Stimulus::is_command);
        for word in news {
            self.tell(node, word)?;
        }
        while let Some(message) = self.nodes[node].packets.pop_front() {
            self.arrive(node, message)?;
        }
        self.feed(node, &Stimulus::Timeout)?;
        for command in commands {
            self.tell(node, command)?;
        }
        Ok(())
    }

    /// Lets something happen to a router, judges what it makes of it, and carries that out.
    pub(super) fn feed(&mut self, node: NodeId, stimulus: &Stimulus) -> Result<(), Breach> {
        let there = &mut self.nodes[node];
        let now = there.local(self.now);
        let before = there.brain.next_timeout();
        let effects = there.brain.handle(stimulus, now);
        self.trace.line(self.now, node, stimulus);
        for effect in &effects {
            self.trace.line(self.now, node, format_args!("  {effect}"));
        }
        let turn = Turn {
            stimulus,
            effects: &effects,
            timeouts: [before, there.brain.next_timeout()],
            host: there.agent.kernel(),
            now,
        };
        let found = self.judge.observe(node, turn, there.brain.views());
        self.breached(Some(node), found)?;
        for effect in effects {
            self.carry(node, effect);
        }
        if self.nodes[node].brain.is_stopped() {
            self.bury(node, true);
        } else {
            self.rearm(node);
        }
        Ok(())
    }

    fn carry(&mut self, node: NodeId, effect: Effect) {
        match effect {
            Effect::Transmit(_, message) => self.send(node, &Rc::new(message)),
            Effect::Assign(slot, instance) => {
                self.nodes[node].assign(slot, instance.as_deref());
                self.hands_soon(node);
            }
            Effect::Desire(slot, desire) => {
                let agent = &mut self.nodes[node].agent;
                agent.desire(slot, desire.present, desire.generation);
                self.hands_soon(node);
            }
            Effect::Announce(slot) => {
                self.nodes[node].agent.contested(slot);
                self.hands_soon(node);
            }
            Effect::Tell(transition) => {
                if transition.to == Standing::Active {
                    self.tally.takeovers += 1;
                    self.unseen.remove(&node);
                }
                if transition.from == Standing::Active {
                    self.forget_unseen(node, transition.slot);
                }
                if transition.to == Standing::Leaving {
                    self.expect_handover(node, transition.slot);
                }
            }
        }
    }

    /// Puts a packet on the wire.
    pub(super) fn send(&mut self, from: NodeId, message: &Rc<Message>) {
        for to in self.nodes.ids().filter(|to| *to != from) {
            if message.destination.is_multicast() || message.is_for(to) {
                match self.network.send(from, to, &mut self.rng) {
                    Fate::Arrives(after, again) => {
                        for after in [Some(after), again].into_iter().flatten() {
                            self.after(after, Event::Arrive(to, Rc::clone(message)));
                        }
                    }
                    Fate::Cut => {}
                    Fate::Lost => self.calm.lost(self.now),
                }
            }
        }
    }

    /// Sets the core thread's timer as its router wants it.
    pub(super) fn rearm(&mut self, node: NodeId) {
        let deadline = self.nodes[node].brain.next_timeout();
        let alarm = &mut self.nodes[node].core;
        if alarm.set == deadline {
            return;
        }
        alarm.set = deadline;
        alarm.token += 1;
        let token = alarm.token;
        if let Some(deadline) = deadline {
            let late = self.rng.span(Duration::from_nanos(1), LATENESS);
            let at = (deadline + self.nodes[node].lag + late).max(self.now);
            self.at(at, Event::Wake(node, token));
        }
    }

    /// The kernel thread has something to do.
    pub(super) fn hands_soon(&mut self, node: NodeId) {
        let after = self.rng.span(Duration::from_micros(1), HANDOVER);
        self.hands_at(node, after + self.nodes[node].slow);
    }

    fn hands_at(&mut self, node: NodeId, after: Duration) {
        let at = self.now + after;
        let alarm = &mut self.nodes[node].hands;
        if alarm.set.is_some_and(|set| set <= at) {
            return;
        }
        alarm.set = Some(at);
        alarm.token += 1;
        let token = alarm.token;
        self.at(at, Event::Hands(node, token));
    }

    /// The kernel thread has its turn.
    pub(super) fn work(&mut self, node: NodeId) {
        let there = &mut self.nodes[node];
        there.hands.set = None;
        there.hands.token += 1;
        let now = there.local(self.now);
        let mut words = Words::default();
        let next = there.agent.run(now, &mut words);
        let lag = there.brain.announcements_lag();
        let announced = there.agent.kernel_mut().take_announcements();
        self.notice_events(node);
        for word in words.0 {
            self.word(node, word);
        }
        for (_, announcement) in announced {
            let entry = Entry { holder: node, misled: None };
            self.announce(node, announcement.ip, entry, lag);
        }
        if let Some(next) = next {
            let wait = next.since(now).max(Duration::from_micros(10));
            self.hands_at(node, wait);
        }
    }

    /// The host's monitor has seen addresses come or go.
    pub(super) fn notice_events(&mut self, node: NodeId) {
        let there = &mut self.nodes[node];
        if matches!(there.life, Life::Still { .. }) {
            return; // they wait for it
        }
        let events = there.agent.kernel_mut().take_events();
        if events.is_empty() {
            return;
        }
        let lost = events.iter().any(|it| matches!(it, AddressEvent::Removed(_)));
        for event in events {
            self.trace.line(self.now, node, format_args!("  {event:?}"));
            if self.nodes[node].is_running() {
                self.nodes[node].agent.address_event(event);
            }
        }
        self.calm.moved(self.now);
        if self.nodes[node].is_running() {
            self.report(node, VRRP_LINK);
            if lost {
                self.hands_soon(node);
            }
        }
    }

    /// The host's monitor reports an interface to both threads.
    pub(super) fn report(&mut self, node: NodeId, link: IfIndex) {
        let agent = &mut self.nodes[node].agent;
        if let Some(report) = Memory::report(agent.kernel(), link) {
            agent.link(&report);
            self.word(node, Stimulus::Link(report));
            self.hands_soon(node);
        }
    }

    /// The check asks the node's service.
    pub(super) fn check(&mut self, node: NodeId) {
        if self.nodes[node].is_running()
            && let Some(verdict) = self.nodes[node].service.ask()
        {
            self.calm.strike(self.now);
            self.word(node, Stimulus::Verdict(verdict));
        }
        self.check_later(node);
    }

    /// The check asks again when it is time.
    pub(super) fn check_later(&mut self, node: NodeId) {
        let Node { epoch, service, .. } = &self.nodes[node];
        let (epoch, every) = (*epoch, service.every);
        self.after(every, Event::Check(node, epoch));
    }

    /// Passes a word to the core thread.
    fn word(&mut self, node: NodeId, word: Stimulus) {
        let after = self.rng.span(Duration::from_micros(1), HANDOVER);
        let epoch = self.nodes[node].epoch;
        self.after(after, Event::Word(node, epoch, word));
    }

    /// Tells every host that a node has an address.
    fn announce(&mut self, node: NodeId, ip: std::net::IpAddr, entry: Entry, lag: Duration) {
        for host in 0..self.neighbours.len() {
            match self.network.send_host(node, host, &mut self.rng) {
                Fate::Arrives(after, _) => {
                    self.missed.remove(&(host, ip, node));
                    self.after(lag + after, Event::Frame(host, ip, entry));
                }
                Fate::Cut | Fate::Lost => {
                    self.missed.insert((host, ip, node));
                }
            }
        }
    }

    /// A host asks a node's kernel for an address.
    pub(super) fn answer(&mut self, node: NodeId, host: usize, ip: std::net::IpAddr) {
        let there = &self.nodes[node];
        if !there.is_answering() || there.agent.kernel().find(ip).is_none() {
            return;
        }
        let legitimate = match there.life {
            Life::Still { .. } => true,
            Life::Dead { .. } => false,
            Life::Running => {
                let mut views = there.brain.views();
                views.any(|view| {
                    let mut held = view.config.held();
                    view.standing == Standing::Active && held.any(|address| address.ip == ip)
                })
            }
        };
        let entry = Entry { holder: node, misled: (!legitimate).then_some(self.now) };
        if let Fate::Arrives(after, _) = self.network.send_host(node, host, &mut self.rng) {
            self.after(after, Event::Frame(host, ip, entry));
        }
    }

    /// A node is no longer Active. Where nobody is who could have heard of it, its neighbours are
    /// left with what they believe: nobody hears its claim behind a cut, nor a last word of it if
    /// the cut is mended before it has been Active for long enough to say one.
    fn forget_unseen(&mut self, node: NodeId, slot: Slot) {
        let Some((vrid, [own, since])) = self.judge.was_active(node, slot) else {
            return;
        };
        let lasted = self.nodes[node].local(self.now).since(own);
        let brief = lasted <= Duration::from_millis(300);
        let mine = self.components.as_ref().and_then(|components| {
            let mine = components.iter().find(|it| it.contains(node));
            mine.copied()
        });
        let active = self.judge.active(vrid).and(mine.unwrap_or_default());
        let mut others = self.nodes.ids().filter(|it| *it != node && active.contains(*it));
        let heard = others.any(|other| {
            let before = self.judge.active_since(other, vrid).is_some_and(|at| at < since);
            !(brief && before && self.network_changed_at >= since)
        });
        if !heard {
            // It may have been about to correct what was believed of others.
            let active = self.judge.active(vrid);
            for neighbour in &mut self.neighbours {
                neighbour.mislead(|holder| !active.contains(holder), self.now);
            }
            self.unseen.insert(node);
        }
    }

    /// A node leaves: whom it has taught a short interval should follow it soon.
    fn expect_handover(&mut self, node: NodeId, slot: Slot) {
        let mut views = self.nodes[node].brain.views();
        let Some(config) = views.find(|view| view.slot == slot).map(|view| view.config) else {
            return;
        };
        let (vrid, release) = (config.vrid, setting::lesson(config));
        let quick = release.map(|short| short.duration() * (u32::from(config.down_adverts) + 1));
        drop(views);
        let patient = self.nodes.iter().any(|(_, there)| {
            let mut mine = there.settings.iter().filter(|it| it.vrid == vrid);
            mine.any(|it| matches!(it.preempt, Preempt::After(_)))
        });
        if let (Some(quick), false) = (quick, patient) {
            let within = LEAVING + quick + self.fair.worst() * 2 + LATENESS * 2;
            self.calm.leaves(node, vrid, within, self.now);
        }
    }

    pub(super) fn mislead(&mut self, node: NodeId) {
        self.unseen.insert(node);
        for neighbour in &mut self.neighbours {
            neighbour.mislead(|holder| holder == node, self.now);
        }
    }
}

/// Packets that a socket keeps for a process that does not read.
const SOCKET_QUEUE: usize = 200;
/// Packets that an interface keeps for a machine that stands still.
const CARD_QUEUE: usize = 16;
