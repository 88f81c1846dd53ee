//! When which address is announced: bursts, their repetition, refreshes and the pace of a link.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;
use std::time::Duration;

use crate::types::{Announce, Family, IfIndex, Instant, Slot};

use super::host::Announcement;
use super::lane::{Burst, Lane, Turn};
use super::ledger::ObjectId;
use super::paces::Paces;

/// Who announces what, and when. It sends nothing and looks at no clock.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    alarms: BinaryHeap<Reverse<(Instant, Slot, Kind)>>,
    slots: Vec<Timetable>,
    starts: Vec<Burst>,
    lanes: BTreeMap<(IfIndex, Family), Lane>,
    /// Interfaces that announce in turn.
    pub(super) paces: Paces,
}

/// Which rounds may go out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Rounds {
    /// The first round of each burst: there is more urgent work than repetitions.
    First,
    /// All.
    All,
}

impl Schedule {
    /// `slot` holds its addresses from now on: the first burst, and all that follows from it.
    pub(super) fn begin(
        &mut self,
        slot: Slot,
        addresses: Arc<[ObjectId]>,
        announce: Announce,
        now: Instant,
    ) {
        let contested = self.table(slot).is_some_and(|table| table.contested);
        self.cancel(slot);
        let Some(table) = self.table(slot) else {
            return;
        };
        table.active = true;
        table.addresses = addresses;
        table.announce = announce;
        if !announce.delay.is_zero() {
            self.arm(slot, Kind::Second, now + announce.delay);
        }
        if !announce.refresh.is_zero() {
            self.arm(slot, Kind::Refresh, now + announce.delay + announce.refresh);
        }
        self.start_all(slot, announce.repeat);
        if contested {
            self.contested(slot, now);
        }
    }

    /// The plan of `slot` changed. What runs goes on; nothing is announced for it.
    pub(super) fn replan(
        &mut self,
        slot: Slot,
        addresses: Arc<[ObjectId]>,
        announce: Announce,
        now: Instant,
    ) {
        let Some(table) = self.table(slot).filter(|table| table.active) else {
            return;
        };
        table.addresses = addresses;
        let refresh = std::mem::replace(&mut table.announce, announce).refresh;
        if refresh != announce.refresh {
            table.alarm(Kind::Refresh).due = None;
            if !announce.refresh.is_zero() {
                self.arm(slot, Kind::Refresh, now + announce.refresh);
            }
        }
    }

    /// Announces `addresses` of `slot`, some of those it holds.
    pub(super) fn add(&mut self, slot: Slot, addresses: Arc<[ObjectId]>) {
        let Some(table) = self.table(slot).filter(|table| table.active) else {
            return;
        };
        let burst = Burst::new(slot, table.epoch, addresses, table.announce.repeat);
        self.starts.push(burst);
    }

    /// Announces all addresses of `slot` anew, as after taking them, but arms no timer.
    pub(super) fn again(&mut self, slot: Slot) {
        if let Some(table) = self.table(slot) {
            let rounds = table.announce.repeat;
            self.start_all(slot, rounds);
        }
    }

    /// Another router claimed the addresses of `slot` and will yield: tell the neighbours now,
    /// and twice more, since its own announcements may still be on their way.
    pub(super) fn contested(&mut self, slot: Slot, now: Instant) {
        let Some(table) = self.table(slot) else {
            return;
        };
        let Announce { lower_repeat, lower_delay, .. } = table.announce;
        // Before the kernel has acknowledged the addresses there is nothing to repeat yet.
        table.contested = !table.active;
        if !table.active || lower_repeat == 0 {
            return;
        }
        if table.alarm(Kind::Contest).due.is_none() {
            // The last of the rounds comes a little later.
            self.start_all(slot, lower_repeat.saturating_sub(1).max(1));
            self.arm(slot, Kind::Contest, now + CONTEST);
        }
        self.arm(slot, Kind::ContestLate, now + CONTEST_LATE);
        if !lower_delay.is_zero() {
            self.arm(slot, Kind::LowerSecond, now + lower_delay);
        }
    }

