//! Interfaces by their names.

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, netdevice, socket_with};

use crate::types::{IfIndex, LinkName};

/// The index of the interface of this name; `None` where there is none.
pub(super) fn index(name: LinkName) -> Option<IfIndex> {
    look_up(name).ok().and_then(IfIndex::new)
}

/// Whether there is an interface of this name. Yes, if the system won't say.
#[must_use]
pub fn exists(name: LinkName) -> bool {
    look_up(name) != Err(Errno::NODEV)
}

fn look_up(name: LinkName) -> Result<u32, Errno> {
    let flags = SocketFlags::CLOEXEC;
    let socket = socket_with(AddressFamily::UNIX, SocketType::DGRAM, flags, None)?;
    netdevice::name_to_index(&socket, name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_interface_exists_and_a_made_up_one_does_not() {
        let lo = LinkName::new("lo").unwrap();
        assert!(exists(lo));
        assert_eq!(index(lo), IfIndex::new(1));
        assert!(!exists(LinkName::new("no-such-link").unwrap()));
    }
}
