//! `include` and its stricter variants: which files a pattern names, and what must be found.

use std::path::{Path, PathBuf};

use crate::config::source::Sources;

/// What an include insists on.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Checks {
    /// Every file named can be read.
    pub(super) read: bool,
    /// A pattern without wildcards names a file.
    pub(super) matches: bool,
    /// A pattern with wildcards names a file.
    pub(super) wildcard: bool,
    /// Every alternative in braces names a file.
    pub(super) braces: bool,
}

/// Which files a pattern names.
#[derive(Debug, Default, Eq, PartialEq)]
pub(super) struct Matched {
    /// The files, in the order of the alternatives, within one by name.
    pub(super) files: Vec<PathBuf>,
    /// The alternatives that name no file.
    pub(super) missing: Vec<String>,
    /// There are wildcards in it.
    pub(super) wildcard: bool,
}

impl Checks {
    /// All of them.
    pub(super) const ALL: Self = Self { read: true, matches: true, wildcard: true, braces: true };

    /// What `keyword` insists on besides these; `None` if it is no include.
    pub(super) fn with(self, keyword: &str) -> Option<Self> {
        let kind = keyword.strip_prefix("include")?;
        Some(match kind {
            "" => self,
            "r" => Self { read: true, ..self },
            "m" => Self { matches: true, ..self },
            "w" => Self { wildcard: true, ..self },
            "b" => Self { braces: true, ..self },
            "a" => Self::ALL,
            _ => return None,
        })
    }

    /// These after `include_check` with `words`; words that it does not know change nothing.
    pub(super) fn set<'a>(self, words: impl Iterator<Item = &'a str>) -> Self {
        let mut words = words.peekable();
        let Some(first) = words.peek() else {
            return Self::ALL;
        };
        let relative = first.starts_with(['+', '-']);
        let mut checks = if relative { self } else { Self::default() };
        for word in words {
            let (on, name) = match word.strip_prefix('-') {
                Some(name) => (false, name),
                None => (true, word.strip_prefix('+').unwrap_or(word)),
            };
            match name {
                "read" | "readable" => checks.read = on,
                "match" => checks.matches = on,
                "wildcard_match" => checks.wildcard = on,
                "brace_match" => checks.braces = on,
                _ => {}
            }
        }
        checks
    }

    /// Whether `include_check` knows the word.
    pub(super) fn is_known(word: &str) -> bool {
        let name = word.strip_prefix(['-', '+']).unwrap_or(word);
        ["read", "readable", "match", "wildcard_match", "brace_match"].contains(&name)
    }

    /// Whether finding these files violates a check.
    pub(super) fn refuse(self, matched: &Matched) -> bool {
        let none = matched.files.is_empty();
        let insists = if matched.wildcard { self.wildcard } else { self.matches };
        (none && insists) || (!matched.missing.is_empty() && self.braces)
    }
}

/// The files that `pattern` names, seen from `directory`.
pub(super) fn find(sources: &Sources, directory: &Path, pattern: &str) -> Matched {
    let mut matched = Matched::default();
    for alternative in alternatives(pattern) {
        let path = directory.join(&alternative);
        let wildcard = alternative.contains(['*', '?', '[']);
        matched.wildcard |= wildcard;
        let files = match wildcard {
            true => sources.matching(&path),
            false if sources.exists(&path) => vec![path],
            false => Vec::new(),
        };
        if files.is_empty() {
            matched.missing.push(alternative);
        }
        matched.files.extend(files);
    }
    matched
}

/// What a pattern with alternatives in braces stands for, `{a,b{c,d}}` being `a`, `bc`, `bd`.
fn alternatives(pattern: &str) -> Vec<String> {
    let mut done = Vec::new();
    let mut waiting = vec![pattern.to_owned()];
    while let Some(pattern) = waiting.pop() {
        match split_braces(&pattern) {
            Some(parts) if done.len() + waiting.len() + parts.len() <= MOST_ALTERNATIVES => {
                waiting.extend(parts.into_iter().rev());
            }
            Some(_) | None => done.push(pattern),
        }
    }
    done
}

/// The alternatives of the first pair of braces, each within its surroundings.
fn split_braces(pattern: &str) -> Option<Vec<String>> {
    let open = pattern.find('{')?;
    let mut depth = 0_u32;
    let mut commas = vec![open];
    for (offset, letter) in pattern.char_indices().skip_while(|(offset, _)| *offset < open) {
        match letter {
            '{' => depth += 1,
            ',' if depth == 1 => commas.push(offset),
            '}' if depth == 1 => {
                commas.push(offset);
                let (before, after) = (pattern.get(..open)?, pattern.get(offset + 1..)?);
                let inner = commas.windows(2).filter_map(|pair| match pair {
                    [from, to] => pattern.get(from + 1..*to),
                    _ => None,
                });
                return Some(inner.map(|it| format!("{before}{it}{after}")).collect());
            }
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

/// The most alternatives that a pattern may stand for.
const MOST_ALTERNATIVES: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_stand_for_their_alternatives() {
        for (pattern, expected) in [
            ("a.conf", vec!["a.conf"]),
            ("{a,b}.conf", vec!["a.conf", "b.conf"]),
            ("x{a,b{c,d}}y", vec!["xay", "xbcy", "xbdy"]),
            ("{foo/{,cat},bar}", vec!["foo/", "foo/cat", "bar"]),
            ("{a", vec!["{a"]),
            ("a}", vec!["a}"]),
        ] {
            assert_eq!(alternatives(pattern), expected, "{pattern}");
        }
    }

    #[test]
    fn a_bomb_of_braces_is_cut_short() {
        let bomb = "{a,b}".repeat(64);
        assert!(alternatives(&bomb).len() <= MOST_ALTERNATIVES);
    }

    #[test]
    fn each_variant_adds_its_check() {
        let none = Checks::default();
        assert_eq!(none.with("include"), Some(none));
        assert!(none.with("includer").unwrap().read);
        assert_eq!(none.with("includea"), Some(Checks::ALL));
        assert_eq!(none.with("included"), None);
        assert_eq!(none.with("interface"), None);
    }

    #[test]
    fn include_check_sets_adds_and_removes() {
        let set = |checks: Checks, words: &str| checks.set(words.split_whitespace());
        assert_eq!(set(Checks::default(), ""), Checks::ALL);
        let read = set(Checks::ALL, "readable");
        assert_eq!(read, Checks { read: true, ..Checks::default() });
        let more = set(read, "+match -read");
        assert_eq!(more, Checks { matches: true, ..Checks::default() });
    }

    #[test]
    fn a_check_refuses_only_what_it_is_about() {
        let missing = |wildcard, files: usize| Matched {
            files: vec![PathBuf::new(); files],
            missing: vec!["x".to_owned()],
            wildcard,
        };
        let only = |name: &str| Checks::default().with(name).unwrap();
        assert!(only("includem").refuse(&missing(false, 0)));
        assert!(!only("includem").refuse(&missing(true, 0)));
        assert!(only("includew").refuse(&missing(true, 0)));
        assert!(only("includeb").refuse(&missing(false, 1)));
        assert!(!only("include").refuse(&missing(false, 0)));
    }
}
