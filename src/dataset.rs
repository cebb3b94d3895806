//! The dataset as a pure function of a config and the stored answers.

pub mod evaluate;
pub mod recipe;
pub mod row;
pub mod snapshot;

pub use evaluate::{Book, Outcome, Quotas, Stored, evaluate};
pub use recipe::Recipe;
