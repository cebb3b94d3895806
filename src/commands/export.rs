use std::fs::File;
use std::io::{BufWriter, Write};

use super::{Exit, Failure, Stored, Talk, open};
use crate::cli::{ExportArgs, ExportFormat};
use crate::dataset::evaluate::Accepted;
use crate::dataset::row::Row;
use crate::dataset::{Sink, Totals};
use crate::export;
use crate::report::count;

/// Writes the rows that stored answers make.
pub fn export(args: &ExportArgs, talk: &Talk) -> Result<Exit, Failure> {
    let opened = open(&args.config, talk)?;
    let recipe = &opened.recipe;
    let stored = Stored::open(&opened)?;
    let by_ending = match args.output.extension().and_then(|ending| ending.to_str()) {
        Some("csv") => ExportFormat::Csv,
        _ => ExportFormat::Jsonl,
    };
    let format = args.format.unwrap_or(by_ending);
    let columns = match format {
        ExportFormat::Jsonl => export::Columns::default(),
        // Which columns there are is known only after the last row.
        ExportFormat::Csv => {
            let mut columns = export::Columns::default();
            let mut see = Each(|accepted: &Accepted<'_>| {
                columns.see(&Row { recipe, models: &stored.models, accepted }.fields());
            });
            stored.evaluate(&opened, talk, true, &mut see)?;
            columns
        }
    };
    let write = |out: &mut dyn Write| -> Result<Totals, Failure> {
        let mut rows = match format {
            ExportFormat::Jsonl => export::Rows::jsonl(out),
            ExportFormat::Csv => export::Rows::csv(out, columns)?,
        };
        let mut failed = None;
        let mut each = Each(|accepted: &Accepted<'_>| {
            if failed.is_none() {
                failed = rows.write(&Row { recipe, models: &stored.models, accepted }).err();
            }
        });
        let totals = stored.evaluate(&opened, talk, true, &mut each)?;
        failed.map_or(Ok(()), Err)?;
        rows.finish()?;
        Ok(totals)
    };
    let totals;
    if args.output.as_os_str() == "-" {
        let mut out = BufWriter::new(std::io::stdout().lock());
        totals = write(&mut out)?;
        out.flush()?;
    } else {
        // Beside the target and renamed, so that no reader meets half a file.
        let part = args.output.with_extension("part");
        let mut out = BufWriter::new(File::create(&part)?);
        totals = write(&mut out)?;
        out.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
        std::fs::rename(&part, &args.output)?;
        talk.say(&format!("{} written to {}", count(totals.rows, "row"), args.output.display()));
    }
    let open_asks = totals.demands;
    if open_asks > 0 {
        talk.say(&format!(
            "the dataset is not complete: {} to go; `emogrid run` asks for them",
            count(open_asks, "request")
        ));
    }
    Ok(Exit::Complete)
}

/// Something done with each row.
struct Each<F>(F);

impl<F: FnMut(&Accepted<'_>)> Sink for Each<F> {
    fn row(&mut self, row: &Accepted<'_>) {
        self.0(row);
    }
}
