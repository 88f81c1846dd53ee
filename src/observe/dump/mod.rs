//! The files in /tmp that keepalived's users know: `keepalived.data`, `.stats` and `.json`.
//!
//! Their readers are exporters and probes that look for keepalived's words at keepalived's places,
//! so these are kept to the letter; what vipd has no notion of is left out.

mod data;
mod date;
mod file;
mod json;
mod stats;
mod words;

use std::net::IpAddr;
use std::time::Duration;

pub use date::now;
pub use file::{Writer, start};

use crate::config::model::{self, Instance, Model, Preempt, Shown, ShownGroup, Tracked, Tracker};
use crate::types::{
    Address, Centis, Counters, LinkFacts, LinkName, Priority, Reject, Standing, Verdict, Version,
};

/// Which of the files.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// Everything, for people and for probes.
    Data,
    /// What the supervisor knows of it: the first part.
    Parent,
    /// What was counted.
    Stats,
    /// Everything, for programs.
    Json,
}

/// The node at one moment.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// What the host is called.
    pub host: String,
    /// The running configuration.
    pub model: Model,
    /// What that says besides what it means.
    pub shown: Shown,
    /// Its virtual routers, in the configuration's order.
    pub instances: Vec<Seen>,
    /// Its sync groups.
    pub groups: Vec<Group>,
    /// What is tracked. What cannot be is left out.
    pub trackers: Vec<SeenTracker>,
    /// The interfaces of the host.
    pub links: Vec<LinkFacts>,
    /// When, since 1970.
    pub taken: Duration,
}

/// A virtual router at one moment.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Its configuration.
    pub config: Instance,
    /// The sync group that it is in.
    pub group: Option<String>,
    /// `strict_mode`
    pub strict: bool,
    /// Its state.
    pub standing: Standing,
    /// It lacks something.
    pub at_fault: bool,
    /// How many things it lacks itself.
    pub faults: usize,
    /// Of how many things that it needs nothing is known yet.
    pub untold: usize,
    /// It waits for that, or another member of its sync group does, and nothing else is amiss.
    pub waits: bool,
    /// Its effective priority.
    pub priority: Priority,
    /// Where its adverts come from.
    pub source: Option<IpAddr>,
    /// A Backup that heard somebody: who, and of what priority.
    pub follows: Option<(IpAddr, Priority)>,
    /// The interval by which its down timer runs.
    pub interval: Centis,
    /// How long that timer runs.
    pub down: Duration,
    /// When something happens by itself, since 1970.
    pub deadline: Option<Duration>,
    /// The sockets that adverts arrive at and leave by.
    pub descriptors: Option<(i32, i32)>,
    /// Its virtual interface is up.
    pub vmac_up: bool,
    /// What it has counted since it was added, or since somebody had it start over.
    pub counters: Counters,
    /// When its state last changed, since 1970.
    pub changed: Duration,
}

/// A sync group.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its configuration.
    pub config: model::Group,
    /// What that says besides what it means.
    pub shown: ShownGroup,
}

/// Something that is tracked, at one moment.
#[derive(Clone, Debug)]
pub struct SeenTracker {
    /// Its configuration.
    pub config: Tracker,
    /// What is known.
    pub verdict: Verdict,
    /// Successes in a row, as long as they count.
    pub level: u32,
    /// A look is under way.
    pub running: bool,
    /// How many looks there were.
    pub looks: u64,
    /// How many processes there are of those that are counted.
    pub running_processes: usize,
}

impl Snapshot {
    /// Whether an address stands on its interface.
    fn stands(&self, address: &Address) -> bool {
        let link = self.link(address.link);
        link.is_some_and(|link| link.addresses.iter().any(|it| it.ip == address.ip))
    }

    fn link(&self, name: LinkName) -> Option<&LinkFacts> {
        self.links.iter().find(|link| link.name == name)
    }

