//! Arguments of commands that take something out of the store.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub struct GcArgs {
    /// The configs whose answers are kept
    #[arg(required = true)]
    pub configs: Vec<PathBuf>,
    /// Keep what any config reached in so many days
    #[arg(long, default_value_t = 30)]
    pub days: u32,
    /// Delete, rather than say what would be
    #[arg(long)]
    pub delete: bool,
    /// Write it as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct PurgeArgs {
    /// The configs whose answers are purged, each by its own `anonymize`
    #[arg(required = true)]
    pub configs: Vec<PathBuf>,
    /// Do it, rather than say what would be done
    #[arg(long)]
    pub yes: bool,
    /// Write it as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct ForgetArgs {
    /// The text, such as a name; `-` reads it from standard input
    pub text: String,
    /// The project's folder, or one below it
    #[arg(long, value_name = "FOLDER")]
    pub project: Option<PathBuf>,
    /// Only where it is no part of a longer word
    #[arg(long)]
    pub word: bool,
    /// Do it, rather than say what would be done
    #[arg(long)]
    pub yes: bool,
    /// Write it as JSON
    #[arg(long)]
    pub json: bool,
}
