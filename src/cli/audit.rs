//! Arguments of `audit`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};

use super::TableArgs;
use super::rewrite::RewriteArgs;

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("asked").args(["endpoint", "probe"])))]
#[command(group(ArgGroup::new("written").args(["weights", "rewrite"]).multiple(true)))]
pub struct AuditArgs {
    #[command(flatten)]
    pub table: TableArgs,
    /// Further tables of the same columns
    pub more: Vec<PathBuf>,
    /// A column with labels [default: labels, emotion, emotions, label and sentiment, where they are
    /// there]
    #[arg(long, value_name = "COLUMN")]
    pub label: Vec<String>,
    /// A column that labels should not depend on
    #[arg(long, value_name = "COLUMN")]
    pub context: Vec<String>,
    /// What stands between the labels of a row, and between its contexts; a list needs none [default: of labels `,`, `;` or `|`]
    #[arg(long, value_name = "TEXT", value_parser = super::table::separator)]
    pub separator: Option<String>,
    /// Labels that are negative [default: those of the built-in taxonomies]
    #[arg(long, value_name = "LABEL", value_delimiter = ',')]
    pub negative: Vec<String>,
    /// The share of rows that should speak of a group, such as `--target female=0.3`
    #[arg(long, value_name = "GROUP=SHARE")]
    pub target: Vec<String>,
    /// Of a config: change a key for this once, such as `--set audit.fail.leakage=0.3`
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// From which verdict on the exit code is 4
    #[arg(long, value_enum, default_value_t = FailOn::Fail)]
    pub fail_on: FailOn,
    /// Say which rows to drop and which cells to raise, with the audit before and after
    #[arg(long, conflicts_with_all = ["weights", "swap"])]
    pub fix: bool,
    /// With `--fix`: write what was decided to this file, for the config's `curation`
    #[arg(long, value_name = "FILE", requires = "fix")]
    pub write: Option<PathBuf>,
    /// With `--fix`, of a config: give each row that speaks of men or women a counterpart, the other way round, and
    /// drop none
    #[arg(long, requires = "fix", conflicts_with = "rewrite")]
    pub counterparts: bool,
    /// Write the table with a column `weight` that takes labels and contexts apart
    #[arg(long, value_name = "FILE", conflicts_with = "swap")]
    pub weights: Option<PathBuf>,
    /// Write the table with a copy of each row that speaks of men or women, the other way round
    #[arg(long, value_name = "FILE")]
    pub swap: Option<PathBuf>,
    /// What the names of the columns that are added begin with, where the table has some of them already
    #[arg(long, value_name = "TEXT", requires = "written")]
    pub prefix: Option<String>,
    #[command(flatten)]
    pub rewrite: RewriteArgs,
    /// A served model, by its address or a config's first endpoint: what it answers when somebody in a text is
    /// somebody else; with `--rewrite`, who rewords [default there: the config's own]
    #[arg(long, value_name = "URL|CONFIG", conflicts_with_all = ["weights", "swap"])]
    pub endpoint: Option<String>,
    /// The same of a probe, as `emogrid train --probe --model FILE` wrote it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["endpoint", "fix", "weights", "swap"])]
    pub probe: Option<PathBuf>,
    /// Ask about so many of these pairs, drawn by lot [default: all for a probe, 300 for an endpoint]
    #[arg(long, value_name = "PAIRS", requires = "asked", conflicts_with_all = ["fix", "weights", "swap"])]
    pub pairs: Option<usize>,
    /// Write the audit as JSON
    #[arg(long)]
    pub json: bool,
}

/// From which verdict on an audit fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    Fail,
    Warn,
    Never,
}
