//! Keywords that decide the election.

use std::time::Duration;

use vipd::config::model::Preempt;
use vipd::types::{Priority, Version};

use super::reading::{clean, made, told};

#[test]
fn state_and_priority_decide_together() {
    for (own, priority) in [
        ("", 100),
        ("state BACKUP", 100),
        ("priority 1", 1),
        ("priority 255", 255),
        ("state MASTER\n priority 150", 150),
    ] {
        assert_eq!(clean("", own).priority, Priority::new(priority), "{own}");
    }
    for (own, priority, code) in [
        ("state MASTER", 255, "owner-by-state"),
        ("state BACKUP\n state MASTER", 255, "owner-by-state"),
        ("state MASTER\n state BACKUP\n priority 9", 9, "bad-value"),
        ("state master", 100, "bad-value"),
        ("priority 0", 100, "bad-value"),
        ("priority 256", 100, "bad-value"),
        ("priority 50x", 100, "bad-value"),
        ("priority 50\n priority x", 100, "bad-value"),
        ("state MASTER\n priority 300", 100, "bad-value"),
    ] {
        let (instance, codes) = made("", own);
        assert_eq!(instance.priority, Priority::new(priority), "{own}");
        assert_eq!(codes, [code], "{own}");
    }
}

#[test]
fn the_interval_takes_decimals_and_nothing_else() {
    for (own, centis) in [
        ("advert_int 3", 300),
        ("version 3\n advert_int .1", 10),
        ("advert_int 0.25\n version 3", 25),
        ("version 3\n advert_int 40.95", 4095),
    ] {
        assert_eq!(clean("", own).interval.get(), centis, "{own}");
    }
    for (own, centis, code) in [
        ("advert_int 10s", 100, "bad-value"),
        ("advert_int 0.001", 100, "bad-value"),
        ("advert_int 255.7", 100, "bad-value"),
        ("advert_int 4\n advert_int x", 400, "bad-value"),
        ("advert_int 1.5", 200, "interval-rounded"),
        ("version 3\n advert_int 50", 4095, "interval-rounded"),
    ] {
        let (instance, codes) = made("", own);
        assert_eq!(instance.interval.get(), centis, "{own}");
        assert_eq!(codes, [code], "{own}");
    }
}

#[test]
fn the_version_is_the_instances_or_the_nodes() {
    for (global, own, version) in [
        ("", "", Version::V2),
        ("vrrp_version 3", "", Version::V3),
        ("vrrp_version 3", "version 2", Version::V2),
        ("", "version 3", Version::V3),
    ] {
        assert_eq!(clean(global, own).version, version, "{global} {own}");
    }
    let (instance, codes) = made("", "version 2\n version 3");
    assert_eq!((instance.version, codes), (Version::V2, vec!["bad-value"]));
    assert_eq!(told("", "version 4"), "bad-value");
}

#[test]
fn preemption_can_be_banned_or_delayed() {
    for (own, preempt) in [
        ("nopreempt", Preempt::No),
        ("nopreempt\n preempt", Preempt::Yes),
        ("preempt_delay 2.5", Preempt::After(Duration::from_millis(2500))),
        ("preempt_delay 0", Preempt::Yes),
    ] {
        assert_eq!(clean("", own).preempt, preempt, "{own}");
    }
    for (own, preempt, expected) in [
        ("nopreempt\n preempt_delay 3", Preempt::No, "preempt-conflict"),
        ("preempt_delay 2000", Preempt::Yes, "bad-value"),
        ("preempt_delay 4\n preempt_delay x", Preempt::Yes, "bad-value"),
        ("nopreempt\n state MASTER\n priority 9", Preempt::Yes, "preempt-conflict"),
        ("nopreempt\n priority 255", Preempt::Yes, "preempt-conflict"),
    ] {
        let (instance, codes) = made("", own);
        assert_eq!(instance.preempt, preempt, "{own}");
        assert_eq!(codes, [expected], "{own}");
    }
}
