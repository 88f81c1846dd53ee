//! `vrrp_script`: a program is run; its exit status tells.

use std::path::PathBuf;
use std::time::Duration;

use rustix::io::Errno;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::nursery::Nursery;
use super::registry::Refusal;
use super::{Cadence, Health, Observation, Outcome, Prepared, Probe, Surroundings};
use crate::config::model;
use crate::sys::process::Exit;
use crate::sys::programs::Unfit;
use crate::sys::{self, Identity, accounts, clock, programs};
use crate::types::{Account, Program, Unrun, Verdict};

/// A program that is run again and again.
struct Script {
    path: PathBuf,
    words: Vec<String>,
    identity: Identity,
    timeout: Duration,
    nursery: Nursery,
    /// The last run, which took too long and is being ended.
    dying: Option<JoinHandle<()>>,
}

/// Finds the program, and as whom it runs, and whether it is safe to run it.
///
/// # Errors
/// [`Refusal`] where it is not there, not executable, not safe, or has no user.
pub(super) fn prepare(
    script: &model::Script,
    surroundings: &Surroundings,
    nursery: &Nursery,
) -> Result<Prepared, Refusal> {
    let Found { path, words, identity } =
        find(script, surroundings).map_err(|unrun| Refusal(unrun.reason))?;
    let (rise, fall) = (script.rise, script.fall);
    let health =
        if script.init_fail { Health::failed(rise, fall) } else { Health::unknown(rise, fall) };
    let (timeout, nursery) = (script.timeout, nursery.clone());
    let probe = Box::new(Script { path, words, identity, timeout, nursery, dying: None });
    Ok(Prepared { probe, cadence: Cadence::Every(script.interval), health })
}

/// What is run for a script.
struct Found {
    path: PathBuf,
    words: Vec<String>,
    identity: Identity,
}

/// Why the script would not be run; `None` if it would. May wait for the disk and for a directory
/// of users.
#[must_use]
pub fn refusal(script: &model::Script, surroundings: &Surroundings) -> Option<Unrun> {
    find(script, surroundings).err()
}

fn find(script: &model::Script, surroundings: &Surroundings) -> Result<Found, Unrun> {
    let Program { words, account } = &script.program;
    let identity = identity(account.as_ref(), surroundings)?;
    let words = shell_if_redirected(words);
    let name = words.first().map_or("", String::as_str);
    let because =
        |what: &str, unfit: Unfit| Unrun { reason: format!("{what}: {unfit}"), help: unfit.help() };
    let path =
        programs::locate(name, identity).map_err(|unfit| because("not found/accessible", unfit))?;
    if surroundings.secure {
        programs::check_security(&path, identity)
            .map_err(|unfit| because("it has unsafe permissions", unfit))?;
    }
    Ok(Found { path, words, identity })
}

/// As whom a program runs: as its own line says, else as `script_user`, else as
/// `keepalived_script` where there is such a user, else as the daemon, unless that is forbidden.
fn identity(own: Option<&Account>, surroundings: &Surroundings) -> Result<Identity, Unrun> {
    let usual = || Account { user: USUAL_USER.to_owned(), group: None };
    let unknown = |account: &Account, error: sys::Error| {
        let group = account.group.as_ref().map(|group| format!(" with group {group}"));
        let group = group.unwrap_or_default();
        Unrun {
            reason: format!("user {}{group} cannot be used: {}", account.user, error.errno),
            help: format!("`useradd --system {}`, or name another user", account.user),
        }
    };
    match own.or(surroundings.account.as_ref()) {
        Some(account) => accounts::find(account).map_err(|error| unknown(account, error)),
        None => match accounts::find(&usual()) {
            Ok(identity) => Ok(identity),
            Err(error) if surroundings.secure => Err(unknown(&usual(), error)),
            Err(_) => Ok(Identity::own()),
        },
    }
}

/// `</path` is what a shell makes of it: whether the file can be opened. All else is run without
/// one.
fn shell_if_redirected(words: &[String]) -> Vec<String> {
    let Some(path) = words.first().and_then(|first| first.strip_prefix('<')) else {
        return words.to_vec();
    };
    let quoted = |word: &str| format!("'{}'", word.replace('\'', r"'\''"));
    let rest = words.iter().skip(1).map(|word| format!(" {}", quoted(word)));
    let line = format!("<{}{}", quoted(path), rest.collect::<String>());
    vec!["/bin/sh".to_owned(), "-c".to_owned(), line]
}

impl Probe for Script {
    fn observe(&mut self) -> Observation<'_> {
        Box::pin(self.run())
    }
}

impl Script {
    async fn run(&mut self) -> Outcome {
        if let Some(dying) = self.dying.take() {
            // One at a time: nothing piles up behind a program that cannot be ended.
            let _ended = dying.await.is_ok();
        }
        let begun = clock::now();
        let failed = |reason: String| Outcome {
            latency: clock::now().since(begun),
            ..Outcome::new(Verdict::Unhealthy, reason)
        };
        let mut run = match self.nursery.start(&self.path, &self.words, self.identity) {
            Ok(run) => run,
            Err(error) => return failed(format!("cannot be started: {}", error.errno)),
        };
        let Ok(end) = timeout(self.timeout, run.end()).await else {
            let output = run.printed();
            self.dying = run.dismiss();
            return Outcome { output, ..failed(TIMED_OUT.to_owned()) };
        };
        let (end, output) = match end {
            Ok(end) => end,
            Err(error) => return failed(format!("ended, and nobody knows how: {}", error.errno)),
        };
        let exit = match end {
            sys::Outcome::Ended(exit) => exit,
            sys::Outcome::NotRun(errno) => return not_run(errno),
        };
        let (verdict, reason) = match exit {
            Exit::Code(0) => (Verdict::Healthy, String::new()),
            Exit::Code(code) => (Verdict::Unhealthy, format!("exited with status {code}")),
            Exit::Signal(number) => (Verdict::Unhealthy, format!("due to signal {number}")),
        };
        let latency = clock::now().since(begun);
        Outcome { latency, output, exit: Some(exit), ..Outcome::new(verdict, reason) }
    }
}

/// What becomes of a program that cannot be executed though it was there: keepalived takes it for
/// healthy, and a mistake in a script must not take the addresses from every node at once.
fn not_run(errno: Errno) -> Outcome {
    let errno = std::io::Error::from_raw_os_error(errno.raw_os_error());
    Outcome::new(Verdict::Healthy, format!("cannot be run and counts as healthy: {errno}"))
}

/// The reason of a script that took too long.
pub(super) const TIMED_OUT: &str = "timed out";
/// As whom programs run that name nobody, where there is such a user.
const USUAL_USER: &str = "keepalived_script";

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn only_a_redirection_needs_a_shell() {
        let plain = words(&["/bin/check", "a b", "|", "grep"]);
        assert_eq!(shell_if_redirected(&plain), plain);
        let shell = words(&["/bin/sh", "-c", r"<'/dev/tcp/1'\''2/80'"]);
        assert_eq!(shell_if_redirected(&words(&["</dev/tcp/1'2/80"])), shell);
    }
}
