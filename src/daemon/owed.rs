//! News that the main thread has had no room for.
//!
//! Whatever else is left out when that thread stands still for long, the state in which each
//! instance and each group ended up is told in the end: of each the newest news are kept, and
//! handed over as soon as there is room. No news overtake older ones of the same instance.

use crate::types::{GroupTransition, Reprioritised, Slot, Transition};

use super::messages::Told;

/// What is owed, of each instance and group the newest. Keeping it allocates nothing once there is
/// room for every instance and group.
#[derive(Debug, Default)]
pub(super) struct Owed {
    instances: Vec<Debt>,
    groups: Vec<GroupTransition>,
    any: bool,
}

/// What is owed of one instance.
#[derive(Clone, Copy, Debug, Default)]
struct Debt {
    transition: Option<Transition>,
    reprioritised: Option<Reprioritised>,
}

/// What became of news.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kept {
    /// They wait.
    Waits,
    /// They wait in the place of older ones, which nobody will hear of.
    Replaces,
    /// They are of a kind of which nothing is kept.
    No,
}

impl Owed {
    /// Makes room for an instance.
    pub(super) fn reserve(&mut self, slot: Slot) {
        if self.instances.len() <= slot.index() {
            self.instances.resize(slot.index() + 1, Debt::default());
        }
    }

    /// Makes room for as many groups.
    pub(super) fn reserve_groups(&mut self, count: usize) {
        self.groups.reserve(count.saturating_sub(self.groups.len()));
    }

    /// Forgets what is owed of an instance that went: another one will have its slot.
    pub(super) fn forget(&mut self, slot: Slot) {
        if let Some(debt) = self.instances.get_mut(slot.index()) {
            *debt = Debt::default();
        }
    }

    /// Whether nothing is owed: only then may news go directly.
    pub(super) const fn is_empty(&self) -> bool {
        !self.any
    }

    /// Keeps news until there is room for them.
    pub(super) fn keep(&mut self, told: &Told) -> Kept {
        let replaces = match told {
            Told::Transition(transition) => {
                let Some(debt) = self.instances.get_mut(transition.slot.index()) else {
                    return Kept::No;
                };
                // It says the priority too.
                debt.reprioritised = None;
                debt.transition.replace(*transition).is_some()
            }
            Told::Reprioritised(change) => {
                let Some(debt) = self.instances.get_mut(change.slot.index()) else {
                    return Kept::No;
                };
                let from = debt.reprioritised.map_or(change.from, |older| older.from);
                debt.reprioritised.replace(Reprioritised { from, ..*change }).is_some()
            }
            Told::Group(transition) => {
                let same = |other: &GroupTransition| other.group == transition.group;
                let older = self.groups.iter().position(same);
                if let Some(older) = older {
                    self.groups.remove(older);
                }
                self.groups.push(*transition);
                older.is_some()
            }
            Told::Outranked(_)
            | Told::Refused(_)
            | Told::Differs(_)
            | Told::Unsent { .. }
            | Told::Deaf { .. } => return Kept::No,
        };
        self.any = true;
        if replaces { Kept::Replaces } else { Kept::Waits }
    }

    /// Hands over what is owed as long as `give` takes it; groups after the instances.
    pub(super) fn settle(&mut self, mut give: impl FnMut(Told) -> bool) {
        if !self.any {
            return;
        }
        for debt in &mut self.instances {
            while let Some(told) = debt.oldest() {
                if !give(told) {
                    return;
                }
                debt.paid();
            }
        }
        while let Some(transition) = self.groups.first() {
            if !give(Told::Group(*transition)) {
                return;
            }
            self.groups.remove(0);
        }
        self.any = false;
    }
}

impl Debt {
    fn oldest(&self) -> Option<Told> {
        let transition = self.transition.map(Told::Transition);
        transition.or_else(|| self.reprioritised.map(Told::Reprioritised))
    }

