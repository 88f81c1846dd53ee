//! Showing what is wrong with a configuration: to people with carets, to scripts as an exit code,
//! to those who know keepalived as its configuration test does.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet, normalize_untrusted_str};

use crate::config::Loaded;
use crate::config::diagnostic::{Diagnostic, Diagnostics, Severity, Verdict};
use crate::config::source::{FileId, Sources};

/// Every finding with its file, line, caret and help, and how many there are.
#[must_use]
pub fn render(found: &Diagnostics, sources: &Sources, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let mut text = String::new();
    for diagnostic in found {
        text.push_str(&renderer.render(&[group(diagnostic, sources)]));
        text.push_str("\n\n");
    }
    text.push_str(&summary(found));
    text
}

/// 0 where all is well, 1 where `strict` is asked for and there are warnings, 2 for errors.
#[must_use]
pub fn exit_code(found: &Diagnostics, strict: bool) -> u8 {
    if found.has_errors() {
        2
    } else if strict && found.count(Severity::Warning) > 0 {
        1
    } else {
        0
    }
}

/// What keepalived's configuration test, `-t`, says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Tested {
    /// One line per finding, as keepalived begins them: `(FILE: Line N) `.
    pub lines: Vec<String>,
    /// 0 for nothing, 4 for what ends the process, 5 for every other finding, 6 for insecure
    /// scripts, 2 for a word that is missing.
    pub exit_code: u8,
}

/// What keepalived's configuration test, `-t`, would make of this. Findings that are ours alone
/// do not count: tools take any code but 0 for a configuration that must not be used.
#[must_use]
pub fn keepalived_test(loaded: &Loaded) -> Tested {
    let lines = loaded.diagnostics.iter().map(|it| line(it, &loaded.sources));
    Tested {
        lines: lines.collect(),
        exit_code: match loaded.diagnostics.verdict() {
            Verdict::Silent => 0,
            Verdict::Fatal => 4,
            Verdict::General => 5,
            Verdict::Security => 6,
            Verdict::Abort => 2,
        },
    }
}

/// A finding on one line: for logs.
#[must_use]
pub fn line(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let place = diagnostic.span().and_then(|span| {
        let path = sources.file(span.file)?.path.display();
        Some(format!("({path}: Line {}) ", sources.line(span)))
    });
    let help = diagnostic.help.as_deref().map(|help| format!(" ({help})"));
    let (place, help) = (place.unwrap_or_default(), help.unwrap_or_default());
    tame(&format!("{place}{}{help}", diagnostic.message))
}

fn group<'a>(diagnostic: &'a Diagnostic, sources: &'a Sources) -> Group<'a> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
        Severity::Advice => Level::INFO.with_name("advice"),
    };
    let title = level.primary_title(tame(&diagnostic.message)).id(diagnostic.code);
    let mut group = Group::with_title(title);
    let mut files: Vec<FileId> = Vec::new();
    for label in &diagnostic.labels {
        if !files.contains(&label.span.file) {
            files.push(label.span.file);
            group = group.elements(snippet(diagnostic, label.span.file, sources));
        }
    }
    match &diagnostic.help {
        Some(help) => group.element(Level::HELP.message(tame(help))),
        None => group,
    }
}

/// The lines of one file that the finding is about; `None` if there is no such file.
fn snippet<'a>(
    diagnostic: &'a Diagnostic,
    file: FileId,
    sources: &'a Sources,
) -> Option<Snippet<'a, annotate_snippets::Annotation<'a>>> {
    let source = sources.file(file)?;
    let labels = diagnostic.labels.iter().enumerate();
    let labels: Vec<_> = labels.filter(|(_, label)| label.span.file == file).collect();
    let spans = labels.iter().map(|(_, label)| within(&source.text, label.span.range()));
    let spans: Vec<Range<usize>> = spans.collect();
    let first = spans.iter().map(|span| span.start).min()?;
    let last = spans.iter().map(|span| span.end).max()?;
    let start = source.text.get(..first)?.rfind('\n').map_or(0, |end| end + 1);
    let end = source.text.get(last..)?.find('\n').map(|length| last + length);
    let text = source.text.get(start..end.unwrap_or(source.text.len()))?;
    let before = source.text.as_bytes().get(..start)?;
    let annotations = labels.iter().zip(&spans).map(|((index, label), span)| {
        let kind = match index {
            0 => AnnotationKind::Primary,
            _ => AnnotationKind::Context,
        };
        let annotation = kind.span(span.start - start..span.end - start);
        match label.text.as_str() {
            "" => annotation,
            text => annotation.label(tame(text)),
        }
    });
    let snippet = Snippet::source(without_c1(text))
        .line_start(1 + before.iter().filter(|byte| **byte == b'\n').count())
        .path(tame(&source.path.to_string_lossy()));
    Some(snippet.annotations(annotations))
}

