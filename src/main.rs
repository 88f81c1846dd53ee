//! The command line picks a command; here its end becomes the exit code.

use std::process::ExitCode;

use vipd::cli::{self, Ended};
use vipd::daemon::Error;

fn main() -> ExitCode {
    let ended = cli::execute(std::env::args_os().collect());
    ExitCode::from(code(&ended))
}

/// keepalived's exit codes.
fn code(ended: &Ended) -> u8 {
    match ended {
        Ended::Well => 0,
        Ended::Usage | Ended::Failed => 1,
        Ended::Verdict(code) => *code,
        Ended::Daemon(error) => match error {
            Error::AlreadyRunning => 0,
            Error::NoNamespace { .. }
            | Error::System { .. }
            | Error::PidFile(_)
            | Error::Kernel(_)
            | Error::Monitor(_) => 1,
            Error::Config => 2,
            Error::NotPermitted { .. } | Error::NotCapable { .. } => 4,
            Error::Unreadable => 6,
            Error::Crashed | Error::AddressesLeft => 70,
            Error::Worker(code) => *code,
        },
    }
}
