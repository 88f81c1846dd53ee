//! A capture and a client on one address, and what must hold after every failover.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use super::capture::Capture;
use super::clock::{Stamp, eventually, ms, now, pause};
use super::prober::Prober;
use super::topology::{Lab, Mac, show_mac};

/// How often the client asks.
const PERIOD: Duration = Duration::from_millis(1);
/// An answer older than this is no sign that the client is served.
const FRESH: Duration = Duration::from_millis(200);

/// Eyes on one virtual address.
#[derive(Debug)]
pub struct Watch<'a> {
    /// The lab.
    pub lab: &'a Lab,
    /// What entered the switch.
    pub capture: Capture,
    /// The client.
    pub prober: Prober,
    /// The virtual address.
    pub address: IpAddr,
    /// Until when everything must have settled after an event.
    pub bound: Duration,
    /// The nodes that answer with a virtual router's hardware address, and that.
    virtual_macs: BTreeMap<String, Mac>,
}

/// What was found after a failover.
#[derive(Clone, Copy, Debug)]
pub struct Settled {
    /// From the event to the holder's first advert or announcement.
    pub claimed: Duration,
    /// The longest time for which the client had no answer.
    pub outage: Duration,
}

impl std::fmt::Display for Settled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (claimed, outage) = (ms(self.claimed), ms(self.outage));
        write!(f, "claimed after {claimed}, client without answer for {outage}")
    }
}

impl<'a> Watch<'a> {
    /// Starts to capture and to ask.
    pub fn start(lab: &'a Lab, address: IpAddr, bound: Duration) -> Self {
        Self {
            lab,
            capture: Capture::start(lab),
            prober: Prober::start(lab, address, PERIOD),
            address,
            bound,
            virtual_macs: BTreeMap::new(),
        }
    }

    /// From now on `node` answers with the hardware address of virtual router 51.
    pub fn expect_virtual_mac(&mut self, node: &str) {
        let family = if self.address.is_ipv4() { 1 } else { 2 };
        self.virtual_macs.insert(node.to_owned(), [0, 0, 0x5e, 0, family, 51]);
    }

    /// Waits until `holder`, and of the routers that are `alive` no other, has the address,
    /// advertises it, answers the client, and is whom every neighbour names.
    ///
    /// `event` is when the failover was caused. Not alive is who cannot take part: what it sends
    /// is dropped by the switch, or its processes are gone while its kernel keeps the address.
    ///
    /// # Panics
    /// With what was found last, when the bound passes first.
    pub fn settled(&self, holder: &str, alive: &[&str], event: Stamp) -> Settled {
        self.taken(holder, alive, event);
        eventually(self.bound, &format!("nobody besides {holder} advertises"), || {
            self.advertised_by(holder, alive, event)
        });
        // Nobody has announced anything else meanwhile.
        self.taken(holder, alive, event)
    }

    /// The same, but others may have advertised in the last three intervals.
    ///
    /// # Panics
    /// With what was found last, when the bound passes first.
    pub fn taken(&self, holder: &str, alive: &[&str], event: Stamp) -> Settled {
        let until = |what: &str, ask: &mut dyn FnMut() -> Result<(), String>| {
            eventually(self.bound, &format!("{holder} {what}"), ask);
        };
        let (claimed, _) = eventually(self.bound, &format!("{holder}'s claim"), || {
            let first = self.capture.first_claim(holder, self.address, event);
            first.ok_or_else(|| "there is none".to_owned())
        });
        until("alone has the address", &mut || self.held_by(holder, alive));
        until("answers the client", &mut || self.answered_by(holder, claimed));
        until("is whom neighbours name", &mut || {
            let wrong = wrong_about(self.lab, holder, alive, (self.address, self.mac(holder)));
            wrong.map_or(Ok(()), Err)
        });
        if let Some(mac) = self.virtual_macs.get(holder) {
            // Several have it: which of them the frames reach is the switch's choice.
            until("is where the switch leads", &mut || {
                let there = self.lab.leads_to(*mac);
                let right = there.as_deref() == Some(holder);
                right.then_some(()).ok_or_else(|| format!("it leads to {there:?}"))
            });
        }
        Settled { claimed: claimed.saturating_sub(event), outage: self.prober.outage(event) }
    }

