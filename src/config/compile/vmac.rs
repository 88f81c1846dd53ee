//! Virtual interfaces: whether there is one, what it is called, what stands on it.

use std::collections::HashSet;

use super::Findings;
use super::instance::is;
use crate::config::declared::{self, Declared};
use crate::config::diagnostic::Diagnostic;
use crate::config::model::{Transport, Vmac};
use crate::types::{Family, LinkName, MacAddr, Vrid};

/// The names of interfaces that are taken: none of two instances may have one.
pub(super) struct Names {
    taken: HashSet<LinkName>,
    /// Those of virtual interfaces that were chosen by hand.
    chosen: HashSet<LinkName>,
    prefix: String,
    address_prefix: String,
}

/// What decides about an instance's virtual interfaces.
#[derive(Clone, Copy)]
pub(super) struct Router<'a> {
    pub(super) interface: LinkName,
    pub(super) family: Family,
    pub(super) vrid: Vrid,
    pub(super) transport: &'a Transport,
    pub(super) strict: bool,
}

/// An instance's virtual interfaces, and which address stands on which.
pub(super) struct Vmacs<'a> {
    pub(super) own: Option<Vmac>,
    pub(super) others: Vec<Vmac>,
    router: Router<'a>,
    /// Every address that stands on another interface gets a virtual one.
    always: bool,
}

impl Names {
    /// The names of all interfaces that the configuration mentions.
    pub(super) fn new(declared: &Declared) -> Self {
        let held = |it: &declared::Instance| {
            let held = it.addresses.iter().chain(&it.excluded);
            held.filter_map(|address| address.vmac?.value).collect::<Vec<_>>()
        };
        let carriers = declared.instances.iter().flat_map(held);
        let chosen = declared.instances.iter().filter_map(|it| Some(it.vmac?.value.name?.value));
        let node = &declared.node;
        let prefix = node.vmac_prefix.as_ref().map_or(PREFIX, |it| it.value.as_str());
        let address_prefix = node.address_vmac_prefix.as_ref().map_or(prefix, |it| &it.value);
        Self {
            taken: declared.links().map(|it| it.value).chain(chosen).chain(carriers).collect(),
            chosen: HashSet::new(),
            prefix: prefix.to_owned(),
            address_prefix: address_prefix.to_owned(),
        }
    }

    /// `vrrp.51`, and where another one has that name `vrrp6.51` in IPv6, then `vrrp1.51` and on.
    fn choose(&mut self, prefix: &str, family: Family, vrid: Vrid) -> Option<LinkName> {
        let six = (family == Family::V6).then(|| format!("{prefix}6.{vrid}"));
        let numbered = (1..=MOST).map(|number| format!("{prefix}{number}.{vrid}"));
        let mut names = std::iter::once(format!("{prefix}.{vrid}")).chain(six).chain(numbered);
        let name =
            names.find_map(|name| LinkName::new(&name).filter(|it| !self.taken.contains(it)));
        self.taken.extend(name);
        name
    }
}

impl<'a> Vmacs<'a> {
    /// Those that the instance asks for itself.
    pub(super) fn new(
        written: &declared::Instance,
        router: Router<'a>,
        names: &mut Names,
        findings: &mut Findings<'_>,
    ) -> Self {
        let always = is(written.address_vmacs);
        let Some(vmac) = &written.vmac else {
            if let Some(base) = written.adverts_from_base {
                let message = "there is no virtual interface that adverts could leave by";
                findings.push(
                    findings
                        .flaw("vmac-missing", message)
                        .at(base.span, "no effect")
                        .help("ask for one with use_vmac, or drop this"),
                );
            }
            return Self { own: None, others: Vec::new(), router, always };
        };
        let name = vmac.value.name.filter(|name| {
            let is_free = names.chosen.insert(name.value) && name.value != router.interface;
            if !is_free {
                findings.push(
                    findings
                        .flaw("vmac-name", format!("another interface is called {}", name.value))
                        .at(name.span, "another name is chosen"),
                );
            }
            is_free
        });
        let prefix = names.prefix.clone();
        let chosen = name.map(|it| it.value);
        let chosen = chosen.or_else(|| names.choose(&prefix, router.family, router.vrid));
        let own = chosen.map(|name| Vmac {
            name,
            base: router.interface,
            mac: vmac.value.mac.map_or_else(|| router.mac(router.family), |it| it.value),
            group: vmac.value.group.map(|it| it.value),
            sends: sends(written, router, findings),
        });
        Self { own, others: Vec::new(), router, always }
    }

    /// The interface that carries an address which was written with `link`.
    pub(super) fn carrier(
        &mut self,
        entry: &declared::Address,
        names: &mut Names,
        findings: &mut Findings<'_>,
    ) -> LinkName {
        let Router { interface, family, vrid, .. } = self.router;
        let base = entry.link.map_or(interface, |it| it.value);
        let own = self.own.as_ref().filter(|_| entry.vmac.is_none_or(|it| it.value.is_none()));
        if let Some(own) = own.filter(|own| base == interface || base == own.name) {
            let other_family = Family::of(entry.ip.value) != family;
            if !(self.always && other_family) {
                return own.name;
            }
        } else if entry.vmac.is_none() && (!self.always || base == interface) {
            return base;
        }
        let wanted = entry.vmac.and_then(|it| it.value);
        let mac = self.router.mac(Family::of(entry.ip.value));
        let is_it =
            |it: &&Vmac| it.base == base && wanted.map_or(it.mac == mac, |name| it.name == name);
        if let Some(there) = self.others.iter().find(is_it) {
            return there.name;
        }
        let prefix = names.address_prefix.clone();
        let wanted = wanted.filter(|name| names.chosen.insert(*name));
        let name = wanted.or_else(|| names.choose(&prefix, Family::of(entry.ip.value), vrid));
        let Some(name) = name else {
            let message = format!("no name is left for a virtual interface on {base}");
            findings.push(Diagnostic::error("vmac-name", message).at(entry.span, ""));
            return base;
        };
        self.others.push(Vmac { name, base, mac, group: None, sends: false });
        name
    }
}

impl Router<'_> {
    /// The virtual router's address in this family.
    const fn mac(self, family: Family) -> MacAddr {
        MacAddr::of_virtual_router(family, self.vrid)
    }
}

/// Whether adverts leave by the virtual interface.
fn sends(written: &declared::Instance, router: Router<'_>, findings: &mut Findings<'_>) -> bool {
    let name = &written.name;
    let from_base = written.adverts_from_base.filter(|it| it.value);
    match (router.transport, from_base) {
        (Transport::Unicast { .. }, None) => {
            findings.push(
                findings
                    .flaw(
                        "vmac-unicast",
                        format!("unicast adverts of {} leave by {}", name.value, router.interface),
                    )
                    .at(name.span, "its virtual interface has no address to be answered at")
                    .help("say so with vmac_xmit_base"),
            );
            false
        }
        (Transport::Multicast { .. }, Some(base)) if router.strict => {
            findings.push(
                findings
                    .flaw(
                        "strict-conflict",
                        "in strict mode adverts come from the virtual router's hardware address",
                    )
                    .at(base.span, "ignored"),
            );
            true
        }
        (_, from_base) => from_base.is_none(),
    }
}

/// What names begin with.
const PREFIX: &str = "vrrp";
/// Instances of one VRID that get names.
const MOST: u32 = 99;
