//! The daemon itself: its processes, their files, and how a changed configuration is taken over.

use std::path::PathBuf;
use std::time::Duration;

/// How the daemon's processes are set up. What tells daemons of one machine apart cannot change
/// while they run.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Daemon {
    /// `net_namespace`: where it runs, by its name under `/run/netns`; where it was started where
    /// absent.
    pub namespace: Option<String>,
    /// `instance`: what it is called in the names of pid files and in the system's log.
    pub instance: Option<String>,
    /// `use_pid_dir`: pid files stand in a directory of their own.
    pub pid_directory: bool,
    /// `process_name`: what both processes are called; as the program where absent.
    pub name: Option<String>,
    /// `vrrp_process_name`: what the worker is called; as the supervisor where absent.
    pub worker_name: Option<String>,
    /// `umask`: permissions that files do not get which the daemon or its scripts make.
    pub umask: u16,
    /// `child_wait_time`: how long the worker may take to stop before it is killed.
    pub stop_patience: Duration,
}

impl Default for Daemon {
    fn default() -> Self {
        Self {
            namespace: None,
            instance: None,
            pid_directory: false,
            name: None,
            worker_name: None,
            umask: 0o177,
            stop_patience: Duration::from_secs(5),
        }
    }
}

impl Daemon {
    /// What of it cannot be changed by a reload and differs in `new`, in keepalived's words.
    #[must_use]
    pub fn unchangeable(&self, new: &Self) -> Option<&'static str> {
        let fixed = [
            (self.namespace != new.namespace, "network namespace"),
            (self.instance != new.instance, "instance name"),
        ];
        fixed.into_iter().find(|(differs, _)| *differs).map(|(_, what)| what)
    }
}

/// How a changed configuration is taken over.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Reload {
    /// `reload_check_config`: one that `-t` would complain about is refused, not only one that
    /// cannot run.
    pub strict: bool,
    /// The file behind `reload_check_config`: what was found in the last one that was read.
    pub report: Option<PathBuf>,
    /// `reload_file`: a file that is there while the configuration is read.
    pub marker: Option<Marker>,
    /// `reload_time_file`: a file with the time of the next reload.
    pub time_file: Option<PathBuf>,
    /// `reload_repeat`: that time, if it is one of the day, holds for every day.
    pub repeat: bool,
}

/// Where a file stands that is there while the configuration is read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Marker {
    /// Beside the pid file: `/run/keepalived.reload`.
    BesidePidFile,
    /// There.
    At(PathBuf),
}
