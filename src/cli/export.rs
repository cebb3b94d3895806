//! Arguments of `export`.

use std::path::PathBuf;

use clap::Args;

use crate::export::Format;
use crate::export::Task;

#[derive(Debug, Args)]
pub struct ExportArgs {
    /// A config, for its dataset, or a table: JSON Lines, CSV, TSV or Parquet; `-` is standard input
    pub source: PathBuf,
    /// The format [default: by the file's ending, else jsonl]
    #[arg(long, value_enum)]
    pub format: Option<Format>,
    /// A file, a folder, or `-` for standard output
    #[arg(long, short, default_value = "-")]
    pub output: PathBuf,
    /// Of a config: keep its rows as they are now in `data/frozen/NAME.jsonl`, for configs to name
    #[arg(
        long,
        value_name = "NAME",
        conflicts_with_all = [
            "format", "output", "label", "labels", "text", "columns", "measuring", "split", "seed", "task",
            "instruction", "system", "answer", "license", "language",
        ]
    )]
    pub freeze: Option<String>,
    /// With `--freeze`: replace other rows of this name
    #[arg(long, requires = "freeze")]
    pub force: bool,
    /// Of a config: change a key for this once, such as `--set samples.per_cell=3`
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// A column with labels [default: a config's label axes; of a table labels, emotion, emotions,
    /// label or sentiment]
    #[arg(long, value_name = "COLUMN")]
    pub label: Vec<String>,
    /// The labels there are, in order of their ids, or a built-in taxonomy [default: by name, of a
    /// config all of its values]
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub labels: Vec<String>,
    /// Of a table: the column with the texts [default: text]
    #[arg(long, value_name = "COLUMN")]
    pub text: Option<String>,
    /// Of a table: names for the columns of a CSV or TSV that has no header
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub columns: Option<Vec<String>>,
    /// Of a table: what it makes is to measure on, so rows of a frozen test part may be in it
    #[arg(long)]
    pub measuring: bool,
    /// Share rows out to parts of a folder, such as `80,10,10` or `train=80,test=20`
    #[arg(long, value_name = "SHARES")]
    pub split: Option<String>,
    /// Of the chance in `--split`
    #[arg(long, default_value_t = 7, requires = "split")]
    pub seed: u64,
    /// What a model is to learn by a training format
    #[arg(long, value_enum, default_value_t = Task::Classify)]
    pub task: Task,
    /// The instruction of a training format, a Jinja template; `@FILE` reads it from a file
    #[arg(long, value_name = "TEMPLATE")]
    pub instruction: Option<String>,
    /// A system message for a training format, a Jinja template; `@FILE` reads it from a file
    #[arg(long, value_name = "TEMPLATE")]
    pub system: Option<String>,
    /// The answer in place of the label or the text, a Jinja template; `@FILE` reads it from a file
    #[arg(long, value_name = "TEMPLATE")]
    pub answer: Option<String>,
    /// Of a dataset folder: its licence, by the hub's name, such as `cc-by-4.0`
    #[arg(long, value_name = "ID")]
    pub license: Option<String>,
    /// Of a dataset folder: its language, such as `en` [default: `checks.language`]
    #[arg(long, value_name = "CODE")]
    pub language: Option<String>,
}
