//! How long the protocol waits (RFC 9568 §6.1, RFC 3768 §6.1).

use std::time::Duration;

use crate::types::{Centis, Priority, Version};

/// By how much a router of this priority is slower than the highest to replace a dead Active
/// Router: 0 to one interval, exact to the nanosecond.
///
/// VRRPv2 takes it from a second whatever the interval (RFC 3768 §6.1).
//= https://www.rfc-editor.org/rfc/rfc9568#section-6.1
//# Skew_Time: time to skew Active_Down_Interval, in centiseconds
#[must_use]
pub fn skew_time(version: Version, priority: Priority, active_interval: Centis) -> Duration {
    let unit = match version {
        Version::V2 => Duration::from_secs(1),
        Version::V3 => active_interval.duration(),
    };
    unit * (256 - u32::from(priority.get())) / 256
}

/// How long a Backup of this priority hears nothing before it takes the Active Router for dead.
///
/// `active_interval` is the interval learned from the Active Router in VRRPv3, our own in VRRPv2;
/// `down_adverts` is 3 unless configured otherwise.
//= https://www.rfc-editor.org/rfc/rfc9568#section-6.1
//# Active_Down_Interval: time interval for Backup to declare Active Router down
#[must_use]
pub fn active_down_interval(
    version: Version,
    priority: Priority,
    active_interval: Centis,
    down_adverts: u8,
) -> Duration {
    active_interval.duration() * u32::from(down_adverts)
        + skew_time(version, priority, active_interval)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skew_is_exact_to_the_priority_step_at_the_shortest_interval() {
        let skew = |p| skew_time(Version::V3, Priority::new(p), Centis::SHORTEST);
        assert_eq!(skew(254), Duration::from_nanos(78_125));
        assert_eq!(skew(100) - skew(101), Duration::from_nanos(39_062) + Duration::from_nanos(1));
        assert_eq!(skew(1), Duration::from_nanos(9_960_937));
    }

    #[test]
    fn version_2_skews_by_seconds_whatever_the_interval() {
        let ten = Centis::from_secs(10).unwrap();
        assert_eq!(skew_time(Version::V2, Priority::new(128), ten), Duration::from_millis(500));
        assert_eq!(skew_time(Version::V3, Priority::new(128), ten), Duration::from_secs(5));
    }

    #[test]
    fn the_down_interval_is_three_intervals_and_the_skew() {
        let down = active_down_interval(Version::V2, Priority::DEFAULT, Centis::SECOND, 3);
        assert_eq!(down, Duration::from_nanos(3_609_375_000));
    }
}
