//! What should be: both syntaxes, the model they are compiled to, the difference of two models.

mod advice;
#[cfg(test)]
pub(crate) mod arbitrary;
pub mod compile;
pub mod declared;
pub mod diagnostic;
pub mod diff;
pub mod keepalived;
mod load;
pub mod model;
pub mod source;
pub mod suggest;
pub mod toml;

pub use advice::Host;
pub use load::{Loaded, Machine, Options, load};
