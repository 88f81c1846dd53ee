//! From single outcomes to what is known: successes and failures are counted.

use crate::types::Verdict;

/// Counts successes and failures in a row. Knows neither time nor whom it is about.
///
/// ```text
/// count   0 … rise-1      rise … rise+fall-1
///         unhealthy       healthy
/// ```
///
/// While unhealthy, a success counts up and a failure starts again from 0; while healthy, a
/// failure counts down and a success starts again from the top. The first outcome of all decides
/// at once.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Health {
    rise: u32,
    fall: u32,
    count: u32,
    known: Verdict,
}

impl Health {
    /// Nothing is known yet. `rise` successes or `fall` failures in a row change that later on;
    /// 0 counts as 1.
    #[must_use]
    pub fn unknown(rise: u32, fall: u32) -> Self {
        let (rise, fall) = (rise.max(1), fall.max(1));
        Self { rise, fall, count: rise - 1, known: Verdict::Unknown }
    }

    /// It counts as failed until it has succeeded; as before any first outcome, once is enough.
    #[must_use]
    pub fn failed(rise: u32, fall: u32) -> Self {
        Self { known: Verdict::Unhealthy, ..Self::unknown(rise, fall) }
    }

    /// Takes in one outcome, and says what is known after it.
    pub fn record(&mut self, verdict: Verdict) -> Verdict {
        match verdict {
            // Who could not look has seen nothing.
            Verdict::Unknown | Verdict::Disabled => {}
            Verdict::Level(_) => self.known = verdict,
            Verdict::Healthy | Verdict::Degraded => self.succeed(verdict),
            Verdict::Unhealthy => self.fail(),
        }
        self.known
    }

    /// What is known.
    #[must_use]
    pub const fn known(&self) -> Verdict {
        self.known
    }

    /// The count.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }

    fn succeed(&mut self, verdict: Verdict) {
        if self.count + 1 < self.rise {
            self.count += 1;
        } else {
            self.count = self.top();
            self.known = verdict;
        }
    }

    fn fail(&mut self) {
        if self.count > self.rise {
            self.count -= 1;
        } else {
            self.count = 0;
            self.known = Verdict::Unhealthy;
        }
    }

    const fn top(&self) -> u32 {
        self.rise.saturating_add(self.fall - 1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn after(mut health: Health, outcomes: &str) -> Verdict {
        for letter in outcomes.chars() {
            health.record(match letter {
                '+' => Verdict::Healthy,
                '-' => Verdict::Unhealthy,
                '~' => Verdict::Degraded,
                _ => Verdict::Unknown,
            });
        }
        health.known()
    }

    #[test]
    fn the_first_outcome_decides_and_later_ones_are_counted() {
        let start = || Health::unknown(2, 3);
        for (outcomes, known) in [
            ("", Verdict::Unknown),
            ("+", Verdict::Healthy),
            ("-", Verdict::Unhealthy),
            ("?", Verdict::Unknown),
            ("+--", Verdict::Healthy),
            ("+---", Verdict::Unhealthy),
            ("+--+--", Verdict::Healthy),
            ("-+", Verdict::Unhealthy),
            ("-++", Verdict::Healthy),
            ("-+-+", Verdict::Unhealthy),
            ("+--?-", Verdict::Unhealthy),
            ("+~", Verdict::Degraded),
            ("+~-", Verdict::Degraded),
            ("~+", Verdict::Healthy),
        ] {
            assert_eq!(after(start(), outcomes), known, "{outcomes:?}");
        }
    }

    #[test]
    fn what_starts_as_failed_is_healthy_as_soon_as_it_succeeds_at_first() {
        let start = || Health::failed(2, 1);
        assert_eq!(after(start(), ""), Verdict::Unhealthy);
        assert_eq!(after(start(), "+"), Verdict::Healthy);
        assert_eq!(after(start(), "-+"), Verdict::Unhealthy);
        assert_eq!(after(start(), "-++"), Verdict::Healthy);
        assert_eq!(after(start(), "+-"), Verdict::Unhealthy);
    }

    #[test]
    fn a_level_counts_at_once() {
        let mut health = Health::unknown(5, 5);
        assert_eq!(health.record(Verdict::Level(-7)), Verdict::Level(-7));
    }

    /// What is known, from the whole history: the last run of `rise` successes or `fall` failures
    /// decides, and before any of them the first outcome.
    fn by_hindsight(rise: usize, fall: usize, history: &[bool]) -> Option<bool> {
        let mut known = *history.first()?;
        let mut run = (known, usize::MAX);
        for outcome in &history[1..] {
            let length = if run.0 == *outcome { run.1.saturating_add(1) } else { 1 };
            run = (*outcome, length);
            if length >= if *outcome { rise } else { fall } {
                known = *outcome;
            }
        }
        Some(known)
    }

    proptest! {
        #[test]
        fn a_change_takes_rise_successes_or_fall_failures_in_a_row(
            rise in 1..5_u32,
            fall in 1..5_u32,
            history in proptest::collection::vec(any::<bool>(), 0..40),
        ) {
            let mut health = Health::unknown(rise, fall);
            for (at, success) in history.iter().enumerate() {
                let verdict = if *success { Verdict::Healthy } else { Verdict::Unhealthy };
                let known = health.record(verdict);
                let (rise, fall) = (rise.try_into().unwrap(), fall.try_into().unwrap());
                let expected = by_hindsight(rise, fall, &history[..=at]);
                prop_assert_eq!(Some(known == Verdict::Healthy), expected);
            }
        }
    }
}
