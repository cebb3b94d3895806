//! The grid: which combinations of values are cells, in the order of their ids.

mod contradiction;
mod ids;
mod leftover;
mod raised;
mod rows;
mod rules;
mod selection;
mod share;
mod size;
mod value;

use std::sync::Arc;

use crate::config::diagnostic::Sources;
use crate::config::keys::grouped;
use crate::config::resolved::{Axis, Config};
use crate::config::{Diagnostic, Span};
use crate::model::CellId;
pub use contradiction::contradictions;
use ids::{CellIds, Combinations, SortedCells};
pub use leftover::leftovers;
pub use raised::raised;
use rules::CompiledRule;
pub use selection::Selection;
pub use share::{Uneven, share};
pub use size::{Size, too_large};
pub use value::ValueObject;

/// The most cells whose ids are kept, at 16 bytes each.
const KNOWN_IDS: usize = 1 << 14;

/// The most combinations that are looked at: beyond, a config is a mistake.
const MOST_COMBINATIONS: u64 = 50_000_000;

/// Every cell of a config.
///
/// Kept are only the numbers of the combinations that are cells, four bytes each: a cell's values
/// follow from the number by arithmetic, and its id by hashing their names.
#[derive(Debug)]
pub struct Grid {
    pub axes: Vec<GridAxis>,
    ids: CellIds,
    /// The ids in order, of a grid where that costs little; else each is worked out anew.
    known: Vec<CellId>,
    /// In order of id.
    combinations: Combinations,
}

/// An axis with its values as templates see them.
#[derive(Debug)]
pub struct GridAxis {
    pub name: Arc<str>,
    pub label: bool,
    pub values: Vec<Arc<ValueObject>>,
    /// How far apart the numbers of combinations are that differ by one value of this axis.
    stride: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    pub id: CellId,
    /// The combination, as a number in the mixed base of the axes' sizes.
    combination: u32,
}

