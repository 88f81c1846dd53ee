//! One virtual router: Initialize, Backup, Active (RFC 9568 §6.4), and the way out.
//!
//! An event and the time go in, a few actions come out. The deadline lives in the state: no state
//! can lack its timer and no timer can be stale. Effects come from leaving and entering a state,
//! in `promote`, `demote`, `leave` and `finish`, and nowhere else.

mod active;
mod backup;
mod burst;
mod handover;
mod leaving;

use std::net::IpAddr;
use std::time::Duration;

use arrayvec::ArrayVec;

use self::active::Active;
use self::backup::Backup;
use self::burst::{Burst, CLAIM_COPIES, TEACH_COPIES};
use self::handover::Handover;
use self::leaving::Leaving;
use super::timing::{active_down_interval, skew_time};
use crate::config::model::Preempt;
use crate::types::{Cause, Centis, Instant, Priority, Standing, Version};

/// What a machine is told once and at each reload.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Settings {
    /// The version it speaks.
    pub version: Version,
    /// Its own advertisement interval.
    pub interval: Centis,
    /// Whether a lower-priority Active Router is replaced.
    pub preempt: Preempt,
    /// Intervals of silence after which the Active Router is down, 1..=100.
    pub down_adverts: u8,
    /// An advert of lower priority is answered at once.
    pub answer_lower: bool,
    /// A better advert is answered once before yielding, even in the middle of a claim.
    pub answer_higher: bool,
    /// The interval that Backups are taught before we leave; `None` sends priority 0 alone.
    /// Shorter than `interval` where there is one.
    pub release: Option<Centis>,
    /// More than one Backup may follow a release.
    pub several: bool,
}

/// Something that happened to one virtual router.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Event {
    /// Everything it needs is there.
    Up {
        /// Why now.
        cause: Cause,
        /// The address its adverts come from, which decides between equal priorities.
        source: IpAddr,
    },
    /// It must not take part any more, and can still say so.
    Down(Cause),
    /// An Active Router has to leave because the rest of its sync group is not Active.
    Retreat(Cause),
    /// Its link is gone: it cannot say anything any more.
    Cut(Cause),
    /// A valid advert was received.
    Advert(Advert),
    /// Its effective priority changed.
    Priority(Priority),
    /// The kernel acknowledged that the addresses are gone.
    AddressesGone,
    /// [`Machine::deadline`] has passed. A spurious one is harmless.
    Timeout,
    /// Every member of its sync group [is ready](Machine::is_ready) or Active.
    Claim,
}

/// Whether a machine decides for itself.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Company {
    /// It does.
    #[default]
    Alone,
    /// It belongs to a sync group of which nobody is Active: they become so together.
    Held,
    /// It belongs to a sync group of which others are Active: it joins them, or they leave.
    Joining,
}

/// What the election needs of a valid advert.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Advert {
    /// The sender's priority.
    pub priority: Priority,
    /// The sender's interval.
    pub interval: Centis,
    /// The sender's address.
    pub source: IpAddr,
}

/// An effect, in the order in which it is to happen.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Action {
    /// Send an advert of this priority and interval.
    Advertise(Priority, Centis),
    /// The addresses are to be there.
    TakeAddresses,
    /// The addresses are to be gone; [`Event::AddressesGone`] is the answer.
    DropAddresses,
    /// Neighbours may have been told of another holder: tell them again.
    Announce,
    /// The state changed.
    Tell(Standing, Standing, Cause),
}

/// The effects of one event.
pub type Actions = ArrayVec<Action, 6>;

/// One virtual router's state.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Machine {
    settings: Settings,
    priority: Priority,
    source: Option<IpAddr>,
    company: Company,
    state: State,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum State {
    Initialize,
    Backup(Backup),
    Active(Active),
    Leaving(Leaving),
    /// Initialize, for one who listens to what became of its release.
    Watching(Handover),
}

impl Machine {
    /// A machine in Initialize.
    #[must_use]
    pub fn new(settings: Settings, priority: Priority) -> Self {
        Self { settings, priority, source: None, company: Company::Alone, state: State::Initialize }
    }

    /// Takes in an event; what is to be done about it comes back in order.
    pub fn handle(&mut self, event: Event, now: Instant) -> Actions {
        let mut actions = Actions::new();
        match event {
            Event::Down(_)
            | Event::Retreat(_)
            | Event::Advert(_)
            | Event::Priority(_)
            | Event::Timeout => {
                self.notice_stall(now, &mut actions);
            }
            Event::Up { .. } | Event::Cut(_) | Event::AddressesGone | Event::Claim => {}
        }
        match event {
            Event::Up { cause, source } => self.start(cause, source, now, &mut actions),
            Event::Down(cause) => self.down(cause, now, &mut actions),
            Event::Retreat(cause) => self.retreat(cause, now, &mut actions),
            Event::Cut(cause) => self.cut(cause, &mut actions),
            Event::Advert(advert) => self.hear(advert, now, &mut actions),
            Event::Priority(priority) => self.reprioritise(priority, now, &mut actions),
            Event::AddressesGone => self.addresses_gone(now, &mut actions),
            Event::Timeout => self.expire(now, &mut actions),
            Event::Claim => self.claim(now, &mut actions),
        }
        self.check_invariants();
        actions
    }

