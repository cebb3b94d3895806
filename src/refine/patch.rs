//! Proposals as changes of the user's own text.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use similar::{DiffOp, TextDiff};

use super::Change;
use crate::config::diagnostic::Sources;
use crate::config::edit::{Edit, EditError};
use crate::config::yaml::{self, Node, Yaml};

/// Makes changes to the text of one config; `merged` is the tree with all that it builds on.
///
/// # Errors
/// Where the text is written so that it is better changed by hand.
pub fn apply(text: &str, merged: &Node, changes: &[Change]) -> Result<String, EditError> {
    let mut text = text.to_owned();
    for change in changes {
        text = one(text, merged, change)?;
    }
    Ok(text)
}

fn one(text: String, merged: &Node, change: &Change) -> Result<String, EditError> {
    let own = read(&text)?;
    match change {
        Change::Put { path, value } => {
            // A list of the user's keeps its form.
            let items = value.as_array().map_or(&[][..], Vec::as_slice);
            match at(&own, path).filter(|node| node.items().len() == items.len() && !items.is_empty()) {
                Some(_) => items.iter().enumerate().try_fold(text, |text, (number, item)| {
                    let path = path.iter().cloned().chain([number.to_string()]).collect();
                    Edit::Put { path, value: item.clone() }.apply(&text)
                }),
                None => Edit::Put { path: path.clone(), value: value.clone() }.apply(&text),
            }
        }
        Change::Total { rows } => {
            let total = Edit::put(&["samples", "total"], *rows);
            let has =
                |root: &Node, key: &str| root.get("samples").is_some_and(|node| node.get(key).is_some());
            if has(&own, "per_cell") {
                let path = ["samples", "per_cell"].map(str::to_owned).to_vec();
                return Edit::Rename { path, to: "total".into(), value: (*rows).into() }.apply(&text);
            }
            match has(merged, "per_cell") {
                // Of the config that this one builds on.
                true => total.apply(&Edit::put(&["samples", "per_cell"], Value::Null).apply(&text)?),
                false => total.apply(&text),
            }
        }
        Change::Attribute { axis, value, attribute, to } => {
            let (text, below) = attributable(text, &own, merged, axis)?;
            Edit::put(&["grid", "axes", axis, below, value, attribute], to.clone()).apply(&text)
        }
    }
}

/// Lets the values of an axis have attributes, and says below which key they stand.
fn attributable(
    text: String,
    own: &Node,
    merged: &Node,
    axis: &str,
) -> Result<(String, &'static str), EditError> {
    let path = |more: &[&str]| -> Vec<String> {
        ["grid", "axes", axis].iter().chain(more).map(|key| (*key).to_owned()).collect()
    };
    let whole = at(merged, &path(&[])).ok_or_else(|| EditError::Absent(path(&[]).join(".")))?;
    if whole.get("from").is_some() {
        return Ok((text, "override"));
    }
    let here = at(own, &path(&[]));
    let values = here.and_then(|here| here.get("values"));
    let named = |path, under: Option<&str>| Edit::Named { path, under: under.map(str::to_owned) };
    let text = match (here.map(|here| &here.value), values.map(|values| &values.value)) {
        (Some(Yaml::List(_)), _) => named(path(&[]), Some("values")).apply(&text)?,
        (_, Some(Yaml::List(_))) => named(path(&["values"]), None).apply(&text)?,
        (_, Some(_)) => text,
        // They stand in what this config builds on, where a list would be replaced as a whole.
        (_, None) => match whole.get("values").unwrap_or(whole).items() {
            [] => text,
            items => {
                let names =
                    items.iter().filter_map(Node::scalar).map(|name| (name, Value::Object(Map::new())));
                let all: Map<String, Value> = names.collect();
                Edit::Put { path: path(&["values"]), value: all.into() }.apply(&text)?
            }
        },
    };
    Ok((text, "values"))
}

fn read(text: &str) -> Result<Node, EditError> {
    let mut sources = Sources::default();
    let source = sources.add("config.yaml", text);
    yaml::parse(&sources, source).map_err(|_| EditError::NoYaml)
}

fn at<'n>(root: &'n Node, path: &[String]) -> Option<&'n Node> {
    path.iter().try_fold(root, |node, key| node.get(key))
}

/// The lines of a text that is changed step by step, each with the steps that it is of.
#[derive(Debug, Clone)]
pub struct Steps {
    first: String,
    now: String,
    owners: Vec<BTreeSet<usize>>,
}

/// A part of a unified diff, and the steps that it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk {
    pub steps: BTreeSet<usize>,
    pub text: String,
}

impl Steps {
    pub fn new(text: &str) -> Self {
        let lines = TextDiff::from_lines(text, text).new_slices().len();
        Self { first: text.to_owned(), now: text.to_owned(), owners: vec![BTreeSet::new(); lines] }
    }

    /// The text after the last step.
    pub fn text(&self) -> &str {
        &self.now
    }

    /// Another step.
    pub fn step(&mut self, number: usize, text: String) {
        let diff = TextDiff::from_lines(&self.now, &text);
        let mut owners = Vec::with_capacity(diff.new_slices().len());
        for op in diff.ops() {
            match op {
                DiffOp::Equal { .. } => owners.extend_from_slice(&self.owners[op.old_range()]),
                _ => {
                    let before = self.owners[op.old_range()].iter().flatten().copied();
                    let all: BTreeSet<usize> = before.chain([number]).collect();
                    owners.extend(op.new_range().map(|_| all.clone()));
                }
            }
        }
        (self.now, self.owners) = (text, owners);
    }

    /// What changed since the first text.
    pub fn hunks(&self) -> Vec<Hunk> {
        let diff = TextDiff::from_lines(&self.first, &self.now);
        let mut unified = diff.unified_diff();
        let unified = unified.context_radius(2);
        let hunks = unified.iter_hunks().map(|hunk| {
            let changed = hunk.ops().iter().filter(|op| !matches!(op, DiffOp::Equal { .. }));
            let steps = changed.flat_map(|op| &self.owners[op.new_range()]).flatten().copied().collect();
            Hunk { steps, text: hunk.to_string() }
        });
        hunks.collect()
    }
}
