//! The real host: netlink for addresses, routes and rules, a packet socket for the neighbours.
//!
//! Changes and listings go over a synchronous socket, so that an acknowledgement is there when
//! the call returns. What others change comes from a [`Monitor`], which is a stream.

mod answer;
mod batch;
mod described;
mod dump;
mod filter;
mod guards;
mod journal;
mod macvlan;
mod message;
mod monitor;
mod neighbours;
mod route;
mod rule;
mod socket;
mod survey;
mod sysctl;
mod table;

use std::cell::RefCell;
use std::io;
use std::rc::Rc;

use crate::sys;
use crate::types::Instant;

use super::host::{Announcement, Kernel, Operation, Outcome, Stands, Unlisted};

pub use filter::{Filter, FilterError, Settings as FilterSettings};
pub use journal::Journal;
pub use macvlan::Macvlans;
pub use monitor::{Event, Monitor, MonitorError};
pub use survey::survey;

use guards::Guards;
use neighbours::Neighbours;
use socket::RouteSocket;

/// The host that this process runs on, in the network namespace of the thread that opened it.
///
/// ```no_run
/// use vipd::kernel::netlink::{Event, Monitor, Netlink};
/// use vipd::kernel::{Agent, Sink};
/// use vipd::types::{Instant, Slot};
///
/// # async fn example(sink: &mut impl Sink, clock: impl Fn() -> Instant)
/// # -> Result<(), Box<dyn std::error::Error>> {
/// let mut agent = Agent::new(Netlink::open()?);
/// let mut monitor = Monitor::open()?; // inside a tokio runtime
/// loop {
///     match monitor.next().await? {
///         Event::Link(report) => agent.link(&report), // and tell the core thread
///         Event::Gone(link) => agent.link_gone(link), // likewise
///         Event::Address(event) => agent.address_event(event),
///         Event::Lost(trace) => agent.lost(&trace),
///         Event::Missed | Event::Listed => agent.resync(),
///     }
///     // And whatever else has happened: plans, desires.
///     let next = agent.run(clock(), sink);
///     # let _ = next;
/// }
/// # }
/// ```
#[derive(Debug)]
pub struct Netlink {
    socket: RouteSocket,
    neighbours: Neighbours,
    guards: Guards,
}

/// The host cannot be worked on.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No netlink socket.
    #[error("cannot open a netlink socket")]
    Netlink(#[source] io::Error),
    /// No packet socket.
    #[error("cannot announce addresses (does vipd have CAP_NET_RAW?)")]
    Packet(#[source] sys::Error),
}

impl Netlink {
    /// Opens the sockets.
    ///
    /// # Errors
    /// [`OpenError`] where the process may not or has no file descriptors left.
    pub fn open() -> Result<Self, OpenError> {
        Ok(Self {
            socket: RouteSocket::open().map_err(OpenError::Netlink)?,
            neighbours: Neighbours::open().map_err(OpenError::Packet)?,
            guards: Guards::default(),
        })
    }

    /// The same, with a packet filter that keeps packets away from the addresses that say so.
    #[must_use]
    pub fn with_filter(self, filter: Rc<RefCell<Filter>>) -> Self {
        Self { guards: Guards::new(filter), ..self }
    }
}

impl Kernel for Netlink {
    fn apply(&mut self, operations: &[Operation]) -> Vec<Outcome> {
        self.guards.before(operations);
        let outcomes = batch::apply(&mut self.socket, operations);
        self.guards.after(operations, &outcomes);
        outcomes
    }

    fn addresses(&mut self) -> Result<Vec<Stands>, Unlisted> {
        dump::list(&mut self.socket)
    }

    fn announce(&mut self, announcements: &[Announcement], now: Instant) -> usize {
        let socket = self.socket.any();
        self.neighbours.tell(announcements, now, socket)
    }
}
