//! CSV with a header; nested values as JSON. The columns are those of all rows.

use std::io::{self, BufWriter};

use serde_json::Value;

use super::{Exporter, Fault, Out, Record, Rows, Survey};

pub struct Csv(Vec<String>);

impl Csv {
    pub fn new(survey: &Survey) -> Self {
        Self(survey.columns.iter().map(|column| column.name.clone()).collect())
    }
}

impl Exporter for Csv {
    fn open(&self, to: Out) -> io::Result<Box<dyn Rows>> {
        let mut to = csv::Writer::from_writer(BufWriter::with_capacity(1 << 16, to));
        if !self.0.is_empty() {
            to.write_record(&self.0).map_err(plain)?;
        }
        Ok(Box::new(Records { to, columns: self.0.clone() }))
    }

    fn file(&self, part: &str, _: usize, _: usize) -> String {
        format!("{part}.csv")
    }
}

struct Records {
    to: csv::Writer<BufWriter<Out>>,
    columns: Vec<String>,
}

impl Rows for Records {
    fn write(&mut self, row: &dyn Record) -> Result<(), Fault> {
        let mut values = row.fields();
        let fields = self.columns.iter().map(|column| match values.get_mut(column).map(Value::take) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text,
            Some(other) => row.letters(column).map_or_else(|| other.to_string(), str::to_owned),
        });
        Ok(self.to.write_record(fields).map_err(plain)?)
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.to.flush()
    }
}

/// The kind of an error matters: a closed pipe is none.
fn plain(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}
