//! How long the supervisor waits before it starts another worker.

use std::time::Duration;

/// Waits that grow while workers die young: none, then 1, 2, 4 … 60 s.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Backoff {
    /// Workers in a row that did not live for [`LONG_LIFE`].
    short_lives: u32,
}

impl Backoff {
    /// The wait after a worker that lived for `lived`.
    pub(super) fn after(&mut self, lived: Duration) -> Duration {
        if lived >= LONG_LIFE {
            self.short_lives = 0;
        }
        let wait = match self.short_lives.checked_sub(1) {
            None => Duration::ZERO,
            Some(doublings) => {
                Duration::from_secs(1_u64.checked_shl(doublings).unwrap_or(u64::MAX)).min(LONGEST)
            }
        };
        self.short_lives = self.short_lives.saturating_add(1);
        wait
    }
}

/// A worker that lived this long did not die of how it was started.
const LONG_LIFE: Duration = Duration::from_secs(60);
/// The longest wait.
const LONGEST: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_wait_is_none_and_the_next_ones_double_up_to_a_minute() {
        let mut backoff = Backoff::default();
        let waits: Vec<u64> =
            (0..9).map(|_| backoff.after(Duration::from_millis(5)).as_secs()).collect();
        assert_eq!(waits, [0, 1, 2, 4, 8, 16, 32, 60, 60]);
    }

    #[test]
    fn a_long_life_starts_over() {
        let mut backoff = Backoff::default();
        for _ in 0..4 {
            backoff.after(Duration::ZERO);
        }
        assert_eq!(backoff.after(LONG_LIFE), Duration::ZERO);
        assert_eq!(backoff.after(Duration::ZERO), Duration::from_secs(1));
    }

    #[test]
    fn no_number_of_short_lives_overflows() {
        let mut backoff = Backoff { short_lives: u32::MAX };
        assert_eq!(backoff.after(Duration::ZERO), LONGEST);
    }
}
