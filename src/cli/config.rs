//! Configs that commands work on, and cells of them.

use std::path::PathBuf;

use clap::Args;
use clap::builder::RangedU64ValueParser;

/// A config, and what is changed in it for once.
#[derive(Debug, Clone, Args)]
pub struct ConfigArgs {
    /// The config, a YAML file
    pub config: PathBuf,
    /// Change a key for this once, such as `--set samples.per_cell=3`
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

/// Which cells a command works on.
#[derive(Debug, Args)]
pub struct CellArgs {
    /// Only cells with this value, such as `--where emotion=joy,anger`; several must all hold
    #[arg(long = "where", value_name = "AXIS=VALUE")]
    pub wheres: Vec<String>,
    /// Only so many cells, spread over the grid
    #[arg(long, value_name = "CELLS", value_parser = RangedU64ValueParser::<usize>::new().range(1..))]
    pub limit: Option<usize>,
    /// Go on with a grid of more than 100,000 cells
    #[arg(long)]
    pub yes: bool,
}
