//! The thread that runs the programs, writes into the pipes and sends the mails.

use std::future::{pending, poll_fn};
use std::io;
use std::task::Poll;
use std::time::Duration;

use tokio::runtime;
use tokio::signal::unix::{Signal as Signals, SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tracing::{debug, info, warn};

use super::event::{Event, Subject};
use super::fifo::Pipe;
use super::lanes::Lanes;
use super::notifier::{Order, Setup};
use super::post::Post;
use super::resolve::Resolver;
use crate::config::model::Fifo;
use crate::sys::process::Exit;
use crate::sys::{Child, Outcome, Signal, clock, host};
use crate::types::{Instant, Program};

/// The thread's state.
pub(super) struct Thread {
    setup: Setup,
    resolver: Resolver,
    pipes: Vec<Pipe>,
    readers: Vec<Reader>,
    lanes: Lanes<Lane, Job>,
    running: Vec<Running>,
    post: Post,
}

/// Programs that run one behind the other.
type Lane = (Subject, Kind);

/// What of a subject a program is told.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum Kind {
    /// One of its states.
    Own,
    /// Each of its states.
    General,
    /// Adverts of lower priority.
    Outranking,
}

/// A program to be run.
#[derive(Debug)]
struct Job {
    program: Program,
    /// What it is told behind its own words.
    told: Vec<String>,
}

/// A program that runs.
struct Running {
    lane: Lane,
    since: Instant,
    name: String,
    child: Child,
}

/// A program that reads a pipe.
struct Reader {
    fifo: Fifo,
    child: Child,
}

