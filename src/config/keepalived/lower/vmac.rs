//! Virtual interfaces, and what is kept away from them.

use super::super::lex::Word;
use super::super::parse::Statement;
use super::Lower;
use crate::config::declared::{Instance, Vmac};
use crate::config::diagnostic::Diagnostic;
use crate::config::source::Spanned;
use crate::types::{LinkName, MacAddr};

impl Lower<'_> {
    /// Takes over a keyword of these; `false` for others.
    pub(super) fn interfaces(&mut self, instance: &mut Instance, statement: &Statement) -> bool {
        let said = |value| statement.place().map(|place| Spanned::new(value, place));
        match statement.keyword.name {
            "use_vmac" => self.vmac(instance, statement),
            "vmac_xmit_base" => instance.adverts_from_base = said(true),
            "use_vmac_addr" => instance.address_vmacs = said(true),
            "use_ipvlan" => self.ipvlan(statement),
            "accept" => instance.accept = said(true),
            "no_accept" => instance.accept = said(false),
            "promote_secondaries" => instance.promote_secondaries = said(true),
            _ => return false,
        }
        true
    }

    /// `use_vmac [[name] NAME] [MAC] [group N] [netlink_notify_msg]`
    fn vmac(&mut self, instance: &mut Instance, statement: &Statement) {
        let Some(place) = statement.place() else {
            return;
        };
        let mut vmac = instance.vmac.map(|it| it.value).unwrap_or_default();
        let mut words = statement.words.iter().skip(1).peekable();
        while let Some(word) = words.next() {
            match word.value.as_str() {
                // Tells programs of the interface's changes, as the kernel does here in any case.
                "netlink_notify_msg" => {}
                "name" if words.peek().is_some() => {
                    if let Some(name) = words.next() {
                        self.vmac_name(&mut vmac, name);
                    }
                }
                "group" if words.peek().is_some() => {
                    let number = words.next().and_then(|it| self.number_of(it, 0..=u32::MAX));
                    vmac.group = number.or(vmac.group);
                }
                text if MacAddr::parse(text).is_some() => self.vmac_mac(&mut vmac, word),
                _ => self.vmac_name(&mut vmac, word),
            }
        }
        instance.vmac = Some(Spanned::new(vmac, place));
    }

    fn vmac_name(&mut self, vmac: &mut Vmac, word: &Word) {
        if vmac.name.is_some() {
            return self.bad(word, "the virtual interface has a name already", "ignored");
        }
        match LinkName::new(&word.value) {
            Some(name) => vmac.name = Some(Spanned::new(name, word.span)),
            None => {
                let message = format!("{} cannot be an interface's name", word.value);
                self.bad(word, message, "another name is chosen");
            }
        }
    }

    fn vmac_mac(&mut self, vmac: &mut Vmac, word: &Word) {
        match MacAddr::parse(&word.value) {
            Some(mac) if !mac.is_multicast() => vmac.mac = Some(Spanned::new(mac, word.span)),
            Some(_) | None => {
                let message = format!("{} is not the address of one interface", word.value);
                self.bad(word, message, "the virtual router's own is used");
            }
        }
    }

    /// An interface that shares the hardware address of the one under it: a peer sees what it
    /// would see without.
    fn ipvlan(&mut self, statement: &Statement) {
        let Some(place) = statement.place() else {
            return;
        };
        self.found.push(
            Diagnostic::warning("not-done", "use_ipvlan: no ipvlan interface is made by vipd")
                .at(place, "the addresses stand on the instance's interface")
                .help("use_vmac makes an interface of its own, with the virtual router's MAC"),
        );
    }

    /// `nftables [TABLE]` and its priority, and the words of the packet filter before it.
    pub(super) fn firewall(&mut self, statement: &Statement) -> bool {
        let said = |value| statement.place().map(|place| Spanned::new(value, place));
        let argument = statement.argument();
        match statement.keyword.name {
            "nftables" => {
                let name = argument.map(|it| Spanned::new(it.value.clone(), it.span));
                let table = &mut self.declared.node.firewall_table;
                *table = name.or_else(|| table.take());
            }
            "nftables_priority" => {
                let priority = self.number(statement, i32::MIN..=i32::MAX);
                self.declared.node.firewall_priority = priority;
            }
            "nftables_counters" => self.declared.node.firewall_counters = said(true),
            "vrrp_iptables" => {
                if let Some(place) = statement.place() {
                    let message = "vrrp_iptables: the packet filter is nftables here";
                    let label = "read as `nftables`; chains of iptables are left alone";
                    self.warn("replaced", message, place, label);
                }
            }
            "vmac_prefix" => {
                self.declared.node.vmac_prefix = self.prefix_of_vmacs(statement);
            }
            "vmac_addr_prefix" => {
                self.declared.node.address_vmac_prefix = self.prefix_of_vmacs(statement);
            }
            "disable_local_igmp" => self.declared.node.local_igmp = said(false),
            _ => return false,
        }
        true
    }

    /// What names of interfaces may begin with: room for a dot and a VRID has to be left.
    fn prefix_of_vmacs(
        &mut self,
        statement: &Statement,
    ) -> crate::config::declared::Setting<String> {
        let word = statement.argument()?;
        if LinkName::new(&format!("{}9.255", word.value)).is_none() {
            let message = format!("names of interfaces cannot begin with {}", word.value);
            self.bad(word, message, "ignored");
            return None;
        }
        Some(Spanned::new(word.value.clone(), word.span))
    }
}
