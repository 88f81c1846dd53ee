//! What tells the instances of a node apart: names, and the adverts that are theirs.

use std::collections::HashMap;

use super::Findings;
use crate::config::declared;
use crate::config::diagnostic::Diagnostic;
use crate::config::model::{Instance, Key};
use crate::config::source::Span;

/// The names and keys that are taken.
#[derive(Default)]
pub(super) struct Taken<'a> {
    names: HashMap<&'a str, Span>,
    keys: HashMap<Key, Span>,
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
    /// keepalived tells two unicast instances of one source apart if they share no peer; we do not.
    pub(super) fn is_apart(
        &mut self,
        instance: &Instance,
        written: &declared::Instance,
        findings: &mut Findings<'_>,
    ) -> bool {
        let place = written.vrid.map_or(written.name.span, |it| it.span);
        let Some(first) = self.keys.get(&instance.key()) else {
            self.keys.insert(instance.key(), place);
            return true;
        };
        findings.push(same_vrid(instance, place, *first));
        false
    }
}

fn same_vrid(instance: &Instance, second: Span, first: Span) -> Diagnostic {
    let (vrid, family, link) = (instance.vrid, instance.family, instance.interface);
    Diagnostic::error(
        "duplicate-vrid",
        format!("VRID {vrid} is used twice with {family} on {link}"),
    )
    .at(second, "used again here")
    .at(first, "first used here")
    .help("every virtual router on a link needs a VRID of its own, 1 to 255")
}
