//! Who is to win: priority, interval, preemption.

use std::time::Duration;

use super::Findings;
use crate::config::declared::{self, InitialState, Manners};
use crate::config::diagnostic::Diagnostic;
use crate::config::model::Preempt;
use crate::config::source::Spanned;
use crate::types::{Centis, Priority, Version};

/// What an instance brings into the election.
pub(super) struct Election {
    pub(super) priority: Priority,
    pub(super) interval: Centis,
    pub(super) preempt: Preempt,
}

pub(super) fn compile(
    written: &declared::Instance,
    version: Version,
    strict: bool,
    findings: &mut Findings<'_>,
) -> Election {
    let priority = priority(written, findings);
    let wants_active = wants_active(written, priority, strict, findings);
    Election {
        priority,
        interval: interval(written, version, findings),
        preempt: preempt(written, priority, wants_active, strict, findings),
    }
}

/// The priority; 255 where the state is Active and none was written.
fn priority(written: &declared::Instance, findings: &mut Findings<'_>) -> Priority {
    match (written.priority, written.state) {
        (Some(priority), _) => priority.value,
        (None, Some(state)) if state.value == InitialState::Active => {
            findings.push(
                Diagnostic::note(
                    "owner-by-state",
                    format!("{} has priority 255, the address owner's", written.name.value),
                )
                .at(state.span, "because no priority is set beside this state")
                .help("set a priority below 255 unless this router owns the addresses"),
            );
            Priority::OWNER
        }
        (None, _) => Priority::DEFAULT,
    }
}

/// Whether the state says Active, once it does not contradict strict mode.
fn wants_active(
    written: &declared::Instance,
    priority: Priority,
    strict: bool,
    findings: &mut Findings<'_>,
) -> bool {
    let Some(state) = written.state else {
        return false;
    };
    let active = state.value == InitialState::Active;
    if strict && active != priority.is_owner() {
        findings.push(
            findings
                .flaw(
                    "strict-conflict",
                    "in strict mode the address owner, priority 255, and it alone starts as Active",
                )
                .at(state.span, "this state is ignored"),
        );
        return priority.is_owner();
    }
    active
}

/// The interval in the version's unit, within the version's bounds.
fn interval(written: &declared::Instance, version: Version, findings: &mut Findings<'_>) -> Centis {
    let Some(interval) = written.interval else {
        return Centis::SECOND;
    };
    let (unit, least, most) = match version {
        Version::V2 => (Duration::from_secs(1), Centis::SECOND, Centis::MAX_V2),
        Version::V3 => (Duration::from_millis(10), Centis::SHORTEST, Centis::MAX_V3),
    };
    let rounded = round(interval.value, unit).clamp(least, most);
    if rounded.duration() != interval.value {
        let outcome = match findings.manners {
            Manners::Lenient => format!("becomes {rounded}"),
            Manners::Exact => format!("cannot be {:?}", interval.value),
        };
        findings.push(
            findings
                .flaw(
                    "interval-rounded",
                    format!(
                        "the interval of {} {outcome}: version {version} knows steps of \
                         {unit:?} from {least} to {most}",
                        written.name.value
                    ),
                )
                .at(interval.span, format!("{:?}", interval.value))
                .help(match version {
                    Version::V2 => "for shorter intervals set version 3 on all routers",
                    Version::V3 => "write a multiple of 10 ms",
                }),
        );
    }
    rounded
}

/// `span` in whole `unit`s, half a unit rounded up.
fn round(span: Duration, unit: Duration) -> Centis {
    let nanos = unit.as_nanos();
    let units = (span.as_nanos() + nanos / 2) / nanos;
    let centis = units.saturating_mul(nanos) / Duration::from_millis(10).as_nanos();
    let centis = u16::try_from(centis).unwrap_or(u16::MAX);
    Centis::new(centis.clamp(1, Centis::MAX_V2.get())).unwrap_or(Centis::MAX_V2)
}

fn preempt(
    written: &declared::Instance,
    priority: Priority,
    wants_active: bool,
    strict: bool,
    findings: &mut Findings<'_>,
) -> Preempt {
    let mut never = written.preempt.filter(|it| !it.value);
    let mut delay = written.preempt_delay.filter(|it| !it.value.is_zero());
    let name = &written.name.value;
    let mut clear = |message: String, place| {
        findings.push(findings.flaw("preempt-conflict", message).at(place, "no effect"));
    };
    if let Some(never) = never.take_if(|_| wants_active || priority.is_owner()) {
        let why = if wants_active {
            "its state is MASTER; BACKUP would do"
        } else {
            "its priority is 255; a lower one would do"
        };
        clear(format!("{name} preempts all the same: {why}"), never.span);
    }
    let why = if strict {
        Some("strict mode knows none")
    } else if never.is_some() {
        Some("it does not preempt at all")
    } else if wants_active {
        Some("its state is MASTER; BACKUP would do")
    } else {
        None
    };
    if let Some(why) = why
        && let Some(delay) = delay.take()
    {
        clear(format!("{name} keeps no preemption delay: {why}"), delay.span);
    }
    match (never, delay) {
        (Some(_), _) => Preempt::No,
        (None, Some(Spanned { value, .. })) => Preempt::After(value),
        (None, None) => Preempt::Yes,
    }
}
