//! Includes: which files come next.

use std::path::PathBuf;

use super::super::include::{self, Checks};
use super::super::lex;
use super::super::text::Text;
use super::super::{MISSING_INCLUDE, UNREADABLE, UNREADABLE_INCLUDE};
use super::Reader;
use super::feed::{Feed, FileFeed};
use crate::config::diagnostic::{Diagnostic, Verdict};
use crate::config::source::{ReadError, Span};

impl Reader<'_> {
    /// What an include insists on where it stands now.
    pub(super) fn checks(&self) -> Checks {
        let file = self.feeds.iter().rev().find_map(Feed::file);
        file.map(|file| file.checks).unwrap_or_default()
    }

    /// From now on includes of this file insist on what the line says.
    pub(super) fn include_check(&mut self, line: &Text) {
        let words = line.as_str().split(lex::is_blank).skip(1);
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        if let Some(unknown) = words.iter().find(|word| !Checks::is_known(word)) {
            let message = format!("include_check does not know {unknown}: ignored");
            self.warn("bad-value", message, line.whole());
        }
        let file = self.feeds.iter_mut().rev().find_map(Feed::file_mut);
        if let Some(file) = file {
            file.checks = file.checks.set(words.into_iter());
        }
    }

    /// Goes on with the files that the line names.
    pub(super) fn include(&mut self, line: &Text, checks: Checks) {
        let rest = line.as_str().split_once(lex::is_blank).map_or("", |it| it.1);
        let pattern = rest.trim();
        let place = line.whole();
        if pattern.is_empty() {
            self.warn("empty-include", "the include names no file", place);
            return;
        }
        let file = self.feeds.iter().rev().find_map(Feed::file);
        let base = file.map(|file| file.base.clone()).unwrap_or_default();
        let matched = include::find(self.sources, &base, pattern);
        if checks.refuse(&matched) {
            let message = format!("no file matches {pattern}, and this include insists on it");
            let error = Diagnostic::error(MISSING_INCLUDE, message).verdict(Verdict::Security);
            self.push_found(error, place);
        } else if matched.files.is_empty() {
            let message = format!("no file matches {pattern}: nothing is included");
            let finding = match matched.wildcard {
                true => Diagnostic::note("include-empty", message),
                false => Diagnostic::warning(MISSING_INCLUDE, message).help(help(pattern)),
            };
            self.push_found(finding.verdict(Verdict::Silent), place);
        }
        self.push_files(&matched.files, place, checks);
    }

    /// Reads files so that the first one comes first.
    pub(super) fn push_files(&mut self, files: &[PathBuf], place: Option<Span>, checks: Checks) {
        for path in files.iter().rev() {
            if self.feeds.iter().any(|feed| feed.is_of(self.sources, path)) {
                let message = format!("{} includes itself: left out", path.display());
                self.warn("include-cycle", message, place);
                continue;
            }
            match self.sources.read(path, true) {
                Ok(id) => {
                    let inherited = self.known.checks();
                    let file = FileFeed::new(id, self.sources, inherited);
                    self.push(Feed::File(file));
                }
                Err(error) => self.unreadable(&error, place, checks),
            }
        }
    }

    fn unreadable(&mut self, error: &ReadError, place: Option<Span>, checks: Checks) {
        let message = error.in_full();
        let finding = match (checks.read, place) {
            (true, Some(_)) => {
                Diagnostic::error(UNREADABLE_INCLUDE, message).verdict(Verdict::Security)
            }
            (true, None) => Diagnostic::error(UNREADABLE, message).verdict(Verdict::Silent),
            (false, _) => Diagnostic::warning(UNREADABLE_INCLUDE, message).verdict(Verdict::Silent),
        };
        self.push_found(finding, place);
    }

    fn push_found(&mut self, finding: Diagnostic, place: Option<Span>) {
        self.found.push(match place {
            Some(place) => finding.at(place, ""),
            None => finding,
        });
    }
}

fn help(pattern: &str) -> &'static str {
    match pattern.contains('"') {
        true => "leave the quotes out: they are taken for letters of the name",
        false => "use `includea` for files that must be there",
    }
}
