//! What somebody else did to our addresses and routes, what failed earlier, and the slow sweep over all.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::types::{IfIndex, Instant};

use super::agent::Agent;
use super::fight::{PACE, Reaction};
use super::host::Kernel;
use super::ledger::{Entry, Identity, ObjectId};
use super::object::{Object, Target};
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
            let Some(stood) = entry.standing().filter(|_| wanted && !entry.queued) else {
                continue;
            };
            let up = stood.links().all(|link| self.links.is_up(link));
            entry.actual = Actual::Unknown;
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

    fn compare(&mut self, id: ObjectId, standing: &HashSet<(IfIndex, Identity)>) {
        let wanted = self.is_wanted(id);
        let Some(entry) = self.ledger.get_mut(id) else {
            return;
        };
        let address = match &entry.object {
            Object::Address(address) => Arc::clone(address),
            // There may be millions of routes, and adding one again asks for that one alone. It
            // would make one that ends by itself last for ever.
            Object::Route(route) if route.expires_secs.is_some() => return,
            Object::Route(_) | Object::Rule(_) => return self.doubt(id),
        };
        let identity = Identity::of(&address);
        let home = self.links.index(address.link);
        let link = entry.stands_on().or(home);
        let there = link.is_some_and(|link| standing.contains(&(link, identity)));
        match (wanted, there, &entry.actual) {
            (true, false, Actual::As(_)) => self.missing.push(id),
            (true, true, Actual::Unknown | Actual::Nowhere) | (false, true, _) => {
                if !matches!(entry.actual, Actual::As(_)) {
                    entry.actual = Actual::Unknown;
                }
                self.queue(id);
            }
            (false, false, Actual::Unknown | Actual::As(_)) => {
                entry.actual = Actual::Nowhere;
                self.queue(id);
            }
            (true, true, Actual::As(_))
            | (true, false, Actual::Unknown | Actual::Nowhere)
            | (false, false, Actual::Nowhere) => {}
        }
    }

    fn tell_contended(&self, id: ObjectId, sink: &mut impl Sink) {
        let Some(entry) = self.ledger.get(id) else {
            return;
        };
        for state in self.holders(entry) {
            let (holder, object) = (Arc::clone(&state.name), entry.object.clone());
            sink.notice(Notice::Contended { holder, object });
        }
    }

    /// What is to stand may be gone: the kernel is asked.
    pub(super) fn doubt(&mut self, id: ObjectId) {
        let wanted = self.is_wanted(id);
        let stands = self.ledger.get(id).is_some_and(|entry| entry.standing().is_some());
        if wanted && stands {
            self.missing.push(id);
        }
    }

    /// The kernel drops the IPv4 routes over a link that goes down and tells nobody: when it is
    /// back, those that lead over it are asked for, and those that name no link.
    pub(super) fn doubt_routes(&mut self, link: IfIndex) {
        let nameless = |target: &Target| target.links().next().is_none();
        let doubtful = self.ledger.ids(|entry| {
            let routes = entry.standing().filter(|it| matches!(it, Target::Route(..)));
            routes.is_some_and(|it| nameless(it) || entry.touches(link))
        });
        doubtful.into_iter().for_each(|id| self.doubt(id));
    }

    /// The kernel drops the IPv4 routes whose source is an address that goes, and tells nobody.
    pub(super) fn doubt_sources(&mut self, ip: IpAddr) {
        if !self.ledger.has_traces() {
            return;
        }
        let doubtful = self.ledger.ids(|entry| match &entry.object {
            Object::Route(route) => route.preferred_source == Some(ip),
            Object::Address(_) | Object::Rule(_) => false,
        });
        doubtful.into_iter().for_each(|id| self.doubt(id));
    }

    /// Routes that were refused are tried again: what they lack may have come.
    pub(super) fn wake_stalled(&mut self) {
        for id in std::mem::take(&mut self.stalled) {
            let waits = |entry: &Entry| entry.retry_at.is_some();
            if self.ledger.get(id).is_some_and(waits) {
                self.queue(id);
            }
        }
    }
}

/// How long an address that vanished with its interface's carrier waits for it to come back.
const DOWN: Duration = Duration::from_secs(1);
/// How often everything is compared with the kernel.
pub(super) const SWEEP: Duration = Duration::from_secs(30);
