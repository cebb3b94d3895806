//! New texts held to what any row is held to: the checks, the anonymiser, and all other rows.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::super::{Failure, Stored, Talk};
use super::super::subject::Subject;
use crate::audit::Table;
use crate::check::{Rules, Text};
use crate::cli::AuditArgs;
use crate::config::curation::{Curation, Rewritten};
use crate::config::resolved::{Checks, Format, Response};
use crate::dataset::evaluate::{Accepted, Rejected};
use crate::dataset::{Recipe, Sink};
use crate::dedup::{Found, Level, Rule, Statistics, Sweep};
use crate::model::RowId;
use crate::pipeline;

/// What new texts are held to.
pub enum Hold<'a> {
    Config(Box<OfConfig<'a>>),
    Table(Box<OfTable<'a>>),
}

/// All that the config's own rows are held to, by its own evaluation.
pub struct OfConfig<'a> {
    table: &'a Table,
    pub recipe: Recipe,
    stored: &'a Stored,
    /// What the config's file of decisions says today.
    decided: Option<Curation>,
    /// Rows that are to blame: they are out, unless they have a good new text.
    blamed: BTreeSet<usize>,
    good: BTreeMap<usize, String>,
}

/// The checks that need no setting, and near-duplicates.
pub struct OfTable<'a> {
    table: &'a Table,
    rules: Rules,
    /// Has all rows but those to blame, and the new texts that are good.
    sweep: Sweep<'static>,
}

/// The new texts that are good, as rows will have them, and why others are not.
pub type Held = BTreeMap<usize, Result<String, String>>;

impl<'a> Hold<'a> {
    /// `blamed` are the rows that will be out, or have new texts.
    pub fn new(args: &AuditArgs, subject: &'a Subject, blamed: BTreeSet<usize>) -> Result<Self, Failure> {
        let table = &subject.table;
        if let Some(config) = &subject.config {
            let recipe = pipeline::draft(&args.table.file, &args.set)?;
            let stored = &config.stored;
            let decided = recipe.config.curation.clone();
            let good = BTreeMap::new();
            return Ok(Hold::Config(OfConfig { table, recipe, stored, decided, blamed, good }.into()));
        }
        let response = Response {
            format: Format::Text,
            text: "text".to_owned(),
            schema: Value::Null,
            items: 1,
            n: 1,
            schema_at: None,
        };
        let rule = Rule { level: Level::Default, ..Rule::default() };
        let mut sweep = Sweep::new(rule, false, Statistics::shipped()).forgetful();
        for row in (0..table.rows()).filter(|row| !blamed.contains(row)) {
            sweep.row(table.id(row), "", table.text(row));
        }
        let rules = Rules::new(&Checks::default(), &response, &[]);
        Ok(Hold::Table(OfTable { table, rules, sweep }.into()))
    }

    /// Takes in proposed texts. One that was good before can be among those that are not good now, where a
    /// new one says the same.
    pub fn hold(&mut self, proposed: BTreeMap<usize, String>, talk: &Talk) -> Result<Held, Failure> {
        match self {
            Hold::Config(config) => config.hold(proposed, talk),
            Hold::Table(table) => {
                Ok(proposed.into_iter().map(|(row, text)| (row, table.held(row, text))).collect())
            }
        }
    }
}

impl OfTable<'_> {
    fn held(&mut self, row: usize, text: String) -> Result<String, String> {
        self.rules.hold(&Text::new(&text), &[]).map_err(|reason| format!("{}: {reason}", reason.name()))?;
        match self.sweep.row(self.table.id(row), "", &text) {
            Found::Kept => Ok(text),
            Found::Duplicate { of, .. } | Found::OffLimits { of, .. } => {
                Err(format!("near-duplicate: of the row {of}"))
            }
        }
    }
}

impl OfConfig<'_> {
    fn hold(&mut self, proposed: BTreeMap<usize, String>, talk: &Talk) -> Result<Held, Failure> {
        for (row, text) in proposed {
            // As it may be shown and kept, whatever the model made up.
            self.good.insert(row, self.recipe.judge.shown(&text));
        }
        let mut curation = self.decided.clone().unwrap_or_default();
        let mut sought = Sought::default();
        for row in &self.blamed {
            let Some(id) = RowId::parse(self.table.id(*row)) else { continue };
            // It is of what the row says today.
            curation.unpair_row(&id);
            match self.good.get(row) {
                Some(text) => {
                    curation.rewrite_row(id, Rewritten { text: text.clone(), ..Rewritten::default() });
                    sought.rows.insert(id, *row);
                }
                None => curation.drop_row(id),
            }
        }
        self.recipe.config.curation = Some(curation);
        self.stored.evaluate(&self.recipe, talk, true, &mut sought)?;
        // What waits for a judge is neither, and is judged in the next run.
        let mut out: Held = self.good.iter().map(|(row, text)| (*row, Ok(text.clone()))).collect();
        out.extend(sought.found);
        self.good.retain(|row, _| matches!(out.get(row), Some(Ok(_))));
        Ok(out)
    }
}

/// What becomes of rows with new texts.
#[derive(Default)]
struct Sought {
    rows: BTreeMap<RowId, usize>,
    found: Held,
}

impl Sink for Sought {
    fn row(&mut self, row: &Accepted<'_>) {
        if let Some(at) = self.rows.get(&row.name) {
            self.found.insert(*at, Ok(row.candidate.text.clone()));
        }
    }

    fn reject(&mut self, reject: &Rejected<'_>) {
        let candidate = reject.candidate;
        let id = RowId::of(&reject.place.fingerprint, candidate.choice, candidate.item);
        if let Some(at) = self.rows.get(&id) {
            let reason = reject.why.reason();
            self.found.insert(*at, Err(format!("{}: {reason}", reason.name())));
        }
    }
}
