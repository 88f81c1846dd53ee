//! Every address, route and rule that some plan names, who names it, and how it stands.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use crate::types::{Address, Family, IfIndex, Instant, LinkName, Route, Rule, Slot};

use super::fight::Fight;
use super::host::{Refusal, Stands};
use super::object::{Object, Target, Trace};
use super::reconcile::Actual;

/// An entry of the ledger. Valid while some plan names the object or it still stands.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ObjectId(u32);

impl ObjectId {
    /// Builds an id; `None` above `u32::MAX`.
    #[must_use]
    pub fn new(index: usize) -> Option<Self> {
        u32::try_from(index).ok().map(Self)
    }

    #[expect(clippy::as_conversions, reason = "usize holds u32 on every target with an MMU")]
    const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What is known of one planned object.
#[derive(Debug)]
pub(super) struct Entry {
    /// The object, as the latest plan has it.
    pub(super) object: Object,
    /// Whose plans name it.
    pub(super) slots: Vec<Slot>,
    /// How it stands.
    pub(super) actual: Actual,
    /// It waits in a queue to be reconciled.
    pub(super) queued: bool,
    /// An event says that somebody deleted it; the next addition will tell.
    pub(super) suspect: bool,
    /// How often in a row the kernel refused; the operator knows of it from 1 on.
    pub(super) refusals: u32,
    /// When the operator was told that the kernel refuses it, and why.
    pub(super) told: Option<(Instant, Refusal)>,
    /// When it is tried again.
    pub(super) retry_at: Option<Instant>,
    /// How often it was put back after somebody deleted it.
    pub(super) fight: Fight,
}

/// What makes two objects of a host the same one.
///
/// The kernel holds one IPv4 address per interface, subnet and peer, and one IPv6 address per
/// interface whatever its prefix. Routes and rules are what they are in every respect.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
enum Key {
    Address(LinkName, Identity),
    Route(Arc<Route>),
    Rule(Arc<Rule>),
}

impl Key {
    fn of(object: &Object) -> Self {
        match object {
            Object::Address(address) => Self::Address(address.link, Identity::of(address)),
            Object::Route(route) => Self::Route(Arc::clone(route)),
            Object::Rule(rule) => Self::Rule(Arc::clone(rule)),
        }
    }
}

/// An address without its interface.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct Identity {
    ip: IpAddr,
    prefix: u8,
    peer: Option<IpAddr>,
}

impl Identity {
    pub(super) fn of(address: &Address) -> Self {
        let (peer, prefix) = match address.peer {
            Some((peer, prefix)) => (Some(peer), prefix),
            None => (None, address.prefix),
        };
        Self::new(address.ip, prefix, peer)
    }

    pub(super) const fn of_standing(stands: &Stands) -> Self {
        Self::new(stands.ip, stands.prefix, stands.peer)
    }

    const fn new(ip: IpAddr, prefix: u8, peer: Option<IpAddr>) -> Self {
        match Family::of(ip) {
            Family::V4 => Self { ip, prefix, peer },
            Family::V6 => Self { ip, prefix: 128, peer: None },
        }
    }
}

/// All entries, reached by their id without a search.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    entries: Vec<Option<Entry>>,
    free: Vec<ObjectId>,
    by_key: HashMap<Key, ObjectId>,
    by_trace: HashMap<Trace, Vec<ObjectId>>,
}

impl Ledger {
    /// The plan of `slot` names `object`: its entry, made if there is none.
    pub(super) fn claim(&mut self, slot: Slot, object: Object) -> Option<ObjectId> {
        let key = Key::of(&object);
        if let Some(&id) = self.by_key.get(&key) {
            let entry = self.get_mut(id)?;
            if entry.object != object {
                entry.object = object;
            }
            if !entry.slots.contains(&slot) {
                entry.slots.push(slot);
            }
            return Some(id);
        }
        let id = match self.free.pop() {
            Some(id) => id,
            None => {
                let id = ObjectId::new(self.entries.len())?;
                self.entries.push(None);
                id
            }
        };
        if let Some(trace) = object.trace() {
            self.by_trace.entry(trace).or_default().push(id);
        }
        *self.entries.get_mut(id.index())? = Some(Entry {
            object,
            slots: vec![slot],
            actual: Actual::Unknown,
            queued: false,
            suspect: false,
            refusals: 0,
            told: None,
            retry_at: None,
            fight: Fight::default(),
        });
        self.by_key.insert(key, id);
        Some(id)
    }