    /// Replaces the settings. A running election goes on: an Active Router advertises at once so
    /// that its Backups learn a new interval, a Backup keeps its timer unless it ran on our own
    /// interval and that changed.
    pub fn reconfigure(&mut self, settings: Settings, now: Instant) -> Actions {
        let mut actions = Actions::new();
        if self.settings == settings {
            return actions;
        }
        self.notice_stall(now, &mut actions);
        self.settings = settings;
        let down = self.down_interval(settings.interval);
        match &mut self.state {
            State::Backup(backup) => {
                let learned = settings.version == Version::V3 && backup.heard.is_some();
                if !learned && backup.interval != settings.interval {
                    backup.interval = settings.interval;
                    backup.active_down = now + down;
                }
            }
            State::Active(active) => {
                let known = active.taught;
                self.teach(known, TEACH_COPIES, now, &mut actions);
            }
            State::Leaving(leaving) if settings.release.is_none() => leaving.hush(now),
            State::Initialize | State::Leaving(_) | State::Watching(_) => {}
        }
        actions
    }

    /// Tells the interval to be taught on leaving, and whether several may follow; both depend on
    /// which peers are known.
    pub fn set_release(&mut self, release: Option<Centis>, several: bool) {
        self.settings.release = release;
        self.settings.several = several;
    }

    /// The address that adverts come from changed.
    pub fn set_source(&mut self, source: IpAddr) {
        self.source = Some(source);
    }

    /// What the rest of its sync group does.
    pub fn set_company(&mut self, company: Company) {
        self.company = company;
    }

    /// What it was told of the rest of its sync group.
    #[must_use]
    pub fn company(&self) -> Company {
        self.company
    }

