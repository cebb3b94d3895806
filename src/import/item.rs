//! A row on its way.

use super::step::{Step, Steps};
use crate::anonymize::Span;
use crate::labels::LabelSet;
use crate::model::Split;

/// A row as it is by now, and what was done to it.
#[derive(Debug, Clone, Default)]
pub struct Item {
    pub id: String,
    pub text: String,
    /// The text as it was, where it is another now.
    pub original: Option<Box<str>>,
    pub labels: LabelSet,
    /// The pair that it is one of, by the id of its first row.
    pub pair: Option<Box<str>>,
    /// Its labels before rows of the same text were made one, where that changed them.
    pub labels_before: Option<LabelSet>,
    /// By label, how many raters gave it; empty where that is not known.
    pub votes: Vec<(u8, u16)>,
    /// How many raters found the text clear; 0 where that is not known.
    pub raters: u16,
    /// How many found it very unclear.
    pub unclear: u16,
    pub split: Option<Split>,
    /// Which of the files it is from, and the line there, from 1.
    pub file: u16,
    pub line: u32,
    /// How many rows of this text were made this one, itself among them.
    pub copies: u32,
    /// Until it is prepared, those that it came with; then those of the text.
    pub spans: Vec<Span>,
    /// The steps that changed it.
    pub changed: Steps,
    /// What took it out.
    pub fate: Option<Fate>,
}

/// Why a row is none any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fate {
    pub step: Step,
    /// In words that quote nothing of a text.
    pub why: String,
}

impl Item {
    pub fn is_kept(&self) -> bool {
        self.fate.is_none()
    }

    /// Takes the row out.
    pub fn remove(&mut self, step: Step, why: impl Into<String>) {
        self.fate = Some(Fate { step, why: why.into() });
    }

    /// The text as it came.
    pub fn as_it_came(&self) -> &str {
        self.original.as_deref().unwrap_or(&self.text)
    }
}
