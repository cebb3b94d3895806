//! Round after round: generate, train a probe, measure, refine.

mod candidate;
mod round;
mod stop;
mod told;

use std::collections::HashSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::refine::{own_text, write};
use super::{Exit, Failure, Talk, mix, open_path, print_json};
use crate::cli::LoopArgs;
use crate::config::load::shown;
use crate::eval::bootstrap::{pooled, pooled_difference};
use crate::guard::{Guard, Purpose};
use crate::labels::LabelSet;
use crate::learn::ground::Ground;
use crate::learn::{Columns, Labelled, LearnError};
use crate::mix::Limits;
use crate::pipeline::Opened;
use crate::refine::Proposal;
use crate::report::count;
pub use round::column;
use round::{Gain, Verdict};
use stop::{Stop, Stopped};

/// All that rounds have in common.
struct Work<'a> {
    args: &'a LoopArgs,
    talk: &'a Talk,
    ground: Ground,
    limits: Limits,
    columns: Columns,
    /// The dataset's column with the labels.
    column: String,
    /// Where rounds have their configs and datasets.
    folder: PathBuf,
    /// The same as a config names it.
    output: PathBuf,
    stop: Stop,
}

/// Why the loop came to no end.
enum Halt {
    Stopped(Stopped),
    Failed(Failure),
}

impl<E: Into<Failure>> From<E> for Halt {
    fn from(error: E) -> Self {
        Halt::Failed(error.into())
    }
}

impl From<Stopped> for Halt {
    fn from(stopped: Stopped) -> Self {
        Halt::Stopped(stopped)
    }
}

/// Goes round, keeps what helps beyond chance, and says what each round was worth.
pub fn rounds(args: &LoopArgs, talk: &Talk) -> Result<Exit, Failure> {
    match go(args, talk) {
        Ok(exit) => Ok(exit),
        Err(Halt::Failed(failure)) => Err(failure),
        Err(Halt::Stopped(stopped)) => {
            talk.say(&format!("{stopped}: everything is saved, and the same call goes on"));
            Ok(Exit::Stopped)
        }
    }
}

fn go(args: &LoopArgs, talk: &Talk) -> Result<Exit, Halt> {
    let stop = Stop::new()?;
    let opened = open_path(&args.config, &[])?;
    talk.warnings(&opened.warnings);
    let mut work = prepared(args, &opened, stop, talk)?;
    let own = own_text(&opened)?.to_owned();
    let (bom, text) = match own.strip_prefix('\u{feff}') {
        Some(text) => ("\u{feff}", text.to_owned()),
        None => ("", own),
    };
    let real = work.ground.real.clone();
    let alone = work.answers(&real)?;
    let name = opened.recipe.config.name.clone();
    talk.say(&format!("round 0: {name} as it is"));
    let mut start = work.round(0, opened, text.clone(), Vec::new(), String::new())?;
    start.gain = Some(work.gain(&start.answers, &alone));
    let mut all = vec![start];
    let mut best = 0;
    let mut tried = HashSet::from([text.clone()]);
    let mut candidates = work.candidates(&all[best])?;
    let by_hand = candidates.by_hand.clone();
    for number in 1..=args.rounds {
        let Some(candidate) = candidates.next(&args.config, &all[best], &mut tried) else {
            talk.say("there is nothing more to try: refine proposes no other change");
            break;
        };
        let keys: Vec<&str> = candidate.proposals.iter().map(|proposal| proposal.key.as_str()).collect();
        talk.say(&format!("round {number} of {}: {}", args.rounds, keys.join(", ")));
        let opened = work.overlay(number, &name, &text, &candidate.text)?;
        let mut round = work.round(number, opened, candidate.text, candidate.proposals, candidate.diff)?;
        let gain = work.gain(&round.answers, &all[best].answers);
        round.verdict = if gain.interval.low > 0.0 { Verdict::Kept } else { Verdict::PutBack };
        round.gain = Some(gain);
        round.against = best;
        let kept = round.verdict == Verdict::Kept;
        talk.say(&format!("round {number}: {}", told::gain_line(&round)));
        all.push(round);
        if kept {
            best = all.len() - 1;
            candidates = work.candidates(&all[best])?;
        }
    }
    let test = work.test(&all[0], &all[best])?;
    let ground = &work.ground;
    let report = told::Report {
        config: &args.config,
        ground,
        draws: args.draws,
        seed: args.seed,
        real: pooled(ground.labels.len(), &ground.score.gold, &alone, args.seed),
        rounds: &all,
        kept: best,
        by_hand: &by_hand,
        refine: refining(args, &by_hand),
        diff: told::diff(&args.config, &text, &all[best].text),
        test,
        applied: args.apply && best > 0,
    };
    if report.applied {
        write(&args.config, &format!("{bom}{}", all[best].text))?;
    }
    let json = report.json();
    let place = work.folder.join("report.json");
    if report.test.is_some() && scored_before(&place, &report.diff) {
        talk.say(
            "the test part was scored before, with another change kept: what is chosen by its score is no longer \
             measured by it",
        );
    }
    put(&place, &(serde_json::to_string_pretty(&json).unwrap_or_default() + "\n"))?;
    put(&work.folder.join("report.md"), &report.page())?;
    match args.json {
        true => print_json(&json)?,
        false => std::io::stdout().lock().write_all(report.text().as_bytes())?,
    }
    talk.say(&format!("the report is in {}", shown(&place.with_extension("md")).display()));
    let config = args.config.display();
    match (best, report.applied) {
        (0, _) => talk.say("no change helped beyond chance: the config stays as it is"),
        (_, true) => talk.say(&format!("{config} was changed; `emogrid run {config}` asks nothing anew")),
        (_, false) => talk.say(&format!("{config} was not changed: the same call with --apply does that")),
    }
    Ok(if all[best].short { Exit::Short } else { Exit::Complete })
}

