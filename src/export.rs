//! The dataset's rows in formats that others read.

use std::io::{self, Write};

use serde_json::{Map, Value};

/// Writes rows as JSON Lines.
pub fn jsonl(rows: &[Map<String, Value>], out: &mut dyn Write) -> io::Result<()> {
    for row in rows {
        serde_json::to_writer(&mut *out, row)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// Writes rows as CSV with a header; columns in order of first appearance, nested values as JSON.
pub fn csv(rows: &[Map<String, Value>], out: &mut dyn Write) -> io::Result<()> {
    let mut columns: Vec<&str> = Vec::new();
    let mut known = std::collections::HashSet::new();
    for name in rows.iter().flat_map(|row| row.keys()) {
        if known.insert(name.as_str()) {
            columns.push(name);
        }
    }
    let mut writer = csv::Writer::from_writer(out);
    // The kind of an error matters: a closed pipe is none.
    let plain = |error: csv::Error| match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    };
    if !columns.is_empty() {
        writer.write_record(&columns).map_err(plain)?;
    }
    for row in rows {
        let fields = columns.iter().map(|column| match row.get(*column) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        });
        writer.write_record(fields).map_err(plain)?;
    }
    writer.flush()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn columns_are_the_union_and_nested_values_are_json() {
        let rows = [
            json!({ "id": "1", "text": "a, \"b\"\nc", "tone": ["dry"] }),
            json!({ "id": "2", "text": "d", "score": 1.5 }),
        ]
        .map(|row| row.as_object().unwrap().clone());
        let mut out = Vec::new();
        csv(&rows, &mut out).unwrap();
        let expected = "id,text,tone,score\n1,\"a, \"\"b\"\"\nc\",\"[\"\"dry\"\"]\",\n2,d,,1.5\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
        let mut out = Vec::new();
        jsonl(&rows[1..], &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "{\"id\":\"2\",\"text\":\"d\",\"score\":1.5}\n");
    }
}
