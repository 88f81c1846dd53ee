//! Entries of `virtual_ipaddress` and `virtual_ipaddress_excluded`.

use std::net::{IpAddr, Ipv4Addr};

use super::super::lex::Word;
use super::super::parse::Statement;
use super::Lower;
use crate::config::declared::{Address, Instance, Setting};
use crate::config::diagnostic::{Diagnostic, Verdict};
use crate::config::source::Spanned;
use crate::types::{Broadcast, Family, LinkName, Scope};

impl Lower<'_> {
    pub(super) fn addresses(&mut self, instance: &mut Instance, statement: &Statement) {
        for entry in statement.entries() {
            let Some(address) = self.entry(entry) else {
                continue;
            };
            let family = Family::of(address.ip.value);
            instance.family.get_or_insert_with(|| Spanned::new(family, address.ip.span));
            instance.addresses.push(address);
        }
    }

    pub(super) fn excluded(&mut self, instance: &mut Instance, statement: &Statement) {
        for entry in statement.entries() {
            instance.excluded.extend(self.entry(entry));
        }
    }

    /// One entry; `None` where keepalived drops the address.
    pub(super) fn entry(&mut self, entry: &[Word]) -> Option<Address> {
        let [first, options @ ..] = entry else {
            return None;
        };
        let place = entry.last().map_or(first.span, |it| first.span.to(it.span));
        let ip = self.virtual_address(first)?;
        let mut address = Address::new(ip, place);
        address.prefix = self.prefix(first, ip.value);
        let mut options = options.iter();
        while let Some(option) = options.next() {
            if Self::flag(&mut address, option) {
                continue;
            }
            if !takes_value(&option.value) {
                let message = format!("{} is not known here", option.value);
                self.bad(option, message, "ignored");
                continue;
            }
            let Some(value) = options.next() else {
                let message = format!("a word is missing behind {}", option.value);
                self.bad(option, message, "the whole address is left out");
                return None;
            };
            self.option(&mut address, option, value)?;
        }
        if let (Some(peer), Some(prefix)) = (address.peer, address.prefix) {
            let bits = Family::of(peer.value.0).bits();
            if prefix.value != bits {
                let message = "an address with a peer has no prefix of its own";
                self.warn("bad-value", message, prefix.span, "ignored");
            }
            address.prefix = Some(Spanned::new(bits, prefix.span));
        }
        Some(address)
    }

    fn virtual_address(&mut self, word: &Word) -> Option<Spanned<IpAddr>> {
        let text = word.value.split_once('/').map_or(word.value.as_str(), |it| it.0);
        match text.parse() {
            Ok(ip) => Some(Spanned::new(ip, word.span)),
            Err(_) => {
                let message = format!("{} is not an IP address", word.value);
                self.bad(word, message, "not held");
                None
            }
        }
    }

    /// The prefix; one that is out of bounds is the whole address, a missing one behind `/` is 0.
    fn prefix(&mut self, word: &Word, ip: IpAddr) -> Setting<u8> {
        let (_, text) = word.value.split_once('/')?;
        let bits = Family::of(ip).bits();
        if text.is_empty() {
            self.found.push(
                Diagnostic::warning("empty-prefix", format!("{ip} gets the prefix 0"))
                    .at(word.span, "the whole Internet is taken to be on this link")
                    .help("write the length of the prefix behind the slash, or drop the slash")
                    .verdict(Verdict::Silent),
            );
            return Some(Spanned::new(0, word.span));
        }
        let prefix = text.parse().ok().filter(|prefix| *prefix <= bits);
        if prefix.is_none() {
            let message = format!("{text} is not a prefix from 0 to {bits}");
            self.found.push(
                Diagnostic::warning("bad-value", message).at(word.span, format!("{bits} is used")),
            );
        }
        Some(Spanned::new(prefix.unwrap_or(bits), word.span))
    }

    /// Takes over an option that stands alone; `false` if it is none.
    fn flag(address: &mut Address, option: &Word) -> bool {
        let said = |value| Some(Spanned::new(value, option.span));
        match option.value.as_str() {
            "-nodad" => address.dad = said(true),
            "home" => address.home = said(true),
            "mngtmpaddr" => address.manage_temporary = said(true),
            "noprefixroute" => address.no_prefix_route = said(true),
            "autojoin" => address.auto_join = said(true),
            "no_track" => address.tracked = said(false),
            "use_vmac" => address.vmac = Some(Spanned::new(None, option.span)),
            _ => return false,
        }
        true
    }

    /// Takes over an option with its value; `None` where keepalived drops the address.
    fn option(&mut self, address: &mut Address, option: &Word, value: &Word) -> Option<()> {
        match option.value.as_str() {
            "dev" => address.link = Some(self.link(value)?),
            "scope" => address.scope = self.scope(value).or(address.scope),
            "brd" | "broadcast" => {
                address.broadcast = Some(self.broadcast(value, address.ip.value)?);
            }
            "label" => address.label = Some(self.label(value)?),
            "peer" => address.peer = self.peer(value, address.ip.value),
            "preferred_lft" => address.preferred_secs = self.lifetime(value),
            _ => {}
        }
        Some(())
    }

    fn scope(&mut self, word: &Word) -> Setting<Scope> {
        let scope = match word.value.as_str() {
            "global" => Some(Scope::GLOBAL),
            "site" => Some(Scope::SITE),
            "link" => Some(Scope::LINK),
            "host" => Some(Scope::HOST),
            "nowhere" => Some(Scope(255)),
            number => number.parse().ok().map(Scope),
        };
        if scope.is_none() {
            let message = format!("{} is not a scope", word.value);
            self.bad(word, message, "ignored");
        }
        Some(Spanned::new(scope?, word.span))
    }

    fn broadcast(&mut self, word: &Word, ip: IpAddr) -> Setting<Broadcast> {
        let broadcast = match word.value.as_str() {
            "+" => Some(Broadcast::AllOnes),
            "-" => Some(Broadcast::AllZeros),
            text => text.parse::<Ipv4Addr>().ok().map(Broadcast::Is),
        };
        let broadcast = broadcast.filter(|_| ip.is_ipv4());
        if broadcast.is_none() {
            let message = format!("{} cannot be the broadcast address of {ip}", word.value);
            self.bad(word, message, "the whole address is left out");
        }
        Some(Spanned::new(broadcast?, word.span))
    }

    fn label(&mut self, word: &Word) -> Setting<LinkName> {
        let label = LinkName::new(&word.value);
        if label.is_none() {
            let message = format!("{} cannot be a label: 15 letters at most", word.value);
            self.bad(word, message, "the whole address is left out");
        }
        Some(Spanned::new(label?, word.span))
    }

    fn peer(&mut self, word: &Word, ip: IpAddr) -> Setting<(IpAddr, u8)> {
        let family = Family::of(ip);
        match word.value.parse::<IpAddr>() {
            Ok(peer) if Family::of(peer) == family => {
                Some(Spanned::new((peer, family.bits()), word.span))
            }
            Ok(_) | Err(_) => {
                let message = format!("{} is not an {family} address", word.value);
                self.bad(word, message, "ignored");
                None
            }
        }
    }

    fn lifetime(&mut self, word: &Word) -> Setting<Option<u32>> {
        if word.value == "forever" {
            return Some(Spanned::new(None, word.span));
        }
        let secs = self.number_of(word, 0..=u32::MAX - 1)?;
        Some(secs.map(Some))
    }
}

/// The options that have a value.
fn takes_value(option: &str) -> bool {
    matches!(option, "dev" | "scope" | "brd" | "broadcast" | "label" | "peer" | "preferred_lft")
}
