//! What was changed on a host besides addresses, routes and rules: what has to be taken back.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::types::LinkName;

/// What was changed on a host. As text, a line for each thing, it outlives whoever wrote it.
///
/// ```text
/// vmac vrrp.51
/// table keepalived
/// setting ipv4/conf/eth0/arp_ignore 0
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Footprint {
    /// The virtual interfaces that may be there.
    pub vmacs: BTreeSet<LinkName>,
    /// The names of the packet filter's tables that may be there.
    pub tables: BTreeSet<String>,
    /// Settings that were changed, by their paths below /proc/sys/net, with what they were.
    pub settings: BTreeMap<String, String>,
}

impl Footprint {
    /// The footprint that was written as `text`. What cannot be understood is left out.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let mut found = Self::default();
        for line in text.lines() {
            match line.split_once(' ') {
                Some(("vmac", name)) => found.vmacs.extend(LinkName::new(name)),
                Some(("table", name)) => found.tables.extend([name.to_owned()]),
                Some(("setting", setting)) => {
                    let setting = setting.split_once(' ');
                    found.settings.extend(setting.map(|(path, was)| (path.into(), was.into())));
                }
                Some(_) | None => {}
            }
        }
        found
    }
}

impl fmt::Display for Footprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.vmacs.iter().try_for_each(|name| writeln!(f, "vmac {name}"))?;
        self.tables.iter().try_for_each(|name| writeln!(f, "table {name}"))?;
        self.settings.iter().try_for_each(|(path, was)| writeln!(f, "setting {path} {was}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_as_it_was_written() {
        let link = |name| LinkName::new(name).unwrap();
        let footprint = Footprint {
            vmacs: [link("vrrp.51"), link("vrrp6.51")].into(),
            tables: ["a table".to_owned()].into(),
            settings: [("ipv4/conf/eth0/arp_ignore".to_owned(), "0".to_owned())].into(),
        };
        assert_eq!(Footprint::read(&footprint.to_string()), footprint);
    }

    #[test]
    fn what_is_cut_off_or_unknown_is_left_out() {
        let text = "vmac \nvmac a/b\nother thing\n\nsetting ipv4/x\ntable keepalived\nvma";
        let tables = ["keepalived".to_owned()].into();
        assert_eq!(Footprint::read(text), Footprint { tables, ..Footprint::default() });
    }
}
