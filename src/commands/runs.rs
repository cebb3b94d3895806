use std::io::Write as _;

use super::{Exit, Failure, Talk, open, print_json};
use crate::cli::RunsArgs;
use crate::model::Untold;
use crate::pipeline::{self, control::running};
use crate::report::{Alike, Listed, Summary, compared_text, morning, runs_text};
use crate::store::{self, Reader, Snapshot, StoreDir};

/// A run with the state of the config that it had.
struct Ran {
    summary: Summary,
    /// None where it ended before there was one.
    snapshot: Option<Snapshot>,
}

/// Lists the runs that came to something or failed to, shows one, or compares two.
pub fn runs(args: &RunsArgs, talk: &Talk) -> Result<Exit, Failure> {
    let opened = open(&args.config, talk)?;
    let config = &opened.recipe.config;
    let runs = match Reader::open(&StoreDir::new(config.project.store()))? {
        Some(reader) => ran(&reader, &config.name)?,
        None => Vec::new(),
    };
    let dir = StoreDir::new(config.project.store());
    let untold = store::untold(&dir, &config.name);
    let is_running = running(&dir).is_ok_and(|names| names.contains(&config.name));
    let listed = listed(&runs, &untold, is_running);
    let find = |number: u64| {
        runs.iter().find(|ran| ran.summary.number == number).ok_or_else(|| {
            Failure::InVain(match listed.iter().find(|run| run.number() == number) {
                Some(Listed::Unkept(_, how)) => format!("run {number} has no figures: {how}"),
                _ if runs.is_empty() => format!("there is no run {number}: none was kept yet"),
                _ => format!("there is no run {number}; `emogrid runs` lists those that there are"),
            })
        })
    };
    let mut out = std::io::stdout().lock();
    if let [a, b] = args.compare[..] {
        let (then, now) = (find(a)?, find(b)?);
        let causes = match (&then.snapshot, &now.snapshot) {
            (Some(then), Some(now)) => {
                pipeline::causes((&then.resolved, &then.files), (&now.resolved, &now.files))
            }
            _ => Vec::new(),
        };
        match args.json {
            true => print_json(&serde_json::json!({
                "runs": [&then.summary, &now.summary],
                "causes": causes,
                "alike": Alike::of(&then.summary.asked, &now.summary.asked),
            }))?,
            false => out.write_all(compared_text(&then.summary, &now.summary, &causes).as_bytes())?,
        }
    } else if let Some(number) = args.show {
        let ran = find(number)?;
        match args.json {
            true => print_json(&ran.summary)?,
            false => out.write_all(morning::page(&ran.summary).as_bytes())?,
        }
    } else if args.json {
        print_json(&runs.iter().map(|ran| &ran.summary).collect::<Vec<_>>())?;
    } else if listed.is_empty() {
        talk.say("nothing was asked here yet");
    } else {
        out.write_all(runs_text(&listed).as_bytes())?;
    }
    Ok(Exit::Complete)
}

/// All runs that are known of, oldest first: those that were kept, those that a later one told of, and those that nobody
/// was told of yet, of which the last may go on.
fn listed<'a>(runs: &'a [Ran], untold: &'a [Untold], is_running: bool) -> Vec<Listed<'a>> {
    let how = |has_ended: bool| if has_ended { "not kept" } else { "cut off" };
    let told = runs.iter().flat_map(|ran| &ran.summary.untold);
    let told = told.map(|run| Listed::Unkept(run, how(run.ended.is_some())));
    let mut out: Vec<Listed<'a>> = told.collect();
    for (index, run) in untold.iter().enumerate() {
        let goes_on = is_running && index + 1 == untold.len();
        out.push(Listed::Unkept(run, if goes_on { "under way" } else { how(run.ended.is_some()) }));
    }
    out.extend(runs.iter().map(|ran| Listed::Kept(&ran.summary)));
    out.sort_by_key(Listed::number);
    // Each run that could not keep its own end told of those before it.
    out.dedup_by_key(|run| run.number());
    out
}

/// The runs of a name, in order of their numbers, but for those that found their dataset complete as it stood.
fn ran(reader: &Reader, name: &str) -> Result<Vec<Ran>, Failure> {
    let mut out = Vec::new();
    let mut add = |summaries: &[String], snapshot: Option<&Snapshot>| {
        let summaries = summaries.iter().filter_map(|text| serde_json::from_str::<Summary>(text).ok());
        let told = summaries.filter(Summary::is_told);
        out.extend(told.map(|summary| Ran { summary, snapshot: snapshot.cloned() }));
    };
    add(&reader.stateless(name)?, None);
    for state in reader.history(name)? {
        add(&state.summaries, Some(&state.snapshot));
    }
    out.sort_by_key(|ran| ran.summary.number);
    Ok(out)
}
