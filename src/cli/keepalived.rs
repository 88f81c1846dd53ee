//! What keepalived's command line makes us do.

use std::ffi::{OsStr, OsString};

use super::args::{self, Request};
use super::terminal::{answer, tell};
use super::{Ended, KEEPALIVED, configtest, version};
use crate::daemon::{self, signals};

/// Reads and obeys keepalived's command line.
pub(super) fn execute(program: &OsStr, arguments: impl IntoIterator<Item = OsString>) -> Ended {
    let parsed = match args::parse(arguments) {
        Ok(parsed) => parsed,
        Err(error) => {
            tell(error);
            return Ended::Usage;
        }
    };
    if !parsed.stray.is_empty() {
        let words: Vec<_> = parsed.stray.iter().map(|word| word.to_string_lossy()).collect();
        answer(format_args!("Unexpected argument(s): {}", words.join(" ")));
    }
    for complaint in &parsed.complaints {
        tell(complaint);
    }
    match parsed.request {
        Request::Run(mut options) => {
            // Whatever file the name leads to: tools look for processes of this name.
            options.name = (program == OsStr::new(KEEPALIVED)).then(|| KEEPALIVED.to_owned());
            match daemon::run(*options) {
                Ok(()) => Ended::Well,
                Err(error) => Ended::Daemon(error),
            }
        }
        Request::Version => {
            tell(version::version(program));
            Ended::Well
        }
        Request::Help => {
            tell(version::help(program));
            Ended::Well
        }
        Request::Signum(name) => match signals::number(&name) {
            Some(number) => {
                answer(number);
                Ended::Well
            }
            None => {
                tell(format_args!("Unknown sigfunc {name}"));
                Ended::Usage
            }
        },
        Request::ConfigTest { options, log } => configtest::test(&options, log.as_deref()),
    }
}