    /// The plan of `slot` does not name the object any more.
    pub(super) fn release(&mut self, slot: Slot, id: ObjectId) {
        if let Some(entry) = self.get_mut(id) {
            entry.slots.retain(|&other| other != slot);
        }
    }

    /// Forgets the entry if no plan names it, it is gone and nothing is left to be done.
    pub(super) fn forget_if_done(&mut self, id: ObjectId) {
        let Some(entry) = self.get(id) else { return };
        if entry.slots.is_empty() && !entry.queued && entry.actual == Actual::Nowhere {
            let (key, trace) = (Key::of(&entry.object), entry.object.trace());
            self.by_key.remove(&key);
            if let Some(trace) = trace {
                self.forget_trace(trace, id);
            }
            if let Some(place) = self.entries.get_mut(id.index()) {
                *place = None;
            }
            self.free.push(id);
        }
    }

    fn forget_trace(&mut self, trace: Trace, id: ObjectId) {
        if let Some(ids) = self.by_trace.get_mut(&trace) {
            ids.retain(|&other| other != id);
            if ids.is_empty() {
                self.by_trace.remove(&trace);
            }
        }
    }

    pub(super) fn get_mut(&mut self, id: ObjectId) -> Option<&mut Entry> {
        self.entries.get_mut(id.index())?.as_mut()
    }

    pub(super) fn get(&self, id: ObjectId) -> Option<&Entry> {
        self.entries.get(id.index())?.as_ref()
    }

    /// The entry of an address that stands, or stood, on the interface called `link`.
    pub(super) fn find(&self, link: LinkName, stands: &Stands) -> Option<ObjectId> {
        let identity = Identity::of_standing(stands);
        self.by_key.get(&Key::Address(link, identity)).copied()
    }

    /// The entries that a route or a rule that is gone may have been.
    pub(super) fn traced(&self, trace: &Trace) -> &[ObjectId] {
        self.by_trace.get(trace).map_or(&[], Vec::as_slice)
    }

    /// Some plan names a route or a rule.
    pub(super) fn has_traces(&self) -> bool {
        !self.by_trace.is_empty()
    }

    /// All entries, in the order of their ids.
    pub(super) fn iter(&self) -> impl Iterator<Item = (ObjectId, &Entry)> {
        let numbered = self.entries.iter().enumerate();
        numbered.filter_map(|(index, entry)| Some((ObjectId::new(index)?, entry.as_ref()?)))
    }

    /// The ids of the entries that `wanted` holds for.
    pub(super) fn ids(&self, wanted: impl Fn(&Entry) -> bool) -> Vec<ObjectId> {
        let chosen = self.iter().filter(|(_, entry)| wanted(entry));
        chosen.map(|(id, _)| id).collect()
    }
}

impl Entry {
    /// How it stands, if it is known to.
    pub(super) const fn standing(&self) -> Option<&Target> {
        match &self.actual {
            Actual::As(target) => Some(target),
            Actual::Unknown | Actual::Nowhere => None,
        }
    }

    /// The interface that it stands on, of an address.
    pub(super) fn stands_on(&self) -> Option<IfIndex> {
        match self.standing()? {
            Target::Address(link, _) => Some(*link),
            Target::Route(..) | Target::Rule(_) => None,
        }
    }

    /// Whether `link` is one of the interfaces that it stands on or leads over.
    pub(super) fn touches(&self, link: IfIndex) -> bool {
        self.standing().is_some_and(|target| target.links().any(|it| it == link))
    }

    /// The address that it is.
    pub(super) fn address(&self) -> Option<&Address> {
        match &self.object {
            Object::Address(address) => Some(address),
            Object::Route(_) | Object::Rule(_) => None,
        }
    }
}
