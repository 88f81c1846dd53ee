//! Programs that probes run: started, heard, and ended with all that they have started.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::process::Pid;
use tokio::net::unix::pipe;
use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::sys::{self, Child, Identity, Outcome, Signal};

/// The programs that run, so that none is left behind.
#[derive(Clone, Debug, Default)]
pub(super) struct Nursery {
    live: Arc<Mutex<Live>>,
    /// Told when a child has ended, any of them.
    ended: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Live {
    /// Leaders of groups whose end nobody has taken yet: their numbers are theirs alone.
    leaders: Vec<Pid>,
    /// Pipes that are read on after their program's end.
    lingering: usize,
}

/// A program that runs. Dropped, it is ended in the background.
#[derive(Debug)]
pub(super) struct Run {
    nursery: Nursery,
    /// Until its end was taken or is taken care of.
    child: Option<Child>,
    output: Output,
}

impl Nursery {
    /// Hears of ends, for ever.
    pub(super) async fn listen(self) {
        // Without the signal every wait looks for itself.
        let Ok(mut children) = signal(SignalKind::child()) else {
            return;
        };
        while children.recv().await.is_some() {
            self.ended.notify_waiters();
        }
    }

    /// Waits until a child has ended.
    async fn gone(&self, child: &Child) {
        loop {
            let told = self.ended.notified();
            if child.has_ended() {
                return;
            }
            // Signals may be lost where others handle them too.
            let _told = timeout(LOOK_AGAIN, told).await.is_ok();
        }
    }

    /// Waits until a child has ended, and takes its end.
    async fn end_of(&self, child: &Child) -> Result<Outcome, sys::Error> {
        loop {
            self.gone(child).await;
            if let Some(end) = self.take_end(child)? {
                return Ok(end);
            }
        }
    }

    /// Starts a program.
    ///
    /// # Errors
    /// Where the system has no room for another.
    pub(super) fn start(
        &self,
        path: &Path,
        words: &[String],
        identity: Identity,
    ) -> Result<Run, sys::Error> {
        let mut live = self.lock();
        let (child, heard) = Child::start_heard(path, words, identity)?;
        live.leaders.push(child.pid());
        drop(live);
        let pipe = pipe::Receiver::from_owned_fd(heard).ok();
        let output = Output { pipe, tail: Vec::new() };
        Ok(Run { nursery: self.clone(), child: Some(child), output })
    }

    /// Waits until nothing runs any more; what still does after `patience` is killed.
    pub(super) async fn wait(&self, patience: Duration) {
        let empty = async {
            while !self.lock().leaders.is_empty() {
                sleep(LOOK).await;
            }
        };
        if timeout(patience, empty).await.is_err() {
            for leader in &self.lock().leaders {
                // Who has ended by now needs no signal.
                let _ended = Signal::KILL.send_to_group(*leader).is_err();
            }
        }
    }

    /// The child's end, taken once; `None` while it runs.
    fn take_end(&self, child: &Child) -> Result<Option<Outcome>, sys::Error> {
        // Nobody signals the number between the end and its removal from the list.
        let mut live = self.lock();
        let end = child.end();
        if !matches!(end, Ok(None)) {
            live.leaders.retain(|leader| *leader != child.pid());
        }
        end
    }

    fn lock(&self) -> MutexGuard<'_, Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Run {
    /// Waits for the end, and says how it ended and what it printed last.
    ///
    /// # Errors
    /// Where somebody else took the end.
    pub(super) async fn end(&mut self) -> Result<(Outcome, String), sys::Error> {
        let Self { nursery, child, output } = self;
        let Some(running) = child.as_ref() else {
            return Err(sys::Error {
                request: "wait for a program",
                errno: rustix::io::Errno::CHILD,
            });
        };
        let end = tokio::select! {
            end = nursery.end_of(running) => end,
            never = output.listen() => match never {},
        };
        *child = None;
        let end = end?;
        let printed = output.finish(nursery);
        Ok((end, printed))
    }

