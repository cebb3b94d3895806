//! Arguments of `ctl`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub struct CtlArgs {
    #[command(subcommand)]
    pub order: CtlOrder,
}

#[derive(Debug, Subcommand)]
pub enum CtlOrder {
    /// Send nothing more for now; what is under way goes on
    Pause(CtlRun),
    /// Go on after a pause
    Resume(CtlRun),
    /// Send nothing more, wait for what is under way, and end with everything saved
    Drain(CtlRun),
    /// From now on send so many requests at a time, within `slots` and the server's own
    Concurrency {
        at_a_time: u32,
        /// Only to this endpoint
        #[arg(long, value_name = "NAME")]
        endpoint: Option<String>,
        #[command(flatten)]
        run: CtlRun,
    },
    /// Say how the run is
    Status(CtlRun),
}

#[derive(Debug, Args)]
pub struct CtlRun {
    /// The config of the run
    pub config: Option<PathBuf>,
    /// Write the run's state as JSON
    #[arg(long)]
    pub json: bool,
}
