//! Plants a bug at the seam between a router and its world.
//!
//! The router stays the real one: what goes in, what comes out and what its clock shows is
//! altered so that the node behaves as if the bug were in it. A timer that starts too late is a
//! clock that was set back; a claim without its skew is a clock that was set forward.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::rc::Rc;
use std::time::Duration;

use crate::config::model::{Instance, Preempt};
use crate::types::{
    Centis, Family, Instant, LinkReport, Priority, Slot, Standing, Verdict, Vrid, Weight,
};
use crate::vrrp::timing::skew_time;
use crate::vrrp::{Router, View};

use super::brain::drive;
use super::effect::{Effect, Stimulus};
use super::host;
use super::mutant::Mutant;
use super::packet::{Message, Told};

/// A planted bug and what it has to remember. It acts on nodes with one virtual router.
#[derive(Debug)]
pub(super) struct Plant {
    mutant: Mutant,
    /// How far the router's clock is ahead of the node's, in nanoseconds.
    ahead: i64,
    /// The last packet that the router accepted and that was not a release.
    last: Option<Rc<Message>>,
    /// The last advert heard was a release.
    released: bool,
    /// The short interval that was taught and not taken back.
    taught: Option<Centis>,
    /// Effects that are kept until priority 0 has left.
    held: Vec<Effect>,
}

impl Plant {
    pub(super) const fn new(mutant: Mutant) -> Self {
        Self { mutant, ahead: 0, last: None, released: false, taught: None, held: Vec::new() }
    }

    pub(super) fn handle(
        &mut self,
        router: &mut Router,
        stimulus: &Stimulus,
        now: Instant,
    ) -> Vec<Effect> {
        let refused = sole(router).map(refusals);
        let altered = self.alter(router, stimulus, now);
        let stimulus = altered.as_ref().unwrap_or(stimulus);
        let mut effects = drive(router, stimulus, self.inner(now));
        if let Stimulus::Received(message) = stimulus {
            let accepted = sole(router).map(refusals) == refused;
            self.remember(router, message, accepted, now);
        }
        self.rewrite(router, &mut effects, now);
        effects
    }

    pub(super) fn resumed(&mut self, lasted: Duration) {
        if self.mutant == Mutant::StallUnnoticed {
            self.ahead -= nanos(lasted);
        }
    }

    pub(super) fn next_timeout(&self, router: &Router) -> Option<Instant> {
        let deadline = shift(router.next_timeout()?, -self.ahead);
        Some(deadline - self.haste(router))
    }

    pub(super) const fn announcements_lag(&self) -> Duration {
        if matches!(self.mutant, Mutant::LoserAnnouncesLast) {
            Duration::from_millis(700)
        } else {
            Duration::ZERO
        }
    }

    /// What the router's clock shows.
    fn inner(&self, now: Instant) -> Instant {
        shift(now, self.ahead)
    }

    /// By how much a Backup claims too early.
    fn haste(&self, router: &Router) -> Duration {
        let hasty = self.mutant == Mutant::SkewDropped
            || self.mutant == Mutant::ReleaseSkewIgnored && self.released;
        let backup = sole(router).filter(|view| view.standing == Standing::Backup);
        match backup {
            Some(view) if hasty => {
                let taught = self.last.as_ref().and_then(|last| interval(last));
                let interval = taught.unwrap_or(view.config.interval);
                skew_time(view.config.version, view.priority, interval)
            }
            _ => Duration::ZERO,
        }
    }

