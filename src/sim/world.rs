//! The run: virtual time, the queue of what is to happen, and everybody in it.

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeSet, BinaryHeap};
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use crate::types::Instant;

use super::effect::Stimulus;
use super::fault::Fault;
use super::host::LATENESS;
use super::judge::{Calm, Finding, Ground, Judge};
use super::mutant::Mutant;
use super::neighbour::{Entry, Neighbour};
use super::network::{Network, Weather};
use super::node::Node;
use super::packet::Message;
use super::rng::Rng;
use super::roster::{NodeId, Roster, Set};
use super::rule::Rule;
use super::scenario::Scenario;
use super::trace::Trace;

/// Everything there is in a run.
#[derive(Debug)]
pub(super) struct World {
    pub(super) now: Instant,
    pub(super) rng: Rng,
    pub(super) nodes: Roster<Node>,
    pub(super) network: Network,
    pub(super) neighbours: Vec<Neighbour>,
    pub(super) judge: Judge,
    pub(super) calm: Calm,
    pub(super) trace: Trace,
    pub(super) mutant: Option<Mutant>,
    /// Who hears whom, while that is mutual and no packet is lost by chance.
    pub(super) components: Option<Vec<Set>>,
    /// Hosts that missed the last announcement of an address by a node.
    pub(super) missed: BTreeSet<(usize, IpAddr, NodeId)>,
    /// Nodes that have left Active, and nobody could have heard of it.
    pub(super) unseen: BTreeSet<NodeId>,
    pub(super) network_changed_at: Instant,
    pub(super) tally: Tally,
    pub(super) fair: Weather,
    script: Vec<Option<Fault>>,
    end: Instant,
    queue: BinaryHeap<Reverse<Queued>>,
    sequence: u64,
}

/// What happened in a run, in numbers.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Tally {
    /// Packets that arrived at a router.
    pub packets: u64,
    /// Times a router became Active.
    pub takeovers: u64,
    /// Virtual time.
    pub lasted: Duration,
}

/// A rule was broken.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Breach {
    pub(super) at: Instant,
    /// Who broke it, where that is one node.
    pub(super) node: Option<NodeId>,
    pub(super) rule: Rule,
    pub(super) what: String,
}

/// Something that is going to happen.
#[derive(Debug)]
pub(super) enum Event {
    /// The fault of this number in the script.
    Fault(usize),
    /// A packet reaches a node.
    Arrive(NodeId, Rc<Message>),
    /// The core thread's timer runs out.
    Wake(NodeId, u64),
    /// The kernel thread gets its turn.
    Hands(NodeId, u64),
    /// The kernel thread's word reaches the core thread of this epoch.
    Word(NodeId, u32, Stimulus),
    /// The check of this epoch's process asks its service.
    Check(NodeId, u32),
    /// A process of this epoch goes on.
    Resume(NodeId, u32),
    /// The supervisor executes the will of a worker that has died.
    Execute(NodeId, u32, Vec<Rc<Message>>),
    /// A host hears who has an address.
    Frame(usize, IpAddr, Entry),
    /// A node's kernel hears a host ask for an address.
    Question(NodeId, usize, IpAddr),
    /// Time to look at the kernels and the neighbours.
    Look,
}

#[derive(Debug)]
struct Queued {
    at: Instant,
    sequence: u64,
    event: Event,
}

impl World {
    /// A world in which `scenario` is about to begin.
    pub(super) fn new(
        mut scenario: Scenario,
        rng: Rng,
        mutant: Option<Mutant>,
        trace: Trace,
    ) -> Self {
        let Scenario { nodes, hosts, weather, end, .. } = scenario;
        let mut take = |node| {
            let settings = std::mem::take(&mut scenario.settings[node]);
            Node::new(node, settings, scenario.services[node].clone())
        };
        let mut world = Self {
            now: Instant::default(),
            rng,
            nodes: Roster::new(nodes, &mut take),
            network: Network::new(nodes, hosts, weather),
            neighbours: vec![Neighbour::default(); hosts],
            judge: Judge::new(nodes),
            calm: Calm::new(scenario.elections),
            trace,
            mutant,
            components: None,
            missed: BTreeSet::new(),
            unseen: BTreeSet::new(),
            network_changed_at: Instant::default(),
            tally: Tally::default(),
            fair: weather,
            script: Vec::new(),
            end,
            queue: BinaryHeap::new(),
            sequence: 0,
        };
        for (place, (at, fault)) in scenario.script.into_iter().enumerate() {
            world.script.push(Some(fault));
            world.at(at, Event::Fault(place));
        }
        world.at(Instant::default() + LOOK, Event::Look);
        world.network_changed();
        world
    }

