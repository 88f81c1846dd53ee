//! Running before others and without waiting for memory, where the system permits it.
//!
//! Nothing depends on it: without, a busy machine makes adverts late by milliseconds instead of
//! microseconds.

use std::panic;

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use tracing::{debug, error, info, warn};

use crate::config::model::{Node, Realtime};
use crate::sys::{process, realtime};

use super::options::CoreDump;

/// Schedules the calling thread before all ordinary ones. Threads that it starts later are
/// ordinary ones.
pub(super) fn run_first(setting: Realtime) {
    let priority = match setting {
        Realtime::Off => return,
        Realtime::IfPermitted => LOWEST,
        Realtime::Priority(priority) => priority,
    };
    match (realtime::run_first(priority), setting) {
        (Ok(()), _) => debug!(priority, "This thread runs in real time."),
        (Err(error), Realtime::Priority(_)) => {
            warn!(%error, priority, "A thread does not run in real time.");
        }
        (Err(error), Realtime::IfPermitted | Realtime::Off) => {
            debug!(%error, "A thread does not run in real time.");
        }
    }
}

/// Prepares the process: its memory stays in place, its niceness is the configured one, and it
/// may open as many sockets as the system allows.
pub(super) fn prepare(node: &Node) {
    if let Err(error) = process::raise_descriptor_limit() {
        debug!(%error, "The usual number of descriptors has to do.");
    }
    if node.nice != 0
        && let Err(error) = process::set_nice(node.nice)
    {
        warn!(%error, nice = node.nice, "The process is as nice as before.");
    }
    if node.realtime != Realtime::Off
        && let Err(error) = realtime::lock_memory()
    {
        info!(
            %error,
            help = "grant CAP_IPC_LOCK and CAP_SYS_NICE",
            "Not permitted to run in real time; busy machines make adverts late."
        );
    }
}

/// Has the threads that run follow settings that a reload has changed.
pub(super) fn follow(old: &Node, new: &Node) {
    if (old.nice, old.realtime) == (new.nice, new.realtime) {
        return;
    }
    let changed = process::threads().and_then(|threads| {
        for (thread, name) in threads {
            if old.nice != new.nice {
                process::set_nice_of(thread, new.nice)?;
            }
            if old.realtime != new.realtime && FIRST.contains(&name.as_str()) {
                match new.realtime {
                    Realtime::Off => realtime::have_run_ordinarily(thread)?,
                    Realtime::IfPermitted => realtime::have_run_first(thread, LOWEST)?,
                    Realtime::Priority(priority) => realtime::have_run_first(thread, priority)?,
                }
            }
        }
        if old.realtime == Realtime::Off { realtime::lock_memory() } else { Ok(()) }
    });
    match changed {
        Ok(()) => info!(nice = new.nice, realtime = ?new.realtime, "Scheduled anew."),
        Err(error) => warn!(%error, "Not all threads are scheduled as configured."),
    }
}

/// Has a crash of this process leave an image of its memory, or not.
pub(super) fn set_core_dump(setting: CoreDump) {
    let result = match setting {
        CoreDump::Never => set_dumpable_behavior(DumpableBehavior::NotDumpable),
        CoreDump::Whole => {
            let unlimited = Rlimit { current: None, maximum: None };
            setrlimit(Resource::Core, unlimited)
        }
    };
    if let Err(error) = result {
        warn!(%error, ?setting, "Core dumps are as the system has them.");
    }
}

/// Has every panic logged, without waiting for anybody who does not read.
pub(super) fn log_panics() {
    panic::set_hook(Box::new(|panic| {
        let backtrace = std::backtrace::Backtrace::capture();
        error!(%backtrace, "{panic}");
    }));
}

/// The threads that run before others.
const FIRST: [&str; 2] = ["core", "kernel"];
/// The lowest real-time priority.
const LOWEST: u8 = 1;
