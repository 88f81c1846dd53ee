//! Elections that end otherwise than they look.

use super::{Advice, names};
use crate::config::model::{FastRelease, Instance, Model};
use crate::types::{Version, Weight};

/// What is remarkable about one instance.
pub(super) fn of_instance(instance: &Instance) -> Option<Advice<'_>> {
    let weights = weights(instance);
    weights.clone().next()?;
    let base = instance.priority;
    let best = base.weighted(weights.clone().filter(|it| *it > 0).sum());
    let worst = base.weighted(weights.filter(|it| *it < 0).sum());
    let name = &instance.name;
    if best == worst {
        let message = format!("no weight changes the priority of {name}: it is {base} in any case");
        let help = match base.is_owner() {
            true => "255 means that this router owns the addresses; set a priority below it",
            false => "leave a distance to 1 and to 254",
        };
        return Some(Advice::new(name, "idle-weights", message, help));
    }
    let (best, worst) = (best.get(), worst.get());
    (best - worst < NARROW).then(|| {
        let message =
            format!("weights move the priority of {name} between {worst} and {best} alone");
        let help = "a peer takes over only if its own priority lies between the two: check the \
                    peers' priorities, or write a greater weight";
        Advice::new(name, "narrow-weights", message, help)
    })
}

/// What holds for all instances alike.
pub(super) fn of_node(model: &Model) -> Option<Advice<'_>> {
    let slow = |it: &&Instance| it.version == Version::V2 && it.fast_release != FastRelease::Off;
    let mut old = model.instances.iter().filter(slow);
    let first = old.clone().next()?;
    let all = names(old.by_ref().map(|it| it.name.as_str()));
    let message = format!(
        "version 2 ({all}): when this router leaves, its peers wait for the skew time, up to 1 s"
    );
    let help = "set version 3 on all routers (`vrrp_version 3` in global_defs), and they take over \
                within 10 to 70 ms; or write `vrrp_fast_release off`";
    Some(Advice::new(&first.name, "slow-release", message, help))
}

/// What each tracked object may add to the priority.
fn weights(instance: &Instance) -> impl Iterator<Item = i32> + Clone {
    let links = instance.tracked_interfaces.iter().map(|it| (it.weight, it.reverse));
    let others = instance.tracked.iter().map(|it| (it.weight, it.reverse));
    let weighted = links.chain(others).filter(|it| it.0 != Weight::FAULT);
    weighted.map(|(weight, reverse)| {
        let weight = i32::from(weight.get());
        if reverse { -weight } else { weight }
    })
}

/// Below this, a range of priorities is easily missed by the peers'.
const NARROW: u8 = 5;
