//! The files that name the daemon's processes, and the rule that only one daemon holds them.
//!
//! A file is held by whoever has locked it, or by a living process of a daemon like this one
//! that it names (older keepalived does not lock). A stale file never stops a start: neither one
//! that names a dead process, nor one whose number now belongs to another program.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FlockOperation, flock};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use super::error::Error;
use super::place::Place;

/// A pid file that is ours.
///
/// Dropping it gives up the lock and leaves the file: the worker drops what it inherited, only
/// the supervisor removes.
#[derive(Debug)]
pub(super) struct PidFile {
    path: PathBuf,
    file: File,
}

/// The daemon's two pid files, and the directory that they may have for themselves.
#[derive(Debug)]
pub(super) struct PidFiles {
    place: Place,
    /// The supervisor's.
    pub(super) own: PidFile,
    /// The worker's.
    pub(super) worker: PidFile,
}

impl PidFiles {
    /// Makes both ours. A worker that is about to end, because its supervisor was killed, is
    /// waited for.
    ///
    /// # Errors
    /// Where another daemon holds one of them, or it cannot be made. Neither is ours then.
    pub(super) fn claim(place: Place) -> Result<Self, Error> {
        place.make_directory()?;
        let own = PidFile::claim(&place.pid_file)?;
        match PidFile::claim_patiently(&place.worker_pid_file, LAST_WORKER) {
            Ok(worker) => Ok(Self { place, own, worker }),
            Err(error) => {
                own.remove();
                Err(error.into())
            }
        }
    }

    /// Removes both.
    pub(super) fn remove(self) {
        self.worker.remove();
        self.own.remove();
        self.place.remove_directory();
    }
}

/// Why a pid file is not ours. It was not changed.
#[derive(Debug, thiserror::Error)]
pub enum PidFileError {
    /// A living daemon holds it.
    #[error("{} is held by another daemon", .0.display())]
    Held(PathBuf),
    /// It can't be read or written.
    #[error("pid file {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
}

impl PidFile {
    /// Makes `path` ours, without writing to it yet.
    ///
    /// # Errors
    /// [`PidFileError::Held`] if a living daemon has it, [`PidFileError::Io`] if it can't be
    /// opened. The file is as it was.
    pub(super) fn claim(path: &Path) -> Result<Self, PidFileError> {
        let held = || PidFileError::Held(path.to_owned());
        for _ in 0..ATTEMPTS {
            let mut this = Self::open(path)?;
            match flock(&this.file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => {}
                Err(rustix::io::Errno::WOULDBLOCK) => return Err(held()),
                Err(error) => return Err(this.error(error.into())),
            }
            if !this.is_at_its_path() {
                continue; // the previous holder removed it between our open and our lock
            }
            return match this.recorded() {
                Some(process) if is_daemon(process) => Err(held()),
                Some(_) | None => Ok(this),
            };
        }
        Err(held())
    }

    /// As [`PidFile::claim`], but a daemon that is about to end is waited for, `patience` long.
    ///
    /// A worker whose supervisor was killed takes a moment to release its addresses.
    ///
    /// # Errors
    /// As [`PidFile::claim`].
    pub(super) fn claim_patiently(path: &Path, patience: Duration) -> Result<Self, PidFileError> {
        match Self::claim(path) {
            Err(PidFileError::Held(_)) => {
                if let Some(process) = Self::open(path)?.recorded() {
                    wait_for_end(process, patience);
                }
                Self::claim(path)
            }
            other => other,
        }
    }

    /// Writes `process` into the file.
    ///
    /// What stands there is written over, and cut off after that: on a full disk, the room that
    /// an emptied file gives back is somebody else's at once. Whoever reads in between finds the
    /// number too, and blank lines.
    ///
    /// # Errors
    /// [`PidFileError::Io`]; the file may name the process before then.
    pub(super) fn write(&mut self, process: Pid) -> Result<(), PidFileError> {
        let text = format!("{}\n", process.as_raw_nonzero());
        let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
        self.file
            .rewind()
            .and_then(|()| self.file.write_all(format!("{text:\n<LONGEST$}").as_bytes()))
            .and_then(|()| self.file.set_len(length))
            .and_then(|()| self.file.set_permissions(Permissions::from_mode(0o644)))
            .map_err(|error| self.error(error))
    }

    /// Removes the file, unless somebody else has put another one in its place.
    pub(super) fn remove(self) {
        if self.is_at_its_path() {
            // Gone already or a read-only directory: a stale file stops nobody.
            let _stays = fs::remove_file(&self.path).is_err();
        }
    }

    fn open(path: &Path) -> Result<Self, PidFileError> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o644)
            .open(path);
        match file {
            Ok(file) => Ok(Self { path: path.to_owned(), file }),
            Err(source) => Err(PidFileError::Io { path: path.to_owned(), source }),
        }
    }

    /// The process that the file names.
    fn recorded(&mut self) -> Option<Pid> {
        let mut text = String::new();
        self.file.rewind().ok()?;
        (&self.file).take(32).read_to_string(&mut text).ok()?;
        let number: i32 = text.trim().parse().ok()?;
        Pid::from_raw(number.max(0))
    }

    fn is_at_its_path(&self) -> bool {
        match (self.file.metadata(), fs::metadata(&self.path)) {
            (Ok(ours), Ok(there)) => (ours.dev(), ours.ino()) == (there.dev(), there.ino()),
            _ => false,
        }
    }

    fn error(&self, source: io::Error) -> PidFileError {
        PidFileError::Io { path: self.path.clone(), source }
    }
}

