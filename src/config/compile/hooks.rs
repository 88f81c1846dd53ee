//! Who is told: programs, pipes, and what holds for both.

use std::path::PathBuf;

use super::instance::is;
use crate::config::declared::{self, Setting};
use crate::config::model::{Deletion, Fifo, Fifos, Hooks};
use crate::types::Program;

/// The hooks of an instance or a group; `usual` is what the node says of priority changes.
pub(super) fn compile(written: &declared::Hooks, usual: Setting<bool>) -> Hooks {
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
        priority_changes: is(written.priority_changes.or(usual)),
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
