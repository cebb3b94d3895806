//! Rows that somebody, or an audit, decided to leave out or to word anew.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;

use super::diagnostic::{Diagnostic, Report, Span};
use super::file::read_named;
use super::project::Project;
use super::yaml::Node;
use crate::model::RowId;
use crate::near::did_you_mean;

/// A file of decisions, as the config names it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Curation {
    pub path: String,
    /// BLAKE3 of the file, in hexadecimal.
    pub hash: String,
    /// Where it was read.
    #[serde(skip)]
    pub file: PathBuf,
    /// The rows that are left out.
    #[serde(skip)]
    pub dropped: BTreeSet<RowId>,
    /// The rows that say something in other words, or somebody else's.
    #[serde(skip)]
    pub rewritten: BTreeMap<RowId, Rewritten>,
    /// By row: what its counterpart says.
    #[serde(skip)]
    pub counterparts: BTreeMap<RowId, String>,
    /// The cells that get more rows, in the order of the file.
    #[serde(skip)]
    pub raised: Vec<Raised>,
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

/// Cells that get more rows than `samples` says: those that match as an item of `grid.exclude` does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raised {
    /// By axis: the values of which a cell has one.
    pub cell: BTreeMap<String, Vec<String>>,
    /// The rows that each of them gets.
    pub add: u32,
    pub at: Option<Span>,
}

/// The most rows that a line adds to a cell.
const MOST_ADDED: u64 = 1_000_000;

/// What a line decides.
enum Decision {
    Drop(RowId),
    Rewrite(RowId, Rewritten),
    Counterpart(RowId, String),
    Raise(Raised),
}

impl Curation {
    /// Reads the file that `curation` names; what is wrong with it goes to the report.
    pub fn resolve(root: &Node, project: &Project, report: &mut Report) -> Option<Self> {
        let node = root.get("curation")?;
        let path = node.text()?.to_owned();
        let source = read_named(&path, node.span, project, report)?;
        let text = report.sources.text(source).clone();
        let hash = blake3::hash(text.as_bytes()).to_hex().to_string();
        let mut out = Self { path, hash, file: report.sources.path(source).to_owned(), ..Self::default() };
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let span = Span { source, start, end: start + line.trim_end().len() };
            start += line.len();
            if line.trim().is_empty() {
                continue;
            }
            match decisions(line, span) {
                Ok(decisions) => decisions.into_iter().for_each(|decision| out.decide(decision)),
                Err(why) => {
                    let help = "a line has the `id` of a row of dataset.jsonl, which is left out, and a `text` where \
                                it is to say that, or a `counterpart` to stand beside it; or a `cell` and `add`, \
                                for cells that get more rows; `emogrid audit CONFIG --fix --write FILE` writes \
                                such a file";
                    report.push(Diagnostic::error("curation", why).at(span).help(help));
                    break;
                }
            }
        }
        Some(out)
    }

    /// Whether it was read from a file, whatever that is called.
    pub fn is_file(&self, path: &Path) -> bool {
        let same = |a: &Path, b: &Path| Some(a.canonicalize().ok()? == b.canonicalize().ok()?);
        same(&self.file, path).unwrap_or(false)
    }

    /// Leaves a row out.
    pub fn drop_row(&mut self, id: RowId) {
        self.decide(Decision::Drop(id));
    }

    /// Lets a row say something else.
    pub fn rewrite_row(&mut self, id: RowId, rewritten: Rewritten) {
        self.decide(Decision::Rewrite(id, rewritten));
    }

    /// Gives a row a counterpart.
    pub fn pair_row(&mut self, id: RowId, text: String) {
        self.decide(Decision::Counterpart(id, text));
    }

    /// Takes a row's counterpart away.
    pub fn unpair_row(&mut self, id: &RowId) {
        self.counterparts.remove(id);
    }

    /// The texts that the file holds, each with the row that it is about.
    pub fn texts(&self) -> impl Iterator<Item = (&RowId, &str)> {
        let rewritten = self.rewritten.iter().map(|(id, rewritten)| (id, rewritten.text.as_str()));
        rewritten.chain(self.counterparts.iter().map(|(id, text)| (id, text.as_str())))
    }

    /// What was decided last of a row holds. What is added to cells adds up.
    fn decide(&mut self, decision: Decision) {
        match decision {
            Decision::Drop(id) => {
                self.rewritten.remove(&id);
                self.dropped.insert(id);
            }
            Decision::Rewrite(id, rewritten) => {
                self.dropped.remove(&id);
                self.rewritten.insert(id, rewritten);
            }
            Decision::Counterpart(id, text) => drop(self.counterparts.insert(id, text)),
            Decision::Raise(raised) => self.raised.push(raised),
        }
    }
}

