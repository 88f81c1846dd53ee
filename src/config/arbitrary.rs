//! Arbitrary valid models for property tests: few keys, so that two models often share some.

mod links;
mod routing;
mod trackers;

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use std::time::Duration;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::model::{
    Authentication, ChecksumForm, Daemon, Deletion, FastRelease, Fifo, Fifos, Firewall, Fixtures,
    Group, Hooks, Instance, Mail, MailServer, Marker, Model, Node, Peer, Preempt, Realtime, Reload,
    TrackedInterface, Tracker, Transport, Vmac,
};
use crate::types::{
    Account, Address, Announce, Broadcast, Centis, Family, LinkName, MacAddr, Priority, Program,
    Scope, Version, Vrid, Weight,
};

/// A valid model with up to six instances.
pub(crate) fn model() -> impl Strategy<Value = Model> {
    let fixtures = (vec(any_address(), 0..=2), routing::routes(), routing::rules());
    (node(), vec(instance(), 0..=6), split(), fixtures, trackers::trackers()).prop_map(
        |(node, instances, split, (addresses, routes, rules), all)| {
            let mut fixtures = Fixtures { addresses, routes, rules };
            let mut seen = HashSet::new();
            fixtures.addresses.retain(|one| seen.insert((one.ip, one.prefix, one.link)));
            Model { fixtures, ..valid(node, instances, &split, &all) }
        },
    )
}

/// Two models, of which the second often keeps, edits or moves instances of the first.
pub(crate) fn pair() -> impl Strategy<Value = (Model, Model)> {
    let parts = (model(), model(), any::<bool>(), split(), trackers::trackers());
    parts.prop_flat_map(|(old, other, same_node, split, all)| {
        let count = old.instances.len();
        let kept = subsequence(old.instances.clone(), 0..=count);
        (Just(old), Just(other), Just(same_node), kept, any::<bool>()).prop_flat_map(
            move |(old, other, same_node, mut instances, rename)| {
                if let (true, Some(first)) = (rename, instances.first_mut()) {
                    first.name.push_str("-renamed");
                }
                instances.extend(other.instances);
                let node = if same_node { old.node.clone() } else { other.node };
                let new = Just(instances).prop_shuffle();
                let (split, all) = (split.clone(), all.clone());
                (Just(old), new.prop_map(move |list| valid(node.clone(), list, &split, &all)))
            },
        )
    })
}

/// How mails are sent, if they are.
fn mail() -> impl Strategy<Value = Mail> {
    let server = ("[a-z]{1,8}|2001:db8::25", 1..=u16::MAX);
    let server = option::of(server.prop_map(|(host, port)| MailServer { host, port }));
    let to = vec("[a-z]{1,8}@[a-z]{1,8}", 0..=2);
    let names = [(); 2].map(|()| option::of("[a-z@.]{1,8}"));
    let rest = (1..=4294_u64, any::<bool>());
    (server, to, names, rest).prop_map(|(server, to, [from, greeting], (timeout, faults))| {
        let timeout = Duration::from_secs(timeout);
        Mail { to, from, server, greeting, timeout, faults }
    })
}

/// A model of these instances without those whose key or name another one has already.
fn valid(node: Node, mut instances: Vec<Instance>, split: &[Part], all: &[Tracker]) -> Model {
    let (mut keys, mut names) = (HashSet::new(), HashSet::new());
    let mut vmacs = HashSet::new();
    instances.retain(|instance| keys.insert(instance.key()) && names.insert(instance.name.clone()));
    instances.retain(|instance| instance.vmacs().all(|vmac| vmacs.insert(vmac.name)));
    let mut groups = groups(&instances, split);
    let all_hooks = instances.iter_mut().map(|instance| &mut instance.hooks);
    for hooks in all_hooks.chain(groups.iter_mut().map(|group| &mut group.hooks)) {
        hooks.mail &= node.mail.is_sent();
    }
    let trackers = trackers::used(all, &instances);
    Model { node, trackers, instances, groups, ..Model::default() }
}

/// To which of two groups an instance belongs, what that group may track, and whom it tells.
type Part = (Option<bool>, Vec<TrackedInterface>, Hooks);

fn split() -> impl Strategy<Value = Vec<Part>> {
    let hooks = hooks().prop_map(|hooks| Hooks {
        deleted: Deletion::AsFault,
        outranking: None,
        priority_changes: false,
        ..hooks
    });
    vec((option::of(any::<bool>()), vec(tracked(), 0..=2), hooks), 6)
}

