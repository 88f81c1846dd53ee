//! vipd keeps virtual IP addresses alive.
//!
//! `vrrp` decides, `kernel` does, `check` observes, `daemon` carries messages, `config` says what
//! should be. A module imports only along these lines; `tests/architecture` holds it to them:
//!
//! | module | what it is | may import |
//! |---|---|---|
//! | [`types`] | numbers and names that carry their unit | nothing of ours |
//! | [`sys`] | the operating system behind safe functions | types |
//! | [`wire`] | bytes to values and back | types |
//! | [`config`] | both syntaxes, the model they mean, the difference of two models | types |
//! | [`vrrp`] | the protocol and the node's decisions, without clock or socket | types, wire, config::model |
//! | [`check`] | asks services how they are, and tells what changes | types, sys, config::model |
//! | [`kernel`] | makes the kernel hold the addresses, tells the neighbours, watches the links | types, wire, sys |
//! | [`sim`] | nodes on a simulated network in virtual time, from a seed | types, wire, vrrp, config::model, check::Health, kernel::AddressEvent, kernel::Agent, kernel::Notice, kernel::Plan, kernel::Refusal, kernel::Sink, kernel::memory |
//! | [`observe`] | what operators see | types, sys, config::model |
//! | [`notify`] | tells others what happens: programs, named pipes | types, sys, config::model |
//! | [`daemon`] | processes, threads and the messages between them | everything |
//! | [`cli`] | the command line, a file per command | everything |

pub mod check;
pub mod cli;
pub mod config;
pub mod daemon;
pub mod kernel;
pub mod notify;
pub mod observe;
pub mod sim;
pub mod sys;
pub mod types;
pub mod vrrp;
pub mod wire;
