//! Lines, conditions, definitions, sequences, includes.

use std::fs;
use std::path::PathBuf;

use super::*;
use crate::config::diagnostic::Severity;

/// The lines that `text` comes to, words joined by blanks, and the codes of what was found.
fn read_with(options: &Options, text: &str) -> (Vec<String>, Vec<&'static str>) {
    let mut sources = Sources::sealed();
    let mut found = Diagnostics::default();
    let id = sources.add("test.conf", text).unwrap();
    let mut reader = Reader::of_file(id, options, &mut sources, &mut found);
    let lines = drain(&mut reader);
    (lines, found.iter().map(|it| it.code).collect())
}

fn drain(reader: &mut Reader<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    while let Some(token) = reader.next() {
        lines.push(match token {
            Token::Open(_) => "{".to_owned(),
            Token::Close(_) => "}".to_owned(),
            Token::Words(words) => {
                let words: Vec<_> = words.into_iter().map(|it| it.value).collect();
                words.join(" ")
            }
        });
    }
    lines
}

fn options() -> Options {
    Options { config_id: "main".to_owned(), random_seed: Some(7), ..Options::default() }
}

fn read(text: &str) -> Vec<String> {
    let (lines, codes) = read_with(&options(), text);
    assert_eq!(codes, [""; 0], "{text:?}");
    lines
}

#[test]
fn lines_end_in_either_way_and_may_be_empty() {
    assert_eq!(read("a b\r\n\n  \n\tc\n! d\ne"), ["a b", "c", "e"]);
    assert_eq!(read(""), [""; 0]);
}

#[test]
fn a_condition_keeps_or_drops_its_line() {
    let text = "@main a\n@other b\n@^main c\n@^other d\n@main\n";
    assert_eq!(read(text), ["a", "d"]);
}

#[test]
fn a_definition_counts_from_its_line_on() {
    let text = "x $A\n$A=1\nx $A\n$A=2\nx ${A}3\n@other $A=4\n@main $B=5\nx $A $B\n";
    assert_eq!(read(text), ["x $A", "x 1", "x 23", "x 2 5"]);
}

#[test]
fn a_replaced_line_may_turn_out_to_be_conditional() {
    assert_eq!(read("$IF=@main\n$NOT=@other\n$IF a\n$NOT b\n"), ["a"]);
}

#[test]
fn a_definition_of_several_lines_is_put_in_whole() {
    let text = "$BLOCK= \\\n  a ${N} { \\\n   \n  ! nothing\n    b \\\n  @other c \\\n  }\n\
                $N=1\n$BLOCK\n$N=2\nx $BLOCK\n";
    let expected = ["a 1", "{", "b", "}", "x a 2", "{", "b", "}"];
    assert_eq!(read(text), expected);
}

#[test]
fn an_empty_line_ends_a_definition_and_a_comment_does_not() {
    assert_eq!(read("$A= \\\n a \\\n\nb\n$A\n"), ["b", "a"]);
    assert_eq!(read("$A= \\\n a # x \\\n b\n$A\n"), ["a", "b"]);
    assert_eq!(read("$A=a # x \\\n b\n$A\n"), ["a", "b"]);
    assert_eq!(read("a # x \\\nb\n"), ["a", "b"]);
}

#[test]
fn several_lines_are_put_in_at_the_end_of_a_line_alone() {
    assert_eq!(read("$A= \\\n a \\\n b\nx $A\n$A x\n"), ["x a", "b", "$A x"]);
}

#[test]
fn a_line_has_one_condition() {
    assert_eq!(read("@main @other a\n"), ["@other a"]);
    assert_eq!(read("$ID=other\n@main b\n@${ID} c\n"), ["b"]);
}

#[test]
fn what_was_put_in_may_begin_a_comment() {
    let text = "a ${_HASH} b\n$A=1 # x\nc $A d\n\"e ${_BANG} f\"\n${_HASH}g\n";
    assert_eq!(read(text), ["a", "c 1 d", "e ! f"]);
}

#[test]
fn a_line_may_be_long() {
    let long = "y ".repeat(20_000);
    assert_eq!(read(&format!("{long}\nb\n")), [long.trim_end(), "b"]);
}

#[test]
fn definitions_of_several_lines_lie_within_each_other() {
    let text =
        "$IN= \\\n b $I \\\n c\n$OUT= \\\n a \\\n $I=1 \\\n $IN \\\n $I=2 \\\n $IN\n$OUT\nd\n";
    assert_eq!(read(text), ["a", "b 1", "c", "b 2", "c", "d"]);
}

#[test]
fn a_definition_that_a_condition_drops_is_dropped_whole() {
    assert_eq!(read("@other $A= \\\n b \\\n c\nd\n"), ["d"]);
}

#[test]
fn sequences_repeat_their_line() {
    assert_eq!(read("~SEQ(N, 1, 3) a $N\nb\n"), ["a 1", "a 2", "a 3", "b"]);
    assert_eq!(read("~SEQ(A, 1, 2) ~LST(B, x, y) ${A}${B}\n"), ["1x", "1y", "2x", "2y"]);
    let block = "$VI= \\\n v ${N} { \\\n }\n~SEQx(N, 9, 10) $VI\n";
    assert_eq!(read(block), ["v 9", "{", "}", "v a", "{", "}"]);
    assert_eq!(read("$MAX=2\n~SEQ(N, 1, $MAX) a $N\n"), ["a 1", "a 2"]);
}

#[test]
fn built_in_names_are_known() {
    let text = "a ${_INSTANCE} \"${_HASH}${_BANG}\" ${_ENV VIPD_NOT_SET}x\n";
    assert_eq!(read(text), ["a main #! x"]);
    let random = read("~SEQ(I, 1, 50) ${_RANDOM 3 5}\n");
    assert!(random.iter().all(|it| ["3", "4", "5"].contains(&it.as_str())));
    assert!(read("${_RANDOM}\n").first().unwrap().parse::<u16>().unwrap() < 32_768);
}

