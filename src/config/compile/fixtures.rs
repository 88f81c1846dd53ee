//! What the node holds by itself, and which instances depend on its interfaces.

use std::collections::HashSet;

use super::routes::Routing;
use super::{Findings, addresses};
use crate::config::declared::{self, Setting};
use crate::config::diagnostic::Diagnostic;
use crate::config::model::{Fixtures, Instance, TrackedInterface};
use crate::config::source::Spanned;
use crate::types::{LinkName, Weight};

/// The addresses, routes and rules, each once.
pub(super) fn compile(
    written: &declared::Fixtures,
    routing: &mut Routing,
    findings: &mut Findings<'_>,
) -> Fixtures {
    let mut seen = HashSet::new();
    let mut held = Vec::with_capacity(written.addresses.len());
    for (entry, _) in &written.addresses {
        let Some(link) = entry.link.or(written.interface) else {
            findings.push(
                Diagnostic::error("no-interface", format!("{} has no interface", entry.ip.value))
                    .at(entry.span, "")
                    .help("name the interface that is to carry it"),
            );
            continue;
        };
        held.extend(addresses::address(entry, link.value, &mut seen, findings));
    }
    Fixtures {
        addresses: held,
        routes: Routing::routes(&written.routes, findings),
        rules: routing.rules(&written.rules, findings),
    }
}

/// Makes the interfaces of each `track_group` a condition of its instances.
pub(super) fn track(
    written: &declared::Fixtures,
    instances: &mut [Instance],
    findings: &mut Findings<'_>,
) {
    let addresses = written.addresses.iter();
    let addresses = addresses.filter_map(|(entry, group)| {
        Some((group.as_ref()?, entry.link.or(written.interface)?.value))
    });
    let routes =
        written.routes.iter().flat_map(|it| grouped(&it.group, it.links().map(|l| l.value)));
    let rules = written.rules.iter().flat_map(|it| grouped(&it.group, it.links().map(|l| l.value)));
    for (group, link) in addresses.chain(routes).chain(rules) {
        let members = written.groups.iter().find(|(name, _)| name.value == group.value);
        let Some((_, members)) = members else {
            let message = format!("there is no track_group {}", group.value);
            findings.push(findings.flaw("no-such-group", message).at(group.span, "not tracked"));
            continue;
        };
        for instance in instances.iter_mut() {
            if members.iter().any(|member| member.value == instance.name) {
                depend(instance, link);
            }
        }
    }
    for (_, members) in &written.groups {
        for member in members {
            if !instances.iter().any(|instance| instance.name == member.value) {
                let message = format!("there is no instance {}", member.value);
                findings.push(findings.flaw("no-such-instance", message).at(member.span, ""));
            }
        }
    }
}

/// The group of an entry with each interface that the entry names.
fn grouped(
    group: &Setting<String>,
    links: impl Iterator<Item = LinkName>,
) -> impl Iterator<Item = (&Spanned<String>, LinkName)> {
    links.filter_map(move |link| Some((group.as_ref()?, link)))
}

/// From now on `link` being down is a fault of `instance`.
fn depend(instance: &mut Instance, link: LinkName) {
    let tracked = &mut instance.tracked_interfaces;
    if link == instance.interface {
        instance.track_primary = true;
        return;
    }
    tracked.retain(|it| it.link != link || it.weight == Weight::FAULT);
    if !tracked.iter().any(|it| it.link == link) {
        tracked.push(TrackedInterface { link, weight: Weight::FAULT, reverse: false });
    }
}
