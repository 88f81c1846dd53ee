//! What a configuration means: every name resolved as far as a file can, every default filled in.
//!
//! Both syntaxes are compiled to this, the router and the reload compare and apply it. Two models
//! are equal exactly if nothing would change.

mod daemon;
mod hooks;
mod links;
mod mail;
mod shown;
mod tracker;
mod vmac;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

pub use daemon::{Daemon, Marker, Reload};
pub use hooks::{Deletion, Fifo, Fifos, Hooks};
pub use links::{LinkDelay, Pace};
pub use mail::{Mail, MailServer};
pub use shown::{Shown, ShownGroup, ShownInstance};
pub use tracker::{
    Compared, File, InitialLevel, Process, Script, Tracked, Tracker, TrackerKind, TrackerName,
    Watch,
};

pub use vmac::{Firewall, Vmac};

use crate::types::{
    Account, Address, Announce, Centis, Family, LinkName, Priority, Protocol, Route, Rule, Version,
    Vrid, Weight,
};

/// Everything that one node is to do.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Model {
    /// What holds for the node as a whole.
    pub node: Node,
    /// What is watched, in the configuration's order; no two have the same name. All are tracked.
    pub trackers: Vec<Tracker>,
    /// What the node holds whatever its virtual routers do.
    pub fixtures: Fixtures,
    /// The virtual routers, in the configuration's order; no two have the same [`Key`] or name.
    pub instances: Vec<Instance>,
    /// The sync groups, in the configuration's order; no two have the same name or a common member.
    pub groups: Vec<Group>,
}

/// Settings of the node as a whole.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Node {
    /// `router_id`: how the node calls itself in mails; the host's name where absent.
    pub router_id: Option<String>,
    /// `vrrp_startup_delay`: how long nothing is claimed after the first start.
    pub startup_delay: Duration,
    /// `dynamic_interfaces`: an interface that is missing at start is a fault and not an error.
    pub dynamic_interfaces: bool,
    /// `vrrp_rt_priority`: SCHED_RR priority of the core and kernel threads, 1..=99.
    pub realtime: Realtime,
    /// `vrrp_priority`: nice value, -20..=19.
    pub nice: i8,
    /// `log_unknown_vrids`: adverts of VRIDs that are not ours are reported.
    pub log_unknown_vrids: bool,
    /// `script_user`: as whom programs run that name nobody; `keepalived_script` where absent, or
    /// who runs the daemon where there is no such user.
    pub script_account: Option<Account>,
    /// `enable_script_security`: what others than root may change is not run as root.
    pub secure_scripts: bool,
    /// The named pipes that get a line for each event.
    pub fifos: Fifos,
    /// Who gets mails, and by which server.
    pub mail: Mail,
    /// Its processes and their files.
    pub daemon: Daemon,
    /// How a changed configuration is taken over.
    pub reload: Reload,
    /// Cleared by `disable_local_igmp`: the host reports its membership in groups of the link.
    pub local_igmp: bool,
    /// Where the rules stand that keep packets away from what a router must not accept.
    pub firewall: Firewall,
    /// How long interfaces may be down, and have to be up, before it matters.
    pub link_delays: BTreeMap<LinkName, LinkDelay>,
    /// Interfaces that announce in turn.
    pub paces: Vec<Pace>,
}

impl Default for Node {
    fn default() -> Self {
        Self {
            router_id: None,
            startup_delay: Duration::ZERO,
            dynamic_interfaces: false,
            realtime: Realtime::IfPermitted,
            nice: 0,
            log_unknown_vrids: false,
            script_account: None,
            secure_scripts: false,
            fifos: Fifos::default(),
            mail: Mail::default(),
            daemon: Daemon::default(),
            reload: Reload::default(),
            local_igmp: true,
            firewall: Firewall::default(),
            link_delays: BTreeMap::new(),
            paces: Vec::new(),
        }
    }
}

/// `static_ipaddress`, `static_routes`, `static_rules`: what the node holds as long as it runs.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Fixtures {
    /// Addresses. Nobody is told of them.
    pub addresses: Vec<Address>,
    /// Routes, set after the addresses.
    pub routes: Vec<Route>,
    /// Rules, set after the routes.
    pub rules: Vec<Rule>,
}

