//! keepalived's own command line, read as `getopt_long` reads it.
//!
//! Short flags may be bundled (`-nld`), a value may follow or be attached (`-p FILE`, `-pFILE`,
//! `--pid FILE`, `--pid=FILE`), long names may be cut short while they stay unique, and options
//! may stand after stray words. The whole line is read before anything is refused.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use super::flags::{Flag, Meaning, TABLE, Takes};
use crate::daemon::{CoreDump, Options, Release, WhenWorkerDies};
use crate::observe::log::{Facility, Format};

/// What keepalived's command line asks for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Request {
    /// Run the daemon.
    Run(Box<Options>),
    /// Check the configuration, say what is wrong, and end.
    ConfigTest {
        /// Which one, and how it is to be read.
        options: Box<Options>,
        /// Where the messages are appended; standard error where absent.
        log: Option<PathBuf>,
    },
    /// Print the version.
    Version,
    /// Print the flags.
    Help,
    /// Print the number of the signal that has this name.
    Signum(String),
}

/// A command line as it was understood.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Parsed {
    /// What is asked for.
    pub(super) request: Request,
    /// Words that are no option: told to the user and otherwise ignored.
    pub(super) stray: Vec<OsString>,
    /// Values that make no sense, for options that can do without: told to the user.
    pub(super) complaints: Vec<String>,
}

/// What is wrong with a command line, one line each. Nothing was done.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub(super) struct UsageError(pub(super) Vec<String>);

/// Reads `arguments`, the program's name not among them.
///
/// # Errors
/// [`UsageError`] with every unknown option and every missing parameter.
pub(super) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Parsed, UsageError> {
    let mut line = Line {
        rest: arguments.into_iter(),
        options: Options::default(),
        config_test: None,
        immediate: None,
        stray: Vec::new(),
        complaints: Vec::new(),
        errors: Vec::new(),
    };
    line.read();
    line.finish()
}

/// A command line on its way through the parser.
struct Line<I> {
    rest: I,
    options: Options,
    config_test: Option<Option<PathBuf>>,
    immediate: Option<Request>,
    stray: Vec<OsString>,
    complaints: Vec<String>,
    errors: Vec<String>,
}

impl<I: Iterator<Item = OsString>> Line<I> {
    /// Reads word by word; `-v`, `-h` and `--signum` are obeyed where they stand.
    fn read(&mut self) {
        while self.immediate.is_none() {
            let Some(word) = self.rest.next() else { return };
            match word.as_bytes() {
                b"--" => {
                    self.stray.extend(self.rest.by_ref());
                    return;
                }
                [b'-', b'-', long @ ..] => self.long(long),
                [b'-', short @ ..] if !short.is_empty() => self.bundle(short),
                _ => self.stray.push(word),
            }
        }
    }

    fn finish(self) -> Result<Parsed, UsageError> {
        if !self.errors.is_empty() {
            return Err(UsageError(self.errors));
        }
        let request = match (self.immediate, self.config_test) {
            (Some(request), _) => request,
            (None, Some(log)) => Request::ConfigTest { options: Box::new(self.options), log },
            (None, None) => Request::Run(Box::new(self.options)),
        };
        Ok(Parsed { request, stray: self.stray, complaints: self.complaints })
    }

    /// `name`, `name=value`, or the beginning of either.
    fn long(&mut self, word: &[u8]) {
        let mut halves = word.splitn(2, |byte| *byte == b'=');
        let name = String::from_utf8_lossy(halves.next().unwrap_or_default()).into_owned();
        let attached = halves.next();
        let Some(flag) = find_long(&name) else {
            self.errors.push(format!("Unknown option --{name}"));
            return;
        };
        let shown = format!("--{name}");
        match (flag.takes, attached) {
            (Takes::Nothing, None) => self.obey(flag.meaning, None),
            (Takes::Nothing, Some(_)) => {
                self.errors.push(format!("Option {shown} takes no parameter"))
            }
            (Takes::Optional, value) => {
                let value = value.filter(|value| !value.is_empty());
                self.obey(flag.meaning, value.map(owned));
            }
            (Takes::Value, Some(b"")) => self.missing(&shown),
            (Takes::Value, Some(value)) => self.obey(flag.meaning, Some(owned(value))),
            (Takes::Value, None) => self.value_follows(flag.meaning, &shown),
        }
    }

