//! Which texts are duplicates, and the files that say more of it.

use serde_json::Value;

use super::diagnostic::{Diagnostic, Report, Span};
use super::file::{read_named, shown};
use super::keys::{DEDUP, Kind};
use super::resolved::{Axis, Dedup, Endpoint, OffLimits, Project, Scope, Semantic, WordFile};
use super::tables::Table;
use super::yaml::Node;
use crate::table::{Format, no_column};

/// The section `dedup`; a file that cannot be read is an error and left out.
pub fn dedup(root: &Node, endpoints: &[Endpoint], project: &Project, report: &mut Report) -> Dedup {
    let node = root.get("dedup");
    let get = |key: &str| node.and_then(|node| node.get(key));
    let against = get("against").map_or(&[][..], Node::items);
    Dedup {
        level: word(get("level"), "level", "exact"),
        threshold: get("threshold").and_then(Node::number),
        method: word(get("method"), "method", "exact-join"),
        against: against.iter().filter_map(|node| off_limits(node, project, report)).collect(),
        statistics: get("statistics").and_then(|node| word_file(node, project, report)),
        semantic: get("semantic").and_then(|node| Semantic::resolve(node, endpoints, report)),
    }
}

/// The word of a key, as the table of keys has it.
fn word(node: Option<&Node>, key: &str, default: &'static str) -> &'static str {
    let kind = DEDUP.keys.iter().find(|known| known.name == key).map(|known| &known.kind);
    let (Some(Kind::Word(words)), Some(text)) = (kind, node.and_then(Node::text)) else { return default };
    words.iter().find(|word| **word == text).copied().unwrap_or(default)
}

fn word_file(node: &Node, project: &Project, report: &mut Report) -> Option<WordFile> {
    let file = node.text()?;
    let source = read_named(file, node.span, project, report)?;
    let text = report.sources.text(source).clone();
    let at = Span::of_line(&text, 1, source);
    Some(WordFile { path: file.into(), hash: hash(&text), text: text.to_string(), at })
}

/// A file of texts that no row may be like: its name, or a mapping that says which column holds them.
fn off_limits(node: &Node, project: &Project, report: &mut Report) -> Option<OffLimits> {
    let named = node.get("file");
    let (file, at) = match named {
        Some(named) => (named.text()?, named.span),
        None => (node.text()?, node.span),
    };
    let text = node.get("text").and_then(Node::text);
    let (mut texts, hash) = match Format::by_ending(file.as_ref()) {
        Some(format) => table((file, at), format, text, project, report)?,
        None => {
            let source = read_named(file, at, project, report)?;
            let lines = report.sources.text(source).clone();
            let texts =
                lines.lines().enumerate().map(|(at, line)| (at + 1, line.trim().to_owned())).collect();
            (texts, hash(&lines))
        }
    };
    texts.retain(|(_, text)| !text.is_empty());
    if texts.is_empty() {
        let message = format!("`{file}` has no texts");
        let help =
            "a .txt file has a text a line; .csv, .tsv, .jsonl and .parquet have them in a column `text`";
        report.push(Diagnostic::error("against", message).at(at).help(help));
        return None;
    }
    Some(OffLimits { path: shown(file.as_ref()), text: text.map(str::to_owned), hash, texts })
}

/// The texts of a table with their lines, and its hash.
fn table(
    (file, at): (&str, Span),
    format: Format,
    column: Option<&str>,
    project: &Project,
    report: &mut Report,
) -> Option<(Vec<(usize, String)>, String)> {
    let mut table = Table::read((file, at), format, "against", project, report)?;
    let wanted = column.unwrap_or("text");
    let rows = std::mem::take(&mut table.rows);
    let mut texts = Vec::with_capacity(rows.len());
    for (line, mut row) in rows {
        let found = match &mut row {
            Value::String(_) if column.is_none() => row,
            Value::Object(row) if row.contains_key(wanted) => row[wanted].take(),
            Value::Object(row) => {
                let known = row.keys().map(String::as_str);
                let help = format!(
                    "call the column with the texts `text`, or name it: `{{ file: {file}, text: COLUMN }}`; a .txt \
                     file has a text a line"
                );
                // A header lacks it for all rows.
                let line = if matches!(format, Format::Csv | Format::Tsv) { 1 } else { line };
                let found = Diagnostic::error("against", no_column(wanted, known));
                report.push(found.at(table.place(line, report)).help(help));
                return None;
            }
            _ => Value::Null,
        };
        let Value::String(text) = found else {
            let found = Diagnostic::error("against", format!("this row has no text in `{wanted}`"));
            let help = "a .jsonl file has an object a line, such as `{\"text\": \"So happy!\"}`";
            report.push(found.at(table.place(line, report)).help(help));
            return None;
        };
        texts.push((line as usize, text));
    }
    Some((texts, table.hash))
}

fn hash(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex().to_string()
}

/// Where two such texts are one too many.
pub fn scope(root: &Node, axes: Option<&[Axis]>, report: &mut Report) -> Scope {
    let labelled = axes.is_some_and(|axes| axes.iter().any(|axis| axis.label));
    let wrong_label = root
        .get("grid")
        .and_then(|grid| grid.get("axes"))
        .is_some_and(|axes| axes.entries().iter().any(|(_, axis)| axis.excuses("label")));
    let node = root.get("dedup").and_then(|node| node.get("scope"));
    match node.and_then(Node::text) {
        Some("cell") => Scope::Cell,
        Some("dataset") => Scope::Dataset,
        Some("label") if !labelled && axes.is_some() && !wrong_label => {
            report.push(
                Diagnostic::error("scope", "`scope: label`, but no axis is a label")
                    .at(node.map_or(root.span, |node| node.span))
                    .help("write `label: true` at an axis, or `scope: dataset`"),
            );
            Scope::Label
        }
        _ if labelled => Scope::Label,
        _ => Scope::Dataset,
    }
}
