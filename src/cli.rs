//! The command line.

use clap::{Parser, Subcommand, ValueEnum};

mod anonymize;
mod audit;
mod config;
mod ctl;
mod dedup;
mod eval;
mod export;
mod history;
mod import;
mod project;
mod refine;
mod rewrite;
mod rounds;
mod run;
mod store;
mod table;
mod train;

pub use anonymize::{AnonymizeArgs, AnonymizePreset};
pub use audit::{AuditArgs, FailOn};
pub use config::{CellArgs, ConfigArgs};
pub use ctl::{CtlArgs, CtlOrder, CtlRun};
pub use dedup::{DedupArgs, SemanticArgs};
pub use eval::{EvalArgs, VerifyArgs};
pub use export::ExportArgs;
pub use history::{LogArgs, RunsArgs, WhyArgs};
pub use import::{GoemotionsArgs, HowToImport, ImportArgs, ImportWhat, MixArgs, TableImportArgs};
pub use project::{CompletionsArgs, InitArgs, ManArgs};
pub use refine::RefineArgs;
pub use rounds::LoopArgs;
pub use run::{CheckArgs, PlanArgs, PreviewArgs, RunArgs, StatusArgs};
pub use store::{ForgetArgs, GcArgs, PurgeArgs};
pub use table::{LabelArgs, TableArgs};
pub use train::{TrainArgs, TuneArgs};

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
with everything saved, 4 short of the rows that the config wants, or an alarm:
a bound under `alarm:` is broken, too many rows would leave the dataset
(run.max_leaving), an audit found a failure (--fail-on), or a gate of fairness
is not met (--gate)."
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
    /// List all runs but those that found their dataset complete as it stood, read the page of one, or compare two
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
  emogrid dedup texts.jsonl --semantic http://127.0.0.1:8081 -o kept.jsonl
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
