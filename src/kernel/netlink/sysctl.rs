//! Settings under /proc/sys/net.

use std::collections::BTreeMap;
use std::fs;

use crate::types::LinkName;

/// Settings that were changed, with what they were.
#[derive(Debug, Default)]
pub(super) struct Sysctls {
    before: BTreeMap<String, String>,
}

impl Sysctls {
    /// Changes a setting until [`Sysctls::restore`].
    pub(super) fn change(&mut self, path: &str, value: &str) {
        let Some(old) = read(path) else { return };
        if old != value {
            write(path, value);
            self.before.entry(path.to_owned()).or_insert(old);
        }
    }

    /// Every setting is as it was.
    pub(super) fn restore(&mut self) {
        for (path, old) in std::mem::take(&mut self.before) {
            write(&path, &old);
        }
    }
}

/// The path of an IPv4 setting of one interface.
pub(super) fn v4(link: LinkName, name: &str) -> String {
    format!("ipv4/conf/{link}/{name}")
}

/// The path of an IPv6 setting of one interface.
pub(super) fn v6(link: LinkName, name: &str) -> String {
    format!("ipv6/conf/{link}/{name}")
}

/// What a setting is; `None` where the kernel does not have it.
pub(super) fn read(path: &str) -> Option<String> {
    let text = fs::read_to_string(format!("{ROOT}{path}")).ok()?;
    Some(text.trim().to_owned())
}

/// Sets it. Containers may only look at some: what depends on it works less well then.
pub(super) fn write(path: &str, value: &str) {
    if let Err(error) = fs::write(format!("{ROOT}{path}"), value) {
        tracing::warn!(setting = path, value, %error, "A setting of the network cannot be changed.");
    }
}

const ROOT: &str = "/proc/sys/net/";
