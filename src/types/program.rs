//! A program that the configuration names: what is run, and as whom.

/// A program with its arguments, run without a shell.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Program {
    /// Its path, or a name to be looked for in `PATH`; then its arguments. Never empty.
    pub words: Vec<String>,
    /// As whom it runs; as the node's `script_user` where absent.
    pub account: Option<Account>,
}

/// A user, and perhaps a group, by name.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Account {
    /// The user.
    pub user: String,
    /// The group; the user's own where absent.
    pub group: Option<String>,
}

/// Why a program is not run.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unrun {
    /// What is in the way.
    pub reason: String,
    /// What removes it.
    pub help: String,
}

impl Program {
    /// The program of these words; `None` without any, or where the first is empty.
    #[must_use]
    pub fn new(words: Vec<String>) -> Option<Self> {
        let named = words.first().is_some_and(|first| !first.is_empty());
        named.then_some(Self { words, account: None })
    }

    /// What is run: a path, or a name to be looked for.
    #[must_use]
    pub fn name(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }
}