impl Grid {
    /// Spans the axes and lets the rules through; also returns warnings.
    ///
    /// # Errors
    /// Rules whose expression is wrong, and a grid without cells.
    pub fn build(config: &Config, sources: &Sources) -> Result<(Self, Vec<Diagnostic>), Vec<Diagnostic>> {
        let axes = axes(config);
        let combinations = config
            .axes
            .iter()
            .try_fold(1u64, |product, axis| product.checked_mul(axis.values.len() as u64))
            .filter(|product| *product <= MOST_COMBINATIONS);
        let Some(combinations) = combinations else {
            return Err(vec![size::beyond(config)]);
        };
        let mut found = Vec::new();
        let mut compile = |rules: &[crate::config::resolved::Rule]| -> Vec<CompiledRule> {
            rules
                .iter()
                .filter_map(|rule| CompiledRule::new(rule, &axes, sources).map_err(|d| found.push(d)).ok())
                .collect()
        };
        let (mut exclude, mut only) = (compile(&config.exclude), compile(&config.only));
        // What is wrong with an axis that has no values was said.
        if !found.is_empty() || axes.iter().any(|axis| axis.values.is_empty()) {
            return Err(found);
        }
        let ids = CellIds::new(&axes);
        let mut cells = SortedCells::default();
        let mut known = Vec::new();
        let mut values = vec![0usize; axes.len()];
        for combination in 0..combinations as u32 {
            for (axis, value) in axes.iter().zip(&mut values) {
                *value = axis.value_of(combination);
            }
            let kept = matches_any(&mut only, &values, &axes, &mut found, true)
                & !matches_any(&mut exclude, &values, &axes, &mut found, false);
            if !found.is_empty() {
                return Err(found);
            }
            if kept {
                let id = ids.of(|axis| values[axis]);
                cells.push(id, combination);
                if known.len() <= KNOWN_IDS {
                    known.push(id);
                }
            }
        }
        let cells = cells.finish(|combination| ids.of(|axis| axes[axis].value_of(combination)));
        if cells.size() == 0 {
            let rule = config.only.iter().chain(&config.exclude).find_map(|rule| rule.at);
            return Err(vec![at(
                Diagnostic::error("empty-grid", "the rules leave no cell").help(format!(
                    "{} combinations, all of them left out; loosen `exclude` or `only`",
                    grouped(combinations)
                )),
                rule,
            )]);
        }
        // As they stand in order of their ids.
        known.sort_unstable();
        if cells.size() > KNOWN_IDS {
            known = Vec::new();
        }
        let idle = |key: &'static str, rules: &[CompiledRule]| -> Vec<Diagnostic> {
            rules.iter().filter(|rule| !rule.matched).map(|rule| rule.idle(key)).collect()
        };
        let warnings = [idle("exclude", &exclude), idle("only", &only)].concat();
        Ok((Self { axes, ids, known, combinations: cells }, warnings))
    }

    /// How many cells there are.
    pub fn size(&self) -> usize {
        self.combinations.size()
    }

    /// The cells, in order of id.
    pub fn cells(&self) -> impl ExactSizeIterator<Item = Cell> {
        (0..self.size()).map(|index| self.cell(index))
    }

    /// The cell that stands at an index in order of id.
    pub fn cell(&self, index: usize) -> Cell {
        let combination = self.combinations.get(index);
        let id = match self.known.get(index) {
            Some(id) => *id,
            None => self.ids.of(|axis| self.axes[axis].value_of(combination)),
        };
        Cell { id, combination }
    }

    /// Where a cell stands in order of id, if the grid has it.
    pub fn index_of(&self, id: &CellId) -> Option<usize> {
        let (mut from, mut to) = (0, self.size());
        while from < to {
            let middle = from + (to - from) / 2;
            match self.cell(middle).id.cmp(id) {
                std::cmp::Ordering::Less => from = middle + 1,
                std::cmp::Ordering::Greater => to = middle,
                std::cmp::Ordering::Equal => return Some(middle),
            }
        }
        None
    }

    /// The value on one axis, as an index, of the cell at an index in order of id.
    pub fn value_at(&self, index: usize, axis: usize) -> usize {
        self.axes[axis].value_of(self.combinations.get(index))
    }

    /// The value on each axis, as an index, of the cell at an index in order of id.
    pub fn values_at(&self, index: usize) -> impl ExactSizeIterator<Item = usize> {
        let combination = self.combinations.get(index);
        self.axes.iter().map(move |axis| axis.value_of(combination))
    }

    /// The cell's value on one axis, as an index.
    pub fn value(&self, cell: Cell, axis: usize) -> usize {
        self.axes[axis].value_of(cell.combination)
    }

    /// The name of the cell's value on one axis.
    pub fn name(&self, cell: Cell, axis: usize) -> &str {
        self.axes[axis].values[self.value(cell, axis)].name()
    }

    /// The cell's value on each axis, as an index.
    pub fn values(&self, cell: Cell) -> impl ExactSizeIterator<Item = usize> {
        self.axes.iter().map(move |axis| axis.value_of(cell.combination))
    }

    /// The cell's axis and value names, in the order of the axes.
    pub fn names(&self, cell: Cell) -> impl Iterator<Item = (&str, &str)> {
        let values = self.values(cell);
        self.axes.iter().zip(values).map(|(axis, at)| (&*axis.name, axis.values[at].name()))
    }

    /// A number that cells share when all their label values are the same; `index` is in order of id.
    pub fn label_key(&self, index: usize) -> u64 {
        let combination = self.combinations.get(index);
        let labels = self.axes.iter().filter(|axis| axis.label);
        labels.fold(0, |key, axis| key * axis.values.len() as u64 + axis.value_of(combination) as u64)
    }

    /// At most so many cells, of each value of an axis as many but for one, as indices in order of id.
    pub fn spread(&self, axis: usize, most: usize) -> Vec<usize> {
        let mut of_value: Vec<Vec<usize>> = vec![Vec::new(); self.axes[axis].values.len()];
        let mut order = Vec::new();
        for cell in 0..self.size() {
            let value = self.value_at(cell, axis);
            if of_value[value].is_empty() {
                order.push(value);
            }
            of_value[value].push(cell);
        }
        let rounds = of_value.iter().map(Vec::len).max().unwrap_or_default();
        let mut out: Vec<usize> = (0..rounds)
            .flat_map(|round| order.iter().map(move |value| (*value, round)))
            .filter_map(|(value, round)| of_value[value].get(round).copied())
            .take(most)
            .collect();
        out.sort_unstable();
        out
    }

    /// `emotion=joy context=work`, for messages.
    pub fn describe(&self, cell: Cell) -> String {
        let parts: Vec<_> = self.names(cell).map(|(axis, value)| format!("{axis}={value}")).collect();
        parts.join(" ")
    }
}

