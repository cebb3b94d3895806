//! A run: evaluate, ask for the demands, store, again, until none is left.

mod book;
mod connect;
pub mod open;
mod output;
mod run;
mod summary;

pub use book::StoreBook;
pub use connect::{Known, look};
pub use open::{Opened, open};
pub use output::{Files, previous_rows};
pub use run::{Ended, Finished, RunError, RunOptions, run, settings};
pub use summary::{by_axis, cell_asks, change, difference};
