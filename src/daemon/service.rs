//! What systemd is told, where it listens (`NOTIFY_SOCKET`).

use sd_notify::NotifyState;
use tracing::debug;

/// The configuration runs: after the start, and after each reload.
pub(super) fn ready() {
    let main = NotifyState::MainPid(std::process::id());
    tell(&[NotifyState::Ready, main]);
}

/// The configuration is being read again; [`ready`] follows.
pub(super) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(_no_clock) => tell(&[NotifyState::Reloading]),
    }
}

/// The daemon ends.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        debug!(%error, "The service manager does not listen.");
    }
}
