//! The node as it stands, for those who report on it.

use std::net::IpAddr;
use std::time::Duration;

use super::instance::Instance;
use super::interface::Listen;
use super::priority::{self, Contribution};
use super::router::Router;
use crate::config::model::{self, TrackerName};
use crate::types::{
    Centis, Counters, Fault, Instant, Priority, Slot, Standing, TrackerId, Verdict,
};

/// An instance as it stands.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// Where it stands in the node's tables.
    pub slot: Slot,
    /// Its configuration.
    pub config: &'a model::Instance,
    /// Its state.
    pub standing: Standing,
    /// What it lacks.
    pub fault: Option<Fault>,
    /// Its effective priority.
    pub priority: Priority,
    /// The address that its adverts come from.
    pub source: Option<IpAddr>,
    /// What it has counted.
    pub counters: &'a Counters,
    /// When something happens by itself.
    pub deadline: Option<Instant>,
    /// A Backup that heard somebody: who, and of what priority.
    pub follows: Option<(IpAddr, Priority)>,
    /// The interval by which the down timer runs, learned or our own.
    pub interval: Centis,
    /// How long that timer runs.
    pub down: Duration,
    /// Where its adverts arrive, while that is known.
    pub listen: Option<Listen>,
    /// What it lacks itself.
    pub obstacles: Obstacles,
}

/// How much keeps an instance from taking part in the election.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Obstacles {
    /// Interfaces, addresses and tracked objects that are not as they should be.
    pub faults: usize,
    /// Tracked objects of which nothing is known yet.
    pub untold: usize,
}

impl Router {
    /// The configuration, standing and effective priority of the instance at `slot`.
    #[must_use]
    pub fn view(&self, slot: Slot) -> Option<View<'_>> {
        let instance = self.slots.get(slot.index())?.as_ref()?;
        Some(View {
            slot,
            config: &instance.config,
            standing: instance.machine.standing(),
            fault: instance.fault,
            priority: instance.machine.priority(),
            source: instance.source(),
            counters: &instance.counters,
            deadline: instance.machine.deadline(),
            follows: instance.follows(),
            interval: instance.machine.active_interval(),
            down: instance.machine.active_down_interval(),
            listen: instance.listen(),
            obstacles: self.obstacles(instance),
        })
    }

    fn obstacles(&self, instance: &Instance) -> Obstacles {
        let Instance { config, trackers, .. } = instance;
        let missing = || self.links.faults(config);
        let is_new =
            |(place, fault): &(usize, Fault)| missing().take(*place).all(|it| it != *fault);
        let links = missing().enumerate().filter(is_new).count();
        let deaf = instance.listen().is_some_and(|it| self.deaf.contains(&it));
        let source = self.links.source(config, |ip| self.held.contains_key(&ip)).is_err();
        let (tracked, untold) = priority::obstacles(config, trackers, &self.trackers);
        Obstacles { faults: links + usize::from(deaf) + usize::from(source) + tracked, untold }
    }

    /// Every instance, in the order of their slots.
    pub fn views(&self) -> impl Iterator<Item = View<'_>> {
        self.instances().filter_map(|instance| self.view(instance.slot))
    }

    /// Every tracker that the configuration lists, with its index.
    pub fn trackers(&self) -> impl Iterator<Item = (TrackerId, &TrackerName)> {
        self.trackers.listed()
    }

    /// What is known of a tracker.
    #[must_use]
    pub fn verdict(&self, tracker: TrackerId) -> Verdict {
        self.trackers.verdict(tracker)
    }

    /// What the tracked objects of the instance at `slot` add to its priority.
    pub fn contributions(&self, slot: Slot) -> impl Iterator<Item = Contribution> {
        let instance = self.slots.get(slot.index()).and_then(Option::as_ref);
        instance.into_iter().flat_map(|instance| {
            let Instance { config, trackers, .. } = instance;
            priority::contributions(config, trackers, &self.links, &self.trackers)
        })
    }

    /// Refused packets that belong to no instance.
    #[must_use]
    pub fn strays(&self) -> &Counters {
        &self.strays
    }
}
