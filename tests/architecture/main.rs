//! Who may import whom, how long a file may be, and whether `lib.rs` lists every module.
//!
//! The rules stand in `rules.rs`; the table in `src/lib.rs` must say the same. Paths in comments
//! and strings do not count, those in tests do.

#![expect(
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a panic fails the test, as it should"
)]

mod code;
mod rules;
mod source;

use std::fmt::Write as _;
use std::fs;

use rules::{RULES, broken_rules};
use source::{Source, root, sources};

/// The most lines that a source file may have, its tests included.
const LONGEST: usize = 500;

#[test]
fn modules_import_only_what_they_may() {
    let broken: Vec<String> = sources("src").iter().flat_map(broken_rules).collect();

    assert!(broken.is_empty(), "{}", listed(&broken));
}

#[test]
fn no_source_file_is_longer_than_a_reader_bears() {
    let mut long = Vec::new();
    for file in ["src", "tests", "benches", "examples", "fuzz"].iter().flat_map(|dir| sources(dir))
    {
        let lines = file.text.lines().count();
        if lines > LONGEST {
            long.push(format!("{}: {lines} lines, {LONGEST} at most", file.path.display()));
        }
    }

    assert!(long.is_empty(), "{}", listed(&long));
}

#[test]
fn the_map_in_lib_rs_lists_every_module_and_what_it_may_import() {
    let text = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let mut wrong = Vec::new();
    for module in text.lines().filter_map(declared_module) {
        let Some((_, rule)) = RULES.iter().find(|(name, _)| *name == module) else {
            wrong.push(format!("{module}: tests/architecture.rs has no rule for it"));
            continue;
        };
        let start = format!("//! | [`{module}`] |");
        let row = text.lines().find(|line| line.starts_with(&start));
        let Some(row) = row else {
            wrong.push(format!("{module}: src/lib.rs has no row for it"));
            continue;
        };
        let expected = if rule.is_empty() { "nothing of ours".to_owned() } else { rule.join(", ") };
        let told = row.trim_end_matches(['|', ' ']).rsplit('|').next().unwrap_or("").trim();
        if told != expected {
            wrong.push(format!("{module}: src/lib.rs says `{told}`, the rule is `{expected}`"));
        }
    }

    assert!(wrong.is_empty(), "{}", listed(&wrong));
}

#[test]
fn planted_violations_are_found() {
    let planted = [
        ("src/wire/a.rs", "use crate::vrrp::Router;", "wire may not import vrrp"),
        ("src/vrrp/a.rs", "use crate::{types::Vrid, config::{model::Key, toml}};", "config::toml"),
        ("src/types/mod.rs", "use super::wire::Packet;", "types may not import wire"),
        ("src/config/toml/a.rs", "fn f() { super::super::super::check::run() }", "import check"),
        ("src/kernel/a.rs", "fn f() -> crate::daemon::Run {}", "kernel may not import daemon"),
        ("src/vrrp/a.rs", "async fn f() { tokio::task::yield_now().await }", "use tokio"),
        ("src/vrrp/a.rs", "let now = std::time::Instant::now();", "use std::time::Instant"),
        ("src/vrrp/a.rs", "use std::{fmt, time::{Duration, Instant}};", "use std::time::Instant"),
        ("src/daemon/core.rs", "use std::time::{Duration, SystemTime};", "std::time::SystemTime"),
        ("src/sys/clock.rs", "fn now() { std::time::SystemTime::now() }", "std::time::SystemTime"),
        ("src/kernel/a.rs", "use rustix::time::ClockId;", "use rustix::time"),
        ("src/config/diff.rs", "use std::fs;", "config may not use std::fs"),
        ("src/novel/a.rs", "", "no rule for module novel"),
    ];
    for (path, text, expected) in planted {
        let broken = broken_rules(&Source::new(path, &format!("\n{text}\n")));

        let [only] = &broken[..] else { panic!("{text}: {broken:?}") };
        assert!(only.contains(expected), "{only}");
        assert!(only.starts_with(path), "{only}");
    }
}

#[test]
fn what_is_allowed_or_not_code_is_left_alone() {
    let innocent = [
        ("src/vrrp/a.rs", "use crate::config::model::{Instance, Key};"),
        ("src/config/source.rs", "use std::fs;"),
        ("src/config/toml/tests.rs", "use std::fs;"),
        ("src/types/a.rs", "/// See [`crate::vrrp::Router`].\n/* crate::vrrp /* */ crate::wire */"),
        ("src/types/a.rs", r###"const A: &str = r#"crate::"vrrp""#; const B: char = '"';"###),
        ("src/types/a.rs", r#"fn f<'a>(_: &'a str) { let _ = "\" use crate::vrrp"; }"#),
        ("src/config/toml/a.rs", "use super::super::model::Key; use super::wire::x;"),
        ("src/cli/run.rs", "use crate::daemon::run; use std::process::ExitCode;"),
        ("src/vrrp/a.rs", "fn f(at: crate::types::Instant) { self.tokio::<u8>() }"),
    ];
    for (path, text) in innocent {
        assert_eq!(broken_rules(&Source::new(path, text)), Vec::<String>::new(), "{text}");
    }
}

/// The name in a line such as `pub mod config;`.
fn declared_module(line: &str) -> Option<&str> {
    let line = line.strip_prefix("pub ").unwrap_or(line);
    line.strip_prefix("mod ")?.strip_suffix(';')
}

/// One line each, for a panic message.
fn listed(lines: &[String]) -> String {
    lines.iter().fold(String::new(), |mut text, line| {
        writeln!(text, "\n  {line}").unwrap();
        text
    })
}
