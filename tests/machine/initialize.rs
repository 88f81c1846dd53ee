//! Initialize: RFC 9568 §6.4.1.

use vipd::types::{Cause, Priority, Standing};
use vipd::vrrp::machine::{Action, Event};

use crate::bench::{Bench, SECOND, advert, down, settings, up};

#[test]
fn an_owner_is_active_from_the_start() {
    let mut bench = Bench::new(255, settings());
    let actions = bench.handle(up());
    assert_eq!(
        actions,
        [
            Action::Advertise(Priority::OWNER, SECOND),
            Action::TakeAddresses,
            Action::Tell(Standing::Initialize, Standing::Active, Cause::Owner),
        ]
    );
    assert_eq!(bench.wait(), SECOND.duration());
}

#[test]
fn everybody_else_listens_for_a_whole_down_interval_first() {
    let mut bench = Bench::new(254, settings());
    let actions = bench.handle(up());
    assert_eq!(actions, [Action::Tell(Standing::Initialize, Standing::Backup, Cause::Started)]);
    assert_eq!(bench.wait(), down(254, SECOND));
}

#[test]
fn in_initialize_nothing_but_a_start_has_an_effect() {
    let mut bench = Bench::new(100, settings());
    for event in [
        advert(255),
        advert(0),
        Event::Timeout,
        Event::AddressesGone,
        Event::Down(Cause::Stopped),
        Event::Cut(Cause::Stopped),
    ] {
        assert_eq!(bench.handle(event), []);
        assert_eq!(bench.machine.deadline(), None);
    }
}
