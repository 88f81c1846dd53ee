//! Defaults, derivations and cross-checks.

use std::net::IpAddr;
use std::time::Duration;

use super::*;
use crate::config::declared::{self, AuthKind, InitialState, Peer};
use crate::config::diagnostic::Severity;
use crate::config::model::{Authentication, FastRelease, Preempt, Transport};
use crate::config::source::{Sources, Span, Spanned};
use crate::types::{Broadcast, Centis, Family, LinkName, Priority, Scope, Version, Vrid};

fn span() -> Span {
    let file = Sources::sealed().add("test", "").unwrap();
    Span::new(file, 0..0)
}

fn said<T>(value: T) -> Spanned<T> {
    Spanned::new(value, span())
}

fn set<T>(value: T) -> Setting<T> {
    Some(said(value))
}

fn address(ip: &str) -> declared::Address {
    declared::Address::new(said(ip.parse().unwrap()), span())
}

fn instance(name: &str, vrid: u8) -> declared::Instance {
    let mut instance = declared::Instance::new(said(name.to_owned()));
    instance.vrid = set(Vrid::new(vrid).unwrap());
    instance.interface = set(LinkName::new("eth0").unwrap());
    instance.addresses = vec![address("10.0.0.9")];
    instance
}

/// Compiles one instance after a change; the model's instance and the codes of what was found.
fn one(
    change: impl FnOnce(&mut declared::Instance, &mut Declared),
) -> (Option<Instance>, Vec<&'static str>) {
    let mut declared = Declared::default();
    let mut written = instance("VI_1", 51);
    change(&mut written, &mut declared);
    declared.instances.push(written);
    let mut found = Diagnostics::default();
    let model = compile(&declared, &mut found);
    let codes = found.iter().map(|it| it.code).collect();
    (model.and_then(|it| it.instances.into_iter().next()), codes)
}

fn made(change: impl FnOnce(&mut declared::Instance, &mut Declared)) -> Instance {
    let (instance, codes) = one(change);
    instance.unwrap_or_else(|| panic!("no model: {codes:?}"))
}

#[test]
fn an_instance_of_a_vrid_an_interface_and_an_address_has_the_usual_defaults() {
    let (instance, codes) = one(|_, _| ());
    let instance = instance.unwrap();
    assert_eq!(codes, [""; 0]);
    assert_eq!(instance.version, Version::V2);
    assert_eq!(instance.priority, Priority::DEFAULT);
    assert_eq!(instance.interval, Centis::SECOND);
    assert_eq!(instance.preempt, Preempt::Yes);
    assert_eq!(instance.down_adverts, 3);
    assert_eq!(instance.fast_release, FastRelease::Auto);
    assert!(instance.answer_lower && !instance.answer_higher && instance.track_primary);
    let group = "224.0.0.18".parse().unwrap();
    assert_eq!(instance.transport, Transport::Multicast { group });
    let held = &instance.addresses[0];
    assert_eq!((held.prefix, held.scope, held.tracked), (32, Scope::GLOBAL, true));
}

#[test]
fn what_identifies_an_instance_must_be_there() {
    assert_eq!(one(|it, _| it.vrid = None).1, ["no-vrid"]);
    assert_eq!(one(|it, _| it.interface = None).1, ["no-interface"]);
}

#[test]
fn an_instance_without_addresses_is_an_error_in_version_3_only() {
    let (v2, codes) = one(|it, _| it.addresses.clear());
    assert!(v2.is_some());
    assert_eq!(codes, ["no-address"]);
    let (v3, codes) = one(|it, _| {
        it.addresses.clear();
        it.policy.version = set(Version::V3);
    });
    assert!(v3.is_none());
    assert_eq!(codes, ["no-address"]);
}

#[test]
fn ipv6_speaks_version_3_whatever_the_node_says() {
    let ipv6 = made(|it, all| {
        it.addresses = vec![address("fd00::1")];
        all.defaults.version = set(Version::V2);
    });
    assert_eq!((ipv6.family, ipv6.version), (Family::V6, Version::V3));
    let (instance, codes) = one(|it, _| {
        it.addresses = vec![address("fd00::1")];
        it.policy.version = set(Version::V2);
    });
    assert_eq!(instance.unwrap().version, Version::V3);
    assert_eq!(codes, ["version-2-ipv6"]);
}

