//! How a total of rows is shared out among the cells.

use super::Grid;
use super::rows::{Balanced, rows};

/// Sweeps over the balanced axes before what is reached must do.
const SWEEPS: usize = 2000;
/// Sweeps in which the value that is farthest from its share must come nearer to it, and to which part of how far it
/// was: what the grid's holes allow no better stays where it is.
const NEARER: (usize, f64) = (20, 0.99);
/// How far a value may be from its share, relative to it, and still count as balanced.
const NEAR: f64 = 0.01;

/// A value whose rows are not those that its share comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Uneven {
    pub axis: usize,
    pub value: usize,
    /// Of all rows.
    pub wanted: f64,
    pub got: f64,
    /// Whether shares that are no whole numbers would be even, and only rows are not.
    pub by_rounding: bool,
}

/// Rows for each cell, in order of id; they add up to `total`.
///
/// Each cell's share is the product of its values' weights. Where axes are to be balanced, the shares
/// are then fitted so that the values of each such axis get rows in proportion to their weights:
/// iterative proportional fitting (Deming and Stephan, 1940). Shares are rounded so that these values'
/// rows stay within one of their shares where that can be, by the largest remainder, ties by cell id. Also
/// returns the value whose rows are farthest from its share, where that is a row or more and far. `None` where
/// the weights of every cell's values come to 0.
pub fn share(grid: &Grid, total: u64, balance: &[usize]) -> Option<(Vec<u32>, Option<Uneven>)> {
    let weight = |axis: usize, value: usize| grid.axes[axis].values[value].weight();
    let product = |cell| (0..grid.axes.len()).map(|axis| weight(axis, grid.value_at(cell, axis))).product();
    let mut shares: Vec<f64> = (0..grid.size()).map(product).collect();
    if shares.iter().all(|share| *share == 0.0) {
        return None;
    }
    // By balanced axis: the share that each value should get, among those that any cell has.
    let targets: Vec<(usize, Vec<f64>)> = balance
        .iter()
        .map(|axis| {
            let mut target = vec![0.0; grid.axes[*axis].values.len()];
            for (cell, share) in shares.iter().enumerate() {
                if *share > 0.0 {
                    let value = grid.value_at(cell, *axis);
                    target[value] = weight(*axis, value);
                }
            }
            let sum: f64 = target.iter().sum();
            target.iter_mut().for_each(|share| *share /= sum);
            (*axis, target)
        })
        .collect();
    let (worst, _) = fit(grid, &mut shares, &targets);
    let by_rounding = worst.is_none_or(|worst| worst.off() <= NEAR);
    let balanced = targets.iter().map(|(axis, target)| Balanced {
        of: (0..grid.size()).map(|cell| grid.value_at(cell, *axis) as u32).collect(),
        wanted: target.iter().map(|share| share * total as f64).collect(),
    });
    let rows = rows(&shares, total, &balanced.collect::<Vec<_>>());
    let got: Vec<f64> = rows.iter().map(|rows| f64::from(*rows)).collect();
    let is_row = |of: &Uneven| (of.got - of.wanted).abs() * total as f64 >= 1.0 - 1e-6;
    let uneven = farthest(grid, &got, &targets, is_row).filter(|worst| worst.off() > NEAR);
    Some((rows, uneven.map(|uneven| Uneven { by_rounding, ..uneven })))
}

/// Sweeps over the balanced axes as long as that makes them more even; gives the value that is farthest from its share
/// then, and how many sweeps there were.
fn fit(grid: &Grid, shares: &mut [f64], targets: &[(usize, Vec<f64>)]) -> (Option<Uneven>, usize) {
    let mut before = f64::INFINITY;
    let mut worst = None;
    for sweep in 1..=SWEEPS {
        for (axis, target) in targets {
            let sums = sums(grid, shares, *axis);
            for (cell, share) in shares.iter_mut().enumerate() {
                let value = grid.value_at(cell, *axis);
                if sums[value] > 0.0 {
                    *share *= target[value] / sums[value];
                }
            }
        }
        worst = farthest(grid, shares, targets, |_| true);
        let off = worst.as_ref().map_or(0.0, Uneven::off);
        let is_time = sweep.is_multiple_of(NEARER.0);
        if off < 1e-9 || is_time && off > before * NEARER.1 {
            return (worst, sweep);
        }
        if is_time {
            before = off;
        }
    }
    (worst, SWEEPS)
}

impl Uneven {
    /// How far it is from its share, relative to that.
    fn off(&self) -> f64 {
        (self.got / self.wanted - 1.0).abs()
    }
}

/// By value of an axis: its cells' shares together.
fn sums(grid: &Grid, shares: &[f64], axis: usize) -> Vec<f64> {
    let mut sums = vec![0.0; grid.axes[axis].values.len()];
    for (cell, share) in shares.iter().enumerate() {
        sums[grid.value_at(cell, axis)] += share;
    }
    sums
}

