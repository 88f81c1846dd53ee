//! What is tracked changes priorities and is a fault.

use std::time::Duration;

use vipd::config::model::{Instance, Tracked, TrackerKind, TrackerName};
use vipd::types::{Cause, Fault, Occasion, Standing, TrackerId, Verdict, Weight};
use vipd::vrrp::{Contribution, Input, Tracked as Of};

use crate::node::{DOWN, Node, instance};

fn name(name: &str) -> TrackerName {
    TrackerName { kind: TrackerKind::Script, name: name.to_owned() }
}

fn tracking(weight: i16) -> Instance {
    let weight = Weight::new(weight).unwrap();
    let tracked = Tracked { tracker: name("chk"), weight, reverse: false };
    Instance { tracked: vec![tracked], ..instance("api", 51) }
}

fn id() -> TrackerId {
    TrackerId::new(0).unwrap()
}

impl Node {
    fn judge(&mut self, verdict: Verdict) {
        let input = Input::Verdict { tracker: id(), verdict };
        self.router.handle(input, self.now, &mut self.out);
    }

    fn priority(&self) -> u8 {
        self.router.views().next().unwrap().priority.get()
    }
}

fn node(instance: Instance) -> Node {
    let mut node = Node::new(Vec::new());
    node.router.track([&name("chk")].into_iter());
    node.router.add(instance, node.now, &mut node.out).unwrap();
    node
}

#[test]
fn a_weight_changes_the_priority_and_the_change_names_its_tracker() {
    let mut node = node(tracking(-40));
    assert_eq!((node.priority(), node.standing(0)), (100, Standing::Backup));
    node.judge(Verdict::Unhealthy);
    assert_eq!(node.priority(), 60);
    let change = node.out.changes.pop().unwrap();
    assert_eq!((change.from.get(), change.to.get()), (100, 60));
    assert_eq!(change.occasion, Occasion::Tracker(id(), Verdict::Unhealthy));
    let slot = change.slot;
    let told: Vec<_> = node.router.contributions(slot).collect();
    let of = Of::Tracker(id(), Verdict::Unhealthy);
    assert_eq!(told, [Contribution { of, sum: -40 }]);
    node.judge(Verdict::Healthy);
    assert_eq!(node.priority(), 100);
}

#[test]
fn who_cannot_do_without_it_waits_in_silence_until_something_is_known() {
    let mut node = node(tracking(0));
    node.pass(Duration::from_secs(60));
    assert_eq!((node.standing(0), node.out.causes()), (Standing::Initialize, vec![]));
    let view = node.router.views().next().unwrap();
    assert_eq!(view.fault, Some(Fault::Untold(id())));
    node.judge(Verdict::Healthy);
    assert_eq!(node.out.causes(), [(Standing::Backup, Cause::Recovered)]);
}

#[test]
fn a_failure_is_a_fault_with_a_release_and_the_end_of_it_recovers() {
    let mut node = node(tracking(0));
    node.judge(Verdict::Healthy);
    node.pass(DOWN);
    node.acknowledge();
    assert_eq!(node.standing(0), Standing::Active);
    node.out.causes();
    node.out.adverts();
    node.judge(Verdict::Unhealthy);
    node.acknowledge();
    node.pass(Duration::from_millis(200));
    let cause = Cause::Fault(Fault::Tracked(id()));
    assert_eq!(node.out.causes().first(), Some(&(Standing::Leaving, cause)));
    assert_eq!(node.out.adverts().last().map(|advert| advert.0), Some(0));
    assert_eq!(node.standing(0), Standing::Initialize);
    node.judge(Verdict::Healthy);
    assert_eq!(node.out.causes().last(), Some(&(Standing::Backup, Cause::Recovered)));
}

#[test]
fn a_first_failure_is_told() {
    let mut node = node(tracking(0));
    node.judge(Verdict::Unhealthy);
    let cause = Cause::Fault(Fault::Tracked(id()));
    assert_eq!(node.out.causes(), [(Standing::Initialize, cause)]);
}

#[test]
fn what_cannot_be_watched_holds_nobody() {
    let mut node = node(tracking(0));
    node.judge(Verdict::Disabled);
    assert_eq!(node.standing(0), Standing::Backup);
}

#[test]
fn a_tracker_that_a_reload_adds_does_not_stop_who_runs_before_it_is_known() {
    let mut node = node(instance("api", 51));
    node.pass(DOWN);
    assert_eq!(node.standing(0), Standing::Active);
    node.router.replace(tracking(0), node.now, &mut node.out).unwrap();
    assert_eq!(node.standing(0), Standing::Active);
    node.judge(Verdict::Unhealthy);
    assert_eq!(node.standing(0), Standing::Leaving);
}

#[test]
fn a_tracker_that_a_reload_drops_counts_no_more() {
    let mut node = node(tracking(-40));
    node.judge(Verdict::Unhealthy);
    node.router.track([].into_iter());
    assert_eq!(node.priority(), 60, "while its instance tracks it");
    node.router.replace(instance("api", 51), node.now, &mut node.out).unwrap();
    assert_eq!((node.priority(), node.router.trackers().count()), (100, 0));
}

#[test]
fn a_level_is_multiplied_and_a_grave_one_is_a_fault() {
    let mut node = node(tracking(-10));
    node.judge(Verdict::Level(5));
    assert_eq!((node.priority(), node.standing(0)), (50, Standing::Backup));
    node.judge(Verdict::Level(26));
    assert_eq!(node.standing(0), Standing::Initialize);
    node.judge(Verdict::Level(0));
    assert_eq!((node.priority(), node.standing(0)), (100, Standing::Backup));
}
