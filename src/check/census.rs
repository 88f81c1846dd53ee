//! The processes that run, for all who count some of them.
//!
//! The kernel tells what happens to each process; where it does not, as in a container, `/proc` is
//! read twice a second. One thread listens while anybody counts.

use std::collections::HashMap;
use std::fs;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use rustix::event::{Timespec, poll};
use tokio::sync::watch;
use tracing::{debug, info};

use crate::sys::{Heard, ProcessEvent, ProcessEvents};

/// Where whoever counts finds the others who do.
#[derive(Debug, Default)]
pub(super) struct Census(Mutex<Weak<Running>>);

/// Everything that runs, kept up to date for as long as somebody has this.
#[derive(Debug)]
pub(super) struct Running {
    seen: Mutex<HashMap<i32, Seen>>,
    /// How often something has changed; nothing is known before the first time.
    changes: watch::Sender<u64>,
}

/// A process that runs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Seen {
    /// Its name, of 15 octets at most.
    pub(super) name: String,
    /// Its command line.
    pub(super) words: Vec<String>,
    /// It is a copy of its parent so far, and may become another program any moment.
    pub(super) copy: bool,
}

/// How many processes there are.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Count {
    /// All of them.
    pub(super) all: usize,
    /// Those that are copies of their parents.
    pub(super) copies: usize,
}

impl Census {
    /// What runs; from now on it is kept up to date.
    ///
    /// # Errors
    /// Where the system refuses a thread.
    pub(super) fn follow(&self) -> std::io::Result<Arc<Running>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = known.upgrade() {
            return Ok(running);
        }
        let running = Arc::new(Running { seen: Mutex::default(), changes: watch::Sender::new(0) });
        *known = Arc::downgrade(&running);
        let followed = Arc::downgrade(&running);
        thread::Builder::new().name("processes".to_owned()).spawn(move || follow(&followed))?;
        Ok(running)
    }
}

impl Running {
    /// How many of them fit, and how many of those are copies of their parents.
    pub(super) fn count(&self, fits: impl Fn(&Seen) -> bool) -> Count {
        let mut count = Count::default();
        for seen in self.seen().values().filter(|seen| fits(seen)) {
            count.all += 1;
            count.copies += usize::from(seen.copy);
        }
        count
    }

    /// What tells of each change from now on; of the first look too if that is still to come.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Takes in what happened.
    fn take(&self, events: &[ProcessEvent]) {
        let mut seen = self.seen();
        let mut changed = false;
        for event in events {
            match *event {
                ProcessEvent::Began { pid, parent } => {
                    let parent = seen.get(&parent).cloned().or_else(|| look_at(pid));
                    if let Some(parent) = parent {
                        let copy = Seen { copy: true, ..parent };
                        changed |= seen.insert(pid, copy).is_none();
                    }
                }
                ProcessEvent::Changed(pid) => {
                    let now = look_at(pid);
                    changed |= now.as_ref() != seen.get(&pid);
                    match now {
                        Some(now) => drop(seen.insert(pid, now)),
                        None => drop(seen.remove(&pid)),
                    }
                }
                ProcessEvent::Ended(pid) => changed |= seen.remove(&pid).is_some(),
            }
        }
        drop(seen);
        if changed {
            self.tell();
        }
    }

    /// Looks at everything anew.
    fn survey(&self) {
        let now: HashMap<i32, Seen> = everything().collect();
        let changed = *self.seen() != now;
        *self.seen() = now;
        if changed {
            self.tell();
        }
    }

