//! The native syntax: TOML in which nothing is guessed.
//!
//! Every unknown key, wrong type and missing unit is an error with its place, and all of them are
//! found in one go. The text is parsed into a document whose every value knows its place, and a
//! small typed reader (`table`) walks it: serde's derived readers stop at the first error.

mod address;
mod daemon;
mod duration;
mod group;
mod instance;
mod links;
mod mail;
mod native;
mod node;
mod peer;
mod policy;
mod program;
mod route;
mod rule;
mod table;
mod trackers;
mod value;
mod vmac;
mod write;

use toml::de::DeTable;

use super::compile::compile;
use super::declared::{Declared, Group, Instance, Manners, Tracker};
use super::diagnostic::{Diagnostic, Diagnostics};
use super::model::Model;
use super::source::{FileId, Sources, Span, Spanned};
use crate::types::Version;
use table::Table;
use value::Mistake;

pub use write::write;

/// Makes the model that the text of `file` means, or says everything that is wrong with it.
///
/// `None` exactly if an error was found. What can only be judged across settings is judged once
/// each setting is right: otherwise one mistake would be told twice.
pub fn load(sources: &Sources, file: FileId, findings: &mut Diagnostics) -> Option<Model> {
    let declared = read(sources, file, findings);
    if findings.has_errors() {
        return None;
    }
    compile(&declared, findings)
}

/// Reads the text of `file`. What cannot be read is told and left out: with an error among the
/// findings the rest is good for nothing but being shown.
pub fn read(sources: &Sources, file: FileId, findings: &mut Diagnostics) -> Declared {
    let text = sources.file(file).map_or("", |source| source.text.as_str());
    let (document, mistakes) = DeTable::parse_recoverable(text);
    let mut found: Vec<Diagnostic> = mistakes.iter().map(|mistake| syntax(file, mistake)).collect();
    let mut declared = Declared { manners: Manners::Exact, ..Declared::default() };
    if found.is_empty() {
        let whole = Span::new(file, document.span());
        Table::visit("", document.get_ref(), whole, &mut found, |root| {
            sections(root, &mut declared);
        });
        declared
            .defaults
            .version
            .get_or_insert_with(|| Spanned::new(Version::V3, Span::new(file, 0..0)));
    }
    found.sort_by_key(|one| one.span().map(|span| span.start));
    findings.extend(found);
    declared
}

/// The tables of the document.
fn sections(root: &mut Table<'_, '_>, declared: &mut Declared) {
    declared.node = root.section("node", node::read).unwrap_or_default();
    let delays = root.section("interface", |table| table.each(links::delay));
    declared.node.link_delays = delays.into_iter().flatten().flatten().collect();
    declared.scripts = root.section("scripts", program::scripts).unwrap_or_default();
    declared.mail = root.section("mail", mail::read).unwrap_or_default();
    declared.daemon = root.section("daemon", daemon::daemon).unwrap_or_default();
    declared.reload = root.section("reload", daemon::reload).unwrap_or_default();
    declared.fixtures = root.section("static", rule::fixtures).unwrap_or_default();
    declared.defaults = root.section("defaults", policy::read).unwrap_or_default();
    declared.trackers = trackers(root);
    let named = root.section("instance", |instances| {
        instances.each(|name, settings| {
            check_name(&name, settings);
            instance::read(Instance::new(name.map(str::to_owned)), settings)
        })
    });
    declared.instances = named.unwrap_or_default();
    let named = root.section("group", |groups| {
        groups.each(|name, settings| {
            check_name(&name, settings);
            group::read(Group::new(name.map(str::to_owned)), settings)
        })
    });
    declared.groups = named.unwrap_or_default();
}

/// The tables of everything that is watched.
fn trackers(root: &mut Table<'_, '_>) -> Vec<Tracker> {
    let mut all = Vec::new();
    let kinds: [(_, TrackerReader); 3] =
        [("script", trackers::script), ("file", trackers::file), ("process", trackers::process)];
    for (key, read) in kinds {
        let named = root.section(key, |trackers| {
            trackers.each(|name, settings| {
                check_name(&name, settings);
                read(name.map(str::to_owned), settings)
            })
        });
        all.extend(named.unwrap_or_default());
    }
    all
}

/// Reads the table of one tracker.
type TrackerReader = fn(Spanned<String>, &mut Table<'_, '_>) -> Tracker;

fn check_name(name: &Spanned<&str>, settings: &mut Table<'_, '_>) {
    if let Err(mistake) = judge_name(name.value) {
        settings.tell(name.value, name.span, mistake);
    }
}

/// Checks a name: it goes into logs, labels and the lines of keepalived's files.
fn judge_name(name: &str) -> Result<(), Mistake> {
    let odd = |c: char| c.is_control() || c == '"';
    if name.trim() != name || name.is_empty() || name.chars().any(odd) {
        let told = "is no name: it is empty, or has quotes, control characters or outer blanks";
        return Err(Mistake::value(told).help("letters, digits, `-`, `_` and `.` are always right"));
    }
    Ok(())
}

/// A finding of the TOML parser.
fn syntax(file: FileId, mistake: &toml::de::Error) -> Diagnostic {
    let told = Diagnostic::error("toml-syntax", mistake.message().trim().replace('\n', ", "));
    match mistake.span() {
        Some(range) => told.at(Span::new(file, range), ""),
        None => told,
    }
}

#[cfg(test)]
mod tests;
