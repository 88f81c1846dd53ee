//! Sync groups: their index, and what becomes of them.

use super::{Instant, Standing};

/// One change of a sync group's state.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct GroupTransition {
    /// Which group.
    pub group: GroupId,
    /// When.
    pub at: Instant,
    /// The state it entered: Active, Backup, or Initialize where a member is at fault.
    pub to: Standing,
}

/// Where a sync group stands in the configuration: 0, 1, 2 …
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct GroupId(u32);

impl GroupId {
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
