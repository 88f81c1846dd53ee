//! Which instance is due next: an indexed binary heap of one deadline per slot.
//!
//! Of several that are due at the same moment the lowest slot comes first, so that what happens
//! does not hang on what happened before.

use crate::types::{Instant, Slot};

/// At most one deadline for each slot; the earliest is found in O(1), set and cleared in O(log n).
///
/// Allocates only in [`Deadlines::reserve`].
#[derive(Debug, Default)]
pub(crate) struct Deadlines {
    heap: Vec<(Instant, Slot)>,
    /// Where in `heap` a slot's entry stands.
    places: Vec<Option<usize>>,
}

impl Deadlines {
    /// Makes room for slots 0..`slots`.
    pub(crate) fn reserve(&mut self, slots: usize) {
        if self.places.len() < slots {
            self.places.resize(slots, None);
            self.heap.reserve(slots.saturating_sub(self.heap.len()));
        }
    }

    /// Sets or clears the deadline of `slot`, which must have been reserved.
    pub(crate) fn set(&mut self, slot: Slot, deadline: Option<Instant>) {
        let place = self.places.get(slot.index()).copied().flatten();
        match (place, deadline) {
            (None, None) => {}
            (None, Some(at)) => {
                let last = self.heap.len();
                self.heap.push((at, slot));
                self.note(last);
                self.rise(last);
            }
            (Some(place), Some(at)) => {
                if let Some(entry) = self.heap.get_mut(place) {
                    let earlier = at < entry.0;
                    entry.0 = at;
                    if earlier { self.rise(place) } else { self.sink(place) }
                }
            }
            (Some(place), None) => self.remove(place, slot),
        }
    }

    /// The earliest deadline and whose it is.
    pub(crate) fn earliest(&self) -> Option<(Instant, Slot)> {
        self.heap.first().copied()
    }

    fn remove(&mut self, place: usize, slot: Slot) {
        self.heap.swap_remove(place);
        if let Some(entry) = self.places.get_mut(slot.index()) {
            *entry = None;
        }
        if place < self.heap.len() {
            self.note(place);
            self.rise(place);
            self.sink(place);
        }
    }

    /// Moves the entry at `place` towards the root until its parent is not later.
    fn rise(&mut self, mut place: usize) {
        while place > 0 {
            let parent = (place - 1) / 2;
            if self.at(parent) <= self.at(place) {
                break;
            }
            self.swap(parent, place);
            place = parent;
        }
    }

    /// Moves the entry at `place` towards the leaves until no child is earlier.
    fn sink(&mut self, mut place: usize) {
        loop {
            let left = 2 * place + 1;
            let least = if self.at(left + 1) < self.at(left) { left + 1 } else { left };
            if self.at(place) <= self.at(least) {
                break;
            }
            self.swap(place, least);
            place = least;
        }
    }

    /// The deadline at `place` and the slot's number; later than every other behind the last.
    fn at(&self, place: usize) -> (Instant, usize) {
        let key = |entry: &(Instant, Slot)| (entry.0, entry.1.index());
        self.heap.get(place).map_or((Instant::NEVER, usize::MAX), key)
    }

    fn swap(&mut self, a: usize, b: usize) {
        self.heap.swap(a, b);
        self.note(a);
        self.note(b);
    }

    /// Writes down where the entry at `place` stands.
    fn note(&mut self, place: usize) {
        let slot = self.heap.get(place).map(|entry| entry.1);
        if let Some(entry) = slot.and_then(|slot| self.places.get_mut(slot.index())) {
            *entry = Some(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn slot(index: usize) -> Slot {
        Slot::new(index).unwrap()
    }

    proptest! {
        #[test]
        fn the_earliest_is_that_of_a_sorted_map_and_of_several_the_lowest_slot(
            steps in prop::collection::vec((0usize..20, prop::option::of(0u64..50)), 0..200),
        ) {
            let mut deadlines = Deadlines::default();
            deadlines.reserve(20);
            let mut model = BTreeMap::new();
            for (index, at) in steps {
                deadlines.set(slot(index), at.map(Instant::from_nanos));
                match at {
                    Some(at) => model.insert(index, at),
                    None => model.remove(&index),
                };
                let least = model.iter().map(|(index, at)| (*at, *index)).min();
                let earliest = deadlines.earliest();
                prop_assert_eq!(earliest.map(|(at, slot)| (at.as_nanos(), slot.index())), least);
            }
        }
    }
}
