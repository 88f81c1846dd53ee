//! How the daemon is to run, whatever command line said so.

use std::fs;
use std::path::PathBuf;

use crate::config;
use crate::config::model::Daemon;
use crate::observe::log;

/// How the daemon is to run.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Options {
    /// What the processes are called, unless the configuration says; as the program where absent.
    pub name: Option<String>,
    /// The configuration.
    pub config: PathBuf,
    /// Stay the process that was started instead of leaving it.
    pub foreground: bool,
    /// Where the log goes.
    pub log: log::Settings,
    /// Where the supervisor's process id is written; where the configuration says if absent.
    pub pid_file: Option<PathBuf>,
    /// Where the worker's process id is written; where the configuration says if absent.
    pub worker_pid_file: Option<PathBuf>,
    /// What follows the worker's death.
    pub when_worker_dies: WhenWorkerDies,
    /// What becomes of the addresses when the daemon stops.
    pub release: Release,
    /// Permissions that files made by the daemon do not get; keepalived's 0177 where absent.
    pub umask: Option<u32>,
    /// What a crash leaves behind.
    pub core_dump: CoreDump,
    /// SIGINT does nothing.
    pub ignore_sigint: bool,
    /// The network namespace to run in, by its name under `/run/netns`; where the configuration
    /// says if absent.
    pub namespace: Option<String>,
    /// Whose `@ID` lines of the configuration are used; the host's name where absent.
    pub config_id: Option<String>,
    /// Every include of the configuration must find what it names.
    pub all_includes: bool,
    /// No instance is run, whatever the configuration says.
    pub without_vrrp: bool,
    /// Flags that were given and have no effect.
    pub unserved: Vec<&'static str>,
}

impl Options {
    /// The daemon as `written` has it, where the command line does not say otherwise.
    #[must_use]
    pub fn daemon(&self, written: &Daemon) -> Daemon {
        let namespace = self.namespace.as_ref().or(written.namespace.as_ref());
        Daemon { namespace: namespace.cloned(), ..written.clone() }
    }

    /// How the configuration is to be read.
    #[must_use]
    pub fn reading(&self) -> config::Options {
        config::Options {
            config_id: self.config_id.clone().unwrap_or_else(node_name),
            all_includes: self.all_includes,
            ..config::Options::default()
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            name: None,
            config: PathBuf::from("/etc/keepalived/keepalived.conf"),
            foreground: false,
            log: log::Settings::default(),
            pid_file: None,
            worker_pid_file: None,
            when_worker_dies: WhenWorkerDies::Respawn,
            release: Release::Release,
            umask: None,
            core_dump: CoreDump::Never,
            ignore_sigint: false,
            namespace: None,
            config_id: None,
            all_includes: false,
            without_vrrp: false,
            unserved: Vec::new(),
        }
    }
}

/// What the supervisor does when the worker died of something that may pass.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WhenWorkerDies {
    /// Start another one.
    Respawn,
    /// End as well.
    Stop,
}

/// Whether a worker that crashes leaves an image of its memory.
///
/// The kernel closes nothing before the image is written. That takes a third of a second at best,
/// and for as long nobody releases the addresses.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CoreDump {
    /// Never: the peers take over at once.
    Never,
    /// Of any size, where the system has it written.
    Whole,
}

/// What becomes of the addresses when the daemon stops.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Release {
    /// They are removed and the peers are told.
    Release,
    /// They stay, and nothing is said.
    Keep,
}

/// The node's name up to the first dot: what `@ID` lines are compared with.
fn node_name() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim().split('.').next().unwrap_or_default().to_owned()
}
