//! Rows that somebody, or an audit, decided to leave out or to word anew.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use super::diagnostic::{Diagnostic, Report, Span};
use super::file::read_named;
use super::resolved::Project;
use super::yaml::Node;
use crate::model::RowId;

/// A file of decisions, as the config names it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Curation {
    pub path: String,
    /// BLAKE3 of the file, in hexadecimal.
    pub hash: String,
    /// The rows that are left out.
    #[serde(skip)]
    pub dropped: BTreeSet<RowId>,
    /// The rows that say something in other words, or somebody else's.
    #[serde(skip)]
    pub rewritten: BTreeMap<RowId, Rewritten>,
}

/// What a row says in place of what the model wrote first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Rewritten {
    pub text: String,
    /// Who wrote it: the name of a model, or anybody's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The metrics that it was rewritten for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// What a line decides.
enum Decision {
    Drop,
    Rewrite(Rewritten),
}

impl Curation {
    /// Reads the file that `curation` names; what is wrong with it goes to the report.
    pub fn resolve(root: &Node, project: &Project, report: &mut Report) -> Option<Self> {
        let node = root.get("curation")?;
        let path = node.text()?.to_owned();
        let source = read_named(&path, node.span, project, report)?;
        let text = report.sources.text(source).clone();
        let mut out =
            Self { path, hash: blake3::hash(text.as_bytes()).to_hex().to_string(), ..Self::default() };
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let span = Span { source, start, end: start + line.trim_end().len() };
            start += line.len();
            if line.trim().is_empty() {
                continue;
            }
            match decision(line) {
                Ok((id, decision)) => out.decide(id, decision),
                Err(why) => {
                    let help = "a line is such as {\"id\": \"…\"}, with the id of a row of dataset.jsonl, and \
                                with a \"text\" where the row is to say that; `emogrid audit CONFIG --fix \
                                --write FILE` writes such a file";
                    report.push(Diagnostic::error("curation", why).at(span).help(help));
                    break;
                }
            }
        }
        Some(out)
    }

    /// Leaves a row out.
    pub fn drop_row(&mut self, id: RowId) {
        self.decide(id, Decision::Drop);
    }

    /// Lets a row say something else.
    pub fn rewrite_row(&mut self, id: RowId, rewritten: Rewritten) {
        self.decide(id, Decision::Rewrite(rewritten));
    }

    /// What was decided last of a row holds.
    fn decide(&mut self, id: RowId, decision: Decision) {
        match decision {
            Decision::Drop => {
                self.rewritten.remove(&id);
                self.dropped.insert(id);
            }
            Decision::Rewrite(rewritten) => {
                self.dropped.remove(&id);
                self.rewritten.insert(id, rewritten);
            }
        }
    }
}

/// What a line decides of which row.
fn decision(line: &str) -> Result<(RowId, Decision), String> {
    let value: Value = serde_json::from_str(line.trim_start_matches('\u{feff}'))
        .map_err(|_| "this line is not JSON".to_owned())?;
    let id = value.get("id").and_then(Value::as_str).ok_or("this line has no `id`")?;
    let id = RowId::parse(id).ok_or_else(|| format!("`{id}` is no id of a row"))?;
    let named = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let decision = match value.get("text") {
        None | Some(Value::Null) => Decision::Drop,
        Some(Value::String(text)) if !text.trim().is_empty() => {
            Decision::Rewrite(Rewritten { text: text.clone(), by: named("by"), why: named("why") })
        }
        Some(Value::String(_)) => {
            return Err("this line's `text` is empty; without a `text` the row is left out".to_owned());
        }
        Some(_) => return Err("this line's `text` is no text".to_owned()),
    };
    Ok((id, decision))
}
