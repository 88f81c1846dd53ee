//! What the processes are called and what they allow others: set before there are threads.

use rustix::fs::Mode;
use rustix::process::umask;

use crate::config::model::Daemon;
use crate::observe::log;
use crate::sys::process::set_name;

use super::error::Error;
use super::options::Options;

/// Makes the supervisor, and what it will fork, what the command line and the file say.
///
/// # Errors
/// None that a running system gives.
pub(super) fn assume(options: &Options, daemon: &Daemon) -> Result<(), Error> {
    set_umask(options, daemon);
    let parts = [&daemon.namespace, &daemon.instance].into_iter().flatten();
    log::set_suffix(parts.map(|part| format!("_{part}")).collect());
    if let Some(name) = daemon.name.as_ref().or(options.name.as_ref()) {
        set_name(name)?;
    }
    Ok(())
}

/// Makes the worker what the file says, also after a reload.
///
/// # Errors
/// None that a running system gives.
pub(super) fn assume_worker(options: &Options, daemon: &Daemon) -> Result<(), Error> {
    set_umask(options, daemon);
    let names = [&daemon.worker_name, &daemon.name, &options.name];
    match names.into_iter().flatten().next() {
        Some(name) => Ok(set_name(name)?),
        None => Ok(()),
    }
}

fn set_umask(options: &Options, daemon: &Daemon) {
    umask(Mode::from_raw_mode(options.umask.unwrap_or_else(|| daemon.umask.into())));
}
