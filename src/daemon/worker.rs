//! The worker: the process that does the work. This is its main thread.
//!
//! It starts the two others, then listens: to signals, to what the core thread tells, to their
//! ends. It may wait for files and logs; they never wait for it.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, Signal, getppid, kill_process};
use tokio::runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::sleep;
use tracing::field::display;
use tracing::{debug, error, info, warn};

use crate::config::diff::diff;
use crate::config::model::{Model, Shown};
use crate::kernel::netlink::MonitorError;
use crate::notify::Notifier;
use crate::observe::dump::Kind;
use crate::observe::{difference, refusal, transition};
use crate::sys::clock;
use crate::types::{Cause, LinkName, Slot, Transition};

use super::dumps::{Dumps, Running};
use super::error::Error;
use super::herald::Herald;
use super::identity;
use super::legacy::Legacy;
use super::messages::{Applied, Sight, Told};
use super::names::Names;
use super::options::{Options, Release};
use super::pulse::{Pulse, Turner};
use super::realtime;
use super::reload::{self, Accepted, Before};
use super::report::{News, Reporter};
use super::signals::{self, Request};
use super::supervisor::{Shared, Start};
use super::threads::{Memory, Threads};
use super::timed::Timed;
use super::watched;
use super::will::Drawer;

/// Runs the worker until it is told to stop.
///
/// # Errors
/// Where it cannot start, or one of its threads ended by itself: then it must not end as if all
/// were well, because the supervisor has to release the addresses.
pub(super) fn run(options: &Options, accepted: Accepted, start: Start) -> Result<(), Error> {
    let Start { signals: blocked, shared, reporter, first } = start;
    let Shared { will, pulse, footprint, legacy } = shared;
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|source| Error::System { request: "start tokio", source })?;
    let supervisor = getppid();
    runtime.block_on(async {
        let mut signals = listen_for_signals(options)?;
        realtime::prepare(&accepted.model.node);
        realtime::set_core_dump(options.core_dump);
        let pulses = Arc::new(pulse);
        let pulse = Pulse::of(&pulses, Turner::Main);
        let memory = Memory { will: Drawer::new(will), pulse: pulses, footprint };
        let threads = Threads::start(&accepted.model, memory)?;
        let notifier = Notifier::start()
            .map_err(|source| Error::System { request: "start a thread", source })?;
        let dumps =
            Dumps::start().map_err(|source| Error::System { request: "start a thread", source })?;
        let mut main = Main {
            options,
            model: Model::default(),
            shown: Shown::default(),
            names: Names::default(),
            herald: Herald::new(notifier),
            dumps,
            at_fault: HashSet::new(),
            threads,
            timed: Timed::new()?,
            legacy,
            // Never closed by us: its end tells the supervisor that no thread runs any more.
            reporter: Box::leak(Box::new(reporter)),
            supervisor,
            pulse,
        };
        main.pulse.begin();
        // Now this thread gets them, and no other: threads inherit what is blocked.
        blocked.release()?;
        main.threads.ready().await;
        main.change(accepted).await;
        if !first {
            // What the first one runs the supervisor has read itself.
            main.leave_to_the_next();
        }
        main.reporter.report(News::Started);
        main.listen(&mut signals).await?;
        Ok(())
    })
}

/// The main thread's state.
struct Main<'a> {
    options: &'a Options,
    /// The running configuration.
    model: Model,
    /// What it says besides what it means.
    shown: Shown,
    names: Names,
    herald: Herald,
    dumps: Dumps,
    /// Instances that became unable to run and have told so.
    at_fault: HashSet<Slot>,
    threads: Threads,
    timed: Timed,
    legacy: Legacy,
    reporter: &'static Reporter,
    /// Who started this process.
    supervisor: Option<Pid>,
    /// Where the supervisor sees that this thread turns.
    pulse: Pulse,
}

/// Something happened that the main thread acts upon.
enum Event {
    /// A thread ended.
    Ended(&'static str, Option<Result<(), Error>>),
    /// The core thread has told something, unless its pipe is broken.
    Told(bool),
    /// It is time for the reload that the configuration asks for.
    Due,
    /// Somebody wants something.
    Asked(Request),
}

impl Main<'_> {
    /// Acts on whatever happens until the worker has to end.
    async fn listen(&mut self, signals: &mut mpsc::Receiver<Request>) -> Result<(), Error> {
        loop {
            self.pulse.rest(None);
            let event = tokio::select! {
                end = &mut self.threads.core_ended => Event::Ended("core", end.ok()),
                end = &mut self.threads.kernel_ended => Event::Ended("kernel", end.ok()),
                readable = self.threads.told_pipe.readable() => Event::Told(readable.is_ok()),
                () = self.herald.notifier().catch_up() => continue,
                () = self.timed.due() => Event::Due,
                Some(request) = signals.recv() => Event::Asked(request),
            };
            self.pulse.beat(clock::now());
            match event {
                Event::Ended(thread, end) => return self.abort(thread, end),
                Event::Told(true) => self.hear(),
                Event::Told(false) => {}
                Event::Due => self.ask_for_a_reload(),
                Event::Asked(Request::Stop) => {
                    // The supervisor knows how long that may take.
                    self.pulse.end();
                    return self.stop().await;
                }
                Event::Asked(Request::Reload) => self.reload().await,
                Event::Asked(Request::Data) => drop(self.dump(Kind::Data).await),
                Event::Asked(Request::Stats) => drop(self.dump(Kind::Stats).await),
                Event::Asked(Request::StatsClear) => {
                    let sights = self.dump(Kind::Stats).await;
                    self.dumps.clear(&sights);
                }
                Event::Asked(Request::Json) => drop(self.dump(Kind::Json).await),
            }
        }
    }

