//! What is tracked besides links: who tracks it, and what is known of it.

use std::collections::HashMap;

use crate::config::model::{Instance, Tracked, TrackerName};
use crate::types::{Slot, TrackerId, Verdict};

/// The node's trackers, found by index and by name.
///
/// A tracker lives while the configuration lists it or an instance tracks it. Allocates only
/// when the configuration changes.
#[derive(Debug, Default)]
pub(super) struct Trackers {
    entries: Vec<Option<Entry>>,
    ids: HashMap<TrackerName, TrackerId>,
}

#[derive(Debug)]
struct Entry {
    name: TrackerName,
    verdict: Verdict,
    /// Who has to be looked at when the verdict changes.
    watchers: Vec<Slot>,
    /// It is in the configuration.
    listed: bool,
}

impl Trackers {
    /// From now on the configuration lists these and no others.
    pub(super) fn list<'a>(&mut self, names: impl Iterator<Item = &'a TrackerName>) {
        self.entries.iter_mut().flatten().for_each(|entry| entry.listed = false);
        for name in names {
            if let Some(entry) = self.entry_of(name) {
                entry.listed = true;
            }
        }
        self.sweep();
    }

    /// The index of a tracker.
    pub(super) fn id(&self, name: &TrackerName) -> Option<TrackerId> {
        self.ids.get(name).copied()
    }

    /// Every tracker that the configuration lists, by index.
    pub(super) fn listed(&self) -> impl Iterator<Item = (TrackerId, &TrackerName)> {
        let entries = self.entries.iter().enumerate();
        entries.filter_map(|(index, entry)| {
            let entry = entry.as_ref().filter(|entry| entry.listed)?;
            Some((TrackerId::new(index)?, &entry.name))
        })
    }

    /// What is known of a tracker.
    pub(super) fn verdict(&self, id: TrackerId) -> Verdict {
        self.get(id).map_or(Verdict::Unknown, |entry| entry.verdict)
    }

    /// Takes in what is known; says whether that is new.
    pub(super) fn judge(&mut self, id: TrackerId, verdict: Verdict) -> bool {
        let entry = self.entries.get_mut(id.index()).and_then(Option::as_mut);
        entry.is_some_and(|entry| std::mem::replace(&mut entry.verdict, verdict) != verdict)
    }

    /// One of those that track `id`; `None` behind the last.
    pub(super) fn watcher(&self, id: TrackerId, place: usize) -> Option<Slot> {
        self.get(id)?.watchers.get(place).copied()
    }

    /// The indexes of what `instance` tracks, in the order of its configuration.
    pub(super) fn ids_of(&self, instance: &Instance) -> Vec<Option<TrackerId>> {
        instance.tracked.iter().map(|Tracked { tracker, .. }| self.id(tracker)).collect()
    }

    /// Has `slot` looked at when something that `instance` tracks changes.
    pub(super) fn watch(&mut self, slot: Slot, instance: &Instance) {
        for tracked in &instance.tracked {
            if let Some(entry) = self.entry_of(&tracked.tracker)
                && !entry.watchers.contains(&slot)
            {
                entry.watchers.push(slot);
            }
        }
    }

    /// Ends what [`Trackers::watch`] began.
    pub(super) fn unwatch(&mut self, slot: Slot) {
        for entry in self.entries.iter_mut().flatten() {
            entry.watchers.retain(|other| *other != slot);
        }
        self.sweep();
    }

    fn get(&self, id: TrackerId) -> Option<&Entry> {
        self.entries.get(id.index())?.as_ref()
    }

    /// The entry of this name, a new one where there is none; `None` where no index is left.
    fn entry_of(&mut self, name: &TrackerName) -> Option<&mut Entry> {
        let index = match self.ids.get(name) {
            Some(id) => id.index(),
            None => {
                let free = self.entries.iter().position(Option::is_none);
                let index = free.unwrap_or(self.entries.len());
                self.ids.insert(name.clone(), TrackerId::new(index)?);
                if free.is_none() {
                    self.entries.push(None);
                }
                index
            }
        };
        let fresh = || Entry {
            name: name.clone(),
            verdict: Verdict::Unknown,
            watchers: Vec::new(),
            listed: false,
        };
        Some(self.entries.get_mut(index)?.get_or_insert_with(fresh))
    }

    /// Forgets whatever is neither listed nor tracked.
    fn sweep(&mut self) {
        for place in &mut self.entries {
            if place.as_ref().is_some_and(|entry| !entry.listed && entry.watchers.is_empty())
                && let Some(entry) = place.take()
            {
                self.ids.remove(&entry.name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::model::TrackerKind;

    use super::*;

    fn name(name: &str) -> TrackerName {
        TrackerName { kind: TrackerKind::Script, name: name.to_owned() }
    }

    #[test]
    fn a_tracker_keeps_its_index_and_verdict_over_a_reload() {
        let (a, b, c) = (name("a"), name("b"), name("c"));
        let mut trackers = Trackers::default();
        trackers.list([&a, &b].into_iter());
        let id = trackers.id(&b).unwrap();
        assert!(trackers.judge(id, Verdict::Healthy));
        assert!(!trackers.judge(id, Verdict::Healthy));
        trackers.list([&b, &c].into_iter());
        assert_eq!(trackers.id(&b), Some(id));
        assert_eq!(trackers.verdict(id), Verdict::Healthy);
        assert_eq!(trackers.id(&a), None);
    }

    #[test]
    fn a_successor_in_an_index_starts_unknown() {
        let (a, b) = (name("a"), name("b"));
        let mut trackers = Trackers::default();
        trackers.list([&a].into_iter());
        let id = trackers.id(&a).unwrap();
        trackers.judge(id, Verdict::Unhealthy);
        trackers.list([].into_iter());
        trackers.list([&b].into_iter());
        assert_eq!(trackers.id(&b), Some(id));
        assert_eq!(trackers.verdict(id), Verdict::Unknown);
        assert_eq!(trackers.listed().count(), 1);
    }
}
