//! The kernel thread: makes the kernel hold what the core thread desires, and tells it what
//! happens to the interfaces. It may wait for the kernel; nobody waits for it.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender};
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::net::unix::pipe;
use tokio::runtime;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};
use tracing::field::display;
use tracing::{debug, error, info, warn};

use crate::kernel::netlink::{
    Event, Filter, FilterSettings, Journal, Macvlans, Monitor, MonitorError, Netlink, OpenError,
};
use crate::kernel::{Agent, Interfaces, Notice, Sink};
use crate::sys::{Region, Waker, clock};
use crate::types::{Instant, LinkName, Slot};
use crate::vrrp::Desire;

use super::board::{Board, Note};
use super::debounce::Debounce;
use super::error::Error;
use super::footprint;
use super::intake::{Further, Intake};
use super::link_post::LinkPost;
use super::messages::{LinkEvent, Order, Settings};
use super::narrate::Narrated;
use super::pulse::Pulse;

/// Everything that the kernel thread needs to start.
pub(super) struct Thread {
    /// What the core thread orders.
    pub(super) orders: Receiver<Order>,
    /// What the core thread desires.
    pub(super) desired: Arc<Board>,
    /// Readable when there is something new from the core thread.
    pub(super) woken: OwnedFd,
    /// What was done, for the core thread.
    pub(super) acknowledged: Arc<Board>,
    /// What happens to interfaces, for the core thread.
    pub(super) links: SyncSender<LinkEvent>,
    /// Wakes the core thread.
    pub(super) core: Arc<Waker>,
    /// Told once when every interface has been reported.
    pub(super) ready: oneshot::Sender<()>,
    /// What the packet filter is like, where one is needed.
    pub(super) filter: FilterSettings,
    /// The host reports its membership in groups of its links.
    pub(super) local_igmp: bool,
    /// What was changed on the host: what a worker before this one has left, and from now on this.
    pub(super) footprint: Region,
    /// The virtual interfaces that will be wanted first.
    pub(super) wanted: BTreeSet<LinkName>,
    /// Where the supervisor sees that this thread turns.
    pub(super) pulse: Pulse,
}

impl Thread {
    /// Runs until [`Order::Stop`].
    ///
    /// # Errors
    /// Where the kernel refuses its sockets, or closes them.
    pub(super) fn run(self) -> Result<(), Error> {
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|source| Error::System { request: "start tokio", source })?;
        runtime.block_on(async {
            let woken = pipe::Receiver::from_owned_fd(self.woken);
            let region = self.footprint;
            let journal = Journal::new(footprint::read(&region), move |it| {
                if !footprint::write(&region, it) {
                    warn!("Too many interfaces: after a crash, some of them may stay.");
                }
            });
            let filter = Filter::open(self.filter, journal.clone());
            let filter = Rc::new(RefCell::new(filter.map_err(OpenError::Netlink)?));
            let macvlans = Macvlans::open(Rc::clone(&filter), journal);
            let mut macvlans = macvlans.map_err(OpenError::Netlink)?;
            macvlans.take_back(&self.wanted);
            macvlans.report_local_groups(self.local_igmp);
            let mut work = Work {
                agent: Agent::new(Narrated::new(Netlink::open()?.with_filter(Rc::clone(&filter)))),
                interfaces: Interfaces::new(macvlans),
                filter,
                monitor: Monitor::open()?,
                woken: woken.map_err(|source| Error::System { request: "use a pipe", source })?,
                intake: Intake::new(self.orders, self.desired),
                links: LinkPost::new(self.links),
                debounce: Debounce::default(),
                answers: Answers { acknowledged: self.acknowledged, news: false },
                core: self.core,
                listed: false,
                ready: Some(self.ready),
                pulse: self.pulse.clone(),
            };
            self.pulse.begin();
            let ended = work.run().await;
            self.pulse.end();
            ended
        })
    }
}

/// The kernel thread at work.
struct Work {
    agent: Agent<Narrated<Netlink>>,
    interfaces: Interfaces<Macvlans>,
    filter: Rc<RefCell<Filter>>,
    monitor: Monitor,
    woken: pipe::Receiver,
    intake: Intake,
    links: LinkPost,
    debounce: Debounce,
    answers: Answers,
    core: Arc<Waker>,
    /// Every interface has been reported.
    listed: bool,
    ready: Option<oneshot::Sender<()>>,
    pulse: Pulse,
}

/// Answers on their way to the core thread.
struct Answers {
    acknowledged: Arc<Board>,
    /// The core thread is to be woken.
    news: bool,
}

impl Work {
    async fn run(&mut self) -> Result<(), Error> {
        loop {
            self.pulse.beat(clock::now());
            if self.intake.take(&mut self.agent, &mut self.interfaces) == Further::End {
                self.let_go();
                self.leave_interfaces();
                return Ok(());
            }
            if let Some(settings) = self.intake.settings() {
                self.follow(*settings);
            }
            for report in self.debounce.take(clock::now()) {
                self.links.changed(report);
            }
            if self.agent.has_routes() {
                self.monitor.watch_routes().map_err(Error::Monitor)?;
            }
            let next = self.agent.run(clock::now(), &mut self.answers);
            let next = next.into_iter().chain(self.debounce.next()).min();
            self.interfaces.run(|plan, error| {
                let (interface, base) = (plan.name, plan.base);
                error!(%interface, %base, %error, "A virtual interface cannot be made.");
            });
            self.answers.news |= self.links.flush();
            if self.links.is_empty() {
                self.intake.answer(&self.interfaces);
            }
            if self.listed && self.links.is_empty() {
                self.tell_ready();
            }
            if std::mem::take(&mut self.answers.news) {
                self.core.wake();
            }
            if self.links.is_empty() {
                self.pulse.rest(next);
                self.wait(next).await?;
            } else {
                // Once more when the core thread has had a moment to make room.
                sleep(BACKLOG).await;
            }
        }
    }

