//! What the core thread orders and desires, on its way into the agent.
//!
//! Orders come over a channel, desires over the board, and either may be seen first. A desire is
//! passed on when the plan that it is about is known, and never reaches the plan of an instance
//! that had the slot before. For that the core thread sends the end of an instance's plan before
//! it desires anything for its successor, and here the board is read before the channel.

use std::sync::Arc;
use std::sync::mpsc::Receiver;

use tokio::sync::oneshot;

use crate::kernel::{Agent, InterfaceHost, Interfaces, Kernel, Plan};
use crate::types::{LinkName, Slot};

use super::board::{Board, Note};
use super::messages::{Order, Settings};

/// The kernel thread's end of the ways from the core thread.
pub(super) struct Intake {
    orders: Receiver<Order>,
    desired: Arc<Board>,
    slots: Vec<Known>,
    /// Slots of which something may have to be passed on.
    changed: Vec<Slot>,
    /// Who waits for virtual interfaces.
    preparing: Vec<(Vec<LinkName>, oneshot::Sender<()>)>,
    /// The node's newest settings.
    settings: Option<Box<Settings>>,
}

/// What is known of a slot.
#[derive(Clone, Copy, Debug)]
struct Known {
    /// The agent has a plan for it.
    planned: bool,
    /// What the board said last.
    newest: Note,
    /// What the agent was told last.
    passed: Note,
}

/// Whether the kernel thread goes on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Further {
    /// It does.
    On,
    /// It was told to end.
    End,
}

impl Intake {
    pub(super) const fn new(orders: Receiver<Order>, desired: Arc<Board>) -> Self {
        Self {
            orders,
            desired,
            slots: Vec::new(),
            changed: Vec::new(),
            preparing: Vec::new(),
            settings: None,
        }
    }

    /// What holds for the node from now on; once after each change.
    pub(super) const fn settings(&mut self) -> Option<Box<Settings>> {
        self.settings.take()
    }

    /// Answers those that wait for virtual interfaces which are there by now.
    pub(super) fn answer<H: InterfaceHost>(&mut self, interfaces: &Interfaces<H>) {
        let is_settled = |names: &[LinkName]| names.iter().all(|it| interfaces.is_settled(*it));
        for (_, ready) in self.preparing.extract_if(.., |(names, _)| is_settled(names)) {
            // Whoever waited may have lost patience.
            let _too_late = ready.send(()).is_err();
        }
    }

    /// Tells `agent` everything that is new.
    pub(super) fn take<K: Kernel, H: InterfaceHost>(
        &mut self,
        agent: &mut Agent<K>,
        interfaces: &mut Interfaces<H>,
    ) -> Further {
        let desired = Arc::clone(&self.desired);
        desired.take(|slot, note| self.note(slot, note));
        while let Ok(order) = self.orders.try_recv() {
            match order {
                Order::Plan(plans) => {
                    for (slot, plan) in plans {
                        self.plan(slot, plan, agent);
                    }
                }
                Order::Hold(plan) => agent.hold(plan),
                Order::Prepare(vmacs, ready) => {
                    interfaces.prepare(&vmacs);
                    let names = vmacs.iter().map(|vmac| vmac.name).collect();
                    self.preparing.push((names, ready));
                }
                Order::Interfaces(wanted) => {
                    for (slot, plan) in wanted {
                        interfaces.plan(slot, &plan);
                    }
                }
                Order::Settings(settings) => self.settings = Some(settings),
                Order::Stop => return Further::End,
            }
        }
        for slot in std::mem::take(&mut self.changed) {
            self.pass(slot, agent);
        }
        Further::On
    }

    fn plan<K: Kernel>(&mut self, slot: Slot, plan: Option<Plan>, agent: &mut Agent<K>) {
        let planned = plan.is_some();
        agent.plan(slot, plan);
        // What is desired together with the plan is not to be seen later than the plan: between
        // the two, an address that an earlier run left, or that is an owner's, would be removed.
        let newest = self.desired.read(slot);
        self.note(slot, newest);
        if let Some(known) = self.slots.get_mut(slot.index()) {
            known.planned = planned;
        }
    }

    fn note(&mut self, slot: Slot, newest: Note) {
        if self.slots.len() <= slot.index() {
            self.slots.resize(slot.index() + 1, Known::NOTHING);
        }
        if let Some(known) = self.slots.get_mut(slot.index()) {
            known.newest = newest;
            self.changed.push(slot);
        }
    }

    fn pass<K: Kernel>(&mut self, slot: Slot, agent: &mut Agent<K>) {
        let Some(known) = self.slots.get_mut(slot.index()).filter(|known| known.planned) else {
            return;
        };
        let new = known.newest;
        let old = std::mem::replace(&mut known.passed, new);
        if old.desire != new.desire {
            agent.desire(slot, new.desire.present, new.desire.generation);
        }
        if old.contested != new.contested {
            agent.contested(slot);
        }
    }
}

impl Known {
    const NOTHING: Self = Self { planned: false, newest: Note::NOTHING, passed: Note::NOTHING };
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::sync::mpsc::{Sender, channel};

