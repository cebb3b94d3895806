//! The dataset as a pure function of a config and the stored answers.

pub mod audited;
mod curated;
pub mod evaluate;
pub mod judging;
pub mod looking;
mod models;
mod reach;
pub mod recipe;
mod repeats;
pub mod row;
pub mod snapshot;

pub use evaluate::{Book, Quotas, Sink, Stored, Totals, evaluate};
pub use judging::Judged;
pub use models::{Model, Models, name_of};
pub use recipe::Recipe;
