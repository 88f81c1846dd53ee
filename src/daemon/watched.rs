//! What is watched, as the main thread knows it.

use std::collections::HashMap;

use crate::config::model::TrackerName;
use crate::observe::transition::Trackers;
use crate::types::TrackerId;

/// The trackers by their indexes.
#[derive(Debug, Default)]
pub(super) struct Watched {
    names: HashMap<TrackerId, TrackerName>,
}

impl Watched {
    /// From now on these are the trackers.
    pub(super) fn follow(&mut self, trackers: Vec<(TrackerId, TrackerName)>) {
        self.names = trackers.into_iter().collect();
    }
}

impl Trackers for Watched {
    fn describe(&self, tracker: TrackerId) -> String {
        self.names.get(&tracker).map_or_else(|| "?".to_owned(), ToString::to_string)
    }
}
