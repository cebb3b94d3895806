use std::fs::File;
use std::io::{BufWriter, Write};

use serde_json::{Map, Value};

use super::{Exit, Failure, Talk, evaluate_stored, open};
use crate::cli::{ExportArgs, ExportFormat};
use crate::dataset::row::Row;
use crate::export;
use crate::report::count;

/// Writes the rows that stored answers make.
pub fn export(args: &ExportArgs, talk: &Talk) -> Result<Exit, Failure> {
    let opened = open(&args.config, talk)?;
    let recipe = &opened.recipe;
    let evaluated = evaluate_stored(&opened)?;
    let row = |accepted| Row { recipe, models: &evaluated.models, accepted };
    let rows: Vec<Map<String, Value>> =
        evaluated.outcome.rows.iter().map(|accepted| row(accepted).fields()).collect();
    let by_ending = match args.output.extension().and_then(|ending| ending.to_str()) {
        Some("csv") => ExportFormat::Csv,
        _ => ExportFormat::Jsonl,
    };
    let write = |out: &mut dyn Write| match args.format.unwrap_or(by_ending) {
        ExportFormat::Jsonl => export::jsonl(&rows, out),
        ExportFormat::Csv => export::csv(&rows, out),
    };
    if args.output.as_os_str() == "-" {
        let mut out = BufWriter::new(std::io::stdout().lock());
        write(&mut out)?;
        out.flush()?;
    } else {
        // Beside the target and renamed, so that no reader meets half a file.
        let part = args.output.with_extension("part");
        let mut out = BufWriter::new(File::create(&part)?);
        write(&mut out)?;
        out.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
        std::fs::rename(&part, &args.output)?;
        talk.say(&format!("{} written to {}", count(rows.len() as u64, "row"), args.output.display()));
    }
    let open_asks = evaluated.outcome.demands.len() as u64;
    if open_asks > 0 {
        talk.say(&format!(
            "the dataset is not complete: {} to go; `emogrid run` asks for them",
            count(open_asks, "request")
        ));
    }
    Ok(Exit::Complete)
}
