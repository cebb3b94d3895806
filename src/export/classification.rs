//! Texts with the numbers of their labels.

use std::io::{self, BufWriter, Write};

use serde_json::{Value, json};

use super::exchange::no_labels;
use super::{Classes, ExportError, Exporter, Fault, Out, Part, Record, Rows, Survey};

/// `label` is an id; where some row has several labels, it is a list of 0 and 1, a number a label.
#[derive(Clone)]
pub struct Classification {
    classes: Classes,
    text: String,
}

impl Classification {
    /// # Errors
    /// No column of labels.
    pub fn new(survey: &Survey) -> Result<Self, ExportError> {
        let classes = survey.labels.first().cloned().ok_or_else(no_labels)?;
        Ok(Self { classes, text: survey.text.clone() })
    }
}

impl Exporter for Classification {
    fn open(&self, to: Out) -> io::Result<Box<dyn Rows>> {
        Ok(Box::new(Numbered { to: BufWriter::with_capacity(1 << 16, to), of: self.clone() }))
    }

    fn file(&self, part: &str, _: usize, _: usize) -> String {
        format!("{part}.jsonl")
    }

    /// `labels.json`: what transformers' configs call `id2label`, `label2id` and `problem_type`.
    fn beside(&self, _: &[Part]) -> Vec<(String, String)> {
        let numbered = || self.classes.names.iter().enumerate();
        let id2label: serde_json::Map<_, _> =
            numbered().map(|(id, name)| (id.to_string(), Value::from(name.as_str()))).collect();
        let label2id: serde_json::Map<_, _> =
            numbered().map(|(id, name)| (name.clone(), Value::from(id))).collect();
        let problem = match self.classes.several {
            true => "multi_label_classification",
            false => "single_label_classification",
        };
        let labels = json!({
            "labels": self.classes.names,
            "id2label": id2label,
            "label2id": label2id,
            "num_labels": self.classes.names.len(),
            "problem_type": problem,
        });
        vec![("labels.json".to_owned(), serde_json::to_string_pretty(&labels).unwrap_or_default() + "\n")]
    }
}

struct Numbered {
    to: BufWriter<Out>,
    of: Classification,
}

impl Rows for Numbered {
    fn write(&mut self, row: &dyn Record) -> Result<(), Fault> {
        let fields = row.fields();
        let Classification { classes, text } = &self.of;
        let found = classes.of(&fields)?;
        let named: Vec<&str> = found.iter().map(|id| classes.names[*id].as_str()).collect();
        // With a point, so that they are read as what a loss over several labels needs.
        let (label, named): (Value, Value) = match classes.several {
            true => {
                let ones = (0..classes.names.len()).map(|id| if found.contains(&id) { 1.0 } else { 0.0 });
                (ones.collect::<Vec<f32>>().into(), named.into())
            }
            false => (found.first().copied().into(), named.first().copied().into()),
        };
        let text = fields.get(text).cloned().unwrap_or_default();
        let line = json!({ "text": text, "label": label, "label_text": named });
        serde_json::to_writer(&mut self.to, &line).map_err(io::Error::from)?;
        Ok(self.to.write_all(b"\n")?)
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.to.flush()
    }
}
