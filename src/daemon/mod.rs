//! The daemon: processes, threads, and the messages between them.
//!
//! | file | what it is |
//! |---|---|
//! | `run`, `detach` | from the command line to the processes |
//! | `supervisor` | the parent process, with `pidfile`, `backoff`, `service` (systemd) |
//! | `worker` | the child process's main thread, with `reload`, `realtime` |
//! | `timed`, `appointment` | reloads at a time that a file says |
//! | `dumps` | the files that keepalived's signals ask for |
//! | `herald` | what programs and pipes are told of what the core thread tells |
//! | `core` | the thread that runs the protocol, with `effects`, `sockets` |
//! | `kernel` | the thread that holds the addresses, with `intake` |
//! | `threads`, `messages`, `board` | how the three are started and talk |
//! | `watched`, `verdicts` | what is tracked, and the way of what was found to the core thread |
//! | `will` | what the supervisor does for a worker that died |
//! | `legacy` | the configuration that the next worker gets from it |
//! | `pulse` | how it sees that a worker hangs |

mod appointment;
mod backoff;
mod board;
mod core;
mod counters;
mod debounce;
mod detach;
mod dumps;
mod effects;
mod error;
mod footprint;
mod herald;
mod host;
mod identity;
mod intake;
mod interfaces;
mod kernel;
mod legacy;
mod link_post;
mod links;
mod messages;
mod names;
mod narrate;
mod options;
mod owed;
mod pace;
mod pidfile;
mod place;
mod pulse;
mod realtime;
mod refusals;
mod reload;
mod report;
mod run;
mod service;
pub mod signals;
mod sockets;
mod supervisor;
mod threads;
mod timed;
mod verdicts;
mod watched;
mod will;
mod worker;

pub use error::Error;
pub use host::{look as look_at_host, look_at_programs};
pub use links::exists as link_exists;
pub use options::{CoreDump, Options, Release, WhenWorkerDies};
pub use pidfile::PidFileError;
pub use place::enter_namespace;
pub use run::run;
