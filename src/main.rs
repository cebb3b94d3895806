//! Arguments, logging, exit code.

use std::process::ExitCode;

use clap::Parser;
use emogrid::cli::Cli;

fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_env("EMOGRID_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("off"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    emogrid::commands::main(Cli::parse()).into()
}
