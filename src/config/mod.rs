//! What should be: both syntaxes, and the model they are compiled to.

pub mod model;
