//! Routes as netlink messages.

use std::net::IpAddr;

use netlink_packet_core::DefaultNla;
use netlink_packet_route::AddressFamily;
use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteFlags, RouteHeader, RouteMessage, RouteMetric,
    RouteMplsTtlPropagation, RouteNextHop, RouteNextHopFlags, RoutePreference, RouteVia,
};

use crate::kernel::object::Trace;
use crate::types::{Family, Hop, IfIndex, Lock, PathProperty, Preference, Prefix, Route};

/// The body of a request that adds or deletes `route`, its hops leading over `links`.
pub(super) fn request(route: &Route, links: &[Option<IfIndex>]) -> RouteMessage {
    let mut message = RouteMessage::default();
    message.header = header(route);
    let attributes = &mut message.attributes;
    if route.destination.length() > 0 {
        attributes.push(RouteAttribute::Destination(route.destination.ip().into()));
    }
    if let Some(source) = route.source {
        attributes.push(RouteAttribute::Source(source.ip().into()));
    }
    attributes.push(RouteAttribute::Table(route.table));
    if let Some(metric) = route.metric {
        attributes.push(RouteAttribute::Priority(metric));
    }
    if let Some(ip) = route.preferred_source {
        attributes.push(RouteAttribute::PrefSource(ip.into()));
    }
    let hops = || route.hops.iter().zip(links.iter().chain(std::iter::repeat(&None)));
    if let ([hop], Some(link)) = (route.hops.as_slice(), links.first()) {
        if hop.onlink {
            message.header.flags |= RouteFlags::Onlink;
        }
        attributes.extend(link.map(|link| RouteAttribute::Oif(link.get())));
        attributes.extend(hop.via.map(|via| gateway(via, route.family())));
        attributes.extend(hop.realms.map(flow));
    } else if !route.hops.is_empty() {
        let all = hops().map(|(hop, link)| next_hop(hop, *link, route.family()));
        attributes.push(RouteAttribute::MultiPath(all.collect()));
    }
    let path = path(route);
    if !path.is_empty() {
        attributes.push(RouteAttribute::Metrics(path));
    }
    attributes.extend(route.realms.map(flow));
    attributes.extend(route.preference.map(|preference| {
        RouteAttribute::Preference(match preference {
            Preference::Low => RoutePreference::Low,
            Preference::Medium => RoutePreference::Medium,
            Preference::High => RoutePreference::High,
        })
    }));
    attributes.extend(route.expires_secs.map(RouteAttribute::Expires));
    attributes.extend(route.ttl_propagate.map(|on| {
        RouteAttribute::TtlPropagate(match on {
            true => RouteMplsTtlPropagation::Enabled,
            false => RouteMplsTtlPropagation::Disabled,
        })
    }));
    message
}

/// By what a route that is gone is recognised.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the library knows dozens of attributes, of which a few matter"
)]
pub(super) fn trace(message: &RouteMessage) -> Option<Trace> {
    let family = match message.header.address_family {
        AddressFamily::Inet => Family::V4,
        AddressFamily::Inet6 => Family::V6,
        _ => return None,
    };
    let (mut ip, mut table, mut metric) = (None, u32::from(message.header.table), 0);
    for attribute in &message.attributes {
        match attribute {
            RouteAttribute::Destination(RouteAddress::Inet(v4)) => ip = Some(IpAddr::V4(*v4)),
            RouteAttribute::Destination(RouteAddress::Inet6(v6)) => ip = Some(IpAddr::V6(*v6)),
            RouteAttribute::Table(number) => table = *number,
            RouteAttribute::Priority(number) => metric = *number,
            _ => {}
        }
    }
    let all = Prefix::all(family);
    let length = message.header.destination_prefix_length;
    let destination = Prefix::new(ip.unwrap_or_else(|| all.ip()), length)?;
    Some(Trace::Route { destination, table, metric })
}

fn header(route: &Route) -> RouteHeader {
    RouteHeader {
        address_family: match route.family() {
            Family::V4 => AddressFamily::Inet,
            Family::V6 => AddressFamily::Inet6,
        },
        destination_prefix_length: route.destination.length(),
        source_prefix_length: route.source.map_or(0, Prefix::length),
        tos: route.tos,
        // The attribute says it.
        table: 0,
        protocol: route.protocol.into(),
        scope: route.scope.0.into(),
        kind: route.kind.get().into(),
        flags: RouteFlags::empty(),
    }
}

fn gateway(via: IpAddr, family: Family) -> RouteAttribute {
    match via {
        _ if Family::of(via) == family => RouteAttribute::Gateway(via.into()),
        IpAddr::V4(ip) => RouteAttribute::Via(RouteVia::Inet(ip)),
        IpAddr::V6(ip) => RouteAttribute::Via(RouteVia::Inet6(ip)),
    }
}

