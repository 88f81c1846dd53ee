//! Any text as a native configuration: reading it never panics, every place it names lies in the
//! text, and what it means survives being written and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;

use vipd::config::diagnostic::Diagnostics;
use vipd::config::diff::diff;
use vipd::config::model::Model;
use vipd::config::source::Sources;
use vipd::config::toml;

fuzz_target!(|text: &str| {
    let Some(model) = read(text) else {
        return;
    };
    let written = toml::write(&model);
    assert_eq!(read(&written).as_ref(), Some(&model), "{written}");
    assert_eq!(diff(&model, &model), []);
});

/// What `text` means; `None` exactly if an error was told.
fn read(text: &str) -> Option<Model> {
    let mut sources = Sources::sealed();
    let file = sources.add("vipd.toml", text)?;
    let mut findings = Diagnostics::default();
    let model = toml::load(&sources, file, &mut findings);
    assert_eq!(model.is_none(), findings.has_errors());
    for label in findings.iter().flat_map(|one| &one.labels) {
        assert!(text.get(label.span.range()).is_some(), "{label:?}");
    }
    model
}
