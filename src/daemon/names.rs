//! What the instances and groups are called, also while a reload changes it.

use std::collections::HashMap;

use crate::types::{Cause, GroupId, Slot, Transition};

/// The instances' names by their slots, and those of the sync groups.
#[derive(Debug, Default)]
pub(super) struct Names {
    current: HashMap<Slot, String>,
    /// Before the last change, as long as news of it may wait.
    old: HashMap<Slot, String>,
    /// No two groups ever are the same, so those that went are not in the way of others.
    groups: HashMap<GroupId, String>,
    old_groups: HashMap<GroupId, String>,
}

impl Names {
    /// From now on these are the names; those before are kept for a while.
    pub(super) fn follow(&mut self, names: Vec<(Slot, String)>, groups: Vec<(GroupId, String)>) {
        self.old = std::mem::replace(&mut self.current, names.into_iter().collect());
        self.old_groups = std::mem::replace(&mut self.groups, groups.into_iter().collect());
    }

    /// No news of the last change waits any more.
    pub(super) fn forget_the_old(&mut self) {
        self.old.clear();
        self.old_groups.clear();
    }

    /// The name of a sync group.
    pub(super) fn group(&self, group: GroupId) -> &str {
        let name = self.groups.get(&group).or_else(|| self.old_groups.get(&group));
        name.map_or(UNKNOWN, String::as_str)
    }

    /// The name of the instance at `slot`.
    pub(super) fn get(&self, slot: Slot) -> &str {
        let name = self.current.get(&slot).or_else(|| self.old.get(&slot));
        name.map_or(UNKNOWN, String::as_str)
    }

    /// The name of the instance that `transition` is about. Where one is removed, another may
    /// have its slot already.
    pub(super) fn of(&self, transition: &Transition) -> &str {
        let old = self.old.get(&transition.slot).filter(|_| transition.cause == Cause::Removed);
        old.map_or_else(|| self.get(transition.slot), String::as_str)
    }
}

/// What an instance is called whose name came and went unnoticed.
const UNKNOWN: &str = "?";

#[cfg(test)]
mod tests {
    use crate::types::{Instant, Priority, Standing};

    use super::*;

    fn transition(to: Standing, cause: Cause) -> Transition {
        let (from, slot, priority) = (Standing::Backup, Slot::new(0).unwrap(), Priority::DEFAULT);
        Transition { slot, at: Instant::default(), from, to, priority, cause }
    }

    #[test]
    fn one_that_is_removed_keeps_its_name_though_another_has_its_slot() {
        let slot = Slot::new(0).unwrap();
        let mut names = Names::default();
        names.follow(vec![(slot, "old".to_owned())], Vec::new());
        names.follow(vec![(slot, "new".to_owned())], Vec::new());
        assert_eq!(names.of(&transition(Standing::Initialize, Cause::Removed)), "old");
        assert_eq!(names.of(&transition(Standing::Backup, Cause::Started)), "new");
        names.follow(Vec::new(), Vec::new());
        assert_eq!(names.of(&transition(Standing::Initialize, Cause::Removed)), "new");
        names.forget_the_old();
        assert_eq!(names.get(slot), UNKNOWN);
    }
}
