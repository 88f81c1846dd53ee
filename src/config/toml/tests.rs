//! The reader on whole texts, and the sample in `conf/`.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;

use super::read;
use crate::config::declared::{Declared, Manners};
use crate::config::diagnostic::Diagnostics;
use crate::config::model::{Model, Preempt};
use crate::config::source::Sources;
use crate::types::Version;

const REFERENCE: &str = include_str!("../../../docs/configuration.md");
const SAMPLE: &str = include_str!("../../../conf/vipd.toml");

#[test]
fn the_sample_is_right() {
    let (declared, findings) = read_text(SAMPLE);

    assert_eq!(findings, Vec::<String>::new());
    let names: Vec<&str> = declared.instances.iter().map(|one| one.name.value.as_str()).collect();
    assert_eq!(names, ["api", "storage", "storage-v6"]);
}

#[test]
fn the_sample_with_every_setting_in_force_is_readable() {
    let (declared, findings) = read_text(&in_force(SAMPLE));

    assert_eq!(findings, Vec::<String>::new());
    assert_eq!(declared.instances[0].tracked_interfaces.len(), 2);
}

#[test]
fn the_sample_documents_every_key_there_is() {
    let written = keys_by_section(&in_force(SAMPLE));
    for (section, known) in known_keys() {
        for key in known {
            assert!(written.contains(&(section, key.clone())), "[{section}] lacks {key}");
        }
    }
}

#[test]
fn the_reference_lists_every_key_there_is() {
    let details = [
        "instance.a.routes = [{ to = \"::/0\", 0 = 0 }]",
        "instance.a.routes = [{ to = \"::/0\", hops = [{ 0 = 0 }] }]",
        "instance.a.routes = [{ to = \"::/0\", path = { 0 = 0 } }]",
        "instance.a.rules = [{ priority = 1, 0 = 0 }]",
    ];
    let details = details.into_iter().flat_map(told_keys);
    for key in known_keys().into_iter().flat_map(|(_, keys)| keys).chain(details) {
        let is_listed = [format!("`{key}`"), format!("[{key}]"), format!("[{key}.")];
        assert!(is_listed.iter().any(|word| REFERENCE.contains(word)), "{key} is not there");
    }
}

#[test]
fn the_sample_means_what_it_shows() {
    let model = model(SAMPLE);

    assert_eq!(model.instances[0].version, Version::V3);
    assert_eq!(model.instances[0].preempt, Preempt::Yes);
    assert_eq!(model.instances[1].version, Version::V2);
    assert_eq!(model.instances[1].preempt, Preempt::After(Duration::from_secs(30)));
    assert_eq!(model.instances[1].announce.refresh, Duration::from_secs(60));
    assert_eq!(model.instances[2].addresses[0].prefix, 64);
    assert_eq!(model.instances[2].addresses[1].preferred_secs, Some(0));
}

#[test]
fn the_defaults_that_the_sample_shows_are_the_defaults() {
    let (head, instances) = SAMPLE.split_once("[instance.api]").unwrap();
    // What is shown of these is an example: by default they are absent.
    let absent = ["router_id", "namespace", "instance", "name", "worker_name"];
    let more = ["report", "marker", "time_file", "announce_groups", "down_delay", "up_delay"];
    let absent = absent.into_iter().chain(more);
    let shown = absent.fold(head.to_owned(), |head, key| {
        head.replace(&format!("#{key} ="), &format!("# {key} ="))
    });

    let (plain, shown) = (model(SAMPLE), format!("{}[instance.api]{instances}", in_force(&shown)));

    assert_eq!(model(&shown), plain);
}

