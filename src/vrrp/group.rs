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
pub(super) struct Groups(Vec<Group>);

/// A sync group as it stands.
#[derive(Debug)]
struct Group {
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
        let found = self.0.iter().position(lists).filter(|_| !instance.removed);
        instance.group = found.and_then(GroupId::new);
        let Some(group) = found.and_then(|index| self.0.get_mut(index)) else {
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
        self.0.iter_mut().for_each(|group| group.slots.retain(|other| *other != slot));
    }

    fn get(&self, id: Option<GroupId>) -> Option<&Group> {
        self.0.get(id?.index())
    }

    /// One member; `None` behind the last.
    fn member(&self, id: Option<GroupId>, place: usize) -> Option<Slot> {
        self.get(id)?.slots.get(place).copied()
    }
}

impl Router {
    /// From now on these are the sync groups. To be told before the instances are changed: a
    /// member that is not there yet holds its group back until it is added.
    pub fn regroup(&mut self, groups: Vec<model::Group>, now: Instant, out: &mut impl Outbox) {
        let told = |name: &str| {
            let same = self.groups.0.iter().find(|group| group.config.name == name);
            same.map_or(Standing::Initialize, |group| group.told)
        };
        let entry = |config: model::Group| {
            let told = told(&config.name);
            Group { slots: Vec::new(), missing: config.members.clone(), told, config }
        };
        self.groups = Groups(groups.into_iter().map(entry).collect());
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

    /// The sync groups in the configuration's order, each with its index and its state.
    pub fn groups(&self) -> impl Iterator<Item = (GroupId, &model::Group, Standing)> {
        let all = self.groups.0.iter().enumerate();
        all.filter_map(|(index, group)| Some((GroupId::new(index)?, &group.config, group.told)))
    }

    /// A member that was to be added is not.
    pub(super) fn expect_no_more(&mut self, key: Key, now: Instant, out: &mut impl Outbox) {
        let awaits = |group: &Group| group.missing.contains(&key);
        let found = self.groups.0.iter().position(awaits);
        if let Some(group) = found.and_then(|index| self.groups.0.get_mut(index)) {
            group.missing.retain(|missing| *missing != key);
        }
        self.look_at_members(found.and_then(GroupId::new), now, out);
    }

    /// Looks at every member once none is missing any more.
    pub(super) fn look_at_members(
        &mut self,
        group: Option<GroupId>,
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

    /// Finds out what `slot` and the other members of its group lack themselves; says whether that
    /// is another thing than before for any of them.
    pub(super) fn reassess(&mut self, slot: Slot) -> bool {
        let mut changed = self.assess(slot);
        let group = self.group_of(slot);
        self.each_member(group, Some(slot), |router, member| changed |= router.assess(member));
        changed
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
        let id = self.group_of(slot);
        let is_ready = |slot: &Slot| self.member(*slot).is_some_and(|it| it.machine.is_ready());
        let Some(group) = self.groups.get(id).filter(|_| is_ready(&slot)) else { return };
        let may = |slot: &Slot| {
            let member = self.member(*slot);
            let is_active = member.is_some_and(|it| it.machine.standing() == Standing::Active);
            is_active || is_ready(slot)
        };
        if group.missing.is_empty() && group.slots.iter().all(may) {
            // The one that all waited for comes first, as in keepalived.
            self.claim(slot, now, out);
            self.each_member(id, Some(slot), |router, member| router.claim(member, now, out));
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
        let id = self.group_of(slot);
        let (Some(id), Some(group)) = (id, self.groups.get(id)) else { return };
        let standings = || {
            let members = group.slots.iter().filter_map(|member| self.member(*member));
            members.map(|member| (member.machine.standing(), member.own_fault))
        };
        let any_active = standings().any(|(standing, _)| standing == Standing::Active);
        let all = |wanted| standings().all(|(standing, _)| standing == wanted);
        let is_fault = |fault: Option<Fault>| fault.is_some_and(|fault| !fault.is_wait());
        let to = if self.stopping || group.slots.is_empty() {
            None
        } else if standings().any(|(_, fault)| is_fault(fault)) {
            Some(Standing::Initialize)
        } else {
            [Standing::Active, Standing::Backup].into_iter().find(|standing| all(*standing))
        };
        let company = if any_active { Company::Joining } else { Company::Held };
        self.each_member(Some(id), None, |router, member| {
            if let Some(member) = router.slots.get_mut(member.index()).and_then(Option::as_mut) {
                member.machine.set_company(company);
            }
        });
        if let (Some(to), Some(group)) = (to, self.groups.0.get_mut(id.index()))
            && group.told != to
        {
            group.told = to;
            out.tell_group(GroupTransition { group: id, at: now, to });
        }
    }

    fn group_of(&self, slot: Slot) -> Option<GroupId> {
        self.member(slot)?.group
    }

    fn member(&self, slot: Slot) -> Option<&Instance> {
        self.slots.get(slot.index())?.as_ref()
    }

    /// Lets `each` have every member of the group but one.
    fn each_member(
        &mut self,
        group: Option<GroupId>,
        but: Option<Slot>,
        mut each: impl FnMut(&mut Self, Slot),
    ) {
        let mut place = 0;
        while let Some(member) = self.groups.member(group, place) {
            if Some(member) != but {
                each(self, member);
            }
            place += 1;
        }
    }
}
