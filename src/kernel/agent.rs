//! The kernel thread's brain: what every slot desires, and what remains to be done for it.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::types::{Address, Announce, IfIndex, Instant, LinkReport, Route, Rule, Slot};

use super::announce::{Rounds, Schedule};
use super::host::{Announcement, Kernel, Stands};
use super::ledger::{Entry, Ledger, ObjectId};
use super::links::Links;
use super::object::{Object, Trace};
use super::paces::PacePlan;
use super::reconcile::Actual;
use super::sink::Sink;

/// What the kernel is to hold for one slot, and how the neighbours are told of it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Plan {
    /// Whose it is, for messages.
    pub name: Arc<str>,
    /// The addresses, in the order in which they are added and announced.
    pub addresses: Vec<Address>,
    /// The routes, set after the addresses and removed before them.
    pub routes: Vec<Route>,
    /// The rules, set after the routes and removed before them.
    pub rules: Vec<Rule>,
    /// When and how often they are announced.
    pub announce: Announce,
}

/// An address appeared or disappeared, whoever did it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AddressEvent {
    /// It stands now.
    Added(Stands),
    /// It stands no more.
    Removed(Stands),
}

/// What an agent has done since it began.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counters {
    /// Addresses, routes and rules added.
    pub added: u64,
    /// Addresses, routes and rules deleted.
    pub deleted: u64,
    /// Operations that the kernel refused.
    pub refused: u64,
    /// Addresses, routes and rules put back after somebody had deleted them.
    pub restored: u64,
    /// Gratuitous ARPs and unsolicited NAs sent.
    pub announced: u64,
    /// Gratuitous ARPs and unsolicited NAs that the host did not send.
    pub unsent: u64,
}

/// Makes a [`Kernel`] hold what is desired and tells the neighbours.
///
/// The calls only note what they are told; [`Agent::run`] does the work, a bounded piece at a
/// time, so that what is desired meanwhile gets its turn.
#[derive(Debug)]
pub struct Agent<K> {
    pub(super) kernel: K,
    pub(super) slots: Vec<SlotState>,
    /// What the node holds by itself.
    pub(super) node: SlotState,
    pub(super) ledger: Ledger,
    pub(super) links: Links,
    pub(super) schedule: Schedule,
    /// Entries that probably need a deletion, and those that need an addition.
    pub(super) removals: VecDeque<ObjectId>,
    pub(super) additions: VecDeque<ObjectId>,
    /// Slots whose desire is not acknowledged yet, oldest first.
    pub(super) waiting: Vec<Slot>,
    /// Entries that an event says were deleted by somebody.
    pub(super) missing: Vec<ObjectId>,
    /// Routes that the kernel refused: an address or a link may be what they lack.
    pub(super) stalled: Vec<ObjectId>,
    /// Slots that heard a lower-priority advert.
    contested: Vec<Slot>,
    /// The earliest [`Entry::retry_at`], or earlier.
    pub(super) retry_at: Instant,
    pub(super) sweep_at: Instant,
    pub(super) counters: Counters,
    announcements: Vec<Announcement>,
    clock: Instant,
}

/// What one slot desires.
#[derive(Debug)]
pub(super) struct SlotState {
    pub(super) name: Arc<str>,
    /// Everything.
    pub(super) objects: Arc<[ObjectId]>,
    /// The addresses among it, which are announced.
    pub(super) addresses: Arc<[ObjectId]>,
    pub(super) announce: Announce,
    pub(super) present: bool,
    pub(super) generation: u32,
    /// It is in [`Agent::waiting`].
    pub(super) waiting: bool,
    contested: bool,
}

impl Default for SlotState {
    fn default() -> Self {
        Self {
            name: Arc::from(""),
            objects: Arc::from([]),
            addresses: Arc::from([]),
            announce: Announce::default(),
            present: false,
            generation: 0,
            waiting: false,
            contested: false,
        }
    }
}

