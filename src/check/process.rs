//! `vrrp_track_process`: how many processes of a kind run.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

use super::census::{self, Census, Count, Running, Seen};
use super::registry::Refusal;
use super::{Cadence, Health, Observation, Outcome, Prepared, Probe};
use crate::config::model::{self, Compared};
use crate::sys::clock;
use crate::types::{Instant, Verdict};

/// Processes that are counted.
struct Process {
    pattern: model::Process,
    running: Arc<Running>,
    changes: watch::Receiver<u64>,
    quorum: Quorum,
}

/// Begins to count.
///
/// # Errors
/// [`Refusal`] where the system has no room for a thread.
pub(super) fn prepare(process: &model::Process, census: &Census) -> Result<Prepared, Refusal> {
    let running = census.follow().map_err(|error| Refusal(error.to_string()))?;
    let mut changes = running.changes();
    // What has been seen before is news to us.
    changes.mark_changed();
    let quorum = Quorum::new(process);
    let probe = Box::new(Process { pattern: process.clone(), running, changes, quorum });
    Ok(Prepared { probe, cadence: Cadence::OnNews, health: Health::unknown(1, 1) })
}

/// How many there are now; 0 where there is no `/proc`. Waits for the disk.
#[must_use]
pub fn count(process: &model::Process) -> usize {
    census::everything().filter(|(_, one)| fits(process, one)).count()
}

impl Probe for Process {
    fn observe(&mut self) -> Observation<'_> {
        Box::pin(async {
            loop {
                self.news().await;
                if *self.changes.borrow_and_update() == 0 {
                    continue; // nobody has looked yet
                }
                let count = self.running.count(|one| fits(&self.pattern, one));
                let before = self.quorum.holds;
                let holds = self.quorum.record(count, clock::now());
                if before == Some(holds) {
                    continue;
                }
                return if holds {
                    Outcome::new(Verdict::Healthy, "")
                } else {
                    Outcome::new(Verdict::Unhealthy, format!("has {} running", count.all))
                };
            }
        })
    }
}

impl Process {
    /// Waits until the count may be another one, or the last one is to be believed.
    async fn news(&mut self) {
        let due = self.quorum.due;
        let believed = async {
            match due {
                Some(due) => sleep(due.since(clock::now())).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            // Its sender lives in what we count.
            _changed = self.changes.changed() => {}
            () = believed => {}
        }
    }
}

/// Whether a process is one of those that are counted.
fn fits(pattern: &model::Process, seen: &Seen) -> bool {
    if !pattern.full_command {
        return seen.name == pattern.program;
    }
    let mut words = seen.words.iter();
    if words.next() != Some(&pattern.program) {
        return false;
    }
    let (ours, theirs) = (&pattern.arguments, words.as_slice());
    match (pattern.compared, ours.split_last()) {
        (Compared::No, _) => true,
        (Compared::Equal, _) => theirs == ours.as_slice(),
        (Compared::First, _) => theirs.starts_with(ours),
        (Compared::Begin, None) => true,
        (Compared::Begin, Some((last, first))) => {
            let next = theirs.get(first.len());
            theirs.starts_with(first) && next.is_some_and(|next| next.starts_with(last))
        }
    }
}

/// Whether there are enough and not too many, and for how long a change is not believed.
#[derive(Debug)]
struct Quorum {
    least: usize,
    most: usize,
    fork_delay: Duration,
    terminate_delay: Duration,
    /// What is believed; `None` before the first count.
    holds: Option<bool>,
    /// The last count.
    count: Count,
    /// When what was counted is believed, if it stays so.
    due: Option<Instant>,
}

impl Quorum {
    fn new(process: &model::Process) -> Self {
        let number = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
        Self {
            least: number(process.quorum),
            most: process.most.map_or(usize::MAX, number),
            fork_delay: process.fork_delay,
            terminate_delay: process.terminate_delay,
            holds: None,
            count: Count::default(),
            due: None,
        }
    }

