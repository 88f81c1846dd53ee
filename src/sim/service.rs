//! Something on a node that a check asks after.

use std::time::Duration;

use crate::check::Health;
use crate::config::model::{TrackerKind, TrackerName};
use crate::types::{TrackerId, Verdict};

use super::rng::Rng;

/// A service and the check that asks it at every interval.
#[derive(Clone, Debug)]
pub(super) struct Service {
    pub(super) works: bool,
    pub(super) every: Duration,
    rise: u32,
    fall: u32,
    health: Health,
}

impl Service {
    /// One that works, with a check that has not asked yet.
    pub(super) fn draw(rng: &mut Rng) -> Self {
        let [rise, fall] = [(); 2].map(|()| u32::from(rng.octet(1, 3)));
        let every = rng.span(Duration::from_millis(100), Duration::from_millis(400));
        Self { works: true, every, rise, fall, health: Health::unknown(rise, fall) }
    }

    /// A new process begins: nothing is known.
    pub(super) fn forget(&mut self) {
        self.health = Health::unknown(self.rise, self.fall);
    }

    /// Asks it; what is known after that, if it is another thing than before.
    pub(super) fn ask(&mut self) -> Option<Verdict> {
        let before = self.health.known();
        let found = if self.works { Verdict::Healthy } else { Verdict::Unhealthy };
        let after = self.health.record(found);
        (after != before).then_some(after)
    }
}

/// What the service is called by those that track it.
pub(super) fn tracker() -> TrackerName {
    TrackerName { kind: TrackerKind::Script, name: "service".to_owned() }
}

/// Its index: there is no other.
#[expect(clippy::expect_used, reason = "0 is an index")]
pub(super) fn tracker_id() -> TrackerId {
    TrackerId::new(0).expect("0 is an index")
}
