//! Programs with their arguments, and who is told of what happens.

use super::super::lex::Word;
use super::super::parse::Statement;
use super::Lower;
use crate::config::declared::{Fifo, Hooks, Setting};
use crate::config::source::Spanned;
use crate::types::{Account, Program};

impl Lower<'_> {
    /// Takes over a hook of an instance or a group; `false` for other keywords.
    pub(super) fn hook(&mut self, hooks: &mut Hooks, statement: &Statement) -> bool {
        match statement.keyword.name {
            "notify" => self.first(&mut hooks.any, statement),
            "notify_master" => self.first(&mut hooks.active, statement),
            "notify_backup" => self.first(&mut hooks.backup, statement),
            "notify_fault" => self.first(&mut hooks.fault, statement),
            "notify_stop" => self.first(&mut hooks.stop, statement),
            "notify_master_rx_lower_pri" => self.first(&mut hooks.outranking, statement),
            "notify_deleted" => {
                let mut program = None;
                if statement.argument().is_some() {
                    self.first(&mut program, statement);
                }
                let place = statement.place();
                let deleted = program.map(|it| it.value);
                hooks.deleted = place.map(|place| Spanned::new(deleted, place));
            }
            "notify_priority_changes" => hooks.priority_changes = self.answer(statement),
            "smtp_alert" => hooks.mail = self.answer(statement),
            _ => return false,
        }
        true
    }

    /// Takes over what holds for all programs; `false` for other keywords.
    pub(super) fn scripts(&mut self, statement: &Statement) -> bool {
        let said = statement.place().map(|place| Spanned::new(true, place));
        let mut scripts = std::mem::take(&mut self.declared.scripts);
        match statement.keyword.name {
            "enable_script_security" => scripts.secure = said,
            "script_user" => {
                let account = account(statement.words.get(1..).unwrap_or_default());
                let place = statement.argument().map(|word| word.span);
                scripts.account =
                    account.zip(place).map(|(account, place)| Spanned::new(account, place));
            }
            "notify_fifo" => self.fifo(&mut scripts.fifo, statement),
            "notify_fifo_script" => self.first(&mut scripts.fifo_reader, statement),
            "vrrp_notify_fifo" => self.fifo(&mut scripts.vrrp_fifo, statement),
            "vrrp_notify_fifo_script" => self.first(&mut scripts.vrrp_fifo_reader, statement),
            "fifo_write_vrrp_states_on_reload" => scripts.repeat_on_reload = said,
            "vrrp_notify_priority_changes" => scripts.priority_changes = self.answer(statement),
            _ => {
                self.declared.scripts = scripts;
                return false;
            }
        }
        self.declared.scripts = scripts;
        true
    }

    /// The program behind the keyword, with the user and group behind it.
    pub(super) fn program(&mut self, statement: &Statement) -> Setting<Program> {
        let words = rejoined(statement.words.get(1..).unwrap_or_default());
        let [command, rest @ ..] = words.as_slice() else {
            return None;
        };
        let Some(program) = Program::new(split(&command.value)) else {
            self.bad(command, "no program is named", "ignored");
            return None;
        };
        if let Some(extra) = rest.get(2) {
            let message = "only a user and a group may follow the command";
            self.bad(extra, message, "ignored: put the command with its arguments in quotes");
        }
        Some(Spanned::new(Program { account: account(rest), ..program }, command.span))
    }

    /// Sets `program` unless it was set before: keepalived keeps the first.
    fn first(&mut self, program: &mut Setting<Program>, statement: &Statement) {
        if program.is_some() {
            if let Some(place) = statement.place() {
                let message = format!("{} is set already", statement.keyword.name);
                self.warn("bad-value", message, place, "ignored: the first one counts");
            }
            return;
        }
        *program = self.program(statement);
    }

    fn fifo(&mut self, fifo: &mut Setting<Fifo>, statement: &Statement) {
        let Some(name) = statement.argument() else {
            return;
        };
        if fifo.is_some() {
            let message = format!("{} is set already", statement.keyword.name);
            self.warn("bad-value", message, name.span, "ignored: the first one counts");
            return;
        }
        let account = account(statement.words.get(2..).unwrap_or_default());
        *fifo = Some(Spanned::new(Fifo { path: name.value.clone(), account }, name.span));
    }
}

