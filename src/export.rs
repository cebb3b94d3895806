//! The dataset's rows in formats that others read.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Map, Value};

/// The columns of a table, in order of first appearance.
#[derive(Debug, Default)]
pub struct Columns(Vec<String>);

impl Columns {
    /// Takes in the fields of a row.
    pub fn see(&mut self, row: &Map<String, Value>) {
        // Nearly every row has the same fields in the same order.
        let same = row.len() == self.0.len() && row.keys().eq(&self.0);
        for name in row.keys().filter(|_| !same) {
            if !self.0.contains(name) {
                self.0.push(name.clone());
            }
        }
    }
}

/// Rows on their way to a file.
pub enum Rows<'a> {
    Jsonl(&'a mut dyn Write),
    Csv(Box<csv::Writer<&'a mut dyn Write>>, Columns),
}

impl<'a> Rows<'a> {
    /// As JSON Lines.
    pub fn jsonl(out: &'a mut dyn Write) -> Self {
        Rows::Jsonl(out)
    }

    /// As CSV with a header; nested values as JSON. The columns are those of all rows.
    ///
    /// # Errors
    /// What cannot be written.
    pub fn csv(out: &'a mut dyn Write, columns: Columns) -> io::Result<Self> {
        let mut writer = csv::Writer::from_writer(out);
        if !columns.0.is_empty() {
            writer.write_record(&columns.0).map_err(plain)?;
        }
        Ok(Rows::Csv(Box::new(writer), columns))
    }

    /// # Errors
    /// What cannot be written.
    pub fn write(&mut self, row: &impl Serialize) -> io::Result<()> {
        match self {
            Rows::Jsonl(out) => {
                serde_json::to_writer(&mut **out, row)?;
                out.write_all(b"\n")
            }
            Rows::Csv(writer, Columns(columns)) => {
                let row = serde_json::to_value(row)?;
                let fields = columns.iter().map(|column| match row.get(column) {
                    None | Some(Value::Null) => String::new(),
                    Some(Value::String(text)) => text.clone(),
                    Some(other) => other.to_string(),
                });
                writer.write_record(fields).map_err(plain)
            }
        }
    }

    /// # Errors
    /// What cannot be written.
    pub fn finish(self) -> io::Result<()> {
        match self {
            Rows::Jsonl(out) => out.flush(),
            Rows::Csv(mut writer, _) => writer.flush(),
        }
    }
}

/// The kind of an error matters: a closed pipe is none.
fn plain(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
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
        let mut columns = Columns::default();
        rows.iter().for_each(|row| columns.see(row));
        let written = |mut to: Rows, rows: &[Map<String, Value>]| {
            rows.iter().for_each(|row| to.write(row).unwrap());
            to.finish().unwrap();
        };
        let mut out = Vec::new();
        written(Rows::csv(&mut out, columns).unwrap(), &rows);
        let expected = "id,text,tone,score\n1,\"a, \"\"b\"\"\nc\",\"[\"\"dry\"\"]\",\n2,d,,1.5\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
        let mut out = Vec::new();
        written(Rows::jsonl(&mut out), &rows[1..]);
        assert_eq!(String::from_utf8(out).unwrap(), "{\"id\":\"2\",\"text\":\"d\",\"score\":1.5}\n");
    }
}
