//! What is played: each act does something to the holder and waits until another one answers.

use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use super::Error;
use super::client::Answer;
use super::screen::{Line, milliseconds, say};
use super::stage::{ADDRESS, INTERVAL, Stage, Which};
use crate::kernel::wiring::LinkState;
use crate::sys::clock;
use crate::types::{Centis, Instant, Version};
use crate::vrrp::timing::{active_down_interval, skew_time};

/// One act.
struct Act {
    /// What happens, for the reader.
    title: &'static str,
    /// Does it.
    deed: fn(&mut Stage) -> Result<(), Error>,
    /// Who is to hold the address afterwards.
    heir: Which,
    /// What bounds the time in which nobody does.
    bound: Bound,
}

/// How the protocol bounds the time in which nobody holds the address.
#[derive(Clone, Copy)]
enum Bound {
    /// Nothing has been there to lose.
    Beginning,
    /// The holder leaves when it hears that another has come.
    NoGap,
    /// The heir waits for three missing adverts and its skew.
    Silence,
    /// The holder has shortened the interval to 10 cs and released: the heir waits for its skew.
    FastRelease,
}

const ACTS: [Act; 7] = [
    Act {
        title: "All three start",
        deed: |stage| Which::ALL.into_iter().try_for_each(|which| stage.start(which)),
        heir: Which::A,
        bound: Bound::Beginning,
    },
    Act {
        title: "a dies: SIGKILL for all its processes",
        deed: |stage| stage.node(Which::A).crash(),
        heir: Which::B,
        bound: Bound::Silence,
    },
    Act {
        title: "a starts again and preempts b",
        deed: |stage| stage.start(Which::A),
        heir: Which::A,
        bound: Bound::NoGap,
    },
    Act {
        title: "a's cable is pulled",
        deed: |stage| stage.cable(Which::A, LinkState::Down),
        heir: Which::B,
        bound: Bound::Silence,
    },
    Act {
        title: "a's cable is plugged in again",
        deed: |stage| stage.cable(Which::A, LinkState::Up),
        heir: Which::A,
        bound: Bound::NoGap,
    },
    Act {
        title: "a is stopped with SIGTERM",
        deed: |stage| stage.node(Which::A).stop(),
        heir: Which::B,
        bound: Bound::FastRelease,
    },
    Act {
        title: "b's worker gets SIGKILL, its supervisor releases",
        deed: |stage| stage.node(Which::B).kill_worker(),
        heir: Which::C,
        bound: Bound::FastRelease,
    },
];

/// Plays all acts, then tells the outages in a table.
pub(super) fn play() -> Result<(), Error> {
    let mut stage = Stage::build()?;
    let mut heard = Vec::new();
    say(&format!(
        "Three routers keep {ADDRESS} alive: a (priority 200), b (150) and c (100).\n\
         They advertise every second. A client asks the address 1000 times a second; a line\n\
         shows who answers it, a dot is silence.\n\n"
    ));
    let mut table = format!("{:<50}{:>12}{:>14}\n", "", "no answer", "by protocol");
    for (number, act) in (1..).zip(&ACTS) {
        say(&format!("{number}. {}\n", act.title));
        let outage = perform(&mut stage, &mut heard, act)?;
        let due = act.outage_due(&mut stage);
        if let Some(due) = due {
            let (outage, due) = (milliseconds(outage), milliseconds(due));
            say(&format!("   no answer for {outage}; the protocol takes {due} at most\n\n"));
            table += &format!("{:<50}{outage:>12}{due:>14}\n", act.title);
        } else {
            say("\n");
        }
    }
    say(&table);
    let plain = milliseconds(skew(&mut stage, Which::B, INTERVAL));
    say(&format!(
        "\nWithout fast release, b would have waited {plain} after a's SIGTERM, as it does with \
         keepalived.\nEverything above lived in namespaces of its own; nothing of it is left.\n"
    ));
    Ok(())
}

/// Does an act, and waits until its heir alone answers. Returns for how long nobody did.
///
/// `heard` is what the client has heard, of which the last of the act before is shown again.
fn perform(stage: &mut Stage, heard: &mut Vec<Answer>, act: &Act) -> Result<Duration, Error> {
    heard.extend(stage.answers.try_iter());
    let event = clock::now();
    let begin = event - SETTLED;
    heard.retain(|answer| answer.at >= begin);
    (act.deed)(stage)?;

    let deadline = event + silence(stage, act.heir) * 3 + SLACK;
    let heir = stage.node(act.heir).name;
    let mut line = Line::new();
    let mut alone_since: Option<Instant> = None;
    loop {
        let now = clock::now();
        line.refresh(begin, now, heard);
        if alone_since.is_some_and(|since| now.since(since) >= SETTLED) {
            line.finish(begin, now, heard);
            return Ok(longest_gap(heard));
        }
        if now > deadline {
            line.finish(begin, now, heard);
            return Err(Error::Unexpected { act: act.title, heir, logs: stage.logs() });
        }
        match stage.answers.recv_timeout(PATIENCE) {
            Ok(answer) => {
                heard.push(answer);
                let right = answer.by == heir;
                alone_since = right.then(|| alone_since.unwrap_or(answer.at));
            }
            Err(RecvTimeoutError::Timeout) => alone_since = None,
            Err(RecvTimeoutError::Disconnected) => return Err(Error::NoClient),
        }
    }
}

impl Act {
    /// For how long the protocol lets the address be without a holder.
    fn outage_due(&self, stage: &mut Stage) -> Option<Duration> {
        match self.bound {
            Bound::Beginning => None,
            Bound::NoGap => Some(Duration::ZERO),
            Bound::Silence => Some(silence(stage, self.heir)),
            Bound::FastRelease => Some(skew(stage, self.heir, Centis::TENTH)),
        }
    }
}

/// After how long without adverts a router claims the address.
fn silence(stage: &mut Stage, which: Which) -> Duration {
    let priority = stage.node(which).priority;
    active_down_interval(Version::V3, priority, INTERVAL, 3)
}

/// After how long a router claims a released address.
fn skew(stage: &mut Stage, which: Which, interval: Centis) -> Duration {
    skew_time(Version::V3, stage.node(which).priority, interval)
}

/// The longest time between two answers.
fn longest_gap(answers: &[Answer]) -> Duration {
    let pairs = answers.iter().zip(answers.iter().skip(1));
    let gaps = pairs.map(|(earlier, later)| later.at.since(earlier.at));
    gaps.max().unwrap_or_default()
}

/// How long one router must answer alone before an act is over; as much is shown before it.
const SETTLED: Duration = Duration::from_millis(300);
/// What starting processes may add to what the protocol needs.
const SLACK: Duration = Duration::from_secs(5);
/// An answer that comes no more often than this is silence.
const PATIENCE: Duration = Duration::from_millis(20);
