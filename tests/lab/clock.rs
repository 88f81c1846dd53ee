//! Time as the captures stamp it, and waiting with a bound.

use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How long anything may take that no protocol delays.
pub const SOON: Duration = Duration::from_secs(10);

/// Time of the wall clock since 1970, in which the kernel stamps what it receives.
pub type Stamp = Duration;

/// The wall clock, comparable with a capture's stamps.
pub fn now() -> Stamp {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is past 1970")
}

/// Waits; for time that a protocol needs to pass.
pub fn pause(time: Duration) {
    thread::sleep(time);
}

/// Asks every 5 ms until the answer is `Ok`, and returns it with the time that took.
///
/// # Panics
/// When `bound` passes first: with what was waited for and the last answer.
pub fn eventually<T>(
    bound: Duration,
    what: &str,
    mut ask: impl FnMut() -> Result<T, String>,
) -> (T, Duration) {
    let begin = Instant::now();
    loop {
        let answer = ask();
        let spent = begin.elapsed();
        match answer {
            Ok(value) => return (value, spent),
            Err(why) if spent >= bound => panic!("{what}: not within {bound:?}: {why}"),
            Err(_) => pause(Duration::from_millis(5)),
        }
    }
}

/// Milliseconds with one decimal, for reports.
pub fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}
