//! Real rows that prompts show.

use std::collections::HashSet;

use serde::Serialize;
use serde_json::Value;

use super::diagnostic::{Diagnostic, Report, Span};
use super::file::{beside, shown};
use super::resolved::{Axis, Project};
use super::tables::Table;
use super::yaml::Node;
use crate::guard::{Guard, Purpose, RealRow};
use crate::labels;
use crate::table::Format;

/// A file of rows, and how they are drawn.
#[derive(Debug, Clone, Serialize)]
pub struct Exemplars {
    pub path: String,
    /// BLAKE3 of the file, in hexadecimal.
    pub hash: String,
    /// Rows for one request.
    pub rows: usize,
    /// By whose values they are drawn.
    pub by: Vec<By>,
    /// The longest run of words that a text may share with one.
    pub copy: usize,
    /// Whether names and the like are taken out before a request.
    pub anonymize: bool,
    /// What may be shown.
    #[serde(skip)]
    pub texts: Vec<Exemplar>,
    #[serde(skip)]
    pub at: Span,
}

/// A row that may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exemplar {
    pub text: String,
    /// By axis of `by`: the values that the row has, as indices.
    pub values: Vec<Vec<usize>>,
}

/// Rows of a request, where the config says nothing.
const ROWS: usize = 3;

/// Words in a row: more are no accident.
const COPY: usize = 7;

struct Real<'a>(&'a Value, &'a str);

impl RealRow for Real<'_> {
    fn text(&self) -> &str {
        self.1
    }

    fn column(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }
}

impl Exemplars {
    /// Reads what `exemplars` names; what is wrong with it goes to the report, and nothing is shown.
    pub fn resolve(root: &Node, axes: &[Axis], project: &Project, report: &mut Report) -> Option<Self> {
        let node = root.get("exemplars")?;
        Some(Self::read(node, axes, project, report).unwrap_or_else(|| Self {
            path: String::new(),
            hash: String::new(),
            rows: ROWS,
            by: Vec::new(),
            copy: COPY,
            anonymize: true,
            texts: Vec::new(),
            at: node.span,
        }))
    }

    fn read(node: &Node, axes: &[Axis], project: &Project, report: &mut Report) -> Option<Self> {
        let of = |key: &str| node.get(key);
        let from = of("from")?;
        let path = from.text()?.to_owned();
        let by = by(node, axes, report)?;
        let file = beside(project, &path, from.span, &report.sources);
        let Some(format) = Format::by_ending(&file) else {
            let found = Diagnostic::error("exemplars", format!("`{path}` is no table"));
            report.push(found.at(from.span).help(
                "rows stand in a .jsonl, .csv, .tsv or .parquet file, each with a `text` and its labels",
            ));
            return None;
        };
        let table = Table::read((&path, from.span), format, "exemplars", project, report)?;
        let items: Vec<&Value> = table.rows.iter().map(|(_, row)| row).collect();
        let guard = match Guard::of(&[&file]) {
            Ok(guard) => guard,
            Err(error) => {
                report.push(Diagnostic::error("exemplars", error.to_string()).at(from.span));
                return None;
            }
        };
        let mut gate = guard.gate(Purpose::Exemplars);
        let mut seen = HashSet::new();
        let (mut texts, mut unlike) = (Vec::new(), 0);
        for item in items.iter().copied() {
            let Some(text) = item.get("text").and_then(Value::as_str).filter(|text| !text.trim().is_empty())
            else {
                unlike += 1;
                continue;
            };
            if gate.admit(Real(item, text)).is_none() {
                continue;
            }
            let values: Vec<Vec<usize>> = by.iter().map(|by| by.values_of(item, axes)).collect();
            if values.iter().all(|values| !values.is_empty()) && seen.insert((text, values.clone())) {
                texts.push(Exemplar { text: text.to_owned(), values });
            }
        }
        let mut say = |found: Diagnostic| report.push(found.at(from.span));
        let shown = shown(&file);
        if texts.is_empty() {
            let names: Vec<String> = by.iter().map(|by| format!("`{}`", by.column)).collect();
            let what = match (unlike == items.len(), gate.why()) {
                (true, _) => "no row has a `text`".to_owned(),
                (false, Some(why)) if gate.held() as usize + unlike == items.len() => why.to_string(),
                (false, _) => format!("no row has a value of the grid in {}", names.join(" and ")),
            };
            say(Diagnostic::error("exemplars", format!("`{}` has nothing to show: {what}", shown.display()))
                .help("labels stand in a column named like the axis, or in `labels`; `exemplars.by` tells where"));
            return None;
        }
        if let Some(why) = gate.why() {
            let what = format!(
                "{} of {} rows of `{}` are never shown: of the first, {why}",
                gate.held(),
                items.len(),
                shown.display()
            );
            say(Diagnostic::warning("exemplars", what).help("name the file of the training part"));
        }
        for (at, by) in by.iter().enumerate() {
            let has = |value: usize| texts.iter().any(|text| text.values[at].contains(&value));
            let axis = &axes[by.axis];
            let without: Vec<&str> = (0..axis.values.len())
                .filter(|value| !has(*value))
                .map(|value| &*axis.values[value].name)
                .collect();
            if !without.is_empty() {
                let what =
                    format!("no row of `{}` shows {} {}", shown.display(), axis.name, without.join(", "));
                say(Diagnostic::warning("exemplars", what)
                    .help("prompts of these cells have no exemplars: see that the template can do without"));
            }
        }
        let whole = |key: &str| of(key).and_then(Node::whole).and_then(|n| usize::try_from(n).ok());
        Some(Self {
            path,
            hash: table.hash.clone(),
            rows: whole("rows").unwrap_or(ROWS),
            by,
            copy: whole("copy").unwrap_or(COPY),
            anonymize: of("anonymize").and_then(Node::bool).unwrap_or(true),
            texts,
            at: from.span,
        })
    }
}