impl<K: Kernel> Agent<K> {
    /// Builds an agent that knows no slot and no interface yet.
    #[must_use]
    pub fn new(kernel: K) -> Self {
        Self {
            kernel,
            slots: Vec::new(),
            node: SlotState::default(),
            ledger: Ledger::default(),
            links: Links::default(),
            schedule: Schedule::default(),
            removals: VecDeque::new(),
            additions: VecDeque::new(),
            waiting: Vec::new(),
            missing: Vec::new(),
            stalled: Vec::new(),
            contested: Vec::new(),
            retry_at: Instant::NEVER,
            sweep_at: Instant::NEVER,
            counters: Counters::default(),
            announcements: Vec::new(),
            clock: Instant::default(),
        }
    }

    /// From now on this is what `slot` is to hold when it is present; `None` frees the slot.
    ///
    /// The addresses of an absent slot are removed in case an earlier run left them behind. Of a
    /// present slot only what differs is touched and announced.
    pub fn plan(&mut self, slot: Slot, plan: Option<Plan>) {
        let freed = plan.is_none();
        let plan = plan.unwrap_or_default();
        let addresses = self.claim(slot, plan.addresses.iter().map(Object::from));
        let routes = self.claim(slot, plan.routes.iter().map(Object::from));
        let rules = self.claim(slot, plan.rules.iter().map(Object::from));
        let objects: Arc<[ObjectId]> = [&*addresses, &*routes, &*rules].concat().into();
        let addresses: Arc<[ObjectId]> = addresses.into();
        let state = self.slot(slot);
        let before = std::mem::replace(&mut state.objects, Arc::clone(&objects));
        state.addresses = Arc::clone(&addresses);
        state.announce = plan.announce;
        state.name = plan.name;
        if freed {
            state.present = false;
            state.waiting = false;
            self.waiting.retain(|&other| other != slot);
        }
        if slot != Slot::NODE {
            match freed {
                true => self.schedule.cancel(slot),
                false => self.schedule.replan(slot, addresses, plan.announce, self.clock),
            }
        }
        for &id in before.iter().filter(|id| !objects.contains(id)) {
            self.ledger.release(slot, id);
            self.queue(id);
        }
        for &id in &*objects {
            self.queue(id);
        }
    }

    /// From now on this is what the node holds by itself, whatever its slots do. Nobody is told
    /// of its addresses.
    pub fn hold(&mut self, plan: Plan) {
        self.node.present = true;
        self.plan(Slot::NODE, Some(plan));
    }

    /// From now on these interfaces announce in turn, and no others.
    pub fn pace(&mut self, plans: Vec<PacePlan>) {
        self.schedule.paces.follow(plans);
    }

    /// What the node holds by itself is removed.
    pub fn let_go(&mut self) {
        self.plan(Slot::NODE, None);
    }

    fn claim(&mut self, slot: Slot, objects: impl Iterator<Item = Object>) -> Vec<ObjectId> {
        let mut ids = Vec::with_capacity(objects.size_hint().0);
        for object in objects {
            if let Some(id) = self.ledger.claim(slot, object)
                && !ids.contains(&id)
            {
                ids.push(id);
            }
        }
        ids
    }

    /// From now on the addresses of `slot` are to be present or absent. [`Sink::applied`] of the
    /// same generation is the answer.
    pub fn desire(&mut self, slot: Slot, present: bool, generation: u32) {
        let state = self.slot(slot);
        state.present = present;
        state.generation = generation;
        let objects = Arc::clone(&state.objects);
        if !std::mem::replace(&mut state.waiting, true) {
            self.waiting.push(slot);
        }
        self.schedule.cancel(slot);
        for &id in &*objects {
            self.queue(id);
        }
    }

