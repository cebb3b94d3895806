//! Arguments of `import` and `mix`.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};

use super::AnonymizePreset;
use crate::dedup::Level;
use crate::import::{Conflicts, Step};
use crate::learn::Grouping;

#[derive(Debug, Args)]
pub struct ImportArgs {
    #[command(subcommand)]
    pub what: ImportWhat,
}

#[derive(Debug, Subcommand)]
pub enum ImportWhat {
    /// GoEmotions: its filtered TSV, its raw CSV with a row a rater, or JSON Lines with columns that you name
    #[command(after_help = "\
Examples:
  emogrid import goemotions train.tsv dev.tsv test.tsv -o data/goemotions
  emogrid import goemotions goemotions_*.csv --agree 2 --split 80,10,10 -o data/raw
  emogrid import goemotions rows.jsonl --text comment --label emotions -o data/mine")]
    Goemotions(GoemotionsArgs),
    /// Any labelled table, as JSON Lines, CSV, TSV or Parquet
    #[command(after_help = "\
Examples:
  emogrid import table tweets.csv --text tweet --label mood --split 80,10,10 -o data/tweets
  emogrid import table train.csv test.csv --text body --label joy --label anger -o data/posts
  emogrid import table rows.jsonl --text text --label labels --names names.txt -o data/rows")]
    Table(TableImportArgs),
}

#[derive(Debug, Args)]
pub struct GoemotionsArgs {
    /// The files
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// The column with the texts, of files with named columns [default: text]
    #[arg(long, value_name = "COLUMN")]
    pub text: Option<String>,
    /// The column with the labels, of files with named columns [default: labels]
    #[arg(long, value_name = "COLUMN")]
    pub label: Vec<String>,
    /// The column with the ids [default: id]
    #[arg(long, value_name = "COLUMN")]
    pub id: Option<String>,
    #[command(flatten)]
    pub how: HowToImport,
}

#[derive(Debug, Args)]
pub struct TableImportArgs {
    /// The files: JSON Lines, CSV, TSV or Parquet
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// The column with the texts
    #[arg(long, value_name = "COLUMN")]
    pub text: String,
    /// A column with labels: names or a list; several columns hold 0 or 1 each, and are labels themselves
    #[arg(long, value_name = "COLUMN", required = true)]
    pub label: Vec<String>,
    /// The column with the ids [default: id, else made of the file and the line]
    #[arg(long, value_name = "COLUMN")]
    pub id: Option<String>,
    /// What stands between the labels of a text; a list needs none [default: `,`, `;` or `|`]
    #[arg(long, value_name = "TEXT", value_parser = super::table::separator)]
    pub separator: Option<String>,
    /// A file with the labels' names, one a line, where labels are numbers from 0
    #[arg(long, value_name = "FILE")]
    pub names: Option<PathBuf>,
    #[command(flatten)]
    pub how: HowToImport,
}

/// What an import does, wherever the rows are from.
#[derive(Debug, Clone, Args)]
pub struct HowToImport {
    /// The folder that is made
    #[arg(long, short)]
    pub output: PathBuf,
    /// The data set's name, which the origins of its rows begin with [default: the folder's name]
    #[arg(long)]
    pub name: Option<String>,
    /// How to group labels
    #[arg(long, value_enum, default_value_t = Grouping::None)]
    pub map: Grouping,
    /// Of files with a row a rater: keep a label that so many gave [default: 2]
    #[arg(long, value_name = "RATERS", value_parser = clap::value_parser!(u16).range(1..))]
    pub agree: Option<u16>,
    /// Steps to leave out
    #[arg(long, value_name = "STEP", value_delimiter = ',', value_parser = PossibleValuesParser::new(Step::NAMES))]
    pub skip: Vec<String>,
    /// The language that texts are to be in, such as `en` [default: en for goemotions, else any]
    #[arg(long, value_name = "CODE")]
    pub language: Option<String>,
    /// Take out texts with more characters
    #[arg(long, value_name = "CHARACTERS", default_value_t = 1000)]
    pub longest: usize,
    /// What counts as a near-duplicate
    #[arg(long, default_value = "default", value_parser = PossibleValuesParser::new(Level::NAMES))]
    pub level: String,
    /// What to make of rows of one text whose labels differ
    #[arg(long, value_enum, default_value_t = Conflicts::Merge)]
    pub conflicts: Conflicts,
    /// What is done with what tells of a person
    #[arg(long, value_enum, default_value_t = AnonymizePreset::Strict)]
    pub anonymize: AnonymizePreset,
    /// Deal rows out to train, dev and test by these shares, such as `80,10,10`; `80,20` is train and test
    #[arg(long, value_name = "SHARES")]
    pub split: Option<String>,
    /// Rows of train that a class may have: `label=500`, `sentiment=4000`, `ekman=2000`, `label.joy=900`
    #[arg(long, value_name = "CLASS=ROWS")]
    pub quota: Vec<String>,
    /// Of what is drawn by lot: the split and the quotas
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// Freeze another test part in place of the one that an earlier import froze
    #[arg(long)]
    pub refreeze: bool,
    /// Keep no originals of what was changed and taken out
    #[arg(long)]
    pub no_undo: bool,
    /// Write the counts as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct MixArgs {
    /// The real rows, all of which are kept
    pub real: PathBuf,
    /// The generated rows, of which some are added
    pub generated: PathBuf,
    /// Where the rows go: a `.jsonl`, or `-` for standard output
    #[arg(long, short)]
    pub output: PathBuf,
    /// Add at most so many generated rows for each real one, such as `0.5`; or real to generated, `2:1`
    #[arg(long, value_name = "RATIO")]
    pub ratio: Option<String>,
    /// Fill each label up to so many rows, or one with `joy=500`
    #[arg(long, value_name = "[LABEL=]ROWS")]
    pub quota: Vec<String>,
    /// How to group labels
    #[arg(long, value_enum, default_value_t = Grouping::None)]
    pub map: Grouping,
    #[command(flatten)]
    pub columns: super::LabelArgs,
    /// What the name of the column `source` begins with, where a table has one of that name already
    #[arg(long, value_name = "TEXT")]
    pub prefix: Option<String>,
    /// What to do with real rows that are of a test part
    #[arg(long, value_enum, default_value_t = crate::learn::Overlap::Refuse)]
    pub overlap: crate::learn::Overlap,
    /// Write the counts as JSON; the rows then go to a file
    #[arg(long)]
    pub json: bool,
}
