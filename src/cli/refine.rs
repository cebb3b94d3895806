//! Arguments of `refine`.

use std::path::PathBuf;

use clap::Args;

use super::LabelArgs;

#[derive(Debug, Args)]
pub struct RefineArgs {
    /// The config, a YAML file
    pub config: PathBuf,
    /// What `emogrid eval --json` or `emogrid train --json` wrote
    #[arg(long, value_name = "FILE")]
    pub eval: Option<PathBuf>,
    /// What `emogrid audit --json` wrote [default: the config's dataset is audited]
    #[arg(long, value_name = "FILE")]
    pub audit: Option<PathBuf>,
    /// The shortages that `emogrid import` wrote
    #[arg(long, value_name = "FILE")]
    pub shortages: Option<PathBuf>,
    /// Files with real rows, for exemplars and for words that generated rows lack
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub real: Vec<PathBuf>,
    #[command(flatten)]
    pub columns: LabelArgs,
    /// Change the config
    #[arg(long)]
    pub apply: bool,
    /// Write the proposals as JSON
    #[arg(long)]
    pub json: bool,
}