/// Whether `process` lives and is a daemon such as this one, but not this very process.
fn is_daemon(process: Pid) -> bool {
    if process == rustix::process::getpid() {
        return false;
    }
    let read = |what: &str| {
        let path = format!("/proc/{}/{what}", process.as_raw_nonzero());
        fs::read_to_string(path).unwrap_or_default()
    };
    let name = read("comm");
    let own = fs::read_to_string("/proc/self/comm").unwrap_or_default();
    lives(&read("stat")) && (["vipd\n", "keepalived\n"].contains(&&*name) || name == own)
}

/// Whether a process with this `/proc/PID/stat` runs: it is no zombie.
fn lives(stat: &str) -> bool {
    let state = stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
    state.is_some_and(|state| !matches!(state, 'Z' | 'X' | 'x'))
}

/// Waits until `process` has ended, `patience` at most.
fn wait_for_end(process: Pid, patience: Duration) {
    let Ok(pidfd) = pidfd_open(process, PidfdFlags::empty()) else {
        return; // it has ended
    };
    let mut fds = [PollFd::new(&pidfd, PollFlags::IN)];
    if let Ok(patience) = Timespec::try_from(patience) {
        // However the wait ends, the caller looks again.
        let _look_again = poll(&mut fds, Some(&patience)).is_err();
    }
}

/// How long an earlier daemon's worker may take to end.
const LAST_WORKER: Duration = Duration::from_secs(2);
/// How often a file may vanish under our hands before we take it for held.
const ATTEMPTS: usize = 5;
/// Octets of the largest number and the end of its line, at least.
const LONGEST: usize = 12;

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    /// A directory of this test's own, removed when dropped.
    struct Dir(PathBuf);

    impl Dir {
        fn new(test: &str) -> Self {
            let path = std::env::temp_dir().join(format!("vipd-{test}-{}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn file(&self) -> PathBuf {
            self.0.join("daemon.pid")
        }
    }

    impl Drop for Dir {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    #[test]
    fn a_claimed_file_holds_our_number_and_goes_when_removed() {
        let dir = Dir::new("claim");
        let mut file = PidFile::claim(&dir.file()).unwrap();
        file.write(Pid::from_raw(4711).unwrap()).unwrap();
        file.write(Pid::from_raw(12).unwrap()).unwrap();
        assert_eq!(fs::read_to_string(dir.file()).unwrap(), "12\n");
        assert_eq!(fs::metadata(dir.file()).unwrap().permissions().mode() & 0o777, 0o644);
        file.remove();
        assert!(!dir.file().exists());
    }

    #[test]
    fn a_locked_file_is_held_until_the_lock_goes() {
        let dir = Dir::new("lock");
        let first = PidFile::claim(&dir.file()).unwrap();
        assert!(matches!(PidFile::claim(&dir.file()), Err(PidFileError::Held(_))));
        drop(first);
        PidFile::claim(&dir.file()).unwrap();
    }

    #[test]
    fn a_file_that_names_a_dead_process_stops_nobody() {
        let dir = Dir::new("dead");
        let mut child = Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        fs::write(dir.file(), format!("{}\n", child.id())).unwrap();
        PidFile::claim(&dir.file()).unwrap();
    }

    #[test]
    fn a_number_that_another_program_has_now_stops_nobody() {
        let dir = Dir::new("reused");
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        fs::write(dir.file(), format!("{}\n", child.id())).unwrap();
        let claimed = PidFile::claim(&dir.file());
        drop(child.stdin.take());
        child.wait().unwrap();
        claimed.unwrap();
    }

    #[test]
    fn our_own_number_from_an_earlier_life_of_the_container_stops_nobody() {
        let dir = Dir::new("own");
        fs::write(dir.file(), format!("{}\n", std::process::id())).unwrap();
        PidFile::claim(&dir.file()).unwrap();
    }

    #[test]
    fn nonsense_in_the_file_stops_nobody() {
        let dir = Dir::new("nonsense");
        for text in ["", "\n", "-4", "99999999999999999999", "eth0"] {
            fs::write(dir.file(), text).unwrap();
            drop(PidFile::claim(&dir.file()).unwrap());
        }
    }

    #[test]
    fn a_directory_that_is_not_there_is_an_error() {
        let path = Path::new("/nonexistent/vipd.pid");
        assert!(matches!(PidFile::claim(path), Err(PidFileError::Io { .. })));
    }

    #[test]
    fn removing_leaves_a_file_that_somebody_else_put_there() {
        let dir = Dir::new("replaced");
        let ours = PidFile::claim(&dir.file()).unwrap();
        fs::remove_file(dir.file()).unwrap();
        fs::write(dir.file(), "1\n").unwrap();
        ours.remove();
        assert!(dir.file().exists());
    }

    #[test]
    fn a_zombie_does_not_live() {
        assert!(lives("12 (vipd) S 1 2"));
        assert!(lives("12 (a) Z) R 1 2"));
        assert!(!lives("12 (vipd) Z 1 2"));
        assert!(!lives(""));
    }
}
