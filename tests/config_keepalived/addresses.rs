//! Entries of virtual_ipaddress.

use vipd::types::{Address, Broadcast, Family, Scope};

use super::reading::read;

/// The address of an entry beside which a plain one stands, and the codes.
fn entry(line: &str) -> (Option<Address>, String) {
    let first = if line.contains(':') && !line.contains("label") { "fd00::ff" } else { "10.0.0.9" };
    let (model, codes) = read(&format!(
        "vrrp_instance A {{\n interface eth0\n virtual_router_id 5\n \
         virtual_ipaddress {{\n{first}\n{line}\n}}\n}}\n"
    ));
    let held = model.unwrap().instances.remove(0).addresses.into_iter().nth(1);
    (held, codes.join(" "))
}

#[test]
fn the_options_of_an_address_are_taken_over() {
    let read = |line: &str| {
        let (address, codes) = entry(line);
        assert_eq!(codes, "", "{line}");
        address.unwrap()
    };
    assert_eq!(read("10.0.0.1").prefix, 32);
    assert_eq!(read("10.0.0.1/24").prefix, 24);
    assert_eq!(read("10.0.0.1/0").prefix, 0);
    assert_eq!(read("10.0.0.1 dev eth1").link.as_str(), "eth1");
    assert_eq!(read("10.0.0.1 scope link").scope, Scope::LINK);
    assert_eq!(read("10.0.0.1 scope 7").scope, Scope(7));
    assert_eq!(read("10.0.0.1/24 brd +").broadcast, Broadcast::AllOnes);
    assert_eq!(read("10.0.0.1/24 brd -").broadcast, Broadcast::AllZeros);
    let is = Broadcast::Is([10, 0, 0, 255].into());
    assert_eq!(read("10.0.0.1 broadcast 10.0.0.255").broadcast, is);
    assert_eq!(read("10.0.0.1 label eth0:1").label.unwrap().as_str(), "eth0:1");
    assert_eq!(read("10.0.0.1 peer 10.9.9.9").peer, Some(([10, 9, 9, 9].into(), 32)));
    assert!(!read("10.0.0.1 no_track").tracked);
    let flags = read("fd00::1 home -nodad mngtmpaddr noprefixroute autojoin");
    assert!(flags.home && flags.dad && flags.manage_temporary);
    assert!(flags.no_prefix_route && flags.auto_join && flags.tracked);
    assert_eq!(read("fd00::1").preferred_secs, Some(0));
    assert_eq!(read("fd00::1/64").preferred_secs, None);
    assert_eq!(read("fd00::1 preferred_lft forever").preferred_secs, None);
    assert_eq!(read("fd00::1/64 preferred_lft 9").preferred_secs, Some(9));
}

#[test]
fn what_an_address_cannot_have_is_left_out_and_sometimes_the_address() {
    for (line, held, expected) in [
        ("10.0.0.1 bogus", true, "bad-value"),
        ("10.0.0.1 nodad", true, "bad-value"),
        ("10.0.0.1 10.0.0.2", true, "bad-value"),
        ("10.0.0.1 scope LINK", true, "bad-value"),
        ("10.0.0.1/33", true, "bad-value"),
        ("10.0.0.1/255.255.255.0", true, "bad-value"),
        ("10.0.0.1/", true, "empty-prefix"),
        ("10.0.0.1/24 peer 10.9.9.9", true, "bad-value"),
        ("10.0.0.1 peer bogus", true, "bad-value"),
        ("10.0.0.1 brd +", true, "broadcast-without-net"),
        ("10.0.0.1 preferred_lft bogus", true, "bad-value"),
        ("10.0.0.1 preferred_lft 9", true, "wrong-family"),
        ("10.0.0.1 -nodad", true, "wrong-family"),
        ("10.0.0.1 home", true, "wrong-family"),
        ("10.0.0.1 mngtmpaddr", true, "wrong-family"),
        ("10.0.0.9", false, "duplicate-address"),
        ("10.0.0.256", false, "bad-value"),
        ("10.0.0.1,", false, "bad-value"),
        ("10.0.0.1 dev", false, "bad-value"),
        ("10.0.0.1 label eth0:much-too-long", false, "bad-value"),
        ("10.0.0.1 label", false, "bad-value"),
        ("10.0.0.1 brd bogus", false, "bad-value"),
        ("fd00::1 scope link", true, "wrong-family"),
        ("fd00::1 brd +", false, "bad-value"),
        ("fd00::1%eth0", false, "bad-value"),
        ("fd00::1/129", true, "bad-value"),
    ] {
        let (address, codes) = entry(line);
        assert_eq!((address.is_some(), codes.as_str()), (held, expected), "{line}");
    }
}

#[test]
fn the_first_address_written_fixes_the_family() {
    let family = |inner: &str| {
        let (model, codes) = read(&format!(
            "vrrp_instance A {{\n interface eth0\n virtual_router_id 5\n{inner}\n}}\n"
        ));
        (model.map(|it| it.instances[0].family), codes.join(" "))
    };
    let six = "virtual_ipaddress {\n fd00::1\n 10.0.0.1\n}";
    assert_eq!(family(six), (Some(Family::V6), "second-family".to_owned()));
    let source = "unicast_peer {\n fe80::7\n 10.0.0.2\n}\n virtual_ipaddress {\n fd00::1\n}";
    assert_eq!(family(source), (Some(Family::V6), "wrong-family".to_owned()));
    let native = "virtual_ipaddress {\n 10.0.0.1\n}\n native_ipv6";
    assert_eq!(family(native), (Some(Family::V4), "wrong-family".to_owned()));
    let excluded = "virtual_ipaddress_excluded {\n fd00::1\n}\n virtual_ipaddress {\n 10.0.0.1\n}";
    assert_eq!(family(excluded), (Some(Family::V4), String::new()));
}
