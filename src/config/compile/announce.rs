//! When and how often neighbours are told.

use std::time::Duration;

use super::Findings;
use super::instance::is;
use crate::config::declared::{self, Declared};
use crate::types::Announce;

/// The instance's settings over the node's over the usual ones.
///
/// What is done on a lower-priority advert follows the *node's* settings for becoming Active, not
/// the instance's: keepalived does the same.
pub(super) fn compile(
    written: &declared::Instance,
    declared: &Declared,
    strict: bool,
    findings: &mut Findings<'_>,
) -> Announce {
    let own = over(&written.policy.announce, of_node(declared));
    if !strict {
        return own;
    }
    if let Some(lower) = written.policy.announce.lower_repeat.filter(|it| it.value > 0) {
        findings.push(
            findings
                .flaw("strict-conflict", "strict mode does not announce on a lower-priority advert")
                .at(lower.span, "0 is used"),
        );
    }
    Announce { lower_repeat: 0, lower_delay: Duration::ZERO, ..own }
}

/// The node's settings over the usual ones.
pub(super) fn of_node(declared: &Declared) -> Announce {
    let usual = if is(declared.node.few_announcements) {
        Announce {
            repeat: 1,
            delay: Duration::ZERO,
            lower_repeat: 1,
            lower_delay: Duration::ZERO,
            ..Announce::default()
        }
    } else {
        Announce::default()
    };
    let node = over(&declared.defaults.announce, usual);
    Announce {
        lower_repeat: or(declared.defaults.announce.lower_repeat, node.repeat),
        lower_delay: or(declared.defaults.announce.lower_delay, node.delay),
        ..node
    }
}

fn over(written: &declared::Announce, base: Announce) -> Announce {
    Announce {
        repeat: or(written.repeat, base.repeat),
        delay: or(written.delay, base.delay),
        refresh: or(written.refresh, base.refresh),
        refresh_repeat: or(written.refresh_repeat, base.refresh_repeat),
        lower_repeat: or(written.lower_repeat, base.lower_repeat),
        lower_delay: or(written.lower_delay, base.lower_delay),
        arp_interval: or(written.arp_interval, base.arp_interval),
        na_interval: or(written.na_interval, base.na_interval),
    }
}

fn or<T>(setting: declared::Setting<T>, usual: T) -> T {
    setting.map_or(usual, |it| it.value)
}
