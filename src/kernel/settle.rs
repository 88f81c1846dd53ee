//! One piece of work: a batch of operations, its outcomes, and the acknowledgements they allow.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::types::{Instant, Slot};

use super::agent::{Agent, PIECE, SlotState};
use super::host::{Kernel, Operation, Outcome, Refusal, Verb};
use super::ledger::{Entry, ObjectId};
use super::object::Target;
use super::reconcile::{Actual, Desired, reconcile};
use super::sink::{Notice, Sink};

/// Addresses that stand again or for the first time, by the slots that hold them already.
type Late = BTreeMap<Slot, Vec<ObjectId>>;

impl<K: Kernel> Agent<K> {
    /// Takes entries from the queues, deletions first, and brings the kernel to what is desired.
    pub(super) fn settle(&mut self, now: Instant, sink: &mut impl Sink) {
        let removals = self.removals.len().min(PIECE);
        let mut piece: Vec<_> = self.removals.drain(..removals).collect();
        let additions = self.additions.len().min(PIECE - removals);
        piece.extend(self.additions.drain(..additions));
        if piece.is_empty() {
            return;
        }
        let operations = self.operations(&piece);
        let outcomes =
            if operations.is_empty() { Vec::new() } else { self.kernel.apply(&operations) };
        let mut late = Late::new();
        let answers =
            outcomes.into_iter().chain(std::iter::repeat(Outcome::Refused(Refusal::NoAnswer)));
        let added_before = self.counters.added;
        for (operation, outcome) in operations.iter().zip(answers) {
            match operation.verb {
                Verb::Delete => self.deleted(operation, outcome, now, sink),
                Verb::Add => self.added(operation, outcome, now, sink, &mut late),
            }
        }
        for id in piece {
            self.conclude(id, now, sink);
        }
        for (slot, addresses) in late {
            self.schedule.add(slot, addresses.into());
        }
        if self.counters.added != added_before {
            self.wake_stalled();
        }
        if self.sweep_at == Instant::NEVER {
            self.sweep_at = now + super::repair::SWEEP;
        }
    }

    /// Says `applied` of every slot whose addresses are as desired. Announcements follow from it.
    pub(super) fn acknowledge(&mut self, now: Instant, sink: &mut impl Sink) {
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.retain(|&slot| {
            if !self.is_settled(slot) {
                return true;
            }
            let state = self.slot(slot);
            state.waiting = false;
            let (generation, announce) = (state.generation, state.announce);
            let addresses = state.present.then(|| Arc::clone(&state.addresses));
            sink.applied(slot, generation);
            if let Some(addresses) = addresses {
                self.schedule.begin(slot, addresses, announce, now);
            }
            false
        });
        self.waiting = waiting;
    }

    fn operations(&self, piece: &[ObjectId]) -> Vec<Operation> {
        let desired = piece.iter().filter_map(|&id| {
            let entry = self.ledger.get(id)?;
            Some(Desired {
                id,
                target: entry.object.target(|link| self.links.index(link)),
                present: self.is_wanted(id),
            })
        });
        let actual = |id| self.ledger.get(id).map_or(&Actual::Nowhere, |entry| &entry.actual);
        reconcile(desired, actual)
    }

    fn deleted(
        &mut self,
        operation: &Operation,
        outcome: Outcome,
        now: Instant,
        sink: &mut impl Sink,
    ) {
        match outcome {
            Outcome::Done => {
                self.counters.deleted += 1;
                self.stands(operation.id, Actual::Nowhere);
            }
            Outcome::Already | Outcome::Refused(Refusal::LinkMissing) => {
                self.stands(operation.id, Actual::Nowhere);
            }
            Outcome::Refused(refusal) => {
                if self.refused(operation.id, &refusal, now) {
                    let object = operation.target.object();
                    sink.notice(Notice::Stuck { object, refusal });
                }
            }
        }
    }

    fn added(
        &mut self,
        operation: &Operation,
        outcome: Outcome,
        now: Instant,
        sink: &mut impl Sink,
        late: &mut Late,
    ) {
        let id = operation.id;
        let done = outcome == Outcome::Done;
        if let Outcome::Refused(refusal) = outcome {
            self.stands(id, Actual::Nowhere);
            if self.refused(id, &refusal, now) && !self.waits_for_link(operation) {
                self.tell_failed(id, &refusal, sink);
            }
            if matches!(operation.target, Target::Route(..)) {
                self.stalled.push(id);
            }
            return;
        }
        self.counters.added += u64::from(done);
        self.stands(id, Actual::As(operation.target.clone()));
        let Some(entry) = self.ledger.get_mut(id) else {
            return;
        };
        let suspect = std::mem::take(&mut entry.suspect);
        let failed = std::mem::take(&mut entry.refusals) > 0;
        entry.told = None;
        if suspect && done {
            entry.fight.count();
            self.counters.restored += 1;
        }
        let Some(entry) = self.ledger.get(id) else {
            return;
        };
        for &slot in &entry.slots {
            let Some(state) = self.state(slot).filter(|it| it.present) else {
                continue;
            };
            let (holder, object) = (Arc::clone(&state.name), operation.target.object());
            if suspect && done {
                sink.notice(Notice::Restored { holder, object });
            } else if failed {
                sink.notice(Notice::Recovered { holder, object });
            }
            // A false alarm is no news; and the first burst of a slot follows its acknowledgement.
            let is_news = done || !suspect;
            let is_announced = entry.address().is_some() && slot != Slot::NODE;
            if is_news && is_announced && !state.waiting {
                late.entry(slot).or_default().push(id);
            }
        }
    }

