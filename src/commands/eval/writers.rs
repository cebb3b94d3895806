//! Models that write: how often a probe of real texts sees in theirs what they were asked to show.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::super::rounds::column;
use super::super::{Exit, Failure, Talk, block_on, open_path, print_json, tell};
use super::{as_labels_of, shown};
use crate::cli::EvalArgs;
use crate::eval::bootstrap::{self, Interval, Intervals};
use crate::eval::{Scores, scores};
use crate::guard::{Guard, Purpose};
use crate::labels::LabelSet;
use crate::learn::served::likeliest_of;
use crate::learn::{Columns, Labelled, LearnError};
use crate::pipeline::{self, Ended, Files, Opened, RunOptions};
use crate::probe::Probe;
use crate::report::{count, shortened, thousands};

/// Texts of one writer, or of people, as a probe sees them.
struct Judged {
    name: String,
    gold: Vec<LabelSet>,
    /// The label that is likeliest to the probe.
    given: Vec<LabelSet>,
    scores: Scores,
    intervals: Intervals,
    distinct_2: Option<f64>,
    /// Texts that a writer's config rejected.
    rejected: Option<u64>,
}

/// Lets configs write, and says of their texts how many show the probe their label.
pub fn writers(args: &EvalArgs, probe: &Probe, columns: &Columns, talk: &Talk) -> Result<Exit, Failure> {
    let mut all = Vec::new();
    let mut short = false;
    for path in &args.generator {
        match write(args, path, probe, talk)? {
            Some((judged, is_short)) => {
                all.push(judged);
                short |= is_short;
            }
            None => {
                talk.say("stopped; everything is saved, and the same call goes on");
                return Ok(Exit::Stopped);
            }
        }
    }
    if !args.test.is_empty() {
        let guard = Guard::of(&args.test).map_err(LearnError::from)?;
        let rows = as_labels_of(probe, &args.test, columns, &guard, Purpose::Measuring)?;
        let names: Vec<String> = args.test.iter().map(|path| shown(path)).collect();
        let name = format!("people: {}", names.join(", "));
        all.push(Judged::of(name, probe, rows, args.seed, None, None)?);
    }
    let labels = &probe.head().labels;
    let differences: Vec<(f64, Interval)> =
        all[1..].iter().map(|other| difference(labels.len(), &all[0], other, args.seed)).collect();
    if args.json {
        print_json(&told(labels, &all, &differences))?;
    } else {
        std::io::stdout().lock().write_all(text(labels, &all, &differences).as_bytes())?;
    }
    Ok(if short { Exit::Short } else { Exit::Complete })
}

/// A config that asks for at most so many rows, as many of each label, under a name and in a folder of its own: the
/// user's dataset stays as it is.
fn limited(path: &Path, opened: &Opened, label: &str, limit: u32) -> Result<Opened, Failure> {
    let (config, grid) = (&opened.recipe.config, &opened.recipe.grid);
    let axis = grid.axes.iter().position(|axis| &*axis.name == label).unwrap_or_default();
    let cells = grid.spread(axis, limit as usize);
    let each = limit / cells.len().max(1) as u32;
    let mut sets = vec![
        format!("name={}", json!(format!("{}.limit-{limit}", config.name))),
        format!("output={}", json!({ "dir": config.output.join(&config.name).join("eval") })),
        "samples.total=null".to_owned(),
        "samples.balance=null".to_owned(),
        format!("samples.per_cell={each}"),
    ];
    if cells.len() < grid.size() {
        let values = |cell: usize| -> Value {
            grid.names(grid.cell(cell)).map(|(axis, value)| (axis.to_owned(), Value::from(value))).collect()
        };
        sets.push(format!("grid.only={}", cells.into_iter().map(values).collect::<Value>()));
    }
    open_path(path, &sets)
}

/// Runs one config, with as many rows as are wanted; `None` where it was stopped.
fn write(
    args: &EvalArgs,
    path: &Path,
    probe: &Probe,
    talk: &Talk,
) -> Result<Option<(Judged, bool)>, Failure> {
    let mut opened = open_path(path, &[])?;
    talk.warnings(&opened.warnings);
    let label = column(&opened.recipe.config, args.columns.label.as_deref())?;
    let name = opened.recipe.config.name.clone();
    if let Some(limit) = args.limit {
        opened = limited(path, &opened, &label, limit)?;
    }
    let config = &opened.recipe.config;
    let watcher = talk.style().watcher();
    let done = block_on(pipeline::run(&opened, &RunOptions::of(&jiff::Zoned::now()), watcher.as_ref()))?;
    drop(watcher);
    tell(&opened, &done)?;
    if let Some(error) = done.error {
        return Err(error.into());
    }
    if done.ended == Ended::Stopped {
        return Ok(None);
    }
    let summary = done.summary;
    let file: PathBuf = Files::new(config.dataset_dir()).dataset();
    let of = Columns { text: None, label: Some(label) };
    let rows = as_labels_of(probe, &[file], &of, &Guard::default(), Purpose::Measuring)?;
    let rejected = summary.rejected.values().sum();
    let judged = Judged::of(name, probe, rows, args.seed, summary.distinct_2, Some(rejected))?;
    Ok(Some((judged, matches!(done.ended, Ended::Short | Ended::Alarm))))
}

