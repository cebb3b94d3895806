//! Cells that a file of decisions gives more rows.

use std::collections::BTreeMap;

use super::Grid;
use crate::config::curation::Raised;
use crate::config::diagnostic::did_you_mean;
use crate::config::{Config, Diagnostic, Report};
use crate::model::CellId;

/// By index of the cell, in order of id: the rows that it gets beyond what `samples` says.
///
/// A line with names that are none, or that matches no cell, is a warning and no error: a value may be taken out and
/// put back again.
pub fn raised(config: &Config, grid: &Grid, report: &mut Report) -> BTreeMap<usize, u32> {
    let mut out: BTreeMap<usize, u32> = BTreeMap::new();
    for raised in config.curation.iter().flat_map(|curation| &curation.raised) {
        let cells = matching(raised, grid);
        unknown(raised, cells.is_empty(), grid).into_iter().for_each(|found| report.push(found));
        for cell in cells {
            let add = out.entry(cell).or_default();
            *add = add.saturating_add(raised.add);
        }
    }
    out
}

/// The cells that have, on each axis that is named, one of the values named.
fn matching(raised: &Raised, grid: &Grid) -> Vec<usize> {
    // One cell, as `audit --fix` writes it, is looked up: there may be many lines, and many cells.
    if raised.cell.len() == grid.axes.len() && raised.cell.values().all(|names| names.len() == 1) {
        let names = raised.cell.iter().map(|(axis, names)| (axis.as_str(), names[0].as_str()));
        return grid.index_of(&CellId::of(names)).into_iter().collect();
    }
    let mut wanted: Vec<(usize, Vec<bool>)> = Vec::new();
    for (axis, names) in &raised.cell {
        let Some(at) = grid.axes.iter().position(|known| *known.name == **axis) else { return Vec::new() };
        let values = grid.axes[at].values.iter();
        wanted.push((at, values.map(|value| names.iter().any(|name| name == value.name())).collect()));
    }
    let fits = |cell: &usize| wanted.iter().all(|(axis, values)| values[grid.value_at(*cell, *axis)]);
    (0..grid.size()).filter(fits).collect()
}

/// Says what in a line there is not, and whether it matches nothing for that.
fn unknown(raised: &Raised, is_idle: bool, grid: &Grid) -> Option<Diagnostic> {
    let axes = || grid.axes.iter().map(|axis| &*axis.name);
    let found = |what: String| {
        let so = if is_idle { "this line adds no rows: " } else { "" };
        let found = Diagnostic::warning("curation", format!("{so}{what}"));
        match raised.at {
            Some(at) => found.at(at),
            None => found,
        }
    };
    for (axis, names) in &raised.cell {
        let Some(at) = axes().position(|known| known == axis) else {
            let found = found(format!("there is no axis `{axis}`"));
            return Some(match did_you_mean(axis, axes()) {
                Some(near) => found.help(format!("did you mean `{near}`?")),
                None => found.help(format!("axes: {}", axes().collect::<Vec<_>>().join(", "))),
            });
        };
        let values = || grid.axes[at].values.iter().map(|value| value.name());
        if let Some(name) = names.iter().find(|name| values().all(|value| value != name.as_str())) {
            let found = found(format!("`{axis}` has no value `{name}`"));
            return Some(match did_you_mean(name, values()) {
                Some(near) => found.help(format!("did you mean `{near}`?")),
                None => found.help("it counts again where the value is back"),
            });
        }
    }
    is_idle.then(|| found("the rules leave no such cell".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::super::tests::grid;
    use super::*;

    fn line(cell: &[(&str, &[&str])]) -> Raised {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let cell = cell.iter().map(|(axis, values)| ((*axis).to_owned(), names(values)));
        Raised { cell: cell.collect(), add: 1, at: None }
    }

    #[test]
    fn a_line_matches_as_an_item_of_exclude_does() {
        let grid = grid("    emotion: [joy, grief]\n    context: [work, home, park]\n");
        let found = |raised: &Raised| {
            let cells = matching(raised, &grid);
            cells.into_iter().map(|cell| grid.describe(grid.cell(cell))).collect::<Vec<_>>()
        };
        let lines = [
            line(&[("emotion", &["grief"]), ("context", &["work"])]),
            line(&[("emotion", &["grief"])]),
            line(&[("emotion", &["joy", "fear"]), ("context", &["work", "home"])]),
            line(&[("emotion", &["fear"]), ("context", &["work"])]),
            line(&[("emotoin", &["joy"])]),
        ];
        assert_eq!(found(&lines[0]), ["emotion=grief context=work"]);
        assert_eq!([1, 2].map(|at| found(&lines[at]).len()), [3, 2]);
        let told = |line: &Raised| unknown(line, false, &grid).map(|found| found.message);
        assert_eq!(told(&lines[2]), Some("`emotion` has no value `fear`".to_owned()));
        assert_eq!(told(&lines[1]), None);
        for (at, says) in [(3, "no value `fear`"), (4, "no axis `emotoin`")] {
            assert!(found(&lines[at]).is_empty());
            let told = unknown(&lines[at], true, &grid).unwrap();
            assert!(told.message.contains(says), "{told:?}");
        }
    }
}