    /// Waits until one router, of those `alive`, alone has the address and advertises it.
    pub fn sole_holder(&self, alive: &[&str], event: Stamp) -> String {
        let one = || {
            let mut advertisers = self.capture.advertisers(self.window(event));
            advertisers.retain(|name| alive.contains(&name.as_str()));
            let [holder] = advertisers.as_slice() else {
                return Err(format!("{advertisers:?} advertise"));
            };
            self.held_by(holder, alive).map(|()| holder.clone())
        };
        eventually(self.bound, "one router alone holds and advertises", one).0
    }

    /// The same, once it is so for half a second: on a machine that hesitates, a router that went
    /// on may preempt a moment later.
    pub fn steady_holder(&self, alive: &[&str], event: Stamp) -> String {
        let mut before = self.sole_holder(alive, event);
        let steady = || {
            pause(Duration::from_millis(500));
            let holder = self.sole_holder(alive, event);
            if holder == before {
                return Ok(holder);
            }
            let told = format!("{before} and then {holder}");
            before = holder;
            Err(told)
        };
        eventually(self.bound, "one router holds on", steady).0
    }

    /// What `node` answers with.
    fn mac(&self, node: &str) -> Mac {
        self.virtual_macs.get(node).copied().unwrap_or_else(|| self.lab.node(node).mac())
    }

    fn held_by(&self, holder: &str, alive: &[&str]) -> Result<(), String> {
        let mut holders = self.lab.holders(self.address);
        holders.retain(|name| alive.contains(name));
        (holders == [holder]).then_some(()).ok_or_else(|| format!("{holders:?} have it"))
    }

    fn answered_by(&self, holder: &str, since: Stamp) -> Result<(), String> {
        let last = self.prober.last().ok_or("nobody ever answered")?;
        let age = now().saturating_sub(last.at);
        // Replies to an address on a virtual interface may leave by the one under it.
        let macs = [self.mac(holder), self.lab.node(holder).mac()];
        let right = macs.contains(&last.mac) && last.at > since && age < FRESH;
        right
            .then_some(())
            .ok_or_else(|| format!("the last answer is {}'s, {} ago", show_mac(last.mac), ms(age)))
    }

    /// Nobody else has sent an advert for as long as a holder may be silent: three intervals.
    fn advertised_by(&self, holder: &str, alive: &[&str], event: Stamp) -> Result<(), String> {
        let mut advertisers = self.capture.advertisers(self.window(event));
        advertisers.retain(|name| alive.contains(&name.as_str()));
        let right = advertisers.iter().all(|name| name == holder);
        right.then_some(()).ok_or_else(|| format!("{advertisers:?} advertise"))
    }

    /// Three intervals ago, of the longest that was advertised lately; not before `event`.
    fn window(&self, event: Stamp) -> Stamp {
        let adverts = self.capture.adverts(event);
        let longest = adverts.iter().map(|(_, _, advert)| advert.interval).max();
        let window = Duration::from_millis(u64::from(longest.unwrap_or(100)) * 30);
        now().saturating_sub(window).max(event)
    }
}

/// The neighbour entries for `address` that name somebody else than `holder`.
///
/// The client must have one; a router may have none: it has held the address itself.
pub fn wrong_neighbours(
    lab: &Lab,
    holder: &str,
    alive: &[&str],
    address: IpAddr,
) -> Option<String> {
    wrong_about(lab, holder, alive, (address, lab.node(holder).mac()))
}

/// The same, where the holder answers with the hardware address `right`.
fn wrong_about(
    lab: &Lab,
    holder: &str,
    alive: &[&str],
    (address, right): (IpAddr, Mac),
) -> Option<String> {
    let client = &lab.client().name;
    let others = lab.nodes().iter().filter(|node| {
        node.name == *client || (node.name != holder && alive.contains(&node.name.as_str()))
    });
    let wrong: Vec<_> = others
        .filter_map(|node| match node.neighbour(address) {
            Some((mac, _)) if mac == right => None,
            Some((mac, state)) => Some(format!("{} names {} ({state})", node.name, show_mac(mac))),
            None if node.name == *client => Some("the client has no entry".to_owned()),
            None => None,
        })
        .collect();
    (!wrong.is_empty()).then(|| wrong.join(", "))
}
