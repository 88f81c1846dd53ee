//! The clock. Only the loops read it.
//!
//! There is one, and it is not the wall's: that is set by hand, by NTP, by whoever restores a
//! virtual machine, forward and back, while every other node goes on. Whatever it says proves
//! nothing about how long this node stood still, so no timer, no lease and no pause asks it.

use std::time::Duration;

use rustix::time::{ClockId, Timespec, clock_gettime};

use crate::types::Instant;

/// The time of CLOCK_MONOTONIC.
#[must_use]
pub fn now() -> Instant {
    let since_origin = duration(clock_gettime(ClockId::Monotonic));
    Instant::from_nanos(u64::try_from(since_origin.as_nanos()).unwrap_or(u64::MAX))
}

/// The time of the clock with which the kernel stamps packets. It is the wall's: good for how
/// long ago that was, within bounds that do not come from it, and for nothing else.
pub(super) fn stamping() -> Duration {
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
    fn it_is_the_clock_that_nobody_can_set() {
        let read = || duration(clock_gettime(ClockId::Monotonic));
        let (before, now, after) = (read(), now(), read());
        let now = Duration::from_nanos(now.as_nanos());
        assert!(before <= now && now <= after, "{before:?} {now:?} {after:?}");
    }
}