/// Groups of some of the instances.
fn groups(instances: &[Instance], split: &[Part]) -> Vec<Group> {
    let group = |name: &str, which: bool| {
        let parts = instances.iter().zip(split).filter(|(_, part)| part.0 == Some(which));
        let members: Vec<&Instance> = parts.clone().map(|(instance, _)| instance).collect();
        let (mut tracked, hooks) =
            parts.map(|(_, part)| (part.1.clone(), part.2.clone())).next()?;
        let mut seen = HashSet::new();
        tracked.retain(|one| {
            seen.insert(one.link) && members.iter().any(|member| !member.tracks(one.link))
        });
        let members = members.iter().map(|member| member.key()).collect();
        Some(Group { name: name.to_owned(), members, tracked_interfaces: tracked, hooks })
    };
    [group("one", false), group("two", true)].into_iter().flatten().collect()
}

fn node() -> impl Strategy<Value = Node> {
    let realtime = prop_oneof![
        Just(Realtime::IfPermitted),
        Just(Realtime::Off),
        (1..=99u8).prop_map(Realtime::Priority),
    ];
    let names = (option::of("[a-z]{1,8}"), millis(), option::of(account()), fifos(), mail());
    let system = (realtime, -20..=19i8, firewall());
    let own = (daemon(), reload(), links::delays(), links::paces());
    (names, any::<[bool; 4]>(), system, own).prop_map(|(names, flags, system, own)| {
        let (daemon, reload, link_delays, paces) = own;
        let (router_id, startup_delay, script_account, fifos, mail) = names;
        let (realtime, nice, firewall) = system;
        let [dynamic_interfaces, log_unknown_vrids, secure_scripts, local_igmp] = flags;
        Node {
            router_id,
            startup_delay,
            dynamic_interfaces,
            realtime,
            nice,
            log_unknown_vrids,
            script_account,
            secure_scripts,
            fifos,
            mail,
            daemon,
            reload,
            local_igmp,
            firewall,
            link_delays,
            paces,
        }
    })
}

fn firewall() -> impl Strategy<Value = Firewall> {
    let firewall = ("[a-z]{1,8}", any::<i32>(), any::<bool>());
    firewall.prop_map(|(table, priority, counters)| Firewall { table, priority, counters })
}

/// As whom something runs.
fn account() -> impl Strategy<Value = Account> {
    ("[a-z]{1,8}", option::of("[a-z]{1,8}")).prop_map(|(user, group)| Account { user, group })
}

/// A program with arguments of all sorts.
pub(crate) fn program() -> impl Strategy<Value = Program> {
    ("/[a-z]{1,8}", vec("\\PC{0,4}", 0..=2), option::of(account())).prop_map(
        |(name, arguments, account)| {
            let words = std::iter::once(name).chain(arguments).collect();
            Program { words, account }
        },
    )
}

fn hooks() -> impl Strategy<Value = Hooks> {
    let deleted =
        prop_oneof![Just(Deletion::AsFault), option::of(program()).prop_map(Deletion::AsDeleted),];
    let programs = [(); 6].map(|()| option::weighted(0.2, program()));
    (programs, deleted, any::<[bool; 2]>()).prop_map(|(programs, deleted, flags)| {
        let [any, active, backup, fault, stop, outranking] = programs;
        let [priority_changes, mail] = flags;
        Hooks { any, active, backup, fault, stop, deleted, outranking, priority_changes, mail }
    })
}

fn fifos() -> impl Strategy<Value = Fifos> {
    let fifo = || {
        let place = ("/[a-z]{1,8}", option::of(account()), option::of(program()));
        let fifo =
            place.prop_map(|(path, account, reader)| Fifo { path: path.into(), account, reader });
        option::of(fifo)
    };
    (fifo(), fifo(), any::<bool>()).prop_map(|(all, vrrp, repeat_on_reload)| Fifos {
        all,
        vrrp,
        repeat_on_reload,
    })
}

fn daemon() -> impl Strategy<Value = Daemon> {
    let name = || option::of("[a-z]{1,8}");
    (name(), name(), any::<bool>(), name(), name(), 0..=0o777u16, millis()).prop_map(
        |(namespace, instance, pid_directory, name, worker_name, umask, stop_patience)| Daemon {
            namespace,
            instance,
            pid_directory,
            name,
            worker_name,
            umask,
            stop_patience,
        },
    )
}

fn reload() -> impl Strategy<Value = Reload> {
    let path = || "/[a-z]{1,8}".prop_map(PathBuf::from);
    let marker = prop_oneof![Just(Marker::BesidePidFile), path().prop_map(Marker::At)];
    (any::<[bool; 2]>(), option::of(path()), option::of(marker), option::of(path())).prop_map(
        |([strict, repeat], report, marker, time_file)| Reload {
            strict,
            report,
            marker,
            time_file,
            repeat,
        },
    )
}

