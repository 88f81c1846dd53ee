//! Any text as a keepalived configuration: reading it never panics and always ends, every place
//! it names lies in the text, and what it means survives being written natively.
#![no_main]

use libfuzzer_sys::fuzz_target;

use vipd::cli::check;
use vipd::config::compile::compile;
use vipd::config::diagnostic::Diagnostics;
use vipd::config::source::Sources;
use vipd::config::{Options, keepalived, toml};

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let options = Options {
        most_lines: 2_000,
        random_seed: Some(1),
        ..Options::default()
    };
    let (mut sources, mut found) = (Sources::sealed(), Diagnostics::default());
    let Some(id) = sources.add("keepalived.conf", text.as_ref()) else {
        return;
    };
    let declared = keepalived::read_file(id, &options, &mut sources, &mut found);
    let model = compile(&declared, &mut found);
    assert_eq!(model.is_none(), found.has_errors());
    for label in found.iter().flat_map(|one| &one.labels) {
        assert!(text.get(label.span.range()).is_some(), "{label:?}");
    }
    let shown = check::render(&found, &sources, false);
    assert!(!shown.contains('\x1b'), "{shown:?}");
    let Some(model) = model else {
        return;
    };
    let written = toml::write(&model);
    let mut sources = Sources::sealed();
    let Some(file) = sources.add("vipd.toml", written.as_str()) else {
        return;
    };
    let mut found = Diagnostics::default();
    let again = toml::load(&sources, file, &mut found);
    assert_eq!(again.as_ref(), Some(&model), "{written}");
});