/// What a line decides: of a row, also its text and its counterpart's at once.
fn decisions(line: &str, at: Span) -> Result<Vec<Decision>, String> {
    let value: Value = serde_json::from_str(line.trim_start_matches('\u{feff}'))
        .map_err(|_| "this line is not JSON".to_owned())?;
    const KEYS: [&str; 8] = ["id", "text", "counterpart", "by", "why", "fingerprint", "cell", "add"];
    let keys = value.as_object().into_iter().flat_map(|line| line.keys());
    if let Some(unknown) = keys.map(String::as_str).find(|key| !KEYS.contains(key)) {
        let meant = did_you_mean(unknown, KEYS).map(|known| format!("; did you mean `{known}`?"));
        return Err(format!("this line has an unknown key `{unknown}`{}", meant.unwrap_or_default()));
    }
    if value.get("cell").is_some() && value.get("id").is_some() {
        return Err("this line has an `id` and a `cell`, which are two decisions".to_owned());
    }
    if let Some(cell) = value.get("cell") {
        return Ok(vec![Decision::Raise(raised(cell, &value, at)?)]);
    }
    let id = value.get("id").and_then(Value::as_str).ok_or("this line has no `id`")?;
    let id = RowId::parse(id).ok_or_else(|| format!("`{id}` is no id of a row"))?;
    let named = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let counterpart = match value.get("counterpart") {
        None => None,
        Some(Value::String(text)) if !text.trim().is_empty() => Some(Decision::Counterpart(id, text.clone())),
        // Without one the line would leave the row out, which nobody means who writes this.
        Some(_) => return Err("this line's `counterpart` is no text, or empty".to_owned()),
    };
    let row = match value.get("text") {
        None | Some(Value::Null) if counterpart.is_some() => None,
        None | Some(Value::Null) => Some(Decision::Drop(id)),
        Some(Value::String(text)) if !text.trim().is_empty() => {
            let rewritten = Rewritten { text: text.clone(), by: named("by"), why: named("why") };
            Some(Decision::Rewrite(id, rewritten))
        }
        Some(Value::String(_)) => {
            return Err("this line's `text` is empty; without a `text` the row is left out".to_owned());
        }
        Some(_) => return Err("this line's `text` is no text".to_owned()),
    };
    Ok(row.into_iter().chain(counterpart).collect())
}

/// The cells that a line adds rows to.
fn raised(cell: &Value, line: &Value, at: Span) -> Result<Raised, String> {
    let name = |value: &Value| match value {
        Value::String(name) => Some(name.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    };
    let names = |value: &Value| -> Option<Vec<String>> {
        match value {
            Value::Array(names) => names.iter().map(name).collect(),
            one => Some(vec![name(one)?]),
        }
    };
    let axes = cell.as_object().filter(|axes| !axes.is_empty());
    let axes = axes.ok_or("this line's `cell` is no mapping of axes to values")?;
    let by_axis = axes.iter().map(|(axis, value)| {
        let names = names(value).filter(|names| !names.is_empty());
        let names =
            names.ok_or_else(|| format!("`{axis}` in this line's `cell` is no value, and no list"))?;
        Ok((axis.clone(), names))
    });
    let cell = by_axis.collect::<Result<_, String>>()?;
    let add = line.get("add").and_then(Value::as_u64).filter(|add| (1..=MOST_ADDED).contains(add));
    let add = add.ok_or("this line's `add` is no whole number from 1 to 1,000,000")?;
    Ok(Raised { cell, add: add as u32, at: Some(at) })
}
