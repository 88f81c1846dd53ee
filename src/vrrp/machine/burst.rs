//! Fast yield: a router whose priority drops for good hands over before the old interval ends.
//!
//! In version 3 a Backup waits three of the intervals that the last accepted advert taught. So the
//! router teaches a short one under its old priority, then advertises its new priority at that
//! rhythm for as long as a better Backup needs to take over. If none did, it teaches the
//! configured interval again.
//!
//! A longer interval is taught more than once for the same reason: a Backup that missed the only
//! advert of it would take the pause that follows for our end.

use std::time::Duration;

use super::COPY_GAP;
use crate::types::{Centis, Priority};

/// A fast yield in progress.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Burst {
    old: Priority,
    short: Centis,
    old_left: u8,
    new_left: u8,
    teach_left: u8,
}

/// One advert of a burst and how long after it the next is due.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Step {
    pub(super) priority: Priority,
    pub(super) interval: Centis,
    pub(super) wait: Duration,
}

impl Burst {
    /// A burst that begins; its first advert goes out now, its second after [`COPY_GAP`].
    ///
    /// The short adverts outlast the down interval of every Backup, `down_adverts` intervals and
    /// less than one of skew, so that a lower one does not take over in between.
    pub(super) fn new(old: Priority, short: Centis, down_adverts: u8) -> Self {
        let new_left = down_adverts.saturating_add(1);
        Self { old, short, old_left: 1, new_left, teach_left: TEACH_COPIES }
    }

    /// So many adverts that teach the configured interval, the first of which goes out now. They
    /// come as fast as Backups expect who know no other interval than `known` yet.
    pub(super) fn teaching(priority: Priority, known: Centis, copies: u8) -> Self {
        Self { old: priority, short: known, old_left: 0, new_left: 0, teach_left: copies }
    }

    /// The priority that it began with.
    pub(super) fn old(self) -> Priority {
        self.old
    }

    /// The next advert; `None` once the burst is over.
    pub(super) fn step(&mut self, priority: Priority, configured: Centis) -> Option<Step> {
        let wait = self.short.duration();
        let (priority, interval) = if take(&mut self.old_left) {
            (self.old, self.short)
        } else if take(&mut self.new_left) {
            (priority, self.short)
        } else if take(&mut self.teach_left) {
            (priority, configured)
        } else {
            return None;
        };
        let wait = if self.teach_left == 0 { configured.duration() } else { wait };
        Some(Step { priority, interval, wait })
    }
}

/// Takes one of what is left; false if nothing was.
fn take(left: &mut u8) -> bool {
    let some = *left > 0;
    *left = left.saturating_sub(1);
    some
}

/// How long after the first advert of a burst its copy follows.
pub(super) const FIRST_WAIT: Duration = COPY_GAP;

/// How often the configured interval is taught again.
pub(super) const TEACH_COPIES: u8 = 3;

/// How often it is taught by who takes over: once more for those that missed its claim.
pub(super) const CLAIM_COPIES: u8 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_longer_interval_is_taught_thrice_at_the_pace_that_backups_know() {
        let mut burst = Burst::teaching(Priority::DEFAULT, Centis::SHORTEST, TEACH_COPIES);
        let mut steps = Vec::new();
        while let Some(step) = burst.step(Priority::DEFAULT, Centis::SECOND) {
            assert_eq!((step.priority, step.interval), (Priority::DEFAULT, Centis::SECOND));
            steps.push(step.wait.as_millis());
        }
        assert_eq!(steps, [10, 10, 1000]);
    }

    #[test]
    fn a_burst_outlasts_every_down_interval_and_teaches_the_configured_interval_thrice() {
        let (old, new) = (Priority::new(150), Priority::new(90));
        let mut burst = Burst::new(old, Centis::SHORTEST, 3);
        let mut steps = Vec::new();
        while let Some(step) = burst.step(new, Centis::SECOND) {
            steps.push((step.priority, step.interval, step.wait.as_millis()));
        }
        let short = |priority| (priority, Centis::SHORTEST, 10);
        let teach = |wait| (new, Centis::SECOND, wait);
        let mut expected = vec![short(old)];
        expected.extend([short(new); 4]);
        expected.extend([teach(10), teach(10), teach(1000)]);
        assert_eq!(steps, expected);
    }
}
