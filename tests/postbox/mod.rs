//! A mail server on loopback that writes down what it is told.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "each test uses a part of it; one that cannot be had must fail loudly"
)]

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A mail as it arrived.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Received {
    /// The lines before DATA, without their ends: HELO or nothing, MAIL FROM, RCPT TO.
    pub envelope: Vec<String>,
    /// The lines of the text, without their ends.
    pub text: Vec<String>,
}

impl Received {
    /// The line of this header.
    pub fn header(&self, name: &str) -> &str {
        let start = format!("{name}: ");
        let line = self.text.iter().find_map(|line| line.strip_prefix(&start));
        line.unwrap_or_default()
    }

    /// What happened to whom.
    pub fn subject(&self) -> &str {
        self.header("Subject")
    }
}

/// How the server treats a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mood {
    /// It takes every mail.
    Takes,
    /// It says that it has no time.
    Busy,
    /// It takes no mail in whose text this stands, ever.
    Refuses(&'static str),
    /// It takes one mail and hangs up.
    TakesOne,
    /// It says nothing at all.
    Silent,
}

/// A server that runs until the test ends.
#[derive(Clone, Debug)]
pub struct Postbox {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    received: Vec<Received>,
    connections: usize,
    /// Of the next connections; then it takes all.
    moods: VecDeque<Mood>,
    /// Connections that are kept open.
    silent: Vec<TcpStream>,
}

impl Postbox {
    /// Listens on `listener`, whose connections are treated so one after the other.
    pub fn open(listener: TcpListener, moods: &[Mood]) -> Self {
        let address = listener.local_addr().unwrap();
        let state = State { moods: moods.iter().copied().collect(), ..State::default() };
        let postbox = Self { address, state: Arc::new(Mutex::new(state)) };
        let own = postbox.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let own = own.clone();
                thread::spawn(move || own.serve(stream));
            }
        });
        postbox
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// What has arrived.
    pub fn received(&self) -> Vec<Received> {
        self.state.lock().unwrap().received.clone()
    }

    /// How many have connected.
    pub fn connections(&self) -> usize {
        self.state.lock().unwrap().connections
    }

    fn serve(&self, mut stream: TcpStream) -> Option<()> {
        let mood = {
            let mut state = self.state.lock().unwrap();
            state.connections += 1;
            state.moods.pop_front().unwrap_or(Mood::Takes)
        };
        if mood == Mood::Silent {
            self.state.lock().unwrap().silent.push(stream);
            return None;
        }
        stream.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
        let mut reader = BufReader::new(stream.try_clone().ok()?);
        let mut say = |words: &str| stream.write_all(format!("{words}\r\n").as_bytes()).ok();
        if mood == Mood::Busy {
            return say("421 no time");
        }
        say("220-a postbox\r\n220 that listens")?;
        let mut line = || {
            let mut line = String::new();
            let length = reader.read_line(&mut line).ok()?;
            (length > 0).then(|| line.strip_suffix("\r\n").expect("lines end so").to_owned())
        };
        let mut envelope = Vec::new();
        loop {
            let said = line()?;
            match said.as_str() {
                "QUIT" => return say("221 farewell"),
                "DATA" => {
                    say("354 go on")?;
                    let mut text = Vec::new();
                    loop {
                        match line()? {
                            end if end == "." => break,
                            other => text.push(other),
                        }
                    }
                    if let Mood::Refuses(word) = mood
                        && text.iter().any(|line| line.contains(word))
                    {
                        say("554 not that one")?;
                        continue;
                    }
                    let envelope = std::mem::take(&mut envelope);
                    self.state.lock().unwrap().received.push(Received { envelope, text });
                    say("250 kept")?;
                    if mood == Mood::TakesOne {
                        return None;
                    }
                }
                _ => {
                    envelope.push(said);
                    say("250 yes")?;
                }
            }
        }
    }
}
