//! What is watched, as the main thread knows it.

use crate::check::{Reports, Surroundings};
use crate::config::model::{Model, Tracker, TrackerName};
use crate::observe::transition::Trackers;
use crate::types::TrackerId;

/// The trackers by their indexes, as the core thread has given them out.
pub(super) fn by_index(
    model: &Model,
    ids: Vec<(TrackerId, TrackerName)>,
) -> Vec<(TrackerId, Tracker)> {
    let find = |name: &TrackerName| model.trackers.iter().find(|tracker| tracker.name == *name);
    ids.into_iter().filter_map(|(id, name)| Some((id, find(&name)?.clone()))).collect()
}

/// What holds for all checks of `model`.
pub(super) fn surroundings(model: &Model) -> Surroundings {
    let node = &model.node;
    Surroundings { secure: node.secure_scripts, account: node.script_account.clone() }
}

impl Trackers for Reports {
    fn describe(&self, tracker: TrackerId) -> String {
        self.get(tracker).map_or_else(|| "?".to_owned(), |report| report.to_string())
    }
}
