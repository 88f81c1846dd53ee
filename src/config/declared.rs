//! What was written: every setting with its place, or absent. No default is filled in here.
//!
//! Both syntaxes are read into this; `compile` alone knows what is derived from what. A value
//! that its own type does not allow never gets here: the reader of the syntax reports it.

mod daemon;
mod hooks;
mod links;
mod mail;
mod route;
mod trackers;

use std::net::IpAddr;
use std::time::Duration;

pub use daemon::{Daemon, Reload};
pub use hooks::{Fifo, Hooks, Scripts};
pub use links::{LinkDelay, Pace};
pub use mail::Mail;
pub use trackers::{File, Process, Script, Tracked, Tracker, Watch};

use super::diagnostic::Verdict;
use super::model::{ChecksumForm, FastRelease, Realtime};
use super::source::{Span, Spanned};
use crate::types::{
    Account, Broadcast, Family, LinkName, MacAddr, Priority, Scope, Version, Vrid, Weight,
};

pub use route::{Fixtures, Route, Rule};

/// A setting that may be absent.
pub type Setting<T> = Option<Spanned<T>>;

/// A whole configuration as it was written.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Declared {
    /// Whose manners hold.
    pub manners: Manners,
    /// What holds for the node as a whole.
    pub node: Node,
    /// What the node holds whatever its virtual routers do.
    pub fixtures: Fixtures,
    /// What holds for all programs that are run.
    pub scripts: Scripts,
    /// Who gets mails, and by which server.
    pub mail: Mail,
    /// Its processes and their files.
    pub daemon: Daemon,
    /// How a changed configuration is to be taken over.
    pub reload: Reload,
    /// What an instance takes where it says nothing itself.
    pub defaults: Policy,
    /// What is watched, in the order of writing.
    pub trackers: Vec<Tracker>,
    /// The virtual routers in the order of writing.
    pub instances: Vec<Instance>,
    /// The sync groups in the order of writing.
    pub groups: Vec<Group>,
}

/// How a flaw is judged that can be survived.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Manners {
    /// keepalived's: only what stops keepalived is an error, all else a warning.
    #[default]
    Lenient,
    /// Ours: what cannot be meant is an error.
    Exact,
}

/// Settings of the node as a whole.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Node {
    /// `router_id`
    pub router_id: Setting<String>,
    /// `vrrp_startup_delay`
    pub startup_delay: Setting<Duration>,
    /// `dynamic_interfaces`
    pub dynamic_interfaces: Setting<bool>,
    /// `vrrp_rt_priority`
    pub realtime: Setting<Realtime>,
    /// `vrrp_priority`
    pub nice: Setting<i8>,
    /// `log_unknown_vrids`
    pub log_unknown_vrids: Setting<bool>,
    /// For an instance that names none. keepalived's word of this name means another thing.
    pub default_interface: Setting<LinkName>,
    /// `vrrp_mcast_group4`
    pub group_v4: Setting<IpAddr>,
    /// `vrrp_mcast_group6`
    pub group_v6: Setting<IpAddr>,
    /// `vmac_prefix`: what the names of VMACs begin with.
    pub vmac_prefix: Setting<String>,
    /// `vmac_addr_prefix`: the same for those that carry addresses alone.
    pub address_vmac_prefix: Setting<String>,
    /// `disable_local_igmp`, negated
    pub local_igmp: Setting<bool>,
    /// `nftables`: the name of its tables
    pub firewall_table: Setting<String>,
    /// `nftables_priority`
    pub firewall_priority: Setting<i32>,
    /// `nftables_counters`
    pub firewall_counters: Setting<bool>,
    /// `vrrp_min_garp`: where nothing is said, one announcement and no repetition.
    pub few_announcements: Setting<bool>,
    /// `interface_up_down_delays`
    pub link_delays: Vec<LinkDelay>,
    /// `garp_group`
    pub paces: Vec<Pace>,
    /// `linkbeat_interfaces`
    pub linkbeats: Vec<Spanned<LinkName>>,
}