    /// `slot` gives its addresses up: nothing of it is announced any more.
    pub(super) fn cancel(&mut self, slot: Slot) {
        let Some(table) = self.table(slot) else {
            return;
        };
        table.active = false;
        table.contested = false;
        table.epoch = table.epoch.wrapping_add(1);
        table.running = 0;
        table.again = 0;
        for alarm in &mut table.alarms {
            alarm.due = None;
        }
    }

    /// Puts up to `budget` announcements into `out`: what is due at `now`, first rounds first.
    ///
    /// `target` says where an address stands and what is to be told; `None` leaves it out.
    pub(super) fn emit(
        &mut self,
        now: Instant,
        budget: usize,
        which: Rounds,
        target: impl Fn(ObjectId) -> Option<Announcement>,
        out: &mut Vec<Announcement>,
    ) {
        self.ring(now);
        self.place(&target);
        let mut left = budget;
        let mut turn = Turn { now, budget: 0, out, finished: Vec::new(), shared: None };
        let passes: &[Rounds] = match which {
            Rounds::First => &[Rounds::First],
            Rounds::All => &[Rounds::First, Rounds::All],
        };
        let slots = &self.slots;
        let settings = |burst: &Burst| {
            let table = slots.get(burst.slot.index())?;
            (table.active && table.epoch == burst.epoch).then_some(&table.announce)
        };
        for &pass in passes {
            let mut busy = self.lanes.values().filter(|lane| lane.has(pass)).count();
            for (&key, lane) in self.lanes.iter_mut().filter(|(_, lane)| lane.has(pass)) {
                let share = left.div_ceil(busy.max(1));
                busy = busy.saturating_sub(1);
                turn.budget = share;
                let shared = self.paces.turn(key);
                turn.shared = shared.map(|(pace, _)| pace);
                if let Some((_, free_at)) = shared {
                    lane.wait_until(free_at);
                }
                lane.pull(pass, key, settings, &target, &mut turn);
                if shared.is_some() {
                    self.paces.took(key, lane.free_at());
                }
                left = left.saturating_sub(share - turn.budget);
            }
        }
        for burst in turn.finished {
            self.finish(&burst);
        }
        self.lanes.retain(|_, lane| !lane.is_idle(now));
    }

    /// When [`Schedule::emit`] has something to do again: `now` if at once.
    pub(super) fn next(&self, now: Instant) -> Option<Instant> {
        if !self.starts.is_empty() {
            return Some(now);
        }
        let alarm = self.alarms.peek().map(|Reverse((at, ..))| *at);
        let turn = |key| self.paces.turn(key).map_or(now, |(_, free_at)| free_at);
        let lanes = self.lanes.iter();
        let lanes = lanes.filter_map(|(key, lane)| Some(lane.next(now)?.max(turn(*key))));
        lanes.chain(alarm).min()
    }

    /// Starts a burst over all addresses of `slot`; one that runs already is followed by it.
    fn start_all(&mut self, slot: Slot, rounds: u32) {
        let Some(table) = self.table(slot).filter(|table| table.active) else {
            return;
        };
        if table.running > 0 {
            table.again = table.again.max(rounds);
            return;
        }
        table.running = 1;
        let mut burst = Burst::new(slot, table.epoch, Arc::clone(&table.addresses), rounds);
        burst.whole = true;
        self.starts.push(burst);
    }

    /// Fires every alarm that is due.
    fn ring(&mut self, now: Instant) {
        while let Some(&Reverse((at, slot, kind))) = self.alarms.peek()
            && at <= now
        {
            self.alarms.pop();
            let Some(table) = self.table(slot) else {
                continue;
            };
            let announce = table.announce;
            let alarm = table.alarm(kind);
            if alarm.queued != Some(at) {
                continue;
            }
            alarm.queued = None;
            match alarm.due {
                None => {}
                Some(due) if due > now => self.arm(slot, kind, due),
                Some(due) => {
                    alarm.due = None;
                    let rounds = match kind {
                        Kind::Second => announce.repeat,
                        Kind::Refresh => announce.refresh_repeat,
                        Kind::LowerSecond => announce.lower_repeat,
                        Kind::Contest | Kind::ContestLate => 1,
                    };
                    self.start_all(slot, rounds);
                    if kind == Kind::Refresh && !announce.refresh.is_zero() {
                        let next = due + announce.refresh;
                        let next = if next > now { next } else { now + announce.refresh };
                        self.arm(slot, kind, next);
                    }
                }
            }
        }
    }