/// A valid instance of either family.
pub(crate) fn instance() -> impl Strategy<Value = Instance> {
    select(vec![(Family::V4, Version::V2), (Family::V4, Version::V3), (Family::V6, Version::V3)])
        .prop_flat_map(|(family, version)| {
            let identity = ("[a-f]{1,2}", link(), 1..=3u8);
            let election = (1..=255u8, interval(version), preempt(), 1..=100u8);
            let transport = (option::of(ip(family)), transport(family));
            let fewest = if version == Version::V2 { 0 } else { 1 };
            let addresses = (vec(address(family), fewest..=4), vec(any_address(), 0..=2));
            let held = (addresses, routing::routes(), routing::rules());
            let tracking = (vec(tracked(), 0..=2), trackers::tracked(), hooks());
            let rest = (
                announce(),
                any::<[bool; 6]>(),
                tracking,
                fast_release(),
                (pass(), checksum()),
                vmac(),
            );
            (identity, election, transport, held, rest).prop_map(
                move |(identity, election, transport, held, rest)| {
                    let (addresses, routes, rules) = held;
                    let (name, interface, vrid) = identity;
                    let (priority, interval, preempt, down_adverts) = election;
                    let (announce, flags, tracking, fast_release, forms, vmac) = rest;
                    let (pass, checksum) = forms;
                    let (tracked_interfaces, tracked, hooks) = tracking;
                    let [track_primary, answer_lower, answer_higher, skip_address_check, ..] =
                        flags;
                    let [.., accept, promote_secondaries] = flags;
                    free_of_contradictions(Instance {
                        name,
                        interface,
                        vrid: Vrid::new(vrid).unwrap(),
                        family,
                        version,
                        priority: Priority::new(priority),
                        interval,
                        preempt,
                        down_adverts,
                        source: transport.0,
                        transport: transport.1,
                        authentication: match version {
                            Version::V2 => pass,
                            Version::V3 => Authentication::None,
                        },
                        checksum: match (family, version) {
                            (Family::V4, Version::V3) => checksum,
                            _ => ChecksumForm::PseudoHeader,
                        },
                        addresses: addresses.0,
                        excluded: addresses.1,
                        routes,
                        rules,
                        announce,
                        track_primary,
                        tracked_interfaces,
                        tracked,
                        fast_release,
                        answer_lower,
                        answer_higher,
                        skip_address_check,
                        twin: None,
                        hooks,
                        vmac,
                        address_vmacs: Vec::new(),
                        accept,
                        promote_secondaries,
                    })
                },
            )
        })
}

/// The instance without what no configuration can mean.
fn free_of_contradictions(mut instance: Instance) -> Instance {
    let mut seen = HashSet::from([instance.interface]);
    instance.tracked_interfaces.retain(|one| seen.insert(one.link));
    if let Some(vmac) = &mut instance.vmac {
        vmac.base = instance.interface;
        vmac.sends &= matches!(instance.transport, Transport::Multicast { .. });
        let held = instance.addresses.iter_mut().chain(&mut instance.excluded);
        for address in held.filter(|address| address.link == instance.interface) {
            address.link = vmac.name;
        }
    }
    let mut seen = HashSet::new();
    let mut is_new = |one: &Address| seen.insert((one.ip, one.prefix, one.link));
    instance.addresses.retain(&mut is_new);
    instance.excluded.retain(&mut is_new);
    if instance.priority.is_owner() && instance.preempt == Preempt::No {
        instance.preempt = Preempt::Yes;
    }
    if let Transport::Unicast { peers, check_source, .. } = &mut instance.transport {
        *check_source |= peers.iter().any(|peer| peer.min_ttl > 0);
    }
    instance
}

fn link() -> impl Strategy<Value = LinkName> {
    select(vec!["eth0", "eth1", "eth2"]).prop_map(|name| LinkName::new(name).unwrap())
}

/// A virtual interface; what it stands on follows from the instance.
fn vmac() -> impl Strategy<Value = Option<Vmac>> {
    let name = select(vec!["vrrp.1", "vrrp6.1", "api"]);
    let vmac = (name, any::<[u8; 5]>(), option::of(any::<u32>()), any::<bool>());
    option::weighted(0.3, vmac).prop_map(|vmac| {
        let (name, [b, c, d, e, f], group, sends) = vmac?;
        let (name, base) = (LinkName::new(name).unwrap(), LinkName::new("eth0").unwrap());
        Some(Vmac { name, base, mac: MacAddr([2, b, c, d, e, f]), group, sends })
    })
}

fn ip(family: Family) -> impl Strategy<Value = IpAddr> {
    (1..=9u8).prop_map(move |host| match family {
        Family::V4 => Ipv4Addr::new(10, 0, 0, host).into(),
        Family::V6 => Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, host.into()).into(),
    })
}

fn any_address() -> impl Strategy<Value = Address> {
    prop_oneof![address(Family::V4), address(Family::V6)]
}

