use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::json;

use super::{Exit, Failure, Talk, print_json};
use crate::cli::EvalArgs;
use crate::eval::fairness;
use crate::learn::evaluation::Against;
use crate::learn::train::{Parts, answers};
use crate::learn::{Answers, Columns, Evaluation, Grouping, Labelled, LearnError, Overlap, text};
use crate::probe::Probe;
use crate::report::{count, milliseconds};

/// Says how good a trained probe is on texts that it has not seen.
pub fn eval(args: &EvalArgs, talk: &Talk) -> Result<Exit, Failure> {
    let started = Instant::now();
    let columns = Columns { text: args.columns.text.clone(), label: args.columns.label.clone() };
    let probe = read_probe(&args.probe)?;
    let head = probe.head();
    let test = as_labels_of(&probe, &args.test, &columns)?;
    let mut others: Vec<(String, Option<u64>, Answers)> = Vec::new();
    if let Some(path) = &args.against {
        let other = read_probe(path)?;
        if other.head().labels != head.labels {
            let list = |probe: &Probe| probe.head().labels.join(", ");
            return Err(LearnError::OtherLabels(format!("{} / {}", list(&probe), list(&other))).into());
        }
        others.push((path.display().to_string(), Some(other.head().rows), answers(&other, &test.texts)));
    }
    if !args.seeds.is_empty() {
        let seeds = as_labels_of(&probe, &args.seeds, &columns)?;
        let dev = match &args.dev[..] {
            [] => None,
            files => Some(as_labels_of(&probe, files, &columns)?),
        };
        let map = map_of(&probe);
        let parts = Parts::new(Grouping::None, Overlap::Drop, seeds, [dev, Some(test.clone()), None, None])?;
        let (left, dropped) = (parts.train.texts.len() as u64, parts.dropped.train + parts.dropped.dev);
        if dropped > 0 {
            talk.say(&format!("{} left out: the test part has the same text", count(dropped, "row")));
        }
        // Labels stand as the probe has them, whichever of them the seeds lack.
        let parts = Parts { labels: head.labels.clone(), ..parts };
        let trained = parts.probe(&parts.train, map.name(), head.settings);
        others.push(("seeds alone".to_owned(), Some(left), answers(&trained, &test.texts)));
    }
    let gates = args.gates()?;
    let against = Against {
        test: &test,
        counts: &head.counts,
        rows: head.rows,
        seed: args.seed,
        gates: gates.unwrap_or_default(),
        others,
    };
    let own = answers(&probe, &test.texts);
    let to_pairs = answers(&probe, &fairness::sentences());
    let found = Evaluation::new(&own, Some(&to_pairs), &against);
    if args.json {
        let mut out = found.json(Some(&head.thresholds), Some(&head.counts));
        out.insert("probe".into(), json!({ "map": head.map, "rows": head.rows, "hash": probe.hash() }));
        out.insert("seconds".into(), milliseconds(started.elapsed()).into());
        print_json(&out)?;
    } else {
        let name = shown(&args.probe);
        let report = text::report(&found, &name, Some(&head.thresholds), Some(&head.counts));
        std::io::stdout().lock().write_all(report.as_bytes())?;
    }
    Ok(gated(gates.is_some(), &found, talk))
}

/// How a command ends that measured a model: not well where gates are asked for and one is broken.
pub fn gated(asked: bool, found: &Evaluation, talk: &Talk) -> Exit {
    let broken = found.fairness.as_ref().map_or(&[][..], |fairness| &fairness.broken);
    match (asked, broken.len()) {
        (_, 0) => {}
        (true, _) => broken.iter().for_each(|gate| talk.say(&format!("gate: {gate}"))),
        (false, bounds) => talk.say(&format!(
            "{} on fairness not kept; `--gate` lists them and ends with code 4",
            count(bounds as u64, "bound")
        )),
    }
    if asked && !broken.is_empty() { Exit::Short } else { Exit::Complete }
}

fn shown(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

fn read_probe(path: &Path) -> Result<Probe, LearnError> {
    let bytes = std::fs::read(path).map_err(|error| LearnError::File { path: path.to_owned(), error })?;
    Probe::from_bytes(&bytes).map_err(|error| LearnError::Probe { path: path.to_owned(), error })
}

fn map_of(probe: &Probe) -> Grouping {
    Grouping::by_name(&probe.head().map).unwrap_or(Grouping::None)
}

/// Reads rows and numbers their labels as a probe's.
fn as_labels_of(probe: &Probe, files: &[PathBuf], columns: &Columns) -> Result<Labelled, LearnError> {
    let rows = Labelled::read(files, columns)?;
    let head = probe.head();
    let of = map_of(probe).apply(&rows.labels)?;
    rows.renumbered(&head.labels, &of).map_err(|label| LearnError::UnknownLabel {
        path: files[0].clone(),
        label,
        known: head.labels.join(", "),
        map: head.map.clone(),
    })
}
