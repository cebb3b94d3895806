//! What a config says of near-duplicates, and which texts are off limits.

use std::sync::{Mutex, PoisonError};

use super::Reason;
use crate::config::Diagnostic;
use crate::config::resolved::Dedup;
use crate::dedup::{Bag, Index, Level, Method, Rule, Similarity, Statistics, TextKey};

/// A config's way of telling near-duplicates.
#[derive(Debug)]
pub struct Near {
    /// Whether rows are compared with each other by their words.
    among_rows: bool,
    /// `None`: the built-in ones.
    statistics: Option<Statistics>,
    off_limits: Option<OffLimits>,
}

#[derive(Debug)]
struct OffLimits {
    /// A search notes what it has met, so only one goes on at a time.
    index: Mutex<Index>,
    /// By text: its file and line.
    places: Vec<(u32, u32)>,
    files: Vec<String>,
}

/// How rows are held against each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duplicates {
    /// Not at all.
    Off,
    /// By their keys.
    Same,
    /// By their words.
    Near(Rule),
}

/// The rule of a config, and how rows are held against each other.
pub fn duplicates(dedup: &Dedup) -> Duplicates {
    match (dedup.level, Level::named(dedup.level)) {
        (_, None) => Duplicates::Off,
        (_, Some(Level::Exact)) => Duplicates::Same,
        (_, Some(level)) => Duplicates::Near(rule(dedup, level)),
    }
}

fn rule(dedup: &Dedup, level: Level) -> Rule {
    Rule {
        level,
        threshold: dedup.threshold.map(Similarity::from_fraction),
        method: Method::named(dedup.method).unwrap_or_default(),
    }
}

impl Near {
    /// `None` where texts are told apart by their keys alone.
    ///
    /// # Errors
    /// A file of word statistics that is none.
    pub fn new(dedup: &Dedup) -> Result<Option<Self>, Diagnostic> {
        let statistics = match &dedup.statistics {
            None => None,
            Some(file) => Some(Statistics::parse(&file.text).map_err(|error| {
                Diagnostic::error("statistics", error.what)
                    .at(file.line(error.line))
                    .help("`emogrid dedup TABLE --write-statistics FILE` makes one")
            })?),
        };
        let level = Level::named(dedup.level);
        let rule = rule(dedup, level.unwrap_or(Level::Exact));
        let among_rows = !matches!(level, None | Some(Level::Exact));
        if !among_rows && dedup.against.is_empty() {
            return Ok(None);
        }
        let mut out = Self { among_rows, statistics, off_limits: None };
        if !dedup.against.is_empty() {
            let mut off_limits =
                OffLimits { index: Mutex::new(Index::new(rule)), places: Vec::new(), files: Vec::new() };
            let index = off_limits.index.get_mut().unwrap_or_else(PoisonError::into_inner);
            for (number, file) in dedup.against.iter().enumerate() {
                off_limits.files.push(file.path.display().to_string());
                for (line, text) in &file.texts {
                    index.add(0, &Bag::of(text, out.statistics()));
                    off_limits.places.push((number as u32, *line as u32));
                }
            }
            out.off_limits = Some(off_limits);
        }
        Ok(Some(out))
    }

    fn statistics(&self) -> &Statistics {
        self.statistics.as_ref().unwrap_or_else(|| Statistics::shipped())
    }

    /// Holds a text against what is off limits; its words, where rows are compared by them.
    ///
    /// # Errors
    /// The text that it is like.
    pub fn check(&self, text: &str, key: TextKey) -> Result<Option<Box<Bag>>, Reason> {
        let bag = Bag::with_key(text, key, self.statistics());
        if let Some(off_limits) = &self.off_limits {
            let mut index = off_limits.index.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(found) = index.find(0, &bag) {
                let (file, line) = off_limits.places[found.of as usize];
                let of = format!("{}:{line}", off_limits.files[file as usize]);
                return Err(Reason::OffLimits { of, similarity: found.similarity });
            }
        }
        Ok(self.among_rows.then(|| Box::new(bag)))
    }
}
