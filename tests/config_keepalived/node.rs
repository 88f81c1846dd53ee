//! Keywords of the node as a whole.

use std::time::Duration;

use vipd::config::model::Realtime;
use vipd::types::Version;

use super::reading::{read, with};

#[test]
fn the_nodes_settings_are_taken_over() {
    let node = |global: &str| {
        let (model, codes) = with(global, "");
        (model.unwrap().node, codes)
    };
    assert_eq!(node("router_id lb1").0.router_id.as_deref(), Some("lb1"));
    assert!(node("dynamic_interfaces allow_if_changes").0.dynamic_interfaces);
    assert!(node("log_unknown_vrids").0.log_unknown_vrids);
    assert_eq!(node("vrrp_startup_delay 1.5").0.startup_delay, Duration::from_millis(1500));
    assert_eq!(node("vrrp_startup_delay 0").1, ["bad-value"]);
    assert_eq!(node("vrrp_priority -20").0.nice, -20);
    assert_eq!(node("vrrp_priority 20").1, ["bad-value"]);
    assert_eq!(node("").0.realtime, Realtime::IfPermitted);
    assert_eq!(node("vrrp_rt_priority 0").0.realtime, Realtime::Off);
    assert_eq!(node("vrrp_rt_priority 50").0.realtime, Realtime::Priority(50));
    let above = node("vrrp_rt_priority 100");
    assert_eq!((above.0.realtime, above.1), (Realtime::Priority(99), vec!["bad-value"]));
}

#[test]
fn global_settings_count_wherever_they_stand() {
    let (model, codes) = read(
        "vrrp_instance A {\n interface eth0\n virtual_router_id 5\n virtual_ipaddress {\n \
         10.0.0.9\n }\n}\nglobal_defs {\n vrrp_version 3\n vrrp_garp_master_repeat 2\n}\n",
    );
    let instance = model.unwrap().instances.remove(0);
    assert_eq!((instance.version, instance.announce.repeat), (Version::V3, 2));
    assert_eq!(codes, [""; 0]);
}