    /// Takes in a count; says what is believed after it.
    fn record(&mut self, count: Count, now: Instant) -> bool {
        let counted = (self.least..=self.most).contains(&count.all);
        let before = std::mem::replace(&mut self.count, count);
        let Some(holds) = self.holds else {
            self.holds = Some(counted);
            return counted;
        };
        if holds == counted {
            self.due = None;
            return holds;
        }
        // As keepalived has it: a program that is started is there at once; a copy of one that
        // runs may become something else.
        let delay = if count.all < before.all {
            self.terminate_delay
        } else if count.copies > before.copies {
            self.fork_delay
        } else {
            Duration::ZERO
        };
        let due = match self.due {
            Some(due) if count == before => due,
            Some(due) => due.min(now + delay),
            None => now + delay,
        };
        if now < due {
            self.due = Some(due);
            return holds;
        }
        self.due = None;
        self.holds = Some(counted);
        counted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(words: &[&str], compared: Compared) -> model::Process {
        model::Process {
            program: words[0].to_owned(),
            arguments: words[1..].iter().map(|word| (*word).to_owned()).collect(),
            compared,
            full_command: compared != Compared::No,
            quorum: 1,
            most: None,
            fork_delay: Duration::ZERO,
            terminate_delay: Duration::ZERO,
        }
    }

    fn seen(words: &[&str]) -> Seen {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        Seen { name: "haproxy".to_owned(), words, copy: false }
    }

    #[test]
    fn a_process_is_told_by_its_name_or_by_its_command_line() {
        let running = seen(&["/usr/sbin/haproxy", "-f", "/etc/haproxy.cfg"]);
        for (words, compared, expected) in [
            (&["haproxy"][..], Compared::No, true),
            (&["hapro"], Compared::No, false),
            (&["/usr/sbin/haproxy"], Compared::Equal, false),
            (&["/usr/sbin/haproxy", "-f", "/etc/haproxy.cfg"], Compared::Equal, true),
            (&["/usr/sbin/haproxy", "-f"], Compared::Equal, false),
            (&["/usr/sbin/haproxy", "-f"], Compared::First, true),
            (&["/usr/sbin/haproxy", "-f", "/etc"], Compared::First, false),
            (&["/usr/sbin/haproxy", "-f", "/etc"], Compared::Begin, true),
            (&["/usr/sbin/haproxy", "-x", "/etc"], Compared::Begin, false),
            (&["/usr/sbin/haproxy"], Compared::Begin, true),
            (&["haproxy"], Compared::First, false),
        ] {
            assert_eq!(
                fits(&pattern(words, compared), &running),
                expected,
                "{words:?} {compared:?}"
            );
        }
    }

    #[test]
    fn a_change_is_believed_after_its_delay_if_it_stays() {
        let mut quorum = Quorum::new(&model::Process {
            fork_delay: Duration::from_secs(2),
            terminate_delay: Duration::from_secs(3),
            most: Some(2),
            ..pattern(&["a"], Compared::No)
        });
        let at = |secs| Instant::default() + Duration::from_secs(secs);
        for (all, copies, secs, holds) in [
            (1, 0, 0, true),
            (0, 0, 1, true), // it ended: believed at 4
            (1, 0, 2, true),
            (0, 0, 10, true),
            (0, 0, 12, true),
            (0, 0, 13, false),
            (1, 0, 20, true), // it was started
            (3, 2, 30, true), // too many copies: believed at 32
            (3, 2, 31, true), // somebody else's doing
            (3, 2, 32, false),
            (2, 1, 40, false), // one ended: believed at 43
            (2, 1, 43, true),
            (3, 2, 50, true),  // a copy: believed at 52
            (3, 1, 51, false), // which becomes the same program
        ] {
            let count = Count { all, copies };
            assert_eq!(quorum.record(count, at(secs)), holds, "{count:?} at {secs}");
        }
    }
}
