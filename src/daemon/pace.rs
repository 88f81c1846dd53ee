//! How long packets may wait for each other.
//!
//! A Backup of a hundred routers that advertise every 10 ms would be woken ten thousand times a
//! second, once for each packet. Where packets come that thick, the core thread rests between
//! its turns and takes many at once. A packet that comes alone is never kept waiting, and neither
//! is a timer nor another thread. The kernel has stamped what waited: its timers start then.

use std::time::Duration;

use crate::types::Instant;

/// Watches the turns that brought packets.
#[derive(Debug)]
pub(super) struct Pace {
    /// How long a rest is; scaled to the shortest interval that is listened for.
    rest: Duration,
    /// When packets last came.
    last: Instant,
    /// How many turns in a row brought packets at more than two a rest.
    thick: u32,
}

impl Pace {
    /// No rests until a down interval is known.
    pub(super) const fn new() -> Self {
        Self { rest: Duration::ZERO, last: Instant::from_nanos(0), thick: 0 }
    }

    /// Scales the rests to the shortest time after which an Active Router counts as down.
    pub(super) fn scale(&mut self, shortest_down: Duration) {
        self.rest = (shortest_down / 16).min(LONGEST);
    }

    /// The longest that a packet waits.
    pub(super) const fn rest(&self) -> Duration {
        self.rest
    }

    /// Takes in how many packets a turn brought; `full` where more may wait. Returns how long to
    /// rest before the next turn.
    pub(super) fn turn(&mut self, packets: usize, full: bool, now: Instant) -> Duration {
        if packets == 0 {
            return Duration::ZERO;
        }
        let most = u32::try_from(packets).unwrap_or(u32::MAX);
        let thick = now.since(self.last) < (self.rest / 2).saturating_mul(most);
        self.last = now;
        self.thick = if thick { self.thick.saturating_add(1) } else { 0 };
        if full || self.thick < SUSTAINED { Duration::ZERO } else { self.rest }
    }
}

/// The longest rest.
const LONGEST: Duration = Duration::from_millis(10);

/// Turns that make a stream of packets out of a burst.
const SUSTAINED: u32 = 16;

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn rests(gap: Duration, turns: usize) -> Vec<Duration> {
        let mut pace = Pace::new();
        pace.scale(30 * MS);
        let mut now = Instant::from_nanos(1_000_000_000);
        let turn = |_| {
            now += gap;
            pace.turn(1, false, now)
        };
        (0..turns).map(turn).collect()
    }

    #[test]
    fn packets_that_come_alone_never_wait() {
        assert!(rests(MS, 100).iter().all(Duration::is_zero));
    }

    #[test]
    fn a_stream_of_packets_is_taken_in_rests() {
        let rests = rests(MS / 10, 100);
        assert!(rests.iter().take(16).all(Duration::is_zero));
        assert!(rests.iter().skip(17).all(|rest| *rest == 30 * MS / 16));
    }

    #[test]
    fn a_full_batch_is_followed_by_the_next_at_once() {
        let mut pace = Pace::new();
        pace.scale(30 * MS);
        for step in 0..100 {
            let now = Instant::from_nanos(1_000_000_000 + step * 1000);
            assert!(pace.turn(64, true, now).is_zero());
        }
    }

    #[test]
    fn no_rest_is_longer_than_10_ms() {
        let mut pace = Pace::new();
        pace.scale(Duration::from_secs(3));
        assert_eq!(pace.rest, LONGEST);
    }
}
