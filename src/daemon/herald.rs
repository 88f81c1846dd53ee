//! From what the core thread tells to what programs and pipes are told: in keepalived's states,
//! each once, with the names and hooks of the configuration that it happened under.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::config::model::{Deletion, Hooks, Key, Model};
use crate::notify::{Event, Notifier, Setup, State, Subject, What};
use crate::types::{Cause, Outranked, Priority, Reprioritised, Slot, Standing, Transition};

/// Who is told, and what they know already.
pub(super) struct Herald {
    notifier: Notifier,
    known: HashMap<Slot, Known>,
}

/// An instance as those who are told know it.
struct Known {
    key: Key,
    subject: Subject,
    hooks: Arc<Hooks>,
    /// What was told last.
    state: Option<State>,
    /// Its effective priority, as far as it was told.
    priority: Priority,
}

impl Herald {
    pub(super) fn new(notifier: Notifier) -> Self {
        Self { notifier, known: HashMap::new() }
    }

    /// The way to those who are told, for handing over what it had no room for.
    pub(super) fn notifier(&mut self) -> &mut Notifier {
        &mut self.notifier
    }

    /// From now on this is the configuration, its instances standing at these slots. What it has
    /// no more is told to have gone.
    pub(super) fn follow(&mut self, model: &Model, names: &[(Slot, String)]) {
        let instances: HashMap<&str, _> =
            model.instances.iter().map(|instance| (instance.name.as_str(), instance)).collect();
        let keys: HashSet<Key> = model.instances.iter().map(|instance| instance.key()).collect();
        let mut known = HashMap::with_capacity(names.len());
        let mut before: HashMap<Key, Known> = HashMap::new();
        let mut gone: Vec<(Slot, Known)> = Vec::new();
        for (slot, old) in std::mem::take(&mut self.known) {
            if keys.contains(&old.key) {
                before.insert(old.key, old);
            } else {
                gone.push((slot, old));
            }
        }
        gone.sort_by_key(|(slot, _)| slot.index());
        for (_, old) in gone {
            self.tell_gone(old);
        }
        self.notifier.configure(Setup::of(model));
        for (slot, name) in names {
            let Some(instance) = instances.get(name.as_str()) else {
                continue;
            };
            let key = instance.key();
            let old = before.remove(&key);
            known.insert(
                *slot,
                Known {
                    key,
                    subject: Subject::Instance(name.as_str().into()),
                    hooks: Arc::new(instance.hooks.clone()),
                    state: old.as_ref().and_then(|old| old.state),
                    priority: old.map_or(instance.priority, |old| old.priority),
                },
            );
        }
        self.known = known;
        if model.node.fifos.repeat_on_reload {
            self.repeat();
        }
    }

    /// An instance changed its state.
    pub(super) fn transition(&mut self, transition: &Transition) {
        let Some(known) = self.known.get_mut(&transition.slot) else {
            return;
        };
        known.priority = transition.priority;
        let Some(state) = state(transition) else {
            return;
        };
        if known.state.replace(state) != Some(state) {
            let event = known.event(What::State(state));
            self.notifier.tell(event);
        }
    }

    /// The effective priority of an instance changed.
    pub(super) fn reprioritised(&mut self, change: &Reprioritised) {
        let Some(known) = self.known.get_mut(&change.slot) else {
            return;
        };
        known.priority = change.to;
        if let Some(state) = known.state {
            let event = known.event(What::Priority(state));
            self.notifier.tell(event);
        }
    }

    /// An Active instance heard an advert of lower priority.
    pub(super) fn outranked(&mut self, outranked: &Outranked) {
        if let Some(known) = self.known.get(&outranked.slot) {
            let event = known.event(What::Outranking);
            self.notifier.tell(event);
        }
    }

    /// The daemon ends: everybody is told, and has a little time.
    pub(super) async fn stop(&mut self, model: &Model) {
        let place: HashMap<Key, usize> =
            model.instances.iter().zip(0..).map(|(it, place)| (it.key(), place)).collect();
        let mut known: Vec<Known> = self.known.drain().map(|(_, known)| known).collect();
        known.sort_by_key(|known| place.get(&known.key).copied());
        for known in known {
            self.notifier.tell(known.event(What::State(State::Stop)));
        }
        self.notifier.stop().await;
    }

    fn tell_gone(&mut self, old: Known) {
        let state = match old.hooks.deleted {
            Deletion::AsDeleted(_) => State::Deleted,
            Deletion::AsFault if old.state == Some(State::Fault) => return,
            Deletion::AsFault => State::Fault,
        };
        self.notifier.tell(old.event(What::State(state)));
    }

    /// Writes every state into the pipes again.
    fn repeat(&mut self) {
        let mut known: Vec<(&Slot, &Known)> = self.known.iter().collect();
        known.sort_by_key(|(slot, _)| slot.index());
        for (_, known) in known {
            if let Some(state) = known.state {
                self.notifier.tell(known.event(What::Still(state)));
            }
        }
    }
}

impl Known {
    fn event(&self, what: What) -> Event {
        let (subject, hooks) = (self.subject.clone(), Arc::clone(&self.hooks));
        Event { subject, hooks, what, priority: self.priority }
    }
}

/// The state that a transition leads to for those who are told; `None` for steps within one.
fn state(transition: &Transition) -> Option<State> {
    match (transition.to, transition.cause) {
        (Standing::Active, _) => Some(State::Active),
        (Standing::Backup, _) => Some(State::Backup),
        (Standing::Initialize | Standing::Leaving, Cause::Fault(fault)) if !fault.is_wait() => {
            Some(State::Fault)
        }
        // What goes is told when the configuration changes, or the daemon ends.
        (Standing::Initialize | Standing::Leaving, _) => None,
    }
}
