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
///
/// Each listing has a socket of its own that is listened to from then on: what still waits in one
/// that overflowed is older than the listing, and until it has been read to its end the kernel drops
/// further events without a word.
pub struct Monitor {
    /// Octets of room for events.
    room: usize,
    /// Where interfaces and addresses are heard of.
    source: Option<Source>,
    /// Routes and rules, once they are watched.
    routes: Option<Source>,
    table: Table,
    pending: VecDeque<Event>,
    /// The table must be compared with the kernel.
    stale: bool,
    /// And this is doing it.
    listing: Option<BoxFuture<'static, Listed>>,
}

/// A socket with the task that reads it.
struct Source {
    handle: Handle,
    messages: Messages,
    connection: JoinHandle<()>,
}

type Message = NetlinkMessage<RouteNetlinkMessage>;
type Messages = BoxStream<'static, Message>;
type Listing = (Vec<LinkMessage>, Vec<AddressMessage>);
type Listed = Result<(Source, Listing), MonitorError>;

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
    /// No further netlink socket after one that overflowed.
    #[error("cannot open another netlink socket")]
    Reopen(#[source] io::Error),
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
        Self::with_room(ROOM)
    }

    /// The same with room for so many octets of events, where the process may say so.
    ///
    /// # Errors
    /// [`MonitorError::Open`].
    pub fn with_room(room: usize) -> Result<Self, MonitorError> {
        let source = Source::connect(&INTERFACES, room).map_err(MonitorError::Open)?;
        Ok(Self {
            room,
            source: Some(source),
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
            let source = Source::connect(&ROUTES, self.room).map_err(MonitorError::Open)?;
            self.routes = Some(source);
        }
        Ok(())
    }

    /// The next event; waits for one. Nothing is lost if the future is dropped before it is ready.
    ///
    /// # Errors
    /// [`MonitorError::List`], [`MonitorError::Late`] or [`MonitorError::Reopen`] when the kernel
    /// has not answered for ten seconds; another call tries again. [`MonitorError::Closed`] when
    /// there are no more events.
    pub async fn next(&mut self) -> Result<Event, MonitorError> {
        loop {
            if let Some(event) = self.pending.pop_front() {
                return Ok(event);
            }
            let Some(source) = self.source.as_mut().filter(|_| !self.stale) else {
                self.list().await?;
                continue;
            };
            let message = tokio::select! {
                biased;
                message = source.messages.next() => message,
                message = next_of(self.routes.as_mut()) => {
                    self.take_route(message.ok_or(MonitorError::Closed)?)?;
                    continue;
                }
            };
            // What has come meanwhile is told in one report per interface.
            let mut messages = vec![message.ok_or(MonitorError::Closed)?];
            while let Some(Some(message)) = source.messages.next().now_or_never()
                && messages.len() < TOGETHER
            {
                messages.push(message);
            }
            messages.into_iter().for_each(|message| self.take(message));
            self.pending.extend(self.table.take_events());
        }
    }

    /// Compares the table with all there is. A listing that was begun is gone on with.
    async fn list(&mut self) -> Result<(), MonitorError> {
        let (source, room) = (&mut self.source, self.room);
        let listing =
            self.listing.get_or_insert_with(|| Box::pin(list_patiently(source.take(), room)));
        let result = listing.await;
        self.listing = None;
        let (source, (links, addresses)) = result?;
        self.source = Some(source);
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
            NetlinkPayload::Overrun(_) => {
                self.stale = true;
                self.source = None;
            }
            _ => {}
        }
    }

    /// A message about a route or a rule. After an overflow another socket is listened to, before
    /// anybody asks what stands.
    fn take_route(&mut self, message: Message) -> Result<(), MonitorError> {
        if matches!(message.payload, NetlinkPayload::Overrun(_)) {
            self.routes = None;
            self.watch_routes()?;
        }
        self.pending.extend(lost(message));
        Ok(())
    }
}

impl Source {
    /// Opens a socket that hears `groups` and has so many octets of room for events.
    fn connect(groups: &[MulticastGroup], room: usize) -> io::Result<Self> {
        let (mut connection, handle, messages) = new_multicast_connection(groups)?;
        let socket = connection.socket_mut().socket_ref();
        // A storm of thousands of addresses is told in one go. Without the privilege there is
        // less room, and a listing anew when it overflows.
        let wider = rustix::net::sockopt::set_socket_recv_buffer_size_force(socket, room);
        if wider.is_err() {
            tracing::debug!("The netlink monitor has the usual room for events.");
        }
        let messages = messages.map(|(message, _)| message).boxed();
        Ok(Self { handle, messages, connection: tokio::spawn(connection) })
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

/// The next message, where anything is listened to; waits for ever elsewhere.
async fn next_of(source: Option<&mut Source>) -> Option<Message> {
    match source {
        Some(source) => source.messages.next().await,
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

/// Lists everything by `source`, or by another one where there is none; tries again if that fails.
async fn list_patiently(mut source: Option<Source>, room: usize) -> Listed {
    let mut pause = FIRST_PAUSE;
    loop {
        let error = match source.take().map_or_else(|| Source::connect(&INTERFACES, room), Ok) {
            // An answer that the kernel had to drop is waited for in vain.
            Ok(source) => match timeout(DEADLINE, list(&source.handle)).await {
                Ok(Ok(listing)) => return Ok((source, listing)),
                Ok(Err(error)) => MonitorError::List(Box::new(error)),
                Err(_) => MonitorError::Late,
            },
            Err(error) => MonitorError::Reopen(error),
        };
        if pause > LONGEST_PAUSE {
            return Err(error);
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

impl std::fmt::Debug for Monitor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Monitor")
            .field("table", &self.table)
            .field("pending", &self.pending)
            .field("stale", &self.stale)
            .finish_non_exhaustive()
    }
}

/// What is told of interfaces and their addresses.
const INTERFACES: [MulticastGroup; 3] =
    [MulticastGroup::Link, MulticastGroup::Ipv4Ifaddr, MulticastGroup::Ipv6Ifaddr];
/// What is told of routes and rules.
const ROUTES: [MulticastGroup; 4] = [
    MulticastGroup::Ipv4Route,
    MulticastGroup::Ipv6Route,
    MulticastGroup::Ipv4Rule,
    MulticastGroup::Ipv6Rule,
];
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
