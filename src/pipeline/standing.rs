//! How the dataset on disk stands to what stored answers make of its config now.

use serde::Serialize;

use super::Opened;
use super::book::StoreBook;
use super::error::RunError;
use super::output::{Files, previous_rows};
use super::rows::Rows;
use super::state::state;
use super::summary::causes;
use crate::config::load::shown;
use crate::model::RowId;
use crate::report::{RowChange, count, thousands};
use crate::store::WrittenState;

/// How a file and an evaluation differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// As it is shown.
    pub path: String,
    pub rows: u64,
    /// Rows of it that stored answers make today.
    pub stay: u64,
    /// Rows of it that they do not.
    pub leave: u64,
    /// Rows of it that they make once open asks of their cells are answered, and how many asks that are.
    pub wait: u64,
    pub wait_for: u64,
    /// Rows that they make, and that it lacks.
    pub come: u64,
    /// The config, or a file that it names, was edited since it was written.
    pub edited: bool,
}

/// Rows of the dataset on disk, to be told those of an evaluation.
pub type OnDisk = Rows<Box<dyn Iterator<Item = RowId>>>;

impl Standing {
    /// What is to be told the rows.
    pub fn begin(opened: &Opened) -> OnDisk {
        Rows::new(Box::new(previous_rows(&Files::new(opened.recipe.config.dataset_dir()))))
    }

    /// What became of it, where so many rows were told; `None` where there is no file.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub fn of(
        opened: &Opened,
        book: &mut StoreBook<'_>,
        told: OnDisk,
        rows: u64,
    ) -> Result<Option<Self>, RunError> {
        let config = &opened.recipe.config;
        let dataset = Files::new(config.dataset_dir()).dataset();
        if !dataset.exists() {
            return Ok(None);
        }
        let change = told.finish().waiting(&opened.recipe.quotas, book, |_| true)?;
        let written = book.reader().map(|reader| reader.written_state(&config.name)).transpose()?.flatten();
        let now = state(opened);
        let edited = written.is_some_and(|WrittenState { state: (then, files), .. }| {
            !causes((&then, &files), (&now.0, &now.1)).is_empty()
        });
        Ok(Some(Self {
            path: shown(&dataset).display().to_string(),
            rows: change.before(),
            stay: change.kept,
            leave: change.lost(),
            wait: change.waiting,
            wait_for: change.waiting_for,
            come: rows.saturating_sub(change.kept),
            edited,
        }))
    }

    /// Whether it says anything else than an evaluation, as far as one can tell without writing it.
    pub fn differs(&self) -> bool {
        self.leave + self.wait + self.come > 0 || self.edited
    }

    /// How it differs, in lines of at most 80 columns but for its path.
    pub fn text(&self) -> String {
        let (path, rows) = (&self.path, count(self.rows, "row"));
        if !self.differs() {
            return format!("{path}: {rows}");
        }
        let what = match (self.leave + self.wait, self.edited) {
            (0, false) => "stored answers make more by now",
            (_, true) => "of before the last edit",
            (_, false) => "of another state",
        };
        let change = RowChange { waiting: self.wait, waiting_for: self.wait_for, ..RowChange::default() };
        format!(
            "{path}: {rows}, {what};\n  a run takes {} of them out, and adds {} from stored answers{}",
            thousands(self.leave),
            thousands(self.come),
            change.waits().map_or_else(String::new, |waits| format!(";\n  {waits}"))
        )
    }
}
