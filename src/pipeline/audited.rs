//! The audit at the end of a run.

use std::fs::File;
use std::io::{BufRead, BufReader};

use serde_json::{Map, Value};

use super::output::Files;
use crate::audit::{Groups, audit};
use crate::dataset::{Recipe, audited};
use crate::dedup::{Level, Pair, Rule, Statistics, Sweep};
use crate::report::{AuditBrief, Conflicts};

/// So many of the first rows are compared with each other: long texts of few words take much more than in
/// proportion, and a run should end when it is done.
const COMPARED: usize = 2_000;

/// Audits the first rows of the dataset that stands on disk, as many as the config says; `None` where
/// there are none.
///
/// Any head of a dataset is balanced, so that it speaks for the rest.
pub fn audited(recipe: &Recipe, files: &Files) -> Option<AuditBrief> {
    let axes = &recipe.grid.axes;
    let mut table = audited::table(recipe);
    let lines = BufReader::new(File::open(files.dataset()).ok()?).lines();
    let statistics = recipe.config.dedup.statistics.as_ref().and_then(|of| Statistics::parse(&of.text).ok());
    let mut sweep =
        Sweep::new(rule(recipe), true, statistics.as_ref().unwrap_or_else(|| Statistics::shipped()))
            .with_pairs();
    for line in lines.map_while(Result::ok).take(recipe.config.audit.rows) {
        let Ok(row) = serde_json::from_str::<Map<String, Value>>(&line) else { continue };
        let field = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default();
        let values = axes.iter().map(|axis| [field(&axis.name)]);
        table.push(field("id"), field("text"), values, Groups::of_field(row.get("spans")));
        let labels: Vec<&str> = axes.iter().filter(|axis| axis.label).map(|axis| field(&axis.name)).collect();
        if !labels.is_empty() && sweep.len() < COMPARED {
            sweep.row(field("id"), &labels.join("\t"), field("text"));
        }
    }
    let rows = table.rows() as u64;
    (rows > 0).then(|| AuditBrief {
        rows,
        measures: audit(&table, &audited::options(recipe, &table), |_, _| {}).brief(),
        conflicts: (!sweep.is_empty()).then(|| conflicts(recipe, files, &sweep)),
    })
}

/// How alike rows of different labels may be: as the config says of rows of one label, where it says so.
fn rule(recipe: &Recipe) -> Rule {
    let level = Level::named(recipe.config.dedup.level).filter(|level| *level != Level::Exact);
    Rule { level: level.unwrap_or_default(), ..Rule::default() }
}

fn conflicts(recipe: &Recipe, files: &Files, sweep: &Sweep<'_>) -> Conflicts {
    let mut out = Conflicts { rows: sweep.len() as u64, ..Conflicts::default() };
    let mut most = None;
    for pair in sweep.pairs().filter(Pair::is_conflict) {
        out.pairs += 1;
        if most.is_none_or(|most| pair.similarity > most) {
            most = Some(pair.similarity);
            out.ids = [pair.one, pair.other].map(|line| line.id.to_string()).into();
            out.similarity = pair.similarity.fraction();
        }
    }
    let labels = recipe.grid.axes.iter().filter(|axis| axis.label);
    let labels: String = labels.map(|axis| format!(" --label {}", axis.name)).collect();
    let dataset = crate::config::load::shown(&files.dataset());
    let level = rule(recipe).level.name();
    out.list = format!("emogrid dedup {}{labels} --level {level} --conflicts -", dataset.display());
    out
}
