//! Which texts are duplicates, and the files that say more of it.

use serde_json::Value;

use super::diagnostic::{Diagnostic, Report, SourceId};
use super::file::{read_named, shown};
use super::keys::{DEDUP, Kind};
use super::lists;
use super::resolved::{Axis, Dedup, Endpoint, OffLimits, Project, Scope, Semantic, WordFile};
use super::yaml::Node;

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
    let at = lists::line_span(&text, 1, source);
    Some(WordFile { path: file.into(), hash: hash(&text), text: text.to_string(), at })
}

fn off_limits(node: &Node, project: &Project, report: &mut Report) -> Option<OffLimits> {
    let file = node.text()?;
    let source = read_named(file, node.span, project, report)?;
    let text = report.sources.text(source).clone();
    let ending = file.rsplit('.').next().unwrap_or_default().to_lowercase();
    let texts = match ending.as_str() {
        "csv" => columns(&text, b',', source),
        "tsv" | "tab" => columns(&text, b'\t', source),
        "jsonl" | "ndjson" => objects(&text, source),
        _ => Ok(text.lines().enumerate().map(|(at, line)| (at + 1, line.trim().to_owned())).collect()),
    };
    let mut texts = match texts {
        Ok(texts) => texts,
        Err(found) => {
            report.push(found);
            return None;
        }
    };
    texts.retain(|(_, text)| !text.is_empty());
    if texts.is_empty() {
        let message = format!("`{file}` has no texts");
        let help = "a .txt file has a text a line; .csv, .tsv and .jsonl have them in a column `text`";
        report.push(Diagnostic::error("against", message).at(node.span).help(help));
        return None;
    }
    Some(OffLimits { path: shown(file.as_ref()), hash: hash(&text), texts })
}

fn hash(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex().to_string()
}

/// The column `text` of a table with a header.
fn columns(text: &str, delimiter: u8, source: SourceId) -> Result<Vec<(usize, String)>, Diagnostic> {
    let fault = |line: usize, what: String| {
        Diagnostic::error("against", what).at(lists::line_span(text, line, source))
    };
    let quoting = delimiter == b',';
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .quoting(quoting)
        .flexible(true)
        .from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| fault(1, format!("this is no table: {error}")))?;
    let Some(column) = header.iter().position(|name| name == "text") else {
        return Err(fault(1, "this header has no column `text`".to_owned())
            .help("call the column with the texts `text`, or give a .txt file with a text a line"));
    };
    let mut out = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| fault(1, format!("this is no table: {error}")))?;
        let line = record.position().map_or(0, |position| position.line() as usize);
        let text = record.get(column).ok_or_else(|| fault(line, "this row has no text".to_owned()))?;
        out.push((line, text.to_owned()));
    }
    Ok(out)
}

/// A line a JSON text, or an object with a `text`.
fn objects(text: &str, source: SourceId) -> Result<Vec<(usize, String)>, Diagnostic> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(at, line)| {
            let found = match serde_json::from_str(line) {
                Ok(Value::String(text)) => Some(text),
                Ok(Value::Object(mut fields)) => match fields.remove("text") {
                    Some(Value::String(text)) => Some(text),
                    _ => None,
                },
                _ => None,
            };
            found.map(|text| (at + 1, text)).ok_or_else(|| {
                Diagnostic::error("against", "this line is no JSON object with a `text`")
                    .at(lists::line_span(text, at + 1, source))
                    .help("a .jsonl file has an object a line, such as `{\"text\": \"So happy!\"}`")
            })
        })
        .collect()
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
