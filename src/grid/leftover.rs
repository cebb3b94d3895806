//! Values that the rules leave with far more or far fewer cells than the others.

use super::{Grid, at, share};
use crate::config::Diagnostic;
use crate::config::resolved::{Amount, Config};

/// How far a value's share of the rows may be from an even one: a third more, or a third less.
const MORE: f64 = 4.0 / 3.0;
const LESS: f64 = 2.0 / 3.0;
/// Grids of more cells are not tried out for what would balance them.
const TRIED: usize = 1000;

/// An axis's value that is farthest from its even share.
struct Leftover {
    axis: usize,
    value: usize,
    wanted: f64,
    got: f64,
}

impl Leftover {
    fn factor(&self) -> f64 {
        (self.got / self.wanted).max(self.wanted / self.got)
    }
}

/// Warns where the rules leave an axis uneven and the config does not say what is to be balanced;
/// `rows` are those it wants. Values that the rules leave without any cell are not meant.
pub fn leftovers(config: &Config, grid: &Grid, rows: u64) -> Option<Diagnostic> {
    if config.samples.balance_said || (config.exclude.is_empty() && config.only.is_empty()) {
        return None;
    }
    let mut uneven = uneven(config, grid);
    uneven.sort_by(|a, b| {
        let wide = |of: &Leftover| grid.axes[of.axis].values.len();
        // What few values share out is what a reader can check at a glance.
        wide(a).cmp(&wide(b)).then(b.factor().total_cmp(&a.factor()))
    });
    let (first, others) = uneven.split_first()?;
    let name = |of: &Leftover| {
        let axis = &grid.axes[of.axis];
        format!("{} {}", axis.name, axis.values[of.value].name())
    };
    let shares =
        |of: &Leftover| format!("{:.0} % of the rows, not {:.0} %", 100.0 * of.got, 100.0 * of.wanted);
    let mut found = at(
        Diagnostic::warning("uneven", format!("rules leave {} {}", name(first), shares(first))),
        config.axes[first.axis].at,
    );
    for other in others {
        if let Some(span) = config.axes[other.axis].at {
            found = found.also(span, format!("{}: {}", name(other), shares(other)));
        }
    }
    let all: Vec<usize> = uneven.iter().map(|uneven| uneven.axis).collect();
    let axes = if fits(grid, &all, rows) { &all[..] } else { &all[..1] };
    let names: Vec<&str> = axes.iter().map(|axis| &*grid.axes[*axis].name).collect();
    Some(found.help(format!(
        "for even shares write `samples: {{ total: {rows}, balance: [{}] }}`; `balance: []` says that it is meant so",
        names.join(", ")
    )))
}

/// Whether rows can be shared out so that all these axes are even.
fn fits(grid: &Grid, axes: &[usize], rows: u64) -> bool {
    axes.len() == 1
        || grid.size() <= TRIED && share(grid, rows, axes).is_some_and(|(_, uneven)| uneven.is_none())
}

/// By axis, the value that is farthest from its share, where that is far.
fn uneven(config: &Config, grid: &Grid) -> Vec<Leftover> {
    let weighted = matches!(config.samples.amount, Amount::Total { .. });
    let weights: Vec<Vec<f64>> = grid
        .axes
        .iter()
        .map(|axis| axis.values.iter().map(|value| if weighted { value.weight() } else { 1.0 }).collect())
        .collect();
    let mut sums: Vec<Vec<f64>> = weights.iter().map(|axis| vec![0.0; axis.len()]).collect();
    for cell in 0..grid.size() {
        let values = || (0..weights.len()).map(|axis| grid.value_at(cell, axis));
        let share: f64 = values().zip(&weights).map(|(value, weights)| weights[value]).product();
        values().zip(&mut sums).for_each(|(value, sums)| sums[value] += share);
    }
    let far = |axis: usize| {
        let there = |value: &usize| sums[axis][*value] > 0.0;
        let values: Vec<usize> = (0..sums[axis].len()).filter(there).collect();
        let wanted: f64 = values.iter().map(|value| weights[axis][*value]).sum();
        let got: f64 = sums[axis].iter().sum();
        let of = |value: &usize| Leftover {
            axis,
            value: *value,
            wanted: weights[axis][*value] / wanted,
            got: sums[axis][*value] / got,
        };
        let share = |of: &Leftover| of.got / of.wanted;
        // Too much of a value comes first: it is what a model would learn.
        let most = values.iter().map(of).max_by(|a, b| share(a).total_cmp(&share(b)))?;
        let least = values.iter().map(of).min_by(|a, b| share(a).total_cmp(&share(b)))?;
        let (too_much, too_little) = (share(&most) > MORE, share(&least) < LESS);
        too_much.then_some(most).or(too_little.then_some(least))
    };
    (0..grid.axes.len()).filter_map(far).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::load;

    fn found(grid: &str) -> Option<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.yaml");
        std::fs::write(&path, format!("endpoints: {{ a: http://h }}\nprompt: {{ user: Hi }}\n{grid}"))
            .unwrap();
        let loaded = load(&path, &[]).unwrap();
        let grid = Grid::build(&loaded.config, &loaded.report.sources).unwrap().0;
        leftovers(&loaded.config, &grid, 90).map(|found| found.message)
    }

    #[test]
    fn a_third_more_or_less_than_an_even_share_is_said() {
        let of = |rules: &str| {
            found(&format!("grid: {{ axes: {{ a: [x, y, z, u], b: [p, q, r, s] }}, {rules} }}"))
        };
        let say = |text: &str| Some(format!("rules leave {text}"));
        // x has 3 of 15 cells where a quarter were even, then 2 of 14; u has 4 of 7.
        assert_eq!(of("exclude: [{ a: x, b: p }]"), None);
        assert_eq!(of("exclude: [{ a: x, b: [p, q] }]"), say("a x 14 % of the rows, not 25 %"));
        assert_eq!(of("exclude: [{ a: [x, y, z], b: [p, q, r] }]"), say("a u 57 % of the rows, not 25 %"));
        assert_eq!(of("only: [{ b: [p, q] }]"), None);
    }

    #[test]
    fn what_is_balanced_or_meant_is_not_warned_of() {
        let grid = "grid: { axes: { a: [x, y], b: [p, q, r] }, exclude: [{ a: x, b: [p, q] }] }\n";
        assert!(found(grid).is_some());
        for samples in ["{ balance: [] }", "{ total: 90, balance: [a] }", "{ total: 90, balance: [] }"] {
            assert_eq!(found(&format!("{grid}samples: {samples}\n")), None, "{samples}");
        }
        assert!(found(&format!("{grid}samples: {{ total: 90 }}\n")).is_some());
    }
}
