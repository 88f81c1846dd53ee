//! The routes and rules of a host in memory, and when its kernel drops them.

use std::net::IpAddr;

use crate::kernel::object::{Target, Trace};
use crate::types::{Family, IfIndex};

/// Every route and rule, in the order of their addition.
#[derive(Clone, Debug, Default)]
pub(super) struct Routes(Vec<Target>);

impl Routes {
    pub(super) fn all(&self) -> &[Target] {
        &self.0
    }

    pub(super) fn holds(&self, target: &Target) -> bool {
        self.0.contains(target)
    }

    pub(super) fn add(&mut self, target: Target) {
        self.0.push(target);
    }

    /// Removes it; what its removal looks like, if it was there.
    pub(super) fn remove(&mut self, target: &Target) -> Option<Trace> {
        let place = self.0.iter().position(|it| it == target)?;
        self.0.remove(place).object().trace()
    }

    /// Removes all of this trace and counts them.
    pub(super) fn take(&mut self, trace: &Trace) -> usize {
        let before = self.0.len();
        self.0.retain(|it| it.object().trace().as_ref() != Some(trace));
        before - self.0.len()
    }

    /// An interface is gone, and the routes over it with it. Nobody is told.
    pub(super) fn link_gone(&mut self, link: IfIndex) {
        self.0.retain(|it| it.links().all(|other| other != link));
    }

    /// An interface went down. The routes over it go; those of IPv4 without a word.
    pub(super) fn link_down(&mut self, link: IfIndex) -> Vec<Trace> {
        let (gone, stay) = std::mem::take(&mut self.0)
            .into_iter()
            .partition::<Vec<_>, _>(|it| it.links().any(|other| other == link));
        self.0 = stay;
        let traces = gone.iter().filter_map(|it| it.object().trace());
        let is_v6 = |trace: &Trace| match trace {
            Trace::Route { destination, .. } => destination.family() == Family::V6,
            Trace::Rule { .. } => false,
        };
        traces.filter(is_v6).collect()
    }

    /// An address is gone, and the IPv4 routes with it that have it for a source. Nobody is told.
    pub(super) fn source_gone(&mut self, ip: IpAddr) {
        self.0.retain(|it| match it {
            Target::Route(route, _) => route.preferred_source != Some(ip),
            Target::Address(..) | Target::Rule(_) => true,
        });
    }
}
