//! The command line picks a command.

fn main() {}
