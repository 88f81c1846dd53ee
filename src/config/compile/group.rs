//! Sync groups: who belongs together, and what they track together.

use std::collections::{HashMap, HashSet};

use super::instance::{is, tracked_interface};
use super::{Findings, hooks, trackers};
use crate::config::declared::{self, Declared, Manners};
use crate::config::diagnostic::Diagnostic;
use crate::config::model::{Group, Instance, TrackedInterface};
use crate::config::source::{Span, Spanned};
use crate::config::suggest::closest;
use crate::types::Weight;

/// Makes the groups of `instances`, which were made of what is declared.
pub(super) fn compile(
    declared: &Declared,
    instances: &mut [Instance],
    findings: &mut Findings<'_>,
) -> Vec<Group> {
    let mut groups = Vec::with_capacity(declared.groups.len());
    let mut names: HashMap<&str, Span> = HashMap::new();
    let mut taken: HashMap<&str, &str> = HashMap::new();
    for written in &declared.groups {
        let Spanned { value: name, span } = &written.name;
        if let Some(first) = names.get(name.as_str()).copied() {
            findings.push(
                findings
                    .flaw("duplicate-group", format!("the group {name} is defined twice"))
                    .at(*span, "this one is left out")
                    .at(first, "this one counts")
                    .help("give the second one another name"),
            );
            continue;
        }
        names.insert(name, *span);
        let members = members(written, declared, &mut taken, findings);
        if !is_large_enough(written, members.len(), findings) {
            continue;
        }
        for member in instances.iter_mut().filter(|it| members.contains(&it.name.as_str())) {
            if declared.manners == Manners::Lenient && !is(written.member_weights) {
                doubt_weights(member, declared, findings);
            }
            share_trackers(written, member, declared, findings);
            hooks::inherit(&written.hooks, member, declared);
        }
        let made = |name: &&str| instances.iter().find(|it| it.name == *name);
        let members: Vec<&Instance> = members.iter().filter_map(made).collect();
        groups.push(Group {
            name: name.clone(),
            members: members.iter().map(|member| member.key()).collect(),
            tracked_interfaces: tracked(written, &members, findings),
            hooks: hooks::of_group(&written.hooks, declared),
        });
    }
    groups
}

/// The names of the members that exist and belong to no other group, which `taken` knows.
fn members<'a>(
    written: &'a declared::Group,
    declared: &Declared,
    taken: &mut HashMap<&'a str, &'a str>,
    findings: &mut Findings<'_>,
) -> Vec<&'a str> {
    let known: HashSet<&str> = declared.instances.iter().map(|it| it.name.value.as_str()).collect();
    let group = written.name.value.as_str();
    let mut members = Vec::new();
    for Spanned { value: name, span } in written.members.iter().flat_map(|list| &list.value) {
        if !known.contains(name.as_str()) {
            let message = format!("the group {group} has a member {name}, which is no instance");
            let finding = findings.flaw("no-such-member", message).at(*span, "left out");
            findings.push(match closest(name, known.iter().copied()) {
                Some(near) => finding.help(format!("did you mean {near}?")),
                None => finding,
            });
            continue;
        }
        if let Some(other) = taken.get(name.as_str()) {
            let message = format!("{name} is a member of the group {other} already");
            findings.push(findings.flaw("grouped-twice", message).at(*span, "left out"));
            continue;
        }
        taken.insert(name, group);
        members.push(name.as_str());
    }
    members
}

/// Whether it is worth while to have this group; reports one that is not, or hardly.
fn is_large_enough(written: &declared::Group, count: usize, findings: &mut Findings<'_>) -> bool {
    let Spanned { value: name, span } = &written.name;
    match count {
        0 => {
            let message = format!("the group {name} has no members");
            findings.push(findings.flaw("empty-group", message).at(*span, "it is left out"));
            false
        }
        1 => {
            let message = format!("the group {name} has one member, which is hardly what is meant");
            findings.push(Diagnostic::warning("lonely-member", message).at(*span, ""));
            true
        }
        _ => true,
    }
}

/// keepalived 2.2.7 says that it takes no weights from a member of a group. What it tracks with one
/// is dropped then, but interfaces: their weights count all the same.
fn doubt_weights(member: &mut Instance, declared: &Declared, findings: &mut Findings<'_>) {
    let written = declared.instances.iter().find(|it| it.name.value == member.name);
    for tracked in member.tracked_interfaces.iter().filter(|it| it.weight != Weight::FAULT) {
        let link = tracked.link;
        let entries = written.into_iter().flat_map(|it| &it.tracked_interfaces);
        let mut same = entries.filter(|it| it.link.value == link);
        let message = format!("{link} has a weight for {}, which is in a sync group", member.name);
        let finding = Diagnostic::warning("weight-in-group", message)
            .help("write sync_group_tracking_weight in the group to be clear, or track it there");
        findings.push(match same.find_map(|it| it.weight) {
            Some(weight) => {
                finding.at(weight.span, "it counts, though keepalived says that it does not")
            }
            None => finding,
        });
    }
    let name = &member.name;
    member.tracked.retain(|tracked| {
        if tracked.weight == Weight::FAULT {
            return true;
        }
        let entries = written.into_iter().flat_map(|it| &it.tracked);
        let mut same = entries.filter(|it| it.name.value == tracked.tracker.name);
        let message =
            format!("{name}, in a sync group, tracks the {} with a weight", tracked.tracker);
        let finding = Diagnostic::warning("weight-in-group", message)
            .help("write sync_group_tracking_weight in the group, or track it there");
        findings.push(match same.next() {
            Some(entry) => finding.at(entry.name.span, "this entry is left out"),
            None => finding,
        });
        false
    });
}

/// What a group tracks besides interfaces, each of its members tracks, unless it does so already.
fn share_trackers(
    written: &declared::Group,
    member: &mut Instance,
    declared: &Declared,
    findings: &mut Findings<'_>,
) {
    let shared = trackers::tracked(&written.tracked, &written.name.value, declared, findings);
    for tracked in shared {
        if !member.tracked.iter().any(|own| own.tracker == tracked.tracker) {
            member.tracked.push(tracked);
        }
    }
}

/// What the members track together. What each tracks by itself anyway is left out.
fn tracked(
    written: &declared::Group,
    members: &[&Instance],
    findings: &mut Findings<'_>,
) -> Vec<TrackedInterface> {
    let mut tracked: Vec<TrackedInterface> = Vec::new();
    for entry in &written.tracked_interfaces {
        let link = entry.link.value;
        let by_themselves = || members.iter().filter(|member| member.tracks(link));
        let again = tracked.iter().any(|other| other.link == link);
        let idle = by_themselves().count() == members.len();
        let message = match by_themselves().next() {
            _ if again => format!("{link} is tracked twice"),
            Some(member) => format!("{link} is tracked by {} itself already", member.name),
            None => {
                tracked.push(tracked_interface(entry));
                continue;
            }
        };
        if !again && !idle {
            tracked.push(tracked_interface(entry));
        }
        // Where it counts for some of the members, only keepalived sees a mistake.
        if again || idle || findings.manners == Manners::Lenient {
            findings.push(
                findings
                    .flaw("tracked-twice", message)
                    .at(entry.link.span, "this entry is left out there"),
            );
        }
    }
    tracked
}
