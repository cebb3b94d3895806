//! Files of items for seeded picks.

use std::path::Path;

use serde_json::{Map, Value};

use super::diagnostic::{Diagnostic, Report, Span};
use super::load::read_text;
use super::resolve::beside;
use super::resolved::{List, Project};
use super::yaml::Node;

/// Reads every file under `lists`; an unreadable or empty one is an error at its name.
pub fn lists(root: &Node, project: &Project, report: &mut Report) -> Vec<List> {
    let mut out = Vec::new();
    for (name, node) in root.get("lists").map_or(&[][..], Node::entries) {
        let Some(file) = node.text() else { continue };
        let path = beside(project, file);
        let Some(source) = read_text(&path, Some(node.span), report) else {
            continue;
        };
        let text = report.sources.text(source).clone();
        let items = match path.extension().and_then(|extension| extension.to_str()) {
            Some("csv") => csv_items(&text),
            Some("jsonl" | "ndjson") => jsonl_items(&text),
            _ => Ok(text_items(&text)),
        };
        match items {
            Ok(items) if items.is_empty() => report.push(wrong(node.span, &path, "it has no items")),
            Ok(items) => out.push(List {
                name: name.text.clone(),
                path: file.into(),
                hash: blake3::hash(text.as_bytes()).to_hex().to_string(),
                items,
            }),
            Err(why) => report.push(wrong(node.span, &path, &why)),
        }
    }
    out
}

fn wrong(span: Span, path: &Path, why: &str) -> Diagnostic {
    Diagnostic::error("list", format!("the list `{}` cannot be used: {why}", path.display())).at(span)
}

/// A line an item; blank lines and lines that begin with `#` are passed over.
fn text_items(text: &str) -> Vec<Value> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| Value::String(line.to_owned()))
        .collect()
}

fn csv_items(text: &str) -> Result<Vec<Value>, String> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| error.to_string())?.clone();
    reader
        .records()
        .map(|record| {
            let record = record.map_err(|error| error.to_string())?;
            let fields = header.iter().zip(&record);
            Ok(Value::Object(
                fields.map(|(name, value)| (name.to_owned(), Value::from(value))).collect::<Map<_, _>>(),
            ))
        })
        .collect()
}

fn jsonl_items(text: &str) -> Result<Vec<Value>, String> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(index, line)| {
            serde_json::from_str(line).map_err(|error| format!("line {}: {error}", index + 1))
        })
        .collect()
}
