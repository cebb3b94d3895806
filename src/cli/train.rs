//! Arguments of `train`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::LabelArgs;
use super::eval::gates_of;
use crate::eval::gate::Gates;
use crate::export::Task;
use crate::learn::Grouping;
use crate::learn::LearnError;
use crate::learn::Overlap;
use crate::learn::tune::Engine;

#[derive(Debug, Args)]
pub struct TrainArgs {
    /// Train a probe: TF-IDF and logistic regression
    #[arg(long, required_unless_present = "engine")]
    pub probe: bool,
    /// Tune a language model: `trl` and `openai` run, the others' recipes are written
    #[arg(
        long,
        value_enum,
        conflicts_with_all = ["probe", "model", "json", "tstr", "seeds", "strength", "min_df", "gate"]
    )]
    pub engine: Option<Engine>,
    #[command(flatten)]
    pub tune: TuneArgs,
    /// Files with the training rows
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    pub train: Vec<PathBuf>,
    /// Files with the rows that thresholds are tuned on
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub dev: Vec<PathBuf>,
    /// Files with the rows that the probe is measured on
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub test: Vec<PathBuf>,
    /// How to group labels before training
    #[arg(long, value_enum, default_value_t = Grouping::None)]
    pub map: Grouping,
    /// Write the probe to this file
    #[arg(long, value_name = "FILE")]
    pub model: Option<PathBuf>,
    /// Write the report as JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub columns: LabelArgs,
    /// Files with synthetic rows: train on them alone and with the others too, and compare
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "test")]
    pub tstr: Vec<PathBuf>,
    /// Files with the rows that generation began with: train on them alone too, and compare
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "test")]
    pub seeds: Vec<PathBuf>,
    /// What to do with training rows whose text also stands in the test part
    #[arg(long, value_enum, default_value_t = Overlap::Drop)]
    pub overlap: Overlap,
    /// C of the regression: the higher, the closer to the training rows
    #[arg(long, value_name = "C", default_value_t = 1.0, value_parser = strength)]
    pub strength: f32,
    /// Leave out words and runs of characters that fewer training rows have
    #[arg(long, value_name = "ROWS", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..))]
    pub min_df: u32,
    /// Of the draws behind intervals and baselines; training draws nothing
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// End with code 4 where answers depend too much on who a text is about
    #[arg(long, value_name = "BOUNDS", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub gate: Option<String>,
}

impl TrainArgs {
    pub fn gates(&self) -> Result<Option<Gates>, LearnError> {
        gates_of(self.gate.as_ref())
    }
}

fn strength(text: &str) -> Result<f32, String> {
    let number: f32 = text.parse().map_err(|_| "expected a number".to_owned())?;
    let fine = (0.001..=1000.0).contains(&number);
    fine.then_some(number).ok_or_else(|| "it lies between 0.001 and 1000".to_owned())
}

/// How a language model is tuned.
#[derive(Debug, Args)]
pub struct TuneArgs {
    /// The model to tune: `quickstart`, a GGUF file, a folder of transformers, a name on the hub, or the
    /// endpoint's own name
    #[arg(long, value_name = "MODEL", default_value = "quickstart")]
    pub base: String,
    /// The folder for recipe, data and adapter
    #[arg(long, short, value_name = "DIR", default_value = "tuned")]
    pub output: PathBuf,
    /// Show the recipe, and write and run nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Steps of training [default: once through the rows, 60 to 500]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub steps: Option<u32>,
    /// Rows a step
    #[arg(long, value_name = "ROWS", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub batch: u32,
    /// Rank of the adapter's matrices
    #[arg(long, value_name = "R", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub rank: u32,
    #[arg(long, value_name = "RATE", default_value_t = 5e-4, value_parser = rate, help = "How far a step goes")]
    pub learning_rate: f64,
    /// Tokens of a question and its answer; what is longer is cut
    #[arg(long, value_name = "TOKENS", default_value_t = 512, value_parser = clap::value_parser!(u32).range(16..))]
    pub max_length: u32,
    /// CPU threads [default: the engine's own choice]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub threads: Option<u32>,
    /// What the model is to learn
    #[arg(long, value_enum, default_value_t = Task::Classify)]
    pub task: Task,
    /// The instruction, as of `emogrid export`
    #[arg(long, value_name = "TEMPLATE")]
    pub instruction: Option<String>,
    /// The system message, as of `emogrid export`
    #[arg(long, value_name = "TEMPLATE")]
    pub system: Option<String>,
    /// A Python that has what the recipe needs; without it uv or a venv of our own is used
    #[arg(long, value_name = "PROGRAM")]
    pub python: Option<PathBuf>,
    /// Serve the tuned model and ask it about so many rows of the test or dev part; 0: do not
    #[arg(long, value_name = "ROWS", default_value_t = 100)]
    pub measure: u32,
    /// Of openai: the address, or a config, whose first endpoint is taken [default: https://api.openai.com]
    #[arg(long, value_name = "URL|CONFIG")]
    pub endpoint: Option<String>,
    /// Of openai: the environment variable with the key of an address [default: OPENAI_API_KEY]
    #[arg(long, value_name = "VARIABLE")]
    pub key_env: Option<String>,
    /// Of openai: times through the rows [default: the endpoint's own choice]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=50))]
    pub epochs: Option<u32>,
    /// Of openai: end the job that is under way in the folder
    #[arg(long)]
    pub cancel: bool,
}

impl TuneArgs {
    /// A flag that only means something where rows are sent away.
    pub fn given_for_remote(&self) -> Option<&'static str> {
        let flags = [
            ("--endpoint", self.endpoint.is_some()),
            ("--key-env", self.key_env.is_some()),
            ("--epochs", self.epochs.is_some()),
            ("--cancel", self.cancel),
        ];
        flags.into_iter().find_map(|(flag, given)| given.then_some(flag))
    }

    /// A flag that means nothing there.
    pub fn given_for_local(&self) -> Option<&'static str> {
        let flags = [
            ("--steps", self.steps.is_some()),
            ("--batch", self.batch != 4),
            ("--rank", self.rank != 16),
            ("--learning-rate", self.learning_rate != 5e-4),
            ("--max-length", self.max_length != 512),
            ("--threads", self.threads.is_some()),
            ("--python", self.python.is_some()),
        ];
        flags.into_iter().find_map(|(flag, given)| given.then_some(flag))
    }

    /// A flag that was given, if one was: without an engine it would do nothing.
    pub fn given(&self) -> Option<&'static str> {
        let flags = [
            ("--base", self.base != "quickstart"),
            ("--output", self.output != Path::new("tuned")),
            ("--dry-run", self.dry_run),
            ("--task", self.task != Task::Classify),
            ("--instruction", self.instruction.is_some()),
            ("--system", self.system.is_some()),
            ("--measure", self.measure != 100),
        ];
        let shared = flags.into_iter().find_map(|(flag, given)| given.then_some(flag));
        shared.or_else(|| self.given_for_local()).or_else(|| self.given_for_remote())
    }
}

fn rate(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "expected a number, such as 5e-4".to_owned())?;
    let fine = number > 0.0 && number <= 1.0;
    fine.then_some(number).ok_or_else(|| "it lies above 0 and not above 1".to_owned())
}
