use std::io::Write;

use super::{Exit, Failure, Talk, block_on, open_path};
use crate::cli::CheckArgs;
use crate::pipeline::Opened;
use crate::pipeline::doctor::{self, Grade};
use crate::prompt::RenderError;
use crate::report::count;

/// Says everything that is wrong with each config and, if asked, with its endpoint.
pub fn check(args: &CheckArgs, talk: &Talk) -> Result<Exit, Failure> {
    let mut exit = Exit::Complete;
    for path in &args.configs {
        let rendered = |opened: Opened| match opened.recipe.render_all() {
            Ok(()) => Ok(opened),
            Err(RenderError(report)) => Err(Failure::Config(*report)),
        };
        match open_path(path, &args.set).and_then(rendered) {
            Ok(opened) => {
                talk.warnings(&opened.warnings);
                let recipe = &opened.recipe;
                talk.say(&format!(
                    "{}: ok, {}, {}, up to {} each",
                    path.display(),
                    count(recipe.grid.cells().len() as u64, "cell"),
                    count(recipe.wanted(), "row"),
                    count(u64::from(recipe.config.samples.max_asks), "ask"),
                ));
                if args.endpoint && !endpoint(&opened, talk)? {
                    exit = Exit::Failed;
                }
            }
            Err(failure) => exit = talk.explain(&failure),
        }
    }
    Ok(exit)
}

/// Says what a look at the endpoint found; `false` if anything would spoil a run.
fn endpoint(opened: &Opened, talk: &Talk) -> Result<bool, Failure> {
    let watcher = talk.style().watcher();
    let findings = block_on(doctor::examine(opened, watcher.as_ref()))??;
    drop(watcher);
    let mut out = std::io::stdout().lock();
    for found in &findings {
        let grade = match found.grade {
            Grade::Good => "ok  ",
            Grade::Warning => "note",
            Grade::Bad => "BAD ",
        };
        writeln!(out, "{grade}  {}", found.what)?;
        if !found.mend.is_empty() {
            writeln!(out, "      → {}", found.mend)?;
        }
    }
    Ok(findings.iter().all(|found| found.grade != Grade::Bad))
}
