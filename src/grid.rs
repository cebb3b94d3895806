//! The grid: which combinations of values are cells, in the order of their ids.

mod contradiction;
mod leftover;
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
pub use leftover::leftovers;
use rules::CompiledRule;
pub use selection::Selection;
pub use share::{Uneven, share};
pub use size::{Size, too_large};
pub use value::ValueObject;

/// The most combinations that are looked at: beyond, a config is a mistake.
const MOST_COMBINATIONS: u64 = 50_000_000;

/// Every cell of a config.
#[derive(Debug)]
pub struct Grid {
    pub axes: Vec<GridAxis>,
    /// In order of id.
    cells: Vec<Cell>,
}

/// An axis with its values as templates see them.
#[derive(Debug)]
pub struct GridAxis {
    pub name: Arc<str>,
    pub label: bool,
    pub values: Vec<Arc<ValueObject>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    pub id: CellId,
    /// The combination, as a number in the mixed base of the axes' sizes.
    combination: u64,
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
        let mut cells = Vec::new();
        let mut values = vec![0usize; axes.len()];
        for combination in 0..combinations {
            decode(combination, &axes, &mut values);
            let kept = matches_any(&mut only, &values, &axes, &mut found, true)
                & !matches_any(&mut exclude, &values, &axes, &mut found, false);
            if !found.is_empty() {
                return Err(found);
            }
            if kept {
                let names = axes.iter().zip(&values);
                let id = CellId::of(names.map(|(axis, at)| (&*axis.name, axis.values[*at].name())));
                cells.push(Cell { id, combination });
            }
        }
        cells.sort_unstable_by_key(|cell| cell.id);
        if cells.is_empty() {
            let rule = config.only.iter().chain(&config.exclude).find_map(|rule| rule.at);
            return Err(vec![at(
                Diagnostic::error("empty-grid", "the rules leave no cell").help(format!(
                    "{} combinations, all of them left out; loosen `exclude` or `only`",
                    grouped(combinations)
                )),
                rule,
            )]);
        }
        let idle = |key: &'static str, rules: &[CompiledRule]| -> Vec<Diagnostic> {
            rules.iter().filter(|rule| !rule.matched).map(|rule| rule.idle(key)).collect()
        };
        let warnings = [idle("exclude", &exclude), idle("only", &only)].concat();
        Ok((Self { axes, cells }, warnings))
    }

    /// The cells, in order of id.
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// The cell's value on each axis, as an index.
    pub fn values(&self, cell: Cell) -> Vec<usize> {
        let mut values = vec![0; self.axes.len()];
        decode(cell.combination, &self.axes, &mut values);
        values
    }

    /// The cell's axis and value names, in the order of the axes.
    pub fn names(&self, cell: Cell) -> impl Iterator<Item = (&str, &str)> {
        let values = self.values(cell);
        self.axes.iter().zip(values).map(|(axis, at)| (&*axis.name, axis.values[at].name()))
    }

    /// A number that cells share when all their label values are the same.
    pub fn label_key(&self, cell: Cell) -> u64 {
        let values = self.values(cell);
        self.axes
            .iter()
            .zip(values)
            .filter(|(axis, _)| axis.label)
            .fold(0, |key, (axis, at)| key * axis.values.len() as u64 + at as u64)
    }

    /// `emotion=joy context=work`, for messages.
    pub fn describe(&self, cell: Cell) -> String {
        let parts: Vec<_> = self.names(cell).map(|(axis, value)| format!("{axis}={value}")).collect();
        parts.join(" ")
    }
}

/// The axes of a config as templates see them.
pub fn axes(config: &Config) -> Vec<GridAxis> {
    config.axes.iter().map(GridAxis::new).collect()
}

impl GridAxis {
    fn new(axis: &Axis) -> Self {
        Self {
            name: axis.name.as_str().into(),
            label: axis.label,
            values: axis.values.iter().map(|value| Arc::new(ValueObject::new(value))).collect(),
        }
    }
}

fn at(diagnostic: Diagnostic, span: Option<Span>) -> Diagnostic {
    match span {
        Some(span) => diagnostic.at(span),
        None => diagnostic,
    }
}

fn decode(mut combination: u64, axes: &[GridAxis], values: &mut [usize]) {
    for (axis, value) in axes.iter().zip(values).rev() {
        let size = axis.values.len() as u64;
        *value = (combination % size) as usize;
        combination /= size;
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
