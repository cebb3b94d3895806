//! What is wrong with a table, in words.

use std::collections::HashMap;
use std::path::Path;

use serde_json::Value;

use super::super::TableError;
use super::super::quotes::QuoteFault;

/// What to do about a row with other columns than the header.
pub fn uneven(found: usize, expected: usize, delimiter: u8) -> String {
    let columns = if found == 1 { "column" } else { "columns" };
    let by = if delimiter == b'\t' { "a tab".to_owned() } else { format!("a `{}`", delimiter as char) };
    let advice = match (found < expected, delimiter) {
        (true, _) => format!("an empty one is nothing before or after {by}"),
        (false, b'\t') => "no text has a tab in it".to_owned(),
        (false, _) => format!("put texts with {by} in them in quotes"),
    };
    format!("{found} {columns}; expected {expected}: {advice}")
}

pub const NOT_UTF8: &str =
    "not UTF-8; save the file as UTF-8, or write it anew with `iconv -f WINDOWS-1252 -t UTF-8`";

/// What is wrong with names of which two are the same: one of their columns would be lost.
pub fn repeated(names: &[String]) -> Option<String> {
    let mut places = HashMap::new();
    let (first, second, name) = names
        .iter()
        .zip(1..)
        .find_map(|(name, second)| places.insert(name, second).map(|first: usize| (first, second, name)))?;
    Some(match name.is_empty() {
        true => format!("columns {first} and {second} have no name; expected one for each column"),
        false => {
            format!("columns {first} and {second} are both `{name}`; give each column a name of its own")
        }
    })
}

/// What a value is, for a message.
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// What the reader of CSV says, of a table and a line.
pub fn csv_error(path: &Path, error: csv::Error) -> TableError {
    let path = path.to_owned();
    let line = error.position().map_or(1, csv::Position::line);
    match error.into_kind() {
        csv::ErrorKind::Io(error) => {
            match error.get_ref().and_then(|fault| fault.downcast_ref::<QuoteFault>()) {
                Some(fault) => TableError::Row { path, line: fault.line, what: fault.what.clone() },
                None => TableError::Io { path, error },
            }
        }
        csv::ErrorKind::Utf8 { .. } => TableError::Row { path, line, what: NOT_UTF8.to_owned() },
        other => TableError::Row { path, line, what: format!("{other:?}") },
    }
}