/// Reads what is to be trained and measured on.
fn prepared<'a>(
    args: &'a LoopArgs,
    opened: &Opened,
    stop: Stop,
    talk: &'a Talk,
) -> Result<Work<'a>, Failure> {
    let config = &opened.recipe.config;
    let columns = Columns { text: args.columns.text.clone(), label: args.columns.label.clone() };
    let column = round::column(config, columns.label.as_deref())?;
    let files: Vec<&PathBuf> = [&args.train, &args.dev, &args.test].into_iter().flatten().collect();
    let guard = Guard::of(&files).map_err(LearnError::from)?;
    let read = |files: &[PathBuf], purpose| Labelled::read(files, &columns, &guard, purpose);
    let test = match &args.test[..] {
        [] => None,
        files => Some(read(files, Purpose::Measuring)?),
    };
    let dev = read(&args.dev, Purpose::Training)?;
    let real = read(&args.train, Purpose::Training)?;
    let axis = config.axes.iter().find(|axis| axis.name == column);
    let values: Vec<String> =
        axis.iter().flat_map(|axis| &axis.values).map(|value| value.name.clone()).collect();
    let ground = Ground::new(args.map, real, dev, test, &values)?;
    for (part, rows, why) in [
        ("training", ground.real.held, "a frozen test part has them"),
        ("training", ground.dropped, "dev or test has the same text"),
        ("dev", ground.dev.held, "a test part has them"),
    ] {
        if rows > 0 {
            talk.say(&format!("{} left out: {why}", count(rows, &format!("{part} row"))));
        }
    }
    let quotas = mix::quotas(&args.quota, &ground.labels).map_err(Failure::Refused)?;
    let ratio = args.ratio.as_deref().map(mix::ratio).transpose().map_err(Failure::Refused)?;
    let budget = ratio.map(|ratio| (ratio * ground.real.texts.len() as f64).round() as u64);
    let folder = config.dataset_dir().join("loop");
    Ok(Work {
        args,
        talk,
        ground,
        limits: Limits { quotas, budget },
        columns,
        column,
        output: config.output.join(&config.name).join("loop"),
        folder,
        stop,
    })
}

impl Work<'_> {
    /// What probes of each draw of these rows say of the half that decides.
    fn answers(&mut self, rows: &Labelled) -> Result<Vec<Vec<LabelSet>>, Halt> {
        let mut out = Vec::new();
        for draw in 0..self.args.draws {
            self.stop.check()?;
            out.push(self.ground.answers_of_draw(rows, self.args.seed, u64::from(draw)));
        }
        Ok(out)
    }

    /// How much better probes are than others of the same draws.
    fn gain(&self, answers: &[Vec<LabelSet>], others: &[Vec<LabelSet>]) -> Gain {
        let (labels, gold) = (self.ground.labels.len(), &self.ground.score.gold);
        let (mean, interval) = pooled_difference(labels, gold, answers, others, self.args.seed);
        Gain { mean, interval }
    }
}

/// Whether the report that stands there has scored a test part with another outcome.
fn scored_before(report: &Path, diff: &str) -> bool {
    let before = fs::read_to_string(report).ok();
    let before = before.and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok());
    before.is_some_and(|before| {
        !before["test"].is_null() && before["diff"] != diff && before["applied"] == false
    })
}

/// Writes a file as a whole.
fn put(path: &Path, text: &str) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::Refused(format!("{}: {error}", path.display()));
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    write(path, text)
}

/// The command that says what to do for proposals which only a template or the user can carry out.
fn refining(args: &LoopArgs, by_hand: &[Proposal]) -> String {
    let mut out = format!("emogrid refine {} --real", args.config.display());
    args.train.iter().for_each(|file| out.push_str(&format!(" {}", file.display())));
    let shortages = args.shortages.as_ref().map(|file| format!(" --shortages {}", file.display()));
    let label = args.columns.label.as_ref().map(|label| format!(" --label {label}"));
    let text = args.columns.text.as_ref().map(|text| format!(" --text {text}"));
    // What labels are taken for is measured.
    let eval = by_hand.iter().any(|proposal| proposal.key == "contrast");
    let eval = eval.then(|| " --eval EVAL.json".to_owned());
    out.extend([text, label, shortages, eval].into_iter().flatten());
    out
}
