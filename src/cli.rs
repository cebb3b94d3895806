//! The command line.

use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::dedup::{Level, Method, Similarity};

mod import;
mod rewrite;
mod rounds;

pub use import::{GoemotionsArgs, HowToImport, ImportArgs, ImportWhat, MixArgs, TableImportArgs};
pub use rounds::LoopArgs;

/// Labelled text for emotion and sentiment detection, from a YAML grid and a model server.
#[derive(Debug, Parser)]
#[command(
    name = "emogrid",
    version,
    about,
    max_term_width = 80,
    after_help = "\
Examples:
  emogrid run configs/quickstart.yaml       make a dataset with a built-in model
  emogrid check configs/moods.yaml          say what is wrong with a config
  emogrid plan configs/moods.yaml           say what a run would ask, and ask nothing
  emogrid export configs/moods.yaml --format csv -o moods.csv

Exit codes: 0 complete, 1 failed, 2 wrong usage or config, 3 stopped as asked
with everything saved, 4 short of the rows that the config wants, or refused
because too many rows would leave the dataset (run.max_leaving), or a gate of
fairness that is not kept (--gate)."
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
    /// Say nothing on standard error but errors
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto)]
    pub color: Colour,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Ask for what the dataset lacks, and write it
    #[command(after_help = "\
Examples:
  emogrid run configs/moods.yaml
  emogrid run configs/moods.yaml --set samples.per_cell=10
  emogrid run configs/moods.yaml --where emotion=grief
  emogrid run configs/moods.yaml --json > summary.json

Answers are stored before they are judged, so a run can be stopped at any time
(Ctrl-C waits for requests under way, twice does not) and goes on where it was.
A run with nothing to ask needs no server.")]
    Run(RunArgs),
    /// Say what a run would ask and what would change, and ask nothing
    #[command(after_help = "\
Examples:
  emogrid plan configs/moods.yaml
  emogrid plan configs/moods.yaml --set sampling.temperature=1.1
  emogrid plan configs/large.yaml --yes     a grid of more than 100,000 cells")]
    Plan(PlanArgs),
    /// Say everything that is wrong with a config and its templates
    #[command(after_help = "\