#[test]
fn every_setting_of_an_instance_is_read() {
    let text = "[instance.a]\ninterface = \"eth0\"\nvrid = 1\ninterval = \"10ms\"\npreempt = \"30s\"\npassword = \"1111\"\n\
        addresses = []\npeers = [\"10.0.0.2\", { ip = \"10.0.0.3\", min_ttl = 254 }]\n\
        announce = { repeat = 3 }\n";

    let (declared, findings) = read_text(text);

    assert_eq!(findings, Vec::<String>::new());
    let [a] = &declared.instances[..] else { panic!("{declared:?}") };
    assert_eq!(a.interval.unwrap().value, Duration::from_millis(10));
    assert!(a.preempt.unwrap().value);
    assert_eq!(a.preempt_delay.unwrap().value, Duration::from_secs(30));
    assert_eq!(a.auth_pass.as_ref().unwrap().value, "1111");
    assert!(a.no_addresses.unwrap().value);
    let peers = &a.peers.as_ref().unwrap().value;
    assert_eq!(peers[1].value.min_ttl.unwrap().value, 254);
    assert_eq!(a.policy.announce.repeat.unwrap().value, 3);
}

#[test]
fn the_native_syntax_is_exact_and_speaks_version_3() {
    let (declared, findings) = read_text("");

    assert_eq!(findings, Vec::<String>::new());
    assert_eq!(declared.manners, Manners::Exact);
    assert_eq!(declared.defaults.version.unwrap().value, Version::V3);
}

#[test]
fn instances_keep_the_order_of_writing() {
    let (declared, _) = read_text("[instance.z]\n[instance.a]\n[instance.m]\n");

    let names: Vec<&str> = declared.instances.iter().map(|one| one.name.value.as_str()).collect();
    assert_eq!(names, ["z", "a", "m"]);
}

#[test]
fn a_place_covers_the_value_that_is_wrong() {
    let text = "[node]\nnice = 256\n";
    let mut sources = Sources::sealed();
    let file = sources.add("a.toml", text).unwrap();
    let mut findings = Diagnostics::default();

    read(&sources, file, &mut findings);

    let span = findings.iter().next().unwrap().span().unwrap();
    assert_eq!((sources.text(span), sources.line(span)), ("256", 2));
}

#[test]
fn endless_nesting_is_refused_and_not_followed() {
    for opening in ["a = ", ""] {
        let text = format!("{opening}{}", "[".repeat(200_000));
        assert!(!read_text(&text).1.is_empty());
    }
    let dotted = format!("{}a = 1", "a.".repeat(50_000));
    assert!(!read_text(&dotted).1.is_empty());
    let inline = format!("x = {}", "{ a = ".repeat(50_000));
    assert!(!read_text(&inline).1.is_empty());
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
        read_text(&text);
    }

    #[test]
    fn any_lines_of_the_sample_are_read_or_refused(
        lines in proptest::collection::vec(0..in_force(SAMPLE).lines().count(), 0..60),
        cut in 0..4000_usize,
    ) {
        let sample = in_force(SAMPLE);
        let all: Vec<&str> = sample.lines().collect();
        let text: String = lines.into_iter().map(|line| format!("{}\n", all[line])).collect();
        let text: String = text.chars().take(cut).collect();
        read_text(&text);
    }
}

/// What is declared, and the findings in one line each.
fn read_text(text: &str) -> (Declared, Vec<String>) {
    let mut sources = Sources::sealed();
    let file = sources.add("a.toml", text).unwrap();
    let mut findings = Diagnostics::default();
    let declared = read(&sources, file, &mut findings);
    let line = |one: &crate::config::diagnostic::Diagnostic| {
        let help = one.help.as_deref().unwrap_or("-");
        let line = one.span().map_or(0, |span| sources.line(span));
        format!("{line}: {}: {} ({help})", one.code, one.message)
    };
    (declared, findings.iter().map(line).collect())
}

/// What the text means; it must be right.
fn model(text: &str) -> Model {
    let mut sources = Sources::sealed();
    let file = sources.add("a.toml", text).unwrap();
    let mut findings = Diagnostics::default();
    super::load(&sources, file, &mut findings).unwrap_or_else(|| panic!("{findings:?}"))
}

