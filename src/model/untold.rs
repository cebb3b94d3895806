//! What is known of a run that left no summary.

use serde::{Deserialize, Serialize};

/// A run that no later one has told of.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Untold {
    /// Which run of its name it is, by when they began, from 1.
    pub number: u64,
    pub began: String,
    /// How it ended, in a line, where it came to its end and could not keep that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
    /// What it brought when it wrote that down last: the least that it can have been.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noted: Option<Noted>,
}

/// What a run brought and spent so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Noted {
    /// Answers that are stored.
    pub answers: u64,
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
    /// As `run.max_cost` counts it; none where no endpoint has a price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<f64>,
}
