//! The log: standard error and syslog, as text or JSON, never waiting for either.

use std::fmt;

use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{EnvFilter, LevelFilter};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;

use super::console::Console;
use super::limit::Limited;
use super::syslog::Syslog;

pub use super::syslog::{Facility, Ident, set_ident, set_suffix};

/// Where the log goes and how much of it there is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Settings {
    /// Lines go to standard error.
    pub console: bool,
    /// Lines go to the system's log, where there is one.
    pub syslog: bool,
    /// Under which facility.
    pub facility: Facility,
    /// How lines on standard error are written.
    pub format: Format,
    /// 0: what happened; 1: details too; 2: everything.
    pub detail: u8,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            console: false,
            syslog: true,
            facility: Facility::DAEMON,
            format: Format::Text,
            detail: 0,
        }
    }
}

/// How a line on standard error is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// Time, level, message, fields.
    Text,
    /// One JSON object.
    Json,
}

impl Format {
    /// The format with this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "text" => Some(Self::Text),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Json => "json",
        })
    }
}

/// Starts the log of this process and of those it forks.
///
/// `VIPD_LOG` (a filter such as `vipd=trace`) overrules [`Settings::detail`]. A second call
/// changes nothing.
pub fn start(settings: &Settings) {
    let text = tracing_subscriber::fmt::format().with_target(false);
    let console = settings.console.then(|| match settings.format {
        Format::Text => tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .event_format(Limited::text(text.clone()))
            .with_writer(Console::new)
            .boxed(),
        Format::Json => tracing_subscriber::fmt::layer()
            .json()
            .event_format(Limited::json(text.clone().json().flatten_event(true)))
            .with_writer(Console::new)
            .boxed(),
    });
    let syslog = settings.syslog.then(|| syslog_layer(settings.facility));
    let subscriber = tracing_subscriber::registry()
        .with(filter(settings.detail))
        .with(console)
        .with(syslog.flatten());
    // It fails only where a log was started before; that one stays.
    let _already_started = tracing::subscriber::set_global_default(subscriber).is_err();
}

/// Lines for the system's log; `None` where this machine has none.
fn syslog_layer<S>(facility: Facility) -> Option<Box<dyn Layer<S> + Send + Sync>>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let format =
        tracing_subscriber::fmt::format().without_time().with_level(false).with_target(false);
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .event_format(Limited::text(format))
        .with_writer(Syslog::open(facility)?);
    Some(layer.boxed())
}

fn filter(detail: u8) -> EnvFilter {
    let level = match detail {
        0 => LevelFilter::INFO,
        1 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let written = std::env::var("VIPD_LOG").ok();
    written
        .and_then(|text| EnvFilter::try_new(text).ok())
        .unwrap_or_else(|| EnvFilter::new(format!("warn,vipd={level}")))
}
