//! When the operator hears of adverts that count although something in them is not ours.

use std::time::Duration;

use crate::types::Instant;

/// What was told of the adverts of one instance's peers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Remarks {
    addresses: Option<Instant>,
    interval: Option<Instant>,
    /// Adverts in a row whose interval was not ours.
    strange: u8,
}

impl Remarks {
    /// An advert came. Says whether it is time to tell that its addresses are not ours.
    pub(super) fn addresses(&mut self, differ: bool, now: Instant) -> bool {
        differ && is_due(&mut self.addresses, now)
    }

    /// The same for its interval. A few adverts of another one are no news: whoever leaves
    /// shortens it, and during a reload two are in use.
    pub(super) fn interval(&mut self, differs: bool, now: Instant) -> bool {
        self.strange = if differs { self.strange.saturating_add(1) } else { 0 };
        self.strange >= SETTLED && is_due(&mut self.interval, now)
    }
}

fn is_due(told: &mut Option<Instant>, now: Instant) -> bool {
    let due = told.is_none_or(|at| now.since(at) >= QUIET);
    if due {
        *told = Some(now);
    }
    due
}

/// How long the same is not told again.
const QUIET: Duration = Duration::from_secs(600);

/// Adverts in a row that make a setting out of another interval.
const SETTLED: u8 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> Instant {
        Instant::default() + Duration::from_secs(secs)
    }

    #[test]
    fn other_addresses_are_told_at_once_and_then_every_ten_minutes() {
        let mut remarks = Remarks::default();
        assert!(!remarks.addresses(false, at(1)));
        assert!(remarks.addresses(true, at(2)));
        assert!(!remarks.addresses(true, at(601)));
        assert!(remarks.addresses(true, at(602)));
    }

    #[test]
    fn another_interval_is_told_when_it_stays() {
        let mut remarks = Remarks::default();
        let mut told = |differs, secs| remarks.interval(differs, at(secs));
        assert!((0..9).all(|secs| !told(true, secs)));
        assert!(!told(false, 9), "it was a release");
        assert!((10..19).all(|secs| !told(true, secs)));
        assert!(told(true, 19));
        assert!(!told(true, 20));
        assert!(told(true, 619));
    }
}
