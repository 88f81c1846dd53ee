//! The manual page lists the flags and commands that there are. `VIPD_BLESS=1 cargo test --lib
//! cli::manual` writes what changed into `packaging/man/vipd.8`.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use clap::{Arg, Command, CommandFactory};

use super::Ours;
use super::flags::{Flag, TABLE, Takes};

#[test]
fn the_manual_page_has_every_flag_and_command() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/man/vipd.8");
    let page = fs::read_to_string(&path).unwrap();
    let right = with(&with(&page, "flags", &flags()), "commands", &commands());
    if std::env::var_os("VIPD_BLESS").is_some() {
        fs::write(&path, right).unwrap();
    } else {
        assert!(page == right, "VIPD_BLESS=1 cargo test --lib cli::manual");
    }
}

/// The page with `part` between its two comments.
fn with(page: &str, name: &str, part: &str) -> String {
    let begin = format!(".\\\" {name}, from src/cli\n");
    let end = format!(".\\\" end of {name}\n");
    let (before, rest) = page.split_once(&begin).unwrap();
    let (_old, after) = rest.split_once(&end).unwrap();
    format!("{before}{begin}{part}{end}{after}")
}

fn flags() -> String {
    TABLE.iter().map(flag).collect()
}

fn flag(flag: &Flag) -> String {
    let value = match flag.takes {
        Takes::Nothing => "",
        Takes::Value => "=…",
        Takes::Optional => "[=…]",
    };
    let short = flag.short.map(|letter| format!("\\fB{}\\fR, ", roff(&format!("-{letter}"))));
    let long = roff(&format!("--{}", flag.long));
    let short = short.unwrap_or_default();
    format!(".TP\n{short}\\fB{long}\\fR{value}\n{}\n", roff(flag.help))
}

fn commands() -> String {
    Ours::command().get_subcommands().filter(|it| !it.is_hide_set()).map(command).collect()
}

fn command(command: &Command) -> String {
    let mut text = format!(".SS vipd {}", roff(command.get_name()));
    for it in command.get_positionals() {
        // Writing to a string cannot fail.
        let _never = write!(text, " {}", name(it)).is_err();
    }
    let about = command.get_long_about().or_else(|| command.get_about());
    let about = about.map(ToString::to_string).unwrap_or_default();
    text.push_str(&format!("\n{}\n", roff(&about)));
    let options = command.get_arguments().filter(|it| !it.is_hide_set());
    text.extend(options.map(|it| {
        let help = it.get_long_help().or_else(|| it.get_help()).map(ToString::to_string);
        format!(".TP\n{}\n{}\n", name(it), roff(&help.unwrap_or_default()))
    }));
    text
}

/// How an argument is written: `-c, --config CONFIG`.
fn name(argument: &Arg) -> String {
    let values: Vec<&str> = match argument.get_action().takes_values() {
        true => argument.get_value_names().unwrap_or_default().iter().map(|it| &**it).collect(),
        false => Vec::new(),
    };
    let short = argument.get_short().map(|it| format!("\\fB\\-{it}\\fR, ")).unwrap_or_default();
    let long = argument.get_long().map(|it| format!("\\fB{}\\fR ", roff(&format!("--{it}"))));
    let long = long.unwrap_or_default();
    format!("{short}{long}\\fI{}\\fR", values.join(" ")).replace(" \\fI\\fR", "")
}

/// Text that means itself in a manual page.
fn roff(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    let lines = text.lines().map(|line| match line.starts_with(['.', '\'']) {
        true => format!("\\&{line}"),
        false => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}
