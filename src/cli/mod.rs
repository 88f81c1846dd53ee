//! The command line: keepalived's own where no command is named, ours where one is.
//!
//! A command is a file here, with its arguments and what it does.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use clap::{Parser, Subcommand};

use crate::daemon;

mod args;
pub mod check;
mod configtest;
mod convert;
mod demo;
mod flags;
mod keepalived;
#[cfg(test)]
mod manual;
mod run;
mod simulate;
mod terminal;
mod version;

/// How a command ended. `main` turns it into the exit code.
#[derive(Debug)]
pub enum Ended {
    /// As it should.
    Well,
    /// The command line makes no sense, or a file that it names can't be opened.
    Usage,
    /// A configuration was checked; this is the exit code that says how it was.
    Verdict(u8),
    /// The daemon ended before its time, or never ran.
    Daemon(daemon::Error),
    /// Otherwise than it should; the user has been told.
    Failed,
}

/// Does what `arguments` ask for; the first of them is the program's name.
#[must_use]
pub fn execute(arguments: Vec<OsString>) -> Ended {
    let program = arguments
        .first()
        .and_then(|path| Path::new(path).file_name())
        .unwrap_or_else(|| OsStr::new(VIPD));
    if program == OsStr::new(GENHASH) {
        terminal::tell(
            "genhash is keepalived's own: /usr/sbin/keepalived.distrib is where vipd has put it \
             aside, `ln -s` that under the name genhash",
        );
        return Ended::Usage;
    }
    let names_command =
        arguments.get(1).is_some_and(|word| !word.as_encoded_bytes().starts_with(b"-"));
    if names_command && program != OsStr::new(KEEPALIVED) {
        return match Ours::try_parse_from(arguments) {
            Ok(ours) => ours.command.execute(),
            Err(error) => {
                let ended = if error.use_stderr() { Ended::Usage } else { Ended::Well };
                // Nobody reads: there is nothing else to tell it to.
                let _unread = error.print().is_err();
                ended
            }
        };
    }
    let program = program.to_owned();
    keepalived::execute(&program, arguments.into_iter().skip(1))
}

/// Keeps virtual IP addresses alive. Without a command, keepalived's own flags are understood:
/// see `vipd -h`.
#[derive(Debug, Parser)]
#[command(name = VIPD, version)]
struct Ours {
    #[command(subcommand)]
    command: Command,
}

/// What vipd can be told to do.
#[derive(Debug, Subcommand)]
enum Command {
    /// Run the daemon in the foreground.
    Run(run::Arguments),
    /// Show what is wrong with a configuration.
    Check(configtest::Arguments),
    /// Print a configuration in the native syntax.
    Convert(convert::Arguments),
    /// Show failovers on this machine, in namespaces of their own. Needs no root.
    Demo(demo::Arguments),
    /// Put the protocol through thousands of simulated failures.
    Simulate(simulate::Arguments),
}

impl Command {
    fn execute(self) -> Ended {
        match self {
            Self::Run(arguments) => arguments.execute(),
            Self::Check(arguments) => arguments.execute(),
            Self::Convert(arguments) => arguments.execute(),
            Self::Demo(arguments) => arguments.execute(),
            Self::Simulate(arguments) => arguments.execute(),
        }
    }
}

/// The program's name.
const VIPD: &str = "vipd";
/// The name under which only keepalived's command line is understood.
const KEEPALIVED: &str = "keepalived";
/// Another name that keepalived's package gives its program. It must not start a daemon.
const GENHASH: &str = "genhash";
