use std::io::Write;
use std::sync::Arc;

use super::{Exit, Failure, Stored, Talk, block_on, open_for, print_json, select};
use crate::cli::PlanArgs;
use crate::dataset::snapshot::Difference;
use crate::pipeline::{self, Checked, Evidence, Files, LeavingBy, Prospect, Rows, RunError};
use crate::report::{self, CellChange, Forecast, PlanSummary, RowChange};
use crate::store::{StoreError, WrittenState};

/// Says what a run would ask and what would change.
pub fn plan(args: &PlanArgs, talk: &Talk) -> Result<Exit, Failure> {
    let opened = open_for(&args.config, &args.cells, talk)?;
    talk.warnings(&opened.unset_keys());
    let recipe = &opened.recipe;
    let selection = select(&args.cells, &opened)?;
    let mask = if selection.is_all() { Vec::new() } else { selection.mask(&recipe.grid) };
    let stored = Stored::open(&opened)?;
    let (mut causes, mut then) = (Vec::new(), None);
    if let Some(reader) = &stored.reader
        && let Some(WrittenState { number, state: (resolved, files), .. }) =
            reader.written_state(&recipe.config.name)?
    {
        let now = pipeline::state(&opened);
        causes = pipeline::causes((&resolved, &files), (&now.0, &now.1));
        then = Some(reader.cells(number)?);
    }
    let mut cells = Difference::new(&recipe.grid, then);
    let files = Files::new(recipe.config.dataset_dir());
    let mut rows = Rows::new(pipeline::previous_rows(&files));
    let models = Arc::new(stored.models.clone());
    let (mut prospect, mut evidence) =
        (Prospect::new(recipe, models.clone(), mask.clone()), Evidence::new(recipe, models));
    let (mut leaving, mut checked) = (LeavingBy::default(), Checked::new(args.checks));
    let mut sinks = (((&mut cells, &mut rows), (&mut prospect, &mut evidence)), (&mut leaving, &mut checked));
    let totals = stored.evaluate::<()>(&opened.recipe, talk, false, &mut sinks)?;
    let mut cells = cells.finish().map_err(StoreError::snapshot)?;
    let mut book = stored.book(recipe)?;
    let expected = match prospect.going.now() {
        // Nothing follows from nothing, whatever is known of answers.
        0 => Forecast::nothing(),
        _ => block_on(pipeline::forecast(&prospect, &evidence, stored.known.as_ref(), &mut book))??,
    };
    causes.extend(pipeline::model_change(&files, &stored.models));
    let is_meant = |cell: usize| mask.get(cell).is_none_or(|meant| *meant);
    let watcher = talk.style().watcher();
    book.watch(Some(watcher.as_ref()));
    book.passes_over();
    let mut rows = rows.finish().waiting(&recipe.quotas, &mut book, is_meant).map_err(RunError::from)?;
    if stored.known.is_none() {
        // What becomes of what is there hangs on the model.
        rows = RowChange::default();
        cells = CellChange { new: cells.new, dropped: cells.dropped, ..CellChange::default() };
    }
    // Where none leaves, the file need not be read again to see by what.
    let (leaving_by, settled) = match rows.leaving {
        0 => Default::default(),
        _ => leaving.finish(pipeline::previous_rows(&files)),
    };
    let to_remake = if prospect.going.now() > 0 { rows.leaving.saturating_sub(settled) } else { 0 };
    let mut summary = PlanSummary {
        name: recipe.config.name.clone(),
        samples: recipe.wanted(),
        rows,
        coming: totals.rows.saturating_sub(rows.kept),
        to_remake,
        leaving_by,
        max_leaving: recipe.config.run.max_leaving,
        cells: recipe.grid.size() as u64,
        new: cells.new,
        changed: cells.changed,
        restored: cells.restored,
        dropped: cells.dropped,
        kept_cells: cells.kept,
        requests: prospect.going.now(),
        second_look_requests: prospect.going.second_looks,
        judge_requests: prospect.going.judges,
        embedding_requests: prospect.going.embeddings,
        judge_votes: recipe.judges.iter().map(|judge| u64::from(judge.votes())).sum(),
        expected,
        accepted: totals.rows,
        counterparts: totals.counterparts,
        raised: recipe.quotas.raised.rows(),
        raised_cells: recipe.quotas.raised.cells(),
        shortfall: totals.shortfall,
        model: stored.models.names(),
        model_seen: stored.known.as_ref().is_some_and(|known| known.seen),
        endpoints: stored.endpoints.clone(),
        causes,
        checks: checked.finish(recipe, stored.reader.as_ref())?,
    };
    match args.json {
        true => print_json(&summary)?,
        false => {
            summary.causes.iter_mut().for_each(|cause| *cause = pipeline::placed(&opened, cause));
            std::io::stdout().lock().write_all(report::plan_text(&summary).as_bytes())?;
        }
    }
    Ok(Exit::Complete)
}