    /// The node's settings are others.
    fn follow(&mut self, settings: Settings) {
        let Settings { filter, local_igmp, paces, delays } = settings;
        self.agent.pace(paces);
        self.debounce.follow(delays);
        if let Err(error) = self.filter.borrow_mut().configure(filter) {
            error!(%error, "The packet filter stays as it was.");
        }
        self.interfaces.host_mut().report_local_groups(local_igmp);
    }

    /// Removes what the node held by itself.
    fn let_go(&mut self) {
        self.agent.let_go();
        for _ in 0..LAST_PIECES {
            self.agent.run(clock::now(), &mut self.answers);
            if self.agent.is_idle() {
                break;
            }
        }
    }

    /// The interfaces are as they were.
    fn leave_interfaces(&mut self) {
        self.interfaces.remove_all();
        self.interfaces.host_mut().take_back(&BTreeSet::new());
    }

    /// Waits until there is something to do: by `next`, by an event, by the core thread.
    async fn wait(&mut self, next: Option<Instant>) -> Result<(), Error> {
        let span = next.map_or(LONGEST, |at| at.since(clock::now()).min(LONGEST));
        if span.is_zero() {
            // No timer: it would not end before the next whole millisecond.
            tokio::task::yield_now().await;
            return self.take_events();
        }
        let (monitor, woken) = (&mut self.monitor, &mut self.woken);
        let event = async {
            tokio::select! {
                event = monitor.next() => Some(event),
                _readable = woken.readable() => {
                    // Only wakes stand in the pipe; what they are about is on the board.
                    let _wakes = woken.try_read(&mut [0; 64]);
                    None
                }
            }
        };
        // Late is when something is due.
        let Ok(Some(event)) = timeout(span, event).await else {
            return Ok(());
        };
        self.take_event(event)?;
        // What has come with it, so that the core thread is woken once.
        self.take_events()
    }

    /// Takes in what the monitor has to say by now.
    fn take_events(&mut self) -> Result<(), Error> {
        for _ in 0..TOGETHER {
            match self.monitor.next().now_or_never() {
                Some(event) => self.take_event(event)?,
                None => break,
            }
        }
        Ok(())
    }

    /// The core thread has been told of every interface.
    fn tell_ready(&mut self) {
        if let Some(ready) = self.ready.take() {
            // The main thread waits no longer than it wants to.
            let _too_late = ready.send(()).is_err();
        }
    }

    fn take_event(&mut self, event: Result<Event, MonitorError>) -> Result<(), Error> {
        match event {
            Ok(Event::Link(report)) => {
                self.agent.link(&report);
                self.interfaces.link(&report);
                self.links.changed(self.debounce.changed(report, clock::now()));
            }
            Ok(Event::Gone(link)) => {
                self.debounce.gone(link);
                self.agent.link_gone(link);
                self.interfaces.link_gone(link);
                self.links.gone(link);
            }
            Ok(Event::Address(event)) => self.agent.address_event(event),
            Ok(Event::Lost(trace)) => self.agent.lost(&trace),
            Ok(Event::Missed) => self.agent.resync(),
            Ok(Event::Listed) => {
                self.agent.resync();
                if std::mem::replace(&mut self.listed, true) {
                    self.links.missed();
                }
            }
            Err(error @ (MonitorError::List(_) | MonitorError::Late | MonitorError::Reopen(_))) => {
                warn!(%error, "The interfaces are listed again.");
            }
            Err(error @ (MonitorError::Open(_) | MonitorError::Closed)) => {
                return Err(Error::Monitor(error));
            }
        }
        Ok(())
    }
}

impl Sink for Answers {
    fn applied(&mut self, slot: Slot, generation: u32) {
        self.acknowledged.reserve(slot);
        let note = Note { desire: Desire { present: false, generation }, contested: 0 };
        self.acknowledged.post(slot, note);
        self.news = true;
    }

    fn notice(&mut self, notice: Notice) {
        let instance = notice.holder();
        let address = notice.address().map(|address| display(address.ip));
        let interface = notice.address().map(|address| display(address.link));
        match &notice {
            Notice::Failed { .. } | Notice::Stuck { .. } | Notice::Contended { .. } => {
                warn!(instance, address, interface, "{notice}");
            }
            Notice::Recovered { .. } | Notice::Restored { .. } => {
                info!(instance, address, interface, "{notice}");
            }
            Notice::Unswept(_) => debug!("{notice}"),
        }
    }
}

/// Pieces of work that may be left to do at the end.
const LAST_PIECES: usize = 256;
/// Events that are taken in before anything else has its turn.
const TOGETHER: usize = 256;
/// How long the core thread has to make room for link events.
const BACKLOG: Duration = Duration::from_millis(2);
/// The longest wait; nothing happens at its end.
const LONGEST: Duration = Duration::from_secs(3600);
