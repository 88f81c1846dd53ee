//! Which probe looks after which kind of tracked object.

use std::sync::Arc;

use super::census::Census;
use super::nursery::Nursery;
use super::{Prepared, Surroundings, file, process, script};
use crate::config::model::{Tracker, Watch};

/// Why an object cannot be watched; then it counts as if nobody tracked it.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub(super) struct Refusal(pub(super) String);

/// What probes share.
#[derive(Clone, Debug, Default)]
pub(super) struct Shared {
    /// The programs that they run.
    pub(super) nursery: Nursery,
    /// The processes that they count.
    pub(super) census: Arc<Census>,
}

/// The probe for `tracker`, at the `first` start or after a reload. May wait for the disk and for
/// a directory of users.
///
/// # Errors
/// [`Refusal`] where it cannot be watched.
pub(super) fn prepare(
    tracker: &Tracker,
    surroundings: &Surroundings,
    shared: &Shared,
    first: bool,
) -> Result<Prepared, Refusal> {
    match &tracker.watch {
        Watch::Script(script) => script::prepare(script, surroundings, &shared.nursery),
        Watch::File(file) => file::prepare(file, first),
        Watch::Process(process) => process::prepare(process, &shared.census),
    }
}
