//! Blocks, braces, unknown words.

use super::*;
use crate::config::diagnostic::{Diagnostics, Severity};
use crate::config::load::Options;
use crate::config::source::Sources;

/// The statements of `text` in one line, and the codes of what was found.
fn read(text: &str) -> (String, Vec<&'static str>) {
    let (mut sources, mut found) = (Sources::sealed(), Diagnostics::default());
    let options = Options::default();
    let id = sources.add("test.conf", text).unwrap();
    let statements = parse(&mut Reader::of_file(id, &options, &mut sources, &mut found));
    let codes = found.iter().map(|it| it.code).collect();
    (show(&statements), codes)
}

fn show(statements: &[Statement]) -> String {
    let words = |words: &[Word]| {
        let words: Vec<_> = words.iter().map(|it| it.value.as_str()).collect();
        words.join(" ")
    };
    let one = |statement: &Statement| {
        let head = words(&statement.words);
        match &statement.body {
            Body::None => head,
            Body::Values(entries) => {
                let entries: Vec<_> = entries.iter().map(|it| words(it)).collect();
                format!("{head} [{}]", entries.join(", "))
            }
            Body::Block(inner) => format!("{head} {{{}}}", show(inner)),
        }
    };
    let all: Vec<_> = statements.iter().map(one).collect();
    all.join("; ")
}

#[test]
fn a_byte_order_mark_is_shown_and_explained() {
    let (mut sources, mut found) = (Sources::sealed(), Diagnostics::default());
    let options = Options::default();
    let id = sources.add("test.conf", "\u{feff}global_defs {\n}\n").unwrap();
    parse(&mut Reader::of_file(id, &options, &mut sources, &mut found));
    let finding = found.iter().next().unwrap();
    assert_eq!(finding.message, r"unknown keyword \u{feff}global_defs");
    assert!(finding.help.as_ref().unwrap().contains("byte order mark"));
}

#[test]
fn a_block_may_open_and_close_anywhere() {
    for text in [
        "vrrp_instance A {\n priority 7\n virtual_ipaddress {\n 10.0.0.1\n 10.0.0.2 dev x\n }\n}\n",
        "vrrp_instance A\n{\n priority 7\n virtual_ipaddress\n {\n 10.0.0.1\n 10.0.0.2 dev x }}\n",
        "vrrp_instance A { priority 7\n virtual_ipaddress{ 10.0.0.1\n10.0.0.2 dev x } } ",
    ] {
        let (read, codes) = read(text);
        let expected = "vrrp_instance A {priority 7; virtual_ipaddress [10.0.0.1, 10.0.0.2 dev x]}";
        assert_eq!(read, expected, "{text:?}");
        assert_eq!(codes, [""; 0], "{text:?}");
    }
}

#[test]
fn an_unknown_keyword_costs_its_line() {
    let (read, codes) = read("vrrp_instance A {\n prioirty 7\n nopreempt\n}\nfoo\n");
    assert_eq!(read, "vrrp_instance A {nopreempt}");
    assert_eq!(codes, ["unknown-keyword", "unknown-keyword"]);
}

#[test]
fn an_unknown_block_at_the_root_is_skipped() {
    let (read, codes) = read("foo x {\n a { b\n }\n}\nvrrp_instance A {\n}\n");
    assert_eq!(read, "vrrp_instance A {}");
    assert_eq!(codes, ["unknown-block"]);
}

#[test]
fn an_unknown_block_within_an_instance_ends_the_instance() {
    let text = "vrrp_instance A {\n nopreempt\n foo {\n  a b\n }\n priority 3\n state MASTER\n}\n\
                vrrp_instance B {\n}\n";
    let (read, codes) = read(text);
    assert_eq!(read, "vrrp_instance A {nopreempt}; vrrp_instance B {}");
    assert_eq!(codes, ["unknown-block", "after-block"]);
}

#[test]
fn a_brace_behind_a_plain_keyword_ends_the_instance_too() {
    let text = "vrrp_instance A {\n priority 3 {\n advert_int 1\n }\n nopreempt\n}\n";
    let (read, codes) = read(text);
    assert_eq!(read, "vrrp_instance A {priority 3; advert_int 1}");
    assert_eq!(codes, ["unexpected-brace", "after-block"]);
}

#[test]
fn a_missing_brace_does_not_stop_the_block() {
    let (shown, codes) = read("vrrp_instance A\n priority 3\n}\n");
    assert_eq!(shown, "vrrp_instance A {priority 3}");
    assert_eq!(codes, ["missing-brace"]);
    let (_, codes) = read("vrrp_instance A {\n virtual_ipaddress {\n 10.0.0.1\n");
    assert_eq!(codes, ["unclosed-block"]);
    let (_, codes) = read("vrrp_instance A {\n}\n}\n");
    assert_eq!(codes, ["extra-brace"]);
}

#[test]
fn a_missing_word_ends_keepalived() {
    let (mut sources, mut found) = (Sources::sealed(), Diagnostics::default());
    let options = Options::default();
    let text = "vrrp_instance A {\n priority\n authentication {\n auth_pass\n }\n}\n";
    let id = sources.add("test.conf", text).unwrap();
    parse(&mut Reader::of_file(id, &options, &mut sources, &mut found));
    let found: Vec<_> = found.iter().map(|it| (it.severity, it.verdict)).collect();
    assert_eq!(found, [(Severity::Error, Verdict::Abort); 2]);
}

#[test]
fn the_load_balancers_blocks_are_read_over() {
    let text = "virtual_server 10.0.0.1 80 {\n bogus { x }\n real_server 1.1.1.1 80 {\n }\n}\n\
                use_pid_dir\n";
    let (read, codes) = read(text);
    assert_eq!(read, "virtual_server 10.0.0.1 80; use_pid_dir");
    assert_eq!(codes, [""; 0]);
}

#[test]
fn words_behind_a_list_of_entries_are_reported() {
    let (read, codes) = read("vrrp_instance A {\n virtual_ipaddress x {\n 10.0.0.1\n }\n}\n");
    assert_eq!(read, "vrrp_instance A {virtual_ipaddress x [10.0.0.1]}");
    assert_eq!(codes, ["extra-word"]);
}

#[test]
fn a_quoted_brace_is_a_word() {
    let (read, codes) = read("vrrp_instance A {\n virtual_ipaddress {\n \"}\" x\n }\n}\n");
    assert_eq!(read, "vrrp_instance A {virtual_ipaddress [} x]}");
    assert_eq!(codes, [""; 0]);
}
