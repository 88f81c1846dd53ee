//! Leaving the terminal: the process that was started ends when the daemon is up.

use std::os::fd::OwnedFd;

use rustix::io::{Errno, read, write};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{WaitOptions, waitpid};

use crate::sys::process::{Fork, Pid, detach, fork};

use super::error::Error;

/// On which side of the fork the caller finds itself.
pub(super) enum Side {
    /// In the process that was started: the daemon is up, or has failed with this.
    Started(Result<(), Error>),
    /// In the daemon.
    Daemon(Up),
}

/// Tells the process that was started that the daemon is up. Dropped untold, it is not.
#[derive(Debug)]
pub(super) struct Up(OwnedFd);

/// Forks. The daemon leaves the terminal; the process that was started waits until it is up.
///
/// # Errors
/// Where the system refuses. There is only one process then.
pub(super) fn leave_terminal() -> Result<Side, Error> {
    let pipe = pipe_with(PipeFlags::CLOEXEC);
    let (reader, writer) = pipe.map_err(Error::of("make a pipe"))?;
    match fork()? {
        Fork::Child { .. } => {
            detach()?;
            Ok(Side::Daemon(Up(writer)))
        }
        Fork::Parent { child } => {
            drop(writer);
            Ok(Side::Started(wait_until_up(&reader, child)))
        }
    }
}

/// Waits for the daemon's word; without one it has ended, and its exit code is the reason.
fn wait_until_up(reader: &OwnedFd, child: Pid) -> Result<(), Error> {
    loop {
        match read(reader, &mut [0]) {
            Ok(0) => break,
            Err(Errno::INTR) => {}
            Ok(_) => return Ok(()),
            Err(errno) => return Err(Error::of("wait for the daemon")(errno)),
        }
    }
    let ended = waitpid(Some(child), WaitOptions::empty());
    let (_, status) = ended.map_err(Error::of("wait for the daemon"))?.ok_or(Error::Crashed)?;
    match status.exit_status().map(u8::try_from) {
        Some(Ok(0)) => Ok(()),
        Some(Ok(code)) => Err(Error::Worker(code)),
        Some(Err(_)) | None => Err(Error::Crashed),
    }
}

impl Up {
    /// The daemon is up.
    pub(super) fn tell(self) {
        // Whoever started the daemon may have lost interest.
        let _gone = write(&self.0, &[1]).is_err();
    }
}
