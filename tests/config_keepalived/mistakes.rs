//! What people are told about whole files.

use std::path::Path;

use vipd::cli::check;
use vipd::config::diagnostic::Diagnostics;
use vipd::config::source::Sources;
use vipd::config::{Loaded, Machine, Options, keepalived, load};

/// Reads a sample as somebody who is called `left`.
fn loaded(name: &str) -> Loaded {
    let samples = Path::new("tests/config_keepalived/samples");
    let options = Options { config_id: "left".to_owned(), ..Options::default() };
    load(&samples.join(name), &options)
}

/// What is told, and how keepalived's test and its start would end.
fn told(name: &str) -> String {
    let loaded = loaded(name);
    let test = check::keepalived_test(&loaded).exit_code;
    let shown = check::render(&loaded.diagnostics, &loaded.sources, false);
    format!("test {test}, start {}\n\n{shown}", loaded.exit_code())
}

#[test]
fn nothing_is_told_about_what_is_right() {
    for (name, instances) in [("pair.conf", 1), ("gateway.conf", 2), ("many.conf", 3)] {
        let loaded = loaded(name);
        assert!(loaded.diagnostics.is_empty(), "{}", told(name));
        assert_eq!(loaded.model.unwrap().instances.len(), instances, "{name}");
    }
}

#[test]
fn a_condition_and_a_definition_reach_every_instance() {
    let model = loaded("many.conf").model.unwrap();
    let read = model.instances.iter().map(|it| (it.name.as_str(), it.priority.get()));
    let expected = [("vlan17", 150), ("vlan18", 150), ("vlan201", 150)];
    assert_eq!(read.collect::<Vec<_>>(), expected);
}

#[test]
fn misspelt_words_are_told_with_what_was_meant() {
    insta::assert_snapshot!(told("misspelt.conf"));
}

#[test]
fn misplaced_braces_are_told_with_what_they_cost() {
    insta::assert_snapshot!(told("braces.conf"));
}

#[test]
fn contradictions_are_told_with_the_way_out() {
    insta::assert_snapshot!(told("contradictions.conf"));
}

#[test]
fn a_clash_between_two_files_shows_both() {
    insta::assert_snapshot!(told("included.conf"));
}

#[test]
fn what_is_not_done_is_told_with_what_that_means() {
    // Whether the programs are there depends on the machine: text alone is read.
    let text = std::fs::read_to_string("tests/config_keepalived/samples/later.conf").unwrap();
    let mut sources = Sources::sealed();
    let id = sources.add("later.conf", text).unwrap();
    let mut found = Diagnostics::default();
    let declared = keepalived::read_file(id, &Options::default(), &mut sources, &mut found);
    assert_eq!(declared.instances.len(), 1);
    insta::assert_snapshot!(check::render(&found, &sources, false));
}

#[test]
fn an_interface_that_is_missing_ends_the_start_unless_it_may_come_later() {
    let found = |name: &str, machine| {
        let mut loaded = loaded(name);
        loaded.check_links(machine, |link| link.as_str() == "ens5");
        let codes: Vec<_> = loaded.diagnostics.iter().map(|it| it.code).collect();
        (codes.len(), loaded.exit_code(), loaded.model.is_some())
    };
    assert_eq!(found("pair.conf", Machine::Runs), (1, 2, false));
    assert_eq!(found("pair.conf", Machine::Other), (1, 0, true), "another may have it");
    assert_eq!(found("gateway.conf", Machine::Runs), (1, 0, true));
}

#[test]
fn a_missing_file_has_an_exit_code_of_its_own() {
    let loaded = loaded("nowhere.conf");
    assert_eq!(loaded.exit_code(), 6);
    assert_eq!(check::keepalived_test(&loaded).exit_code, 0);
}
