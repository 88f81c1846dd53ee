//! What makes an instance one, and what is not done.

use vipd::config::Options;

use super::reading::{read, read_with, with};

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
fn a_namespace_that_nobody_has_entered_is_refused() {
    let text = "net_namespace blue\nvrrp_instance A {\n interface eth0\n virtual_router_id 5\n \
        virtual_ipaddress {\n 10.0.0.1\n }\n}\n";
    assert_eq!(read(text).1, ["net-namespace"]);
    let inside = Options { namespace: Some("blue".to_owned()), ..Options::default() };
    assert_eq!(read_with(&inside, text).1, [""; 0]);
}

#[test]
fn what_is_not_done_yet_is_told_once_and_what_nobody_misses_never() {
    let (_, codes) = with(
        "notification_email {\n a@example.net\n}\n smtp_server 127.0.0.1\n lvs_flush",
        "debug 2\n track_script {\n}\n notify_master /x\n notify_backup /y\n accept",
    );
    assert_eq!(codes, ["not-done"; 2]);
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
