//! Makes the kernel hold the addresses, routes and rules that are desired, and tells the
//! neighbours.
//!
//! [`Agent`] is the brain: it keeps a [`Plan`] and a desire for every slot, compares them with
//! what stands ([`reconcile()`]), has the difference carried out by a [`Kernel`] in batches, and
//! announces what the kernel has acknowledged. It looks at no clock and starts no thread; the
//! simulator runs it over [`memory::Memory`], the daemon over [`netlink::Netlink`] and with the
//! events of a [`netlink::Monitor`].
//!
//! How soon: what is desired is written to the kernel in the next [`Agent::run`], acknowledged when
//! it returns, and announced in the same call. Nothing is listed on that way.
//!
//! ```
//! use vipd::kernel::{Agent, Notice, Plan, Sink, memory::Memory};
//! use vipd::types::{Address, IfIndex, Instant, LinkName, MacAddr, Slot};
//!
//! struct Log;
//! impl Sink for Log {
//!     fn applied(&mut self, slot: Slot, generation: u32) {
//!         println!("slot {slot}: generation {generation} is done");
//!     }
//!     fn notice(&mut self, notice: Notice) {
//!         println!("{notice}");
//!     }
//! }
//!
//! let (index, eth0) = (IfIndex::new(2).unwrap(), LinkName::new("eth0").unwrap());
//! let mut host = Memory::new();
//! host.add_link(index, eth0, Some(MacAddr([2, 0, 0, 0, 0, 1])));
//!
//! // Everything that the host has said comes first: the agent resolves names by it.
//! let reports = host.reports();
//! let mut agent = Agent::new(host);
//! for report in &reports {
//!     agent.link(report);
//! }
//! let slot = Slot::new(0).unwrap();
//! let address = Address::new("192.0.2.10".parse().unwrap(), eth0);
//! agent.plan(slot, Some(Plan { addresses: vec![address], ..Plan::default() }));
//! agent.desire(slot, true, 1);
//!
//! // The loop: note whatever has happened, run, wait until the instant that `run` returns or
//! // until something happens.
//! let mut now = Instant::default();
//! for _ in 0..10 {
//!     let Some(next) = agent.run(now, &mut Log) else { break };
//!     now = next;
//! }
//! assert_eq!(agent.kernel().len(), 1);
//! ```

mod agent;
mod announce;
mod fight;
mod footprint;
mod host;
mod interfaces;
mod lane;
mod ledger;
mod links;
pub mod memory;
pub mod netlink;
mod object;
mod paces;
mod reconcile;
mod repair;
mod settle;
mod sink;
pub mod wiring;

pub use agent::{AddressEvent, Agent, Counters, Plan};
pub use footprint::Footprint;
pub use host::{Announcement, Kernel, Operation, Outcome, Refusal, Stands, Unlisted, Verb};
pub use interfaces::{InterfaceHost, InterfacePlan, Interfaces, VmacError, VmacPlan};
pub use ledger::ObjectId;
pub use object::{Object, Target, Trace};
pub use paces::PacePlan;
pub use reconcile::{Actual, Desired, reconcile};
pub use sink::{Notice, Sink};