Examples:
  emogrid check configs/moods.yaml
  emogrid check configs/*.yaml
  emogrid check configs/moods.yaml --resolved
  emogrid check configs/moods.yaml --endpoint")]
    Check(CheckArgs),
    /// Measure the biases and the diversity of labelled texts, and correct them
    #[command(after_help = "\
Examples:
  emogrid audit posts.jsonl --label emotion --context topic
  emogrid audit train.csv --text body --label mood --separator , --json
  emogrid audit configs/moods.yaml          the dataset of a config
  emogrid audit configs/moods.yaml --fix --write configs/moods.curation.jsonl
  emogrid audit posts.jsonl --probe moods.probe
  emogrid audit configs/moods.yaml --fix --rewrite
  emogrid audit posts.jsonl --fix --rewrite --endpoint http://127.0.0.1:8080 -o better.jsonl
  emogrid audit posts.jsonl --weights weighted.jsonl
  emogrid audit posts.jsonl --swap swapped.jsonl

A measure fails or warns only where its whole 95 % interval is beyond a bound;
too few rows cannot tell, and never pass. With an alarm the exit code is 4; see
--fail-on. docs/audit.md says what each metric is and what to do.")]
    Audit(AuditArgs),
    /// Write a dataset, or any table, in another format: for Hugging Face, for training
    #[command(after_help = "\
Examples:
  emogrid export configs/moods.yaml -o moods.csv
  emogrid export configs/moods.yaml | head -n 3
  emogrid export configs/moods.yaml --format hf --license cc-by-4.0 -o moods
  emogrid export mixed.jsonl --format messages --split 90,10 -o chats
  emogrid export mixed.jsonl --format alpaca --task generate -o writer
  emogrid export mixed.csv --format classification --labels goemotions -o ids

A file or folder is replaced when the new one is whole; a folder only if an
export made it and nobody changed it since. docs/export.md shows each format.")]
    Export(ExportArgs),
    /// Take out of a table's texts what tells of a person
    #[command(after_help = "\
Examples:
  emogrid anonymize comments.csv -o clean.jsonl
  emogrid anonymize comments.jsonl --text body --preset tag -o tagged.jsonl
  emogrid anonymize comments.jsonl --detect-only -o spans.jsonl
  emogrid anonymize comments.jsonl --action NAME=pseudonym --key-env MY_KEY -o clean.jsonl
  emogrid anonymize comments.jsonl --second-look http://127.0.0.1:8080 -o clean.jsonl
  emogrid anonymize comments.jsonl --json    only count

Categories: NAME HANDLE EMAIL PHONE URL IP CARD ID RELIGION GENDER RACE
DISABILITY AGE. Actions: keep, tag (recorded, the text stays), mask ([NAME]),
drop (the row goes), and for names person (Person A) and pseudonym.")]
    Anonymize(AnonymizeArgs),
    /// Say how far a dataset is
    #[command(after_help = "\
Examples:
  emogrid status configs/moods.yaml
  emogrid status configs/moods.yaml --json")]
    Status(StatusArgs),
    /// Show the messages of some cells, and with `--generate` what comes of them
    #[command(after_help = "\
Examples:
  emogrid preview configs/moods.yaml
  emogrid preview configs/moods.yaml --where emotion=grief --limit 2 --generate
  emogrid preview configs/moods.yaml --diff")]
    Preview(PreviewArgs),
    /// Say where a row came from, or why it is none, or why it was asked again
    #[command(after_help = "\
Examples:
  emogrid why configs/moods.yaml 1eca4f07
  emogrid why configs/moods.yaml 59bd9a949b4d")]
    Why(WhyArgs),
    /// List the runs of a config, with what changed before each and what came of it
    #[command(after_help = "\
Examples:
  emogrid log configs/moods.yaml
  emogrid log configs/moods.yaml --only-changed
  emogrid log configs/moods.yaml --show 3")]
    Log(LogArgs),
    /// List the runs that asked for something, read the page of one, or compare two
    #[command(after_help = "\
Examples:
  emogrid runs configs/moods.yaml
  emogrid runs configs/moods.yaml --show 12
  emogrid runs configs/moods.yaml --compare 11 12")]
    Runs(RunsArgs),
    /// Say which stored answers nothing needs any more, and delete them only when told
    #[command(after_help = "\
Examples:
  emogrid gc configs/*.yaml
  emogrid gc configs/*.yaml --days 7 --delete")]
    Gc(GcArgs),
    /// Take what the anonymiser took out of rows out of the store too
    #[command(after_help = "\
Examples:
  emogrid purge configs/moods.yaml
  emogrid purge configs/*.yaml --yes

Stored answers keep the texts as the model wrote them, so that another policy can
be tried. Afterwards they keep what the policy of now leaves. docs/anonymize.md
says what that means for checks.")]
    Purge(PurgeArgs),
    /// Take a text of somebody's out of the store, the datasets and what past runs left
    #[command(after_help = "\
Examples:
  emogrid forget jane.roe@example.org
  emogrid forget Ann --word --yes
  emogrid forget - --project moods

A name of several words is quoted. Case, accents, blanks and invisible characters
make no difference. Your own files are left alone.")]
    Forget(ForgetArgs),
    /// Find near-duplicates in a table, and keep one of each
    #[command(after_help = "\
Examples:
  emogrid dedup texts.jsonl -o kept.jsonl
  emogrid dedup texts.csv --text tweet --id key --mark -o marked.csv
  emogrid dedup train.jsonl --against test.jsonl -o clean.jsonl
  emogrid dedup texts.jsonl --label emotion --conflicts conflicts.csv
  emogrid dedup night2.jsonl --index seen -o new.jsonl --json
  emogrid dedup corpus.txt.tsv --write-statistics words.tsv

Texts are compared with the kept ones before them. docs/dedup.md says how, and
which level to choose.")]
    Dedup(DedupArgs),
    /// Make clean rows with labels, votes and splits of somebody's labelled texts
    #[command(after_help = "\
Examples:
  emogrid import goemotions train.tsv dev.tsv test.tsv -o data/goemotions
  emogrid import table tweets.csv --text tweet --label mood --split 80,10,10 -o data/tweets

The folder gets train.jsonl, dev.jsonl and test.jsonl, what was done to them
(manifest.json), what labels lack (shortage.json), and the originals of what was
changed or taken out (undo/). The test part is frozen: no command trains on it.
docs/import.md says what each step does, and where to get the data.")]
    Import(ImportArgs),
    /// Put generated rows beside real ones, the rare labels first
    #[command(after_help = "\
Examples:
  emogrid mix data/goemotions/train.jsonl out/moods/dataset.jsonl --quota 1500 -o mixed.jsonl
  emogrid mix train.jsonl dataset.jsonl --ratio 2:1 -o mixed.jsonl
  emogrid mix train.jsonl dataset.jsonl --quota 800 --quota grief=300 --ratio 0.5 -o mixed.jsonl --json

All real rows are kept. The label with the fewest rows by now gets the next
generated one, until quotas or ratio are reached. `source` says where a row is
from. Rows of a frozen test part are refused.")]
    Mix(MixArgs),
    /// Train a small classifier in seconds, or tune a language model, and say how good it is
    #[command(after_help = "\
Examples:
  emogrid train --probe --train train.tsv --dev dev.tsv --test test.tsv
  emogrid train --probe --train train.tsv --dev dev.tsv --map sentiment --model mood.probe
  emogrid train --probe --train real.tsv --dev dev.tsv --test test.tsv --tstr out/moods/dataset.jsonl
  emogrid train --engine trl --train train.tsv --dev dev.tsv --map sentiment -o tuned
  emogrid train --engine openai --base gpt-4.1-nano-2025-04-14 --train train.tsv -o tuned

Files are GoEmotions' own (no header: text, label ids, id), or tables as JSON
Lines, CSV, TSV or Parquet with a column of texts and one of labels.")]
    Train(TrainArgs),
    /// Say how good a trained model is, beside baselines, and how fair
    #[command(after_help = "\
Examples:
  emogrid eval --probe mood.probe --test test.tsv
  emogrid eval --probe new.probe --against old.probe --test test.tsv --json
  emogrid eval --probe mood.probe --test test.tsv --gate=flip=0.05,gap=0.1
  emogrid eval --endpoint http://127.0.0.1:8080 --map sentiment --test test.tsv --limit 280
  emogrid eval --probe real.probe --generator writer/tuned.yaml writer/base.yaml --limit 140")]
    Eval(EvalArgs),
    /// Keep the rows whose labels a probe of real data finds likely too
    #[command(after_help = "\
Examples:
  emogrid verify out/moods/dataset.jsonl --probe real.probe -o verified.jsonl
  emogrid verify rows.csv --probe real.probe --top 1 --rejected doubtful.csv -o sure.csv")]
    Verify(VerifyArgs),
    /// Propose changes of a config from what was measured: scores, audit, shortages, outcome
    #[command(after_help = "\
Examples:
  emogrid refine configs/moods.yaml         by the outcome and audit of its dataset
  emogrid refine configs/moods.yaml --eval eval.json --shortages shortage.json
  emogrid refine configs/moods.yaml --eval eval.json --real train.jsonl --apply

It shows a diff with its reasons, and changes nothing without --apply, which keeps
comments and layout. docs/refine.md says what each proposal follows from.")]
    Refine(RefineArgs),
    /// Go round: generate, train a probe, measure, refine; keep what helps beyond chance
    #[command(after_help = "\
Examples:
  emogrid loop configs/moods.yaml --train data/train.jsonl --dev data/dev.jsonl --map ekman
  emogrid loop configs/moods.yaml --rounds 4 --train data/train.jsonl --dev data/dev.jsonl \\
      --test data/test.jsonl --quota 100 --apply

Each round is a config of its own under out/NAME/loop, over the same stored
answers: stopped (Ctrl-C, exit code 3) or killed, it goes on when called again.
Yours is changed with --apply alone. docs/loop.md says how gains are measured.")]
    Loop(LoopArgs),
    /// Tell a run that goes on something: pause, resume, drain, how many at a time
    #[command(after_help = "\
Examples:
  emogrid ctl status
  emogrid ctl pause configs/moods.yaml
  emogrid ctl concurrency 2
  emogrid ctl drain

Without a config it is the one run that goes on in this project.")]
    Ctl(CtlArgs),
    /// Make a new project
    #[command(after_help = "\
Examples:
  emogrid init moods")]
    Init(InitArgs),
    /// Write the JSON Schema of configs, for editors
    #[command(after_help = "\
Examples:
  emogrid schema > emogrid.schema.json

An editor with a YAML language server reads it when a config's first line is
  # yaml-language-server: $schema=emogrid.schema.json")]
    Schema,
    /// Write completions for a shell
    #[command(after_help = "\
Examples:
  emogrid completions bash > ~/.local/share/bash-completion/completions/emogrid")]
    Completions(CompletionsArgs),
    /// Write manual pages
    #[command(after_help = "\
Examples:
  emogrid man ~/.local/share/man/man1      one page a command: `man emogrid-run`
  emogrid man | man -l -                   read the first of them at once")]
    Man(ManArgs),
}

/// A config, and what is changed in it for once.
#[derive(Debug, Clone, Args)]
pub struct ConfigArgs {
    /// The config, a YAML file
    pub config: PathBuf,
    /// Change a key for this once, such as `--set samples.per_cell=3`
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

/// Which cells a command works on.
#[derive(Debug, Args)]
pub struct CellArgs {
    /// Only cells with this value, such as `--where emotion=joy,anger`; several must all hold
    #[arg(long = "where", value_name = "AXIS=VALUE")]
    pub wheres: Vec<String>,
    /// Only so many cells, spread over the grid
    #[arg(long, value_name = "CELLS")]
    pub limit: Option<usize>,
    /// Go on with a grid of more than 100,000 cells
    #[arg(long)]
    pub yes: bool,
}

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
    /// End after so long, such as `6h`, as `run.for`
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
            ("until", &self.until),
            ("for", &self.lasts),
            ("max_requests", &self.max_requests),
            ("token_budget", &self.token_budget),
            ("max_cost", &self.max_cost),
        ];
        for (key, value) in flags {
            config.set.extend(value.iter().map(|value| format!("run.{key}={value}")));
        }
        config
    }
}

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
    /// From now on send so many requests at a time
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

/// A table of texts that a command works on.
#[derive(Debug, Clone, Args)]
pub struct TableArgs {
    /// JSON Lines, CSV, TSV or Parquet; `-` is standard input
    pub file: PathBuf,
    /// The column with the texts [default: text]
    #[arg(long, value_name = "COLUMN")]
    pub text: Option<String>,
    /// The column with the ids [default: id, else the row's number]
    #[arg(long, value_name = "COLUMN")]
    pub id: Option<String>,
    /// Names for the columns of a CSV or TSV that has no header
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub columns: Option<Vec<String>>,
    /// The table's format [default: by the ending or the first line]
    #[arg(long, value_enum)]
    pub format: Option<crate::table::Format>,
}

impl TableArgs {
    pub fn open(&self) -> Result<crate::table::Reader, crate::table::TableError> {
        crate::table::Reader::open(&self.file, &self.layout())
    }

    pub fn layout(&self) -> crate::table::Layout {
        crate::table::Layout {
            format: self.format,
            text: self.text.clone(),
            id: self.id.clone(),
            columns: self.columns.clone(),
        }
    }
}

/// Which columns of tables hold what.
#[derive(Debug, Clone, Args)]
pub struct LabelArgs {
    /// The column with the texts [default: text]
    #[arg(long, value_name = "COLUMN")]
    pub text: Option<String>,
    /// The column with the labels: a list, or names with commas [default: emotion, labels or label]
    #[arg(long, value_name = "COLUMN")]
    pub label: Option<String>,
}

/// What each gate lets through.
fn gates_of(gate: Option<&String>) -> Result<Option<crate::eval::gate::Gates>, crate::learn::LearnError> {
    let parse =
        |text: &String| crate::eval::gate::Gates::parse(text).map_err(crate::learn::LearnError::Usage);
    gate.map(parse).transpose()
}

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
    pub engine: Option<crate::learn::tune::Engine>,
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
    #[arg(long, value_enum, default_value_t = crate::learn::Grouping::None)]
    pub map: crate::learn::Grouping,
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
    #[arg(long, value_enum, default_value_t = crate::learn::Overlap::Drop)]
    pub overlap: crate::learn::Overlap,
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
    #[arg(long, value_enum, default_value_t = crate::export::Task::Classify)]
    pub task: crate::export::Task,
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
            ("--task", self.task != crate::export::Task::Classify),
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

impl TrainArgs {
    pub fn gates(&self) -> Result<Option<crate::eval::gate::Gates>, crate::learn::LearnError> {
        gates_of(self.gate.as_ref())
    }
}

fn strength(text: &str) -> Result<f32, String> {
    let number: f32 = text.parse().map_err(|_| "expected a number".to_owned())?;
    let fine = (0.001..=1000.0).contains(&number);
    fine.then_some(number).ok_or_else(|| "it lies between 0.001 and 1000".to_owned())
}

#[derive(Debug, Args)]
pub struct EvalArgs {
    /// The probe, as `emogrid train --probe --model FILE` wrote it
    #[arg(long, value_name = "FILE", required_unless_present = "endpoint")]
    pub probe: Option<PathBuf>,
    /// A served model instead, by its address or a config's first endpoint; beside it the probe, if given
    #[arg(long, value_name = "URL|CONFIG", conflicts_with_all = ["against", "seeds"])]
    pub endpoint: Option<String>,
    /// A writer instead, or two to compare: configs whose texts the probe judges by the labels that they were to show
    #[arg(
        long,
        value_name = "CONFIG",
        num_args = 1..=2,
        requires = "probe",
        conflicts_with_all = ["endpoint", "against", "seeds", "gate"]
    )]
    pub generator: Vec<PathBuf>,
    /// Ask a served model only for so many rows, or let a writer write so many, as many of each label
    #[arg(long, value_name = "ROWS", value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: Option<u32>,
    /// How to group labels for a served model; a probe says itself how
    #[arg(long, value_enum, conflicts_with = "probe")]
    pub map: Option<crate::learn::Grouping>,
    /// Files with the rows to measure it on; beside a writer, of people's texts
    #[arg(long, value_name = "FILE", required_unless_present = "generator", num_args = 1..)]
    pub test: Vec<PathBuf>,
    /// Another probe, to compare with on the same rows
    #[arg(long, value_name = "FILE")]
    pub against: Option<PathBuf>,
    /// Files with the rows that generation began with: train on them alone, and compare
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub seeds: Vec<PathBuf>,
    /// Files with the rows that the thresholds of that model are tuned on
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "seeds")]
    pub dev: Vec<PathBuf>,
    /// Write the report as JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub columns: LabelArgs,
    /// Of the draws behind intervals and baselines
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// End with code 4 where answers depend too much on who a text is about
    #[arg(long, value_name = "BOUNDS", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub gate: Option<String>,
}

impl EvalArgs {
    pub fn gates(&self) -> Result<Option<crate::eval::gate::Gates>, crate::learn::LearnError> {
        gates_of(self.gate.as_ref())
    }
}

#[derive(Debug, Args)]
pub struct VerifyArgs {
    #[command(flatten)]
    pub table: TableArgs,
    /// The probe, as `emogrid train --probe --model FILE` wrote it
    #[arg(long, value_name = "FILE")]
    pub probe: PathBuf,
    /// Keep a row if its label is among so many that the probe finds likeliest
    #[arg(long, value_name = "LABELS", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub top: u32,
    /// The column with the labels: a list, or names with commas [default: emotion, labels or label]
    #[arg(long, value_name = "COLUMN")]
    pub label: Option<String>,
    /// Where the kept rows go: a `.jsonl`, `.csv` or `.tsv`, or `-` for standard output
    #[arg(long, short, default_value = "-")]
    pub output: PathBuf,
    /// Where the others go, if they are to be kept too
    #[arg(long, value_name = "FILE")]
    pub rejected: Option<PathBuf>,
    /// Write what was kept of each label as JSON; the rows then go to a file
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct RefineArgs {
    /// The config, a YAML file
    pub config: PathBuf,
    /// What `emogrid eval --json` or `emogrid train --json` wrote
    #[arg(long, value_name = "FILE")]
    pub eval: Option<PathBuf>,
    /// What `emogrid audit --json` wrote [default: the config's dataset is audited]
    #[arg(long, value_name = "FILE")]
    pub audit: Option<PathBuf>,
    /// The shortages that `emogrid import` wrote
    #[arg(long, value_name = "FILE")]
    pub shortages: Option<PathBuf>,
    /// Files with real rows, for exemplars and for words that generated rows lack
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub real: Vec<PathBuf>,
    #[command(flatten)]
    pub columns: LabelArgs,
    /// Change the config
    #[arg(long)]
    pub apply: bool,
    /// Write the proposals as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct DedupArgs {
    #[command(flatten)]
    pub table: TableArgs,
    /// Write the rows that are kept, as `.jsonl`, `.csv` or `.tsv`; `-` is standard output
    #[arg(long, short)]
    pub output: Option<PathBuf>,
    /// Write every row, with `duplicate_of` and `similarity`
    #[arg(long, requires = "output")]
    pub mark: bool,
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
    /// Word statistics of one's own, in place of the built-in ones
    #[arg(long, value_name = "FILE")]
    pub statistics: Option<PathBuf>,
    /// Count the words of the table into a file for `--statistics`, and do no more
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["output", "pairs", "conflicts", "index", "against", "statistics", "json"]
    )]
    pub write_statistics: Option<PathBuf>,
    /// Write counts and speed as JSON to standard output
    #[arg(long)]
    pub json: bool,
}

fn threshold(text: &str) -> Result<Similarity, String> {
    match text.parse::<f64>() {
        Ok(fraction) if fraction > 0.0 && fraction <= 1.0 => Ok(Similarity::from_fraction(fraction)),
        _ => Err("expected a number above 0 and not above 1, such as 0.45".to_owned()),
    }
}

#[derive(Debug, Args)]
pub struct AuditArgs {
    #[command(flatten)]
    pub table: TableArgs,
    /// Further tables of the same columns
    pub more: Vec<PathBuf>,
    /// A column with labels [default: label, labels, emotion and sentiment, where they are there]
    #[arg(long, value_name = "COLUMN")]
    pub label: Vec<String>,
    /// A column that labels should not depend on
    #[arg(long, value_name = "COLUMN")]
    pub context: Vec<String>,
    /// What is between several labels of one row; a list in JSON Lines needs none
    #[arg(long, value_name = "TEXT")]
    pub separator: Option<String>,
    /// Labels that are negative [default: those of the built-in taxonomies]
    #[arg(long, value_name = "LABEL", value_delimiter = ',')]
    pub negative: Vec<String>,
    /// The share of rows that should speak of a group, such as `--target female=0.3`
    #[arg(long, value_name = "GROUP=SHARE")]
    pub target: Vec<String>,
    /// Of a config: change a key for this once, such as `--set audit.fail.leakage=0.3`
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// From which verdict on the exit code is 4
    #[arg(long, value_enum, default_value_t = FailOn::Fail)]
    pub fail_on: FailOn,
    /// Say which rows to drop and which cells to raise, with the audit before and after
    #[arg(long, conflicts_with_all = ["weights", "swap"])]
    pub fix: bool,
    /// With `--fix`: write what is to be dropped to this file
    #[arg(long, value_name = "FILE", requires = "fix")]
    pub write: Option<PathBuf>,
    /// Write the table with a column `weight` that takes labels and contexts apart
    #[arg(long, value_name = "FILE", conflicts_with = "swap")]
    pub weights: Option<PathBuf>,
    /// Write the table with a copy of each row that speaks of men or women, the other way round
    #[arg(long, value_name = "FILE")]
    pub swap: Option<PathBuf>,
    #[command(flatten)]
    pub rewrite: rewrite::RewriteArgs,
    /// A served model, by its address or a config's first endpoint: what it answers when somebody in a text is
    /// somebody else; with `--rewrite`, who rewords [default there: the config's own]
    #[arg(long, value_name = "URL|CONFIG", conflicts_with_all = ["weights", "swap"])]
    pub endpoint: Option<String>,
    /// The same of a probe, as `emogrid train --probe --model FILE` wrote it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["endpoint", "fix", "weights", "swap"])]
    pub probe: Option<PathBuf>,
    /// Ask about so many of these pairs, drawn by lot [default: all for a probe, 300 for an endpoint]
    #[arg(long, value_name = "PAIRS", conflicts_with_all = ["fix", "weights", "swap"])]
    pub pairs: Option<usize>,
    /// Write the audit as JSON
    #[arg(long)]
    pub json: bool,
}

/// From which verdict on an audit fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    Fail,
    Warn,
    Never,
}

#[derive(Debug, Args)]
pub struct AnonymizeArgs {
    #[command(flatten)]
    pub table: TableArgs,
    /// The file to write, `.jsonl`, `.csv` or `.tsv`, or `-` for standard output
    #[arg(long, short)]
    pub output: Option<PathBuf>,
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

#[derive(Debug, Args)]
pub struct ExportArgs {
    /// A config, for its dataset, or a table: JSON Lines, CSV, TSV or Parquet; `-` is standard input
    pub source: PathBuf,
    /// The format [default: by the file's ending, else jsonl]
    #[arg(long, value_enum)]
    pub format: Option<crate::export::Format>,
    /// A file, a folder, or `-` for standard output
    #[arg(long, short, default_value = "-")]
    pub output: PathBuf,
    /// Of a config: keep its rows as they are now in `data/frozen/NAME.jsonl`, for configs to name
    #[arg(
        long,
        value_name = "NAME",
        conflicts_with_all = [
            "format", "output", "label", "labels", "text", "columns", "measuring", "split", "seed", "task",
            "instruction", "system", "answer", "license", "language",
        ]
    )]
    pub freeze: Option<String>,
    /// With `--freeze`: replace other rows of this name
    #[arg(long, requires = "freeze")]
    pub force: bool,
    /// Of a config: change a key for this once, such as `--set samples.per_cell=3`
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// A column with labels [default: a config's label axes; of a table emotion, labels or label]
    #[arg(long, value_name = "COLUMN")]
    pub label: Vec<String>,
    /// The labels there are, in order of their ids, or a built-in taxonomy [default: a config's values,
    /// a table's by name]
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub labels: Vec<String>,
    /// Of a table: the column with the texts [default: text]
    #[arg(long, value_name = "COLUMN")]
    pub text: Option<String>,
    /// Of a table: names for the columns of a CSV or TSV that has no header
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub columns: Option<Vec<String>>,
    /// Of a table: what it makes is to measure on, so rows of a frozen test part may be in it
    #[arg(long)]
    pub measuring: bool,
    /// Share rows out to parts of a folder, such as `80,10,10` or `train=80,test=20`
    #[arg(long, value_name = "SHARES")]
    pub split: Option<String>,
    /// Of the chance in `--split`
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// What a model is to learn by a training format
    #[arg(long, value_enum, default_value_t = crate::export::Task::Classify)]
    pub task: crate::export::Task,
    /// The instruction of a training format, a Jinja template; `@FILE` reads it from a file
    #[arg(long, value_name = "TEMPLATE")]
    pub instruction: Option<String>,
    /// A system message for a training format, a Jinja template; `@FILE` reads it from a file
    #[arg(long, value_name = "TEMPLATE")]
    pub system: Option<String>,
    /// The answer in place of the label or the text, a Jinja template; `@FILE` reads it from a file
    #[arg(long, value_name = "TEMPLATE")]
    pub answer: Option<String>,
    /// Of a dataset folder: its licence, by the hub's name, such as `cc-by-4.0`
    #[arg(long, value_name = "ID")]
    pub license: Option<String>,
    /// Of a dataset folder: its language, such as `en` [default: `checks.language`]
    #[arg(long, value_name = "CODE")]
    pub language: Option<String>,
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

#[derive(Debug, Args)]
pub struct WhyArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
    /// The id or the fingerprint of a row, of now or of before, or the beginning of one
    pub id: String,
    /// Show the answers as they are stored, with what the anonymiser takes out
    #[arg(long)]
    pub with_originals: bool,
}

#[derive(Debug, Args)]
pub struct LogArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Write the files of one state
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["only_changed", "json"])]
    pub show: Option<i64>,
    /// Only states whose config or files differ from the run before, each with all of its runs
    #[arg(long)]
    pub only_changed: bool,
    /// Write the list as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct RunsArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Write the page of one run
    #[arg(long, value_name = "RUN", conflicts_with = "compare")]
    pub show: Option<usize>,
    /// Two runs, figure by figure
    #[arg(long, num_args = 2, value_names = ["A", "B"])]
    pub compare: Vec<usize>,
    /// Write it as JSON
    #[arg(long)]
    pub json: bool,
}

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