/// Whether the core and kernel threads run under SCHED_RR with their memory locked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Realtime {
    /// At the lowest real-time priority where the system permits it; one log line where not.
    IfPermitted,
    /// Never.
    Off,
    /// At this priority, 1..=99.
    Priority(u8),
}

/// One virtual router on this node.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Instance {
    /// The name in the configuration.
    pub name: String,
    /// The interface that its adverts travel on; not known yet where it does not exist.
    pub interface: LinkName,
    /// Its number, shared by all routers of the group.
    pub vrid: Vrid,
    /// The family of its adverts and advertised addresses.
    pub family: Family,
    /// The version of VRRP it speaks. IPv6 implies [`Version::V3`].
    pub version: Version,
    /// The configured priority, 1..=255.
    pub priority: Priority,
    /// The configured advertisement interval. Whole seconds in [`Version::V2`], at most
    /// [`Centis::MAX_V3`] in [`Version::V3`].
    pub interval: Centis,
    /// Whether a lower-priority Active Router is replaced.
    pub preempt: Preempt,
    /// `down_timer_adverts`: intervals of silence after which the Active Router is down, 1..=100.
    pub down_adverts: u8,
    /// `mcast_src_ip` / `unicast_src_ip`: the adverts' source; the interface's primary address
    /// of the family where absent.
    pub source: Option<IpAddr>,
    /// To whom adverts are sent and from whom they are taken.
    pub transport: Transport,
    /// VRRPv2's authentication.
    pub authentication: Authentication,
    /// The checksum that is sent over IPv4 in VRRPv3.
    pub checksum: ChecksumForm,
    /// The advertised addresses, at least one in VRRPv3, in the order of the adverts; 255 at most.
    pub addresses: Vec<Address>,
    /// `virtual_ipaddress_excluded`: held like the others, but not advertised; of either family.
    pub excluded: Vec<Address>,
    /// `virtual_routes`: held with the addresses, and set after them.
    pub routes: Vec<Route>,
    /// `virtual_rules`: held with the addresses, and set after the routes.
    pub rules: Vec<Rule>,
    /// When neighbours are told.
    pub announce: Announce,
    /// The instance's own interface being down is a fault (`dont_track_primary` clears it).
    pub track_primary: bool,
    /// Other interfaces whose state is a fault or changes the priority.
    pub tracked_interfaces: Vec<TrackedInterface>,
    /// What else is tracked, nothing twice: its state is a fault or changes the priority.
    pub tracked: Vec<Tracked>,
    /// How the interval is shortened on leaving.
    pub fast_release: FastRelease,
    /// An Active Router answers an advert of lower priority at once
    /// (`lower_prio_no_advert` clears it; RFC 9568 §6.4.3).
    pub answer_lower: bool,
    /// `higher_prio_send_advert`: one more advert before yielding to a higher priority, which an
    /// established Active Router sends in any case.
    pub answer_higher: bool,
    /// `skip_check_adv_addr`: the address list of an Active Router's adverts is compared once.
    pub skip_address_check: bool,
    /// Where an earlier unicast instance has the same number, interface and source, and other
    /// peers: the least of the peers' addresses.
    pub twin: Option<IpAddr>,
    /// What is run when its state changes.
    pub hooks: Hooks,
    /// `use_vmac`: the virtual interface that has the virtual router's hardware address and
    /// carries the addresses that would stand on [`Instance::interface`] without it.
    pub vmac: Option<Vmac>,
    /// `use_vmac_addr`: further ones, which carry addresses of this instance.
    pub address_vmacs: Vec<Vmac>,
    /// An Active Router that does not own the addresses takes packets to them for its own
    /// (RFC 9568 §6.1, Accept_Mode; `no_accept` clears it).
    pub accept: bool,
    /// `promote_secondaries`: where the first address of a subnet goes from the interface, the
    /// others of that subnet stay.
    pub promote_secondaries: bool,
}