/// The value that is farthest from its share, of those that count.
fn farthest(
    grid: &Grid,
    shares: &[f64],
    targets: &[(usize, Vec<f64>)],
    counts: impl Fn(&Uneven) -> bool,
) -> Option<Uneven> {
    let whole: f64 = shares.iter().sum();
    let mut worst: Option<Uneven> = None;
    for (axis, target) in targets {
        let sums = sums(grid, shares, *axis);
        for (value, wanted) in target.iter().enumerate().filter(|(_, wanted)| **wanted > 0.0) {
            let got = sums[value] / whole;
            let this = Uneven { axis: *axis, value, wanted: *wanted, got, by_rounding: false };
            if counts(&this) && worst.as_ref().is_none_or(|worst| this.off() > worst.off()) {
                worst = Some(this);
            }
        }
    }
    worst
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::grid::tests::grid;

    /// Rows by value of an axis.
    fn by(grid: &Grid, rows: &[u32], axis: usize) -> Vec<u32> {
        let mut out = vec![0; grid.axes[axis].values.len()];
        for (cell, rows) in rows.iter().enumerate() {
            out[grid.value_at(cell, axis)] += rows;
        }
        out
    }

    #[test]
    fn without_balance_cells_share_by_weight() {
        let grid = grid("    a: { values: { x: { weight: 3 }, y: {} } }\n    b: [p, q]\n");
        let (rows, uneven) = share(&grid, 80, &[]).unwrap();
        assert_eq!((by(&grid, &rows, 0), by(&grid, &rows, 1)), (vec![60, 20], vec![40, 40]));
        assert_eq!(uneven, None);
    }

    #[test]
    fn balance_mends_what_holes_make_uneven() {
        // x has three cells, y one: by cells alone x would get three quarters.
        let holed = "    a: [x, y]\n    b: [p, q, r]\n  exclude: [{ a: y, b: [q, r] }]\n";
        let grid = grid(holed);
        assert_eq!(by(&grid, &share(&grid, 120, &[]).unwrap().0, 0), [90, 30]);
        let (rows, uneven) = share(&grid, 120, &[0]).unwrap();
        assert_eq!((by(&grid, &rows, 0), uneven), (vec![60, 60], None));
    }

    #[test]
    fn what_no_fitting_can_balance_is_named() {
        // y goes only with p, so p has at least half, and a third was wanted.
        let grid = grid("    a: [x, y]\n    b: [p, q, r]\n  exclude: [{ a: y, b: [q, r] }]\n");
        let (rows, uneven) = share(&grid, 120, &[0, 1]).unwrap();
        assert!(uneven.is_some());
        assert_eq!(rows.iter().sum::<u32>(), 120);
        // As soon as it gets no better, nothing more is tried.
        let (mut shares, even) =
            (vec![1.0; grid.size()], |values| vec![1.0 / f64::from(values); values as usize]);
        let (worst, sweeps) = fit(&grid, &mut shares, &[(0, even(2)), (1, even(3))]);
        assert!(worst.unwrap().off() > NEAR && sweeps <= 4 * NEARER.0, "{sweeps}");
    }

    #[test]
    fn what_weighs_nothing_has_no_share() {
        let grid = grid("    a: { values: { x: { weight: 0 }, y: { weight: 0 } } }\n    b: [p, q]\n");
        assert_eq!(share(&grid, 10, &[]), None);
        assert_eq!(share(&grid, 10, &[0]), None);
    }

    #[test]
    fn rows_of_balanced_values_stay_within_one_of_their_share() {
        let moods = "    mood: { values: { a: { weight: 2 }, b: {}, c: { weight: 1.5 }, d: {}, e: {}, f: { weight: 0.5 }, g: {} } }\n    \
            topic: [p, q, r]\n    language: [en, de]\n    tone: [dry, warm]\n";
        let grid = grid(moods);
        for total in [60, 240, 7, 1001] {
            let (rows, uneven) = share(&grid, total, &[0]).unwrap();
            for (rows, weight) in by(&grid, &rows, 0).into_iter().zip([2.0, 1.0, 1.5, 1.0, 1.0, 0.5, 1.0]) {
                let wanted = weight / 8.0 * total as f64;
                assert!((f64::from(rows) - wanted).abs() < 1.0, "{rows} of {wanted}");
            }
            assert_eq!(uneven, None);
        }
        let (rows, uneven) = share(&grid, 60, &[0, 1, 2]).unwrap();
        assert_eq!((by(&grid, &rows, 1), by(&grid, &rows, 2), uneven), (vec![20; 3], vec![30; 2], None));
    }

    proptest! {
        #[test]
        fn rows_add_up_and_balanced_values_get_their_share(
            weights in prop::collection::vec(0.25f64..4.0, 2..8),
            sizes in (2..5usize, 1..4usize),
            total in 0..400u64,
            both in any::<bool>(),
        ) {
            let values = |name: char, weights: &[f64]| {
                let each = weights.iter().enumerate().map(|(at, weight)| format!("{name}{at}: {{ weight: {weight} }}"));
                format!("    {name}: {{ values: {{ {} }} }}\n", each.collect::<Vec<_>>().join(", "))
            };
            let second: Vec<f64> = (0..sizes.0).map(|at| 1.0 + at as f64 / 3.0).collect();
            let text = [values('x', &weights), values('y', &second), values('z', &vec![1.0; sizes.1])].concat();
            let grid = grid(&text);
            let balance: &[usize] = if both { &[0, 1] } else { &[0] };
            let (rows, _) = share(&grid, total, balance).unwrap();
            prop_assert_eq!(rows.iter().map(|rows| u64::from(*rows)).sum::<u64>(), total);
            for (axis, weights) in balance.iter().zip([&weights, &second]) {
                let whole: f64 = weights.iter().sum();
                for (rows, weight) in by(&grid, &rows, *axis).into_iter().zip(weights) {
                    let wanted = weight / whole * total as f64;
                    prop_assert!((f64::from(rows) - wanted).abs() < 1.0 + 1e-6, "axis {}: {} of {}", axis, rows, wanted);
                }
            }
        }
    }
}
