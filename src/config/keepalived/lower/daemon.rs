//! The daemon's processes and its reloads: keywords of the root level and of `global_defs`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::parse::Statement;
use super::Lower;
use crate::config::declared::Setting;
use crate::config::diagnostic::Diagnostic;
use crate::config::model::Marker;
use crate::config::source::Spanned;

impl Lower<'_> {
    /// Takes over one statement outside every block; `false` if the keyword is none of these.
    pub(super) fn daemon_at_root(&mut self, statement: &Statement) -> bool {
        match statement.keyword.name {
            "net_namespace" => {
                let before = self.declared.daemon.namespace.take();
                self.declared.daemon.namespace = self.first_name(before, statement);
            }
            "instance" => {
                let before = self.declared.daemon.instance.take();
                self.declared.daemon.instance = self.first_name(before, statement);
            }
            "use_pid_dir" => {
                let place = statement.place();
                self.declared.daemon.pid_directory = place.map(|it| Spanned::new(true, it));
            }
            "child_wait_time" => {
                let patience = self.number(statement, 0..=u32::MAX);
                let patience = patience.map(|it| it.map(|it| Duration::from_secs(it.into())));
                self.declared.daemon.stop_patience =
                    patience.or(self.declared.daemon.stop_patience);
            }
            _ => return false,
        }
        true
    }

    /// Takes over one statement of `global_defs`; `false` if the keyword is none of these.
    pub(super) fn daemon_in_global(&mut self, statement: &Statement) -> bool {
        match statement.keyword.name {
            "process_names" => {
                let name = statement.place().map(|it| Spanned::new(WORKER_NAME.to_owned(), it));
                let name = self.declared.daemon.worker_name.take().or(name);
                self.declared.daemon.worker_name = name;
            }
            "process_name" => self.declared.daemon.name = self.process_name(statement),
            "vrrp_process_name" => {
                self.declared.daemon.worker_name = self.process_name(statement);
            }
            "umask" => self.declared.daemon.umask = self.umask(statement),
            "reload_check_config" => {
                let place = statement.place();
                self.declared.reload.strict = place.map(|it| Spanned::new(true, it));
                self.declared.reload.report = self.path(statement);
            }
            "reload_file" => {
                let at = self.path(statement).map(|it| Spanned::new(Marker::At(it.value), it.span));
                let usual = || statement.place().map(|it| Spanned::new(Marker::BesidePidFile, it));
                self.declared.reload.marker = at.or_else(usual);
            }
            "reload_time_file" => {
                self.declared.reload.time_file = self.path(statement);
            }
            "reload_repeat" => {
                let place = statement.place();
                self.declared.reload.repeat = place.map(|it| Spanned::new(true, it));
            }
            _ => return false,
        }
        true
    }

    /// A name that becomes a part of paths; one that was given before stays.
    fn first_name(&mut self, before: Setting<String>, statement: &Statement) -> Setting<String> {
        let Some(word) = statement.argument() else {
            return before;
        };
        let keyword = statement.keyword.name;
        if before.is_some() {
            self.bad(word, format!("{keyword} is given a second time"), "ignored");
            return before;
        }
        if !is_file_name(&word.value) {
            let message = format!("{} cannot be the name of a file", word.value);
            let error = Diagnostic::error("bad-name", message).at(word.span, "");
            self.found
                .push(error.help(format!("{keyword} becomes a part of the pid files' paths")));
            return None;
        }
        Some(Spanned::new(word.value.clone(), word.span))
    }

    /// A file; one without a directory lies where a daemon runs.
    fn path(&mut self, statement: &Statement) -> Setting<PathBuf> {
        let word = statement.argument()?;
        let path = Path::new("/").join(&word.value);
        if path != Path::new(&word.value) {
            let message = format!("{} is not an absolute path", word.value);
            let warning = Diagnostic::warning("relative-path", message).at(word.span, "");
            let help = format!("a daemon runs in /, so this is {}", path.display());
            self.found.push(warning.help(help));
        }
        Some(Spanned::new(path, word.span))
    }

    fn process_name(&mut self, statement: &Statement) -> Setting<String> {
        let word = statement.argument()?;
        let mut name = word.value.clone();
        if name.len() > LONGEST_NAME {
            self.bad(word, format!("{name} has more than {LONGEST_NAME} octets"), "cut off there");
            let end = (0..=LONGEST_NAME).rev().find(|end| name.is_char_boundary(*end));
            name.truncate(end.unwrap_or_default());
        }
        Some(Spanned::new(name, word.span))
    }

    /// A number as C writes it, or names of permissions with bars between them.
    fn umask(&mut self, statement: &Statement) -> Setting<u16> {
        let word = statement.argument()?;
        let text = word.value.as_str();
        let number = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            Some(digits) => u16::from_str_radix(digits, 16).ok(),
            None if text.starts_with('0') => u16::from_str_radix(text, 8).ok(),
            None => text.parse().ok(),
        };
        let named = || {
            let bits = text.split('|').map(|name| permission(name.trim()));
            bits.reduce(|all, one| Some(all? | one?)).flatten()
        };
        match number.or_else(named).filter(|mask| *mask <= 0o777) {
            Some(mask) => Some(Spanned::new(mask, word.span)),
            None => {
                self.bad(word, format!("{text} is not a mask of permissions"), "ignored");
                None
            }
        }
    }
}

/// Whether `name` can be a part of a path.
pub(in crate::config) fn is_file_name(name: &str) -> bool {
    !name.contains(['/', '\0']) && !["", ".", ".."].contains(&name)
}

/// The bits of a permission, such as `IRUSR`.
fn permission(name: &str) -> Option<u16> {
    let row = PERMISSIONS.iter().find(|(known, _)| *known == name)?;
    Some(row.1)
}

const PERMISSIONS: [(&str, u16); 12] = [
    ("IRWXU", 0o700),
    ("IRUSR", 0o400),
    ("IWUSR", 0o200),
    ("IXUSR", 0o100),
    ("IRWXG", 0o070),
    ("IRGRP", 0o040),
    ("IWGRP", 0o020),
    ("IXGRP", 0o010),
    ("IRWXO", 0o007),
    ("IROTH", 0o004),
    ("IWOTH", 0o002),
    ("IXOTH", 0o001),
];

/// What keepalived calls its VRRP process where processes have names of their own.
const WORKER_NAME: &str = "keepalived_vrrp";
/// Octets that Linux keeps of a process's name.
const LONGEST_NAME: usize = 15;
