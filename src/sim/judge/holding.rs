//! What an Active Router owes its Backups.

use std::collections::VecDeque;
use std::time::Duration;

use crate::config::model::{Instance, Preempt};
use crate::types::{Centis, Instant, Priority, Version};

use super::super::host::LATENESS;
use super::super::rule::Rule;
use super::Finding;

/// An Active Router as it should be.
#[derive(Clone, Debug)]
pub(super) struct Holding {
    pub(super) since: Instant,
    /// When its next advert is due, never earlier than its own idea of it.
    pub(super) due: Instant,
    /// Its last advert.
    last: (Instant, Priority, Centis),
    /// When it last began to yield fast.
    yielded: Option<Instant>,
}

/// One advert and the circumstances in which it was sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent {
    pub(super) priority: Priority,
    pub(super) interval: Centis,
    /// Because a timer ran out, not because of a packet or a change.
    pub(super) on_time: bool,
    /// The node has run since then.
    pub(super) awake_since: Instant,
}

impl Holding {
    /// Active from now on, with an advert sent at this moment.
    pub(super) fn new(config: &Instance, priority: Priority, now: Instant) -> Self {
        Self {
            since: now,
            due: now + config.interval.duration(),
            last: (now, priority, config.interval),
            yielded: None,
        }
    }

    /// It sends an advert.
    pub(super) fn advertise(&mut self, config: &Instance, sent: Sent, now: Instant) -> Finding {
        let Sent { priority, interval, .. } = sent;
        if self.last == (now, priority, interval) {
            return Ok(()); // the copy for another peer
        }
        if self.is_stale(config, now) {
            return Err((Rule::Stall, "speaks after it stood still".to_owned()));
        }
        let (_, _, taught) = std::mem::replace(&mut self.last, (now, priority, interval));
        self.check_punctual(sent.awake_since, now)?;
        // An advert out of turn begins a new interval, one on time goes on with the old rhythm.
        self.due = if !sent.on_time || now < self.due || sent.awake_since > self.due {
            now + interval.duration()
        } else {
            (self.due + interval.duration()).max(now)
        };
        self.check_yield(config, taught, interval, now)
    }

    /// It has been silent for longer than any Backup waits.
    pub(super) fn is_stale(&self, config: &Instance, now: Instant) -> bool {
        let (at, _, taught) = self.last;
        let patience =
            taught.duration() * u32::from(config.down_adverts) + least_skew(config.version, taught);
        now.since(at) > patience
    }

    /// Its next advert is not overdue.
    pub(super) fn check_punctual(&self, awake_since: Instant, now: Instant) -> Finding {
        if now <= self.due + LATENESS || awake_since > self.due {
            return Ok(());
        }
        let late = now.since(self.due);
        let (_, _, taught) = self.last;
        let what = format!("its advert is {late:?} late, it taught {taught}");
        Err((Rule::AdvertGap, what))
    }

    fn check_yield(
        &mut self,
        config: &Instance,
        before: Centis,
        interval: Centis,
        now: Instant,
    ) -> Finding {
        if interval >= config.interval || before < config.interval {
            return Ok(());
        }
        let down = config.interval.duration() * u32::from(config.down_adverts);
        let active = now.since(self.since);
        let last = self.yielded.replace(now).map(|at| now.since(at));
        let what = if active < Duration::from_secs(30) {
            format!("yields fast {active:?} after it became Active")
        } else if last.is_some_and(|ago| ago < down * 3) {
            format!("yields fast {last:?} after the last time")
        } else if config.preempt == Preempt::No && !config.priority.is_owner() {
            "yields fast with nopreempt".to_owned()
        } else {
            return Ok(());
        };
        Err((Rule::YieldLimit, what))
    }
}

/// The skew of the highest priority below an owner's.
fn least_skew(version: Version, interval: Centis) -> Duration {
    let unit = match version {
        Version::V2 => Duration::from_secs(1),
        Version::V3 => interval.duration(),
    };
    unit * 2 / 256
}

/// How many adverts a router sent in the last second.
#[derive(Clone, Debug, Default)]
pub(super) struct Pace(VecDeque<Instant>);

impl Pace {
    /// It sends at this time; copies for several peers count once.
    pub(super) fn count(&mut self, now: Instant) -> Finding {
        if self.0.back() == Some(&now) {
            return Ok(());
        }
        self.0.push_back(now);
        while self.0.front().is_some_and(|at| now.since(*at) > WINDOW) {
            self.0.pop_front();
        }
        if self.0.len() <= MOST {
            return Ok(());
        }
        Err((Rule::Flood, format!("{} adverts in {WINDOW:?}", self.0.len())))
    }
}

/// The time in which [`MOST`] adverts may be sent.
const WINDOW: Duration = Duration::from_secs(1);
/// A hundred at the shortest interval, a hundred answers each to claims and to releases, and the
/// bursts of leaving.
const MOST: usize = 350;
