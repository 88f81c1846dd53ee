//! What an instance, or the node itself, is to hold besides addresses: routes and rules.

use std::collections::HashSet;

use super::Findings;
use crate::config::declared::{self, Setting};
use crate::config::diagnostic::{Diagnostic, Verdict};
use crate::config::source::Span;
use crate::types::{
    Family, Hop, PathMetric, Place, Prefix, Route, RouteKind, Rule, RuleAction, Scope,
};

/// Routes and rules under way: rules that name no priority get one of their own.
#[derive(Debug)]
pub(super) struct Routing {
    /// The next priority for a rule of each family that names none.
    free: [u32; 2],
}

impl Routing {
    pub(super) const fn new() -> Self {
        Self { free: [FIRST_FREE; 2] }
    }

    /// The routes, each once; those that cannot be are left out.
    pub(super) fn routes(written: &[declared::Route], findings: &mut Findings<'_>) -> Vec<Route> {
        let mut seen = HashSet::new();
        let made = written.iter().filter_map(|it| Some((route(it, findings)?, it.span)));
        let made: Vec<_> = made.collect();
        let mut routes = Vec::with_capacity(made.len());
        for (route, span) in made {
            if seen.insert(route.clone()) {
                routes.push(route);
            } else {
                findings.push(twice("route", &route.to_string(), span, findings));
            }
        }
        routes
    }

    /// The rules, each once; those that cannot be are left out.
    pub(super) fn rules(
        &mut self,
        written: &[declared::Rule],
        findings: &mut Findings<'_>,
    ) -> Vec<Rule> {
        let mut seen = HashSet::new();
        let mut rules = Vec::with_capacity(written.len());
        for entry in written {
            let Some(rule) = self.rule(entry, findings) else {
                continue;
            };
            if seen.insert(rule.clone()) {
                rules.push(rule);
            } else {
                findings.push(twice("rule", &rule.to_string(), entry.span, findings));
            }
        }
        rules
    }

    fn rule(&mut self, written: &declared::Rule, findings: &mut Findings<'_>) -> Option<Rule> {
        let prefix = |setting: Setting<Option<Prefix>>| setting.and_then(|it| it.value);
        let (from, to) = (prefix(written.from), prefix(written.to));
        let named = [from, to].into_iter().flatten().map(Prefix::family);
        let said = written.family.map(|it| it.value);
        let family = family(said.into_iter().chain(named), written.span, "rule", findings)?;
        let Some(action) = written.action else {
            findings.push(
                findings
                    .flaw("rule-without-action", "the rule does not say what becomes of packets")
                    .at(written.span, "left out")
                    .help("name the table that they are looked up in"),
            );
            return None;
        };
        let priority = match written.priority {
            Some(written) => written.value,
            None => self.free_priority(family, written.span, findings),
        };
        if let RuleAction::Goto(target) = action.value
            && target <= priority
        {
            let message = format!("rule {priority} cannot go back to {target}");
            findings.push(findings.flaw("rule-goes-back", message).at(written.span, "left out"));
            return None;
        }
        Some(Rule {
            negated: written.negated.is_some_and(|it| it.value),
            from: from.filter(|it| it.length() > 0),
            to: to.filter(|it| it.length() > 0),
            input: written.input.map(|it| it.value),
            output: written.output.map(|it| it.value),
            mark: written.mark.map(|it| it.value),
            tos: written.tos.map_or(0, |it| it.value),
            tunnel: written.tunnel.map(|it| it.value),
            users: written.users.map(|it| it.value),
            carries: written.carries.map(|it| it.value),
            source_ports: written.source_ports.map(|it| it.value),
            destination_ports: written.destination_ports.map(|it| it.value),
            realms: written.realms.map(|it| it.value),
            suppress_length: written.suppress_length.map(|it| it.value),
            suppress_group: written.suppress_group.map(|it| it.value),
            protocol: written.protocol.map_or(Route::PROTOCOL, |it| it.value),
            tracked: written.tracked.is_none_or(|it| it.value),
            ..Rule::new(family, priority, action.value)
        })
    }

    /// A priority above those of the kernel's own tables, lower with each rule.
    fn free_priority(&mut self, family: Family, span: Span, findings: &mut Findings<'_>) -> u32 {
        let [v4, v6] = &mut self.free;
        let free = match family {
            Family::V4 => v4,
            Family::V6 => v6,
        };
        let priority = *free;
        *free = free.saturating_sub(1);
        findings.push(
            findings
                .flaw("rule-without-priority", "the rule has no priority")
                .at(span, format!("{priority} is used"))
                .help("number your rules: they are asked in that order"),
        );
        priority
    }
}

