//! What systemd is told, where it listens (`NOTIFY_SOCKET`).

use std::env;
use std::fs;

use rustix::process::{Pid, getpid, getppid};
use sd_notify::NotifyState;
use tracing::debug;

use super::error::Error;

/// The service manager, if it is ours to talk to.
///
/// Whatever a service starts inherits the socket. A daemon that an agent starts for itself must
/// not take it for its own: `MAINPID` would make it the agent's service.
#[derive(Clone, Copy, Debug)]
pub(super) struct Service {
    listens: bool,
}

impl Service {
    /// Looks who started the process. To be called before it leaves the terminal.
    pub(super) fn find() -> Self {
        Self { listens: env::var_os(SOCKET).is_some() && is_started_by_a_manager() }
    }

    /// The configuration runs: after the start, and after each reload.
    pub(super) fn ready(self) {
        let main = NotifyState::MainPid(std::process::id());
        self.tell(&[NotifyState::Ready, main]);
    }

    /// The configuration is being read again; [`Service::ready`] follows.
    pub(super) fn reloading(self) {
        match NotifyState::monotonic_usec_now() {
            Ok(now) => self.tell(&[NotifyState::Reloading, now]),
            Err(_no_clock) => self.tell(&[NotifyState::Reloading]),
        }
    }

    /// The daemon ends.
    pub(super) fn stopping(self) {
        self.tell(&[NotifyState::Stopping]);
    }

    /// The daemon ends, or does not start, because of this.
    pub(super) fn failed(self, error: &Error) {
        if let Some(errno) = error.errno() {
            self.tell(&[NotifyState::Errno(errno.raw_os_error().unsigned_abs())]);
        }
    }

    fn tell(self, states: &[NotifyState<'_>]) {
        if self.listens
            && let Err(error) = sd_notify::notify(states)
        {
            debug!(%error, "The service manager does not listen.");
        }
    }
}

/// Whether a service manager executed this very process: systemd says so since its version 248,
/// before that it is the parent; in a container the process is the first, or the first's child.
fn is_started_by_a_manager() -> bool {
    let own = env::var("SYSTEMD_EXEC_PID").is_ok_and(|pid| pid == std::process::id().to_string());
    let parent = getppid();
    own || getpid() == Pid::INIT || parent == Some(Pid::INIT) || parent.is_some_and(is_systemd)
}

/// Whether the process is a systemd, that of a user perhaps.
fn is_systemd(process: Pid) -> bool {
    let name = fs::read_to_string(format!("/proc/{}/comm", process.as_raw_nonzero()));
    name.is_ok_and(|name| name == "systemd\n")
}

/// Where a service manager listens.
pub(super) const SOCKET: &str = "NOTIFY_SOCKET";
