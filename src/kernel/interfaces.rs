//! Virtual interfaces that are to exist, and how interfaces are to be: what is wanted, what there
//! is, and what follows from the difference. Pure, as the agent is.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv6Addr};

use crate::types::{IfIndex, LinkName, LinkReport, MacAddr, Slot};

/// A virtual interface on top of another one (macvlan, private).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct VmacPlan {
    /// Its name.
    pub name: LinkName,
    /// The interface under it.
    pub base: LinkName,
    /// Its hardware address.
    pub mac: MacAddr,
    /// Its device group; that of the interface under it where absent.
    pub group: Option<u32>,
    /// IPv4 addresses may stand on it.
    pub v4: bool,
    /// IPv6 addresses may stand on it, so it has the link-local address of the one under it.
    pub v6: bool,
}

/// What one slot wants of interfaces.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct InterfacePlan {
    /// The virtual interfaces.
    pub vmacs: Vec<VmacPlan>,
    /// Where the first address of a subnet does not take the others with it when it goes.
    pub promotes_on: Option<LinkName>,
}

/// A host's interfaces.
pub trait InterfaceHost {
    /// Makes the virtual interface on `base` and sets it up, or takes over one that is there.
    ///
    /// # Errors
    /// [`VmacError`]; nothing is left half made.
    fn make(&mut self, plan: &VmacPlan, base: IfIndex) -> Result<(), VmacError>;

    /// Sets it up again: it went down with the interface under it.
    fn raise(&mut self, vmac: IfIndex);

    /// It is there: what has to be done once its index is known.
    fn made(&mut self, plan: &VmacPlan, vmac: IfIndex, base: IfIndex);

    /// It is gone.
    fn gone(&mut self, vmac: IfIndex);

    /// Adds or removes a link-local address.
    fn link_local(&mut self, vmac: IfIndex, ip: Ipv6Addr, there: bool);

    /// Removes a virtual interface of ours, with what was changed for it.
    fn remove(&mut self, name: LinkName);

    /// Whether the others of a subnet stay when its first address goes from this interface: from
    /// now on, or as it was before.
    fn promote_secondaries(&mut self, link: LinkName, promotes: bool);

    /// An interface is gone, and its settings with it.
    fn lost(&mut self, link: LinkName);
}

/// Why a virtual interface is not there.
#[derive(Debug, thiserror::Error)]
pub enum VmacError {
    /// Another interface has its name.
    #[error("another interface is called {0}, and is no virtual interface of this kind")]
    Taken(LinkName),
    /// The kernel refused it.
    #[error("the kernel does not make the virtual interface {name}{}", advice(source))]
    Refused {
        /// Its name.
        name: LinkName,
        /// The answer.
        source: io::Error,
    },
}

fn advice(error: &io::Error) -> String {
    const EOPNOTSUPP: i32 = 95;
    match error.raw_os_error() {
        Some(EOPNOTSUPP) => ": it lacks the module macvlan".to_owned(),
        Some(_) | None => format!(": {error}"),
    }
}

/// Makes a host's interfaces as they are wanted.
#[derive(Debug)]
pub struct Interfaces<H> {
    host: H,
    wanted: BTreeMap<LinkName, Wanted>,
    links: BTreeMap<IfIndex, Seen>,
    promoting: BTreeMap<LinkName, Vec<Slot>>,
    /// Something may have to be done.
    changed: bool,
}

/// A virtual interface that somebody wants.
#[derive(Debug)]
struct Wanted {
    plan: VmacPlan,
    slots: Vec<Slot>,
    /// A slot is about to want it.
    prepared: bool,
    /// It was made on this one and is reported soon, or there.
    made_on: Option<IfIndex>,
    /// The kernel refused it; it is tried again when the interface under it changes.
    refused: bool,
    /// Its index, once what follows from that was done.
    known: Option<IfIndex>,
    /// The link-local address that it was given.
    link_local: Option<Ipv6Addr>,
    /// The interface under it was up.
    base_was_up: bool,
}

