//! Sync groups: virtual routers that are Active on this node together or not at all.
//!
//! A member whose timer ran out is ready and waits; once every member is ready or Active, those
//! that are ready become Active in the same turn. A fault of one is a fault of all. Where one
//! yields, the others leave with priority 0 and begin again as Backups. A member that is not
//! Active among others that are, because a reload put it there or it stood still for longer than
//! its own peers wait, has to join them; if it hears a router that outranks it, the others leave.

use super::instance::Instance;
use super::interface::{Outbox, Reannounce};
use super::machine::{Company, Event};
use super::router::Router;
use crate::config::model::{self, Key};
use crate::types::{Cause, Fault, GroupId, GroupTransition, Instant, Slot, Standing};

/// The node's sync groups.
#[derive(Debug, Default)]
pub(super) struct Groups {
    /// In the configuration's order.
    all: Vec<Group>,
    /// The next new group's.
    next: GroupId,
}

/// Where a sync group stands in the configuration: 0, 1, 2 …
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Place(usize);

/// A sync group as it stands.
#[derive(Debug)]
struct Group {
    id: GroupId,
    config: model::Group,
    /// The members that are there.
    slots: Vec<Slot>,
    /// Those that a reload is about to add. Until then nobody begins.
    missing: Vec<Key>,
    /// The state that was last told.
    told: Standing,
}

impl Groups {
    /// Makes `instance` a member of the group that lists it, or of none.
    pub(super) fn enrol(&mut self, instance: &mut Instance) {
        let key = instance.config.key();
        let lists = |group: &Group| group.config.members.contains(&key);
        let found = self.all.iter().position(lists).filter(|_| !instance.removed);
        instance.group = found.map(Place);
        let Some(group) = found.and_then(|index| self.all.get_mut(index)) else {
            instance.machine.set_company(Company::Alone);
            return;
        };
        group.missing.retain(|missing| *missing != key);
        if !group.slots.contains(&instance.slot) {
            group.slots.push(instance.slot);
        }
        instance.config.tracked_interfaces.truncate(instance.own_links);
        let shared: Vec<_> = group.config.tracked_for(&instance.config).copied().collect();
        instance.config.tracked_interfaces.extend(shared);
        if instance.machine.standing() == Standing::Initialize {
            instance.machine.set_company(Company::Held);
        }
    }

    /// Forgets a member that went.
    pub(super) fn dismiss(&mut self, slot: Slot) {
        self.all.iter_mut().for_each(|group| group.slots.retain(|other| *other != slot));
    }

    fn get(&self, place: Option<Place>) -> Option<&Group> {
        self.all.get(place?.0)
    }

    /// One member; `None` behind the last.
    fn member(&self, place: Option<Place>, index: usize) -> Option<Slot> {
        self.get(place)?.slots.get(index).copied()
    }

    /// The groups that are configured so from now on. One of a name that is there stays the same.
    fn follow(&mut self, groups: Vec<model::Group>) {
        let mut old = std::mem::take(&mut self.all);
        for config in groups {
            let same = old.iter().position(|group| group.config.name == config.name);
            let (id, told) = match same.map(|index| old.swap_remove(index)) {
                Some(group) => (group.id, group.told),
                None => (self.next, Standing::Initialize),
            };
            self.next = self.next.max(id.next());
            let missing = config.members.clone();
            self.all.push(Group { id, slots: Vec::new(), missing, told, config });
        }
    }
}

impl Router {
    /// From now on these are the sync groups. To be told before the instances are changed: a
    /// member that is not there yet holds its group back until it is added.
    pub fn regroup(&mut self, groups: Vec<model::Group>, now: Instant, out: &mut impl Outbox) {
        self.groups.follow(groups);
        for index in 0..self.slots.len() {
            let Some(instance) = self.slots.get_mut(index).and_then(Option::as_mut) else {
                continue;
            };
            let (slot, old) = (instance.slot, instance.config.clone());
            instance.config.tracked_interfaces.truncate(instance.own_links);
            self.groups.enrol(instance);
            if instance.config != old {
                let new = instance.config.clone();
                self.unwatch(slot, &old);
                self.watch(slot, &new);
            }
        }
        for index in 0..self.slots.len() {
            self.look_at_index(index, now, out);
        }
    }