/// The user and perhaps the group that these words name.
fn account(words: &[Word]) -> Option<Account> {
    let user = words.first()?.value.clone();
    Some(Account { user, group: words.get(1).map(|group| group.value.clone()) })
}

/// The words, those made one again that stand in single quotes: elsewhere in the language these
/// mean nothing.
fn rejoined(words: &[Word]) -> Vec<Word> {
    let mut joined: Vec<Word> = Vec::new();
    let mut open = false;
    for word in words {
        let text = word.value.as_str();
        match joined.last_mut().filter(|_| open) {
            Some(last) => {
                last.value.push(' ');
                last.value.push_str(text);
            }
            None => joined.push(word.clone()),
        }
        if joined.len() == 1 {
            open = text.matches('\'').count() % 2 == usize::from(!open);
        }
    }
    match joined.first_mut() {
        Some(command) => {
            let inner = command.value.strip_prefix('\'').and_then(|it| it.strip_suffix('\''));
            if let Some(inner) = inner.filter(|inner| !inner.contains('\'')) {
                command.value = inner.to_owned();
            }
        }
        None => return joined,
    }
    joined
}

/// The words of a command: quotes of both kinds keep blanks, and a backslash begins one of the
/// usual escapes, in quotes too.
pub(super) fn split(command: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut letters = command.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => {
                let escaped = escape(&mut letters);
                word.get_or_insert_default().extend(escaped);
            }
            '"' | '\'' if quote == Some(letter) => quote = None,
            '"' | '\'' if quote.is_none() => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            ' ' | '\t' | '\r' | '\n' | '\x0b' | '\x0c' if quote.is_none() => {
                words.extend(word.take());
            }
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

/// What stands behind a backslash.
fn escape(letters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<char> {
    let letter = letters.next()?;
    Some(match letter {
        'a' => '\x07',
        'b' => '\x08',
        'E' => '\x1b',
        'f' => '\x0c',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\x0b',
        'x' if letters.peek().is_some_and(char::is_ascii_hexdigit) => number(letters, None, 16, 2),
        '0'..='7' => number(letters, Some(letter), 8, 3),
        'c' => {
            let control = letters.next().and_then(|it| u8::try_from(it).ok())?;
            char::from(control & 0x1f)
        }
        other => other,
    })
}

/// The character with the number that the next digits, `most` at most, are.
fn number(
    letters: &mut std::iter::Peekable<std::str::Chars<'_>>,
    first: Option<char>,
    radix: u32,
    most: usize,
) -> char {
    let mut value = first.and_then(|digit| digit.to_digit(radix)).unwrap_or(0);
    for _ in usize::from(first.is_some())..most {
        let Some(digit) = letters.peek().and_then(|it| it.to_digit(radix)) else {
            break;
        };
        value = value * radix + digit;
        letters.next();
    }
    u8::try_from(value & 0xff).map_or('\0', char::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_split_as_a_shell_would_but_without_a_shell() {
        for (command, words) in [
            ("/p/x.sh 'a b' c", &["/p/x.sh", "a b", "c"][..]),
            ("/p/x.sh \"a b\"c ''", &["/p/x.sh", "a bc", ""]),
            ("  a\tb  ", &["a", "b"]),
            (r"a\ b \x41\102\t $X *", &["a b", "AB\t", "$X", "*"]),
            (r#"'it"s' "it's" \'"#, &["it\"s", "it's", "'"]),
            ("a 'b", &["a", "b"]),
            ("", &[]),
        ] {
            assert_eq!(split(command), words, "{command:?}");
        }
    }
}
