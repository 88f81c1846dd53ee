//! How the nodes of a scenario are configured.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use crate::config::model::{
    Authentication, ChecksumForm, FastRelease, Instance, Peer, Preempt, Tracked, TrackedInterface,
    Transport,
};
use crate::types::{Address, Announce, Centis, Family, Priority, Version, Vrid, Weight};

use super::host::{self, Reach};
use super::packet::group;
use super::rng::Rng;
use super::roster::{NodeId, Roster};
use super::service;

/// The virtual router of number `place` as each of `count` nodes is configured.
pub(super) fn election(place: usize, count: usize, rng: &mut Rng) -> Roster<Instance> {
    let common = Common::draw(rng);
    let mut priorities = Priorities::draw(rng);
    let nodes = Roster::new(count, |node| node);
    Roster::new(count, |node| instance(place, node, &nodes, &common, priorities.next(rng), rng))
}

/// How a node's settings of a virtual router change in a reload.
pub(super) fn reloaded(old: &Instance, rng: &mut Rng) -> Instance {
    let mut new = old.clone();
    match rng.below(7) {
        6 => new.tracked = tracked_service(rng).into_iter().collect(),
        0 | 1 => new.priority = Priority::new(rng.octet(1, 254)),
        2 => new.preempt = preempt(rng),
        3 => new.fast_release = fast_release(rng),
        4 if new.version == Version::V3 => new.interval = interval(rng),
        // Version 2 refuses another address list as it refuses another interval.
        _ if new.version == Version::V2 => new.answer_lower = !new.answer_lower,
        _ => {
            let ip = virtual_address(new.family, new.vrid, 9);
            let count = new.addresses.len();
            new.addresses.retain(|address| address.ip != ip);
            if new.addresses.len() == count {
                new.addresses.push(Address::new(ip, host::vrrp_name()));
            }
        }
    }
    new
}

/// The interval that all Backups of a leaving router are taught, where they are.
pub(super) fn lesson(config: &Instance) -> Option<Centis> {
    let ten = Centis::new(10).ok()?;
    let one_for_all = match &config.transport {
        Transport::Multicast { .. } => true,
        Transport::Unicast { peers, .. } => peers.len() == 1,
    };
    let short = match (config.version, config.fast_release) {
        (Version::V2, _) | (Version::V3, FastRelease::Off) => None,
        (Version::V3, FastRelease::To(short)) => Some(short),
        (Version::V3, FastRelease::Auto) => one_for_all.then_some(ten),
    };
    short.filter(|short| *short < config.interval)
}

/// What all nodes have in common, mostly.
struct Common {
    family: Family,
    version: Version,
    interval: Centis,
    mixed_intervals: bool,
    unicast: Option<Reach>,
    preempt: Option<Preempt>,
    fast_release: FastRelease,
    down_adverts: u8,
    authentication: Authentication,
    addresses: u8,
    announce: Announce,
    answer_lower: bool,
}

impl Common {
    fn draw(rng: &mut Rng) -> Self {
        let family = rng.pick([Family::V4, Family::V4, Family::V6]);
        let version = match family {
            Family::V4 => rng.pick([Version::V2, Version::V3, Version::V3]),
            Family::V6 => Version::V3,
        };
        let reach = rng.pick([Reach::Link, Reach::Everywhere]);
        let preempt = preempt(rng);
        let default = Announce::default();
        let announce = Announce {
            repeat: u32::from(rng.octet(1, 5)),
            delay: rng.pick([Duration::ZERO, Duration::from_secs(1), default.delay]),
            lower_repeat: u32::from(rng.octet(1, 5)),
            ..default
        };
        Self {
            family,
            version,
            interval: match version {
                Version::V2 => Centis::SECOND,
                Version::V3 => interval(rng),
            },
            mixed_intervals: version == Version::V3 && rng.percent(15),
            unicast: rng.percent(35).then_some(reach),
            preempt: rng.percent(70).then_some(preempt),
            fast_release: fast_release(rng),
            down_adverts: rng.pick([3, 3, 3, 3, 2, 5]),
            authentication: match version {
                Version::V2 if rng.percent(40) => Authentication::Pass(*b"secret\0\0"),
                Version::V2 | Version::V3 => Authentication::None,
            },
            addresses: rng.octet(1, 3),
            announce: if rng.percent(50) { default } else { announce },
            answer_lower: rng.percent(85),
        }
    }
}

/// How priorities are given to the nodes.
enum Priorities {
    Anything,
    Equal(Priority),
    /// Counting down from there, as people number their nodes.
    Steps(u8),
    /// One owner, the others below.
    OwnerFirst(bool),
}

impl Priorities {
    fn draw(rng: &mut Rng) -> Self {
        match rng.below(10) {
            0 | 1 => Self::Equal(Priority::new(rng.octet(1, 254))),
            2..=4 => Self::Steps(rng.octet(10, 254)),
            5 => Self::OwnerFirst(true),
            _ => Self::Anything,
        }
    }

