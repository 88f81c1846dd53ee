//! What happened to whom, and how keepalived's programs are told.

use std::fmt;
use std::sync::Arc;

use crate::config::model::{Deletion, Hooks};
use crate::types::{Priority, Program};

/// Something that happened.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Event {
    /// To whom.
    pub subject: Subject,
    /// Whom it tells of it.
    pub hooks: Arc<Hooks>,
    /// What.
    pub what: What,
    /// Its effective priority then; that of a group is 0.
    pub priority: Priority,
}

/// To whom something happens.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Subject {
    /// An instance, by name.
    Instance(Arc<str>),
    /// A sync group, by name.
    Group(Arc<str>),
}

/// What happens.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum What {
    /// Its state is this now.
    State(State),
    /// It is Active and heard an advert of lower priority.
    Outranking,
    /// Its priority changed in this state.
    Priority(State),
    /// Its state is still this; for the pipes alone.
    Still(State),
}

/// A state in the sense of those who are told.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum State {
    /// It holds the addresses.
    Active,
    /// It listens.
    Backup,
    /// It lacks something.
    Fault,
    /// The daemon ends.
    Stop,
    /// The configuration has it no more.
    Deleted,
}

impl State {
    /// keepalived's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Active => "MASTER",
            Self::Backup => "BACKUP",
            Self::Fault => "FAULT",
            Self::Stop => "STOP",
            Self::Deleted => "DELETED",
        }
    }
}

impl Subject {
    /// keepalived's word for its kind.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Instance(_) => "INSTANCE",
            Self::Group(_) => "GROUP",
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Instance(name) | Self::Group(name) => name,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Event {
    /// The program for this very thing, which gets nothing but its own words.
    #[must_use]
    pub fn own_program(&self) -> Option<&Program> {
        let hooks = &*self.hooks;
        match self.what {
            What::State(State::Active) => hooks.active.as_ref(),
            What::State(State::Backup) => hooks.backup.as_ref(),
            What::State(State::Fault) => hooks.fault.as_ref(),
            What::State(State::Stop) => hooks.stop.as_ref(),
            What::State(State::Deleted) => match &hooks.deleted {
                Deletion::AsFault => None,
                Deletion::AsDeleted(program) => program.as_ref(),
            },
            What::Outranking => hooks.outranking.as_ref(),
            What::Priority(_) | What::Still(_) => None,
        }
    }

    /// The program for every change of state, with what it is told behind its own words.
    #[must_use]
    pub fn general_program(&self) -> Option<(&Program, [String; 4])> {
        let What::State(state) = self.what else {
            return None;
        };
        let Self { subject, priority, .. } = self;
        let told = [subject.word(), subject.name(), state.word()].map(str::to_owned);
        let [kind, name, state] = told;
        Some((self.hooks.any.as_ref()?, [kind, name, state, priority.get().to_string()]))
    }

    /// The line for pipes, with its end; `None` where pipes are not told.
    #[must_use]
    pub fn line(&self) -> Option<String> {
        let Self { subject, priority, .. } = self;
        let what = match self.what {
            What::State(state) | What::Still(state) => state.word(),
            What::Outranking => "MASTER_RX_LOWER_PRI",
            What::Priority(_) if !self.hooks.priority_changes => return None,
            What::Priority(State::Active) => "MASTER_PRIORITY",
            What::Priority(_) => "BACKUP_PRIORITY",
        };
        Some(format!("{} \"{}\" {what} {}\n", subject.word(), subject.name(), priority.get()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(what: What, hooks: Hooks) -> Event {
        let subject = Subject::Instance("VI 1".into());
        Event { subject, hooks: Arc::new(hooks), what, priority: Priority::DEFAULT }
    }

    #[test]
    fn lines_are_keepaliveds() {
        let line = |what| {
            let hooks = Hooks { priority_changes: true, ..Hooks::default() };
            event(what, hooks).line().unwrap()
        };
        for (state, word) in [
            (State::Active, "MASTER"),
            (State::Backup, "BACKUP"),
            (State::Fault, "FAULT"),
            (State::Stop, "STOP"),
            (State::Deleted, "DELETED"),
        ] {
            assert_eq!(line(What::State(state)), format!("INSTANCE \"VI 1\" {word} 100\n"));
        }
        assert_eq!(line(What::Outranking), "INSTANCE \"VI 1\" MASTER_RX_LOWER_PRI 100\n");
        assert_eq!(line(What::Priority(State::Active)), "INSTANCE \"VI 1\" MASTER_PRIORITY 100\n");
        assert_eq!(line(What::Priority(State::Fault)), "INSTANCE \"VI 1\" BACKUP_PRIORITY 100\n");
        let subject = Subject::Group("G".into());
        let group = Event {
            subject,
            priority: Priority::RELEASE,
            ..event(What::Outranking, Hooks::default())
        };
        let group = Event { what: What::State(State::Backup), ..group };
        assert_eq!(group.line().unwrap(), "GROUP \"G\" BACKUP 0\n");
    }

    #[test]
    fn a_change_of_priority_is_told_to_who_asked_for_it() {
        assert_eq!(event(What::Priority(State::Active), Hooks::default()).line(), None);
    }

    #[test]
    fn the_general_program_is_told_of_states_and_the_own_one_of_its_own() {
        let any = Program::new(vec!["/n".to_owned(), "x".to_owned()]);
        let active = Program::new(vec!["/a".to_owned()]);
        let hooks = Hooks { any: any.clone(), active: active.clone(), ..Hooks::default() };
        let promoted = event(What::State(State::Active), hooks.clone());
        let told = ["INSTANCE", "VI 1", "MASTER", "100"].map(str::to_owned);
        assert_eq!(promoted.general_program(), any.as_ref().map(|any| (any, told)));
        assert_eq!(promoted.own_program(), active.as_ref());
        assert_eq!(event(What::State(State::Backup), hooks.clone()).own_program(), None);
        assert_eq!(event(What::Outranking, hooks).general_program(), None);
    }
}