    /// The sync groups in the configuration's order, each with its state.
    pub fn groups(&self) -> impl Iterator<Item = (GroupId, &model::Group, Standing)> {
        self.groups.all.iter().map(|group| (group.id, &group.config, group.told))
    }

    /// A member that was to be added is not.
    pub(super) fn expect_no_more(&mut self, key: Key, now: Instant, out: &mut impl Outbox) {
        let awaits = |group: &Group| group.missing.contains(&key);
        let found = self.groups.all.iter().position(awaits);
        if let Some(group) = found.and_then(|index| self.groups.all.get_mut(index)) {
            group.missing.retain(|missing| *missing != key);
        }
        self.look_at_members(found.map(Place), now, out);
    }

    /// Looks at every member once none is missing any more.
    pub(super) fn look_at_members(
        &mut self,
        group: Option<Place>,
        now: Instant,
        out: &mut impl Outbox,
    ) {
        if self.groups.get(group).is_some_and(|group| group.missing.is_empty()) {
            self.each_member(group, None, |router, member| router.look_at(member, now, out));
        }
    }

    /// Whether no member of the group of `slot` is missing.
    pub(super) fn is_complete(&self, slot: Slot) -> bool {
        self.groups.get(self.group_of(slot)).is_none_or(|group| group.missing.is_empty())
    }

    /// What another member lacks that `slot` needs too.
    pub(super) fn blame(&self, slot: Slot) -> Option<Fault> {
        let group = self.groups.get(self.group_of(slot))?;
        let others = group.slots.iter().filter(|other| **other != slot);
        let mut faults = others.filter_map(|other| Some((*other, self.own_fault(*other)?)));
        let graver = faults.clone().find(|(_, fault)| !fault.is_wait());
        match graver.or_else(|| faults.next())? {
            (_, wait) if wait.is_wait() => Some(wait),
            (member, _) => Some(Fault::Member(member)),
        }
    }

    /// What `slot` lacks itself.
    pub(super) fn own_fault(&self, slot: Slot) -> Option<Fault> {
        self.member(slot)?.own_fault
    }

    /// Finds out what `slot` and the other members of its group lack themselves. Where that is
    /// another thing than before, says who is the first to act on it, as in keepalived: the first
    /// that lacks something, or the last that lacks nothing any more.
    pub(super) fn reassess(&mut self, slot: Slot) -> Option<Slot> {
        let mut first = self.assess(slot).then_some(slot);
        let group = self.group_of(slot);
        self.each_member(group, Some(slot), |router, member| {
            if router.assess(member) && (first.is_none() || router.own_fault(member).is_none()) {
                first = Some(member);
            }
        });
        first
    }

    /// Examines `slot`, then the other members of its group.
    pub(super) fn examine_members(&mut self, slot: Slot, now: Instant, out: &mut impl Outbox) {
        self.examine(slot, now, out);
        let group = self.group_of(slot);
        self.each_member(group, Some(slot), |router, member| router.examine(member, now, out));
    }

    /// Sees to it that every member knows what `slot`, which `was` in another state, does now.
    pub(super) fn follow(
        &mut self,
        slot: Slot,
        was: Standing,
        now: Instant,
        out: &mut impl Outbox,
    ) {
        if self.member(slot).is_some_and(|member| member.machine.standing() != was) {
            self.regard(slot, now, out);
        }
    }

    /// Lets every ready member of the group of `slot` become Active, if all are ready or Active.
    pub(super) fn claim_together(&mut self, slot: Slot, now: Instant, out: &mut impl Outbox) {
        let place = self.group_of(slot);
        let is_ready = |slot: &Slot| self.member(*slot).is_some_and(|it| it.machine.is_ready());
        let Some(group) = self.groups.get(place).filter(|_| is_ready(&slot)) else { return };
        let may = |slot: &Slot| {
            let member = self.member(*slot);
            let is_active = member.is_some_and(|it| it.machine.standing() == Standing::Active);
            is_active || is_ready(slot)
        };
        if group.missing.is_empty() && group.slots.iter().all(may) {
            // The one that all waited for comes first, as in keepalived.
            self.claim(slot, now, out);
            self.each_member(place, Some(slot), |router, member| router.claim(member, now, out));
        }
    }

