//! What separates a new configuration from the running one.
//!
//! The laws, held by the properties below: `diff(a, a)` is empty; `a` with `diff(a, b)` applied is
//! `b`; an instance that stays as it is occurs in no change that would touch it; whatever gives up
//! addresses comes before whatever may take them over.

use std::collections::{HashMap, HashSet};

use super::model::{Fixtures, Group, Instance, Key, Model, Node, Tracker};

/// One step from the running configuration to the new one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Change {
    /// What holds for the node as a whole is now this.
    Node(Box<Node>),
    /// These are the trackers now, and no others. One of the same name is the same tracker: whoever
    /// tracks it does not notice.
    Trackers(Vec<Tracker>),
    /// What the node holds by itself is now this.
    Fixtures(Box<Fixtures>),
    /// The sync groups are now these. Members that are added, or removed, follow in the list.
    Groups(Vec<Group>),
    /// This virtual router is gone: it leaves, if it is Active.
    Remove(Key),
    /// The virtual router of the same [`Key`] is now this one. It keeps its state, and whatever
    /// equals the old settings is left alone. A new name is such a change.
    Replace(Box<Instance>),
    /// This virtual router is new.
    Add(Box<Instance>),
    /// The configuration lists its virtual routers in this order now. Matters to reports alone:
    /// no virtual router does anything.
    Arrange(Vec<Key>),
}

/// The changes that make `running` into `new`, in the order in which they are to be applied.
///
/// Two replaced instances may swap an address, so whoever applies the changes to the kernel
/// compares what *all* instances desire after the last change, not after each.
#[must_use]
pub fn diff(running: &Model, new: &Model) -> Vec<Change> {
    let Model { node, fixtures, trackers, instances, groups } = new;
    let old: HashMap<Key, &Instance> = by_key(&running.instances);
    let kept: HashSet<Key> = instances.iter().map(Instance::key).collect();

    let removed = running.instances.iter().map(Instance::key);
    let removed = removed.filter(|key| !kept.contains(key)).map(Change::Remove);
    let replaced = instances.iter().filter(|new| {
        let differs = |old: &&Instance| *old != *new;
        old.get(&new.key()).is_some_and(differs)
    });
    let added = instances.iter().filter(|new| !old.contains_key(&new.key()));

    let mut changes: Vec<Change> = Vec::new();
    if running.node != *node {
        changes.push(Change::Node(Box::new(node.clone())));
    }
    if running.trackers != *trackers {
        changes.push(Change::Trackers(trackers.clone()));
    }
    if running.fixtures != *fixtures {
        changes.push(Change::Fixtures(Box::new(fixtures.clone())));
    }
    if running.groups != *groups {
        // Before the instances: none that is added may be Active by itself for a moment, and none
        // that is removed take its former group along.
        changes.push(Change::Groups(groups.clone()));
    }
    changes.extend(removed);
    changes.extend(replaced.map(|new| Change::Replace(Box::new(new.clone()))));
    changes.extend(added.map(|new| Change::Add(Box::new(new.clone()))));
    changes.extend(rearranged(running, &kept, instances));
    changes
}

impl Model {
    /// Makes one change. A replaced instance that is not there is added, an added one that is
    /// there is replaced, a removed one that is not there stays away.
    ///
    /// Between the first and the last change of a list two instances may bear the same name.
    pub fn apply(&mut self, change: Change) {
        match change {
            Change::Node(node) => self.node = *node,
            Change::Trackers(trackers) => self.trackers = trackers,
            Change::Fixtures(fixtures) => self.fixtures = *fixtures,
            Change::Groups(groups) => self.groups = groups,
            Change::Remove(key) => self.instances.retain(|instance| instance.key() != key),
            Change::Replace(instance) | Change::Add(instance) => self.put(*instance),
            Change::Arrange(order) => self.arrange(&order),
        }
    }

    fn put(&mut self, instance: Instance) {
        let key = instance.key();
        match self.instances.iter_mut().find(|old| old.key() == key) {
            Some(old) => *old = instance,
            None => self.instances.push(instance),
        }
    }

    /// Sorts the instances as `order` lists them; those it does not list come last.
    fn arrange(&mut self, order: &[Key]) {
        let place: HashMap<Key, usize> = order.iter().copied().zip(0..).collect();
        self.instances
            .sort_by_key(|instance| place.get(&instance.key()).copied().unwrap_or(usize::MAX));
    }
}

