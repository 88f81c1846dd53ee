//! The processes that run, read from `/proc` once for all who count.

use std::fs;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::spawn_blocking;

use crate::sys::clock;
use crate::types::Instant;

/// Who has counted lately, so that several counts are one.
#[derive(Debug, Default)]
pub(super) struct Census(Mutex<Option<Taken>>);

#[derive(Debug)]
struct Taken {
    at: Instant,
    /// Command lines were read too.
    full: bool,
    seen: Arc<Vec<Seen>>,
}

/// A process that runs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Seen {
    /// Its name, of 15 octets at most.
    pub(super) name: String,
    /// Its command line, where that was asked for.
    pub(super) words: Vec<String>,
}

impl Census {
    /// Everything that runs; with command lines if `full`. `None` where there is no `/proc`.
    pub(super) async fn take(self: &Arc<Self>, full: bool) -> Option<Arc<Vec<Seen>>> {
        let census = Arc::clone(self);
        spawn_blocking(move || census.read(full)).await.ok().flatten()
    }

    pub(super) fn read(&self, full: bool) -> Option<Arc<Vec<Seen>>> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = clock::now();
        if let Some(taken) = last.as_ref().filter(|it| it.full || !full)
            && now.since(taken.at) < FRESH
        {
            return Some(Arc::clone(&taken.seen));
        }
        let entries = fs::read_dir("/proc").ok()?;
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let numbers = names.filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()));
        let seen: Arc<Vec<Seen>> =
            Arc::new(numbers.filter_map(|pid| look_at(&pid, full)).collect());
        *last = Some(Taken { at: now, full, seen: Arc::clone(&seen) });
        Some(seen)
    }
}

/// A process; `None` if it has ended, though its parent may not know yet.
fn look_at(pid: &str, full: bool) -> Option<Seen> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let name = name(&String::from_utf8_lossy(&stat))?;
    let line = if full { fs::read(format!("/proc/{pid}/cmdline")).ok()? } else { Vec::new() };
    let line = line.strip_suffix(&[0]).unwrap_or(&line);
    let words = line.split(|octet| *octet == 0);
    let words = words.map(|word| String::from_utf8_lossy(word).into_owned()).collect();
    Some(Seen { name, words })
}

/// The name in a line of `/proc/PID/stat`, which may have blanks and parentheses in it; `None` of
/// a zombie.
fn name(stat: &str) -> Option<String> {
    let (_, rest) = stat.split_once('(')?;
    let (name, rest) = rest.rsplit_once(')')?;
    let is_dead = rest.trim_start().starts_with(['Z', 'X']);
    (!is_dead).then(|| name.to_owned())
}

/// For how long a count serves others.
const FRESH: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_what_it_likes_and_a_zombie_has_none() {
        assert_eq!(name("12 (ha) proxy (x)) S 1 12").as_deref(), Some("ha) proxy (x)"));
        assert_eq!(name("12 (haproxy) Z 1 12"), None);
        assert_eq!(name(""), None);
    }

    #[test]
    fn this_very_process_is_among_those_that_run() {
        let words: Vec<String> = std::env::args().collect();
        let seen = Census::default().read(true).unwrap();
        assert!(seen.iter().any(|one| one.words == words), "{words:?}");
    }
}