    /// Logs what the core thread told.
    fn hear(&mut self) {
        // Only wakes stand in the pipe; what they are about is in the channel.
        let _wakes = self.threads.told_pipe.try_read(&mut [0; 64]);
        while let Ok(told) = self.threads.told.try_recv() {
            match told {
                Told::Transition(transition) => {
                    let name = self.names.of(&transition);
                    let member = transition.cause.member().map(|slot| self.names.get(slot));
                    transition::log(name, &transition, self.threads.reports(), member);
                    self.herald.transition(&transition);
                    self.dumps.changed(transition.slot);
                    self.note_fault(&transition);
                }
                Told::Group(transition) => {
                    transition::log_group(self.names.group(transition.group), &transition);
                    self.herald.group(&transition);
                }
                Told::Reprioritised(change) => {
                    transition::log_priority(
                        self.names.get(change.slot),
                        &change,
                        self.threads.reports(),
                    );
                    self.herald.reprioritised(&change);
                }
                Told::Outranked(outranked) => {
                    transition::log_outranked(self.names.get(outranked.slot), &outranked);
                    self.herald.outranked(&outranked);
                }
                Told::Refused(refused) => refusal::log(self.names.get(refused.slot), &refused),
                Told::Differs(differs) => difference::log(self.names.get(differs.slot), &differs),
                // Priority 0 cannot leave by a link that is down: the fault has told that.
                Told::Unsent { slot, errno } if self.at_fault.contains(&slot) => {
                    let instance = self.names.get(slot);
                    debug!(instance, error = %errno, "Nobody could be told of the fault.");
                }
                Told::Unsent { slot, errno } => {
                    let instance = self.names.get(slot);
                    let interface = self.interface(instance).map(display);
                    warn!(instance, interface, error = %errno, "Adverts are not sent.");
                }
                Told::Deaf { listen, error } => {
                    let (link, address) = (listen.link, listen.address);
                    warn!(%link, %address, %error, "Adverts cannot be received there.");
                }
            }
        }
        self.threads.collect();
    }

    /// Has the file written that a signal asks for; says what it tells of.
    async fn dump(&mut self, kind: Kind) -> Vec<Sight> {
        self.hear();
        let count = self.model.instances.len();
        let sights = self.threads.look(count).await.unwrap_or_default();
        let reports = self.threads.reports();
        let running = Running { model: &self.model, shown: &self.shown, reports };
        self.dumps.write(kind, &running, &sights);
        sights
    }

    /// Has the supervisor pass a reload on, as whoever sends it the signal: systemd is told of it.
    fn ask_for_a_reload(&self) {
        if let Some(supervisor) = self.supervisor.filter(|it| getppid() == Some(*it))
            && let Err(error) = kill_process(supervisor, Signal::HUP)
        {
            warn!(%error, "The time of a reload has come and nobody can be told.");
        }
    }

    /// Reads the configuration again and makes it the running one, if it can be run.
    async fn reload(&mut self) {
        info!(process = "worker", "Reloading");
        match reload::load(self.options, Before::Running(&self.model)) {
            Ok(accepted) => {
                let node = &accepted.model.node;
                if let Err(error) = identity::assume_worker(self.options, &node.daemon) {
                    warn!(%error, "The worker keeps its name.");
                }
                realtime::follow(&self.model.node, node);
                self.change(accepted).await;
                self.leave_to_the_next();
                info!(process = "worker", "Reload complete");
                self.reporter.report(News::Reloaded);
            }
            Err(_refused) => {
                error!("The new configuration is refused, the old one keeps running.");
                self.reporter.report(News::Refused);
            }
        }
    }

    /// Makes `accepted` the running configuration.
    async fn change(&mut self, accepted: Accepted) {
        self.hear();
        let Accepted { model, shown } = accepted;
        let changes = diff(&self.model, &model);
        let changed = changes.len();
        self.threads.configure(&model);
        self.threads.prepare(&model).await;
        (self.model, self.shown) = (model, shown);
        self.timed.follow(&self.model.node.reload);
        let Some(applied) = self.threads.apply(changes).await else {
            return; // the core thread has ended, as `listen` will find
        };
        let Applied { names, groups, trackers, refused, will_overflows } = applied;
        let trackers = watched::by_index(&self.model, trackers);
        self.threads.watch(trackers, watched::surroundings(&self.model));
        self.herald.follow(&self.model, &names, &groups);
        self.dumps.follow(&names);
        self.names.follow(names, groups);
        // What the change itself brought about, while the old names are known.
        self.hear();
        self.herald.has_followed();
        self.names.forget_the_old();
        for (instance, error) in refused {
            error!(instance, %error, "An instance is refused.");
        }
        if will_overflows {
            warn!("Too many addresses: after a crash, those of this reload may stay.");
        }
        info!(
            instances = self.model.instances.len(),
            changes = changed,
            "Configuration is running."
        );
    }

