//! What a host can be told to hold: addresses, routes, rules.

use std::fmt;
use std::sync::Arc;

use crate::types::{Address, Family, IfIndex, LinkName, Prefix, Route, Rule};

/// One thing that a host may hold.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Object {
    /// An address on an interface.
    Address(Arc<Address>),
    /// A route.
    Route(Arc<Route>),
    /// A rule that chooses a routing table.
    Rule(Arc<Rule>),
}

/// An object with its interfaces as they are called at one moment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Target {
    /// An address on this interface.
    Address(IfIndex, Arc<Address>),
    /// A route, with the interface of each hop that names one.
    Route(Arc<Route>, Box<[Option<IfIndex>]>),
    /// A rule. The kernel knows its interfaces by name.
    Rule(Arc<Rule>),
}

/// By what a route or a rule that somebody deleted is recognised. Several may have the same.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Trace {
    /// A route.
    Route {
        /// Where it led.
        destination: Prefix,
        /// The routing table.
        table: u32,
        /// Its metric; where none was given, the kernel's: 0, of IPv6 1024.
        metric: u32,
    },
    /// A rule.
    Rule {
        /// Whose packets it was for.
        family: Family,
        /// Its priority.
        priority: u32,
    },
}

impl Object {
    /// Whether `link` is one of the interfaces that it needs to exist.
    pub(super) fn needs(&self, link: LinkName) -> bool {
        match self {
            Self::Address(address) => address.link == link,
            Self::Route(route) => route.links().any(|it| it == link),
            Self::Rule(_) => false,
        }
    }

    /// With its interfaces as `index` knows them; `None` while one does not exist.
    pub(super) fn target(&self, index: impl Fn(LinkName) -> Option<IfIndex>) -> Option<Target> {
        match self {
            Self::Address(address) => {
                Some(Target::Address(index(address.link)?, Arc::clone(address)))
            }
            Self::Route(route) => {
                let hops = route.hops.iter();
                let links = hops.map(|hop| match hop.link {
                    Some(link) => index(link).map(Some),
                    None => Some(None),
                });
                Some(Target::Route(Arc::clone(route), links.collect::<Option<_>>()?))
            }
            Self::Rule(rule) => Some(Target::Rule(Arc::clone(rule))),
        }
    }

    /// By what its deletion is recognised; an address is by itself.
    pub(super) fn trace(&self) -> Option<Trace> {
        match self {
            Self::Address(_) => None,
            Self::Route(route) => Some(Trace::of_route(route)),
            Self::Rule(rule) => Some(Trace::Rule { family: rule.family, priority: rule.priority }),
        }
    }
}

impl Target {
    /// Without the interfaces.
    #[must_use]
    pub fn object(&self) -> Object {
        match self {
            Self::Address(_, address) => Object::Address(Arc::clone(address)),
            Self::Route(route, _) => Object::Route(Arc::clone(route)),
            Self::Rule(rule) => Object::Rule(Arc::clone(rule)),
        }
    }

    /// Every interface that it stands on or leads over.
    pub(super) fn links(&self) -> impl Iterator<Item = IfIndex> {
        let (one, several): (_, &[_]) = match self {
            Self::Address(link, _) => (Some(*link), &[]),
            Self::Route(_, links) => (None, links),
            Self::Rule(_) => (None, &[]),
        };
        one.into_iter().chain(several.iter().copied().flatten())
    }

    /// Addresses before routes before rules: the order of setting them.
    pub(super) const fn rank(&self) -> u8 {
        match self {
            Self::Address(..) => 0,
            Self::Route(..) => 1,
            Self::Rule(_) => 2,
        }
    }
}

impl Trace {
    /// The trace that `route` leaves.
    #[must_use]
    pub fn of_route(route: &Route) -> Self {
        let usual = match route.family() {
            Family::V4 => 0,
            Family::V6 => USUAL_V6_METRIC,
        };
        // The kernel takes an explicit 0 of IPv6 for none.
        let metric = route.metric.filter(|metric| *metric > 0).unwrap_or(usual);
        Self::Route { destination: route.destination, table: route.table, metric }
    }
}

impl From<&Address> for Object {
    fn from(address: &Address) -> Self {
        Self::Address(Arc::new(address.clone()))
    }
}

impl From<&Route> for Object {
    /// What is tracked is no matter of the kernel's.
    fn from(route: &Route) -> Self {
        Self::Route(Arc::new(Route { tracked: true, ..route.clone() }))
    }
}

impl From<&Rule> for Object {
    /// What is tracked is no matter of the kernel's.
    fn from(rule: &Rule) -> Self {
        Self::Rule(Arc::new(Rule { tracked: true, ..rule.clone() }))
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => write!(f, "address {address}"),
            Self::Route(route) => write!(f, "route {route}"),
            Self::Rule(rule) => write!(f, "rule {rule}"),
        }
    }
}

/// The metric of an IPv6 route that names none (`IP6_RT_PRIO_USER`).
const USUAL_V6_METRIC: u32 = 1024;
