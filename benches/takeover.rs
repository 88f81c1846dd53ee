//! How long the real kernel takes to get 1 000 addresses and 5 000 gratuitous ARPs from the agent.
//!
//! As root: `cargo bench --bench takeover`. It plays in a network namespace of its own, with
//! 1 000 instances on four interfaces, and prints milliseconds from the desires on.

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark may stop, prints, and waits for its interfaces"
)]

use std::net::{IpAddr, Ipv4Addr};
use std::process::Command;
use std::time::Duration;

use vipd::kernel::netlink::{Event, Monitor, Netlink};
use vipd::kernel::{Agent, Notice, Plan, Sink};
use vipd::sys::clock;
use vipd::sys::namespace::Network;
use vipd::types::{Address, Instant, LinkName, LinkReport, Slot};

const LINKS: usize = 4;
const INSTANCES: usize = 1000;
const RUNS: u32 = 15;

#[derive(Default)]
struct Count {
    applied: usize,
}

impl Sink for Count {
    fn applied(&mut self, _: Slot, _: u32) {
        self.applied += 1;
    }

    fn notice(&mut self, notice: Notice) {
        println!("{notice}");
    }
}

/// When the last of each had come.
struct Times {
    applied: Duration,
    announced: Duration,
    repeated: Duration,
}

fn main() {
    let _network = Network::create().expect("this runs as root");
    for number in 0..LINKS {
        ip(&format!("link add e{number} type veth peer name p{number}"));
        ip(&format!("link set p{number} up"));
        ip(&format!("link set e{number} up"));
    }
    std::thread::sleep(Duration::from_millis(200));
    let mut agent = Agent::new(Netlink::open().expect("a root may"));
    for report in links() {
        agent.link(&report);
    }
    let slots: Vec<Slot> = (0..INSTANCES).filter_map(Slot::new).collect();
    for (slot, number) in slots.iter().zip(0_u32..) {
        let link = format!("e{}", slot.index() % LINKS);
        let link = LinkName::new(&link).expect("a letter and a digit are a name");
        let ip = IpAddr::V4(Ipv4Addr::from_bits(0x0a01_0001 + number));
        let plan = Plan { addresses: vec![Address::new(ip, link)], ..Plan::default() };
        agent.plan(*slot, Some(plan));
    }
    rest(&mut agent);

    let mut all = Vec::new();
    for run in 0..RUNS {
        all.push(take(&mut agent, &slots, 2 * run));
        for &slot in &slots {
            agent.desire(slot, false, 2 * run + 1);
        }
        rest(&mut agent);
    }
    type Of = fn(&Times) -> Duration;
    let columns: [(&str, Of); 3] = [
        ("all acknowledged", |times| times.applied),
        ("all announced", |times| times.announced),
        ("last of 5 rounds", |times| times.repeated),
    ];
    for (name, of) in columns {
        let mut spans: Vec<_> = all.iter().map(of).collect();
        spans.sort_unstable();
        let at = |place: usize| spans.get(place).copied().unwrap_or_default();
        let (least, median, most) = (at(0), at(spans.len() / 2), at(spans.len() - 1));
        println!("{name:18} {median:9.2?}   ({least:.2?} to {most:.2?})");
    }
}

fn take(agent: &mut Agent<Netlink>, slots: &[Slot], generation: u32) -> Times {
    let mut count = Count::default();
    let instances = u64::try_from(INSTANCES).unwrap_or(u64::MAX);
    let before = agent.counters().announced;
    let begin = clock::now();
    let mut times =
        Times { applied: Duration::ZERO, announced: Duration::ZERO, repeated: Duration::ZERO };
    for &slot in slots {
        agent.desire(slot, true, generation);
    }
    loop {
        let now = clock::now();
        let again = agent.run(now, &mut count) == Some(now);
        let passed = clock::now().since(begin);
        if count.applied < slots.len() {
            times.applied = passed;
        }
        if agent.counters().announced - before < instances {
            times.announced = passed;
        }
        times.repeated = passed;
        if !again {
            let sent = agent.counters().announced - before;
            assert_eq!((count.applied, sent), (INSTANCES, 5 * instances));
            return times;
        }
    }
}

/// The interfaces as the monitor reports them.
fn links() -> Vec<LinkReport> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime needs three descriptors");
    runtime.block_on(async {
        let mut monitor = Monitor::open().expect("a socket can be opened");
        let mut reports = Vec::new();
        loop {
            match monitor.next().await.expect("the kernel lists its links") {
                Event::Link(report) => reports.push(report),
                Event::Listed => return reports,
                Event::Gone(_) | Event::Address(_) | Event::Lost(_) | Event::Missed => {}
            }
        }
    })
}

/// Runs until there is nothing to do at once.
fn rest(agent: &mut Agent<Netlink>) {
    let mut now = Instant::default();
    while agent.run(now, &mut Count::default()) == Some(now) {
        now = clock::now();
    }
}

fn ip(arguments: &str) {
    let status = Command::new("ip").args(arguments.split(' ')).status();
    assert!(status.is_ok_and(|status| status.success()), "ip {arguments}");
}
