//! Where an instance's adverts come from and go to. Whatever is written first fixes the family.

use super::super::lex::Word;
use super::super::parse::Statement;
use super::Lower;
use crate::config::declared::{Instance, Peer};
use crate::config::model::ChecksumForm;
use crate::config::source::Spanned;
use crate::types::Family;

impl Lower<'_> {
    pub(super) fn source(&mut self, instance: &mut Instance, statement: &Statement) {
        if statement.keyword.name == "unicast_src_ip" {
            expect_peers(instance, statement);
        }
        let Some(source) = self.address(statement) else {
            return;
        };
        if self.is_of_family(instance, &source, "source address") {
            instance.source = Some(source);
        }
    }

    /// `old_unicast_checksum [never]`
    pub(super) fn old_checksum(&mut self, instance: &mut Instance, statement: &Statement) {
        expect_peers(instance, statement);
        let form = match statement.argument() {
            None => ChecksumForm::OldUnicast,
            Some(word) if word.value == "never" => ChecksumForm::PseudoHeaderOnly,
            Some(word) => {
                let message = format!("{} is not never, nor nothing", word.value);
                return self.bad(word, message, "ignored");
            }
        };
        let place = statement.place();
        instance.policy.checksum = place.map(|place| Spanned::new(form, place));
    }

    pub(super) fn group_of(&mut self, instance: &mut Instance, statement: &Statement) {
        let Some(group) = self.address(statement) else {
            return;
        };
        if !group.value.is_multicast() {
            let message = format!("{} is not a multicast group", group.value);
            self.warn("bad-value", message, group.span, "ignored");
        } else if self.is_of_family(instance, &group, "group") {
            instance.group = Some(group);
        }
    }

    pub(super) fn peers(&mut self, instance: &mut Instance, statement: &Statement) {
        let mut peers = instance.peers.take().map(|it| it.value).unwrap_or_default();
        for entry in statement.entries() {
            let [first, options @ ..] = entry.as_slice() else {
                continue;
            };
            let Some(address) = self.address_of(first) else {
                continue;
            };
            if !self.is_of_family(instance, &address, "peer") {
                continue;
            }
            let place = entry.last().map_or(first.span, |it| first.span.to(it.span));
            let mut peer = Peer { address: address.value, min_ttl: None, max_ttl: None };
            self.peer_options(&mut peer, options);
            peers.push(Spanned::new(peer, place));
        }
        instance.peers = statement.place().map(|place| Spanned::new(peers, place));
    }

    fn peer_options(&mut self, peer: &mut Peer, options: &[Word]) {
        for option in options.chunks(2) {
            match option {
                [name, value] if name.value == "min_ttl" => {
                    peer.min_ttl = self.number_of(value, 0..=255);
                }
                [name, value] if name.value == "max_ttl" => {
                    peer.max_ttl = self.number_of(value, 0..=255);
                }
                [name, ..] => {
                    let message = format!("{} is not known here", name.value);
                    self.bad(name, message, "ignored");
                }
                [] => {}
            }
        }
    }

    /// Whether `address` is of the instance's family, which it fixes if nothing did so before.
    pub(super) fn is_of_family(
        &mut self,
        instance: &mut Instance,
        address: &Spanned<std::net::IpAddr>,
        what: &str,
    ) -> bool {
        let family = Family::of(address.value);
        let fixed = *instance.family.get_or_insert_with(|| Spanned::new(family, address.span));
        if fixed.value == family {
            return true;
        }
        let warning = crate::config::diagnostic::Diagnostic::warning(
            "wrong-family",
            format!("the {what} {} is not an {} address", address.value, fixed.value),
        );
        let warning = warning
            .at(address.span, "left out")
            .at(fixed.span, "what the instance begins with counts");
        self.found.push(warning);
        false
    }
}

/// A word that means something with unicast peers only: without any, it is told.
fn expect_peers(instance: &mut Instance, statement: &Statement) {
    if instance.peers.is_none() {
        let place = statement.place();
        instance.peers = place.map(|place| Spanned::new(Vec::new(), place));
    }
}