    /// Whether an instance tracks this by itself.
    fn is_own(&self, seen: &Seen, tracked: &Tracked) -> bool {
        let shown = self.shown.instances.get(&seen.config.name);
        let is_known = self.trackers.iter().any(|it| it.config.name == tracked.tracker);
        is_known && shown.is_none_or(|it| it.tracked.contains(&tracked.tracker))
    }

    fn members<'a>(&'a self, group: &'a Group) -> impl Iterator<Item = &'a Seen> {
        let keys = group.config.members.iter();
        keys.filter_map(|key| self.instances.iter().find(|seen| seen.config.key() == *key))
    }

    fn state_of(&self, group: &Group) -> &'static str {
        let members = || self.members(group);
        if members().any(|seen| seen.waits) {
            return State::Init.word();
        }
        if members().any(|seen| seen.wanted() == State::Fault) {
            return State::Fault.word();
        }
        members().map(|seen| seen.state().word()).next().unwrap_or(State::Init.word())
    }
}

/// The text of the file.
#[must_use]
pub fn render(kind: Kind, snapshot: &Snapshot) -> String {
    match kind {
        Kind::Data => data::render(snapshot),
        Kind::Parent => data::parent(snapshot),
        Kind::Stats => stats::render(snapshot),
        Kind::Json => json::render(snapshot),
    }
}

/// A state of keepalived's: its word and its number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Init,
    Backup,
    Master,
    Fault,
}

impl State {
    const fn word(self) -> &'static str {
        match self {
            Self::Init => "INIT",
            Self::Backup => "BACKUP",
            Self::Master => "MASTER",
            Self::Fault => "FAULT",
        }
    }

    const fn number(self) -> u8 {
        match self {
            Self::Init => 0,
            Self::Backup => 1,
            Self::Master => 2,
            Self::Fault => 3,
        }
    }
}

impl Seen {
    fn state(&self) -> State {
        match self.standing {
            Standing::Active => State::Master,
            Standing::Backup => State::Backup,
            Standing::Initialize | Standing::Leaving if self.at_fault => State::Fault,
            Standing::Initialize | Standing::Leaving => State::Init,
        }
    }

    /// The state it is after. One that only waits to hear of what it tracks is after no fault.
    fn wanted(&self) -> State {
        match self.state() {
            _ if self.config.priority.is_owner() && self.faults == 0 => State::Master,
            State::Fault if self.waits => State::Backup,
            state @ (State::Init | State::Backup | State::Master | State::Fault) => state,
        }
    }

    /// Whether it holds its addresses.
    fn holds(&self) -> bool {
        self.standing == Standing::Active
    }

    const fn version(&self) -> u8 {
        match self.config.version {
            Version::V2 => 2,
            Version::V3 => 3,
        }
    }

    fn preempt_delay(&self) -> u64 {
        match self.config.preempt {
            Preempt::After(delay) => delay.as_secs(),
            Preempt::Yes | Preempt::No => 0,
        }
    }

    /// An address in keepalived's words.
    fn address(&self, address: &Address) -> String {
        words::address(address, Some(&self.config), self.holds())
    }

    fn counted(&self, reasons: &[Reject]) -> u64 {
        reasons.iter().map(|reason| self.counters.rejected(*reason)).sum()
    }

    /// What keepalived calls a wrong interval: VRRPv3 counts those that it learned.
    fn interval_errors(&self) -> u64 {
        self.counted(&[Reject::Interval, Reject::ZeroInterval])
    }

    fn address_list_errors(&self) -> u64 {
        self.counters.address_list_differs + self.counted(&[Reject::AddressList])
    }
}

/// What keepalived counts as a failed authentication.
const AUTH_FAILURE: [Reject; 4] =
    [Reject::AuthFailed, Reject::AhIndex, Reject::AhDigest, Reject::AhReplay];

/// What keepalived counts as too short, or too long.
const LENGTH: [Reject; 2] = [Reject::Length, Reject::NoAddresses];
