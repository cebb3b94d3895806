//! Arguments of `eval` and `verify`.

use std::path::PathBuf;

use clap::Args;

use super::{LabelArgs, TableArgs};
use crate::eval::gate::Gates;
use crate::learn::Grouping;
use crate::learn::LearnError;

#[derive(Debug, Args)]
pub struct EvalArgs {
    /// The probe, as `emogrid train --probe --model FILE` wrote it
    #[arg(long, value_name = "FILE", required_unless_present = "endpoint")]
    pub probe: Option<PathBuf>,
    /// A served model instead, by its address or a config's first endpoint; beside it the probe, if given
    #[arg(long, value_name = "URL|CONFIG", conflicts_with_all = ["against", "seeds"])]
    pub endpoint: Option<String>,
    /// A writer instead, or two to compare: configs whose texts the probe judges by the labels that they were to show
    #[arg(
        long,
        value_name = "CONFIG",
        num_args = 1..=2,
        requires = "probe",
        conflicts_with_all = ["endpoint", "against", "seeds", "gate"]
    )]
    pub generator: Vec<PathBuf>,
    /// Ask a served model only for so many rows, or let a writer write so many, as many of each label
    #[arg(long, value_name = "ROWS", value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: Option<u32>,
    /// How to group labels for a served model; a probe says itself how
    #[arg(long, value_enum, conflicts_with = "probe")]
    pub map: Option<Grouping>,
    /// Files with the rows to measure it on; beside a writer, of people's texts
    #[arg(long, value_name = "FILE", required_unless_present = "generator", num_args = 1..)]
    pub test: Vec<PathBuf>,
    /// Another probe, to compare with on the same rows
    #[arg(long, value_name = "FILE")]
    pub against: Option<PathBuf>,
    /// Files with the rows that generation began with: train on them alone, and compare
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub seeds: Vec<PathBuf>,
    /// Files with the rows that the thresholds of that model are tuned on
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "seeds")]
    pub dev: Vec<PathBuf>,
    /// Write the report as JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub columns: LabelArgs,
    /// Of the draws behind intervals and baselines
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// End with code 4 where answers depend too much on who a text is about
    #[arg(long, value_name = "BOUNDS", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub gate: Option<String>,
}

impl EvalArgs {
    pub fn gates(&self) -> Result<Option<Gates>, LearnError> {
        gates_of(self.gate.as_ref())
    }
}

/// What each gate lets through.
pub(super) fn gates_of(gate: Option<&String>) -> Result<Option<Gates>, LearnError> {
    let parse = |text: &String| Gates::parse(text).map_err(LearnError::Usage);
    gate.map(parse).transpose()
}

#[derive(Debug, Args)]
pub struct VerifyArgs {
    #[command(flatten)]
    pub table: TableArgs,
    /// The probe, as `emogrid train --probe --model FILE` wrote it
    #[arg(long, value_name = "FILE")]
    pub probe: PathBuf,
    /// Keep a row if its label is among so many that the probe finds likeliest
    #[arg(long, value_name = "LABELS", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub top: u32,
    /// The column with the labels: a list, or names with commas [default: labels, emotion, emotions, label or
    /// sentiment]
    #[arg(long, value_name = "COLUMN")]
    pub label: Option<String>,
    /// Where the kept rows go: a `.jsonl`, `.csv` or `.tsv`, or `-` for standard output
    #[arg(long, short, default_value = "-")]
    pub output: PathBuf,
    /// What the names of the columns that are added begin with, where the table has some of them already
    #[arg(long, value_name = "TEXT")]
    pub prefix: Option<String>,
    /// Where the others go, if they are to be kept too
    #[arg(long, value_name = "FILE")]
    pub rejected: Option<PathBuf>,
    /// Write what was kept of each label as JSON; the rows then go to a file
    #[arg(long)]
    pub json: bool,
}
