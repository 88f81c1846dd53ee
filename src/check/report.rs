//! What is known of every tracked object, for whoever asks.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::outcome::Outcome;
use crate::config::model::TrackerName;
use crate::types::{Instant, TrackerId, Verdict};

/// What is known of one tracked object.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Report {
    /// What it is called.
    pub name: TrackerName,
    /// What is known.
    pub verdict: Verdict,
    /// Why, in words that follow the name; empty where all is as it should be.
    pub reason: String,
    /// Since when.
    pub since: Instant,
    /// The last look, and when it ended.
    pub last: Option<(Instant, Outcome)>,
    /// A look is under way.
    pub running: bool,
    /// Successes in a row, as long as they count: see [`Health`](super::Health).
    pub level: u32,
    /// How many looks there were.
    pub looks: u64,
    /// How many of them did not find it as it should be.
    pub failures: u64,
}

/// The reports on all tracked objects, shared by the thread that observes and those who show.
/// Nobody holds the lock for longer than a copy takes; the core thread never does.
#[derive(Clone, Debug, Default)]
pub struct Reports(Arc<Mutex<BTreeMap<TrackerId, Report>>>);

impl Reports {
    /// A copy of every report, by index.
    #[must_use]
    pub fn all(&self) -> Vec<(TrackerId, Report)> {
        self.lock().iter().map(|(id, report)| (*id, report.clone())).collect()
    }

    /// A copy of one report.
    #[must_use]
    pub fn get(&self, id: TrackerId) -> Option<Report> {
        self.lock().get(&id).cloned()
    }

    /// Begins a report.
    pub(super) fn begin(&self, id: TrackerId, report: Report) {
        self.lock().insert(id, report);
    }

    /// Ends the reports on all but these.
    pub(super) fn keep(&self, ids: &[TrackerId]) {
        self.lock().retain(|id, _| ids.contains(id));
    }

    /// Changes a report, if there is one.
    pub(super) fn change(&self, id: TrackerId, change: impl FnOnce(&mut Report)) {
        if let Some(report) = self.lock().get_mut(&id) {
            change(report);
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<TrackerId, Report>> {
        // Each change leaves the map whole, whatever its thread dies of.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason.as_str() {
            "" => self.name.fmt(f),
            reason => write!(f, "{} {reason}", self.name),
        }
    }
}
