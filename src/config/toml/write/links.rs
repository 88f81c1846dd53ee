//! What is particular about single interfaces.

use std::collections::BTreeMap;

use super::{Text, key, list, quoted, time};
use crate::config::model::{LinkDelay, Pace};
use crate::types::LinkName;

impl Text {
    pub(super) fn links(&mut self, delays: &BTreeMap<LinkName, LinkDelay>) {
        for (link, LinkDelay { down, up }) in delays {
            self.header(&format!("interface.{}", key(link.as_str())));
            self.unless(down.is_zero(), "down_delay", time(*down));
            self.unless(up.is_zero(), "up_delay", time(*up));
        }
    }

    pub(super) fn paces(&mut self, paces: &[Pace]) {
        let one = |pace: &Pace| {
            let links = list(pace.links.iter().map(|link| quoted(link.as_str())));
            let (arp, na) = (time(pace.arp_interval), time(pace.na_interval));
            format!("{{ interfaces = {links}, arp_interval = {arp}, na_interval = {na} }}")
        };
        if !paces.is_empty() {
            self.line("announce_groups", list(paces.iter().map(one)));
        }
    }
}