fn by_key(instances: &[Instance]) -> HashMap<Key, &Instance> {
    instances.iter().map(|instance| (instance.key(), instance)).collect()
}

/// The new order, where removing from the old one and appending what is new does not give it.
fn rearranged(running: &Model, kept: &HashSet<Key>, new: &[Instance]) -> Option<Change> {
    let old = running.instances.iter().map(Instance::key);
    let stayed: Vec<Key> = old.filter(|key| kept.contains(key)).collect();
    let order: Vec<Key> = new.iter().map(Instance::key).collect();
    (!order.starts_with(&stayed)).then_some(Change::Arrange(order))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::strategy::ValueTree as _;

    use super::*;
    use crate::config::arbitrary::{model, pair};

    proptest! {
        #[test]
        fn a_model_does_not_differ_from_itself(model in model()) {
            prop_assert_eq!(diff(&model, &model), vec![]);
        }

        #[test]
        fn the_changes_make_the_old_model_into_the_new_one((old, new) in pair()) {
            let mut model = old.clone();
            diff(&old, &new).into_iter().for_each(|change| model.apply(change));
            prop_assert_eq!(model, new);
        }

        #[test]
        fn nothing_touches_an_instance_that_stays_as_it_is((old, new) in pair()) {
            let stays = |key: Key| {
                let in_both = old.instances.iter().filter(|instance| instance.key() == key);
                in_both.filter(|instance| new.instances.contains(instance)).count() > 0
            };
            for change in diff(&old, &new) {
                match change {
                    Change::Remove(key) => prop_assert!(!stays(key)),
                    Change::Replace(instance) | Change::Add(instance) => {
                        prop_assert!(!stays(instance.key()));
                    }
                    Change::Node(_)
                    | Change::Fixtures(_)
                    | Change::Trackers(_)
                    | Change::Groups(_)
                    | Change::Arrange(_) => {}
                }
            }
        }

        #[test]
        fn no_instance_is_touched_twice((old, new) in pair()) {
            let changes = diff(&old, &new);
            let touched: Vec<Key> = changes.iter().filter_map(touches).collect();
            let once: HashSet<Key> = touched.iter().copied().collect();
            prop_assert_eq!(touched.len(), once.len());
        }

        #[test]
        fn removals_come_first_and_additions_last((old, new) in pair()) {
            let ranks: Vec<u8> = diff(&old, &new).iter().map(rank).collect();
            prop_assert!(ranks.is_sorted(), "{:?}", ranks);
        }
    }

    #[test]
    fn a_new_name_replaces_the_instance_and_does_not_remove_it() {
        let (old, mut new) = two_alike();
        new.instances[0].name = "renamed".to_owned();

        let changes = diff(&old, &new);

        assert!(matches!(&changes[..], [Change::Replace(new)] if new.name == "renamed"));
    }

    #[test]
    fn an_order_that_follows_from_the_other_changes_is_not_told() {
        let (old, mut new) = two_alike();
        new.instances.pop();

        let changes = diff(&old, &new);

        assert!(matches!(&changes[..], [] | [Change::Remove(_)]), "{changes:?}");
    }

    fn two_alike() -> (Model, Model) {
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let strategy = model().prop_filter("at least one", |model| !model.instances.is_empty());
        let model = strategy.new_tree(&mut runner).unwrap().current();
        (model.clone(), model)
    }

    fn touches(change: &Change) -> Option<Key> {
        match change {
            Change::Node(_)
            | Change::Fixtures(_)
            | Change::Trackers(_)
            | Change::Groups(_)
            | Change::Arrange(_) => None,
            Change::Remove(key) => Some(*key),
            Change::Replace(instance) | Change::Add(instance) => Some(instance.key()),
        }
    }

    fn rank(change: &Change) -> u8 {
        match change {
            Change::Node(_) => 0,
            Change::Trackers(_) => 1,
            Change::Fixtures(_) => 2,
            Change::Groups(_) => 3,
            Change::Remove(_) => 4,
            Change::Replace(_) => 5,
            Change::Add(_) => 6,
            Change::Arrange(_) => 7,
        }
    }
}
