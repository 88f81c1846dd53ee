//! The table of keepalived's flags.

/// One flag.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flag {
    /// Its letter, if it has one.
    pub(super) short: Option<char>,
    /// Its long name, without the dashes.
    pub(super) long: &'static str,
    /// Whether it takes a value.
    pub(super) takes: Takes,
    /// What it does.
    pub(super) meaning: Meaning,
    /// Its line in the help.
    pub(super) help: &'static str,
}

/// Whether a flag takes a value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Takes {
    /// It takes none.
    Nothing,
    /// It takes one, attached or in the next word.
    Value,
    /// It takes one if it is attached.
    Optional,
}

/// What a flag does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Meaning {
    Config,
    PidFile,
    WorkerPidFile,
    Foreground,
    LogConsole,
    LogDetail,
    LogFacility,
    LogFormat,
    NoSyslog,
    Umask,
    DontRespawn,
    DontRelease,
    CheckersOnly,
    CoreDump,
    IgnoreSigint,
    Namespace,
    ConfigId,
    AllIncludes,
    ConfigTest,
    Version,
    Help,
    Signum,
    /// keepalived refuses it as well unless it was built with it.
    NotBuilt(&'static str),
    /// Accepted, with a line in the log that it has no effect.
    Other(&'static str),
    /// Accepted; there is nothing that it could change.
    Nothing,
}

const fn flag(
    short: char,
    long: &'static str,
    takes: Takes,
    meaning: Meaning,
    help: &'static str,
) -> Flag {
    Flag { short: Some(short), ..long_flag(long, takes, meaning, help) }
}

const fn long_flag(long: &'static str, takes: Takes, meaning: Meaning, help: &'static str) -> Flag {
    Flag { short: None, long, takes, meaning, help }
}

use Takes::{Nothing as No, Optional, Value};

/// Every flag, in the order of the help.
#[rustfmt::skip]
pub(super) const TABLE: &[Flag] = &[
    flag('f', "use-file", Value, Meaning::Config, "FILE  the configuration"),
    flag('P', "vrrp", No, Meaning::Nothing, "VRRP only (there is nothing else)"),
    flag('C', "check", No, Meaning::CheckersOnly, "health checkers only"),
    flag('B', "no_bfd", No, Meaning::Nothing, "no BFD (there is none)"),
    long_flag("all", No, Meaning::Nothing, "every part, configured or not"),
    flag('l', "log-console", No, Meaning::LogConsole, "log to standard error too"),
    flag('D', "log-detail", No, Meaning::LogDetail, "log more"),
    flag('S', "log-facility", Value, Meaning::LogFacility, "0-7, local0-local7, user, daemon"),
    flag('g', "log-file", Optional, Meaning::NotBuilt("logging to a file"), "[FILE]  not supported"),
    long_flag("flush-log-file", No, Meaning::Other("--flush-log-file"), "flush the log file"),
    flag('G', "no-syslog", No, Meaning::NoSyslog, "no syslog"),
    long_flag("log-format", Value, Meaning::LogFormat, "text or json (vipd only)"),
    flag('u', "umask", Value, Meaning::Umask, "MASK  of the files that are made"),
    flag('X', "release-vips", No, Meaning::Other("--release-vips"), "remove addresses that others added"),
    flag('V', "dont-release-vrrp", No, Meaning::DontRelease, "keep the addresses when stopping"),
    flag('I', "dont-release-ipvs", No, Meaning::Nothing, "keep IPVS (there is none)"),
    flag('R', "dont-respawn", No, Meaning::DontRespawn, "stop when the worker dies"),
    flag('n', "dont-fork", No, Meaning::Foreground, "stay in the foreground"),
    flag('d', "dump-conf", No, Meaning::Other("--dump-conf"), "log the configuration"),
    flag('p', "pid", Value, Meaning::PidFile, "FILE  the daemon's pid file"),
    flag('r', "vrrp_pid", Value, Meaning::WorkerPidFile, "FILE  the VRRP process's pid file"),
    flag('c', "checkers_pid", Value, Meaning::Nothing, "FILE  no such process"),
    flag('b', "bfd_pid", Value, Meaning::Nothing, "FILE  no such process"),
    flag('a', "address-monitoring", No, Meaning::Other("--address-monitoring"), "log address changes"),
    flag('s', "namespace", Value, Meaning::Namespace, "NAME  the network namespace to run in"),
    flag('e', "all-config", No, Meaning::AllIncludes, "every include must match"),
    flag('i', "config-id", Value, Meaning::ConfigId, "ID  whose @ID lines are used"),
    flag('x', "snmp", No, Meaning::Other("--snmp"), "SNMP"),
    flag('A', "snmp-agent-socket", Value, Meaning::Other("--snmp-agent-socket"), "FILE  of the SNMP agent"),
    flag('m', "core-dump", No, Meaning::CoreDump, "write a core file on a crash (and release the addresses later)"),
    flag('M', "core-dump-pattern", Optional, Meaning::Other("--core-dump-pattern"), "[PATTERN]  of core files"),
    flag('t', "config-test", Optional, Meaning::ConfigTest, "[LOG]  check the configuration"),
    long_flag("config-fd", Value, Meaning::Nothing, "N  internal"),
    long_flag("signum", Value, Meaning::Signum, "STOP, RELOAD, DATA, STATS, STATS_CLEAR, JSON"),
    long_flag("ignore-sigint", No, Meaning::IgnoreSigint, "for debuggers"),
    long_flag("perf", Optional, Meaning::Other("--perf"), "internal"),
    long_flag("debug", Optional, Meaning::Other("--debug"), "internal"),
    long_flag("no-mem-check", No, Meaning::Nothing, "internal"),
    flag('L', "mem-check-log", No, Meaning::Nothing, "internal"),
    flag('O', "mem-check-abnormal-log", No, Meaning::Nothing, "internal"),
    flag('T', "genhash", No, Meaning::NotBuilt("genhash"), "not supported"),
    flag('v', "version", No, Meaning::Version, "print the version"),
    flag('h', "help", No, Meaning::Help, "print this"),
];
