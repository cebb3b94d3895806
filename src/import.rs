//! From somebody's labelled texts to clean rows with labels, votes and splits.
//!
//! Pure: rows come in as [`Item`]s in the order of their files, [`Work::run`] takes every step that is not
//! skipped, and what comes out says of each row what was done to it, so that it can be undone. The same items
//! and settings give the same outcome on every machine. `docs/import.md` says what each step does.

mod balance;
pub mod clean;
mod duplicates;
pub mod goemotions;
mod groups;
mod item;
pub mod labels;
mod prepare;
mod settings;
mod split;
mod step;
mod work;

pub use crate::model::Split;
pub use balance::{Family, Quota, Shortage, Tally};
pub use item::{Fate, Item};
pub use labels::Labels;
pub use settings::{Conflicts, Settings};
pub use split::Share;
pub use step::{Step, Steps};
pub use work::{Counts, Outcome, Work};
