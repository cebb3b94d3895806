//! The audit at the end of a run.

use std::fs::File;
use std::io::{BufRead, BufReader};

use serde_json::{Map, Value};

use super::output::Files;
use crate::audit::{Groups, Role, Table, audit};
use crate::dataset::{Recipe, audited};
use crate::report::AuditBrief;

/// Audits the first rows of the dataset that stands on disk, as many as the config says; `None` where
/// there are none.
///
/// Any head of a dataset is balanced, so that it speaks for the rest.
pub fn audited(recipe: &Recipe, files: &Files) -> Option<AuditBrief> {
    let role = |label| if label { Role::Label } else { Role::Context };
    let axes = &recipe.grid.axes;
    let mut table = Table::new(axes.iter().map(|axis| (axis.name.to_string(), role(axis.label))));
    let lines = BufReader::new(File::open(files.dataset()).ok()?).lines();
    for line in lines.map_while(Result::ok).take(recipe.config.audit.rows) {
        let Ok(row) = serde_json::from_str::<Map<String, Value>>(&line) else { continue };
        let field = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default();
        let values = axes.iter().map(|axis| [field(&axis.name)]);
        table.push(field("id"), field("text"), values, Groups::default());
    }
    let rows = table.rows() as u64;
    (rows > 0)
        .then(|| AuditBrief { rows, measures: audit(&table, &audited::options(recipe), |_, _| {}).brief() })
}