    fn paid(&mut self) {
        if self.transition.take().is_none() {
            self.reprioritised = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use crate::types::{Cause, GroupId, Instant, Occasion, Priority, Standing};

    use super::*;

    fn slot(index: usize) -> Slot {
        Slot::new(index).unwrap()
    }

    fn transition(index: usize, to: Standing) -> Told {
        let (priority, cause) = (Priority::DEFAULT, Cause::Recovered);
        let (slot, at, from) = (slot(index), Instant::default(), Standing::Initialize);
        Told::Transition(Transition { slot, at, from, to, priority, cause })
    }

    fn group(to: Standing) -> Told {
        Told::Group(GroupTransition { group: GroupId::default(), at: Instant::default(), to })
    }

    fn reprioritised(index: usize, from: u8, to: u8) -> Told {
        let (from, to) = (Priority::new(from), Priority::new(to));
        let (slot, at, standing) = (slot(index), Instant::default(), Standing::Backup);
        Told::Reprioritised(Reprioritised { slot, at, standing, from, to, occasion: Occasion::Own })
    }

    fn owed() -> Owed {
        let mut owed = Owed::default();
        (0..3).for_each(|index| owed.reserve(slot(index)));
        owed.reserve_groups(1);
        owed
    }

    fn paid(owed: &mut Owed) -> Vec<String> {
        let mut paid = Vec::new();
        owed.settle(|told| {
            paid.push(match told {
                Told::Transition(it) => format!("{} {:?}", it.slot, it.to),
                Told::Reprioritised(it) => format!("{} {}..{}", it.slot, it.from, it.to),
                Told::Group(it) => format!("group {:?}", it.to),
                other @ (Told::Outranked(_)
                | Told::Refused(_)
                | Told::Differs(_)
                | Told::Unsent { .. }
                | Told::Deaf { .. }) => panic!("{other:?}"),
            });
            true
        });
        paid
    }

    #[test]
    fn of_each_the_newest_is_kept_and_groups_come_last() {
        let mut owed = owed();
        assert_eq!(owed.keep(&group(Standing::Active)), Kept::Waits);
        assert_eq!(owed.keep(&transition(2, Standing::Active)), Kept::Waits);
        assert_eq!(owed.keep(&transition(0, Standing::Active)), Kept::Waits);
        assert_eq!(owed.keep(&transition(2, Standing::Backup)), Kept::Replaces);
        assert_eq!(owed.keep(&group(Standing::Backup)), Kept::Replaces);
        assert_eq!(paid(&mut owed), ["0 Active", "2 Backup", "group Backup"]);
        assert!(owed.is_empty());
        assert_eq!(paid(&mut owed), [""; 0]);
    }

    #[test]
    fn priorities_are_told_behind_the_state_that_they_came_after() {
        let mut owed = owed();
        owed.keep(&reprioritised(1, 100, 80));
        owed.keep(&transition(1, Standing::Active));
        owed.keep(&reprioritised(1, 80, 90));
        owed.keep(&reprioritised(1, 90, 120));
        assert_eq!(paid(&mut owed), ["1 Active", "1 80..120"]);
    }

    #[test]
    fn who_stands_still_hears_in_the_end_how_everything_stands() {
        let (sender, receiver) = sync_channel(4);
        let mut owed = owed();
        let mut last = [Standing::Initialize; 3];
        for turn in 0..10_000_usize {
            let (index, to) = (turn % 3, [Standing::Active, Standing::Backup][turn / 3 % 2]);
            last[index] = to;
            let told = transition(index, to);
            if owed.is_empty() {
                if let Err(full) = sender.try_send(told) {
                    let std::sync::mpsc::TrySendError::Full(told) = full else { panic!() };
                    assert_ne!(owed.keep(&told), Kept::No);
                }
            } else {
                owed.keep(&told);
            }
        }
        let mut heard = [Standing::Initialize; 3];
        while !owed.is_empty() {
            for told in receiver.try_iter() {
                let Told::Transition(it) = told else { panic!() };
                heard[it.slot.index()] = it.to;
            }
            owed.settle(|told| sender.try_send(told).is_ok());
        }
        for told in receiver.try_iter() {
            let Told::Transition(it) = told else { panic!() };
            heard[it.slot.index()] = it.to;
        }
        assert_eq!(heard, last);
    }
}
