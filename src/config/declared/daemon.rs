//! The daemon itself, as it was written.

use std::path::PathBuf;
use std::time::Duration;

use super::Setting;
use crate::config::model::Marker;

/// Settings of the daemon's processes.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Daemon {
    /// `net_namespace`
    pub namespace: Setting<String>,
    /// `instance`
    pub instance: Setting<String>,
    /// `use_pid_dir`
    pub pid_directory: Setting<bool>,
    /// `process_name`, at most 15 octets
    pub name: Setting<String>,
    /// `vrrp_process_name`, at most 15 octets
    pub worker_name: Setting<String>,
    /// `umask`, 0..=0o777
    pub umask: Setting<u16>,
    /// `child_wait_time`
    pub stop_patience: Setting<Duration>,
}

/// How a changed configuration is to be taken over.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Reload {
    /// `reload_check_config`
    pub strict: Setting<bool>,
    /// The file behind it.
    pub report: Setting<PathBuf>,
    /// `reload_file`
    pub marker: Setting<Marker>,
    /// `reload_time_file`
    pub time_file: Setting<PathBuf>,
    /// `reload_repeat`
    pub repeat: Setting<bool>,
}
