//! Mails that wait for their server.
//!
//! Nobody waits for it. What a server does not take now is offered again, first after a few
//! seconds, then more and more seldom; what is old by then is given up. If too many wait, of each
//! subject only the newest does.

use std::collections::{HashMap, HashSet, VecDeque};
use std::future::{Future, poll_fn};
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{Sleep, sleep};
use tracing::{debug, warn};

use super::event::{Event, State, Subject, What};
use super::letter::{Host, letter};
use super::smtp::{Failure, Letter, Route, deliver};
use crate::config::model::Mail;
use crate::sys::clock;
use crate::types::Instant;

/// The mails of one node, and how it sends them.
#[derive(Default)]
pub(super) struct Post {
    mail: Mail,
    router_id: Option<String>,
    host: Option<Host>,
    waiting: VecDeque<Waiting>,
    doing: Doing,
    /// Failures in a row.
    failures: u32,
    /// A failure is the last one.
    hurries: bool,
    /// Mails that were left out for newer ones.
    left_out: u64,
    /// What was last told of each: a mail that says the same again is none.
    told: HashMap<Subject, State>,
}

/// A mail that waits.
struct Waiting {
    since: Instant,
    subject: Subject,
    state: State,
    /// When it happened, since 1970.
    time: Duration,
}

/// What is being done about them.
#[derive(Default)]
enum Doing {
    #[default]
    Nothing,
    /// The host is asked for its name, which may take long.
    Asking(JoinHandle<Host>),
    /// These, the first ones that wait, are handed over.
    Sending(usize, Pin<Box<dyn Future<Output = Sent> + Send>>),
    /// The server has its rest.
    Resting(Pin<Box<Sleep>>),
}

/// The mails that are left, and why.
type Sent = (VecDeque<Letter>, Result<(), Failure>);

impl Post {
    /// From now on mails are sent so; those that wait keep their text.
    pub(super) fn configure(&mut self, mail: Mail, router_id: Option<String>) {
        if mail.server != self.mail.server && matches!(self.doing, Doing::Resting(_)) {
            self.doing = Doing::Nothing;
        }
        (self.mail, self.router_id) = (mail, router_id);
        if !self.mail.is_sent() {
            self.waiting.clear();
            self.doing = Doing::Nothing;
        }
    }

    /// Has a mail sent of `event` at `time`, since 1970, where one is wanted.
    pub(super) fn tell(&mut self, event: &Event, time: Duration) {
        let What::State(state) = event.what else { return };
        let is_wanted = event.hooks.mail && self.mail.is_sent();
        if !is_wanted || (state == State::Fault && !self.mail.faults) {
            return;
        }
        if self.told.insert(event.subject.clone(), state) == Some(state) {
            return;
        }
        if matches!(state, State::Stop | State::Deleted) {
            self.told.remove(&event.subject);
        }
        let (since, subject) = (clock::now(), event.subject.clone());
        self.waiting.push_back(Waiting { since, subject, state, time });
        if self.waiting.len() > LETTERS {
            self.leave_out();
        }
    }

    /// Goes on for ever, a little whenever there is something to do.
    pub(super) async fn go_on(&mut self) {
        poll_fn(|context| {
            let _none_waits = self.poll(context).is_ready();
            Poll::Pending
        })
        .await
    }

    /// The daemon ends: each mail has this one chance.
    pub(super) fn hurry(&mut self) {
        self.hurries = true;
        if matches!(self.doing, Doing::Resting(_)) {
            self.doing = Doing::Nothing;
        }
    }

    /// Tells what has not been sent at the end.
    pub(super) fn give_up(&self) {
        if !self.waiting.is_empty() {
            warn!(mails = self.waiting.len(), "The last mails are not sent.");
        }
    }

