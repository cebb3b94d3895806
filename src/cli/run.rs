//! Arguments of commands that make a dataset, or say what making it would do.

use std::path::PathBuf;

use clap::Args;

use super::{CellArgs, ConfigArgs};

#[derive(Debug, Args)]
pub struct RunArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
    #[command(flatten)]
    pub cells: CellArgs,
    /// Write the summary to standard output as JSON
    #[arg(long)]
    pub json: bool,
    /// Ask again for asks that failed by their own fault
    #[arg(long)]
    pub retry_failed: bool,
    /// Wait for another run of this config to end, rather than fail
    #[arg(long)]
    pub wait: bool,
    /// End at this local time, as `run.until` in the config
    #[arg(long, value_name = "HH:MM")]
    pub until: Option<String>,
    /// End after so long, such as `90s`, `45m` or `6h`, as `run.for`
    #[arg(long = "for", value_name = "TIME")]
    pub lasts: Option<String>,
    /// Send at most so many requests, as `run.max_requests`
    #[arg(long, value_name = "N")]
    pub max_requests: Option<String>,
    /// Use at most so many tokens of prompts and answers, as `run.token_budget`
    #[arg(long, value_name = "N")]
    pub token_budget: Option<String>,
    /// Spend at most so much, by the endpoints' `price`, as `run.max_cost`
    #[arg(long, value_name = "COST")]
    pub max_cost: Option<String>,
    /// Let more rows leave the dataset than `run.max_leaving`, until they are remade
    #[arg(long)]
    pub accept_leaving: bool,
}

impl RunArgs {
    /// The config with the flags that stand for keys of it.
    pub fn config_with_limits(&self) -> ConfigArgs {
        let mut config = self.config.clone();
        let flags = [
            ("--until", &self.until),
            ("--for", &self.lasts),
            ("--max-requests", &self.max_requests),
            ("--token-budget", &self.token_budget),
            ("--max-cost", &self.max_cost),
        ];
        for (flag, value) in flags {
            config.set.extend(value.iter().map(|value| format!("{flag}={value}")));
        }
        config
    }
}

#[derive(Debug, Args)]
pub struct PlanArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
    #[command(flatten)]
    pub cells: CellArgs,
    /// Say how many stored texts each check rejects, with examples; with `--set`, of another setting
    #[arg(long)]
    pub checks: bool,
    /// Write the plan as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Configs to check
    #[arg(required = true)]
    pub configs: Vec<PathBuf>,
    /// Change a key for this once, such as `--set samples.per_cell=3`
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Write every key that is set, with its value and where that was written
    #[arg(long)]
    pub resolved: bool,
    /// Look at the model server too: model, slots, context, schema, speed
    #[arg(long)]
    pub endpoint: bool,
}

#[derive(Debug, Args)]
pub struct StatusArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Write the status as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct PreviewArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
    #[command(flatten)]
    pub cells: CellArgs,
    /// Ask for these cells, store and judge the answers like any other, and show them
    #[arg(long)]
    pub generate: bool,
    /// Show what changed since the last run's messages
    #[arg(long, conflicts_with = "generate")]
    pub diff: bool,
}
