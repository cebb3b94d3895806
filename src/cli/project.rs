//! Arguments of commands that set something up.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub struct InitArgs {
    /// The folder to make
    pub folder: PathBuf,
}

#[derive(Debug, Args)]
pub struct ManArgs {
    /// The folder for them; without one, the program's own page goes to standard output
    pub folder: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct CompletionsArgs {
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}