    /// Goes on with whatever can be done now; ready when no mail waits.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            match &mut self.doing {
                Doing::Nothing => match self.send() {
                    Some(doing) => self.doing = doing,
                    None => return Poll::Ready(()),
                },
                Doing::Asking(asking) => {
                    let Poll::Ready(answer) = Pin::new(asking).poll(context) else {
                        return Poll::Pending;
                    };
                    // A panic of the resolver is no reason to send nothing.
                    self.host = Some(answer.unwrap_or_else(|_panic| Host::unknown()));
                    self.doing = Doing::Nothing;
                }
                Doing::Sending(count, sending) => {
                    let count = *count;
                    let Poll::Ready((left, result)) = sending.as_mut().poll(context) else {
                        return Poll::Pending;
                    };
                    self.doing = Doing::Nothing;
                    self.sent(count, left.len(), result);
                }
                Doing::Resting(rest) => {
                    if rest.as_mut().poll(context).is_pending() {
                        return Poll::Pending;
                    }
                    self.doing = Doing::Nothing;
                }
            }
        }
    }

    /// Begins to hand over what waits.
    fn send(&self) -> Option<Doing> {
        let server = self.mail.server.clone().filter(|_| !self.waiting.is_empty())?;
        let Some(host) = &self.host else {
            return Some(Doing::Asking(spawn_blocking(Host::own)));
        };
        let style = (&self.mail, self.router_id.as_deref());
        let letters = self.waiting.iter().take(BATCH);
        let letters = letters
            .map(|waiting| letter((&waiting.subject, waiting.state), style, host, waiting.time));
        let mut letters: VecDeque<Letter> = letters.collect();
        let count = letters.len();
        let greeting = self.mail.greeting.clone().unwrap_or_else(|| host.name.clone());
        let route = Route { server, greeting, patience: self.mail.timeout };
        let sending = async move {
            let result = deliver(&route, &mut letters).await;
            (letters, result)
        };
        Some(Doing::Sending(count, Box::pin(sending)))
    }

    /// Of the first `count` mails the last `left` have not arrived.
    fn sent(&mut self, count: usize, left: usize, result: Result<(), Failure>) {
        let arrived = count.saturating_sub(left);
        self.waiting.drain(..arrived.min(self.waiting.len()));
        if arrived > 0 {
            debug!(mails = arrived, "Mails are sent.");
        }
        let Err(error) = result else {
            self.failures = 0;
            return;
        };
        let now = clock::now();
        if error.is_for_good()
            && let Some(Waiting { subject, .. }) = self.waiting.pop_front()
        {
            warn!(%subject, %error, "A mail is not sent.");
            return;
        }
        if self.hurries {
            warn!(mails = self.waiting.len(), %error, "The last mails are not sent.");
            self.waiting.clear();
            return;
        }
        self.failures = self.failures.saturating_add(1);
        if self.failures.is_power_of_two() {
            let (mails, cause) = (self.waiting.len(), std::error::Error::source(&error));
            let cause = cause.map(tracing::field::display);
            warn!(mails, %error, cause, "Mails wait for their server.");
        }
        let before = self.waiting.len();
        self.waiting.retain(|waiting| now.since(waiting.since) < OLDEST);
        let given_up = before - self.waiting.len();
        if given_up > 0 {
            warn!(mails = given_up, "Mails that nobody took for long are given up.");
        }
        let pause = FIRST_PAUSE * 2_u32.saturating_pow((self.failures - 1).min(10));
        self.doing = Doing::Resting(Box::pin(sleep(pause.min(LONGEST_PAUSE))));
    }

    /// Leaves out all but the newest of each subject, but for those on their way.
    fn leave_out(&mut self) {
        let on_their_way = match &self.doing {
            Doing::Sending(count, _) => *count,
            Doing::Nothing | Doing::Asking(_) | Doing::Resting(_) => 0,
        };
        let before = self.waiting.len();
        let mut newest = VecDeque::new();
        let mut seen = HashSet::new();
        for (place, waiting) in mem::take(&mut self.waiting).into_iter().enumerate().rev() {
            if place < on_their_way || seen.insert(waiting.subject.clone()) {
                newest.push_front(waiting);
            }
        }
        // Where that many subjects have news, the oldest ones go.
        while newest.len() > LETTERS && on_their_way == 0 {
            newest.pop_front();
        }
        self.waiting = newest;
        let left_out = before - self.waiting.len();
        if self.left_out == 0 && left_out > 0 {
            warn!("Too many mails wait: of each subject only the newest is sent.");
        }
        self.left_out += u64::try_from(left_out).unwrap_or(u64::MAX);
    }
}

/// Mails that may wait.
const LETTERS: usize = 1024;
/// Mails that are handed over by one connection.
const BATCH: usize = 64;
/// For how long a mail is offered again.
const OLDEST: Duration = Duration::from_secs(15 * 60);
/// How long the server has its rest after one failure, and after many.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
