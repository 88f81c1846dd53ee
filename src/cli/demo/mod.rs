//! `vipd demo`: three routers lose and take over an address, seen by a client, on this machine.
//!
//! Everything happens in namespaces of its own: no root is needed where the system lets ordinary
//! users make them, nothing outside is touched, and nothing is left, however the demo ends.

use std::io;

use clap::{Args, ValueEnum};

use super::Ended;
use crate::kernel::wiring::WiringError;
use crate::sys;

mod acts;
mod client;
mod echo;
mod node;
mod sandbox;
mod screen;
mod stage;

/// The arguments of `vipd demo`.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// Which process of the demo this is.
    #[arg(long, hide = true, value_enum, default_value = "audience")]
    role: Role,
    /// By what name the stand-in service answers.
    #[arg(long, hide = true, default_value = "")]
    name: String,
}

/// The processes of the demo besides the daemons.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Role {
    /// The one that was started: it makes the sandbox and waits.
    Audience,
    /// The first process in the sandbox.
    Director,
    /// A service behind the virtual address.
    Service,
}

impl Arguments {
    /// Plays the demo.
    pub(super) fn execute(self) -> Ended {
        let outcome = match self.role {
            Role::Audience => sandbox::perform(),
            Role::Director => sandbox::enter().and_then(|()| acts::play()),
            Role::Service => echo::serve(&self.name),
        };
        match outcome {
            Ok(()) => Ended::Well,
            Err(error) => screen::complain(&error),
        }
    }
}

/// Why the demo could not be played, or did not go as it should.
#[derive(Debug, thiserror::Error)]
enum Error {
    /// The system gives ordinary users no namespaces.
    #[error(
        "this system gives ordinary users no namespaces of their own ({0}).\n\
         Run the demo as root: sudo vipd demo"
    )]
    NoSandbox(sys::Error),
    /// Neither does it let root.
    #[error(
        "no namespaces can be made here ({0}).\nIn a container, give it CAP_SYS_ADMIN \
         (docker run --privileged)"
    )]
    NoSandboxForRoot(sys::Error),
    /// The kernel lacks bridges or veth, or refuses them.
    #[error("{0}: {cause}", cause = source_of(.0))]
    Wiring(#[from] WiringError),
    /// A request to the system failed.
    #[error("cannot {request}: {source}")]
    System {
        /// What was asked, in words.
        request: &'static str,
        /// The answer.
        source: io::Error,
    },
    /// The same, of a request through `sys`.
    #[error("cannot {0}")]
    Sys(#[from] sys::Error),
    /// An act did not end as it should.
    #[error("{act}: {heir} does not answer alone; the daemons' logs end so:\n{logs}")]
    Unexpected {
        /// Which act.
        act: &'static str,
        /// Who should.
        heir: char,
        /// The end of the daemons' logs.
        logs: String,
    },
    /// The client's thread ended.
    #[error("the client has ended")]
    NoClient,
    /// The director's process ended badly; it has said why.
    #[error("the demo ended early")]
    Director,
}

/// What the kernel answered.
fn source_of(error: &WiringError) -> String {
    std::error::Error::source(error).map_or_else(String::new, ToString::to_string)
}

/// Names a request to the system for [`Error::System`].
trait During<T> {
    /// The same result, its error named after `request`.
    fn during(self, request: &'static str) -> Result<T, Error>;
}

impl<T, E: Into<io::Error>> During<T> for Result<T, E> {
    fn during(self, request: &'static str) -> Result<T, Error> {
        self.map_err(|source| Error::System { request, source: source.into() })
    }
}
