//! A machine of a script's own, made of namespaces: processes, network, /run, /tmp, /etc.
//!
//! So the start lines of tools can be run to the letter, with their default files and their
//! `pgrep`, beside any number of others. Needs root and util-linux, and fails without.

use std::ffi::OsString;
use std::fmt;
use std::process::{Command, Stdio};
use std::thread;

/// What is installed as `/usr/sbin/keepalived`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Program {
    /// keepalived itself.
    Keepalived,
    /// vipd, under keepalived's name.
    Vipd,
}

/// What a script printed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Printed {
    /// On standard output.
    pub(crate) out: String,
    /// On standard error.
    pub(crate) err: String,
}

impl Program {
    fn path(self) -> OsString {
        match self {
            Self::Keepalived => "/usr/sbin/keepalived".into(),
            Self::Vipd => std::env::var_os("VIPD_TEST_BINARY")
                .unwrap_or_else(|| env!("CARGO_BIN_EXE_vipd").into()),
        }
    }

    /// Runs the bash script on a machine that has this program.
    ///
    /// # Panics
    /// If the script fails, with everything that it printed.
    pub(crate) fn run(self, script: &str) -> Printed {
        let whole = format!("{PRELUDE}\n{script}");
        let output = Command::new("timeout")
            .args(["--signal=KILL", LONGEST, "unshare", "--net", "--mount", "--pid", "--fork"])
            .args(["--mount-proc", "--kill-child", "bash", "-c", &whole])
            .env("UNDER_TEST", self.path())
            .env_remove("NOTIFY_SOCKET")
            .stdin(Stdio::null())
            .output()
            .expect("util-linux brings unshare; tests/all.sh installs the rest");
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        let printed = Printed { out: text(&output.stdout), err: text(&output.stderr) };
        assert!(output.status.success(), "{self:?}: {}\n{printed}", output.status);
        printed
    }
}

impl fmt::Display for Printed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "--- standard output\n{}--- standard error\n{}", self.out, self.err)
    }
}

/// Runs the script with vipd and with keepalived: both are to print `expected` on standard output.
pub(crate) fn both_print(script: &str, expected: &str) {
    let [keepalived, vipd] = both(script);
    assert_eq!(keepalived.out.trim(), expected.trim(), "keepalived prints:\n{keepalived}");
    assert_eq!(vipd.out.trim(), expected.trim(), "vipd prints:\n{vipd}");
}

/// Runs the script with keepalived and with vipd.
pub(crate) fn both(script: &str) -> [Printed; 2] {
    thread::scope(|scope| {
        let runs =
            [Program::Keepalived, Program::Vipd].map(|it| scope.spawn(move || it.run(script)));
        runs.map(|run| run.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}

const PRELUDE: &str = include_str!("prelude.sh");
/// After how many seconds a script is killed.
const LONGEST: &str = "100";
