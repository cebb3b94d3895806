//! A dataset's rows in formats that others read.
//!
//! An exporter says how a row is written, what its files are called, and what stands beside them; where
//! they go, in which parts, and that nothing half-written is left is `Place`'s.

mod alpaca;
mod card;
mod chat;
mod classification;
mod csv;
mod exchange;
mod factory;
mod hf;
mod jsonl;
mod parquet;
mod place;
mod prompt_completion;
mod sharegpt;
mod split;
mod survey;

use std::io::{self, Write};
use std::path::PathBuf;

use serde_json::{Map, Value};

pub use card::{About, Figure};
pub use exchange::{Task, Wording};
pub use place::{Made, Place};
pub use split::{Assigned, Parts, Splitter};
pub use survey::{Classes, Column, Kind, Survey, Surveyor};

/// The formats there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// A JSON object a line.
    Jsonl,
    /// With a header; nested values as JSON.
    Csv,
    /// Parquet, with a type a column.
    Parquet,
    /// A folder for Hugging Face `datasets`: Parquet shards and a dataset card.
    Hf,
    /// Chats as TRL takes them: a list of `messages` with roles.
    Messages,
    /// `prompt` and `completion`, as TRL takes them.
    PromptCompletion,
    /// `instruction`, `input` and `output`, with LLaMA-Factory's `dataset_info.json`.
    Alpaca,
    /// `conversations` from human and gpt, with LLaMA-Factory's `dataset_info.json`.
    Sharegpt,
    /// Texts with label ids, or one number a label, for SetFit and transformers.
    Classification,
    /// Chats as the fine-tuning API of OpenAI takes them.
    Openai,
}

impl Format {
    /// What a file's ending says it is; else JSON Lines.
    pub fn by_ending(path: &std::path::Path) -> Self {
        match crate::table::Format::by_ending(path) {
            Some(crate::table::Format::Csv) => Format::Csv,
            Some(crate::table::Format::Parquet) => Format::Parquet,
            _ => Format::Jsonl,
        }
    }

    pub fn name(self) -> String {
        use clap::ValueEnum;
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// Whether rows are questions and answers for a model that learns by them.
    pub fn is_exchange(self) -> bool {
        !matches!(self, Format::Jsonl | Format::Csv | Format::Parquet | Format::Hf | Format::Classification)
    }

    /// Whether a row needs its labels.
    pub fn needs_labels(self) -> bool {
        self.is_exchange() || self == Format::Classification
    }

    /// Whether all rows have to be seen before the first is written.
    pub fn needs_survey(self) -> bool {
        self != Format::Jsonl
    }

    /// Whether it is several files, whatever its parts.
    pub fn is_folder(self) -> bool {
        self == Format::Hf
    }
}

/// Why an export came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("{}: {error}", .path.display())]
    Io { path: PathBuf, error: io::Error },
    /// A row that cannot be written in the format; `place` says which.
    #[error("{place}: {what}")]
    Row { place: String, what: String },
    /// What was asked for cannot be; it says what to do.
    #[error("{0}")]
    Usage(String),
}

/// A row on its way out.
pub trait Record {
    /// Its fields in order.
    fn fields(&self) -> Map<String, Value>;

    /// A field in the letters that it was read in, where its value would be written in others.
    fn letters(&self, _column: &str) -> Option<&str> {
        None
    }

    /// Its fields as JSON, on one line.
    fn write_json(&self, out: &mut dyn Write) -> io::Result<()>;

    /// Where it stands, for messages.
    fn place(&self) -> String;
}

/// A row that cannot be, or a file that cannot be written.
#[derive(Debug)]
pub enum Fault {
    Io(io::Error),
    Row(String),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Fault::Io(error)
    }
}

impl From<String> for Fault {
    fn from(what: String) -> Self {
        Fault::Row(what)
    }
}

/// Where bytes go.
pub type Out = Box<dyn Write + Send>;

/// Rows on their way into one file.
pub trait Rows {
    /// # Errors
    /// A row that the format has no place for, or what cannot be written.
    fn write(&mut self, row: &dyn Record) -> Result<(), Fault>;

    /// Bytes written by now, roughly: what is gathered first is not counted.
    fn bytes(&self) -> u64 {
        0
    }

    /// # Errors
    /// What cannot be written.
    fn finish(self: Box<Self>) -> io::Result<()>;
}

/// A part of an export as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// `train`, `validation`, `test` …
    pub name: String,
    pub rows: u64,
    /// Of its files.
    pub bytes: u64,
    /// Their paths from the folder, in order.
    pub files: Vec<String>,
}

/// A format, ready to write.
pub trait Exporter {
    /// Begins a file.
    fn open(&self, to: Out) -> io::Result<Box<dyn Rows>>;

    /// What a part's file is called in a folder, from there; of a format in shards, which of how many.
    fn file(&self, part: &str, shard: usize, shards: usize) -> String;

    /// From how many bytes on a part goes on in another file.
    fn shard_bytes(&self) -> Option<u64> {
        None
    }

    /// Further files of a folder: their paths from there, and what they hold.
    fn beside(&self, parts: &[Part]) -> Vec<(String, String)> {
        let _ = parts;
        Vec::new()
    }
}

/// What an export is made of, beside its rows.
#[derive(Debug, Clone)]
pub struct Setup {
    pub format: Format,
    /// What the first pass found; empty for a format that needs none.
    pub survey: Survey,
    /// How rows become questions and answers.
    pub wording: Wording,
    pub about: About,
    /// From how many bytes on a part of a dataset folder goes on in another file.
    pub shard_bytes: u64,
}

/// Bytes of a shard of a dataset folder: what the hub's own tools make.
pub const SHARD_BYTES: u64 = 500_000_000;

impl Setup {
    /// The exporter for the format.
    ///
    /// # Errors
    /// A template that is wrong, or labels that are needed and not there.
    pub fn exporter(&self) -> Result<Box<dyn Exporter>, ExportError> {
        let exchange = || exchange::Exchanges::new(&self.wording, &self.survey);
        Ok(match self.format {
            Format::Jsonl => Box::new(jsonl::Jsonl),
            Format::Csv => Box::new(csv::Csv::new(&self.survey)),
            Format::Parquet => Box::new(parquet::Parquet::plain(&self.survey)),
            Format::Hf => Box::new(hf::Hf::new(self)),
            Format::Messages => Box::new(jsonl::Shaped::new(exchange()?, chat::messages)),
            Format::Openai => Box::new(jsonl::Shaped::new(exchange()?, chat::messages)),
            Format::PromptCompletion => Box::new(jsonl::Shaped::new(exchange()?, prompt_completion::pair)),
            Format::Alpaca => Box::new(factory::Factory::new(exchange()?, alpaca::SHAPE, &self.about)),
            Format::Sharegpt => Box::new(factory::Factory::new(exchange()?, sharegpt::SHAPE, &self.about)),
            Format::Classification => Box::new(classification::Classification::new(&self.survey)?),
        })
    }
}
