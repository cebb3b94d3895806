use std::io::Write;

use super::{Evaluated, Exit, Failure, Talk, block_on, evaluate_stored, open_for, print_json, select};
use crate::cli::PlanArgs;
use crate::dataset::snapshot::CellAsks;
use crate::pipeline::{self, Files};
use crate::report::{self, PlanSummary};

/// Says what a run would ask and what would change.
pub fn plan(args: &PlanArgs, talk: &Talk) -> Result<Exit, Failure> {
    let opened = open_for(&args.config, &args.cells, talk)?;
    let recipe = &opened.recipe;
    let mask = select(&args.cells, &opened)?.mask(&recipe.grid);
    let Evaluated { outcome, models, known, reader } = evaluate_stored(&opened)?;
    let last = match &reader {
        Some(reader) => reader.last_snapshot(&recipe.config.name)?,
        None => None,
    };
    let mut causes = last.as_ref().map_or_else(Vec::new, |(_, then)| {
        let now = pipeline::state(&opened);
        pipeline::causes((&then.resolved, &then.files), (&now.0, &now.1))
    });
    let before = last.and_then(|(_, snapshot)| CellAsks::from_bytes(&snapshot.cells)).unwrap_or_default();
    let cells = pipeline::difference(recipe, &outcome, &before);
    let expected =
        block_on(pipeline::forecast(&opened, &outcome, &mask, &models, known.as_ref(), reader.as_ref()))??;
    let files = Files::new(recipe.config.dataset_dir());
    causes.extend(pipeline::model_change(&files, &models));
    let summary = PlanSummary {
        name: recipe.config.name.clone(),
        samples: recipe.wanted(),
        rows: pipeline::change(&outcome, &pipeline::previous_rows(&files)),
        max_leaving: recipe.config.run.max_leaving,
        cells: recipe.grid.cells().len() as u64,
        new: cells.new,
        changed: cells.changed,
        restored: cells.restored,
        dropped: cells.dropped,
        kept_cells: cells.kept,
        requests: outcome.demands.iter().filter(|demand| mask[demand.cell]).count() as u64,
        expected,
        accepted: outcome.rows.len() as u64,
        shortfall: outcome.shortfall,
        model: models.names(),
        model_seen: known.as_ref().is_some_and(|known| known.seen),
        causes,
    };
    match args.json {
        true => print_json(&summary)?,
        false => std::io::stdout().lock().write_all(report::plan_text(&summary).as_bytes())?,
    }
    Ok(Exit::Complete)
}
