//! Putting back what others delete, without fighting them for ever.

use std::time::Duration;

use crate::types::Instant;

/// How often one address was put back lately.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Fight {
    began: Instant,
    rounds: u32,
    tired: bool,
}

/// What is to be done about a deletion.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Reaction {
    /// Put it back at once.
    AtOnce,
    /// Put it back later; this is the first time that it is not done at once.
    Yield,
    /// Put it back later.
    Later,
}

impl Fight {
    /// Somebody seems to have deleted the address.
    pub(super) fn react(&mut self, now: Instant) -> Reaction {
        let age = now.since(self.began);
        if self.tired {
            if age < TRUCE {
                self.began = now;
                return Reaction::Later;
            }
            *self = Self::default();
        }
        if age > WINDOW || self.rounds == 0 {
            self.began = now;
            self.rounds = 0;
        }
        if self.rounds < ROUNDS {
            return Reaction::AtOnce;
        }
        self.tired = true;
        self.began = now;
        Reaction::Yield
    }

    /// The address had really been deleted, and was put back.
    pub(super) const fn count(&mut self) {
        self.rounds = self.rounds.saturating_add(1);
    }
}

/// This many times within [`WINDOW`] an address is put back at once.
const ROUNDS: u32 = 10;
/// See [`ROUNDS`].
const WINDOW: Duration = Duration::from_secs(10);
/// How long an address that is fought over stays away each time.
pub(super) const PACE: Duration = Duration::from_secs(30);
/// Once left alone for so long, the fight is forgotten.
const TRUCE: Duration = Duration::from_secs(90);

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::default() + Duration::from_millis(millis)
    }

    #[test]
    fn ten_deletions_in_ten_seconds_are_answered_at_once_and_the_next_ones_later() {
        let mut fight = Fight::default();
        for round in 0..10 {
            assert_eq!(fight.react(at(1000 + round)), Reaction::AtOnce);
            fight.count();
        }
        assert_eq!(fight.react(at(1100)), Reaction::Yield);
        assert_eq!(fight.react(at(31_100)), Reaction::Later);
    }

    #[test]
    fn deletions_far_apart_are_always_answered_at_once() {
        let mut fight = Fight::default();
        for round in 0..100 {
            assert_eq!(fight.react(at(round * 11_000)), Reaction::AtOnce);
            fight.count();
        }
    }

    #[test]
    fn a_fight_is_forgotten_after_a_truce() {
        let mut fight = Fight::default();
        for _ in 0..11 {
            fight.react(at(1000));
            fight.count();
        }
        assert_eq!(fight.react(at(100_000)), Reaction::AtOnce);
    }
}
