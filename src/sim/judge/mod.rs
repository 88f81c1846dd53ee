//! Holds every node to what it says and to what the RFC says.
//!
//! For each instance of each node a shadow is kept: what it should be, told independently by what
//! reached the node and by what left it.

mod calm;
mod farewell;
mod holding;
mod listening;
mod merit;
mod shadow;

use std::time::Duration;

use crate::config::model::Key;
use crate::kernel::memory::Memory;
use crate::types::{Instant, Slot, Standing, Vrid};
use crate::vrrp::View;
use crate::vrrp::machine::Advert;

use super::effect::{Effect, Stimulus};
use super::packet::Told;
use super::roster::{NodeId, Roster, Set};
use super::rule::Rule;
use merit::Known;
use shadow::Shadow;

pub(super) use calm::{Calm, Election, Ground};
pub(super) use shadow::LEAVING;

/// A rule that is broken, and how; or nothing.
pub(super) type Finding = Result<(), (Rule, String)>;

/// Watches every node.
#[derive(Debug)]
pub(super) struct Judge(Roster<Watch>);

/// What is known of one node.
#[derive(Debug, Default)]
struct Watch {
    shadows: Vec<Option<Shadow>>,
    known: Known,
    /// By its own clock, the node has run since then; `None` while it does not.
    awake_since: Option<Instant>,
    /// How far its clock is behind.
    lag: Duration,
}

/// One turn of a router: what happened to it and what it made of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn<'a> {
    pub(super) stimulus: &'a Stimulus,
    pub(super) effects: &'a [Effect],
    /// Its next timeout before and after.
    pub(super) timeouts: [Option<Instant>; 2],
    /// The addresses that stand on its host.
    pub(super) host: &'a Memory,
    /// By the node's own clock.
    pub(super) now: Instant,
}

impl Judge {
    /// Nobody runs yet.
    pub(super) fn new(nodes: usize) -> Self {
        Self(Roster::new(nodes, |_| Watch::default()))
    }

    /// A new process runs on `node`, whose clock is behind by `lag`.
    pub(super) fn started(&mut self, node: NodeId, now: Instant, lag: Duration) {
        self.0[node] = Watch { awake_since: Some(now - lag), lag, ..Watch::default() };
    }

    /// The process on `node` goes on, by a clock that is behind by `lag`.
    pub(super) fn resumed(&mut self, node: NodeId, now: Instant, lag: Duration) {
        let watch = &mut self.0[node];
        watch.awake_since = Some(now - lag);
        watch.lag = lag;
    }

    /// The process on `node` stands still from now on.
    pub(super) fn paused(&mut self, node: NodeId) {
        self.0[node].awake_since = None;
    }

    /// The process on `node` is no more.
    pub(super) fn died(&mut self, node: NodeId) {
        self.0[node] = Watch::default();
    }

    /// Nobody is late for anything.
    pub(super) fn check_clock(&self, now: Instant) -> Result<(), (NodeId, Rule, String)> {
        for (node, watch) in self.0.iter() {
            let Some(awake_since) = watch.awake_since else {
                continue;
            };
            for shadow in watch.shadows.iter().flatten() {
                shadow
                    .check_clock(awake_since, now - watch.lag)
                    .map_err(|(rule, what)| (node, rule, what))?;
            }
        }
        Ok(())
    }

    /// Judges one turn of the router on `node`, whose instances stand as `views` now.
    pub(super) fn observe<'a>(
        &mut self,
        node: NodeId,
        turn: Turn<'_>,
        views: impl Iterator<Item = View<'a>>,
    ) -> Finding {
        let watch = &mut self.0[node];
        watch.expect(turn)?;
        for (place, effect) in turn.effects.iter().enumerate() {
            let rest = turn.effects.get(place..).unwrap_or_default();
            watch.follow(turn, effect, rest)?;
        }
        for view in views {
            let shadow = watch.shadows.get_mut(view.slot.index());
            if let Some(shadow) = shadow.and_then(Option::as_mut) {
                shadow.compare(view, &watch.known, turn.now)?;
            }
        }
        Ok(())
    }

    /// The nodes that run and are Active for `vrid`.
    pub(super) fn active(&self, vrid: Vrid) -> Set {
        self.with(vrid, |shadow| shadow.standing() == Standing::Active)
    }

    /// The nodes that run and take part in the election for `vrid`.
    pub(super) fn electable(&self, vrid: Vrid) -> Set {
        self.with(vrid, |shadow| match shadow.standing() {
            Standing::Backup | Standing::Active => true,
            Standing::Initialize | Standing::Leaving => false,
        })
    }

    /// Since when `node` has been Active for `vrid`.
    pub(super) fn active_since(&self, node: NodeId, vrid: Vrid) -> Option<Instant> {
        let watch = &self.0[node];
        let mut mine = watch.shadows.iter().flatten();
        let shadow = mine.find(|it| it.vrid() == vrid && it.standing() == Standing::Active)?;
        Some(shadow.active_since()? + watch.lag)
    }

    /// Which virtual router a slot of `node` is of, and since when it was Active until now: by
    /// its own clock, and by the world's.
    pub(super) fn was_active(&self, node: NodeId, slot: Slot) -> Option<(Vrid, [Instant; 2])> {
        let watch = &self.0[node];
        let shadow = watch.shadows.get(slot.index())?.as_ref()?;
        let (own, at) = shadow.was_active()?;
        Some((shadow.vrid(), [own, at]))
    }

    fn with(&self, vrid: Vrid, is: impl Fn(&Shadow) -> bool) -> Set {
        let awake = self.0.iter().filter(|(_, it)| it.awake_since.is_some());
        let mine = awake.filter(|(_, watch)| {
            let mut shadows = watch.shadows.iter().flatten();
            shadows.any(|shadow| shadow.vrid() == vrid && is(shadow))
        });
        mine.map(|(node, _)| node).collect()
    }
}

