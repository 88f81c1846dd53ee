//! Runs every probe in its turn, on a thread of its own, and tells what changes.

use std::collections::HashMap;
use std::thread;
use std::time::Duration;

use tokio::runtime;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tracing::{info, warn};

use super::health::Health;

use super::outcome::Outcome;
use super::registry::{self, Refusal, Shared};
use super::report::{Report, Reports};
use super::script::TIMED_OUT;
use super::{Cadence, Prepared, Surroundings};
use crate::config::model::{Tracker, TrackerKind, TrackerName, Watch};
use crate::sys::{clock, process};
use crate::types::{TrackerId, Verdict};

/// The thread that observes.
///
/// | from | to | what | when it is full |
/// |---|---|---|---|
/// | main | checks | what to watch, or to end | cannot be: one for each reload |
/// | checks | whoever was named | verdicts that changed | the newest of each counts |
#[derive(Debug)]
pub struct Checks {
    orders: mpsc::UnboundedSender<Order>,
    reports: Reports,
}

/// What the thread is told.
enum Order {
    /// Call this every so often, as long as the thread turns.
    Show(Duration, Box<dyn Fn() + Send>),
    /// Watch these and no others.
    Follow(Vec<(TrackerId, Tracker)>, Surroundings),
    /// End everything that runs.
    Stop(oneshot::Sender<()>),
}

impl Checks {
    /// Starts the thread, which watches nothing yet. `tell` gets each verdict that changed; it
    /// must not wait.
    ///
    /// # Errors
    /// Where the system refuses a thread.
    pub fn start(
        tell: impl Fn(TrackerId, Verdict) + Clone + Send + 'static,
    ) -> Result<Self, std::io::Error> {
        let (orders, taken) = mpsc::unbounded_channel();
        let reports = Reports::default();
        let schedule = Schedule {
            running: HashMap::new(),
            tasks: JoinSet::new(),
            shared: Shared::default(),
            first: true,
            reports: reports.clone(),
            tell,
        };
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        thread::Builder::new().name("checks".to_owned()).spawn(move || {
            // What it runs is to have the usual priority, whatever the daemon's is.
            let _as_it_was = process::set_nice(0).is_err();
            runtime.block_on(schedule.run(taken));
            runtime.shutdown_timeout(Duration::ZERO);
        })?;
        Ok(Self { orders, reports })
    }

    /// Watches these and no others. What is watched already, in the same way, goes on as it is.
    pub fn follow(&self, trackers: Vec<(TrackerId, Tracker)>, surroundings: Surroundings) {
        // A thread that has ended has panicked, and the log has told it.
        let _ended = self.orders.send(Order::Follow(trackers, surroundings)).is_err();
    }

    /// Has the thread call `show` now and every so often, as long as it turns.
    pub fn show(&self, every: Duration, show: impl Fn() + Send + 'static) {
        let _ended = self.orders.send(Order::Show(every, Box::new(show))).is_err();
    }

    /// Ends what runs, programs with all that they have started. Takes a second at most.
    pub async fn stop(&self) {
        let (done, ended) = oneshot::channel();
        let _ended = self.orders.send(Order::Stop(done)).is_err();
        let _in_time = timeout(LAST_WAIT, ended).await.is_ok();
    }

    /// What is known of everything.
    #[must_use]
    pub const fn reports(&self) -> &Reports {
        &self.reports
    }
}

async fn show_again(every: Duration, show: Box<dyn Fn() + Send>) {
    loop {
        show();
        sleep(every).await;
    }
}

/// The thread's state.
struct Schedule<T> {
    running: HashMap<TrackerId, Running>,
    tasks: JoinSet<()>,
    shared: Shared,
    /// Nothing was to be watched before.
    first: bool,
    reports: Reports,
    tell: T,
}

/// Something that is watched.
struct Running {
    name: TrackerName,
    watch: Watch,
    surroundings: Surroundings,
    task: Option<AbortHandle>,
}

impl<T: Fn(TrackerId, Verdict) + Clone + Send + 'static> Schedule<T> {
    async fn run(mut self, mut orders: mpsc::UnboundedReceiver<Order>) {
        tokio::spawn(self.shared.nursery.clone().listen());
        while let Some(order) = orders.recv().await {
            match order {
                Order::Show(every, show) => drop(tokio::spawn(show_again(every, show))),
                Order::Follow(trackers, surroundings) => self.follow(trackers, &surroundings),
                Order::Stop(done) => {
                    self.tasks.shutdown().await;
                    self.shared.nursery.wait(PATIENCE).await;
                    let _nobody_waits = done.send(()).is_err();
                    return;
                }
            }
        }
    }

    fn follow(&mut self, trackers: Vec<(TrackerId, Tracker)>, surroundings: &Surroundings) {
        let ids: Vec<TrackerId> = trackers.iter().map(|(id, _)| *id).collect();
        self.running.retain(|id, running| {
            let kept = ids.contains(id);
            if let (false, Some(task)) = (kept, &running.task) {
                task.abort();
            }
            kept
        });
        self.reports.keep(&ids);
        for (id, tracker) in trackers {
            let same = self.running.get(&id).is_some_and(|running| {
                let as_before = running.watch == tracker.watch && running.name == tracker.name;
                as_before && running.surroundings == *surroundings
            });
            if !same {
                self.begin(id, tracker, surroundings);
            }
        }
        self.first = false;
        while self.tasks.try_join_next().is_some() {}
    }

    fn begin(&mut self, id: TrackerId, tracker: Tracker, surroundings: &Surroundings) {
        let prepared = registry::prepare(&tracker, surroundings, &self.shared, self.first);
        let report = Report {
            name: tracker.name.clone(),
            verdict: prepared.as_ref().map_or(Verdict::Disabled, |it| it.health.known()),
            reason: match &prepared {
                Ok(_) => "is not known yet".to_owned(),
                Err(Refusal(reason)) => reason.clone(),
            },
            since: clock::now(),
            last: None,
            running: false,
            level: prepared.as_ref().map_or(0, |it| it.health.count()),
            looks: 0,
            failures: 0,
        };
        let verdict = report.verdict;
        self.reports.begin(id, report);
        let task = match prepared {
            Ok(prepared) => {
                let (reports, tell) = (self.reports.clone(), self.tell.clone());
                let watcher = Watcher { id, name: tracker.name.clone(), reports, tell };
                Some(self.tasks.spawn(watcher.watch(prepared)))
            }
            Err(Refusal(reason)) => {
                warn!("Disabling track {} since {reason}", tracker.name);
                None
            }
        };
        if verdict != Verdict::Unknown {
            (self.tell)(id, verdict);
        }
        let (name, watch) = (tracker.name, tracker.watch);
        let running = Running { name, watch, surroundings: surroundings.clone(), task };
        if let Some(Running { task: Some(task), .. }) = self.running.insert(id, running) {
            task.abort();
        }
    }
}

