use std::io::Write;

use serde_json::json;

use super::history::History;
use super::{Exit, Failure, Stored, Talk, open, print_json};
use crate::cli::StatusArgs;
use crate::pipeline::{ByAsk, ByAxis, Standing};
use crate::report::{self, count, shortened, thousands, wrapped};
use crate::store::StoreDir;

/// Says how far a dataset is, from stored answers.
pub fn status(args: &StatusArgs, talk: &Talk) -> Result<Exit, Failure> {
    let opened = open(&args.config, talk)?;
    let recipe = &opened.recipe;
    let stored = Stored::open(&opened)?;
    let mut by_axis = ByAxis::new(recipe);
    let mut by_ask = ByAsk::new(recipe, &stored.models);
    let mut on_disk = Standing::begin(&opened);
    let mut sinks = ((&mut by_axis, &mut by_ask), &mut on_disk);
    let totals = stored.evaluate::<()>(&opened.recipe, talk, false, &mut sinks)?;
    let watcher = talk.style().watcher();
    let mut book = stored.book(recipe)?;
    book.watch(Some(watcher.as_ref()));
    book.passes_over();
    let file = Standing::of(&opened, &mut book, on_disk, totals.rows)?;
    drop(book);
    drop(watcher);
    let (by_axis, by_ask) = (by_axis.finish(), by_ask.finish());
    let name = &recipe.config.name;
    let reader = stored.reader.as_ref();
    let (completions, tombstones) = match reader {
        Some(reader) => reader.counts()?,
        None => (0, 0),
    };
    let history = History::read(&StoreDir::new(recipe.config.project.store()), reader, name)?;
    let last = history.all().pop();
    let model = stored.models.names();
    if args.json {
        print_json(&json!({
            "name": name,
            "rows": totals.rows,
            "wanted": recipe.wanted(),
            "counterparts": totals.counterparts,
            "complete": totals.is_final() && totals.shortfall == 0,
            "open": totals.demands,
            "shortfall": totals.shortfall,
            "failed": totals.failed,
            "model": model,
            "stored": { "completions": completions, "tombstones": tombstones },
            "by_axis": by_axis,
            "by_ask": by_ask,
            "last_run": last,
            "file": file,
        }))?;
        return Ok(Exit::Complete);
    }
    let first = format!(
        "{name}: {} of {}{}; {} to ask now, {} that cannot be filled (max_asks)",
        thousands(totals.rows),
        count(recipe.wanted(), "row"),
        report::beside(totals.counterparts),
        count(totals.demands, "request"),
        count(totals.shortfall, "row"),
    );
    let model_line = format!("model: {}", model.as_deref().unwrap_or("not known yet"));
    let mut out = String::new();
    for line in [first, model_line] {
        out.push_str(&wrapped(&line, 78).join("\n  "));
        out.push('\n');
    }
    out.push_str(&format!(
        "store: {}, {}\n",
        count(completions, "completion"),
        count(tombstones, "failed ask"),
    ));
    if let Some(last) = &last {
        out.push_str(&format!("last {}\n", last.text()));
    }
    match &file {
        Some(file) => out.push_str(&format!("file: {}\n", file.text())),
        None => out.push_str("file: none yet\n"),
    }
    for (axis, values) in &by_axis {
        out.push_str(&format!("\n{axis}\n"));
        for (value, rows) in values {
            out.push_str(&format!(
                "  {:<48} {:>10} of {:>10}\n",
                shortened(value, 48),
                thousands(rows.accepted),
                thousands(rows.wanted)
            ));
        }
    }
    for (of, values) in &by_ask {
        out.push_str(&format!("\n{of}\n"));
        for (value, rows) in values {
            out.push_str(&format!(
                "  {:<34} {:>10} of {:>10} texts{}\n",
                shortened(value, 34),
                thousands(rows.accepted),
                thousands(rows.judged()),
                rows.acceptance().map_or_else(String::new, |share| format!(" ({:.0} %)", 100.0 * share)),
            ));
        }
    }
    std::io::stdout().lock().write_all(out.as_bytes())?;
    Ok(Exit::Complete)
}
