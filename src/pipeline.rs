//! A run: evaluate, ask for the demands, store, again, until none is left.

mod address;
mod audited;
mod book;
mod checks;
mod connect;
pub mod control;
mod deadline;
pub mod doctor;
mod error;
mod forecast;
mod interrupt;
mod leaving;
mod made;
mod morning;
mod notify;
pub mod open;
mod output;
mod place;
mod record;
mod recorder;
mod run;
mod spending;
mod standing;
mod state;
mod stop;
mod summary;
mod worker;

pub use book::{StoreBook, StoredAsk};
pub use checks::{Checked, LeavingBy};
pub use connect::{Known, Sight, connect_one, look};
pub use error::RunError;
pub use forecast::{Prospect, forecast};
pub use interrupt::Interrupts;
pub use leaving::{Leaving, model_change};
pub use notify::tell_of_config;
pub use open::{Opened, draft, open, try_text};
pub use output::{Files, Line, OutputError, Taken, previous_rows, sift, supplant};
pub use place::placed;
pub use record::Finished;
pub use run::{RunOptions, run, tell};
pub use standing::Standing;
pub use state::{settings, state};
pub use stop::Stop;
pub use summary::{ByAsk, ByAxis, Rows, causes};

pub use crate::report::morning::Ended;
