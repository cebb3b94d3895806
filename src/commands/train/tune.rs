use std::io::Write;
use std::path::Path;

use serde_json::Value;

use super::super::export::template;
use super::super::scrub::store_of;
use super::super::served::label;
use super::super::{Exit, Failure, Talk, block_on};
use super::engine::{self, Python};
use super::{read, say_rows};
use crate::cli::TrainArgs;
use crate::client::managed::quickstart_model;
use crate::export::{Task, Wording};
use crate::learn::evaluation::Against;
use crate::learn::served::{self, Reply, balanced};
use crate::learn::train::Parts;
use crate::learn::tune::{Base, Engine, Tuning, config, managed, write_data};
use crate::learn::{Answers, Evaluation, Labelled, LearnError, text};
use crate::pipeline::RunError;
use crate::report::{count, thousands};

/// Writes data and a recipe for this machine, and where the engine is one of ours runs it, and measures what
/// came of it.
pub fn tune(args: &TrainArgs, engine: Engine, talk: &Talk) -> Result<Exit, Failure> {
    let given = &args.tune;
    if let Some(flag) = given.given_for_remote() {
        return Err(Failure::Refused(format!("{flag} is for `--engine openai`")));
    }
    let mut base = Base::parse(&given.base).map_err(Failure::Refused)?;
    if engine != Engine::Trl && matches!(base, Base::Quickstart(_) | Base::Gguf(_)) {
        return Err(Failure::Refused(format!(
            "this engine reads no GGUF files: name `--base`, a folder of transformers or a name on the hub ({} \
             is one)",
            "HuggingFaceTB/SmolLM2-135M-Instruct"
        )));
    }
    let folder = &given.output;
    if !given.dry_run && folder.join("adapter.gguf").exists() {
        return Err(Failure::Refused(format!(
            "{} holds a tuned model already; name another folder with `-o`, or move it away",
            folder.display()
        )));
    }
    let (parts, wording) = rows_of(args, talk)?;
    let rows = parts.train.texts.len() as u64;
    let mut tuning = Tuning {
        engine,
        base: base.clone(),
        steps: given.steps.unwrap_or_else(|| Tuning::usual_steps(rows, given.batch)),
        batch: given.batch,
        rank: given.rank,
        learning_rate: given.learning_rate,
        max_length: given.max_length,
        seed: args.seed,
        threads: given.threads,
        dev: parts.dev.is_some(),
    };
    if given.dry_run {
        return show(&tuning, rows, folder);
    }
    if engine == Engine::Trl && base == Base::Quickstart(None) {
        let found = block_on(quickstart_model(&|message| talk.say(message)))?;
        base = Base::Quickstart(Some(
            found.map_err(|what| RunError::Managed { endpoint: "quickstart".into(), what })?,
        ));
        tuning.base = base.clone();
    }
    let column = args.columns.label.as_deref().unwrap_or("emotion");
    let mut named = vec![("train", &parts.train)];
    named.extend(parts.dev.as_ref().map(|dev| (tuning.dev_part(), dev)));
    let failed = |error| LearnError::File { path: folder.clone(), error };
    std::fs::create_dir_all(folder).map_err(failed)?;
    let made = write_data(&folder.join("data"), &wording, column, &named)?;
    for (name, text) in tuning.files() {
        std::fs::write(folder.join(name), text).map_err(failed)?;
    }
    talk.say(&format!("recipe and {} written to {}", count(made.rows(), "row"), folder.display()));
    if engine != Engine::Trl {
        talk.say(&format!("run it with: cd {} && {}", folder.display(), tuning.how()));
        return Ok(Exit::Complete);
    }
    let python = Python::find(given.python.as_deref(), talk)?;
    engine::run(&python, folder, talk)?;
    let result = std::fs::read_to_string(folder.join("result.json")).map_err(failed)?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", trained(&result))?;
    drop(out);
    if base.served().is_none() {
        talk.say("to serve it, give llama.cpp the base model as GGUF, and adapter.gguf with `--lora`");
        return Ok(Exit::Complete);
    }
    let adapter = std::path::absolute(folder.join("adapter.gguf")).map_err(failed)?;
    if !adapter.is_file() {
        let what = "there is no adapter.gguf to serve; train.log says why";
        return Err(Failure::InVain(what.into()));
    }
    for (name, adapter) in [("tuned", Some(adapter.as_path())), ("base", None)] {
        let text = config(name, &managed(&tuning, adapter), column, &parts.labels);
        std::fs::write(folder.join(format!("{name}.yaml")), text).map_err(failed)?;
    }
    talk.say(&format!("{} serves it", folder.join("tuned.yaml").display()));
    let rows = parts.test.as_ref().or(parts.dev.as_ref());
    match rows {
        Some(rows) if given.measure > 0 && given.task == Task::Classify => measure(args, rows, folder, talk),
        _ => Ok(Exit::Complete),
    }
}

