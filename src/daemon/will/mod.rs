//! The last will: what the supervisor does for a worker that died.
//!
//! The worker keeps, in memory that both map, the adverts of its Active instances as it sent them
//! last, and the addresses, routes and rules that it may hold. When it dies of anything, the supervisor turns the
//! adverts into releases, sends them, and removes the rest: the peers take over at once,
//! and no two nodes hold an address. Nothing here is read while the worker lives.
//!
//! | file | what it does |
//! |---|---|
//! | `layout` | where what stands in the shared memory |
//! | `draw` | the worker's side |
//! | `read` | the supervisor's side |
//! | `release` | an advert becomes the release of the same router |
//! | `routes` | routes and rules there and back |
//! | `execute` | the supervisor sends and removes |

mod draw;
mod execute;
mod layout;
mod read;
mod release;
mod routes;
#[cfg(test)]
mod tests;

pub(super) use draw::{Drawer, words_for};
pub(super) use execute::execute;
pub(super) use read::{clear, read};
