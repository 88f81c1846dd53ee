//! Active: holding the addresses and saying so at every interval.

use std::time::Duration;

use super::backup::Backup;
use super::burst::{Burst, FIRST_WAIT, Step};
use super::{Action, Actions, Advert, Machine, Settings, State};
use crate::config::model::Preempt;
use crate::types::{Cause, Centis, Instant, Priority, Version};
use crate::vrrp::timing::active_down_interval;

#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Active {
    pub(super) next_advert: Instant,
    /// When the last advert was sent.
    sent: Instant,
    /// The interval that it taught.
    pub(super) taught: Centis,
    since: Instant,
    /// When an advert of lower priority was last answered.
    answered: Option<Instant>,
    /// When a release was last answered.
    reassured: Option<Instant>,
    /// When the last fast yield began.
    yielded: Option<Instant>,
    pub(super) burst: Option<Burst>,
}

impl Active {
    /// Active from now on, with an advert sent at this moment.
    pub(super) fn new(interval: Centis, now: Instant) -> Self {
        Self {
            next_advert: now + interval.duration(),
            sent: now,
            taught: interval,
            since: now,
            answered: None,
            reassured: None,
            yielded: None,
            burst: None,
        }
    }
}

impl Machine {
    //= https://www.rfc-editor.org/rfc/rfc9568#section-6.4.3
    //# If an ADVERTISEMENT is received
    pub(super) fn hear_as_active(&mut self, advert: Advert, now: Instant, actions: &mut Actions) {
        let (priority, source) = (self.priority, self.source);
        let State::Active(active) = &mut self.state else {
            return;
        };
        if advert.priority.is_release() {
            // Its sender was Active until now: the neighbours may have listened to it.
            if active.reassured.is_none_or(|at| now.since(at) >= ANSWER_GAP) {
                active.reassured = Some(now);
                self.advertise_at_once(now, actions);
                actions.push(Action::Announce);
            }
            return;
        }
        let higher_address = source.is_some_and(|ours| advert.source > ours);
        if advert.priority > priority || (advert.priority == priority && higher_address) {
            return self.yield_to(advert, now, actions);
        }
        if active.answered.is_none_or(|at| now.since(at) >= ANSWER_GAP) {
            active.answered = Some(now);
            if self.settings.answer_lower {
                self.advertise_at_once(now, actions);
            }
            actions.push(Action::Announce);
        }
    }

    fn yield_to(&mut self, advert: Advert, now: Instant, actions: &mut Actions) {
        let State::Active(active) = &self.state else {
            return;
        };
        let interval = match self.settings.version {
            Version::V2 => self.settings.interval,
            Version::V3 => advert.interval,
        };
        // An established holder says a last word: the winner hears that it was contested, and
        // tells the neighbours again, who may have listened to us. Backups that take it for an
        // Active Router's are taught the winner's interval by it, not ours.
        let established = now.since(active.since) > self.settings.interval.duration().min(CLAIM);
        if established || self.settings.answer_higher {
            actions.push(Action::Advertise(self.priority, interval));
        }
        let cause = if advert.priority > self.priority {
            Cause::HigherPriority { peer: advert.source, theirs: advert.priority }
        } else {
            Cause::HigherAddress { peer: advert.source }
        };
        let active_down = now + self.down_interval(interval);
        self.demote(Backup::new(active_down, interval, Some(now)), cause, actions);
    }

    /// Gives up what an Active Router that stood still may have lost by now, lawfully: it listens
    /// before it speaks, whatever woke it.
    ///
    /// All it says is priority 0, which is true and unseats nobody: whoever is Active by now answers
    /// that and tells the neighbours again, which may have listened to our kernel meanwhile.
    pub(super) fn notice_stall(&mut self, now: Instant, actions: &mut Actions) {
        let State::Active(active) = &self.state else {
            return;
        };
        let lasted = now.since(active.sent);
        let Settings { version, interval, down_adverts, .. } = self.settings;
        let patience =
            active_down_interval(version, Priority::HIGHEST, active.taught, down_adverts);
        if lasted <= patience {
            return;
        }
        actions.push(Action::Advertise(Priority::RELEASE, interval));
        let listening = Backup::new(self.listen_again(now, interval), interval, None);
        self.demote(listening, Cause::Stalled { lasted }, actions);
    }

    /// Begins a fast yield from the `old` priority where that is wanted and safe.
    ///
    /// A fault common to all nodes must not send the addresses round: not before this router has
    /// been Active for a while, not again soon, and never where peers do not preempt us.
    pub(super) fn yield_fast(&mut self, old: Priority, now: Instant, actions: &mut Actions) {
        let settings = self.settings;
        let Settings { version, interval, down_adverts, .. } = settings;
        let old_down = active_down_interval(version, old, interval, down_adverts);
        let (State::Active(active), Some(short)) = (&mut self.state, settings.release) else {
            return;
        };
        let settled = now.since(active.since) >= YIELD_SETTLED;
        let rare = active.yielded.is_none_or(|at| now.since(at) >= old_down * 3);
        if settled && rare && settings.preempt != Preempt::No && !old.is_owner() {
            active.yielded = Some(now);
            active.burst = Some(Burst::new(old, short, settings.down_adverts));
            active.sent = now;
            active.taught = short;
            active.next_advert = now + FIRST_WAIT;
            actions.push(Action::Advertise(old, short));
        }
    }

    /// Sends an advert out of turn; the next follows a whole interval later.
    pub(super) fn advertise_at_once(&mut self, now: Instant, actions: &mut Actions) {
        let State::Active(active) = &mut self.state else {
            return;
        };
        active.sent = now;
        active.next_advert = now + active.taught.duration();
        actions.push(Action::Advertise(self.priority, active.taught));
    }

    /// Teaches the configured interval from now on; so often if Backups `know` a shorter one.
    pub(super) fn teach(&mut self, know: Centis, often: u8, now: Instant, actions: &mut Actions) {
        let Settings { version, interval, .. } = self.settings;
        let State::Active(active) = &mut self.state else {
            return;
        };
        let longer = version == Version::V3 && know < interval;
        active.burst = longer.then(|| Burst::teaching(self.priority, know, often));
        active.next_advert = now;
        self.advertise_on_time(now, actions);
    }

    /// Sends the advert that is due and sets the next from when it was due, not from when it
    /// left: intervals do not drift.
    pub(super) fn advertise_on_time(&mut self, now: Instant, actions: &mut Actions) {
        let (priority, interval) = (self.priority, self.settings.interval);
        let State::Active(active) = &mut self.state else {
            return;
        };
        let plain = Step { priority, interval, wait: interval.duration() };
        let step = active.burst.as_mut().and_then(|burst| burst.step(priority, interval));
        if step.is_none() {
            active.burst = None;
        }
        let Step { priority, interval, wait } = step.unwrap_or(plain);
        let due = active.next_advert + wait;
        active.next_advert = if due > now { due } else { now + wait };
        active.sent = now;
        active.taught = interval;
        actions.push(Action::Advertise(priority, interval));
    }
}

/// How long a router has been Active before it is an established holder, or one interval. Until
/// then the winner has heard its claim and needs no last word.
const CLAIM: Duration = Duration::from_millis(300);

/// Adverts of lower priority, and releases, are answered at most this often.
const ANSWER_GAP: Duration = Duration::from_millis(10);

/// How long a router has been Active before it yields fast.
const YIELD_SETTLED: Duration = Duration::from_secs(30);