/// The rows to learn from, and how they become questions and answers.
pub fn rows_of(args: &TrainArgs, talk: &Talk) -> Result<(Parts, Wording), Failure> {
    let mut parts = read(args)?;
    say_rows(&parts, talk);
    let wording = wording(args)?;
    if args.tune.task == Task::Classify {
        // A served model names one label; of several it cannot learn which.
        let rows = std::iter::once(&mut parts.train).chain(&mut parts.dev);
        let several: u64 = rows.map(|rows| rows.retain_rows(|_, gold, _| gold.len() == 1)).sum();
        if several > 0 {
            talk.say(&format!("{} with several labels left out", count(several, "row")));
        }
    }
    if parts.train.texts.is_empty() {
        return Err(LearnError::AllDropped.into());
    }
    Ok((parts, wording))
}

/// A classifier learns the question that `emogrid eval --endpoint` asks, if no other is given.
fn wording(args: &TrainArgs) -> Result<Wording, Failure> {
    let given = &args.tune;
    let own = match given.task {
        Task::Classify => served::wording(),
        Task::Generate => Wording { task: Task::Generate, ..Wording::default() },
    };
    Ok(Wording {
        instruction: template(given.instruction.as_deref())?.or(own.instruction.clone()),
        system: template(given.system.as_deref())?.or(own.system.clone()),
        ..own
    })
}

/// What would be done, on standard output.
fn show(tuning: &Tuning, rows: u64, folder: &Path) -> Result<Exit, Failure> {
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{} rows, {} steps of {}: {:.1} times through the rows\nfolder: {}\nby hand: {}",
        thousands(rows),
        tuning.steps,
        tuning.batch,
        f64::from(tuning.steps) * f64::from(tuning.batch) / rows as f64,
        folder.display(),
        tuning.how()
    )?;
    for (name, text) in tuning.files() {
        write!(out, "\n== {name}\n{text}")?;
    }
    Ok(Exit::Complete)
}

/// What a recipe said of its training.
fn trained(result: &str) -> String {
    let result: Value = serde_json::from_str(result).unwrap_or_default();
    let number = |name: &str| result[name].as_f64();
    let shown = |name: &str| number(name).map_or("?".to_owned(), |value| format!("{value:.2}"));
    let mut text = format!(
        "tuned in {:.0} s: loss {} → {} in training",
        number("seconds").unwrap_or_default(),
        shown("first_loss"),
        shown("last_loss")
    );
    if number("dev_loss_before").is_some() {
        text.push_str(&format!(", {} → {} on dev", shown("dev_loss_before"), shown("dev_loss_after")));
    }
    text
}

/// Asks the tuned model and the one before about the same rows.
pub fn measure(args: &TrainArgs, rows: &Labelled, folder: &Path, talk: &Talk) -> Result<Exit, Failure> {
    let rows = balanced(rows, args.tune.measure as usize, args.seed);
    if rows.texts.is_empty() {
        talk.say("nothing to measure: no row of the part has exactly one label");
        return Ok(Exit::Complete);
    }
    talk.say(&format!("asking both models about {}", count(rows.texts.len() as u64, "row")));
    let labels = rows.labels.len();
    let asked = |name: &str| {
        let config = folder.join(format!("{name}.yaml"));
        let texts = rows.texts.iter().map(String::as_str);
        label(&config.display().to_string(), store_of(&config), rows.labels.clone(), texts, talk)
    };
    let (before, tuned) = (asked("base")?, asked("tuned")?);
    let plain = |replies: &[Reply]| Answers {
        given: served::given(replies),
        probabilities: served::probabilities(labels, replies, false),
    };
    // A little tuning leaves a model with favourites; calibrated, it shows what it tells apart.
    let calibrated = |replies: &[Reply]| {
        let probabilities = served::probabilities(labels, replies, true)?;
        Some(Answers { given: served::likeliest_of(&probabilities), probabilities: Some(probabilities) })
    };
    let others = [
        ("tuned, calibrated", calibrated(&tuned.replies)),
        ("before", Some(plain(&before.replies))),
        ("before, calibrated", calibrated(&before.replies)),
    ];
    let others = others.into_iter().filter_map(|(name, answers)| Some((name.to_owned(), None, answers?)));
    let mut counts = vec![0; rows.labels.len()];
    rows.gold.iter().flat_map(|gold| gold.iter()).for_each(|label| counts[label] += 1);
    let against = Against {
        test: &rows,
        counts: &counts,
        rows: rows.gold.len() as u64,
        seed: args.seed,
        gates: Default::default(),
        others: others.collect(),
    };
    let found = Evaluation::new(&plain(&tuned.replies), None, &against);
    let report = text::report(&found, "tuned", None, None);
    std::io::stdout().lock().write_all(report.as_bytes())?;
    Ok(Exit::Complete)
}
