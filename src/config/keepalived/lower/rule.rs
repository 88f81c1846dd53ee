//! Entries of `virtual_rules` and `static_rules`.

use super::super::lex::Word;
use super::super::parse::Statement;
use super::Lower;
use super::entry::{Entry, Taken};
use super::names::{self, Kind};
use crate::config::declared::{Rule, Setting};
use crate::config::source::Spanned;
use crate::types::{Family, LinkName, Route, RuleAction};

impl Lower<'_> {
    /// The rules of a block, without those that keepalived drops.
    pub(super) fn rules(&mut self, statement: &Statement) -> Vec<Rule> {
        let entries = statement.entries().iter().filter_map(|words| Entry::new(words));
        entries.filter_map(|entry| self.rule(entry).ok()).collect()
    }

    fn rule(&mut self, mut entry: Entry<'_>) -> Taken<Rule> {
        let mut rule = Rule::new(entry.span);
        while let Some(word) = entry.next() {
            self.rule_word(&mut rule, word, &mut entry)?;
        }
        match (rule.tracked, rule.protocol) {
            (None, Some(protocol)) if protocol.value != Route::PROTOCOL => {
                let message = "a tracked rule has the protocol keepalived";
                self.warn("tracked-protocol", message, protocol.span, "ignored");
                rule.protocol = None;
            }
            // Nobody is named then: keepalived marks only what it tracks.
            (Some(untracked), None) => rule.protocol = Some(untracked.map(|_| 0)),
            (None | Some(_), _) => {}
        }
        Ok(rule)
    }

    fn rule_word(&mut self, rule: &mut Rule, word: &Word, entry: &mut Entry<'_>) -> Taken<()> {
        let place = word.span;
        match word.value.as_str() {
            "inet" => rule.family = Some(Spanned::new(Family::V4, place)),
            "inet6" => rule.family = Some(Spanned::new(Family::V6, place)),
            "not" => rule.negated = Some(Spanned::new(true, place)),
            "from" => {
                let word = self.behind(word, entry)?;
                rule.from = Some(self.network(word)?);
            }
            "to" => {
                let word = self.behind(word, entry)?;
                rule.to = Some(self.network(word)?);
            }
            "iif" | "dev" => rule.input = Some(self.link_behind(word, entry)?),
            "oif" => rule.output = Some(self.link_behind(word, entry)?),
            "fwmark" => rule.mark = Some(self.mark(word, entry)?),
            "tos" | "dsfield" => rule.tos = Some(self.octet(Kind::Service, word, entry)?),
            "priority" | "preference" | "order" => {
                rule.priority = Some(self.digits(u32::MAX, word, entry)?);
            }
            "realms" => rule.realms = Some(self.realms(word, entry)?),
            "suppress_prefixlength" | "sup_pl" => {
                rule.suppress_length = Some(self.digits(128, word, entry)?);
            }
            "suppress_ifgroup" | "sup_group" => {
                rule.suppress_group = Some(self.named(Kind::Group, u32::MAX, word, entry)?);
            }
            "tunnel-id" => {
                let id = self.digits(u32::MAX, word, entry)?;
                rule.tunnel = Some(id.map(u64::from));
            }
            "uidrange" => rule.users = self.range(word, entry)?.or(rule.users),
            "protocol" => {
                let word = self.behind(word, entry)?;
                let number = names::plain(&word.value).and_then(|it| u8::try_from(it).ok());
                if number.is_none() {
                    let message = format!("{} is not a number from 0 to 255", word.value);
                    self.bad(word, message, "ignored");
                }
                rule.protocol = number.map(|it| Spanned::new(it, word.span)).or(rule.protocol);
            }
            "ipproto" => rule.carries = Some(self.carried(word, entry)?),
            "sport" => rule.source_ports = self.ports(word, entry)?.or(rule.source_ports),
            "dport" => {
                rule.destination_ports = self.ports(word, entry)?.or(rule.destination_ports);
            }
            "no_track" => rule.tracked = Some(Spanned::new(false, place)),
            "track_group" if self.within_fixtures => {
                let name = self.behind(word, entry)?;
                rule.group = Some(Spanned::new(name.value.clone(), name.span));
            }
            _ => return self.rule_action(rule, word, entry),
        }
        Ok(())
    }

    fn rule_action(&mut self, rule: &mut Rule, word: &Word, entry: &mut Entry<'_>) -> Taken<()> {
        let action = match word.value.as_str() {
            "table" | "lookup" => {
                let table = self.named(Kind::Table, u32::MAX, word, entry)?;
                RuleAction::Table(table.value)
            }
            "goto" => RuleAction::Goto(self.digits(u32::MAX, word, entry)?.value),
            "nop" => RuleAction::Nop,
            "blackhole" => RuleAction::Blackhole,
            "unreachable" => RuleAction::Unreachable,
            "prohibit" => RuleAction::Prohibit,
            "l3mdev" => RuleAction::Vrf,
            other => {
                let message = format!("{other} is not known here");
                return Err(self.leave_out(word, message));
            }
        };
        if rule.action.is_some() {
            let message = "the rule says twice what becomes of packets".to_owned();
            return Err(self.leave_out(word, message));
        }
        rule.action = Some(Spanned::new(action, word.span));
        Ok(())
    }

    fn link_behind(&mut self, option: &Word, entry: &mut Entry<'_>) -> Taken<Spanned<LinkName>> {
        let word = self.behind(option, entry)?;
        match LinkName::new(&word.value) {
            Some(link) => Ok(Spanned::new(link, word.span)),
            None => {
                let message = format!("{} cannot be an interface's name", word.value);
                Err(self.leave_out(word, message))
            }
        }
    }

    /// `MARK` or `MARK/MASK`.
    fn mark(&mut self, option: &Word, entry: &mut Entry<'_>) -> Taken<Spanned<(u32, u32)>> {
        let word = self.behind(option, entry)?;
        let (mark, mask) = match word.value.split_once('/') {
            Some((mark, mask)) => (names::plain(mark), names::plain(mask)),
            None => (names::plain(&word.value), Some(u32::MAX)),
        };
        match mark.zip(mask) {
            Some(both) => Ok(Spanned::new(both, word.span)),
            None => {
                let message = format!("{} is no mark", word.value);
                Err(self.leave_out(word, message))
            }
        }
    }

    /// `FIRST-LAST`; anything else does not restrict the rule.
    fn range(&mut self, option: &Word, entry: &mut Entry<'_>) -> Taken<Setting<(u32, u32)>> {
        let word = self.behind(option, entry)?;
        let ends = word.value.split_once('-');
        let ends = ends.and_then(|(first, last)| names::plain(first).zip(names::plain(last)));
        match ends.filter(|(first, last)| first <= last) {
            Some(ends) => Ok(Some(Spanned::new(ends, word.span))),
            None => {
                let message = format!("{} is no range such as 1000-1999", word.value);
                self.bad(word, message, "ignored: the rule is for all of them");
                Ok(None)
            }
        }
    }

    fn ports(&mut self, option: &Word, entry: &mut Entry<'_>) -> Taken<Setting<(u16, u16)>> {
        let Some(range) = self.range(option, entry)? else {
            return Ok(None);
        };
        let (first, last) = range.value;
        match (u16::try_from(first), u16::try_from(last)) {
            (Ok(first), Ok(last)) => Ok(Some(range.map(|_| (first, last)))),
            (Err(_), _) | (_, Err(_)) => {
                let message = format!("{first}-{last} are no ports");
                self.bad(option, message, "ignored: the rule is for all of them");
                Ok(None)
            }
        }
    }

    fn carried(&mut self, option: &Word, entry: &mut Entry<'_>) -> Taken<Spanned<u8>> {
        let word = self.behind(option, entry)?;
        let named = CARRIED.iter().find(|(name, _)| *name == word.value).map(|(_, it)| *it);
        let number = || names::plain(&word.value).and_then(|it| u8::try_from(it).ok());
        let number: Setting<u8> = named.or_else(number).map(|it| Spanned::new(it, word.span));
        number.ok_or_else(|| {
            let message = format!("{} is no protocol", word.value);
            self.leave_out(word, message)
        })
    }
}

/// Protocols by name, as in /etc/protocols.
const CARRIED: &[(&str, u8)] = &[
    ("icmp", 1),
    ("igmp", 2),
    ("tcp", 6),
    ("udp", 17),
    ("dccp", 33),
    ("gre", 47),
    ("esp", 50),
    ("ah", 51),
    ("ipv6-icmp", 58),
    ("vrrp", 112),
    ("sctp", 132),
    ("udplite", 136),
];
