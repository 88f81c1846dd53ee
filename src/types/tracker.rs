//! What is watched besides packets and links, and what the watching found.

use std::fmt;

/// Where a tracker stands in the node's tables: 0, 1, 2 … Kept for the tracker's whole life, which
/// a reload that only changes its settings does not end, and reused after it.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct TrackerId(u32);

impl TrackerId {
    /// Builds an index; `None` above `u32::MAX`.
    #[must_use]
    pub fn new(index: usize) -> Option<Self> {
        u32::try_from(index).ok().map(Self)
    }

    /// The place as an index.
    #[must_use]
    #[expect(clippy::as_conversions, reason = "usize holds u32 on every target with an MMU")]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for TrackerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What is known of a tracked object, as far as the election is concerned.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Verdict {
    /// Nothing yet: it adds nothing, and who cannot do without it does not begin.
    #[default]
    Unknown,
    /// It cannot be watched, which was told: as if nobody tracked it.
    Disabled,
    /// It is as it should be.
    Healthy,
    /// It works, but another router's may be better: it lowers the priority and is no fault.
    Degraded,
    /// It is not as it should be.
    Unhealthy,
    /// A number that is multiplied by the weight; 0 is as it should be.
    Level(i32),
}