impl Instance {
    /// A virtual router of IPv4 and version 3 without addresses, everything else as it is where
    /// nothing is written.
    #[must_use]
    pub fn new(name: &str, interface: LinkName, vrid: Vrid) -> Self {
        Self {
            name: name.to_owned(),
            interface,
            vrid,
            family: Family::V4,
            version: Version::V3,
            priority: Priority::DEFAULT,
            interval: Centis::SECOND,
            preempt: Preempt::Yes,
            down_adverts: 3,
            source: None,
            transport: Transport::Multicast { group: IpAddr::from([224, 0, 0, 18]) },
            authentication: Authentication::None,
            checksum: ChecksumForm::PseudoHeader,
            addresses: Vec::new(),
            excluded: Vec::new(),
            routes: Vec::new(),
            rules: Vec::new(),
            announce: Announce::default(),
            track_primary: true,
            tracked_interfaces: Vec::new(),
            tracked: Vec::new(),
            fast_release: FastRelease::Auto,
            answer_lower: true,
            answer_higher: false,
            skip_address_check: false,
            twin: None,
            hooks: Hooks::default(),
            vmac: None,
            address_vmacs: Vec::new(),
            accept: true,
            promote_secondaries: false,
        }
    }

    /// What makes this the same virtual router before and after a reload. The name does not.
    #[must_use]
    pub fn key(&self) -> Key {
        Key {
            interface: self.interface,
            family: self.family,
            vrid: self.vrid,
            audience: match self.transport {
                Transport::Multicast { group } => Audience::Group(group),
                Transport::Unicast { .. } => Audience::Peers(self.source, self.twin),
            },
        }
    }

    /// Every address it is to hold, advertised ones first.
    pub fn held(&self) -> impl Iterator<Item = &Address> {
        self.addresses.iter().chain(&self.excluded)
    }

    /// Every interface that carries something of it whose loss is a fault. An address says nothing
    /// of its own interface, where it is anyway; a route or a rule that names it does.
    pub fn carriers(&self) -> impl Iterator<Item = LinkName> {
        let own_vmac = self.vmac.as_ref().map(|vmac| vmac.name);
        let is_own = move |link| link == self.interface || Some(link) == own_vmac;
        let tracked = self.held().filter(|address| address.tracked).map(|address| address.link);
        let addresses = tracked.filter(move |link| !is_own(*link));
        let routes = self.routes.iter().filter(|it| it.tracked).flat_map(Route::links);
        let rules = self.rules.iter().filter(|it| it.tracked).flat_map(Rule::links);
        addresses.chain(routes).chain(rules)
    }

    /// Whether it tracks an interface by its own configuration.
    #[must_use]
    pub fn tracks(&self, link: LinkName) -> bool {
        let own = self.track_primary && link == self.interface;
        own || self.tracked_interfaces.iter().any(|tracked| tracked.link == link)
    }

    /// For how long its interface may be down without its peers taking over: a delay is cut to it.
    #[must_use]
    pub fn longest_down_delay(&self) -> Duration {
        let interval = self.interval.duration();
        let adverts = u32::from(self.down_adverts).saturating_sub(1);
        (interval * adverts).saturating_sub(interval / 256)
    }

    /// Every interface that matters to it: its own, those that carry something of it, those that
    /// it tracks.
    pub fn links(&self) -> impl Iterator<Item = LinkName> {
        let carried = self.held().map(|address| address.link).chain(self.carriers());
        let tracked = self.tracked_interfaces.iter().map(|tracked| tracked.link);
        let vmacs = self.vmacs().map(|vmac| vmac.name);
        std::iter::once(self.interface).chain(vmacs).chain(carried).chain(tracked)
    }
}

/// Virtual routers that are Active on one node together or not at all.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Group {
    /// The name in the configuration.
    pub name: String,
    /// The members in the configuration's order, at least one; each is an instance of the model.
    pub members: Vec<Key>,
    /// What every member tracks that does not track the same interface itself.
    pub tracked_interfaces: Vec<TrackedInterface>,
    /// What is run when its state changes. It has no priority, hears nobody, and nobody is told
    /// when it is gone.
    pub hooks: Hooks,
}

