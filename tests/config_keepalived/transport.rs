//! Keywords of peers, groups and passwords.

use vipd::config::model::{Authentication, ChecksumForm, Transport};

use super::reading::{clean, made, told};

#[test]
fn authentication_is_a_password_a_header_or_nothing() {
    let pass = |own: &str| clean("", &format!("authentication {{\n{own}\n}}")).authentication;
    let expected = Authentication::Pass(*b"a b\0\0\0\0\0");
    assert_eq!(pass("auth_type PASS\n auth_pass \"a b\""), expected);
    assert_eq!(pass("auth_pass \"a b\"\n auth_type PASS"), expected);
    let expected = Authentication::Ah(*b"a b\0\0\0\0\0");
    assert_eq!(pass("auth_type AH\n auth_pass \"a b\""), expected);
    for (own, expected) in [
        ("auth_type PASS", "auth-without-password"),
        ("auth_pass x", "auth-without-type"),
        ("auth_type FOO\n auth_pass x", "bad-value auth-without-type"),
        ("auth_type PASS\n auth_pass 123456789", "auth-pass-cut"),
        ("auth_type AH", "auth-without-password"),
        ("auth_type AH\n auth_pass 123456789", "auth-pass-cut"),
        ("auth_type ah\n auth_pass x", "bad-value auth-without-type"),
        ("auth_type PASS auth_pass x", "auth-without-password"),
        ("auth_type", "missing-word"),
    ] {
        assert_eq!(told("", &format!("authentication {{\n{own}\n}}")), expected, "{own}");
    }
}

#[test]
fn an_hmac_that_peers_insist_on_is_refused() {
    let hmac = |mode: &str| told("", &format!("auth_hmac {{\n key 1 file:/k\n{mode}\n}}"));
    assert_eq!(hmac(""), "auth-unknown");
    assert_eq!(hmac("mode enforce"), "auth-unknown");
    assert_eq!(hmac("mode permissive"), "not-done");
}

#[test]
fn peers_make_an_instance_unicast() {
    let unicast = |own: &str| match clean("", own).transport {
        Transport::Unicast { peers, ttl, check_source } => {
            let peers = peers.iter().map(|it| (it.min_ttl, it.max_ttl));
            (peers.collect::<Vec<_>>(), ttl, check_source)
        }
        Transport::Multicast { .. } => panic!("{own}: multicast"),
    };
    let two = "unicast_peer {\n 10.0.0.2\n 10.0.0.3/24\n}\n";
    let any = vec![(0, 255); 2];
    assert_eq!(unicast(two), (any.clone(), 255, false));
    assert_eq!(unicast(&format!("{two} unicast_ttl 7")), (any.clone(), 7, false));
    assert_eq!(unicast(&format!("{two} check_unicast_src")), (any, 255, true));
    let ranged = "unicast_peer {\n 10.0.0.2 min_ttl 254 max_ttl 255\n}";
    assert_eq!(unicast(ranged), (vec![(254, 255)], 255, true));
    let source = clean("", &format!("unicast_src_ip 10.0.0.1/24\n {two}")).source;
    assert_eq!(source, Some([10, 0, 0, 1].into()));
    for (own, expected) in [
        ("unicast_peer {\n}", "unicast-without-peers"),
        ("unicast_src_ip 10.0.0.1", "unicast-without-peers"),
        ("unicast_ttl 5", "ttl-without-peers"),
        ("check_unicast_src off", "check-without-peers"),
        ("unicast_peer {\n 10.0.0.2\n fd00::2\n}", "wrong-family"),
        ("unicast_peer {\n 10.0.0.2\n bogus\n}", "bad-value"),
        ("unicast_peer {\n 10.0.0.2\n 10.0.0.2\n}", "duplicate-peer"),
        ("unicast_peer {\n 10.0.0.2 min_ttl 3 max_ttl 2\n}", "ttl-range"),
        ("unicast_peer {\n 10.0.0.2 max_ttl 300\n}", "bad-value"),
        ("unicast_peer {\n 10.0.0.2 min_ttl\n}", "bad-value"),
    ] {
        assert_eq!(told("", own), expected, "{own}");
    }
    let checked = made("vrrp_check_unicast_src", two).0.transport;
    assert!(matches!(checked, Transport::Unicast { check_source: true, .. }));
}

#[test]
fn the_group_is_the_instances_or_the_nodes() {
    let group = |global: &str, own: &str| match clean(global, own).transport {
        Transport::Multicast { group } => group.to_string(),
        Transport::Unicast { .. } => panic!("unicast"),
    };
    assert_eq!(group("", "mcast_src_ip 10.0.0.1"), "224.0.0.18");
    assert_eq!(group("vrrp_mcast_group4 224.0.0.99", ""), "224.0.0.99");
    assert_eq!(group("vrrp_mcast_group4 224.0.0.99", "mcast_dst_ip 224.0.0.7"), "224.0.0.7");
    assert_eq!(told("vrrp_mcast_group4 10.0.0.1", ""), "bad-value");
    assert_eq!(told("vrrp_mcast_group6 224.0.0.9", ""), "bad-value");
    assert_eq!(told("", "mcast_dst_ip 10.0.0.1"), "bad-value");
}

#[test]
fn the_checksum_of_old_unicast_peers_is_sent_or_refused_when_it_is_asked_for() {
    let peer = "version 3\n unicast_peer {\n 10.0.0.2\n}\n";
    let form = |own: &str| clean("", &format!("{peer} {own}")).checksum;
    assert_eq!(form(""), ChecksumForm::PseudoHeader);
    assert_eq!(form("old_unicast_checksum"), ChecksumForm::OldUnicast);
    assert_eq!(form("old_unicast_checksum never"), ChecksumForm::PseudoHeaderOnly);
    assert_eq!(told("", &format!("{peer} old_unicast_checksum always")), "bad-value");
    assert_eq!(told("", "version 3\n old_unicast_checksum"), "unicast-without-peers");
}
