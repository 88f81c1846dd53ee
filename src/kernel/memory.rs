//! A host in memory: for the simulator, for tests, and for a dry run.

mod routes;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::IpAddr;

use crate::types::{Address, IfIndex, Instant, LinkAddress, LinkName, LinkReport, MacAddr};

use super::agent::AddressEvent;
use super::host::{Announcement, Kernel, Operation, Outcome, Refusal, Stands, Unlisted, Verb};
use super::ledger::Identity;
use super::object::{Target, Trace};
use routes::Routes;

/// A host whose interfaces and addresses are tables.
///
/// It can be told to refuse addresses, to lose them behind the agent's back, and to take its
/// interfaces up, down and away. What a monitor would have seen is kept for
/// [`Memory::take_events`], what was sent for [`Memory::take_announcements`]; of both, the oldest
/// are dropped above 65 536.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    links: BTreeMap<IfIndex, Link>,
    standing: HashMap<(IfIndex, Identity), Standing>,
    /// Counts the additions, for their order.
    sequence: u64,
    refusals: HashMap<IpAddr, Refusal>,
    routes: Routes,
    silent: bool,
    events: VecDeque<AddressEvent>,
    losses: VecDeque<Trace>,
    announcements: VecDeque<(Instant, Announcement)>,
}

#[derive(Clone, Debug)]
struct Link {
    name: LinkName,
    up: bool,
    mac: Option<MacAddr>,
}

#[derive(Clone, Debug)]
struct Standing {
    sequence: u64,
    address: Address,
}

impl Memory {
    /// Builds a host without interfaces.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an interface that is up; without a hardware address it is one without ARP.
    pub fn add_link(&mut self, index: IfIndex, name: LinkName, mac: Option<MacAddr>) {
        let up = true;
        self.links.insert(index, Link { name, up, mac });
    }

    /// Takes an interface away, and its addresses with it.
    pub fn remove_link(&mut self, index: IfIndex) {
        let stood: Vec<Stands> = self.list().filter(|it| it.link == index).collect();
        for stands in stood {
            self.forget(&stands);
        }
        self.links.remove(&index);
        self.routes.link_gone(index);
    }

    /// Sets an interface up or down. Its addresses stay, the routes over it go.
    pub fn set_up(&mut self, index: IfIndex, up: bool) {
        if let Some(link) = self.links.get_mut(&index) {
            link.up = up;
        }
        if !up {
            let heard = self.routes.link_down(index);
            self.losses.extend(heard);
        }
    }

    /// Gives an interface another name.
    pub fn rename_link(&mut self, index: IfIndex, name: LinkName) {
        if let Some(link) = self.links.get_mut(&index) {
            link.name = name;
        }
    }

    /// The report of an interface as a monitor would give it.
    #[must_use]
    pub fn report(&self, index: IfIndex) -> Option<LinkReport> {
        let link = self.links.get(&index)?;
        let mut standing: Vec<_> = self.standing_on(index).collect();
        standing.sort_unstable_by_key(|it| it.sequence);
        let addresses = standing.into_iter().map(|it| LinkAddress {
            ip: it.address.ip,
            prefix: it.address.prefix,
            scope: it.address.scope,
            tentative: false,
        });
        Some(LinkReport {
            index,
            name: link.name,
            up: link.up,
            mac: link.mac,
            addresses: addresses.collect(),
        })
    }

    /// The reports of all interfaces, by index.
    #[must_use]
    pub fn reports(&self) -> Vec<LinkReport> {
        let indices = self.links.keys();
        indices.filter_map(|&index| self.report(index)).collect()
    }

    /// Somebody else adds an address.
    pub fn put(&mut self, index: IfIndex, address: Address) {
        self.sequence += 1;
        let sequence = self.sequence;
        let key = (index, Identity::of(&address));
        let stands = stands(index, &address);
        self.standing.insert(key, Standing { sequence, address });
        self.tell(AddressEvent::Added(stands));
    }

    /// Somebody else deletes every address that is `ip`. Returns whether there was one.
    pub fn steal(&mut self, ip: IpAddr) -> bool {
        let stolen: Vec<Stands> = self.list().filter(|it| it.ip == ip).collect();
        for stands in &stolen {
            self.forget(stands);
        }
        !stolen.is_empty()
    }

    /// From now on additions of `ip` are refused, or with `None` taken again.
    pub fn refuse(&mut self, ip: IpAddr, refusal: Option<Refusal>) {
        match refusal {
            Some(refusal) => self.refusals.insert(ip, refusal),
            None => self.refusals.remove(&ip),
        };
    }

    /// From now on the addresses cannot be listed, or can be again.
    pub const fn set_silent(&mut self, silent: bool) {
        self.silent = silent;
    }

    /// The address `ip` with all its properties, where it stands.
    #[must_use]
    pub fn find(&self, ip: IpAddr) -> Option<(IfIndex, &Address)> {
        let mut standing = self.standing.iter();
        let found = standing.find(|(_, it)| it.address.ip == ip);
        found.map(|((link, _), it)| (*link, &it.address))
    }

    /// How many addresses stand.
    #[must_use]
    pub fn len(&self) -> usize {
        self.standing.len()
    }

