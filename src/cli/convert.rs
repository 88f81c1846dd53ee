//! `vipd convert`: a configuration in the native syntax, whatever it was written in.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;

use clap::Args;

use super::terminal::tell;
use super::{Ended, check};
use crate::config;
use crate::daemon::Options;

/// The arguments of `vipd convert`.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The configuration: native syntax if it ends in .toml, else keepalived's.
    #[arg(default_value = "/etc/keepalived/keepalived.conf")]
    file: PathBuf,
    /// Whose @ID lines are used; the host's name where absent.
    #[arg(long)]
    config_id: Option<String>,
}

impl Arguments {
    /// Prints what the configuration means; what is lost on the way is told beside it.
    pub(super) fn execute(self) -> Ended {
        let options =
            Options { config: self.file, config_id: self.config_id, ..Options::default() };
        let loaded = config::load(&options.config, &options.reading());
        let found = &loaded.diagnostics;
        if !found.is_empty() {
            let color = io::stderr().is_terminal();
            tell(check::render(found, &loaded.sources, color).trim_end());
        }
        let text = loaded.model.as_ref().map(config::toml::write).unwrap_or_default();
        match io::stdout().write_all(text.as_bytes()) {
            Ok(()) => Ended::Verdict(check::exit_code(found, false)),
            Err(error) => {
                tell(format_args!("standard output: {error}"));
                Ended::Failed
            }
        }
    }
}