/// Settings that stand in an instance or, as a default, for the whole node.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Policy {
    /// `version`, `vrrp_version`
    pub version: Setting<Version>,
    /// `strict_mode`, `vrrp_strict`
    pub strict: Setting<bool>,
    /// `down_timer_adverts`, 1..=100
    pub down_adverts: Setting<u8>,
    /// `check_unicast_src`
    pub check_source: Setting<bool>,
    /// `v3_checksum_as_v2`
    pub checksum: Setting<ChecksumForm>,
    /// `lower_prio_no_advert`, negated
    pub answer_lower: Setting<bool>,
    /// `higher_prio_send_advert`
    pub answer_higher: Setting<bool>,
    /// `skip_check_adv_addr`
    pub skip_address_check: Setting<bool>,
    /// `fast_release`, `vrrp_fast_release`
    pub fast_release: Setting<FastRelease>,
    /// `garp_*`
    pub announce: Announce,
}

/// When and how often neighbours are told: [`crate::types::Announce`] as far as it was written.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Announce {
    /// `garp_master_repeat`
    pub repeat: Setting<u32>,
    /// `garp_master_delay`
    pub delay: Setting<Duration>,
    /// `garp_master_refresh`
    pub refresh: Setting<Duration>,
    /// `garp_master_refresh_repeat`
    pub refresh_repeat: Setting<u32>,
    /// `garp_lower_prio_repeat`
    pub lower_repeat: Setting<u32>,
    /// `garp_lower_prio_delay`
    pub lower_delay: Setting<Duration>,
    /// `garp_interval`
    pub arp_interval: Setting<Duration>,
    /// `gna_interval`
    pub na_interval: Setting<Duration>,
}

/// One virtual router as it was written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Instance {
    /// Its name.
    pub name: Spanned<String>,
    /// `state`
    pub state: Setting<InitialState>,
    /// `interface`
    pub interface: Setting<LinkName>,
    /// `virtual_router_id`
    pub vrid: Setting<Vrid>,
    /// `priority`, 1..=255
    pub priority: Setting<Priority>,
    /// `advert_int`
    pub interval: Setting<Duration>,
    /// `native_ipv6`, or the family by name
    pub family: Setting<Family>,
    /// `preempt`, `nopreempt`
    pub preempt: Setting<bool>,
    /// `preempt_delay`
    pub preempt_delay: Setting<Duration>,
    /// `mcast_src_ip`, `unicast_src_ip`
    pub source: Setting<IpAddr>,
    /// `mcast_dst_ip`
    pub group: Setting<IpAddr>,
    /// `unicast_peer`: present as soon as it was written, even without a peer in it.
    pub peers: Setting<Vec<Spanned<Peer>>>,
    /// `unicast_ttl`
    pub ttl: Setting<u8>,
    /// `auth_type`
    pub auth_kind: Setting<AuthKind>,
    /// `auth_pass`, at its full length
    pub auth_pass: Setting<String>,
    /// `virtual_ipaddress`
    pub addresses: Vec<Address>,
    /// `virtual_ipaddress_excluded`
    pub excluded: Vec<Address>,
    /// `virtual_routes`
    pub routes: Vec<Route>,
    /// `virtual_rules`
    pub rules: Vec<Rule>,
    /// `no_virtual_ipaddress`: none is meant.
    pub no_addresses: Setting<bool>,
    /// `dont_track_primary`, negated
    pub track_primary: Setting<bool>,
    /// `track_interface`
    pub tracked_interfaces: Vec<TrackedInterface>,
    /// `track_script`, `track_file`, `track_process`
    pub tracked: Vec<Tracked>,
    /// What is run when its state changes.
    pub hooks: Hooks,
    /// `use_vmac`
    pub vmac: Setting<Vmac>,
    /// `vmac_xmit_base`: adverts leave by the interface under the VMAC.
    pub adverts_from_base: Setting<bool>,
    /// `use_vmac_addr`
    pub address_vmacs: Setting<bool>,
    /// `accept`, `no_accept`
    pub accept: Setting<bool>,
    /// `promote_secondaries`
    pub promote_secondaries: Setting<bool>,
    /// What could also be set for the whole node.
    pub policy: Policy,
}

