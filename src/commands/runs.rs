use std::io::Write as _;

use super::{Exit, Failure, Talk, open, print_json};
use crate::cli::RunsArgs;
use crate::pipeline;
use crate::report::{Summary, compared_text, morning, runs_text};
use crate::store::{Reader, Snapshot, StoreDir};

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
        let found = number.checked_sub(1).and_then(|index| runs.get(index));
        if found.is_none() {
            talk.say(&format!("there is no run {number}; `emogrid runs` lists {}", runs.len()));
        }
        found
    };
    let mut out = std::io::stdout().lock();
    if let [a, b] = args.compare[..] {
        let (Some(then), Some(now)) = (find(a), find(b)) else { return Ok(Exit::Failed) };
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
        let Some(ran) = find(number) else { return Ok(Exit::Failed) };
        match args.json {
            true => print_json(&ran.summary)?,
            false => out.write_all(morning::page(&ran.summary).as_bytes())?,
        }
    } else if args.json {
        print_json(&runs.iter().map(|ran| &ran.summary).collect::<Vec<_>>())?;
    } else if runs.is_empty() {
        talk.say("nothing was asked here yet");
    } else {
        let summaries: Vec<&Summary> = runs.iter().map(|ran| &ran.summary).collect();
        out.write_all(runs_text(&summaries).as_bytes())?;
    }
    Ok(Exit::Complete)
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
