//! The examples are right: `vipd check --strict` finds nothing in any of them.
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
