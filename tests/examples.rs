//! The examples are right: `vipd check --strict` finds nothing in any of them. The documents name
//! what is there.
#![allow(clippy::expect_used, reason = "a missing example fails the test, as it should")]

use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn every_example_is_free_of_errors_and_warnings() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let entries = fs::read_dir(&directory).expect("there are examples");
    let files: Vec<_> = entries
        .map(|entry| entry.expect("the directory can be read").path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "conf" || kind == "toml"))
        .collect();
    assert!(files.len() >= 2, "{files:?}");

    for file in files {
        let output = Command::new(env!("CARGO_BIN_EXE_vipd"))
            .args(["check", "--strict", "--elsewhere"])
            .arg(&file)
            .output()
            .expect("vipd can be run");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {said}", file.display());
        assert!(said.is_empty(), "{}: {said}", file.display());
    }
}

#[test]
fn what_the_documents_link_to_and_name_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut documents = vec![root.join("README.md")];
    for directory in ["docs", "examples"] {
        let entries = fs::read_dir(root.join(directory)).expect("the directory can be read");
        let paths = entries.map(|entry| entry.expect("the directory can be read").path());
        documents.extend(paths.filter(|path| path.extension().is_some_and(|kind| kind == "md")));
    }
    let mut missing = Vec::new();
    for document in documents {
        let text = fs::read_to_string(&document).expect("a document is text");
        let folder = document.parent().expect("a file has a directory");
        let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        let links = links.filter_map(|link| link.split('#').next());
        let links = links.filter(|link| !link.is_empty() && !link.contains("://"));
        let mut named: Vec<_> = links.map(|link| folder.join(link)).collect();
        if document.ends_with("differences.md") {
            let words = text.split('`').filter(|word| word.ends_with(".rs"));
            named.extend(words.map(|word| root.join("tests").join(word)));
            assert!(named.len() > 20, "the tests that hold vipd to it");
        }
        let gone = named.into_iter().filter(|path| !path.exists());
        missing.extend(gone.map(|path| format!("{}: {}", document.display(), path.display())));
    }
    assert!(missing.is_empty(), "{missing:#?}");
}