fn route(written: &declared::Route, findings: &mut Findings<'_>) -> Option<Route> {
    let kind = written.kind.map_or(RouteKind::Unicast, |it| it.value);
    let hops: Vec<Hop> = written.hops.iter().map(|it| it.value).collect();
    let named = [written.destination.value, written.source.map(|it| it.value)];
    let ips =
        hops.iter().filter_map(|hop| hop.via).chain(written.preferred_source.map(|it| it.value));
    let named = named.into_iter().flatten().map(Prefix::family).chain(ips.map(Family::of));
    let said = written.family.map(|it| it.value);
    let family = family(said.into_iter().chain(named), written.span, "route", findings)?;
    let destination = written.destination.value.unwrap_or_else(|| Prefix::all(family));
    if family == Family::V4 && destination != destination.masked() {
        let message = format!("{destination} is no network: {} is", destination.masked());
        findings.push(
            findings.flaw("bits-behind-prefix", message).at(written.destination.span, "left out"),
        );
        return None;
    }
    let leads_on = matches!(
        kind,
        RouteKind::Unicast | RouteKind::Local | RouteKind::Broadcast | RouteKind::Anycast
    );
    if leads_on && hops.iter().all(|hop| hop.via.is_none() && hop.link.is_none()) {
        let message = format!("the route to {destination} leads nowhere");
        findings.push(
            findings
                .flaw("route-without-way", message)
                .at(written.span, "left out")
                .help("name a neighbour, an interface, or what becomes of the packets instead"),
        );
        return None;
    }
    let v6 = family == Family::V6;
    let mut only = Only { family, findings };
    let preference = only.for_family(Family::V6, written.preference, "a preference")?;
    let expires_secs = only.for_family(Family::V6, written.expires_secs, "an end")?;
    let source = only.for_family(Family::V6, written.source, "a source prefix")?;
    let realms = only.for_family(Family::V4, written.realms, "a realm")?;
    Some(Route {
        kind,
        source: source.map(Prefix::masked),
        table: written.table.map_or(Route::MAIN, |it| it.value),
        protocol: written.protocol.map_or(Route::PROTOCOL, |it| it.value),
        scope: written.scope.filter(|_| !v6).map_or(Scope::GLOBAL, |it| it.value),
        tos: written.tos.filter(|_| !v6).map_or(0, |it| it.value),
        metric: written.metric.map(|it| it.value),
        preferred_source: written.preferred_source.map(|it| it.value),
        hops,
        path: path(written),
        congestion: written.congestion.as_ref().map(|it| it.value.clone()),
        preference,
        expires_secs,
        ttl_propagate: written.ttl_propagate.map(|it| it.value),
        realms,
        place: written.place.map_or(Place::First, |it| it.value),
        tracked: written.tracked.is_none_or(|it| it.value),
        ..Route::new(destination.masked())
    })
}

/// What is known of the path, in one order, the last word on each counting.
fn path(written: &declared::Route) -> Vec<PathMetric> {
    let mut path = Vec::with_capacity(written.path.len());
    for metric in written.path.iter().rev() {
        if !path.iter().any(|it: &PathMetric| it.what == metric.what) {
            path.push(*metric);
        }
    }
    path.sort_unstable_by_key(|it| it.what);
    path
}

/// Settings that one family has and the other has not.
struct Only<'f, 'a> {
    family: Family,
    findings: &'f mut Findings<'a>,
}

impl Only<'_, '_> {
    /// The setting; `None` where it is the other family's, and so no route.
    #[expect(clippy::option_option, reason = "whether there is a route, and then a setting")]
    fn for_family<T>(
        &mut self,
        family: Family,
        setting: Setting<T>,
        what: &str,
    ) -> Option<Option<T>> {
        let Some(written) = setting else {
            return Some(None);
        };
        if self.family == family {
            return Some(Some(written.value));
        }
        let message = format!("{what} belongs to an {family} route");
        let told = self.findings.flaw("wrong-family", message);
        self.findings.push(told.at(written.span, "the whole route is left out"));
        None
    }
}

/// The family of all, IPv4 where nothing tells; `None` where they are of both.
fn family(
    named: impl Iterator<Item = Family>,
    span: Span,
    what: &str,
    findings: &mut Findings<'_>,
) -> Option<Family> {
    let mut family = None;
    for other in named {
        if family.is_some_and(|it| it != other) {
            let message = format!("the {what} has addresses of both families");
            findings.push(findings.flaw("both-families", message).at(span, "left out"));
            return None;
        }
        family = Some(other);
    }
    Some(family.unwrap_or(Family::V4))
}

fn twice(what: &str, shown: &str, span: Span, findings: &Findings<'_>) -> Diagnostic {
    findings
        .flaw("held-twice", format!("the {what} {shown} stands here twice"))
        .at(span, "this one is left out")
        .verdict(Verdict::Silent)
}

/// Before the kernel's rules for its own tables, of which the first has 32766.
const FIRST_FREE: u32 = 16384;