/// A virtual interface as it was written; what is absent follows from the instance.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Vmac {
    /// Its name.
    pub name: Setting<LinkName>,
    /// Its hardware address.
    pub mac: Setting<MacAddr>,
    /// Its device group.
    pub group: Setting<u32>,
}

/// `state`: how an instance is to begin.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum InitialState {
    /// `MASTER`
    Active,
    /// `BACKUP`
    Backup,
}

/// `auth_type`
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AuthKind {
    /// A password in clear text.
    Pass,
    /// IPsec Authentication Header.
    Ah,
    /// `auth_hmac`: a keyed hash behind the advert, which peers insist on.
    Hmac,
}

/// A unicast peer as it was written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Peer {
    /// Its address.
    pub address: IpAddr,
    /// `min_ttl`
    pub min_ttl: Setting<u8>,
    /// `max_ttl`
    pub max_ttl: Setting<u8>,
}

/// A virtual address as it was written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Address {
    /// The whole entry.
    pub span: Span,
    /// The address.
    pub ip: Spanned<IpAddr>,
    /// The prefix behind the slash, within the family's bounds.
    pub prefix: Setting<u8>,
    /// `dev`
    pub link: Setting<LinkName>,
    /// `scope`
    pub scope: Setting<Scope>,
    /// `brd`
    pub broadcast: Setting<Broadcast>,
    /// `label`
    pub label: Setting<LinkName>,
    /// `peer`, with its prefix
    pub peer: Setting<(IpAddr, u8)>,
    /// `preferred_lft`: seconds, `None` for ever
    pub preferred_secs: Setting<Option<u32>>,
    /// `nodad`, negated
    pub dad: Setting<bool>,
    /// `home`
    pub home: Setting<bool>,
    /// `mngtmpaddr`
    pub manage_temporary: Setting<bool>,
    /// `noprefixroute`
    pub no_prefix_route: Setting<bool>,
    /// `autojoin`
    pub auto_join: Setting<bool>,
    /// `no_track`, negated
    pub tracked: Setting<bool>,
    /// `use_vmac`: it stands on a virtual interface, perhaps of this name.
    pub vmac: Setting<Option<LinkName>>,
}

/// A tracked interface as it was written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TrackedInterface {
    /// The interface.
    pub link: Spanned<LinkName>,
    /// `weight`
    pub weight: Setting<Weight>,
    /// `reverse`
    pub reverse: Setting<bool>,
}

/// A sync group as it was written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Group {
    /// Its name.
    pub name: Spanned<String>,
    /// `group`: the names of its members.
    pub members: Setting<Vec<Spanned<String>>>,
    /// `track_interface`
    pub tracked_interfaces: Vec<TrackedInterface>,
    /// `track_script`, `track_file`, `track_process`: for every member.
    pub tracked: Vec<Tracked>,
    /// `sync_group_tracking_weight`: weights count also where a member alone has them.
    pub member_weights: Setting<bool>,
    /// What is run when its state changes; of priorities it is the members that tell.
    pub hooks: Hooks,
}

impl Group {
    /// A group of which nothing is known but its name.
    #[must_use]
    pub fn new(name: Spanned<String>) -> Self {
        Self {
            name,
            members: None,
            tracked_interfaces: Vec::new(),
            tracked: Vec::new(),
            member_weights: None,
            hooks: Hooks::default(),
        }
    }
}

impl Declared {
    /// Every interface that is named, with its place.
    pub fn links(&self) -> impl Iterator<Item = Spanned<LinkName>> {
        let instances = self.instances.iter().flat_map(|instance| {
            let routes = instance.routes.iter().flat_map(Route::links);
            let rules = instance.rules.iter().flat_map(Rule::links);
            let held = instance.addresses.iter().chain(&instance.excluded);
            let tracked = instance.tracked_interfaces.iter().map(|it| it.link);
            let own = instance.interface.into_iter();
            let held = held.filter_map(|it| it.link);
            own.chain(held).chain(routes).chain(rules).chain(tracked)
        });
        let grouped = self.groups.iter().flat_map(|group| &group.tracked_interfaces);
        instances.chain(grouped.map(|it| it.link)).chain(self.fixtures.links())
    }

