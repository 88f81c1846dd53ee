//! What happens in a run: drawn from its seed before it begins.

use std::rc::Rc;
use std::time::Duration;

use crate::config::model::{FastRelease, Instance};
use crate::types::{Centis, Instant, Version, Vrid};

use super::fault::{Clock, Fault, Flood, Testament};
use super::network::Weather;
use super::rng::Rng;
use super::roster::{NodeId, Roster, Set};
use super::service::Service;
use super::setting;

/// Everything that a seed determines but the chances of single packets.
#[derive(Debug)]
pub(super) struct Scenario {
    pub(super) nodes: usize,
    pub(super) hosts: usize,
    /// The network at its best.
    pub(super) weather: Weather,
    /// For each virtual router, how long its nodes may take to agree.
    pub(super) elections: Vec<(Vrid, Duration)>,
    /// What each node is configured with when it first starts.
    pub(super) settings: Roster<Vec<Rc<Instance>>>,
    /// What the check of each node asks after.
    pub(super) services: Roster<Service>,
    pub(super) script: Vec<(Instant, Fault)>,
    pub(super) end: Instant,
}

impl Scenario {
    pub(super) fn draw(rng: &mut Rng) -> Self {
        let nodes = rng.pick([2, 2, 3, 3, 3, 4, 5]);
        let hosts = rng.pick([1, 2]);
        let routers = rng.pick([1, 1, 1, 1, 2]);
        let weather = Weather {
            delay: rng.span(Duration::from_micros(20), Duration::from_micros(500)),
            jitter: rng.span(Duration::ZERO, Duration::from_millis(1)),
            loss: 0,
            duplication: rng.pick([0, 0, 0, 2]),
        };
        let elections: Vec<Roster<Instance>> =
            (0..routers).map(|place| setting::election(place, nodes, rng)).collect();
        let settings = Roster::new(nodes, |node| {
            let mine = elections.iter().map(|it| Rc::new(it[node].clone()));
            mine.collect()
        });
        let services = Roster::new(nodes, |_| Service::draw(rng));
        let mut author = Author {
            rng,
            nodes,
            hosts,
            routers,
            weather,
            settings,
            longest: Vec::new(),
            now: Instant::default(),
            script: Vec::new(),
        };
        author.longest = elections.iter().map(longest).collect();
        let first = author.settings.clone();
        author.write();
        let end = author.now + author.settle() + Duration::from_millis(2500);
        let settles = (0..routers).map(|place| (setting::vrid(place), author.agree(place)));
        Self {
            nodes,
            hosts,
            weather,
            elections: settles.collect(),
            settings: first,
            services,
            end,
            script: author.script,
        }
    }
}

/// What decides how long the nodes of one election take.
#[derive(Clone, Copy, Debug)]
struct Longest {
    version: Version,
    interval: Centis,
    down_adverts: u8,
    /// Some node may yield fast.
    yields: bool,
}

fn longest(election: &Roster<Instance>) -> Longest {
    let mut longest = Longest {
        version: Version::V3,
        interval: Centis::SHORTEST,
        down_adverts: 0,
        yields: false,
    };
    for (_, instance) in election.iter() {
        let weighs = !instance.tracked_interfaces.is_empty() || !instance.tracked.is_empty();
        let shortens = instance.version == Version::V3 && instance.fast_release != FastRelease::Off;
        longest.version = instance.version;
        longest.interval = longest.interval.max(instance.interval);
        longest.down_adverts = longest.down_adverts.max(instance.down_adverts);
        longest.yields |= weighs && shortens && instance.interval > Centis::SHORTEST;
    }
    longest
}

/// Writes the script.
struct Author<'a> {
    rng: &'a mut Rng,
    nodes: usize,
    hosts: usize,
    routers: usize,
    weather: Weather,
    /// As last configured.
    settings: Roster<Vec<Rc<Instance>>>,
    longest: Vec<Longest>,
    now: Instant,
    script: Vec<(Instant, Fault)>,
}

