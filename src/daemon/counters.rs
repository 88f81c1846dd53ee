//! What the core thread counts about itself.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// Counters of the core thread, readable from any other.
#[derive(Debug, Default)]
pub(super) struct LoopCounters {
    turns: AtomicU64,
    packets: AtomicU64,
    late: [AtomicU64; LATENESS.len()],
    latest_nanos: AtomicU64,
    unsent: AtomicU64,
    untold: AtomicU64,
    owes: AtomicBool,
}

/// The counters of one moment.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct LoopReport {
    /// Times the loop woke.
    pub(super) turns: u64,
    /// VRRP packets received, refused ones too.
    pub(super) packets: u64,
    /// Times it woke later than a timer by at least 1, 10, 100 and 1000 ms.
    pub(super) late: [u64; LATENESS.len()],
    /// The most it ever woke later than a timer.
    pub(super) latest: Duration,
    /// Adverts that the system did not take.
    pub(super) unsent: u64,
    /// Events that found no room on their way to the log.
    pub(super) untold: u64,
}

impl LoopCounters {
    /// The loop woke, `late` after a timer was due, and read `packets`.
    pub(super) fn turn(&self, late: Duration, packets: usize) {
        add(&self.turns, 1);
        add(&self.packets, u64::try_from(packets).unwrap_or(u64::MAX));
        for (count, limit) in self.late.iter().zip(LATENESS) {
            if late >= limit {
                add(count, 1);
            }
        }
        let nanos = u64::try_from(late.as_nanos()).unwrap_or(u64::MAX);
        self.latest_nanos.fetch_max(nanos, Ordering::Relaxed);
    }

    /// The system did not take an advert.
    pub(super) fn unsent(&self) {
        add(&self.unsent, 1);
    }

    /// An event found no room on its way to the log.
    pub(super) fn untold(&self) {
        add(&self.untold, 1);
    }

    /// Whether there are events that wait for room on that way. Set before it is looked whether
    /// there is room by now: who makes room and then asks misses none.
    pub(super) fn owes(&self, owes: bool) {
        self.owes.store(owes, Ordering::SeqCst);
    }

    /// Whether there are.
    pub(super) fn does_owe(&self) -> bool {
        self.owes.load(Ordering::SeqCst)
    }

    /// The counters as they are.
    pub(super) fn report(&self) -> LoopReport {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        LoopReport {
            turns: read(&self.turns),
            packets: read(&self.packets),
            late: self.late.each_ref().map(read),
            latest: Duration::from_nanos(read(&self.latest_nanos)),
            unsent: read(&self.unsent),
            untold: read(&self.untold),
        }
    }
}

impl fmt::Display for LoopReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} turns, {} packets, at most {} µs late, {} adverts unsent, {} events untold",
            self.turns,
            self.packets,
            self.latest.as_micros(),
            self.unsent,
            self.untold
        )
    }
}

fn add(count: &AtomicU64, more: u64) {
    count.fetch_add(more, Ordering::Relaxed);
}

/// From when on a wake-up counts as late.
const LATENESS: [Duration; 4] = [
    Duration::from_millis(1),
    Duration::from_millis(10),
    Duration::from_millis(100),
    Duration::from_secs(1),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_turn_counts_in_every_class_that_it_reaches() {
        let counters = LoopCounters::default();
        counters.turn(Duration::from_micros(80), 3);
        counters.turn(Duration::from_millis(120), 0);
        let report = counters.report();
        assert_eq!((report.turns, report.packets), (2, 3));
        assert_eq!(report.late, [1, 1, 1, 0]);
        assert_eq!(report.latest, Duration::from_millis(120));
    }
}
