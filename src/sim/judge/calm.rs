//! What must hold once nothing has happened for a while: one holder for each group of nodes that
//! hear each other.

use std::time::Duration;

use crate::types::{Instant, Vrid};

use super::super::host::HANDOVER;
use super::super::roster::{NodeId, Set};
use super::super::rule::Rule;
use super::{Finding, Judge};

/// Watches the elections as wholes.
#[derive(Debug)]
pub(in crate::sim) struct Calm {
    elections: Vec<Election>,
    /// When something last happened that may start an election.
    disturbed_at: Instant,
    /// When something last went wrong or was changed, and the time before that.
    struck_at: [Instant; 2],
    /// When an address last came or went anywhere.
    moved_at: Instant,
    /// When a packet was last lost on a way that exists.
    lost_at: Option<Instant>,
}

/// One virtual router on all nodes.
#[derive(Clone, Debug)]
pub(in crate::sim) struct Election {
    pub(in crate::sim) vrid: Vrid,
    /// How long its nodes may take to agree.
    settle: Duration,
    active: Set,
    /// When that last changed.
    pub(in crate::sim) changed_at: Instant,
    /// When the series of changes began that this was the last of.
    turmoil_at: Instant,
    many_since: Option<Instant>,
    none_since: Option<Instant>,
    handover: Option<Handover>,
}

/// A router leaves undisturbed, and has taught its Backups to be quick.
#[derive(Clone, Copy, Debug)]
struct Handover {
    from: NodeId,
    since: Instant,
    within: Duration,
}

/// Who hears whom, and how late.
#[derive(Clone, Copy, Debug)]
pub(in crate::sim) struct Ground<'a> {
    /// The groups of nodes that hear each other, where these are distinct.
    pub(in crate::sim) components: Option<&'a [Set]>,
    /// How long two routers may both be Active before the one has heard the other.
    pub(in crate::sim) overlap: Duration,
}

impl Calm {
    /// Watches an election of each VRID, whose nodes may take so long to agree.
    pub(in crate::sim) fn new(elections: impl IntoIterator<Item = (Vrid, Duration)>) -> Self {
        let start = Instant::default();
        let election = |(vrid, settle)| Election {
            vrid,
            settle,
            active: Set::default(),
            changed_at: start,
            turmoil_at: start,
            many_since: None,
            none_since: None,
            handover: None,
        };
        Self {
            elections: elections.into_iter().map(election).collect(),
            disturbed_at: start,
            struck_at: [start; 2],
            moved_at: start,
            lost_at: None,
        }
    }

    /// Something goes wrong or is changed.
    pub(in crate::sim) fn strike(&mut self, until: Instant) {
        self.disturb(until);
        let [last, _] = self.struck_at;
        if until > last {
            self.struck_at = [until, last];
        }
    }

    /// Something happened that may start an election.
    pub(in crate::sim) fn disturb(&mut self, until: Instant) {
        self.disturbed_at = self.disturbed_at.max(until);
    }

    /// A node leaves and has taught its Backups to be quick: if all was calm before, another one
    /// is Active soon.
    pub(in crate::sim) fn leaves(
        &mut self,
        from: NodeId,
        vrid: Vrid,
        within: Duration,
        now: Instant,
    ) {
        let [last, before] = self.struck_at;
        let struck_at = if now > last + HANDOVER * 2 { last } else { before };
        for election in self.elections.iter_mut().filter(|it| it.vrid == vrid) {
            let calm = now > struck_at + election.settle;
            let alone = election.active.single() == Some(from);
            election.handover = (calm && alone).then_some(Handover { from, since: now, within });
        }
    }

    /// An address came or went somewhere.
    pub(in crate::sim) const fn moved(&mut self, now: Instant) {
        self.moved_at = now;
    }

    /// A packet was lost on a way that exists.
    pub(in crate::sim) fn lost(&mut self, now: Instant) {
        self.lost_at = Some(now);
        self.strike(now);
    }

    pub(in crate::sim) fn elections(&self) -> &[Election] {
        &self.elections
    }

    /// Whether nothing has moved for `span`.
    pub(in crate::sim) fn is_calm_for(
        &self,
        election: &Election,
        span: Duration,
        now: Instant,
    ) -> bool {
        let last = self.disturbed_at.max(self.moved_at);
        now >= last.max(election.changed_at) + span
    }

    /// Whether packets were lost during the last change of holder or since.
    pub(in crate::sim) fn is_marred(&self, election: &Election) -> bool {
        let lost_at = self.lost_at.map(|at| at + TURMOIL);
        lost_at.is_some_and(|at| at >= election.turmoil_at)
    }

    /// One holder for each group, after its time to agree.
    pub(in crate::sim) fn check(
        &mut self,
        ground: Ground<'_>,
        judge: &Judge,
        now: Instant,
    ) -> Finding {
        let disturbed_at = self.disturbed_at;
        let [struck_at, _] = self.struck_at;
        for election in &mut self.elections {
            election.note(judge.active(election.vrid), now);
            let Some(components) = ground.components else {
                (election.many_since, election.none_since) = (None, None);
                election.handover = None;
                continue;
            };
            let electable = judge.electable(election.vrid);
            let active = election.active;
            let many = components.iter().find(|it| it.and(active).count() > 1);
            let none = components
                .iter()
                .find(|it| it.and(electable).count() > 0 && it.and(active).count() == 0);
            if let Some(Handover { from, since, within }) = election.handover {
                let mut others = components.iter().find(|it| it.contains(from)).copied();
                others.iter_mut().for_each(|it| it.remove(from));
                let others = others.unwrap_or_default();
                let over = others.and(active).count() > 0 || others.and(electable).count() == 0;
                if over || struck_at > since {
                    election.handover = None;
                } else if now > since + within {
                    let what = format!("vrid {}: nobody follows {from}", election.vrid);
                    return Err((Rule::Handover, what));
                }
            }
            let settled_at = disturbed_at + election.settle;
            let lasted = |since: &mut Option<Instant>, holds: bool| {
                *since = if holds { since.or(Some(now)) } else { None };
                since.is_some_and(|at| now > at.max(settled_at) + ground.overlap)
            };
            if lasted(&mut election.many_since, many.is_some()) {
                let who = many.map_or(active, |it| it.and(active));
                let what = format!("vrid {}: {who} are Active", election.vrid);
                return Err((Rule::OneActive, what));
            }
            if lasted(&mut election.none_since, none.is_some()) {
                let who = none.copied().unwrap_or_default();
                let what = format!("vrid {}: nobody of {who} is Active", election.vrid);
                return Err((Rule::SomeActive, what));
            }
        }
        Ok(())
    }
}

impl Election {
    /// The nodes that are Active.
    pub(in crate::sim) const fn active(&self) -> Set {
        self.active
    }

    fn note(&mut self, active: Set, now: Instant) {
        if self.active == active {
            return;
        }
        if now > self.changed_at + TURMOIL {
            self.turmoil_at = now;
        }
        self.active = active;
        self.changed_at = now;
    }
}

/// Changes that follow each other so closely are one.
const TURMOIL: Duration = Duration::from_millis(100);
