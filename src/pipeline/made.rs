//! An evaluation at the beginning or the end of a run, with all that the run needs of it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::book::{BookError, StoreBook};
use super::forecast::Evidence;
use super::morning::Gather;
use super::output::{Files, OutputError, Rewrite, previous_rows};
use super::own::Own;
use super::rows::{Compared, Rows};
use super::summary::{ByAsk, ByAxis, Outcome, Proven};
use super::worker::Progress;
use crate::audit::{self, DISTINCT_TEXTS, Distinct};
use crate::dataset::Recipe;
use crate::dataset::evaluate::{Accepted, Demand, Failed, Rejected, Sink};
use crate::dataset::snapshot::{CellAsks, Difference, Reached};
use crate::model::RowId;
use crate::report::{CellChange, Counts, RowChange, RunCounts};
use crate::store::StoreError;

/// What the stored answers come to.
#[derive(Debug, Default)]
pub struct Made<'a> {
    pub outcome: Outcome,
    /// How the cells stand to those of the dataset on disk.
    pub cells: CellChange,
    /// How the rows stand to those of the dataset on disk.
    pub rows: Compared,
    pub by_axis: Counts,
    pub by_ask: Counts,
    /// What the run asked and brought; `None` where nothing was evaluated.
    pub own: Option<Own<'a>>,
    /// What a snapshot keeps; `None` where the evaluation failed.
    pub asks: Option<CellAsks>,
    /// By model: an ask of it that was answered with a row, if there is one.
    pub proven: Vec<Option<Demand>>,
    /// What it shows; `None` where nothing was evaluated.
    pub morning: Option<Gather<'a>>,
    /// How answers were judged, where something was evaluated.
    pub evidence: Option<Evidence<'a>>,
    /// Distinct-2 of the first texts.
    pub distinct: Option<Distinct>,
    /// How long that took.
    pub took: Duration,
    rewrite: Option<Rewrite<'a>>,
}

impl<'a> Made<'a> {
    /// Evaluates a book, and prepares the files that say so.
    ///
    /// `unless` are cells, by their index: where one of them has a demand no files are prepared. `progress` is what was
    /// asked of it in this run.
    ///
    /// # Errors
    /// Only what the book fails with.
    pub fn of(
        recipe: &'a Recipe,
        book: &mut StoreBook<'_>,
        files: &Files,
        before: &CellAsks,
        unless: Option<&[bool]>,
        progress: Option<&Progress>,
    ) -> Result<Self, BookError> {
        let began = Instant::now();
        book.read_texts(true);
        let mut cells = Difference::new(&recipe.grid, Some(before.reader()));
        let mut rows = Rows::new(previous_rows(files));
        let mut by_axis = ByAxis::new(recipe);
        let mut reached = Reached::new(&recipe.grid);
        let models = book.models().clone();
        let mut by_ask = ByAsk::new(recipe, &models);
        let mut own = Own::new(recipe, models.clone(), progress);
        let mut proven = Proven::new(recipe, &models);
        let rewrite = Some(files.rewrite(recipe, models.clone()));
        let mut rewrite = Unless { rewrite, cells: unless };
        let (mut evidence, mut texts) = (Evidence::new(recipe, models.clone()), FirstTexts::default());
        let counts = ((&mut cells, &mut rows), ((&mut by_axis, &mut by_ask), &mut reached));
        let mut morning = Gather::new(recipe);
        let samples = ((&mut evidence, &mut texts), (&mut proven, &mut morning));
        let mut sinks = ((counts, samples), (&mut own, &mut rewrite));
        book.open_verdicts(true)?;
        let outcome = Outcome::of::<RowId, _>(recipe, book, &mut sinks)?;
        book.leave_verdicts();
        Ok(Self {
            cells: cells.finish().map_err(StoreError::snapshot)?,
            rows: rows.finish(),
            by_axis: by_axis.finish(),
            by_ask: by_ask.finish(),
            own: Some(own),
            asks: Some(reached.finish(&recipe.grid)),
            proven: proven.asks,
            morning: Some(morning),
            evidence: Some(evidence),
            distinct: audit::distinct_2(texts.0.iter().map(String::as_str)),
            rewrite: rewrite.rewrite,
            outcome,
            took: began.elapsed(),
        })
    }

    /// What was evaluated last, where a last time was not possible; no file follows from it.
    pub fn without_files(outcome: Outcome) -> Self {
        Self { outcome, ..Self::default() }
    }

    /// How the rows stand to those of the dataset on disk, where the asks of these cells are to be answered.
    ///
    /// # Errors
    /// Only what the book fails with.
    pub fn change(
        &self,
        recipe: &Recipe,
        book: &mut StoreBook<'_>,
        asked: &[bool],
    ) -> Result<RowChange, BookError> {
        if self.rows.change.leaving == 0 {
            return Ok(self.rows.change);
        }
        book.read_texts(false);
        book.open_verdicts(false)?;
        book.passes_over();
        self.rows.waiting(&recipe.quotas, book, |cell| asked[cell])
    }

    /// How much it is, to be compared with what comes later.
    pub fn counts(&self) -> RunCounts {
        let rejected = self.outcome.rejected.iter().map(|(reason, times)| ((*reason).to_owned(), *times));
        RunCounts {
            accepted: self.outcome.totals.rows,
            rejected: rejected.collect(),
            failed_by: self.morning.as_ref().map_or_else(BTreeMap::new, |of| of.failed_by().clone()),
            by_axis: self.by_axis.clone(),
            by_ask: self.by_ask.clone(),
        }
    }

    /// Leaves the files as they are.
    pub fn spare(&mut self) {
        self.rewrite = None;
    }

    /// Puts the files in place, and says whether the dataset's is another now.
    ///
    /// # Errors
    /// What could not be written.
    pub fn write(&mut self) -> Result<bool, OutputError> {
        match self.rewrite.take() {
            Some(rewrite) => rewrite.finish(&self.outcome.totals),
            None => Ok(false),
        }
    }
}

/// As many of the first texts as distinct-2 is taken of.
#[derive(Debug, Default)]
struct FirstTexts(Vec<String>);

impl Sink for FirstTexts {
    fn row(&mut self, row: &Accepted<'_>) {
        if self.0.len() < DISTINCT_TEXTS {
            self.0.push(row.candidate.text.clone());
        }
    }
}

/// Files that are given up as soon as one of these cells has a demand: more rows will come.
#[derive(Debug)]
struct Unless<'a, 'm> {
    rewrite: Option<Rewrite<'a>>,
    cells: Option<&'m [bool]>,
}

impl Sink for Unless<'_, '_> {
    fn row(&mut self, row: &Accepted<'_>) {
        if let Some(rewrite) = &mut self.rewrite {
            rewrite.row(row);
        }
    }

    fn reject(&mut self, reject: &Rejected<'_>) {
        if let Some(rewrite) = &mut self.rewrite {
            rewrite.reject(reject);
        }
    }

    fn failed(&mut self, failed: &Failed) {
        if let Some(rewrite) = &mut self.rewrite {
            rewrite.failed(failed);
        }
    }

    fn demand(&mut self, demand: &Demand, _missing: u32) {
        if self.cells.is_some_and(|cells| cells[demand.cell]) {
            self.rewrite = None;
        }
    }
}
