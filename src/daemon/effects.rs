//! Where the router's effects go.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::{Sender, SyncSender, TrySendError};
use std::time::Duration;

use rustix::io::Errno;

use crate::config::model::{Fixtures, Instance};
use crate::kernel::{InterfacePlan, Plan};
use crate::sys::{Departure, PipeWaker, Transmitter};
use crate::types::{
    Address, Announce, Differs, Family, GroupTransition, Instant, Outranked, Refused,
    Reprioritised, Slot, Standing, Transition,
};
use crate::vrrp::{Desire, Outbox, Reannounce, Transmit};

use super::board::{Board, Note};
use super::counters::LoopCounters;
use super::interfaces;
use super::messages::{Order, Told};
use super::owed::{Kept, Owed};
use super::refusals::Refusals;
use super::will::Drawer;

/// Takes what the router decides to whom it concerns. Nothing here waits; all that can wait for
/// its turn leaves at [`Effects::flush`], adverts first.
pub(super) struct Effects<M> {
    transmitter: Transmitter,
    to_kernel: ToKernel,
    to_main: ToMain,
    will: Drawer<M>,
    counters: Arc<LoopCounters>,
}

/// The way to the kernel thread.
pub(super) struct ToKernel {
    pub(super) desired: Arc<Board>,
    pub(super) orders: Sender<Order>,
    pub(super) waker: Arc<PipeWaker>,
    /// What slots want of interfaces that was not sent yet.
    pub(super) interfaces: Vec<(Slot, InterfacePlan)>,
    /// Plans that were not sent yet.
    pub(super) plans: Vec<(Slot, Option<Plan>)>,
    /// There is something new.
    pub(super) wake: bool,
}

/// The way to the main thread.
pub(super) struct ToMain {
    pub(super) told: SyncSender<Told>,
    pub(super) waker: PipeWaker,
    /// There is something new.
    pub(super) wake: bool,
    /// Why an advert of each slot was not sent, told once in each state.
    pub(super) unsent: Vec<Option<Errno>>,
    /// When an advert of lower priority was last told of each slot.
    pub(super) outranked: Vec<Option<Instant>>,
    /// Which refused packets were told.
    pub(super) refusals: Refusals,
    /// What found no room.
    pub(super) owed: Owed,
}

impl<M: Deref<Target = [AtomicU64]>> Effects<M> {
    pub(super) const fn new(
        transmitter: Transmitter,
        to_kernel: ToKernel,
        to_main: ToMain,
        will: Drawer<M>,
        counters: Arc<LoopCounters>,
    ) -> Self {
        Self { transmitter, to_kernel, to_main, will, counters }
    }

    /// The number of the socket that adverts of `family` leave by.
    pub(super) fn descriptor(&self, family: Family) -> Option<i32> {
        self.transmitter.descriptor(family)
    }

    /// Sends what waits, then wakes the threads for which there is news.
    pub(super) fn flush(&mut self) {
        let (to_main, counters) = (&mut self.to_main, &self.counters);
        self.transmitter.flush(|slot, errno| {
            to_main.unsent(slot, errno, counters);
        });
        self.to_main.settle(&self.counters);
        self.to_kernel.send_plans();
        if std::mem::take(&mut self.to_kernel.wake) {
            self.to_kernel.waker.wake();
        }
        if std::mem::take(&mut self.to_main.wake) {
            self.to_main.waker.wake();
        }
    }

    /// Draws the last will anew after instances were assigned; says whether there was room.
    pub(super) fn draw_will(&mut self) -> bool {
        self.will.draw()
    }

    /// From now on the node holds `fixtures` by itself.
    pub(super) fn hold(&mut self, fixtures: Fixtures) {
        let Fixtures { addresses, routes, rules } = fixtures;
        let name = Arc::from(FIXTURES);
        let plan = Plan { name, addresses, routes, rules, announce: Announce::default() };
        // The kernel thread outlives this one, unless it panicked: then the worker ends.
        let _gone = self.to_kernel.orders.send(Order::Hold(plan)).is_err();
        self.to_kernel.wake = true;
    }

    /// The kernel has done what `slot` desired in `generation`.
    pub(super) fn applied(&mut self, slot: Slot, generation: u32) {
        let desire = self.to_kernel.desired.read(slot).desire;
        if desire.generation == generation && !desire.present {
            self.will.holds_nothing(slot);
        }
    }

    /// So many sync groups there will be.
    pub(super) fn expect_groups(&mut self, count: usize) {
        self.to_main.owed.reserve_groups(count);
    }

    /// Tells the main thread.
    pub(super) fn tell_main(&mut self, told: Told) {
        self.to_main.tell(told, &self.counters);
    }

    fn post(&mut self, slot: Slot, change: impl FnOnce(&mut Note)) {
        let mut note = self.to_kernel.desired.read(slot);
        change(&mut note);
        self.to_kernel.desired.post(slot, note);
        self.to_kernel.wake = true;
    }
}

impl<M: Deref<Target = [AtomicU64]>> Outbox for Effects<M> {
    fn transmit(&mut self, packet: Transmit<'_>) {
        self.will.record(&packet);
        let departure = Departure {
            slot: packet.slot,
            link: packet.link,
            source: packet.source,
            destination: packet.destination,
            ttl: packet.ttl,
            envelope: packet.envelope,
            message: packet.payload,
        };
        let (to_main, counters) = (&mut self.to_main, &self.counters);
        self.transmitter.push(departure, |slot, errno| {
            to_main.unsent(slot, errno, counters);
        });
    }

