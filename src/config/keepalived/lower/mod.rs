//! From statements to declarations, a file per block.

mod address;
mod global;
mod instance;
mod pending;
mod script;
mod unicast;
mod value;

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
        found,
    };
    for statement in statements {
        lower.root(statement);
    }
    let declared = lower.declared;
    script::check(statements, sources, found);
    pending::report(statements, found);
    declared
}

/// What is declared so far, and where findings go.
struct Lower<'a> {
    declared: Declared,
    /// The instances so far, and where their names stand.
    names: HashMap<String, Span>,
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
            _ => {}
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
