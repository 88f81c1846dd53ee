//! `[group.NAME]`: instances that are Active together or not at all.

use super::table::Table;
use super::value::{self, Mistake, Read, Value};
use super::{program, trackers};
use crate::config::declared::Group;
use crate::config::source::{Span, Spanned};

/// Reads `[group.NAME]` into `named`, of which only the name is known.
pub(super) fn read(named: Group, table: &mut Table<'_, '_>) -> Group {
    let members = table.list("members", member, |table| {
        table.tell("members", table.span(), Mistake::value("takes names of instances, no table"));
        None
    });
    let (tracked_interfaces, tracked) = trackers::track(table);
    let hooks = table.section("notify", program::group_hooks).unwrap_or_default();
    Group { members, tracked_interfaces, tracked, hooks, ..named }
}

/// The name of an instance.
fn member(value: Value<'_>, span: Span) -> Read<Spanned<String>> {
    match value::text(value)? {
        "" => Err(Mistake::value("is empty")),
        name => Ok(Spanned::new(name.to_owned(), span)),
    }
}
