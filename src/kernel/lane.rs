//! What waits to be announced on one interface in one family.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::types::{Announce, Family, IfIndex, Instant, Slot};

use super::announce::Rounds;
use super::host::Announcement;
use super::ledger::ObjectId;

/// Some rounds over some addresses of a slot.
#[derive(Clone, Debug)]
pub(super) struct Burst {
    pub(super) slot: Slot,
    /// The slot's epoch when it began.
    pub(super) epoch: u32,
    pub(super) addresses: Arc<[ObjectId]>,
    /// It covers all addresses of its slot.
    pub(super) whole: bool,
    /// Rounds that are left, this one included.
    rounds: u32,
    /// How many addresses of this round are done.
    position: usize,
    /// Something was announced in this round.
    heard: bool,
}

impl Burst {
    pub(super) fn new(slot: Slot, epoch: u32, addresses: Arc<[ObjectId]>, rounds: u32) -> Self {
        Self {
            slot,
            epoch,
            addresses,
            whole: false,
            rounds: rounds.max(1),
            position: 0,
            heard: false,
        }
    }

    /// The next announcement of this round that belongs to the lane `key`.
    fn step(
        &mut self,
        key: (IfIndex, Family),
        target: impl Fn(ObjectId) -> Option<Announcement>,
    ) -> Option<Announcement> {
        while let Some(&id) = self.addresses.get(self.position) {
            self.position += 1;
            if let Some(announcement) = target(id)
                && key == (announcement.link, announcement.family())
            {
                self.heard = true;
                return Some(announcement);
            }
        }
        None
    }

    /// Goes on to the next round, if there is one and the last one was not empty.
    const fn turn(&mut self) -> bool {
        let more = self.rounds > 1 && self.heard;
        self.rounds = self.rounds.saturating_sub(1);
        self.position = 0;
        self.heard = false;
        more
    }
}

/// Two queues, so that every address is announced once before any is announced twice.
#[derive(Debug, Default)]
pub(super) struct Lane {
    first: VecDeque<Burst>,
    later: VecDeque<Burst>,
    /// When the pace of the interface allows the next frame.
    free_at: Instant,
}

impl Lane {
    pub(super) fn push(&mut self, burst: Burst) {
        self.first.push_back(burst);
    }

    /// Whether bursts wait for this pass: those in their first round, or those in a later one.
    pub(super) fn has(&self, pass: Rounds) -> bool {
        match pass {
            Rounds::First => !self.first.is_empty(),
            Rounds::All => !self.later.is_empty(),
        }
    }

    /// When the pace of the interface allows the next frame.
    pub(super) const fn free_at(&self) -> Instant {
        self.free_at
    }

    /// The pace of others allows the next frame then.
    pub(super) const fn wait_until(&mut self, free_at: Instant) {
        self.free_at = free_at;
    }

    pub(super) fn is_idle(&self, now: Instant) -> bool {
        self.first.is_empty() && self.later.is_empty() && self.free_at <= now
    }

    /// When there is something to pull: `now` if at once.
    pub(super) fn next(&self, now: Instant) -> Option<Instant> {
        let waiting = !self.first.is_empty() || !self.later.is_empty();
        waiting.then(|| self.free_at.max(now))
    }

    /// Moves announcements of one queue into `turn`, and bursts that have ended.
    pub(super) fn pull<'a>(
        &mut self,
        pass: Rounds,
        key: (IfIndex, Family),
        settings: impl Fn(&Burst) -> Option<&'a Announce>,
        target: impl Fn(ObjectId) -> Option<Announcement>,
        turn: &mut Turn<'_>,
    ) {
        let shared = turn.shared;
        while turn.budget > 0 && self.free_at <= turn.now {
            let queue = match pass {
                Rounds::First => &mut self.first,
                Rounds::All => &mut self.later,
            };
            let Some(burst) = queue.front_mut() else {
                break;
            };
            let Some(announce) = settings(burst) else {
                queue.pop_front();
                continue;
            };
            if let Some(announcement) = burst.step(key, &target) {
                turn.out.push(announcement);
                turn.budget -= 1;
                let own = match key.1 {
                    Family::V4 => announce.arp_interval,
                    Family::V6 => announce.na_interval,
                };
                let pace = shared.unwrap_or(own);
                if !pace.is_zero() {
                    self.free_at = turn.now + pace;
                }
            } else if let Some(mut burst) = queue.pop_front() {
                if burst.turn() {
                    self.later.push_back(burst);
                } else {
                    turn.finished.push(burst);
                }
            }
        }
    }
}

/// What the lanes fill, one after the other.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    pub(super) now: Instant,
    /// Announcements that the lane may still make.
    pub(super) budget: usize,
    pub(super) out: &'a mut Vec<Announcement>,
    pub(super) finished: Vec<Burst>,
    /// The pace that the interface shares with others, in place of its instances'.
    pub(super) shared: Option<Duration>,
}
