//! One conversation with a mail server, as keepalived has it: HELO, then the letters, then QUIT
//! (RFC 5321). No encryption, no login: the server is the relay of the node or of its network.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::config::model::MailServer;

/// A mail on its way.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Letter {
    /// Whom it comes from: the bare address.
    pub(super) from: String,
    /// Who gets it: bare addresses.
    pub(super) to: Vec<String>,
    /// Headers and body, each line with its end; no line is a single dot.
    pub(super) text: String,
}

/// Why a letter did not arrive.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// Nobody answers there.
    #[error("the server cannot be reached")]
    Unreachable(#[source] io::Error),
    /// It has not answered in time.
    #[error("the server is silent")]
    Silent,
    /// The connection ended before its time.
    #[error("the server hung up")]
    HungUp(#[source] io::Error),
    /// It does not do what it was asked to, for now or at all.
    #[error("the server says to {asked}: {reply}")]
    Refused {
        /// What it was asked.
        asked: &'static str,
        /// Its answer.
        reply: String,
        /// It would say the same again.
        for_good: bool,
    },
}

impl Failure {
    /// Whether trying again cannot help this letter.
    pub(super) const fn is_for_good(&self) -> bool {
        match self {
            Self::Refused { for_good, .. } => *for_good,
            Self::Unreachable(_) | Self::Silent | Self::HungUp(_) => false,
        }
    }
}

/// Where letters go, and how long its answers may take.
#[derive(Clone, Debug)]
pub(super) struct Route {
    pub(super) server: MailServer,
    /// How this host introduces itself.
    pub(super) greeting: String,
    pub(super) patience: Duration,
}

/// Hands `letters` over, one after the other; those that arrived are gone from it.
///
/// # Errors
/// Why the first of those that are left did not arrive.
pub(super) async fn deliver(route: &Route, letters: &mut VecDeque<Letter>) -> Result<(), Failure> {
    let mut session = Session::open(route).await?;
    while let Some(letter) = letters.front() {
        session.hand_over(letter).await?;
        letters.pop_front();
    }
    // It has everything; how it says farewell is nobody's concern.
    let _unheard = session.say("QUIT", b"QUIT\r\n", b'2').await.is_err();
    Ok(())
}

/// An open connection, after the greeting.
struct Session {
    stream: BufReader<TcpStream>,
    patience: Duration,
}

impl Session {
    async fn open(route: &Route) -> Result<Self, Failure> {
        let MailServer { host, port } = &route.server;
        let connect = timeout(route.patience, TcpStream::connect((host.as_str(), *port))).await;
        let stream = connect.map_err(|_late| Failure::Silent)?.map_err(Failure::Unreachable)?;
        let mut session = Self { stream: BufReader::new(stream), patience: route.patience };
        session.expect("the connection", b'2').await?;
        let hello = format!("HELO {}\r\n", route.greeting);
        session.say("HELO", hello.as_bytes(), b'2').await?;
        Ok(session)
    }

    async fn hand_over(&mut self, letter: &Letter) -> Result<(), Failure> {
        let sender = format!("MAIL FROM:<{}>\r\n", letter.from);
        self.say("MAIL FROM", sender.as_bytes(), b'2').await?;
        let mut refused = None;
        let mut taken = 0;
        for to in &letter.to {
            let recipient = format!("RCPT TO:<{to}>\r\n");
            match self.say("RCPT TO", recipient.as_bytes(), b'2').await {
                Ok(()) => taken += 1,
                // The others are to get it all the same.
                Err(failure @ Failure::Refused { .. }) => refused = Some(failure),
                Err(failure) => return Err(failure),
            }
        }
        if let (0, Some(failure)) = (taken, refused) {
            return Err(failure);
        }
        self.say("DATA", b"DATA\r\n", b'3').await?;
        let text = format!("{}.\r\n", letter.text);
        self.say("the mail", text.as_bytes(), b'2').await
    }

    /// Says something, and waits for the answer, whose number is to begin with `wanted`.
    async fn say(&mut self, asked: &'static str, said: &[u8], wanted: u8) -> Result<(), Failure> {
        let written = timeout(self.patience, self.stream.get_mut().write_all(said)).await;
        written.map_err(|_late| Failure::Silent)?.map_err(Failure::HungUp)?;
        self.expect(asked, wanted).await
    }

    /// Waits for an answer, which may be of several lines.
    async fn expect(&mut self, asked: &'static str, wanted: u8) -> Result<(), Failure> {
        let answer = timeout(self.patience, self.answer()).await;
        let reply = answer.map_err(|_late| Failure::Silent)?.map_err(Failure::HungUp)?;
        match reply.as_bytes().first() {
            Some(first) if *first == wanted => Ok(()),
            first => {
                let for_good = first == Some(&b'5');
                Err(Failure::Refused { asked, reply, for_good })
            }
        }
    }

    /// The last line of an answer.
    async fn answer(&mut self) -> io::Result<String> {
        for _ in 0..MOST_LINES {
            let mut line = Vec::new();
            let mut bounded = (&mut self.stream).take(LONGEST_LINE);
            if bounded.read_until(b'\n', &mut line).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if line.get(3) != Some(&b'-') {
                return Ok(String::from_utf8_lossy(&line).trim().to_owned());
            }
        }
        Err(io::Error::other("it does not stop talking"))
    }
}

/// RFC 5321 §4.5.3.1.5 allows 512 octets.
const LONGEST_LINE: u64 = 4096;
/// Lines of one answer.
const MOST_LINES: usize = 100;
