//! emogrid as its users meet it: through the binary, against a server.

#![allow(clippy::print_stderr)]

mod editing;
mod fake;
mod faults;
mod keys;
mod kill;
mod nights;
mod project;
mod rerun;
mod several;
mod why;
