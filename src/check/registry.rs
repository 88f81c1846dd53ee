//! Which probe looks after which kind of tracked object.

use super::nursery::Nursery;
use super::{Prepared, Surroundings, script};
use crate::config::model::{Tracker, Watch};

/// Why an object cannot be watched; then it counts as if nobody tracked it.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub(super) struct Refusal(pub(super) String);

/// The probe for `tracker`. May wait for the disk and for a directory of users.
///
/// # Errors
/// [`Refusal`] where it cannot be watched.
pub(super) fn prepare(
    tracker: &Tracker,
    surroundings: &Surroundings,
    nursery: &Nursery,
) -> Result<Prepared, Refusal> {
    match &tracker.watch {
        Watch::Script(script) => script::prepare(script, surroundings, nursery),
        Watch::File(_) | Watch::Process(_) => Err(Refusal("is not watched".to_owned())),
    }
}