    /// A router of lower priority claimed the addresses of `slot`: tell the neighbours again.
    pub fn contested(&mut self, slot: Slot) {
        if !std::mem::replace(&mut self.slot(slot).contested, true) {
            self.contested.push(slot);
        }
    }

    /// An interface appeared or changed. Addresses that failed on it are tried again at once, and
    /// when it comes up all that stand on it are announced.
    pub fn link(&mut self, report: &LinkReport) {
        let change = self.links.update(report);
        self.schedule.paces.link(report.index, report.name);
        if let Some(name) = change.lost {
            let stranded = self.ledger.ids(|entry| entry.object.needs(name));
            stranded.into_iter().for_each(|id| self.queue(id));
        }
        if let Some(name) = change.found {
            for id in self.ledger.ids(|entry| entry.object.needs(name)) {
                let links = &self.links;
                if let Some(entry) = self.ledger.get_mut(id)
                    && entry.standing().is_none_or(|it| it.links().any(|old| !links.exists(old)))
                {
                    entry.actual = Actual::Unknown;
                }
                self.queue(id);
            }
        }
        if change.fresh {
            let failed = |entry: &Entry| entry.retry_at.is_some();
            let here = |entry: &Entry| entry.object.needs(report.name) && failed(entry);
            let failed = self.ledger.ids(here);
            failed.into_iter().for_each(|id| self.queue(id));
            self.doubt_routes(report.index);
            self.wake_stalled();
            self.announce_link(report.index);
        }
    }

    /// An interface disappeared, and with it what stood on it or led over it.
    pub fn link_gone(&mut self, link: IfIndex) {
        self.links.remove(link);
        self.schedule.paces.link_gone(link);
        for id in self.ledger.ids(|entry| entry.touches(link)) {
            if let Some(entry) = self.ledger.get_mut(id) {
                entry.actual = Actual::Nowhere;
            }
            self.queue(id);
        }
    }

    /// An address appeared or disappeared. One that is to stand is put back.
    pub fn address_event(&mut self, event: AddressEvent) {
        let stands = match event {
            AddressEvent::Added(_) => return self.wake_stalled(),
            AddressEvent::Removed(stands) => stands,
        };
        self.doubt_sources(stands.ip);
        let found = self.links.name(stands.link);
        let Some(id) = found.and_then(|name| self.ledger.find(name, &stands)) else {
            return;
        };
        let wanted = self.is_wanted(id);
        if let Some(entry) = self.ledger.get_mut(id)
            && wanted
            && entry.stands_on() == Some(stands.link)
        {
            self.missing.push(id);
        }
    }

    /// A route or a rule disappeared. One that is to stand is put back.
    pub fn lost(&mut self, trace: &Trace) {
        let ids: Vec<_> = self.ledger.traced(trace).to_vec();
        for id in ids {
            self.doubt(id);
        }
    }

    /// Whether anything but addresses is planned: then [`Agent::lost`] has to be told.
    #[must_use]
    pub fn has_routes(&self) -> bool {
        self.ledger.has_traces()
    }

