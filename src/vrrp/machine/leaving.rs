//! Leaving: the addresses go first, then priority 0 says so.
//!
//! While the kernel removes the addresses a short interval is taught, so that Backups of version 3
//! take over within that interval's skew once they hear priority 0. Two copies of each cover a
//! loss. Where several Backups may follow, the release is seen through ([`Handover`]).

use std::time::Duration;

use super::handover::Handover;
use super::{Action, Actions, Advert, COPY_GAP, Machine, State};
use crate::types::{Cause, Centis, Instant, Priority, Standing};

#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Leaving {
    /// The addresses are being removed.
    Dropping {
        /// The short interval, where one is taught.
        short: Option<Centis>,
        /// When it is taught again; never where there is none.
        next_advert: Instant,
        /// The next advert is the copy that has to go out before priority 0.
        copy_due: bool,
        /// When priority 0 goes out whatever the kernel says.
        until: Instant,
        /// The kernel said that they are gone.
        gone: bool,
    },
    /// A better router is Active already: there is nothing to say.
    Silent {
        /// When the kernel's word is no longer waited for.
        until: Instant,
    },
    /// Priority 0 was sent.
    Releasing {
        /// When it is sent once more.
        again: Instant,
        /// What the Backups were taught.
        short: Centis,
    },
}

impl Leaving {
    /// When something is due.
    pub(super) fn deadline(&self) -> Instant {
        match *self {
            Self::Dropping { next_advert, until, .. } => next_advert.min(until),
            Self::Silent { until } => until,
            Self::Releasing { again, .. } => again,
        }
    }

    /// Teaches the short interval no more.
    pub(super) fn hush(&mut self, now: Instant) {
        if let Self::Dropping { short, next_advert, copy_due, until, gone } = self {
            (*short, *copy_due) = (None, false);
            *next_advert = Instant::NEVER;
            if *gone {
                *until = now;
            }
        }
    }
}

impl Machine {
    /// Leaves Active for good.
    pub(super) fn leave(&mut self, cause: Cause, now: Instant, actions: &mut Actions) {
        let until = now + GONE_PATIENCE;
        let short = self.settings.release;
        let next_advert = if short.is_some() { now + COPY_GAP } else { Instant::NEVER };
        actions.extend(short.map(|short| Action::Advertise(self.priority, short)));
        let copy_due = short.is_some();
        let gone = false;
        self.state =
            State::Leaving(Leaving::Dropping { short, next_advert, copy_due, until, gone });
        actions.push(Action::DropAddresses);
        actions.push(Action::Tell(Standing::Active, Standing::Leaving, cause));
    }

    /// Another router is Active. If it outranks us, there is nothing left to say. If we outrank
    /// it, it yields to any further advert of ours, and needs priority 0 if it has done so
    /// already; if it has not, priority 0 does no harm, it answers that at once.
    pub(super) fn hear_as_leaving(&mut self, advert: Advert, now: Instant) {
        if advert.priority.is_release() {
            return;
        }
        let outranked = (advert.priority, Some(advert.source)) > (self.priority, self.source);
        if let State::Leaving(leaving) = &mut self.state {
            leaving.hush(now);
            if let Leaving::Dropping { until, .. } = *leaving
                && outranked
            {
                *leaving = Leaving::Silent { until };
            }
        }
    }

    pub(super) fn addresses_gone(&mut self, now: Instant, actions: &mut Actions) {
        match &mut self.state {
            State::Leaving(Leaving::Dropping { copy_due: true, gone, .. }) => *gone = true,
            State::Leaving(Leaving::Dropping { .. }) => self.release(now, actions),
            State::Leaving(Leaving::Silent { .. }) => self.finish(actions),
            State::Leaving(Leaving::Releasing { .. })
            | State::Initialize
            | State::Watching(_)
            | State::Backup(_)
            | State::Active(_) => {}
        }
    }

    pub(super) fn expire_as_leaving(&mut self, now: Instant, actions: &mut Actions) {
        let (priority, settings) = (self.priority, self.settings);
        let State::Leaving(leaving) = &mut self.state else {
            return;
        };
        match leaving {
            Leaving::Silent { .. } => self.finish(actions),
            Leaving::Releasing { short, .. } => {
                let handover = settings.several.then(|| Handover::new(*short, now));
                actions.push(Action::Advertise(Priority::RELEASE, settings.interval));
                self.finish(actions);
                if let Some(handover) = handover {
                    self.state = State::Watching(handover);
                }
            }
            Leaving::Dropping { short, next_advert, copy_due, until, gone } => {
                let over = now >= *until || *gone;
                if let Some(short) = *short
                    && now >= *next_advert
                {
                    *copy_due = false;
                    *next_advert = now + short.duration();
                    actions.push(Action::Advertise(priority, short));
                }
                if over {
                    self.release(now, actions);
                }
            }
        }
    }

    fn release(&mut self, now: Instant, actions: &mut Actions) {
        // With the configured interval: Backups do not learn from priority 0, and receivers that
        // refuse an unexpected interval would miss it otherwise.
        let advert = Action::Advertise(Priority::RELEASE, self.settings.interval);
        actions.push(advert);
        if let Some(short) = self.settings.release {
            let again = now + short.duration() / RELEASE_COPY;
            self.state = State::Leaving(Leaving::Releasing { again, short });
        } else {
            actions.push(advert);
            self.finish(actions);
        }
    }

    fn finish(&mut self, actions: &mut Actions) {
        self.state = State::Initialize;
        actions.push(Action::Tell(Standing::Leaving, Standing::Initialize, Cause::Left));
    }
}

/// How long priority 0 waits for the kernel's word that the addresses are gone.
const GONE_PATIENCE: Duration = Duration::from_millis(30);

/// The part of the taught interval after which priority 0 is repeated: 0.3 to 3 ms. Each copy
/// starts the skew of all Backups anew; one that came while they still deal with the first would
/// start them apart.
const RELEASE_COPY: u32 = 32;
