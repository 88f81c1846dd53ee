//! Both syntaxes say the same things.

#![expect(clippy::panic, clippy::unwrap_used, reason = "the test's own helpers")]

use std::path::Path;
use std::process::Command;

use vipd::config::diagnostic::Diagnostics;
use vipd::config::model::Model;
use vipd::config::source::Sources;
use vipd::config::{Options, load, toml};

#[test]
fn the_two_columns_of_the_reference_mean_the_same() {
    let reference = include_str!("../docs/configuration.md");
    let (_, after) = reference.split_once("## Side by side\n\n```\n").unwrap();
    let (columns, _) = after.split_once("```").unwrap();
    let (mut left, mut right) = (String::new(), String::new());
    for line in columns.lines() {
        let (theirs, ours) = line.split_at_checked(COLUMN).unwrap_or((line, ""));
        left += &format!("{theirs}\n");
        right += &format!("{ours}\n");
    }

    let folder = Folder::new("columns");

    assert_eq!(folder.load("a.conf", &left), folder.load("a.toml", &right));
}

#[test]
fn the_keepalived_sample_converts_to_a_native_text_of_the_same_meaning() {
    let folder = Folder::new("convert");
    let model = folder.load("a.conf", include_str!("../conf/keepalived.conf"));

    let converted = Command::new(env!("CARGO_BIN_EXE_vipd"))
        .args(["convert", "--config-id", NODE])
        .arg(folder.0.join("a.conf"))
        .output()
        .unwrap();

    assert_eq!(String::from_utf8_lossy(&converted.stderr), "");
    let text = String::from_utf8(converted.stdout).unwrap();
    assert_eq!(folder.load("a.toml", &text), model);
}

#[test]
fn the_control_plane_is_the_same_in_both_syntaxes() {
    let folder = Folder::new("control-plane");
    let keepalived = folder.load("a.conf", include_str!("../conf/keepalived.conf"));

    let native = folder.load("a.toml", include_str!("../conf/control-plane.toml"));

    assert_eq!(native, keepalived);
}

#[test]
fn a_native_text_is_read_from_its_file_as_from_memory() {
    let sample = include_str!("../conf/vipd.toml");
    let mut sources = Sources::sealed();
    let file = sources.add("vipd.toml", sample).unwrap();

    let from_memory = toml::load(&sources, file, &mut Diagnostics::default());

    assert_eq!(from_memory, Some(Folder::new("sample").load("vipd.toml", sample)));
}

/// Whose lines of the samples count.
const NODE: &str = "control-1";

/// Where the right column begins.
const COLUMN: usize = 48;

/// A folder of the test's own, removed at its end.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("both_syntaxes-{}-{name}", std::process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// What `text` means as a file of this name. There must be nothing to say about it.
    fn load(&self, name: &str, text: &str) -> Model {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        let options = Options { config_id: NODE.to_owned(), ..Options::default() };
        let loaded = load(&path, &options);
        assert!(loaded.diagnostics.is_empty(), "{:?}", loaded.diagnostics);
        loaded.model.unwrap_or_else(|| panic!("no model of {name}"))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.0).is_ok();
    }
}
