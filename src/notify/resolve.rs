//! From a program's name to what is run: where it is, as whom it runs, whether it is to be run.

use std::collections::HashMap;
use std::path::PathBuf;

use tracing::warn;

use super::notifier::Setup;
use crate::sys::programs::{self, Unfit};
use crate::sys::{self, Identity, accounts};
use crate::types::{Account, Program, Unrun};

/// Resolves programs, each once for a configuration.
#[derive(Debug, Default)]
pub(super) struct Resolver {
    rules: Rules,
    known: HashMap<Program, Option<Ready>>,
}

/// What holds for all programs.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Rules {
    /// `script_user`
    pub(super) account: Option<Account>,
    /// `enable_script_security`
    pub(super) secure: bool,
}

/// A program that can be run.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Ready {
    pub(super) path: PathBuf,
    pub(super) identity: Identity,
}

/// Why one cannot.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("no user or group {user}")]
    NoAccount {
        user: String,
        #[source]
        source: sys::Error,
    },
    #[error(transparent)]
    Unfit(#[from] Unfit),
}

/// Why `program` would not be run under `setup`; `None` if it would. May wait for the disk and for
/// a directory of users.
#[must_use]
pub fn refusal(program: &Program, setup: &Setup) -> Option<Unrun> {
    let refusal = Resolver::new(setup.rules.clone()).look(program).err()?;
    let help = match &refusal {
        Refusal::NoAccount { user, .. } => {
            format!("`useradd --system {user}`, or name another user")
        }
        Refusal::Unfit(unfit) => unfit.help(),
    };
    Some(Unrun { reason: refusal.to_string(), help })
}

impl Resolver {
    pub(super) fn new(rules: Rules) -> Self {
        Self { rules, known: HashMap::new() }
    }

    /// What to run for `program`; `None` where it is not to be run, which is told once.
    pub(super) fn resolve(&mut self, program: &Program) -> Option<Ready> {
        if let Some(known) = self.known.get(program) {
            return known.clone();
        }
        let found = self.look(program);
        let ready = match found {
            Ok(ready) => Some(ready),
            Err(error) => {
                let name = program.name();
                warn!(program = name, %error, "A program is not run.");
                None
            }
        };
        self.known.insert(program.clone(), ready.clone());
        ready
    }

    /// Whose a pipe becomes that says nothing itself, or this.
    pub(super) fn identity(&self, account: Option<&Account>) -> Result<Identity, sys::Error> {
        match account.or(self.rules.account.as_ref()) {
            Some(account) => accounts::find(account),
            None => Ok(usual_identity()),
        }
    }

    fn look(&self, program: &Program) -> Result<Ready, Refusal> {
        let account = program.account.as_ref();
        let identity = self.identity(account).map_err(|source| {
            let account = account.or(self.rules.account.as_ref());
            let user = account.map_or_else(String::new, |account| account.user.clone());
            Refusal::NoAccount { user, source }
        })?;
        let path = programs::locate(program.name(), identity)?;
        if self.rules.secure {
            programs::check_security(&path, identity)?;
        }
        Ok(Ready { path, identity })
    }
}

/// As whom programs run if nobody says: `keepalived_script`, where there is one.
fn usual_identity() -> Identity {
    let account = Account { user: USUAL.to_owned(), group: None };
    accounts::find(&account).unwrap_or_else(|_no_such_user| Identity::own())
}

/// The user that keepalived's documents tell everybody to make.
const USUAL: &str = "keepalived_script";

#[cfg(test)]
mod tests {
    use super::*;

    fn program(name: &str, user: Option<&str>) -> Program {
        let account = user.map(|user| Account { user: user.to_owned(), group: None });
        Program { words: vec![name.to_owned()], account }
    }

    #[test]
    fn what_is_not_there_or_has_no_user_is_not_run() {
        let mut resolver = Resolver::new(Rules::default());
        assert_eq!(resolver.resolve(&program("/no/such", None)), None);
        assert_eq!(resolver.resolve(&program("/bin/sh", Some("no-such-user"))), None);
        let sh = resolver.resolve(&program("/bin/sh", Some("root"))).unwrap();
        assert_eq!(sh, Ready { path: "/bin/sh".into(), identity: Identity { user: 0, group: 0 } });
    }
}
