//! What was written and no part of the model keeps: for those who show a configuration.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Tracked, TrackedInterface, TrackerName};
use crate::types::{Announce, Version};

/// What a configuration says besides what it means. Two that mean the same may differ in it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Shown {
    /// `vrrp_version`: what instances speak that do not say.
    pub version: Version,
    /// `vrrp_strict`
    pub strict: bool,
    /// `vrrp_down_timer_adverts`
    pub down_adverts: u8,
    /// `vrrp_check_unicast_src`
    pub check_source: bool,
    /// `vrrp_skip_check_adv_addr`
    pub skip_address_check: bool,
    /// `vrrp_lower_prio_no_advert`, negated
    pub answer_lower: bool,
    /// `vrrp_higher_prio_send_advert`
    pub answer_higher: bool,
    /// `vrrp_garp_*`
    pub announce: Announce,
    /// `vrrp_mcast_group4`, `vrrp_mcast_group6`
    pub audiences: [IpAddr; 2],
    /// `vmac_prefix`
    pub vmac_prefix: Option<String>,
    /// `vmac_addr_prefix`
    pub address_vmac_prefix: Option<String>,
    /// `vrrp_notify_priority_changes`
    pub priority_changes: bool,
    /// What instances say, by their names.
    pub instances: BTreeMap<String, ShownInstance>,
    /// What sync groups say, by their names.
    pub groups: BTreeMap<String, ShownGroup>,
}

/// What an instance says besides what it means.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ShownInstance {
    /// `strict_mode`
    pub strict: bool,
    /// What it tracks by itself, not because its sync group does.
    pub tracked: Vec<TrackerName>,
}

/// What a sync group says besides what it means.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ShownGroup {
    /// The interfaces that its members track because of it.
    pub tracked_interfaces: Vec<TrackedInterface>,
    /// What else they track because of it.
    pub tracked: Vec<Tracked>,
    /// `sync_group_tracking_weight`
    pub member_weights: bool,
}

impl Default for Shown {
    fn default() -> Self {
        let v4 = IpAddr::V4(Ipv4Addr::new(224, 0, 0, 18));
        let v6 = IpAddr::V6(Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x12));
        Self {
            version: Version::V2,
            strict: false,
            down_adverts: 3,
            check_source: false,
            skip_address_check: false,
            answer_lower: true,
            answer_higher: false,
            announce: Announce::default(),
            audiences: [v4, v6],
            vmac_prefix: None,
            address_vmac_prefix: None,
            priority_changes: false,
            instances: BTreeMap::new(),
            groups: BTreeMap::new(),
        }
    }
}
