//! The way to the thread that tells others.

use std::collections::VecDeque;
use std::future::pending;
use std::thread;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tracing::{error, warn};

use super::event::{Event, Subject, What};
use super::resolve::Rules;
use super::thread::Thread;
use crate::config::model::{Fifos, Mail, Model};
use crate::types::Program;

/// Where events are told. Never waits.
#[derive(Debug)]
pub struct Notifier {
    orders: mpsc::Sender<Order>,
    ended: Option<oneshot::Receiver<()>>,
    /// What found no room on the way, of each subject the newest.
    owed: VecDeque<Order>,
    merged: u64,
}

/// What a configuration says of those who are told.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    pub(super) rules: Rules,
    pub(super) fifos: Fifos,
    /// Every program that may be run.
    pub(super) programs: Vec<Program>,
    pub(super) mail: Mail,
    /// How the node calls itself in mails.
    pub(super) router_id: Option<String>,
}

/// To the thread.
#[derive(Debug)]
pub(super) enum Order {
    /// This is the configuration from now on.
    Setup(Box<Setup>),
    /// This happened.
    Tell(Event),
    /// End when everything is told.
    Stop,
}

impl Notifier {
    /// Starts the thread.
    ///
    /// # Errors
    /// Where the system has no thread or descriptor left.
    pub fn start() -> std::io::Result<Self> {
        let (orders, receiver) = mpsc::channel(ORDERS);
        let (end, ended) = oneshot::channel();
        thread::Builder::new().name("notify".to_owned()).spawn(move || {
            if let Err(error) = Thread::run(receiver) {
                error!(%error, "Nobody is told of what happens.");
            }
            // The main thread has ended if nobody waits.
            let _unwanted = end.send(()).is_err();
        })?;
        Ok(Self { orders, ended: Some(ended), owed: VecDeque::new(), merged: 0 })
    }

    /// Tells what the new configuration says.
    pub fn configure(&mut self, setup: Setup) {
        self.order(Order::Setup(Box::new(setup)));
    }

    /// Tells what happened.
    pub fn tell(&mut self, event: Event) {
        self.order(Order::Tell(event));
    }

    /// Hands over what found no room when it happened; never ready where there is nothing.
    pub async fn catch_up(&mut self) {
        if self.owed.is_empty() {
            return pending().await;
        }
        let Ok(permit) = self.orders.reserve().await else {
            self.owed.clear(); // the thread has ended, and told why
            return;
        };
        if let Some(order) = self.owed.pop_front() {
            permit.send(order);
        }
    }

    /// Ends the thread when everybody has been told, or has had the time that a stop allows.
    pub async fn stop(&mut self) {
        let last = async {
            while !self.owed.is_empty() {
                self.catch_up().await;
            }
            let _ended = self.orders.send(Order::Stop).await.is_err();
            if let Some(ended) = self.ended.take() {
                let _panicked = ended.await.is_err();
            }
        };
        if timeout(LONGEST_STOP, last).await.is_err() {
            warn!("Not everybody could be told of the stop.");
        }
    }

    fn order(&mut self, order: Order) {
        let order = match self.owed.is_empty() {
            true => match self.orders.try_send(order) {
                Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => return,
                Err(mpsc::error::TrySendError::Full(order)) => order,
            },
            false => order,
        };
        let key = key(&order);
        let older = self.owed.iter().position(|owed| key.is_some() && self::key(owed) == key);
        if let Some(older) = older {
            self.owed.remove(older);
            self.merged += 1;
            if self.merged.is_power_of_two() {
                warn!(merged = self.merged, "Events are left out for newer ones.");
            }
        }
        self.owed.push_back(order);
    }
}

impl Setup {
    /// Every program that it may run.
    pub fn programs(&self) -> impl Iterator<Item = &Program> {
        self.programs.iter()
    }

    /// What `model` says.
    #[must_use]
    pub fn of(model: &Model) -> Self {
        let node = &model.node;
        let rules = Rules { account: node.script_account.clone(), secure: node.secure_scripts };
        let instances = model.instances.iter().map(|instance| &instance.hooks);
        let hooks = instances.chain(model.groups.iter().map(|group| &group.hooks));
        let readers = node.fifos.iter().filter_map(|fifo| fifo.reader.as_ref());
        let programs = hooks.flat_map(|hooks| hooks.programs()).chain(readers).cloned().collect();
        let (fifos, mail, router_id) =
            (node.fifos.clone(), node.mail.clone(), node.router_id.clone());
        Self { rules, fifos, programs, mail, router_id }
    }
}

/// Of which orders only the newest matters.
fn key(order: &Order) -> Option<(&Subject, bool)> {
    match order {
        Order::Tell(event) => match event.what {
            What::State(_) | What::Still(_) => Some((&event.subject, true)),
            What::Outranking | What::Priority(_) => Some((&event.subject, false)),
        },
        Order::Setup(_) | Order::Stop => None,
    }
}

/// Orders that may wait for the thread; then only the newest of each subject do, with the sender.
const ORDERS: usize = 4096;
/// How long a stop may take: what programs are given, and a little.
const LONGEST_STOP: Duration = Duration::from_millis(1500);
