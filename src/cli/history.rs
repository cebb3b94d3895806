//! Arguments of commands that say what was.

use clap::Args;

use super::ConfigArgs;

#[derive(Debug, Args)]
pub struct WhyArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
    /// The id or the fingerprint of a row, of now or of before, or the beginning of one
    pub id: String,
    /// Show the answers as they are stored, with what the anonymiser takes out
    #[arg(long)]
    pub with_originals: bool,
}

#[derive(Debug, Args)]
pub struct LogArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Write the files of one state
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["only_changed", "json"])]
    pub show: Option<i64>,
    /// Only states whose config or files differ from the run before, each with all of its runs
    #[arg(long)]
    pub only_changed: bool,
    /// Write the list as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct RunsArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Write the page of one run
    #[arg(long, value_name = "RUN", conflicts_with = "compare")]
    pub show: Option<u64>,
    /// Two runs, figure by figure
    #[arg(long, num_args = 2, value_names = ["A", "B"])]
    pub compare: Vec<u64>,
    /// Write it as JSON
    #[arg(long)]
    pub json: bool,
}
