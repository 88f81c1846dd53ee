//! Words of `keepalived.conf` and what the native syntax calls the same.

/// The native keys that a word of keepalived's may stand for.
pub(super) fn words(keepalived: &str) -> impl Iterator<Item = &'static str> + use<'_> {
    let known = WORDS
        .iter()
        .filter(move |(theirs, _)| *theirs == keepalived);
    known.map(|(_, ours)| *ours)
}

/// keepalived's word and ours, sorted by keepalived's.
const WORDS: [(&str, &str); 54] = [
    ("advert_int", "interval"),
    ("auth_pass", "password"),
    ("authentication", "password"),
    ("autojoin", "auto_join"),
    ("brd", "broadcast"),
    ("check_unicast_src", "check_source"),
    ("dev", "interface"),
    ("dont_track_primary", "track_primary"),
    ("down_timer_adverts", "down_adverts"),
    ("garp_interval", "arp_interval"),
    ("garp_lower_prio_delay", "lower_delay"),
    ("garp_lower_prio_repeat", "lower_repeat"),
    ("garp_master_delay", "delay"),
    ("garp_master_refresh", "refresh"),
    ("garp_master_refresh_repeat", "refresh_repeat"),
    ("garp_master_repeat", "repeat"),
    ("global_defs", "node"),
    ("gna_interval", "na_interval"),
    ("higher_prio_send_advert", "answer_higher"),
    ("lower_prio_no_advert", "answer_lower"),
    ("mcast_dst_ip", "multicast_group"),
    ("mcast_src_ip", "source"),
    ("mngtmpaddr", "manage_temporary"),
    ("native_ipv6", "family"),
    ("nodad", "dad"),
    ("nopreempt", "preempt"),
    ("noprefixroute", "no_prefix_route"),
    ("no_track", "tracked"),
    ("preempt_delay", "preempt"),
    ("preferred_lft", "preferred"),
    ("skip_check_adv_addr", "skip_address_check"),
    ("track_interface", "track"),
    ("unicast_peer", "peers"),
    ("unicast_src_ip", "source"),
    ("unicast_ttl", "ttl"),
    ("v3_checksum_as_v2", "checksum"),
    ("virtual_ipaddress", "addresses"),
    ("virtual_ipaddress_excluded", "excluded"),
    ("virtual_router_id", "vrid"),
    ("vrrp_check_unicast_src", "check_source"),
    ("vrrp_down_timer_adverts", "down_adverts"),
    ("vrrp_fast_release", "fast_release"),
    ("vrrp_garp_interval", "arp_interval"),
    ("vrrp_gna_interval", "na_interval"),
    ("vrrp_higher_prio_send_advert", "answer_higher"),
    ("vrrp_instance", "instance"),
    ("vrrp_lower_prio_no_advert", "answer_lower"),
    ("vrrp_mcast_group4", "multicast_group_v4"),
    ("vrrp_mcast_group6", "multicast_group_v6"),
    ("vrrp_priority", "nice"),
    ("vrrp_rt_priority", "realtime"),
    ("vrrp_skip_check_adv_addr", "skip_address_check"),
    ("vrrp_startup_delay", "startup_delay"),
    ("vrrp_version", "version"),
];
