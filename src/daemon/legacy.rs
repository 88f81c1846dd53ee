//! What a worker leaves to the next one: the configuration that ran last.
//!
//! The supervisor knows the configuration that the daemon was started with, and reads none itself.
//! A worker that dies after a reload, while the file is being written or broken, must not come back
//! with a configuration of last month. So the worker writes each one that runs, in the native
//! syntax and whole, without the files it came from, into memory that outlives it.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{MemfdFlags, memfd_create};

use crate::config;
use crate::config::diagnostic::Diagnostics;
use crate::config::model::Model;
use crate::config::source::Sources;
use crate::sys::Region;

use super::error::Error;

/// Two texts in memory, one of which counts: a worker that dies while it writes spoils the other.
#[derive(Debug)]
pub(super) struct Legacy {
    texts: [File; 2],
    /// [`Standing`] in one word; 0 while there is none.
    standing: Region,
}

/// Which text counts, and how many octets it has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Standing {
    second: bool,
    length: usize,
}

/// Why a configuration is not kept. The one before it stays.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unkept {
    /// The native syntax cannot say it.
    #[error("the native syntax has no words for it")]
    Unsaid,
    /// There is no memory.
    #[error("no memory")]
    Memory(#[source] io::Error),
}

impl Legacy {
    /// Memory without a configuration. To be made before the first worker is.
    ///
    /// # Errors
    /// Where there is no memory, or the process has too many descriptors.
    pub(super) fn new() -> Result<Self, Error> {
        let text = || {
            let memory = memfd_create("configuration", MemfdFlags::CLOEXEC);
            memory.map(File::from).map_err(Error::of("make a file in memory"))
        };
        Ok(Self { texts: [text()?, text()?], standing: Region::new(1)? })
    }

    /// Keeps `model` for the next worker, once it is sure that it will be understood.
    ///
    /// # Errors
    /// [`Unkept`]; what was kept before is still there.
    pub(super) fn keep(&self, model: &Model) -> Result<(), Unkept> {
        let text = config::toml::write(model);
        if understand(&text).map(in_order) != Some(in_order(model.clone())) {
            return Err(Unkept::Unsaid);
        }
        let second = !self.standing().is_some_and(|it| it.second);
        let file = self.text(second);
        file.set_len(0)
            .and_then(|()| file.write_all_at(text.as_bytes(), 0))
            .map_err(Unkept::Memory)?;
        let word = Standing { second, length: text.len() }.word();
        self.standing.iter().for_each(|it| it.store(word, Ordering::Release));
        Ok(())
    }

    /// The configuration that was kept last; `None` where there is none.
    pub(super) fn recall(&self) -> Option<Model> {
        let Standing { second, length } = self.standing()?;
        let mut octets = vec![0; length];
        self.text(second).read_exact_at(&mut octets, 0).ok()?;
        understand(&String::from_utf8(octets).ok()?)
    }

    fn standing(&self) -> Option<Standing> {
        Standing::of(self.standing.first().map_or(0, |it: &AtomicU64| it.load(Ordering::Acquire)))
    }

    const fn text(&self, second: bool) -> &File {
        let [one, other] = &self.texts;
        if second { other } else { one }
    }
}

impl Standing {
    fn of(word: u64) -> Option<Self> {
        let length = usize::try_from(word >> 1).ok()?.checked_sub(1)?;
        Some(Self { second: word & 1 == 1, length })
    }

    fn word(self) -> u64 {
        let length = u64::try_from(self.length).unwrap_or(u64::MAX >> 2);
        (length + 1) << 1 | u64::from(self.second)
    }
}

/// What a text in the native syntax means.
fn understand(text: &str) -> Option<Model> {
    let mut sources = Sources::sealed();
    let file = sources.add("the configuration that ran last", text)?;
    config::toml::load(&sources, file, &mut Diagnostics::default())
}

/// The same model with what is watched in the order of the native syntax, which means nothing.
fn in_order(mut model: Model) -> Model {
    model.trackers.sort_by(|one, other| one.name.cmp(&other.name));
    model
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::config::arbitrary;
    use crate::config::model::{Authentication, Instance};
    use crate::types::{LinkName, Version, Vrid};

    proptest! {
        #[test]
        fn the_last_configuration_that_was_kept_is_recalled(
            first in arbitrary::model(), second in arbitrary::model(),
        ) {
            let legacy = Legacy::new().unwrap();
            prop_assert_eq!(legacy.recall(), None);
            for model in [first, second] {
                legacy.keep(&model).unwrap();
                prop_assert_eq!(legacy.recall(), Some(model));
            }
        }
    }

    #[test]
    fn a_worker_that_dies_while_it_writes_leaves_what_was_there_before() {
        let legacy = Legacy::new().unwrap();
        let model = Model::default();
        legacy.keep(&model).unwrap();
        let standing = legacy.standing().unwrap();

        legacy.text(!standing.second).write_all_at(b"[instance.half", 0).unwrap();

        assert_eq!(legacy.recall(), Some(model));
    }

    /// Of eight octets the last may be the first half of a letter: no text says that.
    #[test]
    fn what_cannot_be_said_is_refused_and_the_last_one_stays() {
        let legacy = Legacy::new().unwrap();
        let eth0 = LinkName::new("eth0").unwrap();
        let sayable = Instance {
            version: Version::V2,
            addresses: vec![crate::types::Address::new([10, 0, 0, 1].into(), eth0)],
            ..Instance::new("VI_1", eth0, Vrid::new(1).unwrap())
        };
        let model = |authentication| Model {
            instances: vec![Instance { authentication, ..sayable.clone() }],
            ..Model::default()
        };
        let last = model(Authentication::Pass(*b"12345678"));
        legacy.keep(&last).unwrap();

        let refused = legacy.keep(&model(Authentication::Pass(*b"1234567\xc3")));

        assert!(matches!(refused, Err(Unkept::Unsaid)), "{refused:?}");
        assert_eq!(legacy.recall(), Some(last));
    }
}