/// Text that moves no cursor and changes no colour.
fn tame(text: &str) -> String {
    normalize_untrusted_str(&without_c1(text))
}

/// Text without the control characters U+0080 to U+009F, which some terminals obey. What stands
/// in for them is as long as they are, so that places stay right.
fn without_c1(text: &str) -> String {
    text.replace(|letter| matches!(letter, '\u{80}'..='\u{9f}'), "\u{b7}")
}

/// The part of `span` that lies in `text`, between letters.
fn within(text: &str, span: Range<usize>) -> Range<usize> {
    let floor = |offset: usize| {
        let mut below = (0..=offset.min(text.len())).rev();
        below.find(|it| text.is_char_boundary(*it)).unwrap_or(0)
    };
    let start = floor(span.start);
    start..floor(span.end).max(start)
}

fn summary(found: &Diagnostics) -> String {
    let count = |severity, one: &str| match found.count(severity) {
        0 => None,
        1 => Some(format!("1 {one}")),
        more => Some(format!("{more} {one}s")),
    };
    let counts = [
        count(Severity::Error, "error"),
        count(Severity::Warning, "warning"),
        count(Severity::Note, "note"),
        match found.count(Severity::Advice) {
            0 => None,
            pieces => Some(format!("{pieces} of advice")),
        },
    ];
    let counts: Vec<String> = counts.into_iter().flatten().collect();
    match counts.as_slice() {
        [] => String::new(),
        _ => format!("{}\n", counts.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::source::Span;

    fn sources(text: &str) -> (Sources, FileId) {
        let mut sources = Sources::sealed();
        let id = sources.add("a.conf", text).unwrap();
        (sources, id)
    }

    #[test]
    fn a_finding_is_shown_with_its_line_and_a_caret() {
        let (sources, id) = sources("one\npriority 256\n");
        let mut found = Diagnostics::default();
        found.push(
            Diagnostic::error("bad-value", "256 is not a number of 1 to 255")
                .at(Span::new(id, 13..16), "ignored")
                .help("write a smaller one"),
        );
        insta::assert_snapshot!(render(&found, &sources, false), @r"
        error[bad-value]: 256 is not a number of 1 to 255
         --> a.conf:2:10
          |
        2 | priority 256
          |          ^^^ ignored
          |
          = help: write a smaller one

        1 error
        ");
    }

    #[test]
    fn places_in_two_files_are_both_shown() {
        let (mut sources, a) = sources("vrid 7\n");
        let b = sources.add("b.conf", "\n\n  vrid 7").unwrap();
        let mut found = Diagnostics::default();
        found.push(
            Diagnostic::error("duplicate-vrid", "VRID 7 is used twice")
                .at(Span::new(b, 4..10), "used again here")
                .at(Span::new(a, 0..6), "first used here"),
        );
        insta::assert_snapshot!(render(&found, &sources, false), @r"
        error[duplicate-vrid]: VRID 7 is used twice
         --> b.conf:3:3
          |
        3 |   vrid 7
          |   ^^^^^^ used again here
          |
         ::: a.conf:1:1
          |
        1 | vrid 7
          | ------ first used here

        1 error
        ");
    }

    #[test]
    fn a_place_beyond_the_text_or_within_a_letter_harms_nobody() {
        let (sources, id) = sources("ä");
        let mut found = Diagnostics::default();
        for range in [0..9, 1..1, 9..12] {
            found.push(Diagnostic::note("x", "y").at(Span::new(id, range), "z"));
        }
        assert!(render(&found, &sources, true).contains('y'));
    }

    #[test]
    fn escape_sequences_do_not_reach_the_terminal() {
        let (sources, id) = sources("\x1b[31m\u{9b}31m");
        let mut found = Diagnostics::default();
        let evil = Diagnostic::warning("x", "\x1b[2J").at(Span::new(id, 0..5), "\x1b]0;");
        found.push(evil.help("\u{9b}0m"));
        let obeyed = ['\x1b', '\u{9b}'];
        assert!(!render(&found, &sources, false).contains(obeyed));
        assert!(!found.iter().any(|it| line(it, &sources).contains(obeyed)));
    }

    #[test]
    fn warnings_count_only_where_strictness_is_asked_for() {
        let mut found = Diagnostics::default();
        assert_eq!((exit_code(&found, false), exit_code(&found, true)), (0, 0));
        found.push(Diagnostic::warning("x", "y"));
        assert_eq!((exit_code(&found, false), exit_code(&found, true)), (0, 1));
        found.push(Diagnostic::error("x", "y"));
        assert_eq!((exit_code(&found, false), exit_code(&found, true)), (2, 2));
    }
}