    /// Moves new bursts to the lanes that their addresses stand on.
    fn place(&mut self, target: impl Fn(ObjectId) -> Option<Announcement>) {
        for burst in std::mem::take(&mut self.starts) {
            let mut lanes = Vec::new();
            for &id in &*burst.addresses {
                if let Some(announcement) = target(id) {
                    let key = (announcement.link, announcement.family());
                    if !lanes.contains(&key) {
                        lanes.push(key);
                    }
                }
            }
            if burst.whole
                && let Some(table) = self.table(burst.slot)
                && table.epoch == burst.epoch
            {
                table.running = lanes.len();
                if lanes.is_empty() {
                    table.again = 0;
                }
            }
            for key in lanes {
                self.lanes.entry(key).or_default().push(burst.clone());
            }
        }
    }

    /// A lane is done with a burst.
    fn finish(&mut self, burst: &Burst) {
        let Some(table) = self.table(burst.slot) else {
            return;
        };
        if !burst.whole || table.epoch != burst.epoch {
            return;
        }
        table.running = table.running.saturating_sub(1);
        if table.running == 0 && table.again > 0 {
            let rounds = std::mem::take(&mut table.again);
            self.start_all(burst.slot, rounds);
        }
    }

    /// Sets an alarm, or moves it. At most one entry of the heap stands for it, plus stale ones
    /// that an earlier time has overtaken.
    fn arm(&mut self, slot: Slot, kind: Kind, at: Instant) {
        let Some(table) = self.table(slot) else {
            return;
        };
        let alarm = table.alarm(kind);
        alarm.due = Some(at);
        if alarm.queued.is_none_or(|queued| queued > at) {
            alarm.queued = Some(at);
            self.alarms.push(Reverse((at, slot, kind)));
        }
    }

    fn table(&mut self, slot: Slot) -> Option<&mut Timetable> {
        if self.slots.len() <= slot.index() {
            self.slots.resize_with(slot.index() + 1, Timetable::default);
        }
        self.slots.get_mut(slot.index())
    }
}

/// What is announced for one slot.
#[derive(Debug)]
struct Timetable {
    announce: Announce,
    addresses: Arc<[ObjectId]>,
    /// It holds its addresses.
    active: bool,
    /// Another router claimed them before that.
    contested: bool,
    /// Counts the cancellations: bursts of an older epoch are dropped.
    epoch: u32,
    alarms: [Alarm; Kind::COUNT],
    /// In how many lanes a burst over all addresses runs.
    running: usize,
    /// Rounds of the burst that follows it.
    again: u32,
}

impl Default for Timetable {
    fn default() -> Self {
        Self {
            announce: Announce::default(),
            addresses: Arc::from([]),
            active: false,
            contested: false,
            epoch: 0,
            alarms: Default::default(),
            running: 0,
            again: 0,
        }
    }
}

impl Timetable {
    const fn alarm(&mut self, kind: Kind) -> &mut Alarm {
        let [second, refresh, lower, contest, late] = &mut self.alarms;
        match kind {
            Kind::Second => second,
            Kind::Refresh => refresh,
            Kind::LowerSecond => lower,
            Kind::Contest => contest,
            Kind::ContestLate => late,
        }
    }
}

/// When a burst is due, and the heap's idea of it, which is never later.
#[derive(Clone, Copy, Debug, Default)]
struct Alarm {
    due: Option<Instant>,
    queued: Option<Instant>,
}

/// Why a burst over all addresses of a slot is due.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Kind {
    /// `garp_master_delay` after the first burst.
    Second,
    /// `garp_master_refresh`.
    Refresh,
    /// `garp_lower_prio_delay` after a lower-priority advert.
    LowerSecond,
    /// 50 ms after a lower-priority advert.
    Contest,
    /// 550 ms after the last lower-priority advert.
    ContestLate,
}

impl Kind {
    const COUNT: usize = 5;
}

/// Two claimants settle within a millisecond or so; this is well after the loser's last word.
const CONTEST: Duration = Duration::from_millis(50);
/// And this after that of a loser whose machine was busy.
const CONTEST_LATE: Duration = Duration::from_millis(550);
