//! What happens to interfaces, addresses, routes and rules, as a stream.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _};
use netlink_packet_core::{NetlinkMessage, NetlinkPayload};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::address::AddressMessage;
use netlink_packet_route::link::LinkMessage;
use netlink_sys::AsyncSocket as _;
use rtnetlink::{Handle, MulticastGroup, new_multicast_connection};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::kernel::agent::AddressEvent;
use crate::kernel::object::Trace;
use crate::types::{IfIndex, LinkReport};

use super::table::Table;
use super::{route, rule};

/// Watches the interfaces and addresses of a network namespace.
///
/// First it tells of every interface there is, then [`Event::Listed`]; from then on of each change.
/// When the kernel had to drop events, it lists everything anew, tells what differs, and says
/// [`Event::Listed`] again.
pub struct Monitor {
    handle: Handle,
    messages: Messages,
    connection: JoinHandle<()>,
    /// Routes and rules, once they are watched.
    routes: Option<(Messages, JoinHandle<()>)>,
    table: Table,
    pending: VecDeque<Event>,
    /// The table must be compared with the kernel.
    stale: bool,
    /// And this is doing it.
    listing: Option<BoxFuture<'static, Listed>>,
}

type Message = NetlinkMessage<RouteNetlinkMessage>;
type Messages = BoxStream<'static, Message>;
type Listing = (Vec<LinkMessage>, Vec<AddressMessage>);
type Listed = Result<Listing, MonitorError>;

/// Something happened to an interface or an address.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Event {
    /// An interface appeared or changed, or its addresses did.
    Link(LinkReport),
    /// An interface disappeared, and its addresses with it.
    Gone(IfIndex),
    /// An address appeared or disappeared. The report of its interface came before.
    Address(AddressEvent),
    /// A route or a rule disappeared. Told from [`Monitor::watch_routes`] on.
    Lost(Trace),
    /// Routes or rules may be gone of which nothing was told: events were dropped, or a link was down
    /// for a moment.
    Missed,
    /// Everything that stands has been told: at the beginning, and whenever events were lost.
    Listed,
}