    /// Keeps the running configuration for a worker that finds none it can read.
    fn leave_to_the_next(&self) {
        if let Err(error) = self.legacy.keep(&self.model) {
            let cause = std::error::Error::source(&error).map(display);
            warn!(%error, cause, "After a crash with a broken file an older configuration runs.");
        }
    }

    /// Everything leaves, in order. An error says that it did not: the supervisor does the rest.
    async fn stop(&mut self) -> Result<(), Error> {
        let patience = if getppid() == self.supervisor {
            info!(process = "worker", "Stopping");
            LAST_WAIT
        } else {
            // The kernel has sent the signal.
            warn!("The supervisor died, stopping");
            ALONE
        };
        match self.options.release {
            Release::Release => {
                self.threads.leave(patience);
                let left = self.hear_until_core_ends(patience + CORE_END).await;
                self.threads.stop_checks().await;
                self.threads.stop_kernel().await;
                left?;
            }
            Release::Keep => info!("The addresses stay."),
        }
        // Nothing is left to release, however long those take who are told of it.
        self.reporter.report(News::Ended);
        self.herald.stop(&self.model).await;
        Ok(())
    }

    /// Logs what the core thread tells while every instance leaves.
    async fn hear_until_core_ends(&mut self, patience: Duration) -> Result<(), Error> {
        let end = sleep(patience);
        tokio::pin!(end);
        let left = loop {
            tokio::select! {
                end = &mut self.threads.core_ended => break end.unwrap_or(Err(Error::Crashed)),
                () = &mut end => {
                    error!("The core thread does not end.");
                    break Err(Error::Crashed);
                }
                readable = self.threads.told_pipe.readable() => {
                    if readable.is_ok() {
                        self.hear();
                    }
                }
            }
        };
        self.hear();
        debug!(counters = %self.threads.counters(), "The core thread ended.");
        left
    }

    /// A thread ended that should not.
    fn abort(&mut self, thread: &str, end: Option<Result<(), Error>>) -> Result<(), Error> {
        self.hear();
        match end {
            Some(Err(error)) => {
                error!(thread, %error, "A thread ended.");
                Err(if is_for_good(&error) { error } else { Error::Crashed })
            }
            Some(Ok(())) | None => Err(Error::Crashed),
        }
    }

    fn note_fault(&mut self, transition: &Transition) {
        match transition.cause {
            Cause::Fault(_) => self.at_fault.insert(transition.slot),
            // The end of what the fault began.
            Cause::Left => false,
            Cause::Started
            | Cause::Owner
            | Cause::Silence { .. }
            | Cause::Released { .. }
            | Cause::Preempted { .. }
            | Cause::HigherPriority { .. }
            | Cause::HigherAddress { .. }
            | Cause::Recovered
            | Cause::Stalled { .. }
            | Cause::Member(_)
            | Cause::Removed
            | Cause::Stopped => self.at_fault.remove(&transition.slot),
        };
    }

    /// By which interface the adverts of an instance leave.
    fn interface(&self, instance: &str) -> Option<LinkName> {
        let mut instances = self.model.instances.iter();
        instances.find(|it| it.name == instance).map(|it| it.interface)
    }
}

/// Whether a thread could not even begin, as the next one could not. What worked until now is
/// likely to work again.
fn is_for_good(error: &Error) -> bool {
    let never_watched = matches!(error, Error::Monitor(MonitorError::Open(_)));
    never_watched || matches!(error, Error::NotPermitted { .. } | Error::Kernel(_))
}

/// Every signal that the daemon acts upon, as a request, in the order of arrival.
fn listen_for_signals(options: &Options) -> Result<mpsc::Receiver<Request>, Error> {
    let (sender, receiver) = mpsc::channel(SIGNALS);
    for number in signals::numbers() {
        let mut stream = signal(SignalKind::from_raw(number))
            .map_err(|source| Error::System { request: "listen for a signal", source })?;
        let Some(request) = Request::of(number) else {
            continue;
        };
        let ignored = options.ignore_sigint && number == signals::INTERRUPT;
        let sender = sender.clone();
        tokio::spawn(async move {
            while stream.recv().await.is_some() {
                if !ignored && sender.send(request).await.is_err() {
                    return;
                }
            }
        });
    }
    Ok(receiver)
}

/// How long the addresses may take to go when the daemon stops, and the claims of those that
/// follow to be heard.
const LAST_WAIT: Duration = Duration::from_millis(400);
/// The same, when there is no supervisor any more that would remove what is left.
const ALONE: Duration = Duration::from_secs(60);
/// How much longer the core thread may take to end.
const CORE_END: Duration = Duration::from_millis(300);
/// Requests that may wait while one is acted upon; the signals behind them wait in the kernel.
const SIGNALS: usize = 8;
