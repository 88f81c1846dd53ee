//! The node: every instance, its links and its deadlines.

use std::collections::HashMap;
use std::net::IpAddr;

use super::deadlines::Deadlines;
use super::dispatch::Dispatch;
use super::group::Groups;
use super::instance::{Instance, listen};
use super::interface::{Input, Listen, Outbox};
use super::links::Links;
use super::machine::Event;
use super::priority;
use super::trackers::Trackers;
use crate::config::model::{self, Key, TrackerName};
use crate::types::{
    Cause, Counters, Family, Fault, IfIndex, Instant, LinkName, LinkReport, Occasion, Packet,
    Reject, Reprioritised, Slot, Standing, TrackerId, Verdict,
};
use crate::wire::{Datagram, FrameError, Header};

/// All virtual routers of one node. Knows no clock, socket or thread: time comes in with each
/// input, effects go out through an [`Outbox`].
///
/// Receiving, advertising and changing state allocate nothing.
#[derive(Debug, Default)]
pub struct Router {
    pub(super) slots: Vec<Option<Instance>>,
    /// Slots to be used again, each with the generation of its last desire.
    free: Vec<(Slot, u32)>,
    pub(super) keys: HashMap<Key, Slot>,
    pub(super) groups: Groups,
    deadlines: Deadlines,
    dispatch: Dispatch,
    pub(super) links: Links,
    pub(super) trackers: Trackers,
    /// What made the router look at its instances.
    occasion: Occasion,
    /// Who has to be looked at when an interface changes.
    pub(super) watchers: HashMap<LinkName, Vec<Slot>>,
    /// Who has to be looked at whatever interface changes: their source may stand on any.
    pub(super) roamers: Vec<Slot>,
    /// How many instances hold an address: it is no candidate for a source.
    pub(super) held: HashMap<IpAddr, usize>,
    /// Refused packets that belong to no instance.
    pub(super) strays: Counters,
    /// What cannot be listened to.
    pub(super) deaf: Vec<Listen>,
    /// Nothing is claimed before this time.
    hold_until: Option<Instant>,
    pub(super) stopping: bool,
}

impl Router {
    /// A node without instances. Until `hold_until` its instances stay in Initialize.
    #[must_use]
    pub fn new(hold_until: Option<Instant>) -> Self {
        Self { hold_until, ..Self::default() }
    }

    /// Takes in what happened; the effects are in `out` on return.
    pub fn handle(&mut self, input: Input<'_>, now: Instant, out: &mut impl Outbox) {
        match input {
            Input::Received { link, packet } => self.receive(link, packet, now, out),
            Input::Timeout => self.expire(now, out),
            Input::Link(report) => self.link(report, now, out),
            Input::LinkGone(index) => {
                if let Some(name) = self.links.remove(index) {
                    self.occasion = Occasion::Link(name);
                    self.look_at_watchers(name, now, out);
                    self.look_at_roamers(now, out);
                }
            }
            Input::Verdict { tracker, verdict } => self.judge(tracker, verdict, now, out),
            Input::Applied { slot, generation } => {
                self.with(slot, now, out, |instance, out| instance.applied(generation, now, out));
            }
            Input::Deaf(listens) => self.deafen(listens, now, out),
            Input::Stop => {
                self.stopping = true;
                for index in 0..self.slots.len() {
                    self.look_at_index(index, now, out);
                }
            }
        }
        self.occasion = Occasion::Own;
    }

