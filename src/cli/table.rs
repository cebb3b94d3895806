//! Tables that commands work on.

use std::path::PathBuf;

use clap::Args;

use crate::table::{Format, Layout, Reader, TableError};

/// A table of texts that a command works on.
#[derive(Debug, Clone, Args)]
pub struct TableArgs {
    /// JSON Lines, CSV, TSV or Parquet; `-` is standard input
    pub file: PathBuf,
    /// The column with the texts [default: text]
    #[arg(long, value_name = "COLUMN")]
    pub text: Option<String>,
    /// The column with the ids [default: id, else the row's number]
    #[arg(long, value_name = "COLUMN")]
    pub id: Option<String>,
    /// Names for the columns of a CSV or TSV that has no header
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub columns: Option<Vec<String>>,
    /// The table's format [default: by the ending or the first line]
    #[arg(long, value_enum)]
    pub format: Option<Format>,
}

impl TableArgs {
    pub fn open(&self) -> Result<Reader, TableError> {
        Reader::open(&self.file, &self.layout())
    }

    pub fn layout(&self) -> Layout {
        Layout {
            format: self.format,
            text: self.text.clone(),
            id: self.id.clone(),
            columns: self.columns.clone(),
            options: &["--text", "--id", "--columns"],
        }
    }
}

/// Which columns of tables hold what.
#[derive(Debug, Clone, Args)]
pub struct LabelArgs {
    /// The column with the texts [default: text]
    #[arg(long, value_name = "COLUMN")]
    pub text: Option<String>,
    /// The column with the labels: a list, or names with commas [default: labels, emotion, emotions, label or
    /// sentiment]
    #[arg(long, value_name = "COLUMN")]
    pub label: Option<String>,
}

/// What stands between labels, which is something.
pub fn separator(text: &str) -> Result<String, String> {
    match text.is_empty() {
        true => {
            Err("nothing cannot stand between labels; name what does, such as `;`, or leave it out"
                .to_owned())
        }
        false => Ok(text.to_owned()),
    }
}