    /// Nothing is left to be done for what is desired, but for what the kernel refuses.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.removals.is_empty() && self.additions.is_empty() && self.missing.is_empty()
    }

    /// Events were lost: everything is compared with the kernel in the next [`Agent::run`].
    pub const fn resync(&mut self) {
        self.sweep_at = self.clock;
    }

    /// Does what is due at `now`, at most some hundred operations and announcements. Returns when
    /// there is something to do again, `now` if at once; any call above may make it earlier.
    pub fn run(&mut self, now: Instant, sink: &mut impl Sink) -> Option<Instant> {
        self.clock = now;
        for slot in std::mem::take(&mut self.contested) {
            self.slot(slot).contested = false;
            self.schedule.contested(slot, now);
        }
        self.judge_missing(now, sink);
        self.wake_retries(now);
        self.sweep_if_due(now, sink);
        self.settle(now, sink);
        self.acknowledge(now, sink);
        self.tell(now);
        let busy = !self.removals.is_empty() || !self.additions.is_empty();
        let at_once = (busy || !self.missing.is_empty()).then_some(now);
        let timers = [self.retry_at, self.sweep_at];
        let timers = timers.into_iter().filter(|&at| at != Instant::NEVER);
        let next = self.schedule.next(now);
        let earliest = timers.chain(at_once).chain(next).min();
        earliest.map(|at| at.max(now))
    }

    /// What has been done so far.
    #[must_use]
    pub const fn counters(&self) -> Counters {
        self.counters
    }

    /// The kernel it works on.
    #[must_use]
    pub const fn kernel(&self) -> &K {
        &self.kernel
    }

    /// The kernel it works on. What is changed there behind the agent's back is a foreign change.
    pub const fn kernel_mut(&mut self) -> &mut K {
        &mut self.kernel
    }

    /// Some slot desires this address.
    pub(super) fn is_wanted(&self, id: ObjectId) -> bool {
        let Some(entry) = self.ledger.get(id) else {
            return false;
        };
        entry.slots.iter().any(|&slot| self.is_present(slot))
    }

    pub(super) fn is_present(&self, slot: Slot) -> bool {
        self.state(slot).is_some_and(|state| state.present)
    }

    pub(super) fn state(&self, slot: Slot) -> Option<&SlotState> {
        if slot == Slot::NODE { Some(&self.node) } else { self.slots.get(slot.index()) }
    }

    /// The entry is to be compared with what is desired.
    pub(super) fn queue(&mut self, id: ObjectId) {
        let wanted = self.is_wanted(id);
        if let Some(entry) = self.ledger.get_mut(id) {
            entry.retry_at = None;
            if !std::mem::replace(&mut entry.queued, true) {
                let queue = if wanted { &mut self.additions } else { &mut self.removals };
                queue.push_back(id);
            }
        }
    }

    pub(super) fn slot(&mut self, slot: Slot) -> &mut SlotState {
        if slot == Slot::NODE {
            return &mut self.node;
        }
        if self.slots.len() <= slot.index() {
            self.slots.resize_with(slot.index() + 1, SlotState::default);
        }
        #[expect(clippy::indexing_slicing, reason = "resized just above")]
        &mut self.slots[slot.index()]
    }

    /// Announces again what stands on `link`.
    fn announce_link(&mut self, link: IfIndex) {
        let mut slots = Vec::new();
        for (_, entry) in self.ledger.iter() {
            if entry.stands_on() == Some(link) {
                slots.extend(entry.slots.iter().filter(|&&slot| self.is_present(slot)));
            }
        }
        slots.sort_unstable();
        slots.dedup();
        for slot in slots.into_iter().filter(|&slot| slot != Slot::NODE) {
            self.schedule.again(slot);
        }
    }

    /// Sends what is due to be announced.
    fn tell(&mut self, now: Instant) {
        let more_urgent = !self.removals.is_empty() || !self.additions.is_empty();
        let which = if more_urgent { Rounds::First } else { Rounds::All };
        let (ledger, links) = (&self.ledger, &self.links);
        let target = |id| {
            let entry = ledger.get(id)?;
            let link = entry.stands_on()?;
            let mac = links.audible(link)?;
            let ip = entry.address()?.ip;
            Some(Announcement { link, mac, ip })
        };
        self.announcements.clear();
        let out = &mut self.announcements;
        self.schedule.emit(now, PIECE, which, target, out);
        if !out.is_empty() {
            let sent = self.kernel.announce(out, now);
            self.counters.announced += u64::try_from(sent).unwrap_or(0);
            let unsent = out.len().saturating_sub(sent);
            self.counters.unsent += u64::try_from(unsent).unwrap_or(0);
        }
    }
}

/// Entries reconciled, and announcements sent, in one piece of work: a quarter of a millisecond.
pub(super) const PIECE: usize = 128;