/// The interfaces cannot be watched (any more).
#[derive(Debug, thiserror::Error)]
pub enum MonitorError {
    /// No netlink socket.
    #[error("cannot open a netlink socket")]
    Open(#[source] io::Error),
    /// The kernel did not list what there is.
    #[error("the interfaces of this host cannot be listed")]
    List(#[source] Box<rtnetlink::Error>),
    /// The kernel did not list what there is in time.
    #[error("the interfaces of this host are not listed in time")]
    Late,
    /// The socket is closed.
    #[error("the kernel tells no more of interfaces and addresses")]
    Closed,
}

impl Monitor {
    /// Opens the socket in the calling thread's network namespace and watches from now on. To be
    /// called within a tokio runtime that keeps time.
    ///
    /// # Errors
    /// [`MonitorError::Open`].
    pub fn open() -> Result<Self, MonitorError> {
        let groups = [MulticastGroup::Link, MulticastGroup::Ipv4Ifaddr, MulticastGroup::Ipv6Ifaddr];
        let (handle, messages, connection) = connect(&groups)?;
        Ok(Self {
            handle,
            messages,
            connection,
            routes: None,
            table: Table::default(),
            pending: VecDeque::new(),
            stale: true,
            listing: None,
        })
    }

    /// From now on tells of routes and rules that disappear, too: where nobody plans any, a router
    /// with a million of others does not have to be listened to.
    ///
    /// # Errors
    /// [`MonitorError::Open`]; nothing changed.
    pub fn watch_routes(&mut self) -> Result<(), MonitorError> {
        if self.routes.is_none() {
            let groups = [
                MulticastGroup::Ipv4Route,
                MulticastGroup::Ipv6Route,
                MulticastGroup::Ipv4Rule,
                MulticastGroup::Ipv6Rule,
            ];
            let (_handle, messages, connection) = connect(&groups)?;
            self.routes = Some((messages, connection));
        }
        Ok(())
    }

    /// The next event; waits for one. Nothing is lost if the future is dropped before it is ready.
    ///
    /// # Errors
    /// [`MonitorError::List`] or [`MonitorError::Late`] when the kernel has not answered for ten
    /// seconds; another call tries again. [`MonitorError::Closed`] when there are no more events.
    pub async fn next(&mut self) -> Result<Event, MonitorError> {
        loop {
            if let Some(event) = self.pending.pop_front() {
                return Ok(event);
            }
            if self.stale {
                self.list().await?;
                continue;
            }
            let routes = self.routes.as_mut().map(|(messages, _)| messages);
            let message = tokio::select! {
                biased;
                message = self.messages.next() => message,
                message = next_of(routes) => {
                    self.pending.extend(lost(message.ok_or(MonitorError::Closed)?));
                    continue;
                }
            };
            self.take(message.ok_or(MonitorError::Closed)?);
            // What has come meanwhile is told in one report per interface.
            for _ in 0..TOGETHER {
                match self.messages.next().now_or_never() {
                    Some(Some(message)) => self.take(message),
                    Some(None) | None => break,
                }
            }
            self.pending.extend(self.table.take_events());
        }
    }

    /// Compares the table with all there is. A listing that was begun is gone on with.
    async fn list(&mut self) -> Result<(), MonitorError> {
        let handle = &self.handle;
        let listing = self.listing.get_or_insert_with(|| Box::pin(list_patiently(handle.clone())));
        let result = listing.await;
        self.listing = None;
        let (links, addresses) = result?;
        self.table.replace(&links, &addresses);
        self.stale = false;
        self.pending.extend(self.table.take_events());
        self.pending.push_back(Event::Listed);
        Ok(())
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the library knows dozens of messages, of which four are asked for"
    )]
    fn take(&mut self, message: Message) {
        match message.payload {
            NetlinkPayload::InnerMessage(RouteNetlinkMessage::NewLink(link)) => {
                self.table.link(&link);
            }
            NetlinkPayload::InnerMessage(RouteNetlinkMessage::DelLink(link)) => {
                self.table.link_gone(&link);
            }
            NetlinkPayload::InnerMessage(RouteNetlinkMessage::NewAddress(address)) => {
                self.table.address(&address);
            }
            NetlinkPayload::InnerMessage(RouteNetlinkMessage::DelAddress(address)) => {
                self.table.address_gone(&address);
            }
            NetlinkPayload::Overrun(_) => self.stale = true,
            _ => {}
        }
    }
}

/// Opens a socket that hears `groups`.
fn connect(groups: &[MulticastGroup]) -> Result<(Handle, Messages, JoinHandle<()>), MonitorError> {
    let (mut connection, handle, messages) =
        new_multicast_connection(groups).map_err(MonitorError::Open)?;
    let socket = connection.socket_mut().socket_ref();
    // A storm of thousands of addresses is told in one go. Without the privilege there is
    // less room, and a listing anew when it overflows.
    let wider = rustix::net::sockopt::set_socket_recv_buffer_size_force(socket, ROOM);
    if wider.is_err() {
        tracing::debug!("The netlink monitor has the usual room for events.");
    }
    let messages = messages.map(|(message, _)| message).boxed();
    Ok((handle, messages, tokio::spawn(connection)))
}

/// The next message, where anything is listened to; waits for ever elsewhere.
async fn next_of(messages: Option<&mut Messages>) -> Option<Message> {
    match messages {
        Some(messages) => messages.next().await,
        None => std::future::pending().await,
    }
}

/// What a message says of routes and rules that are gone.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the library knows dozens of messages, of which two matter"
)]
fn lost(message: Message) -> Option<Event> {
    match message.payload {
        NetlinkPayload::InnerMessage(RouteNetlinkMessage::DelRoute(message)) => {
            route::trace(&message).map(Event::Lost)
        }
        NetlinkPayload::InnerMessage(RouteNetlinkMessage::DelRule(message)) => {
            rule::trace(&message).map(Event::Lost)
        }
        NetlinkPayload::Overrun(_) => Some(Event::Missed),
        _ => None,
    }
}

/// Lists everything, and tries again if that fails.
async fn list_patiently(handle: Handle) -> Listed {
    let mut pause = FIRST_PAUSE;
    loop {
        // An answer that the kernel had to drop is waited for in vain.
        let result = match timeout(DEADLINE, list(&handle)).await {
            Ok(result) => result.map_err(|error| MonitorError::List(Box::new(error))),
            Err(_) => Err(MonitorError::Late),
        };
        if result.is_ok() || pause > LONGEST_PAUSE {
            return result;
        }
        sleep(pause).await;
        pause *= 2;
    }
}

/// Lists all interfaces and then all addresses: a socket carries one listing at a time.
async fn list(handle: &Handle) -> Result<Listing, rtnetlink::Error> {
    let links = handle.link().get().execute();
    let links = links.try_collect().await?;
    let addresses = handle.address().get().execute();
    Ok((links, addresses.try_collect().await?))
}

impl Drop for Monitor {
    fn drop(&mut self) {
        self.connection.abort();
        if let Some((_, connection)) = &self.routes {
            connection.abort();
        }
    }
}

impl std::fmt::Debug for Monitor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Monitor")
            .field("table", &self.table)
            .field("pending", &self.pending)
            .field("stale", &self.stale)
            .finish_non_exhaustive()
    }
}

/// How long a listing may take.
const DEADLINE: Duration = Duration::from_secs(2);
/// After the first listing that failed; doubled after each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// After a listing that failed and a longer pause than this, there is none.
const LONGEST_PAUSE: Duration = Duration::from_millis(800);
/// Messages that are read before their events are told.
const TOGETHER: usize = 8192;
/// Room for events, in octets: some ten thousand addresses.
const ROOM: usize = 8 * 1024 * 1024;
