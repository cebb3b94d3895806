//! Which texts count as the same.

use super::super::diagnostic::Span;
use super::Semantic;
use serde::Serialize;
use std::path::PathBuf;

/// Which texts are duplicates of each other.
#[derive(Debug, Clone, Serialize)]
pub struct Dedup {
    /// `off`, `exact`, `strict`, `default` or `aggressive`.
    pub level: &'static str,
    /// In place of the level's own.
    pub threshold: Option<f64>,
    /// `exact-join` or `minhash`.
    pub method: &'static str,
    pub against: Vec<OffLimits>,
    pub statistics: Option<WordFile>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub semantic: Option<Semantic>,
}

/// Texts that no row may be like.
#[derive(Debug, Clone, Serialize)]
pub struct OffLimits {
    pub path: PathBuf,
    /// The column with the texts, where it is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// BLAKE3 of the file, in hexadecimal.
    pub hash: String,
    /// With the line of each.
    #[serde(skip)]
    pub texts: Vec<(usize, String)>,
}

/// A file of word statistics.
#[derive(Debug, Clone, Serialize)]
pub struct WordFile {
    pub path: PathBuf,
    /// BLAKE3 of the file, in hexadecimal.
    pub hash: String,
    #[serde(skip)]
    pub text: String,
    /// The file's first line.
    #[serde(skip)]
    pub at: Span,
}

impl WordFile {
    /// Where a line of it stands, counted from 1.
    pub fn line(&self, line: usize) -> Span {
        Span::of_line(&self.text, line, self.at.source)
    }
}

/// Where two equal texts are one too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    Cell,
    Label,
    Dataset,
}
