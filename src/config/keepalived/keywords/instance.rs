//! `vrrp_instance`.

use super::{Keyword, a, b, c};

pub(super) const KEYWORDS: &[Keyword] = &[
    a("state").takes(1),
    a("interface").takes(1),
    a("virtual_router_id").takes(1),
    a("priority").takes(1),
    a("advert_int").takes(1),
    b("version").takes(1),
    c("native_ipv6"),
    a("authentication").block(AUTHENTICATION),
    c("auth_hmac").block(HMAC),
    // To whom.
    a("unicast_src_ip").takes(1),
    b("mcast_src_ip").takes(1),
    a("unicast_peer").values(),
    b("unicast_ttl").takes(1),
    b("check_unicast_src"),
    c("unicast_fault_no_peer")
        .pending("not kept by this version; without peers the instance uses multicast"),
    c("old_unicast_checksum"),
    c("mcast_dst_ip").takes(1),
    b("track_src_ip")
        .pending("not watched by this version; a source address that is gone is no fault"),
    c("vrf").takes(1).pending("not used by this version; the interface has to be named"),
    // What.
    a("virtual_ipaddress").values(),
    a("virtual_ipaddress_excluded").values(),
    c("no_virtual_ipaddress"),
    a("virtual_routes").values(),
    a("virtual_rules").values(),
    b("promote_secondaries"),
    a("accept"),
    b("no_accept"),
    // When.
    a("nopreempt"),
    a("preempt"),
    a("preempt_delay").takes(1),
    c("down_timer_adverts").takes(1),
    c("timer_expired_backup").pending(EXPIRED),
    c("thread_timer_expired").pending(EXPIRED),
    b("lower_prio_no_advert"),
    b("higher_prio_send_advert"),
    c("owner_ignore_adverts")
        .pending("not kept by this version; an owner yields to another owner of a higher address"),
    b("skip_check_adv_addr"),
    b("strict_mode"),
    c("v3_checksum_as_v2"),
    a("fast_release").wants(1),
    // Announcements.
    a("garp_master_delay").takes(1),
    a("garp_master_repeat").takes(1),
    a("garp_master_refresh").takes(1),
    a("garp_master_refresh_repeat").takes(1),
    b("garp_lower_prio_delay").takes(1),
    b("garp_lower_prio_repeat").takes(1),
    c("garp_extra_if").wants(1).pending(EXTRA_GARP),
    c("vmac_garp_intvl").pending(EXTRA_GARP),
    // Tracking.
    a("track_interface").values(),
    a("track_script").values(),
    b("track_file").values(),
    b("track_process").values(),
    c("track_bfd")
        .values()
        .pending("not watched by this version; the address is held whatever the session says"),
    a("dont_track_primary"),
    c("linkbeat_use_polling").quiet(),
    // VMAC.
    b("use_vmac"),
    b("vmac_xmit_base"),
    c("use_vmac_addr"),
    c("use_ipvlan"),
    // Notification.
    a("notify").takes(1),
    a("notify_master").takes(1),
    a("notify_backup").takes(1),
    a("notify_fault").takes(1),
    a("notify_stop").takes(1),
    b("notify_master_rx_lower_pri").takes(1),
    c("notify_deleted"),
    c("notify_priority_changes"),
    b("smtp_alert"),
    // Relics.
    c("lvs_sync_daemon_interface").takes(1).quiet(),
    c("kernel_rx_buf_size").wants(1).quiet(),
    b("debug").takes(1).quiet(),
];

const AUTHENTICATION: &[Keyword] = &[a("auth_type").takes(1), a("auth_pass").takes(1)];

const HMAC: &[Keyword] = &[
    c("key").takes(2),
    c("active_key").takes(1),
    c("anti_replay").takes(1),
    c("time_window").takes(1),
    c("mode").takes(1),
];

const EXPIRED: &str = "not kept by this version; after a stall the instance stays as it is";
const EXTRA_GARP: &str = "not done by this version; extra interfaces are not announced on";
