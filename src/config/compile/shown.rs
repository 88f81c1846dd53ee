//! What was written and the model does not keep.

use super::announce;
use super::instance::{is, tracked_interface};
use super::trackers::weight_of;
use crate::config::declared::{self, Declared, Manners};
use crate::config::model::{Shown, ShownGroup, ShownInstance, Tracked, TrackerName};
use crate::types::Version;

/// What `declared` says, for those who show it.
pub(in crate::config) fn shown(declared: &Declared) -> Shown {
    let (node, policy) = (&declared.node, &declared.defaults);
    let usual = Shown::default();
    let [v4, v6] = usual.audiences;
    let version = match declared.manners {
        Manners::Lenient => usual.version,
        Manners::Exact => Version::V3,
    };
    Shown {
        version: policy.version.map_or(version, |it| it.value),
        strict: is(policy.strict),
        down_adverts: policy.down_adverts.map_or(usual.down_adverts, |it| it.value),
        check_source: is(policy.check_source),
        skip_address_check: is(policy.skip_address_check),
        answer_lower: policy.answer_lower.is_none_or(|it| it.value),
        answer_higher: is(policy.answer_higher),
        announce: announce::of_node(declared),
        audiences: [
            node.group_v4.map_or(v4, |it| it.value),
            node.group_v6.map_or(v6, |it| it.value),
        ],
        vmac_prefix: node.vmac_prefix.as_ref().map(|it| it.value.clone()),
        address_vmac_prefix: node.address_vmac_prefix.as_ref().map(|it| it.value.clone()),
        priority_changes: is(declared.scripts.priority_changes),
        instances: declared.instances.iter().map(|it| instance(it, declared)).collect(),
        groups: declared.groups.iter().map(|it| group(it, declared)).collect(),
    }
}

fn instance(written: &declared::Instance, declared: &Declared) -> (String, ShownInstance) {
    let tracked = written.tracked.iter().map(name_of).collect();
    let strict = is(written.policy.strict.or(declared.defaults.strict));
    (written.name.value.clone(), ShownInstance { strict, tracked })
}

fn group(written: &declared::Group, declared: &Declared) -> (String, ShownGroup) {
    let tracked = written.tracked.iter().filter_map(|entry| {
        let mut known = declared.trackers.iter();
        let known =
            known.find(|it| it.kind() == entry.kind && it.name.value == entry.name.value)?;
        let (weight, reverse) = weight_of(known);
        Some(Tracked {
            tracker: name_of(entry),
            weight: entry.weight.map_or(weight, |it| it.value),
            reverse: entry.reverse.map_or(reverse, |it| it.value),
        })
    });
    let links = written.tracked_interfaces.iter().map(tracked_interface);
    let shown = ShownGroup {
        tracked_interfaces: links.collect(),
        tracked: tracked.collect(),
        member_weights: is(written.member_weights),
    };
    (written.name.value.clone(), shown)
}

fn name_of(entry: &declared::Tracked) -> TrackerName {
    TrackerName { kind: entry.kind, name: entry.name.value.clone() }
}
