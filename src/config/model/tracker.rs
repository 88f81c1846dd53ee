//! What is watched: scripts, files, processes.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::types::{Program, Weight};

/// Something that is watched because its state changes priorities or is a fault.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Tracker {
    /// Its kind and name.
    pub name: TrackerName,
    /// The weight for those that track it and name none; theirs is in their [`Tracked`].
    pub weight: Weight,
    /// The same of `reverse`.
    pub reverse: bool,
    /// What is watched, and how.
    pub watch: Watch,
}

/// What tells two trackers apart. One name may be borne by one tracker of each kind.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct TrackerName {
    /// Its kind.
    pub kind: TrackerKind,
    /// Its name in the configuration.
    pub name: String,
}

/// What kind of thing is watched.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum TrackerKind {
    /// `vrrp_script`
    Script,
    /// `track_file`
    File,
    /// `vrrp_track_process`
    Process,
}

impl TrackerKind {
    /// The kind as a word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Script => "script",
            Self::File => "file",
            Self::Process => "process",
        }
    }
}

impl fmt::Display for TrackerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.word(), self.name)
    }
}

/// What is watched, and how. Each kind of [`TrackerKind`] has its settings here.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Watch {
    /// A program that is run again and again; its exit status tells.
    Script(Script),
    /// A file with a number in it.
    File(File),
    /// Processes that are to run.
    Process(Process),
}

impl Watch {
    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> TrackerKind {
        match self {
            Self::Script(_) => TrackerKind::Script,
            Self::File(_) => TrackerKind::File,
            Self::Process(_) => TrackerKind::Process,
        }
    }
}

/// `vrrp_script`
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Script {
    /// What is run.
    pub program: Program,
    /// From start to start.
    pub interval: Duration,
    /// How long it may run.
    pub timeout: Duration,
    /// Successes in a row that make it healthy again, 1 at least.
    pub rise: u32,
    /// Failures in a row that make it unhealthy, 1 at least.
    pub fall: u32,
    /// `init_fail`: it counts as failed until it has succeeded.
    pub init_fail: bool,
}

/// `track_file`
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct File {
    /// The file. What stands in it is a whole number; where there is none it is 0.
    pub path: PathBuf,
    /// `init_file`: what is written into it at the first start.
    pub initial: Option<InitialLevel>,
}

/// What is written into a tracked file at the first start.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct InitialLevel {
    /// The number.
    pub level: i32,
    /// `overwrite`: also where there is a file already.
    pub overwrite: bool,
}

/// `vrrp_track_process`
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Process {
    /// The program's name or path.
    pub program: String,
    /// The arguments that it is to run with.
    pub arguments: Vec<String>,
    /// How a process's own arguments are compared with these.
    pub compared: Compared,
    /// `full_command`: the program is compared with the command line, not with the process's name.
    pub full_command: bool,
    /// The fewest processes that are enough, 1 at least unless `most` is 0.
    pub quorum: u32,
    /// The most that are not too many.
    pub most: Option<u32>,
    /// `fork_delay`: how long a copy of a running process is not counted as one too many or enough.
    pub fork_delay: Duration,
    /// `terminate_delay`: how long one that ended is not missed.
    pub terminate_delay: Duration,
}

/// How the arguments of a process are compared with the configured ones.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Compared {
    /// Not at all.
    No,
    /// They are the same.
    Equal,
    /// They begin with them: `partial`.
    First,
    /// They begin with them, the last one with the beginning of a word perhaps: `initial`.
    Begin,
}

/// A tracker as an instance has it.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Tracked {
    /// What is tracked.
    pub tracker: TrackerName,
    /// What its state adds to the priority; [`Weight::FAULT`] makes its failure a fault.
    pub weight: Weight,
    /// `reverse`: the contribution is negated, and success is the fault.
    pub reverse: bool,
}
