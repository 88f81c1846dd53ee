//! A named pipe that gets a line for each event.
//!
//! Nobody is waited for. What the pipe has no room for stands in a backlog; if that grows, of each
//! subject only the newest line of each kind is kept, in the order of their writing.

use std::collections::{HashSet, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::task::{Context, Poll};

use rustix::fs::{CWD, FileType, Gid, Mode, OFlags, Stat, Uid, chown, fstat, lstat, mknodat, open};
use rustix::io::{Errno, write};
use tokio::net::unix::pipe;
use tracing::{debug, info, warn};

use super::event::{Event, Subject, What};
use crate::sys::Identity;

/// A named pipe, open for writing.
#[derive(Debug)]
pub(super) struct Pipe {
    path: PathBuf,
    fd: pipe::Sender,
    /// Device and number of what stands at the path, where it was made here.
    made: Option<(u64, u64)>,
    backlog: Backlog,
}

impl Pipe {
    /// Makes the pipe, unless there is one, and opens it.
    ///
    /// # Errors
    /// Where it cannot be made, or something else stands there. Nothing was changed.
    pub(super) fn open(path: &Path, owner: Identity) -> io::Result<Self> {
        let made = match mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o644), 0) {
            Ok(()) => {
                let (user, group) = (Uid::from_raw(owner.user), Gid::from_raw(owner.group));
                if let Err(error) = chown(path, Some(user), Some(group)) {
                    warn!(path = %path.display(), %error, "The FIFO does not become its user's.");
                }
                true
            }
            Err(Errno::EXIST) => false,
            Err(errno) => return Err(errno.into()),
        };
        if !is_fifo(&lstat(path)?) {
            return Err(io::Error::other("something else stands there"));
        }
        // Open for reading too: opening waits for no reader, and none is missed when one goes.
        let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = open(path, flags, Mode::empty())?;
        let stat = fstat(&fd)?;
        if !is_fifo(&stat) {
            return Err(io::Error::other("something else stands there"));
        }
        let made = made.then_some((stat.st_dev, stat.st_ino));
        let fd = pipe::Sender::from_owned_fd(fd)?;
        Ok(Self { path: path.to_owned(), fd, made, backlog: Backlog::default() })
    }

    /// Writes the line of `event`, now or when there is room.
    pub(super) fn tell(&mut self, event: &Event) {
        let Some(line) = event.line() else {
            return;
        };
        let key = (event.subject.clone(), Kind::of(event.what));
        if self.backlog.lines.is_empty() {
            match write(&self.fd, line.as_bytes()) {
                Ok(_) => return,
                Err(Errno::AGAIN | Errno::INTR) => {
                    let path = self.path.display();
                    info!(%path, "The FIFO is full: lines wait until somebody reads.");
                }
                Err(error) => {
                    warn!(path = %self.path.display(), %error, "The FIFO takes no line.");
                    return;
                }
            }
        }
        if self.backlog.push(key, line) {
            let (path, merged) = (self.path.display(), self.backlog.merged);
            warn!(%path, merged, "Nobody reads the FIFO: only the newest lines are kept.");
        }
    }

    /// Writes what stands in the backlog; ready when nothing does.
    pub(super) fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<()> {
        while let Some((_, line)) = self.backlog.lines.front() {
            let Poll::Ready(ready) = self.fd.poll_write_ready(context) else {
                return Poll::Pending;
            };
            match ready.and_then(|()| self.fd.try_write(line.as_bytes())) {
                Ok(_) => self.backlog.pop(),
                // The readiness was an old one.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => {
                    warn!(path = %self.path.display(), %error, "The FIFO takes no line.");
                    self.backlog.pop();
                }
            }
        }
        Poll::Ready(())
    }

    /// Whether lines wait.
    pub(super) fn has_backlog(&self) -> bool {
        !self.backlog.lines.is_empty()
    }

    /// Where it stands.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether what stands at the path is still what is open here.
    pub(super) fn is_in_place(&self) -> bool {
        let same =
            |there: Stat, here: Stat| (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino);
        let found = lstat(&self.path).and_then(|there| Ok(same(there, fstat(&self.fd)?)));
        found.unwrap_or(false)
    }

    /// Closes it, and removes it where it was made here.
    pub(super) fn close(mut self) {
        while let Some((_, line)) = self.backlog.lines.front() {
            match write(&self.fd, line.as_bytes()) {
                Ok(_) => self.backlog.pop(),
                Err(_full) => {
                    let (path, lost) = (self.path.display(), self.backlog.lines.len());
                    warn!(%path, lost, "Nobody has read the last lines.");
                    break;
                }
            }
        }
        if self.made.is_some()
            && self.is_in_place()
            && let Err(error) = rustix::fs::unlink(&self.path)
        {
            debug!(path = %self.path.display(), %error, "The FIFO stays.");
        }
    }
}

/// Lines that found no room.
#[derive(Debug, Default)]
struct Backlog {
    lines: VecDeque<((Subject, Kind), String)>,
    /// From how many lines on the old ones are left out.
    limit: Option<usize>,
    /// Lines that were left out.
    merged: u64,
}

/// Of which lines only the newest matters.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum Kind {
    State,
    Outranking,
    Priority,
}

impl Kind {
    const fn of(what: What) -> Self {
        match what {
            What::State(_) | What::Still(_) => Self::State,
            What::Outranking => Self::Outranking,
            What::Priority(_) => Self::Priority,
        }
    }
}

impl Backlog {
    /// Adds a line; says whether old ones were left out.
    fn push(&mut self, key: (Subject, Kind), line: String) -> bool {
        self.lines.push_back((key, line));
        if self.lines.len() <= self.limit.unwrap_or(LINES) {
            return false;
        }
        let before = self.lines.len();
        let mut seen = HashSet::new();
        let mut newest: VecDeque<_> = VecDeque::new();
        while let Some((key, line)) = self.lines.pop_back() {
            if seen.insert(key.clone()) {
                newest.push_front((key, line));
            }
        }
        self.lines = newest;
        // Where that many subjects have news, it is not compared again with each line.
        self.limit = Some(LINES.max(2 * self.lines.len()));
        let left_out = before - self.lines.len();
        self.merged += u64::try_from(left_out).unwrap_or(u64::MAX);
        left_out > 0
    }

    fn pop(&mut self) {
        self.lines.pop_front();
        if self.lines.is_empty() {
            *self = Self { merged: self.merged, ..Self::default() };
        }
    }
}

fn is_fifo(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::Fifo
}

/// Lines that wait before old ones are left out.
const LINES: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backlog_keeps_the_newest_of_each_in_order_and_stays_small() {
        let mut backlog = Backlog::default();
        let key = |name: &str| (Subject::Instance(name.into()), Kind::State);
        backlog.push(key("quiet"), "quiet".to_owned());
        let mut told = 0;
        for count in 0..100_000 {
            told += u32::from(backlog.push(key(["a", "b"][count % 2]), count.to_string()));
            assert!(backlog.lines.len() <= LINES + 1);
        }
        assert!(told > 0);
        let lines: Vec<&str> = backlog.lines.iter().map(|(_, line)| line.as_str()).collect();
        assert!(lines.contains(&"quiet"));
        assert_eq!(lines[lines.len() - 2..], ["99998", "99999"]);
        let kept = u64::try_from(lines.len()).unwrap();
        assert_eq!(backlog.merged + kept, 100_001);
    }
}
