//! Mistakes that people make in the native syntax, and what they are shown.

#![expect(clippy::unwrap_used, reason = "the test's own helpers")]

use vipd::cli::check::render;
use vipd::config::diagnostic::Diagnostics;
use vipd::config::source::Sources;
use vipd::config::toml;

#[test]
fn a_misspelt_key_is_recognised() {
    told("misspelt-key", &with("prioriyt = 100"));
}

#[test]
fn a_duration_without_a_unit_is_told_the_units() {
    told("no-unit", &with("interval = 1\npreempt = \"30\""));
}

#[test]
fn a_number_in_quotes_is_of_the_wrong_type() {
    told("number-in-quotes", &with("priority = \"100\"\npreempt = \"true\""));
}

#[test]
fn a_number_outside_its_range_is_told_the_range() {
    let text = "[instance.api]\ninterface = \"eth0\"\nvrid = 256\n";
    told("outside-range", text);
}

#[test]
fn words_of_keepalived_are_translated() {
    let text = "[vrrp_instance.api]\n[instance.api]\ninterface = \"eth0\"\n\
        virtual_router_id = 51\nadvert_int = 1\nvirtual_ipaddress = [\"10.0.0.10/24\"]\n";
    told("words-of-keepalived", text);
}

#[test]
fn addresses_that_are_none_are_shown() {
    let text = "addresses = [\"10.0.0.300/24\", \"10.0.0.10/33\", { interface = \"eth0\" }]\n\
        peers = [\"10.0.0.2/24\"]\nsource = \"eth0\"";
    told("no-addresses", &with(text));
}

#[test]
fn what_is_missing_is_named() {
    told("missing", "[instance.api]\naddresses = [\"10.0.0.10/24\"]\n");
}

#[test]
fn all_that_is_no_toml_is_told_at_once() {
    told("no-toml", "[instance.api]\ninterface = eth0\nvrid = 51\nvrid = 52\npreempt = yes\n");
}

#[test]
fn an_open_bracket_is_shown() {
    told("open-bracket", "[instance.api\nvrid = 51\n");
}

#[test]
fn one_value_where_a_list_is_wanted_is_told_the_brackets() {
    told("no-list", &with("peers = \"10.0.0.2\"\ntrack = { interface = \"eth1\" }"));
}

#[test]
fn a_key_in_the_wrong_table_is_told_the_keys_of_that_table() {
    told(
        "wrong-table",
        "[node]\nvrid = 51\nfast_release = \"of\"\n[defaults]\nfast_release = \"of\"\n",
    );
}

#[test]
fn settings_that_mean_nothing_where_they_stand_are_refused() {
    told("no-meaning", &with("peers = [\"10.0.0.2\"]\nmulticast_group = \"224.0.0.18\""));
    let text = "addresses = [{ ip = \"10.0.0.10/24\", dad = true, preferred = \"0s\" }]\n";
    told("wrong-family", &with(text));
}

#[test]
fn what_version_2_does_not_have_is_refused_and_not_mended() {
    told("version-2", &with("version = 2\ninterval = \"500ms\"\npassword = \"horse-battery\""));
}

#[test]
fn contradictions_are_shown_with_both_places() {
    let text = format!(
        "{}\n[instance.web]\ninterface = \"eth0\"\nvrid = 51\n\
        addresses = [\"10.0.0.11/24\", \"fe80::11/64\"]\n",
        with("password = \"1111\"")
    );
    told("contradictions", &text);
}

/// An instance that is right, with `lines` behind it.
fn with(lines: &str) -> String {
    let addresses =
        if lines.contains("addresses") { "" } else { "addresses = [\"10.0.0.10/24\"]\n" };
    format!("[instance.api]\ninterface = \"eth0\"\nvrid = 51\n{addresses}{lines}\n")
}

/// Compares what is shown about `text` with the snapshot of this name.
fn told(name: &str, text: &str) {
    let mut sources = Sources::sealed();
    let file = sources.add("vipd.toml", text).unwrap();
    let mut findings = Diagnostics::default();

    let model = toml::load(&sources, file, &mut findings);

    assert_eq!(model, None);
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, render(&findings, &sources, false));
    });
}
