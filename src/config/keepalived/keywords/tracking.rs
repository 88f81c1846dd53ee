//! What is tracked and what is grouped: scripts, files, processes, sync groups.

use super::{Keyword, a, b, c};

pub(super) const SCRIPT: &[Keyword] = &[
    a("script").wants(1).quiet(),
    a("interval").takes(1).quiet(),
    a("timeout").takes(1).quiet(),
    a("weight").takes(1).quiet(),
    a("rise").takes(1).quiet(),
    a("fall").takes(1).quiet(),
    a("user").takes(1).quiet(),
    b("init_fail").quiet(),
];

pub(super) const FILE: &[Keyword] =
    &[b("file").wants(1).quiet(), b("weight").wants(1).quiet(), b("init_file").quiet()];

pub(super) const PROCESS: &[Keyword] = &[
    b("process").takes(1).quiet(),
    b("param_match").quiet(),
    b("weight").wants(1).quiet(),
    b("quorum").takes(1).quiet(),
    b("quorum_max").takes(1).quiet(),
    b("delay").takes(1).quiet(),
    b("fork_delay").takes(1).quiet(),
    b("terminate_delay").takes(1).quiet(),
    b("full_command").quiet(),
];

pub(super) const GROUP: &[Keyword] = &[
    a("group").values(),
    a("track_interface").values(),
    a("track_script")
        .values()
        .pending("not evaluated by this version; the address is held whatever the script says"),
    b("track_file")
        .values()
        .pending("not read by this version; the address is held whatever the file says"),
    b("track_process").values().pending(
        "not watched by this version; the address is held whether the process runs or not",
    ),
    c("track_bfd").values().quiet(),
    a("notify").takes(1).pending(NOTIFY),
    a("notify_master").takes(1).pending(NOTIFY),
    a("notify_backup").takes(1).pending(NOTIFY),
    a("notify_fault").takes(1).pending(NOTIFY),
    a("notify_stop").takes(1).pending(NOTIFY),
    b("smtp_alert").quiet(),
    b("global_tracking"),
    b("sync_group_tracking_weight"),
    c("notify_priority_changes").quiet(),
];

pub(super) const TRACK_GROUP: &[Keyword] = &[c("group").values().quiet()];

const NOTIFY: &str = "not run by this version; no script hears of a change of state";
