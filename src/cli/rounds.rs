//! Arguments of `loop`.

use std::path::PathBuf;

use clap::Args;

use super::LabelArgs;
use crate::learn::Grouping;

#[derive(Debug, Args)]
pub struct LoopArgs {
    /// The config to begin with
    pub config: PathBuf,
    /// How many times to change the config, at most
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub rounds: u32,
    /// Files with real training rows, which every probe is trained on
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    pub train: Vec<PathBuf>,
    /// Files with rows that decide: one half tunes thresholds, the other measures gains
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    pub dev: Vec<PathBuf>,
    /// Files with rows that are scored once, at the end
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub test: Vec<PathBuf>,
    /// How to group labels
    #[arg(long, value_enum, default_value_t = Grouping::None)]
    pub map: Grouping,
    /// Fill each label up to so many rows, or one with `joy=500` [default: all generated rows]
    #[arg(long, value_name = "[LABEL=]ROWS")]
    pub quota: Vec<String>,
    /// Add at most so many generated rows for each real one, such as `0.5`; or real to generated, `2:1`
    #[arg(long, value_name = "RATIO")]
    pub ratio: Option<String>,
    /// The shortages that `emogrid import` wrote
    #[arg(long, value_name = "FILE")]
    pub shortages: Option<PathBuf>,
    #[command(flatten)]
    pub columns: LabelArgs,
    /// Draws of the training rows, of each of which a probe is trained
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(3..=100))]
    pub draws: u32,
    /// Of the draws of training rows and of the rows that measure
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// Write what was kept into the config
    #[arg(long)]
    pub apply: bool,
    /// Write the report as JSON
    #[arg(long)]
    pub json: bool,
}
