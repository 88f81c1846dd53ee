//! What a reload does to a running node, from two configuration texts to adverts and desires.
//!
//! The node's only company is a kernel that acknowledges at once. Time is what the test says.

#![expect(clippy::panic, clippy::unwrap_used, reason = "the test's own helpers")]

use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::subsequence;
use vipd::config::diagnostic::Diagnostics;
use vipd::config::diff::{Change, diff};
use vipd::config::model::{Instance, Model};
use vipd::config::source::Sources;
use vipd::config::toml;
use vipd::types::{
    IfIndex, Instant, LinkAddress, LinkName, LinkReport, MacAddr, Scope, Slot, Standing, Transition,
};
use vipd::vrrp::{Desire, Input, Outbox, Reannounce, Router, Transmit};

proptest! {
    #[test]
    fn an_instance_that_stays_as_it_is_does_not_notice_a_reload(
        (old, new) in reloads(),
        ran in (0..10_000_u64).prop_map(Duration::from_millis),
    ) {
        let (old, new) = (model(&old), model(&new));
        let (mut reloaded, mut left_alone) = (Node::new(&old), Node::new(&old));
        reloaded.run(ran);
        left_alone.run(ran);

        reloaded.reload(&new);
        reloaded.run(Duration::from_secs(10));
        left_alone.run(Duration::from_secs(10));

        for instance in old.instances.iter().filter(|one| new.instances.contains(one)) {
            let slot = reloaded.slot(instance);
            prop_assert_eq!(slot, left_alone.slot(instance));
            prop_assert_eq!(reloaded.log.of(slot), left_alone.log.of(slot));
        }
    }

    #[test]
    fn an_active_router_stays_active_whatever_is_changed_about_it((old, new) in reloads()) {
        let (old, new) = (model(&old), model(&new));
        let mut node = Node::new(&old);
        node.run(Duration::from_secs(200));

        let before = node.log.0.len();
        node.reload(&new);
        node.run(Duration::from_secs(1));

        for instance in &new.instances {
            let stays = old.instances.iter().any(|old| old.key() == instance.key());
            let slot = node.slot(instance);
            let left = node.log.0[before..].iter().any(|(_, whose, event)| {
                *whose == slot && matches!(event, Event::Desired { present: false } | Event::Told(_))
            });
            prop_assert!(!stays || !left, "{:?}", node.log.of(slot));
        }
    }

    #[test]
    fn a_removed_router_gives_its_addresses_up_and_then_says_so((old, new) in reloads()) {
        let (old, new) = (model(&old), model(&new));
        let mut node = Node::new(&old);
        node.run(Duration::from_secs(200));
        let removed: Vec<Slot> = old.instances.iter()
            .filter(|old| !new.instances.iter().any(|new| new.key() == old.key()))
            .map(|old| node.slot(old))
            .collect();

        let before = node.log.0.len();
        let trackers = old.trackers.clone();
        let groups = old.groups.clone();
        node.reload(&Model { instances: kept(&old, &new), trackers, groups, ..new });
        node.run(Duration::from_secs(1));

        for slot in removed {
            let events: Vec<&Event> = node.log.0[before..].iter()
                .filter(|(_, whose, _)| *whose == slot)
                .map(|(_, _, event)| event)
                .collect();
            let gone = events.iter().position(|one| **one == Event::Desired { present: false });
            let released = events.iter().position(|one| one.is_release());
            prop_assert!(gone.is_some() && gone < released, "{:?}", events);
        }
    }

    #[test]
    fn the_node_runs_what_the_new_configuration_says((old, new) in reloads()) {
        let (old, new) = (model(&old), model(&new));
        let mut node = Node::new(&old);
        node.run(Duration::from_secs(3));

        node.reload(&new);
        node.run(Duration::from_secs(1));

        let mut running: Vec<Instance> =
            node.router.views().map(|view| view.config.clone()).collect();
        let mut wanted = new.instances.clone();
        running.sort_by_key(|one| one.vrid.get());
        wanted.sort_by_key(|one| one.vrid.get());
        prop_assert_eq!(running, wanted);
        prop_assert_eq!(diff(&node.model, &new), vec![]);
    }
}

