//! A simulated node: its processes, its kernel, and what waits for them.

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use crate::config::model::Instance;
use crate::kernel::memory::Memory;
use crate::kernel::{Agent, Notice, Plan, Sink};
use crate::types::{Instant, Slot};

use super::brain::Brain;
use super::effect::Stimulus;
use super::fault::Clock;
use super::host;
use super::mutant::Mutant;
use super::packet::Message;
use super::roster::NodeId;
use super::service::Service;

/// A node with one daemon.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) life: Life,
    /// The core thread.
    pub(super) brain: Brain,
    /// The kernel thread, and the host's kernel with it.
    pub(super) agent: Agent<Memory>,
    /// Counts the processes: what was meant for an earlier one is dropped.
    pub(super) epoch: u32,
    /// What its check asks after.
    pub(super) service: Service,
    /// What its configuration says.
    pub(super) settings: Vec<Rc<Instance>>,
    /// How far its clock is behind.
    pub(super) lag: Duration,
    /// By how much address operations are slowed down.
    pub(super) slow: Duration,
    /// The kernel refuses addresses.
    pub(super) refusing: bool,
    /// It has done so since the process began.
    pub(super) refused: bool,
    /// When each thread wakes.
    pub(super) core: Alarm,
    pub(super) hands: Alarm,
    /// What arrived while it stood still.
    pub(super) packets: VecDeque<Rc<Message>>,
    pub(super) words: VecDeque<Stimulus>,
}

/// How a node is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Life {
    /// Its daemon runs.
    Running,
    /// Its daemon stands still.
    Still {
        since: Instant,
        /// All of the machine does, its clock included or not.
        machine: Option<Clock>,
    },
    /// Its daemon is dead.
    Dead {
        /// Its kernel is alive.
        powered: bool,
    },
}

/// When a thread wakes, and which of the queued events is the one that wakes it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Alarm {
    pub(super) token: u64,
    /// What it was set for.
    pub(super) set: Option<Instant>,
}

impl Node {
    /// A node that is switched off.
    pub(super) fn new(id: NodeId, settings: Vec<Rc<Instance>>, service: Service) -> Self {
        Self {
            life: Life::Dead { powered: false },
            brain: Brain::new(None),
            agent: Agent::new(host::boot(id)),
            epoch: 0,
            service,
            settings,
            lag: Duration::ZERO,
            slow: Duration::ZERO,
            refusing: false,
            refused: false,
            core: Alarm::default(),
            hands: Alarm::default(),
            packets: VecDeque::new(),
            words: VecDeque::new(),
        }
    }

    /// A new process begins; after a loss of power on a freshly booted host.
    pub(super) fn begin(&mut self, id: NodeId, mutant: Option<Mutant>) {
        let mut memory = match self.life {
            Life::Dead { powered: false } => {
                self.refusing = false;
                host::boot(id)
            }
            Life::Running | Life::Still { .. } | Life::Dead { .. } => self.agent.kernel().clone(),
        };
        memory.take_events();
        memory.take_announcements();
        let reports = memory.reports();
        self.agent = Agent::new(memory);
        for report in &reports {
            self.agent.link(report);
        }
        self.brain = Brain::new(mutant);
        self.service.forget();
        self.life = Life::Running;
        self.end_epoch();
    }

    /// Its process is no more.
    pub(super) fn end(&mut self, powered: bool) {
        self.life = Life::Dead { powered };
        self.brain = Brain::new(None);
        self.end_epoch();
    }

    fn end_epoch(&mut self) {
        self.epoch += 1;
        self.refused = self.refusing;
        self.packets.clear();
        self.words.clear();
        self.core.set = None;
        self.core.token += 1;
        self.hands.set = None;
        self.hands.token += 1;
    }

    pub(super) fn is_running(&self) -> bool {
        self.life == Life::Running
    }

    /// Its kernel answers questions.
    pub(super) const fn is_answering(&self) -> bool {
        match self.life {
            Life::Running => true,
            Life::Still { machine, .. } => machine.is_none(),
            Life::Dead { powered } => powered,
        }
    }

    /// The time by its own clock.
    pub(super) fn local(&self, now: Instant) -> Instant {
        now - self.lag
    }

    /// The addresses of a slot are those of `instance` from now on.
    pub(super) fn assign(&mut self, slot: Slot, instance: Option<&Instance>) {
        let plan = instance.map(|instance| Plan {
            addresses: instance.held().cloned().collect(),
            announce: instance.announce,
            ..Plan::default()
        });
        self.agent.plan(slot, plan);
    }

    /// The configured settings of the virtual router that `instance` is of are these.
    pub(super) fn configure(&mut self, instance: &Rc<Instance>) {
        let mut settings = self.settings.iter_mut();
        match settings.find(|it| it.key() == instance.key()) {
            Some(old) => *old = Rc::clone(instance),
            None => self.settings.push(Rc::clone(instance)),
        }
    }
}

/// What the kernel thread says to the core thread.
#[derive(Debug, Default)]
pub(super) struct Words(pub(super) Vec<Stimulus>);

impl Sink for Words {
    fn applied(&mut self, slot: Slot, generation: u32) {
        self.0.push(Stimulus::Applied { slot, generation });
    }

    fn notice(&mut self, _: Notice) {}
}
