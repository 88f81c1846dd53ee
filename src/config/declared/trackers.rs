//! What is watched, as it was written.

use std::path::PathBuf;
use std::time::Duration;

use super::Setting;
use crate::config::model::{Compared, InitialLevel, TrackerKind};
use crate::config::source::Spanned;
use crate::types::{Program, Weight};

/// Something that is watched.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Tracker {
    /// Its name.
    pub name: Spanned<String>,
    /// `weight`
    pub weight: Setting<Weight>,
    /// `reverse`
    pub reverse: Setting<bool>,
    /// What is watched, and how.
    pub watch: Watch,
}

/// What is watched, and how.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Watch {
    /// `vrrp_script`
    Script(Script),
    /// `track_file`
    File(File),
    /// `vrrp_track_process`
    Process(Process),
}

/// `vrrp_script`
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Script {
    /// `script`, with `user`
    pub program: Setting<Program>,
    /// `interval`
    pub interval: Setting<Duration>,
    /// `timeout`
    pub timeout: Setting<Duration>,
    /// `rise`
    pub rise: Setting<u32>,
    /// `fall`
    pub fall: Setting<u32>,
    /// `init_fail`
    pub init_fail: Setting<bool>,
}

/// `track_file`
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct File {
    /// `file`
    pub path: Setting<PathBuf>,
    /// `init_file`
    pub initial: Setting<InitialLevel>,
}

/// `vrrp_track_process`
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Process {
    /// `process`: the program, then its arguments.
    pub words: Setting<Vec<String>>,
    /// `param_match`
    pub compared: Setting<Compared>,
    /// `full_command`
    pub full_command: Setting<bool>,
    /// `quorum`
    pub quorum: Setting<u32>,
    /// `quorum_max`
    pub most: Setting<u32>,
    /// `fork_delay`, `delay`
    pub fork_delay: Setting<Duration>,
    /// `terminate_delay`, `delay`
    pub terminate_delay: Setting<Duration>,
}

/// A tracker as an instance or a group names it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Tracked {
    /// Its kind.
    pub kind: TrackerKind,
    /// Its name.
    pub name: Spanned<String>,
    /// `weight`
    pub weight: Setting<Weight>,
    /// `reverse`, `noreverse`
    pub reverse: Setting<bool>,
}

impl Tracker {
    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> TrackerKind {
        match self.watch {
            Watch::Script(_) => TrackerKind::Script,
            Watch::File(_) => TrackerKind::File,
            Watch::Process(_) => TrackerKind::Process,
        }
    }
}
