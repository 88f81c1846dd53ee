//! What is wrong with a configuration, with the place and the way out.

use super::source::Span;

/// Everything that was found, in the order of finding.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Diagnostics(Vec<Diagnostic>);

/// One finding.
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// A short stable name, in lower case with hyphens: `unknown-keyword`.
    pub code: &'static str,
    /// What is wrong and what comes of it: lower case, no full stop.
    pub message: String,
    /// Where, the main place first. Empty where no place in a file is to blame.
    pub labels: Vec<Label>,
    /// How to mend it.
    pub help: Option<String>,
    /// What `keepalived -t` makes of the same.
    pub verdict: Verdict,
}

/// A place that a finding is about.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What is there to see; may be empty.
    pub text: String,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Severity {
    /// Worth a look, though nothing is wrong with the text.
    Advice,
    /// Good to know.
    Note,
    /// It runs, but not as the text suggests.
    Warning,
    /// It does not run.
    Error,
}

/// How keepalived's configuration test classes a finding; the greatest decides its exit code.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Verdict {
    /// It says nothing.
    Silent,
    /// Exit code 4: a file that is missing, or something that ends the process.
    Fatal,
    /// Exit code 5: every other error or warning.
    General,
    /// Exit code 6: scripts that are not secured.
    Security,
    /// Exit code 2, at once: a word is missing behind its keyword.
    Abort,
}

impl Diagnostics {
    /// Adds a finding.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Puts the findings into the order of their places, those without one first.
    pub fn sort(&mut self) {
        self.0.sort_by_key(|one| one.span().map(|span| (span.file, span.start)));
    }

    /// The findings in their order.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.0.iter()
    }

    /// The findings that keep the configuration from running.
    pub fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        self.iter().filter(|one| one.severity == Severity::Error)
    }

    /// Whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// keepalived's test says nothing of this kind of finding any more.
    pub(super) fn silence(&mut self, code: &str) {
        for finding in self.0.iter_mut().filter(|it| it.code == code) {
            finding.verdict = Verdict::Silent;
        }
    }

    /// How many findings are of this severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.iter().filter(|one| one.severity == severity).count()
    }

    /// Whether any finding is an error: then there is no model.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.errors().next().is_some()
    }

    /// The gravest of keepalived's classes.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let classes = self.iter().map(|one| one.verdict);
        classes.max().unwrap_or(Verdict::Silent)
    }
}

impl Diagnostic {
    /// Something that keeps the configuration from running.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, Verdict::General, code, message.into())
    }

    /// Something that runs otherwise than the text suggests.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, Verdict::General, code, message.into())
    }

    /// Something good to know. keepalived's test is silent on it.
    pub fn note(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Note, Verdict::Silent, code, message.into())
    }

    /// Something worth a look. keepalived's test is silent on it.
    pub fn advice(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Advice, Verdict::Silent, code, message.into())
    }

    /// Adds a place; the first one added is the main one.
    pub fn at(mut self, span: Span, text: impl Into<String>) -> Self {
        let text = text.into();
        self.labels.push(Label { span, text });
        self
    }

    /// Says how to mend it.
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// Says how keepalived's test classes it.
    pub const fn verdict(mut self, verdict: Verdict) -> Self {
        self.verdict = verdict;
        self
    }

    /// The main place.
    #[must_use]
    pub fn span(&self) -> Option<Span> {
        self.labels.first().map(|label| label.span)
    }

    const fn new(
        severity: Severity,
        verdict: Verdict,
        code: &'static str,
        message: String,
    ) -> Self {
        Self { severity, code, message, labels: Vec::new(), help: None, verdict }
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Extend<Diagnostic> for Diagnostics {
    fn extend<T: IntoIterator<Item = Diagnostic>>(&mut self, findings: T) {
        self.0.extend(findings);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gravest_class_decides_whatever_the_order() {
        let mut found = Diagnostics::default();
        assert_eq!(found.verdict(), Verdict::Silent);
        found.push(Diagnostic::warning("a", "").verdict(Verdict::Security));
        found.push(Diagnostic::error("b", ""));
        assert_eq!(found.verdict(), Verdict::Security);
        assert!(found.has_errors());
        assert_eq!(found.count(Severity::Warning), 1);
    }
}
