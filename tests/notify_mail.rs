//! Mails and the servers that take them, or do not.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a panic fails the test, as it should; it waits for real threads"
)]

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use postbox::{Mood, Postbox};
use tokio::runtime::Runtime;
use vipd::config::model::{Fifo, Hooks, Mail, MailServer, Model};
use vipd::notify::{Event, Notifier, Setup, State, Subject, What};
use vipd::types::Priority;

mod postbox;

/// How long anything may take that waits for nothing.
const SOON: Duration = Duration::from_secs(20);

/// A notifier that sends mails to a port of this host.
struct Bench {
    runtime: Runtime,
    notifier: Notifier,
    hooks: Arc<Hooks>,
    fifo: PathBuf,
}

impl Bench {
    fn new(name: &str, port: u16) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let fifo = std::env::temp_dir().join(format!("vipd-{name}-{}", std::process::id()));
        let mut model = Model::default();
        model.node.router_id = Some("node".to_owned());
        model.node.fifos.all = Some(Fifo { path: fifo.clone(), account: None, reader: None });
        model.node.mail = Mail {
            to: vec!["admin@example.net".to_owned()],
            server: Some(MailServer { host: "127.0.0.1".to_owned(), port }),
            timeout: SOON,
            ..Mail::default()
        };
        let mut notifier = Notifier::start().unwrap();
        notifier.configure(Setup::of(&model));
        let hooks = Arc::new(Hooks { mail: true, ..Hooks::default() });
        let bench = Self { runtime, notifier, hooks, fifo };
        wait("the pipe", || bench.fifo.exists());
        bench
    }

    fn tell(&mut self, name: &str, state: State) {
        let (subject, hooks) = (Subject::Instance(name.into()), Arc::clone(&self.hooks));
        let what = What::State(state);
        self.notifier.tell(Event { subject, hooks, what, priority: Priority::DEFAULT });
    }

    fn stop(mut self) {
        self.runtime.block_on(self.notifier.stop());
    }
}

fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

fn wait(what: &str, mut is_so: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < SOON, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The states that have arrived, in their order.
fn states(postbox: &Postbox) -> Vec<String> {
    let mails = postbox.received();
    mails.iter().map(|mail| mail.subject().rsplit(" - ").next().unwrap().to_owned()).collect()
}

#[test]
fn a_silent_server_delays_no_line_and_no_stop() {
    let postbox = Postbox::open(listener(), &[Mood::Silent; 100]);
    let mut bench = Bench::new("silent", postbox.port());
    let mut lines = BufReader::new(File::open(&bench.fifo).unwrap()).lines();
    for _ in 0..50 {
        for state in [State::Active, State::Backup] {
            bench.tell("A", state);
            let line = lines.next().unwrap().unwrap();
            assert_eq!(line, format!("INSTANCE \"A\" {} 100", state.word()));
        }
    }
    wait("a connection", || postbox.connections() == 1);
    let begin = Instant::now();
    bench.stop();
    assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
    assert_eq!(states(&postbox), [""; 0]);
}

#[test]
fn mails_wait_for_their_server_and_each_arrives_once_in_its_order() {
    let closed = listener();
    let port = closed.local_addr().unwrap().port();
    drop(closed);
    let mut bench = Bench::new("late", port);
    for state in [State::Backup, State::Active, State::Active, State::Fault] {
        bench.tell("A", state);
    }
    std::thread::sleep(Duration::from_millis(300));
    let postbox = Postbox::open(
        TcpListener::bind(("127.0.0.1", port)).unwrap(),
        &[Mood::Busy, Mood::TakesOne, Mood::Takes],
    );
    wait("all mails", || states(&postbox).len() >= 3);
    bench.tell("A", State::Backup);
    wait("the last mail", || states(&postbox).len() >= 4);
    bench.stop();
    let entering = |state| format!("Entering {state} state");
    assert_eq!(states(&postbox), ["BACKUP", "MASTER", "FAULT", "BACKUP"].map(entering));
    assert_eq!(postbox.received()[0].subject(), "[node] VRRP Instance A - Entering BACKUP state");
}

#[test]
fn a_mail_that_is_refused_for_good_holds_up_no_other() {
    let postbox = Postbox::open(listener(), &[Mood::Refuses("Instance B")]);
    let mut bench = Bench::new("refused", postbox.port());
    for name in ["A", "B", "C"] {
        bench.tell(name, State::Active);
    }
    wait("the others", || states(&postbox).len() == 2);
    bench.stop();
    let subjects: Vec<String> =
        postbox.received().iter().map(|mail| mail.subject().to_owned()).collect();
    let entering = |name| format!("[node] VRRP Instance {name} - Entering MASTER state");
    assert_eq!(subjects, ["A", "C"].map(entering));
}

#[test]
fn the_last_words_are_sent_before_the_end() {
    let postbox = Postbox::open(listener(), &[]);
    let mut bench = Bench::new("last", postbox.port());
    bench.tell("A", State::Active);
    bench.tell("A", State::Stop);
    bench.stop();
    assert_eq!(states(&postbox), ["Entering MASTER state", "Stopping"]);
}