#[test]
fn a_configuration_with_an_error_is_no_model_to_compare_with() {
    let mut sources = Sources::sealed();
    let text = format!("{}prioriyt = 1\n", text(&[Line::plain(1)]));
    let file = sources.add("vipd.toml", text).unwrap();

    assert_eq!(toml::load(&sources, file, &mut Diagnostics::default()), None);
}

/// One instance of a configuration text.
#[derive(Clone, Debug)]
struct Line {
    vrid: u8,
    name: String,
    priority: u8,
    centis: u16,
    hosts: Vec<u8>,
    repeat: u8,
}

impl Line {
    /// An instance that says what it must and no more.
    fn plain(vrid: u8) -> Self {
        let name = format!("vr{vrid}");
        Self { vrid, name, priority: 100, centis: 100, hosts: vec![1], repeat: 5 }
    }
}

/// An arbitrary instance of this number.
fn line(vrid: u8) -> impl Strategy<Value = Line> {
    (1..=254_u8, 1..=500_u16, subsequence(vec![1, 2, 3, 4], 1..=4), 1..=9_u8, any::<bool>())
        .prop_map(move |(priority, centis, hosts, repeat, renamed)| {
            let name = format!("vr{vrid}{}", if renamed { "-renamed" } else { "" });
            Line { vrid, name, priority, centis, hosts, repeat }
        })
}

/// A configuration and the one that follows: of each instance it keeps, changes, drops or adds it.
fn reloads() -> impl Strategy<Value = (Vec<Line>, Vec<Line>)> {
    let fate = (line(0), line(0), 0..4_u8);
    proptest::collection::vec(fate, 1..=5).prop_map(|fates| {
        let (mut old, mut new) = (Vec::new(), Vec::new());
        for (vrid, (first, second, fate)) in (1..).zip(fates) {
            let named = |line: Line| {
                let name = line.name.replace("vr0", &format!("vr{vrid}"));
                Line { vrid, name, ..line }
            };
            let (first, second) = (named(first), named(second));
            match fate {
                0 => new.push(first.clone()),
                1 => new.push(second),
                2 => {}
                _ => {
                    new.push(second);
                    continue;
                }
            }
            old.push(first);
        }
        (old, new)
    })
}

/// The configuration text of these instances.
fn text(lines: &[Line]) -> String {
    let one = |line: &Line| {
        let Line { vrid, name, priority, centis, hosts, repeat } = line;
        let addresses: Vec<String> =
            hosts.iter().map(|host| format!("\"10.0.{vrid}.{host}/24\"")).collect();
        format!(
            "[instance.{name}]\ninterface = \"eth0\"\nvrid = {vrid}\npriority = {priority}\n\
             interval = \"{centis}0ms\"\naddresses = [{}]\nannounce.repeat = {repeat}\n",
            addresses.join(", ")
        )
    };
    lines.iter().map(one).collect()
}

/// What a configuration of these instances means.
fn model(lines: &[Line]) -> Model {
    let mut sources = Sources::sealed();
    let file = sources.add("vipd.toml", text(lines)).unwrap();
    let mut findings = Diagnostics::default();
    toml::load(&sources, file, &mut findings).unwrap_or_else(|| panic!("{findings:?}"))
}

/// The instances of `new` that `old` had too.
fn kept(old: &Model, new: &Model) -> Vec<Instance> {
    let is_kept = |one: &&Instance| old.instances.iter().any(|old| old.key() == one.key());
    new.instances.iter().filter(is_kept).cloned().collect()
}

/// A node with one interface, alone on its link.
struct Node {
    router: Router,
    model: Model,
    now: Instant,
    log: Log,
}