impl Group {
    /// What `member` tracks because it is one of this group.
    pub fn tracked_for<'a>(
        &'a self,
        member: &'a Instance,
    ) -> impl Iterator<Item = &'a TrackedInterface> {
        self.tracked_interfaces.iter().filter(|tracked| !member.tracks(tracked.link))
    }
}

/// The identity of a virtual router on its node.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Key {
    /// The interface of its adverts.
    pub interface: LinkName,
    /// Their family.
    pub family: Family,
    /// Its number.
    pub vrid: Vrid,
    /// Among whom it is elected.
    pub audience: Audience,
}

/// What tells virtual routers of one number and interface apart: who hears them. The peers are
/// not part of it, or a new peer would make another virtual router of an old one.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Audience {
    /// The members of a group.
    Group(IpAddr),
    /// Peers that know it by this configured source, and [`Instance::twin`].
    Peers(Option<IpAddr>, Option<IpAddr>),
}

/// Whether a Backup replaces an Active Router of lower priority (RFC 9568 §6.1, Preempt_Mode).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Preempt {
    /// At once.
    Yes,
    /// After this long of hearing lower-priority adverts (`preempt_delay`); never zero.
    After(Duration),
    /// Not at all (`nopreempt`).
    No,
}

/// To whom adverts are sent and from whom they are taken.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Transport {
    /// To a group on the link: 224.0.0.18 or ff02::12 unless configured otherwise.
    Multicast {
        /// The group, of the instance's family.
        group: IpAddr,
    },
    /// One copy to each peer.
    Unicast {
        /// The peers, at least one, of the instance's family, no address twice.
        peers: Vec<Peer>,
        /// `unicast_ttl`: TTL or hop limit of the adverts.
        ttl: u8,
        /// Adverts of other sources are refused (`check_unicast_src`, or a TTL range on a peer).
        check_source: bool,
    },
}

/// A unicast peer.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Peer {
    /// Its address.
    pub address: IpAddr,
    /// The least TTL or hop limit that its adverts may arrive with.
    pub min_ttl: u8,
    /// The greatest TTL or hop limit that its adverts may arrive with.
    pub max_ttl: u8,
}

/// VRRPv2's authentication (RFC 2338 §5.3.6).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Authentication {
    /// None: type 0.
    None,
    /// A password in clear text, padded with zeros: type 1.
    Pass([u8; 8]),
    /// An Authentication Header (RFC 2402) with HMAC-MD5-96, the key padded with zeros: type 2.
    Ah([u8; 8]),
}

impl Authentication {
    /// What adverts and their receivers need to have.
    #[must_use]
    pub const fn protocol(self) -> Protocol {
        match self {
            Self::None | Self::Pass(_) => Protocol::Vrrp,
            Self::Ah(_) => Protocol::Ah,
        }
    }
}

/// What the checksum of a VRRPv3 message over IPv4 covers when it is sent. All forms are accepted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ChecksumForm {
    /// A pseudo-header and the message: what keepalived and most routers send and require. Once a
    /// unicast peer sends the old form, that one.
    PseudoHeader,
    /// The same whatever the peers send; the old form is refused (`old_unicast_checksum never`).
    PseudoHeaderOnly,
    /// The old form: to unicast peers a pseudo-header with the group in it, as keepalived up to
    /// 1.3.6 has it (`old_unicast_checksum`).
    OldUnicast,
    /// The message alone (RFC 9568 §5.2.8; keepalived's `v3_checksum_as_v2`).
    MessageOnly,
}

/// An interface whose state matters besides the instance's own.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct TrackedInterface {
    /// The interface.
    pub link: LinkName,
    /// What its state adds to the priority; [`Weight::FAULT`] makes it a fault.
    pub weight: Weight,
    /// `reverse`: the contribution is negated.
    pub reverse: bool,
}

/// How an Active Router shortens the interval that its Backups have learned before it leaves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FastRelease {
    /// 10 ms where only one Backup can be waiting, else 100 ms.
    Auto,
    /// Not at all: priority 0 alone.
    Off,
    /// To this interval, never above the configured one.
    To(Centis),
}
