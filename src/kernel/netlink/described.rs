//! Interfaces as the kernel describes them, and the note that one of ours bears.

use netlink_packet_route::link::{
    InfoData, InfoMacVlan, LinkAttribute, LinkInfo, LinkMessage, MacVlanMode,
};

use super::sysctl;
use crate::types::{LinkName, MacAddr};

/// An interface as the kernel describes it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Described {
    pub(super) index: u32,
    pub(super) name: Option<LinkName>,
    /// The interface under it.
    pub(super) base: Option<u32>,
    pub(super) mac: Option<MacAddr>,
    /// Its device group.
    pub(super) group: Option<u32>,
    /// It is a private macvlan.
    pub(super) private: bool,
    pub(super) note: Option<Note>,
}

/// What the interface under a virtual one was like before. It stands in the virtual one's alias,
/// where it outlives whoever wrote it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Note {
    arp_ignore: u8,
    arp_filter: u8,
}

impl Described {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the library knows dozens of attributes, of which a few matter"
    )]
    /// What the message says.
    pub(super) fn of(message: &LinkMessage) -> Self {
        let mut found = Self { index: message.header.index, ..Self::default() };
        for attribute in &message.attributes {
            match attribute {
                LinkAttribute::IfName(name) => found.name = LinkName::new(name),
                LinkAttribute::Link(base) => found.base = Some(*base),
                LinkAttribute::Group(group) => found.group = Some(*group),
                LinkAttribute::Address(octets) => {
                    found.mac = octets.as_slice().try_into().ok().map(MacAddr);
                }
                LinkAttribute::IfAlias(text) => found.note = Note::read(text),
                LinkAttribute::LinkInfo(infos) => {
                    let private = InfoMacVlan::Mode(MacVlanMode::Private);
                    found.private = infos.iter().any(|info| match info {
                        LinkInfo::Data(InfoData::MacVlan(data)) => data.contains(&private),
                        _ => false,
                    });
                }
                _ => {}
            }
        }
        found
    }
}

impl Note {
    /// The settings of IPv4 that it tells of.
    pub(super) const SETTINGS: [&str; 2] = ["arp_ignore", "arp_filter"];

    /// A note of these settings.
    pub(super) fn of(setting: impl Fn(&str) -> Option<String>) -> Self {
        let [arp_ignore, arp_filter] = Self::SETTINGS.map(|name| {
            let value = setting(name).and_then(|it| it.parse().ok());
            value.unwrap_or(0)
        });
        Self { arp_ignore, arp_filter }
    }

    /// What they were.
    pub(super) const fn values(self) -> [u8; 2] {
        [self.arp_ignore, self.arp_filter]
    }

    /// The note as an alias.
    pub(super) fn text(self) -> String {
        let Self { arp_ignore, arp_filter } = self;
        format!("{NOTE}{arp_ignore} {arp_filter}")
    }

    fn read(text: &str) -> Option<Self> {
        let (arp_ignore, arp_filter) = text.strip_prefix(NOTE)?.split_once(' ')?;
        Some(Self { arp_ignore: arp_ignore.parse().ok()?, arp_filter: arp_filter.parse().ok()? })
    }

    /// The interface is as it was.
    pub(super) fn restore(self, base: LinkName) {
        for (name, value) in Self::SETTINGS.into_iter().zip(self.values()) {
            sysctl::write(&sysctl::v4(base, name), &value.to_string());
        }
    }
}

/// What the alias of an interface of ours begins with.
const NOTE: &str = "vipd, arp_ignore and arp_filter below were ";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_read_as_it_was_written_and_nothing_else_is_one() {
        let note = Note { arp_ignore: 2, arp_filter: 1 };
        assert_eq!(Note::read(&note.text()), Some(note));
        for text in ["", "uplink", "vipd", "vipd, arp_ignore and arp_filter below were x y"] {
            assert_eq!(Note::read(text), None, "{text}");
        }
    }
}