impl Node {
    /// A node that has just started with this model.
    fn new(model: &Model) -> Self {
        let (router, log) = (Router::new(None), Log::default());
        let mut node = Self { router, model: Model::default(), now: Instant::default(), log };
        let report = LinkReport {
            index: IfIndex::new(1).unwrap(),
            name: LinkName::new("eth0").unwrap(),
            up: true,
            mac: Some(MacAddr([2, 0, 0, 0, 0, 1])),
            addresses: vec![LinkAddress {
                ip: "10.0.0.1".parse().unwrap(),
                prefix: 24,
                scope: Scope::GLOBAL,
                tentative: false,
            }],
        };
        node.router.handle(Input::Link(&report), node.now, &mut node.log.at(node.now));
        node.reload(model);
        node
    }

    /// Applies the difference between what runs and `new`.
    fn reload(&mut self, new: &Model) {
        for change in diff(&self.model, new) {
            let out = &mut self.log.at(self.now);
            match change.clone() {
                Change::Node(_) | Change::Fixtures(_) | Change::Arrange(_) => {}
                Change::Groups(groups) => self.router.regroup(groups, self.now, out),
                Change::Trackers(all) => self.router.track(all.iter().map(|one| &one.name)),
                Change::Remove(key) => self.router.remove(key, self.now, out),
                Change::Replace(one) => self.router.replace(*one, self.now, out).unwrap(),
                Change::Add(one) => {
                    self.router.add(*one, self.now, out).unwrap();
                }
            }
            self.model.apply(change);
            self.acknowledge();
        }
    }

    /// Lets time pass.
    fn run(&mut self, span: Duration) {
        let end = self.now + span;
        while let Some(due) = self.router.next_timeout().filter(|due| *due <= end) {
            self.now = due.max(self.now);
            self.router.handle(Input::Timeout, self.now, &mut self.log.at(self.now));
            self.acknowledge();
        }
        self.now = end;
    }

    /// Answers every desire as a kernel would that is never busy.
    fn acknowledge(&mut self) {
        while let Some((slot, generation)) = self.log.1.pop() {
            let applied = Input::Applied { slot, generation };
            self.router.handle(applied, self.now, &mut self.log.at(self.now));
        }
    }

    /// Where the virtual router of the same key runs.
    fn slot(&self, instance: &Instance) -> Slot {
        let mut views = self.router.views();
        let same = views.find(|view| view.config.key() == instance.key());
        same.map(|view| view.slot).unwrap()
    }
}

/// What came out, and the desires that nobody has acknowledged.
#[derive(Default)]
struct Log(Vec<(Instant, Slot, Event)>, Vec<(Slot, u32)>);

/// One effect.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Event {
    Sent(Vec<u8>),
    Assigned(Option<String>),
    Desired { present: bool },
    Announced,
    Told(Standing),
}

impl Event {
    /// An advert of priority 0.
    fn is_release(&self) -> bool {
        matches!(self, Self::Sent(payload) if payload.get(2) == Some(&0))
    }
}

impl Log {
    fn at(&mut self, now: Instant) -> Writer<'_> {
        Writer(now, self)
    }

    /// All that concerned one slot, with its time.
    fn of(&self, slot: Slot) -> Vec<(Instant, Event)> {
        let own = self.0.iter().filter(|(_, whose, _)| *whose == slot);
        own.map(|(at, _, event)| (*at, event.clone())).collect()
    }
}

/// Writes into a log what happens at one time.
struct Writer<'l>(Instant, &'l mut Log);

impl Writer<'_> {
    fn note(&mut self, slot: Slot, event: Event) {
        self.1.0.push((self.0, slot, event));
    }
}

impl Outbox for Writer<'_> {
    fn transmit(&mut self, packet: Transmit<'_>) {
        self.note(packet.slot, Event::Sent(packet.payload.to_vec()));
    }

    fn assign(&mut self, slot: Slot, instance: Option<&Instance>) {
        self.note(slot, Event::Assigned(instance.map(|one| one.name.clone())));
    }

    fn desire(&mut self, slot: Slot, desire: Desire) {
        self.note(slot, Event::Desired { present: desire.present });
        self.1.1.push((slot, desire.generation));
    }

    fn announce(&mut self, slot: Slot, _why: Reannounce) {
        self.note(slot, Event::Announced);
    }

    fn tell(&mut self, transition: Transition) {
        self.note(transition.slot, Event::Told(transition.to));
    }
}
