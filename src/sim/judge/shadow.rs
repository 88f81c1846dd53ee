//! One instance of one node as it should be.

use std::net::IpAddr;
use std::time::Duration;

use crate::config::model::{Instance, Preempt};
use crate::types::{Cause, Instant, Priority, Standing, Transition, Vrid};
use crate::vrrp::View;
use crate::vrrp::machine::Advert;

use super::super::effect::Stimulus;
use super::super::host::LATENESS;
use super::super::packet::{Message, Told};
use super::super::rule::Rule;
use super::farewell::Farewell;
use super::holding::{Holding, Pace, Sent};
use super::listening::Listening;
use super::merit::{Known, Standby};
use super::{Finding, Turn};

/// What an instance should be.
#[derive(Clone, Debug)]
pub(super) struct Shadow {
    config: Instance,
    priority: Priority,
    source: Option<IpAddr>,
    phase: Phase,
    desired: bool,
    /// The configuration does not name it any more.
    pub(super) removed: bool,
    /// The priority before the last that it was given.
    before: Priority,
    /// Since when it is Active, or was when it last was: by its own clock, and by the world's.
    held_since: Option<(Instant, Instant)>,
    pace: Pace,
    announced: Pace,
    /// What this turn has to make of it.
    due: Option<Due>,
}

#[derive(Clone, Debug)]
enum Phase {
    Initialize(Option<Farewell>),
    Backup(Listening),
    Active(Holding),
    Leaving {
        since: Instant,
        /// A better Active Router was heard.
        silenced: bool,
        released: bool,
    },
}

/// What a turn has to make of an instance.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Due {
    /// It yields to this advert.
    Yield(Advert),
    /// It stays Active.
    Stay(Priority),
    /// It claims.
    Claim,
    /// It stood still: it listens, first of all to this advert.
    Listen(Option<Advert>),
}

impl Shadow {
    pub(super) fn new(config: &Instance) -> Self {
        Self {
            config: config.clone(),
            priority: config.priority,
            source: None,
            phase: Phase::Initialize(None),
            desired: false,
            removed: false,
            before: config.priority,
            held_since: None,
            pace: Pace::default(),
            announced: Pace::default(),
            due: None,
        }
    }

    pub(super) const fn vrid(&self) -> Vrid {
        self.config.vrid
    }

    pub(super) const fn standing(&self) -> Standing {
        match self.phase {
            Phase::Initialize(_) => Standing::Initialize,
            Phase::Backup(_) => Standing::Backup,
            Phase::Active(_) => Standing::Active,
            Phase::Leaving { .. } => Standing::Leaving,
        }
    }

