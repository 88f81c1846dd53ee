//! A table whose keys are asked for one by one. Those that nobody asked for are errors.

use toml::de::{DeTable, DeValue};

use super::native;
use super::value::{Mistake, Read, Value};
use crate::config::declared::Setting;
use crate::config::diagnostic::Diagnostic;
use crate::config::source::{Span, Spanned};
use crate::config::suggest::closest;

/// A table that is being read.
pub(super) struct Table<'t, 'd> {
    /// Its name as the file has it: `instance.api`; empty for the document.
    name: String,
    /// The place of its value, which for a `[header]` is the header.
    span: Span,
    /// What has not been asked for, in the order of writing.
    entries: Vec<Entry<'t>>,
    /// What was asked for: the keys that may stand here.
    known: Vec<&'static str>,
    /// Where findings go.
    found: &'d mut Vec<Diagnostic>,
}

/// A key with its value.
struct Entry<'t> {
    key: Spanned<&'t str>,
    value: Spanned<Value<'t>>,
}

impl<'t, 'd> Table<'t, 'd> {
    /// Opens a table, lets `read` ask for its keys, and tells those that remain.
    pub(super) fn visit<T>(
        name: &str,
        table: &'t DeTable<'t>,
        span: Span,
        found: &'d mut Vec<Diagnostic>,
        read: impl FnOnce(&mut Table<'t, '_>) -> T,
    ) -> T {
        let place = |range| Span::new(span.file, range);
        let mut entries: Vec<Entry<'t>> = table
            .iter()
            .map(|(key, value)| Entry {
                key: Spanned::new(key.get_ref().as_ref(), place(key.span())),
                value: Spanned::new(value.get_ref(), place(value.span())),
            })
            .collect();
        entries.sort_by_key(|entry| entry.key.span.start);
        let name = name.to_owned();
        let known = Vec::new();
        let mut table = Table { name, span, entries, known, found };
        let result = read(&mut table);
        table.tell_unknown();
        result
    }

    /// The place of the table; for a `[header]`, of the header.
    pub(super) const fn span(&self) -> Span {
        self.span
    }

