//! `vrrp_sync_group`.

use super::super::parse::Statement;
use super::Lower;
use super::instance::tidy_name;
use crate::config::declared::Group;
use crate::config::diagnostic::Diagnostic;
use crate::config::source::{Span, Spanned};

impl Lower<'_> {
    /// Takes over one sync group; without a name there is none.
    pub(super) fn sync_group(&mut self, statement: &Statement) {
        let [keyword, name] = statement.words.as_slice() else {
            if let Some(place) = statement.place() {
                let message = "vrrp_sync_group takes exactly one name";
                self.warn("no-name", message, place, "the whole block is left out");
            }
            return;
        };
        let place = Span::to(keyword.span, name.span);
        let tidy = tidy_name(&name.value);
        if let Some(first) = self.groups.get(&tidy).copied() {
            self.found.push(
                Diagnostic::warning("duplicate-group", format!("{tidy} is defined twice"))
                    .at(place, "this whole block is left out")
                    .at(first, "this one counts")
                    .help("give the second one another name"),
            );
            return;
        }
        self.groups.insert(tidy.clone(), place);
        let mut group = Group::new(Spanned::new(tidy, place));
        for inner in statement.block() {
            self.group_setting(&mut group, inner);
        }
        self.declared.groups.push(group);
    }

    /// Takes over one statement; `false` if the keyword is none of those that work.
    pub(super) fn group_setting(&mut self, group: &mut Group, statement: &Statement) -> bool {
        let Some(place) = statement.place() else {
            return false;
        };
        match statement.keyword.name {
            "group" => self.members(group, statement, place),
            "track_interface" => {
                group.tracked_interfaces.extend(self.tracked_interfaces(statement));
            }
            "track_script" | "track_file" | "track_process" => {
                group.tracked.extend(self.tracked(statement).into_iter().flatten());
            }
            "sync_group_tracking_weight" => group.member_weights = Some(Spanned::new(true, place)),
            "global_tracking" => {
                let message = "global_tracking is an old word for sync_group_tracking_weight";
                self.warn("old-word", message, place, "weights of the members count");
                group.member_weights = Some(Spanned::new(true, place));
            }
            _ => return self.hook(&mut group.hooks, statement),
        }
        true
    }

    /// The members, of which several may stand on a line; a second list is not read.
    fn members(&mut self, group: &mut Group, statement: &Statement, place: Span) {
        let names = statement.entries().iter().flatten();
        let names: Vec<Spanned<String>> =
            names.map(|it| Spanned::new(tidy_name(&it.value), it.span)).collect();
        if let Some(first) = &group.members {
            self.found.push(
                Diagnostic::warning("second-list", "a group has one list of members")
                    .at(place, "this one is left out")
                    .at(first.span, "this one counts"),
            );
            return;
        }
        group.members = Some(Spanned::new(names, place));
    }
}
