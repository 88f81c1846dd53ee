//! Spans of time as people write them: `1s`, `250ms`, `1m30s`, `0.5s`.

use std::time::Duration;

use super::value::Mistake;

/// The span that `text` stands for: one or more numbers, each with its unit.
///
/// # Errors
/// [`Mistake`] where a unit is missing or unknown, a number is none, or the sum is beyond
/// what can be counted.
pub(super) fn parse(text: &str) -> Result<Duration, Mistake> {
    let mut rest = text;
    let mut sum = Duration::ZERO;
    while !rest.is_empty() || text.is_empty() {
        let (number, after) = split(rest, |c| c.is_ascii_digit() || c == '.');
        let (unit, after) = split(after, |c| !c.is_ascii_digit() && c != '.');
        if number.is_empty() {
            return Err(malformed(text));
        }
        if unit.is_empty() {
            let help =
                format!("say the unit: \"{text}s\" for seconds, \"{text}ms\" for milliseconds");
            return Err(Mistake::value(format!("is \"{text}\", which lacks a unit")).help(help));
        }
        let Some((_, nanos)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            let told = format!("is \"{text}\", and \"{unit}\" is no unit of time");
            return Err(Mistake::value(told).help("the units are us, ms, s, m, h and d"));
        };
        let span = scaled(number, *nanos).ok_or_else(|| malformed(text))?;
        sum = sum.checked_add(span).ok_or_else(|| malformed(text))?;
        rest = after;
    }
    Ok(sum)
}

/// `number`, perhaps with a fraction, times `nanos`; parts of a nanosecond are cut.
fn scaled(number: &str, nanos: u64) -> Option<Duration> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let whole = whole.parse::<u64>().ok()?.checked_mul(nanos)?;
    let digits = u32::try_from(fraction.len()).ok()?;
    let part = fraction.parse::<u128>().ok()?.checked_mul(nanos.into())?;
    let part = part.checked_div(10_u128.checked_pow(digits)?)?;
    let total = whole.checked_add(u64::try_from(part).ok()?)?;
    Some(Duration::from_nanos(total))
}

/// The longest start of `text` whose characters all `belong`, and what follows.
fn split(text: &str, belong: impl Fn(char) -> bool) -> (&str, &str) {
    let end = text.find(|c| !belong(c)).unwrap_or(text.len());
    text.split_at(end)
}

fn malformed(text: &str) -> Mistake {
    let told = format!("is \"{text}\", which is no duration");
    Mistake::value(told).help("such as \"1s\", \"250ms\" or \"1m30s\"")
}

/// Nanoseconds in each unit.
const UNITS: [(&str, u64); 6] = [
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_with_units_add_up() {
        let millis = |text| parse(text).unwrap().as_millis();
        assert_eq!(millis("1s"), 1_000);
        assert_eq!(millis("250ms"), 250);
        assert_eq!(millis("0.5s"), 500);
        assert_eq!(millis("1m30s"), 90_000);
        assert_eq!(millis("1h"), 3_600_000);
        assert_eq!(millis("1d"), 86_400_000);
        assert_eq!(parse("20us").unwrap(), Duration::from_micros(20));
        assert_eq!(parse("0s").unwrap(), Duration::ZERO);
    }

    #[test]
    fn a_number_without_a_unit_is_told_how_to_get_one() {
        let mistake = parse("30").unwrap_err();
        assert_eq!(mistake.message, "is \"30\", which lacks a unit");
        assert!(mistake.help.unwrap().contains("\"30s\" for seconds"));
    }

    #[test]
    fn nonsense_is_refused() {
        let nonsense =
            ["", "s", "-1s", "1 s", "1.2.3s", ".s", "1w", "1s1", "99999999999999h", "1.s"];
        for text in nonsense {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_debug_prints_in_milliseconds_is_read_back(millis in 0..=100_000_000_u64) {
            prop_assert_eq!(parse(&format!("{millis}ms")).unwrap().as_millis(), u128::from(millis));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[0-9.a-zµ -]{0,24}") {
            drop(parse(&text));
        }
    }
}
