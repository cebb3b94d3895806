use std::io::Write;

use jiff::Zoned;

use super::{Exit, Failure, Talk, block_on, open_for, print_json, select, tell};
use crate::check::Reason;
use crate::cli::RunArgs;
use crate::config;
use crate::pipeline::{self, Finished, Leaving, RunError, RunOptions};
use crate::report;

/// Asks for what the dataset lacks, and writes it.
pub fn run(args: &RunArgs, talk: &Talk) -> Result<Exit, Failure> {
    let process = Zoned::now();
    let config = args.config_with_limits();
    let opened = match open_for(&config, &args.cells, talk) {
        Err(Failure::Config(report)) => {
            let telling = pipeline::tell_of_config(&config.config, &config.set, &report);
            let failure = Failure::Config(report.clone());
            let exit = talk.explain(&failure);
            block_on(telling)?;
            return Ok(exit);
        }
        opened => opened?,
    };
    let selection = select(&args.cells, &opened)?;
    let leaving = if args.accept_leaving { Leaving::Accept } else { Leaving::Refuse };
    let options =
        RunOptions { selection, retry_failed: args.retry_failed, wait: args.wait, leaving, process };
    let watcher = talk.style().watcher();
    let finished = block_on(pipeline::run(&opened, &options, watcher.as_ref()))?;
    drop(watcher);
    // Whoever is told may take a minute, so what came of it is shown first; that nobody reads it keeps nobody
    // from being told.
    let shown = show(args, &finished, talk);
    // That whoever read it had enough says nothing of the run.
    let unshown = shown.err().map(|failure| talk.explain(&failure)).filter(|exit| *exit != Exit::Complete);
    let exit = match &finished.error {
        Some(RunError::Stopped(_)) => {
            talk.say(&report::stopped_text(&finished.summary));
            finished.ended.into()
        }
        Some(error) => talk.explain_run(error),
        None => unshown.unwrap_or(finished.ended.into()),
    };
    tell(&opened, &finished)?;
    Ok(exit)
}

/// The summary, for machines or for people.
fn show(args: &RunArgs, finished: &Finished, talk: &Talk) -> Result<(), Failure> {
    let Finished { summary, page, .. } = finished;
    if args.json {
        return print_json(summary);
    }
    if !talk.quiet && !summary.in_vain {
        let mut text = report::summary_text(summary, &Reason::advice_for);
        if let Some(page) = page {
            text.push_str(&report::findings_text(summary, &config::load::shown(page)));
        }
        // A closed standard error is no reason to fail.
        let _ = std::io::stderr().write_all(text.as_bytes());
    }
    Ok(())
}
