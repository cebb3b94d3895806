use std::io::Write;

use jiff::Zoned;

use super::{Exit, Failure, Talk, block_on, open_for, print_json, select};
use crate::check::Reason;
use crate::cli::RunArgs;
use crate::config;
use crate::pipeline::{self, Finished, Leaving, RunOptions};
use crate::report;

/// Asks for what the dataset lacks, and writes it.
pub fn run(args: &RunArgs, talk: &Talk) -> Result<Exit, Failure> {
    let process = Zoned::now();
    let config = args.config_with_limits();
    let opened = match open_for(&config, &args.cells, talk) {
        Err(Failure::Config(report)) => {
            block_on(pipeline::tell_of_config(&config.config, &config.set, &report))?;
            return Err(report.into());
        }
        opened => opened?,
    };
    let selection = select(&args.cells, &opened)?;
    let leaving = if args.accept_leaving { Leaving::Accept } else { Leaving::Refuse };
    let options =
        RunOptions { selection, retry_failed: args.retry_failed, wait: args.wait, leaving, process };
    let watcher = talk.style().watcher();
    let done = block_on(pipeline::run(&opened, &options, watcher.as_ref()))?;
    drop(watcher);
    let Finished { summary, ended, error, page } = done?;
    if args.json {
        print_json(&summary)?;
    } else if !talk.quiet {
        let mut text = report::summary_text(&summary, &Reason::advice_for);
        if let Some(page) = page {
            text.push_str(&report::findings_text(&summary, &config::load::shown(&page)));
        }
        // A closed standard error is no reason to fail.
        let _ = std::io::stderr().write_all(text.as_bytes());
    }
    if let Some(error) = error {
        return Err(error.into());
    }
    Ok(ended.into())
}
