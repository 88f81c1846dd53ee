//! What an instance wants of the host's interfaces.

use crate::config::model::{Firewall, Instance, Vmac};
use crate::kernel::netlink::FilterSettings;
use crate::kernel::{InterfacePlan, VmacPlan};
use crate::types::Family;

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

/// The packet filter of a node.
pub(super) fn filter(firewall: &Firewall) -> FilterSettings {
    FilterSettings {
        table: firewall.table.clone(),
        priority: firewall.priority,
        counters: firewall.counters,
    }
}