fn next_hop(hop: &Hop, link: Option<IfIndex>, family: Family) -> RouteNextHop {
    let mut next = RouteNextHop::default();
    next.hops = u8::try_from(hop.weight.saturating_sub(1)).unwrap_or(u8::MAX);
    next.interface_index = link.map_or(0, IfIndex::get);
    if hop.onlink {
        next.flags |= RouteNextHopFlags::Onlink;
    }
    next.attributes.extend(hop.via.map(|via| gateway(via, family)));
    next.attributes.extend(hop.realms.map(flow));
    next
}

/// The library has its halves in another order than the kernel.
fn flow(realms: u32) -> RouteAttribute {
    RouteAttribute::Other(DefaultNla::new(RTA_FLOW, realms.to_ne_bytes().to_vec()))
}

fn path(route: &Route) -> Vec<RouteMetric> {
    let mut locked = 0;
    let mut all = Vec::with_capacity(route.path.len());
    for metric in &route.path {
        let (number, made): (u32, fn(u32) -> RouteMetric) = match metric.what {
            PathProperty::Mtu => (2, RouteMetric::Mtu),
            PathProperty::Window => (3, RouteMetric::Window),
            PathProperty::Rtt => (4, RouteMetric::Rtt),
            PathProperty::RttVar => (5, RouteMetric::RttVar),
            PathProperty::SlowStart => (6, RouteMetric::SsThresh),
            PathProperty::Cwnd => (7, RouteMetric::Cwnd),
            PathProperty::AdvertisedMss => (8, RouteMetric::Advmss),
            PathProperty::Reordering => (9, RouteMetric::Reordering),
            PathProperty::HopLimit => (10, RouteMetric::Hoplimit),
            PathProperty::InitialCwnd => (11, RouteMetric::InitCwnd),
            PathProperty::Features => (12, RouteMetric::Features),
            PathProperty::RtoMin => (13, RouteMetric::RtoMin),
            PathProperty::InitialWindow => (14, RouteMetric::InitRwnd),
            PathProperty::QuickAck => (15, RouteMetric::QuickAck),
            PathProperty::FastOpenNoCookie => (17, RouteMetric::FastopenNoCookie),
        };
        if metric.lock == Lock::Locked {
            locked |= 1 << number;
        }
        all.push(made(metric.value));
    }
    if let Some((algorithm, lock)) = &route.congestion {
        if *lock == Lock::Locked {
            locked |= 1 << RTAX_CC_ALGO;
        }
        all.push(RouteMetric::CcAlgo(algorithm.to_string()));
    }
    if locked != 0 {
        all.push(RouteMetric::Lock(locked));
    }
    all
}

/// Attribute types of linux/rtnetlink.h.
const RTA_FLOW: u16 = 11;
const RTAX_CC_ALGO: u32 = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{LinkName, RouteKind};

    fn route(destination: &str, length: u8) -> Route {
        Route::new(Prefix::new(destination.parse().unwrap(), length).unwrap())
    }

    #[test]
    fn what_is_asked_for_is_what_is_recognised() {
        for (destination, length) in [("10.0.0.0", 8), ("0.0.0.0", 0), ("fd00::", 64), ("::", 0)] {
            let mut route = route(destination, length);
            route.table = 1000;
            route.metric = Some(7);
            assert_eq!(trace(&request(&route, &[])), Some(Trace::of_route(&route)));
        }
    }

    #[test]
    fn one_hop_stands_by_itself_and_several_share() {
        let hop = |via: &str, weight| Hop {
            via: Some(via.parse().unwrap()),
            link: LinkName::new("eth0"),
            weight,
            ..Hop::NONE
        };
        let mut one = route("10.0.0.0", 8);
        one.hops = vec![hop("192.0.2.1", 1)];
        let message = request(&one, &[IfIndex::new(3)]);
        assert!(message.attributes.contains(&RouteAttribute::Oif(3)));

        one.hops.push(hop("192.0.2.2", 256));
        let message = request(&one, &[IfIndex::new(3), None]);
        let several = message.attributes.iter().find_map(|it| {
            if let RouteAttribute::MultiPath(hops) = it { Some(hops) } else { None }
        });
        let shares = several.unwrap().iter().map(|it| (it.interface_index, it.hops));
        assert_eq!(shares.collect::<Vec<_>>(), [(3, 0), (0, 255)]);
    }

    #[test]
    fn a_route_that_leads_nowhere_has_no_hop() {
        let mut hole = route("10.0.0.0", 8);
        hole.kind = RouteKind::Blackhole;
        let message = request(&hole, &[]);
        assert_eq!(message.attributes.len(), 2, "{message:?}");
        assert_eq!(u8::from(message.header.kind), 6);
    }
}
