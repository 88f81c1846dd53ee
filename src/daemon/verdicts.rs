//! What the checks found, on its way to the core thread: one cell for each tracker.
//!
//! ```text
//! cell   63             35 34   32 31                               0
//!       ┌─────────────────┬───────┬────────────────────────────────┐
//!       │ 0               │ kind  │ level                          │
//!       └─────────────────┴───────┴────────────────────────────────┘
//! ```

use super::board::{Board, Cell};
use crate::types::{Slot, TrackerId, Verdict};

/// A board with the newest verdict on each tracker.
#[derive(Debug)]
pub(super) struct Verdicts(Board<Verdict>);

impl Verdicts {
    /// An empty board.
    pub(super) fn new() -> Self {
        Self(Board::new())
    }

    /// Makes room for a tracker, so that no later post about it allocates.
    pub(super) fn reserve(&self, tracker: TrackerId) {
        if let Some(place) = Slot::new(tracker.index()) {
            self.0.reserve(place);
        }
    }

    /// Posts what is known of a tracker.
    pub(super) fn post(&self, tracker: TrackerId, verdict: Verdict) {
        if let Some(place) = Slot::new(tracker.index()) {
            self.0.post(place, verdict);
        }
    }

    /// Hands each verdict that was posted since the last time to `each`.
    pub(super) fn take(&self, mut each: impl FnMut(TrackerId, Verdict)) {
        self.0.take(|place, verdict| {
            if let Some(tracker) = TrackerId::new(place.index()) {
                each(tracker, verdict);
            }
        });
    }
}

impl Cell for Verdict {
    fn pack(self) -> u64 {
        let kind = |number: u64| number << KIND;
        match self {
            Self::Unknown => 0,
            Self::Disabled => kind(1),
            Self::Healthy => kind(2),
            Self::Degraded => kind(3),
            Self::Unhealthy => kind(4),
            Self::Level(level) => kind(5) | u64::from(level.cast_unsigned()),
        }
    }

    fn unpack(cell: u64) -> Self {
        match cell >> KIND {
            1 => Self::Disabled,
            2 => Self::Healthy,
            3 => Self::Degraded,
            4 => Self::Unhealthy,
            5 => {
                let low = u32::try_from(cell & u64::from(u32::MAX)).unwrap_or_default();
                Self::Level(low.cast_signed())
            }
            _ => Self::Unknown,
        }
    }
}

/// Where the kind begins.
const KIND: u32 = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verdict_survives_its_cell() {
        let levels = [0, 1, -1, i32::MIN, i32::MAX].map(Verdict::Level);
        let others = [
            Verdict::Unknown,
            Verdict::Disabled,
            Verdict::Healthy,
            Verdict::Degraded,
            Verdict::Unhealthy,
        ];
        for verdict in levels.into_iter().chain(others) {
            assert_eq!(Verdict::unpack(verdict.pack()), verdict);
        }
    }

    #[test]
    fn the_newest_verdict_counts_and_is_told_once() {
        let (verdicts, id) = (Verdicts::new(), TrackerId::new(3).unwrap());
        verdicts.reserve(id);
        verdicts.post(id, Verdict::Unhealthy);
        verdicts.post(id, Verdict::Level(-5));
        let mut told = Vec::new();
        verdicts.take(|id, verdict| told.push((id, verdict)));
        verdicts.take(|id, verdict| told.push((id, verdict)));
        assert_eq!(told, [(id, Verdict::Level(-5))]);
    }
}