/// The axes of a config as templates see them.
pub fn axes(config: &Config) -> Vec<GridAxis> {
    let mut axes: Vec<GridAxis> = config.axes.iter().map(GridAxis::new).collect();
    number(&mut axes);
    axes
}

/// Lays down how combinations of the axes' values are numbered.
fn number(axes: &mut [GridAxis]) {
    let mut stride = 1u32;
    for axis in axes.iter_mut().rev() {
        axis.stride = stride;
        // A grid too large for this is refused before any of its cells is looked at.
        stride = stride.saturating_mul(axis.values.len() as u32);
    }
}

impl GridAxis {
    fn new(axis: &Axis) -> Self {
        Self {
            name: axis.name.as_str().into(),
            label: axis.label,
            values: axis.values.iter().map(|value| Arc::new(ValueObject::new(value))).collect(),
            stride: 1,
        }
    }

    /// The index of a combination's value on this axis.
    fn value_of(&self, combination: u32) -> usize {
        (combination / self.stride) as usize % self.values.len()
    }
}

fn at(diagnostic: Diagnostic, span: Option<Span>) -> Diagnostic {
    match span {
        Some(span) => diagnostic.at(span),
        None => diagnostic,
    }
}

/// Whether any rule matches. Rules that never matched so far are asked even when the answer is
/// known, so that one which matches nothing is noticed.
fn matches_any(
    rules: &mut [CompiledRule],
    values: &[usize],
    axes: &[GridAxis],
    found: &mut Vec<Diagnostic>,
    when_none: bool,
) -> bool {
    if rules.is_empty() {
        return when_none;
    }
    let mut any = false;
    for rule in rules {
        if any && rule.matched {
            continue;
        }
        match rule.matches(values, axes) {
            Ok(matches) => {
                rule.matched |= matches;
                any |= matches;
            }
            Err(diagnostic) => found.push(diagnostic),
        }
    }
    any
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::config::load;

    /// The grid of a config with these lines below `axes:`.
    pub fn grid(axes: &str) -> Grid {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.yaml");
        let text = format!("endpoints: {{ a: http://h }}\nprompt: {{ user: Hi }}\ngrid:\n  axes:\n{axes}");
        std::fs::write(&path, text).unwrap();
        let loaded = load(&path, &[]).unwrap();
        Grid::build(&loaded.config, &loaded.report.sources).unwrap().0
    }

    #[test]
    fn a_few_cells_are_spread_over_an_axis() {
        let grid = grid("    a: [x, y, z]\n    b: [p, q, r, s]\n  exclude: [{ a: z, b: [q, r, s] }]\n");
        let of = |most: usize| -> Vec<usize> {
            let cells = grid.spread(0, most);
            assert!(cells.is_sorted());
            (0..3)
                .map(|value| cells.iter().filter(|cell| grid.value_at(**cell, 0) == value).count())
                .collect()
        };
        assert_eq!((of(3), of(5), of(7), of(100)), (vec![1; 3], vec![2, 2, 1], vec![3, 3, 1], vec![4, 4, 1]));
        assert_eq!(of(2).iter().sum::<usize>(), 2);
    }
}
