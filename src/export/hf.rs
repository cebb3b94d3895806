//! A folder that `datasets.load_dataset` opens: Parquet shards and a card.

use std::io;

use serde_json::{Map, Value, json};

use super::card::{About, card, dtype};
use super::parquet::{Holds, Parquet};
use super::{Exporter, Kind, Out, Part, Rows, Setup, Survey};

pub struct Hf {
    parquet: Parquet,
    survey: Survey,
    about: About,
    shard_bytes: u64,
}

impl Hf {
    pub fn new(setup: &Setup) -> Self {
        let survey = setup.survey.clone();
        let columns = survey.columns.iter().map(|column| {
            let classes = survey.labels.iter().find(|classes| classes.column == column.name).cloned();
            let holds = match classes {
                Some(classes) if classes.several => Holds::Classes(classes),
                Some(classes) => Holds::Class(classes),
                None => Holds::Values(column.kind),
            };
            (column.name.clone(), holds)
        });
        let mut parquet = Parquet { columns: columns.collect(), metadata: None };
        // So that a shard read by itself knows its labels too.
        let features: Map<String, Value> =
            parquet.columns.iter().map(|(name, holds)| (name.clone(), feature(holds))).collect();
        let info = json!({ "info": { "features": features } });
        parquet.metadata = Some(("huggingface", info.to_string()));
        Self { parquet, survey, about: setup.about.clone(), shard_bytes: setup.shard_bytes }
    }
}

/// A column as `datasets` writes it down.
fn feature(holds: &Holds) -> Value {
    let value = |dtype: &str| json!({ "dtype": dtype, "_type": "Value" });
    let list = |of: Value| json!({ "feature": of, "_type": "Sequence" });
    match holds {
        Holds::Class(classes) => json!({ "names": classes.names, "_type": "ClassLabel" }),
        Holds::Classes(classes) => list(json!({ "names": classes.names, "_type": "ClassLabel" })),
        Holds::Values(Kind::Texts) => list(value("string")),
        Holds::Values(kind) => value(dtype(*kind)),
    }
}

impl Exporter for Hf {
    fn open(&self, to: Out) -> io::Result<Box<dyn Rows>> {
        self.parquet.open(to)
    }

    fn file(&self, part: &str, shard: usize, shards: usize) -> String {
        format!("data/{part}-{shard:05}-of-{shards:05}.parquet")
    }

    fn shard_bytes(&self) -> Option<u64> {
        Some(self.shard_bytes)
    }

    fn beside(&self, parts: &[Part]) -> Vec<(String, String)> {
        vec![("README.md".to_owned(), card(&self.about, &self.survey, &self.parquet.columns, parts))]
    }
}
