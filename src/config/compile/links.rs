//! What is particular about single interfaces.

use std::collections::{BTreeMap, HashSet};

use super::Findings;
use crate::config::declared;
use crate::config::diagnostic::Diagnostic;
use crate::config::model::{Instance, LinkDelay, Pace};
use crate::types::LinkName;

/// The delays that are any; the last line about an interface counts.
pub(super) fn delays(
    written: &declared::Node,
    instances: &[Instance],
    findings: &mut Findings<'_>,
) -> BTreeMap<LinkName, LinkDelay> {
    let mut all = BTreeMap::new();
    for one in &written.link_delays {
        let [down, up] = [one.down, one.up].map(|it| it.map(|it| it.value).unwrap_or_default());
        all.insert(one.link.value, LinkDelay { down, up });
        let users = instances.iter().filter(|it| it.interface == one.link.value);
        if let Some(first) = users.min_by_key(|it| it.longest_down_delay())
            && let most = first.longest_down_delay()
            && down > most
            && let Some(written) = one.down
        {
            let message = format!(
                "{} is taken for down after {most:?}: by then its peers have nearly given {} up",
                one.link.value, first.name
            );
            findings.push(Diagnostic::note("delay-shortened", message).at(written.span, ""));
        }
    }
    all.retain(|_, delay| *delay != LinkDelay::default());
    all
}

/// The groups of interfaces that announce in turn.
pub(super) fn paces(written: &declared::Node, findings: &mut Findings<'_>) -> Vec<Pace> {
    let mut taken = HashSet::new();
    let mut all = Vec::new();
    for one in &written.paces {
        if one.arp_interval.is_none() && one.na_interval.is_none() {
            let flaw = findings.flaw("no-pace", "interfaces that announce in turn, at no pace");
            let help = "say garp_interval or gna_interval, or drop the group";
            findings.push(flaw.at(one.span, "left out").help(help));
            continue;
        }
        let mut links = Vec::new();
        for link in &one.links {
            if taken.insert(link.value) {
                links.push(link.value);
                continue;
            }
            let message = format!("{} announces in turn with others already", link.value);
            let flaw = findings.flaw("two-paces", message);
            findings.push(flaw.at(link.span, "ignored"));
        }
        let [arp_interval, na_interval] =
            [one.arp_interval, one.na_interval].map(|it| it.map(|it| it.value).unwrap_or_default());
        if !links.is_empty() {
            all.push(Pace { links, arp_interval, na_interval });
        }
    }
    all
}