impl Judged {
    fn of(
        name: String,
        probe: &Probe,
        rows: Labelled,
        seed: u64,
        distinct_2: Option<f64>,
        rejected: Option<u64>,
    ) -> Result<Self, Failure> {
        let single = rows.texts.iter().zip(&rows.gold).filter(|(_, gold)| gold.len() == 1);
        let (texts, gold): (Vec<&String>, Vec<LabelSet>) = single.map(|(text, gold)| (text, *gold)).unzip();
        if texts.is_empty() {
            return Err(LearnError::Usage(format!("{name}: no text has exactly one label")).into());
        }
        let given = likeliest_of(&probe.probabilities(&texts));
        let labels = probe.head().labels.len();
        let scores = scores(labels, &gold, &given);
        let intervals = bootstrap::intervals(labels, &gold, &given, seed);
        Ok(Self { name, gold, given, scores, intervals, distinct_2, rejected })
    }
}

/// How much larger a part of one's texts shows its label. With one label wanted and one given, micro F1 is that part.
fn difference(labels: usize, one: &Judged, other: &Judged, seed: u64) -> (f64, Interval) {
    let gold: Vec<LabelSet> = one.gold.iter().chain(&other.gold).copied().collect();
    let given: Vec<LabelSet> = one.given.iter().chain(&other.given).copied().collect();
    let first: Vec<usize> = (0..one.gold.len()).collect();
    let second: Vec<usize> = (one.gold.len()..gold.len()).collect();
    let interval = bootstrap::gap(labels, &gold, &given, [&first, &second], seed);
    (one.scores.micro_f1 - other.scores.micro_f1, interval)
}

fn told(labels: &[String], all: &[Judged], differences: &[(f64, Interval)]) -> Value {
    let of = |(at, judged): (usize, &Judged)| {
        let classes = labels.iter().zip(&judged.scores.classes);
        let classes: serde_json::Map<String, Value> = classes
            .map(|(label, class)| (label.clone(), json!({ "n": class.n, "shown": class.recall })))
            .collect();
        let mut out = json!({
            "name": judged.name,
            "texts": judged.gold.len(),
            "rejected": judged.rejected,
            "shown": judged.scores.micro_f1,
            "shown_interval": judged.intervals.micro_f1,
            "macro_f1": judged.scores.macro_f1,
            "macro_interval": judged.intervals.macro_f1,
            "distinct_2": judged.distinct_2,
            "per_class": classes,
        });
        if at > 0 {
            let (mean, interval) = differences[at - 1];
            out["first_is_better_by"] = json!({ "shown": mean, "interval": interval });
        }
        out
    };
    json!({ "writers": all.iter().enumerate().map(of).collect::<Vec<_>>() })
}

fn text(labels: &[String], all: &[Judged], differences: &[(f64, Interval)]) -> String {
    let scored = |value: f64, of: Interval| format!("{value:.3} ({:.3}–{:.3})", of.low, of.high);
    let mut out = format!(
        "{:<24} {:>6}  {:<19}  {:<19} {:>5}\n",
        "", "texts", "shown (95 %)", "macro F1 (95 %)", "dist2"
    );
    for judged in all {
        let line = format!(
            "{:<24} {:>6}  {:<19}  {:<19} {:>5}",
            shortened(&judged.name, 24),
            thousands(judged.gold.len() as u64),
            scored(judged.scores.micro_f1, judged.intervals.micro_f1),
            scored(judged.scores.macro_f1, judged.intervals.macro_f1),
            judged.distinct_2.map(|share| format!("{share:.3}")).unwrap_or_default(),
        );
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out.push_str("\nshown: the label that a text was to show is the likeliest to the probe\n");
    for judged in all.iter().filter(|judged| judged.rejected.is_some_and(|rejected| rejected > 0)) {
        let rejected = count(judged.rejected.unwrap_or_default(), "text");
        out.push_str(&format!("{}: {rejected} rejected by its config\n", shortened(&judged.name, 40)));
    }
    for (other, (mean, of)) in all[1..].iter().zip(differences) {
        out.push_str(&format!(
            "{} against {}: shown {mean:+.3} ({:+.3} to {:+.3})\n",
            shortened(&all[0].name, 24),
            shortened(&other.name, 24),
            of.low,
            of.high
        ));
    }
    out.push_str(&format!("\n{:<20}", "shown, by label"));
    all.iter().for_each(|judged| out.push_str(&format!(" {:>18}", shortened(&judged.name, 18))));
    out.push('\n');
    for (label, name) in labels.iter().enumerate() {
        out.push_str(&format!("{:<20}", shortened(name, 20)));
        for judged in all {
            let class = &judged.scores.classes[label];
            let shown = match class.n {
                0 => "–".to_owned(),
                n => format!("{:.3} of {}", class.recall, thousands(n)),
            };
            out.push_str(&format!(" {shown:>18}"));
        }
        out.push('\n');
    }
    out
}
