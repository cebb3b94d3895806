//! Labelled texts from files: GoEmotions' own, or any table with a column of labels.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::LearnError;
use crate::guard::{Gate, Guard, Purpose};
use crate::import::goemotions;
use crate::labels::{self, LabelSet, MOST_LABELS};
use crate::model::{PAIR, hash64, pair_of};
use crate::table::{Format, Layout, Reader, TableError};

/// Texts with their labels, which are numbers into `labels`.
#[derive(Debug, Clone, Default)]
pub struct Labelled {
    pub labels: Vec<String>,
    pub texts: Vec<String>,
    pub gold: Vec<LabelSet>,
    /// By row: the pair that it is of, as a hash.
    pub pairs: Vec<Option<u64>>,
    /// Rows without a label, which were left out.
    pub unlabelled: u64,
    /// Rows of a frozen test part, which were left out.
    pub held: u64,
}

/// Which columns of a table matter.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    /// `text` where `None`.
    pub text: Option<String>,
    /// The first of the usual ones where `None`.
    pub label: Option<String>,
}

impl Labelled {
    /// Reads files one after the other, as far as the gate lets their rows through.
    ///
    /// # Errors
    /// Where a file cannot be read, a row has no such column, there are more labels than a probe
    /// tells apart, no row at all, or none that may be used; and where a test part that is to be measured on is
    /// not what was frozen.
    pub fn read(
        files: &[PathBuf],
        columns: &Columns,
        guard: &Guard,
        purpose: Purpose,
    ) -> Result<Self, LearnError> {
        let mut all = Self::default();
        let mut gate = guard.gate(purpose);
        for path in files {
            if purpose == Purpose::Measuring {
                guard.unchanged(path)?;
            }
            let other =
                matches!(Format::by_ending(path), Some(Format::Jsonl | Format::Csv | Format::Parquet));
            let mut is_goemotions = false;
            let reader = Reader::open_by(path, |line| {
                is_goemotions = !other && goemotions::is_filtered(line);
                match is_goemotions {
                    true => Layout {
                        format: Some(Format::Tsv),
                        columns: Some(["text", "labels", "id"].map(str::to_owned).to_vec()),
                        ..Layout::default()
                    },
                    false => Layout { text: columns.text.clone(), options: &["--text"], ..Layout::default() },
                }
            })?;
            match is_goemotions {
                true => all.read_goemotions(path, reader, &mut gate)?,
                false => all.read_table(path, reader, columns, &mut gate)?,
            }
        }
        all.held = gate.held();
        match (all.texts.is_empty(), gate.why()) {
            (true, Some(why)) => Err(LearnError::Held { rows: all.held, why: why.to_string() }),
            (true, None) => Err(LearnError::Empty(files.to_vec())),
            (false, _) => Ok(all),
        }
    }

    fn read_goemotions(&mut self, path: &Path, rows: Reader, gate: &mut Gate<'_>) -> Result<(), LearnError> {
        let names = goemotions::names();
        for row in rows {
            let Some(row) = gate.admit(row?) else { continue };
            let row = row.into_inner();
            let ids = row.column("labels");
            let mut gold = LabelSet::default();
            for id in ids.split(',') {
                let name = id.trim().parse().ok().and_then(|id: usize| names.get(id));
                let name = name.ok_or_else(|| LearnError::Row {
                    path: path.to_owned(),
                    line: row.line,
                    what: format!("`{ids}` is no list of label ids; an id is a number from 0 to 27"),
                })?;
                gold.insert(self.number(name)?);
            }
            self.texts.push(row.text);
            self.gold.push(gold);
            self.pairs.push(None);
        }
        Ok(())
    }

    fn read_table(
        &mut self,
        path: &Path,
        rows: Reader,
        columns: &Columns,
        gate: &mut Gate<'_>,
    ) -> Result<(), LearnError> {
        let mut column = labels::Column::new(columns.label.clone());
        for row in rows {
            let Some(row) = gate.admit(row?) else { continue };
            let row = row.into_inner();
            let fault = |what| LearnError::Row { path: path.to_owned(), line: row.line, what };
            let mut gold = LabelSet::default();
            for name in column.of(&row.fields).map_err(fault)? {
                gold.insert(self.number(&name)?);
            }
            if gold.is_empty() {
                self.unlabelled += 1;
                continue;
            }
            let pair = pair_of(&row.id, row.fields.get(PAIR).and_then(Value::as_str));
            self.pairs.push(pair.map(|pair| hash64(&[b"pair", pair.as_bytes()])));
            self.texts.push(row.text);
            self.gold.push(gold);
        }
        column.seen().map_err(|what| TableError::Columns { path: path.to_owned(), what })?;
        Ok(())
    }

    /// A label's number, a new one where it is new.
    fn number(&mut self, name: &str) -> Result<usize, LearnError> {
        if let Some(number) = self.labels.iter().position(|known| known == name) {
            return Ok(number);
        }
        if self.labels.len() == MOST_LABELS {
            return Err(LearnError::TooMany(MOST_LABELS + 1));
        }
        self.labels.push(name.to_owned());
        Ok(self.labels.len() - 1)
    }

    /// The same rows with labels numbered as in `labels`; `of` says what each of ours is called there.
    ///
    /// # Errors
    /// The label that is not among `labels`.
    pub fn renumbered(mut self, labels: &[String], of: &[String]) -> Result<Self, String> {
        let numbers: Vec<usize> = of
            .iter()
            .map(|name| labels.iter().position(|known| known == name).ok_or_else(|| name.clone()))
            .collect::<Result<_, _>>()?;
        for gold in &mut self.gold {
            *gold = gold.iter().map(|label| numbers[label]).collect();
        }
        self.labels = labels.to_vec();
        Ok(self)
    }

    pub fn texts(&self) -> Vec<&str> {
        self.texts.iter().map(String::as_str).collect()
    }

    /// Keeps the rows for which `keep` holds; says how many it left out.
    pub fn retain(&mut self, mut keep: impl FnMut(&str) -> bool) -> u64 {
        self.retain_rows(|text, _, _| keep(text))
    }

    /// Keeps the rows for which `keep` holds of the text, the labels and the pair; says how many it left out.
    pub fn retain_rows(&mut self, mut keep: impl FnMut(&str, LabelSet, Option<u64>) -> bool) -> u64 {
        let rows = self.texts.iter().zip(&self.gold).zip(&self.pairs);
        let kept: Vec<bool> = rows.map(|((text, gold), pair)| keep(text, *gold, *pair)).collect();
        let before = kept.len();
        let mut flags = kept.iter();
        self.texts.retain(|_| flags.next() == Some(&true));
        let mut flags = kept.iter();
        self.gold.retain(|_| flags.next() == Some(&true));
        let mut flags = kept.iter();
        self.pairs.retain(|_| flags.next() == Some(&true));
        (before - self.texts.len()) as u64
    }

    /// The rows of both; labels must be numbered alike.
    pub fn with(&self, other: &Self) -> Self {
        let mut all = self.clone();
        all.texts.extend_from_slice(&other.texts);
        all.gold.extend_from_slice(&other.gold);
        all.pairs.extend_from_slice(&other.pairs);
        all
    }
}
