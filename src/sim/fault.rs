//! What may go wrong, or just happens.

use std::rc::Rc;
use std::time::Duration;

use crate::config::model::Instance;

use super::network::Weather;
use super::roster::{NodeId, Set};

/// An event that a scenario has in store.
#[derive(Clone, Debug)]
pub(super) enum Fault {
    /// The process dies of SIGKILL. The addresses stay in the kernel.
    Crash(NodeId, Testament),
    /// The host loses its power.
    PowerOff(NodeId),
    /// A dead node starts again.
    Start(NodeId),
    /// The daemon is told to stop.
    Stop(NodeId),
    /// The process stands still; the kernel queues what arrives and answers ARP.
    Stall(NodeId, Duration),
    /// The whole machine stands still, and its clock with it or not.
    Freeze(NodeId, Duration, Clock),
    /// A virtual router is configured, differently or again.
    Configure(NodeId, Rc<Instance>),
    /// A virtual router is taken out of the configuration.
    Remove(NodeId, usize),
    /// The tracked interface goes up or down.
    Track(NodeId, bool),
    /// The tracked service works, or does not.
    Service(NodeId, bool),
    /// The node sees its own interface lose or regain carrier.
    Carrier(NodeId, bool),
    /// The cable is cut, or mended, beyond a switch: nobody sees it.
    Plug(NodeId, bool),
    /// The second node does not hear the first.
    Deafen(NodeId, NodeId),
    /// These nodes, and the hosts of even or odd number, hear only each other.
    Split(Set, usize),
    /// Everybody hears everybody.
    Heal,
    /// Packets fare differently.
    Weather(Weather),
    /// Address operations take this much longer.
    Slow(NodeId, Duration),
    /// The kernel refuses, or accepts again, the addresses of a virtual router.
    Refuse(NodeId, usize, bool),
    /// Somebody deletes the addresses of a virtual router by hand.
    Steal(NodeId, usize),
    /// Packets arrive that have to be refused.
    Noise(NodeId, usize, u32),
    /// Valid adverts of a stranger arrive, many at once.
    Flood(NodeId, usize, Flood),
    /// A host asks who has the addresses of a virtual router.
    Ask(usize, usize),
}

/// What the supervisor does for a dead worker.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Testament {
    /// It sends the release and removes the addresses.
    Executed,
    /// It is dead too.
    Lost,
}

/// Whether a frozen machine's clock runs on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Clock {
    /// It runs on.
    Runs,
    /// It stands still too.
    Stops,
}

/// What a stranger sends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Flood {
    /// Adverts of priority 1.
    Lower,
    /// Adverts of priority 0.
    Release,
}
