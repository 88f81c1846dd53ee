//! The names that are known without a definition.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::PathBuf;

use super::super::define::BuiltIn;
use super::super::include::Checks;
use crate::config::Options;

/// What names with an underscore stand for.
pub(super) struct Known<'a> {
    options: &'a Options,
    /// What `@ID` is compared with.
    pub(super) config_id: String,
    /// The directory of the file that is being read.
    pub(super) directory: PathBuf,
    random: u64,
}

impl<'a> Known<'a> {
    pub(super) fn new(options: &'a Options) -> Self {
        let seed = || RandomState::new().build_hasher().finish();
        Self {
            options,
            config_id: options.config_id.clone(),
            directory: PathBuf::new(),
            random: options.random_seed.unwrap_or_else(seed) | 1,
        }
    }

    /// What includes insist on unless a file says otherwise.
    pub(super) const fn checks(&self) -> Checks {
        if self.options.all_includes {
            Checks::ALL
        } else {
            Checks { read: false, matches: false, wildcard: false, braces: false }
        }
    }

    /// A number of `least..=most`; xorshift is random enough for a priority or a delay.
    fn random(&mut self, arguments: &str) -> Option<u64> {
        let mut bounds = arguments.split_whitespace().map(str::parse::<u64>);
        let least = bounds.next().transpose().ok()?.unwrap_or(0);
        let most = bounds.next().transpose().ok()?.unwrap_or(32_767);
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        let width = most.checked_sub(least)?.checked_add(1)?;
        Some(least + self.random % width)
    }
}

impl BuiltIn for Known<'_> {
    fn value(&mut self, name: &str, arguments: &str) -> Option<String> {
        match name {
            "_PWD" => Some(self.directory.display().to_string()),
            "_INSTANCE" => Some(self.config_id.clone()),
            "_HASH" => Some("#".to_owned()),
            "_BANG" => Some("!".to_owned()),
            "_ENV" => Some(std::env::var(arguments.trim()).unwrap_or_default()),
            "_RANDOM" => self.random(arguments).map(|it| it.to_string()),
            _ => None,
        }
    }
}