impl Thread {
    /// Runs until it is told to stop.
    ///
    /// # Errors
    /// Where the process has too many descriptors.
    pub(super) fn run(orders: mpsc::Receiver<Order>) -> io::Result<()> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let ends = signal(SignalKind::child())?;
            let mut thread = Self {
                setup: Setup::default(),
                resolver: Resolver::default(),
                pipes: Vec::new(),
                readers: Vec::new(),
                lanes: Lanes::default(),
                running: Vec::new(),
                post: Post::default(),
            };
            thread.listen(orders, ends).await;
            Ok::<(), io::Error>(())
        })?;
        // A name server that is still asked is not waited for.
        runtime.shutdown_background();
        Ok(())
    }

    async fn listen(&mut self, mut orders: mpsc::Receiver<Order>, mut ends: Signals) {
        loop {
            let next_start = self.lanes.next_start(clock::now());
            tokio::select! {
                order = orders.recv() => match order {
                    Some(Order::Setup(setup)) => self.configure(*setup),
                    Some(Order::Tell(event)) => self.tell(&event),
                    Some(Order::Stop) | None => break,
                },
                _ = ends.recv() => self.reap(),
                () = flush(&mut self.pipes) => {}
                () = self.post.go_on() => {}
                () = wait_until(next_start) => {}
            }
            self.advance();
        }
        self.finish(ends).await;
    }

    /// Makes `setup` the one that counts. Pipes that it has too stay as they are, and so do their
    /// readers.
    fn configure(&mut self, setup: Setup) {
        let old = std::mem::replace(&mut self.setup, setup);
        self.resolver = Resolver::new(self.setup.rules.clone());
        self.post.configure(self.setup.mail.clone(), self.setup.router_id.clone());
        for program in &self.setup.programs {
            let _told_if_unfit = self.resolver.resolve(program);
        }
        let (setup, rules_stay) = (&self.setup, old.rules == self.setup.rules);
        let stays = |path: &std::path::Path| {
            let find = |fifos: &crate::config::model::Fifos| {
                fifos.iter().find(|fifo| fifo.path == path).cloned()
            };
            let wanted = find(&setup.fifos);
            rules_stay && wanted.is_some() && wanted == find(&old.fifos)
        };
        let (kept, gone): (Vec<_>, Vec<_>) = std::mem::take(&mut self.pipes)
            .into_iter()
            .partition(|pipe| stays(pipe.path()) && pipe.is_in_place());
        self.pipes = kept;
        for pipe in gone {
            for reader in self.readers.iter().filter(|reader| reader.fifo.path == pipe.path()) {
                reader.child.signal(Signal::TERM);
            }
            pipe.close();
        }
        let missing = setup
            .fifos
            .iter()
            .filter(|fifo| !self.pipes.iter().any(|pipe| pipe.path() == fifo.path));
        let missing: Vec<Fifo> = missing.cloned().collect();
        for fifo in missing {
            self.open(fifo);
        }
    }

    fn open(&mut self, fifo: Fifo) {
        let path = fifo.path.display().to_string();
        let owner = match self.resolver.identity(fifo.account.as_ref()) {
            Ok(owner) => owner,
            Err(error) => {
                warn!(path, %error, "The FIFO is not made: it has no user.");
                return;
            }
        };
        let pipe = match Pipe::open(&fifo.path, owner) {
            Ok(pipe) => pipe,
            Err(error) => {
                warn!(path, %error, "The FIFO is not written to.");
                return;
            }
        };
        self.pipes.push(pipe);
        if let Some(program) = fifo.reader.clone()
            && let Some(child) = self.start(&program, &[path])
        {
            self.readers.push(Reader { fifo, child });
        }
    }

    /// Starts what is to be told of `event`, and writes it into the pipes.
    fn tell(&mut self, event: &Event) {
        if let Some(program) = event.own_program() {
            let kind = match event.what {
                super::What::Outranking => Kind::Outranking,
                super::What::State(_) | super::What::Priority(_) | super::What::Still(_) => {
                    Kind::Own
                }
            };
            self.queue(event, kind, Job { program: program.clone(), told: Vec::new() });
        }
        if let Some((program, told)) = event.general_program() {
            let job = Job { program: program.clone(), told: told.into() };
            self.queue(event, Kind::General, job);
        }
        for pipe in &mut self.pipes {
            pipe.tell(event);
        }
        self.post.tell(event, host::now());
    }

    fn queue(&mut self, event: &Event, kind: Kind, job: Job) {
        let name = job.program.name().to_owned();
        if self.lanes.push((event.subject.clone(), kind), job)
            && self.lanes.merged().is_power_of_two()
        {
            let (subject, merged) = (&event.subject, self.lanes.merged());
            warn!(%subject, program = name, merged, "A program is too slow: events are left out.");
        }
    }

    /// Starts every program whose turn it is.
    fn advance(&mut self) {
        let now = clock::now();
        for lane in self.lanes.ready(now) {
            while let Some(job) = self.lanes.next(&lane, now) {
                self.run_job(&lane, &job, now);
            }
            if self.lanes.is_crowded(&lane) {
                let oldest = self.running.iter().filter(|it| it.lane == lane);
                if let Some(oldest) = oldest.min_by_key(|it| it.since) {
                    let (subject, program) = (&lane.0, &oldest.name);
                    warn!(%subject, program, "Too many programs do not end: the oldest is killed.");
                    oldest.child.signal(Signal::KILL);
                }
            }
        }
    }

    fn run_job(&mut self, lane: &Lane, job: &Job, now: Instant) {
        match self.start(&job.program, &job.told) {
            Some(child) => {
                let name = job.program.name().to_owned();
                self.running.push(Running { lane: lane.clone(), since: now, name, child });
            }
            None => self.lanes.ended(lane, now),
        }
    }

    fn start(&mut self, program: &Program, told: &[String]) -> Option<Child> {
        let ready = self.resolver.resolve(program)?;
        let words: Vec<String> = program.words.iter().chain(told).cloned().collect();
        match Child::start(&ready.path, &words, ready.identity) {
            Ok(child) => {
                debug!(program = program.name(), ?told, pid = %child.pid(), "A program is run.");
                Some(child)
            }
            Err(error) => {
                warn!(program = program.name(), %error, "A program cannot be started.");
                None
            }
        }
    }

    /// Takes note of the programs that have ended.
    fn reap(&mut self) {
        let lanes = &mut self.lanes;
        self.running.retain(|running| {
            let Some(outcome) = outcome(&running.child) else {
                return true;
            };
            let (subject, program) = (&running.lane.0, &running.name);
            match outcome {
                Outcome::Ended(Exit::Code(0)) => {}
                Outcome::Ended(exit) => info!(%subject, program, ?exit, "A program failed."),
                Outcome::NotRun(error) => {
                    warn!(%subject, program, %error, "A program could not be run.");
                }
            }
            lanes.ended(&running.lane, running.since);
            false
        });
        self.readers.retain(|reader| {
            let Some(outcome) = outcome(&reader.child) else {
                return true;
            };
            let (fifo, program) = (reader.fifo.path.display(), reader.fifo.reader.as_ref());
            let program = program.map(Program::name);
            info!(%fifo, program, ?outcome, "The FIFO's reader ended.");
            false
        });
    }

    /// Tells the last things: what waits is started at once, pipes are closed, everybody gets a
    /// little time, and who does not end within it is killed.
    async fn finish(&mut self, mut ends: Signals) {
        let now = clock::now();
        for (lane, job) in self.lanes.last_jobs() {
            self.run_job(&lane, &job, now);
        }
        // Readers see the end of their pipe.
        for pipe in std::mem::take(&mut self.pipes) {
            pipe.close();
        }
        self.post.hurry();
        for signal in [None, Some(Signal::TERM), Some(Signal::KILL)] {
            if let Some(signal) = signal {
                self.readers.iter().for_each(|reader| reader.child.signal(signal));
            }
            let patience = match signal {
                None | Some(Signal::TERM) => GRACE,
                Some(_) => {
                    for running in &self.running {
                        warn!(program = running.name, "A program does not end and is killed.");
                        running.child.signal(Signal::KILL);
                    }
                    LAST_GRACE
                }
            };
            let all_end = async {
                self.reap();
                while !(self.running.is_empty() && self.readers.is_empty()) {
                    tokio::select! {
                        _ = ends.recv() => self.reap(),
                        () = self.post.go_on() => {}
                    }
                }
                // Nobody but mails is waited for here, and those no longer than a program.
                if signal.is_none() {
                    poll_fn(|context| self.post.poll(context)).await;
                }
            };
            if timeout(patience, all_end).await.is_ok() {
                break;
            }
        }
        self.post.give_up();
    }
}

/// How a child ended; one that nobody knows anything of any more has ended too.
fn outcome(child: &Child) -> Option<Outcome> {
    child.end().unwrap_or(Some(Outcome::Ended(Exit::Code(0))))
}

/// Writes what waits for room in the pipes; never ready where nothing waits.
async fn flush(pipes: &mut [Pipe]) {
    poll_fn(|context| {
        let mut progress = Poll::Pending;
        for pipe in pipes.iter_mut().filter(|pipe| pipe.has_backlog()) {
            if pipe.poll_flush(context).is_ready() {
                progress = Poll::Ready(());
            }
        }
        progress
    })
    .await;
}

async fn wait_until(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep(moment.since(clock::now())).await,
        None => pending().await,
    }
}

/// How long programs have at a stop before readers are told to end, and then all are killed.
const GRACE: Duration = Duration::from_millis(500);
/// How long a killed program may take.
const LAST_GRACE: Duration = Duration::from_millis(100);