impl Watch {
    /// Works out what is to become of this turn.
    fn expect(&mut self, turn: Turn<'_>) -> Finding {
        let Turn { stimulus, now, .. } = turn;
        self.known.learn(stimulus);
        match stimulus {
            Stimulus::Received(message) => {
                let advert = match message.told {
                    Told::Noise => None,
                    Told::Advert { vrid, priority, interval } => {
                        Some((vrid, Advert { priority, interval, source: message.source }))
                    }
                };
                let mut shadows = self.shadows.iter_mut().flatten();
                let addressee = advert.and_then(|(vrid, advert)| {
                    let shadow = shadows.find(|it| it.vrid() == vrid)?;
                    Some((shadow, advert))
                });
                match addressee {
                    Some((shadow, advert)) if shadow.listens(now) => {
                        shadow.hear(advert, now);
                        Ok(())
                    }
                    Some(_) | None => unchanged(turn),
                }
            }
            Stimulus::Timeout => {
                for shadow in self.shadows.iter_mut().flatten() {
                    shadow.expire(now);
                }
                Ok(())
            }
            Stimulus::Configure(instance) => {
                self.intend(instance.key(), true);
                Ok(())
            }
            Stimulus::Remove(key) => {
                self.intend(*key, false);
                Ok(())
            }
            Stimulus::Link(_)
            | Stimulus::Verdict(_)
            | Stimulus::Applied { .. }
            | Stimulus::Stop => Ok(()),
        }
    }

    /// The configuration names this virtual router from now on, or does not.
    fn intend(&mut self, key: Key, there: bool) {
        let shadows = self.shadows.iter_mut().flatten();
        shadows.filter(|it| it.vrid() == key.vrid).for_each(|it| it.removed = !there);
    }

    /// Follows one effect; `rest` begins with it.
    fn follow(&mut self, turn: Turn<'_>, effect: &Effect, rest: &[Effect]) -> Finding {
        let now = turn.now;
        let awake_since = self.awake_since.unwrap_or(now);
        match effect {
            Effect::Assign(slot, instance) => {
                let place = slot.index();
                if self.shadows.len() <= place {
                    self.shadows.resize_with(place + 1, || None);
                }
                // What counts is what it was told to be, not what it makes of that.
                let told = turn.stimulus.configured().or(instance.as_deref());
                if let Some(entry) = self.shadows.get_mut(place) {
                    match (instance.is_some().then_some(told).flatten(), entry.as_mut()) {
                        (Some(new), Some(shadow)) => shadow.reconfigure(new, now),
                        (Some(new), None) => *entry = Some(Shadow::new(new)),
                        (None, _) => *entry = None,
                    }
                }
                Ok(())
            }
            Effect::Transmit(slot, message) => {
                let mut told = rest.iter().filter_map(Effect::told);
                let next = told.find(|told| told.slot == *slot).map(|told| told.to);
                let shadow = self.shadows.get_mut(slot.index()).and_then(Option::as_mut);
                let shadow = shadow.ok_or_else(|| unassigned(*slot))?;
                shadow.check_priority(message, &self.known)?;
                shadow.transmit(message, next, awake_since, turn)
            }
            Effect::Desire(slot, desire) => {
                self.shadow(*slot)?.desire(desire.present);
                Ok(())
            }
            Effect::Announce(slot) => self.shadow(*slot)?.announce(turn),
            Effect::Tell(transition) => {
                let lag = self.lag;
                let shadow = self.shadow(transition.slot)?;
                shadow.tell(transition, now)?;
                if transition.to == Standing::Active {
                    shadow.begin_active(now + lag);
                }
                Ok(())
            }
        }
    }

    fn shadow(&mut self, slot: Slot) -> Result<&mut Shadow, (Rule, String)> {
        let shadow = self.shadows.get_mut(slot.index()).and_then(Option::as_mut);
        shadow.ok_or_else(|| unassigned(slot))
    }
}

fn unassigned(slot: Slot) -> (Rule, String) {
    (Rule::Told, format!("slot {slot} was never assigned"))
}

/// A packet that is refused changes nothing.
fn unchanged(turn: Turn<'_>) -> Finding {
    let [before, after] = turn.timeouts;
    if turn.effects.is_empty() && before == after {
        return Ok(());
    }
    let what = format!("a refused packet moved the timeout from {before:?} to {after:?}");
    Err((Rule::Discard, what))
}
