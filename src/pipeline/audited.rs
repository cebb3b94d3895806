//! The audit at the end of a run.

use std::fs::File;
use std::io::{BufRead, BufReader};

use serde_json::{Map, Value};

use super::output::Files;
use crate::audit::{Groups, Table, audit};
use crate::dataset::{Recipe, audited};
use crate::dedup::{self, Bag, Level, Rule, Statistics};
use crate::report::{AuditBrief, Conflicts};

/// So many of the first rows are compared with each other: that takes time with their square, and a run should
/// end when it is done.
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
    let statistics = statistics.as_ref().unwrap_or_else(|| Statistics::shipped());
    let mut compared: Vec<(String, Bag)> = Vec::new();
    for line in lines.map_while(Result::ok).take(recipe.config.audit.rows) {
        let Ok(row) = serde_json::from_str::<Map<String, Value>>(&line) else { continue };
        let field = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default();
        let values = axes.iter().map(|axis| [field(&axis.name)]);
        table.push(field("id"), field("text"), values, Groups::of_field(row.get("spans")));
        let labels: Vec<&str> = axes.iter().filter(|axis| axis.label).map(|axis| field(&axis.name)).collect();
        if !labels.is_empty() && compared.len() < COMPARED {
            compared.push((labels.join("\t"), Bag::of(field("text"), statistics)));
        }
    }
    let rows = table.rows() as u64;
    (rows > 0).then(|| AuditBrief {
        rows,
        measures: audit(&table, &audited::options(recipe, &table), |_, _| {}).brief(),
        conflicts: (!compared.is_empty()).then(|| conflicts(recipe, files, &table, &compared)),
    })
}

/// How alike rows of different labels may be: as the config says of rows of one label, where it says so.
fn rule(recipe: &Recipe) -> Rule {
    let level = Level::named(recipe.config.dedup.level).filter(|level| *level != Level::Exact);
    Rule { level: level.unwrap_or_default(), ..Rule::default() }
}

fn conflicts(recipe: &Recipe, files: &Files, table: &Table, compared: &[(String, Bag)]) -> Conflicts {
    let found = dedup::conflicts(&rule(recipe), compared);
    let mut out = Conflicts { rows: compared.len() as u64, pairs: found.pairs, ..Conflicts::default() };
    if let Some((one, other, similarity)) = found.most {
        out.ids = [one, other].map(|row| table.id(row).to_owned()).into();
        out.similarity = similarity.fraction();
    }
    let labels = recipe.grid.axes.iter().filter(|axis| axis.label);
    let labels: String = labels.map(|axis| format!(" --label {}", axis.name)).collect();
    let dataset = crate::config::load::shown(&files.dataset());
    let level = rule(recipe).level.name();
    out.list = format!("emogrid dedup {}{labels} --level {level} --conflicts -", dataset.display());
    out
}
