//! What a text must be to become a row.

use super::Judge;
use super::LabelProbe;
use serde::{Serialize, Serializer};

/// What a text must be to become a row.
#[derive(Debug, Clone, Serialize)]
pub struct Checks {
    pub words: Option<(usize, usize)>,
    pub characters: Option<(usize, usize)>,
    pub mend: bool,
    pub whitespace: bool,
    pub repetition: bool,
    pub refusal: bool,
    pub leftover: bool,
    pub placeholder: bool,
    pub unfinished: bool,
    /// Words in a row that a text may not have from the prompts.
    pub echo: Option<usize>,
    /// Its code.
    pub language: Option<String>,
    pub label_leakage: Option<LeakageLimit>,
    pub sentiment: Option<SentimentLimit>,
    pub toxicity: Toxicity,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<LabelProbe>,
    /// In the order in which they are asked.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "super::super::judges::by_name")]
    pub judges: Vec<Judge>,
}

impl Default for Checks {
    fn default() -> Self {
        Self {
            words: None,
            characters: None,
            mend: true,
            whitespace: true,
            repetition: true,
            refusal: true,
            leftover: true,
            placeholder: true,
            unfinished: true,
            echo: Some(DEFAULT_ECHO),
            language: None,
            label_leakage: None,
            sentiment: None,
            toxicity: Toxicity::default(),
            label: None,
            judges: Vec::new(),
        }
    }
}

/// Words in a row from a prompt that are too many, unless the config says otherwise.
pub const DEFAULT_ECHO: usize = 8;

/// Against a positive or negative value, how far the other way a text may go.
pub const DEFAULT_SENTIMENT: f64 = 0.75;

/// The share of a label's rows that may name it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LeakageLimit {
    /// As many as people do.
    Human,
    Share(f64),
}

/// As a config says it.
impl Serialize for LeakageLimit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            LeakageLimit::Human => serializer.collect_map([("at_most", "human")]),
            LeakageLimit::Share(share) => serializer.collect_map([("at_most", share)]),
        }
    }
}

#[derive(Debug, Clone, Serialize)]
pub struct SentimentLimit {
    /// An index.
    pub axis: usize,
    pub at_most: f64,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct Toxicity {
    pub level: ToxicityLevel,
    /// The user's own terms.
    #[serde(skip)]
    pub terms: Vec<String>,
    /// BLAKE3 of their file, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
}

/// How much is too much.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ToxicityLevel {
    #[default]
    Off,
    /// What is aimed at somebody: slurs, threats, wishes of harm, hate, and insults to the face.
    Mild,
    /// Swearing at nobody too, and insults behind the back.
    Strict,
}
