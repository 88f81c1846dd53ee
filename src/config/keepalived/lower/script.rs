//! Scripts as far as keepalived's configuration test judges them: whether they are there, defined
//! before they are used, and secured.

use std::collections::HashSet;

use super::super::lex::Word;
use super::super::parse::Statement;
use super::super::{NO_PROGRAM, SCRIPT_SECURITY};
use crate::config::diagnostic::{Diagnostic, Diagnostics, Verdict};
use crate::config::source::{Sources, Span};

/// Reports what is wrong with scripts, in the order of writing.
pub(super) fn check(statements: &[Statement], sources: &Sources, found: &mut Diagnostics) {
    let mut check = Check { sources, found, defined: HashSet::new(), unsecured: None };
    for statement in statements {
        check.statement(statement);
    }
    let unsecured = check.unsecured;
    if let Some(place) = unsecured.filter(|_| !is_secured(statements)) {
        let message = "scripts are not checked against being changed by others than root";
        found.push(
            Diagnostic::note(SCRIPT_SECURITY, message)
                .at(place, "")
                .help("write enable_script_security and script_user in global_defs")
                .verdict(Verdict::Security),
        );
    }
}

struct Check<'a> {
    sources: &'a Sources,
    found: &'a mut Diagnostics,
    /// The scripts that may be tracked from here on.
    defined: HashSet<&'a str>,
    /// Where a program is named that is there.
    unsecured: Option<Span>,
}

impl<'a> Check<'a> {
    fn statement(&mut self, statement: &'a Statement) {
        match statement.keyword.name {
            "vrrp_script" => self.definition(statement),
            "track_script" => self.references(statement),
            name if is_hook(name) => {
                if let Some(word) = statement.argument() {
                    self.is_missing(word);
                }
            }
            _ => {
                for inner in statement.block() {
                    self.statement(inner);
                }
            }
        }
    }

    fn definition(&mut self, statement: &'a Statement) {
        let Some(name) = statement.argument() else {
            return;
        };
        let mut scripts = statement.block().iter();
        let command = scripts.find(|it| it.keyword.name == "script");
        match command.and_then(Statement::argument) {
            None => self.warn("no-script", format!("{} names no script", name.value), name.span),
            Some(command) if self.is_missing(command) => {
                let program = program(&command.value);
                self.warn(NO_PROGRAM, format!("there is no program {program}"), command.span);
                // keepalived keeps the name and never runs it.
                self.defined.insert(&name.value);
            }
            Some(_) => {
                self.defined.insert(&name.value);
            }
        }
    }

    fn references(&mut self, statement: &'a Statement) {
        for name in statement.entries().iter().filter_map(|it| it.first()) {
            if !self.defined.contains(name.value.as_str()) {
                let message = format!("no script {} is defined before this line", name.value);
                self.warn("no-script", message, name.span);
            }
        }
    }

    /// Whether the program of a command is known to be missing. One that is there is remembered.
    fn is_missing(&mut self, command: &Word) -> bool {
        let program = program(&command.value);
        if program.starts_with('<') {
            return false;
        }
        let there = self.sources.has_program(program);
        if there == Some(true) {
            self.unsecured.get_or_insert(command.span);
        }
        there == Some(false)
    }

    fn warn(&mut self, code: &'static str, message: String, place: Span) {
        let warning = Diagnostic::warning(code, message).at(place, "keepalived leaves it out");
        self.found.push(warning);
    }
}

/// Whether `enable_script_security` stands anywhere.
fn is_secured(statements: &[Statement]) -> bool {
    let globals = statements.iter().filter(|it| it.keyword.name == "global_defs");
    globals.flat_map(|it| it.block()).any(|it| it.keyword.name == "enable_script_security")
}

/// Whether the keyword names a script that is run on an event.
fn is_hook(name: &str) -> bool {
    match name {
        "startup_script" | "shutdown_script" => true,
        "notify_fifo" | "vrrp_notify_fifo" | "lvs_notify_fifo" => false,
        "notify_priority_changes" => false,
        _ => name.starts_with("notify"),
    }
}

/// The program of a command.
fn program(command: &str) -> &str {
    let command = command.trim_start_matches(['\'', '"', ' ', '\t']);
    let end = command.find(['\'', '"', ' ', '\t']);
    end.and_then(|end| command.get(..end)).unwrap_or(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_the_commands_first_word() {
        for (command, expected) in
            [("/a/b.sh x", "/a/b.sh"), ("'/a/b.sh' x", "/a/b.sh"), ("killall", "killall"), ("", "")]
        {
            assert_eq!(program(command), expected, "{command:?}");
        }
    }
}
