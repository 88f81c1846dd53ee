//! One node's real router, and the place where a bug may be planted.

use std::time::Duration;

use crate::types::Instant;
use crate::vrrp::{Input, Router, View};

use super::effect::{Effect, Effects, Stimulus};
use super::mutant::Mutant;
use super::plant::Plant;
use super::service;

/// The core thread of a node: a [`Router`], seen through a [`Plant`] where a bug is planted.
#[derive(Debug)]
pub(super) struct Brain {
    router: Router,
    plant: Option<Plant>,
}

impl Brain {
    /// A router without instances, which has the bug `mutant`, if any.
    pub(super) fn new(mutant: Option<Mutant>) -> Self {
        let mut router = Router::new(None);
        router.track([service::tracker()].iter());
        Self { router, plant: mutant.map(Plant::new) }
    }

    /// Lets something happen; what the router wants is returned in its order.
    pub(super) fn handle(&mut self, stimulus: &Stimulus, now: Instant) -> Vec<Effect> {
        match &mut self.plant {
            None => drive(&mut self.router, stimulus, now),
            Some(plant) => plant.handle(&mut self.router, stimulus, now),
        }
    }

    /// The process goes on after it has stood still.
    pub(super) fn resumed(&mut self, lasted: Duration) {
        if let Some(plant) = &mut self.plant {
            plant.resumed(lasted);
        }
    }

    /// When [`Stimulus::Timeout`] is due.
    pub(super) fn next_timeout(&self) -> Option<Instant> {
        match &self.plant {
            None => self.router.next_timeout(),
            Some(plant) => plant.next_timeout(&self.router),
        }
    }

    /// How much later than they should its announcements leave.
    pub(super) fn announcements_lag(&self) -> Duration {
        let plant = self.plant.as_ref();
        plant.map_or(Duration::ZERO, Plant::announcements_lag)
    }

    /// Every instance as it stands.
    pub(super) fn views(&self) -> impl Iterator<Item = View<'_>> {
        self.router.views()
    }

    /// It was told to stop and has given everything up.
    pub(super) fn is_stopped(&self) -> bool {
        self.router.is_stopped()
    }
}

/// Hands `stimulus` to the router.
pub(super) fn drive(router: &mut Router, stimulus: &Stimulus, now: Instant) -> Vec<Effect> {
    let mut out = Effects::default();
    let input = match stimulus {
        Stimulus::Received(message) => {
            Input::Received { link: super::host::VRRP_LINK, packet: message.packet() }
        }
        Stimulus::Timeout => Input::Timeout,
        Stimulus::Link(report) => Input::Link(report),
        Stimulus::Verdict(verdict) => {
            Input::Verdict { tracker: service::tracker_id(), verdict: *verdict }
        }
        Stimulus::Applied { slot, generation } => {
            Input::Applied { slot: *slot, generation: *generation }
        }
        Stimulus::Configure(instance) => {
            // An instance whose adverts cannot hold its addresses is not in any scenario.
            let replaced = router.replace(instance.as_ref().clone(), now, &mut out);
            debug_assert!(replaced.is_ok(), "{replaced:?}");
            return out.0;
        }
        Stimulus::Remove(key) => {
            router.remove(*key, now, &mut out);
            return out.0;
        }
        Stimulus::Stop => Input::Stop,
    };
    router.handle(input, now, &mut out);
    out.0
}
