//! The node's interfaces as last reported.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::config::model::{Instance, Transport};
use crate::types::{Family, Fault, IfIndex, LinkAddress, LinkName, LinkReport, Scope, Weight};

/// The reports, found by index and by name.
#[derive(Debug, Default)]
pub(super) struct Links {
    reports: HashMap<IfIndex, LinkReport>,
    indexes: HashMap<LinkName, IfIndex>,
    /// On how many interfaces an address stands and is no longer tentative.
    settled: HashMap<IpAddr, usize>,
}

impl Links {
    /// Takes in a report. Tells the name that the interface had before, if it had another.
    pub(super) fn put(&mut self, report: &LinkReport) -> Option<LinkName> {
        let old = self.remove(report.index).filter(|old| *old != report.name);
        self.indexes.insert(report.name, report.index);
        for address in report.addresses.iter().filter(|address| !address.tentative) {
            *self.settled.entry(address.ip).or_default() += 1;
        }
        self.reports.insert(report.index, report.clone());
        old
    }

    /// Forgets an interface and tells its name.
    pub(super) fn remove(&mut self, index: IfIndex) -> Option<LinkName> {
        let LinkReport { name, addresses, .. } = self.reports.remove(&index)?;
        for address in addresses.iter().filter(|address| !address.tentative) {
            if let Some(count) = self.settled.get_mut(&address.ip) {
                *count -= 1;
                if *count == 0 {
                    self.settled.remove(&address.ip);
                }
            }
        }
        if self.indexes.get(&name) == Some(&index) {
            self.indexes.remove(&name);
        }
        Some(name)
    }

    pub(super) fn index(&self, name: &LinkName) -> Option<IfIndex> {
        self.indexes.get(name).copied()
    }

    pub(super) fn is_up(&self, name: &LinkName) -> bool {
        self.get(name).is_some_and(|report| report.up)
    }

    fn get(&self, name: &LinkName) -> Option<&LinkReport> {
        self.reports.get(self.indexes.get(name)?)
    }

    /// The interfaces that `instance` lacks to take part in the election. One that carries
    /// several things may be named again.
    pub(super) fn faults<'a>(&'a self, instance: &'a Instance) -> impl Iterator<Item = Fault> + 'a {
        let fault = |name: LinkName| match self.get(&name) {
            None => Some(Fault::LinkMissing(name)),
            Some(report) => (!report.up).then_some(Fault::LinkDown(name)),
        };
        let own_fault = move |name: LinkName| match fault(name) {
            Some(Fault::LinkDown(_)) if !instance.track_primary => None,
            other => other,
        };
        // Its virtual interface goes up and down with the one under it.
        let own_vmac = instance.vmac.as_ref().map(|vmac| vmac.name);
        let own = own_fault(instance.interface).or_else(|| own_fault(own_vmac?));
        let unweighted = instance.tracked_interfaces.iter().filter(|t| t.weight == Weight::FAULT);
        let required = unweighted.clone().filter(|t| !t.reverse).map(|tracked| tracked.link);
        let unwanted = unweighted.filter(|t| t.reverse && self.is_up(&t.link));
        let unwanted = unwanted.map(|tracked| Fault::LinkUp(tracked.link));
        let required = instance.carriers().chain(required).filter_map(fault);
        own.into_iter().chain(required).chain(unwanted)
    }

    /// The address that the adverts of `instance` come from.
    ///
    /// Its virtual addresses, told by `is_virtual`, are no candidates unless it owns them. A
    /// configured source is taken as it is; but unicast adverts are answered to it, so it has to
    /// stand on some interface of this host.
    ///
    /// # Errors
    /// The [`Fault`] that stands in the way where there is none.
    pub(super) fn source(
        &self,
        instance: &Instance,
        is_virtual: impl Fn(IpAddr) -> bool,
    ) -> Result<IpAddr, Fault> {
        let name = instance.interface;
        let report = self.get(&name).ok_or(Fault::LinkMissing(name))?;
        if let Some(source) = instance.source {
            if report.addresses.iter().any(|a| a.ip == source && a.tentative) {
                return Err(Fault::Tentative(name));
            }
            return match &instance.transport {
                Transport::Unicast { .. } if !self.settled.contains_key(&source) => {
                    Err(Fault::SourceMissing(source))
                }
                Transport::Unicast { .. } | Transport::Multicast { .. } => Ok(source),
            };
        }
        let suits = |address: &&LinkAddress| suits(instance, address);
        let own = |address: &&LinkAddress| !is_virtual(address.ip);
        let candidates = || report.addresses.iter().filter(suits);
        let settled = || candidates().filter(|address| !address.tentative);
        let owned = || settled().find(|_| instance.priority.is_owner());
        match settled().find(own).or_else(owned) {
            Some(address) => Ok(address.ip),
            None if candidates().any(|address| address.tentative) => Err(Fault::Tentative(name)),
            None => Err(Fault::NoSource(name)),
        }
    }
}

/// Whether adverts of `instance` may come from this address: IPv6 ones come from the link-local
/// address (RFC 9568 §5.1.2.1) unless the peers are reached by global ones.
fn suits(instance: &Instance, address: &LinkAddress) -> bool {
    let link_local = match address.ip {
        IpAddr::V4(_) => return instance.family == Family::V4 && address.scope != Scope::HOST,
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    };
    let wanted = match &instance.transport {
        Transport::Multicast { .. } => true,
        Transport::Unicast { peers, .. } => peers.iter().any(|peer| match peer.address {
            IpAddr::V6(ip) => ip.is_unicast_link_local(),
            IpAddr::V4(_) => false,
        }),
    };
    instance.family == Family::V6 && link_local == wanted
}