fn address(family: Family) -> impl Strategy<Value = Address> {
    let place = (ip(family), link(), 0..=family.bits());
    let peer = option::of((ip(family), 0..=family.bits()));
    let four = (option::of(link()), scope(), broadcast());
    let six = (option::of(0..=9u32), any::<[bool; 3]>());
    let both = (peer, any::<[bool; 3]>());
    (place, both, four, six).prop_map(move |((ip, link, prefix), both, four, six)| {
        let (peer, [no_prefix_route, auto_join, tracked]) = both;
        let plain =
            Address { prefix, peer, no_prefix_route, auto_join, tracked, ..Address::new(ip, link) };
        match family {
            Family::V4 => {
                let (label, scope, broadcast) = four;
                let broadcast = if prefix > 30 { Broadcast::None } else { broadcast };
                Address { label, scope, broadcast, ..plain }
            }
            Family::V6 => {
                let (preferred_secs, [dad, home, manage_temporary]) = six;
                Address { preferred_secs, dad, home, manage_temporary, ..plain }
            }
        }
    })
}

fn scope() -> impl Strategy<Value = Scope> {
    prop_oneof![Just(Scope::GLOBAL), any::<u8>().prop_map(Scope)]
}

fn broadcast() -> impl Strategy<Value = Broadcast> {
    select(vec![
        Broadcast::None,
        Broadcast::AllOnes,
        Broadcast::AllZeros,
        Broadcast::Is(Ipv4Addr::new(10, 0, 0, 255)),
    ])
}

fn interval(version: Version) -> impl Strategy<Value = Centis> {
    match version {
        Version::V2 => (1..=255u16).prop_map(|secs| secs * 100).boxed(),
        Version::V3 => (1..=4095u16).boxed(),
    }
    .prop_map(|centis| Centis::new(centis).unwrap())
}

fn preempt() -> impl Strategy<Value = Preempt> {
    prop_oneof![
        Just(Preempt::Yes),
        Just(Preempt::No),
        (1..=99_999u64).prop_map(|millis| Preempt::After(Duration::from_millis(millis))),
    ]
}

fn transport(family: Family) -> impl Strategy<Value = Transport> {
    let group = select(vec![18u8, 19]).prop_map(move |last| match family {
        Family::V4 => IpAddr::from([224, 0, 0, last]),
        Family::V6 => Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, last.into()).into(),
    });
    let peers = proptest::collection::hash_set(ip(family), 1..=3);
    let unicast = (peers, any::<u8>(), any::<bool>(), any::<u8>());
    prop_oneof![
        group.prop_map(|group| Transport::Multicast { group }),
        unicast.prop_map(|(peers, ttl, check_source, min_ttl)| Transport::Unicast {
            peers: peers
                .into_iter()
                .map(|address| Peer { address, min_ttl, max_ttl: 255 })
                .collect(),
            ttl,
            check_source,
        }),
    ]
}

fn announce() -> impl Strategy<Value = Announce> {
    (1..=9u32, 1..=9u32, 0..=9u32, [millis(), millis(), millis()], [millis(), millis()]).prop_map(
        |(repeat, refresh_repeat, lower_repeat, spans, gaps)| {
            let [delay, refresh, lower_delay] = spans;
            let [arp_interval, na_interval] = gaps;
            Announce {
                repeat,
                delay,
                refresh,
                refresh_repeat,
                lower_repeat,
                lower_delay,
                arp_interval,
                na_interval,
            }
        },
    )
}

fn tracked() -> impl Strategy<Value = TrackedInterface> {
    (link(), -253..=253i16, any::<bool>()).prop_map(|(link, weight, reverse)| TrackedInterface {
        link,
        weight: Weight::new(weight).unwrap(),
        reverse,
    })
}

fn fast_release() -> impl Strategy<Value = FastRelease> {
    prop_oneof![
        Just(FastRelease::Auto),
        Just(FastRelease::Off),
        (1..=100u16).prop_map(|centis| FastRelease::To(Centis::new(centis).unwrap())),
    ]
}

fn checksum() -> impl Strategy<Value = ChecksumForm> {
    select(vec![
        ChecksumForm::PseudoHeader,
        ChecksumForm::PseudoHeaderOnly,
        ChecksumForm::OldUnicast,
        ChecksumForm::MessageOnly,
    ])
}

fn pass() -> impl Strategy<Value = Authentication> {
    let password = || {
        "[!-~]{1,8}".prop_map(|text| {
            let mut octets = [0; 8];
            octets[..text.len()].copy_from_slice(text.as_bytes());
            octets
        })
    };
    prop_oneof![
        Just(Authentication::None),
        password().prop_map(Authentication::Pass),
        password().prop_map(Authentication::Ah),
    ]
}

fn millis() -> impl Strategy<Value = Duration> {
    (0..=99_999u64).prop_map(Duration::from_millis)
}
