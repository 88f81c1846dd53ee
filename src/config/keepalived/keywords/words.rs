//! What stands behind keywords that change nothing here, as far as keepalived's configuration test
//! judges it: its exit code must be the same whether a keyword does something or not.

/// What the words behind a keyword have to be.
#[derive(Clone, Copy, Debug)]
pub(in crate::config::keepalived) enum Words {
    /// Yes or no, or nothing for yes.
    Answer,
    /// One of these, or nothing.
    OneOf(&'static [&'static str]),
    /// A number from the first to the second; nothing where the keyword may stand alone. One of
    /// the words of the list may come before it or instead of it.
    Number(i64, i64, &'static [&'static str]),
    /// Numbers from the first to the second.
    Numbers(i64, i64),
    /// Nothing helps: keepalived's test complains, for this reason.
    Never(&'static str),
}

/// What the words behind the keyword `name` have to be, if it matters.
pub(in crate::config::keepalived) fn behind(name: &str, place: Place) -> Option<Words> {
    let rules = match place {
        Place::Root => AT_ROOT,
        Place::Block => IN_BLOCKS,
    };
    rules.iter().find(|rule| rule.0.contains(&name)).map(|rule| rule.1)
}

/// Where a keyword stands: some mean another thing there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::config::keepalived) enum Place {
    /// Outside every block.
    Root,
    /// In a block.
    Block,
}

const AT_ROOT: &[(&[&str], Words)] = &[(&["child_wait_time"], Words::Number(0, UNSIGNED, &[]))];

const IN_BLOCKS: &[(&[&str], Words)] = &[
    (&["vrrp_cpu_affinity", "checker_cpu_affinity", "bfd_cpu_affinity"], Words::Numbers(0, 1023)),
    (
        &[
            "smtp_alert_checker",
            "no_checker_emails",
            "rs_init_notifies",
            "checker_log_all_failures",
            "vrrp_notify_priority_changes",
            "notify_priority_changes",
            "data_use_instance",
            "vrrp_netlink_cmd_rcv_bufs_force",
            "vrrp_netlink_monitor_rcv_bufs_force",
            "lvs_netlink_cmd_rcv_bufs_force",
            "lvs_netlink_monitor_rcv_bufs_force",
            "process_monitor_rcv_bufs_force",
        ],
        Words::Answer,
    ),
    (&["lvs_flush_on_stop", "lvs_flush_onstop"], Words::OneOf(&["VS"])),
    (
        &[
            "vrrp_netlink_cmd_rcv_bufs",
            "vrrp_netlink_monitor_rcv_bufs",
            "lvs_netlink_cmd_rcv_bufs",
            "lvs_netlink_monitor_rcv_bufs",
            "process_monitor_rcv_bufs",
            "kernel_rx_buf_size",
            "random_seed",
        ],
        Words::Number(0, UNSIGNED, &[]),
    ),
    (&["vrrp_rx_bufs_policy"], Words::Number(0, UNSIGNED, &["MTU", "ADVERT"])),
    (
        &[
            "vrrp_rx_bufs_multiplier",
            "vrrp_rlimit_rttime",
            "vrrp_rlimit_rtime",
            "checker_rlimit_rttime",
            "checker_rlimit_rtime",
            "bfd_rlimit_rttime",
            "bfd_rlimit_rtime",
            "nftables_ipvs_start_fwmark",
        ],
        Words::Number(1, UNSIGNED, &[]),
    ),
    (&["nftables_priority", "nftables_ipvs_priority"], Words::Number(-SIGNED - 1, SIGNED, &[])),
    (&["checker_priority", "bfd_priority"], Words::Number(-20, 19, &[])),
    (&["checker_rt_priority", "bfd_rt_priority"], Words::Number(1, 99, &[])),
    (&["max_auto_priority"], Words::Number(-1, 99, &[])),
    (&["min_auto_priority_delay"], Words::Number(1, 10_000_000, &[])),
    (&["startup_script_timeout", "shutdown_script_timeout"], Words::Number(1, 1000, &[])),
    (&["vrrp_garp_extra_if"], Words::Number(1, 86_400, &["all"])),
    (&["garp_extra_if"], Words::Number(0, 86_400, &["all"])),
    (&["debug"], Words::Number(0, 4, &[])),
    (&["vrrp_vmac_garp_intvl"], Words::Never("write vrrp_garp_extra_if instead")),
    (&["vmac_garp_intvl"], Words::Never("write garp_extra_if instead")),
    (
        &["linkbeat_use_polling"],
        Words::Never("list the interface in a linkbeat_interfaces block instead"),
    ),
    (&["lvs_sync_daemon_interface"], Words::Never("write lvs_sync_daemon in global_defs instead")),
    (&["vrrp_iptables", "vrrp_ipsets"], Words::Never("write nftables instead")),
];

/// The greatest number that keepalived takes where none may be negative.
const UNSIGNED: i64 = 0xffff_ffff;
/// The greatest number that keepalived takes where one may be negative.
const SIGNED: i64 = 0x7fff_ffff;
