//! Standard error as far as it takes lines at once.

use std::io::{self, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Standard error, never waited for: what it does not take is left out and counted.
///
/// A reader that stopped reading, a full disk or a stopped terminal must not stop the daemon.
#[derive(Debug)]
pub(super) struct Console {
    _private: (),
}

impl Console {
    /// A handle for one line.
    pub(super) const fn new() -> Self {
        Self { _private: () }
    }
}

impl io::Write for Console {
    /// Takes all of `line` whatever became of it: there is nobody to tell.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if line.is_empty() {
            return Ok(0);
        }
        let lost = LOST.swap(0, Ordering::Relaxed);
        if lost > 0 && !put(format!("{lost} log lines were left out here.\n").as_bytes()) {
            LOST.fetch_add(lost, Ordering::Relaxed);
        }
        if !put(line) {
            LOST.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes `line` as far as that needs no waiting; says whether all of it went out.
fn put(line: &[u8]) -> bool {
    line.chunks(ATOMIC).all(|mut part| {
        while !part.is_empty() {
            if !takes_bytes() {
                return false;
            }
            match io::stderr().write(part) {
                Ok(count) => part = part.get(count..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return false,
            }
        }
        true
    })
}

/// Whether standard error takes [`ATOMIC`] bytes without waiting.
fn takes_bytes() -> bool {
    let stderr = io::stderr();
    let mut fds = [PollFd::new(&stderr, PollFlags::OUT)];
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut fds, Some(&now)).is_ok_and(|ready| ready > 0)
}

/// `PIPE_BUF`: a pipe that is ready for writing has room for this much.
const ATOMIC: usize = 4096;

/// Lines that were left out since the last one that went out.
static LOST: AtomicU64 = AtomicU64::new(0);