    pub(super) const fn active_since(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Active(holding) => Some(holding.since),
            Phase::Initialize(_) | Phase::Backup(_) | Phase::Leaving { .. } => None,
        }
    }

    /// Whether an advert for it may change anything.
    pub(super) fn listens(&self, now: Instant) -> bool {
        match &self.phase {
            Phase::Initialize(farewell) => farewell.as_ref().is_some_and(|it| it.listens(now)),
            Phase::Backup(_) | Phase::Active(_) | Phase::Leaving { .. } => true,
        }
    }

    pub(super) const fn was_active(&self) -> Option<(Instant, Instant)> {
        self.held_since
    }

    /// By the world's clock it is Active from now on.
    pub(super) fn begin_active(&mut self, at: Instant) {
        self.held_since = self.active_since().map(|own| (own, at));
    }

    pub(super) fn reconfigure(&mut self, new: &Instance, now: Instant) {
        let old = std::mem::replace(&mut self.config, new.clone());
        if let Phase::Backup(listening) = &mut self.phase {
            listening.reconfigured(&old, new, self.priority, now);
        }
    }

    /// An advert for it arrives.
    pub(super) fn hear(&mut self, advert: Advert, now: Instant) {
        let (priority, source) = (self.priority, self.source);
        match &mut self.phase {
            Phase::Active(holding) if holding.is_stale(&self.config, now) => {
                self.due = Some(Due::Listen(Some(advert)));
            }
            Phase::Initialize(farewell) => {
                if let Some(farewell) = farewell {
                    farewell.hear(advert);
                }
            }
            Phase::Backup(listening) => listening.hear(&self.config, priority, advert, now),
            Phase::Active(_) => {
                let theirs = (advert.priority, Some(advert.source));
                let better = theirs > (priority, source);
                self.due =
                    Some(if better { Due::Yield(advert) } else { Due::Stay(advert.priority) });
            }
            Phase::Leaving { silenced, .. } => {
                *silenced |= (advert.priority, Some(advert.source)) > (priority, source);
            }
        }
    }

    /// The node looks at its timers.
    pub(super) fn expire(&mut self, now: Instant) {
        if let Phase::Active(holding) = &self.phase
            && holding.is_stale(&self.config, now)
        {
            self.due = Some(Due::Listen(None));
        }
        if let Phase::Backup(listening) = &mut self.phase
            && listening.deadline <= now
        {
            if now.since(listening.deadline) > listening.interval.duration() {
                listening.listen_again(&self.config, self.priority, now);
            } else {
                self.due = Some(Due::Claim);
            }
        }
    }

    /// It is not late for anything.
    pub(super) fn check_clock(&self, awake_since: Instant, now: Instant) -> Finding {
        match &self.phase {
            Phase::Initialize(_) => Ok(()),
            Phase::Backup(listening) => {
                let deadline = listening.deadline.max(awake_since).max(listening.moved_at);
                if now <= deadline + LATENESS {
                    return Ok(());
                }
                let late = now.since(deadline);
                Err((Rule::LateClaim, format!("should have claimed {late:?} ago")))
            }
            Phase::Active(holding) => holding.check_punctual(awake_since, now),
            Phase::Leaving { since, .. } => {
                let lasted = now.since((*since).max(awake_since));
                if lasted <= LEAVING {
                    return Ok(());
                }
                Err((Rule::LeavingEnds, format!("has been leaving for {lasted:?}")))
            }
        }
    }

    /// What it advertises is the priority that it has; a fast yield begins with the one before.
    pub(super) fn check_priority(&self, message: &Message, known: &Known) -> Finding {
        let Told::Advert { priority, interval, .. } = message.told else {
            return Ok(());
        };
        let own = known.priority(&self.config);
        let reminds = matches!(self.phase, Phase::Initialize(Some(_)));
        let teaches = priority == self.before && interval < self.config.interval;
        let changes = priority == self.priority && own != self.priority;
        if priority.is_release() || priority == own || reminds || teaches || changes {
            return Ok(());
        }
        Err((Rule::Priority, format!("advertises priority {priority}, has {own}")))
    }

    /// It sends `message`, on the way to the state `next` if it changes.
    pub(super) fn transmit(
        &mut self,
        message: &Message,
        next: Option<Standing>,
        awake_since: Instant,
        turn: Turn<'_>,
    ) -> Finding {
        let now = turn.now;
        let Told::Advert { priority, interval, .. } = message.told else {
            return Err((Rule::Silence, "sends what is no advert".to_owned()));
        };
        self.pace.count(now)?;
        let sent = Sent {
            priority,
            interval,
            on_time: matches!(turn.stimulus, Stimulus::Timeout),
            awake_since,
        };
        match &mut self.phase {
            Phase::Active(_) if next.is_some() => Ok(()), // its last word, or a lesson
            Phase::Active(holding) if !priority.is_release() => {
                holding.advertise(&self.config, sent, now)
            }
            Phase::Leaving { since, released, .. } => {
                if !priority.is_release() {
                    return Ok(());
                }
                *released = true;
                let since = *since;
                let mut held = self.config.held();
                match held.find(|address| turn.host.find(address.ip).is_some()) {
                    Some(address) if now.since(since) < PATIENCE => {
                        let what = format!("releases while it holds {}", address.ip);
                        Err((Rule::ReleaseAfterRemoval, what))
                    }
                    Some(_) | None => Ok(()),
                }
            }
            Phase::Initialize(_) | Phase::Backup(_) if next == Some(Standing::Active) => Ok(()),
            Phase::Initialize(Some(farewell)) => farewell.remind(priority, now),
            Phase::Initialize(None) | Phase::Backup(_) | Phase::Active(_) => {
                let standing = self.standing();
                let what = format!("sends priority {priority} in {standing:?}");
                Err((Rule::Silence, what))
            }
        }
    }

    /// It tells the neighbours again.
    pub(super) fn announce(&mut self, turn: Turn<'_>) -> Finding {
        self.announced.count(turn.now)
    }

    pub(super) const fn desire(&mut self, present: bool) {
        self.desired = present;
    }

    /// It tells that its state changed.
    pub(super) fn tell(&mut self, told: &Transition, now: Instant) -> Finding {
        let before = self.standing();
        if told.from != before {
            let what = format!("tells a change from {:?}, was in {before:?}", told.from);
            return Err((Rule::Told, what));
        }
        let (config, priority) = (&self.config, told.priority);
        let next = match (&self.phase, told.to) {
            (Phase::Initialize(_), Standing::Initialize) => Phase::Initialize(None),
            (Phase::Initialize(_), Standing::Backup) => {
                Phase::Backup(Listening::afresh(config, priority, now))
            }
            (Phase::Initialize(_), Standing::Active) if priority.is_owner() => {
                Phase::Active(Holding::new(config, priority, now))
            }
            (Phase::Backup(listening), Standing::Active) => {
                check_claim(config, listening, now)?;
                Phase::Active(Holding::new(config, priority, now))
            }
            (Phase::Active(_), Standing::Backup) => match (told.cause, self.due) {
                (Cause::Stalled { .. }, due) => {
                    let mut listening = Listening::stalled(config, priority, now);
                    if let Some(Due::Listen(Some(advert))) = due {
                        listening.hear(config, priority, advert, now);
                    }
                    Phase::Backup(listening)
                }
                (_, Some(Due::Yield(better))) => {
                    Phase::Backup(Listening::yielded(config, priority, better, now))
                }
                (_, due) => {
                    let what = format!("yields though it should do otherwise: {due:?}");
                    return Err((Rule::Yielding, what));
                }
            },
            (Phase::Active(_), Standing::Leaving) => {
                Phase::Leaving { since: now, silenced: false, released: false }
            }
            (Phase::Leaving { silenced, released, .. }, Standing::Initialize) => {
                if told.cause == Cause::Left && !silenced && !released {
                    return Err((Rule::ReleaseSent, "left without priority 0".to_owned()));
                }
                Phase::Initialize(released.then(|| Farewell::new(now)))
            }
            (Phase::Backup(_) | Phase::Active(_), Standing::Initialize) => Phase::Initialize(None),
            (_, to) => {
                let what = format!("goes from {before:?} to {to:?}");
                return Err((Rule::Told, what));
            }
        };
        self.phase = next;
        self.priority = priority;
        if told.to != Standing::Initialize {
            self.due = match (self.due, told.to) {
                (Some(Due::Claim), Standing::Active) => None,
                (Some(Due::Yield(_)), Standing::Backup) => None,
                (due, _) => due,
            };
        }
        Ok(())
    }

    /// At the end of a turn, it is what the router says that it is.
    pub(super) fn compare(&mut self, view: View<'_>, known: &Known, now: Instant) -> Finding {
        let standing = self.standing();
        let own = known.priority(&self.config);
        if view.priority != own {
            let what = format!("goes into the election with {}, not with {own}", view.priority);
            return Err((Rule::Priority, what));
        }
        let standby = match known.standby(&self.config) {
            _ if self.removed || known.stopping => Standby::Fault,
            standby @ (Standby::No | Standby::Wait | Standby::Fault) => standby,
        };
        match (standby, standing) {
            (Standby::Fault, Standing::Backup | Standing::Active) => {
                return Err((Rule::Fault, format!("takes part with a fault, in {standing:?}")));
            }
            (Standby::No, Standing::Initialize) => {
                return Err((Rule::Fault, "stands aside without a fault".to_owned()));
            }
            (Standby::No | Standby::Wait, _) | (Standby::Fault, _) => {}
        }
        if view.standing != standing {
            let what = format!("is in {:?} but told {standing:?}", view.standing);
            return Err((Rule::Told, what));
        }
        if self.desired != (standing == Standing::Active) {
            let wish = if self.desired { "wants" } else { "does not want" };
            let what = format!("{wish} its addresses in {standing:?}");
            return Err((Rule::Desired, what));
        }
        match (self.due.take(), standing) {
            (Some(Due::Claim), Standing::Backup) => {
                return Err((Rule::LateClaim, "does not claim when it should".to_owned()));
            }
            (Some(Due::Yield(better)), Standing::Active) => {
                let Advert { priority, source, .. } = better;
                let what = format!("does not yield to {priority} of {source}");
                return Err((Rule::Yielding, what));
            }
            (Some(Due::Listen(_)), Standing::Active) => {
                let what = "goes on although it stood still".to_owned();
                return Err((Rule::Stall, what));
            }
            (Some(Due::Stay(theirs)), Standing::Backup) => {
                return Err((Rule::Yielding, format!("yields to priority {theirs}")));
            }
            (Some(_), _) | (None, _) => {}
        }
        let old = std::mem::replace(&mut self.priority, view.priority);
        if old != view.priority {
            self.before = old;
        }
        if let Phase::Backup(listening) = &mut self.phase
            && old != view.priority
        {
            listening.reprioritised(&self.config, old, view.priority, now);
        }
        self.source = view.source;
        Ok(())
    }
}

/// A Backup claims no earlier than it may, and not after it was away.
fn check_claim(config: &Instance, listening: &Listening, now: Instant) -> Finding {
    let Listening { deadline, interval, below, .. } = *listening;
    if now < deadline {
        let early = deadline.since(now);
        let waits = config.preempt == Preempt::No && !config.priority.is_owner();
        let rule = if waits && below { Rule::Nopreempt } else { Rule::EarlyClaim };
        return Err((rule, format!("claims {early:?} too early")));
    }
    if now.since(deadline) > interval.duration() {
        let what = "claims after it was away for long".to_owned();
        return Err((Rule::Stall, what));
    }
    Ok(())
}

/// How long priority 0 waits for the kernel.
const PATIENCE: Duration = Duration::from_millis(30);
/// How long leaving takes at most: the wait for the kernel, two copies, and waking late thrice.
pub(in crate::sim) const LEAVING: Duration = Duration::from_millis(37);
