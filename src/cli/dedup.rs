//! Arguments of `dedup`.

use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValuesParser;

use super::TableArgs;
use crate::dedup::{Level, Method, Similarity};

#[derive(Debug, Args)]
pub struct DedupArgs {
    #[command(flatten)]
    pub table: TableArgs,
    /// Write the rows that are kept, as `.jsonl`, `.csv` or `.tsv`; `-` is standard output
    #[arg(long, short)]
    pub output: Option<PathBuf>,
    /// Write every row, with `duplicate_of` and `similarity`, and with `--semantic` also `duplicate_by`
    #[arg(long, requires = "output")]
    pub mark: bool,
    /// With `--mark`: what the names of these columns begin with, where the table has some of them already
    #[arg(long, value_name = "TEXT", requires = "mark")]
    pub prefix: Option<String>,
    /// Write every pair of near-duplicates, as CSV: id_a,id_b,similarity
    #[arg(long, value_name = "FILE")]
    pub pairs: Option<PathBuf>,
    /// Write near-duplicates that stand under different labels, as CSV
    #[arg(long, value_name = "FILE", requires = "label")]
    pub conflicts: Option<PathBuf>,
    /// A folder that remembers the rows seen, for the next call
    #[arg(long, value_name = "DIR")]
    pub index: Option<PathBuf>,
    /// A table of texts that no row may be like, such as a test set
    #[arg(long, value_name = "FILE")]
    pub against: Vec<PathBuf>,
    /// The column of the `--against` tables with the texts [default: that of `--text`, else text]
    #[arg(long, value_name = "COLUMN", requires = "against")]
    pub against_text: Option<String>,
    /// A column that says which rows belong together: those of one group are no duplicates of each other
    #[arg(long, value_name = "COLUMN")]
    pub group: Option<String>,
    /// The column with the label; several make one label
    #[arg(long, value_name = "COLUMN")]
    pub label: Vec<String>,
    /// What counts as a near-duplicate
    #[arg(long, default_value = "default", value_parser = PossibleValuesParser::new(Level::NAMES))]
    pub level: String,
    /// The least similarity, from 0 to 1, in place of the level's own
    #[arg(long, value_parser = threshold)]
    pub threshold: Option<Similarity>,
    /// Whether rows of different labels can be duplicates of each other
    #[arg(long, default_value = "dataset", value_parser = ["dataset", "label"], requires_if("label", "label"))]
    pub scope: String,
    /// How near-duplicates are looked for
    #[arg(long, default_value = "exact-join", value_parser = PossibleValuesParser::new(Method::NAMES))]
    pub method: String,
    #[command(flatten)]
    pub semantic: SemanticArgs,
    /// Word statistics of one's own, in place of the built-in ones
    #[arg(long, value_name = "FILE")]
    pub statistics: Option<PathBuf>,
    /// Count the words of the table into a file for `--statistics`, and do no more
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["output", "pairs", "conflicts", "index", "against", "semantic", "statistics", "json"]
    )]
    pub write_statistics: Option<PathBuf>,
    /// Write counts and speed as JSON to standard output
    #[arg(long)]
    pub json: bool,
}

/// How texts are compared by what they mean.
#[derive(Debug, Clone, Args)]
pub struct SemanticArgs {
    /// Compare what texts mean too, by embeddings of a server: its address, or a config that names it
    #[arg(long, value_name = "URL|CONFIG")]
    pub semantic: Option<String>,
    /// The cosine from which on two texts say the same [default: the config's, else 0.9]
    #[arg(long, value_name = "COSINE", value_parser = cosine, requires = "semantic")]
    pub semantic_at: Option<Similarity>,
    /// Of an address: which of its models embeds, where it has several
    #[arg(long, value_name = "MODEL", requires = "semantic")]
    pub semantic_model: Option<String>,
    /// What is put before each text, as some models want, such as `"clustering: "` [default: the config's]
    #[arg(long, value_name = "TEXT", requires = "semantic")]
    pub semantic_prefix: Option<String>,
    /// Of an address: the environment variable with its key
    #[arg(long, value_name = "VARIABLE", requires = "semantic")]
    pub key_env: Option<String>,
}

impl SemanticArgs {
    /// A flag that was given and only means something of an address.
    pub fn given_for_address(&self) -> Option<&'static str> {
        let flags =
            [("--semantic-model", self.semantic_model.is_some()), ("--key-env", self.key_env.is_some())];
        flags.into_iter().find_map(|(flag, given)| given.then_some(flag))
    }
}

fn cosine(text: &str) -> Result<Similarity, String> {
    threshold(text).map_err(|_| "expected a number above 0 and not above 1, such as 0.9".to_owned())
}

fn threshold(text: &str) -> Result<Similarity, String> {
    match text.parse::<f64>() {
        Ok(fraction) if fraction > 0.0 && fraction <= 1.0 => Ok(Similarity::from_fraction(fraction)),
        _ => Err("expected a number above 0 and not above 1, such as 0.45".to_owned()),
    }
}
