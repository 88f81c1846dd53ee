//! The supervisor: the parent process. One thread for ever, little memory, no work of its own.
//!
//! It keeps the pid files, passes signals on, talks to systemd, and waits for the worker to end.
//! When that dies of anything, its last will is executed first, then another one is started.

use std::fmt;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::getpid;
use tracing::{debug, error, info, warn};

use crate::sys::process::{Exit, Fork, Pid, adopt_orphans, end_with, fork, reap_any};
use crate::sys::{Region, Signal, Signals, clock};
use crate::types::Instant;

use super::backoff::Backoff;
use super::detach::Up;
use super::error::Error;
use super::footprint;
use super::legacy::Legacy;
use super::options::{Options, Release, WhenWorkerDies};
use super::pidfile::PidFiles;
use super::pulse;
use super::report::{self, News, Reporter, Reports};
use super::service::Service;
use super::signals::{self, Request};
use super::will;

/// The supervisor's state.
pub(super) struct Supervisor<'a> {
    options: &'a Options,
    /// Who waits for the first worker to be up.
    up: Option<Up>,
    /// A worker was started before.
    again: bool,
    files: PidFiles,
    signals: Signals,
    service: Service,
    shared: Shared,
    backoff: Backoff,
    /// How long a worker may take to stop.
    patience: Duration,
    /// The daemon is to end; a worker that still runs then is killed.
    stopping: Option<Instant>,
}

/// What [`Supervisor::run`] ends with.
pub(super) enum Role {
    /// In the supervisor: the daemon has ended.
    Supervisor(Result<(), Error>),
    /// In a new worker: be one.
    Worker(Start),
}

/// Memory that the worker writes and the supervisor reads.
pub(super) struct Shared {
    /// The worker's last will.
    pub(super) will: Region,
    /// The pulses of its threads.
    pub(super) pulse: Region,
    /// What it has changed besides addresses.
    pub(super) footprint: Region,
    /// The configuration that runs, for the next worker.
    pub(super) legacy: Legacy,
}

/// What a new worker starts with.
pub(super) struct Start {
    /// Signals that wait until the worker listens to them.
    pub(super) signals: Signals,
    /// What it writes for the supervisor.
    pub(super) shared: Shared,
    /// How it tells the supervisor.
    pub(super) reporter: Reporter,
    /// It is the first one, and may use what the supervisor has read.
    pub(super) first: bool,
}

/// The worker as its parent knows it.
struct Child {
    pid: Pid,
    reports: Reports,
    born: Instant,
    end: Option<Farewell>,
    watch: pulse::Watch,
    /// It hangs and was killed then.
    killed: Option<Instant>,
}

/// How a worker took its leave.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Farewell {
    /// It said that it ends.
    InOrder,
    /// It died, and its last will is executed.
    Released,
}

/// What follows a worker's end.
enum Next {
    /// Another one, after this wait.
    Another(Duration),
    /// The daemon's end.
    End(Result<(), Error>),
}

impl<'a> Supervisor<'a> {
    /// Takes over the pid files and all signals.
    ///
    /// # Errors
    /// Where the process has too many descriptors.
    pub(super) fn new(
        options: &'a Options,
        up: Option<Up>,
        files: PidFiles,
        service: Service,
        shared: Shared,
        patience: Duration,
    ) -> Result<Self, Error> {
        adopt_orphans()?;
        let caught = signals::numbers().filter_map(Signal::new);
        let caught: Vec<Signal> = caught.chain([Signal::CHLD]).collect();
        Ok(Self {
            options,
            up,
            again: false,
            files,
            signals: Signals::catch(&caught)?,
            service,
            shared,
            backoff: Backoff::default(),
            patience,
            stopping: None,
        })
    }

