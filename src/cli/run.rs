//! `vipd run`: the daemon in the foreground.

use std::path::PathBuf;

use clap::Args;

use super::Ended;
use crate::daemon::{self, Options};
use crate::observe::log;

/// The arguments of `vipd run`.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The configuration: native syntax if it ends in .toml, else keepalived's.
    #[arg(short, long, default_value = "/etc/keepalived/keepalived.conf")]
    config: PathBuf,
    /// Where the supervisor's process id is written; /run/keepalived.pid if the file says nothing.
    #[arg(long)]
    pid_file: Option<PathBuf>,
    /// Where the worker's process id is written; /run/vrrp.pid if the file says nothing.
    #[arg(long)]
    worker_pid_file: Option<PathBuf>,
    /// How log lines are written: text or json.
    #[arg(long, default_value = "text", value_parser = log_format)]
    log_format: log::Format,
    /// Log details too; twice: everything.
    #[arg(short, long, action = clap::ArgAction::Count)]
    verbose: u8,
    /// Write to the system's log as well.
    #[arg(long)]
    syslog: bool,
    /// Run in this network namespace of /run/netns.
    #[arg(long)]
    namespace: Option<String>,
}

impl Arguments {
    /// Runs the daemon until it is told to stop.
    pub(super) fn execute(self) -> Ended {
        let options = Options {
            config: self.config,
            foreground: true,
            log: log::Settings {
                console: true,
                syslog: self.syslog,
                format: self.log_format,
                detail: self.verbose,
                ..log::Settings::default()
            },
            pid_file: self.pid_file,
            worker_pid_file: self.worker_pid_file,
            namespace: self.namespace,
            ..Options::default()
        };
        match daemon::run(options) {
            Ok(()) => Ended::Well,
            Err(error) => Ended::Daemon(error),
        }
    }
}

fn log_format(text: &str) -> Result<log::Format, &'static str> {
    log::Format::parse(text).ok_or("text or json")
}
