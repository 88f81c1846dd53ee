//! Blocks about single interfaces: `garp_group`, `interface_up_down_delays`,
//! `linkbeat_interfaces`.

use std::time::Duration;

use super::super::parse::Statement;
use super::Lower;
use crate::config::declared::{LinkDelay, Pace};

impl Lower<'_> {
    /// Takes over one block of the root level; `false` if it is none of these.
    pub(super) fn links(&mut self, statement: &Statement) -> bool {
        match statement.keyword.name {
            "garp_group" => self.pace_group(statement),
            "interface_up_down_delays" => self.delays(statement),
            "linkbeat_interfaces" => self.linkbeats(statement),
            _ => return false,
        }
        true
    }

    fn pace_group(&mut self, statement: &Statement) {
        let Some(span) = statement.place() else {
            return;
        };
        let mut pace = Pace { span, links: Vec::new(), arp_interval: None, na_interval: None };
        let range = Duration::ZERO..=LONGEST_PACE;
        for inner in statement.block() {
            match inner.keyword.name {
                "garp_interval" => pace.arp_interval = self.seconds(inner, range.clone()),
                "gna_interval" => pace.na_interval = self.seconds(inner, range.clone()),
                "interface" => {
                    pace.links.extend(inner.argument().and_then(|it| self.link(it)));
                }
                _ => {
                    let names = inner.entries().iter().flatten();
                    pace.links.extend(names.filter_map(|it| self.link(it)));
                }
            }
        }
        self.declared.node.paces.push(pace);
    }

    /// `NAME DOWN [UP]`, one to a line; what follows is not looked at.
    fn delays(&mut self, statement: &Statement) {
        let range = Duration::ZERO..=Duration::from_secs(LONGEST_DELAY);
        for entry in statement.entries() {
            let [name, times @ ..] = entry.as_slice() else {
                continue;
            };
            let Some(link) = self.link(name) else {
                continue;
            };
            let mut times = times.iter();
            let mut time = || times.next().map(|it| self.seconds_of(it, range.clone()));
            let (down, up) = (time(), time());
            if [down, up].contains(&Some(None)) {
                continue;
            }
            let (down, up) = (down.flatten(), up.flatten());
            self.declared.node.link_delays.push(LinkDelay { link, down, up });
        }
    }

    /// `NAME [MII|ETHTOOL|IOCTL]`: the kernel tells of every carrier, however it is asked for.
    fn linkbeats(&mut self, statement: &Statement) {
        for entry in statement.entries() {
            let [name, ways @ ..] = entry.as_slice() else {
                continue;
            };
            let link = self.link(name);
            self.declared.node.linkbeats.extend(link);
            let known = |it: &str| ["MII", "ETHTOOL", "IOCTL"].contains(&it);
            if let Some(odd) = ways.iter().find(|it| !known(&it.value)) {
                let message = format!("{} is neither MII nor ETHTOOL nor IOCTL", odd.value);
                self.bad(odd, message, "ignored");
            }
        }
    }
}

/// The microseconds that keepalived counts.
const LONGEST_PACE: Duration = Duration::from_micros(0x7fff_ffff);
/// Seconds that an interface may be waited for.
const LONGEST_DELAY: u64 = 255;
