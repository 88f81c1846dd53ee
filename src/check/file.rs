//! `track_file`: a number in a file.
//!
//! inotify tells when somebody changed the file's directory; and once a second the file is read
//! in any case, because links and mounts change files without a word.

use std::fs;
use std::io::Read as _;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{self, CreateFlags, Reader, WatchFlags};
use tokio::task::spawn_blocking;
use tracing::warn;

use super::registry::Refusal;
use super::{Cadence, Health, Observation, Outcome, Prepared, Probe};
use crate::config::model::{self, InitialLevel};
use crate::types::Verdict;

/// A file that is read whenever it may have changed.
struct File {
    watch: Arc<Mutex<Watch>>,
    /// What it said last.
    last: Option<i32>,
}

/// A file and the watch on its directory.
struct Watch {
    path: PathBuf,
    /// `None` while there is no directory to watch.
    inotify: Option<OwnedFd>,
}

/// Writes what is to stand in the file at the `first` start, and begins to watch it.
///
/// # Errors
/// [`Refusal`] where its directory is missing.
pub(super) fn prepare(file: &model::File, first: bool) -> Result<Prepared, Refusal> {
    let path = file.path.clone();
    let directory = path.parent().filter(|it| it.is_dir());
    if directory.is_none() {
        return Err(Refusal(format!("{} is in no directory", path.display())));
    }
    if let Some(InitialLevel { level, overwrite }) = file.initial.filter(|_| first)
        && (overwrite || !path.exists())
        && let Err(error) = fs::write(&path, format!("{level}\n"))
    {
        warn!(path = %path.display(), %error, "The number that a tracked file starts with is not written.");
    }
    let watch = Arc::new(Mutex::new(Watch { path, inotify: None }));
    let probe = Box::new(File { watch, last: None });
    Ok(Prepared { probe, cadence: Cadence::OnNews, health: Health::unknown(1, 1) })
}

impl Probe for File {
    fn observe(&mut self) -> Observation<'_> {
        Box::pin(async {
            loop {
                let (watch, first) = (Arc::clone(&self.watch), self.last.is_none());
                let read = spawn_blocking(move || {
                    let mut watch = watch.lock().unwrap_or_else(PoisonError::into_inner);
                    if !first {
                        watch.wait();
                    }
                    watch.listen();
                    level(&watch.path)
                });
                // A disk that hangs costs this task and a thread that waits.
                let level = read.await.ok().flatten().or(self.last).unwrap_or(0);
                if self.last.replace(level) != Some(level) {
                    let reason = if level == 0 { String::new() } else { format!("says {level}") };
                    return Outcome::new(Verdict::Level(level), reason);
                }
            }
        })
    }
}

impl Watch {
    /// Waits until something happens in the directory, a second at most.
    fn wait(&mut self) {
        let Some(inotify) = &self.inotify else {
            // There is nothing to wait for but time.
            let _time = poll(&mut [], Some(&SECOND)).is_err();
            return;
        };
        let _timed_out = poll(&mut [PollFd::new(inotify, PollFlags::IN)], Some(&SECOND)).is_err();
        let mut room = [MaybeUninit::uninit(); 4096];
        let mut events = Reader::new(inotify, &mut room);
        let mut lost = false;
        while let Ok(event) = events.next() {
            lost |= event.events().intersects(GONE);
        }
        if lost {
            self.inotify = None;
        }
    }

    /// Watches the directory, unless it does already.
    fn listen(&mut self) {
        let Some(directory) = self.path.parent().filter(|_| self.inotify.is_none()) else {
            return;
        };
        let watch = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK);
        let watch = watch.and_then(|fd| inotify::add_watch(&fd, directory, EVENTS).map(|_| fd));
        self.inotify = watch.ok();
    }
}

/// The number in a file: 0 where there is no file or no number, `None` where it is too large for
/// anybody.
fn level(path: &Path) -> Option<i32> {
    let mut text = [0; 127];
    let read = fs::File::open(path).and_then(|mut file| file.read(&mut text));
    let octets = read.ok().and_then(|count| text.get(..count)).unwrap_or_default();
    number(octets)
}

/// A number as C's `strtol` reads it, whatever follows: decimal, `0x` or `0` before it.
fn number(text: &[u8]) -> Option<i32> {
    let text = String::from_utf8_lossy(text);
    let text = text.trim_start();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let hexadecimal = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X"));
    let (radix, digits) = match hexadecimal {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_hexdigit()) => (16, rest),
        _ if digits.starts_with('0') => (8, digits),
        _ => (10, digits),
    };
    let mut value: i64 = 0;
    for digit in digits.chars().map_while(|c| c.to_digit(radix)) {
        value = value.checked_mul(radix.into())?.checked_add(digit.into())?;
    }
    i32::try_from(if negative { -value } else { value }).ok()
}

/// What may change the file.
const EVENTS: WatchFlags = WatchFlags::CLOSE_WRITE
    .union(WatchFlags::MOVE)
    .union(WatchFlags::CREATE)
    .union(WatchFlags::DELETE)
    .union(WatchFlags::DELETE_SELF)
    .union(WatchFlags::MOVE_SELF);
/// What ends the watch on a directory.
const GONE: inotify::ReadFlags = inotify::ReadFlags::DELETE_SELF
    .union(inotify::ReadFlags::MOVE_SELF)
    .union(inotify::ReadFlags::IGNORED);
/// How often a file is read of which nothing is heard.
const SECOND: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_c_reads_it() {
        for (text, value) in [
            ("10\n", Some(10)),
            (" -7 x", Some(-7)),
            ("+3", Some(3)),
            ("0x10", Some(16)),
            ("-0X1f", Some(-31)),
            ("010", Some(8)),
            ("09", Some(0)),
            ("0x", Some(0)),
            ("", Some(0)),
            ("abc", Some(0)),
            ("2147483647", Some(i32::MAX)),
            ("-2147483648", Some(i32::MIN)),
            ("2147483648", None),
            ("99999999999999999999999", None),
        ] {
            assert_eq!(number(text.as_bytes()), value, "{text:?}");
        }
    }
}
