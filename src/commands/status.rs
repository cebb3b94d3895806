use std::io::Write;

use serde_json::json;

use super::{Evaluated, Exit, Failure, Talk, evaluate_stored, open, print_json};
use crate::cli::StatusArgs;
use crate::pipeline;
use crate::report::{Summary, count, thousands};

/// Says how far a dataset is, from stored answers.
pub fn status(args: &StatusArgs, talk: &Talk) -> Result<Exit, Failure> {
    let opened = open(&args.config, talk)?;
    let recipe = &opened.recipe;
    let Evaluated { outcome, models, reader, .. } = evaluate_stored(&opened)?;
    let name = &recipe.config.name;
    let (completions, tombstones) = match &reader {
        Some(reader) => reader.counts()?,
        None => (0, 0),
    };
    let last = match &reader {
        Some(reader) => reader.last_run(name)?,
        None => None,
    };
    let last = last.and_then(|(_, text)| serde_json::from_str::<Summary>(&text).ok());
    let by_axis = pipeline::by_axis(recipe, &outcome);
    let model = models.names();
    if args.json {
        print_json(&json!({
            "name": name,
            "rows": outcome.rows.len(),
            "wanted": recipe.wanted(),
            "complete": outcome.is_final() && outcome.shortfall == 0,
            "open": outcome.demands.len(),
            "shortfall": outcome.shortfall,
            "failed": outcome.failed.len(),
            "model": model,
            "stored": { "completions": completions, "tombstones": tombstones },
            "by_axis": by_axis,
            "last_run": last,
        }))?;
        return Ok(Exit::Complete);
    }
    let mut out = format!(
        "{name}: {} of {}; {} open, {} that cannot be filled (max_asks)\n",
        thousands(outcome.rows.len() as u64),
        count(recipe.wanted(), "row"),
        count(outcome.demands.len() as u64, "ask"),
        count(outcome.shortfall, "row"),
    );
    out.push_str(&format!("model: {}\n", model.as_deref().unwrap_or("not known yet")));
    out.push_str(&format!(
        "store: {}, {}\n",
        count(completions, "completion"),
        count(tombstones, "failed ask"),
    ));
    if let Some(last) = &last {
        out.push_str(&format!(
            "last run: {}, {}, {} asked\n",
            last.started,
            last.state,
            thousands(last.requests)
        ));
    }
    for (axis, values) in &by_axis {
        out.push_str(&format!("\n{axis}\n"));
        for (value, rows) in values {
            out.push_str(&format!(
                "  {value:<24} {:>7} of {:>7}\n",
                thousands(rows.accepted),
                thousands(rows.wanted)
            ));
        }
    }
    std::io::stdout().lock().write_all(out.as_bytes())?;
    Ok(Exit::Complete)
}
