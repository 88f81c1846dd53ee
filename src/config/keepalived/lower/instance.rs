//! `vrrp_instance`.

use std::time::Duration;

use super::super::lex::Word;
use super::super::parse::Statement;
use super::Lower;
use crate::config::declared::{AuthKind, InitialState, Instance, Setting, TrackedInterface};
use crate::config::source::{Span, Spanned};
use crate::types::{Family, LinkName, Priority, Vrid, Weight};

impl Lower<'_> {
    /// Takes over one instance; without a name there is none.
    pub(super) fn instance(&mut self, statement: &Statement) {
        let [keyword, name] = statement.words.as_slice() else {
            if let Some(place) = statement.place() {
                let message = "vrrp_instance takes exactly one name";
                self.warn("no-name", message, place, "the whole block is left out");
            }
            return;
        };
        let place = Span::to(keyword.span, name.span);
        let tidy = tidy_name(&name.value);
        if tidy != name.value {
            let message = format!("the name is read as `{tidy}`");
            let odd = "it has quotes, control characters or outer blanks";
            self.warn("odd-name", message, name.span, odd);
        }
        if let Some(first) = self.names.get(&tidy).copied() {
            let warning = crate::config::diagnostic::Diagnostic::warning(
                "duplicate-instance",
                format!("{tidy} is defined twice"),
            );
            let warning = warning
                .at(place, "this whole block is left out")
                .at(first, "this one counts")
                .help("give the second one another name");
            self.found.push(warning);
            return;
        }
        self.names.insert(tidy.clone(), place);
        let mut instance = Instance::new(Spanned::new(tidy, place));
        for inner in statement.block() {
            self.setting(&mut instance, inner);
        }
        self.declared.instances.push(instance);
    }

    /// Takes over one statement; `false` if the keyword is none of those that work.
    pub(super) fn setting(&mut self, instance: &mut Instance, statement: &Statement) -> bool {
        let said = |value| statement.place().map(|place| Spanned::new(value, place));
        match statement.keyword.name {
            "state" => instance.state = self.state(statement, instance.state),
            "interface" => {
                let link = statement.argument().and_then(|it| self.own_link(it));
                instance.interface = link.or(instance.interface);
            }
            "virtual_router_id" => {
                let number = self.number(statement, 1..=255_u8);
                let vrid =
                    number.and_then(|it| Some(Spanned::new(Vrid::new(it.value).ok()?, it.span)));
                instance.vrid = vrid.or(instance.vrid);
            }
            "priority" => instance.priority = self.priority(statement),
            "advert_int" => {
                let range = Duration::from_millis(10)..=Duration::from_secs(255);
                instance.interval = self.seconds(statement, range).or(instance.interval);
            }
            "native_ipv6" => self.native_ipv6(instance, statement),
            "authentication" => self.authentication(instance, statement),
            "auth_hmac" => self.hmac(instance, statement),
            "unicast_src_ip" | "mcast_src_ip" => self.source(instance, statement),
            "mcast_dst_ip" => self.group_of(instance, statement),
            "unicast_peer" => self.peers(instance, statement),
            "old_unicast_checksum" => self.old_checksum(instance, statement),
            "unicast_ttl" => instance.ttl = self.number(statement, 0..=255),
            "virtual_ipaddress" => self.addresses(instance, statement),
            "virtual_ipaddress_excluded" => self.excluded(instance, statement),
            "virtual_routes" => {
                let routes = self.routes(statement);
                instance.routes.extend(routes);
            }
            "virtual_rules" => {
                let rules = self.rules(statement);
                instance.rules.extend(rules);
            }
            "no_virtual_ipaddress" => instance.no_addresses = said(true),
            "nopreempt" => instance.preempt = said(false),
            "preempt" => instance.preempt = said(true),
            "preempt_delay" => {
                let range = Duration::ZERO..=Duration::from_secs(1000);
                instance.preempt_delay = self.seconds(statement, range);
            }
            "track_interface" => {
                instance.tracked_interfaces.extend(self.tracked_interfaces(statement));
            }
            "track_script" | "track_file" | "track_process" => {
                instance.tracked.extend(self.tracked(statement).into_iter().flatten());
            }
            "dont_track_primary" => instance.track_primary = said(false),
            _ if self.hook(&mut instance.hooks, statement) => {}
            _ if self.interfaces(instance, statement) => {}
            _ => return self.policy(instance, statement),
        }
        true
    }

    /// What could also stand in global_defs.
    fn policy(&mut self, instance: &mut Instance, statement: &Statement) -> bool {
        let mut policy = instance.policy;
        let negated = |answer: Setting<bool>| answer.map(|it| it.map(|it| !it));
        match statement.keyword.name {
            "version" => {
                let version = self.version(statement);
                match (policy.version, version) {
                    (Some(first), Some(other)) if first.value != other.value => {
                        let message = format!("the version is {} already", first.value);
                        self.warn("bad-value", message, other.span, "ignored");
                    }
                    (first, other) => policy.version = first.or(other),
                }
            }
            "strict_mode" => policy.strict = self.answer(statement),
            "down_timer_adverts" => policy.down_adverts = self.number(statement, 1..=100),
            "check_unicast_src" => policy.check_source = self.answer(statement),
            "v3_checksum_as_v2" => policy.checksum = self.checksum(statement),
            "lower_prio_no_advert" => policy.answer_lower = negated(self.answer(statement)),
            "higher_prio_send_advert" => policy.answer_higher = self.answer(statement),
            "skip_check_adv_addr" => policy.skip_address_check = self.answer(statement),
            "fast_release" => policy.fast_release = self.fast_release(statement),
            name => {
                let mut announce = policy.announce;
                let known = self.announce(name, statement, &mut announce);
                instance.policy.announce = announce;
                return known;
            }
        }
        instance.policy = policy;
        true
    }

    /// The interface of the adverts, which the loopback cannot be.
    fn own_link(&mut self, word: &Word) -> Setting<LinkName> {
        if word.value == "lo" {
            self.bad(word, "no advert can travel on the loopback", "ignored");
            return None;
        }
        self.link(word)
    }

    fn state(
        &mut self,
        statement: &Statement,
        before: Setting<InitialState>,
    ) -> Setting<InitialState> {
        let word = statement.argument()?;
        let state = match word.value.as_str() {
            "MASTER" => InitialState::Active,
            "BACKUP" if before.is_some_and(|it| it.value == InitialState::Active) => {
                self.bad(word, "the state is MASTER already", "ignored");
                return before;
            }
            "BACKUP" => InitialState::Backup,
            _ => {
                let message = format!("{} is neither MASTER nor BACKUP", word.value);
                self.bad(word, message, "taken for BACKUP");
                InitialState::Backup
            }
        };
        Some(Spanned::new(state, word.span))
    }

    /// The priority; one that cannot be understood is the usual one, also beside `state MASTER`.
    fn priority(&mut self, statement: &Statement) -> Setting<Priority> {
        let word = statement.argument()?;
        let number = self.number(statement, 1..=255_u8);
        let priority = number.map_or(Priority::DEFAULT, |it| Priority::new(it.value));
        Some(Spanned::new(priority, word.span))
    }

    fn native_ipv6(&mut self, instance: &mut Instance, statement: &Statement) {
        let Some(place) = statement.place() else {
            return;
        };
        let said = Spanned::new(Family::V6, place);
        if instance.family.get_or_insert(said).value == Family::V4 {
            let message = "an instance with IPv4 addresses cannot be one of IPv6";
            self.warn("wrong-family", message, place, "ignored");
        }
    }

    fn authentication(&mut self, instance: &mut Instance, statement: &Statement) {
        for inner in statement.block() {
            let Some(word) = inner.argument() else {
                continue;
            };
            match (inner.keyword.name, word.value.as_str()) {
                ("auth_type", "PASS") => {
                    instance.auth_kind = Some(Spanned::new(AuthKind::Pass, word.span));
                }
                ("auth_type", "AH") => {
                    instance.auth_kind = Some(Spanned::new(AuthKind::Ah, word.span));
                }
                ("auth_type", other) => {
                    let message = format!("{other} is neither PASS nor AH");
                    self.bad(word, message, "no authentication is used");
                }
                (_, pass) => instance.auth_pass = Some(Spanned::new(pass.to_owned(), word.span)),
            }
        }
    }

    /// A keyed hash: unless it is optional, peers refuse adverts without it.
    fn hmac(&mut self, instance: &mut Instance, statement: &Statement) {
        let mode = statement.block().iter().find(|it| it.keyword.name == "mode");
        let mode = mode.and_then(Statement::argument).map(|it| it.value.as_str());
        let Some(place) = statement.place() else {
            return;
        };
        if matches!(mode, Some("permissive" | "receive-only")) {
            let message =
                "auth_hmac: not done by this version; adverts are neither signed nor checked";
            self.warn("not-done", message, place, "");
        } else {
            instance.auth_kind = Some(Spanned::new(AuthKind::Hmac, place));
        }
    }

    /// The interfaces that are tracked, one to a line.
    pub(super) fn tracked_interfaces(&mut self, statement: &Statement) -> Vec<TrackedInterface> {
        let mut all = Vec::new();
        for entry in statement.entries() {
            let [name, options @ ..] = entry.as_slice() else {
                continue;
            };
            let Some(link) = self.link(name) else {
                continue;
            };
            let mut tracked = TrackedInterface { link, weight: None, reverse: None };
            let mut options = options.iter();
            while let Some(option) = options.next() {
                match option.value.as_str() {
                    "weight" => match options.next() {
                        Some(weight) => tracked.weight = self.weight(weight),
                        None => self.bad(option, "a weight without its number", "ignored"),
                    },
                    "reverse" | "noreverse" if tracked.weight.is_some() => {
                        let reverse = option.value == "reverse";
                        tracked.reverse = Some(Spanned::new(reverse, option.span));
                    }
                    other => {
                        let message = format!("{other} is not known here");
                        self.bad(option, message, "ignored");
                    }
                }
            }
            all.push(tracked);
        }
        all
    }

    /// A weight; 254 either way is a little too much and becomes 253.
    pub(super) fn weight(&mut self, word: &Word) -> Setting<Weight> {
        let number = self.number_of(word, -254..=254_i16)?;
        let weight = Weight::new(number.value.clamp(-253, 253)).ok()?;
        if number.value.abs() == 254 {
            self.bad(word, "the greatest weight is 253 either way", "taken for it");
        }
        Some(Spanned::new(weight, number.span))
    }
}

/// The name without what must not get into logs, labels and files: each quote and control
/// character becomes `_`, blanks around it go.
pub(super) fn tidy_name(name: &str) -> String {
    let tidy = |c: char| if c.is_control() || c == '"' { '_' } else { c };
    let name: String = name.trim().chars().map(tidy).collect();
    if name.is_empty() { "_".to_owned() } else { name }
}
