//! From statements to declarations, a file per block.

mod address;
mod daemon;
mod entry;
mod fixtures;
mod global;
mod group;
mod hooks;
mod instance;
mod links;
mod mail;
mod names;
mod pending;
mod route;
mod rule;
mod script;
mod trackers;
mod unheeded;
mod unicast;
mod value;
mod vmac;

pub(in crate::config) use daemon::is_file_name;

use std::collections::HashMap;

use super::lex::Word;
use super::parse::Statement;
use crate::config::declared::Declared;
use crate::config::diagnostic::{Diagnostic, Diagnostics};
use crate::config::source::{Sources, Span};

/// What the statements declare.
///
/// `global_defs` counts wherever it stands: keepalived's parent reads it before its children read
/// the rest.
pub(super) fn lower(
    statements: &[Statement],
    sources: &Sources,
    found: &mut Diagnostics,
) -> Declared {
    let mut lower = Lower {
        declared: Declared::default(),
        names: HashMap::new(),
        groups: HashMap::new(),
        within_fixtures: false,
        sources,
        found,
    };
    for statement in statements {
        lower.root(statement);
    }
    let declared = lower.declared;
    script::check(statements, sources, found);
    unheeded::check(statements, found);
    pending::report(statements, found);
    declared
}

/// What is declared so far, and where findings go.
struct Lower<'a> {
    declared: Declared,
    /// The instances so far, and where their names stand.
    names: HashMap<String, Span>,
    /// The sync groups so far, and where their names stand.
    groups: HashMap<String, Span>,
    /// What is read is the node's own and no instance's.
    within_fixtures: bool,
    sources: &'a Sources,
    found: &'a mut Diagnostics,
}

impl Lower<'_> {
    fn root(&mut self, statement: &Statement) {
        match statement.keyword.name {
            "global_defs" => {
                for inner in statement.block() {
                    self.global(inner);
                }
            }
            "vrrp_instance" => self.instance(statement),
            "vrrp_sync_group" => self.sync_group(statement),
            _ if self.daemon_at_root(statement) => {}
            _ => {
                let _known =
                    self.tracker(statement) || self.fixtures(statement) || self.links(statement);
            }
        }
    }

    /// Something that is left out because it cannot be understood.
    fn bad(&mut self, word: &Word, message: impl Into<String>, label: &'static str) {
        self.warn("bad-value", message, word.span, label);
    }

    fn warn(
        &mut self,
        code: &'static str,
        message: impl Into<String>,
        place: Span,
        label: &'static str,
    ) {
        let warning = Diagnostic::warning(code, message).at(place, label);
        self.found.push(warning);
    }
}

#[cfg(test)]
mod tests {
    use super::super::keywords::{self, Keyword, ROOT, Shape, Status};
    use super::super::parse::Body;
    use super::*;
    use crate::config::declared::{File, Group, Instance, Process, Script, Tracker, Watch};
    use crate::config::source::Spanned;

    /// A bare statement of each keyword of a root block that is said to work.
    fn working(block: &str) -> Vec<Statement> {
        let Some(Shape::Block(inner)) = keywords::find(ROOT, block).map(|it| it.shape) else {
            panic!("{block} is a block");
        };
        let file = Sources::sealed().add("a", "").unwrap();
        let statement = |keyword: &'static Keyword| Statement {
            keyword,
            words: vec![Word::new(keyword.name.to_owned(), Span::new(file, 0..0))],
            body: Body::None,
        };
        let working = inner.iter().filter(|it| it.status == Status::Works);
        working.map(statement).collect()
    }

    #[test]
    fn what_is_said_to_work_is_taken_over() {
        let mut found = Diagnostics::default();
        let mut lower = Lower {
            declared: Declared::default(),
            names: HashMap::new(),
            within_fixtures: false,
            sources: &Sources::sealed(),
            groups: HashMap::new(),
            found: &mut found,
        };
        for statement in working("global_defs") {
            assert!(lower.global(&statement), "{}", statement.keyword.name);
        }
        for statement in &working("vrrp_instance") {
            let name = Spanned::new("A".to_owned(), statement.place().unwrap());
            let mut instance = Instance::new(name);
            let taken = lower.setting(&mut instance, statement);
            assert!(taken, "{}", statement.keyword.name);
        }
        for statement in &working("vrrp_sync_group") {
            let name = Spanned::new("A".to_owned(), statement.place().unwrap());
            let taken = lower.group_setting(&mut Group::new(name), statement);
            assert!(taken, "{}", statement.keyword.name);
        }
        for (block, watch) in [
            ("vrrp_script", Watch::Script(Script::default())),
            ("track_file", Watch::File(File::default())),
            ("vrrp_track_process", Watch::Process(Process::default())),
        ] {
            for statement in &working(block) {
                let name = Spanned::new("A".to_owned(), statement.place().unwrap());
                let watch = watch.clone();
                let mut tracker = Tracker { name, weight: None, reverse: None, watch };
                let taken = lower.tracker_setting(&mut tracker, statement);
                assert!(taken, "{}", statement.keyword.name);
            }
        }
    }
}