    /// Every place that says something about an interface which need not be there, and how
    /// keepalived's configuration test classes one that is not.
    pub fn remarks_on_links(&self) -> impl Iterator<Item = (Spanned<LinkName>, Verdict)> {
        let Node { link_delays, paces, linkbeats, .. } = &self.node;
        let watched = link_delays.iter().map(|it| it.link).chain(linkbeats.iter().copied());
        let paced = paces.iter().flat_map(|it| &it.links);
        let watched = watched.map(|link| (link, Verdict::Fatal));
        watched.chain(paced.map(|link| (*link, Verdict::General)))
    }

    /// As whom scripts are to run that are watched, with the place of it.
    pub fn accounts(&self) -> impl Iterator<Item = Spanned<Account>> {
        let own = self.trackers.iter().filter_map(|tracker| match &tracker.watch {
            Watch::Script(script) => {
                let program = script.program.as_ref()?;
                Some(Spanned::new(program.value.account.clone()?, program.span))
            }
            Watch::File(_) | Watch::Process(_) => None,
        });
        self.scripts.account.clone().into_iter().chain(own)
    }
}

impl Policy {
    /// These settings, and where one is absent that of `other`.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            version: self.version.or(other.version),
            strict: self.strict.or(other.strict),
            down_adverts: self.down_adverts.or(other.down_adverts),
            check_source: self.check_source.or(other.check_source),
            checksum: self.checksum.or(other.checksum),
            answer_lower: self.answer_lower.or(other.answer_lower),
            answer_higher: self.answer_higher.or(other.answer_higher),
            skip_address_check: self.skip_address_check.or(other.skip_address_check),
            fast_release: self.fast_release.or(other.fast_release),
            announce: self.announce.or(other.announce),
        }
    }
}

impl Announce {
    /// These settings, and where one is absent that of `other`.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            repeat: self.repeat.or(other.repeat),
            delay: self.delay.or(other.delay),
            refresh: self.refresh.or(other.refresh),
            refresh_repeat: self.refresh_repeat.or(other.refresh_repeat),
            lower_repeat: self.lower_repeat.or(other.lower_repeat),
            lower_delay: self.lower_delay.or(other.lower_delay),
            arp_interval: self.arp_interval.or(other.arp_interval),
            na_interval: self.na_interval.or(other.na_interval),
        }
    }
}

impl Instance {
    /// An instance of which nothing is known but its name.
    #[must_use]
    pub fn new(name: Spanned<String>) -> Self {
        Self {
            name,
            state: None,
            interface: None,
            vrid: None,
            priority: None,
            interval: None,
            family: None,
            preempt: None,
            preempt_delay: None,
            source: None,
            group: None,
            peers: None,
            ttl: None,
            auth_kind: None,
            auth_pass: None,
            addresses: Vec::new(),
            excluded: Vec::new(),
            routes: Vec::new(),
            rules: Vec::new(),
            no_addresses: None,
            track_primary: None,
            tracked_interfaces: Vec::new(),
            tracked: Vec::new(),
            hooks: Hooks::default(),
            vmac: None,
            adverts_from_base: None,
            address_vmacs: None,
            accept: None,
            promote_secondaries: None,
            policy: Policy::default(),
        }
    }
}

impl Address {
    /// An address of which nothing else was written.
    #[must_use]
    pub fn new(ip: Spanned<IpAddr>, span: Span) -> Self {
        Self {
            span,
            ip,
            prefix: None,
            link: None,
            scope: None,
            broadcast: None,
            label: None,
            peer: None,
            preferred_secs: None,
            dad: None,
            home: None,
            manage_temporary: None,
            no_prefix_route: None,
            auto_join: None,
            tracked: None,
            vmac: None,
        }
    }
}
