//! What is particular about single interfaces: `[interface.NAME]`, and those that announce in turn.

use std::time::Duration;

use super::table::Table;
use super::value::{self, Mistake};
use crate::config::declared::{LinkDelay, Pace};
use crate::config::source::Spanned;
use crate::types::LinkName;

/// Reads `[interface.NAME]`.
pub(super) fn delay(name: Spanned<&str>, table: &mut Table<'_, '_>) -> Option<LinkDelay> {
    let [down, up] =
        ["down_delay", "up_delay"].map(|key| table.setting(key, value::duration(LONGEST_DELAY)));
    let Some(link) = LinkName::new(name.value) else {
        table.tell(name.value, name.span, Mistake::value("cannot be an interface's name"));
        return None;
    };
    Some(LinkDelay { link: Spanned::new(link, name.span), down, up })
}

/// Reads one of `announce_groups`.
pub(super) fn pace(table: &mut Table<'_, '_>) -> Option<Pace> {
    let [arp_interval, na_interval] = ["arp_interval", "na_interval"]
        .map(|key| table.setting(key, value::duration(LONGEST_PACE)));
    let span = table.span();
    let name = |value: value::Value<'_>, span| Ok(Spanned::new(value::link(value)?, span));
    let links = table.list("interfaces", name, |table| {
        table.tell("interfaces", table.span(), Mistake::value("is a table, not a name"));
        None
    });
    let links = links.map(|it| it.value).unwrap_or_default();
    if links.is_empty() {
        table.tell("interfaces", span, Mistake::value("names no interface"));
    }
    Some(Pace { span, links, arp_interval, na_interval })
}

/// keepalived's bound.
const LONGEST_DELAY: Duration = Duration::from_secs(255);
/// A day.
const LONGEST_PACE: Duration = Duration::from_secs(86_400);
