//! What makes an instance one, and what is not done.

use std::time::Duration;

use vipd::config::model::{Daemon, Marker, Reload};

use super::reading::{read, with};

#[test]
fn an_interface_that_cannot_carry_adverts_is_none() {
    let alone = |line: &str| {
        let text = format!(
            "vrrp_instance A {{\n{line}\n virtual_router_id 5\n virtual_ipaddress {{\n 10.0.0.1\n \
             }}\n}}\n"
        );
        read(&text).1.join(" ")
    };
    assert_eq!(alone("interface lo"), "bad-value no-interface");
    assert_eq!(alone("interface a-name-that-is-too-long"), "bad-value no-interface");
    assert_eq!(alone("interface eth0\n interface lo"), "bad-value");
}

#[test]
fn the_vrid_must_be_one() {
    let alone = |line: &str| {
        let text = format!(
            "vrrp_instance A {{\n interface eth0\n{line}\n virtual_ipaddress {{\n 10.0.0.1\n }}\n}}\n"
        );
        read(&text).1.join(" ")
    };
    assert_eq!(alone(""), "no-vrid");
    assert_eq!(alone("virtual_router_id 0"), "bad-value no-vrid");
    assert_eq!(alone("virtual_router_id 256"), "bad-value no-vrid");
    assert_eq!(alone("virtual_router_id 7\n virtual_router_id x"), "bad-value");
}

#[test]
fn an_instance_needs_a_name_of_its_own() {
    let named = |name: &str| read(&format!("vrrp_instance {name} {{\n interface eth0\n}}\n")).1;
    assert_eq!(named(""), ["no-name"]);
    assert_eq!(named("A B"), ["no-name"]);
    let body = "{\n interface eth0\n virtual_router_id 5\n virtual_ipaddress {\n 10.0.0.1\n }\n}\n";
    let (model, codes) = read(&format!("vrrp_instance A {body}vrrp_instance A {body}"));
    assert_eq!(model.unwrap().instances.len(), 1);
    assert_eq!(codes, ["duplicate-instance"]);
}

#[test]
fn a_name_loses_what_must_not_get_into_logs_and_files() {
    let body = "{\n interface eth0\n virtual_router_id 5\n virtual_ipaddress {\n 10.0.0.1\n }\n}\n";
    let (model, codes) = read(&format!("vrrp_instance \" V\u{10}1 \" {body}"));
    assert_eq!(model.unwrap().instances[0].name, "V_1");
    assert_eq!(codes, ["odd-name"]);
}

#[test]
fn the_first_namespace_and_the_first_name_hold() {
    let (model, codes) = read("net_namespace blue\nnet_namespace red\ninstance a\ninstance b\n");
    let daemon = model.unwrap().node.daemon;
    assert_eq!(
        (daemon.namespace.as_deref(), daemon.instance.as_deref()),
        (Some("blue"), Some("a"))
    );
    assert_eq!(codes, ["bad-value"; 2]);
    let (model, codes) = read("instance a/b\n");
    assert!(model.is_none());
    assert!(codes.contains(&"bad-name"), "{codes:?}");
}

#[test]
fn the_daemon_s_own_settings_are_read() {
    let (model, codes) = read(
        "use_pid_dir\nchild_wait_time 7\nglobal_defs {\n process_names\n process_name a234567890123456\n \
         umask IRWXG|IRWXO\n reload_check_config /c\n reload_file\n reload_time_file /t\n \
         reload_repeat\n}\n",
    );
    let node = model.unwrap().node;
    let daemon = Daemon {
        pid_directory: true,
        name: Some("a23456789012345".to_owned()),
        worker_name: Some("keepalived_vrrp".to_owned()),
        umask: 0o077,
        stop_patience: Duration::from_secs(7),
        ..Daemon::default()
    };
    let reload = Reload {
        strict: true,
        report: Some("/c".into()),
        marker: Some(Marker::BesidePidFile),
        time_file: Some("/t".into()),
        repeat: true,
    };
    assert_eq!((node.daemon, node.reload), (daemon, reload));
    assert_eq!(codes, ["bad-value"]);
}

#[test]
fn a_relative_path_is_one_below_the_directory_that_a_daemon_runs_in() {
    let (model, codes) =
        read("global_defs {\n reload_check_config c.log\n reload_file m\n reload_time_file t\n}\n");
    let reload = model.unwrap().node.reload;
    assert_eq!(reload.report, Some("/c.log".into()));
    assert_eq!(reload.marker, Some(Marker::At("/m".into())));
    assert_eq!(reload.time_file, Some("/t".into()));
    assert_eq!(codes.iter().filter(|code| **code == "relative-path").count(), 3);
}

#[test]
fn what_is_not_done_yet_is_told_once_and_what_nobody_misses_never() {
    let (_, codes) = with(
        "notification_email {\n a@example.net\n}\n smtp_server 127.0.0.1\n lvs_flush",
        "debug 2\n track_bfd {\n}\n smtp_alert\n accept",
    );
    assert_eq!(codes, ["not-done"]);
}

/// What is found about two instances of one VRID on eth0 with these settings.
fn two(first: &str, second: &str) -> (usize, String) {
    let instance = |name: &str, own: &str, address: &str| {
        format!(
            "vrrp_instance {name} {{\n interface eth0\n virtual_router_id 5\n {own}\n \
             virtual_ipaddress {{\n {address}\n }}\n}}\n"
        )
    };
    let text = [instance("A", first, "10.0.0.9"), instance("B", second, "10.0.0.10")].concat();
    let (model, codes) = read(&text);
    (model.map_or(0, |it| it.instances.len()), codes.join(" "))
}

#[test]
fn instances_of_one_vrid_are_told_apart_by_who_hears_them() {
    let peers = |source: &str, peers: &[&str]| {
        let peers = peers.join("\n ");
        format!("{source}\n unicast_peer {{\n {peers}\n }}\n")
    };
    let (source, group) = ("unicast_src_ip 10.0.0.1", "mcast_dst_ip 224.0.0.55");
    for (first, second) in [
        ("", group),
        ("", &*peers("", &["10.0.0.2"])),
        (&*peers("", &["10.0.0.2"]), &*peers("", &["10.0.0.3"])),
        (&*peers(source, &["10.0.0.2", "10.0.0.4"]), &*peers(source, &["10.0.0.3"])),
        (&*peers(source, &["10.0.0.2"]), &*peers("", &["10.0.0.2"])),
    ] {
        assert_eq!(two(first, second), (2, String::new()), "{first} {second}");
    }
    for (first, second) in [
        ("", ""),
        ("", "mcast_src_ip 10.0.0.7"),
        (group, group),
        (&*peers("", &["10.0.0.2"]), &*peers("", &["10.0.0.2"])),
        (&*peers(source, &["10.0.0.2", "10.0.0.3"]), &*peers(source, &["10.0.0.3", "10.0.0.4"])),
    ] {
        assert_eq!(two(first, second), (0, "duplicate-vrid".to_owned()), "{first} {second}");
    }
}