    /// Whether it would be Active by now if it were alone.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        match &self.state {
            State::Backup(backup) => backup.ready,
            State::Initialize | State::Active(_) | State::Leaving(_) | State::Watching(_) => false,
        }
    }

    /// When a Backup last accepted an advert.
    #[must_use]
    pub fn heard(&self) -> Option<Instant> {
        match &self.state {
            State::Backup(backup) => backup.heard,
            State::Initialize | State::Active(_) | State::Leaving(_) | State::Watching(_) => None,
        }
    }

    /// When [`Event::Timeout`] is due.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        match &self.state {
            State::Initialize => None,
            State::Backup(backup) => Some(backup.active_down),
            State::Active(active) => Some(active.next_advert),
            State::Leaving(leaving) => Some(leaving.deadline()),
            State::Watching(handover) => Some(handover.until),
        }
    }

    /// The state as the operator sees it.
    #[must_use]
    pub fn standing(&self) -> Standing {
        match self.state {
            State::Initialize | State::Watching(_) => Standing::Initialize,
            State::Backup(_) => Standing::Backup,
            State::Active(_) => Standing::Active,
            State::Leaving(_) => Standing::Leaving,
        }
    }

    /// Whether it takes no part in the election, but still listens to what became of its release.
    #[must_use]
    pub fn is_watching(&self) -> bool {
        matches!(self.state, State::Watching(_))
    }

    /// Whether an advert of this priority that comes from our address may be one of ours that came
    /// back. Two routers that were given one address by mistake still hear each other's others.
    #[must_use]
    pub fn may_have_said(&self, priority: Priority) -> bool {
        let said = match &self.state {
            State::Initialize | State::Backup(_) => false,
            State::Active(active) => {
                let old = active.burst.map(Burst::old);
                priority == self.priority || old == Some(priority)
            }
            State::Leaving(_) => priority == self.priority,
            State::Watching(_) => true,
        };
        said || priority.is_release()
    }

    /// The effective priority.
    #[must_use]
    pub fn priority(&self) -> Priority {
        self.priority
    }

    /// The interval by which the down timer of a Backup runs: learned, or our own.
    #[must_use]
    pub fn active_interval(&self) -> Centis {
        match &self.state {
            State::Backup(backup) => backup.interval,
            State::Initialize | State::Active(_) | State::Leaving(_) | State::Watching(_) => {
                self.settings.interval
            }
        }
    }

    /// How long a Backup hears nothing before it takes the Active Router for dead.
    #[must_use]
    pub fn active_down_interval(&self) -> Duration {
        self.down_interval(self.active_interval())
    }

    //= https://www.rfc-editor.org/rfc/rfc9568#section-6.4.1
    //# If a Startup event is received
    fn start(&mut self, cause: Cause, source: IpAddr, now: Instant, actions: &mut Actions) {
        self.source = Some(source);
        if self.standing() != Standing::Initialize {
            return;
        }
        let interval = self.settings.interval;
        let backup = match (self.priority.is_owner(), self.company) {
            (true, Company::Alone) => {
                return self.promote(Standing::Initialize, interval, Cause::Owner, now, actions);
            }
            (true, Company::Held | Company::Joining) => Backup::owner(interval, now),
            (false, _) => Backup::new(now + self.down_interval(interval), interval, None),
        };
        self.state = State::Backup(backup);
        actions.push(Action::Tell(Standing::Initialize, Standing::Backup, cause));
    }

    //= https://www.rfc-editor.org/rfc/rfc9568#section-6.4.2
    //# If a Shutdown event is received
    fn down(&mut self, cause: Cause, now: Instant, actions: &mut Actions) {
        match self.state {
            State::Initialize | State::Leaving(_) | State::Watching(_) => {}
            State::Backup(_) => {
                self.state = State::Initialize;
                actions.push(Action::Tell(Standing::Backup, Standing::Initialize, cause));
            }
            State::Active(_) => self.leave(cause, now, actions),
        }
    }

    fn retreat(&mut self, cause: Cause, now: Instant, actions: &mut Actions) {
        if let State::Active(_) = self.state {
            self.leave(cause, now, actions);
        }
    }

    fn cut(&mut self, cause: Cause, actions: &mut Actions) {
        let from = self.standing();
        match from {
            Standing::Initialize => {
                self.state = State::Initialize;
                return;
            }
            // A leaving router has dropped them already.
            Standing::Backup | Standing::Leaving => {}
            Standing::Active => actions.push(Action::DropAddresses),
        }
        self.state = State::Initialize;
        actions.push(Action::Tell(from, Standing::Initialize, cause));
    }

    fn hear(&mut self, advert: Advert, now: Instant, actions: &mut Actions) {
        match &mut self.state {
            State::Initialize => {}
            State::Backup(_) => self.hear_as_backup(advert, now),
            State::Active(_) => self.hear_as_active(advert, now, actions),
            State::Leaving(_) => self.hear_as_leaving(advert, now),
            State::Watching(handover) => handover.hear(advert, now),
        }
    }

    fn expire(&mut self, now: Instant, actions: &mut Actions) {
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return;
        }
        let interval = self.settings.interval;
        match &mut self.state {
            State::Initialize => {}
            State::Backup(_) => self.expire_as_backup(now, actions),
            State::Active(_) => self.advertise_on_time(now, actions),
            State::Leaving(_) => self.expire_as_leaving(now, actions),
            State::Watching(handover) => {
                if handover.expire(interval, now, actions) {
                    self.state = State::Initialize;
                }
            }
        }
    }

    fn reprioritise(&mut self, priority: Priority, now: Instant, actions: &mut Actions) {
        let old = std::mem::replace(&mut self.priority, priority);
        let version = self.settings.version;
        match &mut self.state {
            State::Backup(backup) => {
                // The down timer runs on, with the skew of the new priority.
                let skew = |priority| skew_time(version, priority, backup.interval);
                backup.active_down = backup.active_down - skew(old) + skew(priority);
            }
            State::Active(_) if priority < old => self.yield_fast(old, now, actions),
            State::Active(_) | State::Initialize | State::Leaving(_) | State::Watching(_) => {}
        }
    }

    /// Enters Active, where Backups `know` this interval.
    fn promote(
        &mut self,
        from: Standing,
        know: Centis,
        cause: Cause,
        now: Instant,
        actions: &mut Actions,
    ) {
        self.state = State::Active(Active::new(self.settings.interval, now));
        self.teach(know, CLAIM_COPIES, now, actions);
        actions.push(Action::TakeAddresses);
        actions.push(Action::Tell(from, Standing::Active, cause));
    }

    /// Leaves Active for Backup, because another router is or may be Active.
    fn demote(&mut self, backup: Backup, cause: Cause, actions: &mut Actions) {
        self.state = State::Backup(backup);
        actions.push(Action::DropAddresses);
        actions.push(Action::Tell(Standing::Active, Standing::Backup, cause));
    }

    /// Active_Down_Interval at this interval of the Active Router.
    fn down_interval(&self, interval: Centis) -> Duration {
        let Settings { version, down_adverts, .. } = self.settings;
        active_down_interval(version, self.priority, interval, down_adverts)
    }

    fn check_invariants(&self) {
        debug_assert!(self.priority != Priority::RELEASE, "0 is never a router's own priority");
        debug_assert!(
            self.settings.release.is_none_or(|short| short < self.settings.interval),
            "a release interval is shorter than the configured one"
        );
        debug_assert!(
            self.state == State::Initialize || self.source.is_some(),
            "a running machine has a source address"
        );
    }
}

/// How far apart the copies of an advert are that must not be lost.
const COPY_GAP: Duration = Duration::from_micros(300);
