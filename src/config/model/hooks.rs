//! Who is told of what happens: programs, named pipes, who gets mails.

use std::path::PathBuf;

use crate::types::{Account, Program};

/// The programs that an instance, or a group of them, runs when its state changes.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Hooks {
    /// `notify`: at each change, with what, whose, which state and priority as arguments.
    pub any: Option<Program>,
    /// `notify_master`
    pub active: Option<Program>,
    /// `notify_backup`
    pub backup: Option<Program>,
    /// `notify_fault`
    pub fault: Option<Program>,
    /// `notify_stop`: when the daemon ends.
    pub stop: Option<Program>,
    /// When the configuration has it no more.
    pub deleted: Deletion,
    /// `notify_master_rx_lower_pri`: when it is Active and hears an advert of lower priority.
    pub outranking: Option<Program>,
    /// `notify_priority_changes`: FIFOs get a line when the effective priority changes.
    pub priority_changes: bool,
    /// `smtp_alert`: a mail is sent at each change of state. Never where the node sends none.
    pub mail: bool,
}

/// What is told of an instance that the configuration has no more.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Deletion {
    /// That it is at fault, as programs expect that know no other end.
    #[default]
    AsFault,
    /// `notify_deleted`: that it is deleted; to this program too, if there is one.
    AsDeleted(Option<Program>),
}

/// The named pipes that get a line for each event.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Fifos {
    /// `notify_fifo`
    pub all: Option<Fifo>,
    /// `vrrp_notify_fifo`
    pub vrrp: Option<Fifo>,
    /// `fifo_write_vrrp_states_on_reload`: after a reload each state is written again.
    pub repeat_on_reload: bool,
}

/// A named pipe.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fifo {
    /// Where it is.
    pub path: PathBuf,
    /// Whose it is made; the node's `script_user`'s where absent.
    pub account: Option<Account>,
    /// `notify_fifo_script`: a program that reads it; it gets the path as its last argument.
    pub reader: Option<Program>,
}

impl Hooks {
    /// Every program among them.
    pub fn programs(&self) -> impl Iterator<Item = &Program> {
        let Self { any, active, backup, fault, stop, outranking, .. } = self;
        let deleted = match &self.deleted {
            Deletion::AsFault => None,
            Deletion::AsDeleted(program) => program.as_ref(),
        };
        let plain = [any, active, backup, fault, stop, outranking];
        plain.into_iter().flatten().chain(deleted)
    }
}

impl Fifos {
    /// Each pipe once: where both names are the same, the first is meant.
    pub fn iter(&self) -> impl Iterator<Item = &Fifo> {
        let first = self.all.as_ref().map(|fifo| &fifo.path);
        let other = self.vrrp.iter().filter(move |fifo| Some(&fifo.path) != first);
        self.all.iter().chain(other)
    }
}