#[test]
fn the_interval_is_rounded_as_its_version_counts() {
    let interval = |version, millis| {
        let (instance, codes) = one(|it, _| {
            it.policy.version = set(version);
            it.interval = set(Duration::from_millis(millis));
        });
        (instance.unwrap().interval.get(), codes.len())
    };
    for (version, millis, centis, findings) in [
        (Version::V2, 1000, 100, 0),
        (Version::V2, 1500, 200, 1),
        (Version::V2, 1499, 100, 1),
        (Version::V2, 300, 100, 1),
        (Version::V2, 254_700, 25_500, 1),
        (Version::V3, 100, 10, 0),
        (Version::V3, 15, 2, 1),
        (Version::V3, 40_954, 4_095, 1),
        (Version::V3, 50_000, 4_095, 1),
    ] {
        assert_eq!(interval(version, millis), (centis, findings), "{version} {millis} ms");
    }
}

#[test]
fn the_initial_state_active_without_a_priority_makes_an_owner() {
    let active = made(|it, _| it.state = set(InitialState::Active));
    assert_eq!(active.priority, Priority::OWNER);
    let backup = made(|it, _| it.state = set(InitialState::Backup));
    assert_eq!(backup.priority, Priority::DEFAULT);
}

#[test]
fn the_initial_state_active_clears_what_holds_it_back() {
    let (instance, codes) = one(|it, _| {
        it.state = set(InitialState::Active);
        it.priority = set(Priority::new(150));
        it.preempt = set(false);
        it.preempt_delay = set(Duration::from_secs(9));
    });
    assert_eq!(instance.unwrap().preempt, Preempt::Yes);
    assert_eq!(codes, ["preempt-conflict", "preempt-conflict"]);
}

#[test]
fn a_ban_on_preemption_outlives_a_backup_and_clears_the_delay() {
    let (instance, codes) = one(|it, _| {
        it.preempt = set(false);
        it.preempt_delay = set(Duration::from_secs(9));
    });
    assert_eq!(instance.unwrap().preempt, Preempt::No);
    assert_eq!(codes, ["preempt-conflict"]);
    let delayed = made(|it, _| it.preempt_delay = set(Duration::from_secs(9)));
    assert_eq!(delayed.preempt, Preempt::After(Duration::from_secs(9)));
}

#[test]
fn a_password_is_cut_to_8_bytes_and_unknown_to_version_3() {
    let with_pass = |version, pass: &str| {
        let pass = pass.to_owned();
        let (instance, codes) = one(|it, _| {
            it.policy.version = set(version);
            it.auth_kind = set(AuthKind::Pass);
            it.auth_pass = set(pass);
        });
        (instance.unwrap().authentication, codes)
    };
    let short = with_pass(Version::V2, "k8s");
    assert_eq!(short.0, Authentication::Pass(*b"k8s\0\0\0\0\0"));
    assert_eq!(short.1, [""; 0]);
    let long = with_pass(Version::V2, "ninebytes");
    assert_eq!(long.0, Authentication::Pass(*b"ninebyte"));
    assert_eq!(long.1, ["auth-pass-cut"]);
    let v3 = with_pass(Version::V3, "k8s");
    assert_eq!((v3.0, v3.1), (Authentication::None, vec!["auth-not-supported"]));
    let empty = with_pass(Version::V2, "");
    assert_eq!(empty.1, ["auth-without-password"]);
}

#[test]
fn an_authentication_header_needs_version_2_and_a_password_as_one_in_clear_text_does() {
    let with_ah = |version, pass: Option<&str>| {
        let pass = pass.map(|pass| said(pass.to_owned()));
        let (instance, codes) = one(|it, _| {
            it.policy.version = set(version);
            it.auth_kind = set(AuthKind::Ah);
            it.auth_pass = pass;
        });
        (instance.unwrap().authentication, codes)
    };
    let ah = Authentication::Ah(*b"k8s\0\0\0\0\0");
    assert_eq!(with_ah(Version::V2, Some("k8s")), (ah, vec![]));
    let lacking = (Authentication::None, vec!["auth-without-password"]);
    assert_eq!(with_ah(Version::V2, None), lacking);
    let none = (Authentication::None, vec!["auth-not-supported"]);
    assert_eq!(with_ah(Version::V3, Some("k8s")), none);
}

#[test]
fn an_authentication_header_begins_as_backup_and_says_so() {
    let begun = |priority: u8| {
        let (instance, codes) = one(|it, _| {
            it.policy.version = set(Version::V2);
            it.state = set(InitialState::Active);
            it.priority = set(Priority::new(priority));
            it.auth_kind = set(AuthKind::Ah);
            it.auth_pass = set("k8s".to_owned());
        });
        assert!(instance.is_some());
        codes
    };
    assert_eq!(begun(100), ["auth-ah-state"]);
    assert!(begun(255).is_empty());
}

#[test]
fn an_hmac_is_refused_because_two_routers_would_hold_the_addresses() {
    let (instance, codes) = one(|it, _| it.auth_kind = set(AuthKind::Hmac));
    assert!(instance.is_none());
    assert_eq!(codes, ["auth-unknown"]);
}