    fn assign(&mut self, slot: Slot, instance: Option<&Instance>) {
        self.to_kernel.desired.reserve(slot);
        self.will.assign(slot, instance);
        let wanted = instance.map(interfaces::plan).unwrap_or_default();
        self.to_kernel.interfaces.push((slot, wanted));
        let plan = instance.map(|instance| Plan {
            name: instance.name.as_str().into(),
            addresses: held(instance),
            routes: instance.routes.clone(),
            rules: instance.rules.clone(),
            announce: instance.announce,
        });
        self.to_kernel.plans.push((slot, plan));
        self.to_kernel.wake = true;
        if instance.is_none() {
            // Whatever is desired of this slot from now on is not about the old plan.
            self.to_kernel.send_plans();
            self.to_main.owed.forget(slot);
        }
        if self.to_main.unsent.len() <= slot.index() {
            self.to_main.unsent.resize(slot.index() + 1, None);
            self.to_main.outranked.resize(slot.index() + 1, None);
        }
        self.to_main.refusals.reserve(slot);
        self.to_main.owed.reserve(slot);
    }

    fn desire(&mut self, slot: Slot, desire: Desire) {
        if desire.present {
            self.will.may_hold(slot);
        }
        self.post(slot, |note| note.desire = desire);
    }

    fn announce(&mut self, slot: Slot, why: Reannounce) {
        match why {
            Reannounce::Contested => {
                self.post(slot, |note| note.contested = note.contested.wrapping_add(1));
            }
        }
    }

    fn tell(&mut self, transition: Transition) {
        match transition.to {
            Standing::Active => self.will.is_active(transition.slot),
            Standing::Initialize | Standing::Backup => self.will.has_left(transition.slot),
            Standing::Leaving => {}
        }
        if let Some(unsent) = self.to_main.unsent.get_mut(transition.slot.index()) {
            *unsent = None;
        }
        self.to_main.refusals.forget(transition.slot);
        self.tell_main(Told::Transition(transition));
    }

    fn tell_group(&mut self, transition: GroupTransition) {
        self.tell_main(Told::Group(transition));
    }

    fn reprioritise(&mut self, change: Reprioritised) {
        self.tell_main(Told::Reprioritised(change));
    }

    fn outrank(&mut self, outranked: Outranked) {
        // A flood of them must not take the place of what is told once.
        let told = self.to_main.outranked.get_mut(outranked.slot.index());
        if told.is_some_and(|told| {
            let is_due = told.is_none_or(|told| outranked.at.since(told) >= OUTRANKED_GAP);
            is_due && told.replace(outranked.at) != Some(outranked.at)
        }) {
            self.tell_main(Told::Outranked(outranked));
        }
    }

    fn refuse(&mut self, refused: Refused) {
        if self.to_main.refusals.is_news(&refused) {
            self.tell_main(Told::Refused(refused));
        }
    }

    fn remark(&mut self, differs: Differs) {
        self.tell_main(Told::Differs(differs));
    }
}

/// The addresses of `instance` as the kernel is to hold them.
fn held(instance: &Instance) -> Vec<Address> {
    let guarded = instance.is_guarded();
    instance.held().map(|address| Address { guarded, ..address.clone() }).collect()
}

impl ToKernel {
    fn send_plans(&mut self) {
        if !self.interfaces.is_empty() {
            let wanted = std::mem::take(&mut self.interfaces);
            let _gone = self.orders.send(Order::Interfaces(wanted)).is_err();
        }
        if !self.plans.is_empty() {
            let plans = std::mem::take(&mut self.plans);
            // The kernel thread outlives this one, unless it panicked: then the worker ends.
            let _gone = self.orders.send(Order::Plan(plans)).is_err();
        }
    }
}

impl ToMain {
    fn unsent(&mut self, slot: Slot, errno: Errno, counters: &LoopCounters) {
        counters.unsent();
        let told = self.unsent.get_mut(slot.index());
        if told.is_some_and(|told| told.replace(errno) != Some(errno)) {
            self.tell(Told::Unsent { slot, errno }, counters);
        }
    }

    fn tell(&mut self, told: Told, counters: &LoopCounters) {
        self.wake = true;
        let told = match self.owed.is_empty() {
            true => match self.told.try_send(told) {
                Ok(()) => return,
                Err(TrySendError::Full(told) | TrySendError::Disconnected(told)) => told,
            },
            false => told,
        };
        match self.owed.keep(&told) {
            Kept::Waits => {}
            Kept::Replaces | Kept::No => counters.untold(),
        }
        counters.owes(!self.owed.is_empty());
    }

    /// Hands over what found no room, if there is any by now.
    fn settle(&mut self, counters: &LoopCounters) {
        if self.owed.is_empty() {
            return;
        }
        let Self { told, owed, wake, .. } = self;
        owed.settle(|news| {
            let has_room = told.try_send(news).is_ok();
            *wake |= has_room;
            has_room
        });
        counters.owes(!self.owed.is_empty());
    }
}

/// Whose the node's own addresses, routes and rules are, in messages.
const FIXTURES: &str = "static";
/// The least time between two adverts of lower priority that are told of one instance.
const OUTRANKED_GAP: Duration = Duration::from_millis(10);