    /// What it has printed last so far.
    pub(super) fn printed(&self) -> String {
        self.output.text()
    }

    /// Ends it with all that it has started: asks first, and kills after [`GRACE`]. The handle
    /// is done when it has ended.
    pub(super) fn dismiss(mut self) -> Option<JoinHandle<()>> {
        self.dismissed()
    }

    fn dismissed(&mut self) -> Option<JoinHandle<()>> {
        let child = self.child.take()?;
        child.signal(Signal::TERM);
        let nursery = self.nursery.clone();
        let mut output = std::mem::take(&mut self.output);
        let dismissal = async move {
            let all = async {
                if timeout(GRACE, nursery.gone(&child)).await.is_err() {
                    child.signal(Signal::KILL);
                    nursery.gone(&child).await;
                }
            };
            tokio::select! {
                () = all => {}
                never = output.listen() => match never {},
            }
            // What it has started goes with it. Its number is still its own.
            child.signal(Signal::KILL);
            let _known = nursery.end_of(&child).await.is_ok();
        };
        // Where there is no runtime any more, the process is about to end.
        Handle::try_current().ok().map(|runtime| runtime.spawn(dismissal))
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        // Nobody waits for it: the task goes on by itself.
        drop(self.dismissed());
    }
}

/// What a program prints.
#[derive(Debug, Default)]
struct Output {
    /// `None` behind the last word of whoever may print.
    pipe: Option<pipe::Receiver>,
    /// The last octets.
    tail: Vec<u8>,
}

/// There is no value of this type: who returns it does not return.
enum Never {}

impl Output {
    /// Listens as long as anybody may print, and for ever after.
    async fn listen(&mut self) -> Never {
        while let Some(pipe) = &self.pipe {
            let readable = pipe.readable().await.is_ok();
            self.take(readable);
        }
        std::future::pending().await
    }

    /// Takes in what there is.
    fn take(&mut self, mut readable: bool) {
        let mut octets = [0; ROOM];
        while let Some(pipe) = self.pipe.as_ref().filter(|_| readable) {
            match pipe.try_read(&mut octets) {
                Ok(count) if count > 0 => {
                    self.tail.extend(octets.iter().take(count));
                    let surplus = self.tail.len().saturating_sub(ROOM);
                    self.tail.drain(..surplus);
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => readable = false,
                Ok(_) | Err(_) => self.pipe = None,
            }
        }
    }

    /// What was printed last. Whoever was started by the program and still may print is read on,
    /// or its next word would be its end.
    fn finish(&mut self, nursery: &Nursery) -> String {
        self.take(true);
        if self.pipe.is_some() {
            let mut live = nursery.lock();
            if live.lingering < MOST_LINGERING {
                live.lingering += 1;
                let (nursery, pipe) = (nursery.clone(), self.pipe.take());
                tokio::spawn(async move {
                    let mut rest = Self { pipe, tail: Vec::new() };
                    while let Some(pipe) = &rest.pipe {
                        let readable = pipe.readable().await.is_ok();
                        rest.take(readable);
                    }
                    nursery.lock().lingering -= 1;
                });
            }
        }
        self.text()
    }

    fn text(&self) -> String {
        let text = String::from_utf8_lossy(&self.tail);
        let plain = |c: char| if c.is_control() && c != '\n' { ' ' } else { c };
        text.trim().chars().map(plain).collect()
    }
}

/// How long a program has between being asked to end and being killed.
const GRACE: Duration = Duration::from_secs(2);
/// How often is looked for the end of everything.
const LOOK: Duration = Duration::from_millis(5);
/// How often is looked for an end of which nothing was heard.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// Octets that are kept of what is printed.
const ROOM: usize = 1024;
/// Pipes that are read on at most; who holds another has to live without a reader.
const MOST_LINGERING: usize = 64;
