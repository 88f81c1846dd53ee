//! What may stand outside every block.

use super::{Keyword, a, b, c, global, instance, tracking};

/// The keywords of the root level.
pub(in crate::config::keepalived) const ROOT: &[Keyword] = &[
    a("global_defs").block(global::KEYWORDS),
    a("vrrp_instance").block(instance::KEYWORDS),
    a("vrrp_script").takes(1).block(tracking::SCRIPT),
    b("track_file").block(tracking::FILE),
    c("vrrp_track_file").block(tracking::FILE),
    b("vrrp_track_process").block(tracking::PROCESS),
    a("vrrp_sync_group").block(tracking::GROUP),
    b("static_ipaddress").values(),
    b("static_routes").values(),
    b("static_rules").values(),
    c("track_group").block(tracking::TRACK_GROUP),
    c("garp_group").block(GARP_GROUP),
    c("interface_up_down_delays").values(),
    c("linkbeat_interfaces").values().quiet(),
    c("linkbeat_use_polling").quiet(),
    b("net_namespace").wants(1),
    c("net_namespace_ipvs").quiet(),
    c("namespace_with_ipsets").quiet(),
    b("instance").wants(1),
    c("use_pid_dir"),
    c("child_wait_time").takes(1),
    a("virtual_server").foreign().pending(IPVS),
    b("virtual_server_group").foreign().pending(IPVS),
    c("SSL").foreign().pending(IPVS),
    c("bfd_instance")
        .foreign()
        .pending("not run by this version; no instance follows its sessions"),
];

const GARP_GROUP: &[Keyword] = &[
    c("garp_interval").takes(1),
    c("gna_interval").takes(1),
    c("interface").takes(1),
    c("interfaces").values(),
];

const IPVS: &str = "load balancing, which vipd does not do; the block is skipped";
