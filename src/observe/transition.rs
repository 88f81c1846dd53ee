//! A change of an instance's state as one line of the log.

use std::fmt;

use tracing::field::display;
use tracing::info;

use crate::types::{
    Cause, Fault, GroupTransition, Occasion, Outranked, Reprioritised, Standing, TrackerId,
    Transition,
};

/// What a tracker is called and what is the matter with it, in words: `script chk (exited with
/// status 1)`.
pub trait Trackers {
    /// In words.
    fn describe(&self, tracker: TrackerId) -> String;
}

/// Writes `transition` of the instance called `name` into the log; `member` is the name of the
/// instance that [`Cause::member`] tells.
///
/// The message is keepalived's where it has one, because tools look for it; cause and evidence
/// stand in the fields.
pub fn log(name: &str, transition: &Transition, trackers: &impl Trackers, member: Option<&str>) {
    let member = member.map(|member| format!("sync group member {member}"));
    let about = about(&transition.cause).map(|tracker| trackers.describe(tracker)).or(member);
    let about = about.as_deref().unwrap_or("?");
    let evidence = Evidence::of(&transition.cause, about).map(display);
    info!(
        instance = name,
        from = state(transition.from),
        to = state(transition.to),
        priority = transition.priority.get(),
        cause = cause(&transition.cause),
        evidence,
        "{}",
        Message(name, transition, about)
    );
}

/// Writes what became of the sync group called `name` into the log, in keepalived's words.
pub fn log_group(name: &str, transition: &GroupTransition) {
    let state = match transition.to {
        Standing::Active => "MASTER",
        Standing::Backup => "BACKUP",
        Standing::Initialize | Standing::Leaving => "FAULT",
    };
    info!(group = name, "VRRP_Group({name}) Syncing instances to {state} state");
}

/// Writes the new priority of the instance called `name` into the log, in keepalived's words.
pub fn log_priority(name: &str, change: &Reprioritised, trackers: &impl Trackers) {
    let Reprioritised { from, to, occasion, .. } = change;
    let because = match occasion {
        Occasion::Own => None,
        Occasion::Link(link) => Some(format!("interface {link}")),
        Occasion::Tracker(tracker, _) => Some(trackers.describe(*tracker)),
    };
    info!(
        instance = name,
        priority = to.get(),
        because,
        "({name}) Changing effective priority from {from} to {to}"
    );
}

/// The tracker that a cause is about.
const fn about(cause: &Cause) -> Option<TrackerId> {
    match cause {
        Cause::Fault(Fault::Tracked(tracker) | Fault::Untold(tracker)) => Some(*tracker),
        Cause::Fault(
            Fault::LinkMissing(_)
            | Fault::LinkDown(_)
            | Fault::LinkUp(_)
            | Fault::NoSource(_)
            | Fault::Tentative(_)
            | Fault::SourceMissing(_)
            | Fault::Deaf(_)
            | Fault::Member(_),
        )
        | Cause::Member(_)
        | Cause::Started
        | Cause::Owner
        | Cause::Silence { .. }
        | Cause::Released { .. }
        | Cause::Preempted { .. }
        | Cause::HigherPriority { .. }
        | Cause::HigherAddress { .. }
        | Cause::Recovered
        | Cause::Stalled { .. }
        | Cause::Removed
        | Cause::Stopped
        | Cause::Left => None,
    }
}

/// Writes into the log that somebody of lower priority advertises too.
pub fn log_outranked(name: &str, outranked: &Outranked) {
    let Outranked { peer, theirs, ours, .. } = outranked;
    info!(
        instance = name,
        "({name}) Received advert from {peer} with lower priority {theirs}, ours {ours}, forcing \
         new election"
    );
}

/// keepalived's words for what happened.
struct Message<'a>(&'a str, &'a Transition, &'a str);

impl fmt::Display for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(name, transition, about) = self;
        match (transition.to, &transition.cause) {
            (Standing::Active, _) => write!(f, "({name}) Entering MASTER STATE"),
            (Standing::Backup, Cause::Started) => {
                write!(f, "({name}) Entering BACKUP STATE (init)")
            }
            (Standing::Backup, _) => write!(f, "({name}) Entering BACKUP STATE"),
            (Standing::Initialize | Standing::Leaving, Cause::Fault(fault)) => {
                write!(f, "({name}) Entering FAULT STATE ({})", Missing(fault, about))
            }
            (Standing::Initialize, Cause::Left) => write!(f, "({name}) The addresses are gone"),
            (Standing::Initialize, Cause::Removed) => {
                write!(f, "({name}) Removed from the configuration")
            }
            (Standing::Initialize, _) => write!(f, "({name}) Stopped"),
            (Standing::Leaving, _) => write!(f, "({name}) Giving up the addresses"),
        }
    }
}

/// What a fault is about, in keepalived's words.
struct Missing<'a>(&'a Fault, &'a str);

impl fmt::Display for Missing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Fault::LinkMissing(link) => write!(f, "interface {link} missing"),
            Fault::LinkDown(link) => write!(f, "interface {link} down"),
            Fault::LinkUp(link) => write!(f, "interface {link} up"),
            Fault::NoSource(link) => write!(f, "no address on {link} to send from"),
            Fault::Tentative(link) => write!(f, "address of {link} still tentative"),
            Fault::SourceMissing(source) => write!(f, "src address not configured: {source}"),
            Fault::Deaf(link) => write!(f, "adverts cannot be received on {link}"),
            Fault::Tracked(_) => f.write_str(self.1),
            Fault::Untold(_) => write!(f, "{} is not known yet", self.1),
            Fault::Member(_) => write!(f, "{}", self.1),
        }
    }
}

