//! Everything about a host's network that a virtual interface may change, as sorted lines.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use super::lab::{Node, eventually};

/// What a host's network is like.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Image(BTreeSet<String>);

impl Image {
    /// Takes a picture.
    pub(crate) fn of(node: &Node) -> Self {
        let mut lines = BTreeSet::new();
        let shown = |what: &str, text: String| -> Vec<String> {
            text.lines().map(|line| format!("{what} {}", tidy(line))).collect()
        };
        lines.extend(shown("link", node.namespace.ip(&["-d", "-o", "link"])));
        lines.extend(shown("addr", node.namespace.ip(&["-o", "addr"])));
        for family in ["-4", "-6"] {
            lines.extend(shown(
                "route",
                node.namespace.ip(&[family, "route", "show", "table", "all"]),
            ));
        }
        lines.extend(settings(node));
        lines.extend(filter(node));
        Self(lines)
    }

    /// Without the lines that `which` names.
    pub(crate) fn without(mut self, which: impl Fn(&str) -> bool) -> Self {
        self.0.retain(|line| !which(line));
        self
    }

    /// What has to be taken from this one (`-`) and added to it (`+`) to make the other one.
    pub(crate) fn difference(&self, other: &Self) -> Vec<String> {
        let gone = self.0.difference(&other.0).map(|line| format!("- {line}"));
        let new = other.0.difference(&self.0).map(|line| format!("+ {line}"));
        gone.chain(new).collect()
    }

    /// Its lines that contain `text`.
    pub(crate) fn lines(&self, text: &str) -> Vec<&str> {
        self.0.iter().map(String::as_str).filter(|line| line.contains(text)).collect()
    }

    /// Waits until the host is like this again.
    pub(crate) fn wait_for(&self, node: &Node, what: &str) {
        eventually(super::lab::clock::SOON, what, || {
            let difference = self.difference(&Self::of(node));
            if difference.is_empty() { Ok(()) } else { Err(difference.join("\n")) }
        });
    }
}

/// A line of `ip -o` without what differs from run to run: numbers of interfaces, names of
/// namespaces, the alias.
fn tidy(line: &str) -> String {
    let line = line.split("\\    alias").next().unwrap_or_default();
    let mut words = line.split_whitespace().peekable();
    let number =
        |word: &&str| word.ends_with(':') && word.trim_end_matches(':').parse::<u32>().is_ok();
    words.next_if(number);
    let mut kept = Vec::new();
    while let Some(word) = words.next() {
        match word {
            "link-netns" => drop(words.next()),
            _ => kept.push(word.trim_end_matches('\\')),
        }
    }
    kept.retain(|word| !word.is_empty());
    kept.join(" ")
}

/// Every setting of every interface, and those of IGMP.
fn settings(node: &Node) -> Vec<String> {
    let all = node.namespace.enter(|| {
        let mut all = Vec::new();
        for family in ["ipv4", "ipv6"] {
            let root = format!("/proc/sys/net/{family}/conf");
            for link in fs::read_dir(&root).expect("there are settings").flatten() {
                for file in fs::read_dir(link.path()).into_iter().flatten().flatten() {
                    let value = fs::read_to_string(file.path()).unwrap_or_default();
                    all.push((file.path(), value));
                }
            }
        }
        let reports = "/proc/sys/net/ipv4/igmp_link_local_mcast_reports";
        all.push((reports.into(), fs::read_to_string(reports).unwrap_or_default()));
        all
    });
    // A host's secret is drawn anew, and neighbours are counted.
    let kept = all.into_iter().filter(|(path, _)| !path.ends_with("stable_secret"));
    kept.map(|(path, value)| format!("setting {} = {}", path.display(), value.trim())).collect()
}

/// Every rule and set of the packet filter, below the names of its table and chain.
fn filter(node: &Node) -> Vec<String> {
    let mut command = Command::new("nft");
    command.args(["list", "ruleset"]);
    let output = node.namespace.enter(|| command.output()).expect("nft is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (mut place, mut lines) = (Vec::new(), Vec::new());
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut rest = text.lines().map(str::trim).filter(|line| !line.is_empty());
    while let Some(line) = rest.next() {
        match line {
            "}" => drop(place.pop()),
            line if line.ends_with('{') && !line.starts_with("elements") => {
                place.push(line.trim_end_matches(" {").to_owned());
            }
            line if line.starts_with("elements") => {
                // They may go on over several lines, in the order of the kernel's table.
                let mut whole = line.to_owned();
                while !whole.ends_with('}') {
                    whole += rest.next().expect("it ends");
                }
                let list = whole.trim_start_matches("elements = {").trim_end_matches('}');
                let elements =
                    list.split(',').map(|it| format!("{}: {}", place.join("/"), it.trim()));
                lines.extend(elements);
            }
            line => lines.push(format!("{}: {}", place.join("/"), uncounted(line))),
        }
    }
    lines.into_iter().map(|line| format!("filter {line}")).collect()
}

/// A rule without what it has counted so far.
fn uncounted(line: &str) -> String {
    let counts = line.split_whitespace().map(|word| match word.parse::<u64>() {
        Ok(_) if line.contains("counter packets") => "N",
        Ok(_) | Err(_) => word,
    });
    counts.collect::<Vec<_>>().join(" ")
}
