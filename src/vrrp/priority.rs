//! The effective priority: the configured one and what tracked objects add to it.

use super::links::Links;
use super::trackers::Trackers;
use crate::config::model::{self, Instance};
use crate::types::{Fault, LinkName, Priority, TrackerId, Verdict, Weight};

/// What one tracked object adds to a priority.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Contribution {
    /// What is tracked.
    pub of: Tracked,
    /// What it adds, -254..=253.
    pub sum: i32,
}

/// Something that an instance tracks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Tracked {
    /// An interface.
    Link(LinkName),
    /// Anything else, and what is known of it.
    Tracker(TrackerId, Verdict),
}

/// What each tracked object with a weight adds to the priority of `instance` as things stand;
/// `ids` are those of its trackers, in the order of its configuration.
pub(super) fn contributions(
    instance: &Instance,
    ids: &[Option<TrackerId>],
    links: &Links,
    trackers: &Trackers,
) -> impl Iterator<Item = Contribution> {
    let weighted = instance.tracked_interfaces.iter().filter(|t| t.weight != Weight::FAULT);
    let of_links = weighted.map(|tracked| {
        let sum = tracked.weight.contribution(links.is_up(&tracked.link));
        let sum = if tracked.reverse { -sum } else { sum };
        Contribution { of: Tracked::Link(tracked.link), sum }
    });
    let of_trackers = instance.tracked.iter().zip(ids).filter_map(|(tracked, id)| {
        let id = (*id)?;
        let verdict = trackers.verdict(id);
        match judge(verdict, tracked.weight, tracked.reverse) {
            Effect::Adds(sum) => Some(Contribution { of: Tracked::Tracker(id, verdict), sum }),
            Effect::Fault | Effect::Wait | Effect::Nothing => None,
        }
    });
    of_links.chain(of_trackers)
}

/// The priority that `instance` goes into the election with, 1..=255.
pub(super) fn effective(
    instance: &Instance,
    ids: &[Option<TrackerId>],
    links: &Links,
    trackers: &Trackers,
) -> Priority {
    let contributions = contributions(instance, ids, links, trackers);
    instance.priority.weighted(contributions.map(|one| one.sum).sum())
}

/// The first tracked object that keeps `instance` from taking part in the election. One of which
/// nothing is known yet keeps it from beginning, and does not end what runs.
pub(super) fn fault(
    instance: &Instance,
    ids: &[Option<TrackerId>],
    trackers: &Trackers,
    runs: bool,
) -> Option<Fault> {
    let effects = || {
        let pairs = instance.tracked.iter().zip(ids);
        pairs.filter_map(|(tracked, id)| {
            let id = (*id)?;
            Some((id, judge(trackers.verdict(id), tracked.weight, tracked.reverse)))
        })
    };
    let failed = effects().find(|(_, effect)| *effect == Effect::Fault);
    let untold = || effects().find(|(_, effect)| *effect == Effect::Wait && !runs);
    let failed = failed.map(|(id, _)| Fault::Tracked(id));
    failed.or_else(|| untold().map(|(id, _)| Fault::Untold(id)))
}

/// How many tracked objects keep `instance` from taking part in the election, and of how many that
/// could nothing is known yet.
pub(super) fn obstacles(
    instance: &Instance,
    ids: &[Option<TrackerId>],
    trackers: &Trackers,
) -> (usize, usize) {
    let pairs = || instance.tracked.iter().zip(ids);
    let count = |effect: Effect| {
        let is_so = |(tracked, id): &(&model::Tracked, &Option<TrackerId>)| {
            let verdict = id.map(|id| trackers.verdict(id));
            verdict.map(|it| judge(it, tracked.weight, tracked.reverse)) == Some(effect)
        };
        pairs().filter(is_so).count()
    };
    (count(Effect::Fault), count(Effect::Wait))
}

/// What a tracked object does to whoever tracks it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Effect {
    /// Nothing.
    Nothing,
    /// It adds this to the priority, -254..=253.
    Adds(i32),
    /// It is a fault.
    Fault,
    /// Who does not run yet waits.
    Wait,
}