/// What the cause was concluded from.
struct Evidence<'a>(&'a Cause, &'a str);

impl<'a> Evidence<'a> {
    /// `None` where there is nothing to say beyond the cause's name and the message.
    const fn of(cause: &'a Cause, about: &'a str) -> Option<Self> {
        match cause {
            Cause::Started
            | Cause::Owner
            | Cause::Recovered
            | Cause::Removed
            | Cause::Stopped
            | Cause::Left => None,
            Cause::Silence { .. }
            | Cause::Released { .. }
            | Cause::Preempted { .. }
            | Cause::HigherPriority { .. }
            | Cause::HigherAddress { .. }
            | Cause::Fault(_)
            | Cause::Member(_)
            | Cause::Stalled { .. } => Some(Self(cause, about)),
        }
    }
}

impl fmt::Display for Evidence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Cause::Started
            | Cause::Owner
            | Cause::Recovered
            | Cause::Removed
            | Cause::Stopped
            | Cause::Left => Ok(()),
            Cause::Silence { silence: None } => f.write_str("no advert was heard"),
            Cause::Silence { silence: Some(silence) } => {
                write!(f, "last advert {} ms ago", silence.as_millis())
            }
            Cause::Released { peer } => write!(f, "{peer} sent priority 0"),
            Cause::Preempted { peer, theirs } | Cause::HigherPriority { peer, theirs } => {
                write!(f, "{peer} has priority {theirs}")
            }
            Cause::HigherAddress { peer } => write!(f, "{peer} has the same priority"),
            Cause::Fault(fault) => Missing(fault, self.1).fmt(f),
            Cause::Member(_) => write!(f, "{}", self.1),
            Cause::Stalled { lasted } => {
                write!(f, "stood still: no advert for {} ms", lasted.as_millis())
            }
        }
    }
}

/// The name of a state.
fn state(standing: Standing) -> &'static str {
    match standing {
        Standing::Initialize => "Initialize",
        Standing::Backup => "Backup",
        Standing::Active => "Active",
        Standing::Leaving => "Leaving",
    }
}

/// The name of a cause.
fn cause(cause: &Cause) -> &'static str {
    match cause {
        Cause::Started => "started",
        Cause::Owner => "owner",
        Cause::Silence { .. } => "silence",
        Cause::Released { .. } => "released",
        Cause::Preempted { .. } => "preempted",
        Cause::HigherPriority { .. } => "higher_priority",
        Cause::HigherAddress { .. } => "higher_address",
        Cause::Fault(Fault::LinkMissing(_)) => "link_missing",
        Cause::Fault(Fault::LinkDown(_)) => "link_down",
        Cause::Fault(Fault::LinkUp(_)) => "link_up",
        Cause::Fault(Fault::Tracked(_)) => "tracked",
        Cause::Fault(Fault::Untold(_)) => "untold",
        Cause::Fault(Fault::Member(_)) => "member_fault",
        Cause::Member(_) => "member",
        Cause::Fault(Fault::NoSource(_)) => "no_source",
        Cause::Fault(Fault::Tentative(_)) => "tentative",
        Cause::Fault(Fault::SourceMissing(_)) => "source_missing",
        Cause::Fault(Fault::Deaf(_)) => "deaf",
        Cause::Recovered => "recovered",
        Cause::Stalled { .. } => "stalled",
        Cause::Removed => "removed",
        Cause::Stopped => "stopped",
        Cause::Left => "left",
    }
}

#[cfg(test)]
mod tests {
    use crate::types::{Instant, LinkName, Priority, Slot};

    use super::*;

    fn message(to: Standing, cause: Cause) -> String {
        let transition = Transition {
            slot: Slot::new(0).unwrap(),
            at: Instant::default(),
            from: Standing::Backup,
            to,
            priority: Priority::DEFAULT,
            cause,
        };
        Message("VI_1", &transition, "script chk (exited with status 3)").to_string()
    }

    #[test]
    fn the_lines_that_tools_look_for_are_keepaliveds() {
        let silence = Cause::Silence { silence: None };
        assert_eq!(message(Standing::Active, silence), "(VI_1) Entering MASTER STATE");
        assert_eq!(
            message(Standing::Backup, Cause::Started),
            "(VI_1) Entering BACKUP STATE (init)"
        );
        assert_eq!(message(Standing::Backup, Cause::Recovered), "(VI_1) Entering BACKUP STATE");
        let fault = Cause::Fault(Fault::LinkDown(LinkName::new("eth0").unwrap()));
        assert_eq!(
            message(Standing::Initialize, fault),
            "(VI_1) Entering FAULT STATE (interface eth0 down)"
        );
        assert_eq!(
            message(Standing::Leaving, fault),
            "(VI_1) Entering FAULT STATE (interface eth0 down)",
            "an Active instance is at fault from now on, not only when it has left"
        );
        let fault = Cause::Fault(Fault::Tracked(TrackerId::new(0).unwrap()));
        assert_eq!(
            message(Standing::Leaving, fault),
            "(VI_1) Entering FAULT STATE (script chk (exited with status 3))",
        );
    }
}