#[test]
fn the_words_before_an_open_quote_stand() {
    let (lines, codes) = read_with(&options(), "auth_pass \"c\n\"d\nb\n");
    assert_eq!(lines, ["auth_pass", "b"]);
    assert_eq!(codes, ["open-quote", "open-quote"]);
}

#[test]
fn lines_that_cannot_be_used_are_ignored_with_a_warning() {
    for (text, code) in [
        ("a\0c\nb\n", "line-ignored"),
        ("~SEQ(1) a\nb\n", "bad-sequence"),
        ("$A=${A}\n$A\nb\n", "endless-definition"),
        ("include\nb\n", "empty-include"),
        ("include nothing.conf\nb\n", "include-missing"),
    ] {
        let (lines, codes) = read_with(&options(), text);
        assert_eq!((lines, codes), (vec!["b".to_owned()], vec![code]), "{text:?}");
    }
}

#[test]
fn a_configuration_without_end_is_given_up() {
    let bomb =
        "$A= \\\n x \\\n x\n$B= \\\n $A \\\n $A\n$C= \\\n $B \\\n $B\n~SEQ(I, 1, 99999999) $C\n";
    let options = Options { most_lines: 1000, ..options() };
    let (lines, codes) = read_with(&options, bomb);
    assert!(lines.len() < 1000);
    assert_eq!(codes, ["too-large"]);
    let (_, codes) = read_with(&options, "$A= \\\n x \\\n $A\n$A\n");
    assert_eq!(codes, ["too-large"]);
}

/// A directory of its own that goes away with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let path = std::env::temp_dir().join(format!("vipd-{name}-{}", std::process::id()));
        for (file, text) in files {
            let file = path.join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        Self(path)
    }

    fn read(&self, options: &Options) -> (Vec<String>, Vec<(Severity, &'static str)>) {
        let (mut sources, mut found) = (Sources::new(), Diagnostics::default());
        let main = self.0.join("main.conf");
        let lines = drain(&mut Reader::open(&main, options, &mut sources, &mut found));
        (lines, found.iter().map(|it| (it.severity, it.code)).collect())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

#[test]
fn includes_are_read_by_name_from_the_including_files_directory() {
    let scratch = Scratch::new(
        "include",
        &[
            ("main.conf", "a\ninclude d/*.conf\ninclude {x,y}.inc\nz\n"),
            ("d/2.conf", "b2\n"),
            ("d/1.conf", "b1\ninclude sub/s.conf\n"),
            ("d/.hidden.conf", "no\n"),
            ("d/sub/s.conf", "s ${_PWD}\n"),
            ("x.inc", "x\n"),
            ("y.inc", "y"),
        ],
    );
    let (lines, found) = scratch.read(&options());
    let sub = fs::canonicalize(scratch.0.join("d/sub")).unwrap();
    let expected = ["a", "b1", &format!("s {}", sub.display()), "b2", "x", "y", "z"];
    assert_eq!(lines, expected);
    assert_eq!(found, []);
}

#[test]
fn a_condition_a_definition_or_a_sequence_may_lead_to_an_include() {
    let main = "$F=x\n@main include ${F}.inc\n@other include y.inc\ninclude ${_PWD}/y.inc\n\
                ~LST(N, x, y) include ${N}.inc\n$I= \\\n include x.inc \\\n z\n$I\n";
    let scratch = Scratch::new("led", &[("main.conf", main), ("x.inc", "x\n"), ("y.inc", "y\n")]);
    let (lines, found) = scratch.read(&options());
    assert_eq!(lines, ["x", "y", "x", "y", "x", "z"]);
    assert_eq!(found, []);
}

#[test]
fn a_file_of_a_pattern_may_be_included_by_another_one_of_it() {
    let scratch = Scratch::new(
        "siblings",
        &[("main.conf", "include d/*\n"), ("d/1", "a\ninclude 2\n"), ("d/2", "b\n")],
    );
    let (lines, found) = scratch.read(&options());
    assert_eq!(lines, ["a", "b", "b"]);
    assert_eq!(found, []);
}

#[test]
fn a_file_that_includes_itself_is_read_once() {
    let scratch = Scratch::new(
        "cycle",
        &[("main.conf", "a\ninclude b.conf\nc\n"), ("b.conf", "b\ninclude main.conf\n")],
    );
    let (lines, found) = scratch.read(&options());
    assert_eq!(lines, ["a", "b", "c"]);
    assert_eq!(found, [(Severity::Warning, "include-cycle")]);
}

#[test]
fn a_strict_include_insists_on_its_file() {
    let missing = |main: &str, all_includes| {
        let name = format!("strict{}{all_includes}", main.len());
        let scratch = Scratch::new(&name, &[("main.conf", main)]);
        let options = Options { all_includes, ..options() };
        scratch.read(&options).1
    };
    let error = [(Severity::Error, "include-missing")];
    assert_eq!(missing("include x\n", false), [(Severity::Warning, "include-missing")]);
    assert_eq!(missing("include x\n", true), error);
    assert_eq!(missing("includea x\n", false), error);
    assert_eq!(missing("include x*\n", false), [(Severity::Note, "include-empty")]);
    assert_eq!(missing("includew x*\n", false), error);
    assert_eq!(missing("include_check\ninclude x\n", false), error);
}

#[test]
fn a_missing_configuration_is_an_error() {
    let scratch = Scratch::new("none", &[("other.conf", "")]);
    assert_eq!(scratch.read(&options()).1, [(Severity::Error, "file-unreadable")]);
}
