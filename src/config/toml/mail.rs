//! `[mail]`: who gets mails, and by which server.

use std::time::Duration;

use super::table::Table;
use super::value::{self, Mistake, Read, Value};
use crate::config::declared::Mail;
use crate::config::model::MailServer;
use crate::config::source::{Span, Spanned};

/// Reads `[mail]`.
pub(super) fn read(table: &mut Table<'_, '_>) -> Mail {
    let to = table.list("to", recipient, |table| {
        table.tell("to", table.span(), Mistake::value("takes addresses, no table"));
        None
    });
    Mail {
        to,
        from: table.setting("from", address),
        server: table.either("server", plain_server, server),
        greeting: table.setting("greeting", address),
        timeout: table.setting("timeout", timeout),
        faults: table.setting("faults", value::boolean),
        usual: table.setting("always", value::boolean),
        usual_vrrp: None,
    }
}

fn recipient(value: Value<'_>, span: Span) -> Read<Spanned<String>> {
    address(value).map(|address| Spanned::new(address, span))
}

/// A text on one line.
fn address(value: Value<'_>) -> Read<String> {
    let text = value::word(value)?;
    if text.chars().any(char::is_control) {
        return Err(Mistake::value("has control characters in it"));
    }
    Ok(text)
}

fn plain_server(value: Value<'_>) -> Read<MailServer> {
    let host = address(value)?;
    let is_address = host.parse::<std::net::Ipv6Addr>().is_ok();
    if host.contains(char::is_whitespace) || (host.contains(':') && !is_address) {
        let help = "with a port: { host = \"127.0.0.1\", port = 2525 }";
        return Err(Mistake::value(format!("is \"{host}\", neither name nor address")).help(help));
    }
    Ok(MailServer { host, port: MailServer::PORT })
}

fn server(table: &mut Table<'_, '_>) -> Option<MailServer> {
    let host = table.required("host", "\"127.0.0.1\"", plain_server);
    let port = table.setting("port", value::integer(1, 65_535));
    let port = port.map_or(MailServer::PORT, |it| it.value);
    Some(MailServer { port, ..host?.value })
}

fn timeout(value: Value<'_>) -> Read<Duration> {
    let timeout = value::duration(LONGEST)(value)?;
    if timeout < SHORTEST {
        return Err(Mistake::value(format!("is {timeout:?}, the least is {SHORTEST:?}")));
    }
    Ok(timeout)
}

/// keepalived's bounds.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(4294);
