//! What tells the instances of a node apart: names, and the adverts that are theirs.

use std::collections::HashMap;
use std::net::IpAddr;

use super::Findings;
use crate::config::declared;
use crate::config::diagnostic::Diagnostic;
use crate::config::model::{Instance, Key, Transport};
use crate::config::source::Span;

/// The names and keys that are taken.
#[derive(Default)]
pub(super) struct Taken<'a> {
    names: HashMap<&'a str, Span>,
    keys: HashMap<Key, Vec<Holder>>,
}

impl<'a> Taken<'a> {
    /// Takes the name, or reports that it is taken.
    pub(super) fn is_named_again(
        &mut self,
        written: &'a declared::Instance,
        findings: &mut Findings<'_>,
    ) -> bool {
        let (name, place) = (written.name.value.as_str(), written.name.span);
        let Some(first) = self.names.get(name) else {
            self.names.insert(name, place);
            return false;
        };
        findings.push(
            findings
                .flaw("duplicate-instance", format!("{name} is defined twice"))
                .at(place, "this one is left out")
                .at(*first, "this one counts")
                .help("give the second one another name"),
        );
        true
    }

    /// Takes the key, or reports that it is taken: both would take the same adverts for theirs.
    ///
    /// Unicast instances that share all but their peers are told apart by these, as long as they
    /// have none in common.
    pub(super) fn is_apart(
        &mut self,
        instance: &mut Instance,
        written: &declared::Instance,
        findings: &mut Findings<'_>,
    ) -> bool {
        let place = written.vrid.map_or(written.name.span, |it| it.span);
        let others = self.keys.entry(instance.key()).or_default();
        let peers = peers(instance);
        let rival = others.iter().find(|other| match peers.is_empty() {
            true => true,
            false => peers.iter().any(|peer| other.peers.contains(peer)),
        });
        if let Some(rival) = rival {
            findings.push(same_vrid(instance, place, rival.place));
            return false;
        }
        if !others.is_empty() {
            instance.twin = peers.iter().min().copied();
        }
        others.push(Holder { place, peers });
        true
    }
}

/// An instance that has a key.
struct Holder {
    /// Where its number stands.
    place: Span,
    /// With whom it speaks; nobody in particular where that is a group.
    peers: Vec<IpAddr>,
}

fn peers(instance: &Instance) -> Vec<IpAddr> {
    match &instance.transport {
        Transport::Multicast { .. } => Vec::new(),
        Transport::Unicast { peers, .. } => peers.iter().map(|peer| peer.address).collect(),
    }
}

fn same_vrid(instance: &Instance, second: Span, first: Span) -> Diagnostic {
    let (vrid, family, link) = (instance.vrid, instance.family, instance.interface);
    let (among, help) = match instance.transport {
        Transport::Multicast { .. } => {
            ("", "every virtual router on a link needs a VRID of its own, 1 to 255")
        }
        Transport::Unicast { .. } => {
            (" with a peer in common", "use another VRID, or share no peer between the two")
        }
    };
    Diagnostic::error(
        "duplicate-vrid",
        format!("VRID {vrid} is used twice with {family} on {link}{among}"),
    )
    .at(second, "used again here")
    .at(first, "first used here")
    .help(help)
}