    /// Short flags in one word: `-nldP`, `-nfFILE`, `-nf` with the value in the next word.
    fn bundle(&mut self, mut letters: &[u8]) {
        while let [letter, after @ ..] = letters {
            letters = after;
            let letter = char::from(*letter);
            let Some(flag) = TABLE.iter().find(|flag| flag.short == Some(letter)) else {
                self.errors.push(format!("Unknown option -{letter}"));
                continue;
            };
            let attached = Some(after).filter(|value| !value.is_empty());
            match (flag.takes, attached) {
                (Takes::Nothing, _) => self.obey(flag.meaning, None),
                (Takes::Optional, value) => {
                    self.obey(flag.meaning, value.map(owned));
                    return;
                }
                (Takes::Value, Some(value)) => {
                    self.obey(flag.meaning, Some(owned(value)));
                    return;
                }
                (Takes::Value, None) => self.value_follows(flag.meaning, &format!("-{letter}")),
            }
        }
    }

    fn value_follows(&mut self, meaning: Meaning, shown: &str) {
        match self.rest.next() {
            Some(value) => self.obey(meaning, Some(value)),
            None => self.missing(shown),
        }
    }

    fn missing(&mut self, shown: &str) {
        self.errors.push(format!("Missing parameter for option {shown}"));
    }

    /// Does what one option says. `value` is there where the option takes one.
    fn obey(&mut self, meaning: Meaning, value: Option<OsString>) {
        let text =
            || value.as_ref().map(|value| value.to_string_lossy().into_owned()).unwrap_or_default();
        let path = || PathBuf::from(value.clone().unwrap_or_default());
        let options = &mut self.options;
        match meaning {
            Meaning::Config => options.config = path(),
            Meaning::PidFile => options.pid_file = Some(path()),
            Meaning::WorkerPidFile => options.worker_pid_file = Some(path()),
            Meaning::Foreground => options.foreground = true,
            Meaning::LogConsole => options.log.console = true,
            Meaning::LogDetail => options.log.detail = options.log.detail.saturating_add(1),
            Meaning::NoSyslog => options.log.syslog = false,
            Meaning::LogFacility => match Facility::parse(&text()) {
                Some(facility) => options.log.facility = facility,
                None => self.complaints.push(format!("Invalid log facility '{}'", text())),
            },
            Meaning::LogFormat => match Format::parse(&text()) {
                Some(format) => options.log.format = format,
                None => self.errors.push(format!("Unknown log format {}, text or json", text())),
            },
            Meaning::Umask => match parse_number(&text()) {
                Some(mask) if mask <= 0o777 => options.umask = Some(mask),
                _ => self.errors.push(format!("Invalid umask {}", text())),
            },
            Meaning::DontRespawn => options.when_worker_dies = WhenWorkerDies::Stop,
            Meaning::DontRelease => options.release = Release::Keep,
            Meaning::CheckersOnly => options.without_vrrp = true,
            Meaning::CoreDump => options.core_dump = CoreDump::Whole,
            Meaning::IgnoreSigint => options.ignore_sigint = true,
            Meaning::Namespace => options.namespace = Some(text()),
            Meaning::ConfigId => options.config_id = Some(text()),
            Meaning::AllIncludes => options.all_includes = true,
            Meaning::ConfigTest => self.config_test = Some(value.map(PathBuf::from)),
            Meaning::Version => self.immediate = Some(Request::Version),
            Meaning::Help => self.immediate = Some(Request::Help),
            Meaning::Signum => self.immediate = Some(Request::Signum(text())),
            Meaning::NotBuilt(what) => {
                self.errors.push(format!("This build does not support {what}"))
            }
            Meaning::Other(name) => options.unserved.push(name),
            Meaning::Nothing => {}
        }
    }
}

/// The flag with this long name, or the only one that begins so.
fn find_long(name: &str) -> Option<&'static Flag> {
    let exact = TABLE.iter().find(|flag| flag.long == name);
    exact.or_else(|| {
        let mut matching =
            TABLE.iter().filter(|flag| !name.is_empty() && flag.long.starts_with(name));
        matching.next().filter(|_| matching.next().is_none())
    })
}

fn owned(bytes: &[u8]) -> OsString {
    OsString::from_vec(bytes.to_vec())
}

