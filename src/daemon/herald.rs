//! From what the core thread tells to what programs, pipes and mails are told: in keepalived's
//! states, each once, with the names and hooks of the configuration that it happened under.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::config::model::{Deletion, Hooks, Key, Model};
use crate::notify::{Event, Notifier, Setup, State, Subject, What};
use crate::types::{
    Cause, GroupId, GroupTransition, Outranked, Priority, Reprioritised, Slot, Standing, Transition,
};

/// Who is told, and what they know already.
pub(super) struct Herald {
    notifier: Notifier,
    instances: HashMap<Slot, (Key, Known)>,
    groups: HashMap<GroupId, Known>,
    /// What a change of the configuration brought about, until all of it is known.
    change: Option<Brought>,
}

/// An instance or a group as those who are told know it.
struct Known {
    subject: Subject,
    hooks: Arc<Hooks>,
    /// What was told last.
    state: Option<State>,
    /// Its effective priority, as far as it was told; a group has none.
    priority: Priority,
}

/// What a change of the configuration brought about. keepalived tells of groups first that it has
/// never told of.
#[derive(Default)]
struct Brought {
    new_groups: Vec<Event>,
    others: Vec<Event>,
}

impl Herald {
    pub(super) fn new(notifier: Notifier) -> Self {
        Self { notifier, instances: HashMap::new(), groups: HashMap::new(), change: None }
    }

    /// The way to those who are told, for handing over what it had no room for.
    pub(super) fn notifier(&mut self) -> &mut Notifier {
        &mut self.notifier
    }

    /// From now on this is the configuration, its instances standing at these slots. What it has
    /// no more is told to have gone. Until [`Herald::has_followed`], what happens is told of the
    /// change itself.
    pub(super) fn follow(
        &mut self,
        model: &Model,
        names: &[(Slot, String)],
        groups: &[(GroupId, String)],
    ) {
        let gone = self.follow_instances(model, names);
        for old in gone {
            self.tell_gone(&old);
        }
        self.follow_groups(model, groups);
        self.notifier.configure(Setup::of(model));
        if model.node.fifos.repeat_on_reload {
            self.repeat();
        }
        self.change = Some(Brought::default());
    }

    /// All that a change of the configuration brought about is known now.
    pub(super) fn has_followed(&mut self) {
        let Some(Brought { new_groups, others }) = self.change.take() else { return };
        for event in new_groups.into_iter().chain(others) {
            self.notifier.tell(event);
        }
    }

    /// An instance changed its state.
    pub(super) fn transition(&mut self, transition: &Transition) {
        let Some((_, known)) = self.instances.get_mut(&transition.slot) else {
            return;
        };
        known.priority = transition.priority;
        let Some(state) = state(transition) else {
            return;
        };
        if known.state.replace(state) != Some(state) {
            let event = known.event(What::State(state));
            self.tell(event);
        }
    }

    /// A sync group changed its state.
    pub(super) fn group(&mut self, transition: &GroupTransition) {
        let Some(known) = self.groups.get_mut(&transition.group) else {
            return;
        };
        let state = match transition.to {
            Standing::Active => State::Active,
            Standing::Backup => State::Backup,
            Standing::Initialize | Standing::Leaving => State::Fault,
        };
        let before = known.state.replace(state);
        if before == Some(state) {
            return;
        }
        let event = known.event(What::State(state));
        match self.change.as_mut().filter(|_| before.is_none()) {
            Some(brought) => brought.new_groups.push(event),
            None => self.tell(event),
        }
    }

    /// The effective priority of an instance changed.
    pub(super) fn reprioritised(&mut self, change: &Reprioritised) {
        let Some((_, known)) = self.instances.get_mut(&change.slot) else {
            return;
        };
        known.priority = change.to;
        if let Some(state) = known.state {
            let event = known.event(What::Priority(state));
            self.tell(event);
        }
    }

    /// An Active instance heard an advert of lower priority.
    pub(super) fn outranked(&mut self, outranked: &Outranked) {
        if let Some((_, known)) = self.instances.get(&outranked.slot) {
            let event = known.event(What::Outranking);
            self.tell(event);
        }
    }

