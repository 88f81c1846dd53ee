//! Interfaces that announce in turn: what one sends keeps the others waiting.

use std::collections::HashMap;
use std::time::Duration;

use crate::types::{Family, IfIndex, Instant, LinkName};

/// Interfaces that announce in turn.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PacePlan {
    /// The interfaces; none is in two of these.
    pub links: Vec<LinkName>,
    /// Least time between two gratuitous ARPs on any of them.
    pub arp_interval: Duration,
    /// Least time between two unsolicited Neighbor Advertisements on any of them.
    pub na_interval: Duration,
}

/// All of them, and who had the last turn when.
#[derive(Debug, Default)]
pub(super) struct Paces {
    groups: Vec<PaceState>,
    names: HashMap<IfIndex, LinkName>,
}

#[derive(Debug)]
struct PaceState {
    plan: PacePlan,
    /// When the next gratuitous ARP may leave, and the next Neighbor Advertisement.
    free_at: [Instant; 2],
}

impl Paces {
    /// From now on these announce in turn, and no others.
    pub(super) fn follow(&mut self, plans: Vec<PacePlan>) {
        let state = |plan| PaceState { plan, free_at: [Instant::default(); 2] };
        self.groups = plans.into_iter().map(state).collect();
    }

    /// An interface is called so.
    pub(super) fn link(&mut self, link: IfIndex, name: LinkName) {
        self.names.insert(link, name);
    }

    /// An interface is gone.
    pub(super) fn link_gone(&mut self, link: IfIndex) {
        self.names.remove(&link);
    }

    /// The pace of an interface that announces in turn with others, and when its turn is.
    pub(super) fn turn(&self, (link, family): (IfIndex, Family)) -> Option<(Duration, Instant)> {
        let state = self.groups.get(self.group(link)?)?;
        let [v4, v6] = state.free_at;
        Some(match family {
            Family::V4 => (state.plan.arp_interval, v4),
            Family::V6 => (state.plan.na_interval, v6),
        })
    }

    /// An interface had its turn: when the next one in its group has.
    pub(super) fn took(&mut self, (link, family): (IfIndex, Family), next: Instant) {
        let group = self.group(link);
        if let Some(state) = group.and_then(|group| self.groups.get_mut(group)) {
            let [v4, v6] = &mut state.free_at;
            *match family {
                Family::V4 => v4,
                Family::V6 => v6,
            } = next;
        }
    }

    fn group(&self, link: IfIndex) -> Option<usize> {
        if self.groups.is_empty() {
            return None;
        }
        let name = self.names.get(&link)?;
        self.groups.iter().position(|group| group.plan.links.contains(name))
    }
}
