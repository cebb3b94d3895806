use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;

use super::{Exit, Failure, Talk, open};
use crate::cli::LogArgs;
use crate::pipeline;
use crate::report::{Summary, shortened, thousands};
use crate::store::{Reader, State, StoreDir};

/// Lists the states of a config that ran, with what changed and what came of it.
pub fn log(args: &LogArgs, talk: &Talk) -> Result<Exit, Failure> {
    let opened = open(&args.config, talk)?;
    let config = &opened.recipe.config;
    let Some(reader) = Reader::open(&StoreDir::new(config.project.store()))? else {
        talk.say("nothing ran here yet");
        return Ok(Exit::Complete);
    };
    let history = reader.history(&config.name)?;
    let mut out = String::new();
    if let Some(wanted) = args.show {
        let Some(State { snapshot, .. }) = history.iter().find(|state| state.number == wanted) else {
            talk.say(&format!("there is no state {wanted}; `emogrid log` lists them"));
            return Ok(Exit::Failed);
        };
        let files: BTreeMap<String, String> = serde_json::from_str(&snapshot.files).unwrap_or_default();
        for (name, text) in files {
            let _ = writeln!(out, "── {name}\n{}", text.trim_end_matches('\n'));
        }
    } else {
        for (index, State { number, created, snapshot, summary }) in history.iter().enumerate() {
            let causes = match index.checked_sub(1).map(|before| &history[before].snapshot) {
                Some(then) => {
                    pipeline::causes((&then.resolved, &then.files), (&snapshot.resolved, &snapshot.files))
                }
                None => vec!["the first".into()],
            };
            let summary = summary.as_deref().and_then(|text| serde_json::from_str::<Summary>(text).ok());
            let _ = writeln!(out, "{number:>4}  {created}  {}", came_of(summary.as_ref()));
            for cause in &causes {
                let _ = writeln!(out, "        {}", shortened(cause, 70));
            }
        }
    }
    std::io::stdout().lock().write_all(out.as_bytes())?;
    Ok(Exit::Complete)
}

fn came_of(summary: Option<&Summary>) -> String {
    let Some(summary) = summary else { return "asked nothing".into() };
    let rejected: u64 = summary.rejected.values().sum();
    let judged = summary.accepted + rejected;
    let share = (100 * summary.accepted).checked_div(judged).unwrap_or(0);
    format!(
        "{} of {} rows, {share} % accepted, {} asked",
        thousands(summary.accepted),
        thousands(summary.wanted),
        thousands(summary.requests)
    )
}