/// A number as C writes them: decimal, `0` octal, `0x` hexadecimal.
fn parse_number(text: &str) -> Option<u32> {
    let (digits, radix) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None if text.len() > 1 && text.starts_with('0') => (text, 8),
        None => (text, 10),
    };
    u32::from_str_radix(digits, radix).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> Result<Parsed, UsageError> {
        parse(words.iter().map(OsString::from))
    }

    fn options(words: &[&str]) -> Options {
        let request = read(words).unwrap().request;
        let Request::Run(options) = request else { panic!("{words:?} asks for {request:?}") };
        *options
    }

    #[test]
    fn without_arguments_the_daemon_runs_in_the_background_with_the_default_files() {
        let options = options(&[]);
        assert_eq!(options.config, PathBuf::from("/etc/keepalived/keepalived.conf"));
        assert_eq!((options.pid_file, options.worker_pid_file), (None, None));
        assert!(!options.foreground && !options.log.console && options.log.syslog);
    }

    #[test]
    fn every_way_to_write_a_value_is_the_same() {
        for words in [
            &["-p", "/x"][..],
            &["-p/x"],
            &["-np/x"],
            &["-np", "/x"],
            &["--pid", "/x"],
            &["--pid=/x"],
            &["--pi=/x"],
        ] {
            assert_eq!(options(words).pid_file, Some(PathBuf::from("/x")), "written as {words:?}");
        }
    }

    #[test]
    fn the_start_lines_of_the_field_are_understood() {
        let kolla = options(&["-nld", "-p", "/run/keepalived.pid"]);
        assert!(kolla.foreground && kolla.log.console);

        let neutron = options(&["-P", "-f", "/c", "-p", "/a", "-r", "/b", "-D"]);
        assert!(!neutron.foreground);
        assert_eq!((neutron.worker_pid_file, neutron.log.detail), (Some(PathBuf::from("/b")), 1));

        let octavia = options(&["--log-facility=1", "-f", "/c", "-p", "/a"]);
        assert_eq!(Some(octavia.log.facility), Facility::parse("local1"));

        let openshift =
            options(&["-f", "/c", "--dont-fork", "--vrrp", "--log-detail", "--log-console"]);
        assert!(openshift.foreground && openshift.log.console);

        let foundry = options(&["-l", "-D", "-n", "--vrrp_pid=/v", "--checkers_pid=/v"]);
        assert_eq!(foundry.worker_pid_file, Some(PathBuf::from("/v")));
    }

    #[test]
    fn every_unknown_option_is_named() {
        let error = read(&["--bogus", "-n", "-z", "--use-file"]).unwrap_err();
        assert_eq!(
            error.0,
            [
                "Unknown option --bogus",
                "Unknown option -z",
                "Missing parameter for option --use-file"
            ]
        );
    }

    #[test]
    fn an_empty_value_counts_as_missing() {
        assert_eq!(read(&["--pid="]).unwrap_err().0, ["Missing parameter for option --pid"]);
    }

    #[test]
    fn a_name_cut_short_must_stay_unique() {
        assert!(read(&["--log-"]).is_err(), "log-console, log-detail, log-facility");
        assert!(options(&["--log-c"]).log.console);
    }

    #[test]
    fn the_log_of_a_config_test_is_attached_or_absent() {
        let log = |words: &[&str]| {
            let request = read(words).unwrap().request;
            let Request::ConfigTest { log, .. } = request else {
                panic!("{words:?} asks for {request:?}")
            };
            log
        };
        assert_eq!(log(&["-t", "-f", "/c"]), None);
        assert_eq!(log(&["-tLOG"]), Some(PathBuf::from("LOG")));
        assert_eq!(log(&["-t=LOG"]), Some(PathBuf::from("=LOG")));
        assert_eq!(log(&["--config-test=LOG"]), Some(PathBuf::from("LOG")));
        assert_eq!(log(&["--config-test"]), None);
    }

    #[test]
    fn stray_words_are_kept_and_do_no_harm() {
        let parsed = read(&["stray", "-n", "--", "-z"]).unwrap();
        assert_eq!(parsed.stray, ["stray", "-z"]);
        assert!(matches!(parsed.request, Request::Run(options) if options.foreground));
    }

    #[test]
    fn version_help_and_signum_are_obeyed_where_they_stand() {
        assert_eq!(read(&["-v", "-n", "--bogus"]).unwrap().request, Request::Version);
        assert_eq!(read(&["--help"]).unwrap().request, Request::Help);
        assert_eq!(read(&["--signum=DATA"]).unwrap().request, Request::Signum("DATA".into()));
    }

    #[test]
    fn a_bad_facility_is_a_complaint_and_not_an_error() {
        let parsed = read(&["-S", "nonsense"]).unwrap();
        assert_eq!(parsed.complaints, ["Invalid log facility 'nonsense'"]);
    }

    #[test]
    fn a_umask_is_written_as_c_writes_numbers() {
        assert_eq!(options(&["-u", "022"]).umask, Some(0o22));
        assert_eq!(options(&["-u", "0x12"]).umask, Some(0o22));
        assert!(read(&["-u", "rwx"]).is_err());
    }

    #[test]
    fn flags_that_nothing_serves_yet_are_remembered() {
        assert_eq!(options(&["-x", "--release-vips"]).unserved, ["--snmp", "--release-vips"]);
    }
}