impl Author<'_> {
    fn write(&mut self) {
        let together = self.rng.percent(70);
        for node in self.settings.ids() {
            let most = if together { Duration::from_millis(20) } else { self.settle() };
            let later = self.rng.span(Duration::ZERO, most);
            self.script.push((self.now + later, Fault::Start(node)));
        }
        self.now += Duration::from_millis(20);
        for _ in 0..self.rng.octet(2, 9) {
            let pause = self.pause();
            self.now += pause;
            if pause >= SETTLED { self.weigh() } else { self.event() }
        }
        self.script.sort_by_key(|(at, _)| *at);
        self.now = self.script.last().map_or(self.now, |(at, _)| *at);
    }

    /// How long the nodes of an election take to agree: the longest down interval, and the time
    /// that a node which stood still listens before.
    fn agree(&self, place: usize) -> Duration {
        let Some(longest) = self.longest.get(place) else {
            return Duration::ZERO;
        };
        let skews = match longest.version {
            Version::V2 => Duration::from_secs(2),
            Version::V3 => longest.interval.duration() * 2,
        };
        let silence = longest.interval.duration() * (u32::from(longest.down_adverts) + 1);
        silence + skews + Duration::from_millis(50)
    }

    /// How long the slowest election takes.
    fn settle(&self) -> Duration {
        let all = (0..self.longest.len()).map(|place| self.agree(place));
        all.max().unwrap_or_default()
    }

    /// How long nothing happens.
    fn pause(&mut self) -> Duration {
        let settle = self.settle();
        let interval = self.longest.iter().map(|it| it.interval).max();
        let interval = interval.unwrap_or(Centis::SECOND).duration();
        let yields = self.longest.iter().any(|it| it.yields);
        match self.rng.below(10) {
            0..=2 => self.rng.span(Duration::ZERO, interval),
            3..=5 => self.rng.span(interval, settle),
            6 | 7 if yields => SETTLED,
            _ => settle + Duration::from_millis(1600),
        }
    }

    fn node(&mut self) -> NodeId {
        let ids: Vec<NodeId> = self.settings.ids().collect();
        let place = self.rng.index(self.nodes);
        let first = self.settings.ids().next();
        #[expect(clippy::expect_used, reason = "a scenario has nodes")]
        ids.get(place).copied().or(first).expect("two at least")
    }

    fn put(&mut self, fault: Fault) {
        self.script.push((self.now, fault));
    }

    /// Something that undoes what was just done, with some likelihood and after a while.
    fn later(&mut self, percent: u64, fault: Fault) {
        if self.rng.percent(percent) {
            let after = self.outage();
            self.script.push((self.now + after, fault));
        }
    }

    /// A time that is short or long to the protocol.
    fn outage(&mut self) -> Duration {
        let settle = self.settle();
        match self.rng.below(4) {
            0 => self.rng.span(Duration::ZERO, Duration::from_millis(40)),
            1 | 2 => self.rng.span(Duration::ZERO, settle),
            _ => self.rng.span(settle, settle * 3),
        }
    }

    fn event(&mut self) {
        let node = self.node();
        let router = self.rng.index(self.routers);
        match self.rng.below(40) {
            0..=3 => self.death(node),
            4..=6 => {
                self.put(Fault::Stop(node));
                self.later(80, Fault::Start(node));
            }
            7..=9 => {
                let lasts = self.outage();
                self.put(Fault::Stall(node, lasts));
            }
            10 => {
                let lasts = self.outage();
                let clock = self.rng.pick([Clock::Runs, Clock::Runs, Clock::Stops]);
                self.put(Fault::Freeze(node, lasts, clock));
            }
            11..=13 => self.reload(node, router),
            14 | 15 => self.removal(node, router),
            16..=19 => self.weigh(),
            20 | 21 => {
                self.put(Fault::Carrier(node, false));
                self.later(90, Fault::Carrier(node, true));
            }
            22 | 23 => {
                self.put(Fault::Plug(node, false));
                self.later(90, Fault::Plug(node, true));
            }
            24 => {
                let other = self.node();
                self.put(Fault::Deafen(node, other));
                self.later(90, Fault::Heal);
            }
            25..=27 => {
                let half: Set = self.settings.ids().filter(|_| self.rng.percent(50)).collect();
                let parity = self.rng.index(3);
                self.put(Fault::Split(half, parity));
                self.later(90, Fault::Heal);
            }
            28..=30 => self.storm(),
            31 | 32 => {
                let by = self.rng.span(Duration::ZERO, Duration::from_millis(200));
                self.put(Fault::Slow(node, by));
                self.later(80, Fault::Slow(node, Duration::ZERO));
            }
            33 => {
                self.put(Fault::Refuse(node, router, true));
                self.later(90, Fault::Refuse(node, router, false));
            }
            34 => self.put(Fault::Steal(node, router)),
            35 | 36 => {
                let count = self.rng.pick([1, 5, 40]);
                self.put(Fault::Noise(node, router, count));
            }
            37 => {
                let flood = self.rng.pick([Flood::Lower, Flood::Release]);
                self.put(Fault::Flood(node, router, flood));
            }
            _ => {
                let host = self.rng.index(self.hosts);
                self.put(Fault::Ask(host, router));
            }
        }
    }

    /// The tracked interface or service of one node, or of all at about the same time, goes down.
    fn weigh(&mut self) {
        let one = self.node();
        let common = self.rng.percent(50);
        let fault = self.rng.pick([Fault::Track, Fault::Service]);
        for node in self.settings.ids().filter(|node| common || *node == one) {
            let after = self.rng.span(Duration::ZERO, Duration::from_millis(100));
            self.script.push((self.now + after, fault(node, false)));
            self.later(80, fault(node, true));
        }
    }

    fn death(&mut self, node: NodeId) {
        let fault = match self.rng.below(3) {
            0 => Fault::PowerOff(node),
            1 => Fault::Crash(node, Testament::Lost),
            _ => Fault::Crash(node, Testament::Executed),
        };
        self.put(fault);
        self.later(80, Fault::Start(node));
    }

    fn reload(&mut self, node: NodeId, router: usize) {
        let old = self.settings[node].get(router).map(Rc::clone);
        let Some(old) = old else { return };
        let new = Rc::new(setting::reloaded(&old, self.rng));
        if let Some(longest) = self.longest.get_mut(router) {
            longest.interval = longest.interval.max(new.interval);
        }
        if let Some(entry) = self.settings[node].get_mut(router) {
            *entry = Rc::clone(&new);
        }
        self.put(Fault::Configure(node, new));
    }

    fn removal(&mut self, node: NodeId, router: usize) {
        self.put(Fault::Remove(node, router));
        if let Some(old) = self.settings[node].get(router).map(Rc::clone) {
            self.later(80, Fault::Configure(node, old));
        }
    }

    fn storm(&mut self) {
        let weather = Weather {
            delay: self.weather.delay,
            jitter: self.rng.span(Duration::ZERO, Duration::from_millis(5)),
            loss: self.rng.pick([1, 5, 20, 50]),
            duplication: self.rng.pick([0, 10]),
        };
        self.put(Fault::Weather(weather));
        let after = self.outage();
        let over = Fault::Weather(self.weather);
        self.script.push((self.now + after, over));
    }
}

/// So long nothing happens where an Active Router is to be entitled to yield fast.
const SETTLED: Duration = Duration::from_secs(31);
