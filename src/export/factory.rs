//! What LLaMA-Factory reads: JSON arrays, and `dataset_info.json`, which says what is in them.

use std::io::{self, BufWriter, Write};

use serde_json::{Map, Value, json};

use super::exchange::{Exchange, Exchanges};
use super::{About, Exporter, Fault, Out, Part, Record, Rows};

/// One of its formats.
#[derive(Clone, Copy)]
pub struct Shape {
    pub formatting: &'static str,
    pub of: fn(Exchange) -> Value,
    /// What it calls a column, and what the column is called.
    pub columns: &'static [(&'static str, &'static str)],
    pub tags: &'static [(&'static str, &'static str)],
}

pub struct Factory {
    exchanges: Exchanges,
    shape: Shape,
    /// What datasets are called in `dataset_info.json`, but for their part.
    name: String,
}

impl Factory {
    pub fn new(exchanges: Exchanges, shape: Shape, about: &About) -> Self {
        Self { exchanges, shape, name: about.name.clone() }
    }
}

impl Exporter for Factory {
    fn open(&self, to: Out) -> io::Result<Box<dyn Rows>> {
        Ok(Box::new(Array {
            to: BufWriter::with_capacity(1 << 16, to),
            exchanges: self.exchanges.clone(),
            shape: self.shape.of,
            any: false,
        }))
    }

    fn file(&self, part: &str, _: usize, _: usize) -> String {
        format!("{part}.json")
    }

    fn beside(&self, parts: &[Part]) -> Vec<(String, String)> {
        let object = |pairs: &[(&str, &str)]| -> Map<String, Value> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect()
        };
        let mut columns = object(self.shape.columns);
        if self.exchanges.has_system() {
            columns.insert("system".into(), "system".into());
        }
        let mut info = Map::new();
        for part in parts {
            let mut of = json!({ "file_name": part.files.first(), "formatting": self.shape.formatting, "columns": columns });
            if !self.shape.tags.is_empty() {
                of["tags"] = object(self.shape.tags).into();
            }
            info.insert(format!("{}_{}", self.name, part.name), of);
        }
        let text = serde_json::to_string_pretty(&info).unwrap_or_default();
        vec![("dataset_info.json".to_owned(), text + "\n")]
    }
}

/// A JSON array, an item a line.
struct Array {
    to: BufWriter<Out>,
    exchanges: Exchanges,
    shape: fn(Exchange) -> Value,
    any: bool,
}

impl Rows for Array {
    fn write(&mut self, row: &dyn Record) -> Result<(), Fault> {
        let shaped = (self.shape)(self.exchanges.of(row)?);
        self.to.write_all(if self.any { b",\n" } else { b"[\n" })?;
        self.any = true;
        Ok(serde_json::to_writer(&mut self.to, &shaped).map_err(io::Error::from)?)
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.to.write_all(if self.any { b"\n]\n" } else { b"[]\n" })?;
        self.to.flush()
    }
}
