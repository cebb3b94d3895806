//! Training probes, one or several on different rows, all measured on the same test part.

use std::path::Path;

use super::evaluation::Answers;
use super::guard::{Overlap, keep_out};
use super::{Grouping, Labelled, LearnError};
use crate::config::grouping::NoGroup;
use crate::guard::{Guard, Purpose};
use crate::probe::{Probe, Settings};

/// The parts of a data set, with labels numbered alike.
#[derive(Debug, Clone, Default)]
pub struct Parts {
    pub labels: Vec<String>,
    pub train: Labelled,
    pub dev: Option<Labelled>,
    pub test: Option<Labelled>,
    /// Rows made rather than collected, for TSTR.
    pub made: Option<Labelled>,
    /// The rows that generation began with.
    pub seeds: Option<Labelled>,
    pub dropped: Dropped,
}

/// Rows left out because their text also stands in the test part.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Dropped {
    pub train: u64,
    pub dev: u64,
    pub tstr: u64,
    pub seeds: u64,
}

impl Parts {
    /// Groups and numbers the labels of all parts, and takes out of the others what stands in the
    /// test part.
    pub fn new(
        map: Grouping,
        overlap: Overlap,
        train: Labelled,
        others: [Option<Labelled>; 4],
    ) -> Result<Self, LearnError> {
        let all = std::iter::once(&train).chain(others.iter().flatten());
        let mut names = Vec::new();
        for part in all {
            names.extend(map.apply(&part.labels)?);
        }
        let labels = map.ordered(names.into_iter());
        if labels.len() > crate::labels::MOST_LABELS {
            return Err(LearnError::TooMany(labels.len()));
        }
        let number = |part: Labelled| -> Result<Labelled, LearnError> {
            let of = map.apply(&part.labels)?;
            // Every label of every part is among them.
            part.renumbered(&labels, &of).map_err(|label| NoGroup { label, map: map.name() }.into())
        };
        let mut train = number(train)?;
        let [dev, test, made, seeds] = others.map(|part| part.map(number).transpose());
        let (mut dev, test, mut made, mut seeds) = (dev?, test?, made?, seeds?);
        let guard = match &test {
            Some(test) => Guard::default().also("the test part", test.texts()),
            None => Guard::default(),
        };
        let out = |rows: &mut Labelled| keep_out(rows, &mut guard.gate(Purpose::Training), overlap);
        let maybe = |rows: &mut Option<Labelled>| rows.as_mut().map_or(Ok(0), out);
        let dropped = Dropped {
            train: out(&mut train)?,
            dev: maybe(&mut dev)?,
            tstr: maybe(&mut made)?,
            seeds: maybe(&mut seeds)?,
        };
        Ok(Self { labels, train, dev, test, made, seeds, dropped })
    }

    /// A probe trained on some rows, with thresholds tuned on the dev part if there is one.
    pub fn probe(&self, rows: &Labelled, map: &str, settings: Settings) -> Probe {
        let mut probe = Probe::train(&rows.texts(), &rows.gold, self.labels.clone(), map, settings);
        if let Some(dev) = &self.dev {
            let probabilities = probe.probabilities(&dev.texts);
            probe.tune(&probabilities, &dev.gold);
        }
        probe
    }
}

/// A probe's answers to texts.
pub fn answers<T: AsRef<str> + Sync>(probe: &Probe, texts: &[T]) -> Answers {
    let probabilities = probe.probabilities(texts);
    Answers { given: probe.all_given(&probabilities), probabilities: Some(probabilities) }
}

/// Reads a probe's file.
pub fn open_probe(path: &Path) -> Result<Probe, LearnError> {
    let bytes = std::fs::read(path).map_err(|error| LearnError::File { path: path.to_owned(), error })?;
    Probe::from_bytes(&bytes).map_err(|error| LearnError::Probe { path: path.to_owned(), error })
}

/// How a probe's labels were grouped before training.
pub fn map_of(probe: &Probe) -> Grouping {
    Grouping::by_name(&probe.head().map).unwrap_or(Grouping::None)
}