/// An interface as last reported.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Seen {
    name: LinkName,
    up: bool,
    link_local: Option<Ipv6Addr>,
}

impl<H: InterfaceHost> Interfaces<H> {
    /// Builds one that knows no interface and wants none.
    pub const fn new(host: H) -> Self {
        Self {
            host,
            wanted: BTreeMap::new(),
            links: BTreeMap::new(),
            promoting: BTreeMap::new(),
            changed: false,
        }
    }

    /// Slots are about to want these: they are made before the slots begin.
    pub fn prepare(&mut self, plans: &[VmacPlan]) {
        for plan in plans {
            self.want(plan).prepared = true;
        }
        self.changed = true;
    }

    /// From now on this is what `slot` wants. What nobody wants any more is removed.
    pub fn plan(&mut self, slot: Slot, plan: &InterfacePlan) {
        for wanted in self.wanted.values_mut() {
            wanted.slots.retain(|other| *other != slot);
        }
        for slots in self.promoting.values_mut() {
            slots.retain(|other| *other != slot);
        }
        for vmac in &plan.vmacs {
            let wanted = self.want(vmac);
            wanted.prepared = false;
            wanted.slots.push(slot);
        }
        if let Some(link) = plan.promotes_on {
            self.promoting.entry(link).or_default().push(slot);
            if self.index(link).is_some() {
                self.host.promote_secondaries(link, true);
            }
        }
        let Self { host, promoting, .. } = self;
        promoting.retain(|link, slots| {
            if slots.is_empty() {
                host.promote_secondaries(*link, false);
            }
            !slots.is_empty()
        });
        self.changed = true;
    }

    /// An interface appeared or changed.
    pub fn link(&mut self, report: &LinkReport) {
        let link_local = report.addresses.iter().filter(|it| !it.tentative);
        // The newest comes first; an address that stays is the oldest.
        let link_local = link_local.rev().find_map(|it| match it.ip {
            IpAddr::V6(ip) if ip.is_unicast_link_local() => Some(ip),
            IpAddr::V4(_) | IpAddr::V6(_) => None,
        });
        let seen = Seen { name: report.name, up: report.up, link_local };
        let before = self.links.insert(report.index, seen);
        if before.is_none_or(|before| before.name != seen.name)
            && self.promoting.contains_key(&seen.name)
        {
            self.host.promote_secondaries(seen.name, true);
        }
        if before != Some(seen) {
            self.retry(seen.name);
        }
    }

    /// An interface disappeared.
    pub fn link_gone(&mut self, link: IfIndex) {
        let Some(seen) = self.links.remove(&link) else {
            return;
        };
        if let Some(wanted) = self.wanted.get_mut(&seen.name)
            && wanted.known.is_none_or(|known| known == link)
        {
            wanted.forget();
            self.host.gone(link);
        }
        if self.index(seen.name).is_none() {
            self.host.lost(seen.name);
        }
        self.retry(seen.name);
    }

    /// Does what is to be done. Tells `failed` of each interface that cannot be made, once.
    pub fn run(&mut self, mut failed: impl FnMut(&VmacPlan, VmacError)) {
        if !std::mem::take(&mut self.changed) {
            return;
        }
        let is_wanted = |it: &Wanted| it.prepared || !it.slots.is_empty();
        let unwanted = self.wanted.iter().filter(|(_, wanted)| !is_wanted(wanted));
        for name in unwanted.map(|(name, _)| *name).collect::<Vec<_>>() {
            let Some(wanted) = self.wanted.remove(&name) else {
                continue;
            };
            if let Some(index) = wanted.known {
                self.host.gone(index);
            }
            if wanted.made_on.is_some() {
                self.host.remove(name);
            }
        }
        let Self { host, wanted, links, .. } = self;
        let find = |name| links.iter().find(|(_, seen)| seen.name == name);
        for wanted in wanted.values_mut() {
            let Some((&base, below)) = find(wanted.plan.base) else {
                wanted.forget();
                continue;
            };
            if wanted.made_on != Some(base) && !wanted.refused {
                if let Some(known) = wanted.known {
                    host.gone(known);
                }
                wanted.forget();
                match host.make(&wanted.plan, base) {
                    Ok(()) => wanted.made_on = Some(base),
                    Err(error) => {
                        wanted.refused = true;
                        failed(&wanted.plan, error);
                    }
                }
            }
            let above = find(wanted.plan.name).filter(|_| wanted.made_on.is_some());
            if let Some((&index, seen)) = above {
                wanted.follow(host, (index, seen), (base, below));
            }
            wanted.base_was_up = below.up;
        }
    }

