//! Tables that a config names, read as all tables are.

use std::path::Path;

use serde_json::Value;

use super::diagnostic::{Diagnostic, Report, SourceId, Span};
use super::file::{beside, read_bytes, read_named, shown};
use super::project::Project;
use crate::table::{Format, Reader, TableError};

/// A table's rows, each with the line that it begins on; of Parquet its number.
pub struct Table {
    pub rows: Vec<(u64, Value)>,
    /// BLAKE3 of the file, in hexadecimal.
    pub hash: String,
    source: Option<SourceId>,
    at: Span,
}

impl Table {
    /// Reads a file of a format from the config's folder; what is wrong with it goes to the report.
    pub fn read(
        (file, at): (&str, Span),
        format: Format,
        code: &'static str,
        project: &Project,
        report: &mut Report,
    ) -> Option<Self> {
        let (rows, hash, source) = if format == Format::Parquet {
            let path = shown(&beside(project, file, at, &report.sources));
            let bytes = read_bytes(file, at, project, report)?;
            let hash = blake3::hash(&bytes);
            let rows = Reader::rows_of(&path, bytes, format);
            (rows.map_err(|error| Diagnostic::error(code, error.to_string()).at(at)), hash, None)
        } else {
            let source = read_named(file, at, project, report)?;
            let text = report.sources.text(source).clone();
            (rows(&text, format, source, code), blake3::hash(text.as_bytes()), Some(source))
        };
        match rows {
            Ok(rows) => Some(Self { rows, hash: hash.to_hex().to_string(), source, at }),
            Err(found) => {
                report.push(found);
                None
            }
        }
    }

    /// Where a row begins: in the file, if that is a text, else where the config names it.
    pub fn place(&self, line: u64, report: &Report) -> Span {
        match self.source {
            Some(source) => Span::of_line(report.sources.text(source), line as usize, source),
            None => self.at,
        }
    }
}

/// The rows of a text; a line of JSON may be any value.
pub fn rows(
    text: &str,
    format: Format,
    source: SourceId,
    code: &'static str,
) -> Result<Vec<(u64, Value)>, Diagnostic> {
    if format == Format::Jsonl {
        return jsonl_items(text, source);
    }
    Reader::rows_of(Path::new(""), text.as_bytes().to_vec(), format).map_err(|error| {
        let (line, what) = match error {
            TableError::Row { line, what, .. } | TableError::ColumnsAt { line, what, .. } => (line, what),
            other => (1, other.to_string()),
        };
        Diagnostic::error(code, what).at(Span::of_line(text, line as usize, source))
    })
}

/// The values of JSON Lines, each with its line.
pub fn jsonl_items(text: &str, source: SourceId) -> Result<Vec<(u64, Value)>, Diagnostic> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(index, line)| {
            let value = serde_json::from_str(line).map(|value| (index as u64 + 1, value));
            value.map_err(|error| {
                let said = error.to_string();
                let said = said.split(" at line ").next().unwrap_or(&said);
                let span = Span::of_line(text, index + 1, source);
                let at = Span { start: span.start + (error.column().max(1) - 1).min(line.len()), ..span };
                let said = if error.is_eof() { "it ends too early" } else { said };
                Diagnostic::error("list", format!("this line is not JSON: {said}"))
                    .at(at)
                    .help("in a .jsonl file each line is a whole JSON value, such as `\"Ann\"`")
            })
        })
        .collect()
}
