//! What the threads of the worker say to each other.
//!
//! | from | to | what | over | when it is full |
//! |---|---|---|---|---|
//! | main | core | [`Command`] | channel of 8 | main waits: it sends one at a time |
//! | core | kernel | desires | [`Board`](super::board::Board) | cannot be |
//! | core | kernel | [`Order`] | channel | cannot be: one for each instance and reload |
//! | kernel | core | acknowledgements | [`Board`](super::board::Board) | cannot be |
//! | kernel | core | [`LinkEvent`] | channel of 256 | what it is about waits in the kernel thread |
//! | checks | core | verdicts | [`Verdicts`](super::verdicts::Verdicts) | cannot be |
//! | core | main | [`Told`] | channel of four for each instance, 1024 at least | [the newest state of each is owed](super::owed), all else left out and counted |

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use rustix::io::Errno;
use tokio::sync::oneshot;

use crate::config::diff::Change;
use crate::config::model::{Key, LinkDelay, TrackerName};
use crate::kernel::netlink::FilterSettings;
use crate::kernel::{InterfacePlan, PacePlan, Plan, VmacPlan};
use crate::sys;
use crate::types::{
    Centis, Counters, Differs, GroupId, GroupTransition, IfIndex, Instant, LinkName, LinkReport,
    Outranked, Priority, Refused, Reprioritised, Slot, Standing, TrackerId, Transition,
};
use crate::vrrp::{Listen, Obstacles};
use crate::wire::FrameError;

/// From the main thread to the core thread.
#[derive(Debug)]
pub(super) enum Command {
    /// Make these changes.
    Apply {
        /// The changes, in this order.
        changes: Vec<Change>,
        /// The answer.
        reply: oneshot::Sender<Applied>,
    },
    /// Say how every instance stands.
    Look {
        /// Where to say it: the core thread takes what there is room for, and makes none.
        room: Vec<Sight>,
        /// The answer.
        reply: oneshot::Sender<Vec<Sight>>,
    },
    /// Leave, then end.
    Stop {
        /// How long the addresses may take to go.
        patience: Duration,
    },
}

/// How an instance stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sight {
    /// Where.
    pub(super) slot: Slot,
    /// Which.
    pub(super) key: Key,
    /// Its state.
    pub(super) standing: Standing,
    /// It lacks something.
    pub(super) at_fault: bool,
    /// Its effective priority.
    pub(super) priority: Priority,
    /// Where its adverts come from.
    pub(super) source: Option<IpAddr>,
    /// What it has counted.
    pub(super) counters: Counters,
    /// When something happens by itself.
    pub(super) deadline: Option<Instant>,
    /// A Backup that heard somebody: who, and of what priority.
    pub(super) follows: Option<(IpAddr, Priority)>,
    /// The interval by which its down timer runs.
    pub(super) interval: Centis,
    /// How long that timer runs.
    pub(super) down: Duration,
    /// The sockets that adverts arrive at and leave by.
    pub(super) descriptors: Option<(i32, i32)>,
    /// What it lacks itself.
    pub(super) obstacles: Obstacles,
}

/// What the core thread made of [`Command::Apply`].
#[derive(Debug, Default)]
pub(super) struct Applied {
    /// Every instance's slot and name.
    pub(super) names: Vec<(Slot, String)>,
    /// Every sync group and its name, in the configuration's order.
    pub(super) groups: Vec<(GroupId, String)>,
    /// Every tracker's index and name.
    pub(super) trackers: Vec<(TrackerId, TrackerName)>,
    /// Instances that were refused: they are as they were before.
    pub(super) refused: Vec<(String, FrameError)>,
    /// There was no room in the last will: the supervisor knows the old configuration only.
    pub(super) will_overflows: bool,
}

/// From the core and main threads to the kernel thread.
#[derive(Debug)]
pub(super) enum Order {
    /// These virtual interfaces are about to be wanted: the answer comes when they are there.
    Prepare(Vec<VmacPlan>, oneshot::Sender<()>),
    /// This is how the slots want interfaces to be.
    Interfaces(Vec<(Slot, InterfacePlan)>),
    /// This is what the slots are to hold from now on, when they hold anything.
    Plan(Vec<(Slot, Option<Plan>)>),
    /// This is what the node holds by itself from now on, until the end.
    Hold(Plan),
    /// These settings hold for the node from now on.
    Settings(Box<Settings>),
    /// End.
    Stop,
}

/// What holds for the node as a whole, as far as the kernel thread has to know.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    /// What the packet filter is like.
    pub(super) filter: FilterSettings,
    /// The host reports its membership in groups of its links.
    pub(super) local_igmp: bool,
    /// Interfaces that announce in turn.
    pub(super) paces: Vec<PacePlan>,
    /// How long interfaces may be down, and have to be up, before anybody is told.
    pub(super) delays: BTreeMap<LinkName, LinkDelay>,
}

/// From the kernel thread to the core thread.
#[derive(Debug)]
pub(super) enum LinkEvent {
    /// An interface appeared or changed.
    Changed(LinkReport),
    /// An interface disappeared.
    Gone(IfIndex),
    /// Events were lost: any interface may be another one of the same number.
    Missed,
}

/// From the core thread to the main thread.
#[derive(Debug)]
pub(super) enum Told {
    /// An instance changed its state.
    Transition(Transition),
    /// A sync group changed its state.
    Group(GroupTransition),
    /// The effective priority of an instance changed.
    Reprioritised(Reprioritised),
    /// An Active instance heard an advert of lower priority. Told every 10 ms at most.
    Outranked(Outranked),
    /// An instance refuses packets. Told once a minute for each reason.
    Refused(Refused),
    /// A peer has other settings than we.
    Differs(Differs),
    /// The system did not take an advert. Told once for each reason and state of the instance.
    Unsent {
        /// Whose advert.
        slot: Slot,
        /// Why.
        errno: Errno,
    },
    /// Nothing can be received there; it is tried again every second.
    Deaf {
        /// Where.
        listen: Listen,
        /// Why.
        error: sys::Error,
    },
}
