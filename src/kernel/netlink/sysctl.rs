//! Settings under /proc/sys/net.

use std::fs;

use crate::types::LinkName;

/// The path of an IPv4 setting of one interface.
pub(super) fn v4(link: LinkName, name: &str) -> String {
    format!("ipv4/conf/{link}/{name}")
}

/// The path of an IPv6 setting of one interface.
pub(super) fn v6(link: LinkName, name: &str) -> String {
    format!("ipv6/conf/{link}/{name}")
}

/// Whether this is the path of a setting of one interface, of either family.
pub(super) fn is_of(path: &str, link: LinkName) -> bool {
    let mut parts = path.split('/').skip(1);
    parts.next() == Some("conf") && parts.next() == Some(link.as_str())
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
