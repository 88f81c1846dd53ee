//! A change of an instance's state as one line of the log.

use std::fmt;

use tracing::field::display;
use tracing::info;

use crate::types::{Cause, Fault, Standing, Transition};

/// Writes `transition` of the instance called `name` into the log.
///
/// The message is keepalived's where it has one, because tools look for it; cause and evidence
/// stand in the fields.
pub fn log(name: &str, transition: &Transition) {
    let evidence = Evidence::of(&transition.cause).map(display);
    info!(
        instance = name,
        from = state(transition.from),
        to = state(transition.to),
        priority = transition.priority.get(),
        cause = cause(&transition.cause),
        evidence,
        "{}",
        Message(name, transition)
    );
}

/// keepalived's words for what happened.
struct Message<'a>(&'a str, &'a Transition);

impl fmt::Display for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(name, transition) = self;
        match (transition.to, &transition.cause) {
            (Standing::Active, _) => write!(f, "({name}) Entering MASTER STATE"),
            (Standing::Backup, Cause::Started) => {
                write!(f, "({name}) Entering BACKUP STATE (init)")
            }
            (Standing::Backup, _) => write!(f, "({name}) Entering BACKUP STATE"),
            (Standing::Initialize | Standing::Leaving, Cause::Fault(fault)) => {
                write!(f, "({name}) Entering FAULT STATE ({})", Missing(fault))
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
struct Missing<'a>(&'a Fault);

impl fmt::Display for Missing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Fault::LinkMissing(link) => write!(f, "interface {link} missing"),
            Fault::LinkDown(link) => write!(f, "interface {link} down"),
            Fault::NoSource(link) => write!(f, "no address on {link} to send from"),
            Fault::Tentative(link) => write!(f, "address of {link} still tentative"),
            Fault::SourceMissing(source) => write!(f, "src address not configured: {source}"),
            Fault::Deaf(link) => write!(f, "adverts cannot be received on {link}"),
        }
    }
}

/// What the cause was concluded from.
struct Evidence<'a>(&'a Cause);

impl<'a> Evidence<'a> {
    /// `None` where there is nothing to say beyond the cause's name and the message.
    const fn of(cause: &'a Cause) -> Option<Self> {
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
            | Cause::Stalled { .. } => Some(Self(cause)),
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
            Cause::Fault(fault) => Missing(fault).fmt(f),
            Cause::Stalled { lasted } => write!(f, "stood still for {} ms", lasted.as_millis()),
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
        Message("VI_1", &transition).to_string()
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
    }
}