    /// No address stands.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.standing.is_empty()
    }

    /// What a monitor would have seen since the last call, our own changes included.
    pub fn take_events(&mut self) -> Vec<AddressEvent> {
        self.events.drain(..).collect()
    }

    /// What was announced since the last call, and when.
    pub fn take_announcements(&mut self) -> Vec<(Instant, Announcement)> {
        self.announcements.drain(..).collect()
    }

    /// Somebody else deletes every route and rule of this trace. Returns whether there was one.
    pub fn steal_route(&mut self, trace: &Trace) -> bool {
        let stolen = self.routes.take(trace);
        for _ in 0..stolen {
            self.losses.push_back(*trace);
        }
        stolen > 0
    }

    /// Somebody else adds a route or a rule.
    pub fn put_route(&mut self, target: Target) {
        self.routes.add(target);
    }

    /// The routes and rules in the order of their addition.
    #[must_use]
    pub fn routes(&self) -> &[Target] {
        self.routes.all()
    }

    /// The routes and rules that a monitor would have seen go since the last call.
    pub fn take_losses(&mut self) -> Vec<Trace> {
        self.losses.drain(..).collect()
    }

    fn standing_on(&self, index: IfIndex) -> impl Iterator<Item = &Standing> {
        let all = self.standing.iter();
        all.filter(move |((link, _), _)| *link == index).map(|(_, standing)| standing)
    }

    /// All addresses in the order of their addition.
    fn list(&self) -> impl Iterator<Item = Stands> {
        let mut all: Vec<_> = self.standing.iter().collect();
        all.sort_unstable_by_key(|(_, standing)| standing.sequence);
        let stands = all.into_iter();
        stands.map(|((link, _), standing)| stands_of(*link, standing))
    }

    fn forget(&mut self, stands: &Stands) {
        let key = (stands.link, Identity::of_standing(stands));
        if self.standing.remove(&key).is_some() {
            self.tell(AddressEvent::Removed(*stands));
            self.routes.source_gone(stands.ip);
        }
    }

    fn change(&mut self, operation: &Operation) -> Outcome {
        let (link, address) = match &operation.target {
            Target::Address(link, address) => (link, address),
            Target::Route(..) | Target::Rule(_) => return self.change_route(operation),
        };
        let standing = self.standing.get(&(*link, Identity::of(address)));
        match operation.verb {
            _ if !self.links.contains_key(link) => Outcome::Refused(Refusal::LinkMissing),
            Verb::Add if standing.is_some() => Outcome::Already,
            Verb::Add => match self.refusals.get(&address.ip) {
                Some(refusal) => Outcome::Refused(refusal.clone()),
                None => {
                    self.put(*link, Address::clone(address));
                    Outcome::Done
                }
            },
            // The kernel compares the prefix too.
            Verb::Delete if standing.is_some_and(|it| it.address.prefix == address.prefix) => {
                self.forget(&stands(*link, address));
                Outcome::Done
            }
            Verb::Delete => Outcome::Already,
        }
    }

    fn change_route(&mut self, operation: &Operation) -> Outcome {
        let target = &operation.target;
        if operation.verb == Verb::Delete {
            let lost = self.routes.remove(target);
            let outcome = if lost.is_some() { Outcome::Done } else { Outcome::Already };
            self.losses.extend(lost);
            return outcome;
        }
        if self.routes.holds(target) {
            return Outcome::Already;
        }
        if let Target::Route(route, links) = target {
            let is_up = |link: &IfIndex| self.links.get(link).map(|it| it.up);
            let named: Vec<_> = links.iter().flatten().map(is_up).collect();
            if named.contains(&None) {
                return Outcome::Refused(Refusal::LinkMissing);
            }
            if named.contains(&Some(false)) {
                return Outcome::Refused(Refusal::Errno { errno: NETWORK_DOWN, hint: None });
            }
            let stands = |ip: IpAddr| self.standing.values().any(|it| it.address.ip == ip);
            if route.preferred_source.is_some_and(|ip| !stands(ip)) {
                return Outcome::Refused(Refusal::Invalid { hint: None });
            }
        }
        self.routes.add(target.clone());
        Outcome::Done
    }

    fn tell(&mut self, event: AddressEvent) {
        if self.events.len() == KEPT {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }
}

impl Kernel for Memory {
    fn apply(&mut self, operations: &[Operation]) -> Vec<Outcome> {
        operations.iter().map(|it| self.change(it)).collect()
    }

    fn addresses(&mut self) -> Result<Vec<Stands>, Unlisted> {
        if self.silent {
            return Err(Unlisted(std::io::ErrorKind::TimedOut.into()));
        }
        Ok(self.list().collect())
    }

    fn announce(&mut self, announcements: &[Announcement], now: Instant) -> usize {
        for announcement in announcements {
            if self.announcements.len() == KEPT {
                self.announcements.pop_front();
            }
            self.announcements.push_back((now, *announcement));
        }
        announcements.len()
    }
}

fn stands_of(link: IfIndex, standing: &Standing) -> Stands {
    stands(link, &standing.address)
}

fn stands(link: IfIndex, address: &Address) -> Stands {
    let (peer, prefix) = match address.peer {
        Some((peer, prefix)) => (Some(peer), prefix),
        None => (None, address.prefix),
    };
    Stands { link, ip: address.ip, prefix, peer }
}

/// ENETDOWN.
const NETWORK_DOWN: i32 = 100;
/// Events and announcements that are kept.
const KEPT: usize = 65_536;