    /// Lets everything happen. Returns the trace with the outcome.
    pub(super) fn run(mut self) -> (Result<Tally, Breach>, Vec<String>) {
        let outcome = self.run_to_end();
        self.tally.lasted = self.now.since(Instant::default());
        let tally = self.tally;
        (outcome.map(|()| tally), self.trace.into_lines())
    }

    fn run_to_end(&mut self) -> Result<(), Breach> {
        let mut left = MOST_EVENTS;
        while let Some(Reverse(Queued { at, event, .. })) = self.queue.pop() {
            if at > self.end {
                break;
            }
            self.now = at;
            left -= 1;
            if left == 0 {
                return self.breached(None, Err((Rule::Work, "no end of events".to_owned())));
            }
            self.judge
                .check_clock(at)
                .or_else(|(node, rule, what)| self.breached(Some(node), Err((rule, what))))?;
            self.happen(event)?;
            let ground = Ground {
                components: self.components.as_deref(),
                overlap: self.fair.worst() * 2 + LATENESS * 2,
            };
            let found = self.calm.check(ground, &self.judge, at);
            self.breached(None, found)?;
        }
        Ok(())
    }

    fn happen(&mut self, event: Event) -> Result<(), Breach> {
        match event {
            Event::Fault(place) => {
                let fault = self.script.get_mut(place).and_then(Option::take);
                fault.map_or(Ok(()), |fault| self.strike(fault))
            }
            Event::Arrive(node, message) => self.arrive(node, message),
            Event::Wake(node, token) => {
                let node_now = &mut self.nodes[node];
                if node_now.core.token != token || !node_now.is_running() {
                    return Ok(());
                }
                node_now.core.set = None;
                self.feed(node, &Stimulus::Timeout)
            }
            Event::Hands(node, token) => {
                if self.nodes[node].hands.token == token && self.nodes[node].is_running() {
                    self.work(node);
                }
                Ok(())
            }
            Event::Word(node, epoch, word) => {
                if self.nodes[node].epoch == epoch {
                    return self.tell(node, word);
                }
                Ok(())
            }
            Event::Check(node, epoch) => {
                if self.nodes[node].epoch == epoch {
                    self.check(node);
                }
                Ok(())
            }
            Event::Resume(node, epoch) => {
                if self.nodes[node].epoch == epoch {
                    return self.resume(node);
                }
                Ok(())
            }
            Event::Execute(node, epoch, will) => {
                if self.nodes[node].epoch == epoch {
                    self.execute(node, &will);
                }
                Ok(())
            }
            Event::Frame(host, ip, mut entry) => {
                if self.unseen.contains(&entry.holder) {
                    entry.misled.get_or_insert(self.now);
                }
                self.trace.line(
                    self.now,
                    format_args!("h{}", host + 1),
                    format_args!("hears that {} has {ip}", entry.holder),
                );
                if let Some(neighbour) = self.neighbours.get_mut(host) {
                    neighbour.hear(ip, entry);
                }
                Ok(())
            }
            Event::Question(node, host, ip) => {
                self.answer(node, host, ip);
                Ok(())
            }
            Event::Look => {
                self.after(LOOK, Event::Look);
                self.look()
            }
        }
    }

    /// `event` is going to happen at `at`, after everything that is already to happen then.
    pub(super) fn at(&mut self, at: Instant, event: Event) {
        self.sequence += 1;
        let sequence = self.sequence;
        self.queue.push(Reverse(Queued { at, sequence, event }));
    }

    pub(super) fn after(&mut self, span: Duration, event: Event) {
        self.at(self.now + span, event);
    }

    /// Who hears whom is different from now on.
    pub(super) fn network_changed(&mut self) {
        self.network_changed_at = self.now;
        let fair = self.network.weather() == self.fair;
        self.components = self.network.components().filter(|_| fair);
        for (host, neighbour) in self.neighbours.iter_mut().enumerate() {
            let network = &self.network;
            neighbour.mislead(|holder| !network.host_hears(host, holder), self.now);
        }
        self.calm.disturb(self.now);
    }

    pub(super) fn breached(&self, node: Option<NodeId>, found: Finding) -> Result<(), Breach> {
        found.map_err(|(rule, what)| Breach { at: self.now, node, rule, what })
    }
}

impl PartialEq for Queued {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Queued {}

impl PartialOrd for Queued {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Queued {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.sequence).cmp(&(other.at, other.sequence))
    }
}

/// How often kernels and neighbours are looked at.
const LOOK: Duration = Duration::from_millis(250);

/// More than any scenario takes.
const MOST_EVENTS: u32 = 5_000_000;