    /// Whether there is such a key that nobody has asked for yet.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| entry.key.value == key)
    }

    /// Whether a table stands behind `key`.
    pub(super) fn is_table(&self, key: &str) -> bool {
        let mut entries = self.entries.iter();
        entries.any(|entry| entry.key.value == key && entry.value.value.is_table())
    }

    /// The value of `key`, where it is there and `read` takes it.
    pub(super) fn setting<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(Value<'t>) -> Read<T>,
    ) -> Setting<T> {
        let value = self.take(key)?;
        match read(value.value) {
            Ok(read) => Some(Spanned::new(read, value.span)),
            Err(mistake) => {
                self.tell(key, value.span, mistake);
                None
            }
        }
    }

    /// The value of `key`, read by `plain`, or where it is a table by `detailed`.
    pub(super) fn either<T>(
        &mut self,
        key: &'static str,
        plain: impl FnOnce(Value<'t>) -> Read<T>,
        detailed: impl FnOnce(&mut Table<'t, '_>) -> Option<T>,
    ) -> Setting<T> {
        let value = self.take(key)?;
        if value.value.is_table() {
            let read = self.enter(key, value, detailed).flatten();
            return read.map(|read| Spanned::new(read, value.span));
        }
        match plain(value.value) {
            Ok(read) => Some(Spanned::new(read, value.span)),
            Err(mistake) => {
                self.tell(key, value.span, mistake);
                None
            }
        }
    }

    /// What `read` makes of the table that `key` names.
    pub(super) fn section<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&mut Table<'t, '_>) -> T,
    ) -> Option<T> {
        let value = self.take(key)?;
        self.enter(key, value, read)
    }

    /// What `each` makes of the table's own tables, whatever they are called.
    pub(super) fn each<T>(
        &mut self,
        mut each: impl FnMut(Spanned<&'t str>, &mut Table<'t, '_>) -> T,
    ) -> Vec<T> {
        let mut all = Vec::new();
        for Entry { key, value } in std::mem::take(&mut self.entries) {
            all.extend(self.enter(key.value, value, |table| each(key, table)));
        }
        all
    }

    /// What `each` makes of the elements of the list that `key` names; `None` without the key.
    /// An element that is no table is given to `plain`.
    pub(super) fn list<T>(
        &mut self,
        key: &'static str,
        plain: impl Fn(Value<'t>, Span) -> Read<T>,
        each: impl Fn(&mut Table<'t, '_>) -> Option<T>,
    ) -> Option<Spanned<Vec<T>>> {
        let list = self.take(key)?;
        let DeValue::Array(elements) = list.value else {
            let help = "put it in brackets: [ … ]";
            self.tell(key, list.span, Mistake::kind("a list", list.value).help(help));
            return None;
        };
        let mut all = Vec::new();
        for element in elements {
            let span = Span::new(list.span.file, element.span());
            let value = element.get_ref();
            if value.is_table() {
                let read = self.enter(key, Spanned::new(value, span), &each);
                all.extend(read.flatten());
                continue;
            }
            match plain(value, span) {
                Ok(read) => all.push(read),
                Err(mistake) => self.tell(key, span, mistake),
            }
        }
        Some(Spanned::new(all, list.span))
    }

    /// The value of `key`, which must be there.
    pub(super) fn required<T>(
        &mut self,
        key: &'static str,
        example: &str,
        read: impl FnOnce(Value<'t>) -> Read<T>,
    ) -> Setting<T> {
        // keepalived's word for it is told as such.
        let stands_for = |word: &str| word == key || native::words(word).any(|ours| ours == key);
        if !self.entries.iter().any(|entry| stands_for(entry.key.value)) {
            let told = Diagnostic::error("missing-key", format!("`{}` lacks `{key}`", self.name));
            let told = told.at(self.span, "");
            self.found.push(told.help(format!("such as `{key} = {example}`")));
        }
        self.setting(key, read)
    }

    /// Tells what is wrong with the value of `key` at `span`.
    pub(super) fn tell(&mut self, key: &str, span: Span, mistake: Mistake) {
        let told = Diagnostic::error(mistake.flaw.code(), format!("`{key}` {}", mistake.message));
        let told = told.at(span, "");
        self.found.push(match mistake.help {
            Some(help) => told.help(help),
            None => told,
        });
    }

    /// Takes out the value of `key`, which from now on is known.
    fn take(&mut self, key: &'static str) -> Option<Spanned<Value<'t>>> {
        self.known.push(key);
        let at = self.entries.iter().position(|entry| entry.key.value == key)?;
        Some(self.entries.remove(at).value)
    }

    /// Reads the table that `value` is to be.
    fn enter<T>(
        &mut self,
        key: &str,
        value: Spanned<Value<'t>>,
        read: impl FnOnce(&mut Table<'t, '_>) -> T,
    ) -> Option<T> {
        let DeValue::Table(table) = value.value else {
            self.tell(key, value.span, Mistake::kind("a table", value.value));
            return None;
        };
        let dot = if self.name.is_empty() { "" } else { "." };
        let name = format!("{}{dot}{key}", self.name);
        Some(Table::visit(&name, table, value.span, self.found, read))
    }

    /// Tells every key that nobody asked for.
    fn tell_unknown(&mut self) {
        for Entry { key, .. } in std::mem::take(&mut self.entries) {
            let place = match self.name.as_str() {
                "" => "at the top".to_owned(),
                name => format!("in `{name}`"),
            };
            let message = format!("there is no key `{}` {place}", key.value);
            let told = Diagnostic::error("unknown-key", message).at(key.span, "");
            self.found.push(told.help(self.advice(key.value)));
        }
    }

    /// What may be meant by a key that is not known.
    fn advice(&self, key: &str) -> String {
        if let Some(ours) = native::words(key).find(|ours| self.known.contains(ours)) {
            return format!("keepalived's `{key}` is called `{ours}` here");
        }
        match closest(key, self.known.iter().copied()) {
            Some(known) => format!("did you mean `{known}`?"),
            None => format!("the keys here are {}", self.known.join(", ")),
        }
    }
}