/// What follows from `verdict` for somebody who tracks it with this weight.
///
/// Weight 0 makes a fault of what is not as it should be, or with `reverse` of what is. A level
/// is multiplied by the weight, and a product of -254 or less is a fault too.
fn judge(verdict: Verdict, weight: Weight, reverse: bool) -> Effect {
    let sign = |sum: i32| if reverse { sum.saturating_neg() } else { sum };
    let fault = |is: bool| if is { Effect::Fault } else { Effect::Nothing };
    let faults = weight == Weight::FAULT;
    match verdict {
        Verdict::Disabled => Effect::Nothing,
        Verdict::Unknown if faults => Effect::Wait,
        Verdict::Unknown => Effect::Nothing,
        Verdict::Healthy if faults => fault(reverse),
        Verdict::Degraded if faults => fault(false),
        Verdict::Unhealthy if faults => fault(!reverse),
        Verdict::Healthy => Effect::Adds(sign(weight.contribution(true))),
        Verdict::Degraded | Verdict::Unhealthy => Effect::Adds(sign(weight.contribution(false))),
        Verdict::Level(level) if faults => fault(level != 0),
        Verdict::Level(level) => {
            let product = sign(level.saturating_mul(i32::from(weight.get())));
            if product <= LEAST { Effect::Fault } else { Effect::Adds(product.min(MOST)) }
        }
    }
}

/// A level times its weight that is a fault.
const LEAST: i32 = -254;
/// The most that a level adds.
const MOST: i32 = 253;

#[cfg(test)]
mod tests {
    use super::*;

    fn weight(value: i16) -> Weight {
        Weight::new(value).unwrap()
    }

    #[test]
    fn a_weight_adds_while_up_or_takes_away_while_down_and_reverse_negates() {
        for (verdict, value, reverse, sum) in [
            (Verdict::Healthy, 20, false, 20),
            (Verdict::Unhealthy, 20, false, 0),
            (Verdict::Healthy, -20, false, 0),
            (Verdict::Unhealthy, -20, false, -20),
            (Verdict::Degraded, -20, false, -20),
            (Verdict::Degraded, 20, false, 0),
            (Verdict::Healthy, 20, true, -20),
            (Verdict::Unhealthy, -20, true, 20),
        ] {
            let told = (verdict, value, reverse);
            assert_eq!(judge(verdict, weight(value), reverse), Effect::Adds(sum), "{told:?}");
        }
    }

    #[test]
    fn without_a_weight_failure_is_a_fault_and_reverse_makes_it_success() {
        let judged = |verdict, reverse| judge(verdict, Weight::FAULT, reverse);
        assert_eq!(judged(Verdict::Unhealthy, false), Effect::Fault);
        assert_eq!(judged(Verdict::Healthy, false), Effect::Nothing);
        assert_eq!(judged(Verdict::Healthy, true), Effect::Fault);
        assert_eq!(judged(Verdict::Unhealthy, true), Effect::Nothing);
        assert_eq!(judged(Verdict::Degraded, false), Effect::Nothing);
        assert_eq!(judged(Verdict::Unknown, false), Effect::Wait);
        assert_eq!(judged(Verdict::Disabled, false), Effect::Nothing);
    }

    #[test]
    fn a_level_is_multiplied_and_kept_within_bounds() {
        let judged = |level, value, reverse| judge(Verdict::Level(level), weight(value), reverse);
        assert_eq!(judged(5, -10, false), Effect::Adds(-50));
        assert_eq!(judged(5, -10, true), Effect::Adds(50));
        assert_eq!(judged(300, 1, false), Effect::Adds(253));
        assert_eq!(judged(-253, 1, false), Effect::Adds(-253));
        assert_eq!(judged(-254, 1, false), Effect::Fault);
        assert_eq!(judged(i32::MIN, 254, true), Effect::Adds(253));
        assert_eq!(judged(0, 0, false), Effect::Nothing);
        assert_eq!(judged(-1, 0, false), Effect::Fault);
    }

    #[test]
    fn nothing_is_added_for_what_nobody_knows() {
        assert_eq!(judge(Verdict::Unknown, weight(-20), false), Effect::Nothing);
        assert_eq!(judge(Verdict::Disabled, weight(-20), false), Effect::Nothing);
    }
}
