//! One value: from TOML's types to ours.

use std::net::IpAddr;

use toml::de::DeValue;

use super::duration;
use crate::config::suggest::closest;
use crate::types::{Family, LinkName};

/// What is wrong with a value. The message follows the key's name: "`vrid` is 256, …".
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Mistake {
    pub(super) flaw: Flaw,
    pub(super) message: String,
    pub(super) help: Option<String>,
}

/// In what a value is wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Flaw {
    /// It is a text where a number is wanted, and the like.
    Type,
    /// It is of the right type, but cannot be meant.
    Value,
}

impl Flaw {
    /// The finding's stable name.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Type => "wrong-type",
            Self::Value => "bad-value",
        }
    }
}

/// A value without its place.
pub(super) type Value<'t> = &'t DeValue<'t>;

/// A value read, or what is wrong with it.
pub(super) type Read<T> = Result<T, Mistake>;

impl Mistake {
    /// The value is of another type than the wanted one, which is told with its article.
    pub(super) fn kind(wanted: &str, value: Value<'_>) -> Self {
        let message = format!("takes {wanted}, this is {}", kind(value));
        let bare = value.as_str().filter(|text| is_bare(text));
        Self {
            flaw: Flaw::Type,
            message,
            help: bare.map(|text| format!("write {text} without the quotes")),
        }
    }

    /// The value is of the right type but cannot be meant.
    pub(super) fn value(message: impl Into<String>) -> Self {
        Self { flaw: Flaw::Value, message: message.into(), help: None }
    }

    /// Says how to mend it.
    pub(super) fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// Says how to mend it, where nothing more particular has been said.
    pub(super) fn help_if_none(self, help: &str) -> Self {
        let help = self.help.or_else(|| Some(help.to_owned()));
        Self { help, ..self }
    }
}

/// `true` or `false`.
pub(super) fn boolean(value: Value<'_>) -> Read<bool> {
    match value.as_bool() {
        Some(value) => Ok(value),
        None => Err(Mistake::kind("true or false", value)),
    }
}

/// A text.
pub(super) fn text(value: Value<'_>) -> Read<&str> {
    value.as_str().ok_or_else(|| Mistake::kind("a text in quotes", value))
}

/// A text that is not empty.
pub(super) fn word(value: Value<'_>) -> Read<String> {
    match text(value)? {
        "" => Err(Mistake::value("is empty")),
        text => Ok(text.to_owned()),
    }
}

/// An integer within bounds, both included.
pub(super) fn integer<T>(least: i64, most: i64) -> impl Fn(Value<'_>) -> Read<T>
where
    T: TryFrom<i64>,
{
    move |value| {
        let wanted = || Mistake::kind(&format!("an integer from {least} to {most}"), value);
        let written = value.as_integer().ok_or_else(wanted)?;
        let number = i64::from_str_radix(written.as_str(), written.radix()).ok();
        let allowed = number.filter(|number| (least..=most).contains(number));
        let outside = || Mistake::value(format!("is {written}, outside {least}..={most}"));
        allowed.and_then(|number| T::try_from(number).ok()).ok_or_else(outside)
    }
}

/// A span of time such as `"1s"`, not above `most`.
pub(super) fn duration(
    most: std::time::Duration,
) -> impl Fn(Value<'_>) -> Read<std::time::Duration> {
    move |value| {
        let Some(text) = value.as_str() else {
            let mistake = Mistake::kind("a duration in quotes", value);
            return Err(match value.as_integer() {
                Some(number) => mistake.help(format!(
                    "say the unit: \"{number}s\" for seconds, \"{number}ms\" for milliseconds"
                )),
                None => mistake.help("such as \"1s\", \"250ms\" or \"1m30s\""),
            });
        };
        let span = duration::parse(text)?;
        if span > most {
            return Err(Mistake::value(format!("is {span:?}, the most is {most:?}")));
        }
        Ok(span)
    }
}

/// One of some words, each standing for a value.
pub(super) fn choice<T: Copy>(choices: &[(&str, T)]) -> impl Fn(Value<'_>) -> Read<T> {
    move |value| {
        let words = || choices.iter().map(|(word, _)| *word);
        let listed = || words().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
        let Some(text) = value.as_str() else {
            return Err(Mistake::kind(&format!("one of {}", listed()), value));
        };
        let chosen = choices.iter().find(|(word, _)| *word == text);
        chosen.map(|(_, value)| *value).ok_or_else(|| {
            let mistake = Mistake::value(format!("is \"{text}\", not one of {}", listed()));
            match closest(text, words()) {
                Some(word) => mistake.help(format!("did you mean \"{word}\"?")),
                None => mistake,
            }
        })
    }
}

/// The name of a network interface.
pub(super) fn link(value: Value<'_>) -> Read<LinkName> {
    let Some(name) = value.as_str() else {
        return Err(Mistake::kind("the name of an interface in quotes", value));
    };
    let odd = || {
        let told = format!("is \"{name}\", which no interface can be called");
        Mistake::value(told).help("1 to 15 octets without blanks or slashes")
    };
    LinkName::new(name).ok_or_else(odd)
}

/// An IP address without a prefix.
pub(super) fn ip(value: Value<'_>) -> Read<IpAddr> {
    let Some(text) = value.as_str() else {
        return Err(Mistake::kind("an IP address in quotes", value));
    };
    if let Ok(ip) = text.parse() {
        return Ok(ip);
    }
    let mistake = Mistake::value(format!("is \"{text}\", which is no IP address"));
    Err(match text.split_once('/') {
        Some((ip, _)) if ip.parse::<IpAddr>().is_ok() => {
            mistake.help(format!("leave the prefix out: \"{ip}\""))
        }
        _ => mistake,
    })
}

/// An IP address, perhaps with the length of its prefix: `"10.0.0.10/24"`.
pub(super) fn ip_and_prefix(value: Value<'_>) -> Read<(IpAddr, Option<u8>)> {
    let Some(text) = value.as_str() else {
        return Err(Mistake::kind("an address such as \"10.0.0.10/24\"", value));
    };
    let (host, prefix) = text.split_once('/').map_or((text, None), |(ip, len)| (ip, Some(len)));
    let Ok(ip) = host.parse::<IpAddr>() else {
        let mistake = Mistake::value(format!("is \"{text}\", which is no IP address"));
        return Err(mistake.help("an address and its prefix, such as \"10.0.0.10/24\""));
    };
    let Some(prefix) = prefix else {
        return Ok((ip, None));
    };
    let bits = Family::of(ip).bits();
    let is_plain = !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_digit());
    let length = prefix.parse().ok().filter(|length| is_plain && *length <= bits);
    let outside = || {
        let told = format!("has the prefix length \"{prefix}\", outside 0..={bits}");
        Mistake::value(told)
    };
    length.map(|length| (ip, Some(length))).ok_or_else(outside)
}

/// Whether `text` would be an integer or a truth value without its quotes.
fn is_bare(text: &str) -> bool {
    text.parse::<i64>().is_ok() || text.parse::<bool>().is_ok()
}

/// What a value is, with its article.
fn kind(value: Value<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