    /// Starts workers until the daemon is to end. Returns in every new worker as well.
    pub(super) fn run(mut self) -> Role {
        if let Err(error) = self.files.own.write(getpid()) {
            return Role::Supervisor(self.end(Err(error.into())));
        }
        loop {
            let next = match self.fork() {
                Ok(Ok(mut child)) => {
                    self.again = true;
                    match self.watch(&mut child) {
                        Ok(exit) => self.after(exit, &child),
                        Err(error) => Next::End(Err(error)),
                    }
                }
                Ok(Err(reporter)) => {
                    let start = Start {
                        signals: self.signals,
                        shared: self.shared,
                        reporter,
                        first: !self.again,
                    };
                    return Role::Worker(start);
                }
                Err(error) if !self.again => Next::End(Err(error)),
                Err(error) => {
                    error!(%error, "Another worker cannot be started now.");
                    Next::Another(self.backoff.after(Duration::ZERO).max(LEAST_PAUSE))
                }
            };
            let result = match next {
                Next::Another(wait) => match self.pause(wait) {
                    Ok(true) => continue,
                    Ok(false) => Ok(()),
                    Err(error) => Err(error),
                },
                Next::End(result) => result,
            };
            return Role::Supervisor(self.end(result));
        }
    }

    /// Starts a worker and writes its pid file. In the worker, what it reports with.
    fn fork(&mut self) -> Result<Result<Child, Reporter>, Error> {
        let (reporter, reports) = report::pipe().map_err(Error::of("make a pipe"))?;
        let born = clock::now();
        match fork()? {
            Fork::Child { parent } => {
                end_with(parent)?;
                Ok(Err(reporter.raised()))
            }
            Fork::Parent { child } => {
                info!("Starting VRRP child process, pid={child}");
                if let Err(error) = self.files.worker.write(child) {
                    error!(%error, "The worker's process id is written nowhere.");
                }
                Ok(Ok(Child {
                    pid: child,
                    reports,
                    born,
                    end: None,
                    watch: pulse::Watch::default(),
                    killed: None,
                }))
            }
        }
    }

    /// Passes signals on until the worker has ended.
    fn watch(&mut self, child: &mut Child) -> Result<Exit, Error> {
        loop {
            let look = child.watch.next(clock::now());
            self.wait(Some(self.stopping.map_or(look, |stop| stop.min(look))), Some(child))?;
            self.take_signals(Some(child))?;
            self.hear(child);
            if let Some(exit) = reap_all(Some(child.pid))? {
                self.hear(child);
                return Ok(exit);
            }
            self.look_after(child)?;
            if self.stopping.is_some_and(|kill_at| clock::now() >= kill_at) {
                warn!("The worker does not end and is killed.");
                Signal::KILL.send(child.pid)?;
                self.stopping = Some(clock::now() + self.patience);
            }
        }
    }

    /// Kills a worker that hangs. If not even that ends it, because it waits in the kernel, its
    /// last will is executed all the same: whatever wakes it then finds it killed.
    fn look_after(&self, child: &mut Child) -> Result<(), Error> {
        let now = clock::now();
        if let Some(killed) = child.killed {
            if child.end.is_none() && now.since(killed) >= LEAST_PAUSE {
                self.release();
                child.end = Some(Farewell::Released);
            }
            return Ok(());
        }
        match child.watch.look(&self.shared.pulse, child.pid, now) {
            pulse::Finding::Well => {}
            pulse::Finding::Held(thread, why) => {
                warn!(pid = %child.pid, thread = thread.name(), why, "The worker stands still.");
            }
            pulse::Finding::Hangs(thread) => {
                error!(pid = %child.pid, thread = thread.name(), "The worker hangs and is killed.");
                Signal::KILL.send(child.pid)?;
                child.killed = Some(now);
            }
        }
        Ok(())
    }

    /// Tells the peers that the worker's instances leave, and removes their addresses.
    fn release(&self) {
        will::execute(&will::read(&self.shared.will));
    }

    /// Takes in what the worker tells. One that is dying is released at once.
    fn hear(&mut self, child: &mut Child) {
        if child.end.is_some() {
            return;
        }
        for news in child.reports.take() {
            match news {
                News::Started => {
                    info!("Startup complete");
                    // Whoever waits finds both pid files written.
                    self.up.take().into_iter().for_each(Up::tell);
                }
                News::Reloaded => info!("Reload complete"),
                News::Refused => warn!("Reload refused, the old configuration keeps running"),
                News::Ended => {
                    child.end = Some(Farewell::InOrder);
                    return;
                }
                News::Dying => {
                    self.release();
                    child.end = Some(Farewell::Released);
                    return;
                }
            }
            self.service.ready();
        }
    }