    /// From now on the configuration lists these trackers and no others. To be told before the
    /// instances that track them are added. One that was there keeps its index and its verdict.
    pub fn track<'a>(&mut self, names: impl Iterator<Item = &'a TrackerName>) {
        self.trackers.list(names);
    }

    /// Adds a virtual router. It enters the election as soon as it lacks nothing. One of the same
    /// key that is there, or was removed and is still leaving, becomes this one.
    ///
    /// # Errors
    /// [`FrameError`] where no advert can hold its addresses. Nothing was changed.
    pub fn add(
        &mut self,
        config: model::Instance,
        now: Instant,
        out: &mut impl Outbox,
    ) -> Result<Slot, FrameError> {
        let key = config.key();
        if let Some(slot) = self.keys.get(&key).copied() {
            self.replace(config, now, out)?;
            return Ok(slot);
        }
        let next = || Slot::new(self.slots.len()).map(|slot| (slot, 0));
        let free = self.free.last().copied().or_else(next);
        let (slot, generation) = free.ok_or(FrameError::TooMany { count: self.slots.len() })?;
        let mut instance = match Instance::new(slot, generation, config) {
            Ok(instance) => instance,
            Err(error) => {
                self.expect_no_more(key, now, out);
                return Err(error);
            }
        };
        if self.free.pop().is_none() {
            self.slots.push(None);
            self.deadlines.reserve(self.slots.len());
        }
        self.keys.insert(key, slot);
        self.groups.enrol(&mut instance);
        self.watch(slot, &instance.config);
        instance.trackers = self.trackers.ids_of(&instance.config);
        out.assign(slot, Some(&instance.config));
        let group = instance.group;
        if let Some(entry) = self.slots.get_mut(slot.index()) {
            *entry = Some(instance);
        }
        if group.is_some() && self.is_complete(slot) {
            self.look_at_members(group, now, out);
        } else {
            self.look_at(slot, now, out);
        }
        Ok(slot)
    }

    /// Replaces the settings of the virtual router of the same key; adds it where there is none.
    /// Its election goes on.
    ///
    /// # Errors
    /// [`FrameError`] where no advert can hold its addresses. Nothing was changed.
    pub fn replace(
        &mut self,
        config: model::Instance,
        now: Instant,
        out: &mut impl Outbox,
    ) -> Result<(), FrameError> {
        let Some(slot) = self.keys.get(&config.key()).copied() else {
            return self.add(config, now, out).map(|_slot| ());
        };
        let entry = self.slots.get_mut(slot.index()).and_then(Option::as_mut);
        let Some(instance) = entry else { return Ok(()) };
        let old = instance.config.clone();
        instance.replace(config, now, out)?;
        instance.removed = false;
        self.groups.enrol(instance);
        let new = instance.config.clone();
        self.unwatch(slot, &old);
        self.watch(slot, &new);
        if let Some(instance) = self.slots.get_mut(slot.index()).and_then(Option::as_mut) {
            instance.trackers = self.trackers.ids_of(&new);
        }
        self.look_at(slot, now, out);
        Ok(())
    }

    /// Removes a virtual router: it leaves first if it is Active. Its slot becomes free when the
    /// kernel acknowledged that its addresses are gone.
    pub fn remove(&mut self, key: Key, now: Instant, out: &mut impl Outbox) {
        let Some(slot) = self.keys.get(&key).copied() else {
            return;
        };
        if let Some(instance) = self.slots.get_mut(slot.index()).and_then(Option::as_mut) {
            instance.removed = true;
        }
        self.look_at(slot, now, out);
    }

    /// When [`Input::Timeout`] is due. Changes with every input.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Instant> {
        let machine = self.deadlines.earliest().map(|(at, _)| at);
        [machine, self.hold_until].into_iter().flatten().min()
    }

    /// What has to be listened to. Changes only with links, instances and source addresses.
    pub fn listening(&self) -> impl Iterator<Item = Listen> {
        self.instances().filter_map(Instance::listen)
    }

    /// Whether no instance takes part in the election any more and the kernel has acknowledged
    /// that all addresses are gone.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stopping && self.instances().all(Instance::is_gone)
    }

    pub(super) fn instances(&self) -> impl Iterator<Item = &Instance> {
        self.slots.iter().flatten()
    }

    fn receive(&mut self, link: IfIndex, packet: Packet<'_>, now: Instant, out: &mut impl Outbox) {
        let found = Datagram::read(packet).and_then(|datagram| {
            let header = Header::read(datagram.payload)?;
            let slot = self.addressee(link, &datagram, &header).ok_or(Reject::UnknownVrid)?;
            Ok((datagram, header, slot))
        });
        match found {
            Ok((datagram, header, slot)) => {
                let mut contested = false;
                self.with(slot, now, out, |instance, out| {
                    contested = instance.receive(&datagram, &header, now, out);
                });
                if contested {
                    self.announce_others(slot, out);
                }
                self.retreat_if_outranked(slot, now, out);
            }
            Err(reason) => self.strays.reject(reason),
        }
    }

    /// Whom a datagram is for: the instance that expects it, else one that listens to where it
    /// went, else any of its VRID, which will name the reason for which it refuses it.
    fn addressee(
        &self,
        link: IfIndex,
        datagram: &Datagram<'_>,
        header: &Header<'_>,
    ) -> Option<Slot> {
        let candidates = self.dispatch.find(link, Family::of(datagram.source), header.vrid()?);
        let [_, _, ..] = candidates else {
            return candidates.first().copied();
        };
        let find = |suits: fn(&Instance, &Datagram<'_>) -> bool| {
            candidates.iter().find(|slot| {
                let instance = self.slots.get(slot.index()).and_then(Option::as_ref);
                instance.is_some_and(|instance| suits(instance, datagram))
            })
        };
        let found = find(Instance::expects).or_else(|| find(Instance::is_addressed));
        found.or_else(|| candidates.first()).copied()
    }

    fn expire(&mut self, now: Instant, out: &mut impl Outbox) {
        if self.hold_until.is_some_and(|until| now >= until) {
            self.hold_until = None;
            for index in 0..self.slots.len() {
                self.look_at_index(index, now, out);
            }
        }
        // Once each at most: an instance that is due again at once waits for the next turn, so
        // that packets are read in between.
        for _ in 0..self.slots.len() {
            let Some((_, slot)) = self.deadlines.earliest().filter(|(at, _)| *at <= now) else {
                break;
            };
            self.with(slot, now, out, |instance, out| instance.handle(Event::Timeout, now, out));
            self.claim_together(slot, now, out);
        }
    }

    fn judge(&mut self, tracker: TrackerId, verdict: Verdict, now: Instant, out: &mut impl Outbox) {
        if !self.trackers.judge(tracker, verdict) {
            return;
        }
        self.occasion = Occasion::Tracker(tracker, verdict);
        let mut place = 0;
        while let Some(slot) = self.trackers.watcher(tracker, place) {
            self.look_at(slot, now, out);
            place += 1;
        }
    }

    fn link(&mut self, report: &LinkReport, now: Instant, out: &mut impl Outbox) {
        self.occasion = Occasion::Link(report.name);
        if let Some(old) = self.links.put(report) {
            self.look_at_watchers(old, now, out);
        }
        self.look_at_watchers(report.name, now, out);
        self.look_at_roamers(now, out);
    }

    fn look_at_roamers(&mut self, now: Instant, out: &mut impl Outbox) {
        for place in 0..self.roamers.len() {
            if let Some(slot) = self.roamers.get(place).copied() {
                self.look_at(slot, now, out);
            }
        }
    }

    /// An instance that nobody could be heard by must not take silence for a proof.
    fn deafen(&mut self, listens: &[Listen], now: Instant, out: &mut impl Outbox) {
        if self.deaf == listens {
            return;
        }
        self.deaf = listens.to_vec();
        for index in 0..self.slots.len() {
            self.look_at_index(index, now, out);
        }
    }

    fn look_at_watchers(&mut self, name: LinkName, now: Instant, out: &mut impl Outbox) {
        let count = self.watchers.get(&name).map_or(0, Vec::len);
        for place in 0..count {
            let slot = self.watchers.get(&name).and_then(|slots| slots.get(place)).copied();
            if let Some(slot) = slot {
                self.look_at(slot, now, out);
            }
        }
    }

    pub(super) fn look_at_index(&mut self, index: usize, now: Instant, out: &mut impl Outbox) {
        if let Some(slot) = Slot::new(index) {
            self.look_at(slot, now, out);
        }
    }

    /// Compares what an instance needs to what there is, and tells it what changed, and its sync
    /// group.
    pub(super) fn look_at(&mut self, slot: Slot, now: Instant, out: &mut impl Outbox) {
        match self.reassess(slot) {
            Some(first) => self.examine_members(first, now, out),
            None => self.examine(slot, now, out),
        }
        self.regard(slot, now, out);
    }

    /// Finds out what an instance lacks itself; says whether that is another thing than before.
    pub(super) fn assess(&mut self, slot: Slot) -> bool {
        let Self { slots, links, trackers, held, deaf, stopping, .. } = self;
        let Some(instance) = slots.get_mut(slot.index()).and_then(Option::as_mut) else {
            return false;
        };
        let index = links.index(&instance.config.inlet());
        let source = links.source(&instance.config, |ip| held.contains_key(&ip));
        let is_deaf =
            listen(&instance.config, index, source.ok()).is_some_and(|it| deaf.contains(&it));
        let is_running = instance.machine.standing() != Standing::Initialize;
        let runs = is_running && !instance.removed && !*stopping;
        let tracked = || priority::fault(&instance.config, &instance.trackers, trackers, runs);
        let fault = links
            .faults(&instance.config)
            .next()
            .or_else(|| source.err())
            .or_else(|| is_deaf.then_some(Fault::Deaf(instance.config.inlet())))
            .or_else(tracked);
        std::mem::replace(&mut instance.own_fault, fault) != fault
    }

    /// Tells an instance what changed, once it is known what it lacks itself.
    pub(super) fn examine(&mut self, slot: Slot, now: Instant, out: &mut impl Outbox) {
        let blame = self.blame(slot);
        let is_complete = self.is_complete(slot);
        let Self { slots, links, trackers, held, hold_until, stopping, occasion, .. } = self;
        let Some(instance) = slots.get_mut(slot.index()).and_then(Option::as_mut) else {
            return;
        };
        let index = links.index(&instance.config.inlet());
        let outlet = links.index(&instance.config.outlet());
        let source = links.source(&instance.config, |ip| held.contains_key(&ip));
        let was = instance.machine.standing();
        let was_running = was != Standing::Initialize;
        let blame = blame.filter(|fault| !(was_running && fault.is_wait()));
        let fault = instance.own_fault.or(blame);
        let cause = match fault {
            _ if instance.removed => Some(Cause::Removed),
            _ if *stopping => Some(Cause::Stopped),
            fault => fault.map(Cause::Fault),
        };
        // What has to be said on leaving goes out by the old link and from the old address.
        if let (true, Some(cause)) = (was_running, cause) {
            let event = if outlet.is_none() { Event::Cut(cause) } else { Event::Down(cause) };
            instance.handle(event, now, out);
        }
        let old_index = std::mem::replace(&mut instance.link, index);
        instance.outlet = outlet;
        if let Ok(source) = source {
            instance.set_source(source);
        }
        let to = priority::effective(&instance.config, &instance.trackers, links, trackers);
        let from = instance.machine.priority();
        if to != from {
            let (standing, occasion) = (instance.machine.standing(), *occasion);
            instance.handle(Event::Priority(to), now, out);
            if standing != Standing::Initialize || occasion != Occasion::Own {
                out.reprioritise(Reprioritised { slot, at: now, standing, from, to, occasion });
            }
        }
        let old_fault = std::mem::replace(&mut instance.fault, fault);
        if !was_running {
            match (cause, source) {
                (Some(Cause::Fault(_)), _) if old_fault == fault => {}
                (Some(Cause::Fault(fault)), _) if fault.is_wait() => {}
                (Some(cause @ Cause::Fault(_)), _) => {
                    instance.tell(Standing::Initialize, Standing::Initialize, cause, now, out);
                }
                (None, Ok(source)) if hold_until.is_none() && is_complete => {
                    let recovered = old_fault.is_some() || std::mem::take(&mut instance.retreats);
                    let cause = if recovered { Cause::Recovered } else { Cause::Started };
                    instance.handle(Event::Up { cause, source }, now, out);
                }
                (Some(_) | None, _) => {}
            }
        }
        self.redirect(slot, old_index, index);
        self.settle(slot, out);
        self.follow(slot, was, now, out);
    }

    /// Packets for the instance at `slot` now arrive on another link.
    fn redirect(&mut self, slot: Slot, from: Option<IfIndex>, to: Option<IfIndex>) {
        let instance = self.slots.get(slot.index()).and_then(Option::as_ref);
        let Some((family, vrid)) = instance.map(|i| (i.config.family, i.config.vrid)) else {
            return;
        };
        if let (Some(from), true) = (from, from != to) {
            self.dispatch.remove(from, family, vrid, slot);
        }
        if let Some(to) = to {
            self.dispatch.insert(to, family, vrid, slot);
        }
    }

    /// Lets `f` work on an instance, then brings the tables up to date.
    pub(super) fn with<O: Outbox>(
        &mut self,
        slot: Slot,
        now: Instant,
        out: &mut O,
        f: impl FnOnce(&mut Instance, &mut O),
    ) {
        let entry = self.slots.get_mut(slot.index()).and_then(Option::as_mut);
        let Some(instance) = entry else { return };
        let before = instance.machine.standing();
        f(instance, out);
        let left =
            before == Standing::Leaving && instance.machine.standing() == Standing::Initialize;
        if left {
            // It may have become able to run while it was leaving.
            self.look_at(slot, now, out);
        } else {
            self.settle(slot, out);
            self.follow(slot, before, now, out);
        }
    }

    /// Sets the deadline of an instance as its machine has it; frees the slot of one that went.
    fn settle(&mut self, slot: Slot, out: &mut impl Outbox) {
        let Some(instance) = self.slots.get(slot.index()).and_then(Option::as_ref) else {
            return;
        };
        self.deadlines.set(slot, instance.machine.deadline());
        if !(instance.removed && instance.is_gone()) {
            return;
        }
        let (config, generation) = (instance.config.clone(), instance.generation());
        self.keys.remove(&config.key());
        if let Some(link) = instance.link {
            self.dispatch.remove(link, config.family, config.vrid, slot);
        }
        self.unwatch(slot, &config);
        if let Some(entry) = self.slots.get_mut(slot.index()) {
            *entry = None;
        }
        self.groups.dismiss(slot);
        self.free.push((slot, generation));
        out.assign(slot, None);
    }
}
