//! Tables of texts: JSON Lines, CSV and TSV, read and written a row at a time; and Parquet, which is read.

mod added;
mod batches;
mod fields;
mod foreign;
mod parquet;
mod quotes;
mod reader;
mod writer;

use std::path::{Path, PathBuf};

use crate::near::{cut, did_you_mean};
pub use added::{Added, taken};
pub use batches::Batches;
pub use fields::Fields;
pub use parquet::being_read;
pub use reader::{Layout, Reader, Row, columns};
pub use writer::{To, Writer, begin, free, replace};

/// How a table is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// A JSON object a line.
    Jsonl,
    /// Comma-separated, quoted as in RFC 4180, with a header.
    Csv,
    /// Separated by tabs, with a header; quotes are characters like any other.
    Tsv,
    /// Parquet, uncompressed or with snappy; label ids become names where `datasets` has written them down.
    Parquet,
}

impl Format {
    /// What a file's ending says it is.
    pub fn by_ending(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "jsonl" | "ndjson" | "json" => Some(Format::Jsonl),
            "csv" => Some(Format::Csv),
            "tsv" | "tab" => Some(Format::Tsv),
            "parquet" => Some(Format::Parquet),
            _ => None,
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum TableError {
    #[error("{}: {error}", .path.display())]
    Io { path: PathBuf, error: std::io::Error },
    /// A row that cannot be read; `line` counts from 1.
    #[error("{}:{line}: {what}", .path.display())]
    Row { path: PathBuf, line: u64, what: String },
    #[error("{}: {what}", .path.display())]
    Columns { path: PathBuf, what: String },
    /// The same, told of a line.
    #[error("{}:{line}: {what}", .path.display())]
    ColumnsAt { path: PathBuf, line: u64, what: String },
    #[error(
        "{}: it has {rows} of {told} rows that the `manifest.json` beside it tells of, so it was cut off or changed; \
         import it again, or copy it to another folder if these rows are meant",
        .path.display()
    )]
    Cut { path: PathBuf, rows: u64, told: u64 },
    #[error(
        "{}: a table is written as `.jsonl`, `.csv` or `.tsv`; name the file so, or `-` for JSON Lines on \
         standard output",
        .0.display()
    )]
    Ending(PathBuf),
    #[error(
        "{}: this is a file of a config's dataset, which its next run writes anew; name another file, beside it \
         or elsewhere",
        .0.display()
    )]
    OfRuns(PathBuf),
}

/// `-`, for standard input and standard output.
pub fn is_standard(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Whether a table can be read but once: standard input, or a pipe that has a path, as of `<(…)` in a shell.
pub fn is_read_once(path: &Path) -> bool {
    is_standard(path) || std::fs::metadata(path).is_ok_and(|about| !about.is_file() && !about.is_dir())
}

/// So many columns are named in a message: a table may have any number of them.
const SHOWN: usize = 20;

/// Says that a table lacks a column, which ones it has, and which of these may be meant.
pub fn no_column<'a>(wanted: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    let names = known.clone().take(SHOWN).map(|name| format!("`{}`", cut(name))).collect::<Vec<_>>();
    let more = match known.clone().count().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let only = match names.is_empty() {
        true => "nor any other".to_owned(),
        false => format!("only {}{more}", names.join(", ")),
    };
    let meant = did_you_mean(wanted, known).map(|near| format!("; did you mean `{near}`?"));
    format!("there is no column `{wanted}`, {only}{}", meant.unwrap_or_default())
}