    fn tell(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    fn seen(&self) -> MutexGuard<'_, HashMap<i32, Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Follows what happens until nobody counts any more.
fn follow(running: &Weak<Running>) {
    match ProcessEvents::subscribe() {
        Ok(events) => {
            debug!("The kernel tells of processes.");
            listen(running, &events);
        }
        Err(why) => info!(%why, "Processes are counted twice a second: the kernel tells nothing."),
    }
    while let Some(running) = running.upgrade() {
        running.survey();
        drop(running);
        let _time = poll(&mut [], Some(&LOOK)).is_err();
    }
}

/// Takes in what the kernel tells, until nobody counts any more or nothing will be told.
fn listen(running: &Weak<Running>, events: &ProcessEvents) {
    // What happens during the survey is told after it.
    let mut heard = Ok(Heard::TooMuch);
    while let Some(running) = running.upgrade() {
        match heard {
            Ok(Heard::Events(events)) => running.take(&events),
            Ok(Heard::TooMuch) => running.survey(),
            Err(error) => {
                info!(%error, "Processes are counted twice a second from now on.");
                return;
            }
        }
        drop(running);
        heard = events.next(PATIENCE);
    }
}

/// Everything that runs now; nothing where there is no `/proc`.
pub(super) fn everything() -> impl Iterator<Item = (i32, Seen)> {
    let entries = fs::read_dir("/proc").into_iter().flatten();
    let numbers = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    numbers.filter_map(|pid| Some((pid, look_at(pid)?)))
}

/// A process; `None` if it has ended, though its parent may not know yet.
fn look_at(pid: i32) -> Option<Seen> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let name = name(&String::from_utf8_lossy(&stat))?;
    let line = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let line = line.strip_suffix(&[0]).unwrap_or(&line);
    let words = line.split(|octet| *octet == 0);
    let words = words.map(|word| String::from_utf8_lossy(word).into_owned()).collect();
    Some(Seen { name, words, copy: false })
}

/// The name in a line of `/proc/PID/stat`, which may have blanks and parentheses in it; `None` of
/// a zombie.
fn name(stat: &str) -> Option<String> {
    let (_, rest) = stat.split_once('(')?;
    let (name, rest) = rest.rsplit_once(')')?;
    let is_dead = rest.trim_start().starts_with(['Z', 'X']);
    (!is_dead).then(|| name.to_owned())
}

/// How often everything is looked at where the kernel tells nothing.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 500_000_000 };
/// How long the thread stays when nobody counts any more.
const PATIENCE: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_what_it_likes_and_a_zombie_has_none() {
        assert_eq!(name("12 (ha) proxy (x)) S 1 12").as_deref(), Some("ha) proxy (x)"));
        assert_eq!(name("12 (haproxy) Z 1 12"), None);
        assert_eq!(name(""), None);
    }

    fn nobody_yet() -> Running {
        Running { seen: Mutex::default(), changes: watch::Sender::new(0) }
    }

    #[test]
    fn this_very_process_is_among_those_that_run() {
        let running = nobody_yet();
        running.survey();
        let words: Vec<String> = std::env::args().collect();
        assert_eq!(running.count(|one| one.words == words).all, 1, "{words:?}");
        assert_eq!(*running.changes().borrow(), 1);
    }

    #[test]
    fn what_happens_to_a_process_is_kept_and_told_where_it_changes_something() {
        let running = nobody_yet();
        let told = || *running.changes.borrow();
        let own = i32::try_from(std::process::id()).unwrap();
        let copy = i32::MAX;
        let count = || running.count(|_| true);

        running.take(&[ProcessEvent::Changed(own)]);
        assert_eq!((count().all, told()), (1, 1));
        running.take(&[ProcessEvent::Changed(own), ProcessEvent::Ended(copy)]);
        assert_eq!((count().all, told()), (1, 1), "nothing is new");
        running.take(&[ProcessEvent::Began { pid: copy, parent: own }]);
        assert_eq!((count(), told()), (Count { all: 2, copies: 1 }, 2), "a copy of its parent");
        running.take(&[ProcessEvent::Changed(copy)]);
        assert_eq!((count().all, told()), (1, 3), "gone before we looked");
        running.take(&[ProcessEvent::Ended(own)]);
        assert_eq!((count().all, told()), (0, 4));
    }
}
