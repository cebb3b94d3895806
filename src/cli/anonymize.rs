//! Arguments of `anonymize`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::TableArgs;

#[derive(Debug, Args)]
pub struct AnonymizeArgs {
    #[command(flatten)]
    pub table: TableArgs,
    /// The file to write, `.jsonl`, `.csv` or `.tsv`, or `-` for standard output
    #[arg(long, short)]
    pub output: Option<PathBuf>,
    /// What the name of the column `spans` begins with, where the table has one of that name already
    #[arg(long, value_name = "TEXT")]
    pub prefix: Option<String>,
    /// What is done with each category
    #[arg(long, value_enum, default_value_t = AnonymizePreset::Strict)]
    pub preset: AnonymizePreset,
    /// Another action for a category
    #[arg(long, value_name = "CATEGORY=ACTION")]
    pub action: Vec<String>,
    /// The environment variable that holds the key of the pseudonyms
    #[arg(long, value_name = "VARIABLE")]
    pub key_env: Option<String>,
    /// Change no text; spans are of the texts as they are
    #[arg(long)]
    pub detect_only: bool,
    /// Ask a served model about names in doubt: an address of this machine, or a config's first endpoint
    #[arg(long, value_name = "URL|CONFIG")]
    pub second_look: Option<String>,
    /// The second look may be another machine's, which then sees these texts as they are
    #[arg(long, requires = "second_look")]
    pub second_look_remote: bool,
    /// Write counts as JSON to standard output; rows only to a file given by `-o`
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AnonymizePreset {
    /// Names become Person A, the rest is masked, texts left empty are dropped
    Strict,
    /// Everything is recorded, nothing changed
    Tag,
    /// Nothing, but what `--action` says
    Off,
}