/// The text with its commented settings in force.
fn in_force(text: &str) -> String {
    let bare = |line: &str| line.strip_prefix('#').map(str::to_owned);
    let setting = |line: &str| bare(line).filter(|bare| bare.starts_with(char::is_alphabetic));
    let lines = text.lines();
    lines.map(|line| setting(line).unwrap_or_else(|| line.to_owned()) + "\n").collect()
}

/// The reader's own words for the keys of each section.
fn known_keys() -> Vec<(&'static str, Vec<String>)> {
    let probes = [
        ("", "0 = 0"),
        ("node", "node.0 = 0"),
        ("daemon", "daemon.0 = 0"),
        ("reload", "reload.0 = 0"),
        ("defaults", "defaults.0 = 0"),
        ("scripts", "scripts.0 = 0"),
        ("mail", "mail.0 = 0"),
        ("announce", "defaults.announce.0 = 0"),
        ("instance", "instance.a.0 = 0"),
        ("static", "static.0 = 0"),
        ("group", "group.a.0 = 0"),
        ("notify", "instance.a.notify.0 = 0"),
        ("addresses", "instance.a.addresses = [{ ip = \"::1\", 0 = 0 }]"),
        ("peers", "instance.a.peers = [{ ip = \"::1\", 0 = 0 }]"),
        ("track", "instance.a.track = [{ interface = \"a\", 0 = 0 }]"),
        ("script", "script.a.0 = 0"),
        ("file", "file.a.0 = 0"),
        ("process", "process.a.0 = 0"),
        ("interface", "interface.a.0 = 0"),
    ];
    probes.into_iter().map(|(section, text)| (section, told_keys(text))).collect()
}

/// The keys that the reader offers where it finds `0`.
fn told_keys(text: &str) -> Vec<String> {
    let (_, findings) = read_text(text);
    let mut lists = findings.iter().filter_map(|one| one.split_once("the keys here are "));
    let keys = lists.next().unwrap().1.trim_end_matches(')');
    keys.split(", ").map(str::to_owned).collect()
}

/// Every key that stands in the sample, with the kind of table that it stands in.
fn keys_by_section(sample: &str) -> BTreeSet<(&'static str, String)> {
    let document: toml::Table = sample.parse().unwrap();
    let mut keys = BTreeSet::new();
    let mut note = |section, table: &toml::Table| {
        keys.extend(table.keys().map(|key| (section, key.clone())));
    };
    note("", &document);
    for (name, value) in &document {
        let tables: Vec<(&toml::Table, &'static str)> = match name.as_str() {
            "node" => vec![(value.as_table().unwrap(), "node")],
            "daemon" => vec![(value.as_table().unwrap(), "daemon")],
            "reload" => vec![(value.as_table().unwrap(), "reload")],
            "defaults" => vec![(value.as_table().unwrap(), "defaults")],
            "scripts" => vec![(value.as_table().unwrap(), "scripts")],
            "mail" => vec![(value.as_table().unwrap(), "mail")],
            "static" => vec![(value.as_table().unwrap(), "static")],
            kind => value
                .as_table()
                .unwrap()
                .values()
                .map(|one| {
                    let kinds = ["script", "file", "process", "group", "interface"];
                    let kind = kinds.into_iter().find(|known| *known == kind);
                    (one.as_table().unwrap(), kind.unwrap_or("instance"))
                })
                .collect(),
        };
        for (table, section) in tables {
            note(section, table);
            if section == "defaults" {
                note("announce", table["announce"].as_table().unwrap());
            }
            if let Some(notify) = table.get("notify").and_then(toml::Value::as_table) {
                note("notify", notify);
            }
            for list in ["addresses", "peers", "track"] {
                let entries = table.get(list).and_then(toml::Value::as_array);
                for entry in entries.into_iter().flatten().filter_map(toml::Value::as_table) {
                    note(list, entry);
                }
            }
        }
    }
    // What instances share with [defaults] is documented there.
    let shared: Vec<_> =
        keys.iter().filter(|(section, _)| *section == "defaults").cloned().collect();
    keys.extend(shared.into_iter().map(|(_, key)| ("instance", key)));
    keys
}
