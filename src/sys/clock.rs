//! The clocks. Only the loops read them.

use std::time::Duration;

use rustix::time::{ClockId, Timespec, clock_gettime};

use crate::types::Instant;

/// The time of CLOCK_MONOTONIC.
#[must_use]
pub fn now() -> Instant {
    let since_origin = duration(clock_gettime(ClockId::Monotonic));
    Instant::from_nanos(u64::try_from(since_origin.as_nanos()).unwrap_or(u64::MAX))
}

/// The time of CLOCK_REALTIME since the epoch. Evidence of a stall that the monotonic clock did
/// not count, never a deadline.
#[must_use]
pub fn wall() -> Duration {
    duration(clock_gettime(ClockId::Realtime))
}

/// Kernel time as a duration; zero for times before the clock's origin.
fn duration(time: Timespec) -> Duration {
    Duration::try_from(time).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn monotonic_time_passes_and_never_goes_back() {
        let start = now();
        let mut last = start;
        while last == start {
            last = now();
        }
        assert!(last > start);
    }

    #[test]
    fn wall_time_lies_beyond_the_year_2020() {
        assert!(wall() > Duration::from_secs(1_577_836_800));
    }
}
