//! What somebody else did to our addresses, what failed earlier, and the slow sweep over all.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use crate::types::{IfIndex, Instant};

use super::agent::Agent;
use super::fight::{PACE, Reaction};
use super::host::Kernel;
use super::ledger::{AddressId, Identity};
use super::reconcile::Actual;
use super::sink::{Notice, Sink};

impl<K: Kernel> Agent<K> {
    /// Puts back what events say was deleted, at once or, if that happens all the time, later.
    ///
    /// An event may be an old one of our own deletion. So the address is added again, and only if
    /// the kernel did not have it was it really gone. An interface that goes down loses its IPv6
    /// addresses without anybody's doing; they are put back when it comes up.
    pub(super) fn judge_missing(&mut self, now: Instant, sink: &mut impl Sink) {
        for id in std::mem::take(&mut self.missing) {
            let wanted = self.is_wanted(id);
            let Some(entry) = self.ledger.get_mut(id) else {
                continue;
            };
            let Some(link) = entry.stands_on().filter(|_| wanted && !entry.queued) else {
                continue;
            };
            entry.actual = Actual::Unknown;
            let up = self.links.is_up(link);
            entry.suspect = up;
            let reaction = if up { entry.fight.react(now) } else { Reaction::Later };
            if reaction == Reaction::AtOnce {
                self.queue(id);
                continue;
            }
            let retry_at = now + if up { PACE } else { DOWN };
            entry.retry_at = Some(retry_at);
            self.retry_at = self.retry_at.min(retry_at);
            if reaction == Reaction::Yield {
                self.tell_contended(id, sink);
            }
        }
    }

    /// Queues what is due to be tried again.
    pub(super) fn wake_retries(&mut self, now: Instant) {
        if self.retry_at > now {
            return;
        }
        let is_due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        for id in self.ledger.ids(|entry| is_due(entry.retry_at)) {
            self.queue(id);
        }
        let remaining = self.ledger.iter().filter_map(|(_, entry)| entry.retry_at);
        self.retry_at = remaining.min().unwrap_or(Instant::NEVER);
    }

    /// Compares all entries with the kernel, when it is time and nothing else is to be done.
    pub(super) fn sweep_if_due(&mut self, now: Instant, sink: &mut impl Sink) {
        let busy = !self.removals.is_empty() || !self.additions.is_empty();
        if self.sweep_at > now || busy {
            return;
        }
        self.sweep_at = now + SWEEP;
        let standing: HashSet<(IfIndex, Identity)> = match self.kernel.addresses() {
            Ok(all) => all.iter().map(|it| (it.link, Identity::of_standing(it))).collect(),
            Err(error) => return sink.notice(Notice::Unswept(error)),
        };
        for id in self.ledger.ids(|_| true) {
            self.compare(id, &standing);
        }
        self.judge_missing(now, sink);
    }

    fn compare(&mut self, id: AddressId, standing: &HashSet<(IfIndex, Identity)>) {
        let wanted = self.is_wanted(id);
        let Some(entry) = self.ledger.get_mut(id) else {
            return;
        };
        let identity = Identity::of(&entry.address);
        let home = self.links.index(entry.address.link);
        let link = entry.stands_on().or(home);
        let there = link.is_some_and(|link| standing.contains(&(link, identity)));
        match (wanted, there, &entry.actual) {
            (true, false, Actual::On(..)) => self.missing.push(id),
            (true, true, Actual::Unknown | Actual::Nowhere) | (false, true, _) => {
                if !matches!(entry.actual, Actual::On(..)) {
                    entry.actual = Actual::Unknown;
                }
                self.queue(id);
            }
            (false, false, Actual::Unknown | Actual::On(..)) => {
                entry.actual = Actual::Nowhere;
                self.queue(id);
            }
            (true, true, Actual::On(..))
            | (true, false, Actual::Unknown | Actual::Nowhere)
            | (false, false, Actual::Nowhere) => {}
        }
    }

    fn tell_contended(&self, id: AddressId, sink: &mut impl Sink) {
        let Some(entry) = self.ledger.get(id) else {
            return;
        };
        for &slot in entry.slots.iter().filter(|&&slot| self.is_present(slot)) {
            let address = Arc::clone(&entry.address);
            sink.notice(Notice::Contended { slot, address });
        }
    }
}

/// How long an address that vanished with its interface's carrier waits for it to come back.
const DOWN: Duration = Duration::from_secs(1);
/// How often everything is compared with the kernel.
pub(super) const SWEEP: Duration = Duration::from_secs(30);
