//! Rows that somebody, or an audit, decided to leave out.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use super::diagnostic::{Diagnostic, Report, Span};
use super::file::read_named;
use super::resolved::Project;
use super::yaml::Node;
use crate::model::RowId;

/// A file of decisions, as the config names it.
#[derive(Debug, Clone, Serialize)]
pub struct Curation {
    pub path: String,
    /// BLAKE3 of the file, in hexadecimal.
    pub hash: String,
    /// The rows that are left out.
    #[serde(skip)]
    pub dropped: BTreeSet<RowId>,
}

impl Curation {
    /// Reads the file that `curation` names; what is wrong with it goes to the report.
    pub fn resolve(root: &Node, project: &Project, report: &mut Report) -> Option<Self> {
        let node = root.get("curation")?;
        let path = node.text()?.to_owned();
        let source = read_named(&path, node.span, project, report)?;
        let text = report.sources.text(source).clone();
        let mut dropped = BTreeSet::new();
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let span = Span { source, start, end: start + line.trim_end().len() };
            start += line.len();
            if line.trim().is_empty() {
                continue;
            }
            match id(line) {
                Ok(id) => drop(dropped.insert(id)),
                Err(why) => {
                    let help = "a line is such as {\"id\": \"…\"}, with the id of a row of dataset.jsonl; \
                                `emogrid audit CONFIG --fix --write FILE` writes such a file";
                    report.push(Diagnostic::error("curation", why).at(span).help(help));
                    break;
                }
            }
        }
        Some(Self { path, hash: blake3::hash(text.as_bytes()).to_hex().to_string(), dropped })
    }
}

/// The id on a line.
fn id(line: &str) -> Result<RowId, String> {
    let value: Value = serde_json::from_str(line.trim_start_matches('\u{feff}'))
        .map_err(|_| "this line is not JSON".to_owned())?;
    let id = value.get("id").and_then(Value::as_str).ok_or("this line has no `id`")?;
    RowId::parse(id).ok_or_else(|| format!("`{id}` is no id of a row"))
}