#[test]
fn unicast_without_a_peer_is_multicast() {
    let (instance, codes) = one(|it, _| it.peers = set(Vec::new()));
    assert!(matches!(instance.unwrap().transport, Transport::Multicast { .. }));
    assert_eq!(codes, ["unicast-without-peers"]);
}

fn peer(address: &str) -> Spanned<Peer> {
    said(Peer { address: address.parse().unwrap(), min_ttl: None, max_ttl: None })
}

#[test]
fn peers_are_of_the_sources_family_and_each_there_once() {
    let (instance, codes) = one(|it, _| {
        it.source = set("10.0.0.1".parse().unwrap());
        it.peers = set(vec![peer("10.0.0.2"), peer("fd00::2"), peer("10.0.0.2")]);
    });
    let Transport::Unicast { peers, ttl, check_source } = instance.unwrap().transport else {
        panic!("not unicast");
    };
    assert_eq!((peers.len(), ttl, check_source), (1, 255, false));
    assert_eq!(codes, ["wrong-family", "duplicate-peer"]);
}

#[test]
fn a_peers_ttl_range_switches_on_the_check_of_the_source() {
    let mut checked = peer("10.0.0.2");
    checked.value.min_ttl = set(254);
    let instance = made(|it, _| it.peers = set(vec![checked]));
    assert!(matches!(instance.transport, Transport::Unicast { check_source: true, .. }));
}

#[test]
fn an_address_of_the_other_family_is_left_out_and_may_be_excluded() {
    let (instance, codes) = one(|it, _| {
        it.addresses.push(address("fd00::1"));
        it.excluded.push(address("fd00::1"));
    });
    let instance = instance.unwrap();
    assert_eq!((instance.addresses.len(), instance.excluded.len()), (1, 1));
    assert_eq!(codes, ["second-family"]);
}

#[test]
fn addresses_beyond_an_adverts_room_are_held_but_not_advertised() {
    let count = |family: &str, n: u16| {
        let (instance, codes) = one(|it, _| {
            it.addresses = (1..=n)
                .map(|i| match family {
                    "4" => address(&format!("10.1.{}.{}", i / 200, i % 200)),
                    _ => address(&format!("fd00::{i:x}")),
                })
                .collect();
        });
        let instance = instance.unwrap();
        (instance.addresses.len(), instance.excluded.len(), codes.len())
    };
    assert_eq!(count("4", 255), (255, 0, 0));
    assert_eq!(count("4", 300), (255, 45, 1));
    assert_eq!(count("6", 300), (89, 211, 1));
}

#[test]
fn an_address_stands_once_on_an_interface() {
    let (instance, codes) = one(|it, _| {
        let mut wider = address("10.0.0.9");
        wider.prefix = set(24);
        it.addresses.extend([address("10.0.0.9"), wider]);
    });
    assert_eq!(instance.unwrap().addresses.len(), 2);
    assert_eq!(codes, ["duplicate-address"]);
}

#[test]
fn a_128_address_is_deprecated_unless_told_otherwise() {
    let preferred = |prefix: Option<u8>, secs: Setting<Option<u32>>| {
        let instance = made(|it, _| {
            let mut ip = address("fd00::1");
            ip.prefix = prefix.map(said);
            ip.preferred_secs = secs;
            it.addresses = vec![ip];
        });
        instance.addresses[0].preferred_secs
    };
    assert_eq!(preferred(None, None), Some(0));
    assert_eq!(preferred(Some(64), None), None);
    assert_eq!(preferred(None, set(None)), None);
    assert_eq!(preferred(None, set(Some(10))), Some(10));
}

#[test]
fn what_only_ipv4_has_is_left_out_of_an_ipv6_address() {
    let (instance, codes) = one(|it, _| {
        let mut ip = address("fd00::1");
        ip.scope = set(Scope::LINK);
        ip.label = set(LinkName::new("eth0:1").unwrap());
        ip.broadcast = set(Broadcast::AllOnes);
        it.addresses = vec![ip];
    });
    let held = &instance.unwrap().addresses[0];
    assert_eq!((held.scope, held.label, held.broadcast), (Scope::GLOBAL, None, Broadcast::None));
    assert_eq!(codes, ["wrong-family"; 3]);
}

#[test]
fn announcements_are_the_instances_over_the_nodes_over_the_usual() {
    let instance = made(|it, all| {
        all.defaults.announce.repeat = set(2);
        all.defaults.announce.delay = set(Duration::from_secs(7));
        it.policy.announce.repeat = set(3);
    });
    assert_eq!(instance.announce.repeat, 3);
    assert_eq!(instance.announce.delay, Duration::from_secs(7));
    assert_eq!(instance.announce.lower_repeat, 2, "the node's, not the instance's");
    assert_eq!(instance.announce.lower_delay, Duration::from_secs(7));
}

