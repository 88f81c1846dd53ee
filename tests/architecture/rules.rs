//! The rules, and what breaks them.

use crate::source::Source;

/// Each module, and what of ours it may import. A second segment narrows it to that submodule.
pub(crate) const RULES: &[(&str, &[&str])] = &[
    ("types", &[]),
    ("wire", &["types"]),
    ("config", &["types"]),
    ("vrrp", &["types", "wire", "config::model"]),
    ("sys", &["types"]),
    ("check", &["types", "sys", "config::model"]),
    ("kernel", &["types", "wire", "sys"]),
    ("observe", &["types", "sys", "config::model"]),
    ("notify", &["types", "sys", "config::model"]),
    ("sim", SIM),
    ("daemon", &["everything"]),
    ("cli", &["everything"]),
];

/// What the simulator is made of: everything that touches neither clock nor kernel.
const SIM: &[&str] = &[
    "types",
    "wire",
    "vrrp",
    "config::model",
    "check::Health",
    "kernel::AddressEvent",
    "kernel::Agent",
    "kernel::Notice",
    "kernel::Plan",
    "kernel::Refusal",
    "kernel::Sink",
    "kernel::memory",
];

/// What tests of any module may import besides.
const FOR_TESTS: &[&str] = &["config::arbitrary"];

/// Parts of `std` that a file or module called `tests` may use besides: it makes files to read.
const TOOLS_OF_TESTS: &[&str] = &["std::fs", "std::process"];

/// Crates and parts of `std` that stay with the modules that own them.
///
/// The wall clock (`SystemTime`) is for those who tell people what time it was. What decides
/// reads `sys::clock`, which is monotonic: whoever sets the clock must not move an address.
const OWNED: &[(&str, &[&str])] = &[
    ("annotate_snippets", &["cli"]),
    ("clap", &["cli"]),
    ("libc", &["sys"]),
    ("netlink_packet_core", &["kernel"]),
    ("netlink_packet_route", &["kernel"]),
    ("netlink_sys", &["kernel"]),
    ("pnet", &["wire"]),
    ("rtnetlink", &["kernel"]),
    ("rustix", &["sys", "kernel", "check", "notify", "observe", "daemon", "cli"]),
    ("sd_notify", &["daemon"]),
    ("socket2", &["sys", "check"]),
    (
        "std::fs",
        &["config::source", "sys", "kernel", "check", "observe", "notify", "daemon", "cli"],
    ),
    ("std::process", &["check", "notify", "daemon", "cli"]),
    ("std::thread", &["kernel", "check", "notify", "observe", "daemon", "cli"]),
    ("std::time::Instant", &["sys"]),
    ("rustix::time", &["sys"]),
    ("std::time::SystemTime", &["observe", "notify"]),
    ("std::time::UNIX_EPOCH", &["observe", "notify"]),
    ("tokio", &["check", "kernel", "notify", "observe", "daemon", "cli"]),
    ("toml", &["config"]),
    ("tracing", &["kernel", "check", "notify", "observe", "daemon", "cli"]),
    ("tracing_subscriber", &["observe", "cli"]),
];

/// What in `file` goes against the rules: file, line and the rule.
pub(crate) fn broken_rules(file: &Source) -> Vec<String> {
    let module = file.module();
    let Some(own) = module.first() else {
        return Vec::new();
    };
    let mut broken = Vec::new();
    let Some((_, allowed)) = RULES.iter().find(|(name, _)| name == own) else {
        return vec![format!("{}: no rule for module {own}", file.path.display())];
    };
    for (line, path) in imports(file, module.len()) {
        let fine = path.first() == Some(own)
            || allowed.contains(&"everything")
            || allowed.iter().chain(FOR_TESTS).any(|rule| covers(rule, &path));
        if !fine {
            let told = path.iter().take(2).cloned().collect::<Vec<_>>().join("::");
            let place = format!("{}:{line}", file.path.display());
            broken.push(format!("{place}: {own} may not import {told}, only {allowed:?}"));
        }
    }
    let is_test = module.iter().any(|name| name == "tests");
    for (name, owners) in OWNED {
        let is_tool = is_test && TOOLS_OF_TESTS.contains(name);
        if is_tool || owners.iter().any(|owner| covers(owner, &module)) {
            continue;
        }
        let root = name.split("::").next().unwrap();
        for (line, mut path) in file.paths(root) {
            path.insert(0, root.to_owned());
            if covers(name, &path) {
                let place = format!("{}:{line}", file.path.display());
                broken.push(format!("{place}: {own} may not use {name}, only {owners:?}"));
            }
        }
    }
    broken
}

/// Paths of our own crate that leave the file's module, from the crate's root.
fn imports(file: &Source, depth: usize) -> Vec<(usize, Vec<String>)> {
    let mut found = file.paths("crate");
    let climbs = vec!["super"; depth].join("::");
    let is_module =
        |path: &[String]| RULES.iter().any(|(name, _)| path.first().is_some_and(|p| p == name));
    found.extend(file.paths(&climbs).into_iter().filter(|(_, path)| is_module(path)));
    found.retain(|(_, path)| !path.is_empty());
    found
}

/// Whether `path` lies in what `rule` names.
fn covers(rule: &str, path: &[String]) -> bool {
    let mut path = path.iter();
    rule.split("::").all(|segment| path.next().is_some_and(|part| part == segment))
}
