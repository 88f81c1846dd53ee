//! Who is told: programs, pipes, and what holds for both.

use std::path::PathBuf;

use super::instance::is;
use super::mail;
use crate::config::declared::{self, Declared, Setting};
use crate::config::model::{Deletion, Fifo, Fifos, Hooks, Instance};
use crate::types::Program;

/// The hooks of an instance.
pub(super) fn compile(written: &declared::Hooks, declared: &Declared) -> Hooks {
    let program = |written: &Setting<Program>| written.as_ref().map(|it| it.value.clone());
    Hooks {
        any: program(&written.any),
        active: program(&written.active),
        backup: program(&written.backup),
        fault: program(&written.fault),
        stop: program(&written.stop),
        deleted: match &written.deleted {
            None => Deletion::AsFault,
            Some(deleted) => Deletion::AsDeleted(deleted.value.clone()),
        },
        outranking: program(&written.outranking),
        priority_changes: is(written.priority_changes.or(declared.scripts.priority_changes)),
        mail: mail::is_wanted(written, &declared.mail),
    }
}

/// The hooks of a group, for what happens to it as a whole.
pub(super) fn of_group(written: &declared::Hooks, declared: &Declared) -> Hooks {
    Hooks { priority_changes: false, ..compile(written, declared) }
}

/// What a group says of priority changes holds for each member that does not say.
pub(super) fn inherit(group: &declared::Hooks, member: &mut Instance, declared: &Declared) {
    let written = declared.instances.iter().find(|it| it.name.value == member.name);
    let own = written.and_then(|it| it.hooks.priority_changes);
    if let (None, Some(shared)) = (own, group.priority_changes) {
        member.hooks.priority_changes = shared.value;
    }
}

/// The node's pipes.
pub(super) fn fifos(written: &declared::Scripts) -> Fifos {
    let fifo = |fifo: &Setting<declared::Fifo>, reader: &Setting<Program>| {
        let fifo = &fifo.as_ref()?.value;
        Some(Fifo {
            path: PathBuf::from(&fifo.path),
            account: fifo.account.clone(),
            reader: reader.as_ref().map(|it| it.value.clone()),
        })
    };
    Fifos {
        all: fifo(&written.fifo, &written.fifo_reader),
        vrrp: fifo(&written.vrrp_fifo, &written.vrrp_fifo_reader),
        repeat_on_reload: is(written.repeat_on_reload),
    }
}
