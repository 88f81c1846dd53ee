//! Programs, as whom they run, and who is told of what happens.

use toml::de::DeValue;

use super::table::Table;
use super::value::{self, Mistake, Read, Value};
use crate::config::declared::{Fifo, Hooks, Scripts, Setting};
use crate::types::{Account, Program};

/// Reads `notify` of an instance.
pub(super) fn hooks(table: &mut Table<'_, '_>) -> Hooks {
    Hooks {
        deleted: table.either("deleted", deleted, |table| program(table).map(Some)),
        outranking: read(table, "outranking"),
        ..group_hooks(table)
    }
}

/// Reads `notify` of a group.
pub(super) fn group_hooks(table: &mut Table<'_, '_>) -> Hooks {
    Hooks {
        any: read(table, "any"),
        active: read(table, "active"),
        backup: read(table, "backup"),
        fault: read(table, "fault"),
        stop: read(table, "stop"),
        priority_changes: table.setting("priority_changes", value::boolean),
        mail: table.setting("mail", value::boolean),
        ..Hooks::default()
    }
}

/// Reads `[scripts]`.
pub(super) fn scripts(table: &mut Table<'_, '_>) -> Scripts {
    Scripts {
        account: table.either("user", user, account),
        secure: table.setting("secure", value::boolean),
        fifo: table.either("fifo", path, fifo),
        fifo_reader: read(table, "fifo_reader"),
        vrrp_fifo: table.either("vrrp_fifo", path, fifo),
        vrrp_fifo_reader: read(table, "vrrp_fifo_reader"),
        repeat_on_reload: table.setting("repeat_on_reload", value::boolean),
        priority_changes: table.setting("priority_changes", value::boolean),
    }
}

/// The program that `key` names: `["/usr/local/bin/role", "active"]`, or with an account
/// `{ run = ["/usr/local/bin/role"], user = "nobody" }`.
pub(super) fn read(table: &mut Table<'_, '_>, key: &'static str) -> Setting<Program> {
    table.either(key, words, program)
}

/// The program that `key` names, which must be there.
pub(super) fn required(table: &mut Table<'_, '_>, key: &'static str) -> Setting<Program> {
    if !table.has(key) {
        return table.required(key, "[\"/usr/local/bin/check\"]", words);
    }
    read(table, key)
}

fn program(table: &mut Table<'_, '_>) -> Option<Program> {
    let run = table.required("run", "[\"/usr/local/bin/role\", \"active\"]", words);
    let account = account_of(table);
    Some(Program { account, ..run?.value })
}

/// `user` and perhaps `group`.
fn account(table: &mut Table<'_, '_>) -> Option<Account> {
    let user = table.required("user", "\"nobody\"", value::word);
    let group = table.setting("group", value::word);
    Some(Account { user: user?.value, group: group.map(|it| it.value) })
}

/// The account of what has one beside other keys.
fn account_of(table: &mut Table<'_, '_>) -> Option<Account> {
    let user = table.setting("user", value::word);
    let group = table.setting("group", value::word);
    match (user, group) {
        (Some(user), group) => Some(Account { user: user.value, group: group.map(|it| it.value) }),
        (None, Some(group)) => {
            table.tell("group", group.span, Mistake::value("means nothing without `user`"));
            None
        }
        (None, None) => None,
    }
}

fn fifo(table: &mut Table<'_, '_>) -> Option<Fifo> {
    let path = table.required("path", "\"/run/vipd.fifo\"", path);
    let account = account_of(table);
    Some(Fifo { account, ..path?.value })
}

fn path(value: Value<'_>) -> Read<Fifo> {
    let path = value::word(value)?;
    if !path.starts_with('/') {
        return Err(Mistake::value(format!("is \"{path}\", not an absolute path")));
    }
    Ok(Fifo { path, account: None })
}

fn user(value: Value<'_>) -> Read<Account> {
    Ok(Account { user: value::word(value)?, group: None })
}

fn deleted(value: Value<'_>) -> Read<Option<Program>> {
    match value.as_bool() {
        Some(true) => Ok(None),
        Some(false) => Err(Mistake::value("is false").help("leave it out")),
        None => words(value).map(Some),
    }
}

/// A program and its arguments, each a text of its own: nothing is split.
fn words(value: Value<'_>) -> Read<Program> {
    let wanted =
        || Mistake::kind("a list of texts", value).help("[\"/path/to/program\", \"argument\"]");
    let DeValue::Array(list) = value else {
        return Err(wanted());
    };
    let words: Option<Vec<String>> =
        list.iter().map(|word| word.get_ref().as_str().map(str::to_owned)).collect();
    let words = words.ok_or_else(wanted)?;
    if words.iter().any(|word| word.contains('\0')) {
        return Err(Mistake::value("has a NUL in it"));
    }
    Program::new(words).ok_or_else(|| Mistake::value("names no program"))
}
