//! The signals that the daemon acts upon, under the names that keepalived gives them.

/// What a signal asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Request {
    /// End.
    Stop,
    /// Read the configuration again.
    Reload,
    /// Write down everything.
    Data,
    /// Write down the counters.
    Stats,
    /// Write down the counters and start them over.
    StatsClear,
    /// Write down everything as JSON.
    Json,
}

impl Request {
    /// What the signal with this number asks for.
    #[must_use]
    pub fn of(number: i32) -> Option<Self> {
        let row = TABLE.iter().find(|row| row.number == number)?;
        Some(row.request)
    }
}

/// The number of the signal that `--signum` calls `name`.
#[must_use]
pub fn number(name: &str) -> Option<i32> {
    let row = TABLE.iter().find(|row| row.name == Some(name))?;
    Some(row.number)
}

/// The number of every signal that the daemon acts upon.
pub(super) fn numbers() -> impl Iterator<Item = i32> {
    TABLE.iter().map(|row| row.number)
}

/// The number of every signal that would end or stop a process and means nothing to the daemon:
/// keepalived ignores them, so tools and terminals send them without harm.
pub(super) fn meaningless() -> impl Iterator<Item = i32> {
    let acted_upon = |number: &i32| TABLE.iter().any(|row| row.number == *number);
    HARMLESS.into_iter().chain(FIRST_REALTIME..=LAST_REALTIME).filter(move |it| !acted_upon(it))
}

/// The number of SIGINT, which debuggers may want for themselves.
pub(super) const INTERRUPT: i32 = 2;

/// One signal.
struct Row {
    number: i32,
    name: Option<&'static str>,
    request: Request,
}

const fn row(number: i32, name: &'static str, request: Request) -> Row {
    Row { number, name: Some(name), request }
}

/// The signals. The real-time ones as glibc counts them: SIGRTMIN is 34, SIGRTMAX 64.
const TABLE: [Row; 7] = [
    row(15, "STOP", Request::Stop),
    Row { number: INTERRUPT, name: None, request: Request::Stop },
    row(1, "RELOAD", Request::Reload),
    row(10, "DATA", Request::Data),
    row(12, "STATS", Request::Stats),
    row(63, "STATS_CLEAR", Request::StatsClear),
    row(36, "JSON", Request::Json),
];

/// SIGQUIT, SIGALRM, SIGSTKFLT, SIGTSTP, SIGTTIN, SIGTTOU, SIGXFSZ, SIGVTALRM, SIGPROF, SIGIO,
/// SIGPWR. Those that tell of a fault stay what they are.
const HARMLESS: [i32; 11] = [3, 14, 16, 20, 21, 22, 25, 26, 27, 29, 30];
const FIRST_REALTIME: i32 = 34;
const LAST_REALTIME: i32 = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_signal_is_both_acted_upon_and_meaningless() {
        let mut all: Vec<i32> = numbers().chain(meaningless()).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
        assert!(all.contains(&64), "SIGRTMAX");
    }

    #[test]
    fn the_numbers_are_those_that_keepalived_prints() {
        let printed = [
            ("STOP", 15),
            ("RELOAD", 1),
            ("DATA", 10),
            ("STATS", 12),
            ("STATS_CLEAR", 63),
            ("JSON", 36),
        ];
        for (name, expected) in printed {
            assert_eq!(number(name), Some(expected), "{name}");
        }
        assert_eq!(number("stop"), None);
    }

    #[test]
    fn sigint_stops_as_sigterm_does() {
        assert_eq!(Request::of(2), Some(Request::Stop));
        assert_eq!(Request::of(15), Some(Request::Stop));
        assert_eq!(Request::of(9), None);
    }
}
