//! What can be asked of rows that are to be worded anew.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub struct RewriteArgs {
    /// With `--fix`: let a model reword the rows to blame, and drop only those for which it finds nothing good
    #[arg(long, requires = "fix")]
    pub rewrite: bool,
    /// With `--rewrite`: a template for what the model is told, in place of the built-in one
    #[arg(long, value_name = "FILE", requires = "rewrite")]
    pub template: Option<PathBuf>,
    /// With `--rewrite`: words that no new text may have; rows that have them are reworded too
    #[arg(long, value_name = "WORDS", requires = "rewrite", value_delimiter = ',')]
    pub without: Vec<String>,
    /// With `--rewrite`: how often a row is asked for until a text is good
    #[arg(long, value_name = "TIMES", requires = "rewrite", default_value_t = 3,
          value_parser = clap::value_parser!(u32).range(1..=20))]
    pub tries: u32,
    /// With `--rewrite`: reword at most so many rows; the others to blame are dropped
    #[arg(long, value_name = "ROWS", requires = "rewrite")]
    pub limit: Option<usize>,
    /// With `--fix`, of tables: write the rows that are left, with new texts in their place
    #[arg(long, short, value_name = "FILE", requires = "fix")]
    pub output: Option<PathBuf>,
}
