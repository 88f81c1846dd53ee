//! From what was written to what it means: defaults, derivations and cross-checks, once for both
//! syntaxes.

mod addresses;
mod announce;
mod daemon;
mod election;
mod fixtures;
mod group;
mod hooks;
mod identity;
mod instance;
mod links;
mod mail;
mod routes;
mod shown;
mod trackers;
mod transport;
mod vmac;

use super::declared::{self, Declared, Manners, Setting};
use super::diagnostic::{Diagnostic, Diagnostics};
use super::model::{Firewall, Instance, Model, Node};
pub(super) use daemon::daemon as compile_daemon;
use identity::Taken;
use routes::Routing;
pub(super) use shown::shown;
use vmac::Names;

/// Makes the model, or says everything that keeps it from being made.
///
/// `None` exactly if `found` holds an error afterwards, those of the reader included.
#[must_use]
pub fn compile(declared: &Declared, found: &mut Diagnostics) -> Option<Model> {
    let mut findings = Findings { manners: declared.manners, all: found };
    let mut routing = Routing::new();
    let fixtures = fixtures::compile(&declared.fixtures, &mut routing, &mut findings);
    let mut instances = instances(declared, &mut routing, &mut findings);
    fixtures::track(&declared.fixtures, &mut instances, &mut findings);
    let groups = group::compile(declared, &mut instances, &mut findings);
    let node = node(declared, &instances, &mut findings);
    let trackers = trackers::compile(declared, &mut instances, &mut findings);
    let mut model = Model { node, trackers, fixtures, instances, groups };
    mail::settle(declared, &mut model, &mut findings);
    (!found.has_errors()).then_some(model)
}

/// Where findings go, and how survivable ones are judged.
struct Findings<'a> {
    manners: Manners,
    all: &'a mut Diagnostics,
}

impl Findings<'_> {
    fn push(&mut self, diagnostic: Diagnostic) {
        self.all.push(diagnostic);
    }

    /// Something that cannot be meant but can be survived by leaving it out or mending it.
    fn flaw(&self, code: &'static str, message: impl Into<String>) -> Diagnostic {
        match self.manners {
            Manners::Lenient => Diagnostic::warning(code, message),
            Manners::Exact => Diagnostic::error(code, message),
        }
    }
}

fn node(declared: &Declared, instances: &[Instance], findings: &mut Findings<'_>) -> Node {
    let (written, scripts) = (&declared.node, &declared.scripts);
    let usual = Node::default();
    let answer = |setting: Setting<bool>, usual| setting.map_or(usual, |it| it.value);
    Node {
        router_id: written.router_id.as_ref().map(|it| it.value.clone()),
        startup_delay: written.startup_delay.map_or(usual.startup_delay, |it| it.value),
        dynamic_interfaces: answer(written.dynamic_interfaces, usual.dynamic_interfaces),
        realtime: written.realtime.map_or(usual.realtime, |it| it.value),
        nice: written.nice.map_or(usual.nice, |it| it.value),
        log_unknown_vrids: answer(written.log_unknown_vrids, usual.log_unknown_vrids),
        script_account: scripts.account.as_ref().map(|it| it.value.clone()),
        secure_scripts: answer(scripts.secure, usual.secure_scripts),
        fifos: hooks::fifos(scripts),
        mail: mail::compile(&declared.mail),
        daemon: daemon::daemon(&declared.daemon),
        reload: daemon::reload(&declared.reload),
        local_igmp: answer(written.local_igmp, usual.local_igmp),
        firewall: firewall(written),
        link_delays: links::delays(written, instances, findings),
        paces: links::paces(written, findings),
    }
}

fn firewall(written: &declared::Node) -> Firewall {
    let usual = Firewall::default();
    let table = written.firewall_table.as_ref().map(|it| it.value.clone());
    Firewall {
        table: table.unwrap_or(usual.table),
        priority: written.firewall_priority.map_or(usual.priority, |it| it.value),
        counters: written.firewall_counters.map_or(usual.counters, |it| it.value),
    }
}

/// The instances that can be made and told apart.
fn instances(
    declared: &Declared,
    routing: &mut Routing,
    findings: &mut Findings<'_>,
) -> Vec<Instance> {
    let mut made = Vec::with_capacity(declared.instances.len());
    let mut taken = Taken::default();
    let mut names = Names::new(declared);
    for written in &declared.instances {
        if taken.is_named_again(written, findings) {
            continue;
        }
        let Some(mut instance) =
            instance::compile(written, declared, routing, &mut names, findings)
        else {
            continue;
        };
        if taken.is_apart(&mut instance, written, findings) {
            made.push(instance);
        }
    }
    made
}

#[cfg(test)]
mod tests;
