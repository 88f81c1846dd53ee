//! Why the daemon ended before it was told to, or never ran.

use std::io;

use rustix::io::Errno;

use crate::kernel::netlink::{MonitorError, OpenError};
use crate::sys;

use super::pidfile::PidFileError;

/// Why the daemon ended before it was told to, or never ran. The log has told the rest.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another daemon holds the pid files.
    #[error("daemon is already running")]
    AlreadyRunning,
    /// The configuration cannot be run.
    #[error("the configuration cannot be run")]
    Config,
    /// The configuration cannot be read.
    #[error("the configuration cannot be read")]
    Unreadable,
    /// The system does not permit what every VRRP router has to do.
    #[error("not permitted to {request}")]
    NotPermitted {
        /// What was tried.
        request: &'static str,
    },
    /// The process lacks what it needs to send adverts and set addresses.
    #[error(
        "not permitted to send adverts and set addresses: {missing} missing; run vipd as root or \
         grant both CAP_NET_RAW and CAP_NET_ADMIN"
    )]
    NotCapable {
        /// The names of what is missing.
        missing: String,
    },
    /// There is no network namespace of this name.
    #[error("there is no network namespace {name}: `ip netns list` shows those that there are")]
    NoNamespace {
        /// What was asked for.
        name: String,
    },
    /// The system refused.
    #[error("{request}")]
    System {
        /// What was tried.
        request: &'static str,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// A thread of the worker panicked.
    #[error("the worker crashed")]
    Crashed,
    /// The worker was told to stop and could not see all addresses gone.
    #[error("addresses may still be there")]
    AddressesLeft,
    /// The worker ended with an exit code that another one would end with as well.
    #[error("the worker ended for good with exit code {0}")]
    Worker(u8),
    /// A pid file cannot be written.
    #[error(transparent)]
    PidFile(PidFileError),
    /// The kernel cannot be asked or told.
    #[error(transparent)]
    Kernel(OpenError),
    /// The kernel does not tell what happens to interfaces.
    #[error(transparent)]
    Monitor(#[from] MonitorError),
}

impl Error {
    /// The system's number for what happened, as service managers are told.
    pub(super) fn errno(&self) -> Option<Errno> {
        match self {
            Self::AlreadyRunning => None,
            Self::Config | Self::Worker(2) => Some(Errno::INVAL),
            Self::Unreadable | Self::NoNamespace { .. } => Some(Errno::NOENT),
            Self::NotPermitted { .. } | Self::NotCapable { .. } | Self::Worker(4) => {
                Some(Errno::PERM)
            }
            Self::System { source, .. } => Errno::from_io_error(source),
            Self::PidFile(_)
            | Self::Crashed
            | Self::AddressesLeft
            | Self::Worker(_)
            | Self::Kernel(_)
            | Self::Monitor(_) => Some(Errno::IO),
        }
    }

    /// Says what was tried when the system refused.
    pub(super) fn of<E: Into<io::Error>>(request: &'static str) -> impl FnOnce(E) -> Self {
        move |error| Self::System { request, source: error.into() }
    }
}

impl From<sys::Error> for Error {
    fn from(error: sys::Error) -> Self {
        let request = error.request;
        match error.errno {
            Errno::PERM | Errno::ACCESS => Self::NotPermitted { request },
            errno => Self::of(request)(errno),
        }
    }
}

impl From<OpenError> for Error {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Packet(error) => error.into(),
            OpenError::Netlink(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                let request = "open a netlink socket";
                Self::NotPermitted { request }
            }
            OpenError::Netlink(_) => Self::Kernel(error),
        }
    }
}

impl From<PidFileError> for Error {
    fn from(error: PidFileError) -> Self {
        match error {
            PidFileError::Held(_) => Self::AlreadyRunning,
            PidFileError::Io { .. } => Self::PidFile(error),
        }
    }
}
