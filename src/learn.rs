//! From files of labelled texts to a trained probe, and from a model's answers to a report.

mod error;
pub mod evaluation;
pub mod ground;
pub mod guard;
pub mod rows;
pub mod served;
pub mod text;
pub mod train;
pub mod tune;

pub use crate::config::grouping::Grouping;
pub use error::LearnError;
pub use evaluation::{Answers, Evaluation};
pub use guard::Overlap;
pub use rows::{Columns, Labelled};
