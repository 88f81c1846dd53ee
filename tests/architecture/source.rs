//! Source files and the paths in them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::code::code_of;

/// A source file.
pub(crate) struct Source {
    /// Where, from the package's root.
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    /// The text with blanks for comments and literals.
    code: String,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self { path: path.into(), text: text.to_owned(), code: code_of(text) }
    }

    /// Names of the modules down to this file: `config`, `toml` for `src/config/toml/mod.rs`.
    pub(crate) fn module(&self) -> Vec<String> {
        let below = self.path.strip_prefix("src").unwrap().with_extension("");
        let names = below.iter().map(|name| name.to_str().unwrap().to_owned());
        names.filter(|name| !["mod", "lib", "main"].contains(&name.as_str())).collect()
    }

    /// What follows `start::` wherever it begins a path, with the line it stands in.
    pub(crate) fn paths(&self, start: &str) -> Vec<(usize, Vec<String>)> {
        let start = format!("{start}::");
        let mut found = Vec::new();
        for (at, _) in self.code.match_indices(&start) {
            let (before, tree) = (&self.code[..at], &self.code[at + start.len()..]);
            let continues = |c: char| c.is_alphanumeric() || "_:.".contains(c);
            if !before.ends_with(continues) {
                let line = before.matches('\n').count() + 1;
                found.extend(expanded(tree).into_iter().map(|path| (line, path)));
            }
        }
        found
    }
}

/// Every Rust file below `dir` of the package; none where there is no such folder.
pub(crate) fn sources(dir: &str) -> Vec<Source> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(dir)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else {
            assert_ne!(dir, "src", "{} cannot be read", folder.display());
            continue;
        };
        for path in entries.map(|entry| entry.unwrap().path()) {
            if path.is_dir() && !path.ends_with("target") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let short = path.strip_prefix(root()).unwrap();
                found.push(Source::new(short.to_str().unwrap(), &text));
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The paths that a use tree such as `a::{b, c::d}` or a plain path stands for.
fn expanded(tree: &str) -> Vec<Vec<String>> {
    let tree = tree.trim_start();
    if let Some(list) = tree.strip_prefix('{') {
        return branches(list).into_iter().flat_map(expanded).collect();
    }
    let end = tree.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(tree.len());
    let (name, rest) = tree.split_at(end);
    if name.is_empty() {
        return vec![vec![]];
    }
    let deeper = rest.strip_prefix("::").map_or_else(|| vec![vec![]], expanded);
    let with_name = |path: Vec<String>| [vec![name.to_owned()], path].concat();
    deeper.into_iter().map(with_name).collect()
}

/// The parts of a braced list, up to its closing brace.
fn branches(list: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0_usize, 0, Vec::new());
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                parts.push(&list[start..at]);
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&list[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.retain(|part| !part.trim().is_empty());
    parts
}
