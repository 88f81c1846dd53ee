//! What is particular about single interfaces.

use std::collections::BTreeMap;

use proptest::collection::btree_map;
use proptest::prelude::*;

use super::{link, millis};
use crate::config::model::{LinkDelay, Pace};
use crate::types::LinkName;

/// Delays that are any.
pub(super) fn delays() -> impl Strategy<Value = BTreeMap<LinkName, LinkDelay>> {
    let delay = (millis(), millis()).prop_map(|(down, up)| LinkDelay { down, up });
    let any = |delay: &LinkDelay| *delay != LinkDelay::default();
    btree_map(link(), delay.prop_filter("a delay", any), 0..=2)
}

/// Up to two groups of interfaces.
pub(super) fn paces() -> impl Strategy<Value = Vec<Pace>> {
    let pace = |names: &'static [&str]| {
        (millis(), millis()).prop_map(move |(arp_interval, na_interval)| Pace {
            links: names.iter().filter_map(|name| LinkName::new(name)).collect(),
            arp_interval,
            na_interval,
        })
    };
    let both = (pace(&["eth0", "eth2"]), pace(&["eth1"]), 0..=2_usize);
    both.prop_map(|(one, other, count)| [one, other].into_iter().take(count).collect())
}
