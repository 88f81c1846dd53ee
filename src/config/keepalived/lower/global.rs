//! `global_defs`.

use std::net::IpAddr;
use std::time::Duration;

use super::super::parse::Statement;
use super::Lower;
use crate::config::declared::Setting;
use crate::config::model::{ChecksumForm, FastRelease, Realtime};
use crate::config::source::Spanned;
use crate::types::{Centis, Version};

impl Lower<'_> {
    /// Takes over one statement; `false` if the keyword is none of those that work.
    pub(super) fn global(&mut self, statement: &Statement) -> bool {
        match statement.keyword.name {
            "router_id" => {
                let name = statement.argument();
                self.declared.node.router_id =
                    name.map(|it| Spanned::new(it.value.clone(), it.span));
            }
            "dynamic_interfaces" => {
                let place = statement.place();
                self.declared.node.dynamic_interfaces = place.map(|it| Spanned::new(true, it));
                if let Some(word) = statement.argument().filter(|it| it.value != "allow_if_changes")
                {
                    let message = format!("{} is not allow_if_changes", word.value);
                    self.bad(word, message, "ignored");
                }
            }
            "default_interface" => {
                let link = statement.argument().and_then(|it| self.link(it));
                self.declared.fixtures.interface = link;
            }
            "log_unknown_vrids" => {
                let place = statement.place();
                self.declared.node.log_unknown_vrids = place.map(|it| Spanned::new(true, it));
            }
            "vrrp_startup_delay" => {
                let range = Duration::from_millis(1)..=Duration::from_secs(u64::from(LONGEST));
                self.declared.node.startup_delay = self.seconds(statement, range);
            }
            "vrrp_priority" => self.declared.node.nice = self.number(statement, -20..=19),
            "vrrp_rt_priority" => {
                let priority = self.number(statement, 0..=u32::MAX);
                self.declared.node.realtime = priority.map(|it| self.realtime(it));
            }
            "vrrp_mcast_group4" => {
                let group = self.group(statement, IpAddr::is_ipv4);
                self.declared.node.group_v4 = group.or(self.declared.node.group_v4);
            }
            "vrrp_mcast_group6" => {
                let group = self.group(statement, IpAddr::is_ipv6);
                self.declared.node.group_v6 = group.or(self.declared.node.group_v6);
            }
            "vrrp_min_garp" => self.declared.node.few_announcements = self.answer(statement),
            _ if self.scripts(statement) || self.daemon_in_global(statement) => {}
            _ if self.firewall(statement) || self.mail(statement) => {}
            _ => return self.global_policy(statement),
        }
        true
    }

    fn realtime(&mut self, priority: Spanned<u32>) -> Spanned<Realtime> {
        let most = 99;
        if priority.value > u32::from(most) {
            let message = format!("the highest real-time priority is {most}");
            self.warn("bad-value", message, priority.span, "taken for it");
        } else if priority.value == 0 {
            self.warn("bad-value", "no real-time priority is 0", priority.span, "none is used");
        }
        priority.map(|priority| match u8::try_from(priority).unwrap_or(most) {
            0 => Realtime::Off,
            priority => Realtime::Priority(priority.min(most)),
        })
    }

    /// What is a default for every instance.
    fn global_policy(&mut self, statement: &Statement) -> bool {
        let name = statement.keyword.name;
        let mut policy = self.declared.defaults;
        let negated = |answer: Setting<bool>| answer.map(|it| it.map(|it| !it));
        match name {
            "vrrp_version" => policy.version = self.version(statement),
            "vrrp_strict" => policy.strict = self.leniently_answered(statement),
            "vrrp_skip_check_adv_addr" => {
                policy.skip_address_check = self.leniently_answered(statement);
            }
            "vrrp_check_unicast_src" => {
                policy.check_source = self.leniently_answered(statement);
            }
            "vrrp_lower_prio_no_advert" => policy.answer_lower = negated(self.answer(statement)),
            "vrrp_higher_prio_send_advert" => policy.answer_higher = self.answer(statement),
            "vrrp_down_timer_adverts" => {
                policy.down_adverts = self.number(statement, 1..=100);
            }
            "v3_checksum_as_v2" => policy.checksum = self.checksum(statement),
            "vrrp_fast_release" => policy.fast_release = self.fast_release(statement),
            "vrrp_garp_interval" => {
                policy.announce.arp_interval = self.pace(statement);
            }
            "vrrp_gna_interval" => policy.announce.na_interval = self.pace(statement),
            _ => {
                let Some(name) = name.strip_prefix("vrrp_") else {
                    return false;
                };
                let mut announce = policy.announce;
                let known = self.announce(name, statement, &mut announce);
                policy.announce = announce;
                self.declared.defaults = policy;
                return known;
            }
        }
        self.declared.defaults = policy;
        true
    }

    /// The keywords of announcements, which global_defs and instances share; `false` for others.
    pub(super) fn announce(
        &mut self,
        name: &str,
        statement: &Statement,
        announce: &mut crate::config::declared::Announce,
    ) -> bool {
        match name {
            "garp_master_delay" => announce.delay = self.whole_seconds(statement, 0..=LONGEST),
            "garp_master_repeat" => announce.repeat = self.repeats(statement),
            "garp_master_refresh" => announce.refresh = self.whole_seconds(statement, 0..=u32::MAX),
            "garp_master_refresh_repeat" => announce.refresh_repeat = self.repeats(statement),
            "garp_lower_prio_delay" => {
                announce.lower_delay = self.whole_seconds(statement, 0..=LONGEST);
            }
            "garp_lower_prio_repeat" => {
                announce.lower_repeat = self.number(statement, 0..=MOST_ROUNDS)
            }
            _ => return false,
        }
        true
    }

    /// How many rounds; 0 means 1.
    fn repeats(&mut self, statement: &Statement) -> Setting<u32> {
        let count = self.number(statement, 0..=u32::MAX)?;
        if count.value == 0 {
            self.warn("bad-value", "there is one round at least", count.span, "taken for 1");
        }
        Some(count.map(|count| count.max(1)))
    }

    fn pace(&mut self, statement: &Statement) -> Setting<Duration> {
        self.seconds(statement, Duration::from_micros(1)..=Duration::from_secs(u64::from(LONGEST)))
    }

    pub(super) fn version(&mut self, statement: &Statement) -> Setting<Version> {
        let version = self.number(statement, 2..=3_u8)?;
        Some(version.map(|version| match version {
            2 => Version::V2,
            _ => Version::V3,
        }))
    }

    pub(super) fn checksum(&mut self, statement: &Statement) -> Setting<ChecksumForm> {
        let answer = self.answer(statement)?;
        Some(answer.map(|bare| match bare {
            true => ChecksumForm::MessageOnly,
            false => ChecksumForm::PseudoHeader,
        }))
    }

    pub(super) fn fast_release(&mut self, statement: &Statement) -> Setting<FastRelease> {
        let word = statement.argument()?;
        let release = match word.value.as_str() {
            "auto" => FastRelease::Auto,
            "off" => FastRelease::Off,
            _ => {
                let range = Centis::SHORTEST.duration()..=Centis::MAX_V3.duration();
                let interval = self.seconds(statement, range)?.value;
                let centis = u16::try_from(interval.as_millis().div_ceil(10)).ok()?;
                FastRelease::To(Centis::new(centis).ok()?)
            }
        };
        Some(Spanned::new(release, word.span))
    }

    fn group(&mut self, statement: &Statement, family: fn(&IpAddr) -> bool) -> Setting<IpAddr> {
        let group = self.address(statement)?;
        if family(&group.value) && group.value.is_multicast() {
            return Some(group);
        }
        let message = format!("{} is not a multicast group of this family", group.value);
        self.warn("bad-value", message, group.span, "ignored");
        None
    }
}

/// The longest time in whole seconds that keepalived's microseconds hold.
const LONGEST: u32 = 4294;
/// The most rounds on an advert of lower priority.
const MOST_ROUNDS: u32 = 0x7fff_ffff;
