//! What a run or a plan comes to, counted from its outcome.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::Value;

use crate::check::Reason;
use crate::dataset::snapshot::CellAsks;
use crate::dataset::{Outcome, Recipe};
use crate::grid::GridAxis;
use crate::model::{Fingerprint, RowId};
use crate::report::{AxisCount, CellChange, RowChange, diff};

/// How the cells of an outcome stand to a snapshot.
pub fn difference(recipe: &Recipe, outcome: &Outcome, before: &CellAsks) -> CellChange {
    let demanded: HashSet<usize> = outcome.demands.iter().map(|demand| demand.cell).collect();
    before.difference(
        recipe
            .grid
            .cells()
            .iter()
            .enumerate()
            .map(|(index, cell)| (cell.id, outcome.reached[index].as_slice(), demanded.contains(&index))),
    )
}

/// The asks that each cell reached, as a snapshot keeps them.
pub fn cell_asks(recipe: &Recipe, outcome: &Outcome) -> Vec<u8> {
    let reached = outcome.reached.iter().map(Vec::as_slice);
    CellAsks::to_bytes(recipe.grid.cells().iter().map(|cell| cell.id).zip(reached))
}

/// How the rows of an outcome stand to those of the dataset before.
pub fn change(outcome: &Outcome, before: &HashMap<RowId, Fingerprint>) -> RowChange {
    let now: HashSet<RowId> = outcome.rows.iter().map(|row| row.id).collect();
    let mut displaced: HashSet<RowId> = HashSet::new();
    for reject in &outcome.rejects {
        if let Reason::Duplicate { .. } = reject.reason {
            let candidate = &reject.answer[reject.place.index];
            displaced.insert(RowId::of(&reject.place.fingerprint, candidate.choice, candidate.item));
        }
    }
    let mut out = RowChange::default();
    for id in before.keys() {
        if now.contains(id) {
            out.kept += 1;
        } else if displaced.contains(id) {
            out.displaced += 1;
        } else {
            out.leaving += 1;
        }
    }
    out
}

/// Rows and rejects by axis and value.
pub fn by_axis(recipe: &Recipe, outcome: &Outcome) -> BTreeMap<String, BTreeMap<String, AxisCount>> {
    let cells = recipe.grid.cells();
    let mut rejected = vec![0u64; cells.len()];
    for reject in &outcome.rejects {
        rejected[reject.place.cell] += 1;
    }
    let axes = &recipe.grid.axes;
    let mut counts: Vec<Vec<AxisCount>> =
        axes.iter().map(|axis| vec![AxisCount::default(); axis.values.len()]).collect();
    for (index, cell) in cells.iter().enumerate() {
        for (axis, value) in recipe.grid.values(*cell).into_iter().enumerate() {
            let count = &mut counts[axis][value];
            count.wanted += u64::from(recipe.quotas.rows[index]);
            count.accepted += u64::from(outcome.accepted[index]);
            count.rejected += rejected[index];
        }
    }
    // A value that the rules leave no cell of is not reported as short.
    let named = |axis: &GridAxis, counts: Vec<AxisCount>| {
        let values = axis.values.iter().zip(counts).filter(|(_, count)| count.wanted > 0);
        values.map(|(value, count)| (value.name().to_owned(), count)).collect()
    };
    axes.iter().zip(counts).map(|(axis, counts)| (axis.name.to_string(), named(axis, counts))).collect()
}

/// What changed between two states of a config: keys with their values, and template files with the
/// line where each first differs.
pub fn causes(then: (&str, &str), now: (&str, &str)) -> Vec<String> {
    let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    let mut out: Vec<String> =
        diff::changes(&parse(then.0), &parse(now.0)).iter().map(diff::Change::line).collect();
    for change in diff::changes(&parse(then.1), &parse(now.1)) {
        // The config itself was compared key by key.
        if !change.path.starts_with("prompts/") {
            continue;
        }
        let line = match (change.then.as_str(), change.now.as_str()) {
            (Some(a), Some(b)) => format!("{}:{}", change.path, diff::first_line(a, b)),
            _ => change.path.clone(),
        };
        out.push(line);
    }
    out
}
