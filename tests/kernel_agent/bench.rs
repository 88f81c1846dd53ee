//! An agent over a host in memory, and a clock to drive it.

use std::net::IpAddr;
use std::time::Duration;

use vipd::kernel::memory::Memory;
use vipd::kernel::{Agent, Notice, Plan, Sink};
use vipd::types::{Address, Announce, IfIndex, Instant, LinkName, MacAddr, Slot};

/// What the agent has said.
#[derive(Default)]
pub(crate) struct Log {
    pub(crate) applied: Vec<(Slot, u32)>,
    pub(crate) notices: Vec<String>,
}

impl Sink for Log {
    fn applied(&mut self, slot: Slot, generation: u32) {
        self.applied.push((slot, generation));
    }

    fn notice(&mut self, notice: Notice) {
        self.notices.push(notice.to_string());
    }
}

/// An agent with one interface, eth0, and a clock.
pub(crate) struct Bench {
    pub(crate) agent: Agent<Memory>,
    pub(crate) log: Log,
    pub(crate) now: Instant,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let mut host = Memory::new();
        host.add_link(index(2), eth0(), Some(MAC));
        Self::over(host)
    }

    pub(crate) fn over(host: Memory) -> Self {
        let reports = host.reports();
        let mut agent = Agent::new(host);
        for report in &reports {
            agent.link(report);
        }
        let (log, now) = (Log::default(), Instant::default());
        Self { agent, log, now }
    }

    /// Runs until `span` has passed, with the monitor's events delivered each time.
    pub(crate) fn pass(&mut self, span: Duration) {
        let end = self.now + span;
        for _ in 0..100_000 {
            for event in self.agent.kernel_mut().take_events() {
                self.agent.address_event(event);
            }
            for trace in self.agent.kernel_mut().take_losses() {
                self.agent.lost(&trace);
            }
            match self.agent.run(self.now, &mut self.log) {
                Some(next) if next <= end => self.now = next,
                _ => {
                    self.now = end;
                    return;
                }
            }
        }
        panic!("the agent never rests");
    }

    pub(crate) fn settle(&mut self) {
        self.pass(Duration::ZERO);
    }

    pub(crate) fn host(&mut self) -> &mut Memory {
        self.agent.kernel_mut()
    }

    /// The host's report of an interface reaches the agent.
    pub(crate) fn report(&mut self, link: IfIndex) {
        let report = self.host().report(link).unwrap();
        self.agent.link(&report);
    }

    /// The addresses announced since the last call, in order.
    pub(crate) fn announced(&mut self) -> Vec<String> {
        let sent = self.host().take_announcements();
        sent.iter().map(|(_, it)| it.ip.to_string()).collect()
    }
}

pub(crate) const MAC: MacAddr = MacAddr([2, 0, 0, 0, 0, 1]);

pub(crate) fn index(number: u32) -> IfIndex {
    IfIndex::new(number).unwrap()
}

pub(crate) fn eth0() -> LinkName {
    LinkName::new("eth0").unwrap()
}

pub(crate) fn slot(number: usize) -> Slot {
    Slot::new(number).unwrap()
}

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

pub(crate) fn plan(addresses: &[&str]) -> Option<Plan> {
    let addresses = addresses.iter();
    Some(Plan {
        addresses: addresses.map(|it| Address::new(ip(it), eth0())).collect(),
        announce: Announce { repeat: 2, ..Announce::default() },
        ..Plan::default()
    })
}

pub(crate) fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}
