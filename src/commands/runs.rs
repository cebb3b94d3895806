use std::io::Write as _;

use super::history::History;
use super::{Exit, Failure, Talk, open, print_json};
use crate::cli::RunsArgs;
use crate::pipeline;
use crate::report::{Alike, Listed, compared_text, morning, runs_text};
use crate::store::{Reader, StoreDir};

/// Lists the runs that came to something or failed to, shows one, or compares two.
pub fn runs(args: &RunsArgs, talk: &Talk) -> Result<Exit, Failure> {
    let opened = open(&args.config, talk)?;
    let config = &opened.recipe.config;
    let dir = StoreDir::new(config.project.store());
    let history = History::read(&dir, Reader::open(&dir)?.as_ref(), &config.name)?;
    let listed = history.listed();
    let none = |number: u64| {
        Failure::InVain(match listed.iter().find(|run| run.number() == number) {
            Some(run) => format!("run {number} has no figures: {}", run.state()),
            None if listed.is_empty() => format!("there is no run {number}: none was kept yet"),
            None => format!("there is no run {number}; `emogrid runs` lists those that there are"),
        })
    };
    let find = |number: u64| {
        let mut told = history.ran.iter().filter(|ran| ran.summary.is_told());
        told.find(|ran| ran.summary.number == number).ok_or_else(|| none(number))
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
        let shown = listed.iter().find(|run| run.number() == number).ok_or_else(|| none(number))?;
        match (args.json, shown) {
            (true, shown) => print_json(shown)?,
            (false, Listed::Kept(summary)) => out.write_all(morning::page(summary).as_bytes())?,
            (false, Listed::Unkept(..)) => writeln!(out, "{}", shown.text())?,
        }
    } else if args.json {
        print_json(&listed)?;
    } else if listed.is_empty() {
        talk.say("nothing was asked here yet");
    } else {
        out.write_all(runs_text(&listed).as_bytes())?;
    }
    Ok(Exit::Complete)
}
