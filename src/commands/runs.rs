use std::io::Write as _;

use super::{Exit, Failure, Talk, open, print_json};
use crate::cli::RunsArgs;
use crate::pipeline::{self, control::running};
use crate::report::{Listed, Summary, compared_text, morning, runs_text};
use crate::store::{self, Reader, Snapshot, StoreDir, Untold};

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
    let find = |number: usize| {
        number.checked_sub(1).and_then(|index| runs.get(index)).ok_or_else(|| {
            let there = match runs.len() {
                0 => "none was kept yet".to_owned(),
                1 => "the only one that was kept is run 1".to_owned(),
                last => format!("those that were kept are 1 to {last}"),
            };
            Failure::InVain(format!("there is no run {number}: {there}"))
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
            }))?,
            false => {
                out.write_all(compared_text((a, &then.summary), (b, &now.summary), &causes).as_bytes())?
            }
        }
    } else if let Some(number) = args.show {
        let ran = find(number)?;
        match args.json {
            true => print_json(&ran.summary)?,
            false => out.write_all(morning::page(&ran.summary).as_bytes())?,
        }
    } else if args.json {
        print_json(&runs.iter().map(|ran| &ran.summary).collect::<Vec<_>>())?;
    } else {
        let dir = StoreDir::new(config.project.store());
        let untold = store::untold(&dir, &config.name);
        let is_running = running(&dir).is_ok_and(|names| names.contains(&config.name));
        match listed(&runs, &untold, is_running) {
            none if none.is_empty() => talk.say("nothing was asked here yet"),
            all => out.write_all(runs_text(&all).as_bytes())?,
        }
    }
    Ok(Exit::Complete)
}

/// All runs that are known of, oldest first: those that were kept, those that a later one told of, and those that nobody
/// was told of yet, of which the last may go on.
fn listed<'a>(runs: &'a [Ran], untold: &'a [Untold], is_running: bool) -> Vec<Listed<'a>> {
    let how = |has_ended: bool| if has_ended { "not kept" } else { "cut off" };
    let told = runs.iter().flat_map(|ran| &ran.summary.untold);
    let told = told.map(|run| Listed::Unkept(&run.began, how(run.ended.is_some())));
    let mut out: Vec<Listed<'a>> = told.collect();
    for (index, run) in untold.iter().enumerate() {
        let goes_on = is_running && index + 1 == untold.len();
        out.push(Listed::Unkept(&run.began, if goes_on { "under way" } else { how(run.ended.is_some()) }));
    }
    out.extend(runs.iter().enumerate().map(|(index, ran)| Listed::Kept(index + 1, &ran.summary)));
    out.sort_by(|a, b| a.began().cmp(b.began()));
    // Each run that could not keep its own end told of those before it.
    out.dedup_by(|a, b| a.began() == b.began());
    out
}

/// The runs of a name, oldest first, but for those that found their dataset complete.
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
    out.sort_by(|a, b| a.summary.started.cmp(&b.summary.started));
    Ok(out)
}
