//! What a router may still do that has said priority 0: remind the winner of several claims.

use std::net::IpAddr;
use std::time::Duration;

use crate::types::{Instant, Priority};
use crate::vrrp::machine::Advert;

use super::super::rule::Rule;
use super::Finding;

/// A router that has left and listens to what became of it.
#[derive(Clone, Debug)]
pub(super) struct Farewell {
    since: Instant,
    claimants: Vec<IpAddr>,
    best: Priority,
    /// How often it reminded the winner, and when it last did; unicast sends copies.
    reminders: u8,
    reminded: Option<Instant>,
}

impl Farewell {
    pub(super) const fn new(now: Instant) -> Self {
        Self {
            since: now,
            claimants: Vec::new(),
            best: Priority::RELEASE,
            reminders: 0,
            reminded: None,
        }
    }

    /// Whether it may still hear anything.
    pub(super) fn listens(&self, now: Instant) -> bool {
        now.since(self.since) <= LONGEST
    }

    pub(super) fn hear(&mut self, advert: Advert) {
        if !advert.priority.is_release() && !self.claimants.contains(&advert.source) {
            self.claimants.push(advert.source);
        }
        self.best = self.best.max(advert.priority);
    }

    /// It sends an advert of this priority: twice, the lowest, where two claimed and one of them
    /// does not yield to that.
    pub(super) fn remind(&mut self, priority: Priority, now: Instant) -> Finding {
        self.reminders += u8::from(self.reminded.replace(now) != Some(now));
        let contested = self.claimants.len() > 1 && self.best > Priority::LOWEST;
        let lawful = contested && priority == Priority::LOWEST && self.reminders <= 2;
        if lawful && self.listens(now) {
            return Ok(());
        }
        let claimants = &self.claimants;
        let what = format!("sends priority {priority} after it left to {claimants:?}");
        Err((Rule::Silence, what))
    }
}

/// The longest interval that is taught, how late claims may come, and the reminders.
const LONGEST: Duration = Duration::from_millis(300);
