//! The core thread: packets and time into the router, its effects out. No async, no lock, no
//! allocation in the steady state, nothing that waits but the one wait.
//!
//! A turn: what other threads have to say, then at most some 64 packets, then the timers that are
//! due, then everything that the router decided leaves at once. So a flood of packets cannot
//! starve the adverts. A thread that was stopped for long reads everything that waits before it
//! believes its timers: the silence may have been its own.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use arrayvec::ArrayVec;

use crate::config::diff::Change;
use crate::sys::{self, Poller, Waker, clock};
use crate::types::Instant;
use crate::vrrp::{Input, Router};

use super::board::Board;
use super::counters::LoopCounters;
use super::effects::Effects;
use super::error::Error;
use super::messages::{Applied, Command, LinkEvent, Sight, Told};
use super::pace::Pace;
use super::pulse::Pulse;
use super::sockets::Sockets;
use super::verdicts::Verdicts;

/// The core thread's state.
pub(super) struct Core<M> {
    router: Router,
    effects: Effects<M>,
    inbox: Inbox,
    sockets: Sockets,
    poller: Poller,
    counters: Arc<LoopCounters>,
    /// Half the shortest time after which a silent Active Router counts as down.
    patience: Duration,
    pace: Pace,
    /// Where the supervisor sees that this thread turns.
    pulse: Pulse,
    /// When this thread ends although addresses may be left; set when it is told to stop.
    stop_at: Option<Instant>,
}

/// What other threads have to say to the core thread.
pub(super) struct Inbox {
    pub(super) commands: Receiver<Command>,
    pub(super) links: Receiver<LinkEvent>,
    pub(super) applied: Arc<Board>,
    pub(super) verdicts: Arc<Verdicts>,
    /// Woken for any of them.
    pub(super) waker: Arc<Waker>,
}

impl<M: Deref<Target = [AtomicU64]>> Core<M> {
    /// A core without instances. Nothing is claimed before `hold_until`.
    ///
    /// # Errors
    /// Where the process has too many descriptors.
    pub(super) fn new(
        hold_until: Option<Instant>,
        effects: Effects<M>,
        inbox: Inbox,
        counters: Arc<LoopCounters>,
        pulse: Pulse,
    ) -> Result<Self, sys::Error> {
        let poller = Poller::new()?;
        poller.add(&*inbox.waker, INBOX)?;
        Ok(Self {
            router: Router::new(hold_until),
            effects,
            inbox,
            sockets: Sockets::default(),
            poller,
            counters,
            patience: Duration::MAX,
            pace: Pace::new(),
            pulse,
            stop_at: None,
        })
    }

    /// Runs until it was told to stop and everything is left, or has been waited for in vain.
    ///
    /// # Errors
    /// [`Error::AddressesLeft`] in the latter case; or where waiting fails, which no running
    /// system makes it do.
    pub(super) fn run(mut self) -> Result<(), Error> {
        sys::wait_exactly()?;
        self.pulse.begin();
        let ended = self.turn_until_told();
        self.pulse.end();
        ended
    }

    fn turn_until_told(&mut self) -> Result<(), Error> {
        loop {
            let due = self.due();
            self.pulse.rest(due);
            let ready: ArrayVec<u64, 64> = self.poller.wait_until(due)?.take(64).collect();
            let now = clock::now();
            self.pulse.beat(now);
            let rest = self.turn(&ready, due, now);
            if let Some(end) = self.stop_at {
                if self.router.is_stopped() {
                    return Ok(());
                }
                if clock::now() >= end {
                    return Err(Error::AddressesLeft);
                }
            }
            self.rest(rest)?;
        }
    }

    /// Lets packets gather, but no timer pass and no other thread wait.
    fn rest(&self, rest: Duration) -> Result<(), sys::Error> {
        if rest.is_zero() {
            return Ok(());
        }
        let left = self.due().map(|at| at.since(clock::now()));
        sys::wait_for(&*self.inbox.waker, left.map_or(rest, |left| left.min(rest)))
    }

    /// The next moment at which there is something to do.
    fn due(&self) -> Option<Instant> {
        let own = [self.sockets.retry_at(), self.stop_at];
        own.into_iter().flatten().chain(self.router.next_timeout()).min()
    }

    /// Does everything that is due. Returns how long packets may gather before the next turn.
    fn turn(&mut self, ready: &[u64], due: Option<Instant>, now: Instant) -> Duration {
        let late = due.map_or(Duration::ZERO, |due| now.since(due));
        let mut relisten = self.sockets.retry_at().is_some_and(|at| at <= now);
        if ready.contains(&INBOX) {
            self.inbox.waker.drain();
            self.take_acknowledgements(now);
            relisten |= self.take_links(now);
            self.take_verdicts(now);
        }
        let mut packets = 0;
        for token in ready {
            packets += self.receive(*token, now);
            if packets >= BUDGET {
                break;
            }
        }
        if late > self.patience {
            packets += self.catch_up(now);
        }
        if self.router.next_timeout().is_some_and(|at| at <= now) {
            self.router.handle(Input::Timeout, now, &mut self.effects);
        }
        self.effects.flush();
        if ready.contains(&INBOX) {
            relisten |= self.take_commands(now);
        }
        if relisten {
            self.listen(now);
        }
        self.effects.flush();
        self.counters.turn(late, packets);
        self.pace.turn(packets, packets >= BUDGET, now)
    }

    fn take_acknowledgements(&mut self, now: Instant) {
        let (router, effects) = (&mut self.router, &mut self.effects);
        self.inbox.applied.take(|slot, note| {
            let generation = note.desire.generation;
            effects.applied(slot, generation);
            router.handle(Input::Applied { slot, generation }, now, effects);
        });
    }

