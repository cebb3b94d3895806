mod engine;
mod remote;
mod tune;

use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use serde_json::json;

use super::apart::apart;
use super::{Exit, Failure, Talk, print_json};
use crate::cli::TrainArgs;
use crate::eval::fairness;
use crate::guard::{Guard, Purpose};
use crate::learn::evaluation::Against;
use crate::learn::train::{Parts, answers};
use crate::learn::tune::Engine;
use crate::learn::{Answers, Columns, Evaluation, Labelled, LearnError, text};
use crate::probe::{Probe, Settings};
use crate::report::{count, milliseconds, thousands};
use crate::staged::replace;

/// Reads all parts; what a frozen test part holds goes to no training.
fn read(args: &TrainArgs) -> Result<Parts, Failure> {
    let columns = Columns { text: args.columns.text.clone(), label: args.columns.label.clone() };
    let files: Vec<&PathBuf> =
        [&args.train, &args.dev, &args.test, &args.tstr, &args.seeds].into_iter().flatten().collect();
    let guard = Guard::of(&files).map_err(LearnError::from)?;
    let read = |files: &[PathBuf], purpose| match files {
        [] => Ok(None),
        files => Labelled::read(files, &columns, &guard, purpose).map(Some),
    };
    let others = [
        read(&args.dev, Purpose::Training)?,
        read(&args.test, Purpose::Measuring)?,
        read(&args.tstr, Purpose::Training)?,
        read(&args.seeds, Purpose::Training)?,
    ];
    let train = Labelled::read(&args.train, &columns, &guard, Purpose::Training)?;
    Ok(Parts::new(args.map, args.overlap, train, others)?)
}

/// Trains a probe, writes it where asked, and says how good it is.
pub fn train(args: &TrainArgs, talk: &Talk) -> Result<Exit, Failure> {
    let reads = [&args.train, &args.dev, &args.test, &args.tstr, &args.seeds].into_iter().flatten();
    apart(reads.map(|path| &**path), &[("--model", args.model.as_deref())])?;
    match args.engine {
        Some(Engine::Openai) => return remote::tune(args, talk),
        Some(engine) => return tune::tune(args, engine, talk),
        None => {}
    }
    if let Some(flag) = args.tune.given() {
        return Err(Failure::Refused(format!("{flag} is for `--engine`, which tunes a language model")));
    }
    let started = Instant::now();
    let parts = read(args)?;
    say_rows(&parts, talk);
    let settings = Settings { strength: args.strength, min_df: args.min_df };
    let map = args.map.name();
    let probe = parts.probe(&parts.train, map, settings);
    if let Some(path) = &args.model {
        replace(path, &probe.to_bytes()).map_err(|error| LearnError::File { path: path.clone(), error })?;
        talk.say(&format!("probe written to {}", path.display()));
    }
    let head = probe.head();
    let told = json!({
        "map": map,
        "labels": head.labels,
        "rows": head.rows,
        "ngrams": probe.ngrams(),
        "strength": head.settings.strength,
        "min_df": head.settings.min_df,
        "passes": head.passes,
        "tuned_on": head.tuned_on,
        "hash": probe.hash(),
    });
    let Some(test) = &parts.test else {
        let seconds = milliseconds(started.elapsed());
        if args.json {
            print_json(&json!({ "probe": told, "dropped": parts.dropped, "seconds": seconds }))?;
        } else {
            let mut out = std::io::stdout().lock();
            writeln!(out, "{}\nnot measured: there is no --test part", summary(&probe))?;
        }
        return Ok(Exit::Complete);
    };
    let trained_on = |rows: &Labelled| answers(&parts.probe(rows, map, settings), &test.texts);
    let mut others: Vec<(String, Option<u64>, Answers)> = Vec::new();
    if let Some(made) = &parts.made {
        let both = parts.train.with(made);
        for (name, rows) in [("synthetic alone", made), ("real and synthetic", &both)] {
            others.push((name.to_owned(), Some(rows.texts.len() as u64), trained_on(rows)));
        }
    }
    if let Some(seeds) = &parts.seeds {
        others.push(("seeds alone".to_owned(), Some(seeds.texts.len() as u64), trained_on(seeds)));
    }
    let against = Against {
        test,
        counts: &head.counts,
        rows: head.rows,
        seed: args.seed,
        gates: args.gates()?.unwrap_or_default(),
        others,
    };
    let own = answers(&probe, &test.texts);
    let to_pairs = answers(&probe, &fairness::sentences());
    let found = Evaluation::new(&own, Some(&to_pairs), &against);
    if args.json {
        let mut out = found.json(Some(&head.thresholds), Some(&head.counts));
        out.insert("probe".into(), told);
        out.insert("dropped".into(), json!(parts.dropped));
        out.insert("seconds".into(), milliseconds(started.elapsed()).into());
        print_json(&out)?;
    } else {
        let name = format!("this probe, {} rows", thousands(head.rows));
        let report = text::report(&found, &name, Some(&head.thresholds), Some(&head.counts));
        let mut out = std::io::stdout().lock();
        writeln!(out, "{}\n\n{report}", summary(&probe))?;
        write!(
            out,
            "\n{:.1} s; the same files give the same probe and figures",
            started.elapsed().as_secs_f64()
        )?;
        writeln!(out, " (draws seeded: {})", args.seed)?;
    }
    Ok(super::eval::gated(args.gates()?.is_some(), &found, talk))
}

/// What a probe is, in a line or two.
fn summary(probe: &Probe) -> String {
    let head = probe.head();
    let tuned = match head.tuned_on {
        0 => "thresholds 0.5: there is no --dev part".to_owned(),
        rows => format!("thresholds tuned on {}", count(rows, "row")),
    };
    let labels = count(head.labels.len() as u64, "label");
    let ngrams = count(probe.ngrams() as u64, "n-gram");
    format!("probe: {labels}, {ngrams}, from {}; {tuned}", count(head.rows, "row"))
}

/// Says what was left out, and why.
fn say_rows(parts: &Parts, talk: &Talk) {
    let dropped = parts.dropped;
    let held = |part: Option<&Labelled>| part.map_or(0, |part| part.held);
    let also = [
        ("training", dropped.train, parts.train.held),
        ("dev", dropped.dev, held(parts.dev.as_ref())),
        ("synthetic", dropped.tstr, held(parts.made.as_ref())),
        ("seed", dropped.seeds, held(parts.seeds.as_ref())),
    ];
    for (part, rows, held) in also {
        let left_out =
            [(held, "a frozen test part has them"), (rows - held, "the test part has the same text")];
        for (rows, why) in left_out.into_iter().filter(|(rows, _)| *rows > 0) {
            talk.say(&format!("{} left out: {why}", count(rows, &format!("{part} row"))));
        }
    }
    let all = [
        Some(&parts.train),
        parts.dev.as_ref(),
        parts.test.as_ref(),
        parts.made.as_ref(),
        parts.seeds.as_ref(),
    ];
    let unlabelled: u64 = all.into_iter().flatten().map(|part| part.unlabelled).sum();
    if unlabelled > 0 {
        talk.say(&format!("{} without a label left out", count(unlabelled, "row")));
    }
}
