//! How many cells a config has, before any is made.

use super::rules::CompiledRule;
use super::{GridAxis, MOST_COMBINATIONS, at, axes, matches_any, number};
use crate::config::Diagnostic;
use crate::config::diagnostic::Sources;
use crate::config::keys::grouped;
use crate::config::resolved::{Config, Rule};

/// A grid of more cells is made only when the user has said so.
const MOST_CELLS: u128 = 100_000;

/// Whether a large grid is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// The user said so, or works on some cells only.
    Any,
    /// The user should be asked first.
    Ask,
    /// It is only mentioned.
    Warn,
}

/// What to say of a config that has very many cells; nothing where they are few, or meant.
///
/// No cell is made for this: what no rule looks at multiplies what the rules leave of the rest.
pub fn too_large(config: &Config, sources: &Sources, size: Size) -> Option<Diagnostic> {
    let all = product(config.axes.iter().map(|axis| axis.values.len()));
    if size == Size::Any || all <= MOST_CELLS {
        return None;
    }
    let (cells, exact) = count(config, sources).map_or((all, false), |cells| (cells, true));
    if cells <= MOST_CELLS || all > u128::from(MOST_COMBINATIONS) {
        return None;
    }
    let about = if exact { "" } else { "up to " };
    let message = format!("this grid has {about}{} cells", shown(cells));
    let found = match size {
        Size::Warn => Diagnostic::warning("large-grid", message)
            .help("`run` and `plan` ask for `--yes` first; `grid.only` keeps fewer"),
        _ => Diagnostic::error("large-grid", message).help(
            "`--yes` goes on; `--limit 1000` or `--where AXIS=VALUE` asks for some cells only; `grid.only` keeps fewer",
        ),
    };
    Some(at(found, config.axes.first().and_then(|axis| axis.at)))
}

/// Says that there are more combinations than are looked at.
pub fn beyond(config: &Config) -> Diagnostic {
    let all = product(config.axes.iter().map(|axis| axis.values.len()));
    let message = format!(
        "the axes span {} combinations, more than the {} that are looked at",
        shown(all),
        grouped(MOST_COMBINATIONS)
    );
    let found = Diagnostic::error("grid-size", message)
        .help("use fewer values, or draw some of them with `lists` and `pick` instead of an axis");
    at(found, config.axes.first().and_then(|axis| axis.at))
}

fn shown(number: u128) -> String {
    match i128::try_from(number) {
        Ok(number) if number < 1_000_000_000_000_000 => grouped(number),
        _ => "over 1,000,000,000,000,000".into(),
    }
}

fn product(sizes: impl Iterator<Item = usize>) -> u128 {
    sizes.fold(1, |product, size| product.saturating_mul(size as u128))
}

/// The number of cells; `None` where the rules read too many combinations, or are wrong.
fn count(config: &Config, sources: &Sources) -> Option<u128> {
    let all = axes(config);
    let compile = |rules: &[Rule], axes: &[GridAxis]| -> Option<Vec<CompiledRule>> {
        rules.iter().map(|rule| CompiledRule::new(rule, axes, sources).ok()).collect()
    };
    let (mut exclude, mut only) = (compile(&config.exclude, &all)?, compile(&config.only, &all)?);
    let mut read: Vec<usize> = exclude.iter().chain(&only).flat_map(CompiledRule::reads).collect();
    read.sort_unstable();
    read.dedup();
    let sizes = |pick: bool| {
        let picked = all.iter().enumerate().filter(move |(axis, _)| read.contains(axis) == pick);
        product(picked.map(|(_, axis)| axis.values.len()))
    };
    let free = sizes.clone()(false);
    let bound = u64::try_from(sizes.clone()(true)).ok().filter(|bound| *bound <= MOST_COMBINATIONS)?;
    // The same axes with only the first value of those that no rule looks at.
    let narrow: Vec<GridAxis> = narrowed(config, &exclude, &only);
    let mut values = vec![0; all.len()];
    let mut kept: u128 = 0;
    let mut found = Vec::new();
    for combination in 0..bound as u32 {
        for (axis, value) in narrow.iter().zip(&mut values) {
            *value = axis.value_of(combination);
        }
        let inside = matches_any(&mut only, &values, &all, &mut found, true)
            && !matches_any(&mut exclude, &values, &all, &mut found, false);
        kept += u128::from(inside);
    }
    found.is_empty().then(|| kept.saturating_mul(free))
}

fn narrowed(config: &Config, exclude: &[CompiledRule], only: &[CompiledRule]) -> Vec<GridAxis> {
    let mut out = axes(config);
    for (index, axis) in out.iter_mut().enumerate() {
        if !exclude.iter().chain(only).flat_map(CompiledRule::reads).any(|read| read == index) {
            axis.values.truncate(1);
        }
    }
    number(&mut out);
    out
}
