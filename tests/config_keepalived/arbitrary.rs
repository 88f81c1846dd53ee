//! Whatever a keepalived configuration contains, reading it ends, says where it hurts, and means
//! something that can be written down.

use proptest::prelude::*;
use vipd::cli::check;
use vipd::config::compile::compile;
use vipd::config::diagnostic::Diagnostics;
use vipd::config::model::Model;
use vipd::config::source::Sources;
use vipd::config::{Options, keepalived, toml};

/// Reads `text` and holds the findings to their promises.
fn read(text: &str) -> Option<Model> {
    let options = Options { most_lines: 5_000, random_seed: Some(1), ..Options::default() };
    let (mut sources, mut found) = (Sources::sealed(), Diagnostics::default());
    let id = sources.add("test.conf", text)?;
    let declared = keepalived::read_file(id, &options, &mut sources, &mut found);
    let model = compile(&declared, &mut found);
    assert_eq!(model.is_none(), found.has_errors());
    for label in found.iter().flat_map(|one| &one.labels) {
        assert!(text.get(label.span.range()).is_some(), "{label:?}");
    }
    let shown = check::render(&found, &sources, false);
    let controls = |it: char| it.is_control() && it != '\n';
    assert!(!shown.contains(controls), "{shown:?}");
    model
}

/// Words, braces and everything else that the language is made of.
fn piece() -> impl Strategy<Value = String> {
    let fixed = prop::sample::select(PIECES).prop_map(str::to_owned);
    let number = any::<i16>().prop_map(|it| format!(" {it} "));
    prop_oneof![6 => fixed, 1 => number, 1 => "[ -~]{0,6}"]
}

const PIECES: &[&str] = &[
    "global_defs {\n",
    "vrrp_instance A {\n",
    "vrrp_instance B {\n",
    "virtual_server x {\n",
    "}\n",
    "{",
    "}",
    "\n",
    " ",
    "\"",
    "#",
    "!",
    "\\",
    "\t",
    "interface eth0\n",
    "virtual_router_id 7\n",
    "priority 100\n",
    "state MASTER\n",
    "state BACKUP\n",
    "advert_int 1.5\n",
    "version 3\n",
    "nopreempt\n",
    "preempt_delay 3\n",
    "virtual_ipaddress {\n",
    "10.0.0.1/24 dev eth0\n",
    "10.0.0.2 brd + label x\n",
    "fd00::1\n",
    "fd00::2/64 -nodad scope link\n",
    "virtual_ipaddress_excluded {\n",
    "unicast_peer {\n",
    "unicast_src_ip 10.0.0.9\n",
    "authentication {\n",
    "auth_type PASS\n",
    "auth_pass secret\n",
    "auth_type AH\n",
    "track_interface {\n",
    "eth1 weight -5\n",
    "vrrp_strict\n",
    "strict_mode on\n",
    "garp_master_delay 1\n",
    "vrrp_min_garp\n",
    "fast_release auto\n",
    "track_script {\n",
    "vrrp_script s {\n",
    "script \"/bin/true\"\n",
    "mcast_dst_ip 224.0.0.5\n",
    "unicast_ttl 5\n",
    "$A=1\n",
    "$A= \\\n",
    "${A}",
    "$A",
    "$B=${A} ${A}\n",
    "@main ",
    "@^main ",
    "~SEQ(A, 1, 9) ",
    "~SEQx(B, 0x10, -1, 0) ",
    "~LST({A, B}, {1,2}, {3}) ",
    "~SEQ(",
    "${_RANDOM 1 5}",
    "${_PWD}",
    "include x\n",
    "include_check\n",
    "includea *\n",
    "ä",
    "\0",
    "\r\n",
];

proptest! {
    #[test]
    fn any_bytes_are_read_to_their_end(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        read(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_text_is_read_to_its_end(text in "(\\PC|[ \t\n{}\"$@~#!\\\\]){0,300}") {
        read(&text);
    }

    #[test]
    fn any_pieces_of_the_language_are_read_to_their_end(
        pieces in prop::collection::vec(piece(), 0..80),
    ) {
        read(&pieces.concat());
    }

    #[test]
    fn what_an_instance_means_survives_being_written_natively(
        settings in prop::collection::vec(prop::sample::select(PIECES), 0..20),
    ) {
        let settings: Vec<&str> = settings
            .into_iter()
            .filter(|it| it.ends_with('\n') && !it.contains(['{', '}', '$', '"']))
            .collect();
        let text = format!(
            "vrrp_instance A {{\ninterface eth0\nvirtual_router_id 7\n{}virtual_ipaddress {{\n\
             10.0.0.1/24\n10.0.0.2 dev eth1 label eth1:x\n}}\n}}\n",
            settings.concat()
        );
        if let Some(model) = read(&text) {
            let written = toml::write(&model);
            let mut sources = Sources::sealed();
            let file = sources.add("vipd.toml", written.as_str()).unwrap();
            let mut found = Diagnostics::default();
            let again = toml::load(&sources, file, &mut found);
            prop_assert_eq!(again, Some(model), "{}\n{}", text, written);
        }
    }
}
