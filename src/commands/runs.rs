use std::io::Write as _;

use super::{Exit, Failure, Talk, open, print_json};
use crate::cli::RunsArgs;
use crate::pipeline;
use crate::report::{Summary, compared_text, morning, runs_text};
use crate::store::{Reader, Snapshot, StoreDir};

/// A run with the state of the config that it had.
struct Ran {
    summary: Summary,
    snapshot: Snapshot,
}

/// Lists the runs that asked for something, shows one, or compares two.
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
        let state = |ran: &Ran| (ran.snapshot.resolved.clone(), ran.snapshot.files.clone());
        let (before, after) = (state(then), state(now));
        let causes = pipeline::causes((&before.0, &before.1), (&after.0, &after.1));
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

/// The runs of a name that asked for something, oldest first.
fn ran(reader: &Reader, name: &str) -> Result<Vec<Ran>, Failure> {
    let mut out = Vec::new();
    for state in reader.history(name)? {
        let summaries = state.summaries.iter().filter_map(|text| serde_json::from_str::<Summary>(text).ok());
        let asked = summaries.filter(|summary| summary.attempts > 0);
        out.extend(asked.map(|summary| Ran { summary, snapshot: state.snapshot.clone() }));
    }
    out.sort_by(|a, b| a.summary.started.cmp(&b.summary.started));
    Ok(out)
}
