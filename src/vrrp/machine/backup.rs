//! Backup: listening, with a timer that proves the Active Router's silence.

use std::net::IpAddr;

use super::{Action, Actions, Advert, Company, Machine, State};
use crate::config::model::Preempt;
use crate::types::{Cause, Centis, Instant, Priority, Standing, Version};
use crate::vrrp::timing::{active_down_interval, skew_time};

#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Backup {
    /// When the Active Router is taken for dead.
    pub(super) active_down: Instant,
    /// Active_Adver_Interval: learned in version 3, our own in version 2.
    pub(super) interval: Centis,
    /// When the last accepted advert arrived.
    pub(super) heard: Option<Instant>,
    /// What the timer proves if it runs out now.
    prospect: Prospect,
    /// When `preempt_delay` ends: until then adverts of lower priority are accepted.
    patience: Option<Instant>,
    /// The timer ran out, and the rest of the sync group is waited for. The timer runs on, an
    /// interval at a time, to notice if we were away.
    pub(super) ready: bool,
}

/// What the last advert that a Backup heard will have meant if no better one follows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Prospect {
    Silence,
    Released(IpAddr),
    Outranked(IpAddr, Priority),
    Owned,
}

impl Backup {
    pub(super) fn new(active_down: Instant, interval: Centis, heard: Option<Instant>) -> Self {
        let prospect = Prospect::Silence;
        Self { active_down, interval, heard, prospect, patience: None, ready: false }
    }

    /// An address owner that waits for the rest of its sync group only.
    pub(super) fn owner(interval: Centis, now: Instant) -> Self {
        Self { prospect: Prospect::Owned, ready: true, ..Self::new(now, interval, None) }
    }
}

impl Machine {
    /// When a router that was away may conclude that nobody else is Active.
    pub(super) fn listen_again(&self, now: Instant, interval: Centis) -> Instant {
        now + interval.duration() + skew_time(self.settings.version, self.priority, interval)
    }

    //= https://www.rfc-editor.org/rfc/rfc9568#section-6.4.2
    //# If an ADVERTISEMENT is received
    pub(super) fn hear_as_backup(&mut self, advert: Advert, now: Instant) {
        let (settings, priority) = (self.settings, self.priority);
        let outranks = (advert.priority, Some(advert.source)) > (priority, self.source);
        let joins = self.company == Company::Joining;
        let State::Backup(backup) = &mut self.state else {
            return;
        };
        if advert.priority.is_release() {
            backup.ready = false;
            backup.active_down = now + skew_time(settings.version, priority, backup.interval);
            backup.prospect = Prospect::Released(advert.source);
            return;
        }
        let lower = advert.priority < priority;
        if !lower {
            backup.patience = None;
        }
        let accepted = match settings.preempt {
            // For the group, this is the Active Router's view.
            _ if joins => outranks,
            _ if !lower => true,
            Preempt::No => true,
            Preempt::Yes => false,
            Preempt::After(delay) => now < *backup.patience.get_or_insert(now + delay),
        };
        if !accepted {
            backup.prospect = Prospect::Outranked(advert.source, advert.priority);
            return;
        }
        if settings.version == Version::V3 {
            backup.interval = advert.interval;
        }
        backup.heard = Some(now);
        backup.ready = false;
        backup.prospect = Prospect::Silence;
        let down = active_down_interval(
            settings.version,
            priority,
            backup.interval,
            settings.down_adverts,
        );
        backup.active_down = now + down;
    }

    //= https://www.rfc-editor.org/rfc/rfc9568#section-6.4.2
    //# If the Active_Down_Timer fires
    pub(super) fn expire_as_backup(&mut self, now: Instant, actions: &mut Actions) {
        let State::Backup(backup) = &self.state else {
            return;
        };
        if now.since(backup.active_down) > backup.interval.duration() {
            // We were away for longer than an Active Router is silent: what we did not hear
            // proves nothing.
            let until = self.listen_again(now, backup.interval);
            if let State::Backup(backup) = &mut self.state {
                backup.active_down = until;
                backup.ready = false;
            }
            return;
        }
        if self.company != Company::Alone {
            let again = now + backup.interval.duration();
            if let State::Backup(backup) = &mut self.state {
                backup.active_down = again;
                backup.ready = true;
            }
            return;
        }
        self.take_over(now, actions);
    }

    /// Becomes Active with the rest of its sync group.
    pub(super) fn claim(&mut self, now: Instant, actions: &mut Actions) {
        if self.is_ready() {
            self.take_over(now, actions);
        }
    }

    fn take_over(&mut self, now: Instant, actions: &mut Actions) {
        let State::Backup(backup) = &self.state else {
            return;
        };
        let cause = match backup.prospect {
            Prospect::Silence => Cause::Silence { silence: backup.heard.map(|at| now.since(at)) },
            Prospect::Released(peer) => Cause::Released { peer },
            Prospect::Outranked(peer, theirs) => Cause::Preempted { peer, theirs },
            Prospect::Owned => Cause::Owner,
        };
        // The others have learned what we have learned.
        let (prospect, known) = (backup.prospect, backup.interval);
        self.promote(Standing::Backup, known, cause, now, actions);
        if let Prospect::Outranked(..) = prospect {
            // Neighbours listen to it; it need not say a last word.
            actions.push(Action::Announce);
        }
    }
}
