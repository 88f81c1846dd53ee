//! The two threads beside the main one: their start, the ways to them, their end.

use std::ops::Deref;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::{self, Receiver, Sender, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use tokio::net::unix::pipe;
use tokio::sync::oneshot;
use tokio::time::timeout;
use tracing::error;

use crate::check::{Checks, Reports, Surroundings};
use crate::config::diff::Change;
use crate::config::model::{Model, Realtime, Tracker};
use crate::sys::{PipeWaker, Region, Transmitter, Waker, clock};
use crate::types::TrackerId;

use super::board::Board;
use super::core::{Core, Inbox};
use super::counters::{LoopCounters, LoopReport};
use super::effects::{Effects, ToKernel, ToMain};
use super::error::Error;
use super::footprint;
use super::interfaces;
use super::kernel;
use super::messages::{Applied, Command, Order, Sight, Told};
use super::owed::Owed;
use super::pulse::{Pulse, Turner};
use super::realtime;
use super::refusals::Refusals;
use super::verdicts::Verdicts;
use super::will::Drawer;

/// The two threads beside the main one, and the ways to them.
pub(super) struct Threads {
    commands: SyncSender<Command>,
    core_waker: Arc<Waker>,
    orders: Sender<Order>,
    kernel_waker: Arc<PipeWaker>,
    /// What the core thread tells.
    pub(super) told: Receiver<Told>,
    /// Readable when it told something.
    pub(super) told_pipe: pipe::Receiver,
    /// The core thread's end.
    pub(super) core_ended: oneshot::Receiver<End>,
    /// The kernel thread's end.
    pub(super) kernel_ended: oneshot::Receiver<End>,
    /// The kernel thread knows all interfaces.
    kernel_ready: oneshot::Receiver<()>,
    checks: Checks,
    checks_pulse: Pulse,
    verdicts: Arc<Verdicts>,
    counters: Arc<LoopCounters>,
}

/// Memory that the supervisor reads when the worker has died.
pub(super) struct Memory<M> {
    /// The last will.
    pub(super) will: Drawer<M>,
    /// The pulses of the threads.
    pub(super) pulse: Arc<Region>,
    /// What was changed besides addresses.
    pub(super) footprint: Region,
}

/// How a thread ended.
pub(super) type End = Result<(), Error>;

impl Threads {
    /// Starts both threads, without any instance.
    ///
    /// # Errors
    /// Where the system refuses sockets or threads. Nothing runs then.
    pub(super) fn start<M>(model: &Model, memory: Memory<M>) -> Result<Self, Error>
    where
        M: Deref<Target = [AtomicU64]> + Send + 'static,
    {
        let Memory { will, pulse, footprint } = memory;
        let counters = Arc::new(LoopCounters::default());
        let (desired, acknowledged) = (Arc::new(Board::new()), Arc::new(Board::new()));
        let verdicts = Arc::new(Verdicts::new());
        let core_waker = Arc::new(Waker::new()?);
        let (kernel_waker, kernel_pipe) = PipeWaker::new()?;
        let kernel_waker = Arc::new(kernel_waker);
        let (told_waker, told_pipe) = PipeWaker::new()?;
        let (commands, core_commands) = sync_channel(COMMANDS);
        let (orders, kernel_orders) = mpsc::channel();
        let (links, core_links) = sync_channel(LINKS);
        let told_room = TOLD.max(4 * model.instances.len());
        let (told_sender, told) = sync_channel(told_room);
        let (ready, kernel_ready) = oneshot::channel();

        let effects = Effects::new(
            Transmitter::open()?,
            ToKernel {
                desired: Arc::clone(&desired),
                orders: orders.clone(),
                waker: Arc::clone(&kernel_waker),
                interfaces: Vec::new(),
                plans: Vec::new(),
                wake: false,
            },
            ToMain {
                told: told_sender,
                waker: told_waker,
                wake: false,
                unsent: Vec::new(),
                outranked: Vec::new(),
                refusals: Refusals::default(),
                owed: Owed::default(),
            },
            will,
            Arc::clone(&counters),
        );
        let inbox = Inbox {
            commands: core_commands,
            links: core_links,
            applied: Arc::clone(&acknowledged),
            verdicts: Arc::clone(&verdicts),
            waker: Arc::clone(&core_waker),
        };
        let delay = model.node.startup_delay;
        let hold_until = (!delay.is_zero()).then(|| clock::now() + delay);
        let realtime = model.node.realtime;
        let core_counters = Arc::clone(&counters);
        let core_pulse = Pulse::of(&pulse, Turner::Core);
        let core = move || Core::new(hold_until, effects, inbox, core_counters, core_pulse)?.run();
        let kernel = kernel::Thread {
            orders: kernel_orders,
            desired,
            woken: kernel_pipe,
            acknowledged,
            links,
            core: Arc::clone(&core_waker),
            ready,
            filter: interfaces::filter(&model.node.firewall),
            local_igmp: model.node.local_igmp,
            pulse: Pulse::of(&pulse, Turner::Kernel),
            footprint,
            wanted: footprint::wanted(model),
        };
        let (found, woken) = (Arc::clone(&verdicts), Arc::clone(&core_waker));
        let checks = Checks::start(move |tracker, verdict| {
            found.post(tracker, verdict);
            woken.wake();
        });
        let checks = checks.map_err(Error::of("start a thread"))?;
        let checks_pulse = Pulse::of(&pulse, Turner::Checks);
        let turning = checks_pulse.clone();
        checks.show(CHECKS_TURN, move || {
            turning.begin();
            turning.rest(Some(clock::now() + CHECKS_TURN));
        });
        Ok(Self {
            commands,
            core_waker,
            orders,
            kernel_waker,
            told,
            told_pipe: pipe::Receiver::from_owned_fd(told_pipe).map_err(Error::of("use a pipe"))?,
            core_ended: spawn("core", realtime, core)?,
            kernel_ended: spawn("kernel", realtime, || kernel.run())?,
            kernel_ready,
            checks,
            checks_pulse,
            verdicts,
            counters,
        })
    }

    /// Has the core thread hand over what found no room, now that there is some.
    pub(super) fn collect(&self) {
        if self.counters.does_owe() {
            self.core_waker.wake();
        }
    }

    /// Waits until the kernel thread knows all interfaces, a second at most.
    pub(super) async fn ready(&mut self) {
        // A kernel that does not answer is the kernel thread's news, not a reason not to start.
        let _late = timeout(READY, &mut self.kernel_ready).await.is_err();
    }

    /// Has the kernel thread make the virtual interfaces that `model` names, and waits until they
    /// are there, a second at most. What is missing then is a fault of its instance.
    pub(super) async fn prepare(&self, model: &Model) {
        let instances = model.instances.iter();
        let vmacs: Vec<_> = instances.flat_map(|it| interfaces::plan(it).vmacs).collect();
        if vmacs.is_empty() {
            return;
        }
        let (reply, ready) = oneshot::channel();
        // The end of the kernel thread is told elsewhere.
        let _ended = self.orders.send(Order::Prepare(vmacs, reply)).is_err();
        self.kernel_waker.wake();
        let _late = timeout(READY, ready).await.is_err();
    }

    /// Has the kernel thread keep to what `model` says of the node.
    pub(super) fn configure(&self, model: &Model) {
        let settings = Order::Settings(Box::new(interfaces::settings(model)));
        // The end of the kernel thread is told elsewhere.
        let _ended = self.orders.send(settings).is_err();
        self.kernel_waker.wake();
    }

    /// Has the core thread make `changes`; `None` if it has ended.
    pub(super) async fn apply(&self, changes: Vec<Change>) -> Option<Applied> {
        let (reply, applied) = oneshot::channel();
        self.command(Command::Apply { changes, reply });
        applied.await.ok()
    }

    /// How every instance stands, `count` of them at most; `None` if the core thread has ended.
    pub(super) async fn look(&self, count: usize) -> Option<Vec<Sight>> {
        let (reply, sights) = oneshot::channel();
        self.command(Command::Look { room: Vec::with_capacity(count), reply });
        sights.await.ok()
    }

    /// Has these objects watched, and no others, once the core thread knows them.
    pub(super) fn watch(&self, trackers: Vec<(TrackerId, Tracker)>, surroundings: Surroundings) {
        trackers.iter().for_each(|(id, _)| self.verdicts.reserve(*id));
        self.checks.follow(trackers, surroundings);
    }

    /// What is known of the objects that are watched.
    pub(super) const fn reports(&self) -> &Reports {
        self.checks.reports()
    }

    /// Ends all checks.
    pub(super) async fn stop_checks(&self) {
        self.checks.stop().await;
        self.checks_pulse.end();
    }

    /// Has every instance leave; the core thread ends when all have, or `patience` has.
    pub(super) fn leave(&self, patience: Duration) {
        self.command(Command::Stop { patience });
    }

    /// Ends the kernel thread. It has its time: if it does not end within it, it is left behind.
    pub(super) async fn stop_kernel(&mut self) {
        // It has ended already if nobody takes the order.
        let _ended = self.orders.send(Order::Stop).is_err();
        self.kernel_waker.wake();
        if timeout(KERNEL_END, &mut self.kernel_ended).await.is_err() {
            error!("The kernel thread does not end.");
        }
    }

    /// What the core thread has counted.
    pub(super) fn counters(&self) -> LoopReport {
        self.counters.report()
    }

    fn command(&self, command: Command) {
        // There is room: one command is under way at a time. A thread that has ended tells so
        // by its end.
        let _ended = self.commands.try_send(command).is_err();
        self.core_waker.wake();
    }
}

/// Runs `body` on a thread of its own, in real time; how it ended comes back over the channel.
fn spawn(
    name: &'static str,
    realtime: Realtime,
    body: impl FnOnce() -> End + Send + 'static,
) -> Result<oneshot::Receiver<End>, Error> {
    let (sender, ended) = oneshot::channel();
    let guarded = move || {
        realtime::run_first(realtime);
        // The panic is logged where it happens; what it may have broken is not used any more.
        let end = panic::catch_unwind(AssertUnwindSafe(body));
        let end = end.unwrap_or(Err(Error::Crashed));
        // The main thread is ending if nobody waits.
        let _unwanted = sender.send(end).is_err();
    };
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(guarded)
        .map_err(|source| Error::System { request: "start a thread", source })?;
    Ok(ended)
}

/// Commands that may wait for the core thread.
const COMMANDS: usize = 8;
/// Link events that may wait for the core thread.
const LINKS: usize = 256;
/// Events that may wait for the main thread, at least: as many as all instances make at once.
const TOLD: usize = 1024;
/// How often the thread that observes shows that it turns.
const CHECKS_TURN: Duration = Duration::from_secs(5);
/// How long the kernel may take to list its interfaces.
const READY: Duration = Duration::from_secs(1);
/// How long the kernel thread may take to end: one request to the kernel.
const KERNEL_END: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_panics_ends_as_crashed_and_takes_nobody_along() {
        let ended = spawn("panics", Realtime::Off, || panic!("on purpose")).unwrap();
        assert!(matches!(ended.blocking_recv(), Ok(Err(Error::Crashed))));
    }

    #[test]
    fn a_thread_s_end_is_told() {
        let ended = spawn("ends", Realtime::Off, || Ok(())).unwrap();
        assert!(matches!(ended.blocking_recv(), Ok(Ok(()))));
    }
}
