//! `reload_time_file`: a file says when the configuration is to be read again.

use std::fs;
use std::io::{ErrorKind, Read as _};
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use tokio::net::unix::pipe::Receiver;
use tracing::{info, warn};

use crate::config::model::Reload;
use crate::sys::calendar::{Alarm, WallTime};

use super::appointment::Appointment;
use super::error::Error;

/// The reload that a file asks for.
///
/// The file is the operator's, and its directory is watched: whoever writes, replaces or removes it
/// makes, moves or cancels an appointment. The wall clock may be set meanwhile.
#[derive(Debug)]
pub(super) struct Timed {
    settings: Reload,
    /// Events of the directory; `None` where there is none. A pipe to tokio is whatever is read.
    watch: Option<Receiver>,
    alarm: Alarm,
    /// Readable when the alarm has rung.
    rings: Receiver,
    due: Option<(Appointment, WallTime)>,
}

impl Timed {
    /// Without an appointment yet.
    ///
    /// # Errors
    /// Where the process has too many descriptors.
    pub(super) fn new() -> Result<Self, Error> {
        let alarm = Alarm::new()?;
        let rings = Receiver::from_owned_fd_unchecked(alarm.reader()?)
            .map_err(|source| Error::System { request: "wait for an alarm", source })?;
        Ok(Self { settings: Reload::default(), watch: None, alarm, rings, due: None })
    }

    /// Follows what a configuration says from now on.
    pub(super) fn follow(&mut self, settings: &Reload) {
        self.settings.clone_from(settings);
        self.watch = settings.time_file.as_deref().and_then(watch);
        self.look();
    }

    /// Returns when the configuration is to be read. Whoever drops this has missed nothing.
    pub(super) async fn due(&mut self) {
        loop {
            tokio::select! {
                heard = heard(self.watch.as_ref(), self.settings.time_file.as_deref()) => {
                    match heard {
                        Heard::Nothing => continue,
                        Heard::Change => {}
                        Heard::End => {
                            self.watch = None;
                            warn!("The directory of the time of the next reload is gone.");
                        }
                    }
                    self.look();
                }
                _ready = self.rings.readable() => {
                    drain(&self.rings);
                    if self.is_due() {
                        return;
                    }
                }
            }
        }
    }

    /// Whether the moment has come; if so, what follows is prepared. If the clock was set instead,
    /// the alarm is.
    fn is_due(&mut self) -> bool {
        let now = WallTime::now();
        let due = self.due.take_if(|(_, at)| *at <= now);
        if let Some((kept, _)) = due
            && !(kept.is_daily() && self.settings.repeat)
            && let Some(path) = &self.settings.time_file
        {
            // One that cannot be removed is over all the same, or is for tomorrow.
            let _stays = fs::remove_file(path).is_err();
        }
        self.look();
        due.is_some()
    }

    /// Reads the file, and makes the appointment that stands there.
    fn look(&mut self) {
        let line = self.settings.time_file.as_deref().and_then(first_line);
        let now = WallTime::now();
        let read = line.as_deref().filter(|line| !line.is_empty()).and_then(|line| {
            let Some(read) = Appointment::read(line) else {
                warn!("Invalid reload time '{line}' specified - ignoring");
                return None;
            };
            let next = read.next(now);
            if next.is_none() {
                warn!("Reload time {line} is in the past - ignoring");
            }
            Some((read, next?))
        });
        match (self.due, read) {
            (None, Some((it, at))) => info!("Scheduling reload for {}", it.show(at)),
            (Some((old, was)), Some((it, at))) if was != at => {
                info!("Reload time updated from {} to {}", old.show(was), it.show(at));
            }
            (Some((old, was)), None) => {
                info!("Cancelling reload scheduled for {}", old.show(was));
            }
            (None, None) | (Some(_), Some(_)) => {}
        }
        self.due = read;
        if let Err(error) = self.alarm.set(read.map(|(_, at)| at)) {
            warn!(%error, "No reload takes place at the time that a file says.");
        }
    }
}

/// What happened in the directory.
enum Heard {
    /// Nothing that matters.
    Nothing,
    /// The file changed, came or went.
    Change,
    /// It is not watched any more.
    End,
}

/// Watches the directory of a file.
fn watch(file: &Path) -> Option<Receiver> {
    let begin = || {
        let watch = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        inotify::add_watch(&watch, file.parent().unwrap_or(file), CHANGES)?;
        Receiver::from_owned_fd_unchecked(watch)
    };
    begin()
        .map_err(|error: std::io::Error| {
            warn!(%error, path = %file.display(), "The time of the next reload is not watched.");
        })
        .ok()
}

/// Waits until something happens in the directory, if there is one.
async fn heard(watch: Option<&Receiver>, file: Option<&Path>) -> Heard {
    let (Some(watch), Some(name)) = (watch, file.and_then(Path::file_name)) else {
        return std::future::pending().await;
    };
    let mut heard = match watch.readable().await {
        Ok(()) => Heard::Nothing,
        Err(_) => Heard::End,
    };
    let mut room = [MaybeUninit::uninit(); 4096];
    let mut events = Reader::new(watch, &mut room);
    while let Ok(event) = events.next() {
        if event.events().contains(ReadFlags::IGNORED) {
            return Heard::End;
        }
        if event.file_name().is_none_or(|it| it.to_bytes() == name.as_bytes()) {
            heard = Heard::Change;
        }
    }
    // Only a read through tokio tells it that there is no more.
    if drain(watch) { Heard::Change } else { heard }
}

/// Reads whatever there is; says whether there was something.
fn drain(receiver: &Receiver) -> bool {
    let mut found = false;
    for _ in 0..MOST_READS {
        match receiver.try_read(&mut [0; 4096]) {
            Ok(0) => break,
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            // An alarm is said to be cancelled when somebody sets the clock.
            Ok(_) | Err(_) => found = true,
        }
    }
    found
}

/// The first line of a file; `None` where there is no such file.
fn first_line(path: &Path) -> Option<String> {
    // A pipe would be waited for.
    fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    let mut octets = Vec::new();
    fs::File::open(path).ok()?.take(LONGEST_LINE).read_to_end(&mut octets).ok()?;
    let text = String::from_utf8_lossy(&octets);
    Some(text.lines().next().unwrap_or_default().to_owned())
}

/// What may change the file.
const CHANGES: WatchFlags =
    WatchFlags::CLOSE_WRITE.union(WatchFlags::MOVE).union(WatchFlags::DELETE);
/// Reads after which the rest waits for the next turn.
const MOST_READS: usize = 64;
/// Octets of a file's first line that are looked at.
const LONGEST_LINE: u64 = 64;