    /// What remains to be said of an entry once its operations are done.
    fn conclude(&mut self, id: ObjectId, now: Instant, sink: &mut impl Sink) {
        let wanted = self.is_wanted(id);
        let Some(entry) = self.ledger.get_mut(id) else {
            return;
        };
        entry.queued = false;
        let reachable = entry.object.target(|link| self.links.index(link)).is_some();
        if !reachable && entry.actual == Actual::Unknown {
            entry.actual = Actual::Nowhere;
        }
        if !wanted {
            entry.suspect = false;
            if entry.actual == Actual::Nowhere {
                entry.refusals = 0;
            }
            return self.ledger.forget_if_done(id);
        }
        if !reachable {
            // No time brings it back: the report of its link does.
            if self.refused(id, &Refusal::LinkMissing, now) {
                self.tell_failed(id, &Refusal::LinkMissing, sink);
            }
            if let Some(entry) = self.ledger.get_mut(id) {
                entry.retry_at = None;
            }
        }
    }

    /// Makes sure that what the kernel refused is tried again. Returns whether the operator does
    /// not know of it yet.
    fn refused(&mut self, id: ObjectId, refusal: &Refusal, now: Instant) -> bool {
        self.counters.refused += 1;
        let Some(entry) = self.ledger.get_mut(id) else {
            return false;
        };
        let pause = FIRST_PAUSE.saturating_mul(1 << entry.refusals.min(5));
        let retry_at = now + pause.min(LONGEST_PAUSE);
        entry.retry_at = Some(retry_at);
        entry.suspect = false;
        entry.refusals = entry.refusals.saturating_add(1);
        if *refusal == Refusal::NoAnswer {
            entry.actual = Actual::Unknown;
        }
        self.retry_at = self.retry_at.min(retry_at);
        // What the kernel always refuses is no news at every take-over.
        let same = |(at, why): &(Instant, Refusal)| why == refusal && now.since(*at) < QUIET;
        let is_news = entry.refusals == 1 && !entry.told.as_ref().is_some_and(same);
        if is_news {
            entry.told = Some((now, refusal.clone()));
        }
        is_news
    }

    /// Tells each slot that holds the address that it is not there.
    fn tell_failed(&self, id: ObjectId, refusal: &Refusal, sink: &mut impl Sink) {
        let Some(entry) = self.ledger.get(id) else {
            return;
        };
        for state in self.holders(entry) {
            sink.notice(Notice::Failed {
                holder: Arc::clone(&state.name),
                object: entry.object.clone(),
                refusal: refusal.clone(),
            });
        }
    }

    /// Whether nothing is left to be done for what `slot` desires: its objects were tried, or
    /// are gone unless another slot holds them.
    fn is_settled(&self, slot: Slot) -> bool {
        let Some(state) = self.state(slot) else {
            return true;
        };
        state.objects.iter().all(|&id| match self.ledger.get(id) {
            None => true,
            Some(entry) => {
                let gone = entry.actual == Actual::Nowhere;
                !entry.queued && (state.present || gone || self.is_wanted(id))
            }
        })
    }

    /// The slots that are to hold `entry` now.
    pub(super) fn holders(&self, entry: &Entry) -> impl Iterator<Item = &SlotState> {
        let states = entry.slots.iter().filter_map(|&slot| self.state(slot));
        states.filter(|state| state.present)
    }

    /// A route over a link that is down is refused until that comes up: no news.
    fn waits_for_link(&mut self, operation: &Operation) -> bool {
        let down = !matches!(operation.target, Target::Address(..))
            && operation.target.links().any(|link| !self.links.is_up(link));
        if down && let Some(entry) = self.ledger.get_mut(operation.id) {
            (entry.refusals, entry.told) = (0, None);
        }
        down
    }

    fn stands(&mut self, id: ObjectId, actual: Actual) {
        if let Some(entry) = self.ledger.get_mut(id) {
            entry.actual = actual;
        }
    }
}

/// How long the operator is not told again of one refusal.
const QUIET: Duration = Duration::from_secs(600);
/// After the first refusal; doubled after each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// And never longer than this.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