    /// Changes what happens to the router, or its clock, before it happens.
    fn alter(
        &mut self,
        router: &mut Router,
        stimulus: &Stimulus,
        now: Instant,
    ) -> Option<Stimulus> {
        match (self.mutant, stimulus) {
            (Mutant::SkewDropped | Mutant::ReleaseSkewIgnored, Stimulus::Timeout) => {
                let deadline = router.next_timeout()?;
                let (inner, haste) = (self.inner(now), self.haste(router));
                if inner < deadline && inner + haste >= deadline {
                    self.ahead += nanos(deadline.since(inner));
                }
                None
            }
            (Mutant::Drift, Stimulus::Timeout) => {
                let late = self.inner(now).since(router.next_timeout()?);
                if sole(router)?.standing == Standing::Active && late < host::LATENESS {
                    self.ahead -= nanos(late);
                }
                None
            }
            (Mutant::YieldUnlimited, Stimulus::Link(report)) => {
                let view = sole(router)?;
                if view.standing == Standing::Active && lowers(view.config, report) {
                    self.age(router, now);
                }
                None
            }
            (Mutant::PreemptForced, Stimulus::Configure(instance)) => {
                let preempt = Preempt::Yes;
                let instance = Instance::clone(instance);
                let forced = Instance { preempt, ..instance };
                Some(Stimulus::Configure(Rc::new(forced)))
            }
            (Mutant::ReverseIgnored | Mutant::FaultIgnored, Stimulus::Configure(instance)) => {
                let mut instance = Instance::clone(instance);
                if self.mutant == Mutant::ReverseIgnored {
                    instance.tracked.iter_mut().for_each(|it| it.reverse = false);
                } else {
                    instance.tracked.retain(|it| it.weight != Weight::FAULT);
                }
                Some(Stimulus::Configure(Rc::new(instance)))
            }
            (Mutant::VerdictLost, Stimulus::Verdict(_)) => Some(Stimulus::Timeout),
            (Mutant::RecoveryIgnored, Stimulus::Verdict(Verdict::Healthy))
                if sole(router)?.fault.is_some_and(|fault| !fault.is_wait()) =>
            {
                Some(Stimulus::Timeout)
            }
            (Mutant::TieInverted, Stimulus::Received(message)) => {
                let view = sole(router)?;
                let Told::Advert { vrid, priority, interval } = message.told else {
                    return None;
                };
                let tie = vrid == view.config.vrid && priority == view.priority;
                let source = mirrored(message.source, view.source?);
                let to = message.destination;
                let forged = Message::forge(view.config, priority, interval, source, to)?;
                tie.then(|| Stimulus::Received(Rc::new(forged)))
            }
            (Mutant::ReleaseTeaches, Stimulus::Received(message)) => {
                let last = self.last.clone()?;
                let config = sole(router).filter(|view| view.standing == Standing::Backup)?;
                let config = config.config;
                let (heard, released) = (told(&last, config.vrid)?, told(message, config.vrid)?);
                if !released.0.is_release() {
                    return None;
                }
                let to = message.destination;
                let forged = Message::forge(config, heard.0, released.1, last.source, to)?;
                let lesson = Stimulus::Received(Rc::new(forged));
                drive(router, &lesson, self.inner(now));
                None
            }
            _ => None,
        }
    }

    /// Lets the router live through some time that nobody sees.
    fn age(&mut self, router: &mut Router, now: Instant) {
        let end = self.inner(now) + SETTLED;
        while let Some(next) = router.next_timeout().filter(|next| *next < end) {
            drive(router, &Stimulus::Timeout, next);
            self.ahead = nanos(next.since(now));
        }
    }

    fn remember(&mut self, router: &mut Router, message: &Rc<Message>, taken: bool, now: Instant) {
        let Some(view) = sole(router) else { return };
        let backup = view.standing == Standing::Backup;
        match told(message, view.config.vrid) {
            Some((priority, _)) if taken => {
                self.released = priority.is_release();
                if !self.released {
                    self.last = Some(Rc::clone(message));
                }
            }
            _ => {
                let restarts = self.mutant == Mutant::DiscardRestartsTimer && backup;
                if let (true, Some(last)) = (restarts && !taken, &self.last) {
                    let again = Stimulus::Received(Rc::clone(last));
                    drive(router, &again, self.inner(now));
                }
            }
        }
    }

    /// Changes what the router wants.
    fn rewrite(&mut self, router: &mut Router, effects: &mut Vec<Effect>, now: Instant) {
        if self.mutant == Mutant::ReleaseLost {
            effects.retain(|effect| !effect.is_release());
        }
        if let (Mutant::LessonLost, Some(view)) = (self.mutant, sole(router))
            && view.standing == Standing::Leaving
        {
            effects.retain(|effect| effect.is_release() || !effect.is_advert());
        }
        if self.mutant == Mutant::ContestUnanswered {
            effects.retain(|effect| !matches!(effect, Effect::Announce(_)));
        }
        if let (Mutant::NotTaughtBack, Some(view)) = (self.mutant, sole(router)) {
            effects.iter_mut().for_each(|it| self.keep_short(view, it));
        }
        if let (Mutant::WeightUnsaid, Some(view)) = (self.mutant, sole(router)) {
            for effect in effects.iter_mut() {
                unweigh(view, effect);
            }
        }
        if self.mutant == Mutant::ReleaseBeforeRemoval {
            self.release_first(router, effects, now);
        }
    }

