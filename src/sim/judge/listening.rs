//! What RFC 9568 §6.4.2 lets a Backup do, told once more and independently.

use std::time::Duration;

use crate::config::model::{Instance, Preempt};
use crate::types::{Centis, Instant, Priority, Version};
use crate::vrrp::machine::Advert;

/// A Backup as it should be.
#[derive(Clone, Debug)]
pub(super) struct Listening {
    /// When it claims if nothing more is heard.
    pub(super) deadline: Instant,
    /// When that was moved, perhaps into the past, by another priority.
    pub(super) moved_at: Instant,
    /// Active_Adver_Interval.
    pub(super) interval: Centis,
    /// The interval was learned.
    learned: bool,
    /// When `preempt_delay` ends.
    patience: Option<Instant>,
    /// The last advert came from a router of lower priority that has not released since.
    pub(super) below: bool,
}

impl Listening {
    /// A Backup that has heard nobody yet.
    pub(super) fn afresh(config: &Instance, priority: Priority, now: Instant) -> Self {
        Self {
            deadline: now + down_interval(config, priority, config.interval),
            moved_at: now,
            interval: config.interval,
            learned: false,
            patience: None,
            below: false,
        }
    }

    /// A Backup that was Active until it heard `better`.
    pub(super) fn yielded(
        config: &Instance,
        priority: Priority,
        better: Advert,
        now: Instant,
    ) -> Self {
        let interval = match config.version {
            Version::V2 => config.interval,
            Version::V3 => better.interval,
        };
        Self {
            deadline: now + down_interval(config, priority, interval),
            moved_at: now,
            interval,
            learned: true,
            patience: None,
            below: false,
        }
    }

    /// A Backup that was Active until it noticed that it had stood still.
    pub(super) fn stalled(config: &Instance, priority: Priority, now: Instant) -> Self {
        let mut fresh = Self::afresh(config, priority, now);
        fresh.listen_again(config, priority, now);
        fresh
    }

    /// It was away: an interval and its skew will tell whether somebody is Active.
    pub(super) fn listen_again(&mut self, config: &Instance, priority: Priority, now: Instant) {
        let wait = self.interval.duration() + skew(config, priority, self.interval);
        self.deadline = now + wait;
    }

    pub(super) fn hear(
        &mut self,
        config: &Instance,
        priority: Priority,
        advert: Advert,
        now: Instant,
    ) {
        if advert.priority.is_release() {
            self.deadline = now + skew(config, priority, self.interval);
            self.below = false;
            return;
        }
        self.below = advert.priority < priority;
        if !self.below {
            self.patience = None;
        }
        let heeded = match config.preempt {
            _ if !self.below => true,
            _ if config.priority.is_owner() => false,
            Preempt::No => true,
            Preempt::Yes => false,
            Preempt::After(delay) => now < *self.patience.get_or_insert(now + delay),
        };
        if heeded {
            if config.version == Version::V3 {
                self.interval = advert.interval;
            }
            self.learned = true;
            self.deadline = now + down_interval(config, priority, self.interval);
        }
    }

    /// Its priority is another now: its timer runs on with another skew.
    pub(super) fn reprioritised(
        &mut self,
        config: &Instance,
        old: Priority,
        new: Priority,
        now: Instant,
    ) {
        self.moved_at = now;
        let base = self.deadline - skew(config, old, self.interval);
        self.deadline = base + skew(config, new, self.interval);
    }

    /// It was configured differently: its timer runs on unless it ran on an interval of its own
    /// that changed.
    pub(super) fn reconfigured(
        &mut self,
        old: &Instance,
        new: &Instance,
        priority: Priority,
        now: Instant,
    ) {
        let own = new.version == Version::V2 || !self.learned;
        if own && old.interval != new.interval {
            self.interval = new.interval;
            self.deadline = now + down_interval(new, priority, new.interval);
        }
    }
}

/// Active_Down_Interval.
fn down_interval(config: &Instance, priority: Priority, interval: Centis) -> Duration {
    let whole = interval.duration() * u32::from(config.down_adverts);
    whole + skew(config, priority, interval)
}

/// Skew_Time.
fn skew(config: &Instance, priority: Priority, interval: Centis) -> Duration {
    let unit = match config.version {
        Version::V2 => 1_000_000_000,
        Version::V3 => u64::from(interval.get()) * 10_000_000,
    };
    Duration::from_nanos(unit * (256 - u64::from(priority.get())) / 256)
}
