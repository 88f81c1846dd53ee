//! A network namespace with an agent and a monitor in it.

use std::net::IpAddr;
use std::process::Command;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::time::timeout;
use vipd::kernel::netlink::{Event, Monitor, Netlink};
use vipd::kernel::{Agent, Notice, Plan, Sink};
use vipd::sys::clock;
use vipd::sys::namespace::Network;
use vipd::types::{Address, Announce, LinkName, LinkReport, Slot};

/// An agent and a monitor in an empty namespace with a veth pair, `va` and `vb`.
pub(crate) struct Host {
    pub(crate) agent: Agent<Netlink>,
    pub(crate) monitor: Monitor,
    pub(crate) log: Log,
    pub(crate) reports: Vec<LinkReport>,
    pub(crate) listed: usize,
    pub(crate) runtime: Runtime,
    _network: Network,
}

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

impl Host {
    pub(crate) fn new() -> Self {
        let network = Network::create().expect("these tests run as root");
        ip("link set lo up");
        ip("link add va type veth peer name vb");
        ip("link set va up");
        ip("link set vb up");
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.enable_all().build().unwrap();
        let monitor = {
            let _inside = runtime.enter();
            Monitor::open().unwrap()
        };
        let mut host = Self {
            agent: Agent::new(Netlink::open().unwrap()),
            monitor,
            log: Log::default(),
            reports: Vec::new(),
            listed: 0,
            runtime,
            _network: network,
        };
        host.until("everything is listed", |host| host.listed > 0);
        host
    }

    /// Waits for one event, not longer than until the agent has something to do, and runs it.
    pub(crate) fn step(&mut self) {
        let now = clock::now();
        let next = self.agent.run(now, &mut self.log);
        let wait = next.map_or(TICK, |next| next.since(now)).min(TICK);
        let event = async { timeout(wait, self.monitor.next()).await };
        match self.runtime.block_on(event) {
            Ok(Ok(Event::Link(report))) => {
                self.agent.link(&report);
                self.reports.push(report);
            }
            Ok(Ok(Event::Gone(link))) => self.agent.link_gone(link),
            Ok(Ok(Event::Address(event))) => self.agent.address_event(event),
            Ok(Ok(Event::Lost(trace))) => self.agent.lost(&trace),
            Ok(Ok(Event::Missed)) => self.agent.resync(),
            Ok(Ok(Event::Listed)) => {
                self.listed += 1;
                self.agent.resync();
            }
            Ok(Err(error)) => panic!("{error:?}"),
            Err(_) => {}
        }
    }

    pub(crate) fn until(&mut self, what: &str, holds: impl Fn(&mut Self) -> bool) {
        let begin = clock::now();
        while !holds(self) {
            assert!(clock::now().since(begin) < PATIENCE, "{what}: not within {PATIENCE:?}");
            self.step();
        }
    }

    pub(crate) fn pass(&mut self, span: Duration) {
        let begin = clock::now();
        while clock::now().since(begin) < span {
            self.step();
        }
    }

    pub(crate) fn plan(&mut self, number: usize, addresses: Vec<Address>) {
        let announce = Announce::default();
        let plan = Plan { addresses, announce, ..Plan::default() };
        self.agent.plan(slot(number), Some(plan));
    }

    /// From now on routes and rules that go are told.
    pub(crate) fn monitor_routes(&mut self) {
        let _inside = self.runtime.enter();
        self.monitor.watch_routes().unwrap();
    }

    /// Plans and takes addresses, and waits for the acknowledgement.
    pub(crate) fn take(&mut self, number: usize, addresses: Vec<Address>) {
        self.plan(number, addresses);
        self.agent.desire(slot(number), true, 1);
        let done = (slot(number), 1);
        self.until("the addresses are taken", |host| host.log.applied.contains(&done));
    }

    pub(crate) fn drop(&mut self, number: usize) {
        self.agent.desire(slot(number), false, 2);
        let done = (slot(number), 2);
        self.until("the addresses are gone", |host| host.log.applied.contains(&done));
    }

    /// The last report of an interface.
    pub(crate) fn report(&self, name: &str) -> &LinkReport {
        let mut reports = self.reports.iter().rev();
        reports.find(|it| it.name == link(name)).unwrap()
    }
}

/// How long nothing may happen before the loop turns.
pub(crate) const TICK: Duration = Duration::from_millis(20);
/// How long anything may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) fn slot(number: usize) -> Slot {
    Slot::new(number).unwrap()
}

pub(crate) fn link(name: &str) -> LinkName {
    LinkName::new(name).unwrap()
}

pub(crate) fn address(text: &str, name: &str) -> Address {
    Address::new(text.parse().unwrap(), link(name))
}

/// Runs ip(8) and returns what it prints.
pub(crate) fn ip(arguments: &str) -> String {
    let output = Command::new("ip").args(arguments.split(' ')).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "ip {arguments}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// What ip(8) says of one address, without line breaks.
pub(crate) fn shown(name: &str, text: &str) -> String {
    let json = ip(&format!("-j -d addr show dev {name}"));
    let begin = format!("\"local\":\"{text}\"");
    let Some(at) = json.find(&begin) else {
        return String::new();
    };
    let (_, found) = json.split_at(at);
    found.split('}').next().unwrap_or_default().to_owned()
}

pub(crate) fn thousand() -> Vec<Address> {
    let numbers = 0..1000_u32;
    let v4 = |number: u32| IpAddr::from((0x0a01_0000_u32 + number).to_be_bytes());
    numbers.map(|it| Address::new(v4(it), link("va"))).collect()
}
