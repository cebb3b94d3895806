//! Tables of texts: JSON Lines, CSV and TSV, read and written a row at a time; and Parquet, which is read.

mod parquet;
mod reader;
mod writer;

use std::path::{Path, PathBuf};

pub use parquet::being_read;
pub use reader::{Layout, Reader, Row};
pub use writer::{Writer, replace};

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
    #[error(
        "{}: a table is written as `.jsonl` or `.csv`; name the file so, or `-` for JSON Lines on \
         standard output",
        .0.display()
    )]
    Ending(PathBuf),
}

/// `-`, for standard input and standard output.
pub fn is_standard(path: &Path) -> bool {
    path.as_os_str() == "-"
}