    use super::*;
    use crate::kernel::memory::Memory;
    use crate::kernel::{Notice, Sink, VmacError, VmacPlan};
    use crate::types::{Address, IfIndex, Instant, LinkName, MacAddr};
    use crate::vrrp::Desire;

    /// A host on which nobody wants a virtual interface.
    struct Plain;

    impl InterfaceHost for Plain {
        fn make(&mut self, plan: &VmacPlan, _: IfIndex) -> Result<(), VmacError> {
            Err(VmacError::Taken(plan.name))
        }

        fn raise(&mut self, _: IfIndex) {}
        fn made(&mut self, _: &VmacPlan, _: IfIndex, _: IfIndex) {}
        fn gone(&mut self, _: IfIndex) {}
        fn link_local(&mut self, _: IfIndex, _: std::net::Ipv6Addr, _: bool) {}
        fn remove(&mut self, _: LinkName) {}
        fn promote_secondaries(&mut self, _: LinkName, _: bool) {}
        fn lost(&mut self, _: LinkName) {}
    }

    /// An intake before an agent, with one slot.
    struct Bench {
        intake: Intake,
        agent: Agent<Memory>,
        interfaces: Interfaces<Plain>,
        orders: Sender<Order>,
        applied: Vec<u32>,
    }

    impl Sink for Vec<u32> {
        fn applied(&mut self, _slot: Slot, generation: u32) {
            self.push(generation);
        }

        fn notice(&mut self, notice: Notice) {
            panic!("{notice}");
        }
    }

    impl Bench {
        fn new() -> Self {
            let mut host = Memory::new();
            host.add_link(IfIndex::new(2).unwrap(), eth0(), Some(MacAddr([2, 0, 0, 0, 0, 1])));
            let reports = host.reports();
            let mut agent = Agent::new(host);
            reports.iter().for_each(|report| agent.link(report));
            let (orders, receiver) = channel();
            let board = Arc::new(Board::new());
            board.reserve(slot());
            let interfaces = Interfaces::new(Plain);
            let intake = Intake::new(receiver, board);
            Self { intake, agent, interfaces, orders, applied: Vec::new() }
        }

        fn plan(&self, ip: Option<&str>) {
            let plan = ip.map(|ip| Plan {
                addresses: vec![Address::new(ip.parse().unwrap(), eth0())],
                ..Plan::default()
            });
            self.orders.send(Order::Plan(vec![(slot(), plan)])).unwrap();
        }

        fn desire(&self, present: bool, generation: u32) {
            let desire = Desire { present, generation };
            self.intake.desired.post(slot(), Note { desire, contested: 0 });
        }

        fn run(&mut self) {
            assert_eq!(self.intake.take(&mut self.agent, &mut self.interfaces), Further::On);
            self.agent.run(Instant::default(), &mut self.applied);
        }

        fn announced(&mut self) -> Vec<IpAddr> {
            let all = self.agent.kernel_mut().take_announcements();
            let mut all: Vec<_> = all.into_iter().map(|(_, it)| it.ip).collect();
            all.dedup();
            all
        }
    }

    fn slot() -> Slot {
        Slot::new(0).unwrap()
    }

    fn eth0() -> LinkName {
        LinkName::new("eth0").unwrap()
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_desire_waits_for_its_plan() {
        let mut bench = Bench::new();
        bench.desire(true, 1);
        bench.run();
        assert!(bench.applied.is_empty());
        bench.plan(Some("10.0.0.1"));
        bench.run();
        assert_eq!(bench.applied, [1]);
        assert_eq!(bench.announced(), [ip("10.0.0.1")]);
    }

    #[test]
    fn the_successor_in_a_slot_gets_its_own_addresses_and_never_those_of_before() {
        let mut bench = Bench::new();
        bench.plan(Some("10.0.0.1"));
        bench.desire(true, 1);
        bench.run();
        bench.desire(false, 2);
        bench.run();
        bench.announced();
        // A reload: the old instance goes, an owner takes its slot and is Active at once. Its
        // plan is not sent yet.
        bench.plan(None);
        bench.desire(true, 3);
        bench.run();
        assert!(bench.agent.kernel().is_empty());
        bench.plan(Some("10.0.0.2"));
        bench.run();
        assert!(bench.agent.kernel().find(ip("10.0.0.2")).is_some());
        assert_eq!(bench.agent.kernel().len(), 1);
        assert_eq!(bench.announced(), [ip("10.0.0.2")]);
        assert_eq!(bench.applied, [1, 2, 3]);
    }

    #[test]
    fn an_owner_s_address_that_stands_already_is_never_removed() {
        let mut bench = Bench::new();
        let address = Address::new(ip("10.0.0.1"), eth0());
        bench.agent.kernel_mut().put(IfIndex::new(2).unwrap(), address);
        bench.agent.kernel_mut().take_events();
        bench.desire(true, 1);
        bench.plan(Some("10.0.0.1"));
        bench.run();
        assert_eq!(bench.agent.kernel_mut().take_events(), []);
        assert_eq!(bench.agent.kernel().len(), 1);
    }

    #[test]
    fn an_end_is_an_end() {
        let mut bench = Bench::new();
        bench.orders.send(Order::Stop).unwrap();
        assert_eq!(bench.intake.take(&mut bench.agent, &mut bench.interfaces), Further::End);
    }
}
