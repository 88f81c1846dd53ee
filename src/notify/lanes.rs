//! Programs one behind the other: for each subject a lane for each kind of program.
//!
//! Within a lane the order of events is the order of starts, and a program is started when its
//! predecessor has ended. One that takes its time is waited for no longer than [`PATIENCE`]: then
//! the next one runs beside it. Lanes know nothing of each other.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::time::Duration;

use crate::types::Instant;

/// The lanes by their keys, with jobs that wait and jobs that run.
#[derive(Debug)]
pub(super) struct Lanes<K, J> {
    lanes: HashMap<K, Lane<J>>,
    /// Jobs that were never started, because newer ones of their lane had come.
    merged: u64,
}

#[derive(Debug)]
struct Lane<J> {
    waiting: VecDeque<J>,
    /// When each that runs was started, oldest first.
    running: VecDeque<Instant>,
}

impl<K, J> Default for Lanes<K, J> {
    fn default() -> Self {
        Self { lanes: HashMap::new(), merged: 0 }
    }
}

impl<K: Clone + Eq + Hash, J> Lanes<K, J> {
    /// Puts a job at the end of its lane. Says whether an older one was left out for it: of those
    /// that wait only the newest [`WAITING`] are kept.
    pub(super) fn push(&mut self, key: K, job: J) -> bool {
        let lane = self.lanes.entry(key).or_default();
        lane.waiting.push_back(job);
        let full = lane.waiting.len() > WAITING;
        if full {
            lane.waiting.pop_front();
            self.merged += 1;
        }
        full
    }

    /// The next job of this lane, if it may start now. It counts as running from then on.
    pub(super) fn next(&mut self, key: &K, now: Instant) -> Option<J> {
        let lane = self.lanes.get_mut(key)?;
        if lane.start_at(now).is_none_or(|at| at > now) {
            return None;
        }
        let job = lane.waiting.pop_front()?;
        lane.running.push_back(now);
        Some(job)
    }

    /// A job of this lane that was started at `since` has ended.
    pub(super) fn ended(&mut self, key: &K, since: Instant) {
        let Some(lane) = self.lanes.get_mut(key) else {
            return;
        };
        if let Some(place) = lane.running.iter().position(|start| *start == since) {
            lane.running.remove(place);
        }
        if lane.running.is_empty() && lane.waiting.is_empty() {
            self.lanes.remove(key);
        }
    }

    /// The lanes in which a job may start now.
    pub(super) fn ready(&self, now: Instant) -> Vec<K> {
        let ready =
            self.lanes.iter().filter(|(_, lane)| lane.start_at(now).is_some_and(|at| at <= now));
        ready.map(|(key, _)| key.clone()).collect()
    }

    /// When the next job may start that waits for another.
    pub(super) fn next_start(&self, now: Instant) -> Option<Instant> {
        self.lanes.values().filter_map(|lane| lane.start_at(now)).min()
    }

    /// Whether too many run in this lane for another beside them.
    pub(super) fn is_crowded(&self, key: &K) -> bool {
        self.lanes.get(key).is_some_and(|lane| lane.running.len() > BESIDE)
    }

    /// Of every lane that waits, the newest job; the others are left out.
    pub(super) fn last_jobs(&mut self) -> Vec<(K, J)> {
        let mut last = Vec::new();
        for (key, lane) in &mut self.lanes {
            let job = lane.waiting.pop_back();
            self.merged += u64::try_from(lane.waiting.len()).unwrap_or(u64::MAX);
            lane.waiting.clear();
            last.extend(job.map(|job| (key.clone(), job)));
        }
        last
    }

    /// How many jobs were left out.
    pub(super) fn merged(&self) -> u64 {
        self.merged
    }

    /// Whether nothing waits and nothing runs.
    #[cfg(test)]
    pub(super) fn is_idle(&self) -> bool {
        self.lanes.is_empty()
    }
}

impl<J> Lane<J> {
    /// When the first that waits may start; `None` where none waits.
    fn start_at(&self, now: Instant) -> Option<Instant> {
        self.waiting.front()?;
        Some(self.running.back().map_or(now, |newest| *newest + PATIENCE))
    }
}

impl<J> Default for Lane<J> {
    fn default() -> Self {
        Self { waiting: VecDeque::new(), running: VecDeque::new() }
    }
}

/// For how long a job is waited for before the next one starts beside it.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// Jobs of a lane that may wait. Nobody follows more changes of one instance one by one.
pub(super) const WAITING: usize = 64;
/// Jobs of a lane that may run beside each other.
const BESIDE: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::from_nanos(millis * 1_000_000)
    }

    #[test]
    fn jobs_of_a_lane_start_in_their_order_one_after_the_other() {
        let mut lanes = Lanes::default();
        (1..=3).for_each(|job| assert!(!lanes.push("a", job)));
        assert_eq!(lanes.next(&"a", at(0)), Some(1));
        assert_eq!(lanes.next(&"a", at(1)), None);
        lanes.ended(&"a", at(0));
        assert_eq!(lanes.next(&"a", at(2)), Some(2));
        lanes.ended(&"a", at(2));
        assert_eq!(lanes.next(&"a", at(3)), Some(3));
        lanes.ended(&"a", at(3));
        assert!(lanes.is_idle());
    }

    #[test]
    fn one_that_does_not_end_is_passed_after_a_while() {
        let mut lanes = Lanes::default();
        lanes.push("a", 1);
        lanes.push("a", 2);
        assert_eq!(lanes.next(&"a", at(0)), Some(1));
        assert_eq!(lanes.next_start(at(1)), Some(at(0) + PATIENCE));
        assert_eq!(lanes.ready(at(9_999)), [""; 0]);
        assert_eq!(lanes.ready(at(10_000)), ["a"]);
        assert_eq!(lanes.next(&"a", at(10_000)), Some(2));
        assert_eq!(lanes.next_start(at(10_000)), None);
    }

    #[test]
    fn lanes_do_not_wait_for_each_other() {
        let mut lanes = Lanes::default();
        lanes.push("a", 1);
        lanes.push("b", 2);
        assert_eq!(lanes.next(&"a", at(0)), Some(1));
        assert_eq!(lanes.next(&"b", at(0)), Some(2));
    }

    #[test]
    fn a_million_changes_leave_the_newest_and_no_memory() {
        let mut lanes = Lanes::default();
        lanes.push("a", 0);
        assert_eq!(lanes.next(&"a", at(0)), Some(0));
        let mut left_out = 0;
        for job in 1..=1_000_000 {
            left_out += u64::from(lanes.push("a", job));
        }
        let mut last = 0;
        let mut started = at(0);
        for turn in 1.. {
            lanes.ended(&"a", started);
            started = at(turn);
            let Some(job) = lanes.next(&"a", started) else { break };
            assert!(job > last, "in order");
            last = job;
        }
        assert_eq!(last, 1_000_000);
        assert_eq!(lanes.merged(), left_out);
        assert_eq!(left_out, 1_000_000 - u64::try_from(WAITING).unwrap());
        assert!(lanes.is_idle());
    }

    #[test]
    fn at_the_end_only_the_newest_of_each_lane_counts() {
        let mut lanes = Lanes::default();
        [("a", 1), ("a", 2), ("b", 3)].into_iter().for_each(|(key, job)| {
            lanes.push(key, job);
        });
        let mut last = lanes.last_jobs();
        last.sort_unstable();
        assert_eq!(last, [("a", 2), ("b", 3)]);
        assert_eq!(lanes.merged(), 1);
    }
}
