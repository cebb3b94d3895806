//! Files of items for seeded picks.

use serde_json::Value;

use super::diagnostic::{Diagnostic, Report};
use super::file::{beside, read_named, shown};
use super::resolved::{List, Project};
use super::tables;
use super::yaml::{Node, Yaml};
use crate::table::Format;

/// Reads every file under `lists`; an unreadable or empty one is an error, and a list without items.
pub fn lists(root: &Node, project: &Project, report: &mut Report) -> Vec<List> {
    let mut out = Vec::new();
    for (name, node) in root.get("lists").map_or(&[][..], Node::entries) {
        let file = match &node.value {
            Yaml::Text(file) => file.as_str(),
            Yaml::Null => {
                let message = format!("list `{}` names no file", name.text);
                let help = "give a .txt, .csv or .jsonl file, from the config's folder";
                report.push(Diagnostic::error("list", message).at(name.span).help(help));
                ""
            }
            _ => "",
        };
        let read = if file.is_empty() { None } else { list(file, node, project, report) };
        let (items, hash) = read.unwrap_or_default();
        out.push(List { name: name.text.clone(), path: file.into(), hash, items, at: name.span });
    }
    out
}

/// The items of one file and the hash of its text; `None` where a mistake was reported.
fn list(file: &str, node: &Node, project: &Project, report: &mut Report) -> Option<(Vec<Value>, String)> {
    let path = beside(project, file, node.span, &report.sources);
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or("").to_lowercase();
    let known = ["txt", "csv", "jsonl", "ndjson"].contains(&ending.as_str());
    if !known && !path.is_dir() {
        report.push(
            Diagnostic::error("list", format!("`{}` cannot be a list", shown(&path).display()))
                .at(node.span)
                .help("a list is a .txt file (an item a line), a .csv file with a header, or a .jsonl file"),
        );
        return None;
    }
    let source = read_named(file, node.span, project, report)?;
    let text = report.sources.text(source).clone();
    let items = match ending.as_str() {
        "csv" => tables::rows(&text, Format::Csv, source, "list").map(values),
        "jsonl" | "ndjson" => tables::jsonl_items(&text, source).map(values),
        _ => Ok(text_items(&text)),
    };
    match items {
        Ok(items) if items.is_empty() => {
            let message = format!("the list `{}` has no items", shown(&path).display());
            let help = match ending.as_str() {
                "csv" => "below its header a .csv file has an item a line",
                "jsonl" | "ndjson" => "a .jsonl file has an item a line, such as `\"Ann\"`",
                _ => "write an item a line; lines that begin with `#` do not count",
            };
            report.push(Diagnostic::error("list", message).at(node.span).help(help));
            None
        }
        Ok(items) => Some((items, blake3::hash(text.as_bytes()).to_hex().to_string())),
        Err(found) => {
            report.push(found);
            None
        }
    }
}

fn values(rows: Vec<(u64, Value)>) -> Vec<Value> {
    rows.into_iter().map(|(_, value)| value).collect()
}

/// A line an item; blank lines and lines that begin with `#` are passed over.
fn text_items(text: &str) -> Vec<Value> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| Value::String(line.to_owned()))
        .collect()
}
