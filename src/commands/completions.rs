use std::io::Write;

use clap::CommandFactory;

use super::{Exit, Failure};
use crate::cli::{Cli, CompletionsArgs};

/// Writes completions for a shell.
pub fn completions(args: &CompletionsArgs) -> Result<Exit, Failure> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "emogrid", &mut text);
    std::io::stdout().lock().write_all(&text)?;
    Ok(Exit::Complete)
}