#[test]
fn few_announcements_touch_only_what_was_not_written() {
    let instance = made(|it, all| {
        all.node.few_announcements = set(true);
        all.defaults.announce.refresh = set(Duration::from_secs(60));
        it.policy.announce.repeat = set(3);
    });
    assert_eq!((instance.announce.repeat, instance.announce.lower_repeat), (3, 1));
    assert_eq!(instance.announce.delay, Duration::ZERO);
    assert_eq!(instance.announce.refresh, Duration::from_secs(60));
}

#[test]
fn strict_mode_is_silent_towards_lower_priorities() {
    let instance = made(|it, all| {
        all.defaults.strict = set(true);
        it.policy.answer_higher = set(true);
    });
    assert_eq!((instance.announce.lower_repeat, instance.down_adverts), (0, 3));
    assert!(!instance.answer_lower && !instance.answer_higher);
}

#[test]
fn strict_mode_and_state_must_agree() {
    let (instance, codes) = one(|it, _| {
        it.policy.strict = set(true);
        it.state = set(InitialState::Active);
        it.priority = set(Priority::new(100));
        it.preempt = set(false);
    });
    assert_eq!(instance.unwrap().preempt, Preempt::No, "the state does not count");
    assert_eq!(codes, ["strict-conflict"]);
}

#[test]
fn an_instance_can_leave_strict_mode() {
    let instance = made(|it, all| {
        all.defaults.strict = set(true);
        it.policy.strict = set(false);
    });
    assert!(instance.answer_lower);
}

#[test]
fn two_instances_of_one_vrid_are_an_error_unless_something_tells_them_apart() {
    let two = |change: fn(&mut declared::Instance)| {
        let mut second = instance("VI_2", 51);
        second.addresses = vec![address("10.0.0.10")];
        change(&mut second);
        let declared =
            Declared { instances: vec![instance("VI_1", 51), second], ..Declared::default() };
        let mut found = Diagnostics::default();
        compile(&declared, &mut found).map(|it| it.instances.len())
    };
    assert_eq!(two(|_| ()), None);
    assert_eq!(two(|it| it.interface = set(LinkName::new("eth1").unwrap())), Some(2));
    assert_eq!(two(|it| it.addresses = vec![address("fd00::1")]), Some(2));
    assert_eq!(two(|it| it.peers = set(vec![peer("10.0.0.2")])), Some(2));
    assert_eq!(two(|it| it.vrid = set(Vrid::new(52).unwrap())), Some(2));
}

#[test]
fn unicast_instances_of_one_vrid_are_told_apart_by_their_sources_or_peers() {
    let two = |source: Option<&str>, other: &str| {
        let mut first = instance("VI_1", 51);
        first.peers = set(vec![peer("10.0.0.2"), peer("10.0.0.3")]);
        let mut second = instance("VI_2", 51);
        second.peers = set(vec![peer(other), peer("10.0.0.5")]);
        second.source = source.map(|it| said(it.parse().unwrap()));
        let declared = Declared { instances: vec![first, second], ..Declared::default() };
        let mut found = Diagnostics::default();
        let model = compile(&declared, &mut found)?;
        Some(model.instances.iter().map(|it| it.twin.map(|it| it.to_string())).collect::<Vec<_>>())
    };
    assert_eq!(two(Some("10.0.0.1"), "10.0.0.3"), Some(vec![None, None]));
    assert_eq!(two(None, "10.0.0.4"), Some(vec![None, Some("10.0.0.4".to_owned())]));
    assert_eq!(two(None, "10.0.0.3"), None);
}

#[test]
fn of_two_instances_of_one_name_the_first_counts() {
    let declared = Declared {
        instances: vec![instance("VI_1", 51), instance("VI_1", 52)],
        ..Declared::default()
    };
    let mut found = Diagnostics::default();
    let model = compile(&declared, &mut found).unwrap();
    assert_eq!(model.instances.len(), 1);
    assert_eq!(model.instances[0].vrid.get(), 51);
    assert_eq!(found.count(Severity::Warning), 1);
}

#[test]
fn our_own_manners_make_a_flaw_an_error() {
    let (instance, codes) = one(|it, all| {
        all.manners = Manners::Exact;
        it.interval = set(Duration::from_millis(1500));
    });
    assert!(instance.is_none());
    assert_eq!(codes, ["interval-rounded"]);
}

#[test]
fn the_source_decides_the_family_before_the_addresses() {
    let (instance, codes) = one(|it, _| it.source = set("fe80::1".parse::<IpAddr>().unwrap()));
    assert!(instance.is_none());
    assert_eq!(codes, ["second-family", "no-address"]);
}