    /// Waits until something happens, or `until`.
    fn wait(&self, until: Option<Instant>, child: Option<&Child>) -> Result<(), Error> {
        let mut fds = vec![PollFd::new(&self.signals, PollFlags::IN)];
        if let Some(child) = child.filter(|child| child.end.is_none()) {
            fds.push(PollFd::new(&child.reports, PollFlags::IN));
        }
        let span = until.map(|until| until.since(clock::now()));
        let span = span.and_then(|span| Timespec::try_from(span).ok());
        match poll(&mut fds, span.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(errno) => Err(Error::of("wait")(errno)),
        }
    }

    /// Acts on the signals that have come. SIGCHLD has done its part by ending the wait.
    fn take_signals(&mut self, child: Option<&Child>) -> Result<(), Error> {
        while let Some(caught) = self.signals.next()? {
            let Some(request) = Request::of(caught.signal.number()) else {
                continue;
            };
            match request {
                Request::Stop if self.is_ignored(caught.signal) => continue,
                Request::Stop => {
                    if self.stopping.is_none() {
                        info!("Stopping");
                        self.service.stopping();
                        self.stopping = Some(clock::now() + self.patience);
                    }
                }
                Request::Reload => {
                    info!("Reloading ...");
                    self.service.reloading();
                }
                Request::Data | Request::Stats | Request::StatsClear | Request::Json => {}
            }
            if let Some(child) = child
                && let Err(error) = forwarded(caught.signal, request).send(child.pid)
            {
                debug!(%error, "The worker has ended already.");
            }
        }
        Ok(())
    }

    fn is_ignored(&self, signal: Signal) -> bool {
        self.options.ignore_sigint && signal == Signal::INT
    }

    /// Decides what follows the end of `child`.
    fn after(&mut self, exit: Exit, child: &Child) -> Next {
        let lived = clock::now().since(child.born);
        if child.end != Some(Farewell::InOrder) {
            error!(pid = %child.pid, end = %Ending(exit), "The worker died.");
        }
        will::clear(&self.shared.will);
        pulse::end(&self.shared.pulse);
        if self.stopping.is_some() {
            return Next::End(Ok(()));
        }
        if let Exit::Code(code @ (1 | 2 | 4)) = exit {
            error!(code, "The worker ended with a permanent error. Terminating");
            return Next::End(Err(Error::Worker(u8::try_from(code).unwrap_or(1))));
        }
        match self.options.when_worker_dies {
            WhenWorkerDies::Stop => {
                error!("VRRP child process({}) died: Exiting", child.pid);
                Next::End(Ok(()))
            }
            WhenWorkerDies::Respawn => {
                let wait = self.backoff.after(lived);
                error!(
                    after_ms = wait.as_millis(),
                    "VRRP child process({}) died: Respawning", child.pid
                );
                Next::Another(wait)
            }
        }
    }

    /// Waits for `span`; says whether to go on after it.
    fn pause(&mut self, span: Duration) -> Result<bool, Error> {
        let until = clock::now() + span;
        while self.stopping.is_none() && clock::now() < until {
            self.wait(Some(until), None)?;
            self.take_signals(None)?;
            reap_all(None)?;
        }
        Ok(self.stopping.is_none())
    }

    /// Leaves nothing behind, unless it is told to.
    fn end(self, result: Result<(), Error>) -> Result<(), Error> {
        if self.options.release == Release::Release {
            footprint::take_back(&self.shared.footprint);
        }
        self.files.remove();
        info!("Stopped");
        result
    }
}

/// Takes note of every child that has ended: orphans of scripts are adopted, and in a container, in
/// which this may be the first process, nobody else would. How `worker` ended, if it did.
fn reap_all(worker: Option<Pid>) -> Result<Option<Exit>, Error> {
    let mut ended = None;
    while let Some((pid, exit)) = reap_any()? {
        if worker == Some(pid) {
            ended = Some(exit);
        }
    }
    Ok(ended)
}

/// What the worker is sent: any signal that stops the daemon becomes SIGTERM.
fn forwarded(signal: Signal, request: Request) -> Signal {
    match request {
        Request::Stop => Signal::TERM,
        Request::Reload | Request::Data | Request::Stats | Request::StatsClear | Request::Json => {
            signal
        }
    }
}

/// How a process ended, for people.
struct Ending(Exit);

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Exit::Code(code) => write!(f, "exit code {code}"),
            Exit::Signal(number) => write!(f, "signal {number}"),
        }
    }
}

/// The least time between two attempts to start a worker that fail.
const LEAST_PAUSE: Duration = Duration::from_secs(1);
