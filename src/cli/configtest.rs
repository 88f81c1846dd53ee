//! Checking a configuration without running it: `vipd check`, and keepalived's `-t`.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;

use super::terminal::tell;
use super::{Ended, check};
use crate::config::{self, Host, Loaded, Machine};
use crate::daemon::{self, Options, link_exists, look_at_host, look_at_programs};
use crate::sys::accounts;
use crate::types::Account;

/// The arguments of `vipd check`.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The configuration: native syntax if it ends in .toml, else keepalived's.
    #[arg(default_value = "/etc/keepalived/keepalived.conf")]
    file: PathBuf,
    /// Fail for warnings too, with exit code 1. Errors are 2 in any case.
    #[arg(long)]
    strict: bool,
    /// Whose @ID lines are used; the host's name where absent.
    #[arg(long)]
    config_id: Option<String>,
    /// Look for the interfaces in this network namespace of /run/netns.
    #[arg(short = 's', long)]
    namespace: Option<String>,
    /// The configuration is for another machine: do not look for its interfaces.
    #[arg(long)]
    elsewhere: bool,
}

impl Arguments {
    /// Shows everything that is wrong with the configuration.
    pub(super) fn execute(self) -> Ended {
        let options = Options {
            config: self.file,
            config_id: self.config_id,
            namespace: self.namespace,
            ..Options::default()
        };
        let mut loaded = config::load(&options.config, &options.reading());
        let mut elsewhere = self.elsewhere;
        if !elsewhere && let Err(error) = enter_namespace(&options, &loaded) {
            tell(&error);
            if options.namespace.is_some() {
                return Ended::Usage;
            }
            elsewhere = true;
        }
        if !elsewhere {
            loaded.check_links(Machine::Other, link_exists);
            if let Some(model) = &loaded.model {
                let host = Host { unrun: look_at_programs(model), ..look_at_host(model) };
                loaded.advise(&host);
            }
        }
        let found = &loaded.diagnostics;
        let color = io::stderr().is_terminal();
        if !found.is_empty() {
            tell(check::render(found, &loaded.sources, color).trim_end());
        }
        Ended::Verdict(check::exit_code(found, self.strict))
    }
}

/// Goes to where the daemon would run.
fn enter_namespace(options: &Options, loaded: &Loaded) -> Result<(), daemon::Error> {
    match options.daemon(&loaded.daemon).namespace {
        Some(namespace) => daemon::enter_namespace(&namespace),
        None => Ok(()),
    }
}

/// Whether a program can run as this user and group.
fn account_exists(account: &Account) -> bool {
    accounts::find(account).is_ok()
}

/// Says what keepalived's `-t` would: into `log` or to standard error, and nothing if all is well.
pub(super) fn test(options: &Options, log: Option<&Path>) -> Ended {
    let mut loaded = config::load(&options.config, &options.reading());
    // Nothing can be said before the namespace is there; for keepalived that is no mistake.
    if let Err(error) = enter_namespace(options, &loaded) {
        tell(&error);
        return Ended::Verdict(0);
    }
    loaded.check_links(Machine::Runs, link_exists);
    loaded.check_accounts(account_exists);
    let tested = check::keepalived_test(&loaded);
    let mut text = String::new();
    for line in &tested.lines {
        // Writing to a string cannot fail.
        let _never = writeln!(text, "{line}").is_err();
    }
    let written = match log {
        None => io::stderr().write_all(text.as_bytes()),
        Some(path) => OpenOptions::new()
            .append(true)
            .create(true)
            .open(path)
            .and_then(|mut file| file.write_all(text.as_bytes())),
    };
    match (written, log) {
        (Err(error), Some(path)) => {
            tell(format_args!("{}: {error}", path.display()));
            Ended::Usage
        }
        (Ok(()) | Err(_), _) => Ended::Verdict(tested.exit_code),
    }
}
