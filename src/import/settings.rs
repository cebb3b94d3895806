//! What decides what becomes of rows.

use super::balance::Quota;
use super::split::Share;
use super::step::Steps;
use crate::anonymize::Anonymizer;
use crate::check::language::Language;
use crate::dedup::Rule;

/// What decides what becomes of rows.
#[derive(Debug)]
pub struct Settings {
    pub skip: Steps,
    /// A label is kept that so many raters gave.
    pub agree: u16,
    /// Whether that is done anew where labels were agreed on before.
    pub recount: bool,
    /// In characters.
    pub longest: usize,
    /// Texts in other languages go; `None` lets all stay.
    pub language: Option<Language>,
    pub rule: Rule,
    pub conflicts: Conflicts,
    pub anonymizer: Anonymizer,
    /// Rows are dealt out anew; `None` keeps the parts that they have.
    pub split: Option<Share>,
    pub quotas: Vec<Quota>,
    pub seed: u64,
}

/// What is done with rows of one text whose labels differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Conflicts {
    /// One row, with the labels of half of them or more
    Merge,
    /// One row, with the labels of the first
    First,
    /// None of them
    Drop,
}

impl Conflicts {
    pub fn name(self) -> &'static str {
        match self {
            Self::Merge => "merge",
            Self::First => "first",
            Self::Drop => "drop",
        }
    }
}
