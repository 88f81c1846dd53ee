//! `static_ipaddress`, `static_routes`, `static_rules` and `track_group`.

use super::super::parse::Statement;
use super::Lower;
use crate::config::source::Spanned;
use crate::types::LinkName;

impl Lower<'_> {
    /// Takes over one block of the root level; `false` if it is none of these.
    pub(super) fn fixtures(&mut self, statement: &Statement) -> bool {
        self.within_fixtures = true;
        match statement.keyword.name {
            "static_ipaddress" => self.static_addresses(statement),
            "static_routes" => {
                let routes = self.routes(statement);
                self.declared.fixtures.routes.extend(routes);
            }
            "static_rules" => {
                let rules = self.rules(statement);
                self.declared.fixtures.rules.extend(rules);
            }
            "track_group" => self.track_group(statement),
            _ => {
                self.within_fixtures = false;
                return false;
            }
        }
        self.within_fixtures = false;
        true
    }

    fn static_addresses(&mut self, statement: &Statement) {
        for entry in statement.entries() {
            let mut group = None;
            let mut words = Vec::with_capacity(entry.len());
            let mut rest = entry.iter();
            while let Some(word) = rest.next() {
                if word.value == "track_group" {
                    group = rest.next().map(|it| Spanned::new(it.value.clone(), it.span));
                } else {
                    words.push(word.clone());
                }
            }
            let Some(mut address) = self.entry(&words) else {
                continue;
            };
            if address.link.is_none() && self.declared.fixtures.interface.is_none() {
                address.link =
                    LinkName::new(USUAL_LINK).map(|link| Spanned::new(link, address.span));
            }
            self.declared.fixtures.addresses.push((address, group));
        }
    }

    fn track_group(&mut self, statement: &Statement) {
        let Some(name) = statement.argument() else {
            if let Some(place) = statement.place() {
                self.warn("no-name", "track_group takes a name", place, "left out");
            }
            return;
        };
        let members = statement.block().iter().filter(|it| it.keyword.name == "group");
        let words = members.flat_map(|it| it.entries().iter().flatten());
        let members = words.map(|it| Spanned::new(it.value.clone(), it.span)).collect();
        let name = Spanned::new(name.value.clone(), name.span);
        self.declared.fixtures.groups.push((name, members));
    }
}

/// What `default_interface` is where nobody says it.
const USUAL_LINK: &str = "eth0";
