//! One word of warning for each kind of thing that is written and not done.

use super::super::keywords::{Status, Tier};
use super::super::parse::Statement;
use crate::config::diagnostic::{Diagnostic, Diagnostics, Verdict};
use crate::config::source::Span;

/// Reports every keyword that is recognised and not done, those of one effect together, the
/// common ones first.
pub(super) fn report(statements: &[Statement], found: &mut Diagnostics) {
    let mut kinds: Vec<Kind> = Vec::new();
    collect(statements, &mut kinds);
    kinds.sort_by_key(|kind| kind.tier);
    for kind in kinds {
        let names = kind.names.join(", ");
        let mut warning = Diagnostic::warning("not-done", format!("{names}: {}", kind.effect))
            .verdict(Verdict::Silent);
        let mut places = kind.places.into_iter();
        if let Some(first) = places.next() {
            let label = match places.len() {
                0 => String::new(),
                more => format!("and {more} more"),
            };
            warning = warning.at(first, label);
        }
        found.push(warning);
    }
}

/// What has one effect.
struct Kind {
    effect: &'static str,
    tier: Tier,
    names: Vec<&'static str>,
    places: Vec<Span>,
}

fn collect(statements: &[Statement], kinds: &mut Vec<Kind>) {
    for statement in statements {
        let name = statement.keyword.name;
        if let Status::Pending(effect) = statement.keyword.status {
            let known = kinds.iter().position(|kind| kind.effect == effect);
            let index = known.unwrap_or_else(|| {
                kinds.push(Kind {
                    effect,
                    tier: statement.keyword.tier,
                    names: Vec::new(),
                    places: Vec::new(),
                });
                kinds.len() - 1
            });
            if let Some(kind) = kinds.get_mut(index) {
                kind.places.extend(statement.place());
                if !kind.names.contains(&name) {
                    kind.names.push(name);
                }
            }
        }
        collect(statement.block(), kinds);
    }
}
