//! The effective priority: the configured one and what tracked objects add to it.

use super::links::Links;
use crate::config::model::Instance;
use crate::types::{LinkName, Priority, Weight};

/// What each tracked interface adds to the priority of `instance` as things stand.
pub(super) fn contributions(
    instance: &Instance,
    links: &Links,
) -> impl Iterator<Item = (LinkName, i32)> {
    let weighted = instance.tracked_interfaces.iter().filter(|t| t.weight != Weight::FAULT);
    weighted.map(|tracked| {
        let sum = tracked.weight.contribution(links.is_up(&tracked.link));
        (tracked.link, if tracked.reverse { -sum } else { sum })
    })
}

/// The priority that `instance` goes into the election with, 1..=255.
pub(super) fn effective(instance: &Instance, links: &Links) -> Priority {
    instance.priority.weighted(contributions(instance, links).map(|(_, sum)| sum).sum())
}
