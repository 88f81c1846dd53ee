//! What is tracked and what is grouped: scripts, files, processes, sync groups.

use super::{Keyword, a, b, c};

pub(super) const SCRIPT: &[Keyword] = &[
    a("script").wants(1),
    a("interval").takes(1),
    a("timeout").takes(1),
    a("weight").takes(1),
    a("rise").takes(1),
    a("fall").takes(1),
    a("user").takes(1),
    b("init_fail"),
];

pub(super) const FILE: &[Keyword] = &[b("file").wants(1), b("weight").wants(1), b("init_file")];

pub(super) const PROCESS: &[Keyword] = &[
    b("process").takes(1),
    b("param_match"),
    b("weight").wants(1),
    b("quorum").takes(1),
    b("quorum_max").takes(1),
    b("delay").takes(1),
    b("fork_delay").takes(1),
    b("terminate_delay").takes(1),
    b("full_command"),
];

pub(super) const GROUP: &[Keyword] = &[
    a("group").values(),
    a("track_interface").values(),
    a("track_script").values(),
    b("track_file").values(),
    b("track_process").values(),
    c("track_bfd").values().quiet(),
    a("notify").takes(1),
    a("notify_master").takes(1),
    a("notify_backup").takes(1),
    a("notify_fault").takes(1),
    a("notify_stop").takes(1),
    b("smtp_alert"),
    b("global_tracking"),
    b("sync_group_tracking_weight"),
    c("notify_priority_changes"),
];

pub(super) const TRACK_GROUP: &[Keyword] = &[c("group").values().quiet()];
