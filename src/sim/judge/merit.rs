//! What tracked objects make of an instance, told once more and independently.

use std::collections::BTreeMap;

use crate::config::model::Instance;
use crate::types::{LinkName, Priority, Verdict};

use super::super::effect::Stimulus;

/// What a router was told of its node.
#[derive(Debug, Default)]
pub(super) struct Known {
    links: BTreeMap<LinkName, bool>,
    service: Verdict,
    /// It was told to stop.
    pub(super) stopping: bool,
}

/// Whether an instance may take part.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Standby {
    /// Nothing is in its way.
    No,
    /// It may not begin yet, but goes on if it has begun.
    Wait,
    /// It may not.
    Fault,
}

impl Known {
    /// Takes in what happens.
    pub(super) fn learn(&mut self, stimulus: &Stimulus) {
        match stimulus {
            Stimulus::Link(report) => drop(self.links.insert(report.name, report.up)),
            Stimulus::Verdict(verdict) => self.service = *verdict,
            Stimulus::Stop => self.stopping = true,
            Stimulus::Received(_)
            | Stimulus::Timeout
            | Stimulus::Applied { .. }
            | Stimulus::Configure(_)
            | Stimulus::Remove(_) => {}
        }
    }

    /// The priority that `config` goes into the election with.
    pub(super) fn priority(&self, config: &Instance) -> Priority {
        if config.priority.is_owner() {
            return config.priority;
        }
        let of_link = |link: &LinkName| Some(self.is_up(link));
        let of_service = match self.service {
            Verdict::Healthy => Some(true),
            Verdict::Unhealthy => Some(false),
            Verdict::Unknown | Verdict::Disabled | Verdict::Degraded | Verdict::Level(_) => None,
        };
        let links = config.tracked_interfaces.iter();
        let links = links.map(|it| (of_link(&it.link), it.weight.get(), it.reverse));
        let services = config.tracked.iter();
        let services = services.map(|it| (of_service, it.weight.get(), it.reverse));
        let sum: i16 =
            links.chain(services).map(|(up, weight, reverse)| sum(up, weight, reverse)).sum();
        let total = i16::from(config.priority.get()) + sum;
        Priority::new(u8::try_from(total.clamp(1, 254)).unwrap_or(1))
    }

    /// Whether `config` lacks anything.
    pub(super) fn standby(&self, config: &Instance) -> Standby {
        let mut needed = config.tracked_interfaces.iter().filter(|it| it.weight.get() == 0);
        let mut asked = config.tracked.iter().filter(|it| it.weight.get() == 0);
        if !self.is_up(&config.interface) || needed.any(|it| self.is_up(&it.link) == it.reverse) {
            return Standby::Fault;
        }
        match (asked.next(), self.service) {
            (Some(it), Verdict::Healthy) if it.reverse => Standby::Fault,
            (Some(it), Verdict::Unhealthy) if !it.reverse => Standby::Fault,
            (Some(_), Verdict::Unknown) => Standby::Wait,
            _ => Standby::No,
        }
    }

    fn is_up(&self, link: &LinkName) -> bool {
        self.links.get(link).copied().unwrap_or_default()
    }
}

/// What an object adds that is up, or down, or of which nothing is known.
fn sum(up: Option<bool>, weight: i16, reverse: bool) -> i16 {
    let plain = match up {
        Some(true) => weight.max(0),
        Some(false) => weight.min(0),
        None => 0,
    };
    if reverse { -plain } else { plain }
}
