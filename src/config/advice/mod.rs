//! Where operators stumble although nothing is wrong with the configuration: what is worth a look,
//! and the line that mends it. Advice changes no exit code and keeps nothing from running.

mod election;
mod host;
mod programs;

pub use host::Host;

use super::diagnostic::Diagnostic;
use super::model::Model;

/// One piece of advice, and which instance or script it is about.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Advice<'a> {
    /// The name of the instance, group or script; empty where it is about none.
    pub(super) about: &'a str,
    /// The finding, without its place.
    pub(super) finding: Diagnostic,
}

/// What is worth saying about `model` on a machine like `host`, each kind once where it holds for
/// every instance alike.
pub(super) fn advise<'a>(model: &'a Model, host: &Host) -> Vec<Advice<'a>> {
    let each = model.instances.iter().flat_map(election::of_instance);
    let node = election::of_node(model).into_iter().chain(host::of_node(model, host));
    each.chain(node).chain(programs::of_node(model, host)).collect()
}

impl<'a> Advice<'a> {
    fn new(about: &'a str, code: &'static str, message: String, help: impl Into<String>) -> Self {
        Self { about, finding: Diagnostic::advice(code, message).help(help) }
    }
}

/// The names in a row, and how many more there are.
fn names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let all: Vec<&str> = names.collect();
    let shown = all.get(..all.len().min(MOST_NAMES)).unwrap_or_default().join(", ");
    match all.len().checked_sub(MOST_NAMES).filter(|more| *more > 0) {
        Some(more) => format!("{shown} and {more} more"),
        None => shown,
    }
}

/// As many names are told.
const MOST_NAMES: usize = 4;

#[cfg(test)]
mod tests;