    /// Once a short interval was taught, teaches no other.
    fn keep_short(&mut self, view: View<'_>, effect: &mut Effect) {
        match effect {
            Effect::Transmit(_, message) => {
                let Some((priority, interval)) = told(message, view.config.vrid) else {
                    return;
                };
                if priority.is_release() {
                    return;
                }
                if interval < view.config.interval {
                    self.taught = Some(interval);
                } else if let Some(short) = self.taught {
                    let (from, to) = (message.source, message.destination);
                    let forged = Message::forge(view.config, priority, short, from, to);
                    forged.into_iter().for_each(|forged| *message = forged);
                }
            }
            Effect::Tell(_) => self.taught = None,
            Effect::Assign(..) | Effect::Desire(..) | Effect::Announce(_) => {}
        }
    }

    /// Says that the addresses are gone, and has them removed after priority 0 has left.
    fn release_first(&mut self, router: &mut Router, effects: &mut Vec<Effect>, now: Instant) {
        let leaves = |effect: &Effect| effect.entered() == Some(Standing::Leaving);
        if effects.iter().any(leaves) {
            let dropped = effects
                .iter()
                .position(|effect| matches!(effect, Effect::Desire(_, desire) if !desire.present));
            if let Some(place) = dropped {
                let drop = effects.remove(place);
                if let Effect::Desire(slot, desire) = &drop {
                    let applied = pretend(*slot, desire.generation);
                    effects.extend(drive(router, &applied, self.inner(now)));
                }
                self.held.push(drop);
            }
        }
        let over =
            |effect: &Effect| effect.is_release() || effect.entered() == Some(Standing::Initialize);
        if effects.iter().any(over) {
            effects.append(&mut self.held);
        }
    }
}

fn pretend(slot: Slot, generation: u32) -> Stimulus {
    Stimulus::Applied { slot, generation }
}

/// Has an advert say the configured priority.
fn unweigh(view: View<'_>, effect: &mut Effect) {
    let Effect::Transmit(_, message) = effect else { return };
    if let Some((priority, interval)) = told(message, view.config.vrid)
        && !priority.is_release()
    {
        let (from, to) = (message.source, message.destination);
        let forged = Message::forge(view.config, view.config.priority, interval, from, to);
        forged.into_iter().for_each(|forged| *message = forged);
    }
}

/// The only instance of a router that has just one.
fn sole(router: &Router) -> Option<View<'_>> {
    let mut views = router.views();
    let only = views.next()?;
    views.next().is_none().then_some(only)
}

fn refusals(view: View<'_>) -> u64 {
    view.counters.rejects.iter().sum()
}

/// What an advert for this virtual router says.
fn told(message: &Message, ours: Vrid) -> Option<(Priority, Centis)> {
    match message.told {
        Told::Advert { vrid, priority, interval } if vrid == ours => Some((priority, interval)),
        Told::Advert { .. } | Told::Noise => None,
    }
}

const fn interval(message: &Message) -> Option<Centis> {
    match message.told {
        Told::Advert { interval, .. } => Some(interval),
        Told::Noise => None,
    }
}

/// Whether the state that `report` tells lowers the priority of `config` against its opposite.
fn lowers(config: &Instance, report: &LinkReport) -> bool {
    let tracked = config.tracked_interfaces.iter();
    tracked.filter(|it| it.link == report.name).any(|it| {
        let (new, old) = (it.weight.contribution(report.up), it.weight.contribution(!report.up));
        if it.reverse { new > old } else { new < old }
    })
}

/// An address on the other side of `ours` than `theirs` is.
fn mirrored(theirs: IpAddr, ours: IpAddr) -> IpAddr {
    let above = theirs > ours;
    match Family::of(ours) {
        Family::V4 if above => IpAddr::V4(Ipv4Addr::new(10, 0, 0, 0)),
        Family::V4 => IpAddr::V4(Ipv4Addr::new(10, 0, 0, 255)),
        Family::V6 if above => IpAddr::V6(Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 1)),
        Family::V6 => IpAddr::V6(Ipv6Addr::new(0xfeff, 0, 0, 0, 0, 0, 0, 1)),
    }
}

/// `at` moved by a number of nanoseconds of either sign.
fn shift(at: Instant, by: i64) -> Instant {
    let span = Duration::from_nanos(by.unsigned_abs());
    if by < 0 { at - span } else { at + span }
}

fn nanos(span: Duration) -> i64 {
    i64::try_from(span.as_nanos()).unwrap_or(i64::MAX)
}

/// More than a router has to have been Active before it yields fast.
const SETTLED: Duration = Duration::from_secs(40);
