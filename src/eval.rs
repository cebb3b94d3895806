//! How good answers are, how sure one can be of that, and what they cost whom.
//!
//! A text may have several labels. All measures take the labels that a text has (`gold`) and those
//! that a model gives it, in the same order; nothing here knows what the model is.

pub mod baseline;
pub mod bootstrap;
pub mod calibration;
pub mod confusion;
pub mod fairness;
pub mod gate;
pub mod mcnemar;
pub mod score;

pub use score::{ClassScore, Scores, scores};