    fn claim(&mut self, slot: Slot, now: Instant, out: &mut impl Outbox) {
        self.with(slot, now, out, |instance, out| instance.handle(Event::Claim, now, out));
    }

    /// Has the neighbours of every other Active member of the group of `slot` told again: who was
    /// Active for the one without knowing of us was so for all.
    pub(super) fn announce_others(&mut self, slot: Slot, out: &mut impl Outbox) {
        let group = self.group_of(slot);
        self.each_member(group, Some(slot), |router, member| {
            let found = router.member(member);
            if found.is_some_and(|found| found.machine.standing() == Standing::Active) {
                out.announce(member, Reannounce::Contested);
            }
        });
    }

    /// Lets the others leave if `slot`, which yields or was to join them, has just heard its better.
    pub(super) fn retreat_if_outranked(&mut self, slot: Slot, now: Instant, out: &mut impl Outbox) {
        let joins = |member: &Instance| {
            member.group.is_some()
                && member.machine.company() == Company::Joining
                && member.machine.heard() == Some(now)
        };
        if self.member(slot).is_some_and(joins) {
            self.retreat(slot, now, out);
        }
    }

    /// Lets every Active member but `slot` leave for Backup.
    fn retreat(&mut self, slot: Slot, now: Instant, out: &mut impl Outbox) {
        let group = self.group_of(slot);
        self.each_member(group, Some(slot), |router, member| {
            router.with(member, now, out, |instance, out| {
                instance.retreats |= instance.machine.standing() == Standing::Active;
                instance.handle(Event::Retreat(Cause::Member(slot)), now, out);
            });
        });
    }

    /// Tells the members of the group of `slot` whether any of them is Active, and others what
    /// became of the group.
    pub(super) fn regard(&mut self, slot: Slot, now: Instant, out: &mut impl Outbox) {
        let place = self.group_of(slot);
        let Some(group) = self.groups.get(place) else { return };
        let standings = || {
            let members = group.slots.iter().filter_map(|member| self.member(*member));
            members.map(|member| (member.machine.standing(), member.own_fault))
        };
        let any_active = standings().any(|(standing, _)| standing == Standing::Active);
        let all = |wanted| standings().all(|(standing, _)| standing == wanted);
        let is_fault = |fault: Option<Fault>| fault.is_some_and(|fault| !fault.is_wait());
        let runs = |standing| matches!(standing, Standing::Active | Standing::Backup);
        let to = if self.stopping || group.slots.is_empty() {
            None
        } else if standings().any(|(_, fault)| is_fault(fault)) {
            // The others are at fault for it too, and come first.
            let all_left = !standings().any(|(standing, _)| runs(standing));
            all_left.then_some(Standing::Initialize)
        } else {
            [Standing::Active, Standing::Backup].into_iter().find(|standing| all(*standing))
        };
        let company = if any_active { Company::Joining } else { Company::Held };
        self.each_member(place, None, |router, member| {
            if let Some(member) = router.slots.get_mut(member.index()).and_then(Option::as_mut) {
                member.machine.set_company(company);
            }
        });
        let group = place.and_then(|place| self.groups.all.get_mut(place.0));
        if let (Some(to), Some(group)) = (to, group)
            && group.told != to
        {
            group.told = to;
            out.tell_group(GroupTransition { group: group.id, at: now, to });
        }
    }

    fn group_of(&self, slot: Slot) -> Option<Place> {
        self.member(slot)?.group
    }

    fn member(&self, slot: Slot) -> Option<&Instance> {
        self.slots.get(slot.index())?.as_ref()
    }

    /// Lets `each` have every member of the group but one.
    fn each_member(
        &mut self,
        group: Option<Place>,
        but: Option<Slot>,
        mut each: impl FnMut(&mut Self, Slot),
    ) {
        let mut index = 0;
        while let Some(member) = self.groups.member(group, index) {
            if Some(member) != but {
                each(self, member);
            }
            index += 1;
        }
    }
}
