//! Sync groups: which is which, and what becomes of them.

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

/// Which sync group: one of the same name keeps it over reloads, and no other ever gets it.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct GroupId(u64);

impl GroupId {
    /// The one behind this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }
}
