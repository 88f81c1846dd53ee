//! What an instance wants of the host's interfaces.

use std::collections::BTreeMap;

use crate::config::model::{Firewall, Instance, LinkDelay, Model, Pace, Vmac};
use crate::kernel::netlink::FilterSettings;
use crate::kernel::{InterfacePlan, PacePlan, VmacPlan};
use crate::types::{Family, LinkName};

use super::messages::Settings;

/// The virtual interfaces of `instance`, and what else it wants of interfaces.
pub(super) fn plan(instance: &Instance) -> InterfacePlan {
    InterfacePlan {
        vmacs: instance.vmacs().map(|vmac| vmac_plan(instance, vmac)).collect(),
        promotes_on: instance.promote_secondaries.then_some(instance.interface),
    }
}

fn vmac_plan(instance: &Instance, vmac: &Vmac) -> VmacPlan {
    let is_own = instance.vmac.as_ref() == Some(vmac);
    let carries = |family| {
        let mut held = instance.held().filter(|address| address.link == vmac.name);
        is_own && instance.family == family || held.any(|address| address.family() == family)
    };
    VmacPlan {
        name: vmac.name,
        base: vmac.base,
        mac: vmac.mac,
        group: vmac.group,
        v4: carries(Family::V4),
        v6: carries(Family::V6),
    }
}

/// What the kernel thread has to know of the node as a whole.
pub(super) fn settings(model: &Model) -> Settings {
    Settings {
        filter: filter(&model.node.firewall),
        local_igmp: model.node.local_igmp,
        paces: model.node.paces.iter().map(|pace| pace_plan(pace, model)).collect(),
        delays: delays(model),
    }
}

/// The delays of interfaces, cut to what their instances bear, and those of the virtual
/// interfaces on them.
fn delays(model: &Model) -> BTreeMap<LinkName, LinkDelay> {
    let mut all = model.node.link_delays.clone();
    for (link, delay) in &mut all {
        let users = model.instances.iter().filter(|it| it.interface == *link);
        let longest = users.map(Instance::longest_down_delay).min();
        delay.down = longest.map_or(delay.down, |longest| delay.down.min(longest));
    }
    let vmacs = model.instances.iter().flat_map(Instance::vmacs);
    let above: Vec<_> = vmacs.filter_map(|it| Some((it.name, *all.get(&it.base)?))).collect();
    all.extend(above);
    all
}

/// Virtual interfaces take the turns of those under them.
fn pace_plan(pace: &Pace, model: &Model) -> PacePlan {
    let Pace { links, arp_interval, na_interval } = pace;
    let vmacs = model.instances.iter().flat_map(Instance::vmacs);
    let above = vmacs.filter(|vmac| links.contains(&vmac.base)).map(|vmac| vmac.name);
    PacePlan {
        links: links.iter().copied().chain(above).collect(),
        arp_interval: *arp_interval,
        na_interval: *na_interval,
    }
}

/// The packet filter of a node.
pub(super) fn filter(firewall: &Firewall) -> FilterSettings {
    FilterSettings {
        table: firewall.table.clone(),
        priority: firewall.priority,
        counters: firewall.counters,
    }
}
