//! The simulated link: who hears whom, how late, and how often.

use std::time::Duration;

use super::rng::Rng;
use super::roster::{NodeId, Roster, Set};

/// A switch with nodes and hosts on it. Hosts only listen and ask.
#[derive(Debug)]
pub(super) struct Network {
    weather: Weather,
    /// Which nodes do not hear this node.
    deaf: Roster<Set>,
    /// Which nodes this host neither hears nor reaches.
    hidden: Vec<Set>,
    /// Nodes whose cable is out.
    unplugged: Set,
}

/// How packets fare.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Weather {
    /// The least that a packet takes.
    pub(super) delay: Duration,
    /// What may be added to it, different for each packet: so packets overtake each other.
    pub(super) jitter: Duration,
    /// In percent.
    pub(super) loss: u64,
    /// In percent.
    pub(super) duplication: u64,
}

impl Weather {
    /// The most that a packet takes.
    pub(super) fn worst(&self) -> Duration {
        self.delay + self.jitter
    }
}

/// What becomes of a packet on its way to one receiver.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Fate {
    /// It arrives after this long, and perhaps once more.
    Arrives(Duration, Option<Duration>),
    /// There is no way.
    Cut,
    /// It is lost on the way.
    Lost,
}

impl Network {
    /// A network on which everybody hears everybody.
    pub(super) fn new(nodes: usize, hosts: usize, weather: Weather) -> Self {
        Self {
            weather,
            deaf: Roster::new(nodes, |_| Set::default()),
            hidden: vec![Set::default(); hosts],
            unplugged: Set::default(),
        }
    }

    pub(super) const fn set_weather(&mut self, weather: Weather) {
        self.weather = weather;
    }

    pub(super) const fn weather(&self) -> Weather {
        self.weather
    }

    /// From now on `to` does not hear `from`.
    pub(super) fn cut(&mut self, from: NodeId, to: NodeId) {
        self.deaf[from].insert(to);
    }

    /// From now on nodes and hosts hear each other within each half only. `hosts` says of each
    /// host whether it is in the half of `nodes`.
    pub(super) fn split(&mut self, nodes: Set, hosts: impl Fn(usize) -> bool) {
        let beyond = |here: bool, ids: &Roster<Set>| -> Set {
            let others = ids.ids().filter(|it| nodes.contains(*it) != here);
            others.collect()
        };
        for node in self.deaf.ids() {
            self.deaf[node] = beyond(nodes.contains(node), &self.deaf);
        }
        for (place, hidden) in self.hidden.iter_mut().enumerate() {
            *hidden = beyond(hosts(place), &self.deaf);
        }
    }

    /// Undoes every cut and split.
    pub(super) fn heal(&mut self) {
        for node in self.deaf.ids() {
            self.deaf[node] = Set::default();
        }
        self.hidden.fill(Set::default());
    }

    /// Pulls a node's cable, or puts it in again.
    pub(super) const fn plug(&mut self, node: NodeId, plugged: bool) {
        if plugged {
            self.unplugged.remove(node);
        } else {
            self.unplugged.insert(node);
        }
    }

    /// What becomes of a packet between two nodes.
    pub(super) fn send(&self, from: NodeId, to: NodeId, rng: &mut Rng) -> Fate {
        if self.hears(to, from) { self.fate(rng) } else { Fate::Cut }
    }

    /// What becomes of a frame between a node and a host, either way.
    pub(super) fn send_host(&self, node: NodeId, host: usize, rng: &mut Rng) -> Fate {
        if self.host_hears(host, node) { self.fate(rng) } else { Fate::Cut }
    }

    pub(super) fn host_hears(&self, host: usize, node: NodeId) -> bool {
        let hidden = self.hidden.get(host).is_some_and(|set| set.contains(node));
        !hidden && !self.unplugged.contains(node)
    }

    fn hears(&self, to: NodeId, from: NodeId) -> bool {
        let gone = self.unplugged.contains(from) || self.unplugged.contains(to);
        !gone && !self.deaf[from].contains(to)
    }

    /// The nodes that hear each other, group by group; `None` where hearing is not mutual or
    /// reaches one node over another only.
    pub(super) fn components(&self) -> Option<Vec<Set>> {
        let mut components: Vec<Set> = Vec::new();
        for node in self.deaf.ids() {
            let others = self.deaf.ids().filter(|it| *it != node);
            let mut mine = Set::default();
            mine.insert(node);
            for other in others {
                match (self.hears(node, other), self.hears(other, node)) {
                    (true, true) => mine.insert(other),
                    (false, false) => {}
                    (true, false) | (false, true) => return None,
                }
            }
            let known = components.iter().find(|it| it.contains(node));
            match known {
                Some(known) if *known != mine => return None,
                Some(_) => {}
                None if components.iter().any(|it| it.and(mine).count() > 0) => return None,
                None => components.push(mine),
            }
        }
        Some(components)
    }

    fn fate(&self, rng: &mut Rng) -> Fate {
        let Weather { delay, jitter, loss, duplication } = self.weather;
        if loss > 0 && rng.percent(loss) {
            return Fate::Lost;
        }
        let mut way = || delay + rng.span(Duration::ZERO, jitter);
        let first = way();
        let again = way();
        let twice = duplication > 0 && rng.percent(duplication);
        Fate::Arrives(first, twice.then_some(again))
    }
}