/// An axis with the column that holds its values.
#[derive(Debug, Clone, Serialize)]
pub struct By {
    /// The axis's name.
    pub name: String,
    /// The same as an index.
    #[serde(skip)]
    pub axis: usize,
    pub column: String,
}

impl By {
    /// The values that a row has, as indices.
    fn values_of(&self, row: &Value, axes: &[Axis]) -> Vec<usize> {
        let values = &axes[self.axis].values;
        let named = |name: &str| values.iter().position(|value| value.name == name);
        let mut columns = std::iter::once(self.column.as_str()).chain(labels::USUAL);
        let Some((column, value)) = columns.find_map(|name| Some((name, row.get(name)?))) else {
            return Vec::new();
        };
        // A value may have a comma in its name.
        if let Some(whole) = value.as_str().and_then(named) {
            return vec![whole];
        }
        // What is no label is none of the grid.
        let names = labels::names(column, Some(value), labels::Between::Usual).unwrap_or_default();
        names.iter().filter_map(|name| named(name)).collect()
    }
}

/// `by`: names of axes, or a column for each; by default the label axes.
fn by(node: &Node, axes: &[Axis], report: &mut Report) -> Option<Vec<By>> {
    let labels = || axes.iter().enumerate().filter(|(_, axis)| axis.label);
    let Some(given) = node.get("by") else {
        return Some(
            labels().map(|(axis, of)| By { name: of.name.clone(), axis, column: of.name.clone() }).collect(),
        );
    };
    let mut out = Vec::new();
    let mut right = true;
    let named = given.items().iter().filter_map(|item| Some((item.text()?, item.text()?, item.span)));
    let mapped =
        given.entries().iter().filter_map(|(name, column)| Some((&*name.text, column.text()?, name.span)));
    for (name, column, span) in named.chain(mapped) {
        match axes.iter().position(|axis| axis.name == name) {
            Some(axis) => out.push(By { name: name.to_owned(), axis, column: column.to_owned() }),
            None => {
                right = false;
                let names: Vec<&str> = axes.iter().map(|axis| &*axis.name).collect();
                report.push(
                    Diagnostic::error("unknown-axis", format!("there is no axis `{name}`"))
                        .at(span)
                        .help(format!("there is: {}", names.join(", "))),
                );
            }
        }
    }
    right.then_some(out)
}
