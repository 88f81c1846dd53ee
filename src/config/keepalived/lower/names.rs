//! Numbers that iproute2 has names for: routing tables, protocols, scopes, realms.

use std::path::Path;

use crate::config::source::Sources;

/// What a name is of, which decides the file that it is looked up in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Table,
    Protocol,
    Scope,
    Realm,
    Service,
    Group,
}

/// The number that `word` is or stands for, at most `most`.
pub(super) fn number(kind: Kind, word: &str, most: u32, sources: &Sources) -> Option<u32> {
    let known = || kind.known().iter().find(|(name, _)| *name == word).map(|(_, it)| *it);
    let number = plain(word).or_else(known).or_else(|| kind.listed(word, sources));
    number.filter(|number| *number <= most)
}

/// A number, in decimal or behind `0x`.
pub(super) fn plain(word: &str) -> Option<u32> {
    match word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")) {
        Some(digits) if !digits.starts_with('+') => u32::from_str_radix(digits, 16).ok(),
        Some(_) => None,
        None if word.starts_with('+') => None,
        None => word.parse().ok(),
    }
}

impl Kind {
    /// The names that need no file.
    const fn known(self) -> &'static [(&'static str, u32)] {
        match self {
            Self::Table => &[("default", 253), ("main", 254), ("local", 255)],
            Self::Protocol => PROTOCOLS,
            Self::Scope => {
                &[("global", 0), ("site", 200), ("link", 253), ("host", 254), ("nowhere", 255)]
            }
            Self::Realm => &[("cosmos", 0)],
            Self::Group => &[("default", 0)],
            Self::Service => &[],
        }
    }

    /// What iproute2's files say of `word`.
    fn listed(self, word: &str, sources: &Sources) -> Option<u32> {
        let file = match self {
            Self::Table => "rt_tables",
            Self::Protocol => "rt_protos",
            Self::Scope => "rt_scopes",
            Self::Realm => "rt_realms",
            Self::Service => "rt_dsfield",
            Self::Group => "group",
        };
        DIRECTORIES.iter().find_map(|directory| {
            let more = sources.matching(Path::new(&format!("{directory}/{file}.d/*.conf")));
            let files = std::iter::once(Path::new(directory).join(file)).chain(more);
            files.filter_map(|path| sources.table(&path)).find_map(|text| entry(&text, word))
        })
    }
}

/// The number in front of `word`, where a line says so.
fn entry(text: &str, word: &str) -> Option<u32> {
    text.lines().find_map(|line| {
        let mut words = line.split('#').next()?.split_whitespace();
        let number = plain(words.next()?)?;
        (words.next()? == word).then_some(number)
    })
}

/// Where iproute2 keeps its files, the administrator's first.
const DIRECTORIES: &[&str] = &["/etc/iproute2", "/usr/share/iproute2", "/usr/lib/iproute2"];

/// `RTPROT_*`
const PROTOCOLS: &[(&str, u32)] = &[
    ("unspec", 0),
    ("redirect", 1),
    ("kernel", 2),
    ("boot", 3),
    ("static", 4),
    ("gated", 8),
    ("ra", 9),
    ("mrt", 10),
    ("zebra", 11),
    ("bird", 12),
    ("dnrouted", 13),
    ("xorp", 14),
    ("ntk", 15),
    ("dhcp", 16),
    ("mrouted", 17),
    ("keepalived", 18),
    ("babel", 42),
    ("bgp", 186),
    ("isis", 187),
    ("ospf", 188),
    ("rip", 189),
    ("eigrp", 192),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_are_read() {
        let sources = Sources::sealed();
        let read = |kind, word| number(kind, word, u32::MAX, &sources);
        assert_eq!(read(Kind::Table, "main"), Some(254));
        assert_eq!(read(Kind::Table, "4294967295"), Some(u32::MAX));
        assert_eq!(read(Kind::Table, "0x10"), Some(16));
        assert_eq!(read(Kind::Table, "4294967296"), None);
        assert_eq!(read(Kind::Table, "nosuch"), None);
        assert_eq!(read(Kind::Protocol, "static"), Some(4));
        assert_eq!(number(Kind::Scope, "256", 255, &sources), None);
    }

    #[test]
    fn a_line_names_a_number() {
        let text = "# reserved\n255\tlocal\n0x64 blue # ours\n7\n";
        assert_eq!(entry(text, "local"), Some(255));
        assert_eq!(entry(text, "blue"), Some(100));
        assert_eq!(entry(text, "ours"), None);
    }
}
