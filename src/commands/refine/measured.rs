//! What is known of a dataset and of a model trained on it, from files and from the store.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use super::super::{Failure, Stored, Talk};
use crate::cli::RefineArgs;
use crate::config::load::path_from;
use crate::config::resolved::Template;
use crate::dataset::audited::Audited;
use crate::dataset::evaluate::{Accepted, Rejected};
use crate::dataset::{Recipe, Sink};
use crate::guard::{Guard, Purpose};
use crate::learn::{Columns, Labelled};
use crate::pipeline::{ByAxis, Opened};
use crate::refine::Figures;
use crate::refine::corpus::Corpus;
use crate::refine::figures::{Outcome, Scores, alarms, shortages};
use crate::report::count;

/// Rows below which a dataset is not audited.
const LEAST: u64 = 30;

/// What a config itself says.
pub fn of_config(opened: &Opened) -> Figures {
    let recipe = &opened.recipe;
    Figures {
        // What `samples` says, which a proposal changes.
        wanted: recipe.wanted() - recipe.quotas.raised.rows(),
        max_asks: recipe.quotas.max_asks,
        templates: templates(recipe),
        ..Figures::default()
    }
}

/// Reads all that the command line names, and the outcome of stored answers.
pub fn figures(args: &RefineArgs, opened: &Opened, talk: &Talk) -> Result<Figures, Failure> {
    let mut out = of_config(opened);
    let json = |path: &PathBuf| -> Result<Value, Failure> {
        let wrong = |error: &dyn std::fmt::Display| Failure::Refused(format!("{}: {error}", path.display()));
        let text = std::fs::read_to_string(path).map_err(|error| wrong(&error))?;
        serde_json::from_str(&text).map_err(|error| wrong(&error))
    };
    let of = |path: &PathBuf, error: String| Failure::Refused(format!("{} {error}", path.display()));
    if let Some(path) = &args.eval {
        out.scores = Some(Scores::read(json(path)?).map_err(|error| of(path, error))?);
    }
    if let Some(path) = &args.shortages {
        out.shortages = shortages(&json(path)?).map_err(|error| of(path, error))?;
    }
    if let Some(path) = &args.audit {
        out.alarms = alarms(&json(path)?).map_err(|error| of(path, error))?;
    }
    stored(opened, args.audit.is_none(), talk, &mut out)?;
    if !args.real.is_empty() {
        let columns = Columns { text: args.columns.text.clone(), label: args.columns.label.clone() };
        real(&args.real, &columns, &opened.recipe, talk, &mut out)?;
    }
    let nothing = out.scores.is_none() && args.shortages.is_none() && args.audit.is_none();
    if nothing && out.outcome.is_none() && args.real.is_empty() {
        return Err(Failure::Refused(format!(
            "{}: there is nothing to go by: no answer is stored, and neither --eval, --audit, --shortages \
             nor --real was given",
            args.config.display()
        )));
    }
    Ok(out)
}

/// What the figures were taken from.
pub fn by(args: &RefineArgs, figures: &Figures) -> String {
    let shown = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
    let mut by: Vec<String> =
        [&args.eval, &args.audit, &args.shortages].into_iter().filter_map(shown).collect();
    by.extend(figures.outcome.as_ref().map(|outcome| format!("its {}", count(outcome.accepted, "row"))));
    by.extend((!args.real.is_empty()).then(|| count(figures.real.rows(), "real row")));
    by.join(", ")
}

fn templates(recipe: &Recipe) -> String {
    let prompt = &recipe.config.prompt;
    let all = prompt.user.iter().map(|variant| &variant.template).chain(&prompt.system);
    let inline = all.filter_map(|template| match template {
        Template::Inline(text, _) => Some(text.clone()),
        Template::File(..) => None,
    });
    let files = recipe.prompts.files_used().into_iter().map(|(_, text)| text);
    inline.chain(files).collect::<Vec<_>>().join("\n")
}

/// The outcome of stored answers, the dataset's words, and, where wanted, its audit.
pub fn stored(opened: &Opened, audited: bool, talk: &Talk, out: &mut Figures) -> Result<(), Failure> {
    let recipe = &opened.recipe;
    let stored = Stored::open(opened)?;
    if stored.reader.is_none() {
        return Ok(());
    }
    let mut seen = Seen {
        recipe,
        audited: Audited::new(recipe),
        by_axis: ByAxis::new(recipe),
        generated: Corpus::default(),
        rejected: BTreeMap::new(),
        duplicates: 0,
    };
    let totals = stored.evaluate(&opened.recipe, talk, true, &mut seen)?;
    if totals.rows + totals.rejects == 0 {
        return Ok(());
    }
    if audited && totals.rows >= LEAST {
        let report = seen.audited.report();
        let report = serde_json::to_value(&report).unwrap_or_default();
        out.alarms = alarms(&report).map_err(Failure::Refused)?;
    }
    let axes = seen.by_axis.finish().into_iter();
    let values = axes.flat_map(|(axis, values)| {
        let of = move |(value, rows): (String, crate::report::AxisCount)| {
            (axis.clone(), value, [rows.wanted, rows.accepted, rows.rejected])
        };
        values.into_iter().map(of)
    });
    let mut rejected: Vec<(String, u64)> =
        seen.rejected.into_iter().map(|(why, times)| (why.to_owned(), times)).collect();
    rejected.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    out.outcome = Some(Outcome {
        values: values.collect(),
        rejected,
        duplicates: seen.duplicates,
        accepted: totals.rows,
        shortfall: totals.shortfall,
    });
    out.generated = seen.generated;
    Ok(())
}

struct Seen<'a> {
    recipe: &'a Recipe,
    audited: Audited<'a>,
    by_axis: ByAxis<'a>,
    generated: Corpus,
    rejected: BTreeMap<&'static str, u64>,
    duplicates: u64,
}

impl Sink for Seen<'_> {
    fn row(&mut self, row: &Accepted<'_>) {
        self.audited.row(row);
        self.by_axis.row(row);
        let grid = &self.recipe.grid;
        let names = grid.axes.iter().zip(grid.names(grid.cell(row.place.cell)));
        let labels = names.filter(|(axis, _)| axis.label).map(|(_, (_, value))| value);
        self.generated.add(labels, &row.candidate.text);
    }

    fn reject(&mut self, reject: &Rejected<'_>) {
        self.by_axis.reject(reject);
        self.duplicates += u64::from(reject.why.is_duplicate());
        *self.rejected.entry(reject.why.name()).or_default() += 1;
    }
}

/// Real rows, as far as a model may be trained on them.
pub fn real(
    files: &[PathBuf],
    columns: &Columns,
    recipe: &Recipe,
    talk: &Talk,
    out: &mut Figures,
) -> Result<(), Failure> {
    let guard = Guard::of(files).map_err(crate::learn::LearnError::from)?;
    let rows = Labelled::read(files, columns, &guard, Purpose::Training)?;
    if rows.held > 0 {
        talk.say(&format!("{} of a frozen test part were left out", count(rows.held, "row")));
    }
    for (text, gold) in rows.texts.iter().zip(&rows.gold) {
        out.real.add(gold.iter().map(|label| rows.labels[label].as_str()), text);
    }
    if let [file] = files {
        out.real_file = recipe.config.project.config.parent().and_then(|folder| path_from(folder, file));
    }
    Ok(())
}