/// Watches one object.
struct Watcher<T> {
    id: TrackerId,
    name: TrackerName,
    reports: Reports,
    tell: T,
}

impl<T: Fn(TrackerId, Verdict)> Watcher<T> {
    async fn watch(self, prepared: Prepared) {
        let Prepared { mut probe, cadence, mut health } = prepared;
        let mut ticks = match cadence {
            Cadence::Every(span) => {
                let mut ticks = interval(span.max(SHORTEST));
                ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
                Some(ticks)
            }
            Cadence::OnNews => None,
        };
        loop {
            if let Some(ticks) = &mut ticks {
                ticks.tick().await;
            }
            self.reports.change(self.id, |report| report.running = true);
            let outcome = probe.observe().await;
            self.take(outcome, &mut health);
        }
    }

    /// Takes in an outcome; tells it if it changes what is known.
    fn take(&self, outcome: Outcome, health: &mut Health) {
        let now = clock::now();
        let before = health.known();
        let verdict = health.record(outcome.verdict);
        // What counts as healthy but has a reason is not as it should be.
        let failed = !is_fine(outcome.verdict) || !outcome.reason.is_empty();
        let (mut last_exit, mut news) = (None, false);
        self.reports.change(self.id, |report| {
            last_exit = report.last.as_ref().and_then(|(_, last)| last.exit);
            report.running = false;
            report.level = health.count();
            report.looks += 1;
            report.failures += u64::from(failed);
            if verdict != before || is_fine(verdict) == is_fine(outcome.verdict) {
                news = report.reason != outcome.reason;
                report.reason.clone_from(&outcome.reason);
            }
            if verdict != before {
                report.verdict = verdict;
                report.since = now;
            }
            report.last = Some((now, outcome.clone()));
        });
        self.log(&outcome, last_exit, before, verdict);
        if news && is_fine(outcome.verdict) && failed {
            warn!(check = self.name.name, "The {} {}.", self.name, outcome.reason);
        }
        if verdict != before {
            (self.tell)(self.id, verdict);
        }
    }

    /// What changes is one line, in keepalived's words where it has some.
    fn log(
        &self,
        outcome: &Outcome,
        last_exit: Option<process::Exit>,
        before: Verdict,
        verdict: Verdict,
    ) {
        let name = &self.name.name;
        let elapsed_ms = u64::try_from(outcome.latency.as_millis()).unwrap_or(u64::MAX);
        let output = outcome.output.lines().last();
        if let Some(process::Exit::Code(code)) = outcome.exit
            && outcome.exit != last_exit
            && (last_exit.is_some() || code != 0)
        {
            info!(check = name, elapsed_ms, output, "Script `{name}` now returning {code}");
        }
        if before == verdict {
            return;
        }
        let reason = &outcome.reason;
        match (self.name.kind, verdict) {
            (TrackerKind::Script, Verdict::Healthy) => {
                info!(check = name, elapsed_ms, "VRRP_Script({name}) succeeded");
            }
            (TrackerKind::Script, _) => {
                let told = if reason == TIMED_OUT {
                    "timed_out".to_owned()
                } else {
                    format!("failed ({reason})")
                };
                info!(check = name, elapsed_ms, output, "VRRP_Script({name}) {told}");
            }
            (TrackerKind::File, Verdict::Level(level)) => {
                info!(check = name, "track file {name} now has status {level}");
            }
            (TrackerKind::Process, Verdict::Healthy) => {
                info!(check = name, "Quorum gained for tracked process {name}");
            }
            (TrackerKind::Process, _) => {
                info!(check = name, reason, "Quorum lost for tracked process {name}");
            }
            (TrackerKind::File, _) => info!(check = name, reason, "track file {name} {verdict:?}"),
        }
    }
}

/// Whether a verdict is as it should be.
const fn is_fine(verdict: Verdict) -> bool {
    match verdict {
        Verdict::Healthy | Verdict::Level(0) | Verdict::Disabled => true,
        Verdict::Unknown | Verdict::Degraded | Verdict::Unhealthy | Verdict::Level(_) => false,
    }
}

/// The shortest interval between two looks.
const SHORTEST: Duration = Duration::from_millis(1);
/// How long programs have to end when everything ends.
const PATIENCE: Duration = Duration::from_millis(200);
/// How long the end of everything may take.
const LAST_WAIT: Duration = Duration::from_millis(500);
