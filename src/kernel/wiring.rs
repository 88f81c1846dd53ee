//! Builds networks out of namespaces: a bridge, cables from it into other namespaces, addresses.
//!
//! This is what the demonstration plays on. The daemon itself makes no interfaces here.

use std::io;
use std::net::IpAddr;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use netlink_packet_route::link::{InfoData, InfoVeth};
use rtnetlink::{Handle, LinkBridge, LinkMessageBuilder, LinkUnspec, LinkVeth};
use rustix::net::netdevice::name_to_index;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};
use tokio::runtime::{Builder, Runtime};

use crate::types::MacAddr;

/// A hand on the interfaces of one network namespace.
#[derive(Debug)]
pub struct Wiring {
    runtime: Runtime,
    handle: Handle,
    /// Any socket of that namespace, for looking up names.
    lookup: OwnedFd,
}

/// A request about an interface that the kernel refused. Nothing has changed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {request} {link}")]
pub struct WiringError {
    /// What was asked, in words: "add the bridge".
    request: &'static str,
    /// The interface.
    link: String,
    /// The answer.
    source: io::Error,
}

impl Wiring {
    /// Opens the namespace that the calling thread is in. It stays that one's wherever the
    /// thread goes.
    ///
    /// # Errors
    /// Where the process can have no more descriptors.
    pub fn open() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_io().build()?;
        let handle = {
            let _inside = runtime.enter();
            let (connection, handle, _unsolicited) = rtnetlink::new_connection()?;
            drop(runtime.spawn(connection));
            handle
        };
        let (family, kind) = (AddressFamily::INET, SocketType::DGRAM);
        let lookup = socket_with(family, kind, SocketFlags::CLOEXEC, None)?;
        Ok(Self { runtime, handle, lookup })
    }

    /// Adds a bridge that forwards at once, and sets it up.
    ///
    /// # Errors
    /// [`WiringError`] where the kernel refuses.
    pub fn add_bridge(&self, name: &str) -> Result<(), WiringError> {
        let message = LinkBridge::new(name).up().build();
        self.run(self.handle.link().add(message).execute())
            .map_err(|source| WiringError::of("add the bridge", name, source))
    }

    /// Joins a new `port` of `bridge` with a new interface `end` in the network `far`.
    ///
    /// # Errors
    /// [`WiringError`] where the kernel refuses.
    pub fn add_cable(
        &self,
        bridge: &str,
        port: &str,
        (end, address, far): (&str, MacAddr, BorrowedFd<'_>),
    ) -> Result<(), WiringError> {
        let failed = |source| WiringError::of("lay the cable", port, source);
        let far_end = LinkMessageBuilder::<LinkUnspec>::new()
            .name(end)
            .address(address.0.to_vec())
            .setns_by_fd(far.as_raw_fd())
            .build();
        let message = LinkVeth::new(port, end)
            .set_info_data(InfoData::Veth(InfoVeth::Peer(far_end)))
            .controller(self.index_of(bridge).map_err(failed)?)
            .up()
            .build();
        self.run(self.handle.link().add(message).execute()).map_err(failed)
    }

    /// Sets an interface up or down.
    ///
    /// # Errors
    /// [`WiringError`] where there is none of that name.
    pub fn set(&self, name: &str, state: LinkState) -> Result<(), WiringError> {
        let message = LinkMessageBuilder::<LinkUnspec>::new().name(name);
        let message = match state {
            LinkState::Up => message.up(),
            LinkState::Down => message.down(),
        };
        self.run(self.handle.link().set(message.build()).execute())
            .map_err(|source| WiringError::of("set the state of", name, source))
    }

    /// Gives an interface an address.
    ///
    /// # Errors
    /// [`WiringError`] where there is no such interface or it has the address.
    pub fn add_address(&self, name: &str, ip: IpAddr, prefix: u8) -> Result<(), WiringError> {
        let failed = |source| WiringError::of("add an address to", name, source);
        let index = self.index_of(name).map_err(failed)?;
        self.run(self.handle.address().add(index, ip, prefix).execute()).map_err(failed)
    }

    fn index_of(&self, name: &str) -> io::Result<u32> {
        Ok(name_to_index(&self.lookup, name)?)
    }

    fn run(&self, request: impl Future<Output = Result<(), rtnetlink::Error>>) -> io::Result<()> {
        self.runtime.block_on(request).map_err(|error| {
            if let rtnetlink::Error::NetlinkError(answer) = error {
                answer.to_io()
            } else {
                io::Error::other(error)
            }
        })
    }
}

/// Whether an interface takes part in its network.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LinkState {
    /// It does.
    Up,
    /// It does not; the other end of its cable loses the carrier.
    Down,
}

impl WiringError {
    fn of(request: &'static str, link: &str, source: io::Error) -> Self {
        Self { request, link: link.to_owned(), source }
    }
}
