//! From the command line to a running daemon.

use std::time::Duration;

use tracing::{error, info, warn};

use crate::observe::log::{self, Ident};
use crate::sys::{Region, Signal, hush, process};

use super::detach::{Side, leave_terminal};
use super::error::Error;
use super::footprint;
use super::identity;
use super::legacy::Legacy;
use super::options::Options;
use super::pidfile::PidFiles;
use super::place::{Place, enter_namespace};
use super::pulse;
use super::realtime;
use super::reload::{self, Accepted, Before};
use super::service::{self, Service};
use super::signals;
use super::supervisor::{Role, Shared, Start, Supervisor};
use super::will;
use super::worker;

/// Runs the daemon: in the foreground until it has ended, else until it is up.
///
/// Returns in every process that it consists of, so its caller is to do nothing but end.
///
/// # Errors
/// Why it did not start, or ended before it was told to; the log has told it.
pub fn run(mut options: Options) -> Result<(), Error> {
    // What is logged before the terminal is left is for whoever started the daemon.
    options.log.console = true;
    log::start(&options.log);
    realtime::log_panics();
    let service = Service::find();
    let result = prepare(&mut options).and_then(|()| start(&options, service));
    if let Err(error) = &result {
        service.failed(error);
        let cause = std::error::Error::source(error).map(ToString::to_string);
        error!(cause, "{error}");
    }
    result
}

/// Makes the process what the options say, and the options independent of where it stands.
fn prepare(options: &mut Options) -> Result<(), Error> {
    for flag in &options.unserved {
        warn!(flag, "This flag has no effect yet.");
    }
    let pid_files = [&mut options.pid_file, &mut options.worker_pid_file].into_iter().flatten();
    for path in pid_files.chain([&mut options.config]) {
        *path = std::path::absolute(&path).map_err(Error::of("find the current directory"))?;
    }
    let meaningless: Vec<Signal> = signals::meaningless().filter_map(Signal::new).collect();
    hush(&meaningless)?;
    Ok(())
}

/// Starts the daemon, once it is sure that it can run and is the only one.
fn start(options: &Options, service: Service) -> Result<(), Error> {
    let loaded = reload::read(options);
    let daemon = options.daemon(&loaded.daemon);
    identity::assume(options, &daemon)?;
    if let Some(namespace) = &daemon.namespace {
        enter_namespace(namespace)?;
    }
    let files = PidFiles::claim(Place::of(options, &daemon))?;
    info!("Starting vipd {}", env!("CARGO_PKG_VERSION"));
    let accepted = match reload::judge(options, loaded, Before::Nothing) {
        Ok(accepted) => accepted,
        Err(error) => {
            files.remove();
            return Err(error);
        }
    };
    if let Err(error) = require_capabilities() {
        files.remove();
        return Err(error);
    }
    let up = match options.foreground {
        true => None,
        false => match leave_terminal()? {
            Side::Started(result) => return result,
            Side::Daemon(up) => Some(up),
        },
    };
    let will = Region::new(will::words_for(&accepted.model))?;
    let patience = daemon.stop_patience;
    let pulse = Region::new(pulse::WORDS)?;
    let footprint = Region::new(footprint::words_for(&accepted.model))?;
    let shared = Shared { will, pulse, footprint, legacy: Legacy::new()? };
    let supervisor = Supervisor::new(options, up, files, service, shared, patience)?;
    match supervisor.run() {
        Role::Supervisor(result) => result,
        Role::Worker(start) => work(options, accepted, start),
    }
}

/// Makes sure that adverts and addresses are permitted, while somebody sees the answer: who may
/// send adverts but set no address would draw the traffic to where nobody takes it.
fn require_capabilities() -> Result<(), Error> {
    match process::lacks_of_a_router().as_slice() {
        [] => Ok(()),
        missing => Err(Error::NotCapable { missing: missing.join(" and ") }),
    }
}

/// Is the worker. `accepted` is what the first one runs; a later one reads the file again, and if
/// that has become unusable, runs what ran last.
fn work(options: &Options, mut accepted: Accepted, start: Start) -> Result<(), Error> {
    log::set_ident(Ident::Worker);
    // Scripts are not to speak in the daemon's name.
    process::forget_variable(service::SOCKET)?;
    if !start.first {
        if let Some(model) = start.shared.legacy.recall() {
            accepted.model = model;
        }
        match reload::load(options, Before::DeadWorker(&accepted.model)) {
            Ok(new) => accepted = new,
            Err(_refused) => error!("Running the configuration that ran last."),
        }
        // The machine has long started: whoever is to take over now is to do so at once.
        accepted.model.node.startup_delay = Duration::ZERO;
    }
    identity::assume_worker(options, &accepted.model.node.daemon)?;
    let first = start.first;
    match worker::run(options, accepted, start) {
        // What worked before is likely to work again, so this is not for good.
        Err(error) if !first => {
            error!(%error, "The worker cannot go on.");
            Err(Error::Crashed)
        }
        result => result,
    }
}
