mod writers;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::json;

use super::scrub::store_of;
use super::served::label;
use super::{Exit, Failure, Talk, print_json};
use crate::cli::EvalArgs;
use crate::eval::fairness;
use crate::guard::{Guard, Purpose};
use crate::learn::evaluation::Against;
use crate::learn::served::{self, balanced};
use crate::learn::train::{Parts, answers, map_of, open_probe};
use crate::learn::{Answers, Columns, Evaluation, Grouping, Labelled, LearnError, Overlap, text};
use crate::probe::Probe;
use crate::report::{count, milliseconds};

/// Says how good a model is on texts that it has not seen.
pub fn eval(args: &EvalArgs, talk: &Talk) -> Result<Exit, Failure> {
    let columns = Columns { text: args.columns.text.clone(), label: args.columns.label.clone() };
    let probe = args.probe.as_deref().map(open_probe).transpose()?;
    if args.limit.is_some() && args.endpoint.is_none() && args.generator.is_empty() {
        let what = "`--limit` is for a served model (`--endpoint`) or a writer (`--generator`)";
        return Err(LearnError::Usage(what.into()).into());
    }
    if let (false, Some(probe)) = (args.generator.is_empty(), &probe) {
        return writers::writers(args, probe, &columns, talk);
    }
    match (&args.endpoint, &probe) {
        (Some(endpoint), probe) => endpoint_of(args, endpoint, probe.as_ref(), &columns, talk),
        (None, Some(probe)) => probe_of(args, probe, &columns, talk),
        // The command line asks for one of both.
        (None, None) => {
            Err(LearnError::Usage("name a model: `--probe FILE` or `--endpoint URL`".into()).into())
        }
    }
}

/// A served model, as it is and after batch calibration, beside a probe if there is one.
fn endpoint_of(
    args: &EvalArgs,
    endpoint: &str,
    probe: Option<&Probe>,
    columns: &Columns,
    talk: &Talk,
) -> Result<Exit, Failure> {
    let started = Instant::now();
    let guard = guard_of(args)?;
    let all = match probe {
        Some(probe) => as_labels_of(probe, &args.test, columns, &guard, Purpose::Measuring)?,
        None => {
            let rows = Labelled::read(&args.test, columns, &guard, Purpose::Measuring)?;
            let map = args.map.unwrap_or(Grouping::None);
            Parts::new(map, Overlap::Drop, rows, [None, None, None, None])?.train
        }
    };
    let test = match args.limit {
        Some(limit) => balanced(&all, limit as usize, args.seed),
        None => all,
    };
    if test.texts.is_empty() {
        return Err(LearnError::Usage("no row is left: `--limit` takes rows with one label".into()).into());
    }
    let labels = test.labels.len();
    let texts = test.texts.iter().map(String::as_str);
    let found = label(endpoint, store_of(&args.test[0]), test.labels.clone(), texts, talk)?;
    let plain = Answers {
        given: served::given(&found.replies),
        probabilities: served::probabilities(labels, &found.replies, false),
    };
    let mut others = Vec::new();
    if let Some(calibrated) = served::probabilities(labels, &found.replies, true) {
        let given = served::likeliest_of(&calibrated);
        others.push((
            "batch-calibrated".to_owned(),
            None,
            Answers { given, probabilities: Some(calibrated) },
        ));
    } else {
        talk.say("the server tells no probabilities of tokens, so its answers cannot be calibrated");
    }
    if let (Some(probe), Some(path)) = (probe, &args.probe) {
        others.push((shown(path), Some(probe.head().rows), answers(probe, &test.texts)));
    }
    // Without training rows the test part itself says how frequent labels are.
    let mut counts = vec![0; labels];
    test.gold.iter().flat_map(|gold| gold.iter()).for_each(|label| counts[label] += 1);
    let (counts, rows) = match probe {
        Some(probe) => (probe.head().counts.clone(), probe.head().rows),
        None => (counts, test.gold.len() as u64),
    };
    let gates = args.gates()?;
    let against = Against {
        test: &test,
        counts: &counts,
        rows,
        seed: args.seed,
        gates: gates.unwrap_or_default(),
        others,
    };
    let measured = Evaluation::new(&plain, None, &against);
    if args.json {
        let mut out = measured.json(None, None);
        out.insert("served".into(), found.json());
        out.insert("seconds".into(), milliseconds(started.elapsed()).into());
        print_json(&out)?;
    } else {
        let report = text::report(&measured, &found.model, None, None);
        std::io::stdout().lock().write_all(report.as_bytes())?;
    }
    Ok(gated(gates.is_some(), &measured, talk))
}

/// A trained probe, beside another and one of seeds alone.
fn probe_of(args: &EvalArgs, probe: &Probe, columns: &Columns, talk: &Talk) -> Result<Exit, Failure> {
    let started = Instant::now();
    let head = probe.head();
    let guard = guard_of(args)?;
    let test = as_labels_of(probe, &args.test, columns, &guard, Purpose::Measuring)?;
    let mut others: Vec<(String, Option<u64>, Answers)> = Vec::new();
    if let Some(path) = &args.against {
        let other = open_probe(path)?;
        if other.head().labels != head.labels {
            let list = |probe: &Probe| probe.head().labels.join(", ");
            return Err(LearnError::OtherLabels(format!("{} / {}", list(probe), list(&other))).into());
        }
        others.push((path.display().to_string(), Some(other.head().rows), answers(&other, &test.texts)));
    }
    if !args.seeds.is_empty() {
        let seeds = as_labels_of(probe, &args.seeds, columns, &guard, Purpose::Training)?;
        let dev = match &args.dev[..] {
            [] => None,
            files => Some(as_labels_of(probe, files, columns, &guard, Purpose::Training)?),
        };
        let map = map_of(probe);
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
    let own = answers(probe, &test.texts);
    let to_pairs = answers(probe, &fairness::sentences());
    let found = Evaluation::new(&own, Some(&to_pairs), &against);
    if args.json {
        let mut out = found.json(Some(&head.thresholds), Some(&head.counts));
        out.insert("probe".into(), json!({ "map": head.map, "rows": head.rows, "hash": probe.hash() }));
        out.insert("seconds".into(), milliseconds(started.elapsed()).into());
        print_json(&out)?;
    } else {
        let name = args.probe.as_deref().map(shown).unwrap_or_default();
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

/// The frozen test parts that concern the files.
fn guard_of(args: &EvalArgs) -> Result<Guard, LearnError> {
    let files: Vec<&PathBuf> = [&args.test, &args.seeds, &args.dev].into_iter().flatten().collect();
    Ok(Guard::of(&files)?)
}

/// Reads rows and numbers their labels as a probe's.
fn as_labels_of(
    probe: &Probe,
    files: &[PathBuf],
    columns: &Columns,
    guard: &Guard,
    purpose: Purpose,
) -> Result<Labelled, LearnError> {
    let rows = Labelled::read(files, columns, guard, purpose)?;
    let head = probe.head();
    let of = map_of(probe).apply(&rows.labels)?;
    rows.renumbered(&head.labels, &of).map_err(|label| LearnError::UnknownLabel {
        path: files[0].clone(),
        label,
        known: head.labels.join(", "),
        map: head.map.clone(),
    })
}
