//! Where an instance stands in the node's tables.

use std::fmt;

/// The dense index of an instance: 0, 1, 2 … Kept for the instance's whole life and reused after it.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Slot(u32);

impl Slot {
    /// No instance's: of what the node holds by itself.
    pub const NODE: Self = Self(u32::MAX);

    /// Builds an instance's slot; `None` from `u32::MAX` on.
    #[must_use]
    pub fn new(index: usize) -> Option<Self> {
        u32::try_from(index).ok().map(Self).filter(|slot| *slot != Self::NODE)
    }

    /// The slot as an index.
    #[must_use]
    #[expect(clippy::as_conversions, reason = "usize holds u32 on every target with an MMU")]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