    /// The daemon ends: everybody is told, and has a little time.
    pub(super) async fn stop(&mut self, model: &Model) {
        self.has_followed();
        let place: HashMap<Key, usize> =
            model.instances.iter().zip(0..).map(|(it, place)| (it.key(), place)).collect();
        let mut instances: Vec<(Key, Known)> = self.instances.drain().map(|it| it.1).collect();
        instances.sort_by_key(|(key, _)| place.get(key).copied());
        let instances = instances.into_iter().map(|(_, known)| known);
        let place = |known: &Known| {
            model.groups.iter().position(|group| group.name == known.subject.name())
        };
        let mut groups: Vec<Known> = self.groups.drain().map(|(_, known)| known).collect();
        groups.sort_by_key(place);
        for known in instances.chain(groups) {
            self.notifier.tell(known.event(What::State(State::Stop)));
        }
        self.notifier.stop().await;
    }

    fn tell(&mut self, event: Event) {
        match &mut self.change {
            Some(brought) => brought.others.push(event),
            None => self.notifier.tell(event),
        }
    }

    /// Takes over the instances of `model`; returns those that it has no more.
    fn follow_instances(&mut self, model: &Model, names: &[(Slot, String)]) -> Vec<Known> {
        let instances: HashMap<&str, _> =
            model.instances.iter().map(|instance| (instance.name.as_str(), instance)).collect();
        let keys: HashSet<Key> = model.instances.iter().map(|instance| instance.key()).collect();
        let mut before: HashMap<Key, Known> = HashMap::new();
        let mut gone: Vec<(Slot, Known)> = Vec::new();
        for (slot, (key, old)) in std::mem::take(&mut self.instances) {
            if keys.contains(&key) {
                before.insert(key, old);
            } else {
                gone.push((slot, old));
            }
        }
        for (slot, name) in names {
            let Some(instance) = instances.get(name.as_str()) else {
                continue;
            };
            let key = instance.key();
            let old = before.remove(&key);
            let known = Known {
                subject: Subject::Instance(name.as_str().into()),
                hooks: Arc::new(instance.hooks.clone()),
                state: old.as_ref().and_then(|old| old.state),
                priority: old.map_or(instance.priority, |old| old.priority),
            };
            self.instances.insert(*slot, (key, known));
        }
        gone.sort_by_key(|(slot, _)| slot.index());
        gone.into_iter().map(|(_, known)| known).collect()
    }

    /// Takes over the groups of `model`. Nobody is told of those that it has no more.
    fn follow_groups(&mut self, model: &Model, groups: &[(GroupId, String)]) {
        let hooks: HashMap<&str, &Hooks> =
            model.groups.iter().map(|group| (group.name.as_str(), &group.hooks)).collect();
        let mut before = std::mem::take(&mut self.groups);
        for (id, name) in groups {
            let Some(hooks) = hooks.get(name.as_str()) else {
                continue;
            };
            let known = Known {
                subject: Subject::Group(name.as_str().into()),
                hooks: Arc::new((*hooks).clone()),
                state: before.remove(id).and_then(|old| old.state),
                priority: Priority::RELEASE,
            };
            self.groups.insert(*id, known);
        }
    }

    fn tell_gone(&mut self, old: &Known) {
        let state = match old.hooks.deleted {
            Deletion::AsDeleted(_) => State::Deleted,
            Deletion::AsFault if old.state == Some(State::Fault) => return,
            Deletion::AsFault => State::Fault,
        };
        self.notifier.tell(old.event(What::State(state)));
    }

    /// Writes every state into the pipes again.
    fn repeat(&mut self) {
        let mut groups: Vec<(&GroupId, &Known)> = self.groups.iter().collect();
        groups.sort_by_key(|(id, _)| **id);
        let mut instances: Vec<(&Slot, &Known)> =
            self.instances.iter().map(|(slot, (_, known))| (slot, known)).collect();
        instances.sort_by_key(|(slot, _)| slot.index());
        let groups = groups.into_iter().map(|(_, known)| known);
        for known in groups.chain(instances.into_iter().map(|(_, known)| known)) {
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