    /// Whether the virtual interface of this name is as it will be for now: there, and up if it
    /// can be; or it cannot be made.
    pub fn is_settled(&self, name: LinkName) -> bool {
        let Some(wanted) = self.wanted.get(&name) else {
            return true;
        };
        let below = self.seen(wanted.plan.base);
        let Some(below) = below.filter(|_| !wanted.refused) else {
            return true;
        };
        wanted.known.is_some() && self.seen(name).is_some_and(|seen| seen.up || !below.up)
    }

    /// Removes every virtual interface.
    pub fn remove_all(&mut self) {
        self.promoting.clear();
        for wanted in self.wanted.values_mut() {
            wanted.slots.clear();
            wanted.prepared = false;
        }
        self.changed = true;
        self.run(|_, _| {});
    }

    /// The host it works on.
    pub const fn host_mut(&mut self) -> &mut H {
        &mut self.host
    }

    fn want(&mut self, plan: &VmacPlan) -> &mut Wanted {
        let wanted = self.wanted.entry(plan.name).or_insert_with(|| Wanted {
            plan: *plan,
            slots: Vec::new(),
            prepared: false,
            made_on: None,
            refused: false,
            known: None,
            link_local: None,
            base_was_up: false,
        });
        if wanted.plan != *plan {
            wanted.plan = *plan;
            wanted.refused = false;
            wanted.made_on = None;
        }
        wanted
    }

    /// Something happened to this interface.
    fn retry(&mut self, name: LinkName) {
        self.changed = true;
        for wanted in self.wanted.values_mut() {
            if wanted.plan.base == name || wanted.plan.name == name {
                wanted.refused = false;
            }
        }
    }

    fn index(&self, name: LinkName) -> Option<IfIndex> {
        self.links.iter().find(|(_, seen)| seen.name == name).map(|(index, _)| *index)
    }

    fn seen(&self, name: LinkName) -> Option<&Seen> {
        self.links.values().find(|seen| seen.name == name)
    }
}

impl Wanted {
    /// It is not there.
    const fn forget(&mut self) {
        self.made_on = None;
        self.known = None;
        self.link_local = None;
    }

    /// Brings it up with the interface under it, and gives it that one's link-local address.
    fn follow(
        &mut self,
        host: &mut impl InterfaceHost,
        (index, seen): (IfIndex, &Seen),
        (base, below): (IfIndex, &Seen),
    ) {
        if self.known != Some(index) {
            self.known = Some(index);
            self.link_local = None;
            host.made(&self.plan, index, base);
        }
        if below.up && !self.base_was_up && !seen.up {
            host.raise(index);
            // What went with the carrier is given once more.
            self.link_local = None;
        }
        if self.plan.v6 && seen.up && below.link_local.is_some() {
            if let Some(old) = self.link_local.filter(|old| Some(*old) != below.link_local) {
                host.link_local(index, old, false);
                self.link_local = None;
            }
            if let (Some(new), None) = (below.link_local, self.link_local) {
                self.link_local = Some(new);
                host.link_local(index, new, true);
            }
        }
    }
}