    fn take_verdicts(&mut self, now: Instant) {
        let (router, effects) = (&mut self.router, &mut self.effects);
        self.inbox.verdicts.take(|tracker, verdict| {
            router.handle(Input::Verdict { tracker, verdict }, now, effects);
        });
    }

    /// Says whether there was any news.
    fn take_links(&mut self, now: Instant) -> bool {
        let mut any = false;
        for event in self.inbox.links.try_iter() {
            any = true;
            let input = match &event {
                LinkEvent::Changed(report) => Input::Link(report),
                LinkEvent::Gone(index) => {
                    // The kernel has forgotten which groups were joined there.
                    self.sockets.close(|listen| listen.link == *index);
                    Input::LinkGone(*index)
                }
                LinkEvent::Missed => {
                    self.sockets.close(|_any| true);
                    continue;
                }
            };
            self.router.handle(input, now, &mut self.effects);
        }
        any
    }

    fn receive(&mut self, token: u64, now: Instant) -> usize {
        let (router, effects, rest) = (&mut self.router, &mut self.effects, self.pace.rest());
        self.sockets.receive(token, |listen, packet, waited| {
            let link = listen.link;
            // A timer that an advert starts anew starts when it came, not when it was read.
            let arrived = now - waited.min(rest);
            router.handle(Input::Received { link, packet }, arrived, effects);
        })
    }

    /// Reads everything that waits, within reason.
    fn catch_up(&mut self, now: Instant) -> usize {
        let mut packets = 0;
        for token in self.sockets.tokens() {
            for _ in 0..CATCH_UP {
                match self.receive(token, now) {
                    0 => break,
                    count => packets += count,
                }
            }
        }
        packets
    }

    /// Says whether there was anything that changes what has to be listened to.
    fn take_commands(&mut self, now: Instant) -> bool {
        let mut any = false;
        while let Ok(command) = self.inbox.commands.try_recv() {
            match command {
                Command::Look { mut room, reply } => {
                    let views = self.router.views().take(room.capacity());
                    room.extend(views.map(|view| {
                        Sight {
                            slot: view.slot,
                            key: view.config.key(),
                            standing: view.standing,
                            at_fault: view.fault.is_some(),
                            priority: view.priority,
                            source: view.source,
                            counters: *view.counters,
                            deadline: view.deadline,
                            follows: view.follows,
                            interval: view.interval,
                            down: view.down,
                            descriptors: view
                                .listen
                                .and_then(|listen| self.sockets.descriptor(listen))
                                .zip(self.effects.descriptor(view.config.family)),
                            obstacles: view.obstacles,
                        }
                    }));
                    let _ending = reply.send(room).is_err();
                }
                Command::Apply { changes, reply } => {
                    any = true;
                    let applied = self.apply(changes, now);
                    // Nobody waits for the answer any more: the worker is ending.
                    let _ending = reply.send(applied).is_err();
                }
                Command::Stop { patience } => {
                    any = true;
                    self.stop_at = Some(now + patience);
                    self.router.handle(Input::Stop, now, &mut self.effects);
                }
            }
        }
        any
    }

    fn apply(&mut self, changes: Vec<Change>, now: Instant) -> Applied {
        let mut applied = Applied::default();
        let (router, effects) = (&mut self.router, &mut self.effects);
        for change in changes {
            let (name, result) = match change {
                Change::Trackers(trackers) => {
                    router.track(trackers.iter().map(|tracker| &tracker.name));
                    continue;
                }
                Change::Groups(groups) => {
                    effects.expect_groups(groups.len());
                    router.regroup(groups, now, effects);
                    continue;
                }
                Change::Remove(key) => {
                    router.remove(key, now, effects);
                    continue;
                }
                Change::Add(instance) => {
                    let name = instance.name.clone();
                    (name, router.add(*instance, now, effects).map(|_slot| ()))
                }
                Change::Replace(instance) => {
                    let name = instance.name.clone();
                    (name, router.replace(*instance, now, effects))
                }
                Change::Fixtures(fixtures) => {
                    effects.hold(*fixtures);
                    continue;
                }
                Change::Node(_) | Change::Arrange(_) => continue,
            };
            if let Err(error) = result {
                applied.refused.push((name, error));
            }
        }
        applied.will_overflows = !effects.draw_will();
        let views = router.views();
        applied.names = views.map(|view| (view.slot, view.config.name.clone())).collect();
        let groups = router.groups();
        applied.groups = groups.map(|(id, group, _)| (id, group.name.clone())).collect();
        applied.trackers = router.trackers().map(|(id, name)| (id, name.clone())).collect();
        let shortest = router.views().map(|view| {
            let config = view.config;
            config.interval.duration() * u32::from(config.down_adverts)
        });
        let shortest = shortest.min();
        self.patience = shortest.map_or(Duration::MAX, |down| down / 2);
        self.pace.scale(shortest.unwrap_or_default());
        applied
    }

    fn listen(&mut self, now: Instant) {
        let effects = &mut self.effects;
        let wanted = self.router.listening();
        self.sockets.follow(wanted, &self.poller, now, |listen, error| {
            effects.tell_main(Told::Deaf { listen, error });
        });
        self.router.handle(Input::Deaf(self.sockets.deaf()), now, &mut self.effects);
    }
}

/// The token of the inbox's waker.
const INBOX: u64 = 0;

/// Packets after which the timers have their turn.
const BUDGET: usize = 64;

/// Batches of 64 that are read from each socket after this thread stood still.
const CATCH_UP: usize = 32;
