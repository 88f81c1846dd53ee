//! The files in /tmp that keepalived's users know: `keepalived.data`, `.stats` and `.json`.
//!
//! Their readers are exporters and probes that look for keepalived's words at keepalived's places,
//! so these are kept to the letter; what vipd has no notion of is left out.

mod data;
mod date;
mod file;
mod json;
mod stats;

use std::net::IpAddr;
use std::time::Duration;

pub use date::now;
pub use file::{Writer, start};

use crate::config::model::{Instance, Preempt};
use crate::types::{
    Address, Counters, Family, Priority, Program, Reject, Scope, Standing, Version,
};

/// Which of the files.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// Everything, for people and for probes.
    Data,
    /// What was counted.
    Stats,
    /// Everything, for programs.
    Json,
}

/// The node at one moment.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// How it calls itself.
    pub router_id: String,
    /// Its virtual routers, in the configuration's order.
    pub instances: Vec<Seen>,
    /// Its sync groups.
    pub groups: Vec<SeenGroup>,
}

/// A virtual router at one moment.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Its configuration.
    pub config: Instance,
    /// The sync group that it is in.
    pub group: Option<String>,
    /// Its state.
    pub standing: Standing,
    /// It lacks something.
    pub at_fault: bool,
    /// Its effective priority.
    pub priority: Priority,
    /// Where its adverts come from.
    pub source: Option<IpAddr>,
    /// What it has counted since it was added, or since somebody had it start over.
    pub counters: Counters,
    /// When its state last changed, since 1970.
    pub changed: Duration,
}

/// A sync group at one moment.
#[derive(Clone, Debug)]
pub struct SeenGroup {
    /// Its name.
    pub name: String,
    /// The names of its members.
    pub members: Vec<String>,
}

/// The text of the file.
#[must_use]
pub fn render(kind: Kind, snapshot: &Snapshot) -> String {
    match kind {
        Kind::Data => data::render(snapshot),
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

    /// The state it is after.
    fn wanted(&self) -> State {
        if self.config.priority.is_owner() { State::Master } else { self.state() }
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
        let mut text = address.ip.to_string();
        if address.prefix != Family::of(address.ip).bits() {
            text += &format!("/{}", address.prefix);
        }
        text += &format!(" dev {} scope {}", address.link, scope(address.scope));
        if let Some(label) = &address.label {
            text += &format!(" label {label}");
        }
        if address.preferred_secs == Some(0) {
            text += " deprecated";
        }
        if !address.tracked {
            text += " no_track";
        }
        if self.standing == Standing::Active {
            text += " set";
        }
        text
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

/// A program in keepalived's manner: each word in single quotes.
fn quoted(program: &Program) -> String {
    let words: Vec<String> = program.words.iter().map(|word| format!("'{word}'")).collect();
    words.join(" ")
}

fn scope(scope: Scope) -> String {
    match scope.0 {
        0 => "global".to_owned(),
        200 => "site".to_owned(),
        253 => "link".to_owned(),
        254 => "host".to_owned(),
        number => number.to_string(),
    }
}

/// What keepalived counts as a failed authentication.
const AUTH_FAILURE: [Reject; 4] =
    [Reject::AuthFailed, Reject::AhIndex, Reject::AhDigest, Reject::AhReplay];

/// What keepalived counts as too short, or too long.
const LENGTH: [Reject; 2] = [Reject::Length, Reject::NoAddresses];