    fn next(&mut self, rng: &mut Rng) -> Priority {
        match self {
            Self::Anything => Priority::new(rng.octet(1, 254)),
            Self::Equal(priority) => *priority,
            Self::Steps(next) => {
                let step = rng.pick([1, 1, 1, 50]);
                let this = *next;
                *next = next.saturating_sub(step).max(1);
                Priority::new(this)
            }
            Self::OwnerFirst(first) => {
                if std::mem::replace(first, false) {
                    Priority::OWNER
                } else {
                    Priority::new(rng.octet(1, 254))
                }
            }
        }
    }
}

fn instance(
    place: usize,
    node: NodeId,
    nodes: &Roster<NodeId>,
    common: &Common,
    priority: Priority,
    rng: &mut Rng,
) -> Instance {
    let vrid = vrid(place);
    let family = common.family;
    let interval = if common.mixed_intervals { interval(rng) } else { common.interval };
    let peers = |reach| {
        let others = nodes.ids().filter(|other| *other != node);
        let peer =
            |other| Peer { address: host::source(other, family, reach), min_ttl: 0, max_ttl: 255 };
        others.map(peer).collect()
    };
    let addresses = (0..common.addresses)
        .map(|number| Address::new(virtual_address(family, vrid, number), host::vrrp_name()));
    Instance {
        family,
        version: common.version,
        priority,
        interval,
        preempt: common.preempt.unwrap_or_else(|| preempt(rng)),
        down_adverts: common.down_adverts,
        transport: match common.unicast {
            None => Transport::Multicast { group: group(family) },
            Some(reach) => {
                Transport::Unicast { peers: peers(reach), ttl: 255, check_source: rng.percent(50) }
            }
        },
        authentication: common.authentication,
        checksum: rng.pick([ChecksumForm::PseudoHeader, ChecksumForm::MessageOnly]),
        addresses: addresses.collect(),
        announce: common.announce,
        tracked_interfaces: tracked_link(rng).into_iter().collect(),
        tracked: tracked_service(rng).into_iter().collect(),
        fast_release: common.fast_release,
        answer_lower: common.answer_lower,
        answer_higher: rng.percent(10),
        ..Instance::new(&format!("VI_{vrid}"), host::vrrp_name(), vrid)
    }
}

/// The VRID of the virtual router of this number.
pub(super) fn vrid(place: usize) -> Vrid {
    let number = u8::try_from(place + 1).ok();
    let vrid = number.and_then(|number| Vrid::new(number).ok());
    #[expect(clippy::expect_used, reason = "a scenario has few virtual routers")]
    vrid.expect("1 to 255")
}

/// The virtual address of this number.
fn virtual_address(family: Family, vrid: Vrid, number: u8) -> IpAddr {
    let (vrid, number) = (vrid.get(), number + 1);
    match family {
        Family::V4 => IpAddr::V4(Ipv4Addr::new(10, 0, vrid, number)),
        Family::V6 => {
            let prefix = if number == 1 { 0xfe80 } else { 0xfd00 };
            let (vrid, number) = (u16::from(vrid), u16::from(number));
            IpAddr::V6(Ipv6Addr::new(prefix, 0, 0, 0, 0, 1, vrid, number))
        }
    }
}

fn interval(rng: &mut Rng) -> Centis {
    let centis = rng.pick([1, 2, 5, 10, 11, 20, 50, 100, 100, 100]);
    Centis::new(centis).unwrap_or(Centis::SECOND)
}

fn preempt(rng: &mut Rng) -> Preempt {
    match rng.below(8) {
        0 | 1 => Preempt::No,
        2 => {
            let (least, most) = (Duration::from_millis(10), Duration::from_secs(5));
            Preempt::After(rng.span(least, most))
        }
        _ => Preempt::Yes,
    }
}

fn fast_release(rng: &mut Rng) -> FastRelease {
    match rng.below(4) {
        0 => FastRelease::Off,
        1 => FastRelease::To(Centis::new(rng.pick([1, 2, 4, 10])).unwrap_or(Centis::SHORTEST)),
        _ => FastRelease::Auto,
    }
}

fn tracked_link(rng: &mut Rng) -> Option<TrackedInterface> {
    let weight = weight(rng);
    let reverse = weight != Weight::FAULT && rng.percent(10);
    let tracked = TrackedInterface { link: host::tracked_name(), weight, reverse };
    rng.percent(60).then_some(tracked)
}

fn tracked_service(rng: &mut Rng) -> Option<Tracked> {
    let weight = weight(rng);
    let reverse = weight != Weight::FAULT && rng.percent(10);
    let tracked = Tracked { tracker: service::tracker(), weight, reverse };
    rng.percent(50).then_some(tracked)
}

fn weight(rng: &mut Rng) -> Weight {
    let weight = rng.pick([0, -20, -100, -100, 20, 100]);
    Weight::new(weight).unwrap_or(Weight::FAULT)
}
